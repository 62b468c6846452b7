"""Write again what in the documentation is made from the code: `python -m tests.refresh_readme`.

- the sample record in README.md, from an extraction of `raw/report.txt`, and its figures of speed, from
  `benchmarks/results.json`
- docs/commands.md, from the command line's own help
- output/README.md, the data dictionary, from `schema.py` (as `winsextract schema` prints it)

`tests/test_docs.py` fails when one of them is old.
"""

from __future__ import annotations

import enum
import inspect
import json
import re
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

from typer.models import ArgumentInfo

import winsextract
from winsextract import dataset, schema
from winsextract.cli import app

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
COMMANDS = ROOT / "docs" / "commands.md"
DICTIONARY = ROOT / "output" / "README.md"

# The win that README shows: short, with a day, a person, an organisation and a header that is no state's name.
SAMPLE_HEADER = "Kurdistan Region of Iraq"
SAMPLE_KEYS = (
    "win_id",
    "month",
    "header",
    "text",
    "countries",
    "outcome",
    "outcomes",
    "people",
    "organisations",
    "event_date",
    "people_affected",
    "review",
)
SAMPLE_TEXT = 90
# Digits behind these are noise to a reader, and may differ between machines.
SAMPLE_DECIMALS = 2
BENCHMARK = ROOT / "benchmarks" / "results.json"


def sample() -> str:
    """The sample record as README has it, from what the extraction gives now."""
    record = dataset.to_nested(winsextract.extract(ROOT / "raw" / "report.txt"))
    win = next(win for win in record["wins"] if win["header"] == SAMPLE_HEADER)
    lines = []
    for key in SAMPLE_KEYS:
        value = _shorter(win[key])
        if isinstance(value, list) and value:
            entries = ",\n".join(f"    {_json(entry)}" for entry in value)
            lines.append(f"  {_json(key)}: [\n{entries}\n  ]")
        else:
            lines.append(f"  {_json(key)}: {_json(value)}")
    return "```json\n{\n" + ",\n".join(lines) + "\n}\n```"


def _shorter(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _shorter(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_shorter(item) for item in value]
    if isinstance(value, float):
        return round(value, SAMPLE_DECIMALS)
    if isinstance(value, str):
        return textwrap.shorten(value, SAMPLE_TEXT, placeholder=" …") if len(value) > SAMPLE_TEXT else value
    return value


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def speed() -> str:
    """What README says of speed, from the benchmark's last results; ratios, since seconds are one machine's."""
    found = json.loads(BENCHMARK.read_text(encoding="utf-8"))
    start, growth, workers = found["start"], found["growth"], found["workers"]
    throughput = found["throughput"]
    reports = {point["reports"]: point for point in growth["points"]}
    most = max(reports)
    rows = [
        (
            f"`winsextract run` on one report of {start['report_words']:,} words, from a cold start",
            f"{start['run_to_import']:.1f} × the time of `import spacy, pandas` ({start['run_to_import_cpu']:.1f} × in processor time), {start['run_mib']:.0f} MiB",
        ),
        (
            "words a second on one core, reading to writing",
            f"{throughput['all_to_cnn'][throughput['yardstick']]:.2f} × those of spaCy's small CNN `ner` alone (the network by itself {throughput['tagger_to_cnn'][throughput['yardstick']]:.2f} ×)",
        ),
        (
            f"{most:,} reports on one core",
            f"linear; {reports[most]['mib']:.0f} MiB, as for 40 ({reports[40]['mib']:.0f})",
        ),
        ("two workers", f"{workers['gain']:.2f} × as fast as one, the same bytes"),
    ]
    return "| | |\n|---|---|\n" + "\n".join(f"| {what} | {figure} |" for what, figure in rows)


def readme(text: str) -> str:
    """README with what is made from the code and from the benchmark between their marks."""
    for name, content in (("sample", sample()), ("speed", speed())):
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        before, rest = text.split(start)
        text = f"{before}{start}\n{content}\n{end}{rest.split(end)[1]}"
    return text


@dataclass(frozen=True, slots=True)
class Parameter:
    """An argument or option; an argument has no `options`."""

    name: str
    options: tuple[str, ...]
    kind: Any
    default: Any
    help: str

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    help: str
    examples: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def cli() -> tuple[Command, ...]:
    """The commands, from the functions in cli.py: what Typer makes of them differs between its versions."""
    found = []
    for info in app.registered_commands:
        function = info.callback
        assert function is not None
        hints = get_type_hints(function, include_extras=True)
        parameters = tuple(_parameter(p, hints[p.name]) for p in inspect.signature(function).parameters.values())
        name = info.name or function.__name__.replace("_", "-")
        examples = tuple(line for line in (info.epilog or "").splitlines() if line.startswith("winsextract "))
        found.append(Command(name, _plain(info.help or function.__doc__ or ""), examples, parameters))
    return tuple(found)


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    kind, info = get_args(hint)[:2]
    name = info.metavar or parameter.name.upper()
    if isinstance(info, ArgumentInfo):
        return Parameter(name, (), kind, parameter.default, info.help or "")
    # In `Annotated`, the first declaration arrives as the default.
    declared = [text for text in (info.default, *(info.param_decls or ())) if isinstance(text, str)]
    options = tuple(declared) or (f"--{parameter.name.replace('_', '-')}",)
    if kind is bool and not declared:
        options = (*options, options[0].replace("--", "--no-", 1))
    return Parameter(
        name, tuple(o for option in options for o in option.split("/")), kind, parameter.default, info.help or ""
    )


def commands() -> str:
    """The reference of the command line in Markdown."""
    lines = [
        "# Commands",
        "",
        "Made from the help texts by `python -m tests.refresh_readme`; `winsextract COMMAND --help` prints the same. Exit",
        "codes: 0 done; 1 something failed, and a sentence on standard error says what and why; 2 wrong usage.",
    ]
    for command in cli():
        arguments = [p.name if p.required else f"[{p.name}]" for p in command.parameters if not p.options]
        lines += ["", f"## {command.name}", "", command.help, "", "```"]
        lines += [" ".join(["winsextract", command.name, *arguments]), *command.examples, "```"]
        if command.parameters:
            lines += ["", "| argument or option | default | meaning |", "|---|---|---|", *map(_row, command.parameters)]
    return "\n".join(lines) + "\n"


def _row(parameter: Parameter) -> str:
    value = "" if parameter.kind is bool else f" {parameter.name}"
    if inspect.isclass(parameter.kind) and issubclass(parameter.kind, enum.Enum):
        value = f" {'|'.join(str(choice.value) for choice in parameter.kind)}"
    # A bar would end the table's cell.
    names = "/".join(parameter.options).replace("|", "\\|") + value.replace("|", "\\|")
    default = "" if parameter.default in (None, True, False) else f"`{parameter.default}`"
    shown = "required" if parameter.required else default
    return f"| `{names.strip() or parameter.name}` | {shown} | {_plain(parameter.help)} |"


def _plain(text: str) -> str:
    """A help text without the marks of rich."""
    return re.sub(r"\[/?(bold|italic|dim)\]", "", " ".join(text.split()))


def main() -> None:
    for path, content in (
        (README, readme(README.read_text(encoding="utf-8"))),
        (COMMANDS, commands()),
        (DICTIONARY, schema.dictionary()),
    ):
        if not path.exists() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            print(f"{path.relative_to(ROOT)} written again")


if __name__ == "__main__":
    main()
