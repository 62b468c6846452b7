"""The win's date among those of its text, else its section's month, else its report's year."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest
from doc import doc, mention
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.records import Date, EventDate, Part
from winsextract.stages.dates import find_dates
from winsextract.stages.event_date import find_event_date

TEXT = "Arrested on 8 September 2023, she was freed on 4 May 2024 and left in June 2024."


def dated(
    text: str,
    scores: dict[str, float],
    *,
    year: int | None = 2024,
    month: int | None = None,
    parts: list[Part] | None = None,
) -> EventDate | None:
    dates = find_dates(text, year=year, month=month)
    return find_event_date(doc(text, event=scores), dates, year=year, month=month, parts=parts or [])


def edtf(
    text: str,
    scores: dict[str, float],
    *,
    year: int | None = 2024,
    month: int | None = None,
    parts: list[Part] | None = None,
) -> tuple[str, str] | None:
    found = dated(text, scores, year=year, month=month, parts=parts)
    return (found.edtf, found.basis) if found else None


@pytest.mark.parametrize(
    ("scores", "year", "month", "expected", "why"),
    [
        ({"4 May 2024": 0.9}, 2024, None, ("2024-05-04", "text"), "the network points at it"),
        ({"4 May 2024": 0.6, "June 2024": 0.7}, 2024, None, ("2024-06", "text"), "the likelier of two"),
        ({"4 May 2024": 0.6, "June 2024": 0.7}, 2024, 5, ("2024-05-04", "text"), "the section's month speaks for the first"),
        ({"8 September 2023": 0.6}, 2024, None, ("2024", "report"), "a date of an earlier year is background"),
        ({"8 September 2023": 0.99}, 2024, None, ("2023-09-08", "text"), "unless the network is sure"),
        ({"8 September 2023": 0.6}, 2023, 9, ("2023-09-08", "text"), "in its own year it is none"),
        ({"4 May 2024": 0.4}, 2024, None, ("2024", "report"), "below one half: the year"),
        ({"4 May 2024": 0.4}, 2024, 5, ("2024-05-04", "text"), "below one half, in the section's month"),
        ({"4 May 2024": 0.1}, 2024, 5, ("2024-05", "section"), "far below one half: the section's month"),
        ({}, 2024, 3, ("2024-03", "section"), "no date: the section's month"),
        ({}, 2024, None, ("2024", "report"), "no date and no month: the year"),
        ({}, None, 3, None, "a month without a year is no date"),
        ({}, None, None, None, "nothing is known"),
        ({"4 May 2024": 0.9}, None, None, ("2024-05-04", "text"), "the text's own year"),
    ],
)  # fmt: skip
def test_which_date(
    scores: dict[str, float], year: int | None, month: int | None, expected: tuple[str, str] | None, why: str
) -> None:
    assert edtf(TEXT, scores, year=year, month=month) == expected, why


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("An April report led to it.", "section"),
        ("Its April ‘Walls of Dust’ report led to it.", "section"),
        ("An April reporting ban was lifted.", "text"),
        ("In April the court freed her.", "text"),
    ],
)
def test_when_something_was_published_dates_no_win(text: str, basis: str) -> None:
    found = edtf(text, {"April": 0.95}, month=7)
    assert found is not None and found[1] == basis


def test_the_date_keeps_its_bounds_and_words() -> None:
    found = dated(TEXT, {"June 2024": 0.9})
    assert found is not None
    assert (found.start, found.end, found.precision) == (dt.date(2024, 6, 1), dt.date(2024, 6, 30), "month")
    assert found.mention == mention(TEXT, "June 2024")
    assert found.confidence == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("year", "month", "start", "end", "precision"),
    [
        (2024, 2, dt.date(2024, 2, 1), dt.date(2024, 2, 29), "month"),
        (2023, 12, dt.date(2023, 12, 1), dt.date(2023, 12, 31), "month"),
        (2023, None, dt.date(2023, 1, 1), dt.date(2023, 12, 31), "year"),
        (1, 1, dt.date(1, 1, 1), dt.date(1, 1, 31), "month"),
        (9999, None, dt.date(9999, 1, 1), dt.date(9999, 12, 31), "year"),
    ],
)
def test_bounds_of_section_and_year(year: int, month: int | None, start: dt.date, end: dt.date, precision: str) -> None:
    found = find_event_date(doc("She is free."), [], year=year, month=month)
    assert found == EventDate(
        found.edtf if found else "", start, end, precision, found.basis if found else "", 1.0, None
    )
    assert len(found.edtf if found else "") == (4 if month is None else 7)


def test_a_caption_s_day_is_the_photo_s() -> None:
    text = "A march in Lima, 2 May 2024.\nShe was freed on 4 May 2024."
    caption = [Part("caption", 0, text.index("\n"))]
    scores = {"2 May 2024": 0.9, "4 May 2024": 0.6}
    assert edtf(text, scores, month=5) == ("2024-05-02", "text")
    assert edtf(text, scores, month=5, parts=caption) == ("2024-05-04", "text")
    assert edtf(text, {"2 May 2024": 0.99}, month=5, parts=caption) == ("2024-05", "section")
    quote = [Part("quote", 0, text.index("\n"))]
    assert edtf(text, scores, month=5, parts=quote) == ("2024-05-02", "text")


def test_the_report_s_own_year_says_less_than_the_section() -> None:
    text = "In 2024 she was freed; in 2023 she was jailed."
    assert edtf(text, {"2024": 0.9}, month=11) == ("2024-11", "section")
    assert edtf(text, {"2024": 0.9}, month=None) == ("2024", "text")


def test_a_date_named_twice_is_judged_where_it_is_likelier() -> None:
    text = "On 2 May 2024 she spoke. She was freed on 2 May 2024."
    again = mention(text, "2 May 2024", nth=1)
    (date,) = find_dates(text, year=2024, month=None)
    assert again in date.mentions
    made = doc(text)
    span = made.char_span(again.start, again.end)
    assert span is not None
    made.user_data["winsextract"].event[span.start : span.end] = 0.9
    found = find_event_date(made, [date], year=2024, month=None)
    assert found is not None
    assert found.mention == again


def test_no_words() -> None:
    found = find_event_date(doc(""), [], year=2024, month=None)
    assert found is not None
    assert found.edtf == "2024"


DATES = [
    "on 4 May 2024",
    "in June",
    "in 2019",
    "since 2004",
    "last year",
    "a year later",
    "she was freed",
    ".",
    "from 3 to 9 May",
    "around 2019",
]


@given(
    st.lists(st.sampled_from(DATES), max_size=12).map(" ".join),
    st.sampled_from([None, 1, 2024, 9999]),
    st.sampled_from([None, 1, 5, 12]),
    st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_a_date_of_the_text_or_of_the_section(text: str, year: int | None, month: int | None, p: float) -> None:
    made = doc(text)
    made.user_data["winsextract"].event[:] = p
    dates: tuple[Date, ...] = find_dates(text, year=year, month=month)
    found = find_event_date(made, dates, year=year, month=month)
    if found is None:
        assert year is None
        return
    assert 0 <= found.confidence <= 1
    assert found.start <= found.end
    assert (found.mention is not None) == (found.basis == "text")
    if found.basis == "text":
        assert found.edtf in {d.edtf for d in dates}
        assert found.mention in set(itertools.chain.from_iterable(d.mentions for d in dates))
