"""The shipped model and what it is made from agree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.build import MODEL, fingerprint, recipe
from winsextract.codebook import outcome_names
from winsextract.confidence import KINDS, curve_of_role
from winsextract.tagger import OUTCOMES, ROLES

ROOT = Path(__file__).resolve().parents[1]
META = json.loads((MODEL / "winsextract_tagger" / "meta.json").read_text(encoding="utf-8"))
# The model's share of the wheel (issue: at most 25 MB).
MOST_BYTES = 25_000_000


def test_the_model_was_made_from_these_paragraphs() -> None:
    assert META["made_from"] == fingerprint(), "pipelines/ changed since the model was built: run `make model`"


def test_the_model_has_the_recipe_s_version() -> None:
    assert META["version"] == recipe()["version"]


def test_every_kind_of_value_has_a_calibration_curve() -> None:
    kinds = {*KINDS} - {"role"} | {curve_of_role(role) for role in ROLES}
    assert set(META["calibration"]) == {*kinds, "review"}


def test_the_model_s_classes_are_the_codebook_s() -> None:
    assert outcome_names() == OUTCOMES


def test_the_model_is_small_and_holds_no_pickle() -> None:
    files = [p for p in MODEL.rglob("*") if p.is_file()]
    assert sum(p.stat().st_size for p in files) <= MOST_BYTES
    assert not [p for p in files if p.suffix in (".pkl", ".pickle", ".pt", ".py")]


@pytest.mark.parametrize("path", sorted((ROOT / "pipelines" / "training").glob("*.jsonl")), ids=lambda p: p.stem)
def test_training_paragraphs_are_well_formed(path: Path) -> None:
    from pipelines.examples import MARK

    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        record = json.loads(line)
        where = f"{path.name}:{number}"
        assert record["outcomes"][0] == record["outcome"], where
        assert set(record["outcomes"]) <= set(OUTCOMES), where
        plain = MARK.sub(lambda m: m[2], record["text"])
        assert "[[" not in plain and "]]" not in plain, where
        marked = {m[2] for m in MARK.finditer(record["text"]) if m[1] == "PERSON"}
        named = {n for p in record["people"] for n in [p["name"], *p["aliases"]]}
        assert named == marked, where
        for label, words, *_ in record["evidence"]:
            assert label in record["outcomes"] and words in plain, where


def test_no_paragraph_names_a_person_of_the_sample_report() -> None:
    gold = (ROOT / "tests" / "gold" / "report.jsonl").read_text(encoding="utf-8").splitlines()
    tested = {p["name"] for line in gold for p in json.loads(line)["people"] if " " in p["name"]}
    trained = {
        p["name"]
        for path in (ROOT / "pipelines" / "training").glob("*.jsonl")
        for line in path.read_text(encoding="utf-8").splitlines()
        for p in json.loads(line)["people"]
    }
    assert tested
    assert not tested & trained
