"""Read a file as a report: find its encoding, or the text within its format."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from winsextract.errors import ReadError
from winsextract.records import Source

# A report is text; a file over this size (bytes) is something else, or a mistake.
MAX_BYTES = 64 * 1024 * 1024
SUFFIXES = {".txt": "text/plain", ".md": "text/markdown", ".markdown": "text/markdown", ".text": "text/plain", "": "text/plain"}
# Control characters that no text has, and that every binary format of some length does.
_CONTROL = bytes(c for c in range(32) if c not in b"\t\n\r\x0b\x0c\x1b\x1c\x1d\x1e\x1f")


def read(path: Path | str) -> Source:
    """The report in a file, or on standard input for "-".

    Raises ReadError with one sentence that names the file and the reason.
    """
    if str(path) == "-":
        return decode(sys.stdin.buffer.read(MAX_BYTES + 1), name="-", media_type="text/plain")
    path = Path(path)
    try:
        data = _bytes(path)
    except OSError as error:
        raise ReadError(f"{path}: cannot be read ({error.strerror or error}).") from error
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ReadError(f"{path}: files of the kind {suffix} are not read; give .txt or .md.")
    return decode(data, name=path.as_posix(), media_type=SUFFIXES[suffix])


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def decode(data: bytes, *, name: str, media_type: str) -> Source:
    """Plain text from its bytes: UTF-8, UTF-16 and UTF-32 with a byte order mark, else what charset-normalizer finds."""
    if len(data) > MAX_BYTES:
        raise ReadError(f"{name}: larger than {MAX_BYTES // 1024 // 1024} MiB; split it into its reports.")
    text, encoding = _decoded(data, name)
    if not text.strip():
        raise ReadError(f"{name}: the file is empty.")
    return Source(
        name=name,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        encoding=encoding,
        media_type=media_type,
        offsets_in_file=True,
    )


def _decoded(data: bytes, name: str) -> tuple[str, str]:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe\x00\x00", "utf-32"),
        (b"\x00\x00\xfe\xff", "utf-32"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            try:
                return data.decode("utf-8-sig" if encoding == "utf-8" else encoding), encoding
            except UnicodeDecodeError as error:
                raise ReadError(f"{name}: says that it is {encoding} and is not ({error.reason} at byte {error.start}).") from error
    if any(data.count(c) for c in _CONTROL):
        raise ReadError(f"{name}: is no text, it holds control characters as binary files do.")
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    from charset_normalizer import from_bytes

    best = from_bytes(data, cp_isolation=["cp1252", "cp1250", "cp1251", "cp1254", "cp1256", "iso8859_15", "mac_roman"], explain=False).best()
    if best is None:
        raise ReadError(f"{name}: the encoding is not known; save it as UTF-8.")
    return str(best), best.encoding
