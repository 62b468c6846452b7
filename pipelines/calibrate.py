"""Fit the confidences on the development paragraphs and keep the curves in the model's description.

python -m pipelines.calibrate src/winsextract/model

A value is right as the annotation guide says: a person or body under one of its marked forms, the
primary outcome, a role, the mark that dates the win, the number of people. The paragraphs are by
authors whose texts the network was not trained on; the 2024 report takes no part.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import spacy
from spacy.tokens import Doc

from pipelines.examples import Paragraph, read_paragraphs
from winsextract.evaluation import Judged, calibration
from winsextract.names import fold as folded
from winsextract.pipeline import understand
from winsextract.records import Segment, Win
from winsextract.stages.review import doubts

HERE = Path(__file__).parent
DEVELOPMENT = HERE / "development"
# Strength of the pull towards the identity (slope 1, intercept 0): worth about this many values.
PRIOR = 2.0
# Parts of the development paragraphs; each is judged by curves that were fitted on the others.
FOLDS = 10
# Any year and month will do: only the words of dates are compared.
YEAR = 2024


def paragraphs() -> list[Paragraph]:
    return [p for path in sorted(DEVELOPMENT.glob("*.jsonl")) for p in read_paragraphs(path)]


def understood(
    nlp: spacy.Language, items: list[Paragraph], *, calibration: dict[str, list[float]]
) -> Iterator[tuple[Paragraph, Doc, Win]]:
    for paragraph, doc in zip(items, nlp.pipe(p.text for p in items), strict=True):
        segment = Segment(1, paragraph.header, None, None, YEAR, 0, 0, len(paragraph.text))
        win = understand(doc, segment, paragraph.text, report_id="development", calibration=calibration)
        yield paragraph, doc, win


def judged(paragraph: Paragraph, win: Win) -> Iterator[tuple[str, float, bool]]:
    """Each value of a win as (kind, raw confidence, whether it is right)."""
    roles = {folded(n): p["role"] for p in paragraph.people for n in [p["name"], *p.get("aliases", [])]}
    marked = defaultdict(set)
    for start, end, label in paragraph.marks:
        marked[label].add(folded(paragraph.text[start:end]))
    for person in win.people:
        known = folded(person.name) in roles
        yield "person", person.confidence, known
        if known:
            yield "role", person.role_confidence, roles[folded(person.name)] == person.role
    for organisation in win.organisations:
        yield (
            "organisation",
            organisation.confidence,
            folded(organisation.name).removeprefix("the ") in {m.removeprefix("the ") for m in marked["ORG"]},
        )
    for law in win.laws:
        yield (
            "law",
            law.confidence,
            folded(law.name).removeprefix("the ") in {m.removeprefix("the ") for m in marked["LAW"]},
        )
    days = [(s, e) for s, e, label in paragraph.marks if label == "DATE"]
    for date in win.dates:
        yield "date", date.confidence, any(m.start < e and s < m.end for m in date.mentions for s, e in days)
    primary, *others = win.outcomes
    yield "outcome", primary.confidence, primary.outcome == paragraph.outcomes[0]
    for outcome in others:
        yield "other_outcome", outcome.confidence, outcome.outcome in paragraph.outcomes
    if win.event_date is not None:
        chosen = win.event_date.mention.text if win.event_date.mention else None
        want = paragraph.event_date
        yield (
            "event_date",
            win.event_date.confidence,
            (chosen is None) == (want is None)
            and (want is None or folded(want) in folded(chosen or "") or folded(chosen or "") in folded(want)),
        )
    got = win.affected.count if win.affected else None
    yield "affected", win.affected_confidence, got == (paragraph.affected["count"] if paragraph.affected else None)


def fit(scores: np.ndarray, right: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the logistic curve: Newton's method with step halving and a weak pull to (1, 0)."""
    x = np.stack([np.log(scores / (1 - scores)), np.ones_like(scores)], axis=1)
    home = np.array([1.0, 0.0])

    def loss(w: np.ndarray) -> float:
        z = x @ w
        return float(np.logaddexp(0, z).sum() - (right * z).sum() + PRIOR / 2 * ((w - home) ** 2).sum())

    w = home
    for _ in range(100):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -50, 50)))
        gradient = x.T @ (p - right) + PRIOR * (w - home)
        hessian = (x * (p * (1 - p))[:, None]).T @ x + PRIOR * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        while loss(w - step) > loss(w) and np.abs(step).max() > 1e-9:
            step = step / 2
        w = w - step
        if np.abs(step).max() < 1e-9:
            break
    return float(w[0]), float(w[1])


def curve(scores: np.ndarray, weights: tuple[float, float]) -> np.ndarray:
    """The probabilities that a logistic curve makes of raw scores."""
    return 1 / (1 + np.exp(-(weights[0] * np.log(scores / (1 - scores)) + weights[1])))


def cross_fitted(scores: np.ndarray, right: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Each value's probability by the curve that the other folds give: what a curve says of values it was not fitted on."""
    out = np.empty_like(scores)
    for f in np.unique(fold):
        out[fold == f] = curve(scores[fold == f], fit(scores[fold != f], right[fold != f]))
    return out


def measured(nlp: spacy.Language) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """By kind: raw scores, whether each value is right, and the fold of its paragraph."""
    rows = defaultdict(list)
    for i, (paragraph, _, win) in enumerate(understood(nlp, paragraphs(), calibration={})):
        for kind, score, right in judged(paragraph, win):
            rows[kind].append((score, right, i % FOLDS))
    found = {}
    for kind, values in sorted(rows.items()):
        scores, right, fold = map(np.array, zip(*values, strict=True))
        found[kind] = (np.clip(scores, 1e-4, 1 - 1e-4), right.astype(float), fold)
    return found


def holds_error(paragraph: Paragraph, win: Win) -> bool:
    """Whether a value of a win is wrong or missing, as far as a paragraph's annotation tells."""
    # Of bodies and laws a paragraph has the mentions only: one that overlaps a mark is right.
    for label, entries in (("ORG", win.organisations), ("LAW", win.laws)):
        marks = [(s, e) for s, e, at in paragraph.marks if at == label]
        found = [[(m.start, m.end) for m in entry.mentions] for entry in entries]
        everywhere = [span for spans in found for span in spans]
        if any(not _touch(mark, everywhere) for mark in marks):
            return True
        if any(not any(_touch(span, marks) for span in spans) for spans in found):
            return True
    named = {folded(n) for person in win.people for n in (person.name, *person.aliases)}
    if any(named.isdisjoint(map(folded, [p["name"], *p.get("aliases", [])])) for p in paragraph.people):
        return True
    if set(paragraph.outcomes) - {o.outcome for o in win.outcomes}:
        return True
    return any(not right for kind, _, right in judged(paragraph, win) if kind not in ("organisation", "law"))


def _touch(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(span[0] < end and start < span[1] for start, end in others)


def fit_review(nlp: spacy.Language, curves: dict[str, list[float]]) -> dict[str, Any]:
    """The regression behind the review flags, see `winsextract.stages.review`; prints how well it tells errors.

    Its threshold flags a quarter of the paragraphs without an error, each judged by the others' regression.
    """
    rows, wrong = [], []
    for paragraph, doc, win in understood(nlp, paragraphs(), calibration=curves):
        rows.append(doubts(win, doc))
        wrong.append(holds_error(paragraph, win))
    x, y = np.array(rows), np.array(wrong, dtype=float)
    fold = np.arange(len(y)) % FOLDS
    chance = np.empty(len(y))
    for f in range(FOLDS):
        weights = regression(x[fold != f], y[fold != f])
        chance[fold == f] = 1 / (1 + np.exp(-(x[fold == f] @ weights[:-1] + weights[-1])))
    bad, good = chance[y == 1], chance[y == 0]
    threshold = float(np.quantile(good, 0.75))
    area = ((bad[:, None] > good).sum() + (bad[:, None] == good).sum() / 2) / (len(bad) * len(good))
    print(
        f"\nreview: {len(bad)} of {len(y)} paragraphs hold an error; area under the curve {area:.2f}; from {threshold:.2f} on "
        f"{(bad >= threshold).mean():.0%} of them are flagged and {(good >= threshold).mean():.0%} of the others"
    )
    *weights, intercept = (round(float(w), 4) for w in regression(x, y))
    return {"weights": weights, "intercept": intercept, "threshold": round(threshold, 2)}


def regression(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights and intercept of a logistic regression with a ridge of 10 on standardised columns (Newton's method)."""
    mean, spread = x.mean(0), x.std(0) + 1e-6
    z = np.c_[(x - mean) / spread, np.ones(len(x))]
    ridge = np.r_[np.full(x.shape[1], 10.0), 1e-6]
    w = np.zeros(z.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-z @ w))
        w -= np.linalg.solve((z * (p * (1 - p))[:, None]).T @ z + np.diag(ridge), z.T @ (p - y) + ridge * w)
    raw = w[:-1] / spread
    return np.r_[raw, w[-1] - raw @ mean]


def error(kind: str, probabilities: np.ndarray, right: np.ndarray) -> float:
    """Expected calibration error, as `winsextract evaluate --calibration` has it."""
    values = [Judged(kind, float(p), bool(r)) for p, r in zip(probabilities, right, strict=True)]
    return calibration(kind, values).error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    nlp = spacy.load(args.model)
    curves = {}
    print("| kind | values | right | mean raw confidence | ECE before | after |\n|---|--:|--:|--:|--:|--:|")
    for kind, (scores, right, fold) in measured(nlp).items():
        slope, intercept = fit(scores, right)
        curves[kind] = [round(slope, 4), round(intercept, 4)]
        after = cross_fitted(scores, right, fold)
        print(
            f"| {kind} | {len(scores)} | {right.mean():.3f} | {scores.mean():.3f} | {error(kind, scores, right):.3f} | {error(kind, after, right):.3f} |"
        )
    meta_path = args.model / "winsextract_tagger" / "meta.json"
    meta = json.loads(meta_path.read_text(encoding="utf-8"))
    meta["calibration"] = curves | {"review": fit_review(nlp, curves)}
    meta_path.write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
