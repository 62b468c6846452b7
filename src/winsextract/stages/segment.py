"""Cut a report into wins: months, headers, and the text that belongs to each.

The page is read line by line. A line is a month heading, a header (one or more places, marked
off from its text by a colon, a dash, a bar, a heading mark or by standing alone) or text, and
which kinds of header a report uses is decided from the whole of it: a bare "Kenya" on a line
is a header where several lines look like that, and not where "Kenya: text" is the rule.
"""

from __future__ import annotations

import difflib
import functools
import importlib.resources
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from winsextract.places import find_places, known_names
from winsextract.records import Part, Place, Segment, Segmentation, Unassigned

# Longest stretch before a header's mark, in characters; the longest that was met in a report is 63
# ("Saint Vincent and the Grenadines/Democratic Republic of the Congo").
MAX_HEADER = 100
# A title is a line of its own and no paragraph.
MAX_TITLE = 200
# An unknown name this close to a known one (difflib ratio) is a misprint of a place, not a topic.
# "Kyrgystan" 0.95, "Burkina Fasso" 0.96, "Ruritania"/"Mauritania" 0.84; "Georgia Court" 0.70.
MISPRINT = 0.82
# Half of the text's line ends at least must fall within a sentence for it to count as hard-wrapped.
WRAPPED_SHARE = 0.5

ZERO_WIDTH = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_BLANK = re.compile(rf"[\s{ZERO_WIDTH}]*")
_LINE_END = re.compile(r"\r\n|[\n\r\u2028\u2029\x0b\x0c\x85]")
# Enumerations that may stand before a header: "1.", "12)", "(3)", "a)".
_NUMBER = re.compile(r"(?:\(\d{1,3}\)|\d{1,3}[.):]|#\d{1,3}[.:]?)(?=[\s*_])")
_HEADING = re.compile(r"#{1,6}(?=[^#])")
_DASH_BEFORE_TEXT = re.compile(r"\s*(?:\s[-–—―]{1,2}\s|[—―])\s*|\s[-–—―]{1,2}$")
_RULE_LINE = re.compile(r"[\s\-–—_=*·•~#]{3,}")
_SENTENCE_END = re.compile(r"[.!?…:;][\"”’')\]*_]*$")
_CAPTION_DAY = re.compile(r"\w+\.?\s+\d{1,2}(?:,?\s+\d{4})?\s*:")
_YEAR = re.compile(r"(?<![\d.,/-])(?:19[5-9]\d|20\d\d)(?![\d%]|[.,]\d)")


@functools.cache
def _words() -> dict[str, Any]:
    text = importlib.resources.files("winsextract.data").joinpath("layout.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@functools.cache
def _month_line() -> re.Pattern[str]:
    names = "|".join(sorted(_words()["months"], key=len, reverse=True))
    return re.compile(
        rf"(?:in\s+|the\s+month\s+of\s+)?(?P<month>{names})\.?(?:[\s,’'/|–—-]*(?P<year>(?:19|20)\d\d))?"
        r"(?:\s*\(\d+[^()]{0,20}\))?[\s:.,–—―_*#=|-]*",
        re.IGNORECASE,
    )


@functools.cache
def _month_prefix() -> re.Pattern[str]:
    names = "|".join(sorted((n for n in _words()["months"]), key=len, reverse=True))
    return re.compile(rf"(?P<month>{names})\.?(?:\s+(?P<year>(?:19|20)\d\d))?\s*[|/:–—-]\s*(?=\S)", re.IGNORECASE)


@functools.cache
def _closing() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in _words()["closing"]["starts"]), re.IGNORECASE)


@functools.cache
def _boilerplate() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(re.escape(m) for m in _words()["boilerplate"]["marks"]) + r")\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Line:
    """A line without its outer white space; `start` equals `end` where it is blank."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class _Heading:
    """A line that opens a section: a month, or a topic."""

    line: int
    month: int | None
    year: int | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Header:
    """A line that opens a win. `style` is how the header is marked off."""

    line: int
    style: str
    start: int
    end: int
    body_start: int
    places: tuple[Place, ...]
    month: _Heading | None = None
    doubtful: bool = False


def segment(text: str, *, year: int | None = None) -> Segmentation:
    """Cut a report into wins and what stands outside them.

    Every character that is no white space lands in exactly one segment or unassigned piece.
    `year` overrides what the text says.
    """
    lines = list(_lines(text))
    headers = _headers(text, lines)
    headings = _headings(text, lines, headers)
    title = _title(text, lines, headers, headings)
    if year is None:
        year = _year(text, title, headings)
    if not headers:
        return _unstructured(text, lines, title, headings, year)
    return _assemble(text, lines, headers, headings, title, year)


# ---------------------------------------------------------------- lines


def _lines(text: str) -> Iterator[_Line]:
    at = 0
    for match in _LINE_END.finditer(text):
        yield _line(text, at, match.start())
        at = match.end()
    yield _line(text, at, len(text))


def _line(text: str, start: int, end: int) -> _Line:
    raw = text[start:end]
    left = _BLANK.match(raw)
    assert left is not None
    if left.end() == len(raw):
        return _Line(start, start, "")
    begin = start + left.end()
    while end > begin and (text[end - 1].isspace() or text[end - 1] in ZERO_WIDTH):
        end -= 1
    return _Line(begin, end, text[begin:end])


def _skip_marks(line: str) -> tuple[int, bool, bool]:
    """How many characters of marks stand before the text of a line, and whether they are a bullet or a heading mark."""
    at, bullet, heading = 0, False, False
    while at < len(line):
        if found := _HEADING.match(line, at):
            heading = True
            at = found.end()
        elif (found := _NUMBER.match(line, at)) and at < 12:
            bullet = True
            at = found.end()
        elif line[at].isspace() or line[at] in ZERO_WIDTH or line[at] in "*_":
            bullet = bullet or (line[at] in "*_" and line[at + 1 : at + 2].isspace())
            at += 1
        elif unicodedata.category(line[at]) in ("Po", "Pd", "Sm", "So", "Sk", "Mn") and line[at] not in "\"'“”‘’«»@&%¿¡©.":
            bullet = True
            at += 1
        else:
            break
    return at, bullet, heading


# ---------------------------------------------------------------- headers


def _headers(text: str, lines: Sequence[_Line]) -> list[_Header]:
    """All headers of the report, in the styles that it uses."""
    wrapped = _is_wrapped(lines)
    found = [h for i, _ in enumerate(lines) for h in [_header(text, lines, i, wrapped=wrapped)] if h is not None]
    styles = Counter(h.style for h in found if not h.doubtful)
    strong = sum(n for style, n in styles.items() if style not in ("dash", "bare"))
    used = []
    for header in found:
        if header.doubtful and styles[header.style] < 2:
            continue
        # One dash or one bare name among many colons is running text, a caption, a list of links.
        if header.style in ("dash", "bare") and styles[header.style] < max(1, strong // 4):
            continue
        if header.style in ("dash", "bare") and strong >= 2 and styles[header.style] < 2:
            continue
        used.append(header)
    return used


def _is_wrapped(lines: Sequence[_Line]) -> bool:
    pairs = broken = 0
    for a, b in zip(lines, lines[1:], strict=False):
        if a.text and b.text and len(a.text) > 40:
            pairs += 1
            broken += not _SENTENCE_END.search(a.text[-8:])
    full = sum(1 for line in lines if line.text)
    return pairs > full / 4 and broken > pairs * WRAPPED_SHARE and max((len(x.text) for x in lines), default=0) < 130


def _opens_paragraph(lines: Sequence[_Line], i: int, *, wrapped: bool) -> bool:
    """Whether line `i` can begin something: it does not go on with the sentence of the line above."""
    if i == 0 or not lines[i - 1].text:
        return True
    above = lines[i - 1].text
    if _month_line().fullmatch(above[_skip_marks(above)[0] :]) or _RULE_LINE.fullmatch(above):
        return True
    return not wrapped or bool(_SENTENCE_END.search(above[-8:]))


def _header(text: str, lines: Sequence[_Line], i: int, *, wrapped: bool) -> _Header | None:
    line = lines[i]
    if not line.text or line.text[0] in "\"“‘«©![<|":
        if not line.text.startswith("["):
            return None
    skip, bullet, heading = _skip_marks(line.text)
    rest = line.text[skip:]
    if not rest or not rest[0].isalpha() or _month_line().fullmatch(rest):
        return None
    month = None
    if (prefix := _month_prefix().match(rest)) is not None:
        month = _Heading(i, _words()["months"][prefix["month"].lower()], int(prefix["year"]) if prefix["year"] else None, line.start + skip, line.start + skip + prefix.end())
        inner, _, _ = _skip_marks(rest[prefix.end() :])
        skip += prefix.end() + inner
        rest = line.text[skip:]
    if not rest:
        return None
    if not bullet and not heading and not _opens_paragraph(lines, i, wrapped=wrapped):
        return None
    begin = line.start + skip
    bold = line.text[:skip].endswith(("**", "__"))
    for style, stop, body in _candidates(rest, bold=bold):
        name = rest[:stop].strip(" \t\u00a0*_" + ZERO_WIDTH)
        if not name:
            continue
        places = _places(name)
        if style == "dash" and not (bullet or bold) and not _begins_text(rest[body:]):
            continue
        if style == "dash" and _CAPTION_DAY.match(rest, body):
            continue  # a caption's place and day: "ENGLAND, UK – MARCH 3: …"
        if style == "alone":
            if not places and not (heading and _looks_like_place(name)):
                continue
            if not heading and not bold and not _text_follows(lines, i):
                continue
            kind = f"heading{line.text[:skip].count('#')}" if heading else "bold" if bold else "bare"
        elif places:
            kind = {"colon": "colon" if rest[body:].strip("*_ ") else "colon_alone", "dash": "bullet_dash" if bullet or bold else "dash", "bar": "bar"}[style]
        elif style == "colon" and rest[body:].strip() and _looks_like_place(name) and not rest[body:].lstrip("*_ ").startswith(tuple("\"“‘«")):
            kind = "colon"
        else:
            continue
        if month is not None and kind in ("colon", "bar", "dash", "bullet_dash"):
            kind = "month_bar"
        end = begin + len(rest[:stop].rstrip(" \t\u00a0*_" + ZERO_WIDTH))
        return _Header(i, kind, begin, end, begin + body, places, month, doubtful=not places)
    return None


def _candidates(rest: str, *, bold: bool) -> Iterator[tuple[str, int, int]]:
    """Ways to read a line as header and text: (style, end of the header, start of the text)."""
    head = rest[: MAX_HEADER + 2]
    colon = min((at for at in (head.find(":"), head.find("：")) if at >= 0), default=-1)
    if 0 < colon <= MAX_HEADER:
        yield "colon", colon, colon + 1
    dashes = [m for m in _DASH_BEFORE_TEXT.finditer(head) if m.start() > 0 and (colon < 0 or m.start() < colon)]
    for match in reversed(dashes):
        if match.end() < len(rest):
            yield "dash", match.start(), match.end()
    bar = head.find("|")
    if bar > 0 and rest[bar + 1 :].strip():
        yield "bar", bar, bar + 1
    if bold and (close := max(head.find("**"), head.find("__"))) > 0 and rest[close + 2 :].strip():
        yield "dash", close, close + 2
    if len(rest) <= MAX_HEADER:
        stop = len(rest.rstrip(" \t\u00a0*_#–—-" + ZERO_WIDTH))
        yield "alone", stop, len(rest)


def _begins_text(rest: str) -> bool:
    rest = rest.lstrip(" \t\u00a0*_" + ZERO_WIDTH)
    return bool(rest) and (rest[0].isupper() or rest[0].isdigit() or rest[0] in "\"“‘«(")


def _text_follows(lines: Sequence[_Line], i: int) -> bool:
    """Whether a paragraph stands below line `i`, with nothing but white space between."""
    for line in lines[i + 1 : i + 4]:
        if line.text:
            return len(line.text) >= 40 or bool(_SENTENCE_END.search(line.text[-8:]))
    return False


def _places(name: str) -> tuple[Place, ...]:
    """The places of a header; none for "Nairobi, Kenya", which is how a caption begins."""
    first, comma, _ = name.partition(",")
    return () if comma and not find_places(first) else find_places(name)


@functools.lru_cache(maxsize=4096)
def _looks_like_place(name: str) -> bool:
    """Whether an unknown name before a colon is more likely a place than a topic, a person or a body.

    A misprint of a known place, a single unknown word with a capital that is no topic, or a
    name with a word such as Republic or Islands.
    """
    words = name.split()
    if not 1 <= len(words) <= 6 or not name[0].isupper() or any(c in name for c in ".,!?\"“”()[]@#0123456789"):
        return False
    lower = [w.lower().strip("’'*_") for w in words]
    if lower[0] in _words()["headers"]["never"] or name.lower() in _words()["headers"]["topics"]:
        return False
    if any(w.islower() and w not in ("of", "and", "the", "du", "de", "la") for w in words):
        return False
    if difflib.get_close_matches(" ".join(lower), known_names(), n=1, cutoff=MISPRINT):
        return True
    if len(words) == 1:
        return len(name) > 3 and name.isalpha() and lower[0] not in _words()["headers"]["topics"]
    return any(w in _words()["headers"]["place_words"] for w in lower)


# ---------------------------------------------------------------- sections, title, year


def _headings(text: str, lines: Sequence[_Line], headers: Sequence[_Header]) -> list[_Heading]:
    taken = {h.line for h in headers}
    months = []
    for i, line in enumerate(lines):
        if i in taken or not line.text or len(line.text) > 60:
            continue
        skip, _, _ = _skip_marks(line.text)
        found = _month_line().fullmatch(line.text, skip)
        if found is not None and (len(found["month"]) > 3 or found["month"].lower() == "may"):
            months.append(_Heading(i, _words()["months"][found["month"].lower()], int(found["year"]) if found["year"] else None, line.start, line.end))
    with_months = bool(months) or any(h.month for h in headers)
    topics = [
        _Heading(i, None, None, line.start, line.end)
        for i, line in enumerate(lines)
        if i not in taken
        and not any(m.line == i for m in months)
        and _is_topic(lines, i, taken, with_months=with_months)
        and headers
        and i > 0
    ]
    inline = [h.month for h in headers if h.month is not None]
    # A Markdown topic between month headings ("## Photo of the month") opens no section with a month.
    return sorted([*months, *topics, *inline], key=lambda h: h.start)


def _is_topic(lines: Sequence[_Line], i: int, taken: set[int], *, with_months: bool) -> bool:
    """Whether line `i` is the heading of a topic: a heading mark, or a short line right above a header."""
    line = lines[i]
    if not line.text or len(line.text) > 80 or _RULE_LINE.fullmatch(line.text):
        return False
    skip, _, heading = _skip_marks(line.text)
    rest = line.text[skip:].rstrip("*_# ")
    if heading and rest:
        below = next((j for j in range(i + 1, len(lines)) if lines[j].text), None)
        return below is not None and (below in taken or any(j in taken for j in range(i, min(i + 8, len(lines)))))
    if with_months or skip and not line.text.startswith(("**", "__")):
        return False
    above = lines[i - 1].text if i else ""
    below = next((j for j in range(i + 1, min(i + 4, len(lines))) if lines[j].text), None)
    if above or below not in taken:
        return False
    before = next((lines[j].text for j in range(i - 1, -1, -1) if lines[j].text), "")
    if before.endswith(("”", '"', "»")) or before.startswith(("“", '"', "«", ">")):
        return False  # a name below a quotation
    return (
        1 <= len(rest.split()) <= 9
        and rest[:1].isupper()
        and not _SENTENCE_END.search(rest)
        and not is_credit(rest)
        and rest[0] not in "\"“‘«©("
    )


def _title(text: str, lines: Sequence[_Line], headers: Sequence[_Header], headings: Sequence[_Heading]) -> _Line | None:
    stop = min([h.line for h in headers[:1]] + [h.line for h in headings[:1]], default=len(lines))
    for line in lines[:stop]:
        if not line.text or _RULE_LINE.fullmatch(line.text):
            continue
        skip, _, heading = _skip_marks(line.text)
        rest = line.text[skip:].rstrip("*_# =")
        if not rest or _boilerplate().search(rest):
            continue
        if len(rest) > MAX_TITLE or (len(rest) > 100 and rest.endswith(".")):
            return None
        return _Line(line.start + skip, line.start + skip + len(rest), rest)
    return None


def _year(text: str, title: _Line | None, headings: Sequence[_Heading]) -> int | None:
    """The report's year: its title's, else its month headings', else the one that the text names most."""
    if title is not None and (years := _YEAR.findall(title.text)):
        return int(years[-1])
    if years := [h.year for h in headings if h.year]:
        return Counter(years).most_common(1)[0][0]
    first = headings[0].start if headings else min(len(text), 3000)
    if intro := Counter(_YEAR.findall(text[:first])):
        return int(intro.most_common(1)[0][0])
    counts = Counter(int(y) for y in _YEAR.findall(text))
    if not counts:
        return None
    most = max(counts.values())
    # Of years named as often, the latest: a report looks back.
    return max(y for y, n in counts.items() if n == most)


# ---------------------------------------------------------------- pieces


def _assemble(
    text: str,
    lines: Sequence[_Line],
    headers: Sequence[_Header],
    headings: Sequence[_Heading],
    title: _Line | None,
    year: int | None,
) -> Segmentation:
    opens: list[_Header | _Heading] = sorted([*headers, *headings], key=lambda x: x.start)
    segments: list[Segment] = []
    outside: list[Unassigned] = list(_between(text, 0, _first_character(lines, opens[0]), title))
    section: _Heading | None = None
    last_header = max(h.start for h in headers)
    for opened, following in zip(opens, [*opens[1:], None], strict=True):
        stop = _first_character(lines, following) if following is not None else len(text)
        if isinstance(opened, _Heading):
            section = opened
            outside.append(_piece(text, "section_heading", opened.start, min(opened.end, stop)))
            outside.extend(_between(text, opened.end, stop, None))
            continue
        outside.extend(_between(text, _first_character(lines, opened), opened.start, None, kind="marker"))
        if opened.start == last_header:
            stop_win = _closing_start(lines, opened.line, opened.start, stop)
            outside.extend(_ending(text, stop_win, stop))
            stop = stop_win
        end = _strip_end(text, opened.start, stop)
        segments.append(
            Segment(
                position=len(segments) + 1,
                header=text[opened.start : opened.end],
                section=_section_name(text, section),
                month=section.month if section else None,
                year=(section.year if section else None) or year,
                start=opened.start,
                body_start=min(_body_start(text, opened.body_start, end), end),
                end=end,
                places=opened.places,
                parts=_parts(text, opened.body_start, end),
            )
        )
        outside.extend(_between(text, end, stop, None, kind="marker"))
    outside.sort(key=lambda u: u.start)
    return Segmentation(title.text if title else None, year, tuple(segments), tuple(outside))


def _first_character(lines: Sequence[_Line], opened: _Header | _Heading) -> int:
    """Where the line of a header begins, marks before it included; behind its month where both share a line."""
    if isinstance(opened, _Heading):
        return opened.start
    return lines[opened.line].start if opened.month is None else opened.month.end


def _section_name(text: str, heading: _Heading | None) -> str | None:
    if heading is None:
        return None
    raw = text[heading.start : heading.end]
    return raw[_skip_marks(raw)[0] :].strip(" \t\u00a0*_#:|–—―-" + ZERO_WIDTH) or None


def _body_start(text: str, at: int, end: int) -> int:
    while at < end and (text[at].isspace() or text[at] in "*_" + ZERO_WIDTH):
        at += 1
    return at


def _strip_end(text: str, start: int, end: int) -> int:
    """The end of a win: white space and a rule line ("---") below it are no part of it."""
    while True:
        while end > start and (text[end - 1].isspace() or text[end - 1] in ZERO_WIDTH):
            end -= 1
        line_start = max(text.rfind("\n", start, end), text.rfind("\r", start, end)) + 1
        if line_start > start and _RULE_LINE.fullmatch(text, line_start, end):
            end = line_start
            continue
        return end


def _piece(text: str, kind: str, start: int, end: int) -> Unassigned:
    return Unassigned(kind, text[start:end], start, end)


def _between(text: str, start: int, end: int, title: _Line | None, *, kind: str = "introduction") -> Iterator[Unassigned]:
    """What stands between two places as unassigned pieces, the title apart."""
    if title is not None and start <= title.start < end:
        yield from _between(text, start, title.start, None, kind="marker")
        yield _piece(text, "title", title.start, title.end)
        start = title.end
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        yield _piece(text, kind, start, end)


def _paragraphs(lines: Sequence[_Line], first: int, stop: int, *, wrapped: bool) -> Iterator[list[_Line]]:
    """The paragraphs from line `first` to the place `stop`: blocks of lines in a hard-wrapped text, else lines."""
    block: list[_Line] = []
    for line in lines[first:]:
        if line.start >= stop:
            break
        if line.text and (wrapped or not block):
            block.append(line)
            continue
        if block:
            yield block
        block = [line] if line.text else []
    if block:
        yield block


def _closing_start(lines: Sequence[_Line], first: int, start: int, stop: int) -> int:
    """Where the report's closing words begin behind its last win, which opens on line `first`; `stop` where there are none.

    The win's first paragraph is always its own. Behind it, a rule, a heading, a paragraph that
    takes leave of its readers or one about the page itself begins the end.
    """
    # What stands below other wins too (a link to share each of them) takes leave of nobody.
    usual = {_shape(line.text) for line in lines[:first] if line.text}
    paragraphs = [p for p in _paragraphs(lines, first, stop, wrapped=_is_wrapped(lines))]
    behind = [p for p in paragraphs if p[0].start > start]
    if paragraphs and len(paragraphs[0][0].text) < 40 and len(paragraphs[0]) == 1:
        behind = behind[1:]  # a header alone on its line: the text is below
    quoted = False
    for n, paragraph in enumerate(behind):
        head = paragraph[0].text
        whole = " ".join(line.text for line in paragraph)
        rest = head[_skip_marks(head)[0] :]
        if _shape(head) in usual:
            continue
        below = behind[n + 1][0].text if n + 1 < len(behind) else ""
        heading = head.startswith("#") or (
            (_is_capital_heading(rest) and bool(below or len(paragraph) > 1))
            or (_is_short_heading(rest) and len(below) > 40 and not is_credit(below) and not quoted)
        )
        quoted = head.endswith(tuple("”\"»"))
        if heading or _RULE_LINE.fullmatch(head) or _closing().match(rest) or _is_boilerplate(whole) or _addresses_reader(whole):
            return paragraph[0].start
    return stop


_ADDRESS = re.compile(r"\b(?:you|your|yours|join (?:us|them)|our (?:website|readers|page|supporters))\b", re.IGNORECASE)


def _addresses_reader(text: str) -> bool:
    """Whether a short paragraph without a quotation speaks to its readers."""
    return len(text) < 400 and not any(c in text for c in "\"“”«»") and bool(_ADDRESS.search(text))


def _shape(line: str) -> str:
    """A line without its links and figures, to know it again."""
    return re.sub(r"\(?https?://[^\s)]*\)?|\d+", "", line).strip().casefold()


def _is_short_heading(line: str) -> bool:
    """Whether a line is a heading of up to five words ("Keep hope alive")."""
    return 1 < len(line.split()) <= 5 and line[:1].isupper() and line[-1:].isalpha() and not is_credit(line)


def _is_capital_heading(line: str) -> bool:
    """Whether a line is a heading in capitals of two to eight words ("STAY IN TOUCH")."""
    return 2 <= len(line.split()) <= 8 and line.isupper() and not _SENTENCE_END.search(line)


def _is_boilerplate(text: str) -> bool:
    return bool(_boilerplate().search(text)) and not text.startswith(("“", '"', "«"))


def _ending(text: str, start: int, stop: int) -> Iterator[Unassigned]:
    piece = text[start:stop]
    kind = "boilerplate" if _boilerplate().search(piece) and not _closing().match(piece.lstrip()) else "closing"
    yield from _between(text, start, stop, None, kind=kind)


def _unstructured(text: str, lines: Sequence[_Line], title: _Line | None, headings: Sequence[_Heading], year: int | None) -> Segmentation:
    """A text without a single header: one win, without a header, behind the title."""
    start = title.end if title else 0
    while start < len(text) and (text[start].isspace() or text[start] in ZERO_WIDTH):
        start += 1
    outside = list(_between(text, 0, start, title))
    end = _strip_end(text, start, len(text))
    if start >= end:
        return Segmentation(title.text if title else None, year, (), tuple(outside))
    first = next(i for i, line in enumerate(lines) if line.text and line.end > start)
    stop = _closing_start(lines, first, lines[first].start, len(text))
    outside.extend(_ending(text, stop, len(text)))
    end = _strip_end(text, start, stop)
    month = headings[0].month if len(headings) == 1 else None
    outside.extend(_between(text, end, stop, None, kind="marker"))
    win = Segment(1, None, None, month, year, start, start, end, (), _parts(text, start, end))
    return Segmentation(title.text if title else None, year, (win,), tuple(sorted(outside, key=lambda u: u.start)))


# ---------------------------------------------------------------- captions, credits, quotes


@functools.cache
def _credit() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(m) for m in _words()["credits"]["marks"]), re.IGNORECASE)


def is_credit(line: str) -> bool:
    """Whether a line names who made a picture."""
    return bool(_credit().search(line))


def _parts(text: str, start: int, end: int) -> tuple[Part, ...]:
    """Captions, credits and quotations among the paragraphs of a win, in order.

    A credit is the part of a line from its mark ("©", "(Photo by") on; the rest of such a line,
    and a line said twice, is a caption. A paragraph within quotation marks is a quote.
    """
    parts: list[Part] = []
    seen: dict[str, _Line] = {}
    for n, line in enumerate(_lines(text[start:end])):
        if not line.text:
            continue
        a, b = start + line.start, start + line.end
        mark = _credit().search(line.text)
        image = line.text.startswith("![")
        if image:
            parts.append(Part("caption", a, b))
        elif mark is not None and (n > 0 or mark.start() == 0):
            if mark.start() > 0:
                parts.append(Part("caption", a, a + mark.start()))
            parts.append(Part("credit", a + mark.start(), b))
        elif line.text in seen and len(line.text) > 20:
            parts.append(Part("caption", a, b))
        elif line.text[0] in "“\"«>" and n > 0:
            parts.append(Part("quote", a, b))
        seen[line.text] = line
    return tuple(parts)
