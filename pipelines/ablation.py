"""What each witness brings to the outcomes: python -m pipelines.ablation

The outcome stage is run over the test reports and the development paragraphs with the parts of it
switched off, one after the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from unittest import mock

import numpy as np
from spacy.tokens import Doc

from pipelines.calibrate import YEAR, paragraphs
from pipelines.report import reports
from winsextract import evaluation
from winsextract.codebook import outcome_names
from winsextract.cues import Cue, find_cues
from winsextract.stages import outcome as stage
from winsextract.stages.annotate import load_pipeline
from winsextract.stages.read import read
from winsextract.stages.segment import segment

CORE = ("release", "acquittal", "law_passed", "ruling")
OFF = {"CUE_REPORTS": 0.0, "CUE_DENIES": 0.0, "PRIMARY_EARLY": 0.0, "THRESHOLD": 0.0}
VARIANTS = {
    "network: its primary class and P > 0.5": OFF,
    "… and a higher threshold for further outcomes": OFF | {"THRESHOLD": stage.THRESHOLD},
    "… and cues that report": {"CUE_DENIES": 0.0, "PRIMARY_EARLY": 0.0},
    "… and cues that deny": {"PRIMARY_EARLY": 0.0},
    "… and how early a cue reports it (as shipped)": {"PRIMARY_EARLY": stage.PRIMARY_EARLY},
}

Item = tuple[str, Doc, tuple[Cue, ...], Sequence[str]]


def items() -> Iterator[Item]:
    """(set, doc, cues, gold outcomes) of every development paragraph and every win of the reports."""
    nlp = load_pipeline()
    for paragraph in paragraphs():
        doc = nlp(paragraph.text)
        yield "development", doc, find_cues(doc, year=YEAR), paragraph.outcomes
    for report, gold in reports():
        text = read(str(report)).text
        name = "tests/reports" if report.parent.parent.name == "tests" else report.name
        found = {s.start: s for s in segment(text).segments}
        for win in evaluation.read_gold(gold):
            if (piece := found.get(win.start)) is not None:
                doc = nlp(text[piece.body_start : piece.end])
                yield name, doc, find_cues(doc, year=piece.year), win.outcomes


def only_cues(cues: Sequence[Cue]) -> list[str]:
    """The classes that cues alone give: those that a cue reports, the one with most of them first."""
    reported = Counter(c.outcome for c in cues if c.status == "happened")
    order = {o: n for n, o in enumerate(outcome_names())}
    return sorted(reported, key=lambda o: (-reported[o], order[o])) or ["other"]


def main() -> None:
    data = list(items())
    sets = list(dict.fromkeys(name for name, *_ in data))
    print("| | " + " | ".join(f"{s}: primary | core | all (F1)" for s in sets) + " |")
    print("|---|" + "--:|" * (3 * len(sets)))
    for label, constants in {"cues alone": None, **VARIANTS}.items():
        cells = []
        for name in sets:
            right, core, hits = [], [], np.zeros(3)
            for where, doc, cues, gold in data:
                if where != name:
                    continue
                if constants is None:
                    got = only_cues(cues)
                else:
                    with mock.patch.multiple(stage, **constants):
                        got = [o.outcome for o in stage.find_outcomes(doc, cues)]
                right.append(got[0] == gold[0])
                if gold[0] in CORE:
                    core.append(right[-1])
                hits += (len(set(got) & set(gold)), len(set(got) - set(gold)), len(set(gold) - set(got)))
            cells += [
                f"{np.mean(right):.3f}",
                f"{np.mean(core):.3f}",
                f"{2 * hits[0] / (2 * hits[0] + hits[1] + hits[2]):.3f}",
            ]
        print(f"| {label} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
