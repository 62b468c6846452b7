"""Which lines open a win: the name of a place, marked off from its text as the report marks off all of them.

A header is read from its line in every way that it can be (a colon, a dash, a bar, a full stop, a
heading, a line of its own), and kept if the report's other headers look like it: a bare "Kenya" on
a line is a header where several lines look like that, and not where "Kenya: text" is the rule.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from winsextract.lines import (
    AROUND_NAME,
    MAX_HEADER,
    MAX_MARKS,
    QUOTES,
    Line,
    MonthLine,
    content_below,
    ends_sentence,
    find_credit,
    goes_on,
    month_prefix,
    opens_paragraph,
    read_month,
    skip_marks,
    word_set,
    words,
)
from winsextract.places import find_places, known_names
from winsextract.records import Place

# Shorter text behind a header may be an entry of a list, unless it ends as a sentence does.
SHORT_TEXT = 40
# One header in a style of its own counts if this much text follows.
MIN_TEXT = 30

_DASH = re.compile(r"\s*[—―]\s*|\s+[-–]{1,2}(?:\s+|$)|[-–]{1,2}\s+|\s+–(?=\S)")
_LINK = re.compile(r"\[([^\[\]]{1,100})\]\([^()\s]{0,300}\)")


@dataclass(frozen=True, slots=True)
class Header:
    """A line that may open a win.

    `style` is how the header is marked off. `month` and `month_end` are of "JANUARY | " on the
    same line. `has_text`: there is text behind the mark. `is_short`: none or hardly any.
    """

    line: int
    style: str
    start: int
    end: int
    body_start: int
    places: tuple[Place, ...]
    level: int
    has_text: bool
    is_short: bool
    has_bullet: bool
    month: MonthLine | None
    month_end: int

    @property
    def is_doubtful(self) -> bool:
        """No table knows the place."""
        return not self.places


def find_headers(lines: Sequence[Line], *, is_wrapped: bool) -> list[Header]:
    """All headers of the report, in the styles that it uses; sections of places among them."""
    read = [header for i in range(len(lines)) if (header := read_header(lines, i)) is not None]
    listed = _listed(lines, read)
    found = [h for h in read if _may_stand(lines, h, is_wrapped=is_wrapped)]
    entries = [h for h in found if h.line not in listed]
    if not any(not h.is_doubtful for h in entries):
        entries = [h for h in found if h.style != "bare"]  # a report of one-line entries is no list of contents
    styles = Counter(h.style for h in entries if not h.is_doubtful)
    strong = sum(n for style, n in styles.items() if style not in ("dash", "bare", "stop", "city"))
    capitals = sum(1 for h in entries if not h.is_doubtful and _is_capital(lines, h))
    lead_ins = _lead_ins(lines)
    used = [h for h in entries if _is_in_style(lines, h, styles, strong, capitals, lead_ins[h.line])]
    return [h for h in used if not (h.is_doubtful and h.line == 0)]


# ---------------------------------------------------------------- reading a line


@functools.cache
def _date() -> re.Pattern[str]:
    month = f"(?:{'|'.join(sorted(words()['months'], key=len, reverse=True))})\\.?"
    day = r"\d{1,2}(?:st|nd|rd|th)?"
    one = rf"(?:{day}\s{month}|{month}\s{day})(?:,?\s(?:19|20)\d\d)?"
    any_date = rf"(?:{one}|{month}(?:\s(?:19|20)\d\d)?)"
    return re.compile(
        rf"(?P<before>{one}\s?[,–—-]\s?)|(?P<behind>,\s(?:{one})$|\s?\({any_date}\)$)|(?P<caption>(?:{one}|(?:19|20)\d\d[/-]\d\d[/-]\d\d)\s?:)",
        re.IGNORECASE,
    )


def read_header(lines: Sequence[Line], i: int) -> Header | None:
    """Read a line as a header and the text behind it, None if it cannot be one."""
    line = lines[i]
    at = line.words_at
    head = line.text[at : at + MAX_HEADER + 2]
    if line.is_rule or not head or not (head[0].isalpha() or head[0] == "[" or _begins_with_day(head)):
        return None
    month = None
    month_end = 0
    if head[0].isupper() and (found := month_prefix().match(head)) is not None:
        month = MonthLine(words()["months"][found["month"].casefold()], int(found["year"]) if found["year"] else None)
        month_end = at + found.end()
        at = month_end + skip_marks(line.text[month_end : month_end + MAX_MARKS])[0]
        head = line.text[at : at + MAX_HEADER + 2]
    elif read_month(line.words) is not None:
        return None
    for mark, begin, stop, body in _candidates(head, len(line.text) - at, line.is_bold):
        name = head[begin:stop].strip(AROUND_NAME)
        places = _places(name)
        text = line.text[at + body :].lstrip(AROUND_NAME) if mark != "alone" else ""
        style = _style(line, mark, name, places, text)
        if style is None or (month is not None and (not places or mark == "alone")):
            continue
        begin += len(head[begin:stop]) - len(head[begin:stop].lstrip(AROUND_NAME))
        start = line.start + at + begin
        return Header(
            line=i,
            style=style if month is None else "month",
            start=start,
            end=start + len(name),
            body_start=line.start + at + body,
            places=places,
            level=line.level,
            has_text=bool(text),
            is_short=len(text) < SHORT_TEXT and not ends_sentence(text),
            has_bullet=line.has_bullet,
            month=month,
            month_end=line.start + month_end,
        )
    return None


def _begins_with_day(head: str) -> bool:
    found = _date().match(head) if head[0].isdigit() else None
    return found is not None and found["before"] is not None


def _candidates(head: str, length: int, is_bold: bool) -> Iterator[tuple[str, int, int, int]]:
    """Ways to read a line as header and text: mark, start and end of the header, start of the text."""
    if head.startswith("["):
        if (link := _LINK.match(head)) is None:
            return
        behind = link.end()
        while behind < len(head) and head[behind] in AROUND_NAME:
            behind += 1
        if behind >= length:
            yield "alone", 1, link.end(1), behind
        elif behind < len(head) and head[behind] in ":：|–—-":
            yield "colon", 1, link.end(1), behind + 1
        return
    colon = min((at for at in (head.find(":"), head.find("：")) if at >= 0), default=-1)
    if 0 < colon <= MAX_HEADER:
        yield "colon", 0, colon, colon + 1
    for match in reversed([m for m in _DASH.finditer(head) if m.start() > 0 and (colon < 0 or m.start() < colon)]):
        if match.end() < length:
            yield "dash", 0, match.start(), match.end()
    bar = head.find("|")
    if bar > 0 and bar + 1 < length:
        yield "bar", 0, bar, bar + 1
    if is_bold and (close := max(head.find("**"), head.find("__"))) > 0 and close + 2 < length:
        yield "dash", 0, close - head[:close].endswith("."), close + 2
    if (stop := head.find(". ")) > 0 and "." not in head[:stop]:
        yield "stop", 0, stop, stop + 1
    if length <= MAX_HEADER:
        stop = len(head.rstrip(AROUND_NAME + "#–—-"))
        yield "alone", 0, stop - head[:stop].endswith("."), length


def _style(line: Line, mark: str, name: str, places: tuple[Place, ...], text: str) -> str | None:
    """How a header is marked off; None if the line read this way has no header."""
    if not name or (not places and (mark not in ("colon", "alone") or not looks_like_place(name))):
        return None
    if mark == "alone":
        if line.level:
            return f"heading {line.level}"
        return None if not places else "bold" if line.is_bold else "bare"
    if len(text) < MAX_HEADER and text and find_places(text.rstrip(AROUND_NAME + ".")):
        return None  # a list of places
    if _is_city_first(name):
        return "city" if mark == "colon" and text else None
    is_marked = line.has_bullet or line.is_bold
    if mark in ("dash", "stop"):
        found = _date().match(text)
        if (found is not None and found["caption"]) or not (is_marked or line.level or _begins_text(text)):
            return None  # a caption's place and day: "ENGLAND, UK – MARCH 3: …"
        if line.level:
            return f"heading {line.level}"
        return f"marked {mark}" if is_marked else mark
    if not places and (not text or text.startswith(tuple(QUOTES)) or len(text) < SHORT_TEXT / 2):
        return None
    if line.level:
        return f"heading {line.level}"
    return f"{'marked ' if line.has_bullet else ''}{mark if text else 'colon alone'}"


def _begins_text(text: str) -> bool:
    return bool(text) and (text[0].isupper() or text[0].isdigit() or text[0] in QUOTES + "(")


@functools.lru_cache(maxsize=4096)
def _places(name: str) -> tuple[Place, ...]:
    """The places of a header, a day beside them left out."""
    if not name or name[-1] in ",(":
        return ()
    if not any(map(str.isdigit, name)) and "(" not in name:
        return find_places(name)
    name = " ".join(name.split())
    if (found := _date().match(name)) is not None and found["before"]:
        return find_places(name[found.end() :])
    found = next((m for m in _date().finditer(name) if m["behind"]), None)
    return find_places(name[: found.start()] if found else name)


def _is_city_first(name: str) -> bool:
    """Whether a header is "Nairobi, Kenya", which is how a caption begins too."""
    first, comma, _ = name.partition(",")
    return bool(comma) and not _places(first) and not any(map(str.isdigit, first))


@functools.lru_cache(maxsize=4096)
def looks_like_place(name: str) -> bool:
    """Whether an unknown name is more likely a place than a topic, a person or a body.

    A misprint of a known place, a single unknown word with a capital that is no topic, or a
    name such as "Republic of …" or "… Islands".
    """
    parts = name.split()
    if (
        not 1 <= len(parts) <= 6
        or not name[0].isupper()
        or not name.replace(" ", "").replace("-", "").replace("’", "").isalpha()
    ):
        return False
    lower = [part.casefold() for part in parts]
    if lower[0] in word_set("headers", "never") or name.casefold() in word_set("headers", "topics"):
        return False
    if any(part.islower() and part not in ("of", "and", "the", "du", "de", "la") for part in parts):
        return False
    if len(parts) == 1:
        return len(name) > 3
    if len(parts) == 2 and lower[0] in word_set("headers", "compass"):
        return True
    if len(parts) <= 3 and lower[-1] in word_set("headers", "last_words") and "of" not in lower:
        return True
    of = lower.index("of") if "of" in lower[:-1] else 0
    return (of > 0 and lower[of - 1] in word_set("headers", "words_before_of")) or _is_misprint(" ".join(lower))


def _is_misprint(name: str) -> bool:
    """Whether a name is within one letter of a known one: left out, put in, changed or swapped with its neighbour."""
    return len(name) > 6 and not _without_one(name).isdisjoint(_known_without_one())


def _without_one(name: str) -> set[str]:
    return {name} | {name[:n] + name[n + 1 :] for n in range(len(name))}


@functools.cache
def _known_without_one() -> frozenset[str]:
    return frozenset(key for name in known_names() if len(name) > 6 for key in _without_one(name))


# ---------------------------------------------------------------- what a report bears out


def _may_stand(lines: Sequence[Line], header: Header, *, is_wrapped: bool) -> bool:
    line = lines[header.line]
    if not header.has_bullet and not line.level and not opens_paragraph(lines, header.line, is_wrapped=is_wrapped):
        return False
    if header.style != "bare" and header.style != "bold":
        return True
    below = content_below(lines, header.line)
    if below is None or goes_on(below.text):
        return False
    further = content_below(lines, below.number)
    return (
        len(below.text) >= MIN_TEXT
        or ends_sentence(below.text)
        or below.below_blank
        or (further is not None and len(further.text) >= MIN_TEXT)
    )


def _listed(lines: Sequence[Line], read: Sequence[Header]) -> set[int]:
    """The lines of lists: headers that have no text, or a few words, and stand one below the other.

    Three places without a word are a list; entries of a few words are one below a line that ends
    with a colon, with bullets where most headers have none, or if all of them come again further
    down, as in a table of contents.
    """
    is_bulleted = 2 * sum(h.has_bullet for h in read if not h.is_short) > sum(not h.is_short for h in read)
    last_seen = {h.places: h.line for h in read if h.places and not h.is_short}
    listed: set[int] = set()
    for run in _runs(read):
        first, last = run[0], run[-1]
        above = lines[first.line - 1] if first.line else None
        if first.style in ("bare", "bold", "colon alone"):
            is_list = len(run) > (1 if first.has_bullet else 2)
        elif above is not None and read_month(above.words) is not None:
            is_list = False
        else:
            is_list = len(run) > 1 and (
                (above is not None and above.text.endswith(":"))
                or (first.has_bullet and not is_bulleted)
                or all(last_seen.get(h.places, 0) > last.line for h in run)
            )
        if is_list:
            listed.update(h.line for h in run)
    return listed


def _runs(read: Sequence[Header]) -> Iterator[list[Header]]:
    """The short headers of one style that stand one below the other."""
    run: list[Header] = []
    for header in read:
        if header.level or header.month is not None or not header.is_short:
            continue
        if run and (header.line != run[-1].line + 1 or header.style != run[-1].style):
            yield run
            run = []
        run.append(header)
    if run:
        yield run


def _is_in_style(
    lines: Sequence[Line], header: Header, styles: Counter[str], strong: int, capitals: int, lead_in: Line | None
) -> bool:
    """Whether a header is marked off as this report's headers are, or stands out clearly by itself.

    `strong` counts the headers whose mark leaves little doubt, `capitals` those in capitals;
    `lead_in` is the line above a header's list.
    """
    count = styles[header.style]
    if header.is_doubtful:
        return count >= 2
    if header.style == "city":
        return count >= 2 and 2 * count >= strong
    if header.style in ("dash", "bare", "stop"):
        if count >= 2 and count >= strong // 4:
            return True
        return header.style != "stop" and (strong < 2 or _stands_out(lines, header, capitals))
    if header.has_bullet and header.style.startswith("marked") and 4 * count < strong and lead_in is not None:
        is_end = ends_sentence(lead_in.text) and not lead_in.text.endswith(":")
        return is_end or lead_in.is_rule or read_month(lead_in.words) is not None
    return True


def _lead_ins(lines: Sequence[Line]) -> list[Line | None]:
    """For each line the one above, or above its list where it is an item of one."""
    found: list[Line | None] = []
    for above, line in zip([None, *lines], lines, strict=False):
        found.append(found[-1] if above is not None and above.has_bullet and line.has_bullet else above)
    return found


def _stands_out(lines: Sequence[Line], header: Header, capitals: int) -> bool:
    """Whether one header in another style than the rest is no caption, name or running text."""
    line = lines[header.line]
    if not line.below_blank or find_credit(line.text) is not None or header.has_bullet:
        return False
    if capitals == 0 and _is_capital(lines, header):
        return False  # an agency's date line
    above = lines[header.line - 1] if header.line else None
    if above is not None and read_month(above.words) is None and find_credit(above.text) is None:
        is_quote = above.text[-1] in QUOTES or above.text.startswith((*QUOTES, ">"))
        if is_quote or not ends_sentence(above.text):
            return False
    text = line.text[header.body_start - line.start :]
    if header.style == "bare":
        below = content_below(lines, header.line)
        text = below.text if below is not None else ""
    return len(text) >= MIN_TEXT and ends_sentence(text)


def _is_capital(lines: Sequence[Line], header: Header) -> bool:
    line = lines[header.line]
    name = line.text[header.start - line.start : header.end - line.start]
    return len(name) > 4 and name.isupper()
