"""Fit the confidences and the review flags, and keep them in the model's description.

python -m pipelines.calibrate src/winsextract/model build/part-0 build/part-1 …

A network is too sure of the paragraphs that it was trained on. So each of the networks of the recipe's
first round is asked about the part of the paragraphs that was kept from it (`parts` in recipe.toml), and
the curves are fitted on what they all answer. The model that ships was trained on more and is right more often: its
level, the intercept of each curve, comes from the development paragraphs, which no network has seen. The 2024 report takes
no part.

A value is right as the annotation guide says: a person or body under one of its marked forms, the
primary outcome, a role, the mark that dates the win, the number of people.
"""

from __future__ import annotations

import argparse
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from spacy.tokens import Doc

from pipelines.build import recipe
from pipelines.examples import Paragraph, read_paragraphs
from winsextract.confidence import curve_of_role
from winsextract.cues import find_cues
from winsextract.evaluation import Judged, calibration
from winsextract.names import fold as folded
from winsextract.pipeline import understand
from winsextract.records import Date, Segment, Win
from winsextract.stages.annotate import load_pipeline
from winsextract.stages.dates import find_dates
from winsextract.stages.review import doubts

HERE = Path(__file__).parent
DEVELOPMENT = HERE / "development"
# Strength of the pulls towards the identity (slope 1, intercept 0) and towards the intercept of the paragraphs kept from a
# network: worth about this many values.
PRIOR = 2.0
# So many parts of the paragraphs are each judged by a regression over the others, to say how well it tells errors.
FOLDS = 10
# The share of the wins with an error that the review flags shall find; a miss costs more than a look.
CAUGHT = 0.8
# Any year will do where a paragraph gives none: only the words of dates are compared.
YEAR = 2024


def paragraphs() -> list[Paragraph]:
    return [p for path in sorted(DEVELOPMENT.glob("*.jsonl")) for p in read_paragraphs(path)]


# A paragraph and what a network says of it.
Reading = tuple[Paragraph, Doc]


def readings(model: Path | None, items: list[Paragraph]) -> list[Reading]:
    """What a model (None: the one that ships) says of paragraphs."""
    nlp = load_pipeline(model and str(model))
    return list(zip(items, nlp.pipe(p.text for p in items), strict=True))


def held_out(models: Sequence[Path]) -> list[Reading]:
    """What the networks of the first round say of the paragraphs that were kept from them."""
    parts = recipe()["domain"]["parts"]
    found = []
    for model, names in zip(models, parts, strict=True):
        found += readings(model, [p for n in names for p in read_paragraphs(HERE / "training" / f"{n}.jsonl")])
    return found


def understood(items: Iterable[Reading], *, calibration: dict[str, Any]) -> Iterator[tuple[Paragraph, Doc, Win]]:
    """The records that come of what a network said."""
    for paragraph, doc in items:
        year, month = section(paragraph)
        segment = Segment(1, paragraph.header, None, month, year, 0, 0, len(paragraph.text))
        win = understand(doc, segment, paragraph.text, report_id="development", calibration=calibration)
        yield paragraph, doc, win


def section(paragraph: Paragraph) -> tuple[int, int]:
    """The year and the month that a paragraph would stand under in a report: those of its win, else any.

    In a report a win without a date of its own is dated by its section; without a section it would look doubtful here.
    The month of a paragraph without one is arbitrary, and the same each time.
    """
    date = win_date(paragraph)
    if date is not None and date.precision in ("day", "month"):
        return date.start.year, date.start.month
    return YEAR, 1 + len(paragraph.text) % 12


def win_date(paragraph: Paragraph) -> Date | None:
    """The calendar value that dates a paragraph's win; None where no words do, or such as "on Friday" and "a week later"."""
    marks = [
        (s, e) for s, e, label in paragraph.marks if label == "DATE" and paragraph.text[s:e] == paragraph.event_date
    ]
    dates = find_dates(paragraph.text, year=YEAR, month=None) if marks else ()
    return next((d for d in dates if any(_touch((m.start, m.end), marks) for m in d.mentions)), None)


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
            yield curve_of_role(person.role), person.role_confidence, roles[folded(person.name)] == person.role
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
        # What is no calendar value dates no win: a report dates it by its section.
        want = paragraph.event_date if win_date(paragraph) is not None else None
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


def level(scores: np.ndarray, right: np.ndarray, slope: float, *, home: float) -> float:
    """The intercept that fits best with a slope that is given: Newton's method, with a weak pull to `home`."""
    x = slope * np.log(scores / (1 - scores))
    intercept = home
    for _ in range(100):
        p = 1 / (1 + np.exp(-(x + intercept)))
        intercept -= ((p - right).sum() + PRIOR * (intercept - home)) / ((p * (1 - p)).sum() + PRIOR)
    return float(intercept)


def cross_levelled(scores: np.ndarray, right: np.ndarray, slope: float, *, home: float) -> np.ndarray:
    """Each value's probability where the intercept comes from the other folds: what a curve says of values it was not fitted on."""
    fold = np.arange(len(scores)) * FOLDS // len(scores)
    out = np.empty_like(scores)
    for f in np.unique(fold):
        weights = (slope, level(scores[fold != f], right[fold != f], slope, home=home))
        out[fold == f] = curve(scores[fold == f], weights)
    return out


def curve(scores: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    """The probabilities that a logistic curve makes of raw scores."""
    return 1 / (1 + np.exp(-(weights[0] * np.log(scores / (1 - scores)) + weights[1])))


def measured(items: Iterable[Reading]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """By kind: raw scores, and whether each value is right."""
    rows = defaultdict(list)
    for paragraph, _, win in understood(items, calibration={}):
        for kind, score, right in judged(paragraph, win):
            rows[kind].append((score, right))
    found = {}
    for kind, values in sorted(rows.items()):
        scores, right = map(np.array, zip(*values, strict=True))
        found[kind] = (np.clip(scores, 1e-4, 1 - 1e-4), right.astype(float))
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


def fit_review(held: list[Reading], own: list[Reading], curves: dict[str, list[float]]) -> dict[str, Any]:
    """The regression behind the review flags, see `winsextract.stages.review`; prints how well it tells errors.

    Its weights come from the paragraphs kept from a network. Two numbers that shift and stretch them for the
    model that ships, and the threshold that flags four in five of the wins with an error, come from the
    development paragraphs.
    """
    x, y = _doubts(held, curves)
    weights = regression(x, y)
    fold = np.arange(len(y)) % FOLDS
    chance = np.empty(len(y))
    for f in range(FOLDS):
        w = regression(x[fold != f], y[fold != f])
        chance[fold == f] = x[fold == f] @ w[:-1] + w[-1]
    _print_review("paragraphs kept from a network", chance, y, float(np.quantile(chance[y == 1], 1 - CAUGHT)))
    x, y = _doubts(own, curves)
    z = x @ weights[:-1] + weights[-1]
    slope, shift = fit(np.clip(1 / (1 + np.exp(-z)), 1e-4, 1 - 1e-4), y)
    z = slope * z + shift
    threshold = float(np.quantile(z[y == 1], 1 - CAUGHT))
    _print_review("development paragraphs", z, y, threshold)
    return {
        "weights": [round(float(slope * w), 4) for w in weights[:-1]],
        "intercept": round(float(slope * weights[-1] + shift), 4),
        "threshold": round(1 / (1 + math.exp(-threshold)), 3),
    }


def _doubts(items: Iterable[Reading], curves: dict[str, list[float]]) -> tuple[np.ndarray, np.ndarray]:
    rows, wrong = [], []
    for paragraph, doc, win in understood(items, calibration=curves):
        rows.append(doubts(win, doc, {c.outcome for c in find_cues(doc, year=YEAR) if c.status == "happened"}))
        wrong.append(holds_error(paragraph, win))
    return np.array(rows), np.array(wrong, dtype=float)


def _print_review(name: str, score: np.ndarray, wrong: np.ndarray, threshold: float) -> None:
    bad, good = score[wrong == 1], score[wrong == 0]
    area = ((bad[:, None] > good).sum() + (bad[:, None] == good).sum() / 2) / (len(bad) * len(good))
    print(
        f"\nreview, {name}: {len(bad)} of {len(score)} hold an error; area under the curve {area:.2f}; "
        f"{(bad >= threshold).mean():.0%} of them are flagged and {(good >= threshold).mean():.0%} of the others"
    )


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
    parser.add_argument("parts", type=Path, nargs="+", help="the networks of the first round, in the recipe's order")
    args = parser.parse_args()
    held, own = held_out(args.parts), readings(args.model, paragraphs())
    development = measured(own)
    curves = {}
    print("| kind | kept from a network: values | right | ECE before | after | development: values | right | ECE |")
    print("|---|" + "--:|" * 7)
    for kind, (scores, right) in measured(held).items():
        slope, intercept = fit(scores, right)
        after = error(kind, curve(scores, (slope, intercept)), right)
        theirs, hit = development[kind]
        curves[kind] = [round(slope, 4), round(level(theirs, hit, slope, home=intercept), 4)]
        print(
            f"| {kind} | {len(scores)} | {right.mean():.3f} | {error(kind, scores, right):.3f} | {after:.3f} "
            f"| {len(theirs)} | {hit.mean():.3f} | {error(kind, cross_levelled(theirs, hit, slope, home=intercept), hit):.3f} |"
        )
    meta_path = args.model / "winsextract_tagger" / "meta.json"
    meta = json.loads(meta_path.read_text(encoding="utf-8"))
    meta["calibration"] = curves | {"review": fit_review(held, own, curves)}
    meta_path.write_text(json.dumps(meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
