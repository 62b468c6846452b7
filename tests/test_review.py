"""Which wins are flagged for review, and with which reasons."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from winsextract.records import EventDate, Mention, Outcome, Person, Place, Win
from winsextract.stages.review import SIGN, flag

DAY = dt.date(2024, 3, 4)
EVENT = EventDate("2024-03-04", DAY, DAY, "day", "text", 1.0)
PERSON = Person("Ana Ruiz", (), "beneficiary", 1.0, 1.0, (Mention("Ana Ruiz", 0, 8),))
SURE = Win(
    win_id="r/001",
    position=1,
    month=3,
    year=2024,
    section="MARCH",
    header="Chile",
    text="Ana Ruiz was freed on 4 March.",
    start=0,
    end=30,
    places=(Place("country", "CHL", "Chile"),),
    outcomes=(Outcome("release", 1.0, Mention("freed", 13, 18)),),
    people=(PERSON,),
    organisations=(),
    laws=(),
    dates=(),
    event_date=EVENT,
    affected=None,
)


def test_a_sure_win_is_not_flagged() -> None:
    win = flag(SURE, cues={"release"})
    assert (win.review_score, win.review_reasons) == (0.0, ())


def test_the_score_is_the_chance_that_one_value_is_wrong() -> None:
    win = flag(replace(SURE, people=(replace(PERSON, confidence=0.9, role_confidence=0.5),)), cues={"release"})
    assert win.review_score == pytest.approx(1 - 0.9 * 0.5)
    assert win.review_reasons == ("role of low confidence",)


def test_the_threshold_moves_the_flag() -> None:
    win = replace(SURE, affected_confidence=0.7)
    assert flag(win, cues={"release"}, threshold=0.31).review_reasons == ()
    assert flag(win, cues={"release"}, threshold=0.29).review_reasons == ("number of people of low confidence",)


@pytest.mark.parametrize(
    ("changes", "cues", "reason"),
    [
        ({"places": ()}, (), "unknown header"),
        ({"header": None}, (), "no header: place taken from the text"),
        ({"header": None, "places": ()}, (), "no header"),
        ({"year": None, "event_date": None}, (), "no year"),
    ],
)
def test_what_is_not_known_is_always_flagged(changes: dict[str, object], cues: tuple[str, ...], reason: str) -> None:
    assert reason in flag(replace(SURE, **changes), cues=cues, threshold=1.0).review_reasons  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "cues", "reason"),
    [
        ({"outcomes": (Outcome("release", 1.0, None),)}, (), "outcome without evidence"),
        ({}, ("acquittal",), "conflicting cues: acquittal"),
        (
            {"people": (replace(PERSON, name="Abdulwahab Qatran", aliases=("Abdelwahab Qatran",)),)},
            (),
            "spelling variants merged",
        ),
        (
            {"event_date": replace(EVENT, start=dt.date(2023, 1, 5), end=dt.date(2023, 1, 5))},
            (),
            "date outside its section's month",
        ),
    ],
)
def test_signs_of_trouble(changes: dict[str, object], cues: tuple[str, ...], reason: str) -> None:
    win = flag(replace(SURE, **changes), cues=cues, threshold=0.1)  # type: ignore[arg-type]
    assert win.review_reasons == (reason,)
    assert win.review_score == pytest.approx(1 - SIGN)


def test_another_order_of_a_name_is_no_variant() -> None:
    win = replace(SURE, people=(replace(PERSON, name="Hakamada Iwao", aliases=("Iwao Hakamada", "Iwao")),))
    assert flag(win, threshold=0.1).review_reasons == ()
