"""People: `tables/people.csv` has who a text names, `tables/roles.csv` what part they play; see `doc.py` for the marks."""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence

import numpy as np
import pytest
from doc import Marked, listed, marked, mention, plain, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.names import fold
from winsextract.records import Mention, Part, Person
from winsextract.stages.people import Found, find_people, same_person
from winsextract.tagger import ROLES

PEOPLE = rows("people.csv")
ROLE_ROWS = rows("roles.csv")
FLAT = np.full(len(ROLES), 1.0 / len(ROLES))


def people(cell: Marked, *, confidence: float = 0.9) -> tuple[Person, ...]:
    found = [Found(m, confidence, FLAT) for m in cell.found]
    return find_people(cell.text, found, parts=cell.credits)


# ---- the tables -------------------------------------------------------------------------


@pytest.mark.parametrize("row", PEOPLE, ids=lambda row: ascii(row["text"]))
def test_row(row: dict[str, str]) -> None:
    cell = marked(row["text"])
    found = people(cell)
    assert listed([(p.name, p.aliases) for p in found]) == row["people"], row["why"]
    spans = {(m.start, m.end) for p in found for m in p.mentions}
    assert all((m.start, m.end) in spans for m in cell.missed), row["why"]
    assert not any(s < m.end and m.start < e for m in cell.never for s, e in spans), row["why"]
    check(cell.text, found)


def test_table_is_large() -> None:
    assert len(PEOPLE) >= 180
    assert len({row["text"] for row in PEOPLE}) == len(PEOPLE)
    assert all(row["why"] for row in PEOPLE)


@pytest.mark.parametrize("row", ROLE_ROWS, ids=lambda row: ascii(row["text"]))
def test_role(row: dict[str, str]) -> None:
    (person,) = people(marked(row["text"]))
    assert person.role == row["role"], row["why"]


# ---- rules that no row shows --------------------------------------------------------------


def test_the_order_of_the_mentions_does_not_matter() -> None:
    for row in PEOPLE:
        cell = marked(row["text"])
        found = [Found(m, 0.9, FLAT) for m in cell.found]
        assert find_people(cell.text, found[::-1], parts=cell.credits) == find_people(
            cell.text, found, parts=cell.credits
        )


def test_confidence_is_that_of_the_surest_mention() -> None:
    text = "Ana Ruiz won. Ruiz is 30."
    (person,) = find_people(text, [Found(mention(text, "Ana Ruiz"), 0.7), Found(mention(text, "Ruiz", nth=1), 0.9)])
    assert person.confidence == 0.9


def test_a_doubtful_single_name_is_not_looked_for_again() -> None:
    text = "Amal won. Amal is glad."
    (doubtful,) = find_people(text, [Found(mention(text, "Amal"), 0.5)])
    (sure,) = find_people(text, [Found(mention(text, "Amal"), 0.7)])
    assert (len(doubtful.mentions), len(sure.mentions)) == (1, 2)


def test_the_network_says_the_role_where_no_word_beside_the_name_does() -> None:
    text = "Ana Ruiz came."
    for i, role in enumerate(ROLES):
        (person,) = find_people(text, [Found(mention(text, "Ana Ruiz"), 0.9, np.eye(len(ROLES))[i])])
        assert (person.role, round(person.role_confidence, 2)) == (role, 1.0)


@pytest.mark.parametrize(
    "text", ["The mother of Ana Ruiz wept.", "A lawyer for Ana Ruiz came.", "Freed by Ana Ruiz, they left."]
)
def test_a_word_that_speaks_of_somebody_else_moves_no_role(text: str) -> None:
    shares = np.array([0.4, 0.1, 0.3, 0.2])
    (person,) = find_people(text, [Found(mention(text, "Ana Ruiz"), 0.9, shares)])
    assert person.role_confidence == pytest.approx(0.4, abs=0.01)


def test_people_in_one_list_play_one_part() -> None:
    text = "Ana Ruiz, Luis Gómez and Eva Sosa came."
    sure, unsure = np.array([0.9, 0.04, 0.03, 0.03]), np.array([0.3, 0.1, 0.1, 0.5])
    found = [
        Found(mention(text, n), 0.9, r) for n, r in (("Ana Ruiz", sure), ("Luis Gómez", sure), ("Eva Sosa", unsure))
    ]
    assert [p.role for p in find_people(text, found)] == ["beneficiary"] * 3


def test_a_role_without_the_network_is_other() -> None:
    text = "Ana Ruiz came."
    (person,) = find_people(text, [Found(mention(text, "Ana Ruiz"), 0.9)])
    assert person.role == "other"


def test_nobody() -> None:
    assert find_people("", []) == ()


# ---- any text ------------------------------------------------------------------------------

WORDS = [
    "Ana", "Ruiz", "Luis", "al-", "bin", "de la", "Dr", "Lt. Gen.", "Justice", "’s", "'", "**", "(", ")", "“", "”", "and", ",",
    ". ", "\n", "\u00a0", "高淑娟", "known as", "K.", "P.", "family", "©", "Photo:", "MP", "his sister", "-", "Karima", "Karim",
]  # fmt: skip


@st.composite
def found_in_text(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> tuple[str, list[Found], list[Part]]:
    text = draw(texts)
    cuts = st.integers(0, len(text))
    spans = [sorted(draw(st.tuples(cuts, cuts))) for _ in range(draw(st.integers(0, 8)))]
    found = [
        Found(Mention(text[s:e], s, e), draw(st.floats(0, 1)), draw(st.sampled_from([None, FLAT]))) for s, e in spans
    ]
    credits = [Part("credit", *sorted(draw(st.tuples(cuts, cuts))))] if draw(st.booleans()) else []
    return text, found, credits


def check(text: str, found: Sequence[Person]) -> None:
    for person in found:
        assert all(text[m.start : m.end] == m.text and m.text.strip() for m in person.mentions)
        assert person.name in {m.text for m in person.mentions}
        assert {*person.aliases} <= {m.text for m in person.mentions}
        folded = [fold(form) for form in (person.name, *person.aliases)]
        assert len({*folded}) == len(folded)
        assert list(person.mentions) == sorted(person.mentions, key=lambda m: m.start)
        assert person.role in ROLES
        assert 0 < person.role_confidence <= 1
    mentions = sorted((m.start, m.end) for p in found for m in p.mentions)
    assert len({*mentions}) == len(mentions)
    assert [p.mentions[0].start for p in found] == sorted(p.mentions[0].start for p in found)


@given(found_in_text(st.text(max_size=200)))
@settings(max_examples=150, deadline=None)
def test_arbitrary_text_never_raises(given_text: tuple[str, list[Found], list[Part]]) -> None:
    text, found, credits = given_text
    check(text, find_people(text, found, parts=credits))


@given(found_in_text(st.lists(st.sampled_from(WORDS), max_size=30).map(" ".join)))
@settings(max_examples=250, deadline=None)
def test_words_of_names_in_any_order(given_text: tuple[str, list[Found], list[Part]]) -> None:
    text, found, credits = given_text
    check(text, find_people(text, found, parts=credits))


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_a_name_is_the_same_as_itself_and_never_as_nothing(a: str, b: str) -> None:
    assert same_person(a, a) == bool(fold(a))
    assert not same_person(a, "")
    same_person(a, b)


# ---- time -----------------------------------------------------------------------------------


def seconds(text: str, spans: Sequence[tuple[int, int]]) -> float:
    found = [Found(Mention(text[s:e], s, e), 0.9, FLAT) for s, e in spans]
    start = time.perf_counter()
    find_people(text, found)
    return time.perf_counter() - start


def test_ten_thousand_mentions_of_few_people() -> None:
    unit = "Ana Ruiz met Luis Gómez. Ruiz left. "
    spans = [(i * len(unit) + s, i * len(unit) + e) for i in range(3334) for s, e in ((0, 8), (13, 23), (25, 29))]
    assert seconds(unit * 3334, spans) < 8


def test_ten_thousand_people() -> None:
    letters = [a + b + c for a, b, c in itertools.product("bdfgklmnprstvz", repeat=3)]
    names = [f"{a.title()}a {b.title()}o" for a, b in itertools.islice(itertools.product(letters, letters[:8]), 10_000)]
    text = ". ".join(names)
    ends = list(itertools.accumulate(len(n) + 2 for n in names))
    assert seconds(text, [(e - len(n) - 2, e - 2) for n, e in zip(names, ends, strict=True)]) < 30


@pytest.mark.parametrize("unit", ["a", "Dr ", "A. ", "Ana ", "(", "’s", "* ", "-", plain("\\u00a0")])
def test_long_names(unit: str) -> None:
    name = unit * (10_000 // len(unit))
    text = f"{name} Ruiz met {name} Ruis."
    assert seconds(text, [(0, len(name) + 5), (len(name) + 10, len(text) - 1)]) < 3
