"""What happened: the outcome classes of a win, the primary one first, each with its evidence."""

from __future__ import annotations

import numpy as np
from spacy.tokens import Doc

from winsextract.records import Mention, Outcome
from winsextract.tagger import OUTCOMES, TokenScores, is_markup

# A class is reported from this probability on; chosen on the development paragraphs for the best F1.
THRESHOLD = 0.5
# A token belongs to an outcome's evidence from this probability on …
EVIDENCE = 0.5
# … and its neighbours from this one, so that "let him go" is not cut to "let".
EVIDENCE_NEIGHBOUR = 0.25
# Evidence is a few words: the annotators' longest has nine.
MAX_EVIDENCE = 9


def find_outcomes(doc: Doc) -> tuple[Outcome, ...]:
    """The outcomes that a win's text reports as having happened, the primary first.

    There is always at least one: a win is about something. Offsets count in the doc's text.
    """
    scores: TokenScores = doc.user_data["winsextract"]
    happened = np.array([doc.cats[o] for o in OUTCOMES])
    primary = int((scores.primary * (0.2 + happened)).argmax())
    chosen = [primary, *(i for i in np.argsort(-happened) if i != primary and happened[i] >= THRESHOLD)]
    return tuple(Outcome(OUTCOMES[i], _confidence(i, primary, happened, scores), evidence_for(doc, int(i))) for i in chosen)


def _confidence(i: int, primary: int, happened: np.ndarray, scores: TokenScores) -> float:
    return float(scores.primary[i] if i == primary else happened[i])


def evidence_for(doc: Doc, outcome: int) -> Mention | None:
    """The words that are the strongest evidence of an outcome; None where no word reaches the threshold."""
    scores: TokenScores = doc.user_data["winsextract"]
    column = scores.evidence[:, outcome]
    if not len(column):
        return None
    peak = int(column.argmax())
    if column[peak] < EVIDENCE:
        return None
    start = end = peak
    while start > 0 and peak - start < MAX_EVIDENCE and (column[start - 1] >= EVIDENCE_NEIGHBOUR or is_markup(doc[start - 1].text)):
        start -= 1
    while end + 1 < len(doc) and end - start + 1 < MAX_EVIDENCE and (column[end + 1] >= EVIDENCE_NEIGHBOUR or is_markup(doc[end + 1].text)):
        end += 1
    while start < peak and is_markup(doc[start].text):
        start += 1
    while end > peak and is_markup(doc[end].text):
        end -= 1
    span = doc[start : end + 1]
    return Mention(span.text, span.start_char, span.end_char)
