"""The documentation says what is so: commands, options, paths, examples, and what is made from the code."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import refresh_readme
from typer.testing import CliRunner

from winsextract import dataset
from winsextract.cli import app
from winsextract.export import export
from winsextract.pipeline import extract
from winsextract.stages.annotate import load_pipeline
from winsextract.stages.read import read

ROOT = Path(__file__).parents[1]
DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
REFRESH = "is old: run `python -m tests.refresh_readme`"

# The options of each command.
CLI = {command.name: {o for p in command.parameters for o in p.options} for command in refresh_readme.cli()}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Where a short name such as `places.py` may be, besides the root and the document's own folder.
PACKAGE = ROOT / "src" / "winsextract"
SUFFIXES = (".py", ".md", ".toml", ".csv", ".ipynb", ".txt", ".json", ".jsonl", ".cfg", ".css", ".html", ".parquet")
# Bare names with one of the others are files that a user makes.
BARE_SUFFIXES = (".py", ".md", ".toml", ".ipynb")
# Files that only next year's reader will have.
EXAMPLES = {"tests/reports/wins-2025.txt", "tests/reports/wins-2025.gold.jsonl"}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as a reader has it who did what README and docs/export.md say: raw/, output/ and two exports."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(ROOT / "raw", folder / "raw")
    source = read(str(ROOT / "raw" / "report.txt"))
    dataset.write(extract(source, load_pipeline(None)), folder / "output")
    for to, name in (("csv", "wins-csv"), ("xlsx", "wins.xlsx")):
        export(folder / "output", to=to, output=folder / name)
    return folder


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# Commands and options


@pytest.mark.parametrize("name", CLI)
def test_command_and_its_options_are_documented(name: str) -> None:
    text = "\n".join(map(text_of, DOCS))
    assert f"winsextract {name}" in text
    for option in CLI[name]:
        assert re.search(rf"{re.escape(option)}(?![\w-])", text), f"{name} {option} is in no document"


def test_documents_name_no_command_that_is_not_there() -> None:
    for path in DOCS:
        code = "\n".join(
            [*(m[2] for m in FENCE.finditer(text_of(path))), *INLINE.findall(FENCE.sub("", text_of(path)))]
        )
        named = set(re.findall(r"^winsextract ([a-z][\w-]*)", code, re.MULTILINE))
        assert named <= set(CLI), path.name


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_examples_have_the_options_of_their_commands(path: Path) -> None:
    for block in FENCE.finditer(text_of(path)):
        for name, rest in re.findall(r"^winsextract ([a-z][\w-]*)([^\n#|&<]*)", block[2], re.MULTILINE):
            options = set(re.findall(r"(?<!\S)--[a-z][\w-]*", rest))
            assert options <= CLI[name] | {"--help"}, f"winsextract {name}{rest}"


def test_make_targets_and_modules_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    for path in DOCS:
        code = "\n".join(
            [*(m[2] for m in FENCE.finditer(text_of(path))), *INLINE.findall(FENCE.sub("", text_of(path)))]
        )
        assert set(re.findall(r"^make ([a-z]+)", code, re.MULTILINE)) <= targets, path.name
        for module in re.findall(r"^(?:\S*/)?python -m ([\w.]+)", code, re.MULTILINE):
            if module.startswith(("tests.", "pipelines.", "winsextract")):
                assert (ROOT / f"{module.replace('.', '/')}.py").exists(), module


# Files and paths


def paths_in(path: Path) -> set[str]:
    text = FENCE.sub("", text_of(path))
    links = {link for link in LINK.findall(text) if "://" not in link}
    code = {name for name in INLINE.findall(text) if re.fullmatch(r"[\w.*/-]+", name) and not name.startswith("..")}
    files = {name for name in code if name.endswith(SUFFIXES if "/" in name else BARE_SUFFIXES)}
    folders = {name for name in code if "/" in name and (ROOT / name.partition("/")[0]).is_dir()}
    return (links | files | folders) - EXAMPLES


def exists(name: str, document: Path, place: Path) -> bool:
    name, _, anchor = name.partition("#")
    if not name:
        return anchor in anchors(document)
    bases = [document.parent, ROOT, PACKAGE, PACKAGE / "data", PACKAGE / "stages", place]
    found = [file for base in bases for file in base.glob(name.rstrip("/")) if ".." not in name] or [
        base / name for base in bases if (base / name).exists()
    ]
    return bool(found) and (not anchor or anchor in anchors(found[0]))


def anchors(document: Path) -> set[str]:
    """The headings of a document as GitHub makes links of them."""
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", text_of(document)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCS, ids=lambda path: path.name)
def test_paths_exist(document: Path, place: Path) -> None:
    missing = sorted(name for name in paths_in(document) if not exists(name, document, place))
    assert not missing, f"{document.name} names what is not there"


def test_paths_are_found_at_all() -> None:
    assert {"output/README.md", "stages/read.py", "docs/evaluate.md"} <= paths_in(ROOT / "README.md")


# Examples


def python_blocks() -> list[Any]:
    documents = [*DOCS, ROOT / "output" / "README.md"]
    return [
        pytest.param(match[2], id=f"{path.relative_to(ROOT)}:{text_of(path)[: match.start()].count(chr(10)) + 1}")
        for path in documents
        for match in FENCE.finditer(text_of(path))
        if match[1] == "python"
    ]


@pytest.mark.parametrize("code", python_blocks())
def test_python_runs(code: str, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(place)
    exec(compile(code, "example", "exec"), {"__name__": "example"})


# What is made from the code


def test_readme_shows_what_the_extraction_gives() -> None:
    text = text_of(refresh_readme.README)
    assert refresh_readme.readme(text) == text, f"README's sample {REFRESH}"


def test_reference_of_commands_is_up_to_date() -> None:
    assert text_of(refresh_readme.COMMANDS) == refresh_readme.commands(), f"docs/commands.md {REFRESH}"


def test_data_dictionary_is_what_the_command_prints() -> None:
    printed = CliRunner().invoke(app, ["schema"])
    assert printed.exit_code == 0
    assert text_of(refresh_readme.DICTIONARY) == printed.output, f"output/README.md {REFRESH}"
