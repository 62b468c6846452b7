"""Read a file as a report: find its format and its encoding, and the text within."""

from __future__ import annotations

import codecs
import hashlib
import re
import sys
from pathlib import Path

from winsextract.errors import ReadError
from winsextract.records import Source

# A report is text; a file over this size (bytes) is something else, or a mistake.
MAX_BYTES = 64 * 1024 * 1024
TEXT, MARKDOWN, HTML, PDF = "text/plain", "text/markdown", "text/html", "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SUFFIXES = {
    ".txt": TEXT,
    ".text": TEXT,
    "": TEXT,
    ".md": MARKDOWN,
    ".markdown": MARKDOWN,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
    ".pdf": PDF,
    ".docx": DOCX,
}
_CALLED = {HTML: "HTML", PDF: "a PDF", DOCX: "a Word document"}
_SUFFIX = {HTML: ".html", PDF: ".pdf", DOCX: ".docx"}
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text has, and that every binary format of some length does.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a]")
_HTML_START = re.compile(
    rb"\s*(?:<\?xml[^>]{0,200}>\s*|<!--(?:[^-]|-(?!->)){0,2000}-->\s*){0,5}<(?:!doctype\s+html|html)\b", re.IGNORECASE
)
# Of this many bytes (from the start) the share of NUL at even or odd places says what UTF-16 it is.
UTF16_SAMPLE = 4096
# A text is UTF-8 with faults, and not of an older encoding, where it has this many times as many right sequences as wrong ones.
MOSTLY_UTF8 = 4
# A half of a UTF-16 pair, written as if it were a character.
_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")
# Of letters in English text, names included, at most this share has accents; Cyrillic read as Windows-1252 has all.
MOST_ACCENTS = 0.15
_TYPOGRAPHIC = "‘’‚“”„–—…•·«»‹›©®™€£¥§°ºª¡¿½¼¾²³±×†‡\xa0\xad"
_LATIN_LETTER = re.compile("[À-ÖØ-öø-ſ]")
# A capital behind a small letter, a currency sign before a letter, a mark within a word: signs of another encoding.
_UNLIKELY = re.compile(
    "[a-zß-öø-ÿ][ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŽŠŒŸ](?![A-Z])|[£¥¿¡€](?=[a-z])|(?<=[a-z])[³²±ºª¿¡£¥¼½¾«»](?=[a-z])|(?<=[a-z])[¿³¹]"
)


def read(path: Path | str) -> Source:
    """The report in a file, or on standard input for "-".

    Raises ReadError with one sentence that names the file and the reason, and
    MissingExtraError where a library for its format is not installed.
    """
    if str(path) == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
        return decode(data, name="-", media_type=_kind(data) or TEXT)
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES and path.is_file():
        raise ReadError(f"{path}: files of the kind {suffix} are not read; give .txt, .md, .html, .docx or .pdf.")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ReadError(f"{_shown(path)}: cannot be read ({reason}).") from error
    media_type = SUFFIXES[suffix]
    kind = _kind(data)
    if suffix == "" and kind is not None:
        media_type = kind
    if kind is not None and kind != media_type:
        raise ReadError(
            f"{_shown(path)}: is {_CALLED[kind]}, whatever its name says; rename it to {_shown(path.with_suffix(_SUFFIX[kind]))}."
        )
    return decode(data, name=_shown(path), media_type=media_type)


def _shown(path: Path) -> str:
    """A path as text, also where its name is not valid Unicode."""
    return path.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def _kind(data: bytes) -> str | None:
    """The format that a file's first bytes show, None where they show none."""
    if data.lstrip()[:5] == b"%PDF-":
        return PDF
    if data.startswith(b"PK\x03\x04") and b"word/" in data:
        return DOCX
    return HTML if _HTML_START.match(data.removeprefix(codecs.BOM_UTF8)) else None


def decode(data: bytes, *, name: str, media_type: str) -> Source:
    """The report in the bytes of a file of a kind.

    Text is UTF-8, UTF-16 and UTF-32 with a byte order mark, Windows-1252, or what
    charset-normalizer finds. Raises ReadError as `read` does.
    """
    if len(data) > MAX_BYTES:
        raise ReadError(f"{name}: larger than {MAX_BYTES // 1024 // 1024} MiB; split it into its reports.")
    if not data.strip():
        raise ReadError(f"{name}: the file is empty.")
    encoding: str | None = None
    if media_type == PDF:
        from winsextract.stages.formats import pdf

        text = pdf.text_of(data, name=name)
    elif media_type == DOCX:
        from winsextract.stages.formats import docx

        text = docx.text_of(data, name=name)
    elif media_type == HTML:
        from winsextract.stages.formats import html

        markup, encoding = _decoded(data, name, declared=html.declared_charset(data))
        text = html.text_of(markup, name=name)
    else:
        text, encoding = _decoded(data, name)
    if not text.strip():
        raise ReadError(f"{name}: the file is empty, it holds nothing but white space.")
    return Source(
        name=name,
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        encoding=encoding,
        media_type=media_type,
        offsets_in_file=media_type in (TEXT, MARKDOWN),
    )


# ---------------------------------------------------------------- encodings


def _decoded(data: bytes, name: str, *, declared: str | None = None) -> tuple[str, str]:
    """The characters of a text file and the codec that gave them."""
    text, encoding = _characters(data, name, declared)
    _refuse_binary(text, name)
    return text, encoding


def _characters(data: bytes, name: str, declared: str | None) -> tuple[str, str]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strict(data, "utf-8-sig" if encoding == "utf-8" else encoding, name), encoding
    if (wide := _utf16_without_mark(data)) is not None:
        return _strict(data, wide, name), wide
    if declared is not None and declared != "utf-8":
        try:
            return data.decode(declared), declared
        except UnicodeDecodeError:
            pass  # pages often say what they are not
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError as error:
        _refuse_binary(data.decode("latin-1"), name)
        _refuse_faulty_utf8(data, error, name)
    return _legacy(data, name)


def _refuse_binary(text: str, name: str) -> None:
    if found := _CONTROL.search(text):
        raise ReadError(
            f"{name}: is no text, it holds control characters as binary files do (U+{ord(found[0]):04X} at character {found.start()})."
        )


def _strict(data: bytes, encoding: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        where = (
            "it is cut off in the middle of a character"
            if error.end >= len(data)
            else f"{error.reason} at byte {error.start}"
        )
        raise ReadError(
            f"{name}: looks like {encoding.removesuffix('-sig').upper()} and is not right, {where}; save it as UTF-8."
        ) from error


def _utf16_without_mark(data: bytes) -> str | None:
    """The UTF-16 that a file without a mark is in: every other byte of English text is NUL then."""
    sample = data[: UTF16_SAMPLE // 2 * 2]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if half >= 2 and odd > 0.7 * half and even < 0.05 * half:
        return "utf-16-le"
    if half >= 2 and even > 0.7 * half and odd < 0.05 * half:
        return "utf-16-be"
    return None


def _refuse_faulty_utf8(data: bytes, error: UnicodeDecodeError, name: str) -> None:
    """Raise where bytes that are not UTF-8 are better called UTF-8 with a fault than another encoding.

    Guessing would turn every accent of the report into two wrong characters without a word.
    """
    lenient = data.decode("utf-8", "replace")
    wrong = lenient.count("\ufffd") - data.count("\ufffd".encode())
    right = sum(map(len, re.findall(r"[^\x00-\x7f]+", lenient))) - wrong
    if _SURROGATE.search(data) is not None:
        try:
            data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            pass
        else:
            raise ReadError(
                f"{name}: holds halves of characters (surrogates, the first at byte {error.start}), which no UTF-8 text does; save it anew."
            ) from error
    # A cut sequence: two bytes of it, or one that would be a capital such as "Ã" as the last character.
    tail = data[error.start :]
    if error.reason == "unexpected end of data" and (right or len(tail) > 1 or tail[0] <= 0xC5):
        raise ReadError(f"{name}: ends in the middle of a character; the file is cut off.") from error
    if right and right >= MOSTLY_UTF8 * wrong:
        raise ReadError(
            f"{name}: is UTF-8 with a fault at byte {error.start} ({error.reason}); correct it there or save it anew."
        ) from error


def _legacy(data: bytes, name: str) -> tuple[str, str]:
    """Text of an encoding from before Unicode: Windows-1252, Mac Roman and Windows-1250 where they give
    plausible text, else what charset-normalizer finds.

    The library alone gave wrong characters for 4 of 6 English texts in Windows-1252 (version 3.5.2), these rules for none.
    """
    for encoding in ("cp1252", "mac_roman", "cp1250"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _is_plausible(text):
            return text, encoding
    from charset_normalizer import from_bytes

    best = from_bytes(
        data,
        cp_isolation=[
            "cp1252",
            "cp1250",
            "cp1251",
            "cp1253",
            "cp1254",
            "cp1255",
            "cp1256",
            "koi8_r",
            "gb18030",
            "big5",
            "shift_jis",
            "euc_kr",
        ],
    ).best()
    if best is None:
        raise ReadError(f"{name}: its encoding is not known; save it as UTF-8.")
    return str(best), best.encoding


def _is_plausible(text: str) -> bool:
    """Whether text reads like European text in Latin letters: few accents, none where only a wrong encoding puts them."""
    if any(c not in _TYPOGRAPHIC and not _LATIN_LETTER.match(c) for c in set(re.findall(r"[^\x00-\x7f]", text))):
        return False
    accents = len(_LATIN_LETTER.findall(text))
    letters = accents + len(re.findall("[A-Za-z]", text))
    return accents <= MOST_ACCENTS * letters and _UNLIKELY.search(text) is None
