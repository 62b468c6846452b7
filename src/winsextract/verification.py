"""Check a dataset: whether its files are what winsextract wrote, fit one another, and lost nothing.

From the folder alone: every report has all its files and there are no others; records fit their
JSON Schema; tables have their columns, keys and references, and are exactly what `to_tables`
makes of the record; pieces of a report don't overlap, are as long as their spans, and every
mention is what stands at its place in its win; the data package describes the reports.

Where a report's file is found, also: its hash; that it gives the text that `text_sha256` names;
that every piece stands there, and that nothing but white space stands outside all of them. The white
space between pieces is not kept in the record, so the text's own hash can be checked this way only.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winsextract import dataset, schema
from winsextract.errors import ConservationError, DatasetError, ReadError
from winsextract.names import one_line
from winsextract.pipeline import check_conservation
from winsextract.records import Segment, Segmentation, Unassigned

if TYPE_CHECKING:
    import pyarrow as pa

    from winsextract.dataset import Record

# Of the faults of one kind in one file, as many are listed: a person reads some and runs the report again.
MOST_FAULTS = 10
# What a dataset's folder may hold beside the dataset: its data dictionary, and a git repository's files.
COMPANIONS = ("README.md", ".git", ".gitignore", ".gitattributes")
# As much of a text is shown.
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong: the file that it is in, the place in that file ("" for the whole file), and what it is."""

    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}: {self.place}{' ' if self.place else ''}{self.what}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What was checked and what was found: `sources` were read again, `not_found` are reports whose file was not there."""

    reports: int
    sources: int
    not_found: tuple[str, ...]
    faults: tuple[Fault, ...]


def verify(output: Path, *, source: Path | None = None) -> Verification:
    """Everything that is wrong in a dataset.

    The reports' files are looked for in `source` (by name, then by hash), else where they were when
    they were read. Raises DatasetError where the folder holds no dataset.
    """
    try:
        dataset.recover(output)
    except DatasetError:
        # A folder that may only be read can be verified unless a report in it is half new.
        if (output / dataset.READY).exists():
            raise
    ids = _ids(output)
    if not ids:
        raise DatasetError(f"{output} holds no reports: `winsextract run REPORT --output {output}` puts them there.")
    if source is not None and not source.is_dir():
        raise DatasetError(f"{source}: there is no such folder to look for the reports' files in.")
    faults = list(_stray(output, ids))
    by_hash = _Files(source)
    found, not_found = 0, []
    for report_id in ids:
        record, wrong = _check_report(output, report_id)
        faults += wrong
        if record is None:
            continue
        file = by_hash.of(record)
        if file is None:
            not_found.append(report_id)
            continue
        found += 1
        faults += _in_source(record, file, f"json/{report_id}.json")
    faults += _in_package(output, is_sound=not faults)
    return Verification(len(ids), found, tuple(not_found), tuple(faults))


def _ids(output: Path) -> list[str]:
    """Ids of which there is any file."""
    ids = {path.stem for path in output.glob("json/*.json")}
    for name in schema.TABLE_NAMES:
        ids |= {path.parent.name.partition("=")[2] for path in output.glob(schema.partition(name, "*"))}
    return sorted(ids)


def _names(report_id: str) -> list[str]:
    """The files of a report."""
    return [f"json/{report_id}.json", *(schema.partition(name, report_id) for name in schema.TABLE_NAMES)]


# ---------------------------------------------------------------- files


def _stray(output: Path, ids: Sequence[str]) -> Iterator[Fault]:
    """Files that belong to no report, and links, through which a dataset is not what its folder holds."""
    expected = {dataset.PACKAGE, *(name for report_id in ids for name in _names(report_id))}
    for path in sorted(output.rglob("*")):
        name = path.relative_to(output).as_posix()
        if name.split("/")[0] in COMPANIONS:
            continue
        if path.is_symlink():
            yield Fault(name, "", "is a symbolic link; a dataset has none.")
        elif path.is_dir():
            if not any(path.iterdir()):
                yield Fault(name, "", "is an empty folder.")
        elif name not in expected:
            yield Fault(name, "", "is no file of the dataset.")


# ---------------------------------------------------------------- one report


def _check_report(output: Path, report_id: str) -> tuple[Record | None, list[Fault]]:
    """The record of a report if it is fit to be compared with its source, and what is wrong in the report's files."""
    name = f"json/{report_id}.json"
    faults: list[Fault] = []
    if not re.fullmatch(schema.REPORT_ID, report_id):
        faults.append(Fault(name, "", f"has a name that is no report id ({report_id!r})."))
    record: Any = None
    try:
        record = json.loads((output / name).read_bytes())
    except FileNotFoundError:
        faults.append(Fault(name, "", "is missing."))
    except (OSError, ValueError, RecursionError) as error:
        faults.append(Fault(name, "", f"cannot be read ({str(error).splitlines()[0]})."))
    shape = list(_misfits(record, schema.json_schema())) if record is not None else []
    faults += _first(Fault(name, place, what) for place, what in shape)
    is_sound = record is not None and not shape
    if is_sound:
        faults += _first(_in_record(record, report_id, name))
    tables = {}
    for table in schema.TABLE_NAMES:
        try:
            tables[table] = _read(output / schema.partition(table, report_id))
        except FileNotFoundError:
            faults.append(Fault(schema.partition(table, report_id), "", "is missing."))
        except (OSError, ValueError) as error:
            faults.append(
                Fault(schema.partition(table, report_id), "", f"cannot be read ({str(error).splitlines()[0]}).")
            )
    for table, content in tables.items():
        faults += _first(_in_table(table, content, tables, report_id))
    if is_sound:
        with contextlib.suppress(DatasetError):  # the record's own faults are told already
            made = dataset.to_tables(record)
            for table, content in tables.items():
                faults += _first(_difference(table, content, made[table], report_id))
    return (record if is_sound else None), faults


def _first(faults: Iterator[Fault]) -> Iterator[Fault]:
    """Some of the faults of a kind, and how many more there are."""
    last, more = None, 0
    for n, fault in enumerate(faults):
        if n < MOST_FAULTS:
            yield fault
        else:
            last, more = fault, more + 1
    if last is not None:
        yield Fault(last.file, "", f"has {more:,} more such fault{'s' if more > 1 else ''}.")


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        return file.read()


# ---------------------------------------------------------------- the nested record


def _misfits(value: Any, definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Where and how a value does not fit a JSON Schema, of the keywords that `schema.json_schema` uses.

    Keywords that are not known here raise KeyError, so that a schema cannot ask for what nobody checks.
    """
    yield from _Fit(definition.get("$defs", {})).misfits(value, definition, "")


_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}
_SAID = frozenset({"$schema", "$defs", "title", "description"})


@dataclass(frozen=True, slots=True)
class _Fit:
    definitions: Mapping[str, Any]

    def misfits(self, value: Any, definition: Mapping[str, Any], place: str) -> Iterator[tuple[str, str]]:
        shown = _shown(value)
        for keyword, asked in definition.items():
            if keyword in _SAID:
                continue
            if keyword == "type":
                if not any(_is_type(value, name) for name in ([asked] if isinstance(asked, str) else asked)):
                    yield place, f"is {shown}, and should be {asked if isinstance(asked, str) else ' or '.join(asked)}."
                    return  # other keywords would say the same again
            elif keyword == "$ref":
                yield from self.misfits(value, self.definitions[asked.rpartition("/")[2]], place)
            elif keyword == "anyOf":
                tried = [list(self.misfits(value, one, place)) for one in asked]
                if all(tried):
                    # The alternative that comes closest says it best: null fits no record at all.
                    yield from max(tried, key=lambda found: max(len(where) for where, _ in found))
            elif keyword == "enum":
                if not any(value == one and type(value) is type(one) for one in asked):
                    yield place, f"is {shown}, which is none of its values."
            elif keyword == "const":
                if value != asked:
                    yield place, f"is {shown}, and should be {asked!r}."
            elif isinstance(value, dict):
                yield from self._object(value, keyword, asked, definition, place)
            elif isinstance(value, list):
                yield from self._array(value, keyword, asked, place)
            elif value is not None and not _fits(value, keyword, asked):
                yield place, f"is {shown}, against {keyword} {asked}."

    def _object(
        self, value: dict[str, Any], keyword: str, asked: Any, definition: Mapping[str, Any], place: str
    ) -> Iterator[tuple[str, str]]:
        if keyword == "required":
            yield from ((place, f"has no {key!r}.") for key in asked if key not in value)
        elif keyword == "properties":
            for key in asked.keys() & value.keys():
                yield from self.misfits(value[key], asked[key], f"{place}.{key}".lstrip("."))
        elif keyword == "additionalProperties":
            for key in value.keys() - definition.get("properties", {}).keys():
                if asked is False:
                    yield place, f"has {key!r}, which no record has."
                else:
                    yield from self.misfits(value[key], asked, f"{place}.{key}".lstrip("."))
        else:
            raise KeyError(keyword)

    def _array(self, value: list[Any], keyword: str, asked: Any, place: str) -> Iterator[tuple[str, str]]:
        if keyword == "items":
            for n, item in enumerate(value):
                yield from self.misfits(item, asked, f"{place}[{n}]")
        elif keyword in ("minItems", "maxItems"):
            if (len(value) < asked) if keyword == "minItems" else (len(value) > asked):
                yield place, f"has {len(value)} entries, against {keyword} {asked}."
        else:
            raise KeyError(keyword)


def _is_type(value: Any, name: str) -> bool:
    return isinstance(value, _TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def _fits(value: Any, keyword: str, asked: Any) -> bool:
    """Whether a string or a number keeps to a limit; limits of other kinds of values don't concern it."""
    if keyword in ("minimum", "maximum"):
        return isinstance(value, str | bool) or (value >= asked if keyword == "minimum" else value <= asked)
    if keyword == "pattern":
        return not isinstance(value, str) or re.search(asked, value) is not None
    if keyword == "format":
        return not isinstance(value, str) or _is_day(value)
    if keyword in ("items", "minItems", "maxItems", "required", "properties", "additionalProperties"):
        return True
    raise KeyError(keyword)


def _is_day(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return False
    try:
        dt.date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _shown(value: Any) -> str:
    """A value as a message shows it: a line, and not too long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def _in_record(record: Record, report_id: str, file: str) -> Iterator[Fault]:
    """What does not hold within a record that fits its schema."""
    if record["report"]["report_id"] != report_id:
        yield Fault(file, "report.report_id", f"is {record['report']['report_id']!r}, unlike the file's name.")
    for n, win in enumerate(record["wins"]):
        if win["win_id"] != f"{report_id}/{win['position']:03d}":
            yield Fault(
                file, f"wins[{n}].win_id", f"is {win['win_id']!r}, and the win's position is {win['position']}."
            )
        yield from _in_win(win, f"wins[{n}]", file)
    places = [(f"{kind}[{n}]", piece) for kind in ("wins", "unassigned") for n, piece in enumerate(record[kind])]
    for place, piece in places:
        if piece["span"] and piece["span"][1] - piece["span"][0] != len(piece["text"]):
            yield Fault(
                file,
                place,
                f"has {len(piece['text'])} characters, and its span {piece['span']} has {piece['span'][1] - piece['span'][0]}.",
            )
    at, before = 0, ""
    for (start, end), place in sorted((piece["span"], place) for place, piece in places if piece["span"]):
        if start < at:
            yield Fault(file, place, f"has characters {start} to {min(at, end)}, which {before} has too.")
        at, before = (end, place) if end > at else (at, before)


def _in_win(win: Record, place: str, file: str) -> Iterator[Fault]:
    """Mentions that are not what stands at their place, and names that no mention has."""
    for here, mention in _mentions(win):
        words, span = mention["text"], mention["span"]
        if span is None or win["span"] is None:
            if words not in win["text"]:
                yield Fault(file, f"{place}.{here}", f"is {_shown(words)}, which the win's text does not have.")
            continue
        start, end = span
        if start < win["span"][0] or end > win["span"][1]:
            yield Fault(file, f"{place}.{here}", f"has the span {span}, outside its win's {win['span']}.")
        elif (there := win["text"][start - win["span"][0] : end - win["span"][0]]) != words:
            yield Fault(file, f"{place}.{here}", f"is {_shown(words)}, and at its span {span} stands {_shown(there)}.")
    for field in ("people", "organisations", "laws"):
        for n, entry in enumerate(win[field]):
            if entry["name"] not in [one_line(mention["text"]) for mention in entry["mentions"]]:
                yield Fault(
                    file, f"{place}.{field}[{n}].name", f"is {_shown(entry['name'])}, which none of its mentions says."
                )
    if win["outcomes"] and win["outcome"] not in [outcome["outcome"] for outcome in win["outcomes"]]:
        yield Fault(file, f"{place}.outcome", f"is {win['outcome']!r}, which is not among its outcomes.")
    if win["review"]["needed"] != bool(win["review"]["reasons"]):
        yield Fault(file, f"{place}.review.needed", "does not say whether there are reasons.")


def _mentions(win: Record) -> Iterator[tuple[str, Record]]:
    """Every text with a span in a win, and where it is in the win's record."""
    for field in ("people", "organisations", "laws", "dates"):
        for n, entry in enumerate(win[field]):
            yield from ((f"{field}[{n}].mentions[{m}]", mention) for m, mention in enumerate(entry["mentions"]))
    for n, outcome in enumerate(win["outcomes"]):
        if outcome["evidence"]:
            yield f"outcomes[{n}].evidence", outcome["evidence"]
    if win["people_affected"] and win["people_affected"]["evidence"]:
        yield "people_affected.evidence", win["people_affected"]["evidence"]
    for field in ("captions", "quotes"):
        yield from ((f"{field}[{n}]", piece) for n, piece in enumerate(win[field]))


# ---------------------------------------------------------------- tables


def _in_table(name: str, table: pa.Table, tables: Mapping[str, pa.Table], report_id: str) -> Iterator[Fault]:
    """Columns, required values, keys and references of one file of a table."""
    file = schema.partition(name, report_id)
    expected = schema.arrow_schema(name)
    if not table.schema.equals(expected):
        yield from _in_columns(file, table.schema, expected)
        return
    definition = schema.table(name)
    columns = {column.name: table.column(column.name).to_pylist() for column in definition.fields}
    for column in definition.fields:
        for n, value in enumerate(columns[column.name]):
            if value is None:
                if column.required:
                    yield Fault(file, f"row {n}:", f"{column.name} is null.")
            elif (column.enum and value not in column.enum) or not all(_fits(value, k, v) for k, v in _limits(column)):
                yield Fault(file, f"row {n}:", f"{column.name} is {_shown(value)}, which it cannot be.")
    keys = Counter(zip(*(columns[column] for column in definition.key), strict=True))
    for values, count in keys.items():
        if count > 1:
            yield Fault(file, "", f"has {count} rows of the key {', '.join(map(str, values))}.")
    for key, (target, target_key) in definition.references.items():
        if target in tables and target_key in tables[target].column_names:
            known = set(tables[target].column(target_key).to_pylist())
            for value in dict.fromkeys(columns[key]):
                if value not in known:
                    yield Fault(file, "", f"has the {key} {value!r}, which is not in {target}.")
    ids = (
        columns["report_id"] if name == "reports" else [str(win_id).rpartition("/")[0] for win_id in columns["win_id"]]
    )
    for other in sorted(set(ids) - {report_id}):
        yield Fault(file, "", f"has rows of the report {other!r}.")
    if name == "reports" and table.num_rows != 1:
        yield Fault(file, "", f"has {table.num_rows} rows, and should have one.")


def _limits(column: schema.Field) -> Iterator[tuple[str, Any]]:
    limits = {"pattern": column.pattern, "minimum": column.minimum, "maximum": column.maximum}
    return ((keyword, limit) for keyword, limit in limits.items() if limit is not None)


def _in_columns(file: str, found: pa.Schema, expected: pa.Schema) -> Iterator[Fault]:
    for name in expected.names:
        if name not in found.names:
            yield Fault(file, "", f"has no column {name!r}.")
        elif not found.field(name).equals(expected.field(name)):
            yield Fault(
                file,
                "",
                f"has {name!r} as {_field(found.field(name))}, and should have it as {_field(expected.field(name))}.",
            )
    for name in found.names:
        if name not in expected.names:
            yield Fault(file, "", f"has the column {name!r}, which the table does not have.")
    if sorted(found.names) == sorted(expected.names) and found.names != expected.names:
        yield Fault(file, "", "has its columns in another order.")


def _field(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


def _difference(name: str, found: pa.Table, made: pa.Table, report_id: str) -> Iterator[Fault]:
    """Where a table is not what the record gives."""
    file = schema.partition(name, report_id)
    if not found.schema.equals(made.schema) or found.equals(made):
        return
    if found.num_rows != made.num_rows:
        yield Fault(file, "", f"has {found.num_rows} rows, and json/{report_id}.json gives {made.num_rows}.")
        return
    for column in made.column_names:
        for n, (here, there) in enumerate(
            zip(found.column(column).to_pylist(), made.column(column).to_pylist(), strict=True)
        ):
            if here != there:
                yield Fault(
                    file, f"row {n}:", f"{column} is {_shown(here)}, and json/{report_id}.json says {_shown(there)}."
                )


# ---------------------------------------------------------------- the data package


def _in_package(output: Path, *, is_sound: bool) -> Iterator[Fault]:
    """Where `datapackage.json` does not describe the reports; what it says of damaged ones is left alone."""
    try:
        found = json.loads((output / dataset.PACKAGE).read_bytes())
    except FileNotFoundError:
        yield Fault(dataset.PACKAGE, "", "is missing.")
        return
    except (OSError, ValueError, RecursionError) as error:
        yield Fault(dataset.PACKAGE, "", f"cannot be read ({str(error).splitlines()[0]}).")
        return
    expected = dataset.package(output)
    if not isinstance(found, dict):
        yield Fault(dataset.PACKAGE, "", "is no data package.")
        return
    for key in sorted(found.keys() | expected.keys()):
        if found.get(key) != expected.get(key) and (is_sound or key != "sources"):
            yield Fault(dataset.PACKAGE, key, "does not describe the reports that are there.")


# ---------------------------------------------------------------- the reports' files


class _Files:
    """The files that reports may have been made from."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._by_hash: dict[str, Path] | None = None

    def of(self, record: Record) -> Path | None:
        """The file of a report: that of its name, else in the folder the one that has its hash; None for none."""
        source = record["report"]["source"]
        if source == "-" or "://" in source:
            named = []
        elif self._folder is None:
            named = [Path(source)]
        else:
            inside = [] if Path(source).is_absolute() or ".." in source else [self._folder / source]
            named = [*inside, self._folder / Path(source).name]
        found = next((path for path in named if path.is_file()), None)
        if self._folder is None or (found is not None and _sha256(found) == record["report"]["sha256"]):
            return found
        if self._by_hash is None:
            self._by_hash = {
                _sha256(path): path for path in sorted(self._folder.rglob("*"), reverse=True) if path.is_file()
            }
        return self._by_hash.get(record["report"]["sha256"], found)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _in_source(record: Record, path: Path, file: str) -> Iterator[Fault]:
    """Where a record is not about the file that it names, or lost something of it."""
    report = record["report"]
    if (found := _sha256(path)) != report["sha256"]:
        yield Fault(
            file,
            "report.sha256",
            f"is {report['sha256'][:12]}…, and {path} has {found[:12]}…: the file has changed; run it again.",
        )
        return
    if "pseudonymised" in report["settings"]:
        return  # its text is another one, which only the key could make again
    from winsextract.stages import read

    try:
        text = read.decode(path.read_bytes(), name=str(path), media_type=report["media_type"]).text
    except (OSError, ReadError) as error:
        yield Fault(file, "report.source", f"can no longer be read: {error}")
        return
    if (found := hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()) != report["text_sha256"]:
        yield Fault(
            file,
            "report.text_sha256",
            f"is {report['text_sha256'][:12]}…, and {path} now gives a text with {found[:12]}… (extracted by winsextract {report['extractor']['version']}): offsets count in another text; run it again.",
        )
        return
    pieces = [*record["wins"], *record["unassigned"]]
    if any(piece["span"] is None for piece in pieces):
        return
    wrong = [piece for piece in pieces if text[slice(*piece["span"])] != piece["text"]]
    for piece in wrong[:MOST_FAULTS]:
        yield Fault(
            file,
            f"span {piece['span']}",
            f"holds {_shown(piece['text'])}, and in {path} stands {_shown(text[slice(*piece['span'])])}.",
        )
    try:
        check_conservation(text, _segmentation(record))
    except ConservationError as error:
        yield Fault(file, "", f"does not keep all of {path}: {error}")


def _segmentation(record: Record) -> Segmentation:
    """The pieces of a record, as far as conservation needs them."""
    segments = tuple(
        Segment(win["position"], None, None, None, None, win["span"][0], win["span"][0], win["span"][1])
        for win in record["wins"]
    )
    unassigned = tuple(Unassigned(piece["kind"], piece["text"], *piece["span"]) for piece in record["unassigned"])
    return Segmentation(None, None, segments, unassigned)
