"""No name of a person that was found is left anywhere; what is left in its place is still true."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from made import record, win
from typer.testing import CliRunner

from winsextract import corrections, dataset, pseudonyms, schema, view
from winsextract.cli import app
from winsextract.names import fold, words_of
from winsextract.pseudonyms import PseudonymsError

KEY = b"a key that nobody should use"
ROOT = Path(__file__).parents[1]
REPORTS = [
    *sorted((ROOT / "tests" / "reports").glob("*.txt")),
    *sorted((ROOT / "tests" / "reports").glob("*.md")),
    ROOT / "raw" / "report.txt",
]
CLOSED = {word for code in view._country_names([]).values() for word in words_of(code)} | pseudonyms.CALENDAR


def text_of(base: dict[str, Any]) -> str:
    """The report's text again, white space between its pieces restored."""
    pieces = sorted((*base["wins"], *base["unassigned"]), key=lambda piece: piece["span"])
    text = ""
    for piece in pieces:
        text += "\n" * (piece["span"][0] - len(text)) + piece["text"]
    return text


def changed(*wins: dict[str, Any], **options: Any) -> dict[str, Any]:
    base = record(wins, **options)
    result = pseudonyms.pseudonymise(base, text_of(base), KEY)
    jsonschema.validate(result, schema.json_schema())
    dataset.to_tables(result)
    text = text_of(result)
    for piece in spans(result):
        assert text[slice(*piece["span"])] == piece["text"]
    return result


def spans(value: Any) -> list[dict[str, Any]]:
    """Everything in a record that has a text and its place."""
    if isinstance(value, list):
        return [found for item in value for found in spans(item)]
    if isinstance(value, dict):
        inside = [found for item in value.values() for found in spans(item)]
        return [value, *inside] if value.get("span") else inside
    return []


def new(name: str) -> str:
    return pseudonyms.pseudonym(name, KEY)


def test_pseudonym() -> None:
    assert re.fullmatch(r"Person [0-9A-F]{8}", new("Guhdar Zebari"))
    assert new("Guhdar Zebari") == new("GUHDAR  Zébari") != new("Dilan Zebari")
    assert new("Guhdar Zebari") != pseudonyms.pseudonym("Guhdar Zebari", b"another key of enough length")


# people, text, text afterwards ({0}, {1}: pseudonyms in the order of the people)
TEXTS = [
    (["Guhdar Zebari"], "Guhdar Zebari was freed; Zebari’s friends wept.", "{0} was freed; {0}’s friends wept."),
    (["Guhdar Zebari"], "ZEBARI, Guhdar, Guhdar\u00a0Zebari", "{0}, {0}, {0}"),
    (["Ann Lee"], "Ann Lee and Lee and ANN LEE went. An annual lee.", "{0} and Lee and {0} went. An annual lee."),
    (["José Núñez-Pérez"], "José Núñez-Pérez: Jose, nunez and Pérez’", "{0}: {0}, {0} and {0}’"),
    (["Guhdar Zebari", "Dilan Zebari"], "Guhdar Zebari, Dilan Zebari, Dilan.", "{0}, {1}, {1}."),
    (["Aoife O’Brien"], "Aoife O’Brien, OBrien, O'Brien, Brien", "{0}, {0}, {0}, {0}"),
    (["Hope Mwangi"], "Hope Mwangi gave hope, hope, hope, hope. Hope!", "{0} gave hope, hope, hope, hope. {0}!"),
    (["April Jordan"], "April Jordan said in April in Jordan.", "{0} said in April in Jordan."),
    (["Guhdar Zebari"], "See https://x.org/guhdar-zebari, #FreeZebari, @gzebari!", "See {0}"),
    (["Guhdar Zebari"], "The Zebari Foundation and guhdarzebari@example.org", "The {0} Foundation and {0}"),
    (["刘晓波"], "他是刘晓波的朋友。", "他是{0}的朋友。"),
    (["Li"], "Li came. In Lima, li.", "{0} came. In Lima, li."),
]


@pytest.mark.parametrize(("people", "text", "expected"), TEXTS)
def test_text(people: list[str], text: str, expected: str) -> None:
    named = ", ".join(people)
    body = f"{text}\n{named}."
    result = changed(win("Jordan", body, people=[{"name": name} for name in people]))
    assert result["wins"][0]["text"].removeprefix("Jordan: ").partition("\n")[0] == expected.format(*map(new, people))


def test_one_person_under_several_names() -> None:
    result = changed(
        win("Iraq", "Guhdar Ali Zebari, Guhdar.", people=[{"name": "Guhdar Ali Zebari", "aliases": ["Guhdar"]}]),
        win(
            "Iraq",
            "Zebari was heard. Ali Zebari too.",
            people=[{"name": "Zebari"}, {"name": "Ali Zebari", "role": "other"}],
        ),
    )
    (first,), (second,) = (each["people"] for each in result["wins"])
    assert first["name"] == second["name"] == new("Guhdar Ali Zebari") and first["aliases"] == []
    assert len(second["mentions"]) == 2


def test_everything_else_is_renamed() -> None:
    base = win(
        "Iraq",
        "The Zebari Act of the Zebari Trust freed Guhdar Zebari on Zebari Day.",
        people=[{"name": "Guhdar Zebari"}],
        organisations=["Zebari Trust"],
        laws=["Zebari Act"],
        dates=[("Zebari Day", "2024-03-17")],
        outcomes=[("release", "freed Guhdar Zebari")],
    )
    result = changed(base, title="The year of Zebari", report_id="the-year-of-zebari")
    found, who = result["wins"][0], new("Guhdar Zebari")
    assert found["organisations"][0]["name"] == f"{who} Trust" and found["laws"][0]["name"] == f"{who} Act"
    assert found["dates"][0]["text"] == f"{who} Day" and found["outcomes"][0]["evidence"]["text"] == f"freed {who}"
    slug = f"the-year-of-{who.lower().replace(' ', '-')}"
    assert result["report"]["report_id"] == slug and found["win_id"] == f"{slug}/001"
    assert "zebari" not in fold(json.dumps(result, ensure_ascii=False))


def words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", text)


def run_of(text: str) -> str:
    """A text's folded words, a space round each."""
    return f" {' '.join(map(fold, words(text)))} "


def survivors(content: str, names: set[str], text: str) -> set[str]:
    """What is left in `content` of the names in a report: a form of several words, or a word of four letters and more.

    Countries and months are no names. Words that the report writes small may be left where they are
    small: they are ordinary words, or else the report would write them in capitals more often.
    """
    small = {fold(word) for word in words(text) if word.islower()}
    folded, left = run_of(content), set()
    found: dict[str, set[str]] = {}
    for word in words(content):
        found.setdefault(fold(word), set()).add(word)
    for name in names:
        parts = [fold(part) for part in words(name)]
        if len(parts) > 1 and run_of(name) in folded:
            left.add(name)
        for part in parts:
            there = found.get(part, set())
            if len(part) >= pseudonyms.LETTERS and part not in CLOSED and not part.isdigit():
                left |= there if part not in small else {word for word in there if not word.islower()}
    return left


def both(folder: Path, *files: Path) -> tuple[Path, Path]:
    """Datasets of reports with names and with pseudonyms."""
    key = folder / "key"
    key.write_bytes(KEY)
    for name, options in (("plain", []), ("hidden", ["--pseudonym-key", str(key)])):
        result = CliRunner().invoke(app, ["run", *map(str, files), "--output", str(folder / name / "output"), *options])
        assert result.exit_code == 0, result.output
    return folder / "plain" / "output", folder / "hidden" / "output"


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return both(tmp_path_factory.mktemp("pseudonyms"), *REPORTS[:2])


@pytest.mark.parametrize("file", REPORTS, ids=lambda file: file.stem)
def test_no_name_survives_in_any_file(file: Path, tmp_path: Path) -> None:
    plain, hidden = both(tmp_path, file)
    (base,) = dataset.read_reports(plain)
    people = [person for each in base["wins"] for person in each["people"]]
    names = {form for p in people for form in (p["name"], *p["aliases"], *(m["text"] for m in p["mentions"]))}
    assert len(names) > 20
    for kind in ("csv", "sqlite"):
        done = CliRunner().invoke(app, ["export", str(hidden), "--to", kind, "--output", str(tmp_path / kind)])
        assert done.exit_code == 0, done.output
    contents = {
        p.name: p.read_text(encoding="utf-8") for p in (*hidden.rglob("*.json"), *(tmp_path / "csv").rglob("*.csv"))
    }
    contents |= {
        name: frame.to_json(force_ascii=False, date_format="iso") for name, frame in dataset.load(hidden).items()
    }
    contents["sqlite"] = "\n".join(sqlite3.connect(tmp_path / "sqlite").iterdump())
    assert len(contents) > 10
    page = view.page_data(list(dataset.read_reports(hidden)))
    contents["page"] = json.dumps([page["title"], page["reports"], page["wins"]], ensure_ascii=False)
    assert json.dumps(page["wins"][0]["text"], ensure_ascii=False)[1:-1] in view.page(dataset.read_reports(hidden))
    text = text_of(base)
    assert {where: left for where, content in contents.items() if (left := survivors(content, names, text))} == {}
    assert survivors(text, names, text) != set()


def test_the_record_stays_true(outputs: tuple[Path, Path]) -> None:
    plain, hidden = outputs
    for old, base in zip(dataset.read_reports(plain), dataset.read_reports(hidden), strict=True):
        jsonschema.validate(base, schema.json_schema())
        text = text_of(base)
        for piece in spans(base):
            assert text[slice(*piece["span"])] == piece["text"]
        for before, each in zip(old["wins"], base["wins"], strict=True):
            assert [p["name"][:7] for p in each["people"]] == ["Person "] * len(each["people"])
            for field in ("outcome", "countries", "regions", "event_date", "month", "position"):
                assert each[field] == before[field]
            for entry in (*each["people"], *each["organisations"], *each["laws"]):
                assert entry["name"] in [m["text"] for m in entry["mentions"]]
        assert base["report"]["settings"]["pseudonymised"] == pseudonyms.key_mark(KEY)


def test_names_and_pseudonyms_are_kept_apart(outputs: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    plain, hidden = outputs
    monkeypatch.setenv("WINSEXTRACT_KEY", KEY.decode())
    file, run = str(REPORTS[0]), CliRunner().invoke
    mixed = run(app, ["run", file, "--output", str(plain), "--pseudonymise"])
    assert mixed.exit_code == 1 and "has names of people" in mixed.stderr
    mixed = run(app, ["run", file, "--output", str(hidden)])
    assert mixed.exit_code == 1 and "has pseudonyms of people" in mixed.stderr
    again = run(app, ["run", file, "--output", str(hidden), "--pseudonymise"])
    assert again.exit_code == 0 and "unchanged" in again.stdout


def test_corrections_work_with_pseudonyms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Corrections of the report as it is and of the page with pseudonyms, both in one folder."""
    monkeypatch.setenv("WINSEXTRACT_KEY", KEY.decode())
    file = tmp_path / "report.txt"
    file.write_text(
        "Wins of 2024\n\nMARCH\nIraq: On 17 March the journalist Guhdar Zebari was released from prison.\n\n"
        "Kenya: A court freed the journalist Achieng Odhiambo on 2 March.\n",
        encoding="utf-8",
    )
    output = tmp_path / "output"

    def run() -> dict[str, Any]:
        result = CliRunner().invoke(app, ["run", str(file), "--output", str(output), "--pseudonymise"])
        assert result.exit_code == 0 and "no longer fits" not in result.stderr, result.output
        (base,) = dataset.read_reports(output)
        return base

    base = run()
    second = base["wins"][1]
    key = corrections.win_key("Iraq: On 17 March the journalist Guhdar Zebari was released from prison.")
    fixes = [
        corrections.Correction(key, "people", [{"name": "Guhdar Zebari", "role": "official"}], "wins-of-2024/001"),
        corrections.Correction(corrections.win_key(second["text"]), "outcome", "relief", "wins-of-2024/002"),
    ]
    corrections.keep(tmp_path / "corrections", fixes)
    after = run()
    (person,) = after["wins"][0]["people"]
    assert (person["name"], person["role"]) == (new("Guhdar Zebari"), "official")
    assert after["wins"][1]["outcome"] == "relief"
    assert "Zebari" not in json.dumps(after)


@pytest.mark.parametrize(
    ("key", "message"), [("", "Pseudonyms need a key"), ("short", "has 5 characters, 16 at least")]
)
def test_keys_that_are_none(key: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINSEXTRACT_KEY", key)
    with pytest.raises(PseudonymsError, match=message):
        pseudonyms.read_key()
    (tmp_path / "key").write_text(key + "\n")
    with pytest.raises(PseudonymsError, match=message):
        pseudonyms.read_key(tmp_path / "key")
    with pytest.raises(PseudonymsError, match="cannot be read"):
        pseudonyms.read_key(tmp_path / "none")


def test_key_is_not_told(outputs: tuple[Path, Path]) -> None:
    for file in outputs[1].rglob("*"):
        if file.is_file():
            assert KEY not in file.read_bytes()
