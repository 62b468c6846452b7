"""Organisations: `tables/organisations.csv` is the test; see `doc.py` for its marks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import pytest
from doc import Marked, listed, marked, mention, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.names import Found, fold
from winsextract.records import Mention, Name, Part
from winsextract.stages.organisations import find_organisations, same_body

ROWS = rows("organisations.csv")


def bodies(cell: Marked, *, confidence: float = 0.9) -> tuple[Name, ...]:
    found = [Found(m, confidence) for m in cell.found]
    return find_organisations(cell.text, found, parts=cell.credits, places=cell.places)


def check(text: str, found: Sequence[Name]) -> None:
    for body in found:
        assert all(text[m.start : m.end] == m.text and m.text.strip() for m in body.mentions)
        assert body.name in {m.text for m in body.mentions}
        assert {*body.aliases} <= {m.text for m in body.mentions}
        folded = [fold(form) for form in (body.name, *body.aliases)]
        assert len({*folded}) == len(folded)
        assert list(body.mentions) == sorted(body.mentions, key=lambda m: m.start)
    mentions = [(m.start, m.end) for b in found for m in b.mentions]
    assert len({*mentions}) == len(mentions)
    assert [b.mentions[0].start for b in found] == sorted(b.mentions[0].start for b in found)


# ---- the table ------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"]))
def test_row(row: dict[str, str]) -> None:
    cell = marked(row["text"])
    found = bodies(cell)
    assert listed([(b.name, b.aliases) for b in found]) == row["organisations"], row["why"]
    spans = {(m.start, m.end) for b in found for m in b.mentions}
    assert all((m.start, m.end) in spans for m in cell.missed), row["why"]
    assert not any(s < m.end and m.start < e for m in cell.never for s, e in spans), row["why"]
    check(cell.text, found)


def test_table_is_large() -> None:
    assert len(ROWS) >= 180
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert all(row["why"] for row in ROWS)


# ---- rules that no row shows --------------------------------------------------------------------


def test_the_order_of_the_mentions_does_not_matter() -> None:
    for row in ROWS:
        cell = marked(row["text"])
        found = [Found(m, 0.9) for m in cell.found]
        forward = find_organisations(cell.text, found, parts=cell.credits, places=cell.places)
        assert find_organisations(cell.text, found[::-1], parts=cell.credits, places=cell.places) == forward


def test_a_doubtful_body_is_not_looked_for_again() -> None:
    text = "Viasna won. Viasna is closed."
    (doubtful,) = find_organisations(text, [Found(mention(text, "Viasna"), 0.5)])
    (sure,) = find_organisations(text, [Found(mention(text, "Viasna"), 0.7)])
    assert (len(doubtful.mentions), len(sure.mentions)) == (1, 2)


def test_places_are_what_the_caller_knows() -> None:
    assert not same_body("Arequipa Bar Association", "Bar Association Arequipa")
    assert same_body("Bar Association of Arequipa", "Arequipa Bar Association", places=frozenset({"arequipa"}))


def test_nothing() -> None:
    assert find_organisations("", []) == ()


# ---- any text --------------------------------------------------------------------------------------

WORDS = [
    "Amnesty", "International", "UN", "Supreme", "Court", "of", "India", "Indian", "the", "The", "’s", "'", "**", "(", ")", "“",
    "”", "and", "&", ",", ". ", "\n", "\u00a0", "WHO", "World", "Health", "Organization", "known as", "©", "Photo:", "Group",
    "Council of Europe", "own", "Committee", "Tokyo", "-",
]  # fmt: skip


@st.composite
def found_in_text(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[Found], list[Part]]:
    text = draw(texts)
    cuts = st.integers(0, len(text))
    spans = [sorted(draw(st.tuples(cuts, cuts))) for _ in range(draw(st.integers(0, 8)))]
    found = [Found(Mention(text[s:e], s, e), draw(st.floats(0, 1))) for s, e in spans]
    credits = [Part("credit", *sorted(draw(st.tuples(cuts, cuts))))] if draw(st.booleans()) else []
    return text, found, credits


@given(found_in_text(st.text(max_size=200)))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_never_raises(given_text: tuple[str, list[Found], list[Part]]) -> None:
    text, found, credits = given_text
    check(text, find_organisations(text, found, parts=credits, places=["Tokyo"]))


@given(found_in_text(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)))
@settings(max_examples=250, deadline=None)
def test_words_of_names_in_any_order(given_text: tuple[str, list[Found], list[Part]]) -> None:
    text, found, credits = given_text
    check(text, find_organisations(text, found, parts=credits, places=["Tokyo"]))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_body_is_the_same_as_itself_and_never_as_nothing(a: str, b: str) -> None:
    assert same_body(a, a) == bool(fold(a))
    assert not same_body(a, "")
    same_body(a, b)


# ---- time --------------------------------------------------------------------------------------------


def seconds(text: str, spans: Sequence[tuple[int, int]]) -> float:
    found = [Found(Mention(text[s:e], s, e), 0.9) for s, e in spans]
    start = time.perf_counter()
    find_organisations(text, found)
    return time.perf_counter() - start


def test_ten_thousand_mentions_of_few_bodies() -> None:
    unit = "Viasna Human Rights Centre met the Supreme Court. Viasna left. "
    spans = [(i * len(unit) + s, i * len(unit) + e) for i in range(3334) for s, e in ((0, 26), (35, 48), (50, 56))]
    assert seconds(unit * 3334, spans) < 8


def test_ten_thousand_bodies() -> None:
    letters = [a + b + c for a, b, c in itertools.product("bdfgklmnprstvz", repeat=3)]
    names = [
        f"{a.title()}a {b.title()}o Union" for a, b in itertools.islice(itertools.product(letters, letters[:8]), 10_000)
    ]
    text = ". ".join(names)
    ends = list(itertools.accumulate(len(n) + 2 for n in names))
    assert seconds(text, [(e - len(n) - 2, e - 2) for n, e in zip(names, ends, strict=True)]) < 30


@pytest.mark.parametrize("unit", ["A", "The ", "A. ", "Court ", "(", "’s ", "* ", "Viasna and ", "Viasna’s ", "and "])
def test_long_names(unit: str) -> None:
    name = unit * (10_000 // len(unit))
    text = f"{name} Court met {name} Union."
    assert seconds(text, [(0, len(name) + 6), (len(name) + 11, len(text) - 1)]) < 3
