"""What makes two forms one name, and the vocabulary of `data/names.toml`, `roles.toml` and `numbers.toml`."""

from __future__ import annotations

import importlib.resources
import itertools
import time
import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.names import (
    Found,
    again,
    contains,
    edit_distance,
    entries,
    fold,
    forms,
    is_acronym_of,
    merge,
    similar,
    trim,
    words_of,
)
from winsextract.records import Mention
from winsextract.tagger import ROLES


def data(name: str) -> dict[str, Any]:
    return tomllib.loads(importlib.resources.files("winsextract.data").joinpath(name).read_text(encoding="utf-8"))


# ---- keys -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("María López", "maria lopez"),
        ("MARIA LOPEZ", "maria lopez"),
        ("İmamoğlu", "imamoglu"),
        ("Yıldız", "yildiz"),
        ("Łukasz Øst", "lukasz ost"),
        ("al-Ashi", "al ashi"),
        ("Baek Ji‑eun", "baek ji eun"),
        ("Mu’taz", "mutaz"),
        ("Yo‘ldoshev", "yoldoshev"),
        ("Ana\u00a0Ruiz", "ana ruiz"),
        ("Ana\n  Ruiz", "ana ruiz"),
        ("\u200bAna\u200e Ruiz\ufeff", "ana ruiz"),
        ("**Ana** Ruiz", "ana ruiz"),
        ("Straße", "strasse"),
        ("U.N.", "un"),
        ("ﬁnance", "finance"),
        ("Ana–Maria", "ana maria"),
        ("Ανδρέας", "ανδρεασ"),
        ("高淑娟", "高淑娟"),
        ("", ""),
    ],
)
def test_fold(text: str, key: str) -> None:
    assert fold(text) == key


@given(st.text())
@settings(deadline=None)
def test_a_key_is_its_own_key(text: str) -> None:
    key = fold(text)
    assert fold(key) == key
    assert words_of(text) == tuple(key.split())
    assert key == key.strip()


# ---- edges --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Ana Ruiz’s", "Ana Ruiz"),
        ("Ana Ruiz's", "Ana Ruiz"),
        ("Adams’", "Adams"),
        ("ADAMS’S", "ADAMS"),
        ("“Ana Ruiz”,", "Ana Ruiz"),
        ("**Ana Ruiz**", "Ana Ruiz"),
        ("Ana Ruiz)", "Ana Ruiz"),
        ("Ana (Ruiz", "Ana"),
        ("Ana (Ruiz)", "Ana (Ruiz)"),
        ("Senada H.", "Senada H."),
        ("  ", None),
        ("’s", None),
        ("—", None),
        ("", None),
    ],
)
def test_trim(text: str, left: str | None) -> None:
    trimmed = trim(Mention(text, 5, 5 + len(text)))
    assert (trimmed.text if trimmed else None) == left


@given(st.text(max_size=80))
@settings(max_examples=200, deadline=None)
def test_trimmed_text_stands_where_it_says(text: str) -> None:
    trimmed = trim(Mention(text, 0, len(text)))
    if trimmed is not None:
        assert text[trimmed.start : trimmed.end] == trimmed.text
        assert trim(trimmed) == trimmed


# ---- spelling -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("abdulwahab", "abdelwahab", True),
        ("mohammed", "muhammad", True),
        ("sergei", "sergey", True),
        ("yousef", "yusef", True),
        ("organisation", "organization", True),
        ("hassan", "hussein", False),
        ("hassan", "bassan", False),
        ("karim", "karima", False),
        ("daniel", "daniela", False),
        ("mario", "maria", False),
        ("ali", "aly", False),
        ("mohamed", "mahmoud", False),
        ("john", "joan", False),
        ("", "", True),
    ],
)
def test_similar(a: str, b: str, expected: bool) -> None:
    assert similar(a, b) is expected
    assert similar(b, a) is expected


@given(st.text("abc", max_size=12), st.text("abc", max_size=12))
def test_distance_is_symmetric_and_bounded(a: str, b: str) -> None:
    distance = edit_distance(a, b)
    assert distance == edit_distance(b, a)
    assert abs(len(a) - len(b)) <= distance <= max(len(a), len(b))
    assert (distance == 0) == (a == b)


@given(st.text("abc", max_size=8), st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_distance_keeps_to_the_triangle(a: str, b: str, c: str) -> None:
    assert edit_distance(a, c) <= edit_distance(a, b) + edit_distance(b, c)


@pytest.mark.parametrize(
    ("short", "full", "expected"),
    [
        ("WHO", "World Health Organization", True),
        ("UNRWA", "United Nations Relief and Works Agency", True),
        ("KNCHR", "Kenya National Commission on Human Rights", True),
        ("UNHCR", "Office of the UN High Commissioner for Refugees", True),
        ("ECtHR", "European Court of Human Rights", True),
        ("HRC", "South African Human Rights Commission", True),
        ("UAPA", "Unlawful Activities (Prevention) Act", True),
        ("U.N.", "United Nations", True),
        ("CEDAW", "Convention on the Elimination of All Forms of Discrimination against Women", True),
        ("CRC", "Convention on the Rights of the Child", True),
        ("who", "World Health Organization", False),
        ("Who", "World Health Organization", False),
        ("WTO", "World Health Organization", False),
        ("W", "World Health Organization", False),
        ("NCHR", "National Human Rights Commission", False),
        ("AI", "Amnesty", False),
        ("", "World Health Organization", False),
        ("UNESCO", "UN Women’s Committee", False),
    ],
)
def test_acronym(short: str, full: str, expected: bool) -> None:
    assert is_acronym_of(short, full) is expected


def test_contains() -> None:
    assert contains(("a", "b", "c"), ("b", "c"))
    assert not contains(("a", "b", "c"), ("a", "c"))
    assert not contains(("a",), ())


# ---- forms and groups ----------------------------------------------------------------------------


def mentions(*texts: str) -> list[Mention]:
    return [Mention(t, 100 * i, 100 * i + len(t)) for i, t in enumerate(texts)]


@pytest.mark.parametrize(
    ("texts", "name", "aliases"),
    [
        (["Ruiz", "Ana Ruiz", "Ana"], "Ana Ruiz", ("Ruiz", "Ana")),
        (["ANA RUIZ", "Ana Ruiz"], "Ana Ruiz", ()),
        (["Ana\nRuiz", "Ana Ruiz"], "Ana Ruiz", ()),
        (["Ana\nRuiz"], "Ana\nRuiz", ()),
        (["高淑娟", "Kao"], "Kao", ("高淑娟",)),
        (["WHO", "World Health Organization"], "World Health Organization", ("WHO",)),
        (["Lopez", "López"], "López", ()),
    ],
)
def test_forms(texts: list[str], name: str, aliases: tuple[str, ...]) -> None:
    assert forms(mentions(*texts)) == (name, aliases)
    assert forms(mentions(*texts)[::-1]) == (name, aliases)


def test_again_finds_whole_words_outside_what_is_taken() -> None:
    text = "Viasna won. Viasna’s office, Viasnas, XViasna. Viasna."
    found = again(text, [Found(Mention("Viasna", 0, 6), 0.9)], taken=[(12, 18)])
    assert [f.mention.start for f in found] == [text.rindex("Viasna")]


def test_every_mention_is_in_one_group() -> None:
    found = [Found(m, 0.9) for m in mentions("Viasna", "Memorial", "Viasna", "Viasna Centre")]
    groups = merge(found, lambda full, form: contains(words_of(full), words_of(form)), text=" " * 400)
    assert sorted(f.mention.start for g in groups for f in g) == [0, 100, 200, 300]
    assert [n.name for n in entries(groups)] == ["Viasna Centre", "Memorial"]


# ---- the vocabularies --------------------------------------------------------------------------------


def strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [s for v in value.values() for s in strings(v)]
    return [s for v in value for s in strings(v)] if isinstance(value, list) else []


def lists(value: object) -> list[list[str]]:
    if isinstance(value, dict):
        return [x for v in value.values() for x in lists(v)]
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [x for v in value for x in lists(v)]
    return [value] if isinstance(value, list) else []


@pytest.mark.parametrize("name", ["names.toml", "roles.toml", "numbers.toml"])
def test_vocabularies_are_lower_case_and_say_nothing_twice(name: str) -> None:
    content = data(name)
    assert all(s == s.lower() and s == " ".join(s.split()) for s in strings(content))
    assert {tuple(s for s, n in itertools.groupby(sorted(words)) if len(list(n)) > 1) for words in lists(content)} <= {
        ()
    }


def test_roles_are_known() -> None:
    for cue in data("roles.toml")["cue"]:
        assert cue["role"] in ROLES
        assert cue["weight"] > 0
        assert cue["before"] or cue["behind"] or cue["does"]


def test_words_that_are_first_names_are_no_titles() -> None:
    titles = data("names.toml")["titles"]
    assert not {"prince", "king", "justice", "major", "sister", "marshal", "don"} & {
        *titles["words"],
        *titles["abbreviations"],
    }


def test_numbers_are_numbers() -> None:
    numbers = data("numbers.toml")
    assert all(n > 0 for kind in ("words", "units", "scales") for n in numbers[kind].values())
    for side in ("qualifiers", "qualifiers_behind"):
        assert {*numbers[side]} == {"at_least", "at_most", "about"}
        phrases = [p for words in numbers[side].values() for p in words]
        assert len({*phrases}) == len(phrases)


# ---- time ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["a", "a ", "A. ", "’", "(", "* ", "é", "-", "’s", "the "])
def test_long_names(unit: str) -> None:
    one, other = unit * (10_000 // len(unit)), unit * (10_000 // len(unit)) + "b"
    start = time.perf_counter()
    similar(fold(one), fold(other))
    is_acronym_of(one, other)
    is_acronym_of("WHO", other)
    trim(Mention(one, 0, len(one)))
    edit_distance("a" * 300, "b" * 300)
    forms([Mention(one, 0, len(one)), Mention(other, 0, len(other))])
    assert time.perf_counter() - start < 2
