"""The codebook of outcome classes, kept in `data/outcomes.toml` where people edit it."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class OutcomeClass:
    """One class: its name in the data, what it means, and the nearest PLOVER event type.

    `plover` is a type ("CONCEDE") or a type and mode ("RETREAT-release"); `note` says when
    another type fits better.
    """

    name: str
    definition: str
    example: str
    plover: str
    note: str = ""


@functools.cache
def outcomes() -> tuple[OutcomeClass, ...]:
    """Every outcome class in the codebook's order; read once, on first use."""
    text = (resources.files("winsextract") / "data" / "outcomes.toml").read_text(encoding="utf-8")
    return tuple(
        OutcomeClass(row["name"], row["definition"], row["example"], row["plover"], row.get("note", ""))
        for row in tomllib.loads(text)["outcome"]
    )


def outcome_names() -> tuple[str, ...]:
    """The names of the classes, in the codebook's order."""
    return tuple(outcome.name for outcome in outcomes())
