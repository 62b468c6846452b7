"""Exports: the same rows in every format, nothing that a spreadsheet would compute, nothing else overwritten."""

from __future__ import annotations

import builtins
import datetime as dt
import hashlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

import winsextract
from winsextract import dataset, schema
from winsextract.cli import app
from winsextract.errors import DatasetError, MissingExtraError
from winsextract.export import CELL_CHARACTERS, TARGETS, export, harmless
from winsextract.records import (
    Affected,
    EventDate,
    Mention,
    Name,
    Outcome,
    Person,
    Place,
    Report,
    Source,
    Win,
)

# The documented call, see docs/export.md.
DOCUMENTED: dict[str, Any] = {
    "keep_default_na": False,
    "na_values": [""],
    "dtype": {"numeric": str, "code": str, "edtf": str, "event_date": str},
}

NAMIBIA = Place("country", "NAM", "Namibia", "NA", "516")
AUSTRIA = Place("country", "AUT", "Austria", "AT", "040")
WORLD = Place("region", "001", "World")
FORMULA = '=HYPERLINK("https://example.org";"Shikongo")'
BODY = f"Namibia: {FORMULA} was freed.\r\nSo was Zoë “Z” Amakali,\tsaid the court\x0b."


def win(report_id: str, position: int, **changes: Any) -> Win:
    values: dict[str, Any] = {
        "win_id": f"{report_id}/{position:03d}",
        "position": position,
        "month": None,
        "year": None,
        "section": None,
        "header": "-1 Days",
        "text": "+ World: #N/A",
        "start": 100,
        "end": 120,
        "places": (WORLD,),
        "outcomes": (Outcome("other", 0.5, None),),
        "people": (),
        "organisations": (Name("@home", ("#N/A", "-5"), 0.5, (Mention("@home", 0, 5),)),),
        "laws": (),
        "dates": (),
        "event_date": None,
        "affected": None,
    }
    return Win(**(values | changes))


def report(report_id: str, *, long: int = 0) -> Report:
    """Two wins: one whose words are formulas in a spreadsheet, one with next to nothing."""
    day = dt.date(1899, 3, 5)
    full = win(
        report_id,
        1,
        month=3,
        year=1899,
        section="MARCH",
        header="Namibia/Austria",
        text=BODY + "x" * long,
        places=(NAMIBIA, AUSTRIA),
        outcomes=(Outcome("release", 0.9, Mention("freed", 60, 65)), Outcome("ruling", 0.4, None)),
        people=(
            Person(FORMULA, ("Shikongo", "S."), "beneficiary", 0.9, 0.9, (Mention(FORMULA, 9, 53),)),
            Person("Zoë “Z” Amakali", (), "beneficiary", 0.9, 0.9, (Mention("Zoë “Z” Amakali", 70, 85),)),
        ),
        organisations=(),
        event_date=EventDate("1899-03-05", day, day, "day", "text", 0.9),
        affected=Affected(2, "named", "exact", None),
        review_reasons=("two names", "old date"),
    )
    source = Source("raw/report.txt", BODY, hashlib.sha256(BODY.encode()).hexdigest(), "utf-8", "text/plain", True)
    return Report(report_id, "+Good news", 1899, source, (full, win(report_id, 2)), ())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    dataset.write([report("b-2"), report("a-1")], tmp_path / "output")
    return tmp_path / "output"


def columns(name: str) -> list[str]:
    return ["report", *(field.name for field in schema.table(name).fields)]


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1 Days", "'-1 Days"),
        ("@home", "'@home"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("  =1+1", "'  =1+1"),
        ("＝1+1", "'＝1+1"),
        ("\tfreed", "'\tfreed"),
        ("-5", "-5"),
        ("+0.5", "+0.5"),
        ("-0044", "-0044"),  # a year before Christ, as EDTF
        ("2024-02-17", "2024-02-17"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_text_that_would_be_computed_gets_an_apostrophe(value: str, cell: str) -> None:
    assert harmless(value) == cell


def test_csv_reads_back_with_the_documented_call(folder: Path, tmp_path: Path) -> None:
    done = export(folder, to="csv", output=tmp_path / "tables")
    assert sorted(p.name for p in done.path.iterdir()) == sorted(f"{name}.csv" for name in schema.TABLE_NAMES)
    for name in schema.TABLE_NAMES:
        frame = pd.read_csv(done.path / f"{name}.csv", **DOCUMENTED)
        assert list(frame.columns) == columns(name)
        assert len(frame) == done.rows[name]
    countries = pd.read_csv(done.path / "countries.csv", **DOCUMENTED)
    assert list(countries.alpha_2[:2]) == ["NA", "AT"], "Namibia's code is no missing value"
    assert countries.alpha_2.isna().sum() == 2, "and the World has none"
    assert list(countries.numeric[:2]) == ["516", "040"]
    wins = pd.read_csv(done.path / "wins.csv", **DOCUMENTED)
    assert list(wins.win_id) == ["a-1/001", "a-1/002", "b-2/001", "b-2/002"]
    assert wins.countries[0] == "NAM; AUT"
    assert wins.people[0] == f"'{FORMULA}; Zoë “Z” Amakali"
    assert wins.text[0] == BODY, "line ends, quotes and tabs inside a cell survive"
    assert wins.people_affected[0] == 2
    people = pd.read_csv(done.path / "people.csv", **DOCUMENTED)
    assert (people.aliases[0], people.mentions[0]) == ("Shikongo; S.", f"'{FORMULA} [9:53]")


def test_csv_holds_nothing_that_computes(folder: Path, tmp_path: Path) -> None:
    done = export(folder, to="csv", output=tmp_path / "tables")
    for file in done.path.iterdir():
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        risky = frame.map(lambda cell: cell.lstrip()[:1] in tuple("=+-@"))
        assert not frame[risky].stack().dropna().tolist()


def test_the_same_dataset_gives_the_same_csv(folder: Path, tmp_path: Path) -> None:
    dataset.write([report("a-1"), report("b-2")], tmp_path / "other order")
    first = export(folder, to="csv", output=tmp_path / "1").path
    second = export(tmp_path / "other order", to="csv", output=tmp_path / "2").path
    assert {p.name: p.read_bytes() for p in first.iterdir()} == {p.name: p.read_bytes() for p in second.iterdir()}


def test_xlsx_has_a_sheet_a_table_and_text_stays_text(folder: Path, tmp_path: Path) -> None:
    done = export(folder, to="xlsx", output=tmp_path / "wins.xlsx")
    book = openpyxl.load_workbook(done.path)
    assert book.sheetnames == list(schema.TABLE_NAMES)
    for name in schema.TABLE_NAMES:
        sheet = book[name]
        assert [cell.value for cell in sheet[1]] == columns(name)
        assert sheet.max_row == done.rows[name] + 1
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(8 <= width.width <= 60 for width in sheet.column_dimensions.values())
        assert not {cell.data_type for row in sheet.iter_rows() for cell in row} & {"f", "e"}, "formulas or errors"
    names = {cell.value: cell for cell in book["people"]["C"]}
    assert names[FORMULA].quotePrefix
    assert not names["Zoë “Z” Amakali"].quotePrefix
    assert next(c.value for c in book["organisations"]["D"][1:]) == "#N/A; -5"


def test_xlsx_reads_back_with_pandas(folder: Path, tmp_path: Path) -> None:
    done = export(folder, to="xlsx", output=tmp_path / "wins.xlsx")
    sheets = pd.read_excel(done.path, sheet_name=None, **DOCUMENTED)
    assert list(sheets["countries"].alpha_2[:2]) == ["NA", "AT"]
    wins = sheets["wins"]
    assert wins.text[0] == BODY.replace("\r\n", "\n").replace("\x0b", "\ufffd"), "what a cell cannot hold is replaced"
    assert wins.event_start[0] == "1899-03-05", "Excel has no days before 1900"
    assert list(wins.review_needed) == [True, False, True, False]


def test_xlsx_shortens_what_no_cell_can_hold(tmp_path: Path) -> None:
    dataset.write(report("a-1", long=40_000), tmp_path / "output")
    export(tmp_path / "output", to="xlsx", output=tmp_path / "wins.xlsx")
    text = pd.read_excel(tmp_path / "wins.xlsx", sheet_name="wins").text[0]
    assert len(text) == CELL_CHARACTERS
    assert text.endswith("x…")


def test_sqlite_has_keys_and_holds_together(folder: Path, tmp_path: Path) -> None:
    done = export(folder, to="sqlite", output=tmp_path / "wins.sqlite")
    connection = sqlite3.connect(done.path)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    assert not connection.execute("PRAGMA foreign_key_check").fetchall()
    for name in schema.TABLE_NAMES:
        info = connection.execute(f'PRAGMA table_info("{name}")').fetchall()
        assert [row["name"] for row in info] == columns(name)
        key = sorted((row["pk"], row["name"]) for row in info if row["pk"])
        assert tuple(column for _, column in key) == schema.table(name).key
        targets = {row["table"] for row in connection.execute(f'PRAGMA foreign_key_list("{name}")')}
        assert targets == {"reports": set(), "wins": {"reports"}}.get(name, {"reports", "wins"})
        assert connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] == done.rows[name]
    first = connection.execute("SELECT * FROM wins").fetchone()
    assert first["event_start"] == "1899-03-05"
    assert json.loads(first["people"]) == [FORMULA, "Zoë “Z” Amakali"], "no apostrophe where nothing computes"
    namibia = "SELECT w.win_id FROM wins w, json_each(w.countries) c WHERE c.value = 'NAM' ORDER BY 1"
    assert [row[0] for row in connection.execute(namibia)] == ["a-1/001", "b-2/001"]
    assert connection.execute("SELECT alpha_2 FROM countries").fetchone()[0] == "NA"
    assert (
        "-- ISO 3166-1 alpha-3 code" in connection.execute("SELECT group_concat(sql) FROM sqlite_master").fetchone()[0]
    )
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("DELETE FROM wins")
    connection.close()


def test_duckdb_keeps_lists_dates_and_descriptions(folder: Path, tmp_path: Path) -> None:
    done = export(folder, to="duckdb", output=tmp_path / "wins.duckdb")
    with duckdb.connect(str(done.path), read_only=True) as connection:
        row = connection.execute("SELECT people, event_start, review_needed FROM wins").fetchone()
        assert row == ([FORMULA, "Zoë “Z” Amakali"], dt.date(1899, 3, 5), True)
        mentions = connection.execute("SELECT mentions FROM people").fetchone()
        assert mentions == ([{"text": FORMULA, "start": 9, "end": 53}],)
        assert connection.execute("SELECT alpha_2 FROM countries").fetchone() == ("NA",)
        for name in schema.TABLE_NAMES:
            comments = connection.execute(
                "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ? ORDER BY column_index", [name]
            ).fetchall()
            assert [column for column, _ in comments] == columns(name)
            assert all(comment for _, comment in comments)


def test_every_format_has_the_rows_that_load_gives(folder: Path, tmp_path: Path) -> None:
    data = winsextract.load(folder)
    for to in TARGETS:
        assert export(folder, to=to, output=tmp_path / to).rows == {
            name: len(data[name]) for name in schema.TABLE_NAMES
        }


@pytest.mark.parametrize("to", TARGETS)
def test_an_earlier_export_is_replaced_and_nothing_else(to: str, folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "exported"
    export(folder, to=to, output=path)
    export(folder, to=to, output=path)
    assert not list(tmp_path.glob(".winsextract-*"))
    precious = path / "people.csv" if to == "csv" else path
    precious.write_bytes(b"years of work")
    with pytest.raises(DatasetError, match="no earlier export"):
        export(folder, to=to, output=path)
    assert precious.read_bytes() == b"years of work"


@pytest.mark.parametrize("to", TARGETS)
def test_nothing_is_written_into_the_dataset(to: str, folder: Path) -> None:
    before = sorted(folder.rglob("*"))
    with pytest.raises(DatasetError, match="inside the dataset"):
        export(folder, to=to, output=folder / "wins" / "export")
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(("to", "library"), [("xlsx", "openpyxl"), ("duckdb", "duckdb")])
def test_a_missing_library_is_named(
    to: str, library: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingExtraError, match=r"pip install 'winsextract\[export\]'"):
        export(folder, to=to, output=tmp_path / "exported")
    assert not (tmp_path / "exported").exists()


def test_command(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke
    for to, target in TARGETS.items():
        result = run(app, ["export", "output/", "--to", to])
        assert result.exit_code == 0, result.output
        assert result.output.startswith(f"{target.default}: reports 2, wins 4")
        assert Path(target.default).exists()
    assert run(app, ["export", "output/"]).exit_code == 2
    assert run(app, ["export", "output/", "--to", "docx"]).exit_code == 2
    empty = run(app, ["export", "nowhere/", "--to", "csv"])
    assert (empty.exit_code, "holds no reports" in empty.output) == (1, True)
    taken = run(app, ["export", "output/", "--to", "csv", "--output", "wins.xlsx"])
    assert (taken.exit_code, "wins.xlsx" in taken.output) == (1, True)
