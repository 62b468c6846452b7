"""From corpora to the model in the package: `make model`, or python -m pipelines.build.

Trains (on two cores of a 2024 server 7 minutes on open corpora and an hour and a half on the paragraphs), exports to src/winsextract/model, fits the confidences and prints the scores.
"""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
MODEL = ROOT / "src" / "winsextract" / "model"
WORK = ROOT / "build"


def recipe() -> dict[str, Any]:
    return tomllib.loads((HERE / "recipe.toml").read_text(encoding="utf-8"))


def fingerprint() -> str:
    """A hash of what the model is made from: paragraphs, recipe and pipeline configuration.

    The model's description holds it, and a test compares the two: who edits a paragraph must
    build the model again.
    """
    digest = hashlib.sha256()
    for path in [*sorted((HERE / "training").glob("*.jsonl")), HERE / "recipe.toml", HERE / "config.cfg"]:
        digest.update(path.name.encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def corpora() -> Path:
    """The folder of the open corpora, from WINSEXTRACT_CORPORA; exits where it is not there."""
    folder = Path(os.environ.get("WINSEXTRACT_CORPORA", ROOT.parent / "shared" / "corpora"))
    missing = [n for n in recipe()["open"]["corpora"] if not (folder / f"{n}.train.jsonl.gz").is_file()]
    if missing:
        sys.exit(
            f"{folder} has no {', '.join(f'{n}.train.jsonl.gz' for n in missing)}: see pipelines/README.md for where they come from, and set WINSEXTRACT_CORPORA."
        )
    return folder


def step(module: str, *args: str | Path) -> None:
    print(f"\n== {module} {' '.join(map(str, args))}", flush=True)
    subprocess.run([sys.executable, "-m", f"pipelines.{module}", *map(str, args)], cwd=ROOT, check=True)


def on_paragraphs(how: dict[str, Any], paragraphs: list[Path], *, start: Path, seed: int, out: Path) -> None:
    """One round of training on paragraphs with one seed; `how` is its part of the recipe."""
    # fmt: off
    step("train", "domain", "--start", start, "--train", *paragraphs, "--dev", *sorted((HERE / "development").glob("*.jsonl")),
         "--epochs", str(how["epochs"]), "--rate", str(how["rate"]), "--size", str(how["size"]),
         "--rename", str(how["rename"]), "--exchange", str(how["exchange"]), "--masked", str(how["masked"]), "--seed", str(seed), "--out", out)
    # fmt: on


def first_round(made: dict[str, Any], n: int) -> Path:
    """The n-th network of the first round, on all parts of the paragraphs but the n-th."""
    out = WORK / f"part-{n}.pt"
    names = [name for i, part in enumerate(made["domain"]["parts"]) if i != n for name in part]
    paragraphs = [HERE / "training" / f"{name}.jsonl" for name in names]
    on_paragraphs(made["domain"], paragraphs, start=WORK / "open.pt", seed=made["domain"]["seeds"][n], out=out)
    return out


def second_round(made: dict[str, Any], n: int) -> Path:
    """The n-th network of the second round, on all paragraphs."""
    out = WORK / f"finish-{n}.pt"
    paragraphs = sorted((HERE / "training").glob("*.jsonl"))
    on_paragraphs(made["finish"], paragraphs, start=WORK / "domain.pt", seed=made["finish"]["seeds"][n], out=out)
    return out


def main() -> None:
    made = recipe()
    first = made["open"]
    WORK.mkdir(exist_ok=True)
    # fmt: off
    step("train", "open", "--corpora", corpora(), "--names", *first["corpora"], "--epochs", str(first["epochs"]),
         "--rate", str(first["rate"]), "--size", str(first["size"]), "--seed", str(first["seed"]), "--out", WORK / "open.pt")
    # fmt: on
    # Each network on a core of its own; training takes one thread, so that sums are made in one order.
    with ThreadPoolExecutor(os.cpu_count()) as cores:
        parts = list(cores.map(functools.partial(first_round, made), range(len(made["domain"]["parts"]))))
        step("average", *parts, "--out", WORK / "domain.pt")
        finished = list(cores.map(functools.partial(second_round, made), range(len(made["finish"]["seeds"]))))
    step("average", *finished, "--out", WORK / "model.pt")
    step("export", WORK / "model.pt", "--out", MODEL)
    for part in parts:
        step("export", part, "--out", part.with_suffix(""))
    step("calibrate", MODEL, *(part.with_suffix("") for part in parts))
    step("report")


if __name__ == "__main__":
    main()
