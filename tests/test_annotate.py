"""Any spaCy pipeline instead of the shipped one."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy

from winsextract import extract
from winsextract.errors import ModelError
from winsextract.stages.annotate import annotate, load_pipeline

REPORT = """Wins of 2023

JANUARY

Kenya: On 5 January, Xanthippe was released from prison after a campaign by the Quux League.
"""


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A pipeline whose labels are not ours, and that finds what ours would not."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PER", "pattern": "Xanthippe"}, {"label": "ORGANIZATION", "pattern": "Quux League"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "other")
    return tmp_path / "other"


def test_another_pipeline_names_and_everything_after_it_is_the_same(other: Path, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text(REPORT, encoding="utf-8")
    report = extract(tmp_path / "report.txt", model=str(other))
    win = report.wins[0]
    assert [p.name for p in win.people] == ["Xanthippe"]
    assert [o.name for o in win.organisations] == ["Quux League"]
    assert win.outcomes[0].outcome == "release"
    assert [d.edtf for d in win.dates] == ["2023-01-05"]


def test_context_comes_back_with_its_text() -> None:
    pairs = [("Amal was freed.", 1), ("Nothing happened.", 2)]
    assert [(doc.text, context) for doc, context in annotate(load_pipeline(), pairs)] == pairs


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match="no_such_model"):
        load_pipeline("no_such_model")


def test_a_pipeline_without_entities_is_refused(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path / "blank")
    with pytest.raises(ModelError, match="finds no entities"):
        load_pipeline(str(tmp_path / "blank"))
