"""Laws: `tables/laws.csv` is the test; see `doc.py` for its marks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import pytest
from doc import listed, marked, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.names import Found, fold
from winsextract.records import Mention, Name
from winsextract.stages.laws import find_laws, same_law

ROWS = rows("laws.csv")


def check(text: str, found: Sequence[Name]) -> None:
    for law in found:
        assert all(text[m.start : m.end] == m.text and m.text.strip() for m in law.mentions)
        assert law.name in {m.text for m in law.mentions}
        assert {*law.aliases} <= {m.text for m in law.mentions}
        folded = [fold(form) for form in (law.name, *law.aliases)]
        assert len({*folded}) == len(folded)
    mentions = [(m.start, m.end) for law in found for m in law.mentions]
    assert len({*mentions}) == len(mentions)
    assert [law.mentions[0].start for law in found] == sorted(law.mentions[0].start for law in found)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"]))
def test_row(row: dict[str, str]) -> None:
    cell = marked(row["text"])
    found = find_laws(cell.text, [Found(m, 0.9) for m in cell.found])
    assert listed([(law.name, law.aliases) for law in found]) == row["laws"], row["why"]
    spans = {(m.start, m.end) for law in found for m in law.mentions}
    assert all((m.start, m.end) in spans for m in cell.missed), row["why"]
    check(cell.text, found)


def test_table_is_large() -> None:
    assert len(ROWS) >= 80
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert all(row["why"] for row in ROWS)


def test_the_order_of_the_mentions_does_not_matter() -> None:
    for row in ROWS:
        cell = marked(row["text"])
        found = [Found(m, 0.9) for m in cell.found]
        assert find_laws(cell.text, found[::-1]) == find_laws(cell.text, found)


WORDS = [
    "the", "Climate", "Act", "Article", "57", "of", "Constitution", "Convention", "(a)", "‘", "’", "“", "law", "and", ",", "2024",
    "\n", "\u00a0", "**", "(", ")", "draft", "Kenya’s", "national", "ICCPR", "sections", "No.", "known as",
]  # fmt: skip


@st.composite
def found_in_text(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[Found]]:
    text = draw(texts)
    cuts = st.integers(0, len(text))
    spans = [sorted(draw(st.tuples(cuts, cuts))) for _ in range(draw(st.integers(0, 8)))]
    return text, [Found(Mention(text[s:e], s, e), draw(st.floats(0, 1))) for s, e in spans]


@given(found_in_text(st.text(max_size=200)))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_never_raises(given_text: tuple[str, list[Found]]) -> None:
    text, found = given_text
    check(text, find_laws(text, found))


@given(found_in_text(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)))
@settings(max_examples=250, deadline=None)
def test_words_of_laws_in_any_order(given_text: tuple[str, list[Found]]) -> None:
    text, found = given_text
    check(text, find_laws(text, found))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_law_is_the_same_as_itself_and_never_as_nothing(a: str, b: str) -> None:
    assert same_law(a, a) == bool(fold(a))
    assert not same_law(a, "")
    same_law(a, b)


def seconds(text: str, spans: Sequence[tuple[int, int]]) -> float:
    found = [Found(Mention(text[s:e], s, e), 0.9) for s, e in spans]
    start = time.perf_counter()
    find_laws(text, found)
    return time.perf_counter() - start


def test_ten_thousand_mentions_of_few_laws() -> None:
    unit = "Article 57 of the Penal Code fell, the Sedition Act too. "
    spans = [(i * len(unit) + s, i * len(unit) + e) for i in range(5000) for s, e in ((18, 28), (39, 51))]
    assert seconds(unit * 5000, spans) < 8


def test_ten_thousand_laws() -> None:
    letters = [a + b + c for a, b, c in itertools.product("bdfgklmnprstvz", repeat=3)]
    names = [
        f"{a.title()}a {b.title()}o Act" for a, b in itertools.islice(itertools.product(letters, letters[:8]), 10_000)
    ]
    text = ". ".join(names)
    ends = list(itertools.accumulate(len(n) + 2 for n in names))
    assert seconds(text, [(e - len(n) - 2, e - 2) for n, e in zip(names, ends, strict=True)]) < 30


@pytest.mark.parametrize(
    "unit", ["A", "the ", "Act ", "(", "’s ", "Article 5 of the ", "Article 1, 2, 3 ", "‘", "1 and "]
)
def test_long_names(unit: str) -> None:
    name = unit * (10_000 // len(unit))
    text = f"{name} Act met {name} Bill."
    assert seconds(text, [(0, len(name) + 4), (len(name) + 9, len(text) - 1)]) < 3
