"""The output folder: what is written, what is read, and what a kill, a full disk or a second run can do to it."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import fcntl
import hashlib
import io
import json
import multiprocessing
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import duckdb
import frictionless
import jsonschema
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import winsextract
from winsextract import dataset, schema
from winsextract.errors import DatasetError, LockedError
from winsextract.records import (
    Affected,
    Date,
    EventDate,
    Mention,
    Name,
    Outcome,
    Person,
    Place,
    Quote,
    Report,
    Source,
    Unassigned,
    Win,
)

# From Python 3.12 on, a process that has threads (Arrow's, which wait) is warned when it forks.
pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")

# Quotes of all kinds, a tab, emoji outside the basic plane, right-to-left letters, a no-break space.
TEXT = (
    'Good news of 2021\n\nMARCH\nNamibia: On 5\u00a0March, Windhoek’s High Court freed Aina "Ndapewa" Shikongo 🎉;\n'
    "her lawyer, سامي حداد,\tsaid ‘at last’.\nEuropean Union/Norway: The bill was shelved."
)
NAMIBIA = Place("country", "NAM", "Namibia", "NA", "516")
NORWAY = Place("country", "NOR", "Norway", "NO", "578")
UNION = Place("region", "EU", "European Union")


def at(words: str) -> Mention:
    start = TEXT.index(words)
    return Mention(words, start, start + len(words))


def example(
    report_id: str = "good-news-of-2021", *, year: int = 2021, wins: int = 2, title: str = "Good news"
) -> Report:
    """A report of two wins: one has everything, the other as little as a win can have; more are copies of these."""
    day = dt.date(year, 3, 5)
    name = 'Aina "Ndapewa" Shikongo'
    full = Win(
        win_id=f"{report_id}/001",
        position=1,
        month=3,
        year=year,
        section="MARCH",
        header="Namibia",
        text=TEXT[TEXT.index("Namibia") : TEXT.index("\nEuropean")],
        start=TEXT.index("Namibia"),
        end=TEXT.index("\nEuropean"),
        places=(NAMIBIA,),
        outcomes=(Outcome("release", 0.987654, at("freed")), Outcome("ruling", 0.5, None)),
        people=(
            Person(name, ("Shikongo",), "beneficiary", 0.9, 0.95, (at(name), at("Shikongo"))),
            Person("سامي حداد", (), "other", 0.8, 0.75, (at("سامي حداد"),)),
        ),
        organisations=(Name("Windhoek’s High Court", ("High Court",), 1.0, (at("Windhoek’s High Court"),)),),
        laws=(Name("Bill 🎉", (), 0.25, (at("🎉"),)),),
        dates=(Date("5\u00a0March", day.isoformat(), day, day, "day", 0.9, (at("5\u00a0March"),)),),
        event_date=EventDate(day.isoformat(), day, day, "day", "text", 0.9),
        affected=Affected(1, "named", "exact", None),
        captions=(at("Windhoek"),),
        quotes=(Quote("at last", "سامي حداد", TEXT.index("at last"), TEXT.index("at last") + 7),),
        review_reasons=("outcome without evidence",),
        review_score=0.75,
    )
    bare = Win(
        win_id=f"{report_id}/002",
        position=2,
        month=None,
        year=None,
        section=None,
        header="European Union/Norway",
        text=TEXT[TEXT.index("European") :],
        start=TEXT.index("European"),
        end=len(TEXT),
        places=(UNION, NORWAY),
        outcomes=(Outcome("bill_defeated", 0.5, at("shelved")),),
        people=(),
        organisations=(),
        laws=(),
        dates=(),
        event_date=None,
        affected=None,
    )
    copies = [replace((full, bare)[n % 2], win_id=f"{report_id}/{n + 1:03d}", position=n + 1) for n in range(wins)]
    return Report(
        report_id=report_id,
        title=title,
        year=year,
        source=Source("raw/report.txt", TEXT, hashlib.sha256(TEXT.encode()).hexdigest(), "utf-8", "text/plain", True),
        wins=tuple(copies),
        unassigned=(Unassigned("title", "Good news of 2021", 0, 17), Unassigned("section_heading", "MARCH", 19, 24)),
        settings={
            "model": "en_wins",
            "model_version": "0.1",
            "spacy_version": "3.8",
            "year": None,
            "report_id": report_id,
        },
    )


OLD = example()
NEW = example(wins=3, title="Good news, corrected")
OTHER = example("a-year-of-wins-2022", year=2022)
ADDED = example("z-added-2023", year=2023)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def expected(tmp_path_factory: pytest.TempPathFactory, *reports: Report) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("expected")
    dataset.write(reports, folder)
    return snapshot(folder)


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """What is in a folder before and after NEW replaces OLD, or ADDED comes in."""
    return {
        "before": expected(tmp_path_factory, OLD, OTHER),
        "replaced": expected(tmp_path_factory, NEW, OTHER),
        "added": expected(tmp_path_factory, OLD, OTHER, ADDED),
    }


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "output"
    dataset.write([OLD, OTHER], folder)
    return folder


# Records


def test_nested_record_fits_its_schema() -> None:
    record = json.loads(json.dumps(dataset.to_nested(OLD)))
    validator = jsonschema.Draft202012Validator(schema.json_schema(), format_checker=jsonschema.FormatChecker())
    assert list(validator.iter_errors(record)) == []
    record["wins"][0]["outcome"] = "no such class"
    del record["wins"][1]["people"]
    assert len(list(validator.iter_errors(record))) == 2


def test_nested_record_has_the_contracts_shape() -> None:
    record = dataset.to_nested(OLD)
    win = record["wins"][0]
    assert list(record) == ["schema_version", "report", "wins", "unassigned"]
    assert record["report"]["extractor"] == {
        "name": "winsextract",
        "version": winsextract.__version__,
        "model": "en_wins",
        "model_version": "0.1",
        "spacy_version": "3.8",
    }
    assert record["report"]["settings"] == {"year": None, "report_id": "good-news-of-2021"}
    assert record["report"]["text_sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    assert win["countries"] == [{"alpha_3": "NAM", "alpha_2": "NA", "numeric": "516", "name": "Namibia"}]
    assert record["wins"][1]["regions"] == [{"code": "EU", "name": "European Union"}]
    assert win["outcome"] == "release"
    assert win["outcomes"][0]["confidence"] == 0.9877
    assert win["outcomes"][1]["evidence"] is None
    assert win["event_date"]["start"] == "2021-03-05"
    assert win["people_affected"] == {
        "count": 1,
        "basis": "named",
        "qualifier": "exact",
        "confidence": 1.0,
        "evidence": None,
    }
    assert win["review"] == {"needed": True, "score": 0.75, "reasons": ["outcome without evidence"]}
    assert record["wins"][1]["event_date"] is None and record["wins"][1]["people_affected"] is None
    assert record["unassigned"][0] == {"kind": "title", "text": "Good news of 2021", "span": [0, 17]}


def test_spans_give_their_own_characters_back() -> None:
    def spans(value: Any) -> Iterator[tuple[str, list[int]]]:
        if isinstance(value, dict):
            if "span" in value:
                yield value["text"], value["span"]
            value = list(value.values())
        if isinstance(value, list):
            for item in value:
                yield from spans(item)

    found = list(spans(dataset.to_nested(OLD)))
    assert len(found) > 10
    assert all(TEXT[start:end] == text for text, (start, end) in found)


def test_tables_have_their_schemas_and_no_row_a_stray_key(monkeypatch: pytest.MonkeyPatch) -> None:
    keys: dict[str, set[str]] = {}
    make = dataset._table

    def spy(name: str, rows: list[dict[str, Any]]) -> pa.Table:
        keys[name] = set().union(*rows)
        return make(name, rows)

    monkeypatch.setattr(dataset, "_table", spy)
    for name, table in dataset.to_tables(OLD).items():
        assert table.schema.equals(schema.arrow_schema(name), check_metadata=True)
        assert keys[name] == set(table.column_names)
        table.validate(full=True)


def test_tables_hold_the_record() -> None:
    tables = {name: table.to_pylist() for name, table in dataset.to_tables(OLD).items()}
    full, bare = tables["wins"]
    assert full["countries"] == ["NAM"] and full["regions"] == [] and full["outcomes"] == ["release", "ruling"]
    assert full["outcome_confidence"] == 0.9877 and full["event_start"] == dt.date(2021, 3, 5)
    assert full["people"] == ['Aina "Ndapewa" Shikongo', "سامي حداد"]
    assert (bare["countries"], bare["regions"], bare["people"], bare["month"]) == (["NOR"], ["EU"], [], None)
    assert TEXT[full["start"] : full["end"]] == full["text"]
    assert [(r["position"], r["kind"], r["alpha_2"], r["code"]) for r in tables["countries"]] == [
        (1, "country", "NA", None),
        (1, "country", "NO", None),
        (2, "region", None, "EU"),
    ]
    assert tables["people"][0]["mentions"][1] == {
        "text": "Shikongo",
        "start": at("Shikongo").start,
        "end": at("Shikongo").end,
    }
    assert [(r["outcome"], r["is_primary"], r["evidence"]) for r in tables["outcomes"]] == [
        ("release", True, "freed"),
        ("ruling", False, None),
        ("bill_defeated", True, "shelved"),
    ]
    assert tables["reports"][0]["wins"] == 2
    assert json.loads(tables["reports"][0]["settings"]) == {"year": None, "report_id": "good-news-of-2021"}


def test_tables_come_from_the_nested_record_alone() -> None:
    record = json.loads(json.dumps(dataset.to_nested(OLD)))
    tables = dataset.to_tables(record)
    assert all(table.equals(tables[name], check_metadata=True) for name, table in dataset.to_tables(OLD).items())


def test_a_record_that_does_not_fit_is_named() -> None:
    record = dataset.to_nested(OLD)
    record["wins"][0]["text"] = None
    with pytest.raises(DatasetError, match=r"good-news-of-2021 .*wins\.text is null"):
        dataset.to_tables(record)


def test_no_wins_at_all(tmp_path: Path) -> None:
    dataset.write(example(wins=0), tmp_path)
    assert len(winsextract_load(tmp_path).flat()) == 0
    assert pd.read_parquet(tmp_path / "wins").empty


@pytest.mark.parametrize("report_id", ["", "..", "../x", "a/b", "A", "-a", "a_b", "a.b", "a\n", "é", "a" * 101])
def test_ids_that_could_leave_the_folder_are_refused(report_id: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="--report-id"):
        dataset.write(replace(OLD, report_id=report_id), tmp_path)
    assert snapshot(tmp_path) == {}


def test_half_a_character_is_refused_with_its_place(tmp_path: Path) -> None:
    broken = replace(OLD, unassigned=(Unassigned("title", "half \ud83d here", 0, 12),))
    with pytest.raises(DatasetError, match="half of a character"):
        dataset.write(broken, tmp_path)
    assert snapshot(tmp_path) == {}


def test_a_file_name_that_is_no_utf8_is_kept_readable(tmp_path: Path) -> None:
    name = os.fsdecode(b"raw/caf\xe9.txt")
    dataset.write(replace(OLD, source=replace(OLD.source, name=name)), tmp_path)
    assert winsextract_load(tmp_path).reports.source.item() == "raw/caf\ufffd.txt"


# What is in the folder


def winsextract_load(path: Path, **options: Any) -> dataset.Dataset:
    return dataset.load(path, **options)


def test_folder_has_the_contracts_files_and_no_others(output: Path) -> None:
    ids = [OTHER.report_id, OLD.report_id]
    files = [f"{name}/report={report_id}/part-0.parquet" for name in schema.TABLE_NAMES for report_id in ids]
    files += [f"json/{report_id}.json" for report_id in ids]
    assert set(snapshot(output)) == {*files, "datapackage.json"}
    assert dataset.report_ids(output) == ids
    assert not (output / ".staging").exists()


def test_files_keep_the_schema_and_the_descriptions(output: Path) -> None:
    for name in schema.TABLE_NAMES:
        found = pq.read_schema(output / schema.partition(name, OLD.report_id))
        assert found.equals(schema.arrow_schema(name), check_metadata=True)


def test_json_and_tables_read_back_the_same(output: Path) -> None:
    records = list(dataset.read_reports(output))
    assert [record["report"]["report_id"] for record in records] == [OTHER.report_id, OLD.report_id]
    assert records[1] == dataset.to_nested(OLD)
    for name, table in dataset.to_tables(OLD).items():
        assert pq.ParquetFile(output / schema.partition(name, OLD.report_id)).read().equals(table)


def test_pandas_reads_a_folder_as_one_table(output: Path) -> None:
    wins = pd.read_parquet(output / "wins")
    assert len(wins) == 4 and set(wins["report"]) == {OLD.report_id, OTHER.report_id}
    assert pd.read_parquet(output / "countries")["alpha_2"].tolist().count("NA") == 2


def test_duckdb_reads_a_folder_as_one_table(output: Path) -> None:
    rows = duckdb.sql(
        f"""
        select w.report, w.win_id, unnest(w.countries) as country, p.name
        from read_parquet('{output}/wins/*/*.parquet', hive_partitioning = true) w
        join read_parquet('{output}/people/*/*.parquet', hive_partitioning = true) p using (win_id)
        where p.role = 'beneficiary' and len(p.mentions) = 2 and w.event_start = date '2021-03-05'
        """
    ).fetchall()
    assert rows == [(OLD.report_id, f"{OLD.report_id}/001", "NAM", 'Aina "Ndapewa" Shikongo')]


def test_frictionless_accepts_the_folder(output: Path) -> None:
    report = frictionless.validate(output / "datapackage.json")
    assert report.valid, report.flatten(["title", "message"])
    assert {task.name: task.stats["rows"] for task in report.tasks}["wins"] == 2


@pytest.mark.parametrize("report_id", [OLD.report_id, OTHER.report_id])
def test_frictionless_accepts_every_report(output: Path, report_id: str) -> None:
    """A package of one report: of a list of Parquet paths, frictionless-py reads only the first."""
    path = output / "one.json"
    path.write_text(json.dumps(schema.datapackage([report_id])), encoding="utf-8")
    report = frictionless.validate(path)
    assert report.valid, report.flatten(["title", "message"])
    assert {task.name: task.stats["rows"] for task in report.tasks} == {
        name: table.num_rows
        for name, table in dataset.to_tables({OLD.report_id: OLD, OTHER.report_id: OTHER}[report_id]).items()
    }


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (lambda win: win.update(outcome="escape"), "Constraint Error"),
        (lambda win: win.update(month=13), "Constraint Error"),
        (lambda win: win["people"].append(win["people"][0]), "PrimaryKey Error"),
        (lambda win: win.update(win_id="good-news-of-2021/002"), "Unique Error|PrimaryKey Error"),
    ],
)
def test_frictionless_would_find_a_fault(tmp_path: Path, change: Callable[[dict[str, Any]], None], error: str) -> None:
    record = dataset.to_nested(OLD)
    change(record["wins"][0])
    dataset.write(record, tmp_path)
    titles = {row[0] for row in frictionless.validate(tmp_path / "datapackage.json").flatten(["title"])}
    assert titles & set(error.split("|"))


def test_package_names_sources_but_no_path_of_this_machine(tmp_path: Path) -> None:
    absolute = replace(OTHER, title=None, source=replace(OTHER.source, name="/home/somebody/report.txt"))
    dataset.write([OLD, absolute], tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_bytes())
    assert package["sources"] == [{"title": OTHER.report_id}, {"title": "Good news", "path": "raw/report.txt"}]


# Writing again


def test_same_records_give_the_same_bytes(output: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.path[:0] = sys.argv[2:]; from winsextract import dataset; import test_dataset as t; "
        "dataset.write([t.OTHER, t.OLD], sys.argv[1])"
    )
    paths = [str(Path(__file__).parent), str(Path(winsextract.__file__).parents[1])]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Kathmandu", "LC_ALL": "C"}
    command = [sys.executable, "-c", script, str(tmp_path / "again"), *paths]
    subprocess.run(command, check=True, env=environment, cwd=tmp_path)
    assert snapshot(tmp_path / "again") == snapshot(output)


def test_replacing_a_report_touches_no_other(output: Path) -> None:
    def stats() -> dict[Path, tuple[int, int, int]]:
        files = [p for p in output.rglob("*") if p.is_file() and OTHER.report_id in str(p)]
        return {p: (p.stat().st_ino, p.stat().st_mtime_ns, p.stat().st_size) for p in files}

    before = stats()
    dataset.write(NEW, output)
    assert len(before) == 9 and stats() == before
    assert len(winsextract_load(output).wins) == 5
    assert [r["report"]["title"] for r in dataset.read_reports(output)] == ["Good news", "Good news, corrected"]


def test_reports_are_taken_one_at_a_time(tmp_path: Path) -> None:
    def reports() -> Iterator[Report]:
        yield OLD
        assert dataset.report_ids(tmp_path) == [OLD.report_id]
        yield OTHER
        raise ValueError("the third cannot be extracted")

    with pytest.raises(ValueError, match="third"):
        dataset.write(reports(), tmp_path)
    assert set(snapshot(tmp_path)) == set(expected_names(OLD, OTHER))
    assert len(json.loads((tmp_path / "datapackage.json").read_bytes())["resources"][0]["path"]) == 2


def expected_names(*reports: Report) -> Iterator[str]:
    yield "datapackage.json"
    for report in reports:
        yield f"json/{report.report_id}.json"
        yield from (schema.partition(name, report.report_id) for name in schema.TABLE_NAMES)


def test_a_commit_leaves_the_package_to_recover(output: Path) -> None:
    before = (output / "datapackage.json").read_bytes()
    dataset.commit(ADDED, output)
    assert (output / "datapackage.json").read_bytes() == before
    dataset.recover(output)
    assert set(snapshot(output)) == set(expected_names(OLD, OTHER, ADDED))
    assert len(json.loads((output / "datapackage.json").read_bytes())["resources"][0]["path"]) == 3


def test_damage_to_one_report_does_not_keep_others_out(output: Path) -> None:
    (output / schema.partition("reports", OLD.report_id)).write_bytes(b"damaged")
    dataset.write(ADDED, output)
    titles = [source["title"] for source in json.loads((output / "datapackage.json").read_bytes())["sources"]]
    assert titles == ["Good news", OLD.report_id, "Good news"]


# Kills and failures: a fork writes into a copy of the folder and is struck at one call of the operating system


def in_fork(action: Callable[[], None]) -> int:
    """Run in a forked process; what it returns is the exit status, -9 where it was killed."""
    child = os.fork()
    if child == 0:
        status = 0
        try:
            action()
        except DatasetError:
            status = 3
        except BaseException:
            status = 4
        os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


# The calls of the operating system that change something; between two of them nothing happens to the disk.
CHANGES = {"open", "write", "fsync", "close", "mkdir", "rename", "replace", "unlink", "rmdir", "flock"}


def is_change(function: Any) -> bool:
    owner = type(getattr(function, "__self__", None)).__module__
    module = getattr(function, "__module__", None)
    return function.__name__ in CHANGES and (module in ("posix", "io", "_io", "fcntl") or owner == "_io")


def strike(action: Callable[[], None], number: int, blow: Callable[[], None], *, names: set[str] = CHANGES) -> int:
    """Run in a fork and call `blow` before the change of this number; 77 where there are fewer."""

    def run() -> None:
        count = 0

        def profile(_frame: FrameType, event: str, function: Any) -> None:
            nonlocal count
            if event == "c_call" and is_change(function) and function.__name__ in names:
                count += 1
                if count == number:
                    blow()

        threading.setprofile(profile)
        sys.setprofile(profile)
        try:
            action()
        finally:
            sys.setprofile(None)
            if count < number:
                os._exit(77)

    return in_fork(run)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def full_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the files once: thousands of forks would do so again and again."""
    make = dataset._files
    made: dict[str, dict[str, bytes]] = {}

    def remembered(record: dict[str, Any]) -> dict[str, bytes]:
        key = json.dumps(record)
        return made.setdefault(key, made.get(key) or make(record))

    monkeypatch.setattr(dataset, "_files", remembered)
    for report in (OLD, NEW, OTHER, ADDED):
        remembered(dataset.to_nested(report))


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one, for hundreds of writes."""
    shared = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=shared if os.access(shared, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


def restore(folder: Path, files: dict[str, bytes]) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def check_readable(folder: Path) -> None:
    """Without anybody's help, every table opens as one."""
    for name in schema.TABLE_NAMES:
        assert pq.read_table(folder / name).num_rows > 0
    wins = f"read_parquet('{folder}/wins/*/*.parquet', hive_partitioning = true)"
    assert duckdb.sql(f"select count(*) from {wins}").fetchall()[0][0] == len(pd.read_parquet(folder / "wins"))


def check_whole(folder: Path, before: dict[str, bytes], after: dict[str, bytes]) -> None:
    """Without anybody's help, every file that a reader sees is the old one or the new one, whole."""
    seen = {name: content for name, content in snapshot(folder).items() if not name.startswith(".")}
    assert before.keys() <= seen.keys()
    assert all(content in (before.get(name), after.get(name)) for name, content in seen.items())


@pytest.mark.parametrize(("report", "after"), [(NEW, "replaced"), (ADDED, "added")])
def test_killed_before_any_change_to_the_disk(
    report: Report, after: str, states: dict[str, dict[str, bytes]], memory: Path, quick: None
) -> None:
    folder = memory / "output"
    outcomes = []
    for number in range(1, 10_000):
        restore(folder, states["before"])
        status = strike(lambda: dataset.write(report, folder), number, kill)
        if status == 77:
            break
        assert status == -signal.SIGKILL
        check_whole(folder, states["before"], states[after])
        dataset.recover(folder)
        found = snapshot(folder)
        assert found in (states["before"], states[after]), number
        outcomes.append(found == states[after])
    assert number > 100
    # Once decided, decided: all kills before one moment leave the old report, all behind it the new one.
    assert outcomes == sorted(outcomes) and len(set(outcomes)) == 2


def test_killed_while_recovering(states: dict[str, dict[str, bytes]], memory: Path, quick: None) -> None:
    folder, struck = memory / "output", memory / "struck"
    restore(struck, states["before"])
    # The first rename declares the report complete, the third is of one of its files.
    assert strike(lambda: dataset.write(NEW, struck), 4, kill, names={"rename", "replace"}) == -signal.SIGKILL
    assert (struck / dataset.READY).exists()
    for number in range(1, 10_000):
        restore(folder, snapshot(struck))
        status = strike(lambda: dataset.recover(folder), number, kill)
        if status == 77:
            break
        check_whole(folder, states["before"], states["replaced"])
        dataset.recover(folder)
        assert snapshot(folder) == states["replaced"], number
    assert number > 30


@pytest.mark.parametrize(("report", "after"), [(NEW, "replaced"), (ADDED, "added")])
def test_any_change_to_the_disk_fails(
    report: Report, after: str, states: dict[str, dict[str, bytes]], memory: Path, quick: None
) -> None:
    folder = memory / "output"
    for number in range(1, 10_000):
        restore(folder, states["before"])
        status = strike(lambda: dataset.write(report, folder), number, full_disk)
        if status == 77:
            break
        # Where the failure hit the clearing up, the report is written all the same.
        assert status in (0, 3), number
        check_whole(folder, states["before"], states[after])
        dataset.recover(folder)
        assert snapshot(folder) in (states["before"], states[after]), number
    assert number > 30


def test_killed_at_random_moments(states: dict[str, dict[str, bytes]], tmp_path: Path, quick: None) -> None:
    folder = tmp_path / "output"
    restore(folder, states["before"])
    moments = random.Random(2024)

    def keep_writing() -> None:
        while True:
            dataset.write(NEW, folder)
            dataset.write(OLD, folder)

    for _ in range(60):
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                keep_writing()
            os._exit(1)
        time.sleep(moments.uniform(0.0, 0.06))
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        check_readable(folder)
        dataset.recover(folder)
        assert snapshot(folder) in (states["before"], states["replaced"])


@pytest.mark.parametrize("limit", [0, 1, 1000, 3000, 5000, 7000])
def test_a_file_does_not_fit_the_disk(
    limit: int, states: dict[str, dict[str, bytes]], output: Path, quick: None
) -> None:
    assert limit < max(map(len, states["replaced"].values()))

    def write() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        dataset.write(NEW, output)

    assert in_fork(write) == 3
    assert snapshot(output) == states["before"], "nothing changed, nothing left behind"


def test_a_folder_that_may_not_be_written(quick: None) -> None:
    """As another user where the tests run as root, who may write anywhere."""
    message = io.StringIO()

    def as_nobody(action: Callable[[], None]) -> int:
        def run() -> None:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            action()

        return in_fork(run)

    with tempfile.TemporaryDirectory() as root:
        folder = Path(root) / "output"
        dataset.write(OLD, folder)
        before = snapshot(folder)
        paths = [Path(root), *Path(root).rglob("*")]
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            assert as_nobody(lambda: dataset.write(NEW, folder)) == 3
            assert as_nobody(lambda: dataset.write(NEW, Path(root) / "new")) == 3
            assert as_nobody(lambda: print(dataset.load(folder).flat(), file=message)) == 0
        finally:
            for path in paths:
                path.chmod(0o755 if path.is_dir() else 0o644)
        assert snapshot(folder) == before


def test_errors_name_folder_reason_and_what_to_do(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(DatasetError, match=r"file/output cannot be written: Not a directory.*--output"):
        dataset.write(OLD, blocked / "output")


# Two at once


def test_a_lock_that_is_held_is_waited_for_then_named(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "LOCK_SECONDS", 0.05)
    before = snapshot(output)
    with (output / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(LockedError, match="Another command"):
            dataset.write(NEW, output)
    (output / ".lock").unlink()
    assert snapshot(output) == before


def test_a_lock_left_by_a_killed_process_is_no_lock(output: Path) -> None:
    (output / ".lock").touch()
    dataset.recover(output)
    assert not (output / ".lock").exists()


def write_many(folder: Path, number: int) -> None:
    for year in range(2000, 2006):
        dataset.write([example(f"process-{number}-{year}", year=year), example("contested", title=f"{number}")], folder)


def test_processes_that_write_at_once_lose_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    folder = tmp_path / "output"
    processes = [context.Process(target=write_many, args=(folder, number)) for number in range(3)]
    for process in processes:
        process.start()
    while any(process.is_alive() for process in processes):
        if dataset.report_ids(folder):
            winsextract_load(folder).flat()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    ids = [f"process-{number}-{year}" for number in range(3) for year in range(2000, 2006)] + ["contested"]
    assert set(snapshot(folder)) == set(expected_names(*map(example, ids)))
    assert len(json.loads((folder / "datapackage.json").read_bytes())["resources"][0]["path"]) == len(ids)
    contested = next(r for r in dataset.read_reports(folder) if r["report"]["report_id"] == "contested")
    for name, table in dataset.to_tables(contested).items():
        assert pq.ParquetFile(folder / schema.partition(name, "contested")).read().equals(table)


# Loading


def test_load_gives_every_table_by_name(output: Path) -> None:
    data = winsextract_load(output)
    assert list(data) == list(schema.TABLE_NAMES) and len(data) == 8
    for name in schema.TABLE_NAMES:
        assert list(data[name]) == ["report", *schema.arrow_schema(name).names]
    assert data.wins is data["wins"] and "wins" in dir(data)


def test_load_gives_types_to_work_with(output: Path) -> None:
    data = winsextract_load(output)
    wins = data.wins
    assert wins.month.dtype == "Int64" and wins.month.tolist() == [3, pd.NA, 3, pd.NA]
    assert wins.event_start.dtype == "datetime64[s]" and wins.event_start.isna().tolist() == [False, True] * 2
    assert wins.outcome.cat.categories.tolist() == list(schema.table("wins").column("outcome").enum)
    assert wins.report.dtype == "category" and data.people.role.dtype == "category"
    assert wins.review_needed.dtype == "bool"
    assert data.countries.alpha_2.dropna().tolist() == ["NA", "NO"] * 2
    assert data.countries.kind.tolist() == ["country", "country", "region"] * 2
    assert wins.explode("people").people.notna().sum() == 4
    assert data.people.explode("mentions").mentions.iloc[0] == {
        "text": at('Aina "Ndapewa" Shikongo').text,
        "start": at('Aina "').start,
        "end": at('Aina "Ndapewa" Shikongo').end,
    }
    assert isinstance(wins.regions.iloc[0], list)


def test_load_keeps_a_value_that_its_codebook_lacks(output: Path) -> None:
    record = dataset.to_nested(OLD)
    record["wins"][0]["outcome"] = "future_class"
    dataset.write(record, output)
    outcome = winsextract_load(output).wins.outcome
    assert "future_class" in outcome.tolist() and outcome.notna().all()


def test_load_reads_only_what_is_asked_for(output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[str, tuple[str, ...]]] = []
    real = dataset._read
    monkeypatch.setattr(dataset, "_read", lambda f, n, c: (read.append((n, tuple(c))), real(f, n, c))[1])
    data = winsextract_load(output, tables=["wins", "people"], columns={"wins": ["outcome", "report"]})
    assert read == []
    assert list(data.wins) == ["outcome", "report"]
    assert read == [("wins", ("outcome", "report"))]
    assert list(winsextract_load(output, columns=["win_id", "role"]).people) == ["win_id", "role"]
    assert list(winsextract_load(output, tables="laws").laws)[:2] == ["report", "win_id"]
    with pytest.raises(KeyError, match="laws"):
        data["laws"]
    with pytest.raises(AttributeError, match="laws"):
        _ = data.laws
    with pytest.raises(AttributeError, match="its tables are wins"):
        _ = data.nothing


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tables": "win"}, "no table 'win'"),
        ({"columns": ["outcom"]}, "No such column: outcom"),
        ({"columns": {"wins": ["role"]}}, r"No such column: wins\.role"),
        ({"tables": "wins", "columns": {"people": ["role"]}}, r"No such column: people\.role"),
    ],
)
def test_load_names_what_is_not_there(output: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        winsextract_load(output, **options)


def test_flat_is_one_row_a_win_with_lists_joined(output: Path) -> None:
    flat = winsextract_load(output).flat()
    assert list(flat)[:3] == ["report", "places", "win_id"]
    assert flat.places.tolist()[:2] == ["Namibia", "Norway; European Union"]
    assert flat.outcomes.tolist()[:2] == ["release; ruling", "bill_defeated"]
    assert flat.people.tolist()[:2] == ['Aina "Ndapewa" Shikongo; سامي حداد', ""]
    assert not any(isinstance(value, list) for value in flat.to_numpy().ravel())
    assert "places" not in winsextract_load(output, tables="wins").flat()
    buffer = io.StringIO(flat.to_csv(index=False))
    assert pd.read_csv(buffer, keep_default_na=False).text.tolist() == flat.text.tolist()


def test_repr_tells_what_is_there(output: Path) -> None:
    text = repr(winsextract_load(output))
    assert "2 reports of 2021–2022" in text
    assert f"{OLD.report_id}: 2 wins" in text
    assert "wins 4 × 32" in text and "people 4 × 8" in text


def test_repr_of_many_reports_stays_short(tmp_path: Path) -> None:
    dataset.write([example(f"year-{year}", year=year, wins=1) for year in range(2000, 2015)], tmp_path)
    text = repr(winsextract_load(tmp_path))
    assert "15 reports of 2000–2014" in text and "… and 5 more" in text and "year-2009: 1 win\n" in text


@pytest.mark.parametrize("read", [winsextract_load, lambda path: list(dataset.read_reports(path))])
def test_an_empty_folder_says_what_to_do(read: Callable[[Path], object], tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(DatasetError, match="holds no reports: `winsextract run REPORT"):
            read(folder)
    assert snapshot(tmp_path) == {}


def test_damaged_files_are_named(output: Path) -> None:
    (output / schema.partition("wins", OLD.report_id)).write_bytes(b"PAR1 damaged")
    (output / "json" / f"{OLD.report_id}.json").write_text("{", encoding="utf-8")
    with pytest.raises(DatasetError, match=r"wins cannot be read .*verify"):
        _ = winsextract_load(output).wins
    with pytest.raises(DatasetError, match=r"good-news-of-2021\.json cannot be read"):
        list(dataset.read_reports(output))


def test_load_finishes_what_was_interrupted(states: dict[str, dict[str, bytes]], output: Path, quick: None) -> None:
    assert strike(lambda: dataset.write(NEW, output), 4, kill, names={"rename", "replace"}) == -signal.SIGKILL
    assert len(winsextract_load(output).wins) == 5
    assert snapshot(output) == states["replaced"]


def test_importing_the_package_is_light() -> None:
    script = (
        "import sys; sys.path[:0] = sys.argv[1:]; import winsextract, winsextract.dataset; "
        "print([m for m in ('pandas', 'pyarrow', 'spacy', 'numpy') if m in sys.modules])"
    )
    command = [sys.executable, "-c", script, str(Path(winsextract.__file__).parents[1])]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "[]"
