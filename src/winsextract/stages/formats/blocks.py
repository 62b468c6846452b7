"""What a page is made of, whatever its format, and how that is written as plain text.

The segmenter reads lines: a heading is a line with `#` marks, an item of a list one with a
bullet, and a blank line stands between paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

# Joins the cells of a table's row; the segmenter knows "Country | text" and "Month | Country: text".
CELL_MARK = " | "
_SPACES = re.compile(r"[ \t\r\f\v]+")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, a heading, an item of a list or a rule.

    `level` is a heading's, from 1. Items with the same `group` stand in the same list.
    """

    kind: str  # "text", "heading", "item" or "rule"
    text: str
    level: int = 0
    group: int = 0


def plain_text(blocks: Sequence[Block]) -> str:
    """The blocks as lines; what holds nothing but white space is left out."""
    parts: list[str] = []
    above: Block | None = None
    for block in blocks:
        line = _written(block)
        if not line:
            continue
        if above is not None:
            together = above.kind == block.kind == "item" and above.group == block.group
            parts.append("\n" if together else "\n\n")
        parts.append(line)
        above = block
    return "".join([*parts, "\n"]) if parts else ""


def _written(block: Block) -> str:
    if block.kind == "rule":
        return "---"
    lines = [_SPACES.sub(" ", line).strip(" ") for line in block.text.split("\n")]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n ")
    if not text.strip():
        return ""
    if block.kind == "heading":
        return "#" * min(max(block.level, 1), 6) + " " + " ".join(text.split("\n"))
    return f"• {text}" if block.kind == "item" else text


def row(cells: Sequence[Sequence[Block]]) -> list[Block]:
    """A table's row as blocks: one line where the cells are short, each cell's blocks where the table lays out a page."""
    filled = [[b for b in cell if b.text.strip()] for cell in cells]
    filled = [cell for cell in filled if cell]
    if (
        len(filled) < 2
        or any(len(cell) > 1 or cell[0].kind != "text" for cell in filled[:-1])
        or filled[-1][0].kind != "text"
    ):
        return [block for cell in filled for block in cell]
    line = CELL_MARK.join(" ".join(cell[0].text.split("\n")) for cell in filled)
    return [replace(filled[0][0], text=line), *filled[-1][1:]]


def words_of(text: str) -> frozenset[str]:
    """The words of a table that is written as running text."""
    return frozenset(text.split())
