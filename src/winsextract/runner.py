"""Run many reports: find them, skip the unchanged, extract and write each, go on when one fails."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from winsextract import __version__
from winsextract.errors import ReadError, WinsextractError
from winsextract.records import Source


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one report; `error` is the sentence that says why it failed, None where it did not.

    `counts` has the rows written by table and `review`, the wins that a person should look
    at; `outcomes` and `months` count wins.
    """

    source: str
    report_id: str | None = None
    year: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    months: dict[int, int] = field(default_factory=dict)
    unchanged: bool = False
    error: str | None = None


def find_reports(inputs: Sequence[str]) -> list[str]:
    """The reports that the arguments name: files as they are, the readable files of folders in order of name.

    Raises ReadError where an argument names nothing.
    """
    from winsextract.stages.read import SUFFIXES

    reports: list[str] = []
    for name in inputs:
        path = Path(name)
        if name == "-" or not path.is_dir():
            reports.append(name)
            continue
        inside = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES and not any(part.startswith(".") for part in p.relative_to(path).parts) and p.name.lower() not in ("readme.md", "readme.txt"))
        if not inside:
            raise ReadError(f"{name}: the folder holds no report (files that end in {', '.join(sorted(SUFFIXES))}).")
        reports.extend(str(p) for p in inside)
    return list(dict.fromkeys(reports))


def run(
    reports: Sequence[str],
    *,
    output: Path,
    model: str | None = None,
    year: int | None = None,
    report_id: str | None = None,
    force: bool = False,
) -> Iterator[Result]:
    """Extract reports one after the other into the dataset at `output`, with a result for each as it is done.

    A report that fails is told in its result and the others still run. Raises ModelError
    where the model cannot be loaded and DatasetError where the output cannot be used at all.
    """
    from winsextract import dataset
    from winsextract.stages.read import read

    dataset.recover(output)
    known = [] if force or not dataset.report_ids(output) else list(dataset.read_reports(output))
    nlp = None
    for name in reports:
        try:
            source = read(name)
            asked = {"year": year, "report_id": report_id}
            same = next((k for k in known if _unchanged(k, source, asked, model)), None)
            if same is not None:
                yield _result(name, same, unchanged=True)
                continue
            if nlp is None:
                from winsextract.stages.annotate import load_pipeline

                nlp = load_pipeline(model)
            from winsextract.pipeline import extract

            report = extract(source, nlp, year=year, report_id=report_id)
            record = dataset.to_nested(report)
            dataset.write(record, output)
            yield _result(name, record, unchanged=False)
        except WinsextractError as error:
            yield Result(source=name, error=str(error))


def _unchanged(record: dict[str, Any], source: Source, asked: dict[str, Any], model: str | None) -> bool:
    """Whether a report in the dataset was made from this file, by this version, with these settings and the shipped model."""
    from winsextract.stages.annotate import shipped_version

    report = record["report"]
    return bool(
        model is None
        and report["sha256"] == source.sha256
        and report["source"] == source.name
        and report["extractor"]["version"] == __version__
        and report["extractor"]["model_version"] == shipped_version()
        and report["settings"] == asked
    )


def _result(name: str, nested: dict[str, Any], *, unchanged: bool) -> Result:
    wins = nested["wins"]
    counts = {"wins": len(wins), "countries": len({c["alpha_3"] for w in wins for c in w["countries"]}), "review": sum(w["review"]["needed"] for w in wins)}
    for table in ("people", "organisations", "laws", "dates"):
        counts[table] = sum(len(w[table]) for w in wins)
    return Result(
        source=name,
        report_id=nested["report"]["report_id"],
        year=nested["report"]["year"],
        counts=counts,
        outcomes=dict(Counter(w["outcome"] for w in wins)),
        months=dict(Counter(w["month"] for w in wins if w["month"])),
        unchanged=unchanged,
    )
