"""What a person set right stays: applied by content, told where it no longer fits, and turned into training paragraphs."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from made import record, win
from typer.testing import CliRunner

from winsextract import corrections, dataset, runner, schema
from winsextract.cli import app
from winsextract.corrections import Correction, CorrectionsError

IRAQ = win(
    "Iraq",
    "On 17 March a judge freed Guhdar\u00a0Zebari, with his brother Dilan Zebari. Guhdar thanked Amnesty International.",
    outcomes=[("ruling", None)],
    people=[{"name": "Guhdar\u00a0Zebari", "confidence": 0.4}],
    reasons=["outcome without evidence", "person of low confidence", "no year"],
)
KENYA = win("Kenya", "Parliament passed the Refugee Act.", outcomes=[("law_passed", "passed")], laws=["Refugee Act"])
REPORT = record([IRAQ, KENYA])


def correction(field: str, value: Any, *, of: int = 0, base: dict[str, Any] = REPORT) -> Correction:
    found = base["wins"][of]
    return Correction(corrections.win_key(found["text"]), field, value, found["win_id"], found["header"])


def applied(*given: Correction, base: dict[str, Any] = REPORT, fits: bool = True) -> dict[str, Any]:
    result, unfit = corrections.apply(base, given)
    assert bool(unfit) != fits, unfit
    jsonschema.validate(result, schema.json_schema())
    dataset.to_tables(result)
    again, _ = corrections.apply(result, given)
    assert again == result
    text = {n: c for w in base["wins"] for n, c in enumerate(w["text"], start=w["span"][0])}
    for each in result["wins"]:
        for kind in ("people", "organisations", "laws", "dates"):
            for entry in each[kind]:
                for mention in entry["mentions"]:
                    assert mention["text"] == "".join(text[n] for n in range(*mention["span"]))
    return result


# field, value, what the record then has at this path
SET = [
    ("outcome", "release", ["outcome"], "release"),
    ("outcome", "release", ["outcomes", 0, "confidence"], 1.0),
    ("outcome", "release", ["corrected"], ["outcome"]),
    ("outcomes", [{"outcome": "release", "evidence": "freed"}, {"outcome": "ruling"}], ["outcome"], "release"),
    ("outcomes", [{"outcome": "release", "evidence": "freed"}], ["outcomes", 0, "evidence", "text"], "freed"),
    ("countries", ["IRQ", "NAM"], ["countries", 1, "alpha_2"], "NA"),
    ("countries", [], ["countries"], []),
    ("regions", ["EU"], ["regions", 0, "name"], "European Union"),
    ("people", [], ["people"], []),
    ("people", [{"name": "Guhdar Zebari", "role": "other"}], ["people", 0, "name"], "Guhdar Zebari"),
    ("people", [{"name": "guhdar zebari", "role": "other"}], ["people", 0, "role"], "other"),
    (
        "people",
        [{"name": "Guhdar Zebari", "aliases": ["Guhdar"], "role": "other"}],
        ["people", 0, "aliases"],
        ["Guhdar"],
    ),
    ("organisations", [{"name": "Amnesty International"}], ["organisations", 0, "confidence"], 1.0),
    ("laws", [], ["laws"], []),
    ("dates", [{"text": "17 March", "edtf": "2024-03-17"}], ["dates", 0, "end"], "2024-03-17"),
    ("event_date", "2024-21", ["event_date", "end"], "2024-05-31"),
    ("event_date", "2024-24", ["event_date", "end"], "2025-02-28"),
    ("event_date", "201X", ["event_date", "precision"], "decade"),
    ("event_date", "2024-02~/2025", ["event_date", "precision"], "interval"),
    ("event_date", None, ["event_date"], None),
    ("people_affected", {"count": 1, "basis": "named"}, ["people_affected", "qualifier"], "exact"),
    ("people_affected", None, ["people_affected"], None),
    ("review", True, ["review"], {"needed": False, "score": 0.0, "reasons": []}),
    ("people", [], ["review", "reasons"], ["outcome without evidence", "no year"]),
    ("outcome", "release", ["review", "reasons"], ["person of low confidence", "no year"]),
]


@pytest.mark.parametrize(("field", "value", "path", "expected"), SET)
def test_set(field: str, value: Any, path: list[Any], expected: Any) -> None:
    as_json(correction(field, value))
    found = applied(correction(field, value))["wins"][0]
    assert found["corrected"] == [field]
    for step in path:
        found = found[step]
    assert found == expected


def as_json(given: Correction) -> dict[str, Any]:
    entry: dict[str, Any] = json.loads(corrections.to_json([given]))["corrections"][0]
    jsonschema.validate(json.loads(corrections.to_json([given])), corrections.json_schema())
    return entry


def test_longer_names_come_first() -> None:
    people = [
        {"name": "Guhdar Zebari", "aliases": ["Guhdar", "Zebari"], "role": "beneficiary"},
        {"name": "Dilan Zebari", "role": "other"},
    ]
    guhdar, dilan = applied(correction("people", people))["wins"][0]["people"]
    assert [m["text"] for m in guhdar["mentions"]] == ["Guhdar\u00a0Zebari", "Guhdar"]
    assert [m["text"] for m in dilan["mentions"]] == ["Dilan Zebari"]


def test_primary_outcome_that_was_wrong_goes_and_others_stay() -> None:
    base = record([win("Iraq", "A judge freed him.", outcomes=[("ruling", "judge"), ("relief", None)])])
    (found,) = applied(correction("outcome", "release", base=base), base=base)["wins"]
    assert [o["outcome"] for o in found["outcomes"]] == ["release", "relief"]
    (found,) = applied(correction("outcome", "relief", base=base), base=base)["wins"]
    assert [o["outcome"] for o in found["outcomes"]] == ["relief", "ruling"]


def test_deleted_win_leaves_its_text() -> None:
    result = applied(correction("delete", True))
    assert [w["header"] for w in result["wins"]] == ["Kenya"]
    assert [u["kind"] for u in result["unassigned"]] == ["title", "section_heading", "boilerplate"]
    assert result["unassigned"][2]["text"] == REPORT["wins"][0]["text"]


UNFIT = [
    ("people", [{"name": "Somebody Else", "role": "other"}], "its text does not have 'Somebody Else'"),
    (
        "people",
        [{"name": "Zebari", "role": "other"}, {"name": "Zebari", "role": "other"}],
        "only as part of another name",
    ),
    ("outcomes", [{"outcome": "release", "evidence": "walked out"}], "its text does not have 'walked out'"),
    ("countries", ["XXX"], "'XXX' is no alpha-3 code"),
    ("regions", ["998"], "there is no region '998'"),
    ("event_date", "2024-13", "is no EDTF date"),
    ("event_date", "2024-02-30", "is no EDTF date"),
    ("dates", [{"text": "17 March", "edtf": "soon"}], "'soon' is no EDTF date"),
]


@pytest.mark.parametrize(("field", "value", "reason"), UNFIT)
def test_unfit_is_told_and_changes_nothing(field: str, value: Any, reason: str) -> None:
    result, (unfit,) = corrections.apply(REPORT, [correction(field, value)])
    assert result["wins"] == REPORT["wins"]
    assert str(unfit).startswith(f"The correction of {field} in wins-of-2024/001 (Iraq) no longer fits: ")
    assert reason in str(unfit)


def test_key_is_the_content() -> None:
    key = corrections.win_key("Perú:  José walked\nfree.")
    assert corrections.win_key("PERU – “Jose” walked free") == key
    assert corrections.win_key("Peru: Jose walked") != key


def test_moved_win_keeps_its_correction_and_changed_text_does_not() -> None:
    fixes = [correction("outcome", "release"), correction("outcome", "ruling", of=1)]
    moved = record([KENYA, IRAQ])
    result, unfit = corrections.apply(moved, fixes)
    assert [w["outcome"] for w in result["wins"]] == ["ruling", "release"] and unfit == ()
    rewritten = record([{**IRAQ, "body": IRAQ["body"] + " More came."}, KENYA])
    result, (missed,) = corrections.apply(rewritten, fixes)
    assert result["wins"][0]["outcome"] == "ruling" and "no win has its text any more" in str(missed)


def test_other_reports_are_left_alone() -> None:
    other = record([win("Chad", "A law was passed.")], report_id="wins-of-2020", year=2020)
    assert corrections.apply(other, [correction("outcome", "release")]) == (other, ())


def test_fingerprint_is_the_same_before_and_after() -> None:
    fixes = [correction("delete", True), correction("outcome", "ruling", of=1)]
    result, _ = corrections.apply(REPORT, fixes)
    assert corrections.fingerprint(result, fixes) == corrections.fingerprint(REPORT, fixes) is not None
    assert corrections.fingerprint(REPORT, fixes[:1]) != corrections.fingerprint(REPORT, fixes)
    assert result["report"]["settings"]["corrections"] == corrections.fingerprint(REPORT, fixes)


def test_kept_one_file_a_report_the_later_counts(tmp_path: Path) -> None:
    corrections.keep(tmp_path, [correction("outcome", "release"), correction("review", True)])
    corrections.keep(tmp_path, [correction("outcome", "relief")])
    assert [p.name for p in tmp_path.iterdir()] == ["wins-of-2024.json"]
    assert [(c.field, c.value) for c in corrections.kept(tmp_path)] == [("outcome", "relief"), ("review", True)]
    assert corrections.kept(tmp_path / "none") == ()


GOOD = as_json(correction("outcome", "release"))
BAD = [
    ("not json", "is no JSON"),
    ("[]", "is no file of corrections"),
    (json.dumps({"format": "winsextract-corrections", "version": "9", "corrections": []}), "is of version '9'"),
    ({**GOOD, "win": "x"}, "correction 1: win is 'x'"),
    ({**GOOD, "win_id": "../../etc/001"}, "win_id is"),
    ({**GOOD, "field": "mood"}, "there is no field 'mood'"),
    ({**GOOD, "value": "good"}, 'correction 1: "good" is no value for outcome'),
    ({**GOOD, "value": ["release"]}, "is no value for outcome"),
    ({**GOOD, "field": "people", "value": [{"name": "A"}]}, "is no value for people"),
    ({**GOOD, "field": "people", "value": [{"name": "A", "role": []}]}, "is no value for people"),
    ({**GOOD, "field": "people", "value": [{"name": "A", "role": "other", "aliases": "B"}]}, "is no value for people"),
    ({**GOOD, "field": "outcomes", "value": []}, "is no value for outcomes"),
    ({**GOOD, "field": "people_affected", "value": {"count": -1, "basis": "named"}}, "is no value for people_affected"),
    ({**GOOD, "field": "delete", "value": 1}, "is no value for delete"),
    ({**GOOD, "colour": "red"}, "keys that are not known: colour"),
    ({k: v for k, v in GOOD.items() if k != "value"}, "has no value"),
    ("null", "is no file of corrections"),
]


@pytest.mark.parametrize(("content", "message"), BAD)
def test_bad_files_are_refused(tmp_path: Path, content: Any, message: str) -> None:
    file = tmp_path / "corrections.json"
    if isinstance(content, dict):
        whole = {"format": corrections.FORMAT, "version": corrections.VERSION, "corrections": [content]}
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(whole, corrections.json_schema())
        content = json.dumps(whole)
    file.write_text(content, encoding="utf-8")
    with pytest.raises(CorrectionsError, match=r"corrections\.json") as error:
        corrections.read(file)
    assert message in str(error.value)


def test_correct_command(tmp_path: Path) -> None:
    output, file = tmp_path / "output", tmp_path / "corrections.json"
    other = record([win("Chad", "A law was passed.")], report_id="wins-of-2020", year=2020)
    dataset.write([REPORT, other], output)
    untouched = (output / "json" / "wins-of-2020.json").stat().st_mtime_ns
    fits, stray = correction("outcome", "release"), Correction("0" * 16, "review", True, "wins-of-2024/009")
    file.write_text(corrections.to_json([fits, stray]), encoding="utf-8")
    result = CliRunner().invoke(app, ["correct", str(output), str(file)])
    assert result.exit_code == 1 and "wins-of-2024/009 no longer fits: no win has its text" in result.stderr
    assert "1 correction of 1 win applied" in result.stdout
    assert corrections.kept(tmp_path / "corrections") == (fits,)
    frame = dataset.load(output).wins.set_index("win_id")
    assert frame.outcome["wins-of-2024/001"] == "release" and frame.corrected["wins-of-2024/001"] == ["outcome"]
    assert (output / "json" / "wins-of-2020.json").stat().st_mtime_ns == untouched


REPORT_TEXT = """Wins of 2024

MARCH
Iraq: On 17 March the journalist Guhdar Zebari was released from prison after three years.

Kenya: Parliament passed the Refugee Act.
"""


def test_run_applies_them_again(tmp_path: Path) -> None:
    """Extracted, corrected, extracted again from a changed file: the correction stays, and the one that cannot is told."""
    file, output = tmp_path / "report.txt", tmp_path / "output"

    def run(*, force: bool = False) -> runner.Result:
        (result,) = runner.run([str(file)], output=output, force=force)
        assert result.error is None
        return result

    file.write_text(REPORT_TEXT, encoding="utf-8")
    run()
    (before,) = dataset.read_reports(output)
    fixes = [
        correction("outcomes", [{"outcome": "other", "evidence": "three years"}], base=before),
        correction("review", True, of=1, base=before),
    ]
    source = tmp_path / "corrections.json"
    source.write_text(corrections.to_json(fixes), encoding="utf-8")
    assert corrections.correct(output, source, folder=corrections.beside(output)) == (tuple(fixes), ())
    (corrected,) = dataset.read_reports(output)
    assert run().unchanged
    run(force=True)
    assert list(dataset.read_reports(output)) == [corrected]

    file.write_text(
        REPORT_TEXT.replace("passed the", "at last passed the") + "\nChad: The prisoners were freed.\n",
        encoding="utf-8",
    )
    result = run()
    (after,) = dataset.read_reports(output)
    assert after["wins"][0]["outcome"] == "other"
    assert after["wins"][0]["corrected"] == ["outcomes"] and after["wins"][1]["corrected"] == []
    (told,) = result.unfit
    assert told == "The correction of review in wins-of-2024/002 (Kenya) no longer fits: no win has its text any more."
    assert run().unfit == result.unfit

    (corrections.beside(output) / "wins-of-2024.json").unlink()
    assert not run().unchanged
    (taken_back,) = dataset.read_reports(output)
    assert [w["corrected"] for w in taken_back["wins"]] == [[], [], []]


def test_the_review_score_falls_by_what_was_settled() -> None:
    record = applied()
    record["wins"][0]["review"] = {"needed": True, "score": 0.6, "reasons": ["role of low confidence"]}
    win = record["wins"][0]

    def score(*given: Correction) -> float:
        out, unfit = corrections.apply(record, given)
        assert not unfit
        return float(out["wins"][0]["review"]["score"])

    people = [{"name": p["name"], "role": p["role"]} for p in win["people"]]
    for given, sure in (
        (correction("people", people), win["people"][0]["role_confidence"] * win["people"][0]["confidence"]),
        (
            correction("organisations", [{"name": "Amnesty International"}]),
            math.prod(o["confidence"] for o in win["organisations"]),
        ),
    ):
        odds = 0.6 / 0.4 * sure
        assert score(given) == pytest.approx(odds / (1 + odds), abs=1e-3)
    # Only the whole win's review ends it.
    assert score(correction("review", True)) == 0.0


def test_training_paragraphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fixes = [
        correction("outcomes", [{"outcome": "release", "evidence": "freed"}]),
        correction(
            "people",
            [
                {"name": "Guhdar Zebari", "aliases": ["Guhdar"], "role": "beneficiary"},
                {"name": "Dilan Zebari", "role": "other"},
            ],
        ),
        correction("organisations", [{"name": "Amnesty International"}]),
        correction("dates", [{"text": "17 March", "edtf": "2024-03-17"}]),
        correction("event_date", "2024-03-17"),
        correction("people_affected", {"count": 1, "basis": "stated", "evidence": "a"}),
    ]
    doubtful = applied(*fixes)
    assert corrections.training_lines([doubtful]) == ("", 1)
    settled = applied(*fixes, correction("review", True))
    lines, left = corrections.training_lines([settled])
    assert left == 0
    assert json.loads(lines) == {
        "header": "Iraq",
        "outcome": "release",
        "outcomes": ["release"],
        "text": "On [[DATE|17 March]] a judge freed [[PERSON|Guhdar\u00a0Zebari]], with his brother [[PERSON|Dilan Zebari]]. "
        "[[PERSON|Guhdar]] thanked [[ORG|Amnesty International]].",
        "people": [
            {"name": "Guhdar Zebari", "aliases": ["Guhdar"], "role": "beneficiary"},
            {"name": "Dilan Zebari", "aliases": [], "role": "other"},
        ],
        "evidence": [["release", "freed"]],
        "event_date": "17 March",
        "affected": {"count": 1, "text": "a"},
    }
    file = tmp_path / "corrected.jsonl"
    file.write_text(lines, encoding="utf-8")
    monkeypatch.syspath_prepend(Path(__file__).parents[1])
    from pipelines.examples import read_paragraphs

    (paragraph,) = read_paragraphs(file)
    assert paragraph.text == settled["wins"][0]["text"].removeprefix("Iraq: ")
    assert [paragraph.text[s:e] for s, e, _ in paragraph.evidence] == ["freed"]


def test_train_data_command(tmp_path: Path) -> None:
    result, _ = corrections.apply(REPORT, [correction("review", True, of=1), correction("outcome", "release")])
    dataset.write(result, tmp_path / "output")
    called = CliRunner().invoke(app, ["train-data", str(tmp_path / "output"), "--output", str(tmp_path / "data.jsonl")])
    assert called.exit_code == 0 and "1 corrected win still needs review and was left out" in called.stderr
    (line,) = (tmp_path / "data.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["text"] == "Parliament passed the [[LAW|Refugee Act]]."


def test_input_is_not_changed() -> None:
    before = copy.deepcopy(REPORT)
    corrections.apply(REPORT, [correction("people", []), correction("delete", True, of=1)])
    assert before == REPORT
