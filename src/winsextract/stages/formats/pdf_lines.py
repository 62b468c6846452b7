"""Child process: the lines of a PDF on standard input, with where they stand, as JSON on standard output.

It is run by its path and imports nothing of the package. PDFium is a C library that a hostile
file can make allocate gigabytes (measured: 8.5 GB for a file of 100 kB) or crash; here that
ends this process and no other.
"""

from __future__ import annotations

import ctypes
import json
import sys
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

PASSWORD = 4  # FPDF_ERR_PASSWORD in fpdfview.h
# PDFium marks a hyphen at the end of a line that goes on in the next by one of these.
HYPHENS = {0x02: "\xad", 0xFFFE: "\xad"}


def limit_memory(size: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    for kind, most in ((resource.RLIMIT_AS, size), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(kind, (most, most))
        except (OSError, ValueError):
            continue


def main(argv: list[str]) -> None:
    memory, max_pages, max_characters = (int(value) for value in argv)
    limit_memory(memory)
    data = sys.stdin.buffer.read()
    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        locked = getattr(error, "err_code", None) == PASSWORD or "password" in str(error).lower()
        answer: dict[str, Any] = {"error": "password" if locked else "damaged"}
        json.dump(answer, sys.stdout)
        return
    answer = {"count": count, "pages": []}
    left = max_characters
    for number in range(count if count <= max_pages else 0):
        try:
            page = document[number]
        except pypdfium2.PdfiumError:
            answer["damaged_page"] = number + 1
            break
        width, height = page.get_size()
        lines, used = page_lines(page, left)
        answer["pages"].append({"width": width, "height": height, "lines": lines})
        page.close()
        left -= used
        if left <= 0:
            answer["too_long"] = True
            break
    json.dump(answer, sys.stdout)


def page_lines(page: Any, limit: int) -> tuple[list[list[Any]], int]:
    """Lines as [left, bottom, right, top, size, width of the first word, text] in points, in the order of the page's content."""
    handle = pdfium.FPDFText_LoadPage(page.raw)
    if not handle:
        return [], 0
    count = min(max(pdfium.FPDFText_CountChars(handle), 0), limit)
    rect = pdfium.FS_RECTF()
    pointer = ctypes.byref(rect)
    unicode_of, box_of = pdfium.FPDFText_GetUnicode, pdfium.FPDFText_GetLooseCharBox
    lines: list[list[Any]] = []
    line: list[tuple[str, float, float, float, float]] = []
    for at in range(count):
        code = unicode_of(handle, at)
        if code in (10, 13):
            if line:
                lines.append(joined(line))
                line = []
            continue
        if code == 0 or not box_of(handle, at, pointer):
            continue
        character = HYPHENS.get(code) or (chr(code) if not 0xD800 <= code < 0xE000 and code < 0x110000 else "\ufffd")
        line.append((character, rect.left, rect.bottom, rect.right, rect.top))
        if character == "\xad":
            lines.append(joined(line))
            line = []
    if line:
        lines.append(joined(line))
    pdfium.FPDFText_ClosePage(handle)
    return [x for x in lines if x[-1].strip()], count + 1


def joined(line: list[tuple[str, float, float, float, float]]) -> list[Any]:
    text = "".join(c[0] for c in line)
    inked = [c for c in line if not c[0].isspace()] or line
    heights = sorted(c[4] - c[2] for c in inked)
    first = inked[0][1]
    word_end = next(
        (line[i - 1][3] for i, c in enumerate(line) if c[0].isspace() and i and line[i - 1][3] > first), inked[-1][3]
    )
    box = [min(c[1] for c in inked), min(c[2] for c in inked), max(c[3] for c in inked), max(c[4] for c in inked)]
    return [*(round(x, 2) for x in [*box, heights[len(heights) // 2], word_end - first]), text]


if __name__ == "__main__":
    main(sys.argv[1:])
