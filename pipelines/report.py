"""Print the shipped model's scores on every report with gold: python -m pipelines.report"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

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


def main() -> None:
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
