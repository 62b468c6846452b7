"""The output folder: records written into it, all or none of a report, and read back.

A [Report][winsextract.records.Report] becomes the nested record of `json/`, which loses
nothing; the rows of the tables are made from the nested record alone. What is in the
folder and how it is named is in `schema.py`.

How a report is written: its files are staged in `.staging/new`, flushed to disk, and
declared complete by renaming that folder to `.staging/ready`; then each is renamed to its
place. A process that dies before the first rename has changed nothing, and whoever comes
next throws `new` away; one that dies behind it has decided, and whoever comes next moves
what is left in `ready`. `datapackage.json` is made from the reports that are there, the
last thing before `.staging` is removed: as long as that folder exists something is
unfinished, and [recover][winsextract.dataset.recover] finishes it. One process at a time
writes, under a lock that lasts for one report; on Windows, which has no `flock`, it is up
to the user to run one command at a time.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import datetime as dt
import hashlib
import io
import json
import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import winsextract
from winsextract import schema
from winsextract.errors import DatasetError, LockedError
from winsextract.names import one_line
from winsextract.records import Affected, EventDate, Mention, Name, Outcome, Report, Win

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.dataset as pads

# A report as the JSON that is kept of it; `schema.json_schema()` says what is in it.
Record = dict[str, Any]

# Decimals of a confidence. The last digits of a float differ between batch sizes and machines.
CONFIDENCE_DECIMALS = 4
# How long to wait for others to write, and how often to look. A report takes them about 20 ms on a local disk.
LOCK_SECONDS = 30.0
LOCK_POLL_SECONDS = 0.01

LOCK = ".lock"
STAGING = ".staging"
NEW = ".staging/new"
READY = ".staging/ready"
PACKAGE = "datapackage.json"

# What `to_nested` takes out of a report's settings, because they describe the extractor.
EXTRACTOR_SETTINGS = ("model", "model_version", "spacy_version")


# A report's nested record


def to_nested(report: Report) -> Record:
    """The record of a report as JSON keeps it: nested, and without loss.

    `report.settings` may hold `model`, `model_version` and `spacy_version`; these go to
    `extractor`, the rest to `settings`. Raises DatasetError for a report id that is no
    folder's name.
    """
    source = report.source
    settings = {key: value for key, value in report.settings.items() if key not in EXTRACTOR_SETTINGS}
    return {
        "schema_version": schema.SCHEMA_VERSION,
        "report": {
            "report_id": checked_id(report.report_id),
            "title": report.title,
            "year": report.year,
            # A file's name that is no UTF-8 is shown as well as it can be.
            "source": os.fsencode(source.name).decode("utf-8", "replace"),
            "sha256": source.sha256,
            "text_sha256": hashlib.sha256(source.text.encode("utf-8", "surrogatepass")).hexdigest(),
            "encoding": source.encoding,
            "media_type": source.media_type,
            "extractor": {
                "name": "winsextract",
                "version": winsextract.__version__,
                **{key: report.settings.get(key) for key in EXTRACTOR_SETTINGS},
            },
            "settings": settings,
        },
        "wins": [_win(win) for win in report.wins],
        "unassigned": [{"kind": u.kind, "text": u.text, "span": [u.start, u.end]} for u in report.unassigned],
    }


def checked_id(report_id: str) -> str:
    """The report id, if it can name a folder and cannot leave it; else DatasetError."""
    if not re.fullmatch(schema.REPORT_ID, report_id):
        raise DatasetError(
            f"{report_id!r} is no report id: use --report-id with up to 100 of a-z, 0-9 and hyphens, a hyphen not first."
        )
    return report_id


def _win(win: Win) -> Record:
    countries = [place for place in win.places if place.kind == "country"]
    regions = [place for place in win.places if place.kind == "region"]
    return {
        "win_id": win.win_id,
        "position": win.position,
        "month": win.month,
        "year": win.year,
        "section": win.section,
        "header": win.header,
        "text": win.text,
        "span": [win.start, win.end],
        "countries": [
            {"alpha_3": c.code, "alpha_2": c.alpha_2, "numeric": c.numeric, "name": c.name} for c in countries
        ],
        "regions": [{"code": r.code, "name": r.name} for r in regions],
        "outcome": win.outcomes[0].outcome if win.outcomes else None,
        "outcomes": [_outcome(outcome) for outcome in win.outcomes],
        "people": [
            {
                "name": one_line(person.name),
                "aliases": list(map(one_line, person.aliases)),
                "role": person.role,
                "role_confidence": _confidence(person.role_confidence),
                "confidence": _confidence(person.confidence),
                "mentions": _mentions(person.mentions),
            }
            for person in win.people
        ],
        "organisations": [_name(name) for name in win.organisations],
        "laws": [_name(name) for name in win.laws],
        "dates": [
            {
                "text": date.text,
                "edtf": date.edtf,
                "start": date.start.isoformat(),
                "end": date.end.isoformat(),
                "precision": date.precision,
                "confidence": _confidence(date.confidence),
                "mentions": _mentions(date.mentions),
            }
            for date in win.dates
        ],
        "event_date": _event_date(win.event_date),
        "people_affected": _affected(win.affected, win.affected_confidence),
        "captions": _mentions(win.captions),
        "quotes": [{"text": q.text, "speaker": q.speaker, "span": [q.start, q.end]} for q in win.quotes],
        "review": {
            "needed": bool(win.review_reasons),
            "score": _confidence(win.review_score),
            "reasons": list(win.review_reasons),
        },
        "corrected": [],
    }


def _confidence(value: float) -> float:
    return round(float(value), CONFIDENCE_DECIMALS)


def _mention(mention: Mention | None) -> Record | None:
    return None if mention is None else {"text": mention.text, "span": [mention.start, mention.end]}


def _mentions(mentions: Sequence[Mention]) -> list[Record | None]:
    return [_mention(mention) for mention in mentions]


def _name(name: Name) -> Record:
    return {
        "name": one_line(name.name),
        "aliases": list(map(one_line, name.aliases)),
        "confidence": _confidence(name.confidence),
        "mentions": _mentions(name.mentions),
    }


def _outcome(outcome: Outcome) -> Record:
    return {
        "outcome": outcome.outcome,
        "confidence": _confidence(outcome.confidence),
        "evidence": _mention(outcome.evidence),
    }


def _event_date(date: EventDate | None) -> Record | None:
    if date is None:
        return None
    return {
        "edtf": date.edtf,
        "start": date.start.isoformat(),
        "end": date.end.isoformat(),
        "precision": date.precision,
        "basis": date.basis,
        "confidence": _confidence(date.confidence),
    }


def _affected(affected: Affected | None, confidence: float) -> Record | None:
    if affected is None:
        return None
    return {
        "count": affected.count,
        "basis": affected.basis,
        "qualifier": affected.qualifier,
        "confidence": _confidence(confidence),
        "evidence": _mention(affected.mention),
    }


# The tables of a nested record


def to_tables(report: Report | Record) -> dict[str, pa.Table]:
    """The eight tables of one report, by name, in their Arrow schemas.

    Takes a report or its nested record. Raises DatasetError where the record does not fit.
    """
    import pyarrow as pa

    record = report if isinstance(report, dict) else to_nested(report)
    wins = record["wins"]
    rows = {
        "wins": [_wins_row(win) for win in wins],
        "countries": [row for win in wins for row in _countries_rows(win)],
        "people": [
            {**_name_row(win, person), "role": person["role"], "role_confidence": person["role_confidence"]}
            for win in wins
            for person in win["people"]
        ],
        "organisations": [_name_row(win, name) for win in wins for name in win["organisations"]],
        "laws": [_name_row(win, name) for win in wins for name in win["laws"]],
        "dates": [_dates_row(win, date) for win in wins for date in win["dates"]],
        "outcomes": [_outcomes_row(win, outcome) for win in wins for outcome in win["outcomes"]],
        "reports": [_reports_row(record)],
    }
    try:
        return {name: _table(name, rows[name]) for name in schema.TABLE_NAMES}
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise DatasetError(f"The record of {record['report']['report_id']} does not fit its tables: {error}") from error


def _table(name: str, rows: Sequence[Record]) -> pa.Table:
    """A table from rows that have every column.

    Arrow's own JSON reader makes it: `pyarrow.array` would import pandas for a list of
    values, which takes longer than all else that is done to write a report.
    """
    import pyarrow as pa
    from pyarrow import json as arrow_json

    arrow_schema = schema.arrow_schema(name)
    for field in arrow_schema:
        nulls = 0 if field.nullable else sum(row[field.name] is None for row in rows)
        if nulls:
            raise pa.ArrowInvalid(f"{name}.{field.name} is null in {nulls} rows")
    if not rows:
        return arrow_schema.empty_table()
    lines = "\n".join(
        json.dumps({f.name: row[f.name] for f in arrow_schema}, ensure_ascii=False, allow_nan=False) for row in rows
    ).encode()
    read = arrow_json.read_json(
        io.BytesIO(lines),
        # One block, since a row must not lie in two.
        read_options=arrow_json.ReadOptions(use_threads=False, block_size=len(lines) + 1),
        parse_options=arrow_json.ParseOptions(explicit_schema=arrow_schema, unexpected_field_behavior="error"),
    )
    return pa.Table.from_arrays([read.column(field.name) for field in arrow_schema], schema=arrow_schema)


def _wins_row(win: Record) -> Record:
    event = win["event_date"] or {}
    affected = win["people_affected"] or {}
    start, end = _span(win)
    return {
        **{key: win[key] for key in ("win_id", "position", "year", "month", "section", "header", "text", "outcome")},
        "countries": [country["alpha_3"] for country in win["countries"]],
        "regions": [region["code"] for region in win["regions"]],
        "outcomes": [outcome["outcome"] for outcome in win["outcomes"]],
        "outcome_confidence": next((o["confidence"] for o in win["outcomes"] if o["outcome"] == win["outcome"]), None),
        "people": [person["name"] for person in win["people"]],
        "organisations": [organisation["name"] for organisation in win["organisations"]],
        "laws": [law["name"] for law in win["laws"]],
        "event_date": event.get("edtf"),
        "event_start": _day(event.get("start")),
        "event_end": _day(event.get("end")),
        "event_precision": event.get("precision"),
        "event_basis": event.get("basis"),
        "event_confidence": event.get("confidence"),
        "people_affected": affected.get("count"),
        "people_affected_basis": affected.get("basis"),
        "people_affected_qualifier": affected.get("qualifier"),
        "people_affected_confidence": affected.get("confidence"),
        "start": start,
        "end": end,
        "review_needed": win["review"]["needed"],
        "review_score": win["review"]["score"],
        "review_reasons": win["review"]["reasons"],
        "corrected": win["corrected"],
    }


def _countries_rows(win: Record) -> Iterator[Record]:
    nothing = dict.fromkeys(("alpha_3", "alpha_2", "numeric", "code"))
    countries = [{"kind": "country", **nothing, **country} for country in win["countries"]]
    regions = [{"kind": "region", **nothing, **region} for region in win["regions"]]
    for position, place in enumerate([*countries, *regions], start=1):
        yield {"win_id": win["win_id"], "position": position, **place}


def _name_row(win: Record, name: Record) -> Record:
    return {
        "win_id": win["win_id"],
        "name": name["name"],
        "aliases": name["aliases"],
        "confidence": name["confidence"],
        "mentions": [_mention_cell(mention) for mention in name["mentions"]],
    }


def _dates_row(win: Record, date: Record) -> Record:
    return {
        "win_id": win["win_id"],
        "text": date["text"],
        "edtf": date["edtf"],
        "start_date": _day(date["start"]),
        "end_date": _day(date["end"]),
        "precision": date["precision"],
        "confidence": date["confidence"],
        "mentions": [_mention_cell(mention) for mention in date["mentions"]],
    }


def _outcomes_row(win: Record, outcome: Record) -> Record:
    evidence = outcome["evidence"] or {}
    start, end = _span(evidence)
    return {
        "win_id": win["win_id"],
        "outcome": outcome["outcome"],
        "is_primary": outcome["outcome"] == win["outcome"],
        "confidence": outcome["confidence"],
        "evidence": evidence.get("text"),
        "evidence_start": start,
        "evidence_end": end,
    }


def _reports_row(record: Record) -> Record:
    report = record["report"]
    extractor = report["extractor"]
    return {
        **{key: report[key] for key in ("report_id", "title", "year", "source", "sha256", "text_sha256", "encoding")},
        "wins": len(record["wins"]),
        "winsextract_version": extractor["version"],
        **{key: extractor[key] for key in EXTRACTOR_SETTINGS},
        "settings": json.dumps(report["settings"], ensure_ascii=False, sort_keys=True),
    }


def _mention_cell(mention: Record) -> Record:
    start, end = _span(mention)
    return {"text": mention["text"], "start": start, "end": end}


def _span(found: Record) -> tuple[int | None, int | None]:
    start, end = found.get("span") or (None, None)
    return start, end


def _day(text: str | None) -> int | None:
    """A day as Arrow keeps it: the days since 1970-01-01."""
    return None if text is None else (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


# Writing


def write(reports: Report | Record | Iterable[Report | Record], output: str | os.PathLike[str]) -> None:
    """Write reports, each whole or not at all, and the data package over everything in the folder.

    A report that is there already is replaced, no other is touched. Reports are taken one at a
    time, so that a generator needs memory for one. Raises DatasetError where the folder
    cannot be written; what was written before stays.
    """
    try:
        for report in [reports] if isinstance(reports, Report | dict) else reports:
            commit(report, output)
    finally:
        recover(output)


def commit(report: Report | Record, output: str | os.PathLike[str]) -> None:
    """Write one report, all of its files or none, and leave the data package to [recover][winsextract.dataset.recover].

    For many processes that write into one folder, of which one calls `recover` in the end.
    """
    folder = Path(output)
    files = _files(report if isinstance(report, dict) else to_nested(report))
    with _sole_writer(folder):
        _roll_forward(folder)
        _replace(folder, files)


def recover(output: str | os.PathLike[str]) -> None:
    """Finish what a command that was killed has left: the first thing that every command does.

    Completes or discards a half-written report, brings the data package up to date and leaves no
    file that is not part of the dataset. Does nothing where nothing is unfinished.
    """
    folder = Path(output)
    if not any((folder / name).exists() for name in (STAGING, LOCK)):
        return
    with _sole_writer(folder):
        _roll_forward(folder)
        if (folder / STAGING).exists():
            _refresh_package(folder)
            shutil.rmtree(folder / STAGING)


def report_ids(output: str | os.PathLike[str]) -> list[str]:
    """The ids of the reports in a folder, sorted."""
    return sorted(p.parent.name.partition("=")[2] for p in Path(output).glob(schema.partition("wins", "*")))


def _files(record: Record) -> dict[str, bytes]:
    """The contents of a report's files by their paths in the folder: the same bytes for the same record."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    report_id = checked_id(record["report"]["report_id"])
    try:
        files = {f"json/{report_id}.json": _json_bytes(record)}
        for name, table in to_tables(record).items():
            buffer = pa.BufferOutputStream()
            pq.write_table(table, buffer, compression="snappy", version="2.6")
            files[schema.partition(name, report_id)] = buffer.getvalue().to_pybytes()
    except UnicodeEncodeError as error:
        broken = error.object[max(error.start - 20, 0) : error.end + 20]
        raise DatasetError(
            f"{report_id} holds half of a character, which no file can keep, in {broken!r}: save the report as UTF-8."
        ) from error
    return files


def _json_bytes(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, allow_nan=False, indent=1) + "\n").encode()


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put files in their places, all or none; the caller holds the lock and nothing is staged."""
    _refuse_links(folder, (str(Path(name).parent) for name in files))
    new = folder / NEW
    try:
        for name, content in files.items():
            path = new / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        # At once, so that the file system can flush them in one go: 6 ms instead of 39 for nine files on ext4.
        with concurrent.futures.ThreadPoolExecutor(len(files)) as threads:
            list(threads.map(_flush, [new / name for name in files]))
        new.replace(folder / READY)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        raise
    _flush(folder / STAGING)
    _roll_forward(folder)


def _roll_forward(folder: Path) -> None:
    """Move what is declared complete to its place and discard what is not."""
    ready = folder / READY
    if ready.exists():
        staged = sorted(path for path in ready.rglob("*") if path.is_file())
        _refuse_links(folder, (str(source.relative_to(ready).parent) for source in staged))
        for source in staged:
            target = folder / source.relative_to(ready)
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
        shutil.rmtree(ready)
    if (folder / NEW).exists():
        shutil.rmtree(folder / NEW)


def _refuse_links(folder: Path, names: Iterable[str]) -> None:
    """Raise DatasetError where one of these paths or a folder on the way to it is a symbolic link: writing would leave the dataset."""
    for path in sorted({path for name in names for path in (Path(name), *Path(name).parents)}):
        if path.parts and (folder / path).is_symlink():
            raise DatasetError(
                f"{folder / path} is a symbolic link, and nothing is written through one: remove it and run again."
            )


def _flush(path: Path) -> None:
    """Wait until a file's contents or a folder's entries are on the disk."""
    if path.is_dir() and sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refresh_package(folder: Path) -> None:
    """Make `datapackage.json` describe the reports that are there; the caller holds the lock."""
    content = _json_bytes(package(folder))
    path = folder / PACKAGE
    if report_ids(folder) and not (path.exists() and path.read_bytes() == content):
        _replace(folder, {PACKAGE: content})


def package(folder: Path) -> dict[str, Any]:
    """The data package of the reports that are in a folder."""
    ids = report_ids(folder)
    return schema.datapackage(ids, sources=[_source(folder, report_id) for report_id in ids])


def _source(folder: Path, report_id: str) -> dict[str, str]:
    """What the data package says of a report: its title, and the file it was read from if that is a relative path."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(folder / schema.partition("reports", report_id)) as file:
            row = file.read(columns=["title", "source"], use_threads=False).to_pylist()[0]
    except (OSError, pa.ArrowInvalid, IndexError):
        # Damage to one report is for `verify` to tell, and must not keep others from being written.
        return {"title": report_id}
    source = {"title": row["title"] or report_id}
    if not (row["source"].startswith(("/", "-", "~")) or ".." in row["source"] or ":" in row["source"]):
        source["path"] = row["source"]
    return source


@contextlib.contextmanager
def _sole_writer(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; an operating system's error in the block becomes a DatasetError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _refuse_links(folder, (NEW, READY, LOCK))
        with _lock(folder):
            yield
    except OSError as error:
        raise DatasetError(
            f"{folder} cannot be written: {error.strerror or error}. The reports in it are safe; "
            "make room or allow writing and run again, or choose another folder with --output."
        ) from error


@contextlib.contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Hold the lock file; LockedError if others hold it for longer than `LOCK_SECONDS`."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    path = folder / LOCK
    give_up = time.monotonic() + LOCK_SECONDS
    while (handle := _try_lock(path)) is None:
        if time.monotonic() > give_up:
            raise LockedError(f"Another command is writing to {folder}: wait until it has ended, then try again.")
        time.sleep(LOCK_POLL_SECONDS)
    with contextlib.ExitStack() as release:
        release.callback(os.close, handle)
        # Closing would not do: a process that was forked meanwhile holds the file open too.
        release.callback(fcntl.flock, handle, fcntl.LOCK_UN)
        release.callback(path.unlink, missing_ok=True)
        yield


def _try_lock(path: Path) -> int | None:
    import fcntl

    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Who had the lock before has removed its file: only a lock on the file that is there counts.
        if os.path.samestat(os.fstat(handle), path.stat()):
            return handle
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


# Reading


def load(
    path: str | os.PathLike[str] = "output",
    *,
    tables: str | Sequence[str] | None = None,
    columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
) -> Dataset:
    """The tables of an output folder as DataFrames, read when they are first asked for.

    `tables` names those to have, all of them unless given; `columns` the columns to read,
    either of every table that has them or by table. Raises DatasetError where the folder
    holds no report, and for names that no table has.

    >>> data = load("output", columns={"wins": ["month", "outcome"]})
    >>> data.wins.groupby("month").outcome.value_counts()
    """
    folder = _readable(path)
    names = [tables] if isinstance(tables, str) else list(schema.TABLE_NAMES if tables is None else tables)
    for name in names:
        if name not in schema.TABLE_NAMES:
            raise DatasetError(f"There is no table {name!r}; there are {', '.join(schema.TABLE_NAMES)}.")
    return Dataset(folder, {name: _columns(name, names, columns) for name in names})


def read_reports(path: str | os.PathLike[str] = "output") -> Iterator[Record]:
    """The nested records of a folder's reports, in the order of their ids.

    Raises DatasetError where the folder holds no report, or a record cannot be read.
    """
    folder = _readable(path)
    for report_id in report_ids(folder):
        file = folder / "json" / f"{report_id}.json"
        try:
            record: Record = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DatasetError(f"{file} cannot be read ({error}): extract the report again with --force.") from error
        yield record


def _readable(path: str | os.PathLike[str]) -> Path:
    folder = Path(path)
    try:
        recover(folder)
    except DatasetError:
        # A folder that may only be read is readable unless a report in it is half new.
        if (folder / READY).exists():
            raise
    if not report_ids(folder):
        raise DatasetError(f"{folder} holds no reports: `winsextract run REPORT --output {folder}` puts them there.")
    return folder


def _columns(
    name: str, names: Sequence[str], columns: Sequence[str] | Mapping[str, Sequence[str]] | None
) -> tuple[str, ...]:
    """The columns to read of a table, the report's id first unless others were asked for."""
    known = {table: ("report", *schema.arrow_schema(table).names) for table in names}
    if columns is None:
        return known[name]
    if isinstance(columns, Mapping):
        wanted = columns.get(name, known[name])
        unknown = [f"{table}.{c}" for table, asked in columns.items() for c in asked if c not in known.get(table, ())]
    else:
        wanted = [column for column in columns if column in known[name]]
        unknown = [column for column in columns if not any(column in known[table] for table in names)]
    if unknown:
        raise DatasetError(f"No such column: {', '.join(unknown)}. `winsextract schema` lists them.")
    return tuple(wanted)


class Dataset(Mapping[str, "pd.DataFrame"]):
    """The tables of an output folder: `data.wins` or `data["wins"]`, each read once, when first asked for.

    Whole numbers are `Int64`, so that they can be missing; days `datetime64[s]`; what has a fixed
    set of values (and `report`) a category; lists Python lists, for `explode()`.
    """

    def __init__(self, path: Path, columns: Mapping[str, Sequence[str]]) -> None:
        self.path = path
        self.columns = dict(columns)
        self._frames: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self.columns:
            raise KeyError(f"{name!r} was not loaded; loaded are {', '.join(self.columns)}")
        if name not in self._frames:
            self._frames[name] = _read(self.path, name, self.columns[name])
        return self._frames[name]

    def __getattr__(self, name: str) -> pd.DataFrame:
        if name in schema.TABLE_NAMES:
            try:
                return self[name]
            except KeyError as error:
                raise AttributeError(error.args[0]) from error
        raise AttributeError(f"a dataset has no {name!r}; its tables are {', '.join(schema.TABLE_NAMES)}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.columns]

    def __repr__(self) -> str:
        reports = _arrow_dataset(self.path, "reports").to_table(columns=["report_id", "year", "wins"]).to_pylist()
        years = sorted({row["year"] for row in reports if row["year"] is not None})
        span = f" of {years[0]}–{years[-1]}" if len(years) > 1 else f" of {years[0]}" if years else ""
        lines = [f"winsextract dataset {self.path}: {_count(len(reports), 'report')}{span}"]
        lines += [f"  {row['report_id']}: {_count(row['wins'], 'win')}" for row in reports[:SHOWN_REPORTS]]
        if len(reports) > SHOWN_REPORTS:
            lines.append(f"  … and {len(reports) - SHOWN_REPORTS} more")
        sizes = {name: _arrow_dataset(self.path, name).count_rows() for name in self.columns}
        lines.append("  " + ", ".join(f"{name} {size:,} × {len(self.columns[name])}" for name, size in sizes.items()))
        return "\n".join(lines)

    def flat(self) -> pd.DataFrame:
        """One row a win for spreadsheets and plots: the columns of `wins`, lists joined by "; ".

        `places` has the English names of a win's countries and regions, where the table `countries`
        and what joins the two were loaded.
        """
        frame = self["wins"].copy()
        for column in frame.columns:
            if column != "report" and schema.table("wins").column(column).type == "strings":
                frame[column] = frame[column].map("; ".join)
        countries = self["countries"] if "countries" in self.columns else None
        if countries is not None and {"win_id", "name"} <= set(countries.columns) and "win_id" in frame.columns:
            places = countries.groupby("win_id", sort=False)["name"].agg("; ".join)
            frame.insert(1, "places", frame["win_id"].map(places).fillna(""))
        return frame


# How many reports `repr` of a dataset names: enough for a decade of yearly reports.
SHOWN_REPORTS = 10


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _arrow_dataset(folder: Path, name: str) -> pads.Dataset:
    import pyarrow as pa
    import pyarrow.dataset as pads

    report = pa.field("report", pa.string())
    return pads.dataset(
        folder / name,
        schema=schema.arrow_schema(name).append(report),
        format="parquet",
        partitioning=pads.partitioning(pa.schema([report]), flavor="hive"),
    )


def _read(folder: Path, name: str, columns: Sequence[str]) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        table = _arrow_dataset(folder, name).to_table(columns=list(columns))
    except (OSError, pa.ArrowInvalid) as error:
        raise DatasetError(
            f"{folder / name} cannot be read ({error}): `winsextract verify {folder}` says more."
        ) from error
    frame: pd.DataFrame = table.to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get, date_as_object=False)
    for column in columns:
        field = schema.PARTITION if column == "report" else schema.table(name).column(column)
        if field.type in ("strings", "mentions"):
            frame[column] = pd.Series(table[column].to_pylist(), dtype="object")
        elif field.type == "date":
            frame[column] = frame[column].astype("datetime64[s]")
        elif field.enum or column == "report":
            found = set(frame[column].dropna())
            values = [*field.enum, *sorted(found - set(field.enum))]
            frame[column] = pd.Categorical(frame[column], categories=values)
    return frame
