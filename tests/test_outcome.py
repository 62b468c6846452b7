"""Which outcomes, in which order, on which evidence: with scores made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from doc import doc

from winsextract.cues import find_cues
from winsextract.records import Outcome
from winsextract.stages.outcome import find_outcomes
from winsextract.tagger import OUTCOMES


def outcomes_of(
    text: str,
    *,
    happened: Mapping[str, float],
    primary: Mapping[str, float],
    evidence: Mapping[str, Mapping[str, float]] | None = None,
) -> tuple[Outcome, ...]:
    """The outcomes of a text whose classes and evidence words have these probabilities, all others nearly none."""
    made = doc(text)
    made.cats = {o: happened.get(o, 0.001) for o in OUTCOMES}
    column = np.zeros((len(made), len(OUTCOMES)))
    for outcome, words in (evidence or {}).items():
        for word, p in words.items():
            start = text.index(word)
            span = made.char_span(start, start + len(word), alignment_mode="expand")
            assert span is not None
            column[span.start : span.end, OUTCOMES.index(outcome)] = p
    scores = replace(
        made.user_data["winsextract"],
        primary=np.array([primary.get(o, 0.001) for o in OUTCOMES]),
        evidence=column,
    )
    made.user_data["winsextract"] = scores
    return find_outcomes(made, find_cues(made, year=2024))


TEXT = "Four men were acquitted on Monday and walked free the same day."


def test_the_primary_comes_first_and_the_others_by_confidence() -> None:
    found = outcomes_of(
        TEXT, happened={"release": 0.97, "acquittal": 0.9, "relief": 0.8}, primary={"acquittal": 0.9, "release": 0.1}
    )
    assert next(o.outcome for o in found) == "acquittal"
    assert [o.confidence for o in found[1:]] == sorted((o.confidence for o in found[1:]), reverse=True)
    assert {o.outcome for o in found} >= {"acquittal", "release"}


def test_there_is_always_one_outcome() -> None:
    assert len(outcomes_of("Nothing at all.", happened={}, primary={"other": 0.3})) == 1


def test_what_did_not_happen_is_not_listed() -> None:
    found = outcomes_of(
        "The council funds a shelter.", happened={"policy_change": 0.9, "relief": 0.2}, primary={"policy_change": 0.9}
    )
    assert [o.outcome for o in found] == ["policy_change"]


def test_evidence_is_the_strongest_words_and_their_neighbours() -> None:
    found = outcomes_of(
        TEXT, happened={"release": 0.9}, primary={"release": 0.9}, evidence={"release": {"walked": 0.9, "free": 0.4}}
    )
    assert found[0].evidence is not None
    assert found[0].evidence.text == "walked free"
    assert TEXT[found[0].evidence.start : found[0].evidence.end] == "walked free"


def test_a_cue_is_the_evidence_where_the_network_has_none() -> None:
    found = outcomes_of(TEXT, happened={"acquittal": 0.9}, primary={"acquittal": 0.9})
    assert found[0].evidence is not None
    assert "acquitted" in found[0].evidence.text


def test_no_words_no_evidence() -> None:
    found = outcomes_of("It is good news.", happened={"relief": 0.9}, primary={"relief": 0.9})
    assert found[0].evidence is None


@pytest.mark.parametrize(
    ("text", "reported"),
    [("She was acquitted on Monday.", True), ("Her lawyers hope that she will be acquitted on Monday.", False)],
)
def test_a_cue_that_only_wants_does_not_tip_a_doubtful_class(text: str, reported: bool) -> None:
    found = outcomes_of(text, happened={"other": 0.9, "acquittal": 0.6}, primary={"other": 0.9})
    assert ("acquittal" in {o.outcome for o in found}) is reported


@pytest.mark.parametrize(
    ("text", "primary"),
    [
        ("She was acquitted on Monday, and her son was released from prison.", "acquittal"),
        ("Her son was released from prison, and she was acquitted on Monday.", "release"),
    ],
)
def test_of_two_that_are_as_likely_the_primary_is_told_first(text: str, primary: str) -> None:
    even = {"acquittal": 0.5, "release": 0.5}
    found = outcomes_of(text, happened={"acquittal": 0.9, "release": 0.9}, primary=even)
    assert found[0].outcome == primary
    assert {o.outcome for o in found} == set(even)


def test_a_surer_primary_is_not_moved_by_what_is_told_first() -> None:
    found = outcomes_of(
        "She was acquitted on Monday, and her son was released from prison.",
        happened={"acquittal": 0.9, "release": 0.9},
        primary={"acquittal": 0.1, "release": 0.9},
    )
    assert found[0].outcome == "release"


def test_a_ruling_is_no_decision_of_governments_besides() -> None:
    both = {"ruling": 0.99, "international_decision": 0.98}
    for primary in both:
        found = outcomes_of("The committee of experts met.", happened=both, primary={primary: 0.9})
        assert [o.outcome for o in found] == [primary]
