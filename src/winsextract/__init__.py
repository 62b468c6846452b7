"""winsextract turns a yearly round-up of human-rights wins into structured, grounded records.

```python
import winsextract

report = winsextract.extract("raw/report.txt")  # one report, as records
data = winsextract.load("output")               # a dataset, as DataFrames
```
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from winsextract.errors import WinsextractError

if TYPE_CHECKING:
    from winsextract.dataset import Dataset
    from winsextract.records import Report

__version__ = "0.1.0"
__all__ = ["WinsextractError", "extract", "load"]

# What is imported inside the functions is heavy (spaCy, pandas), and not every caller needs both.


def extract(
    path: str | os.PathLike[str],
    *,
    model: str | None = None,
    year: int | None = None,
    report_id: str | None = None,
    trust_model: bool = False,
) -> Report:
    """The records of one report. The options are those of `winsextract run`: a `model` that brings code
    runs it only with `trust_model`.

    Raises ReadError where the file cannot be read, ModelError where the model cannot.
    """
    from winsextract.pipeline import extract as extract_source
    from winsextract.stages.annotate import load_pipeline
    from winsextract.stages.read import read

    return extract_source(
        read(os.fspath(path)), load_pipeline(model, trust_model=trust_model), year=year, report_id=report_id
    )


def load(
    path: str | os.PathLike[str] = "output",
    *,
    tables: str | Sequence[str] | None = None,
    columns: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
) -> Dataset:
    """The tables of an output folder as DataFrames, each read when it is first asked for.

    `tables` names those to have, all of them unless given; `columns` the columns to read,
    of every table that has them or by table. Raises DatasetError where the folder holds no
    report, and for names that no table has.
    """
    from winsextract.dataset import load as load_dataset

    return load_dataset(path, tables=tables, columns=columns)
