"""Which wins a person should look at, and why.

A win's score is the chance that some value of it is wrong or missing: a logistic regression over the
doubts that an extraction leaves, fitted on paragraphs that the network had not seen (`pipelines/calibrate.py`).
A win is flagged from a threshold of that chance on, and always where its place or its year is not
known. The reasons name signs of trouble and the values that are least sure.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from spacy.tokens import Doc

from winsextract.confidence import logit
from winsextract.errors import ModelError
from winsextract.names import words_of
from winsextract.records import Win
from winsextract.tagger import TAGS, TokenScores

# A value below this confidence is named among the reasons.
DOUBTFUL = 0.8
# A single probability counts no more than this, so that one value does not decide alone.
LEAST = 1e-3

# What the regression is over, in the order of its weights: of values, the sum of -log of their confidences …
DOUBTED = (
    "outcome",
    "further outcome",
    "person",
    "role",
    "organisation",
    "law",
    "date",
    "event date",
    "number of people",
)
# … of what may be missing, the logit of the likeliest outcome that is not reported; the sum of -log(1 - p)
# over the words that no name holds, p being the chance that a name begins there; and the sum over all words of the entropy
# of "this is part of a body's name", which is high where such a name begins or ends somewhere else …
MISSING = ("outcome not reported", "name not found", "edges of bodies")
# … and signs: the classes that only a cue reports, a number that is the count of those named where several people are.
SIGNS = ("conflicting cues", "people counted by name")


@dataclass(frozen=True, slots=True)
class Judgement:
    """The regression: its weights over `DOUBTED`, `MISSING` and `SIGNS`, its intercept, and the threshold that goes with it."""

    weights: tuple[float, ...]
    intercept: float
    threshold: float

    @classmethod
    def of(cls, calibration: Mapping[str, Any]) -> Judgement | None:
        """That of a model's calibration; None where it has none. Raises ModelError where it is over other doubts."""
        kept = calibration.get("review")
        if kept is None:
            return None
        if len(kept["weights"]) != len(DOUBTED) + len(MISSING) + len(SIGNS):
            raise ModelError(
                "The model's review flags were made for another version of winsextract. Build it again with `make model`."
            )
        return cls(tuple(kept["weights"]), kept["intercept"], kept["threshold"])

    def chance(self, found: tuple[float, ...]) -> float:
        """The chance of an error of a win with these doubts."""
        z = self.intercept + sum(w * x for w, x in zip(self.weights, found, strict=True))
        return 1.0 / (1.0 + math.exp(-max(-700.0, min(700.0, z))))


# Of an extraction whose model brings no regression, a guess: one in eight of the wins without any doubt holds an error.
UNFITTED = Judgement((1.0,) * len(DOUBTED) + (0.0,) * (len(MISSING) + len(SIGNS)), -2.0, 0.3)


def doubts(win: Win, doc: Doc, cues: Collection[str]) -> tuple[float, ...]:
    """What `DOUBTED`, `MISSING` and `SIGNS` say of a win; `doc` is its annotated text.

    `cues` are the outcome classes of which a cue says that they happened.
    """
    values = list(_values(win))
    scores: TokenScores = doc.user_data["winsextract"]
    reported = {o.outcome for o in win.outcomes}
    left = max((p for outcome, p in doc.cats.items() if outcome not in reported), default=0.0)
    begins = scores.tags[:, [i for i, tag in enumerate(TAGS) if tag[0] == "B"]].sum(-1)
    free = [i for i, token in enumerate(doc) if not token.ent_type]
    body = np.clip(scores.tags[:, [i for i, tag in enumerate(TAGS) if tag[2:] == "ORG"]].sum(-1), 1e-9, 1.0 - 1e-9)
    by_name = win.affected is not None and win.affected.basis == "named" and len(win.people) > 1
    return (
        *(sum(-math.log(max(p, LEAST)) for what, p in values if what == kind) for kind in DOUBTED),
        logit(max(left, LEAST)),
        sum(-math.log(max(1.0 - p, LEAST)) for p in begins[free].tolist()),
        float(-(body * np.log(body) + (1.0 - body) * np.log(1.0 - body)).sum()),
        float(len(set(cues) - reported)),
        float(by_name),
    )


def flag(win: Win, *, chance: float, threshold: float, cues: Collection[str] = ()) -> Win:
    """The win with its review score, `chance`, and with reasons where it should be looked at.

    `cues` are the outcome classes of which a cue says that they happened.
    """
    reasons = list(_unknown(win))
    if reasons or chance >= threshold:
        reasons += _signs(win, cues)
        reasons += dict.fromkeys(f"{what} of low confidence" for what, p in _values(win) if p < DOUBTFUL)
        if not reasons:
            what, p = min(_values(win), key=lambda value: value[1])
            reasons.append(
                f"no value is very unsure; the least is the {what}"
                if p < 1.0 - LEAST
                else "something may be missing: an outcome or a name"
            )
    return replace(win, review_score=chance, review_reasons=tuple(reasons))


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
