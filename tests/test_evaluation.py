"""The figures are the reference scorer's, and what is beyond it is as docs/evaluate.md says."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import random
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from winsextract import codebook, evaluation, schema
from winsextract.cli import app
from winsextract.evaluation import Counts, Entity, GoldError, evaluate, match, normalised, overlap, read_gold, read_wins

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("WINSEXTRACT_SHARED", ROOT.parent / "shared"))
GOLD = ROOT / "tests/gold/report.jsonl"
REPORT = ROOT / "raw/report.txt"
GOLDS = [GOLD, *sorted((ROOT / "tests/reports").glob("*.gold.jsonl"))]
EXTRA_KEYS = {"partial", "lenient", "interval"}


@pytest.fixture(scope="session")
def scorer() -> ModuleType:
    path = SHARED / "score.py"
    if not path.exists():
        pytest.skip(f"the reference scorer is not at {path}; set WINSEXTRACT_SHARED to the folder that has it")
    spec = importlib.util.spec_from_file_location("score", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Against the reference scorer


def write(path: Path, wins: list[dict[str, Any]]) -> Path:
    if path.suffix == ".json":
        path.write_text(json.dumps({"wins": wins}, ensure_ascii=False), encoding="utf-8")
    else:
        path.write_text("".join(json.dumps(win, ensure_ascii=False) + "\n" for win in wins), encoding="utf-8")
    return path


def load(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fields(gold: Path, predicted: Path, text: str | None = None) -> dict[str, Any]:
    result = evaluate(read_wins(gold), read_wins(predicted), text=text, rounds=0)
    rows = evaluation.to_json(result)["fields"]
    return {field: {k: v for k, v in row.items() if k not in EXTRA_KEYS} for field, row in rows.items()}


def references(scorer: ModuleType, gold: Path, predicted: Path, text: str | None = None) -> dict[str, Any]:
    wins = scorer.read_wins(str(predicted))
    rows: dict[str, Any] = scorer.score(scorer.read_wins(str(gold)), wins, [])
    if text is not None:
        rows["grounding"] = scorer.grounded(wins, text, [])
    return rows


def mutated(wins: list[dict[str, Any]], chance: random.Random, *, rate: float, text: str) -> list[dict[str, Any]]:
    """A gold file with errors of every kind that an extractor or a second coder makes."""
    result = []
    for win in copy.deepcopy(wins):
        if chance.random() < rate / 4:
            continue
        result.append(win)
        if chance.random() < rate / 4:
            result.append({**copy.deepcopy(win), "start": win["start"] + chance.choice([0, 2, 40])})
        for key in ("start", "end"):
            if chance.random() < rate:
                win[key] += chance.randint(-5, 5)
        for key, values in (
            ("month", [None, 1, 7]),
            ("year", [None, 2001]),
            ("countries", [[], ["FRA"], win["countries"][::-1], [*win["countries"], "USA"]]),
            ("regions", [[], ["001"], [*win["regions"], "EU"]]),
            ("outcome", [*codebook.outcome_names(), None]),
            ("outcomes", [[], win["outcomes"] * 2, [*win["outcomes"], chance.choice(codebook.outcome_names())]]),
            ("event_date", [None, "2024-05"]),
            ("people_affected", [None, 1, 30]),
            ("laws", [None]),
            ("people", [None]),
        ):
            if chance.random() < rate / 2:
                win[key] = chance.choice(values)
        if chance.random() < rate / 8:
            win[chance.choice(["event_date", "people_affected"]) + "_open"] = "the coders disagree"
        for key in ("people", "organisations", "laws", "dates"):
            if win[key] is not None:
                win[key] = [n for entity in win[key] for n in altered(entity, chance, rate=rate, text=text)]
    if chance.random() < rate:
        chance.shuffle(result)
    return result


def altered(entity: dict[str, Any], chance: random.Random, *, rate: float, text: str) -> list[dict[str, Any]]:
    """What an extractor might make of one name or date: nothing, another, two of it, with right or wrong offsets."""
    entity = dict(entity)
    key = "edtf" if "edtf" in entity else "name"
    value = entity[key]
    if chance.random() < rate:
        if key == "edtf":
            entity[key] = chance.choice(["2020", "2024-01", value])
        else:
            words = value.split()
            forms = [words[-1], " ".join(words[:2]), f"The {value}", value.upper(), f"{value}’s", f"{value}'s"]
            forms += [f"“{value}”", value.replace("a", "á"), value.replace(" ", "-"), "Amnesty", "Nobody Else"]
            entity[key] = chance.choice([*forms, *entity["aliases"]])
    if "role" in entity and chance.random() < rate:
        entity["role"] = chance.choice([*schema.ROLES, None])
    if chance.random() < 0.7:
        words = entity.get("text") or entity["name"]
        at = text.find(words) + chance.choice([0, 0, 0, 1])
        entity["mentions"] = [{"text": words, "span": [at, at + len(words)]}] * chance.randint(0, 2)
    return chance.choice([[entity]] * 8 + [[]] + [[entity, dict(entity)]])


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.3, 0.8])
@pytest.mark.parametrize("gold", GOLDS, ids=lambda path: path.name.partition(".")[0])
def test_figures_are_the_scorers(scorer: ModuleType, tmp_path: Path, gold: Path, rate: float) -> None:
    wins, text = load(gold), REPORT.read_text(encoding="utf-8")
    for seed in range(5):
        chance = random.Random(f"{gold.name} {rate} {seed}")
        want = write(tmp_path / "gold.jsonl", mutated(wins, chance, rate=rate / 4, text=text))
        got = write(tmp_path / "got.jsonl", mutated(wins, chance, rate=rate, text=text))
        assert fields(want, got, text) == references(scorer, want, got, text)


def test_figures_of_an_extraction_are_the_scorers(scorer: ModuleType, tmp_path: Path) -> None:
    record = evaluation.extract_report(REPORT)
    path = tmp_path / "report.json"
    path.write_text(json.dumps(record), encoding="utf-8")
    text = REPORT.read_text(encoding="utf-8")
    assert fields(GOLD, path, text) == references(scorer, GOLD, path, text)


@given(name=st.text(alphabet="AbsSéİßﬁ -'’‘`´\"“”.,\t\u00a0theThe\u0301", max_size=12) | st.text(max_size=12))
def test_names_are_compared_as_the_scorer_does(scorer: ModuleType, name: str) -> None:
    assert normalised(name) == scorer.norm(name)


# By hand


def win(at: int, /, **changes: Any) -> dict[str, Any]:
    plain = {"header": "Iraq", "month": 2, "year": 2024, "countries": ["IRQ"], "regions": [], "start": at}
    plain |= {"end": at + 100, "outcome": "release", "outcomes": ["release"], "people": [], "organisations": []}
    plain |= {"dates": [], "laws": [], "event_date": "2024-02", "people_affected": None}
    return plain | changes


def named(*names: str) -> list[dict[str, Any]]:
    return [{"name": name, "aliases": []} for name in names]


@pytest.fixture
def compare(tmp_path: Path) -> Any:
    def run(gold: list[dict[str, Any]], got: list[dict[str, Any]], **options: Any) -> evaluation.Evaluation:
        wins = read_gold(write(tmp_path / "g.jsonl", gold))
        return evaluate(wins, read_wins(write(tmp_path / "p.jsonl", got)), **options)

    return run


def figure(result: evaluation.Evaluation, field: str) -> evaluation.Figure:
    return next(f for f in result.figures if f.field == field)


def test_counts_by_hand(compare: Any) -> None:
    gold = [win(0, organisations=named("Amnesty International", "Tokyo District Court", "BIRD")), win(200), win(400)]
    got = [
        win(3, organisations=named("Amnesty", "District Court", "bird"), month=3, outcome="ruling"),
        win(204),
        win(400, outcomes=["release", "ruling"]),
    ]
    gold[0]["organisations"][0]["aliases"] = ["Amnesty"]
    result = compare(gold, got)
    assert figure(result, "wins").counts == Counts(right=2, extra=1, missed=1)
    assert figure(result, "organisations").counts == Counts(right=2, extra=1, missed=1, overlaps=1)
    assert figure(result, "organisations_without_amnesty").counts == Counts(right=1, extra=1, missed=1, overlaps=1)
    # The stray's release is an extra, the missed win's release is missed.
    assert figure(result, "outcomes").counts == Counts(right=2, extra=2, missed=1)
    assert figure(result, "month").counts == evaluation.Share(right=1, of=3)
    assert result.confusion == {
        ("release", "ruling"): 1,
        ("release", evaluation.MISSED_WIN): 1,
        ("release", "release"): 1,
        (evaluation.STRAY_WIN, "release"): 1,
    }
    assert [(c.name, c.primary) for c in result.classes] == [("release", Counts(1, 1, 2)), ("ruling", Counts(0, 1, 0))]


def test_lenient_counts() -> None:
    counts = Counts(right=2, extra=2, missed=1, overlaps=1)
    assert [counts.precision(credit=c) for c in (0, 0.5, 1)] == [2 / 4, 2.5 / 4, 3 / 4]
    assert [counts.recall(credit=c) for c in (0, 0.5, 1)] == pytest.approx([2 / 3, 2.5 / 3, 1])
    assert Counts().f1() == 1.0
    assert Counts(extra=1).f1() == 0.0


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("Zebari", "Guhdar Zebari", 1),
        ("Guhdar Zebari", "guhdar zebari’s", 2),
        ("Supreme Court of Iraq", "South Supreme Court", 2),
        ("Amnesty Norway", "Amnesty International", 0),
        ("District Court of Osaka", "Tokyo District Court", 2),
        ("Bar Association", "Law Association", 0),
        ("", "Amnesty", 0),
        (".", ".", 0),
    ],
)
def test_overlap(one: str, other: str, shared: int) -> None:
    assert overlap(one, other) == overlap(other, one) == shared


def test_each_name_of_gold_is_used_once() -> None:
    matching = match([Entity("Ana Ruiz", ("Ruiz",))], [Entity("Ruiz"), Entity("Ana Ruiz")])
    assert matching.counts() == Counts(right=1, extra=1, missed=0)


def test_open_fields_are_not_counted(compare: Any) -> None:
    gold = [win(0, people=None, event_date_open="two dates", people_affected=4, people_affected_open="4 or 5")]
    result = compare(gold, [win(0, people=named("Nobody"), event_date="2019", people_affected=9)])
    assert not result.differences
    assert figure(result, "event_date").counts == evaluation.Share()
    assert figure(result, "people").counts == Counts()


def test_differences_have_their_place(compare: Any) -> None:
    text = "Iraq: Guhdar Zebari is free, his brother Karwan says."
    gold = [win(0, people=[{"name": "Guhdar Zebari", "aliases": ["Zebari"], "role": "beneficiary"}], text=text)]
    mention = {"text": "Karwan", "span": [42, 48]}
    karwan = {"name": "Karwan", "aliases": [], "role": "other", "mentions": [mention]}
    zebari = {"name": "Zebari", "aliases": [], "role": "official"}
    result = compare(gold, [win(0, people=[zebari, karwan], outcome="ruling")])
    assert [str(difference) for difference in result.differences] == [
        "win 1, Iraq, 13–19: role of Guhdar Zebari: 'official' for 'beneficiary'",
        "win 1, Iraq, 13–19: people: 'Zebari' for the full 'Guhdar Zebari' (counted right)",
        "win 1, Iraq, 42–48: people: extra 'Karwan'",
        "win 1, Iraq, 0–100: outcome: 'ruling' for 'release'",
    ]


def test_a_short_name_alone_is_no_error(compare: Any) -> None:
    gold = [win(0, laws=[{"name": "Sedition Act 1948", "aliases": ["Sedition Act"]}])]
    result = compare(gold, [win(0, laws=named("Sedition Act"))])
    assert [d.kind for d in result.differences] == ["short"]
    assert not result.compared[0].holds_error


def test_grounding(compare: Any) -> None:
    text = "Iraq: Karwan"
    right, wrong = ({"text": "Karwan", "span": [at, at + 6]} for at in (6, 5))
    people = [{"name": "Karwan", "aliases": [], "mentions": [right, wrong]}, *named("Guhdar")]
    result = compare([win(0)], [win(0, people=people)], text=text)
    assert figure(result, "grounding").counts == evaluation.Share(right=1, of=3)


# Reading


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: is no JSON (Expecting property name enclosed in double quotes at character 2)."),
        ("[]", "line 2: is no win, which is one JSON object in braces."),
        ({"dates": ...}, "line 2: the key 'dates' is missing."),
        ({"people": ..., "poeple": []}, "line 2: the key 'poeple' is not known; it may be meant for 'people'."),
        ({"start": "7"}, "line 2: `start` and `end` are ['7', 300], not two offsets in the report's text."),
        ({"month": "May"}, "line 2: `month` is 'May', not a whole number or null."),
        ({"countries": ["Iraq"]}, "line 2: `countries` holds 'Iraq', which is no code of the annotation guide."),
        ({"outcome": "freed"}, "line 2: 'freed' is no outcome class; `winsextract codebook` lists them."),
        ({"people": ["Ana"]}, "line 2: `people` holds 'Ana', which has no `name`."),
        ({"people": [{"name": "Ana", "role": "victim"}]}, "line 2: the role of 'Ana' is 'victim', not one of benef"),
        ({"people": [{"name": "Ana", "aliases": "A"}]}, "line 2: the aliases of 'Ana' are 'A', not a list of names."),
        (
            {"dates": [{"edtf": "17 May"}]},
            "line 2: '17 May' is no EDTF date, such as 2024-02-17, 2024-02 or 2024/2026.",
        ),
        ({"dates": None}, "line 2: `dates` is null; a win without dates has the empty list []."),
        ({"event_date": "May"}, "line 2: 'May' is no EDTF date"),
        ({"people_affected": "two"}, "line 2: `people_affected` is 'two', not a whole number or null."),
        ({"laws": "Act"}, "line 2: `laws` is 'Act', not a list."),
        ({"outcomes": ["ruling"]}, "win 2: the outcome 'release' is missing from `outcomes`; add it there."),
        ({"end": 3}, "win 2: ends at 3, before its start at 200."),
    ],
)
def test_bad_gold_is_named(tmp_path: Path, line: str | dict[str, Any], reason: str) -> None:
    if isinstance(line, dict):
        bad = {key: value for key, value in win(200, **line).items() if value is not ...}
        line = json.dumps(bad)
    path = tmp_path / "gold.jsonl"
    path.write_text(json.dumps(win(0)) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(GoldError) as caught:
        read_gold(path)
    assert str(caught.value).startswith(f"{path}, {reason}")
    result = CliRunner().invoke(app, ["evaluate", str(path), str(GOLD)])
    assert result.exit_code == 1
    assert result.stderr == f"winsextract: {caught.value}\n"


def test_bad_files_are_named(tmp_path: Path) -> None:
    for name, content, reason in (
        ("none.jsonl", None, "cannot be read (No such file or directory)."),
        ("empty.jsonl", b"\n", "holds no wins."),
        ("latin.jsonl", b"\xe9", "is no UTF-8 at byte 0; save it as UTF-8."),
        ("list.json", b"[]", "is no report's record, which is a JSON object with a list `wins`."),
    ):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(GoldError) as caught:
            read_wins(path)
        assert str(caught.value) == f"{path}: {reason}"


EDTF = ("2024-02-17", "2024", "2013-22", "2019~", "2026/2029", "2024-03/..", "../2024", "201X", "2024-XX", "Y17000")


@pytest.mark.parametrize("edtf", EDTF)
def test_edtf_is_known(edtf: str) -> None:
    assert evaluation.EDTF.fullmatch(edtf)


# Bootstrap and review


def test_bootstrap_is_the_same_every_time() -> None:
    gold, got = read_wins(GOLD), read_wins(GOLD)[5:]
    one, two = evaluate(gold, got), evaluate(gold, got)
    assert one == two
    for f in one.figures:
        low, high = next(iter(f.intervals.values())).low, next(iter(f.intervals.values())).high
        value = f.counts.precision() if isinstance(f.counts, Counts) else f.value()
        assert low <= value <= high
    assert figure(one, "wins").intervals["r"].low < 60 / 65 < figure(one, "wins").intervals["r"].high
    assert evaluate(gold, got, rounds=0).figures[0].intervals == {}


def reviewed(start: int, outcome: str, score: float | None, *reasons: str) -> dict[str, Any]:
    review = {"needed": bool(reasons), "reasons": list(reasons)} | ({} if score is None else {"score": score})
    return win(start, outcome=outcome, review=review)


@pytest.mark.parametrize(
    ("scores", "basis", "points"),
    [
        ((0.9, 0.4, 0.4, 0.1), "review.score", [(0.1, 1, 1, 4), (0.4, 1, 0.5, 3), (0.9, 0.5, 0, 1)]),
        ((None,) * 4, "number of reasons", [(0, 1, 1, 4), (1, 1, 0.5, 3), (2, 0.5, 0, 1)]),
    ],
)
def test_review_curve(compare: Any, scores: tuple[float | None, ...], basis: str, points: list[Any]) -> None:
    got = [
        reviewed(0, "ruling", scores[0], "unknown header", "no year"),
        reviewed(200, "ruling", scores[1], "no year"),
        reviewed(400, "release", scores[2], "no year"),
        reviewed(600, "release", scores[3]),
    ]
    curve = compare([win(start) for start in (0, 200, 400, 600, 800)], got).review
    assert (curve.basis, curve.erring, curve.right, curve.area) == (basis, 2, 2, 3.5 / 4)
    assert [(p.threshold, p.erring, p.right, p.wins) for p in curve.points] == points
    assert (curve.current.erring, curve.current.right) == (1, 0.5)


def test_gold_carries_no_review() -> None:
    wins = read_wins(GOLD)
    result = evaluate(wins, wins)
    assert result.review is None
    assert "no review flags" in evaluation.to_markdown(evaluation.grids(result, review=True))


def test_every_confidence_is_judged_once(compare: Any) -> None:
    sure = {"confidence": 0.95}
    gold = win(
        0,
        outcome="release",
        outcomes=["release", "relief"],
        people=[{"name": "Ana Li", "role": "other"}, {"name": "Bo Ek", "role": "official"}],
        dates=[{"edtf": "2024-05-01"}],
        event_date="2024-05-01",
        people_affected=2,
    )
    got = win(
        0,
        outcome="release",
        outcomes=[
            {"outcome": "release", **sure},
            {"outcome": "relief", "confidence": 0.7},
            {"outcome": "ruling", "confidence": 0.65},
        ],
        people=[
            {"name": "Ana Li", "role": "other", "role_confidence": 0.8, **sure},
            {"name": "Bo Ek", "role": "perpetrator", "role_confidence": 0.8, **sure},
            {"name": "Cy Oz", "role": "other", "role_confidence": 0.8, "confidence": 0.3},
        ],
        laws=[{"name": "Data Act", "confidence": 0.4}],
        dates=[{"edtf": "2024-05-01", **sure}, {"edtf": "2024-06", "confidence": 0.5}],
        event_date={"edtf": "2024-05-01", **sure},
        people_affected={"count": 3, "confidence": 0.9},
    )
    stray = win(500, outcome="other", outcomes=[{"outcome": "other", "confidence": 0.6}])
    found = {c.kind: c for c in compare([gold], [got, stray]).calibrations}
    assert {kind: (c.values, round(c.right * c.values)) for kind, c in found.items()} == {
        "affected": (1, 0),
        "date": (2, 1),
        "event_date": (1, 1),
        "law": (1, 0),
        "other_outcome": (2, 1),
        "outcome": (2, 1),
        "person": (3, 2),
        "role": (2, 1),
        "all": (14, 7),
    }
    # Two at 0.8 of which one is right; one at 0.95 right and one at 0.3 wrong, in bins of their own.
    assert found["role"].error == pytest.approx(0.3)
    assert found["person"].error == pytest.approx((2 * 0.05 + 0.3) / 3)
    assert [(b.low, b.values) for b in found["person"].bins] == [(0.3, 1), (0.9, 2)]


def test_what_gold_leaves_open_is_not_judged(compare: Any) -> None:
    gold = win(0, people=None, event_date_open="two dates")
    got = win(
        0,
        people=[{"name": "Ana Li", "role": "other", "confidence": 0.9, "role_confidence": 0.9}],
        event_date={"edtf": "2024", "confidence": 0.9},
    )
    assert compare([gold], [got]).calibrations == ()


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1))
def test_a_calibration_counts_every_value(values: list[tuple[float, bool]]) -> None:
    found = evaluation.calibration("all", [evaluation.Judged("person", p, right) for p, right in values])
    assert sum(b.values for b in found.bins) == found.values == len(values)
    assert all(b.low <= b.confidence + 1e-9 and b.confidence <= b.high + 1e-9 for b in found.bins)
    assert abs(found.confidence - found.right) - 1e-9 <= found.error <= 1 + 1e-9


def test_gold_has_no_confidences_to_judge() -> None:
    wins = read_wins(GOLD)
    result = evaluate(wins, wins, rounds=0)
    assert result.calibrations == ()
    assert "no confidences" in evaluation.to_markdown(evaluation.grids(result, calibration=True))


# Commands


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "new.gold.jsonl"
    result = CliRunner().invoke(app, ["gold-template", str(REPORT), "--output", str(path)])
    assert result.exit_code == 0, result.output
    return path


def test_template_reads_back_as_the_extraction(template: Path) -> None:
    got = evaluation.read_predicted(REPORT)
    result = evaluate(read_gold(template), got.wins, text=got.text)
    assert not result.differences
    assert all(f.value() == 1.0 for f in result.figures)


def test_template_has_the_keys_of_gold(template: Path) -> None:
    order = ["n", "header", "month", "year", "countries", "regions", "start", "end", "outcome", "outcomes", "people"]
    order += ["organisations", "dates", "laws", "event_date", "people_affected"]
    for line in load(template):
        assert [key for key in line if key not in ("note", "text")] == order
        assert line["text"] == REPORT.read_text(encoding="utf-8")[line["start"] : line["end"]]


def test_template_never_overwrites_corrections(template: Path) -> None:
    before = template.read_bytes()
    result = CliRunner().invoke(app, ["gold-template", str(REPORT), "--output", str(template)])
    assert result.exit_code == 2
    assert template.read_bytes() == before


def test_template_keeps_a_win_on_one_line() -> None:
    nothing = {
        "countries": [],
        "regions": [],
        "outcomes": [],
        "people": [],
        "organisations": [],
        "dates": [],
        "laws": [],
    }
    single = {"position": 1, "header": "Iraq", "month": None, "year": 2024, "outcome": None, "event_date": None}
    rest = {"people_affected": None, "span": [0, 9], "review": {"reasons": []}, "text": "Iraq:\n\u2028a\x85b\u2029"}
    line = evaluation.gold_template({"wins": [nothing | single | rest]})
    assert len(line.splitlines()) == 1
    assert json.loads(line)["text"] == rest["text"]
    assert "text" not in json.loads(evaluation.gold_template({"wins": [nothing | single | rest]}, text=False))


def test_evaluate_prints_table_json_and_markdown() -> None:
    run = CliRunner().invoke
    arguments = ["evaluate", str(GOLD), str(REPORT), "--errors", "--review", "--calibration"]
    as_json = json.loads(run(app, [*arguments, "--format", "json", "--bootstrap", "50"]).stdout)
    assert set(as_json) == {
        *("fields", "bootstrap", "outcome_classes", "confusion", "errors", "review", "calibration"),
    }
    assert as_json["calibration"][-1]["kind"] == "all" and as_json["calibration"][-1]["values"] > 300
    assert as_json["bootstrap"] == {"rounds": 50, "seed": evaluation.SEED}
    assert sum(cell["wins"] for cell in as_json["confusion"]) == as_json["fields"]["wins"]["gold"] == 65
    people = f"{as_json['fields']['people']['f1']:.3f}"
    table, markdown = run(app, arguments).stdout, run(app, [*arguments, "--format", "markdown"]).stdout
    for text, row in ((table, "people  "), (markdown, "| people |")):
        assert people in next(line for line in text.splitlines() if line.startswith(row))
    assert len([line for line in table.splitlines() if line.startswith("win ")]) == len(
        [d for d in as_json["errors"] if d["win"] is not None]
    )


def test_evaluate_reads_every_kind_of_input(tmp_path: Path) -> None:
    run = CliRunner().invoke
    output = tmp_path / "output"
    assert run(app, ["run", str(REPORT), "--output", str(output), "--quiet"]).exit_code == 0
    record = next((output / "json").glob("*.json"))
    figures = [
        run(app, ["evaluate", str(GOLD), str(path), "--format", "json", *more]).stdout
        for path, more in ((REPORT, []), (output, ["--text", str(REPORT)]), (record, ["--text", str(REPORT)]))
    ]
    assert figures[0] == figures[1] == figures[2] != ""
    assert run(app, ["evaluate", str(GOLD), str(GOLD)]).exit_code == 0
    assert run(app, ["evaluate", str(GOLD), str(tmp_path / "none.txt")]).exit_code == 1
    assert run(app, ["evaluate", str(GOLD)]).exit_code == 2
