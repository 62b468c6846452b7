"""The notebooks run on a dataset of several reports, draw what they announce, and are kept without outputs."""

from __future__ import annotations

import base64
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from winsextract import dataset
from winsextract.pipeline import extract
from winsextract.stages.annotate import load_pipeline
from winsextract.stages.read import read

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Twelve months; twelve months in another layout; no months at all.
REPORTS = ("raw/report.txt", "tests/reports/roundup-2023.txt", "tests/reports/hope-2018.txt")
# A cell takes a second; this is for a machine that does something else.
CELL_SECONDS = 120


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Datasets by name: all reports, and one without months."""
    nlp = load_pipeline(None)
    reports = [extract(read(str(ROOT / name)), nlp) for name in REPORTS]
    folders = {name: tmp_path_factory.mktemp(name) for name in ("several", "one")}
    dataset.write(reports, folders["several"])
    dataset.write(reports[-1], folders["one"])
    return folders


def draws(cell: nbformat.NotebookNode) -> bool:
    return cell.cell_type == "code" and "= figure(" in cell.source


@pytest.mark.parametrize("which", ["several", "one"])
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_and_draws(
    path: Path, which: str, outputs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINSEXTRACT_OUTPUT", str(outputs[which]))
    notebook = nbformat.read(path, as_version=4)
    # In an empty folder: a notebook that read anything but the dataset would fail.
    NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert sum(map(draws, notebook.cells)) >= 5
    for cell in filter(draws, notebook.cells):
        images = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
        assert len(images) == 1, cell.source
        assert base64.b64decode(images[0]).startswith(b"\x89PNG")
    said = "".join(output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", ()))
    assert "Warning" not in said, "a letter that no font has, or a call that will go away"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_kept_without_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        assert not cell.get("outputs"), "clear the outputs, see notebooks/README.md"
        assert cell.get("execution_count") is None
    assert 'os.environ.get("WINSEXTRACT_OUTPUT", "../output")' in path.read_text(encoding="utf-8").replace("\\", "")


def test_both_notebooks_have_one_look() -> None:
    """The cell with the style is the same in both, but for the source line that follows it."""
    looks = set()
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        (style,) = [cell.source for cell in cells if "rcParams" in cell.source]
        looks.add(style[: style.index("    return axes")])
    assert len(looks) == 1
