"""How fast winsextract is, beside spaCy's own small entity recogniser in the same run: `make bench`.

Prints a table, keeps the figures in `benchmarks/results.json` and draws `docs/img/scaling.png`.
What counts are the ratios, which other machines give too; seconds and words a second are this
machine's. What runs on one core is measured in processor time, so that other work on the
machine disturbs it little; only starts and the gain of a second worker are seconds on the clock.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

# One thread for each library: what one core does is the question.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS"):
    os.environ[_name] = "1"

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results.json"
PLOT = ROOT / "docs/img/scaling.png"
REPORTS = [
    ROOT / "raw/report.txt",
    *sorted(p for p in (ROOT / "tests/reports").glob("*") if p.suffix in (".txt", ".md")),
]
COMMAND = [str(Path(sys.executable).parent / "winsextract")]
# Reports of the growth curve are cut to about this many characters, 500 words: a press release.
SHORT = 3500
# With this much of a core taken by other work, the gain of a second worker is not what it is on an idle machine.
BUSY = 0.3
# spaCy's small convolutional entity recogniser, as `spacy init config --lang en --pipeline ner` has it.
CNN = {
    "@architectures": "spacy.TransitionBasedParser.v2",
    "state_type": "ner",
    "extra_state_tokens": False,
    "hidden_width": 64,
    "maxout_pieces": 2,
    "use_upper": True,
    "tok2vec": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "pretrained_vectors": None,
        "width": 96,
        "depth": 4,
        "embed_size": 2000,
        "window_size": 1,
        "maxout_pieces": 3,
        "subword_features": True,
    },
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What a command cost: seconds on the clock, seconds of processor, MiB of memory at its peak."""

    wall: float
    cpu: float
    memory: float


def cost(args: Sequence[str]) -> Cost:
    """Run a command and measure it. Memory is that of its largest process."""
    start = time.perf_counter()
    process = subprocess.Popen(args, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(args)} ended with {process.returncode}")
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / unit)


def least(costs: Sequence[Cost]) -> Cost:
    """The least of several rounds: what other work on the machine adds is not the command's."""
    return Cost(*(min(getattr(c, name) for c in costs) for name in ("wall", "cpu", "memory")))


def seconds(do: Callable[[], Any], *, rounds: int) -> float:
    """The least processor time of several rounds; the first, which warms caches, is not counted."""
    do()
    times = []
    for _ in range(rounds):
        start = time.process_time()
        do()
        times.append(time.process_time() - start)
    return min(times)


def busy_seconds() -> float:
    """Processor seconds of all processes but this one and those it started, since some time in the past."""
    times = psutil.cpu_times()
    here = os.times()
    own = here.user + here.system + here.children_user + here.children_system
    return float(times.user + times.system + times.nice) - own


def words(text: str) -> int:
    return len(text.split())


# Words a second on one core


def throughput(folder: Path, *, rounds: int) -> dict[str, Any]:
    """Words a second of each stage and of all, and of the CNN on the same texts."""
    from winsextract import dataset, pipeline
    from winsextract.stages.annotate import curves, load_pipeline
    from winsextract.stages.read import read
    from winsextract.stages.segment import segment

    nlp = load_pipeline(None)
    tagger, calibration = nlp.get_pipe("winsextract_tagger"), curves(nlp)
    sources = [read(path) for path in REPORTS]
    segment(sources[0].text)  # loads the vocabularies; headers and months that were met before are remembered
    start = time.process_time()
    cut = [segment(source.text) for source in sources]
    cutting = time.process_time() - start
    bodies = [
        source.text[s.body_start : s.end] for source, pieces in zip(sources, cut, strict=True) for s in pieces.segments
    ]
    tagged = [
        [tagger(nlp.make_doc(source.text[s.body_start : s.end])) for s in pieces.segments]
        for source, pieces in zip(sources, cut, strict=True)
    ]
    records = [dataset.to_nested(pipeline.extract(source, nlp)) for source in sources]

    def understand() -> None:
        for source, pieces, docs in zip(sources, cut, tagged, strict=True):
            for s, doc in zip(pieces.segments, docs, strict=True):
                pipeline.understand(doc, s, source.text, report_id="x", calibration=calibration)

    def everything() -> None:
        for path in REPORTS:
            dataset.commit(dataset.to_nested(pipeline.extract(read(path), nlp)), folder / "all")

    making = seconds(lambda: [nlp.make_doc(text) for text in bodies], rounds=rounds)
    stages = {
        "read": seconds(lambda: [read(path) for path in REPORTS], rounds=rounds),
        "segment": cutting,
        "tokenise": making,
        "tag": seconds(lambda: [tagger(nlp.make_doc(text)) for text in bodies], rounds=rounds) - making,
        "understand": seconds(understand, rounds=rounds),
        "write": seconds(lambda: [dataset.commit(record, folder / "written") for record in records], rounds=rounds),
    }
    total = seconds(everything, rounds=rounds)
    number = sum(words(source.text) for source in sources)
    in_bodies = sum(map(words, bodies))
    yardstick = {
        blas: in_bodies / cnn_seconds(bodies, blis=blas == "blis", rounds=rounds) for blas in ("blis", "OpenBLAS")
    }
    best = max(yardstick, key=lambda blas: yardstick[blas])
    return {
        "words": number,
        "words_in_wins": in_bodies,
        "stages": {
            name: {"words_a_second": number / t, "share": t / sum(stages.values())} for name, t in stages.items()
        },
        "tagger_words_a_second": in_bodies / stages["tag"],
        "all_words_a_second": number / total,
        "cnn_words_a_second": yardstick,
        "yardstick": best,
        "tagger_to_cnn": {blas: in_bodies / stages["tag"] / w for blas, w in yardstick.items()},
        "all_to_cnn": {blas: number / total / w for blas, w in yardstick.items()},
    }


def cnn_seconds(texts: Sequence[str], *, blis: bool, rounds: int) -> float:
    """The time of the CNN alone: of the component `ner` on texts that are tokenised already."""
    import spacy
    from spacy.training import Example
    from thinc.api import NumpyOps, set_current_ops

    from winsextract.tagger import LABELS

    set_current_ops(NumpyOps(use_blis=blis))
    nlp = spacy.blank("en")
    ner = nlp.add_pipe("ner", config={"model": CNN})
    for label in LABELS:
        ner.add_label(label)
    nlp.initialize(lambda: [Example.from_dict(nlp.make_doc(text), {"entities": []}) for text in texts[:10]])
    made = [nlp.make_doc(text) for text in texts]
    fresh = seconds(lambda: [doc.copy() for doc in made], rounds=rounds)
    return seconds(lambda: list(ner.pipe((doc.copy() for doc in made), batch_size=1000)), rounds=rounds) - fresh


# The command


def starts(report: Path, folder: Path, *, rounds: int) -> dict[str, Any]:
    """A cold run and `--help` beside the import of spaCy and pandas, in turns."""
    commands = {
        "import": [sys.executable, "-c", "import spacy, pandas"],
        "run": [*COMMAND, "run", str(report), "--output", str(folder / "start"), "--force"],
        "help": [*COMMAND, "--help"],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, args in commands.items():
            costs[name].append(cost(args))
    best = {name: least(c[1:]) for name, c in costs.items()}
    return {
        "report_words": words(report.read_text(encoding="utf-8")),
        "run_seconds": best["run"].wall,
        "import_seconds": best["import"].wall,
        "help_seconds": best["help"].wall,
        "run_to_import": best["run"].wall / best["import"].wall,
        "run_to_import_cpu": best["run"].cpu / best["import"].cpu,
        "run_mib": best["run"].memory,
    }


def made_reports(folder: Path, number: int, *, short: bool) -> Path:
    """A folder of reports, each with its own title, from those of the tests in turn."""
    folder.mkdir(parents=True)
    for n in range(number):
        text = REPORTS[1 + n % (len(REPORTS) - 1)].read_text(encoding="utf-8")
        if short:
            text = text[: text.rfind("\n\n", 0, SHORT)]
        (folder / f"{n:05d}.txt").write_text(
            f"Round-up {n} of {1980 + n % 45}\n\n{text.partition(chr(10))[2]}\n", encoding="utf-8"
        )
    return folder


def run_command(reports: Path, output: Path, *options: str) -> Cost:
    shutil.rmtree(output, ignore_errors=True)
    return cost([*COMMAND, "run", str(reports), "--output", str(output), "--quiet", *options])


def growth(folder: Path, sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Time and memory of one process for more and more reports."""
    for size in sizes:
        reports = made_reports(folder / f"grow-{size}", size, short=True)
        output = folder / "grown"
        spent = run_command(reports, output)
        files = [p for p in output.rglob("*") if p.is_file()]
        yield {
            "reports": size,
            "words": sum(words(p.read_text(encoding="utf-8")) for p in reports.iterdir()),
            "seconds": spent.wall,
            "cpu_seconds": spent.cpu,
            "mib": spent.memory,
            "output_bytes": sum(p.stat().st_size for p in files),
            "again_seconds": cost([*COMMAND, "run", str(reports), "--output", str(output), "--quiet"]).wall,
        }


def workers(folder: Path, *, number: int, rounds: int) -> dict[str, Any]:
    """The gain of a second process: the best of several rounds, in turns."""
    reports = made_reports(folder / "workers", number, short=False)
    times: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(rounds):
        for n in times:
            times[n].append(run_command(reports, folder / f"by-{n}", "--workers", str(n)).wall)
    same = all(
        (folder / "by-2" / p.relative_to(folder / "by-1")).read_bytes() == p.read_bytes()
        for p in (folder / "by-1").rglob("*")
        if p.is_file()
    )
    best = {n: min(t) for n, t in times.items()}
    return {
        "reports": number,
        "words": sum(words(p.read_text(encoding="utf-8")) for p in reports.iterdir()),
        "one_seconds": best[1],
        "two_seconds": best[2],
        "gain": best[1] / best[2],
        "same_bytes": same,
    }


# What is shown


def table(results: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    grid = Table(box=None, pad_edge=False, header_style="bold")
    for column, justify in (("what", "left"), ("measured", "right"), ("asked for", "right"), ("", "left")):
        grid.add_column(column, justify=justify)  # type: ignore[arg-type]

    def row(what: str, value: str, asked: str = "", reached: bool | None = None) -> None:
        grid.add_row(what, value, asked, "" if reached is None else "reached" if reached else "not reached")

    t, s, g, w = (results[key] for key in ("throughput", "start", "growth", "workers"))
    best = t["yardstick"]
    for blas, speed in t["cnn_words_a_second"].items():
        row(f"spaCy CNN ner alone, {blas}", f"{speed:,.0f} words/s")
    for name, stage in t["stages"].items():
        row(f"  {name}", f"{stage['words_a_second']:,.0f} words/s", f"{stage['share']:.0%} of the time")
    row(f"tagger to CNN ({best})", f"{t['tagger_to_cnn'][best]:.2f}", "0.3", t["tagger_to_cnn"][best] >= 0.3)
    row("all, one core", f"{t['all_words_a_second']:,.0f} words/s")
    row(f"all to CNN ({best})", f"{t['all_to_cnn'][best]:.2f}", "0.25", t["all_to_cnn"][best] >= 0.25)
    row("cold run, seconds", f"{s['run_seconds']:.2f}")
    row("cold run to `import spacy, pandas`", f"{s['run_to_import']:.2f}", "2", s["run_to_import"] <= 2)
    row("  … in processor time", f"{s['run_to_import_cpu']:.2f}")
    row("cold run, memory", f"{s['run_mib']:.0f} MiB", "450", s["run_mib"] <= 450)
    row("--help, seconds", f"{s['help_seconds']:.2f}", "0.3", s["help_seconds"] <= 0.3)
    for point in g["points"]:
        row(f"{point['reports']:,} reports", f"{point['cpu_seconds'] / point['reports']:.3f} s, {point['mib']:.0f} MiB")
    row("memory of 160 reports to 40", f"{g['memory_160_to_40']:.2f}", "1.2", g["memory_160_to_40"] <= 1.2)
    row("cost of a report, most to least reports beyond the start", f"{g['linearity']:.2f}", "1")
    row(f"two workers, {w['reports']} reports", f"{w['gain']:.2f}", "1.7", w["gain"] >= 1.7)
    row("  same bytes", "yes" if w["same_bytes"] else "no", "yes", w["same_bytes"])
    console = Console(width=110)
    console.print(grid)
    busy = results["machine"].get("busy", BUSY)
    if busy >= BUSY:
        console.print(
            f"\nOther work took {busy:.1f} cores or more meanwhile: seconds on the clock, the start's and the second worker's above all, are not to be trusted."
        )


def draw(results: dict[str, Any]) -> None:
    """Time and memory against the number of reports, and where the time of a report goes."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    # Okabe and Ito's colours, which the colour-blind tell apart.
    blue, orange, green, grey = "#0072B2", "#D55E00", "#009E73", "#595959"
    plt.rcParams.update(
        {"font.size": 11, "axes.spines.top": False, "axes.spines.right": False, "font.family": "DejaVu Sans"}
    )
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(12, 4), layout="constrained")
    points = results["growth"]["points"]
    x = [p["reports"] for p in points]
    left.loglog(x, [p["cpu_seconds"] for p in points], "o-", color=blue, lw=2)
    fitted = results["growth"]["seconds_a_report"]
    left.loglog(x, [results["growth"]["start_seconds"] + n * fitted for n in x], "--", color=grey, lw=1)
    left.set(
        title="Time grows in step",
        xlabel=f"reports of {points[-1]['words'] / points[-1]['reports']:,.0f} words",
        ylabel="processor seconds, one process",
    )
    left.annotate(
        f"{fitted * 1000:.0f} ms a report",
        (x[-1], points[-1]["cpu_seconds"]),
        xytext=(-10, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        color=blue,
    )
    middle.semilogx(x, [p["mib"] for p in points], "s-", color=orange, lw=2)
    middle.set(
        title="Memory stays",
        xlabel=f"reports of {points[-1]['words'] / points[-1]['reports']:,.0f} words",
        ylabel="MiB at the peak",
        ylim=(0, 480),
    )
    middle.axhline(450, color=grey, ls="--", lw=1)
    middle.annotate(
        "450 MiB, asked for one report", (x[0], 450), xytext=(0, 5), textcoords="offset points", color=grey, fontsize=9
    )
    t = results["throughput"]
    best = t["yardstick"]
    bars = {
        "spaCy CNN ner\nalone": (t["cnn_words_a_second"][best], grey),
        "our tagger\nalone": (t["tagger_words_a_second"], green),
        "all, from file\nto dataset": (t["all_words_a_second"], blue),
    }
    if results["machine"].get("busy", BUSY) < BUSY:
        bars["all, two\nprocesses"] = (t["all_words_a_second"] * results["workers"]["gain"], blue)
    names = list(bars)[::-1]
    right.barh(names, [bars[name][0] / 1000 for name in names], color=[bars[name][1] for name in names])
    for n, name in enumerate(names):
        right.annotate(
            f"{bars[name][0] / 1000:.1f}",
            (bars[name][0] / 1000, n),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    right.set(title="Speed, one core each", xlabel=f"thousand words a second\n(thinc with {best})")
    PLOT.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(PLOT, dpi=130, metadata={"Software": None})


def rounded(value: Any) -> Any:
    """Figures to four digits, so that the file is read and compared with ease."""
    if isinstance(value, dict):
        return {key: rounded(v) for key, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer rounds and at most 160 reports; writes no files")
    parser.add_argument("--report", type=Path, default=ROOT / "raw/report.txt", help="the report of the cold start")
    parser.add_argument(
        "--draw", action="store_true", help="draw the plot and print the table from the results that are there"
    )
    args = parser.parse_args()
    if args.draw:
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        draw(results)
        table(results)
        return
    rounds = 3 if args.quick else 7
    before, began = busy_seconds(), time.perf_counter()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        # First what starts processes: a child's peak of memory begins with its parent's.
        start = starts(args.report, folder, rounds=rounds)
        points = list(growth(folder, (1, 10, 40, 160) if args.quick else (1, 10, 40, 160, 1000)))
        gain = workers(folder, number=16 if args.quick else 128, rounds=1 if args.quick else 2)
        speed = throughput(folder, rounds=rounds)
    busy = (busy_seconds() - before) / (time.perf_counter() - began)
    by_size = {p["reports"]: p for p in points}
    most = points[-1]

    def marginal(a: dict[str, Any], b: dict[str, Any]) -> float:
        return float((b["cpu_seconds"] - a["cpu_seconds"]) / (b["words"] - a["words"]))

    results = rounded(
        {
            "machine": {
                "cores": os.cpu_count(),
                "busy": busy,
                "python": platform.python_version(),
                **{name: metadata.version(name) for name in ("spacy", "thinc", "onnxruntime", "pyarrow", "numpy")},
            },
            "start": start,
            "throughput": speed,
            "growth": {
                "points": points,
                "memory_160_to_40": by_size[160]["mib"] / by_size[40]["mib"],
                "linearity": marginal(by_size[160], most) / marginal(by_size[1], by_size[40])
                if most["reports"] > 160
                else marginal(by_size[40], most) / marginal(by_size[1], by_size[40]),
                "seconds_a_report": (most["cpu_seconds"] - points[0]["cpu_seconds"]) / (most["reports"] - 1),
                "start_seconds": points[0]["cpu_seconds"],
            },
            "workers": gain,
        }
    )
    table(results)
    if not args.quick:
        RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        draw(results)


if __name__ == "__main__":
    main()
