"""Raise the floors of tests/floors.json to what the extraction reaches now: `python -m tests.raise_floors`.

A figure below its floor is named and its floor is kept, so a floor is never lowered by this
command. It exits 1 then. Gold that was corrected, or another network, can make a floor too high;
only then edit floors.json by hand, and say in the commit what fell, by how much, and what rose for it.

The invented reports of tests/reports have their floors together: a network that is trained anew moves
each of them by a win or two, up or down, and what counts is all of them.
"""

from __future__ import annotations

import functools
import json
import math
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from winsextract import evaluation

ROOT = Path(__file__).resolve().parents[1]
FLOORS = ROOT / "tests" / "floors.json"
SHARED = Path(os.environ.get("WINSEXTRACT_SHARED", ROOT.parent / "shared"))
# Figures are rounded down to this many decimals: one win of 65 is 0.015.
DECIMALS = 4

Floors = dict[str, dict[str, float]]


@functools.cache
def pairs() -> dict[str, tuple[tuple[Path, Path], ...]]:
    """What has floors, by its name in floors.json: gold and report, of all of tests/reports those that are there."""
    found = {"raw/report.txt": ((ROOT / "tests/gold/report.jsonl", ROOT / "raw/report.txt"),)}
    invented = []
    for gold in sorted((ROOT / "tests/reports").glob("*.gold.jsonl")):
        stem = gold.name.removesuffix(".gold.jsonl")
        invented.append((gold, next(path for path in sorted(gold.parent.glob(f"{stem}.*")) if path != gold)))
    found["tests/reports"] = tuple(invented)
    for gold in sorted((SHARED / "gold").glob("*.jsonl")):
        found[f"shared/reports/{gold.stem}.txt"] = ((gold, SHARED / "reports" / f"{gold.stem}.txt"),)
    return found


@functools.cache
def figures(name: str) -> Mapping[str, float]:
    """F1 or accuracy of every field over the wins of one name, as the shipped model extracts them."""
    compared: list[evaluation.Compared] = []
    for gold, report in pairs()[name]:
        got = evaluation.read_predicted(report)
        compared += evaluation.evaluate(evaluation.read_gold(gold), got.wins, text=got.text, rounds=0).compared
    # 12 decimals first: 0.9 may be stored as 0.8999999….
    return {
        f.field: math.floor(round(f.value(), 12) * 10**DECIMALS) / 10**DECIMALS for f in evaluation.figures(compared)
    }


def read_floors() -> Floors:
    """The floors by report and field; none where there is no file yet."""
    floors: Floors = json.loads(FLOORS.read_text(encoding="utf-8")) if FLOORS.exists() else {}
    return floors


def below(floors: Mapping[str, float], now: Mapping[str, float]) -> list[str]:
    """The fields under their floor, each with both figures."""
    return [f"{key}: {now.get(key, 0.0)}, floor {floor}" for key, floor in floors.items() if now.get(key, 0.0) < floor]


def raised(floors: Mapping[str, float], now: Mapping[str, float]) -> dict[str, float]:
    """The floors, each raised to the figure that is higher."""
    return {key: max(floors.get(key, 0.0), now.get(key, 0.0)) for key in (now | dict(floors))}


def main() -> int:
    """Write the raised floors and print what rose and what was refused."""
    floors, refused = read_floors(), False
    for name in pairs():
        old, now = floors.get(name, {}), figures(name)
        floors[name] = raised(old, now)
        for key, value in floors[name].items():
            if value > old.get(key, -1.0):
                print(f"{name}: {key}: {old.get(key, 'new')} → {value}")
        for line in below(old, now):
            refused = True
            print(f"{name}: {line}: kept", file=sys.stderr)
    FLOORS.write_text(json.dumps(floors, indent=1) + "\n", encoding="utf-8")
    return int(refused)


if __name__ == "__main__":
    sys.exit(main())
