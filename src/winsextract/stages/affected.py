"""How many people a win is about: the number that the text gives, else the count of those it names."""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from spacy.tokens import Doc

from winsextract.records import Affected, Mention, Outcome, Person
from winsextract.tagger import BASES, TokenScores

# A number is the count from this probability on.
COUNT = 0.5
# Outcomes of which the persons named are counted; of the others only a stated number counts.
OF_PERSONS = frozenset({"release", "acquittal", "charges_dropped", "accountability"})


@dataclass(frozen=True, slots=True)
class Number:
    """A cardinal number in a text."""

    value: int
    start: int
    end: int


def count_affected(doc: Doc, outcomes: Sequence[Outcome], people: Sequence[Person]) -> tuple[Affected | None, float]:
    """The persons released, acquitted, cleared, convicted or granted something, None where none are counted; and how sure that is.

    Offsets count in the doc's text.
    """
    scores: TokenScores = doc.user_data["winsextract"]
    basis = BASES[int(scores.basis.argmax())]
    sure = float(scores.basis.max())
    if basis == "none":
        return None, sure
    stated = _stated(doc, scores)
    if stated is not None and (basis == "stated" or stated[1] > 0.8):
        number = stated[0]
        others = _with_others(doc.text, number, people)
        words = Mention(doc.text[number.start : number.end], number.start, number.end)
        return Affected(number.value + others, "stated", qualifier_of(doc.text, number.start, number.end), words), sure * stated[1]
    if not any(o.outcome in OF_PERSONS for o in outcomes):
        return None, 1.0 - sure
    of = "perpetrator" if outcomes[0].outcome == "accountability" else "beneficiary"
    named = sum(p.role == of for p in people)
    return Affected(max(1, named), "named", "exact", None), sure if basis == "named" else sure / 2


# What follows a number that does not include those named before it: "X, Y and four others".
_OTHERS = re.compile(r"\s+(?:\w+\s+)?(?:others?|more|colleagues|co-defendants|co-accused|companions|comrades)\b", re.IGNORECASE)
# Longest stretch between two names of a list, in characters: ", the teacher ".
_GAP = 30


def _with_others(text: str, number: Number, people: Sequence[Person]) -> int:
    """How many of the people named stand before "and four others" and are counted beside them."""
    if not _OTHERS.match(text, number.end):
        return 0
    counted, edge = 0, number.start
    for mention, person in sorted(((m, p) for p in people for m in p.mentions), key=lambda x: -x[0].end):
        between = text[mention.end : edge] if mention.end <= edge else None
        if between is None or len(between) > _GAP or any(c in between for c in ".;:"):
            continue
        if counted == 0 and not re.search(r"\b(?:and|with|plus)\b|,", between):
            continue
        counted, edge = counted + 1, mention.start
    return counted


def _stated(doc: Doc, scores: TokenScores) -> tuple[Number, float] | None:
    best: tuple[Number, float] | None = None
    for number in find_numbers(doc.text):
        span = doc.char_span(number.start, number.end, alignment_mode="expand")
        if span is None:
            continue
        p = float(scores.count[span.start : span.end].max())
        if p >= COUNT and (best is None or p > best[1]):
            best = (number, p)
    return best


@functools.cache
def _data() -> dict[str, Any]:
    return tomllib.loads(importlib.resources.files("winsextract.data").joinpath("numbers.toml").read_text(encoding="utf-8"))


@functools.cache
def _number() -> re.Pattern[str]:
    words = "|".join(sorted([*_data()["words"], *_data()["scales"]], key=len, reverse=True))
    digits = r"\d{1,3}(?:[,.\u00a0\u202f ]\d{3})+(?!\d)|\d+"
    return re.compile(
        rf"(?<![\w.,]) (?:{digits}) (?:\s(?:{'|'.join(_data()['scales'])})\b)? (?![\w%]|[.,]\d)"
        rf"| \b(?:(?:a|half\sa|several)\s+)?(?:{words})s?(?:(?:[\s-]+|\s+and\s+)(?:{words}))*\b",
        re.IGNORECASE | re.VERBOSE,
    )


def find_numbers(text: str) -> Iterator[Number]:
    """Cardinal numbers in digits and words, in order."""
    for match in _number().finditer(text):
        value = value_of(match.group())
        if value is not None:
            yield Number(value, match.start(), match.end())


def value_of(words: str) -> int | None:
    """The value of a number in digits or words ("4,200", "twenty-two", "a dozen", "3 million"); None if it is none."""
    total = current = 0
    seen = False
    for word in re.split(r"[\s-]+(?!\d{3})", words.lower().strip()):
        digits = re.sub(r"[,.\s\u00a0\u202f]", "", word)
        if digits.isdigit():
            current += int(digits)
        elif word in ("a", "an", "and"):
            continue
        elif word == "half":
            return None
        elif (name := word if word in _data()["words"] or word in _data()["scales"] else word.removesuffix("s")) in _data()["words"]:
            value = _data()["words"][name]
            current = current * value if name in ("dozen", "score") and current else current + value
        elif name in _data()["scales"]:
            scale = _data()["scales"][name]
            if scale == 100:
                current = max(current, 1) * 100
            else:
                total += max(current, 1) * scale
                current = 0
        else:
            return None
        seen = True
    return total + current if seen else None


def qualifier_of(text: str, start: int, end: int) -> str:
    """How exact the number at `start` is: exact, at_least, at_most or about."""
    before = " ".join(text[max(0, start - 24) : start].lower().split())
    for name, words in _data()["qualifiers"].items():
        if any(before == w or before.endswith(" " + w) for w in words):
            return str(name)
    return "exact"
