"""Whether confidences mean what they say, on texts that they were not fitted on: python -m pipelines.reliability

Prints the expected calibration errors for pipelines/README.md and what thresholds of the review score
flag for docs/evaluate.md, and draws docs/img/reliability.png. On the development paragraphs each value is
judged by curves whose level the other nine tenths gave; on the reports by the curves that ship.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pipelines.calibrate import cross_levelled, measured, paragraphs, readings
from pipelines.report import ROOT, SHARED, reports
from winsextract import evaluation
from winsextract.confidence import KINDS
from winsextract.evaluation import Calibration, Compared, Judged
from winsextract.stages.annotate import curves, load_pipeline

# Shown beside the shipped one.
THRESHOLDS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7)
PLOT = ROOT / "docs" / "img" / "reliability.png"


def of_development() -> list[Judged]:
    """The values of the development paragraphs, each as sure as the level of the other nine tenths has it."""
    by = curves(load_pipeline())
    return [
        Judged(name.partition(":")[0], float(p), bool(r))  # the curves of the four roles are of one kind
        for name, (scores, right) in measured(readings(None, paragraphs())).items()
        for p, r in zip(cross_levelled(scores, right, by[name][0], home=0.0), right, strict=True)
    ]


def compared(pairs: Sequence[tuple[Path, Path]]) -> list[Compared]:
    found: list[Compared] = []
    for report, gold in pairs:
        got = evaluation.read_predicted(report)
        found += evaluation.evaluate(evaluation.read_gold(gold), got.wins, text=got.text, rounds=0).compared
    return found


def print_review(name: str, wins: Sequence[Compared], shipped: float) -> None:
    """What thresholds of the review score flag of the wins of one set."""
    curve = evaluation.review_curve(wins)
    assert curve is not None
    print(f"\n{name}: {curve.erring} of {len(wins)} wins hold an error; area under the curve {curve.area:.2f}\n")
    print("| threshold | wins flagged | of those with an error | of the right ones |\n|--:|--:|--:|--:|")
    for threshold in sorted({*THRESHOLDS, shipped}):
        point = next((p for p in curve.points if p.threshold is not None and p.threshold >= threshold), None)
        if point is not None:
            label = f"**{threshold:.2f}** (as shipped)" if threshold == shipped else f"{threshold:.2f}"
            print(f"| {label} | {point.wins} | {point.erring:.2f} | {point.right:.2f} |")


def draw(found: dict[str, Calibration], path: Path) -> None:
    """A reliability diagram for each set: confidence across, share right up, a bar's width its share of the values."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(found), figsize=(3.4 * len(found), 3.6), sharey=True, layout="constrained")
    for axis, (name, c) in zip(axes, found.items(), strict=True):
        axis.plot([0, 1], [0, 1], color="0.6", linewidth=1, linestyle="--", zorder=1)
        for b in c.bins:
            axis.bar(b.low, b.right, width=b.high - b.low, align="edge", color="#3b6ea5", alpha=0.35, edgecolor="white")
            axis.plot(b.confidence, b.right, "o", color="#1d3f66", markersize=4, zorder=3)
            axis.annotate(str(b.values), (b.low + 0.05, 0.015), ha="center", fontsize=7, color="0.25")
        axis.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="confidence", aspect="equal")
        axis.set_title(f"{name}\n{c.values:,} values, ECE {c.error:.3f}", fontsize=9)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("share right")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=160, bbox_inches="tight")


def main() -> None:
    pairs = reports()
    wins = {"tests/reports": compared([(r, g) for r, g in pairs if r.parent == ROOT / "tests" / "reports"])}
    if real := [(r, g) for r, g in pairs if SHARED in r.parents]:
        wins["real 2024 report"] = compared(real)
    sets = {
        "development paragraphs": of_development(),
        **{name: [j for win in each for j in win.judged] for name, each in wins.items()},
    }
    by_kind = {name: {c.kind: c for c in evaluation.calibrations(judged)} for name, judged in sets.items()}
    print("| kind | " + " | ".join(f"{name}: values | ECE" for name in sets) + " |")
    print("|---|" + "--:|--:|" * len(sets))
    for kind in (*KINDS, "all"):
        cells = [f"{c.values} | {c.error:.3f}" if (c := found.get(kind)) else "0 | " for found in by_kind.values()]
        print(f"| {kind} | " + " | ".join(cells) + " |")
    shipped = curves(load_pipeline())["review"]["threshold"]
    for name, each in wins.items():
        print_review(name, each, shipped)
    draw({name: found["all"] for name, found in by_kind.items()}, PLOT)


if __name__ == "__main__":
    main()
