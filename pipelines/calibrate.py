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

import numpy as np
import spacy

from pipelines.examples import Paragraph, read_paragraphs
from winsextract.names import fold
from winsextract.pipeline import understand
from winsextract.records import Segment, Win

HERE = Path(__file__).parent
DEVELOPMENT = HERE / "development"
# Strength of the pull towards the identity (slope 1, intercept 0): worth about this many values.
PRIOR = 2.0
# Any year and month will do: only the words of dates are compared.
YEAR = 2024


def paragraphs() -> list[Paragraph]:
    return [p for path in sorted(DEVELOPMENT.glob("*.jsonl")) for p in read_paragraphs(path)]


def understood(nlp: spacy.Language, items: list[Paragraph]) -> Iterator[tuple[Paragraph, Win]]:
    for paragraph, doc in zip(items, nlp.pipe(p.text for p in items), strict=True):
        segment = Segment(1, paragraph.header, None, None, YEAR, 0, 0, len(paragraph.text))
        yield paragraph, understand(doc, segment, paragraph.text, report_id="development", calibration={})


def judged(paragraph: Paragraph, win: Win) -> Iterator[tuple[str, float, bool]]:
    """Each value of a win as (kind, raw confidence, whether it is right)."""
    roles = {fold(n): p["role"] for p in paragraph.people for n in [p["name"], *p.get("aliases", [])]}
    marked = defaultdict(set)
    for start, end, label in paragraph.marks:
        marked[label].add(fold(paragraph.text[start:end]))
    for person in win.people:
        known = fold(person.name) in roles
        yield "person", person.confidence, known
        if known:
            yield "role", person.role_confidence, roles[fold(person.name)] == person.role
    for organisation in win.organisations:
        yield (
            "organisation",
            organisation.confidence,
            fold(organisation.name).removeprefix("the ") in {m.removeprefix("the ") for m in marked["ORG"]},
        )
    for law in win.laws:
        yield (
            "law",
            law.confidence,
            fold(law.name).removeprefix("the ") in {m.removeprefix("the ") for m in marked["LAW"]},
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
            and (want is None or fold(want) in fold(chosen or "") or fold(chosen or "") in fold(want)),
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


def expected_calibration_error(scores: np.ndarray, right: np.ndarray, *, bins: int = 10) -> float:
    """Mean distance of confidence and share right, over bins of equal width weighted by their values."""
    which = np.minimum((scores * bins).astype(int), bins - 1)
    return float(
        sum(
            (which == b).mean() * abs(scores[which == b].mean() - right[which == b].mean())
            for b in range(bins)
            if (which == b).any()
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    args = parser.parse_args()
    nlp = spacy.load(args.model)
    rows = defaultdict(list)
    for paragraph, win in understood(nlp, paragraphs()):
        for kind, score, right in judged(paragraph, win):
            rows[kind].append((score, right))
    curves = {}
    print(f"{'kind':14s} values  right   mean   ECE before  after")
    for kind, values in sorted(rows.items()):
        scores = np.clip(np.array([s for s, _ in values]), 1e-4, 1 - 1e-4)
        right = np.array([r for _, r in values], dtype=float)
        slope, intercept = fit(scores, right)
        curves[kind] = [round(slope, 4), round(intercept, 4)]
        after = 1 / (1 + np.exp(-(slope * np.log(scores / (1 - scores)) + intercept)))
        print(
            f"{kind:14s} {len(values):6d}  {right.mean():.3f}  {scores.mean():.3f}  {expected_calibration_error(scores, right):.3f}       {expected_calibration_error(after, right):.3f}"
        )
    meta_path = args.model / "winsextract_tagger" / "meta.json"
    meta = json.loads(meta_path.read_text(encoding="utf-8"))
    meta["calibration"] = curves
    meta_path.write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
