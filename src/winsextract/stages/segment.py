"""Cut a report into wins: months, headers, and the text that belongs to each.

1. Lines, and what each is by itself (`winsextract/lines.py`).
2. Headers: the lines that open a win (`winsextract/headers.py`).
3. Sections: months, places above their countries, topics; a table of contents opens none.
4. The title, the year, and where the closing words begin.
5. Pieces: each line goes to a win or stays outside, so nothing is lost.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from winsextract.headers import Header, find_headers
from winsextract.lines import (
    MAX_HALF_LINE,
    MAX_TITLE,
    QUOTES,
    Line,
    MonthLine,
    addresses_reader,
    content_below,
    ends_sentence,
    find_credit,
    goes_on,
    has_topic_word,
    is_boilerplate,
    is_capital_heading,
    is_closing,
    is_navigation,
    is_short_heading,
    is_wrapped_at_column,
    opens_paragraph,
    paragraphs_of,
    read_lines,
    read_month,
    read_subtitled_month,
    shape,
    shows_picture,
    words,
)
from winsextract.records import Part, Segment, Segmentation, Unassigned

# A heading of a topic or a place.
MAX_TOPIC = 80
MAX_TOPIC_WORDS = 9
# Introductions longer than this are not looked at for the year.
MAX_INTRODUCTION = 3000
# The title is among the first lines; menus above it are seldom longer than twenty.
TITLE_LINES = 40
# A line above the title or below it that is about the page itself.
MAX_PAGE_LINE = 120

_YEAR = re.compile(r"(?<![\d.,/-])(?:19[5-9]\d|20\d\d)(?![\d%]|[.,]\d)")
_MONTH_NAME = "(January|February|March|April|May|June|July|August|September|October|November|December)"
_DATED_YEAR = re.compile(rf"\b{_MONTH_NAME}(?: \d{{1,2}},?)? ((?:19|20)\d\d)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Section:
    """A line that opens a section. `keeps_month`: it stands within a month and has none of its own."""

    line: int
    start: int
    end: int
    month: int | None
    year: int | None
    keeps_month: bool


def segment(text: str, *, year: int | None = None) -> Segmentation:
    """Cut a report into wins and what stands outside them.

    Every character that is no white space lands in exactly one segment or unassigned piece.
    `year` overrides what the text says.
    """
    lines = read_lines(text)
    is_wrapped = is_wrapped_at_column(lines)
    headers = find_headers(lines, is_wrapped=is_wrapped)
    months = _find_months(lines, {h.line: h for h in headers}, is_wrapped=is_wrapped)
    headers = _without_title(lines, headers, {s.line for s in months})
    title = _find_title(lines, _first_line(lines, headers, months))
    sections = _find_sections(lines, headers, months, title)
    opened = {s.line for s in sections}
    headers = [h for h in headers if h.month is not None or h.line not in opened]
    if not sections and _is_lone(lines, headers, title):
        headers = []
    first = _first_line(lines, headers, sections)
    found_year = _find_year(text, lines, title, sections, first) if year is None else year
    if headers:
        return _assemble(
            text, lines, headers, sections, title, found_year, given=year is not None, is_wrapped=is_wrapped
        )
    return _unstructured(text, lines, sections, title, found_year, given=year is not None, is_wrapped=is_wrapped)


def _first_line(lines: Sequence[Line], headers: Sequence[Header], sections: Sequence[_Section]) -> int:
    """The first line that is below the top of the page."""
    return min([h.line for h in headers[:1]] + [s.line for s in sections[:1]], default=len(lines))


def _is_lone(lines: Sequence[Line], headers: Sequence[Header], title: Line | None) -> bool:
    """Whether the only header stands so far down in a text that it does not head it."""
    if len(headers) != 1:
        return False
    at = headers[0].line
    above = sum(len(line.text) for line in lines[title.number + 1 if title else 0 : at])
    return above > sum(len(line.text) for line in lines[at:])


# ---------------------------------------------------------------- sections


def _find_months(lines: Sequence[Line], headers: dict[int, Header], *, is_wrapped: bool) -> list[_Section]:
    """The month headings; not those of a table of contents, nor the date of publication."""
    read: list[tuple[Line, MonthLine]] = []
    days: list[tuple[Line, MonthLine]] = []
    subtitled: list[tuple[Line, MonthLine]] = []
    has_blank = _has_blank(lines)
    level = 0  # of the header above: "### January" below "## Kenya" is within its win
    for line in lines:
        if line.number in headers:
            level = headers[line.number].level
        if line.is_rule or line.number in headers or len(line.text) > MAX_TITLE or is_navigation(line):
            continue
        below = content_below(lines, line.number)
        if below is None or goes_on(below.text) or (0 < level < line.level and below.number not in headers):
            continue
        if not opens_paragraph(lines, line.number, is_wrapped=is_wrapped) and (
            below.number not in headers or len(lines[line.number - 1].text) > MAX_HALF_LINE
        ):
            continue
        if (month := read_month(line.words)) is not None:
            if not month.has_day:
                read.append((line, month))
            elif below.number in headers and line.number:
                days.append((line, month))
        elif (line.below_blank or not has_blank) and (month := read_subtitled_month(line.words)) is not None:
            subtitled.append((line, month))
    if len(days) > 1:
        read += days
    if len({month.month for _, month in subtitled}) > 1:
        read += subtitled
    read.sort(key=lambda found: found[0].start)
    if headers:
        first, last = min(headers), max(headers)
        above = [found for found in read if found[0].number < first]
        below_last = [found for found in read if found[0].number > last]
        is_dated = (
            len(read) == 1 and len(above) == 1 and above[0][1].year is not None and above[0][0].number + 1 < first
        )
        read = read[len(above) - (0 if is_dated else 1) if above else 0 :]
        if len(below_last) > 1:  # an archive's links: "January 2020", "February 2020"
            read = read[: -len(below_last)]
    return [_Section(line.number, line.start, line.end, m.month, m.year, False) for line, m in read]


def _find_sections(
    lines: Sequence[Line], headers: Sequence[Header], months: Sequence[_Section], title: Line | None
) -> list[_Section]:
    """All lines that open a section: months, on a line of their own or before a header, places and topics."""
    inline = [h for h in headers if h.month is not None]
    opened = {s.line for s in months}
    by_line = {h.line: h for h in headers}
    places = [h.line for h in headers if _is_place_section(lines, h, by_line, opened)]
    for number in places:
        del by_line[number]
    opened.update(places)
    with_months = any(s.month for s in months) or bool(inline)
    month_level = max((lines[s.line].level for s in months), default=0)
    topics = _find_topics(lines, by_line, opened, title, with_months=with_months, month_level=month_level)
    sections = [*months]
    sections += [
        _Section(h.line, lines[h.line].start, h.month_end, h.month.month, h.month.year, False)
        for h in inline
        if h.month
    ]
    last_month = max((s.line for s in sections), default=0)
    seen: set[str] = set()
    for line in sorted([lines[n] for n in places] + topics, key=lambda line: line.start):
        name = line.words.casefold()
        is_whole_year = (
            line.number > last_month and name not in seen and name.startswith(tuple(words()["sections"]["whole_year"]))
        )
        leaves = is_whole_year or 0 < line.level <= month_level
        seen.add(name)
        sections.append(_Section(line.number, line.start, line.end, None, None, with_months and not leaves))
    return sorted(sections, key=lambda s: s.start)


def _is_place_section(lines: Sequence[Line], header: Header, headers: dict[int, Header], opened: set[int]) -> bool:
    """Whether a place has no text of its own but stands above the next header: "Africa", then "Kenya: …"."""
    if header.month is not None or header.has_text:
        return False
    below = content_below(lines, header.line)
    return below is None or below.number in headers or below.number in opened


def _find_topics(
    lines: Sequence[Line],
    headers: dict[int, Header],
    opened: set[int],
    title: Line | None,
    *,
    with_months: bool,
    month_level: int,
) -> list[Line]:
    """The headings that are neither months nor places."""
    if not headers:
        return []
    header_level = min((h.level for h in headers.values() if h.level), default=0)
    candidates = [
        line
        for line in lines[1 : max(headers) + 1]
        if line.number not in headers
        and line.number not in opened
        and line is not title
        and _is_heading_like(lines, line)
    ]
    repeated = Counter(line.words.casefold() for line in candidates)
    is_usual = any(_next_content(lines, line.number) == min(headers) for line in candidates)
    in_capitals = not with_months or any(lines[n].words.isupper() for n in opened)
    above_headers = [line.level for line in candidates if _next_content(lines, line.number) in headers]
    section_level = month_level or max(above_headers, default=0)
    has_blank = _has_blank(lines)
    found = []
    for line in candidates:
        level, below, name = line.level, _next_content(lines, line.number), line.words
        if level:
            if (
                below in headers
                or below in opened
                or (level < header_level if header_level else level <= section_level)
            ):
                found.append(line)
        elif below not in headers or (has_blank and not line.below_blank) or _is_below_quote(lines, line.number):
            continue
        elif (
            (name.isupper() and in_capitals)
            or repeated[name.casefold()] > 1
            or name.casefold() in words()["sections"]["names"]
            or (not with_months and (has_topic_word(name) or (is_usual and len(name.split()) <= 6)))
        ):
            found.append(line)
    return found


def _has_blank(lines: Sequence[Line]) -> bool:
    return any(line.below_blank for line in lines[1:])


def _next_content(lines: Sequence[Line], i: int) -> int:
    below = content_below(lines, i)
    return below.number if below is not None else -1


def _is_heading_like(lines: Sequence[Line], line: Line) -> bool:
    """Whether a line is short and no sentence, caption, quotation or credit."""
    name = line.words
    if line.is_rule or not name or len(line.text) > MAX_TOPIC or line.text.startswith(("![", "[", ">", "(", *QUOTES)):
        return False
    if line.level:
        return True
    return (
        not line.has_bullet
        and (len(name.split()) <= MAX_TOPIC_WORDS or name.isupper())
        and name[:1].isupper()
        and (not ends_sentence(name) or (name.endswith(":") and len(name.split()) < 4))
        and find_credit(name) is None
        and name.split()[0].casefold().rstrip(":") not in words()["headers"]["never"]
    )


def _is_below_quote(lines: Sequence[Line], i: int) -> bool:
    above = lines[i - 1].text if i else ""
    return above.endswith(tuple('”"»')) or above.startswith(("“", '"', "«", ">"))


# ---------------------------------------------------------------- title and year


def _without_title(lines: Sequence[Line], headers: Sequence[Header], months: set[int]) -> list[Header]:
    """The headers but for the title of a report on one country ("Kenya: human rights wins 2021")."""
    kept = list(headers)
    if len(kept) < 3 or any(not line.is_rule for line in lines[: kept[0].line]):
        return kept
    line = lines[kept[0].line]
    if ends_sentence(line.text) or len(line.text) > MAX_TITLE or not kept[0].has_text:
        return kept
    is_above = 0 < line.level < min((h.level for h in kept[1:] if h.level), default=7)
    if line.number + 1 in months or is_above or _YEAR.search(line.text):
        return kept[1:]
    return kept


def _find_title(lines: Sequence[Line], first: int) -> Line | None:
    """The title: the first line above all wins that is no menu, picture or label; a heading of the first level before others."""
    heads = [
        line
        for line in lines[: min(first, TITLE_LINES)]
        if not line.is_rule and line.words and not is_navigation(line) and not is_boilerplate(line.words)
    ]
    heads = [
        line
        for line in heads
        if not line.text.startswith("![")
        and read_month(line.words) is None
        and line.words.casefold().rstrip(":") not in words()["title"]["kickers"]
    ]
    top = next((line for line in heads if line.level == 1), None)
    for line in [top] if top else heads[:1]:
        if len(line.words) > MAX_TITLE or (len(line.words) > MAX_TITLE / 2 and line.words.endswith(".")):
            return None
        return line
    return None


def _find_year(
    text: str, lines: Sequence[Line], title: Line | None, sections: Sequence[_Section], first: int
) -> int | None:
    """The report's year: its title's, else its month headings', else its introduction's, else that of its dates."""
    if title is not None and (years := [int(y) for y in _YEAR.findall(title.words)]):
        # "Wins of 2023, on the way to 2030": the one that the text speaks of.
        return max(years, key=lambda year: (text.count(str(year)), year)) if len(years) > 1 else years[0]
    if years := [s.year for s in sections if s.year]:
        return _most(years)
    top = text[: lines[first].start if first < len(lines) else MAX_INTRODUCTION]
    introduction = top[:MAX_INTRODUCTION] if sections or first < len(lines) else ""
    published = [(int(y), words()["months"][m.casefold()]) for m, y in _DATED_YEAR.findall(introduction)]
    if years := [int(y) for y in _YEAR.findall(_DATED_YEAR.sub("", introduction))]:
        return _most(years)
    if published:
        year, month = published[0]
        # A report that has a December and came out in January is about the year before.
        return year - any(s.month is not None and s.month > month for s in sections)
    dated = [int(y) for _, y in _DATED_YEAR.findall(text)]
    if not dated:
        return None
    counts = Counter(dated)
    year = _most(dated)
    is_clear = counts[year] > 1 or len(counts) == 1
    return year if is_clear and year == max(counts) else None


def _most(years: Sequence[int]) -> int:
    """The year named most; of years named as often the latest, since a report looks back."""
    counts = Counter(years)
    return max(counts, key=lambda year: (counts[year], year))


# ---------------------------------------------------------------- closing words


def _closing_line(lines: Sequence[Line], first: int, stop: int, level: int, *, is_wrapped: bool) -> int:
    """The line on which the closing words begin, behind a last win that opens on line `first`; `stop` for none.

    The win's first paragraph is always its own. Behind it, a rule, a heading, a paragraph that
    takes leave of its readers or one about the page itself begins the end. What stands below
    other wins too (a link to share each of them) takes leave of nobody.
    """
    usual = {shape(line.text) for line in lines[:first] if len(line.text) <= MAX_TITLE}
    paragraphs = paragraphs_of(lines[first:stop], is_wrapped=is_wrapped)
    behind = paragraphs[1:]
    if (
        behind
        and len(paragraphs[0]) == 1
        and len(paragraphs[0][0].text) < 40
        and not ends_sentence(paragraphs[0][0].text.rstrip(":"))
    ):
        behind = behind[1:]  # a header alone on its line: the text is below
    while behind and behind[-1][0].is_rule:
        behind.pop()
    is_below_quote = False
    for n, paragraph in enumerate(behind):
        line = paragraph[0]
        if line.is_rule:
            return line.number
        whole = " ".join(part.text for part in paragraph)
        below = behind[n + 1][0].text if n + 1 < len(behind) else ""
        is_heading = (
            0 < line.level <= (level or 6)
            or (is_capital_heading(line.words) and bool(below or len(paragraph) > 1))
            or (is_short_heading(line.words) and len(below) > 40 and find_credit(below) is None and not is_below_quote)
        )
        is_end = (
            is_heading
            or is_closing(line.words)
            or is_closing(line.text)
            or is_boilerplate(whole)
            or addresses_reader(whole)
        )
        if is_end and shape(line.text) not in usual:
            return line.number
        is_below_quote = line.text.endswith(tuple('”"»'))
    return stop


# ---------------------------------------------------------------- pieces


def _assemble(
    text: str,
    lines: Sequence[Line],
    headers: Sequence[Header],
    sections: Sequence[_Section],
    title: Line | None,
    year: int | None,
    *,
    given: bool,
    is_wrapped: bool,
) -> Segmentation:
    segments: list[Segment] = []
    kinds: dict[int, str] = {}
    outside: list[Unassigned] = []
    opened_by = {s.line: s for s in sections}
    starts = sorted({h.line for h in headers} | set(opened_by))
    by_line = {h.line: h for h in headers}
    section: _Section | None = None
    month_section: _Section | None = None
    last = headers[-1].line
    for at, following in zip(starts, [*starts[1:], len(lines)], strict=True):
        if at in opened_by:
            section = opened_by[at]
            if not section.keeps_month:
                month_section = section
            outside.append(_piece(text, "section_heading", section.start, section.end))
        if (header := by_line.get(at)) is None:
            kinds.update((line.number, "introduction") for line in lines[at + 1 : following])
            continue
        stop = following
        if at == last:
            stop = _closing_line(lines, at, following, header.level, is_wrapped=is_wrapped)
            kinds.update((line.number, "closing") for line in lines[stop:following])
        body = [line for line in lines[at:stop] if not line.is_rule]
        end = max(body[-1].end, header.end)
        win_year = month_section.year if month_section and month_section.year and not given else year
        segments.append(
            Segment(
                position=len(segments) + 1,
                header=text[header.start : header.end],
                section=_section_name(text, lines, section),
                month=month_section.month if month_section else None,
                year=win_year,
                start=header.start,
                body_start=_body_start(text, body, header, end),
                end=end,
                places=header.places,
                parts=_parts(text, body, header.body_start),
            )
        )
    kinds.update((line.number, "introduction") for line in lines[: starts[0]])
    outside += _outside(text, lines, kinds, title, starts[0])
    return _complete(text, title, year, segments, outside)


def _unstructured(
    text: str,
    lines: Sequence[Line],
    sections: Sequence[_Section],
    title: Line | None,
    year: int | None,
    *,
    given: bool,
    is_wrapped: bool,
) -> Segmentation:
    """A text without a single header: one win behind the title, or one below each of several months."""
    content = [line for line in lines if not line.is_rule]
    if title is not None and len(content) == 1 and (ends_sentence(title.text) or len(title.text) > MAX_TITLE / 2):
        title = None
    top = title.number + 1 if title else 0
    while top < len(lines) and lines[top].is_rule:
        top += 1
    # A single date is one of the text, and the text is not cut there.
    opened_by = {s.line: s for s in sections if s.line >= top} if len(sections) > 1 else {}
    starts = sorted(opened_by) or [top]
    stop = _closing_line(lines, starts[-1], len(lines), 0, is_wrapped=is_wrapped) if top < len(lines) else top
    kinds = dict.fromkeys(range(starts[0]), "introduction") | dict.fromkeys(range(stop, len(lines)), "closing")
    segments: list[Segment] = []
    headings: list[Unassigned] = []
    for at, following in zip(starts, [*starts[1:], stop], strict=True):
        section = opened_by.get(at)
        if section is not None:
            headings.append(_piece(text, "section_heading", section.start, section.end))
        body = [line for line in lines[at + (section is not None) : following] if not line.is_rule]
        if body:
            shown = section or (sections[0] if len(sections) == 1 else None)
            segments.append(
                Segment(
                    position=len(segments) + 1,
                    header=None,
                    section=_section_name(text, lines, section),
                    month=shown.month if shown else None,
                    year=section.year if section and section.year and not given else year,
                    start=body[0].start,
                    body_start=body[0].start,
                    end=body[-1].end,
                    parts=_parts(text, body, body[0].start),
                )
            )
    return _complete(text, title, year, segments, [*headings, *_outside(text, lines, kinds, title, starts[0])])


def _outside(
    text: str, lines: Sequence[Line], kinds: dict[int, str], title: Line | None, first: int
) -> Iterator[Unassigned]:
    """The lines outside all wins, neighbours of one kind as one piece; `first` is the first line behind the top of the page."""
    title_name = title.words.casefold() if title else None
    run: list[Line] = []
    kind = ""
    is_end = False
    for number in sorted(kinds):
        line = lines[number]
        if line.is_rule:
            continue
        here = kinds[number]
        if title is not None and number < first and line.words.casefold() == title_name and here == "introduction":
            here = "title"
        elif here == "closing":
            is_end = is_end or _is_page_text(lines, line, kinds)
            here = "boilerplate" if is_end else here
        elif number < first and (is_navigation(line) or (len(line.text) < MAX_PAGE_LINE and is_boilerplate(line.text))):
            here = "boilerplate"
        if run and (
            here != kind or here == "title" or not all(lines[n].is_rule for n in range(run[-1].number + 1, number))
        ):
            yield _piece_of(text, kind, run)
            run = []
        kind = here
        run.append(line)
    if run:
        yield _piece_of(text, kind, run)


def _is_page_text(lines: Sequence[Line], line: Line, kinds: dict[int, str]) -> bool:
    """Whether a closing line, or the paragraph below its heading, is about the page itself."""
    if is_boilerplate(line.text) and not is_closing(line.words):
        return True
    below = content_below(lines, line.number)
    is_heading = is_short_heading(line.words) or is_capital_heading(line.words) or line.level > 0
    return is_heading and below is not None and kinds.get(below.number) == "closing" and is_boilerplate(below.text)


def _piece_of(text: str, kind: str, run: Sequence[Line]) -> Unassigned:
    if kind == "title":
        start = run[0].start + run[0].words_at
        return _piece(text, kind, start, start + len(run[0].words))
    return _piece(text, kind, run[0].start, run[-1].end)


def _piece(text: str, kind: str, start: int, end: int) -> Unassigned:
    while end > start and text[end - 1].isspace():
        end -= 1
    return Unassigned(kind, text[start:end], start, end)


def _complete(
    text: str,
    title: Line | None,
    year: int | None,
    segments: Sequence[Segment],
    outside: Sequence[Unassigned] | Iterator[Unassigned],
) -> Segmentation:
    """Put what is in no piece yet, bullets and rules, into pieces of the kind marker."""
    pieces = list(outside)
    spans = sorted([(s.start, s.end) for s in segments] + [(u.start, u.end) for u in pieces])
    at = 0
    for start, end in [*spans, (len(text), len(text))]:
        rest = text[at:start]
        if left := rest.strip():
            begin = at + len(rest) - len(rest.lstrip())
            pieces.append(Unassigned("marker", left, begin, begin + len(left)))
        at = end
    pieces.sort(key=lambda piece: piece.start)
    return Segmentation(title.words if title else None, year, tuple(segments), tuple(pieces))


def _section_name(text: str, lines: Sequence[Line], section: _Section | None) -> str | None:
    if section is None:
        return None
    line = lines[section.line]
    return text[line.start + line.words_at : section.end].strip(" \t\u00a0*_#:|–—―-=/") or None


def _body_start(text: str, body: Sequence[Line], header: Header, end: int) -> int:
    """Where the text behind a header begins: behind its marks, and its underline."""
    at = header.body_start
    line = body[0]
    if at >= line.end or not text[at : line.end].strip(" \t\u00a0*_#–—-"):
        return body[1].start if len(body) > 1 else end
    while at < end and (text[at].isspace() or text[at] in "*_\u200b\u200e\u200f\u2060\ufeff"):
        at += 1
    return at


def _parts(text: str, body: Sequence[Line], body_start: int) -> tuple[Part, ...]:
    """Captions, credits and quotations among the paragraphs of a win, in order.

    A credit is the part of a line from its mark ("©", "(Photo by") on. The rest of such a line, a picture, a
    line said twice, and a paragraph that tells what a picture shows are captions. A paragraph within
    quotation marks is a quote.
    """
    parts: list[Part] = []
    seen: set[str] = set()

    def stands_alone(n: int) -> bool:
        return body[n].below_blank and (n + 1 == len(body) or body[n + 1].below_blank)

    for n, line in enumerate(body):
        start = max(line.start, body_start)
        shown = text[start : line.end]
        start += len(shown) - len(shown.lstrip())
        shown = shown.strip()
        if not shown:
            continue
        mark = find_credit(shown)
        if shown.startswith(("![", "[image")):
            parts.append(Part("caption", start, line.end))
        elif mark is not None and n > 0:
            mark -= shown[:mark].endswith(("*", "_"))
            if shown[:mark].strip():
                parts.append(Part("caption", start, start + mark))
            parts.append(Part("credit", start + mark, line.end))
        elif (shown in seen and len(shown) > 20) or (n > 0 and stands_alone(n) and shows_picture(shown)):
            parts.append(Part("caption", start, line.end))
        elif n > 0 and shown[0] in '“"«>':
            parts.append(Part("quote", start, line.end))
        seen.add(shown)
    return tuple(parts)
