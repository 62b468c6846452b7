"""Files as they come: their encodings, and those that are no report.

A new encoding is a row of ENCODINGS, a new kind of bad file one of BAD: its name, its bytes and
words that the sentence must have.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import time
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.errors import MissingExtraError, ReadError
from winsextract.stages import read as stage
from winsextract.stages.read import DOCX, HTML, MARKDOWN, PDF, TEXT, decode, read

MB = 1024 * 1024
# "Ends in seconds": the slowest bad file takes 5 s on the machine where it was measured.
SECONDS = 20
REPORT = (
    "Good news\r\n\r\nCôte d’Ivoire: A court in Bouaké freed Aïcha Koné – at last.\n\nKenya: “Now we rest,” she said.\n"
)
ENGLISH = "Kenya: A court freed Asha Guyo Tadicha on 17 January; the wells are open again.\n"

# codec to write with, text, codec that must be found
ENCODINGS = [
    ("utf-8", REPORT, "utf-8"),
    ("utf-8-sig", REPORT, "utf-8"),
    ("utf-16", REPORT, "utf-16"),
    ("utf-32", REPORT, "utf-32"),
    ("utf-16-le", REPORT, "utf-16-le"),
    ("utf-16-be", REPORT, "utf-16-be"),
    ("ascii", ENGLISH, "utf-8"),
    ("cp1252", REPORT, "cp1252"),
    ("cp1252", "Kenya: It’s a win for everyone’s rights.", "cp1252"),
    ("cp1252", "Kenya: the café reopened after the ruling of the court in Nairobi.", "cp1252"),
    ("cp1252", "Türkiye: The fine of €500 (£430) against São Tomé’s Zoë Müller is void – §12.", "cp1252"),
    ("mac_roman", REPORT, "mac_roman"),
    ("mac_roman", "Kenya: It’s a win for everyone’s rights.", "mac_roman"),
    ("cp1250", "Poland: The court in Łódź acquitted Łukasz Żuławski and Małgorzata Gęś after three years.", "cp1250"),
    ("cp1251", "Россия: суд освободил журналиста Ивана Петрова после пяти лет заключения.", "cp1251"),
]


def utf16(mark: bytes, *units: int) -> bytes:
    return mark + b"".join(struct.pack("<H", unit) for unit in units)


def archive(*parts: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts:
            package.writestr(name, content)
    return file.getvalue()


def pdf(content: bytes, *, font: str = "/F1") -> bytes:
    """A PDF of one page, written by hand: what it shows is `content`, a content stream."""
    packed = zlib.compress(content, 9)
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<<{font} 5 0 R>>>>>>".encode(),
        b"<</Length %d/Filter/FlateDecode>>\nstream\n" % len(packed) + packed + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        out
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % len(out)
    )


DOCUMENT = b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p/></w:body></w:document>'
LAUGHS = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
JUNK = random.Random(8).randbytes(20_000)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + JUNK

# file name, bytes, words of the reason
BAD: list[tuple[str, bytes, str]] = [
    ("empty.txt", b"", "is empty"),
    ("empty.pdf", b"", "is empty"),
    ("blank.txt", b" \r\n\t \n", "is empty"),
    ("blank-16.txt", "  \n".encode("utf-16"), "is empty"),
    ("mark-only.txt", b"\xef\xbb\xbf", "is empty"),
    ("binary.txt", JUNK, "no text"),
    ("binary-16.txt", b"\xff\xfe" + JUNK, "UTF-16"),
    ("picture.txt", b"\x89PNG\r\n\x1a\n" + JUNK, "no text"),
    ("nul.txt", b"Kenya: A court\0 freed her.", "control characters"),
    ("nul.md", b"Kenya: A court\0 freed her.", "control characters"),
    ("nul.html", b"<p>Kenya: A court\0 freed her.</p>", "control characters"),
    ("cut.txt", "Kenya: the café".encode()[:-1], "cut off"),
    ("cut-16.txt", REPORT.encode("utf-16")[:-1], "cut off"),
    ("cut-16-no-mark.txt", REPORT.encode("utf-16-le")[:-1], "cut off"),
    ("cut-32.txt", REPORT.encode("utf-32")[:-2], "cut off"),
    ("fault.txt", "Côte d’Ivoire: “Enough” – she said".encode() + b"\xff and left.", "fault at byte"),
    ("surrogate.txt", b"Kenya: a court \xed\xa0\x80 freed her.", "surrogates"),
    ("surrogate-16.txt", utf16(b"\xff\xfe", 0x4B, 0xD800, 0x4C), "UTF-16"),
    ("beyond-32.txt", b"\xff\xfe\x00\x00" + struct.pack("<II", 0x4B, 0x110000), "UTF-32"),
    ("big.txt", b"Kenya: a court freed her. " * (65 * MB // 26), "larger than 64 MiB"),
    ("page.txt", b"<!DOCTYPE html><html><p>Kenya: text</html>", "is HTML, whatever its name says; rename it to "),
    ("page.md", b"\xef\xbb\xbf\n<!-- saved -->\n<HTML lang=en><p>Kenya: text", "is HTML"),
    ("paper.txt", pdf(b""), "is a PDF, whatever its name says; rename it to "),
    ("paper.docx", pdf(b""), "is a PDF"),
    ("letter.txt", archive(("word/document.xml", DOCUMENT)), "is a Word document"),
    ("table.xlsx", b"PK", "not read; give .txt"),
    ("fake.pdf", b"Kenya: A court freed her.", "is no PDF"),
    ("fake.docx", b"Kenya: A court freed her.", "is no Word document"),
    ("fake.html", b"Kenya: A court freed her.", "is no HTML"),
    ("torn.pdf", b"%PDF-1.7\n" + JUNK, "damaged"),
    ("half.pdf", pdf(b"BT /F1 10 Tf (Kenya) Tj ET")[:60], "damaged"),
    ("scan.pdf", pdf(b"0 0 100 100 re f"), "no text layer"),
    ("bomb.pdf", pdf(b"q " * (60 * MB)), "more memory"),
    ("old.docx", OLE, "old Word file or locked"),
    ("other.docx", archive(("xl/workbook.xml", b"<a/>")), "no Word document"),
    ("bare.docx", archive(("word/document.xml", DOCUMENT)), "no Word document"),
    ("torn.docx", archive(("word/document.xml", DOCUMENT))[:-30], "no Word document"),
    ("laughs.docx", archive(("word/document.xml", LAUGHS + DOCUMENT)), "declares entities"),
    (
        "laughs-16.docx",
        archive(("word/document.xml", (LAUGHS + DOCUMENT).decode().encode("utf-16"))),
        "declares entities",
    ),
    ("bomb.docx", archive(("word/document.xml", b" " * (49 * MB))), "zip bombs"),
    (
        "bombs.docx",
        archive(("word/document.xml", DOCUMENT), *((f"word/media/{n}.png", bytes(33 * MB)) for n in range(8))),
        "zip bombs",
    ),
    ("deep.html", b"<html><body>" + b"<div>" * 100_000 + b"Kenya: text" + b"</div>" * 100_000, "nests its tags"),
    ("tags.html", b"<body>" + b"x<br>" * (4 * MB), "tags"),
    ("open.html", b"<body>" + b"<" * (20 * MB), "tags"),
    ("script.html", b"<html><script>draw('Kenya')</script><body></body></html>", "holds no text"),
]


@pytest.mark.parametrize(
    ("codec", "text", "found"), ENCODINGS, ids=[f"{a}-{i}" for i, (a, _, _) in enumerate(ENCODINGS)]
)
def test_encodings(codec: str, text: str, found: str, tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(text.encode(codec))
    source = read(path)
    assert (source.text, source.encoding) == (text, found)
    assert source.sha256 == hashlib.sha256(text.encode(codec)).hexdigest()
    assert (source.name, source.media_type, source.offsets_in_file) == (path.as_posix(), TEXT, True)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"<meta charset=windows-1251><p>\xca\xe5\xed\xe8\xff: text", "cp1251"),
        (b"<meta http-equiv='Content-Type' content='text/html; charset=iso-8859-1'><p>\x93Caf\xe9\x94", "cp1252"),
        (b"<?xml version='1.0' encoding='ISO-8859-2'?><html><p>\xa3\xf3d\xbc", "iso8859-2"),
        (b"<meta charset=windows-1252><p>" + "Côte d’Ivoire".encode() + b"</p>", "cp1252"),  # browsers believe it too
        (b"<meta charset=utf-8><p>\xef\xbb\xbfCaf\xc3\xa9", "utf-8"),
        (b"<meta charset=utf-8><p>Kenya: the caf\xe9 of the court", "cp1252"),
        (b"<meta charset=utf-16><p>Caf\xc3\xa9", "utf-8"),
        (b"<meta charset=zip><p>Caf\xc3\xa9", "utf-8"),
        (b"<meta charset=punycode><p>Caf\xc3\xa9", "utf-8"),
        (b"<meta charset=nonsense><p>Caf\xc3\xa9", "utf-8"),
        (b"<p>Caf\xc3\xa9", "utf-8"),
        ("<p>Café".encode("utf-16"), "utf-16"),
    ],
)
def test_declared_charset(data: bytes, found: str) -> None:
    pytest.importorskip("lxml")
    assert decode(data, name="page.html", media_type=HTML).encoding == found


@pytest.mark.parametrize(("name", "data", "reason"), BAD, ids=[name for name, _, _ in BAD])
def test_bad_files(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    if name.endswith((".pdf", ".html", ".docx")):
        pytest.importorskip("lxml")
    path = tmp_path / name
    path.write_bytes(data)
    began = time.monotonic()
    with pytest.raises(ReadError) as error:
        read(path)
    assert time.monotonic() - began < SECONDS
    message = str(error.value)
    assert message.startswith(f"{path}: ")
    assert reason in message
    assert message.endswith(".")
    assert "\n" not in message


def test_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "folder.docx").mkdir()
    for name, reason in (
        ("none.txt", "No such file"),
        ("folder.docx", "Is a directory"),
        ("", "Is a directory"),
        ("x" * 300, "too long"),
        ("a\0b.txt", "null"),
    ):
        with pytest.raises(ReadError, match=reason):
            read(tmp_path / name)

    def closed(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", closed)
    with pytest.raises(ReadError, match=r"locked\.txt: cannot be read \(Permission denied\)"):
        read(tmp_path / "locked.txt")


def test_name_that_is_no_unicode(tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9.txt"
    try:
        Path(os.fsdecode(path)).write_text(ENGLISH)
    except OSError:
        pytest.skip("the file system takes no such name")
    assert read(os.fsdecode(path)).name.endswith("caf\\udce9.txt")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("lxml")
    for data, kind in ((ENGLISH.encode(), TEXT), (b"<!doctype html><p>Kenya: text", HTML)):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
        source = read("-")
        assert (source.name, source.media_type) == ("-", kind)


def test_kind_by_content_where_the_name_has_none(tmp_path: Path) -> None:
    pytest.importorskip("lxml")
    path = tmp_path / "download"
    path.write_bytes(b"<html><p>Kenya: text</html>")
    assert read(path).media_type == HTML


def test_markdown_may_hold_tags(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    path.write_text("<!-- front -->\n\n# Good news\n\n<div>Kenya: text</div>\n", encoding="utf-8")
    assert read(path).media_type == MARKDOWN


@pytest.mark.parametrize(
    ("media_type", "data", "module"),
    [(HTML, b"<p>x", "lxml"), (PDF, pdf(b""), "pypdfium2"), (DOCX, archive(("word/document.xml", DOCUMENT)), "docx")],
)
def test_missing_library(media_type: str, data: bytes, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(MissingExtraError, match=r"needs an optional library: pip install 'winsextract\[formats\]'"):
        decode(data, name="a", media_type=media_type)


def test_one_line_of_five_megabytes() -> None:
    text = ENGLISH.strip() * (5 * MB // len(ENGLISH))
    for codec in ("utf-8", "utf-16", "cp1252"):
        assert decode(f"{text} é".encode(codec), name="a", media_type=TEXT).text == f"{text} é"


@settings(max_examples=300, deadline=None)
@given(st.text(min_size=1))
def test_any_utf8_text_comes_back(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")
    try:
        source = decode(data, name="a", media_type=TEXT)
    except ReadError:
        assert not text.strip() or not data.isascii() or stage._CONTROL.search(text) or not text.strip("\ufeff \t\r\n")
    else:
        assert source.encoding in ("utf-8", "utf-16-le", "utf-16-be")
        assert source.text == text.removeprefix("\ufeff")


@settings(max_examples=300, deadline=None)
@given(st.binary(), st.sampled_from([TEXT, MARKDOWN, HTML, DOCX]))
def test_any_bytes_are_read_or_refused(data: bytes, media_type: str) -> None:
    pytest.importorskip("lxml")
    try:
        source = decode(data, name="a", media_type=media_type)
    except ReadError as error:
        assert str(error).startswith("a: ")
    else:
        source.text.encode("utf-8")  # no surrogates
        assert source == decode(data, name="a", media_type=media_type)
