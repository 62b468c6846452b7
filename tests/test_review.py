"""Which wins are flagged for review, and with which reasons."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import replace

import pytest
from spacy.language import Language

from winsextract.errors import ModelError
from winsextract.records import Affected, Date, EventDate, Mention, Name, Outcome, Person, Place, Win
from winsextract.stages.annotate import curves, load_pipeline
from winsextract.stages.review import DOUBTED, MISSING, SIGNS, UNFITTED, Judgement, doubts, flag

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


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline(None)


def test_a_win_is_flagged_from_the_threshold_on() -> None:
    doubtful = replace(SURE, people=(replace(PERSON, confidence=0.9, role_confidence=0.5),))
    below = flag(doubtful, chance=0.29, threshold=0.3, cues={"release"})
    at = flag(doubtful, chance=0.3, threshold=0.3, cues={"release"})
    assert (below.review_score, below.review_reasons) == (0.29, ())
    assert (at.review_score, at.review_reasons) == (0.3, ("role of low confidence",))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"affected_confidence": 0.85}, "no value is very unsure; the least is the number of people"),
        ({}, "something may be missing: an outcome or a name"),
    ],
)
def test_a_flag_always_has_a_reason(changes: dict[str, float], reason: str) -> None:
    win = flag(replace(SURE, **changes), chance=0.5, threshold=0.3, cues={"release"})  # type: ignore[arg-type]
    assert win.review_reasons == (reason,)


def test_the_chance_grows_with_every_doubt(nlp: Language) -> None:
    doc = nlp(SURE.text)
    judgement = Judgement.of(curves(nlp))
    assert judgement is not None and len(judgement.weights) == len(DOUBTED) + len(MISSING) + len(SIGNS)
    assert all(w > 0 for w in judgement.weights), "a doubt that makes an error less likely is none"
    date = Date("4 March", "2024-03-04", DAY, DAY, "day", 0.6, ())
    unsure: dict[str, dict[str, object]] = {
        "outcome": {"outcomes": (replace(SURE.outcomes[0], confidence=0.6),)},
        "further outcome": {"outcomes": (*SURE.outcomes, Outcome("relief", 0.6, None))},
        "person": {"people": (replace(PERSON, confidence=0.6),)},
        "role": {"people": (replace(PERSON, role_confidence=0.6),)},
        "organisation": {"organisations": (Name("Viasna", (), 0.6, (Mention("Viasna", 0, 6),)),)},
        "law": {"laws": (Name("Penal Code", (), 0.6, (Mention("Penal Code", 0, 10),)),)},
        "date": {"dates": (date,)},
        "event date": {"event_date": replace(EVENT, confidence=0.6)},
        "number of people": {"affected_confidence": 0.6},
    }
    assert tuple(unsure) == DOUBTED
    sure = doubts(SURE, doc, ["release"])
    for k, changes in enumerate(unsure.values()):
        found = doubts(replace(SURE, **changes), doc, ["release"])  # type: ignore[arg-type]
        assert found[k] == pytest.approx(-math.log(0.6)) and sure[k] == 0
        assert judgement.chance(found) > judgement.chance(sure)


def test_what_may_be_missing_is_a_doubt(nlp: Language) -> None:
    doc = nlp("Ana Ruiz was freed on 4 March, and the family received compensation from the state.")
    with_relief = replace(SURE, outcomes=(*SURE.outcomes, Outcome("relief", 1.0, None)))
    outcome, name = len(DOUBTED), len(DOUBTED) + 1
    assert doubts(SURE, doc, ())[outcome] > doubts(with_relief, doc, ())[outcome]
    named = doubts(SURE, doc, ())[name]
    doc.ents = ()
    assert doubts(SURE, doc, ())[name] > named + 1


@pytest.mark.parametrize(
    ("changes", "cues", "signs"),
    [
        ({}, ("release",), (0, 0)),
        ({}, ("release", "relief"), (1, 0)),
        ({"people": (PERSON, PERSON), "affected": Affected(2, "named", "exact", None)}, ("release",), (0, 1)),
        ({"affected": Affected(1, "named", "exact", None)}, ("release",), (0, 0)),
    ],
)
def test_signs(nlp: Language, changes: dict[str, object], cues: tuple[str, ...], signs: tuple[int, ...]) -> None:
    found = doubts(replace(SURE, **changes), nlp(SURE.text), cues)  # type: ignore[arg-type]
    assert found[-len(SIGNS) :] == signs


def test_without_a_fitted_regression_the_chance_is_a_guess() -> None:
    assert Judgement.of({}) is None
    n = len(UNFITTED.weights)
    nothing, much = (0.0,) * n, (3.0, *(0.0,) * (n - 1))
    assert UNFITTED.chance(nothing) < UNFITTED.threshold < UNFITTED.chance(much) < 1


def test_a_regression_over_other_doubts_is_refused() -> None:
    with pytest.raises(ModelError, match="another version"):
        Judgement.of({"review": {"weights": [1.0, 2.0], "intercept": 0.0, "threshold": 0.5}})


def test_no_doubt_is_beyond_numbers(nlp: Language) -> None:
    win = replace(SURE, outcomes=(Outcome("release", 0.0, None),), affected_confidence=0.0)
    found = doubts(win, nlp(""), ())
    assert all(map(math.isfinite, found))
    assert 0 <= Judgement((1e9,) * len(found), -5.0, 0.5).chance(found) <= 1


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
    assert reason in flag(replace(SURE, **changes), chance=0.0, threshold=1.0, cues=cues).review_reasons  # type: ignore[arg-type]


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
    win = flag(replace(SURE, **changes), chance=0.5, threshold=0.1, cues=cues)  # type: ignore[arg-type]
    assert win.review_reasons == (reason,)


def test_another_order_of_a_name_is_no_variant() -> None:
    win = replace(SURE, people=(replace(PERSON, name="Hakamada Iwao", aliases=("Iwao Hakamada", "Iwao")),))
    assert "spelling variants merged" not in flag(win, chance=0.5, threshold=0.1).review_reasons
