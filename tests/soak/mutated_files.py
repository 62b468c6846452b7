"""PDF and DOCX files that are damaged at random, read in a process of their own: python tests/soak/mutated_files.py KIND FIRST LAST

Their parsers are native code (PDFium, libxml2), which a coverage-guided run over Python code cannot see into,
and in which a fault ends the process. Each input is made from its number alone, so that one that is found can
be made again.
"""

from __future__ import annotations

import argparse
import io
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[2]
# No input may take longer; the largest of them is read in a tenth of a second.
SECONDS = 30


def damaged(data: bytes, rng: random.Random) -> bytes:
    """The bytes with one to eight faults: changed, lost, doubled, moved or cut off."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if not out:
            break
        at = rng.randrange(len(out))
        size = rng.choice((1, 1, 2, 4, 16, 64, 512))
        piece = bytes(out[at : at + size])
        kind = rng.randrange(7)
        if kind == 0:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[at : at + size] = rng.randbytes(len(piece))
        elif kind == 2:
            del out[at : at + size]
        elif kind == 3:
            out[at:at] = piece * rng.choice((1, 2, 50))
        elif kind == 4:
            to = rng.randrange(len(out))
            out[to : to + size] = piece
        elif kind == 5:
            digits = [i for i, c in enumerate(out) if 48 <= c <= 57]
            if digits:
                out[rng.choice(digits)] = rng.choice(b"0123456789-")
        elif rng.random() < 0.3:
            del out[at:]
    return bytes(out)


def damaged_docx(data: bytes, rng: random.Random) -> bytes:
    """A Word file whose archive is whole and one of whose parts is damaged, or whose bytes are."""
    if rng.random() < 0.3:
        return damaged(data, rng)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        hit = rng.choice([n for n in old.namelist() if n.endswith((".xml", ".rels"))])
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, damaged(content, rng) if name == hit else content)
    return out.getvalue()


def inputs() -> dict[str, tuple[bytes, Callable[[bytes, random.Random], bytes]]]:
    """Whole files by their media type, and what damages one."""
    sys.path.insert(0, str(ROOT / "tests"))
    from test_formats import as_docx, as_pdf

    from winsextract.stages.read import DOCX, PDF

    return {PDF: (as_pdf(), damaged), DOCX: (as_docx(), damaged_docx)}


def read_some(kind: str, first: int, last: int) -> None:
    """Read the inputs with these numbers; says each number before it is tried."""
    from winsextract.errors import ReadError
    from winsextract.pipeline import check_conservation
    from winsextract.stages.read import decode
    from winsextract.stages.segment import segment

    whole, damage = inputs()[kind]
    good = 0
    for number in range(first, last):
        print(number, flush=True)
        data = damage(whole, random.Random(number))
        start = time.monotonic()
        try:
            text = decode(data, name="damaged", media_type=kind).text
        except ReadError as error:
            assert str(error).startswith("damaged: ") and "\n" not in str(error), str(error)
        else:
            check_conservation(text, segment(text))
            good += 1
        assert time.monotonic() - start < SECONDS, f"{number} took {time.monotonic() - start:.0f} s"
    print(f"read {good}", flush=True)


def survive(kind: str, *, first: int, last: int) -> int:
    """How many of the inputs could be read. RuntimeError names the one that ended the process or broke a promise."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__)), kind, str(first), str(last)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    lines = done.stdout.split("\n")
    if done.returncode or not lines[-2].startswith("read "):
        raise RuntimeError(
            f"{kind}, input {lines[-2] if lines[-1:] == [''] else lines[-1]}: ended with {done.returncode}\n{done.stderr[-2000:]}"
        )
    return int(lines[-2].removeprefix("read "))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind")
    parser.add_argument("first", type=int)
    parser.add_argument("last", type=int)
    given = parser.parse_args()
    read_some(given.kind, given.first, given.last)
