"""Coverage-guided fuzzing of reading and segmenting: `make fuzz` (atheris, a libFuzzer for Python).

Any bytes, as a file of any kind that is read without a network and without native PDF code, give either a
segmentation that keeps the text or a ReadError of one sentence. What breaks that is put into
`tests/cases/fuzz/`, which `tests/test_trust.py` runs through the same check for ever after.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
KINDS = ("text/plain", "text/markdown", "text/html")
# The name of the kind's case files, and what the fuzzer's first byte stands for.
SUFFIXES = (".txt", ".md", ".html")
# Inputs are small: what there is to find is found faster so, and linear time has tests of its own.
MOST_BYTES = 4096


def check(data: bytes, kind: str) -> None:
    """Read and segment; AssertionError, or whatever else it was, where a promise is broken."""
    from winsextract.errors import ReadError
    from winsextract.pipeline import check_conservation
    from winsextract.stages.read import decode
    from winsextract.stages.segment import segment

    try:
        text = decode(data, name="fuzz", media_type=kind).text
    except ReadError as error:
        assert str(error).startswith("fuzz: ") and "\n" not in str(error), str(error)
        return
    pieces = segment(text)
    check_conservation(text, pieces)
    assert [s.position for s in pieces.segments] == list(range(1, len(pieces.segments) + 1))
    for piece in pieces.segments:
        assert 0 <= piece.start <= piece.body_start <= piece.end <= len(text), piece
        assert piece.header is None or text.startswith(piece.header, piece.start), piece
        assert text[piece.start : piece.end].strip() and not text[piece.end - 1].isspace(), piece
        assert piece.month is None or 1 <= piece.month <= 12, piece
        assert piece.year is None or 1 <= piece.year <= 9999, piece
        at = piece.body_start
        for part in piece.parts:
            assert at <= part.start < part.end <= piece.end, (piece, part)
            at = part.end
    for other in pieces.unassigned:
        assert text[other.start : other.end] == other.text and other.text.strip(), other


def seeds(folder: Path) -> None:
    """Small inputs to begin with: the golden cases, and the cases of earlier findings."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "tests/cases/segment").glob("*.txt")):
        report = re.split(r"^=== \w+\n", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1]
        for kind in (0, 1):
            (folder / f"{path.stem}-{kind}").write_bytes(bytes([kind]) + report.encode()[:MOST_BYTES])
        html = "".join(
            f"<h2>{line}</h2>" if len(line) < 30 else f"<p>{line}</p>" for line in report.splitlines() if line
        )
        (folder / f"{path.stem}-2").write_bytes(b"\x02" + html.encode()[:MOST_BYTES])
    for path in cases():
        (folder / f"case-{path.stem}").write_bytes(bytes([SUFFIXES.index(path.suffix)]) + path.read_bytes())


def cases() -> list[Path]:
    """What was found earlier."""
    return [p for p in sorted((ROOT / "tests/cases/fuzz").iterdir()) if p.suffix in SUFFIXES and p.stem != "README"]


def main() -> None:
    """`python fuzz/target.py [libFuzzer's options] [corpus]`."""
    import atheris

    with atheris.instrument_imports(include=["winsextract"]):
        import winsextract.pipeline
        import winsextract.stages.formats.html
        import winsextract.stages.read
        import winsextract.stages.segment  # noqa: F401

    def one(data: bytes) -> None:
        if data:
            check(data[1:], KINDS[data[0] % len(KINDS)])

    corpus = ROOT / "build/fuzz/corpus"
    seeds(corpus)
    options = [
        f"-dict={ROOT / 'fuzz/words.dict'}",
        f"-max_len={MOST_BYTES}",
        "-timeout=20",
        f"-artifact_prefix={ROOT / 'build/fuzz'}/",
    ]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:], str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
