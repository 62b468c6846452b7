"""Training paragraphs are varied without a mark, an answer or a word of evidence getting lost."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.examples import Paragraph, capitals, exchange, free_names, read_paragraphs, rename

FOLDER = Path(__file__).resolve().parents[1] / "pipelines"
PARAGRAPHS = [p for path in sorted(FOLDER.glob("*/*.jsonl")) for p in read_paragraphs(path)][::7]
FREE = free_names(PARAGRAPHS)
POOL = sorted({p["name"] for paragraph in PARAGRAPHS for p in paragraph.people if " " in p["name"]})


def check(before: Paragraph, after: Paragraph, *, changed: str) -> None:
    """The same marks and evidence in the same order; only names under `changed` read otherwise."""
    assert [label for *_, label in after.marks] == [label for *_, label in before.marks]
    for (s, e, label), (a, b, _) in zip(before.marks, after.marks, strict=True):
        if label != changed:
            assert after.text[a:b] == before.text[s:e]
    # By label: somebody may be called as a place is.
    names = {
        ((before.text[s:e], label), after.text[a:b])
        for (s, e, label), (a, b, _) in zip(before.marks, after.marks, strict=True)
    }
    assert len({old for old, _ in names}) == len(names), "one name became two"
    assert [label for *_, label in after.evidence] == [label for *_, label in before.evidence]
    touched = [(s, e) for s, e, label in before.marks if label == changed]
    for (s, e, _), (a, b, _) in zip(before.evidence, after.evidence, strict=True):
        if not any(s < end and start < e for start, end in touched):
            assert after.text[a:b] == before.text[s:e]
    assert (after.event_date, after.affected, after.outcomes) == (before.event_date, before.affected, before.outcomes)


def test_bodies_called_otherwise() -> None:
    rng = random.Random(1)
    changed = 0
    for before in PARAGRAPHS:
        after = exchange(before, FREE, rng, share=0.5)
        check(before, after, changed="ORG")
        assert after.people == before.people
        changed += after != before
    assert changed > len(PARAGRAPHS) / 5


def test_people_called_otherwise() -> None:
    rng = random.Random(1)
    for before in PARAGRAPHS:
        after = rename(before, POOL, rng, share=1.0)
        check(before, after, changed="PERSON")
        named = {n for p in after.people for n in [p["name"], *p.get("aliases", [])]}
        assert {after.text[s:e] for s, e, label in after.marks if label == "PERSON"} <= named


def test_names_in_capitals() -> None:
    rng = random.Random(1)
    for before in PARAGRAPHS:
        after = capitals(before, rng, surnames=False)
        check(before, after, changed="PERSON")
        assert all(
            after.text[s:e].isupper()
            for s, e, label in after.marks
            if label == "PERSON" and after.text[s:e].upper() != after.text[s:e].lower()
        )


@pytest.mark.parametrize(
    "name", ["Supreme Court", "Ministry of Health", "Amnesty Norway", "The Voice", "European Union"]
)
def test_a_name_that_says_what_it_is_stays(name: str) -> None:
    text = f"It was told by {name} and by Viasna."
    paragraph = Paragraph(
        "Belarus", text, ((15, 15 + len(name), "ORG"), (text.index("Viasna"), len(text) - 1, "ORG")), ("other",)
    )
    free = free_names([paragraph])
    assert free == {True: ["Viasna"], False: []}
    assert exchange(paragraph, {True: ["Adalah"], False: []}, random.Random(1), share=1.0) == paragraph
