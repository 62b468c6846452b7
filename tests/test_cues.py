"""Cues and their contexts: the tables decide; here are only the ways to read them."""

from __future__ import annotations

import csv
import dataclasses
import importlib.resources
import itertools
import json
import time
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from winsextract.cues import Cue, find_cues
from winsextract.tagger import OUTCOMES, blank

DATA = importlib.resources.files("winsextract.data")
CUES: list[dict[str, Any]] = [json.loads(line) for line in DATA.joinpath("cues.jsonl").read_text("utf-8").splitlines()]
CONTEXTS = tomllib.loads(DATA.joinpath("contexts.toml").read_text("utf-8"))
with (Path(__file__).parent / "tables/contrast.csv").open(encoding="utf-8", newline="") as table:
    CONTRAST = list(csv.DictReader(table))
CONDITIONS = ("near", "about", "before", "behind", "absent", "unless", "unless_behind")
STATUSES = ("happened", "wanted", "negated", "possible", "background")
# Pieces that the tokeniser cuts off a word and that are no word alone.
CLITICS = frozenset({"n't", "n’t", "'s", "’s", "'re", "’re", "'ll", "ca", "wo"})


@cache
def nlp() -> Language:
    return blank()


def cues(text: str) -> tuple[Cue, ...]:
    return find_cues(nlp().make_doc(text))


def happened(text: str) -> set[str]:
    return {cue.outcome for cue in cues(text) if cue.status == "happened"}


# ---- the tables -------------------------------------------------------------------------


@pytest.mark.parametrize("row", CONTRAST, ids=[f"{r['outcome']}: {r['sentence']}" for r in CONTRAST])
def test_contrast(row: dict[str, str]) -> None:
    assert (row["outcome"] in happened(row["sentence"])) == (row["happened"] == "yes"), cues(row["sentence"])


def test_contrast_table_is_of_pairs_in_every_class() -> None:
    assert len(CONTRAST) >= 200
    for outcome in OUTCOMES:
        answers = [r["happened"] for r in CONTRAST if r["outcome"] == outcome]
        assert answers == ["yes", "no"] * (len(answers) // 2)
        assert len(answers) >= 18
    assert len({r["sentence"] for r in CONTRAST}) == len(CONTRAST)
    assert all(r["why"] for r in CONTRAST)


@pytest.mark.parametrize("cue", CUES, ids=[c["id"] for c in CUES])
def test_example_of_cue(cue: dict[str, Any]) -> None:
    found = cues(cue["example"])
    if cue["label"] == "none":
        assert not happened(cue["example"]), found
        return
    status = cue.get("status", "happened")
    assert (cue["label"], status) in {(c.outcome, c.status) for c in found}, found
    assert happened(cue["example"]) <= {cue["label"]}, found


# ---- the data files ---------------------------------------------------------------------


def test_cues_are_well_formed() -> None:
    assert len({c["id"] for c in CUES}) == len(CUES)
    assert {c["label"] for c in CUES} == {*OUTCOMES, "none"}
    for cue in CUES:
        assert set(cue) <= {"id", "label", "pattern", "status", *CONDITIONS, "example"}, cue["id"]
        assert cue["id"].startswith(f"{cue['label']}."), cue["id"]
        assert cue.get("status", "happened") in STATUSES, cue["id"]
        assert cue["example"].endswith((".", "!")), cue["id"]
        # A pattern is looked for round a word, and a gap stands between two.
        assert not any(set(cue["pattern"][i]) == {"OP"} for i in (0, -1)), cue["id"]
        assert any("LOWER" in t and "OP" not in t for t in cue["pattern"]), cue["id"]


def words_of(cue: dict[str, Any]) -> Iterator[str]:
    for condition in CONDITIONS:
        yield from cue.get(condition, ())
    for token in cue["pattern"]:
        lower = token.get("LOWER", [])
        yield from [lower] if isinstance(lower, str) else lower["IN"] if lower else []


def test_every_word_is_one_lower_case_token_and_every_group_exists() -> None:
    wrong = []
    everywhere = [(c["id"], w) for c in CUES for w in words_of(c)]
    everywhere += [(name, w) for name, words in CONTEXTS["groups"].items() for w in words]
    for where, word in everywhere:
        if word.startswith("@"):
            assert word[1:] in CONTEXTS["groups"], (where, word)
        elif word != word.lower() or (len(nlp().make_doc(word)) != 1 and word not in CLITICS):
            wrong.append((where, word))
    assert not wrong


def test_contexts_are_well_formed() -> None:
    for context in CONTEXTS["context"]:
        assert context["status"] in STATUSES[1:]
        assert context["side"] in ("before", "behind")
        assert 0 < context["reach"] <= 12
        assert set(context.get("labels", ())) <= set(OUTCOMES)
    phrases = [p for c in CONTEXTS["context"] for p in c["words"]] + CONTEXTS["ignore"]["words"]
    assert all(p == p.lower() for p in phrases)
    # Cut as the tokeniser cuts them, else they never match.
    cut = {
        p: " ".join(t.text for t in nlp().make_doc(p.replace(" n't", "n't").replace("ca not", "cannot")))
        for p in phrases
    }
    assert {p: c for p, c in cut.items() if c != p and p.split()[0] not in CLITICS} == {}


def test_every_group_is_used_and_every_class_known() -> None:
    for way in ("yields", "gives_way"):
        assert {*CONTEXTS[way], *itertools.chain(*CONTEXTS[way].values())} <= set(OUTCOMES)
    used = {w[1:] for c in CUES for w in words_of(c) if w.startswith("@")}
    used |= {w[1:] for words in CONTEXTS["groups"].values() for w in words if w.startswith("@")}
    assert set(CONTEXTS["groups"]) == used


# ---- rules that one sentence does not show ----------------------------------------------


@pytest.mark.parametrize(
    ("text", "outcome", "status"),
    [
        ("The union called for her release.", "release", "wanted"),
        ("The court refused to quash the conviction.", "acquittal", "negated"),
        ("The officer could be convicted.", "accountability", "possible"),
        ("The two monks had been released in 2016.", "release", "background"),
        ("Three policemen were convicted of murder in 2011.", "accountability", "background"),
        # The nearest context decides, and the clause ends its scope.
        ("They called for his release, and on 3 May he was freed.", "release", "happened"),
        ("Not only was she freed: she got her job back.", "release", "happened"),
        ("The bill could have been worse, but deputies rejected it.", "bill_defeated", "happened"),
        # "May" is a month.
        ("In May the nun was freed.", "release", "happened"),
    ],
)
def test_status(text: str, outcome: str, status: str) -> None:
    assert (outcome, status) in {(c.outcome, c.status) for c in cues(text)}, cues(text)


def test_the_report_year_decides_what_is_past() -> None:
    doc = nlp().make_doc("She was freed in March 2024 after a campaign.")
    assert [c.status for c in find_cues(doc, year=2024)] == ["happened"]
    assert [c.status for c in find_cues(doc, year=2025)] == ["background"]


def test_what_it_means_stands_in_the_sentence_before() -> None:
    assert happened("A draft on lèse-majesté divided the house. On 4 May it was withdrawn.") == {"bill_defeated"}
    assert happened("She had faced three charges. On 4 May they were withdrawn.") == {"charges_dropped"}


def test_the_special_class_silences_the_general_one() -> None:
    assert happened("The court ruled that a joke is no crime and acquitted both.") == {"acquittal"}
    text = "A soldier had been shot dead, and she was convicted of the murder. On 3 May she walked free."
    assert happened(text) == {"release"}


@pytest.mark.parametrize(
    "text",
    [
        "They released a report on prisons.",
        "Medicine is free of charge.",
        "The company charged workers a fee.",
        "Two years passed.",
        "The blogger was convicted of insulting the king.",
        "The activist was sentenced to eight years in 2021.",
        "He was arrested at home.",
    ],
)
def test_ambiguous_words_stay_silent(text: str) -> None:
    assert not happened(text), cues(text)


def test_cues_are_ordered_frozen_and_grounded() -> None:
    text = "She walked free on Tuesday.  The minister withdrew the bill; the law on strikes was repealed."
    found = cues(text)
    assert [c.outcome for c in found] == ["release", "bill_defeated", "law_passed"]
    assert all(text[c.start_char : c.end_char] == c.text for c in found)
    with pytest.raises(dataclasses.FrozenInstanceError):
        found[0].status = "wanted"  # type: ignore[misc]


def test_two_vocabs_agree() -> None:
    text = "The prosecutor dropped the charges and they went home."
    assert find_cues(blank().make_doc(text)) == cues(text)


# ---- any text -----------------------------------------------------------------------------

VOCABULARY = sorted(
    {w for c in CUES for w in words_of(c) if not w.startswith("@")} | {".", ",", ";", "\n\n", "2019", "“"}
)


@given(st.text())
@settings(max_examples=100, deadline=None)
def test_arbitrary_text_never_raises(text: str) -> None:
    for cue in cues(text):
        assert text[cue.start_char : cue.end_char] == cue.text


@given(st.lists(st.sampled_from(VOCABULARY), max_size=60).map(" ".join))
@settings(max_examples=150, deadline=None)
def test_cue_words_in_any_order(text: str) -> None:
    found = cues(text)
    for cue in found:
        assert text[cue.start_char : cue.end_char] == cue.text
        assert cue.status in STATUSES
    for outcome in OUTCOMES:
        own = [c for c in found if c.outcome == outcome]
        assert all(a.end <= b.start for a, b in itertools.pairwise(own))


@pytest.mark.parametrize(
    "unit",
    [
        "The court freed her and the minister withdrew the bill, but not the charges. ",
        "charges ",
        "released, not freed, ",
        "the bill that the court and the parliament ",
    ],
)
def test_time_is_linear(unit: str) -> None:
    """Eight times the text takes about eight times as long, with room for a busy machine; a square would be 64."""

    def seconds(times: int) -> float:
        doc = nlp().make_doc(unit * times)
        runs = []
        for _ in range(3):
            start = time.perf_counter()
            find_cues(doc)
            runs.append(time.perf_counter() - start)
        return min(runs)

    seconds(1)
    assert seconds(1600) < 24 * seconds(200) + 0.05
