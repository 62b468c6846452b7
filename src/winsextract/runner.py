"""Run many reports: find them, skip the unchanged, extract and write each, go on when one fails.

Each report is one task, [work][winsextract.runner.work], the same in this process, in processes
beside it and on a cluster (`parallel.py`): it reads one report, extracts it and writes it, and
sends back no more than a [Result][winsextract.runner.Result]. So memory does not grow with the
reports, and what is finished is written whatever happens to the rest.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import sys
import threading
import types
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winsextract import __version__
from winsextract.errors import DatasetError, ModelError, ReadError, WinsextractError

if TYPE_CHECKING:
    from winsextract.corrections import Correction
    from winsextract.dataset import Record
    from winsextract.records import Source

# Wins of a lone report that the network may read ahead of what is done with them.
LONE_DOCS_AHEAD = 2
# The first bytes of a nested record, which hold its provenance; a long title needs more, and gets it.
HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one report; `error` is the sentence that says why it failed, None where it did not.

    `counts` has the rows written by table and `review`, the wins that a person should look
    at; `outcomes` and `months` count wins. `unfit` says which kept corrections no longer fit.
    """

    source: str
    report_id: str | None = None
    year: int | None = None
    counts: dict[str, int] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)
    months: dict[int, int] = field(default_factory=dict)
    unchanged: bool = False
    error: str | None = None
    unfit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run does with every report; goes to the workers.

    `output` is a folder or a URL. `folder` is where relative paths start, and `version` the
    winsextract of the command: a worker may stand elsewhere. With `docs_ahead` the network reads
    on in a second thread, see [Tagger][winsextract.tagger.Tagger].
    """

    output: str
    model: str | None = None
    trust_model: bool = False
    year: int | None = None
    report_id: str | None = None
    review_threshold: float | None = None
    month_first: bool = False
    force: bool = False
    corrections: tuple[Correction, ...] = ()
    pseudonym_key: bytes | None = field(default=None, repr=False)
    docs_ahead: int = 0
    folder: str = field(default_factory=lambda: str(Path.cwd()))
    version: str = __version__

    @property
    def asked(self) -> dict[str, Any]:
        """The settings that change what is extracted, as a record keeps them."""
        asked: dict[str, Any] = {"year": self.year, "report_id": self.report_id}
        if self.review_threshold is not None:
            asked["review_threshold"] = self.review_threshold
        if self.month_first:
            asked["month_first"] = True
        if self.pseudonym_key is not None:
            from winsextract import pseudonyms

            asked["pseudonymised"] = pseudonyms.key_mark(self.pseudonym_key)
        return asked


@dataclass(frozen=True, slots=True)
class Task:
    """One report of a run: its place in the run's order, its name, and the ids of the reports made from a file of that name."""

    index: int
    name: str
    known: tuple[str, ...] = ()


def find_reports(inputs: Sequence[str]) -> list[str]:
    """The reports that the arguments name: files as they are, the readable files of folders in order of name.

    A folder may be a URL that fsspec knows (`s3://bucket/reports`). Raises ReadError where an
    argument names nothing.
    """
    from winsextract import remote
    from winsextract.stages.read import SUFFIXES

    reports: list[str] = []
    for name in map(remote.local, inputs):
        inside = None if name == "-" else remote.find(name) if remote.is_url(name) else _files(Path(name))
        if inside is None:
            reports.append(name)
            continue
        found = [
            path
            for path, parts in inside
            if Path(path).suffix.lower() in SUFFIXES
            and not any(part.startswith((".", "~$")) for part in parts)
            and parts[-1].lower() not in ("readme.md", "readme.txt")
        ]
        if not found:
            raise ReadError(
                f"{name}: the folder holds no report (files that end in {', '.join(sorted(filter(None, SUFFIXES)))})."
            )
        reports.extend(found)
    return list(dict.fromkeys(reports))


def _files(folder: Path) -> list[tuple[str, tuple[str, ...]]] | None:
    """The files below a folder in order of name, each with the parts of its path in there; None where it is no folder."""
    if not folder.is_dir():
        return None
    return [(str(p), p.relative_to(folder).parts) for p in sorted(folder.rglob("*")) if p.is_file()]


def run(
    reports: Sequence[str],
    *,
    output: Path | str,
    model: str | None = None,
    trust_model: bool = False,
    year: int | None = None,
    report_id: str | None = None,
    review_threshold: float | None = None,
    month_first: bool = False,
    force: bool = False,
    corrections_folder: Path | None = None,
    pseudonym_key: bytes | None = None,
    workers: int = 1,
    scheduler: str | None = None,
) -> Generator[Result, None, None]:
    """Extract reports into the dataset at `output`, with a result for each, in the order given.

    Corrections kept in `corrections_folder` (`corrections/` beside the output unless given) are applied.
    With a `pseudonym_key` the people found get pseudonyms, and names and pseudonyms are not mixed in a dataset.
    In this process, in `workers` processes beside it, or on the Dask cluster whose scheduler
    has that address: the dataset's bytes are the same. Where several reports have one id, the
    first is kept and the others fail. A report that fails is told in its result and the others
    still run. Raises ModelError where the model cannot be loaded, or would bring code and `trust_model` is not given, DatasetError where the output
    cannot be used at all, and WinsextractError where the cluster cannot be reached.
    """
    from winsextract import dataset, parallel, remote

    place = remote.local(os.fspath(output))
    if scheduler is not None and not remote.is_url(place):
        place = str(Path(place).absolute())
    settings = Settings(
        output=place,
        model=model,
        trust_model=trust_model,
        year=year,
        report_id=report_id,
        review_threshold=review_threshold,
        month_first=month_first,
        force=force,
        corrections=_kept(corrections_folder, place),
        pseudonym_key=pseudonym_key,
        # Somebody waits for a lone report. A run of many takes a core a worker, no more: so N workers take N.
        docs_ahead=LONE_DOCS_AHEAD if len(reports) == 1 else 0,
    )
    if not remote.is_url(place):
        dataset.recover(place)
    _check_names_and_pseudonyms_apart(settings)
    tasks = _tasks(reports, settings)
    do = functools.partial(work, settings=settings)
    try:
        if scheduler is not None:
            done = parallel.on_cluster(do, tasks, scheduler=scheduler)
        elif min(workers, len(reports)) > 1:
            done = parallel.in_processes(do, tasks, workers=min(workers, len(reports)))
        else:
            done = ((task.index, do(task)) for task in tasks)
        yield from _one_an_id(_in_order(done), settings)
    finally:
        if remote.is_url(place):
            remote.finish(place)
        else:
            dataset.recover(place)


def _kept(folder: Path | None, output: str) -> tuple[Correction, ...]:
    """The corrections that are applied to every extraction; read here, since a worker may not see the folder."""
    from winsextract import corrections, remote

    if folder is None and remote.is_url(output):
        return ()
    return corrections.kept(folder or corrections.beside(output))


def _check_names_and_pseudonyms_apart(settings: Settings) -> None:
    """Raise DatasetError where the dataset has reports with names and this run makes pseudonyms, or the other way round.

    A name that is left in one report would tell who a pseudonym in another is.
    """
    from winsextract import remote

    heads = remote.heads(settings.output) if remote.is_url(settings.output) else _heads(Path(settings.output))
    for report_id, head in heads:
        report = provenance(head)
        has_names = report is not None and not report["settings"].get("pseudonymised")
        if report is not None and has_names != (settings.pseudonym_key is None):
            has, makes = ("names", "pseudonyms") if has_names else ("pseudonyms", "names")
            raise DatasetError(
                f"{settings.output} has {has} of people ({report_id}), and this run would put {makes} beside them: choose another folder with --output."
            )


def _tasks(reports: Sequence[str], settings: Settings) -> Iterator[Task]:
    """A task a report, each with what the dataset has of it already."""
    known = {} if settings.force else _known(settings.output)
    for index, name in enumerate(reports):
        yield Task(index, name, tuple(known.get(_source_name(name), ())))


def _known(output: str) -> dict[str, list[str]]:
    """The ids of a dataset's reports by the source that each was made from; of each record only the head is read."""
    from winsextract import remote

    known: dict[str, list[str]] = {}
    for report_id, head in remote.heads(output) if remote.is_url(output) else _heads(Path(output)):
        if (report := provenance(head)) is not None:
            known.setdefault(report["source"], []).append(report_id)
    return known


def _heads(output: Path) -> Iterator[tuple[str, bytes]]:
    """The id of each report in a folder and the bytes that its record begins with."""
    for path in sorted(output.glob("json/*.json")):
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
            yield path.stem, head if provenance(head) is not None else head + file.read()


def provenance(head: bytes) -> dict[str, Any] | None:
    """What a nested record says of its report, from the bytes that the record begins with; None where they do not hold it all."""
    text = head.decode("utf-8", "ignore")
    start = text.find('"report": {')
    try:
        report = json.JSONDecoder().raw_decode(text, start + len('"report": '))[0] if start >= 0 else None
    except ValueError:
        return None
    return report if isinstance(report, dict) and "source" in report else None


def _source_name(name: str) -> str:
    """The name that a record gives to the report of this name."""
    from winsextract import remote

    return name if remote.is_url(name) else Path(name).as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def _in_order(done: Iterable[tuple[int, Result]]) -> Iterator[Result]:
    """Results in the order of their tasks; those that are early wait."""
    early: dict[int, Result] = {}
    following = 0
    for index, result in done:
        early[index] = result
        while following in early:
            yield early.pop(following)
            following += 1


def _one_an_id(results: Iterable[Result], settings: Settings) -> Iterator[Result]:
    """Keep the first report of an id and let the others of this run fail, whichever was written last.

    A run would else replace one of its own reports by another without a word, and by which one
    would depend on the speed of the workers.
    """
    first: dict[str, str] = {}
    overwritten: dict[str, None] = {}
    for result in results:
        holder = first.setdefault(result.report_id, result.source) if result.report_id else result.source
        if holder == result.source:
            yield result
            continue
        overwritten[holder] = None
        yield Result(
            source=result.source,
            error=f"{result.source}: has the report id {result.report_id!r} that {holder} has; give it another title, or run it alone with --report-id.",
        )
    for holder in overwritten:
        again = work(Task(0, holder), settings=replace(settings, force=True))
        if again.error:
            yield again


# One report. spaCy's vocabulary is no place for two threads at once (a Dask worker may have several).
_MODEL_IN_USE = threading.Lock()


def work(task: Task, *, settings: Settings) -> Result:
    """Read, extract and write one report, wherever this runs; a model is loaded once a process.

    A fault of winsextract in one report is told as a failure too: it must not cost the others.
    Raises ModelError where there is no model to work with, and WinsextractError where this is
    another version than the command's.
    """
    if settings.version != __version__:
        raise WinsextractError(
            f"A worker has winsextract {__version__} and this command is {settings.version}: install the same version for both."
        )
    try:
        return _work(task, settings)
    except ModelError:
        raise
    except WinsextractError as error:
        return Result(source=task.name, error=str(error))
    except Exception as error:
        return Result(
            source=task.name,
            error=f"{task.name}: a fault of winsextract, please report it ({type(error).__name__}: {error}).",
        )


def _work(task: Task, settings: Settings) -> Result:
    from winsextract import corrections, dataset

    source = _read(task.name, settings)
    for report_id in task.known:
        record = _record(report_id, settings.output)
        if record is not None and _unchanged(record, source, settings):
            _, unfit = corrections.apply(record, () if settings.pseudonym_key else settings.corrections)
            return replace(_result(task.name, record, unchanged=True), unfit=tuple(map(str, unfit)))
    from winsextract.pipeline import extract

    with _MODEL_IN_USE:
        report = extract(
            source,
            _pipeline(settings.model, settings.trust_model, settings.docs_ahead),
            year=settings.year,
            report_id=settings.report_id,
            review_threshold=settings.review_threshold,
            month_first=settings.month_first,
        )
    record, unfit = corrections.apply(dataset.to_nested(report), settings.corrections)
    if settings.pseudonym_key is not None:
        from winsextract import pseudonyms

        # Corrections may be about the report's words, or about those of a page with pseudonyms.
        record, still_unfit = corrections.apply(
            pseudonyms.pseudonymise(record, source.text, settings.pseudonym_key), settings.corrections
        )
        unfit = tuple(each for each in unfit if each in still_unfit)
    record = {**record, "report": {**record["report"], "settings": _asked(record, settings)}}
    _commit(record, settings.output)
    return replace(_result(task.name, record, unchanged=False), unfit=tuple(map(str, unfit)))


def _asked(record: Record, settings: Settings) -> dict[str, Any]:
    """The settings of this run as the record keeps them, with what tells whether its corrections were the same."""
    from winsextract import corrections

    if settings.pseudonym_key is None:
        return corrections.settings(record, settings.corrections, asked=settings.asked)
    # The record has lost the words that say which corrections are about it.
    return settings.asked | ({"corrections": corrections.digest(settings.corrections)} if settings.corrections else {})


def _read(name: str, settings: Settings) -> Source:
    from winsextract import remote
    from winsextract.stages.read import read

    if remote.is_url(name):
        return remote.read(name)
    if name == "-":
        return read(name)
    return (
        replace(read(Path(settings.folder, name)), name=_source_name(name))
        if str(Path.cwd()) != settings.folder
        else read(name)
    )


@functools.lru_cache(maxsize=1)
def _pipeline(model: str | None, trust_model: bool = False, docs_ahead: int = 0) -> Any:
    _import_spacy()
    from winsextract.stages.annotate import load_pipeline

    nlp: Any = load_pipeline(model, trust_model=trust_model)
    nlp.get_pipe("winsextract_tagger").docs_ahead = docs_ahead
    # While the network runs, which leaves the interpreter alone.
    threading.Thread(target=_prepare_writing, daemon=True).start()
    return nlp


def _record(report_id: str, output: str) -> Record | None:
    """A report's nested record as the dataset has it; None where it cannot be read."""
    from winsextract import remote

    try:
        content = (
            remote.record(output, report_id)
            if remote.is_url(output)
            else Path(output, "json", f"{report_id}.json").read_bytes()
        )
        record: Record = json.loads(content)
    except (OSError, ValueError, DatasetError):
        return None
    return record


def _commit(record: Record, output: str) -> None:
    from winsextract import dataset, remote

    if remote.is_url(output):
        remote.commit(record, output)
    else:
        dataset.commit(record, output)


def _unchanged(record: Record, source: Source, settings: Settings) -> bool:
    """Whether a report in the dataset was made from this file, by this version, with these settings and corrections, and the shipped model."""
    from winsextract.stages.annotate import shipped_version

    report = record["report"]
    return bool(
        settings.model is None
        and report["sha256"] == source.sha256
        and report["source"] == source.name
        and report["extractor"]["version"] == __version__
        and report["extractor"]["model_version"] == shipped_version()
        and report["settings"] == _asked(record, settings)
    )


def _result(name: str, nested: Record, *, unchanged: bool) -> Result:
    wins = nested["wins"]
    counts = {
        "wins": len(wins),
        "countries": len({c["alpha_3"] for w in wins for c in w["countries"]}),
        "review": sum(w["review"]["needed"] for w in wins),
    }
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


# What a run does not need and libraries import all the same.


def _import_spacy() -> None:
    """Import spaCy without its command line, which `spacy.info` drags in: a tenth of a second and 18 MiB.

    `import spacy.cli` works as ever afterwards, and `spacy.info` imports it when it is called.
    """
    if "spacy" in sys.modules:
        return

    def info(*args: Any, **options: Any) -> Any:
        return importlib.import_module("spacy.cli").info(*args, **options)

    stubs = {name: types.ModuleType(name) for name in ("spacy.cli", "spacy.cli.info")}
    stubs["spacy.cli.info"].__dict__["info"] = info
    sys.modules.update(stubs)
    try:
        importlib.import_module("spacy")
    finally:
        for name in stubs:
            del sys.modules[name]


def _prepare_writing() -> None:
    """Import what writes tables, a tenth of a second."""
    import pyarrow.json
    import pyarrow.parquet  # noqa: F401
