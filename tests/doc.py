"""Docs and mentions made by hand, for tests of what comes behind the tagger and needs no model.

A table's cell marks its text: `[[Ana Ruiz]]` is what the tagger found, `[+Ana Ruiz+]` what it
missed and the stage must find, `[-Ana Ruiz-]` what must stay no mention, `((© Luis Gómez))` an
image credit, `{Tokyo}` a place. `\\n` and `\\u00a0` stand for the characters that a cell hides.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc

from winsextract.records import Mention, Part
from winsextract.tagger import BASES, OUTCOMES, ROLES, TAGS, TokenScores, blank

TABLES = Path(__file__).parent / "tables"
_ESCAPE = re.compile(r"\\n|\\u([0-9a-f]{4})")
_MARK = re.compile(r"\[\[|\]\]|\[\+|\+\]|\[-|-\]|\(\(|\)\)|[{}]")


@dataclass(frozen=True, slots=True)
class Marked:
    """A cell's text without its marks, and what they marked."""

    text: str
    found: tuple[Mention, ...]
    missed: tuple[Mention, ...]
    never: tuple[Mention, ...]
    credits: tuple[Part, ...]
    places: tuple[str, ...]


def rows(name: str) -> list[dict[str, str]]:
    """The rows of a table, with its escapes turned into the characters that they stand for."""
    with (TABLES / name).open(encoding="utf-8", newline="") as lines:
        return [{key: plain(value) for key, value in row.items()} for row in csv.DictReader(lines)]


def plain(cell: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else "\n", cell)


def marked(cell: str) -> Marked:
    """A cell read; marks of different kinds may lie in each other."""
    text, at = "", 0
    opened: list[tuple[str, int]] = []
    spans: dict[str, list[Mention]] = {mark: [] for mark in ("[[", "[+", "[-", "((", "{")}
    for mark in _MARK.finditer(cell):
        text += cell[at : mark.start()]
        at = mark.end()
        if mark.group() in spans:
            opened.append((mark.group(), len(text)))
            continue
        kind, start = opened.pop()
        spans[kind].append(Mention(text[start:], start, len(text)))
    text += cell[at:]
    assert not opened, f"a mark is not closed: {cell}"
    return Marked(
        text,
        tuple(sorted(spans["[["], key=lambda m: m.start)),
        tuple(spans["[+"]),
        tuple(spans["[-"]),
        tuple(Part("credit", m.start, m.end) for m in spans["(("]),
        tuple(m.text for m in spans["{"]),
    )


@cache
def nlp() -> Language:
    return blank()


def doc(
    text: str,
    *,
    count: Mapping[str, float] | None = None,
    event: Mapping[str, float] | None = None,
    evidence: Mapping[str, tuple[str, float]] | None = None,
    basis: str = "none",
    sure: float = 1.0,
) -> Doc:
    """A doc with the tagger's scores: 0 everywhere but at the words named.

    `count` and `event` give words their probability, at their first place in the text, `evidence` an
    outcome and its probability; `basis` is the answer to where the number of people comes from, `sure` its probability.
    """
    made = nlp().make_doc(text)
    n = len(made)
    witnesses = np.zeros((n, len(OUTCOMES)))
    for words, (outcome, p) in (evidence or {}).items():
        witnesses[:, OUTCOMES.index(outcome)] += _at(made, {words: p})
    bases = np.full(len(BASES), (1.0 - sure) / (len(BASES) - 1))
    bases[BASES.index(basis)] = sure
    scores = TokenScores(
        tags=np.eye(len(TAGS))[np.zeros(n, dtype=int)],
        roles=np.full((n, len(ROLES)), 1.0 / len(ROLES)),
        event=_at(made, event or {}),
        count=_at(made, count or {}),
        evidence=witnesses,
        primary=np.full(len(OUTCOMES), 1.0 / len(OUTCOMES)),
        basis=bases,
    )
    made.user_data["winsextract"] = scores
    return made


def _at(made: Doc, scores: Mapping[str, float]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    column = np.zeros(len(made))
    for words, score in scores.items():
        start = made.text.index(words)
        span = made.char_span(start, start + len(words), alignment_mode="expand")
        assert span is not None
        column[span.start : span.end] = score
    return column


def mention(text: str, words: str, *, nth: int = 0) -> Mention:
    """The words' place in the text, their first or `nth` one."""
    start = [m.start() for m in re.finditer(re.escape(words), text)][nth]
    return Mention(words, start, start + len(words))


def listed(entries: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Names with their aliases as a table's cell writes them."""
    return " ; ".join("|".join([name, *aliases]) for name, aliases in entries)
