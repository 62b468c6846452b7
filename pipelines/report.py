"""Print the shipped model's scores on every report with gold: python -m pipelines.report

With folders of models, the means over tests/reports and the real report's figures of each, to compare them:
python -m pipelines.report build/one build/two
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

from winsextract import evaluation
from winsextract.codebook import outcome_names

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("WINSEXTRACT_SHARED", ROOT.parent / "shared"))


def reports() -> list[tuple[Path, Path]]:
    """(report, gold) pairs: the sample report, the test reports, and the real report where it is there."""
    pairs = [(ROOT / "raw" / "report.txt", ROOT / "tests" / "gold" / "report.jsonl")]
    for gold in sorted((ROOT / "tests" / "reports").glob("*.gold.jsonl")):
        stem = gold.name.removesuffix(".gold.jsonl")
        pairs += [(p, gold) for p in (gold.with_name(f"{stem}.txt"), gold.with_name(f"{stem}.md")) if p.is_file()]
    real = (SHARED / "reports" / "wins-2024.txt", SHARED / "gold" / "wins-2024.jsonl")
    return [*pairs, real] if real[0].is_file() else pairs


# The columns, with the names that fit a narrow table.
FIELDS = {
    "wins": "wins", "extent": "extent", "month": "month", "place": "place", "people": "people",
    "organisations_without_amnesty": "org", "laws": "laws", "dates": "dates", "outcome": "outcome",
    "outcome_core": "core", "outcomes": "all", "role": "role", "event_date": "event", "people_affected": "affected",
    "grounding": "ground",
}  # fmt: skip


COMPARED = (
    "people",
    "organisations_without_amnesty",
    "laws",
    "outcome",
    "outcomes",
    "role",
    "event_date",
    "people_affected",
)


def compare(models: Sequence[str]) -> None:
    """A row for each model: means over tests/reports, then the real report where it is there."""
    names = [FIELDS[f] for f in COMPARED]
    print("| model | " + " | ".join([*names, *(f"{n}, real" for n in names)]) + " |")
    print("|---|" + "--:|" * (2 * len(names)))
    for model in models:
        invented, real = [], []
        for report, gold in reports():
            got = evaluation.read_predicted(report, model=model)
            result = evaluation.evaluate(evaluation.read_gold(gold), got.wins, text=got.text, rounds=0)
            row = {f.field: f.value() for f in result.figures}
            if SHARED in report.parents:
                real.append(row)
            elif report.parent == ROOT / "tests" / "reports":
                invented.append(row)
        cells = [f"{mean(r[f] for r in rows):.3f}" if rows else "" for rows in (invented, real) for f in COMPARED]
        print(f"| {model} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    if len(sys.argv) > 1:
        compare(sys.argv[1:])
        return
    confusion: Counter[tuple[str, str]] = Counter()
    print("| report | " + " | ".join(FIELDS.values()) + " |")
    print("|---|" + "--:|" * len(FIELDS))
    for report, gold in reports():
        got = evaluation.read_predicted(report)
        result = evaluation.evaluate(evaluation.read_gold(gold), got.wins, text=got.text, rounds=0)
        figures = {f.field: f.value() for f in result.figures}
        print(
            f"| {report.name} | " + " | ".join(f"{figures[f]:.2f}".replace("1.00", "1") for f in FIELDS) + " |",
            flush=True,
        )
        if report.parent.name == "reports" and SHARED not in report.parents:
            confusion.update(result.confusion)
    names = [n for n in outcome_names() if any(n in pair for pair in confusion)]
    print("\nPrimary outcomes over tests/reports, gold down, extracted across:\n")
    print("| | " + " | ".join(n[:9] for n in names) + " |")
    print("|---|" + "--:|" * len(names))
    for want in names:
        print(f"| {want} | " + " | ".join(str(confusion[want, got] or "·") for got in names) + " |")


if __name__ == "__main__":
    main()
