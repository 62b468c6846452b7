"""The runner: which reports, in which order, what is skipped, and what one failure costs the others."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from winsextract import corrections, dataset, runner
from winsextract.errors import ModelError, ReadError

COMMAND = [sys.executable, "-c", "from winsextract.cli import main; main()"]


def write_reports(folder: Path, number: int, *, first: int = 2001) -> list[Path]:
    """Small reports of different years, each with its own title."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{year}.txt" for year in range(first, first + number)]
    for path in paths:
        path.write_text(
            f"The Wins of {path.stem}\n\nJANUARY\n\nIraq\n\nOn 3 January, a court in Baghdad acquitted journalist Guhdar "
            f"Zebari of all charges after a campaign by Amnesty International that 4,{int(path.stem) % 1000:03} people joined.\n\n"
            "FEBRUARY\n\nChile\n\nCongress passed the Law on Enforced Disappearances on 12 February.\n",
            encoding="utf-8",
        )
    return paths


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder by its path in there."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def heed_ctrl_c() -> None:
    """For a child process: a shell that runs its tests in the background has them ignore the signal."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition: object, *, seconds: float = 60.0) -> None:
    """Wait until a function says yes."""
    give_up = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < give_up, "waited too long"
        time.sleep(0.01)


# Which reports


def test_folders_give_their_reports_in_order(tmp_path: Path) -> None:
    for name in ("b.txt", "a.md", "sub/c.html", "README.md", ".hidden/d.txt", "e.csv", "sub/.f.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    found = runner.find_reports(
        [str(tmp_path), "-", str(tmp_path / "b.txt"), (tmp_path / "sub").as_uri(), "missing.txt"]
    )
    assert found == [*(str(tmp_path / name) for name in ("a.md", "b.txt", "sub/c.html")), "-", "missing.txt"]


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"holds no report \(files that end in .*\.txt"):
        runner.find_reports([str(tmp_path)])


# What is done again


def test_unchanged_reports_are_skipped_by_their_hash(tmp_path: Path) -> None:
    paths = write_reports(tmp_path / "in", 3)
    names = [str(p) for p in paths]
    first = list(runner.run(names, output=tmp_path / "out"))
    assert [r.source for r in first] == names and not any(r.error or r.unchanged for r in first)
    before = contents(tmp_path / "out")
    os.utime(paths[0])
    paths[1].write_text(paths[1].read_text().replace("Chile", "Peru"))
    again = list(runner.run(names, output=tmp_path / "out"))
    assert [r.unchanged for r in again] == [True, False, True]
    assert again[0].counts == first[0].counts
    assert [r.unchanged for r in runner.run(names, output=tmp_path / "out", force=True)] == [False] * 3
    assert [r.unchanged for r in runner.run(names[:1], output=tmp_path / "out", year=1999)] == [False]
    paths[1].write_text(paths[1].read_text().replace("Peru", "Chile"))
    list(runner.run(names, output=tmp_path / "out"))
    assert contents(tmp_path / "out") == before


def test_new_corrections_are_a_reason_to_extract_again(tmp_path: Path) -> None:
    names = [str(p) for p in write_reports(tmp_path / "in", 2)]
    out, kept = tmp_path / "out", tmp_path / "corrections"
    list(runner.run(names, output=out))
    record = json.loads((out / "json/the-wins-of-2001.json").read_text())
    win = record["wins"][0]
    corrections.keep(
        kept,
        [corrections.Correction(corrections.win_key(win["text"]), "outcome", "relief", win["win_id"], win["header"])],
    )
    assert [r.unchanged for r in runner.run(names, output=out)] == [False, True]
    assert json.loads((out / "json/the-wins-of-2001.json").read_text())["wins"][0]["outcome"] == "relief"
    assert all(r.unchanged for r in runner.run(names, output=out))


def test_a_record_that_is_damaged_is_made_again(tmp_path: Path) -> None:
    names = [str(p) for p in write_reports(tmp_path / "in", 1)]
    list(runner.run(names, output=tmp_path / "out"))
    before = contents(tmp_path / "out")
    file = tmp_path / "out/json/the-wins-of-2001.json"
    for broken in (before["json/the-wins-of-2001.json"][:2000], b"", b"\xff\xfe"):
        file.write_bytes(broken)
        assert [r.unchanged for r in runner.run(names, output=tmp_path / "out")] == [False]
        assert contents(tmp_path / "out") == before


def test_provenance_needs_only_the_head_of_a_record(tmp_path: Path) -> None:
    names = [str(p) for p in write_reports(tmp_path / "in", 1)]
    list(runner.run(names, output=tmp_path / "out"))
    content = (tmp_path / "out/json/the-wins-of-2001.json").read_bytes()
    report = runner.provenance(content[: runner.HEAD_BYTES])
    assert report is not None and report["source"] == names[0]
    assert runner.provenance(content[:200]) is None
    assert runner.provenance(b"[1, 2") is None
    # A title in the body is no provenance, and one that is longer than a head is read to its end.
    record = json.loads(content)
    record["report"]["title"] = "é" * runner.HEAD_BYTES + '"report": {'
    dataset.write(record, tmp_path / "out")
    assert [r.unchanged for r in runner.run(names, output=tmp_path / "out")] == [True]


# What one report costs the others


def test_reports_with_one_id_do_not_replace_each_other(tmp_path: Path) -> None:
    one, two = write_reports(tmp_path / "in", 2)
    copy = tmp_path / "in/copy.txt"
    copy.write_text(one.read_text().replace("Chile", "Peru"))
    names = [str(p) for p in (two, one, copy)]
    results = list(runner.run(names, output=tmp_path / "out"))
    assert [bool(r.error) for r in results] == [False, False, True]
    assert (
        results[2].error
        == f"{copy}: has the report id 'the-wins-of-2001' that {one} has; give it another title, or run it alone with --report-id."
    )
    record = json.loads((tmp_path / "out/json/the-wins-of-2001.json").read_text())
    assert record["report"]["source"] == str(one)
    before = contents(tmp_path / "out")
    assert [bool(r.error) for r in runner.run(names, output=tmp_path / "out")] == [False, False, True]
    assert contents(tmp_path / "out") == before


def test_a_fault_in_one_report_is_told_and_the_others_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from winsextract import pipeline

    names = [str(p) for p in write_reports(tmp_path / "in", 3)]
    extract = pipeline.extract

    def faulty(source: object, *args: object, **options: object) -> object:
        if source.name == names[1]:  # type: ignore[attr-defined]
            raise IndexError("list index out of range")
        return extract(source, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "extract", faulty)
    results = list(runner.run([*names, "missing.txt"], output=tmp_path / "out"))
    assert [r.error for r in results] == [
        None,
        f"{names[1]}: a fault of winsextract, please report it (IndexError: list index out of range).",
        None,
        "missing.txt: cannot be read (No such file or directory).",
    ]
    assert dataset.report_ids(tmp_path / "out") == ["the-wins-of-2001", "the-wins-of-2003"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_model_that_is_missing_stops_the_run(tmp_path: Path, workers: int) -> None:
    names = [str(p) for p in write_reports(tmp_path / "in", 3)]
    with pytest.raises(ModelError, match="no_such_model"):
        list(runner.run(names, output=tmp_path / "out", model="no_such_model", workers=workers))


def test_the_package_is_written_once_and_not_after_each_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [str(p) for p in write_reports(tmp_path / "in", 3)]
    written = []
    recover = dataset.recover
    monkeypatch.setattr(dataset, "recover", lambda output: (written.append(1), recover(output)))
    list(runner.run(names, output=tmp_path / "out"))
    assert len(written) == 2, "at the start and at the end: the cost of a report must not grow with those before it"
    assert [s["title"] for s in json.loads((tmp_path / "out/datapackage.json").read_text())["sources"]] == [
        f"The Wins of {y}" for y in (2001, 2002, 2003)
    ]


# The command


def test_ctrl_c_ends_with_what_is_finished_written(tmp_path: Path) -> None:
    """Exit code 130, as shells have it for a command that Ctrl-C ended."""
    write_reports(tmp_path / "in", 60)
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "run", str(tmp_path / "in"), "--output", str(out)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    wait_for(lambda: len(list(out.glob("json/*.json"))) >= 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "They are written; run the same command again for the rest." in errors and "Traceback" not in errors
    ids = dataset.report_ids(out)
    assert 3 <= len(ids) < 60 and not (out / dataset.STAGING).exists()
    assert len(json.loads((out / dataset.PACKAGE).read_text())["sources"]) == len(ids)
    assert {p.stem for p in out.glob("json/*.json")} == set(ids)


def test_a_run_imports_no_pandas_and_no_command_line_of_spacy(tmp_path: Path) -> None:
    write_reports(tmp_path / "in", 1)
    code = f"""
import sys
from winsextract.cli import app
app(["run", {str(tmp_path / "in")!r}, "--output", {str(tmp_path / "out")!r}, "--quiet"], standalone_mode=False)
assert "spacy" in sys.modules and "pyarrow" in sys.modules
print(sorted({{"pandas", "spacy.cli", "dateparser", "distributed", "fsspec", "loky", "matplotlib"}} & set(sys.modules)))
import spacy.cli
assert callable(spacy.cli.download) and "spacy_version" in spacy.info(silent=True)
from winsextract import dataset
print(len(dataset.load({str(tmp_path / "out")!r}).wins))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.split("\n")[:2] == ["[]", "2"], done.stdout + done.stderr


def test_help_imports_nothing_heavy() -> None:
    code = "import sys; from winsextract.cli import app; app(['--help'], standalone_mode=False); print(sorted({'numpy', 'spacy', 'pyarrow', 'pandas', 'pycountry'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", ""])
def test_workers_are_a_number_or_auto(value: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "run", "x.txt", "--workers", value],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 2 and "neither a number of processes nor auto" in done.stderr


def test_of_many_reports_the_summary_shows_sums_and_failures(capsys: pytest.CaptureFixture[str]) -> None:
    from winsextract.cli import MOST_ROWS, _Tally

    tally = _Tally()
    for n in range(MOST_ROWS + 50):
        tally.add(
            runner.Result(
                source=f"{n}.txt",
                report_id=f"r{n}",
                counts={"wins": 10, "countries": 3},
                outcomes={"ruling": 10},
                error=f"{n}.txt: bad." if n == 7 else None,
            )
        )
    tally.print("out")
    printed = capsys.readouterr().out
    assert "150 reports" in printed and "1,500" in printed and "7.txt: bad." in printed and "r12" not in printed
    assert len(tally.rows) == MOST_ROWS + 1
