"""`winsextract verify`: every kind of damage is told, with its file and its place in it, and nothing else is."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import made
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_runner import contents
from typer.testing import CliRunner

from winsextract import dataset, pseudonyms, schema, verification
from winsextract.cli import app
from winsextract.errors import DatasetError

WINS = [
    made.win(
        "Iraq",
        "On 3 January 2001, a court acquitted journalist Guhdar Zebari, whom Amnesty International had defended.",
        people=[{"name": "Guhdar Zebari"}],
        organisations=["Amnesty International"],
        dates=[("3 January 2001", "2001-01-03")],
        outcomes=[("acquittal", "acquitted")],
    ),
    made.win("Chile", "Congress passed the Law on Truth.", laws=["Law on Truth"], outcomes=[("law_passed", "passed")]),
    made.win("Peru", "Máxima Acuña was acquitted.", people=[{"name": "Máxima Acuña", "aliases": []}]),
]
ID = "wins-of-2001"
OTHER = "wins-of-2002"
JSON = f"json/{ID}.json"


def text(year: int) -> str:
    return f"Wins of {year}\n\nMARCH\n" + "".join(f"{win['header']}: {win['body']}\n\n" for win in WINS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two reports and their dataset."""
    folder = tmp_path_factory.mktemp("verify")
    (folder / "in").mkdir()
    for year in (2001, 2002):
        (folder / f"in/wins-of-{year}.txt").write_text(text(year), encoding="utf-8")
    dataset.write([made.record(WINS, report_id=f"wins-of-{year}", year=year) for year in (2001, 2002)], folder / "out")
    return folder


@pytest.fixture
def folder(place: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(place / "out", tmp_path / "out"))


def told(folder: Path, source: Path | None = None) -> list[str]:
    return [str(fault) for fault in verification.verify(folder, source=source).faults]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports are looked for below the current folder, and none is there."""
    monkeypatch.chdir(tmp_path)


def test_what_was_written_has_no_faults(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert verification.verify(place / "out", source=place / "in") == verification.Verification(2, 2, (), ())
    assert verification.verify(place / "out") == verification.Verification(2, 0, (ID, OTHER), ())
    monkeypatch.chdir(place)
    (place / "in").rename("raw")
    try:
        assert verification.verify(Path("out")).sources == 2
    finally:
        (place / "raw").rename("in")


def test_verifying_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    told(folder)
    assert contents(folder) == before


# Damage to the files

Change = Callable[[Path], Any]


def part(name: str) -> str:
    return schema.partition(name, ID)


def edit(name: str, change: Callable[[pa.Table], pa.Table]) -> Change:
    def do(folder: Path) -> None:
        path = folder / part(name)
        pq.write_table(change(pq.ParquetFile(path).read()), path)

    return do


def package(change: Callable[[dict[str, Any]], Any]) -> Change:
    def do(folder: Path) -> None:
        found = json.loads((folder / "datapackage.json").read_text())
        change(found)
        (folder / "datapackage.json").write_text(json.dumps(found))

    return do


def column(name: str, values: list[Any], table: str = "wins") -> Change:
    """Put these values into a column."""
    expected = schema.arrow_schema(table).field(name)

    def change(found: pa.Table) -> pa.Table:
        return found.set_column(found.column_names.index(name), expected, pa.array(values, expected.type))

    return edit(table, change)


DAMAGE: list[tuple[str, Change, list[str]]] = [
    ("a record is gone", lambda f: (f / JSON).unlink(), [f"{JSON}: is missing."]),
    ("a table is gone", lambda f: (f / part("laws")).unlink(), ["laws/report=wins-of-2001: is an empty folder.", f"{part('laws')}: is missing."]),
    ("a record is cut", lambda f: (f / JSON).write_bytes((f / JSON).read_bytes()[:900]), [f"{JSON}: cannot be read (Un"]),
    ("a record is no JSON", lambda f: (f / JSON).write_bytes(b"\xff\xfe\x00"), [f"{JSON}: cannot be read ('utf"]),
    ("a record is deep", lambda f: (f / JSON).write_bytes(b"[" * 200_000), [f"{JSON}: cannot be read (max"]),
    ("a record is a list", lambda f: (f / JSON).write_bytes(b"[]"), [f"{JSON}: is [], and should be object."]),
    ("a table is damaged", lambda f: (f / part("people")).write_bytes(b"PAR1 damaged"), [f"{part('people')}: cannot be read ("]),
    ("a bit is turned", lambda f: (f / part("wins")).write_bytes((f / part("wins")).read_bytes()[:-60] + b"\0" * 60), [f"{part('wins')}: cannot be read ("]),
    ("a file is too many", lambda f: (f / "wins/notes.txt").write_text("x"), ["wins/notes.txt: is no file of the dataset."]),
    ("a hidden file", lambda f: (f / ".DS_Store").write_text("x"), [".DS_Store: is no file of the dataset."]),
    ("a second part", lambda f: shutil.copy(f / part("wins"), (f / part("wins")).with_name("part-1.parquet")), ["wins/report=wins-of-2001/part-1.parquet: is no file"]),
    ("a link", lambda f: (f / "json/x").symlink_to("/etc/passwd"), ["json/x: is a symbolic link; a dataset has none."]),
    ("companions", lambda f: [(f / name).write_text("x") for name in ("README.md", ".gitignore")], []),
    ("no package", lambda f: (f / "datapackage.json").unlink(), ["datapackage.json: is missing."]),
    ("a package that is none", lambda f: (f / "datapackage.json").write_text("[]"), ["datapackage.json: is no data package."]),
    ("a package without a report", package(lambda p: p["resources"][3]["path"].pop()), ["datapackage.json: resources does not describe"]),
    ("a package with other sources", package(lambda p: p["sources"][0].update(title="x")), ["datapackage.json: sources does not describe"]),
    ("a column is gone", edit("dates", lambda t: t.drop_columns("edtf")), [f"{part('dates')}: has no column 'edtf'."]),
    ("a column is too many", edit("laws", lambda t: t.append_column("x", pa.array([1] * len(t)))), [f"{part('laws')}: has the column 'x'"]),
    ("a column of another type", edit("wins", lambda t: t.set_column(1, "position", pa.array([1.0, 2.0, 3.0]))), [f"{part('wins')}: has 'position' as double, and should have it as int64 not null."]),
    ("another order", edit("laws", lambda t: t.select([*t.column_names[::-1]])), [f"{part('laws')}: has its columns in another order."]),
    ("a value that there is not", column("outcome", ["escape", "law_passed", "release"]), [f'{part("wins")}: row 0: outcome is "escape", which it cannot be.', f'{part("wins")}: row 0: outcome is "escape", and {JSON} says']),
    ("a month that there is not", column("month", [13, 3, 3]), [f"{part('wins')}: row 0: month is 13, which it cannot be.", f"{part('wins')}: row 0: month is 13, and {JSON} says 3."]),
    ("a value of a table", column("year", [2001, 2001, 1999]), [f"{part('wins')}: row 2: year is 1999, and {JSON} says 2001."]),
    ("a row is gone", edit("countries", lambda t: t.slice(1)), [f"{part('countries')}: has 2 rows, and {JSON} gives 3."]),
    ("a row is there twice", edit("countries", lambda t: pa.concat_tables([t, t.slice(0, 1)])), [f"{part('countries')}: has 2 rows of the key {ID}/001, 1.", f"{part('countries')}: has 4 rows, and"]),
    ("a row of no win", edit("wins", lambda t: t.slice(0, 2)), [f"{part('wins')}: has 2 rows, and", *(f"{part(name)}: has the win_id '{ID}/003', which is not in wins." for name in ("countries", "people", "outcomes"))]),
    ("the file of another report", lambda f: shutil.copy(f / schema.partition("reports", "wins-of-2002"), f / part("reports")), [f"{part('reports')}: has rows of the report 'wins-of-2002'.", f"{part('reports')}: row 0: report_id is"]),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [d[1:] for d in DAMAGE], ids=[d[0] for d in DAMAGE])
def test_damage_is_told_with_its_place(change: Change, expected: list[str], folder: Path) -> None:
    change(folder)
    found = told(folder)
    for words in expected:
        assert any(line.startswith(words) for line in found), (words, found)
    # What is damaged is told, and nothing that is not: `expected` names every file that is concerned.
    files = {words.split(": ")[0] for words in expected}
    assert {line.split(": ")[0] for line in found} <= files, found


# Damage to a record, all of whose tables are made from it


def win(n: int, change: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    return lambda record: change(record["wins"][n])


def longer(record: dict[str, Any]) -> None:
    record["unassigned"][0]["span"][1] += 1


def lost(record: dict[str, Any]) -> None:
    del record["unassigned"][-1]


RECORDS: list[tuple[str, Callable[[dict[str, Any]], Any], str]] = [
    ("a key is gone", win(0, lambda w: w.pop("quotes")), "wins[0] has no 'quotes'."),
    ("a key is too many", win(1, lambda w: w.update(note="x")), "wins[1] has 'note', which no record has."),
    ("a month that there is not", win(2, lambda w: w.update(month=13)), "wins[2].month is 13, against maximum 12."),
    ("a class that there is not", win(0, lambda w: w.update(outcome="escape")), 'wins[0].outcome is "escape", which is none of its values.'),
    ("a number that is text", win(0, lambda w: w.update(position="1")), 'wins[0].position is "1", and should be integer.'),
    ("a day that there is not", win(0, lambda w: w["dates"][0].update(end="2001-02-30")), 'wins[0].dates[0].end is "2001-02-30", against format date.'),
    ("no mention", win(0, lambda w: w["people"][0].update(mentions=[])), "wins[0].people[0].mentions has 0 entries, against minItems 1."),
    ("not sure at all", win(0, lambda w: w["people"][0].update(confidence=float("nan"))), "wins[0].people[0].confidence is NaN, against minimum 0."),
    ("another version", lambda r: r.update(schema_version="9"), "schema_version is \"9\", and should be '1'."),
    ("another id", lambda r: r["report"].update(report_id="x"), "report.report_id is 'x', unlike the file's name."),
    ("a win of another id", win(0, lambda w: w.update(win_id="x/001")), "wins[0].win_id is 'x/001', and the win's position is 1."),
    ("a mention moved", win(0, lambda w: w["people"][0]["mentions"][0].update(span=[40, 53])), 'wins[0].people[0].mentions[0] is "Guhdar Zebari", and at its span [40, 53] stands'),
    ("a mention outside", win(0, lambda w: w["people"][0]["mentions"][0].update(span=[1, 14])), "wins[0].people[0].mentions[0] has the span [1, 14], outside its win's"),
    ("a mention of nowhere", win(0, lambda w: w["people"][0]["mentions"][0].update(text="Nobody", span=None)), 'wins[0].people[0].mentions[0] is "Nobody", which the win\'s text does not have.'),
    ("a name that is none", win(0, lambda w: w["people"][0].update(name="Zebari")), 'wins[0].people[0].name is "Zebari", which none of its mentions says.'),
    ("evidence moved", win(0, lambda w: w["outcomes"][0].update(evidence={"text": "freed", "span": [40, 45]})), 'wins[0].outcomes[0].evidence is "freed", and at its span'),
    ("an outcome of no list", win(1, lambda w: w.update(outcome="relief")), "wins[1].outcome is 'relief', which is not among its outcomes."),
    ("a review of nothing", win(1, lambda w: w.update(review={"needed": True, "score": 0.5, "reasons": []})), "wins[1].review.needed does not say"),
    ("a span of another length", longer, "unassigned[0] has 12 characters, and its span [0, 13] has 13."),
    ("two pieces in one place", win(1, lambda w: w.update(span=[x - 50 for x in w["span"]])), ", which wins[0] has too."),
    ("a piece is lost", lost, "does not keep all of"),
    ("another file", lambda r: r["report"].update(sha256="0" * 64), "report.sha256 is 000000000000…, and"),
    ("another text", lambda r: r["report"].update(text_sha256="0" * 64), "report.text_sha256 is 000000000000…, and"),
    ("other words", lambda r: r["unassigned"][0].update(text="Wins of 1999"), "holds \"Wins of 1999\", and in"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), [d[1:] for d in RECORDS], ids=[d[0] for d in RECORDS])
def test_a_record_that_is_wrong_is_told(
    change: Callable[[dict[str, Any]], Any], expected: str, folder: Path, place: Path
) -> None:
    record = json.loads((folder / JSON).read_text(encoding="utf-8"))
    change(record)
    (folder / JSON).write_text(json.dumps(record), encoding="utf-8")
    found = told(folder, place / "in")
    assert any(line.startswith(f"{JSON}: ") and expected in line for line in found), found
    assert all("wins-of-2002" not in line for line in found)


def test_many_faults_of_a_kind_are_counted(folder: Path) -> None:
    record = json.loads((folder / JSON).read_text(encoding="utf-8"))
    record["wins"] = record["wins"] * 50
    (folder / JSON).write_text(json.dumps(record), encoding="utf-8")
    found = told(folder)
    assert f"{JSON}: has 137 more such faults." in found and len(found) < 40


# The reports' files


def test_a_file_that_has_changed_is_told(place: Path, tmp_path: Path) -> None:
    source = Path(shutil.copytree(place / "in", tmp_path / "in"))
    (source / "wins-of-2001.txt").write_text(text(2001) + "\n", encoding="utf-8")
    (found,) = told(place / "out", source)
    assert found.startswith(f"{JSON}: report.sha256 is ") and "wins-of-2001.txt has" in found


def test_files_are_found_by_their_hash_where_they_have_other_names(place: Path, tmp_path: Path) -> None:
    source = tmp_path / "elsewhere/deep"
    source.mkdir(parents=True)
    shutil.copy(place / "in/wins-of-2001.txt", source / "renamed.md")
    found = verification.verify(place / "out", source=tmp_path / "elsewhere")
    assert (found.sources, found.not_found, found.faults) == (1, ("wins-of-2002",), ())


def test_pseudonyms_are_verified_too(place: Path, tmp_path: Path) -> None:
    record = pseudonyms.pseudonymise(made.record(WINS, report_id=ID, year=2001), text(2001), b"k" * 32)
    dataset.write(record, tmp_path / "out")
    found = verification.verify(tmp_path / "out", source=place / "in")
    assert (found.sources, found.faults) == (1, ())


def test_what_is_half_written_is_finished_first(folder: Path) -> None:
    staged = folder / dataset.READY
    staged.parent.mkdir()
    shutil.move(folder / "json", staged / "json")
    assert told(folder) == []


# The command


def test_the_command_says_what_is_wrong_where(place: Path, folder: Path) -> None:
    done = CliRunner().invoke(app, ["verify", str(folder), "--source", str(place / "in")])
    assert (done.exit_code, done.stdout) == (0, f"{folder}: 2 reports, no faults.\n")
    (folder / "x").write_text("x")
    done = CliRunner().invoke(app, ["verify", str(folder), "--source", str(folder / "json")])
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "x: is no file of the dataset.",
        f"{folder}: 2 reports, 1 fault.",
        f"Not compared with their files, which were not found (--source DIR): {ID}, wins-of-2002.",
    ]


def test_a_folder_that_holds_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no reports"):
        verification.verify(tmp_path)
    done = CliRunner().invoke(app, ["verify", str(tmp_path / "none")])
    assert done.exit_code == 1 and "holds no reports" in done.stderr and not (tmp_path / "none").exists()


def test_a_source_that_is_no_folder_is_told(place: Path) -> None:
    with pytest.raises(DatasetError, match="no such folder"):
        verification.verify(place / "out", source=place / "in/wins-of-2001.txt")


# The JSON Schema is checked here by hand, since the library that does it is none of those that a run needs


@pytest.fixture(scope="module")
def record(place: Path) -> Any:
    return json.loads((place / "out" / JSON).read_text(encoding="utf-8"))


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3000),
    st.floats(-1, 2, allow_nan=False).filter(lambda x: not x.is_integer()),
    st.sampled_from(["", "release", "day", "2001-02-03", "2001-02-30", "2001-2-3", "IRQ", "EU", "a" * 64, "x/001"]),
    st.lists(st.integers(-1, 5), max_size=3),
    st.dictionaries(st.sampled_from(["text", "span", "name"]), st.none(), max_size=2),
)


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_schema_is_checked_as_the_library_does(record: Any, data: st.DataObject) -> None:
    changed = copy.deepcopy(record)
    for _ in range(data.draw(st.integers(1, 3))):
        at = changed
        while True:
            keys = sorted(at) if isinstance(at, dict) else list(range(len(at)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(at[key], dict | list) or not at[key] or data.draw(st.integers(0, 3)) == 0:
                break
            at = at[key]
        if isinstance(at, dict) and data.draw(st.booleans()):
            del at[key]
            at[data.draw(st.sampled_from(["more", "text", "span", "name"]))] = data.draw(VALUES)
        else:
            at[key] = data.draw(VALUES)
    validator = jsonschema.Draft202012Validator(schema.json_schema(), format_checker=jsonschema.FormatChecker())
    assert bool(list(verification._misfits(changed, schema.json_schema()))) != validator.is_valid(changed)


def test_a_keyword_that_nobody_checks_is_an_error() -> None:
    for value in ("x", 1, [1], {"x": 1}):
        with pytest.raises(KeyError, match="uniqueItems"):
            list(verification._misfits(value, {"uniqueItems": True}))
