"""Mend the edges of the tagger's mentions, before they become people, bodies and laws.

A tagger that decides word by word cuts a name where an unusual word stands in it: a bracket,
an initial, a number, a line break. What is mended here is form alone, the same for every
report: two pieces of one name with nothing between them, a bracket opened in one piece and
closed in the next, a year or a noun that belongs to a law's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

NAMES = frozenset({"PERSON", "ORG", "LAW"})
# The nouns that end a law's name, and the words that never end a name.
_LAW_NOUN = r"(?:[Bb]ill|[Aa]ct|[Ll]aw|[Cc]ode|[Cc]onvention|[Tt]reaty|[Cc]harter|[Aa]mendment|[Pp]rotocol|[Cc]onstitution|[Dd]ecree|[Oo]rdinance|[Ss]tatute|[Rr]egulations?|[Dd]irective)"
_NOUN_BEHIND = re.compile(rf"[ \u00a0]{_LAW_NOUN}\b")
_YEAR_BEHIND = re.compile(r"(?:[ \u00a0]of)?[ \u00a0](?:19|20)\d\d\b(?![-–/]\d)")
_YEAR_BEFORE = re.compile(r"\b(?:19|20)\d\d[ \u00a0]$")
_LOOSE_END = re.compile(r"(?:[\s\u00a0]+(?:and|or|in|of|the|for|at|by|with|on|to|which|that|as|a|an|from|against|is|was))+$")
_LAW_ENDS_OPEN = re.compile(r"\b(?:of|of the|on the|on|to the)$")
# "Bill 2.841/2020", "House Bill 2718", "Law No. 103-13", "Proposition 139", "Decree 12".
_NUMBERED_LAW = re.compile(
    r"\b(?:(?:House|Senate|Assembly|Federal|Presidential|Legislative|Royal)\s)?"
    r"(?:Bill|Law|Act|Decree|Proposition|Ordinance|Decree-Law|Regulation|Directive)\s(?:(?:No\.?|no\.?|Nr\.?|n°)\s?)?\d[\d./-]*\d?(?:/[A-Z]{2,3})?\b"
)
# A dubbed law: ‘agents of influence’ law.
_DUBBED_LAW = re.compile(r"[‘“\"'][^‘’“”\"'\n]{4,50}[’”\"'][ \u00a0](?:law|bill|act)\b", re.IGNORECASE)
# What a law found by its form alone is worth: the tagger, which sees more, did not see it.
BY_FORM = 0.7
_AMNESTY = re.compile(r"[ \u00a0\n]International\b")
_BODY_NOUN = re.compile(r"\band\b.*\b(?:Commission|Committee|Council|Ministry|Board|Authority|Agency|Federation|Union|Institute|Bureau|Department|Secretariat)$")


@dataclass(frozen=True, slots=True)
class Marked:
    """A mention: where, what (`PERSON`, `ORG`, `LAW`, `GPE`, `NORP` …) and how sure."""

    start: int
    end: int
    label: str
    confidence: float


def repaired(text: str, marked: Sequence[Marked]) -> list[Marked]:
    """The mentions with their edges mended, in the order of the text, none overlapping another."""
    joined = _joined(text, sorted(marked, key=lambda m: m.start))
    mended = [m for m in (_mended(text, m) for m in joined) if m.start < m.end]
    return _without_overlap([*mended, *_laws_by_form(text, mended)])


def _joined(text: str, marked: Sequence[Marked]) -> Iterator[Marked]:
    """Mentions with the pieces of one name put together."""
    current: Marked | None = None
    for m in marked:
        if current is not None and (label := _one_name(text, current, m)) is not None:
            sure = min(current.confidence, m.confidence) if label in NAMES else current.confidence
            current = Marked(current.start, m.end, label, sure)
            continue
        if current is not None:
            yield current
        current = m
    if current is not None:
        yield current


def _one_name(text: str, a: Marked, b: Marked) -> str | None:
    """The label of the one name that two neighbours are pieces of; None where they are two names."""
    between = text[a.end : b.start]
    first, second = text[a.start : a.end], text[b.start : b.end]
    if len(between) > 5 or b.label not in NAMES:
        return None
    if a.label == b.label and between in (" ", "\u00a0", "", "\n") and a.label != "LAW":
        return a.label
    if a.label == "PERSON" == b.label and between in (". ", ".\u00a0", ".") and len(first.split()[-1]) <= 3:
        return "PERSON"
    opened = between.endswith("(") or first.count("(") > first.count(")")
    if b.label in ("ORG", "LAW") and a.label in ("ORG", "LAW", "GPE") and opened and second.count(")") > second.count("("):
        return b.label
    if a.label == "LAW" and b.label in ("LAW", "ORG") and between in (" ", "\u00a0") and _LAW_ENDS_OPEN.search(first):
        return "LAW"
    if a.label == b.label == "LAW" and between in (" ", "\u00a0"):
        return "LAW"
    if a.label == b.label == "ORG" and between == ", " and first.isalpha() and first.istitle() and _BODY_NOUN.search(second):
        return "ORG"
    return None


def _mended(text: str, m: Marked) -> Marked:
    start, end = m.start, m.end
    if m.label in NAMES and (loose := _LOOSE_END.search(text, start, end)) is not None and not (m.label == "LAW" and _YEAR_BEHIND.match(text, loose.start())):
        end = loose.start()
    if m.label == "LAW":
        if (noun := _NOUN_BEHIND.match(text, end)) is not None and not re.search(rf"{_LAW_NOUN}$", text[start:end]):
            end = noun.end()
        if (year := _YEAR_BEHIND.match(text, end)) is not None and re.search(rf"{_LAW_NOUN}\W*$", text[start:end]):
            end = year.end()
        if (before := _YEAR_BEFORE.search(text, max(0, start - 6), start)) is not None:
            start = before.start()
        if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")":
            end += 1
    if m.label == "ORG" and text[start:end] == "Amnesty" and (more := _AMNESTY.match(text, end)) is not None:
        end = more.end()
    return replace(m, start=start, end=end)


def _laws_by_form(text: str, marked: Sequence[Marked]) -> Iterator[Marked]:
    """Laws that their form gives away, where the tagger found no name: a number, a dubbed name."""
    taken = [(m.start, m.end) for m in marked if m.label in NAMES]
    for pattern in (_NUMBERED_LAW, _DUBBED_LAW):
        for found in pattern.finditer(text):
            if not any(s < found.end() and found.start() < e for s, e in taken):
                yield Marked(found.start(), found.end(), "LAW", BY_FORM)


def _without_overlap(marked: Sequence[Marked]) -> list[Marked]:
    """Of overlapping mentions the longer one."""
    kept: list[Marked] = []
    for m in sorted(marked, key=lambda m: (m.start, -m.end)):
        if kept and m.start < kept[-1].end:
            if m.end - m.start > kept[-1].end - kept[-1].start:
                kept[-1] = m
            continue
        kept.append(m)
    return kept
