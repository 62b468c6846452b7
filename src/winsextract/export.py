"""A dataset in the formats of other programs: CSV, XLSX, SQLite, DuckDB.

All four have the eight tables with the columns of `schema.py`, reports in the order of
their ids and rows as the report has them. They differ in what a cell can be:

- DuckDB keeps everything as it is, lists and dates too.
- SQLite has keys and foreign keys; a list is a JSON array (`json_each` reads it).
- CSV and XLSX join lists with "; ", a mention as `words [start:end]`.

Words from a report must not become a formula in a spreadsheet. In CSV, text that begins
with one of `FORMULA_STARTS` gets an apostrophe before it; numbers stay, and so does text
that is nothing but a number. XLSX knows the types of its cells: there, text is stored as text, and
the cell carries the mark that an apostrophe typed into Excel would set.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winsextract import schema
from winsextract.dataset import load
from winsextract.errors import DatasetError, MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

LIST_SEPARATOR = "; "

# What makes a spreadsheet compute (OWASP, "CSV Injection"), the full-width forms included. White
# space before them does not help: an import may be told to trim it.
FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")

# Excel's limit for the characters of a cell, and what XML forbids in one.
CELL_CHARACTERS = 32_767
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Excel counts days from 1900 and takes that year for a leap year: earlier ones are written as text.
FIRST_EXCEL_DAY = dt.date(1900, 3, 1)
# In characters: room for a heading, and no text so wide that it pushes the next column off the screen.
NARROWEST, WIDEST = 8, 60
# A table of many reports need not be measured whole to see how wide its columns are.
MEASURED_ROWS = 1_000

SQLITE_TYPES = {"integer": "INTEGER", "number": "REAL", "boolean": "INTEGER"}
DUCKDB_TYPES = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "strings": "VARCHAR[]",
    "mentions": 'STRUCT("text" VARCHAR, "start" BIGINT, "end" BIGINT)[]',
}

# Tables by name; one that another refers to comes first.
Tables = Mapping[str, "pa.Table"]


@dataclass(frozen=True, slots=True)
class Target:
    """A format: where it is written unless asked otherwise, and the bytes (at an offset) that its files have."""

    name: str
    default: str
    mark: bytes
    mark_at: int
    write: Callable[[Tables, Path], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: the file (for CSV the folder) and the rows of each table."""

    path: Path
    rows: dict[str, int]


def export(folder: str | os.PathLike[str], *, to: str, output: str | os.PathLike[str] | None = None) -> Exported:
    """Write the dataset in `folder` as csv, xlsx, sqlite or duckdb.

    `output` is the file, for csv the folder, to write; unless given, `wins.xlsx` and the like
    in the current folder. An earlier export there is replaced, whole or not at all (CSV: file by file);
    anything else is left alone. Raises DatasetError where the dataset cannot be read or the output
    not be written, and MissingExtraError where the format's library is not installed.
    """
    if to not in TARGETS:
        raise DatasetError(f"There is no export to {to!r}; there are {', '.join(TARGETS)}.")
    target = TARGETS[to]
    path = Path(target.default if output is None else output)
    if path.resolve().is_relative_to(Path(folder).resolve()):
        raise DatasetError(f"{path} is inside the dataset, which holds its own files only: choose another --output.")
    tables = _tables(folder)
    try:
        finals = {f"{name}.csv": path / f"{name}.csv" for name in tables} if to == "csv" else {path.name: path}
        for final in finals.values():
            _check_replaceable(final, target)
        place = path if to == "csv" else path.parent
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place, prefix=".winsextract-") as draft:
            target.write(tables, Path(draft) if to == "csv" else Path(draft) / path.name)
            for name, final in finals.items():
                (Path(draft) / name).replace(final)
    except OSError as error:
        raise DatasetError(f"{path} cannot be written ({error.strerror or error}): choose another --output.") from error
    return Exported(path, {name: table.num_rows for name, table in tables.items()})


def _check_replaceable(path: Path, target: Target) -> None:
    if path.is_dir():
        raise DatasetError(f"{path} is a folder: name a file with --output.")
    if not path.exists():
        return
    with path.open("rb") as file:
        file.seek(target.mark_at)
        if file.read(len(target.mark)) != target.mark:
            raise DatasetError(f"{path} exists and is no earlier export: choose another --output, or remove it first.")


def _tables(folder: str | os.PathLike[str]) -> dict[str, pa.Table]:
    """The tables as Arrow has them, the report's id first, `reports` and `wins` before what refers to them."""
    import pyarrow as pa

    data = load(folder)
    tables = {}
    for name in sorted(schema.TABLE_NAMES, key=lambda name: ("reports", "wins", name).index(name)):
        frame = data[name].sort_values("report", kind="stable")
        words = dict.fromkeys(frame.select_dtypes("category").columns, object)
        arrow_schema = schema.arrow_schema(name).insert(0, pa.field("report", pa.string(), nullable=False))
        try:
            tables[name] = pa.Table.from_pandas(frame.astype(words), schema=arrow_schema, preserve_index=False)
        except ValueError as error:  # a column that the version which wrote the files did not know
            raise DatasetError(_broken(error)) from error
    return tables


def _columns(name: str) -> list[schema.Field]:
    return [schema.PARTITION, *schema.table(name).fields]


def _references(name: str) -> dict[str, tuple[str, str]]:
    """The columns of a table that point at another table's, with what they point at."""
    report = {} if name == "reports" else {"report": ("reports", "report_id")}
    return report | dict(schema.table(name).references)


# CSV and XLSX


def harmless(value: str) -> str:
    """The text as a CSV cell that no spreadsheet takes for a formula: unchanged, or with an apostrophe before it."""
    computes = value.startswith(FORMULA_STARTS) or value.lstrip().startswith(FORMULA_STARTS)
    return f"'{value}" if computes and not NUMBER.fullmatch(value) else value


def _flat(value: Any) -> Any:
    """A cell's value, with a list as text."""
    if not isinstance(value, list):
        return value
    return LIST_SEPARATOR.join(_item(item) for item in value)


def _item(item: Any) -> str:
    if isinstance(item, dict):
        return item["text"] if item["start"] is None else f"{item['text']} [{item['start']}:{item['end']}]"
    return str(item)


def _rows(table: pa.Table) -> Iterator[list[Any]]:
    for row in table.to_pylist():
        yield [_flat(value) for value in row.values()]


def _write_csv(tables: Tables, folder: Path) -> None:
    """A file a table: UTF-8, the line ends of RFC 4180, nothing for null."""
    for name, table in tables.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table.column_names)
            for row in _rows(table):
                writer.writerow(harmless(value) if isinstance(value, str) else value for value in row)


def _write_xlsx(tables: Tables, file: Path) -> None:
    """A sheet a table, under a heading that stays in sight, with a filter."""
    try:
        from openpyxl import Workbook
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.styles import Font
        from openpyxl.utils import get_column_letter
    except ImportError as error:
        raise MissingExtraError(_missing("XLSX")) from error

    book = Workbook(write_only=True)
    for name in schema.TABLE_NAMES:
        table = tables[name]
        sheet = book.create_sheet(name)
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = f"A1:{get_column_letter(table.num_columns)}{table.num_rows + 1}"
        rows = list(_rows(table))
        for number, heading in enumerate(table.column_names):
            longest = max((_width(row[number]) for row in rows[:MEASURED_ROWS]), default=0)
            width = min(max(longest, len(heading) + 3, NARROWEST), WIDEST)
            sheet.column_dimensions[get_column_letter(number + 1)].width = width

        def cell(value: Any, sheet: Any = sheet) -> Any:
            if isinstance(value, dt.date) and value < FIRST_EXCEL_DAY:
                value = value.isoformat()
            if not isinstance(value, str):
                made = WriteOnlyCell(sheet, value)
                if isinstance(value, dt.date):
                    made.number_format = "yyyy-mm-dd"
                return made
            made = WriteOnlyCell(sheet, _for_excel(value))
            made.data_type = "s"  # else "=1+1" would be a formula and "#N/A" an error
            made.quotePrefix = harmless(value) != value
            return made

        headings = [WriteOnlyCell(sheet, heading) for heading in table.column_names]
        for heading in headings:
            heading.font = Font(bold=True)
        sheet.append(headings)
        for row in rows:
            sheet.append([cell(value) for value in row])
    book.save(file)


def _width(value: Any) -> int:
    """Characters of the longest line, with one for the margin."""
    return 0 if value is None else max(map(len, str(value).splitlines()), default=0) + 1


def _for_excel(value: str) -> str:
    value = NOT_IN_XML.sub("\ufffd", value.replace("\r\n", "\n").replace("\r", "\n"))
    return value if len(value) <= CELL_CHARACTERS else value[: CELL_CHARACTERS - 1] + "…"


# SQLite and DuckDB


def _create(name: str, type_of: Callable[[schema.Field], str]) -> str:
    """The CREATE TABLE of a table, with what the columns mean as comments."""
    lines = [
        (f'"{column.name}" {type_of(column)}{" NOT NULL" if column.required else ""}', column.description)
        for column in _columns(name)
    ]
    key = ", ".join(f'"{column}"' for column in schema.table(name).key)
    lines.append((f"PRIMARY KEY ({key})", ""))
    for column, (target, target_column) in _references(name).items():
        lines.append((f'FOREIGN KEY ("{column}") REFERENCES "{target}" ("{target_column}")', ""))
    body = "\n".join(
        f"  {code}{'' if number == len(lines) else ','}{f' -- {comment}' if comment else ''}"
        for number, (code, comment) in enumerate(lines, start=1)
    )
    return f'CREATE TABLE "{name}" (\n{body}\n)'


def _write_sqlite(tables: Tables, file: Path) -> None:
    connection = sqlite3.connect(file)
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        with connection:
            for name, table in tables.items():
                connection.execute(_create(name, lambda column: SQLITE_TYPES.get(column.type, "TEXT")))
                marks = ", ".join("?" * table.num_columns)
                rows = ([_for_sqlite(value) for value in row.values()] for row in table.to_pylist())
                connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', rows)
    except sqlite3.IntegrityError as error:
        raise DatasetError(_broken(error)) from error
    finally:
        connection.close()


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if isinstance(value, dt.date) else value


def _write_duckdb(tables: Tables, file: Path) -> None:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError(_missing("DuckDB")) from error

    try:
        with duckdb.connect(os.fspath(file)) as connection:
            for name, table in tables.items():
                connection.execute(_create(name, lambda column: DUCKDB_TYPES[column.type]))
                connection.register("rows_to_insert", table)
                connection.execute(f'INSERT INTO "{name}" SELECT * FROM rows_to_insert')
                connection.unregister("rows_to_insert")
                for column in _columns(name):
                    meaning = column.description.replace("'", "''")
                    connection.execute(f"""COMMENT ON COLUMN "{name}"."{column.name}" IS '{meaning}'""")
    except duckdb.ConstraintException as error:
        raise DatasetError(_broken(error)) from error


def _missing(what: str) -> str:
    return f"{what} needs an optional library: pip install 'winsextract[export]'."


def _broken(error: Exception) -> str:
    return f"The tables do not fit together ({error}): extract the reports again with `winsextract run --force`."


TARGETS = {
    target.name: target
    for target in (
        Target("csv", "wins-csv", b"report,", 0, _write_csv),
        Target("xlsx", "wins.xlsx", b"PK\x03\x04", 0, _write_xlsx),
        Target("sqlite", "wins.sqlite", b"SQLite format 3\x00", 0, _write_sqlite),
        Target("duckdb", "wins.duckdb", b"DUCK", 8, _write_duckdb),
    )
}
