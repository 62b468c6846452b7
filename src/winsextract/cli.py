"""The command line: parse, call, print, exit."""

from __future__ import annotations

import contextlib
import enum
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from winsextract import __version__
from winsextract.errors import WinsextractError

if TYPE_CHECKING:
    from winsextract.comparison import Comparison
    from winsextract.runner import Result

# 130 is what shells call a command that Ctrl-C ended.
DONE, FAILED, WRONG_USAGE, STOPPED = 0, 1, 2, 130
# How often a log is told how far a run is.
LOG_SECONDS = 30.0
# Up to this many reports have a row each in the summary; of more, only those that failed.
MOST_ROWS = 100
TRUST_MODEL = "Load the model's folder although it holds code or pickles, or its configuration calls for code; without this it is refused."

app = typer.Typer(
    help="Turn round-ups of human-rights wins into structured, grounded records.",
    epilog="Start with: winsextract run raw/report.txt",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"winsextract {__version__}")
        raise typer.Exit(DONE)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _workers(value: str) -> str:
    if value == "auto" or (value.isascii() and value.isdigit() and int(value) > 0):
        return value
    raise typer.BadParameter(f"{value!r} is neither a number of processes nor auto.")


@app.command(
    epilog="""[bold]Examples[/bold]

winsextract run raw/report.txt

winsextract run raw/ --output out/

winsextract run archive/ --workers auto

winsextract run s3://bucket/reports --output s3://bucket/wins --scheduler tcp://host:8786

winsextract run - --report-id march < report.txt"""
)
def run(
    inputs: Annotated[
        list[str], typer.Argument(metavar="REPORT...", help="Files, folders of files, or - for standard input.")
    ],
    output: Annotated[
        str, typer.Option(metavar="DIR", help="The dataset's folder; with winsextract[dask] a URL too (s3://…).")
    ] = "output",
    model: Annotated[
        str | None, typer.Option(help="A spaCy pipeline's name or folder, instead of the shipped model.")
    ] = None,
    trust_model: Annotated[bool, typer.Option("--trust-model", help=TRUST_MODEL)] = False,
    year: Annotated[
        int | None, typer.Option(min=1000, max=2999, help="The report's year, whatever the text says.")
    ] = None,
    report_id: Annotated[
        str | None, typer.Option(help="The report's identifier, instead of one made from its title.")
    ] = None,
    review_threshold: Annotated[
        float | None, typer.Option(min=0.0, max=1.0, help="Flag wins for review from this chance of an error on.")
    ] = None,
    month_first: Annotated[
        bool, typer.Option("--month-first", help="Read 03/04/2024 as 4 March, not 3 April.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Extract again although nothing changed.")] = False,
    workers: Annotated[
        str, typer.Option(metavar="N|auto", callback=_workers, help="Processes on this machine; auto is one a core.")
    ] = "1",
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The Dask scheduler (tcp://host:8786) whose workers do the work."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress and no summary.")] = False,
    corrections: Annotated[
        Path | None, typer.Option(help="The folder of kept corrections, instead of corrections/ beside the output.")
    ] = None,
    pseudonymise: Annotated[
        bool,
        typer.Option(
            "--pseudonymise", help="Replace the names of people by pseudonyms, under the key in WINSEXTRACT_KEY."
        ),
    ] = False,
    pseudonym_key: Annotated[
        Path | None, typer.Option(help="The file of that key, instead of WINSEXTRACT_KEY; implies --pseudonymise.")
    ] = None,
) -> None:
    """Extract the wins of one or many reports into a dataset."""
    from winsextract import parallel, runner

    for name in parallel.ONE_THREAD:
        os.environ.setdefault(name, "1")
    tally = _Tally()
    try:
        sources = runner.find_reports(inputs)
        if report_id is not None and len(sources) > 1:
            _fail(
                f"--report-id names one report, and {len(sources)} were given. Leave it out, or run them one by one.",
                WRONG_USAGE,
            )
        key = None
        if pseudonymise or pseudonym_key:
            from winsextract import pseudonyms

            key = pseudonyms.read_key(pseudonym_key)
            typer.echo(
                "winsextract: names that are not found are not replaced; read the output before you pass it on.",
                err=True,
            )
        processes = parallel.cores() if workers == "auto" else int(workers)
        with (
            _Progress(len(sources), show=not quiet) as progress,
            contextlib.closing(
                runner.run(
                    sources,
                    output=output,
                    model=model,
                    trust_model=trust_model,
                    year=year,
                    report_id=report_id,
                    review_threshold=review_threshold,
                    month_first=month_first,
                    force=force,
                    corrections_folder=corrections,
                    pseudonym_key=key,
                    workers=processes,
                    scheduler=scheduler,
                )
            ) as results,
        ):
            for result in progress.track(results):
                tally.add(result)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    except KeyboardInterrupt:
        typer.echo(
            f"winsextract: stopped after {tally.reports} of {len(sources)} reports. They are written; run the same command again for the rest.",
            err=True,
        )
        raise typer.Exit(STOPPED) from None
    if not quiet:
        tally.print(output)
    if tally.failed:
        raise typer.Exit(FAILED)


@app.command()
def codebook(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Print the outcome classes: what each means, an example, the nearest PLOVER event type."""
    from dataclasses import asdict

    from winsextract.codebook import outcomes

    if as_json:
        import json

        typer.echo(json.dumps([asdict(o) for o in outcomes()], indent=2, ensure_ascii=False))
        return
    for o in outcomes():
        typer.secho(o.name, bold=True)
        typer.echo(
            f"  {o.definition}\n  e.g. {o.example}\n  PLOVER: {o.plover}" + (f" ({o.note})" if o.note else "") + "\n"
        )


@app.command()
def schema(
    as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema of the nested record.")] = False,
) -> None:
    """Print the tables and their columns."""
    from winsextract import schema as definition

    if as_json:
        import json

        typer.echo(json.dumps(definition.json_schema(), indent=2, ensure_ascii=False))
        return
    typer.echo(definition.dictionary(), nl=False)


class _Progress:
    """A bar on standard error while reports are read, on a terminal; a line for each that failed."""

    def __init__(self, total: int, *, show: bool) -> None:
        # A batch job's log wants a line now and then instead of a bar.
        self.total, self.show, self.log = total, show and sys.stderr.isatty(), show and not sys.stderr.isatty()

    def __enter__(self) -> _Progress:
        if self.show:
            from rich.console import Console
            from rich.progress import (
                BarColumn,
                MofNCompleteColumn,
                Progress,
                SpinnerColumn,
                TextColumn,
                TimeElapsedColumn,
            )

            self._bar = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("reading", total=self.total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.show:
            self._bar.stop()

    def track(self, results: Iterable[Result]) -> Iterator[Result]:
        last = time.monotonic()
        for number, result in enumerate(results, start=1):
            if self.log and time.monotonic() - last > LOG_SECONDS:
                last = time.monotonic()
                self._say(f"winsextract: {number:,} of {self.total:,} reports")
            if result.error:
                self._say(f"winsextract: {result.error}")
            for unfit in result.unfit:
                self._say(f"winsextract: {unfit}")
            if self.show:
                self._bar.update(self._task, advance=1, description=Path(result.source).name)
            yield result

    def _say(self, line: str) -> None:
        if self.show:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(line, err=True)


class _Tally:
    """What the summary on standard output says: a row a report, then the wins by outcome and month.

    Holds sums and at most `MOST_ROWS` reports, however many there are; of the failed, each.
    """

    def __init__(self) -> None:
        self.reports = self.unchanged = 0
        self.rows: list[Result] = []
        self.failed: list[str] = []
        self.counts: Counter[str] = Counter()
        self.outcomes: Counter[str] = Counter()
        self.months: Counter[int] = Counter()

    def add(self, result: Result) -> None:
        self.reports += 1
        self.unchanged += result.unchanged
        if len(self.rows) <= MOST_ROWS:
            self.rows.append(result)
        if result.error:
            self.failed.append(result.error)
        self.counts.update(result.counts)
        self.outcomes.update(result.outcomes)
        self.months.update(result.months)

    def print(self, output: str) -> None:
        from rich.console import Console
        from rich.table import Table

        console = Console(width=None if sys.stdout.isatty() else 100)
        columns = ("wins", "countries", "people", "organisations", "laws", "review")
        table = Table(title=None, box=None, pad_edge=False, header_style="bold")
        for name in ("report", "year", *columns[:-1], "to review", ""):
            table.add_column(name, justify="left" if name in ("report", "") else "right")
        if len(self.rows) <= MOST_ROWS:
            for r in self.rows:
                if r.error:
                    table.add_row(Path(r.source).name, *[""] * 7, "failed")
                else:
                    table.add_row(
                        r.report_id,
                        str(r.year or "?"),
                        *(str(r.counts.get(c, 0)) for c in columns),
                        "unchanged" if r.unchanged else "",
                    )
        else:
            self.counts.pop("countries")  # a country of two reports is one country: the sum says nothing
            table.add_row(
                f"{self.reports:,} reports",
                "",
                *(f"{self.counts[c]:,}" if c in self.counts else "" for c in columns),
                f"{self.unchanged:,} unchanged",
            )
        console.print(table)
        if self.outcomes:
            most = max(self.outcomes.values())
            by = Table(box=None, pad_edge=False, header_style="bold")
            by.add_column("outcome")
            by.add_column("wins", justify="right")
            by.add_column("")
            for name, n in self.outcomes.most_common():
                by.add_row(name, str(n), "█" * max(1, round(24 * n / most)))
            console.print()
            console.print(by)
        if self.months:
            console.print()
            console.print(
                "by month: " + "  ".join(f"{_MONTHS[m - 1]} {self.months[m]}" for m in sorted(self.months)),
                highlight=False,
            )
        if self.failed and len(self.rows) > MOST_ROWS:
            console.print(f"\n{len(self.failed):,} failed:", highlight=False)
            for error in self.failed:
                console.print(f"  {error}", markup=False, highlight=False, soft_wrap=True)
        console.print(f"\nDataset: {output}/", highlight=False, soft_wrap=True)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"winsextract: {message}", err=True)
    raise typer.Exit(code)


class Format(enum.StrEnum):
    table = "table"
    json = "json"
    markdown = "markdown"


@app.command(
    epilog="""[bold]Examples[/bold]

winsextract evaluate tests/gold/report.jsonl raw/report.txt

winsextract evaluate gold.jsonl output/json/my-report.json --errors

winsextract evaluate gold.jsonl report.txt --review --format markdown"""
)
def evaluate(
    gold: Annotated[Path, typer.Argument(help="The gold file: one win a line, coded by hand.")],
    predicted: Annotated[
        Path,
        typer.Argument(
            metavar="PREDICTED-OR-REPORT",
            help="A report, its JSON, an output folder with one report, or a second gold file.",
        ),
    ],
    errors: Annotated[bool, typer.Option("--errors", help="List every difference with its place.")] = False,
    review: Annotated[
        bool, typer.Option("--review", help="Show what each threshold of the review score flags.")
    ] = False,
    calibration: Annotated[
        bool, typer.Option("--calibration", help="Hold confidences against the share of values that are right.")
    ] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.table,
    bootstrap: Annotated[
        int, typer.Option(min=0, help="Rounds of the bootstrap behind the 95 % intervals; 0 for none.")
    ] = 1000,
    text: Annotated[
        Path | None, typer.Option(help="The report's file, to check that offsets hold what they say.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A spaCy pipeline's name or folder, instead of the shipped model.")
    ] = None,
    trust_model: Annotated[bool, typer.Option("--trust-model", help=TRUST_MODEL)] = False,
) -> None:
    """Say how right an extraction is, field by field, against a gold file."""
    from winsextract import evaluation

    try:
        wins = evaluation.read_gold(gold)
        got = evaluation.read_predicted(predicted, text=text, model=model, trust_model=trust_model)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    result = evaluation.evaluate(wins, got.wins, text=got.text, rounds=bootstrap)
    if output_format is Format.json:
        import json

        shown = evaluation.to_json(result, errors=errors, review=review, calibration=calibration)
        typer.echo(json.dumps(shown, indent=1, ensure_ascii=False))
    elif output_format is Format.markdown:
        tables = evaluation.grids(result, errors=errors, review=review, calibration=calibration)
        typer.echo(evaluation.to_markdown(tables), nl=False)
    else:
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else 120)
        for grid in evaluation.grids(result, review=review, calibration=calibration):
            console.print(evaluation.to_rich(grid))
            console.print()
        for difference in result.differences if errors else ():
            typer.echo(str(difference))


@app.command("gold-template")
def gold_template(
    report: Annotated[Path, typer.Argument(help="The report to extract.")],
    output: Annotated[Path | None, typer.Option(help="The file to write, instead of standard output.")] = None,
    text: Annotated[bool, typer.Option("--text/--no-text", help="Put each win's words at the end of its line.")] = True,
    model: Annotated[
        str | None, typer.Option(help="A spaCy pipeline's name or folder, instead of the shipped model.")
    ] = None,
    trust_model: Annotated[bool, typer.Option("--trust-model", help=TRUST_MODEL)] = False,
) -> None:
    """Write what was extracted as a gold file to correct by hand, one win a line."""
    from winsextract import evaluation

    if output is not None and output.exists():
        _fail(f"{output} exists and may hold corrections: choose another name, or remove it first.", WRONG_USAGE)
    try:
        lines = evaluation.gold_template(
            evaluation.extract_report(report, model=model, trust_model=trust_model), text=text
        )
    except WinsextractError as error:
        _fail(str(error), FAILED)
    if output is None:
        typer.echo(lines, nl=False)
        return
    try:
        output.write_text(lines, encoding="utf-8", newline="\n")
    except OSError as error:
        _fail(f"{output}: cannot be written ({error.strerror or error}).", FAILED)


@app.command(
    epilog="""[bold]Example[/bold]

winsextract view output/ && xdg-open output.html"""
)
def view(
    output: Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset's folder.")] = Path("output"),
    file: Annotated[
        Path | None, typer.Option("--output", help="The page's file, instead of DATASET.html beside the dataset.")
    ] = None,
) -> None:
    """Write one HTML file to read, search and correct the wins in; it works without a network."""
    from winsextract import view as page

    target = file or output.absolute().with_name(f"{output.absolute().name}.html")
    try:
        size = page.write(output, file=target)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    typer.echo(f"{target} ({size / 1e6:.1f} MB): open it in a browser.")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


@app.command()
def correct(
    output: Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    file: Annotated[Path, typer.Argument(metavar="CORRECTIONS", help="The file that the page saved.")],
    folder: Annotated[
        Path | None,
        typer.Option("--corrections", help="Where to keep them, instead of corrections/ beside the dataset."),
    ] = None,
) -> None:
    """Apply corrections to a dataset, and keep them for every later run."""
    from winsextract import corrections

    kept = folder or corrections.beside(output)
    try:
        applied, unfit = corrections.correct(output, file, folder=kept)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    for each in unfit:
        typer.echo(f"winsextract: {each}", err=True)
    wins = len({c.win for c in applied})
    typer.echo(f"{_count(len(applied), 'correction')} of {_count(wins, 'win')} applied to {output} and kept in {kept}.")
    if unfit:
        raise typer.Exit(FAILED)


@app.command(
    epilog="""[bold]Examples[/bold]

winsextract compare human-rights-wins-2023 human-rights-wins-2024

winsextract compare output-before/ output-after/ --json"""
)
def compare(
    a: Annotated[
        str, typer.Argument(metavar="A", help="A report's id, a record's JSON file, or another dataset's folder.")
    ],
    b: Annotated[str, typer.Argument(metavar="B", help="What to compare it with.")],
    output: Annotated[Path, typer.Option(help="The dataset that holds the reports.")] = Path("output"),
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two reports or two runs: outcomes, countries, regions, and who is there again."""
    from winsextract import comparison

    try:
        result = comparison.compare(comparison.side(a, output=output), comparison.side(b, output=output))
    except WinsextractError as error:
        _fail(str(error), FAILED)
    if as_json:
        import json
        from dataclasses import asdict

        typer.echo(json.dumps(asdict(result), indent=1, ensure_ascii=False))
        return
    _print_comparison(result)


def _print_comparison(result: Comparison) -> None:
    """Tables on standard output: totals, outcomes, places; then lists of countries and people."""
    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 100, highlight=False)
    a, b = result.a, result.b
    console.print(f"A  {a.name}\nB  {b.name}\n", markup=False)
    totals = [
        (name.replace("_", " "), getattr(a, name), getattr(b, name))
        for name in ("wins", "countries", "people", "needs_review")
    ]
    blocks = [("", totals)] + [
        (name, [(count.name, count.a, count.b) for count in counts])
        for name, counts in (("outcome", result.outcomes), ("country", result.countries), ("region", result.regions))
    ]
    for title, rows in blocks:
        if rows:
            table = Table(box=None, pad_edge=False, header_style="bold")
            table.add_column(title, min_width=26)
            for name in ("A", "B", "change"):
                table.add_column(name, justify="right", min_width=6)
            for name, before, after in rows:
                table.add_row(name, str(before), str(after), f"{after - before:+d}" if after != before else "·")
            console.print(table)
            console.print()
    for title, names in (
        ("New countries", result.new_countries),
        ("Repeated countries", result.repeated_countries),
        ("No longer there", result.gone_countries),
        ("New people", result.new_people),
    ):
        console.print(f"[bold]{title}[/bold] ({len(names)})")
        console.print("  " + (", ".join(names) or "none"), markup=False)
    console.print(f"[bold]People in both[/bold] ({len(result.repeated_people)})")
    for person in result.repeated_people:
        both = person.name_a if person.name_a == person.name_b else f"{person.name_a} = {person.name_b} ({person.how})"
        console.print(
            f"  {both}: {', '.join(person.wins_a)} and {', '.join(person.wins_b)}", markup=False, soft_wrap=True
        )


@app.command("train-data")
def train_data(
    output: Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset's folder.")] = Path("output"),
    file: Annotated[
        Path | None, typer.Option("--output", help="The file to write, instead of standard output.")
    ] = None,
) -> None:
    """Turn wins that a person corrected or confirmed into training paragraphs, a JSON object a line."""
    from winsextract import corrections, dataset

    try:
        lines, left = corrections.training_lines(dataset.read_reports(output))
        if file is None:
            typer.echo(lines, nl=False)
        else:
            file.write_text(lines, encoding="utf-8", newline="\n")
    except WinsextractError as error:
        _fail(str(error), FAILED)
    except OSError as error:
        _fail(f"{file}: cannot be written ({error.strerror or error}).", FAILED)
    if left:
        still = "still needs review and was" if left == 1 else "still need review and were"
        typer.echo(
            f"{_count(left, 'corrected win')} {still} left out: mark what is right as checked in the page.", err=True
        )


class Target(enum.StrEnum):
    csv = "csv"
    xlsx = "xlsx"
    sqlite = "sqlite"
    duckdb = "duckdb"


@app.command(
    epilog="""[bold]Examples[/bold]

winsextract export output/ --to xlsx

winsextract export output/ --to csv --output tables/

winsextract export output/ --to sqlite --output /tmp/wins.sqlite"""
)
def export(
    folder: Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    to: Annotated[Target, typer.Option(help="The format; csv is a folder with a file a table.")],
    output: Annotated[
        Path | None, typer.Option(help="The file, or for csv the folder, to write instead of wins.xlsx and the like.")
    ] = None,
) -> None:
    """Write a dataset for other programs: CSV, Excel, SQLite, DuckDB."""
    from winsextract import export as exporting

    try:
        exported = exporting.export(folder, to=to.value, output=output)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    typer.echo(f"{exported.path}: " + ", ".join(f"{name} {n:,}" for name, n in exported.rows.items()))


@app.command(
    epilog="""[bold]Examples[/bold]

winsextract verify output/

winsextract verify downloaded/ --source reports/"""
)
def verify(
    output: Annotated[Path, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    source: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the reports' files are, if not where they were read.")
    ] = None,
) -> None:
    """Check a dataset: files, hashes, schemas, keys between tables, and that no character of a report is lost."""
    from winsextract import verification

    try:
        result = verification.verify(output, source=source)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    for fault in result.faults:
        typer.echo(str(fault))
    typer.echo(
        f"{output}: {_count(result.reports, 'report')}, {_count(len(result.faults), 'fault') if result.faults else 'no faults'}."
    )
    if result.not_found:
        typer.echo(
            f"Not compared with their files, which were not found (--source DIR): {', '.join(result.not_found)}."
        )
    if result.faults:
        raise typer.Exit(FAILED)


def main() -> None:
    """The entry point of the command `winsextract`."""
    app()
