"""The text of a PDF: its lines joined to paragraphs, without running heads, page numbers and hyphens of the typesetter.

PDFium gives the lines, in the order in which the page paints them, which is the reading order
in what browsers, word processors and layout programs write. On 238 pages it took 0.1 s for
the text alone and 1.4 s with the places of all characters, pdfplumber 8 s and pypdf 1.1 s
without places.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winsextract.errors import MissingExtraError, ReadError
from winsextract.stages.formats.blocks import Block, plain_text, words_of

# 200 pages a second are read; the largest yearly reports have about 500.
MAX_PAGES = 2000
MAX_CHARACTERS = 8_000_000
# Address space of the child (bytes): 1,900 pages take less than a quarter, and a bomb is over in a second.
MEMORY = 1024**3
SECONDS = 30
# A heading is at least this much larger than the running text, and no longer (characters).
HEADING_SIZE = 1.15
MAX_HEADING = 150
# Lines of one paragraph differ less than this in size.
SAME_SIZE = 0.12
# Lines of one paragraph stand no further apart than this many times the report's usual distance.
LOOSE = 1.3
# Lines that are all narrower than this share of the running text are no wrapped paragraph.
NARROW = 0.7
# Where on a page running heads and page numbers stand (share of its height).
EDGE = 0.14
# A line in the same place on at least this share of the pages is a running head.
REPEATED = 0.3
# Fonts without a table of characters give marks of replacement; more than this share is no text.
MOST_UNKNOWN = 0.2

_BULLET = re.compile(r"^[•‣◦▪●○■⁃\uf0b7\uf0a7]\s*")
_SENTENCE_END = re.compile(r"[.!?…:;][\"”’')\]*]*$")
_PAGE_NUMBER = re.compile(
    r"(?:page|p\.)?\s?[-–—|]?\s?(?:\d{1,3}|[ivxl]{1,6})\s?[-–—|]?(?:\s?(?:of|/|\|)\s?\d{1,4})?", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LIGATURES = str.maketrans(
    {"\ufb00": "ff", "\ufb01": "fi", "\ufb02": "fl", "\ufb03": "ffi", "\ufb04": "ffl", "\ufb05": "st", "\ufb06": "st"}
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a page; places and sizes in points, from the page's lower left corner."""

    page: int
    left: float
    bottom: float
    right: float
    top: float
    size: float
    word: float  # width of its first word
    text: str


def text_of(data: bytes, *, name: str) -> str:
    """The text of a PDF.

    Raises ReadError where it is none, is locked, is damaged, holds no text or is larger than a
    report can be, and MissingExtraError where PDFium is not installed.
    """
    if b"%PDF-" not in data[:1024]:
        raise ReadError(f"{name}: is no PDF, whatever its name says.")
    if importlib.util.find_spec("pypdfium2") is None:
        raise MissingExtraError(f"{name}: PDF needs an optional library: pip install 'winsextract[formats]'.")
    pages = _pages(data, name)
    lines, heights = _read(pages)
    if not lines:
        raise ReadError(f"{name}: has no text layer, only pictures of its pages; recognise its text first (OCR).")
    if sum(map(_is_unknown, "".join(x.text for x in lines))) > MOST_UNKNOWN * sum(len(x.text) for x in lines):
        raise ReadError(f"{name}: its fonts do not say which characters they show; recognise its text anew (OCR).")
    lines = _without_running_heads(lines, heights)
    text = plain_text(_blocks(lines))
    if not text:
        raise ReadError(f"{name}: holds nothing but page numbers and running heads.")
    return text


def _is_unknown(character: str) -> bool:
    return character == "\ufffd" or "\ue000" <= character <= "\uf8ff"


def _pages(data: bytes, name: str) -> list[dict[str, Any]]:
    """What the child process found on each page."""
    script = Path(__file__).with_name("pdf_lines.py")
    command = [sys.executable, "-P", str(script), str(MEMORY), str(MAX_PAGES), str(MAX_CHARACTERS)]
    try:
        done = subprocess.run(command, input=data, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise ReadError(
            f"{name}: the PDF takes longer than {SECONDS} seconds to read; print it anew to a plain PDF."
        ) from error
    except OSError as error:
        raise ReadError(
            f"{name}: the PDF cannot be read, no process can be started for it ({error.strerror})."
        ) from error
    if done.returncode != 0:
        raise ReadError(
            f"{name}: the PDF is damaged or takes more memory than a report does; print it anew to a plain PDF."
        )
    answer = json.loads(done.stdout)
    if answer.get("error") == "password":
        raise ReadError(f"{name}: the PDF is locked with a password; save it without one.")
    if "error" in answer:
        raise ReadError(f"{name}: the PDF is damaged and cannot be opened.")
    if "damaged_page" in answer:
        raise ReadError(f"{name}: page {answer['damaged_page']} of the PDF is damaged.")
    if answer.get("too_long") or answer["count"] > MAX_PAGES:
        raise ReadError(
            f"{name}: larger than {MAX_PAGES:,} pages or {MAX_CHARACTERS:,} characters; split it into its reports."
        )
    pages: list[dict[str, Any]] = answer["pages"]
    return pages


def _read(pages: Sequence[dict[str, Any]]) -> tuple[list[_Line], list[float]]:
    lines = []
    for number, page in enumerate(pages):
        for *places, text in page["lines"]:
            text = _CONTROL.sub("", text.translate(_LIGATURES)).rstrip()
            if text.strip():
                left, bottom, right, top, size, word = places
                lines.append(_Line(number, left, bottom, right, top, max(size, 0.1), word, text.lstrip()))
    return lines, [page["height"] for page in pages]


# ---------------------------------------------------------------- running heads


def _without_running_heads(lines: Sequence[_Line], heights: Sequence[float]) -> list[_Line]:
    """The lines without page numbers and what stands in the same place on page after page."""
    edges: list[list[_Line]] = []
    for _, page in _by_page(lines):
        height = heights[page[0].page]
        upper = sorted((x for x in page if x.bottom > height * (1 - EDGE)), key=lambda x: -x.top)[:3]
        lower = sorted((x for x in page if x.top < height * EDGE), key=lambda x: x.bottom)[:3]
        edges.extend((upper, lower))
    seen: dict[tuple[str, int], set[int]] = defaultdict(set)
    for edge in edges:
        for line in edge:
            for at in _places(line):
                seen[_shape(line.text), at].add(line.page)
    enough = max(2.0, REPEATED * len(heights))
    dropped: set[int] = set()
    for edge in edges:
        for line in edge:
            number = _PAGE_NUMBER.fullmatch(line.text.strip()) and _stands_apart(line, edge, dropped)
            if number or any(len(seen[_shape(line.text), at]) >= enough for at in _places(line)):
                dropped.add(id(line))
    kept = [line for line in lines if id(line) not in dropped]
    return kept or list(lines)


def _stands_apart(line: _Line, edge: Sequence[_Line], dropped: set[int]) -> bool:
    """Whether a line is the outermost of its edge of the page, but for those that are dropped."""
    return all(id(other) in dropped for other in edge[: next(i for i, x in enumerate(edge) if x is line)])


def _places(line: _Line) -> tuple[int, int]:
    """The height at which a line stands, twice, so that a hair's breadth makes no difference."""
    return int(line.bottom // 3), int((line.bottom + 1.5) // 3) + 1_000_000


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", " ".join(text.split())).casefold()


def _by_page(lines: Sequence[_Line]) -> Iterator[tuple[int, list[_Line]]]:
    pages: dict[int, list[_Line]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    yield from sorted(pages.items())


# ---------------------------------------------------------------- paragraphs


def _blocks(lines: Sequence[_Line]) -> list[Block]:
    body = _usual_size(lines)
    spacing = _usual_spacing(lines)
    measure = _measure(lines, body)
    words = Counter(w for x in lines for w in _WORD.findall(x.text.casefold()))
    sizes = sorted({round(x.size) for x in lines if x.size >= HEADING_SIZE * body}, reverse=True)
    levels = {size: level for level, size in enumerate(sizes, 1)}
    blocks: list[Block] = []
    for paragraph in _whole(_paragraphs(lines, spacing=spacing, body=body, measure=measure), body):
        text = _joined(paragraph, words)
        if _is_heading(paragraph[0], body) and len(text) <= MAX_HEADING:
            blocks.append(Block("heading", text, levels[round(paragraph[0].size)]))
        elif bullet := _BULLET.match(text):
            blocks.append(Block("item", text[bullet.end() :], group=1))
        else:
            blocks.append(Block("text", text))
    return blocks


def _is_heading(line: _Line, body: float) -> bool:
    return line.size >= HEADING_SIZE * body and line.text[0] not in '“"«‘•'


def _whole(paragraphs: Iterable[list[_Line]], body: float) -> Iterator[list[_Line]]:
    """The paragraphs, those that run over the end of a page or column put together."""
    held: list[_Line] = []
    for paragraph in paragraphs:
        if held and not _is_heading(held[0], body) and _goes_on(held[-1], paragraph[0]):
            held.extend(paragraph)
            continue
        if held:
            yield held
        held = paragraph
    if held:
        yield held


def _usual_size(lines: Sequence[_Line]) -> float:
    counts: Counter[float] = Counter()
    for line in lines:
        counts[round(line.size * 2) / 2] += len(line.text)
    return min(counts, key=lambda size: (-counts[size], size))


def _measure(lines: Sequence[_Line], body: float) -> float:
    """How wide the running text is set: three quarters of its characters stand in lines no wider than this."""
    widths = sorted((x.right - x.left, len(x.text)) for x in lines if abs(x.size - body) <= SAME_SIZE * body)
    left = 0.75 * sum(n for _, n in widths)
    for width, n in widths:
        left -= n
        if left <= 0:
            return width
    return 0.0


def _usual_spacing(lines: Sequence[_Line]) -> float:
    """From one line to the next within a paragraph, in sizes: the smallest distance that is common."""
    ratios: Counter[float] = Counter()
    for a, b in itertools.pairwise(lines):
        if a.page == b.page and _alike(a, b) and 0.7 * b.size < a.bottom - b.bottom < 3 * b.size:
            ratios[round((a.bottom - b.bottom) / b.size, 1)] += 1
    common = [ratio for ratio, n in ratios.items() if n >= 0.1 * sum(ratios.values())]
    return min(common, default=1.2)


def _alike(a: _Line, b: _Line) -> bool:
    return abs(a.size - b.size) <= SAME_SIZE * max(a.size, b.size)


def _paragraphs(lines: Sequence[_Line], *, spacing: float, body: float, measure: float) -> Iterator[list[_Line]]:
    """Lines that stand close together, cut where a line ends before its next word had to."""
    group: list[_Line] = []
    for line in lines:
        if group and not _close(group[-1], line, spacing):
            yield from _cut(group, body, measure)
            group = []
        group.append(line)
    if group:
        yield from _cut(group, body, measure)


def _close(a: _Line, b: _Line, spacing: float) -> bool:
    if a.page != b.page or not _alike(a, b):
        return False
    down = a.bottom - b.bottom
    beside = abs(down) < 0.3 * b.size and b.left >= a.right - 1
    below = 0 < down <= LOOSE * spacing * b.size + 0.5 and b.left < a.right and a.left < b.right
    return beside or below


def _cut(group: Sequence[_Line], body: float, measure: float) -> Iterator[list[_Line]]:
    left = min(x.left for x in group)
    right = max(x.right for x in group)
    widest = max(x.right - x.left for x in group)
    if widest < NARROW * measure:  # short lines below one another: an address, a list without bullets
        right, widest = left + measure, measure
    paragraph = [group[0]]
    for line in group[1:]:
        above = paragraph[-1]
        room = min(right - above.right, widest - (above.right - above.left))
        ended = bool(_SENTENCE_END.search(above.text[-8:]))
        starts = line.text[0].isupper() or line.text[0].isdigit() or line.text[0] in '“"«‘(©'
        in_list = _BULLET.match(paragraph[0].text) is not None
        new = (
            _BULLET.match(line.text) is not None
            or (in_list and line.left <= paragraph[0].left + 1 and len(paragraph[0].text) > 2)
            or (
                ended
                and not in_list
                and line.left > left + 0.8 * line.size
                and line.left > above.left + 0.8 * line.size
            )
            or (
                line.size < HEADING_SIZE * body
                and (starts or ended)
                and above.text[-1] not in "-‐\xad–—/"
                and abs(above.bottom - line.bottom) > 0.3 * line.size
                and line.word + 0.3 * line.size < room
            )
        )
        if new:
            yield paragraph
            paragraph = []
        paragraph.append(line)
    yield paragraph


def _goes_on(above: _Line, line: _Line) -> bool:
    """Whether a sentence runs from the foot of a page or column to the head of the next."""
    jump = line.page == above.page + 1 or (line.page == above.page and line.bottom > above.bottom)
    if not jump or _SENTENCE_END.search(above.text[-8:]) or not _alike(above, line):
        return False
    return line.text[0].islower() or _ends_in_hyphen(above.text)


def _joined(paragraph: Sequence[_Line], words: Counter[str]) -> str:
    """Lines as one. A hyphen at the end of a line goes where the word is one without it."""
    parts = []
    for line, below in zip(paragraph, [*paragraph[1:], None], strict=True):
        text = line.text
        if below is None:
            parts.append(text)
        elif not _ends_in_hyphen(text) or not below.text[0].isalnum():
            parts.extend((text, " "))
        else:
            parts.append(f"{text[:-1]}-" if _keeps_hyphen(text[:-1], below.text, words) else text[:-1])
    return "".join(parts).replace("\xad", "")


def _ends_in_hyphen(text: str) -> bool:
    return text[-1] in "-‐\xad" and text[-2:-1].isalnum()


def _keeps_hyphen(above: str, below: str, words: Counter[str]) -> bool:
    """Whether the two parts of a word at a line's end are written with a hyphen: "court-house", "Ljubljana-Hague"."""
    first = _WORD.findall(above[-60:].casefold())
    second = _WORD.match(below.casefold())
    if not below[0].islower() or not first or second is None:
        return True
    with_hyphen, without = words[f"{first[-1]}-{second[0]}"], words[f"{first[-1]}{second[0]}"]
    return with_hyphen > without or (not without and first[-1] in _PREFIXES)


# First parts of words that keep their hyphen, where the report does not write the whole word elsewhere.
_PREFIXES = words_of(
    """
    anti cross ex far first full half high left life long low mid multi much non off part post pre pro right second
    self semi short so then third twenty thirty forty fifty sixty seventy eighty ninety two three four five six
    seven eight nine ten vice well year human state government child police court
    """
)
