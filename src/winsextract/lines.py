"""What a line of a report is by itself: its marks, a month, a credit, part of a menu, a farewell.

What it is within its report is decided in `headers.py` and `stages/segment.py`. The words are in
`data/layout.toml`.

Where a line's beginning or end is enough no more of it is looked at, and no pattern can be read
in more than one way, so that the time is linear in the length of the text.
"""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

# Longest stretch before a header's mark, in characters; the longest that was met in a report is 63
# ("Saint Vincent and the Grenadines/Democratic Republic of the Congo").
MAX_HEADER = 100
# Longest stretch of bullets, numbers, emoji and heading marks before a header; a flag is 2 to 7 characters.
MAX_MARKS = 40
# A month heading with words beside it ("What happened in January 2020").
MAX_MONTH_LINE = 60
# A line in hard-wrapped text; 120 columns are the most that editors wrap at.
MAX_WRAPPED = 130
# In hard-wrapped text a longer line that ends within a sentence goes on below.
MAX_HALF_LINE = 40
# A title is a line of its own and no paragraph.
MAX_TITLE = 200
# A paragraph that speaks to the readers of the report is short.
MAX_ADDRESS = 400
# A caption is a sentence of so many characters at most, and says what is seen among the first of them.
MAX_CAPTION, SCENE_REACH = 300, 120
# A credit stands at the end of a line; so far back is looked for it in a long one.
CREDIT_TAIL = 300

ZERO_WIDTH = (
    "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufe0f"
)
QUOTES = '"“”«»‘'
_SPACES = "".join(chr(c) for c in range(0x3001) if chr(c).isspace())
AROUND = _SPACES + ZERO_WIDTH
AROUND_NAME = AROUND + "*_"
_AROUND_WORDS = AROUND + "*_#=|"

_NUMBER = re.compile(r"(?:\(\d{1,3}\)|\d{1,3}[.):]|#\d{1,3}[.:]?)(?=[\s*_])|\d{1,3}\s[-–—]\s|\d\ufe0f?\u20e3")
_HASHES = re.compile(r"#{2,6}(?![#\d])|#(?=\s)")  # "#Kenya" is a hashtag
_NO_MARK = frozenset(QUOTES + "'’@&%¿¡©.…>!?")
_MARK_KINDS = frozenset({"Po", "Pd", "Pf", "Sm", "So", "Sk", "Mn", "Cf"})
_RULE = re.compile(r"[\s\-–—_=*·•~#]{3,}")
_UNDERLINE = re.compile(r"={3,}|-{3,}")
_SENTENCE_END = re.compile(r"[.!?…:;][\"”’')\]*_]*(?:\[\d{1,3}\])?$")
_LINK_ONLY = re.compile(r"\W{0,6}\[[^\[\]]{1,100}\]\(#[^()\s]{0,300}\)")
_NAVIGATION_MARK = re.compile(r"\s[|>›»·•]\s")
_ADDRESS = re.compile(r"\b(?:you|your|yours|join (?:us|them)|our (?:website|readers|page|supporters))\b", re.IGNORECASE)
_LINKS_AND_FIGURES = re.compile(r"https?://[^\s)]*|\d+")
_WORD = re.compile(r"[^\W\d_]+|\d+|\S")
_SENTENCE_BREAK = re.compile(r"(?<![A-Z])[.!?:;]\s|[“\"]\s?[A-Z]")


@functools.cache
def words() -> dict[str, Any]:
    """The vocabulary of `data/layout.toml`."""
    return tomllib.loads((resources.files("winsextract") / "data" / "layout.toml").read_text(encoding="utf-8"))


@functools.cache
def word_set(table: str, name: str) -> frozenset[str]:
    """A list of `data/layout.toml` for asking whether a word is in it."""
    return frozenset(words()[table][name])


@functools.cache
def month_prefix() -> re.Pattern[str]:
    """A month, perhaps a year, and a mark, with something behind: "JANUARY | Kenya: …"."""
    names = "|".join(sorted(words()["months"], key=len, reverse=True))
    return re.compile(
        rf"(?P<month>{names})\.?(?:\s+(?P<year>(?:19|20)\d\d))?(?:\s*[|/:]\s*|\s+[–—-]\s+)(?=\S)", re.IGNORECASE
    )


# ---------------------------------------------------------------- reading


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, without its outer white space.

    `number` counts these lines, `below_blank` says whether a blank line (or nothing) is above.
    `words` is `text` without the marks around it, `words_at` where that begins in `text`. `level`
    is that of a Markdown heading, with hashes or underlined, 0 for none. A rule is a line of
    dashes, stars and the like.
    """

    number: int
    start: int
    end: int
    text: str
    below_blank: bool
    words: str
    words_at: int
    has_bullet: bool
    is_bold: bool
    level: int
    is_rule: bool


def read_lines(text: str) -> list[Line]:
    """Return the lines of a text that are not blank."""
    lines: list[Line] = []
    at, below_blank = 0, True
    for raw in text.splitlines(keepends=True):
        left = raw.lstrip(AROUND)
        if left:
            start = at + len(raw) - len(left)
            line = _line(len(lines), start, left.rstrip(AROUND), below_blank)
            if line.is_rule and lines and not below_blank and _is_underlined(lines[-1], line):
                lines[-1] = replace(lines[-1], level=1 if line.text[0] == "=" else 2)
            lines.append(line)
            below_blank = False
        else:
            below_blank = True
        at += len(raw)
    return lines


def _line(number: int, start: int, text: str, below_blank: bool) -> Line:
    end = start + len(text)
    if text[0].isalpha():
        return Line(number, start, end, text, below_blank, text.rstrip(_AROUND_WORDS), 0, False, False, 0, False)
    if _RULE.fullmatch(text):
        return Line(number, start, end, text, below_blank, "", 0, False, False, 0, True)
    at, has_bullet, level = skip_marks(text)
    is_bold = text[:at].endswith(("**", "__"))
    return Line(
        number, start, end, text, below_blank, text[at:].rstrip(_AROUND_WORDS), at, has_bullet, is_bold, level, False
    )


def _is_underlined(line: Line, rule: Line) -> bool:
    is_heading = len(line.text) <= MAX_HEADER and not line.level and not line.is_rule and not ends_sentence(line.text)
    return is_heading and _UNDERLINE.fullmatch(rule.text) is not None


def skip_marks(text: str) -> tuple[int, bool, int]:
    """Return how many characters of marks a line begins with, whether one is a bullet, and the heading's level."""
    at, has_bullet, level = 0, False, 0
    while at < len(text):
        char = text[at]
        if at > MAX_MARKS:
            return 0, False, 0
        if found := _NUMBER.match(text, at):
            has_bullet = True
            at = found.end()
        elif found := _HASHES.match(text, at):
            level = len(found[0])
            at = found.end()
        elif char in "*_":
            has_bullet = has_bullet or text[at + 1 : at + 2].isspace()
            at += 1
        elif char.isspace() or char in ZERO_WIDTH:
            at += 1
        elif (char in "»›" and text[at + 1 : at + 2].isspace()) or (
            unicodedata.category(char) in _MARK_KINDS and char not in _NO_MARK
        ):
            has_bullet = True
            at += 1
        else:
            break
    return at, has_bullet, level


def content_below(lines: Sequence[Line], i: int) -> Line | None:
    """The next line that is no rule."""
    return next((line for line in lines[i + 1 : i + 4] if not line.is_rule), None)


def ends_sentence(text: str) -> bool:
    """Whether a line ends as a sentence does."""
    return bool(_SENTENCE_END.search(text[-12:]))


def goes_on(text: str) -> bool:
    """Whether a line goes on with a sentence: its first letter is a small one."""
    return text[:1].islower()


def is_wrapped_at_column(lines: Sequence[Line]) -> bool:
    """Whether lines are broken at a column: most of those with a line right below end within a sentence."""
    pairs = broken = 0
    for above, line in itertools.pairwise(lines):
        if not line.below_blank and len(above.text) > MAX_HALF_LINE:
            pairs += 1
            broken += not ends_sentence(above.text)
    return pairs > len(lines) / 4 and broken > pairs / 2 and max(len(line.text) for line in lines) < MAX_WRAPPED


def opens_paragraph(lines: Sequence[Line], i: int, *, is_wrapped: bool) -> bool:
    """Whether a line can begin something: it does not go on with the sentence of the line above."""
    if i == 0 or lines[i].below_blank or not is_wrapped:
        return True
    above = lines[i - 1]
    return above.is_rule or ends_sentence(above.text) or read_month(above.words) is not None


def paragraphs_of(lines: Sequence[Line], *, is_wrapped: bool) -> list[list[Line]]:
    """Blocks of lines in a hard-wrapped text, else lines."""
    found: list[list[Line]] = []
    for line in lines:
        if found and is_wrapped and not line.below_blank and not line.is_rule:
            found[-1].append(line)
        else:
            found.append([line])
    return found


# ---------------------------------------------------------------- months


@dataclass(frozen=True, slots=True)
class MonthLine:
    """What a heading says of its month; `month` is None for a span of months or a season."""

    month: int | None
    year: int | None
    has_day: bool = False


@functools.lru_cache(maxsize=4096)
def read_month(line: str) -> MonthLine | None:
    """Read a month heading: a month, perhaps a year, a count and words such as "also in"."""
    if not 3 <= len(line) <= MAX_MONTH_LINE:
        return None
    tokens = _WORD.findall(line.replace("’", " ").replace("'", " "))
    lower = [token.casefold() for token in tokens]
    months = words()["months"]
    at = [n for n, token in enumerate(lower) if token in months and not tokens[n].islower()]
    if not at:
        return _read_season(lower)
    if len(at) > 2 or len(lower) > 12:
        return None
    years = [int(t) for t in lower if len(t) == 4 and t.isdecimal() and t[:2] in ("19", "20")]
    if len(at) == 2:
        joins = [t for t in lower[at[0] + 1 : at[1]] if not t.isdecimal()]
        others = lower[: at[0]] + lower[at[1] + 1 :]
        if len(joins) == 1 and joins[0] in words()["month_headings"]["joins"] and all(_is_beside(t) for t in others):
            return MonthLine(None, years[-1] if years else None)
        return None
    spot = at[0]
    rest = lower[:spot] + lower[spot + 1 :]
    if len(years) > 1 or not all(_is_beside(t) for t in rest):
        return None
    is_short = lower[spot] != "may" and len(lower[spot]) <= 4 and lower[spot] not in ("june", "july")
    if is_short and not (years or tokens[spot].isupper() or lower[spot + 1 : spot + 2] == ["."]):
        return None
    before = [t for t in lower[:spot] if t not in ("st", "nd", "rd", "th", "of")]
    beside = before[-1:] + lower[spot + 1 : spot + 2]
    has_day = any(t.isdecimal() and len(t) < 3 for t in beside)
    return MonthLine(months[lower[spot]], years[0] if years else None, has_day)


def _is_beside(token: str) -> bool:
    if token.isdecimal():
        return len(token) in (1, 2) or (len(token) == 4 and token[:2] in ("19", "20"))
    known = word_set("month_headings", "beside"), word_set("month_headings", "weekdays")
    return token in known[0] or token in known[1] or token in ("st", "nd", "rd", "th") or not token[0].isalnum()


def _read_season(lower: Sequence[str]) -> MonthLine | None:
    years = [int(t) for t in lower if len(t) == 4 and t.isdecimal()]
    name = " ".join(
        t for t in lower if (t[0].isalpha() and t not in ("the", "in", "of")) or (t.isdecimal() and len(t) == 1)
    )
    name = re.sub(r"^q (?=\d$)", "q", name)
    return MonthLine(None, years[0] if years else None) if name in words()["month_headings"]["seasons"] else None


def read_subtitled_month(line: str) -> MonthLine | None:
    """Read a month heading with a subtitle: "January – A cold start"."""
    found = month_prefix().match(line)
    if found is None or len(line) > MAX_HEADER or ends_sentence(line) or not line[:1].isupper():
        return None
    return MonthLine(words()["months"][found["month"].casefold()], int(found["year"]) if found["year"] else None)


# ---------------------------------------------------------------- the frame of a page


@functools.cache
def _credit() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words()["credits"]["marks"])), re.IGNORECASE)


def find_credit(line: str) -> int | None:
    """Where the credit begins in a line that names who made a picture; a space before it is left out."""
    if found := _credit().match(line):
        return found.start()
    found = _credit().search(line, max(0, len(line) - CREDIT_TAIL))
    return found.start() if found else None


@functools.cache
def _scene() -> dict[str, re.Pattern[str]]:
    """Whom a picture shows, what they do, where, and the words of running text."""
    data = words()["captions"]
    found = {name: re.compile(rf"\b(?:{'|'.join(map(re.escape, data[name]))})\b", re.IGNORECASE) for name in data}
    # Several people, or a body's initials, before a verb in the plural: "AI USA protest", "Peace Brigades march".
    found["bodies"] = re.compile(r"[A-Z][\w’-]*(?:\s[A-Z][\w’-]*){0,4}\s$")
    return found


def shows_picture(paragraph: str) -> bool:
    """Whether a paragraph reads like a picture's caption: one sentence in the present tense about people who are seen."""
    if len(paragraph) > MAX_CAPTION or not paragraph[:1].isupper() or _SENTENCE_BREAK.search(paragraph):
        return False
    scene = _scene()
    verb = scene["scenes"].search(paragraph, 1, SCENE_REACH)
    if verb is None or scene["tells"].search(paragraph, 0, verb.start()) is not None:
        return False
    before = paragraph[: verb.start()]
    by_bodies = not verb.group().endswith("s") and scene["bodies"].fullmatch(before) is not None
    return (
        (by_bodies or scene["subjects"].search(before) is not None)
        and scene["settings"].search(paragraph, verb.end()) is not None
        and scene["never"].search(paragraph, verb.end()) is None
    )


@functools.cache
def _boilerplate() -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(map(re.escape, words()["boilerplate"]["marks"])) + r")\b", re.IGNORECASE)


def is_boilerplate(text: str) -> bool:
    """Whether a page speaks of itself in a paragraph: cookies, gifts, newsletters."""
    return bool(_boilerplate().search(text)) and not text.startswith(tuple(QUOTES))


def is_navigation(line: Line) -> bool:
    """Whether a line is part of a page's frame: a menu, a breadcrumb, a link to a place on the page."""
    text = line.words.casefold()
    if len(text) > 200 or ends_sentence(text):
        return bool(_LINK_ONLY.fullmatch(line.text)) if len(text) <= 500 else False
    if (
        text in word_set("boilerplate", "lines")
        or text.startswith(tuple(words()["boilerplate"]["starts"]))
        or _LINK_ONLY.fullmatch(line.text)
    ):
        return True
    items = _NAVIGATION_MARK.split(text)
    return len(items) > 2 and all(len(item.split()) <= 4 for item in items)


@functools.cache
def _closing() -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in words()["closing"]["starts"]), re.IGNORECASE)


def is_closing(text: str) -> bool:
    """Whether a paragraph takes leave of the report's readers."""
    return bool(_closing().match(text))


def addresses_reader(text: str) -> bool:
    """Whether a short paragraph without a quotation speaks to its readers."""
    return len(text) < MAX_ADDRESS and not any(c in text for c in QUOTES) and bool(_ADDRESS.search(text))


def is_short_heading(name: str) -> bool:
    """Whether a line is a heading of up to five words ("Keep hope alive")."""
    return (
        1 < len(name.split(maxsplit=6)) <= 5
        and name[:1].isupper()
        and name[-1:].isalpha()
        and find_credit(name) is None
    )


def is_capital_heading(name: str) -> bool:
    """Whether a line is a heading in capitals of two to eight words ("STAY IN TOUCH")."""
    return 2 <= len(name.split(maxsplit=9)) <= 8 and name.isupper() and not ends_sentence(name)


def shape(text: str) -> str:
    """A line without its links and figures, to know it again."""
    return _LINKS_AND_FIGURES.sub("", text[:MAX_TITLE]).casefold()


def has_topic_word(name: str) -> bool:
    return not frozenset(re.findall(r"[a-z]+", name.casefold())).isdisjoint(words()["sections"]["topic_words"])
