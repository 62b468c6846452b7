"""One report from text to records: what holds for every report."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from winsextract.dataset import to_nested
from winsextract.errors import ConservationError
from winsextract.pipeline import check_conservation, extract, slug
from winsextract.records import Segment, Segmentation, Source, Unassigned
from winsextract.stages.annotate import load_pipeline

TEXT = """The Good News of 2022

It was a long year.

MARCH

Kenya: On 4 March, the High Court in Nairobi acquitted Wanjiru Kamau, a teacher. “I can breathe,” said Kamau. Amnesty Kenya had called for her release.

Atlantis: Three fishermen were released on 9 March.

APRIL

Nepal/India: In April, Nepal’s Parliament passed the Safe Homes Act. Minister Sita Rai thanked the Women’s Rights Forum (WRF). The WRF had fought for it since 2015.
"""


def source(text: str) -> Source:
    return Source("report.txt", text, "0" * 64, "utf-8", "text/plain", True)


@pytest.fixture(scope="module")
def report():  # type: ignore[no-untyped-def]
    return extract(source(TEXT), load_pipeline())


def test_title_year_and_identifier(report) -> None:  # type: ignore[no-untyped-def]
    assert (report.title, report.year, report.report_id) == ("The Good News of 2022", 2022, "the-good-news-of-2022")
    assert [w.win_id for w in report.wins] == [f"the-good-news-of-2022/{n:03d}" for n in (1, 2, 3)]


def test_every_span_gives_its_own_characters_back(report) -> None:  # type: ignore[no-untyped-def]
    for win in report.wins:
        assert TEXT[win.start : win.end] == win.text
        mentions = [m for e in (*win.people, *win.organisations, *win.laws, *win.dates) for m in e.mentions]
        mentions += [o.evidence for o in win.outcomes if o.evidence] + list(win.captions)
        mentions += [m for m in (win.affected and win.affected.mention, win.event_date and win.event_date.mention) if m]
        assert mentions
        for mention in mentions:
            assert TEXT[mention.start : mention.end] == mention.text
            assert win.start <= mention.start < mention.end <= win.end


def test_what_the_wins_say(report) -> None:  # type: ignore[no-untyped-def]
    kenya, atlantis, nepal = report.wins
    assert kenya.outcomes[0].outcome == "acquittal"
    assert [p.name for p in kenya.people] == ["Wanjiru Kamau"]
    assert kenya.people[0].aliases == ("Kamau",)
    assert kenya.event_date is not None and kenya.event_date.edtf == "2022-03-04"
    assert kenya.affected is not None and kenya.affected.count == 1
    assert atlantis.affected is not None and (atlantis.affected.count, atlantis.affected.basis) == (3, "stated")
    assert nepal.outcomes[0].outcome == "law_passed"
    assert [law.name for law in nepal.laws] == ["Safe Homes Act"]
    assert [p.code for p in nepal.places] == ["NPL", "IND"]


def test_a_header_that_no_table_knows_keeps_its_win_and_asks_for_review(report) -> None:  # type: ignore[no-untyped-def]
    atlantis = report.wins[1]
    assert (atlantis.header, atlantis.places) == ("Atlantis", ())
    assert "unknown header" in atlantis.review_reasons


def test_a_text_without_a_header_gets_its_place_from_the_text_and_says_so() -> None:
    win = extract(
        source(
            "Student freed, 3 May 2023\n\nYassine Benali walked free in Morocco on Tuesday. His family in Morocco rejoiced."
        ),
        load_pipeline(),
    ).wins[0]
    assert win.header is None
    assert [p.code for p in win.places] == ["MAR"]
    assert "no header: place taken from the text" in win.review_reasons


def test_year_and_report_id_override_the_text() -> None:
    report = extract(source(TEXT), load_pipeline(), year=1999, report_id="other")
    assert (report.year, report.report_id, report.wins[0].year) == (1999, "other", 1999)
    assert report.wins[0].win_id == "other/001"


def test_the_same_text_gives_the_same_records(report) -> None:  # type: ignore[no-untyped-def]
    assert extract(source(TEXT), load_pipeline()) == report


def test_probabilities_are_probabilities(report) -> None:  # type: ignore[no-untyped-def]
    for win in report.wins:
        values = [e.confidence for e in (*win.people, *win.organisations, *win.laws, *win.dates, *win.outcomes)]
        values += [p.role_confidence for p in win.people] + [win.review_score, win.affected_confidence]
        assert all(0.0 <= v <= 1.0 for v in values)


def _pieces(text: str, *spans: tuple[int, int]) -> Segmentation:
    first, *rest = spans
    segments = (Segment(1, None, None, None, None, first[0], first[0], first[1]),)
    return Segmentation(None, None, segments, tuple(Unassigned("closing", text[s:e], s, e) for s, e in rest))


def test_conservation_holds() -> None:
    check_conservation("ab  cd", _pieces("ab  cd", (0, 2), (4, 6)))


@pytest.mark.parametrize(
    ("spans", "message"),
    [(((0, 2), (5, 6)), "in no piece: 'c'"), (((0, 2), (1, 6)), "in two pieces"), (((0, 2),), "behind 2")],
)
def test_a_lost_or_doubled_character_is_an_error_that_names_the_place(
    spans: tuple[tuple[int, int], ...], message: str
) -> None:
    with pytest.raises(ConservationError, match=message):
        check_conservation("ab  cd", _pieces("ab  cd", *spans))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("The Human Rights Wins of 2024", "the-human-rights-wins-of-2024"),
        ("Été à Genève!", "ete-a-geneve"),
        ("../../etc", "etc"),
        ("良い知らせ", "report"),
        ("", "report"),
    ],
)
def test_slug(title: str, expected: str) -> None:
    assert slug(title) == expected


@given(st.text())
def test_a_slug_is_always_a_folder_s_name(title: str) -> None:
    from winsextract.dataset import checked_id

    assert checked_id(slug(title)) == slug(title)


def test_records_cannot_be_changed(report) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(dataclasses.FrozenInstanceError):
        report.wins[0].month = 5


@pytest.mark.parametrize(("month_first", "edtf"), [(False, "2024-04-03"), (True, "2024-03-04")])
def test_the_month_may_come_first(month_first: bool, edtf: str) -> None:
    text = "Wins of 2024\n\nMARCH\n\nKenya: Amal Otieno was released from prison on 03/04/2024.\n"
    win = extract(source(text), load_pipeline(), month_first=month_first).wins[0]
    assert [d.edtf for d in win.dates] == [edtf]


def test_a_line_s_end_inside_a_name_takes_nothing_from_its_confidence() -> None:
    text = "2024\n\nMay\n\n- Kyrgyzstan: After a campaign of two years a court in Osh freed journalist Hamida{}Karimova\n  on 3 May.\n"
    plain, broken = (extract(source(text.format(between)), load_pipeline()).wins[0].people for between in (" ", "\n  "))
    assert len(plain) == len(broken) == 1
    assert broken[0].confidence == pytest.approx(plain[0].confidence, abs=0.15)
    assert broken[0].role == plain[0].role


def test_a_name_is_one_line_and_its_mention_as_it_stands() -> None:
    text = "2024\n\nMay\n\n- Kyrgyzstan: After a campaign of two years a court in Osh freed journalist Hamida\n  Karimova of the Osh Media\n  Foundation on 3 May.\n"
    record = to_nested(extract(source(text), load_pipeline()))
    (person,) = record["wins"][0]["people"]
    assert person["name"] == "Hamida Karimova"
    (mention,) = person["mentions"]
    assert mention["text"] == "Hamida\n  Karimova" == text[slice(*mention["span"])]
    names = [
        name
        for key in ("people", "organisations")
        for e in record["wins"][0][key]
        for name in (e["name"], *e["aliases"])
    ]
    assert len(names) > 1 and not any("\n" in name for name in names)
