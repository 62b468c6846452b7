"""Edges of mentions: `tables/repair.csv` has a text with `[[LABEL|words]]` and what they become."""

from __future__ import annotations

import itertools
import re
import time

import pytest
from doc import rows
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.repair import BY_FORM, Marked, repaired

ROWS = rows("repair.csv")
LABELS = ("PERSON", "ORG", "LAW", "DATE", "GPE", "NORP")
_MARK = re.compile(r"\[\[([A-Z]+)\|(.*?)\]\]", re.DOTALL)


def read(cell: str) -> tuple[str, list[Marked]]:
    text, at, found = "", 0, []
    for mark in _MARK.finditer(cell):
        text += cell[at : mark.start()]
        found.append(Marked(len(text), len(text) + len(mark[2]), mark[1], 0.9))
        text += mark[2]
        at = mark.end()
    return text + cell[at:], found


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"]))
def test_row(row: dict[str, str]) -> None:
    text, found = read(row["text"])
    assert " ; ".join(f"{m.label}|{text[m.start : m.end]}" for m in repaired(text, found)) == row["repaired"], row[
        "why"
    ]


def test_table_is_large() -> None:
    assert len(ROWS) >= 55
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert all(row["why"] for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"]))
def test_what_is_mended_needs_no_more_mending(row: dict[str, str]) -> None:
    text, found = read(row["text"])
    once = repaired(text, found)
    assert repaired(text, once) == once


def test_pieces_put_together_are_as_sure_as_the_less_sure_one() -> None:
    text = "Ana Ruiz"
    (one,) = repaired(text, [Marked(0, 3, "PERSON", 0.9), Marked(4, 8, "PERSON", 0.4)])
    assert one.confidence == 0.4


def test_a_law_found_by_its_form_says_so() -> None:
    (law,) = repaired("House Bill 2718 passed.", [])
    assert (law.label, law.confidence) == ("LAW", BY_FORM)


def test_of_two_that_overlap_the_longer_stays() -> None:
    text = "Supreme Court of India"
    assert repaired(text, [Marked(0, 13, "ORG", 0.9), Marked(8, 22, "ORG", 0.9)]) == [Marked(8, 22, "ORG", 0.9)]


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_any_marks_in_any_text(data: st.DataObject) -> None:
    words = st.lists(
        st.sampled_from(
            [
                "Ana",
                "Act",
                "of",
                "2024",
                "(",
                ")",
                " ",
                ". ",
                "\n",
                "and",
                "Bill 12",
                "‘a long one’ law",
                "Amnesty",
                "-",
            ]
        ),
        max_size=30,
    ).map(" ".join)
    text = data.draw(st.one_of(st.text(max_size=100), words))
    cuts = st.integers(0, len(text))
    spans = [sorted(data.draw(st.tuples(cuts, cuts))) for _ in range(data.draw(st.integers(0, 8)))]
    marks = [Marked(s, e, data.draw(st.sampled_from(LABELS)), data.draw(st.floats(0, 1))) for s, e in spans]
    found = repaired(text, marks)
    assert all(0 <= m.start < m.end <= len(text) and m.label in LABELS and 0 <= m.confidence <= 1 for m in found)
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


def seconds(text: str, marks: list[Marked]) -> float:
    start = time.perf_counter()
    repaired(text, marks)
    return time.perf_counter() - start


def test_ten_thousand_mentions() -> None:
    unit = "Ana Ruiz read Law 12. "
    text = unit * 10_000
    assert seconds(text, [Marked(i * len(unit), i * len(unit) + 8, "PERSON", 0.9) for i in range(10_000)]) < 4


@pytest.mark.parametrize("unit", ["a", " and", "(", "‘", "Bill 1", "1.", "of 2024 ", "Act ", "\n", "Truth and ", "1-"])
@pytest.mark.parametrize("label", ["PERSON", "ORG", "LAW"])
def test_long_names(unit: str, label: str) -> None:
    text = unit * (10_000 // len(unit))
    assert (
        seconds(
            f"{text} {text}", [Marked(0, len(text), label, 0.9), Marked(len(text) + 1, 2 * len(text) + 1, label, 0.9)]
        )
        < 3
    )


@pytest.mark.parametrize("label", ["PERSON", "ORG", "LAW"])
def test_ten_thousand_pieces_of_one_name(label: str) -> None:
    text = "Truth " * 10_000
    assert seconds(text, [Marked(i * 6, i * 6 + 5, label, 0.9) for i in range(10_000)]) < 4
