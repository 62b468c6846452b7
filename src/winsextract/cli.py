"""The command line: parse, call, print, exit."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from winsextract import __version__
from winsextract.errors import WinsextractError

if TYPE_CHECKING:
    from winsextract.runner import Result

DONE, FAILED, WRONG_USAGE = 0, 1, 2

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
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")] = False,
) -> None:
    pass


@app.command(
    epilog="""[bold]Examples[/bold]

winsextract run raw/report.txt

winsextract run raw/ --output out/

winsextract run 2023.md 2024.txt --quiet

winsextract run - --report-id march < report.txt"""
)
def run(
    inputs: Annotated[list[str], typer.Argument(metavar="REPORT...", help="Files, folders of files, or - for standard input.")],
    output: Annotated[Path, typer.Option(help="The dataset's folder.")] = Path("output"),
    model: Annotated[str | None, typer.Option(help="A spaCy pipeline's name or folder, instead of the shipped model.")] = None,
    year: Annotated[int | None, typer.Option(min=1000, max=2999, help="The report's year, whatever the text says.")] = None,
    report_id: Annotated[str | None, typer.Option(help="The report's identifier, instead of one made from its title.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Extract again although nothing changed.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress and no summary.")] = False,
) -> None:
    """Extract the wins of one or many reports into a dataset."""
    from winsextract import runner

    try:
        sources = runner.find_reports(inputs)
        if report_id is not None and len(sources) > 1:
            _fail(f"--report-id names one report, and {len(sources)} were given. Leave it out, or run them one by one.", WRONG_USAGE)
        with _Progress(len(sources), show=not quiet) as progress:
            results = list(progress.track(runner.run(sources, output=output, model=model, year=year, report_id=report_id, force=force)))
    except WinsextractError as error:
        _fail(str(error), FAILED)
    if not quiet:
        _summary(results, output)
    if any(r.error for r in results):
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
        typer.echo(f"  {o.definition}\n  e.g. {o.example}\n  PLOVER: {o.plover}" + (f" ({o.note})" if o.note else "") + "\n")


@app.command()
def schema(as_json: Annotated[bool, typer.Option("--json", help="Print the JSON Schema of the nested record.")] = False) -> None:
    """Print the tables and their columns."""
    from winsextract import schema as definition

    if as_json:
        import json

        typer.echo(json.dumps(definition.json_schema(), indent=2, ensure_ascii=False))
        return
    typer.echo(definition.dictionary())


class _Progress:
    """A bar on standard error while reports are read; a line for each that failed."""

    def __init__(self, total: int, *, show: bool) -> None:
        self.total, self.show = total, show

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
                SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
                console=Console(stderr=True), transient=True,
            )
            self._task = self._bar.add_task("reading", total=self.total)
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.show:
            self._bar.stop()

    def track(self, results: Iterable[Result]) -> Iterator[Result]:
        for result in results:
            if result.error:
                self._say(f"winsextract: {result.error}")
            if self.show:
                self._bar.update(self._task, advance=1, description=Path(result.source).name)
            yield result

    def _say(self, line: str) -> None:
        if self.show:
            self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)
        else:
            typer.echo(line, err=True)


def _summary(results: Sequence[Result], output: Path) -> None:
    """A table on standard output: a row a report, then the wins by outcome."""
    from collections import Counter

    from rich.console import Console
    from rich.table import Table

    console = Console(width=None if sys.stdout.isatty() else 100)
    table = Table(title=None, box=None, pad_edge=False, header_style="bold")
    for name in ("report", "year", "wins", "countries", "people", "organisations", "laws", "to review", ""):
        table.add_column(name, justify="left" if name in ("report", "") else "right")
    outcomes: Counter[str] = Counter()
    months: Counter[int] = Counter()
    for r in results:
        if r.error:
            table.add_row(Path(r.source).name, "", "", "", "", "", "", "", "failed")
            continue
        c = r.counts
        table.add_row(r.report_id, str(r.year or "?"), *(str(c.get(k, 0)) for k in ("wins", "countries", "people", "organisations", "laws", "review")), "unchanged" if r.unchanged else "")
        outcomes.update(r.outcomes)
        months.update(r.months)
    console.print(table)
    if outcomes:
        most = max(outcomes.values())
        by = Table(box=None, pad_edge=False, header_style="bold")
        by.add_column("outcome")
        by.add_column("wins", justify="right")
        by.add_column("")
        for name, n in outcomes.most_common():
            by.add_row(name, str(n), "█" * max(1, round(24 * n / most)))
        console.print()
        console.print(by)
    if months:
        console.print()
        console.print("by month: " + "  ".join(f"{_MONTHS[m - 1]} {months[m]}" for m in sorted(months)), highlight=False)
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
    predicted: Annotated[Path, typer.Argument(metavar="PREDICTED-OR-REPORT", help="A report, its JSON, an output folder with one report, or a second gold file.")],
    errors: Annotated[bool, typer.Option("--errors", help="List every difference with its place.")] = False,
    review: Annotated[bool, typer.Option("--review", help="Show what each threshold of the review score flags.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print the figures.")] = Format.table,
    bootstrap: Annotated[int, typer.Option(min=0, help="Rounds of the bootstrap behind the 95 % intervals; 0 for none.")] = 1000,
    text: Annotated[Path | None, typer.Option(help="The report's file, to check that offsets hold what they say.")] = None,
    model: Annotated[str | None, typer.Option(help="A spaCy pipeline's name or folder, instead of the shipped model.")] = None,
) -> None:
    """Say how right an extraction is, field by field, against a gold file."""
    from winsextract import evaluation

    try:
        wins = evaluation.read_gold(gold)
        got = evaluation.read_predicted(predicted, text=text, model=model)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    result = evaluation.evaluate(wins, got.wins, text=got.text, rounds=bootstrap)
    if output_format is Format.json:
        import json

        typer.echo(json.dumps(evaluation.to_json(result, errors=errors, review=review), indent=1, ensure_ascii=False))
    elif output_format is Format.markdown:
        typer.echo(evaluation.to_markdown(evaluation.grids(result, errors=errors, review=review)), nl=False)
    else:
        from rich.console import Console

        console = Console(width=None if sys.stdout.isatty() else 120)
        for grid in evaluation.grids(result, review=review):
            console.print(evaluation.to_rich(grid))
            console.print()
        for difference in result.differences if errors else ():
            typer.echo(str(difference))


@app.command("gold-template")
def gold_template(
    report: Annotated[Path, typer.Argument(help="The report to extract.")],
    output: Annotated[Path | None, typer.Option(help="The file to write, instead of standard output.")] = None,
    text: Annotated[bool, typer.Option("--text/--no-text", help="Put each win's words at the end of its line.")] = True,
    model: Annotated[str | None, typer.Option(help="A spaCy pipeline's name or folder, instead of the shipped model.")] = None,
) -> None:
    """Write what was extracted as a gold file to correct by hand, one win a line."""
    from winsextract import evaluation

    if output is not None and output.exists():
        _fail(f"{output} exists and may hold corrections: choose another name, or remove it first.", WRONG_USAGE)
    try:
        lines = evaluation.gold_template(evaluation.extract_report(report, model=model), text=text)
    except WinsextractError as error:
        _fail(str(error), FAILED)
    if output is None:
        typer.echo(lines, nl=False)
        return
    try:
        output.write_text(lines, encoding="utf-8", newline="\n")
    except OSError as error:
        _fail(f"{output}: cannot be written ({error.strerror or error}).", FAILED)


def main() -> None:
    """The entry point of the command `winsextract`."""
    app()
