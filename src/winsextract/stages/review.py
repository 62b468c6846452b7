"""Which wins a person should look at, and why.

Each value's calibrated confidence is the chance that it is right; the chance that a win holds
an error is what is left when all are right. A win is flagged from a threshold of that chance on,
and always where its place or its year is not known. The reasons name the values that are least sure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from dataclasses import replace

from winsextract.names import words_of
from winsextract.records import Win

# A win is flagged from this chance of an error on. docs/evaluate.md has the trade-off on the test reports.
THRESHOLD = 0.47
# A value below this confidence is named among the reasons.
DOUBTFUL = 0.8
# What a sign of trouble is worth: the share of wins with it that were right, as if it were a value's confidence.
SIGN = 0.8


def flag(win: Win, *, cues: Collection[str] = (), threshold: float = THRESHOLD) -> Win:
    """The win with its review score, and with reasons where it should be looked at.

    `cues` are the outcome classes of which a cue says that they happened.
    """
    signs = list(_signs(win, cues))
    score = 1.0 - math.prod(p for _, p in _values(win)) * SIGN ** len(signs)
    reasons = list(_unknown(win))
    if reasons or score >= threshold:
        doubtful = dict.fromkeys(f"{what} of low confidence" for what, p in _values(win) if p < DOUBTFUL)
        reasons += [*signs, *doubtful]
        if not reasons:
            what, _ = min(_values(win), key=lambda value: value[1])
            reasons.append(f"many values, none of them sure; the least is the {what}")
    return replace(win, review_score=score, review_reasons=tuple(reasons))


def _values(win: Win) -> Iterator[tuple[str, float]]:
    """Every value of a win: what it is, and its confidence."""
    yield "outcome", win.outcomes[0].confidence
    for outcome in win.outcomes[1:]:
        yield "further outcome", outcome.confidence
    for person in win.people:
        yield "person", person.confidence
        yield "role", person.role_confidence
    for organisation in win.organisations:
        yield "organisation", organisation.confidence
    for law in win.laws:
        yield "law", law.confidence
    for date in win.dates:
        yield "date", date.confidence
    if win.event_date is not None:
        yield "event date", win.event_date.confidence
    yield "number of people", win.affected_confidence


def _unknown(win: Win) -> Iterator[str]:
    """What no reader of the record could use without a look at the text."""
    if win.header is None:
        yield "no header: place taken from the text" if win.places else "no header"
    elif not win.places:
        yield "unknown header"
    if win.year is None:
        yield "no year"


def _signs(win: Win, cues: Collection[str]) -> Iterator[str]:
    """Signs of trouble that no confidence knows of."""
    if win.outcomes[0].evidence is None:
        yield "outcome without evidence"
    if missed := set(cues) - {o.outcome for o in win.outcomes}:
        yield f"conflicting cues: {', '.join(sorted(missed))}"
    if any(_is_variant(p.name, a) for p in win.people for a in p.aliases):
        yield "spelling variants merged"
    event = win.event_date
    if event is not None and event.basis == "text" and win.month is not None:
        inside = event.start.year == win.year and event.start.month <= win.month <= event.end.month
        if not inside and event.precision in ("day", "month"):
            yield "date outside its section's month"


def _is_variant(name: str, alias: str) -> bool:
    a, b = words_of(name), words_of(alias)
    return len(a) == len(b) > 1 and sorted(a) != sorted(b)
