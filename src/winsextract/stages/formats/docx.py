"""The text of a Word document: its headings, paragraphs, list items and tables.

python-docx opens the package and knows the styles; the paragraphs are walked here, because its
`Paragraph.text` leaves out what stands in content controls and tracked insertions.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from winsextract.errors import MissingExtraError, ReadError
from winsextract.stages.formats.blocks import Block, plain_text, row

# What a document may unpack to, by what its directory declares (bytes); zipfile reads no more
# than that. A report of 500 pages has 3 MB of XML, pictures hardly shrink.
MAX_UNPACKED = 256 * 1024 * 1024
MAX_XML = 48 * 1024 * 1024
MAX_PARTS = 5000

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
# Removed by a tracked change, or a picture's description.
_SKIPPED = frozenset((f"{_W}del", f"{_W}moveFrom", f"{_W}pPr", f"{_W}rPr", f"{_W}sdtPr", _MC_FALLBACK))
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def text_of(data: bytes, *, name: str) -> str:
    """The text of a Word document; headers, footers, footnotes and comments are left out.

    Raises ReadError where it is none, is locked, is damaged, holds no text or unpacks to more
    than a report can, and MissingExtraError where python-docx is not installed.
    """
    if data.startswith(_OLE):
        raise ReadError(f"{name}: is an old Word file or locked with a password; save it as .docx without one.")
    _check(data, name)
    try:
        import docx
    except ImportError as error:
        raise MissingExtraError(
            f"{name}: DOCX needs an optional library: pip install 'winsextract[formats]'."
        ) from error
    try:
        document = docx.Document(io.BytesIO(data))
        text = plain_text(list(_Document(document).blocks()))
    except Exception as error:  # what a damaged package raises is of all kinds
        raise ReadError(f"{name}: is damaged or no Word document ({_one_line(error)}).") from error
    if not text:
        raise ReadError(f"{name}: the document holds no text.")
    return text


def _check(data: bytes, name: str) -> None:
    """Refuse what is no document, unpacks beyond reason or declares entities, before anything is parsed.

    ECMA-376 part 2, clause 8.1.4 forbids document type declarations in a package.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            xml = [part for part in parts if part.filename.endswith((".xml", ".rels"))]
            if (
                len(parts) > MAX_PARTS
                or sum(part.file_size for part in parts) > MAX_UNPACKED
                or sum(part.file_size for part in xml) > MAX_XML
            ):
                raise ReadError(f"{name}: would unpack to more than a report can hold, as zip bombs do.")
            if not any(part.filename.lower() == "word/document.xml" for part in parts):
                raise ReadError(f"{name}: is a zip archive and no Word document.")
            for part in xml:
                content = package.read(part)
                if content[:4] != content[:4].replace(b"\0", b"") or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    content = content.replace(b"\0", b"")  # UTF-16
                if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
                    raise ReadError(f"{name}: declares entities ({part.filename}), which no Word document does.")
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        RuntimeError,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise ReadError(f"{name}: is no Word document, or damaged ({_one_line(error)}).") from error
    except Exception as error:
        if isinstance(error, ReadError):
            raise
        raise ReadError(f"{name}: is damaged ({_one_line(error)}).") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


class _Document:
    """A document's body as blocks."""

    def __init__(self, document: Any) -> None:
        self._body = document.element.body
        self._styles = {style.style_id: style for style in document.styles}
        self._known: dict[str | None, tuple[str, int]] = {}
        self._titled = any(self._style(p)[0] == "title" for p in self._body.iter(f"{_W}p"))

    def blocks(self) -> Iterator[Block]:
        yield from self._inside(self._body)

    def _inside(self, parent: Any) -> Iterator[Block]:
        for element in parent:
            if element.tag == f"{_W}p":
                yield from self._paragraph(element)
            elif element.tag == f"{_W}tbl":
                for tr in element.iter(f"{_W}tr"):
                    if next(tr.iterancestors(f"{_W}tbl")) is element:
                        yield from row(
                            [
                                list(self._inside(cell))
                                for cell in tr.iter(f"{_W}tc")
                                if next(cell.iterancestors(f"{_W}tr")) is tr
                            ]
                        )
            elif element.tag in (
                f"{_W}sdt",
                f"{_W}sdtContent",
                f"{_W}ins",
                f"{_W}moveTo",
                f"{_W}customXml",
                f"{_W}smartTag",
            ):
                yield from self._inside(element)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        boxes: list[Any] = []
        text = "".join(self._text(paragraph, boxes))
        kind, level = self._style(paragraph)
        properties = paragraph.find(f"{_W}pPr")
        if properties is not None:
            outline, number = properties.find(f"{_W}outlineLvl"), properties.find(f"{_W}numPr/{_W}numId")
            if (
                outline is not None
                and kind not in ("heading", "title", "contents")
                and outline.get(f"{_W}val", "9") in "012345678"
            ):
                kind, level = "heading", int(outline.get(f"{_W}val")) + 1
            if number is not None and kind in ("text", "item"):
                kind = "text" if number.get(f"{_W}val") == "0" else "item"
        if kind == "heading":
            yield Block("heading", text, level + self._titled)
        elif kind == "title":
            yield Block("heading", text, 1)
        elif kind != "contents":
            yield Block("item" if kind == "item" else "text", text, group=1)
        for box in boxes:
            yield from self._inside(box)

    def _text(self, element: Any, boxes: list[Any]) -> Iterator[str]:
        """The characters of a paragraph as a reader sees them; text boxes anchored in it go to `boxes`."""
        for child in element:
            tag = child.tag
            if tag == f"{_W}t":
                yield child.text or ""
            elif tag in (f"{_W}br", f"{_W}cr"):
                yield "\n"
            elif tag in (f"{_W}tab", f"{_W}ptab"):
                yield "\t"
            elif tag == f"{_W}noBreakHyphen":
                yield "\u2011"
            elif tag == f"{_W}txbxContent":
                boxes.append(child)
            elif tag not in _SKIPPED and isinstance(tag, str):
                yield from self._text(child, boxes)

    def _style(self, paragraph: Any) -> tuple[str, int]:
        """What a paragraph's style makes of it: title, heading with its level, item, contents or text."""
        found = paragraph.find(f"{_W}pPr/{_W}pStyle")
        style_id = found.get(f"{_W}val") if found is not None else None
        if style_id not in self._known:
            self._known[style_id] = self._of_style(style_id)
        return self._known[style_id]

    def _of_style(self, style_id: str | None) -> tuple[str, int]:
        style, steps = self._styles.get(style_id), 0
        while style is not None and steps < 20:
            name = (style.name or "").lower()
            if name == "title":
                return "title", 1
            if name.startswith("heading ") and name[8:].isdigit():
                return "heading", int(name[8:])
            if name.startswith(("toc ", "table of ")) or name == "contents heading":
                return "contents", 0
            outline = style.element.find(f"{_W}pPr/{_W}outlineLvl")
            if outline is not None and outline.get(f"{_W}val", "9") in "012345678":
                return "heading", int(outline.get(f"{_W}val")) + 1
            if name.startswith(("list bullet", "list number")) or style.element.find(f"{_W}pPr/{_W}numPr") is not None:
                return "item", 0
            style, steps = getattr(style, "base_style", None), steps + 1
        return "text", 0
