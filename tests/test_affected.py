"""Numbers and the people they count: `tables/numbers.csv` has the numbers of a text, each with its qualifier."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from doc import doc, mention, rows
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.records import Affected, Mention, Outcome, Person
from winsextract.stages.affected import count_affected, find_numbers, qualifier_of, value_of

ROWS = rows("numbers.csv")
RELEASE = [Outcome("release", 0.9, None)]


def people(text: str, *names: str, role: str = "beneficiary") -> list[Person]:
    return [Person(n, (), role, 0.9, 0.9, (mention(text, n),)) for n in names]


def counted(
    text: str,
    number: str | None = None,
    *,
    basis: str = "stated",
    outcomes: Sequence[Outcome] = RELEASE,
    named: Sequence[Person] = (),
    p: float = 0.9,
) -> Affected | None:
    return count_affected(doc(text, basis=basis, count={number: p} if number else {}), outcomes, named)[0]


# ---- numbers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"]))
def test_row(row: dict[str, str]) -> None:
    text = row["text"]
    found = list(find_numbers(text))
    qualifiers = [qualifier_of(text, n.start, n.end) for n in found]
    written = [f"{n.value}" + ("" if q == "exact" else f" {q}") for n, q in zip(found, qualifiers, strict=True)]
    assert " ; ".join(written) == row["numbers"], row["why"]


def test_table_is_large() -> None:
    assert len(ROWS) >= 95
    assert len({row["text"] for row in ROWS}) == len(ROWS)
    assert all(row["why"] for row in ROWS)


@pytest.mark.parametrize("words", ["", "people", "the", "half", "4,200 people", "twenty people", "-", "and", "a"])
def test_no_number(words: str) -> None:
    assert value_of(words) is None


SMALL = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen",
    "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def written(n: int, *, joined: bool) -> str:
    """A number below a billion in words, with or without "and"."""
    for scale, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
        if n >= scale:
            rest = written(n % scale, joined=joined) if n % scale else ""
            link = " and " if joined and rest and n % scale < 100 else " " if rest else ""
            return f"{written(n // scale, joined=joined)} {name}{link}{rest}"
    if n < 20:
        return SMALL[n - 1]
    return TENS[n // 10 - 2] + (f"-{SMALL[n % 10 - 1]}" if n % 10 else "")


@given(st.integers(1, 999_999_999), st.booleans())
@settings(max_examples=300, deadline=None)
def test_numbers_written_in_words_and_in_digits(n: int, joined: bool) -> None:
    for text in (written(n, joined=joined), f"{n:,}", f"{n:,}".replace(",", "\u202f"), str(n)):
        assert value_of(text) == n
        assert [(x.value, x.start, x.end) for x in find_numbers(f"They freed {text} people.")] == [
            (n, 11, 11 + len(text))
        ]


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_arbitrary_text_never_raises(text: str) -> None:
    value_of(text)
    end = 0
    for number in find_numbers(text):
        assert end <= number.start < number.end <= len(text)
        assert number.value >= 0
        assert qualifier_of(text, number.start, number.end) in ("exact", "at_least", "at_most", "about")
        end = number.end


@given(
    st.lists(
        st.sampled_from(
            [
                "one",
                "two",
                "hundred",
                "and",
                "a",
                "half",
                "million",
                "dozen",
                "1",
                "2.5",
                "1,000",
                "-",
                "or so",
                "+",
                "%",
                "some",
                "²",
                "٣",
            ]
        ),
        max_size=20,
    ).map(" ".join)
)
@settings(max_examples=300, deadline=None)
def test_words_of_numbers_in_any_order(text: str) -> None:
    assert all(text[n.start : n.end].strip() for n in find_numbers(text))


@pytest.mark.parametrize(
    "unit", ["1", "1,", "1,000", "one ", "hundred and ", "half a ", "several ", "twenty-", "\u00a0", "1 000"]
)
def test_time_is_linear(unit: str) -> None:
    text = unit * (50_000 // len(unit))
    start = time.perf_counter()
    list(find_numbers(text))
    assert time.perf_counter() - start < 3


# ---- the people counted -----------------------------------------------------------------------------


def test_none_is_counted() -> None:
    affected, sure = count_affected(doc("It freed 12 nuns.", basis="none", sure=0.8, count={"12": 0.9}), RELEASE, [])
    assert affected is None
    assert sure == pytest.approx(0.8)


def test_the_number_that_the_network_points_at() -> None:
    text = "In 2024, 12 nuns and 3 monks were freed."
    assert counted(text, "12") == Affected(12, "stated", "exact", mention(text, "12"))
    assert counted(text, "3 ") == Affected(3, "stated", "exact", mention(text, "3"))


def test_the_surest_of_several_numbers() -> None:
    text = "12 nuns and 3 monks were freed."
    made = doc(text, basis="stated", count={"12": 0.6, "3": 0.7})
    affected, sure = count_affected(made, RELEASE, [])
    assert affected is not None
    assert affected.count == 3
    assert sure == pytest.approx(0.7)


def test_its_qualifier_and_words() -> None:
    text = "More than twenty-two nuns were freed."
    assert counted(text, "twenty") == Affected(22, "stated", "at_least", mention(text, "twenty-two"))


def test_a_number_below_one_half_does_not_count() -> None:
    text = "Ana Ruiz and 12 nuns were freed."
    assert counted(text, "12", p=0.4, named=people(text, "Ana Ruiz")) == Affected(1, "named", "exact", None)


def test_those_named() -> None:
    text = "Ana Ruiz and Luis Gómez were freed."
    named = [*people(text, "Ana Ruiz", "Luis Gómez")]
    assert counted(text, basis="named", named=named) == Affected(2, "named", "exact", None)
    other = [*people(text, "Ana Ruiz"), *people(text, "Luis Gómez", role="other")]
    assert counted(text, basis="named", named=other) == Affected(1, "named", "exact", None)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Ana Ruiz and twelve others were freed in May.", 13),
        ("Ana Ruiz, Luis Gómez and four other women from Punta were freed.", 6),
        ("Ana Ruiz, a teacher who lives in Lima, and at least 30 of her pupils were freed.", 31),
        ("Ana Ruiz, director of a small body in Petare, was freed on 20 December along with six campaign workers.", 7),
        ("Four street vendors and the activist Ana Ruiz were freed.", 5),
        ("Four vendors, Ana Ruiz and Luis Gómez were freed.", 2),
        ("**Ana Ruiz** (34) and 71 young men were freed.", 72),
        ("Ana Ruiz was freed. Luis Gómez and seven others had been arrested with her.", 2),
        ("Ana Ruiz, convicted with Luis Gómez when they were eight and ten, was freed.", 2),
        ("Ana Ruiz and two years of fear are behind them: they were freed.", 1),
        ("The two sisters Ana Ruiz and Eva Sosa were freed.", 2),
        ("Ana Ruiz left the prison, freed with two colleagues.", 3),
        ("Ana Ruiz was freed with two bags full of books.", 1),
        ("“It was spring,” said Ana Ruiz. She and 212 others were freed.", 213),
        ("Ana Ruiz, 70, and five others were freed.", 6),
        ("Ana Ruiz (70), Luis Gómez (75) and four others were freed.", 6),
        ("Ana Ruiz, Luis Gómez\nand seven others were freed.", 9),
        ("On 3 May J. B. Mwangi and four others were freed.", 5),
        ("Dr. Ana Ruiz, Dr. Luis Gómez and seven nurses were freed.", 9),
        ("In 2019 lawyers and activist Ana Ruiz were freed.", 1),
        ("On 3 May journalists and blogger Ana Ruiz were freed.", 1),
        ("Article 19 lawyers and Ana Ruiz were freed.", 1),
        ("420 women were freed and one man. Ana Ruiz was there.", 1),
        ("Ana Ruiz, who was convicted with ten others in 2020, was freed.", 1),
        ("Ana Ruiz shared a cell with 80 others until she was freed.", 1),
        ("Ana Ruiz and 30 million rials of bail: she was freed.", 1),
        ("After 800,000 signatures and letters Ana Ruiz was freed.", 1),
        ("After two trials and a hunger strike Ana Ruiz was freed.", 1),
        ("Six people including nuns and the activist Ana Ruiz were freed.", 1),
        ("Fifty dignitaries, including four former ministers and Ana Ruiz, were freed.", 1),
        ("Three defenders and journalists Ana Ruiz, Luis Gómez and Eva Sosa were freed.", 3),
        ("Both teachers and poets Ana Ruiz and Luis Gómez were freed.", 2),
        ("A minister said he and 17 deputies would see Ana Ruiz freed.", 1),
        ("Ana Ruiz was freed and leaves a wife and three children behind.", 1),
        ("Ana Ruiz was freed; 46 others are still held.", 1),
    ],
)
def test_a_number_beside_those_named(text: str, count: int) -> None:
    named = people(text, *(n for n in ("Ana Ruiz", "Luis Gómez", "Eva Sosa", "J. B. Mwangi") if n in text))
    made = doc(text, basis="named", evidence={"freed": ("release", 0.9)})
    affected, _ = count_affected(made, RELEASE, named)
    assert affected is not None
    assert affected.count == count
    assert affected.basis == ("stated" if affected.mention else "named")


@pytest.mark.parametrize(
    ("outcome", "count"),
    [
        ("release", 1),
        ("acquittal", 1),
        ("charges_dropped", 1),
        ("accountability", 2),
        ("law_passed", None),
        ("ruling", None),
        ("other", None),
    ],
)
def test_whose_names_are_counted_depends_on_the_outcome(outcome: str, count: int | None) -> None:
    text = "Ana Ruiz, Luis Gómez, Eva Sosa"
    named = [*people(text, "Ana Ruiz"), *people(text, "Luis Gómez", "Eva Sosa", role="perpetrator")]
    affected = counted(text, basis="named", outcomes=[Outcome(outcome, 0.9, None)], named=named)
    assert (affected.count if affected else None) == count


@pytest.mark.parametrize(
    ("text", "number", "count"),
    [
        ("Police arbitrarily detained 17 people, Ana Ruiz among them. She was freed.", "17", 1),
        ("The army had killed more than 30 farmers. Ana Ruiz was freed.", "30", 1),
        ("Seventeen people were arrested in the raids. Ana Ruiz is free.", "Seventeen", 1),
        ("Two dozen refugees who were unlawfully killed. Ana Ruiz is free.", "Two dozen", 1),
        # Those who had been arrested may be those who are free.
        ("The release of 218 people who had been detained pleased Ana Ruiz.", "218", 218),
        ("Police released the 61 detained teachers and Ana Ruiz.", "61", 62),
    ],
)
def test_the_number_of_those_arrested_or_killed_is_not_of_those_freed(text: str, number: str, count: int) -> None:
    affected = counted(text, number, named=people(text, "Ana Ruiz"))
    assert affected is not None
    assert (affected.count, affected.basis) == (count, "stated" if count > 1 else "named")


def test_the_number_of_those_arrested_counts_where_they_answer_for_an_abuse() -> None:
    guilty = [Outcome("accountability", 0.9, None)]
    affected = counted("Six officers were arrested and jailed.", "Six", outcomes=guilty)
    assert affected is not None
    assert affected.count == 6


def test_without_names_a_likely_number_is_better_than_one_unnamed_person() -> None:
    text = "Some 4,200 prisoners will go home."
    assert counted(text, "4,200", basis="named", p=0.55) == Affected(4200, "stated", "about", mention(text, "4,200"))
    assert counted(text, "4,200", basis="named", p=0.4) == Affected(1, "named", "exact", None)


def test_an_unnamed_person_is_one() -> None:
    assert counted("The nun was freed.", basis="named") == Affected(1, "named", "exact", None)


def test_a_sure_number_beats_the_names() -> None:
    text = "Ana Ruiz was freed with 12 nuns."
    named = people(text, "Ana Ruiz")
    assert counted(text, "12", basis="named", named=named, p=0.7) == Affected(1, "named", "exact", None)
    assert counted(text, "12", basis="named", named=named, p=0.9) == Affected(
        12, "stated", "exact", mention(text, "12")
    )


@pytest.mark.parametrize(
    ("text", "names", "count"),
    [
        ("Ana Ruiz and four others were freed.", ["Ana Ruiz"], 5),
        ("Ana Ruiz, Luis Gómez and four others were freed.", ["Ana Ruiz", "Luis Gómez"], 6),
        ("Ana Ruiz, the teacher Luis Gómez and four other nuns were freed.", ["Ana Ruiz", "Luis Gómez"], 6),
        ("Ana Ruiz, along with four others, was freed.", ["Ana Ruiz"], 5),
        ("Ana Ruiz was freed together with four colleagues.", ["Ana Ruiz"], 5),
        ("Ana Ruiz and her four co-defendants were freed.", ["Ana Ruiz"], 5),
        ("Ana Ruiz and four nuns were freed.", ["Ana Ruiz"], 5),
        ("Ana Ruiz and her four children were freed.", ["Ana Ruiz"], 4),
        ("Ana Ruiz is a lawyer. Four others were freed.", ["Ana Ruiz"], 4),
        ("The four others were freed.", [], 4),
    ],
)
def test_and_others(text: str, names: list[str], count: int) -> None:
    affected = counted(text, "four" if "four" in text else "Four", named=people(text, *names))
    assert affected is not None
    assert affected.count == count


def test_nothing_is_raised_without_words() -> None:
    assert counted("", basis="stated") == Affected(1, "named", "exact", None)


@given(st.text(max_size=100), st.sampled_from(["none", "stated", "named"]))
@settings(max_examples=100, deadline=None)
def test_any_text(text: str, basis: str) -> None:
    made = doc(text, basis=basis)
    made.user_data["winsextract"].count[:] = 0.9
    named = [Person("x", (), "beneficiary", 0.9, 0.9, (Mention(text[:3], 0, min(3, len(text))),))]
    affected, sure = count_affected(made, RELEASE, named)
    assert 0 <= sure <= 1
    assert (affected is None) == (basis == "none")
    if affected is not None and affected.mention is not None:
        assert text[affected.mention.start : affected.mention.end] == affected.mention.text


def test_a_count_of_those_named_is_as_sure_as_their_roles() -> None:
    text = "Ana Ruiz and Lina Haddad were freed."
    annotated = doc(text, basis="named")
    sure = [
        count_affected(annotated, RELEASE, [replace(p, role_confidence=role) for p in people(text, *names)])[1]
        for names, role in ((["Ana Ruiz"], 1.0), (["Ana Ruiz"], 0.6), (["Ana Ruiz", "Lina Haddad"], 0.6))
    ]
    assert sure[1] == pytest.approx(0.6 * sure[0])
    assert sure[2] == pytest.approx(0.36 * sure[0])
