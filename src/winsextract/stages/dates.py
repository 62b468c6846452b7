"""Calendar expressions found in a win and written as EDTF, with nothing invented.

A win is cut into words; a small grammar reads expressions from left to right, each into one
or two `_Part`s that hold what is written and nothing else; then each part is placed, in the
order of the text, by its own year, by the dates before it, by the section's month or by the
report's year. Today plays no role. What nothing places is left out.

Every look back or ahead is bounded by a constant, so the time grows with the text's length
and no faster. The vocabulary is `data/dates.toml`.
"""

from __future__ import annotations

import bisect
import datetime as dt
import functools
import re
import tomllib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from typing import Any

from winsextract.records import Date, Mention

# How sure a value is, by what placed it; an order, not a measured probability.
_SURE = 0.99  # the year is in the text
_REPORT_YEAR = 0.95  # "in March", "last month"
_FROM_TEXT = 0.85  # "two days later"
_OTHER_YEAR = 0.55  # a month without a year that the text places outside the report's: worth a look

_MOST_DAYS = 12  # days named before one month ("4, 5 and 11 June"); keeps "1, 1, 1 …" linear
_CUE_BACK = 10  # words looked at before a date for the verb that governs it
_CUE_AHEAD = 8  # words looked at behind it
_AUXILIARY_BACK = 5  # words looked at before that verb for "will", "is due", "had"
_SENTENCE_BACK = 60  # words looked at for the sentence that a date stands in
_NAME_WORDS = 8  # words looked at of a name beside a year ("the 2003 Sexual Offences Act")

_USUAL_YEARS = range(1800, 2051)  # a number like these is a year with less to show for it
_YEARS = range(1000, 3000)  # what EDTF writes in four digits and a report may mean

_SEASON_MONTHS = {21: (3, 5), 22: (6, 8), 23: (9, 11), 24: (12, 14)}  # 14: February of the next year
_DASHES = ("-", "–", "—")
_UNTIL = ("to", "until", "till", "through", "and", "/", *_DASHES)
_LIST = (",", "and", "or", "&")
_DIGITS_AND_APOSTROPHES = frozenset("0123456789'‘")
_MASKED = "\0"

# Words with their apostrophes, numbers with commas or an ending, blank lines, single signs.
# Asterisks and underscores (bold, italics) and zero-width characters are as white space.
_TOKEN = re.compile(
    r"[^\W\d_]+(?:['’][^\W\d_]+)*"
    r"|[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])"
    r"|[0-9]+(?:st|nd|rd|th|s)?"
    r"|(?:\r(?!\n)|\n)\s*[\r\n]"
    r"|[^\s*_\u200b\u2060\ufeff]",
    re.IGNORECASE,
)
_NUMERIC = re.compile(
    r"(?P<iso>[0-9]{4}([-/.])[0-9]{2}\2[0-9]{2})(?=T[0-9]|(?![\w/-]|\.[0-9]))"
    r"|(?P<iso_month>[0-9]{4}-0[1-9])(?![\w/-])"
    r"|(?P<local>[0-9]{1,2}([-/.])[0-9]{1,2}\5[0-9]{4}|[0-9]{1,2}/[0-9]{1,2}/[0-9]{2})(?![\w/-]|\.[0-9])"
)


def find_dates(
    text: str,
    *,
    year: int | None,
    month: int | None,
    masked: Sequence[tuple[int, int]] = (),
    month_first: bool = False,
) -> tuple[Date, ...]:
    """Return the calendar values that a win names, one `Date` a value, in order of first mention.

    `year` is the report's, `month` the section's (1-12). `masked` are spans, end exclusive,
    of names in which a year is no date (laws, organisations). `month_first` reads 03/04/2024
    as 4 March; without it, it is 3 April.
    """
    reading = _read_words(text, masked, month_first)
    expressions = _share_years(reading, _without_restated(reading, list(_expressions(reading))))
    found: dict[str, list[tuple[Mention, _Placed]]] = {}
    calendar = _Calendar(reading, year, month, tells_of_release=_tells_of_release(reading))
    for expression, placed in calendar.place(expressions):
        start, end = reading.span(expression.start, expression.stop)
        found.setdefault(placed.edtf, []).append((Mention(text[start:end], start, end), placed))
    return tuple(_date(edtf, entries) for edtf, entries in found.items())


def _date(edtf: str, entries: list[tuple[Mention, _Placed]]) -> Date:
    placed = entries[0][1]
    return Date(
        text=entries[0][0].text,
        edtf=edtf,
        start=placed.first.bounds()[0],
        end=placed.last.bounds()[1],
        precision=placed.precision,
        confidence=max(each.confidence for _, each in entries),
        mentions=tuple(mention for mention, _ in entries),
    )


# --- what is written, and what it is worth ------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shift:
    """A value given by its distance from another.

    `base` is report (the section's month, the report's year), text (the date before it),
    either (text, else report) or sentence (the date before it in the sentence, else report).
    `unit` is day, month or year, or season and name for "last summer", "next March". A week
    is no unit: EDTF level 1 has none, and its first day would be invented.
    """

    base: str
    unit: str
    move: int


@dataclass(frozen=True, slots=True)
class _Part:
    """One end of an expression: what is written of it; `stop` is the word behind it."""

    stop: int
    year: int | None = None
    month: int | None = None
    day: int | None = None
    season: int | None = None
    weekday: int | None = None
    decade: bool = False
    approximate: bool = False
    exact: bool = False  # "exactly two years later": as fine as the date before it
    months: tuple[int, int] | None = None  # of a half or quarter of a year
    end_day: str = ""  # "first" or "last", of "the last day of February"
    shift: _Shift | None = None

    @property
    def grain(self) -> str:
        """How fine it is: day, month, season or year."""
        if self.day or self.end_day or (self.shift and self.shift.unit == "day"):
            return "day"
        if self.month or (self.shift and self.shift.unit in ("month", "name")):
            return "month"
        return "season" if self.season else "year"

    @property
    def lacks_year(self) -> bool:
        return self.year is None and self.shift is None


@dataclass(frozen=True, slots=True)
class _Expression:
    """Words `start` to `stop` (exclusive): one value, or an interval if there is a `last`."""

    start: int
    stop: int
    first: _Part
    last: _Part | None = None


@dataclass(frozen=True, slots=True)
class _Value:
    """A place on the calendar: a day, month, season, year or decade."""

    year: int
    month: int | None = None
    day: int | None = None
    season: int | None = None
    decade: bool = False
    approximate: bool = False

    @property
    def precision(self) -> str:
        if self.day:
            return "day"
        if self.month:
            return "month"
        if self.season:
            return "season"
        return "decade" if self.decade else "year"

    @property
    def edtf(self) -> str:
        written = f"{self.year // 10}X" if self.decade else str(self.year)
        for finer in (self.season or self.month, self.day):
            written += f"-{finer:02d}" if finer else ""
        return written + "~" if self.approximate else written

    def first_year(self) -> _Value:
        """Return the year that a decade begins with; anything else as it is."""
        return replace(self, decade=False) if self.decade else self

    def last_year(self) -> _Value:
        """Return the year that a decade ends with; anything else as it is."""
        return replace(self, year=self.year + 9, decade=False) if self.decade else self

    def bounds(self) -> tuple[dt.date, dt.date]:
        """The first and the last day of it; a winter begins in December of its year."""
        if self.day and self.month:
            return (day := dt.date(self.year, self.month, self.day)), day
        if self.month:
            first, last = self.month, self.month
        else:
            first, last = _SEASON_MONTHS[self.season] if self.season else (1, 12)
        last_year = self.year + 9 if self.decade else self.year
        behind = dt.date(last_year + last // 12, last % 12 + 1, 1)
        return dt.date(self.year, first, 1), behind - dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A value, or an interval from `first` to `last`, and how sure it is."""

    first: _Value
    last: _Value
    confidence: float

    @property
    def edtf(self) -> str:
        return self.first.edtf if self.first == self.last else f"{self.first.edtf}/{self.last.edtf}"

    @property
    def precision(self) -> str:
        return self.first.precision if self.first == self.last else "interval"


# --- the words ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """`data/dates.toml`, each entry under "table.key" among those of its kind."""

    lists: Mapping[str, frozenset[str]]
    numbers: Mapping[str, Mapping[str, int]]
    names: Mapping[str, Mapping[str, str]]
    spans: Mapping[str, Mapping[str, tuple[int, int]]]
    months: Mapping[str, int]
    starters: frozenset[str]


# The entries whose words an expression can begin with.
_STARTING = frozenset(
    f"{table}.{key}"
    for table, keys in {
        "months": ("full", "short"),
        "weekdays": ("names",),
        "seasons": ("names",),
        "decades": ("names",),
        "numbers": ("cardinals", "ordinals"),
        "parts": ("bare", "nouns", "adjectives"),
        "approximate": ("before", "before_count"),
        "relative": ("from_report", "from_text", "pointing", "units"),
    }.items()
    for key in keys
)


@functools.cache
def _vocabulary() -> _Vocabulary:
    """Load the words, once, when the first text is read."""
    source = resources.files("winsextract").joinpath("data", "dates.toml").read_text("utf-8")
    lists: dict[str, frozenset[str]] = {}
    numbers: dict[str, dict[str, int]] = {}
    names: dict[str, dict[str, str]] = {}
    spans: dict[str, dict[str, tuple[int, int]]] = {}
    starters = {"between", "from", "the", "at", "year's", "q", "h"}
    for table, keys in tomllib.loads(source).items():
        for key, entry in keys.items():
            name = f"{table}.{key}"
            if name in _STARTING:
                starters.update(entry)
            if isinstance(entry, list | str):
                lists[name] = frozenset(entry)
            elif all(isinstance(value, int) for value in entry.values()):
                numbers[name] = entry
            elif all(isinstance(value, str) for value in entry.values()):
                names[name] = entry
            else:
                spans[name] = {word: (first, last) for word, (first, last) in entry.items()}
    possessives = {f"{name}'s": number for name, number in numbers["months.full"].items()}
    starters.update(possessives)
    months = numbers["months.full"] | numbers["months.short"] | possessives
    return _Vocabulary(lists, numbers, names, spans, months, frozenset(starters))


@dataclass(frozen=True, slots=True)
class _Reading:
    """A text as words: small letters, straight apostrophes, with their places in the text."""

    text: str
    words: Sequence[str]
    starts: Sequence[int]
    stops: Sequence[int]
    candidates: Sequence[int]  # words that an expression can begin with
    month_places: Sequence[int]  # words that name a month, and the word month
    month_first: bool
    vocabulary: _Vocabulary

    def word(self, at: int) -> str:
        """Return the word, or "" outside the text."""
        return self.words[at] if 0 <= at < len(self.words) else ""

    def is_in(self, at: int, entry: str) -> bool:
        """Whether the word is in this list of the vocabulary; "" is in none but clause_ends."""
        return self.word(at) in self.vocabulary.lists[entry]

    def is_starter(self, at: int) -> bool:
        """Whether an expression can begin with this word."""
        return self.word(at) in self.vocabulary.starters or self.word(at)[:1] in _DIGITS_AND_APOSTROPHES

    def number(self, at: int, entry: str) -> int | None:
        """Return what this table of the vocabulary says for the word."""
        return self.vocabulary.numbers[entry].get(self.word(at))

    def span(self, start: int, stop: int) -> tuple[int, int]:
        """Return the characters of words `start` to `stop`, exclusive, without a possessive 's."""
        end = self.stops[stop - 1]
        return self.starts[start], end - 2 if self.words[stop - 1].endswith("'s") else end

    def is_tight(self, at: int) -> bool:
        """Whether nothing stands between this word and the one before it."""
        return 0 < at < len(self.words) and self.starts[at] == self.stops[at - 1]

    def is_capital(self, at: int) -> bool:
        return 0 <= at < len(self.words) and self.text[self.starts[at]].isupper()

    def is_title(self, at: int) -> bool:
        """Whether the word begins with a capital but is not all capitals."""
        return self.is_capital(at) and not self.text[self.starts[at] : self.stops[at]].isupper()

    def is_plain_word(self, at: int) -> bool:
        """Whether the word is a word in small letters that is none of the function words."""
        word = self.word(at)
        return (
            word[:1].isalpha()
            and not self.is_capital(at)
            and not self.is_in(at, "words.function")
            and not self.is_in(at, "words.clause_ends")
        )

    def is_free(self, at: int) -> bool:
        """Whether no sign or letter is glued to the word's front, as in G20, $20, COVID-19."""
        if not self.is_tight(at):
            return True
        before = self.text[self.starts[at] - 1]
        if before == "-":
            return not self.is_tight(at - 1) or self.is_in(at - 2, "years.prefixes")
        return not before.isalnum() and before not in self.vocabulary.lists["years.signs"]


_POSSESSIVES = frozenset({"’s", "'s", "’", "'"})


def _read_words(text: str, masked: Sequence[tuple[int, int]], month_first: bool) -> _Reading:
    vocabulary = _vocabulary()
    starters = vocabulary.starters
    words: list[str] = []
    starts, stops, candidates, month_places = array("q"), array("q"), array("q"), array("q")
    masks = iter(sorted(masked))
    mask = next(masks, None)
    known: dict[str, str] = {}  # one string for a word however often it stands in the text
    for match in _TOKEN.finditer(text):
        start, stop = match.span()
        written = match.group()
        word = known.get(written)
        if word is None:
            word = "\n\n" if written.isspace() else written.lower().replace("’", "'")
            known[written] = word
        while mask and mask[1] <= start:
            mask = next(masks, None)
        if mask and mask[0] < stop:
            # "Amnesty’s 2022 report": what stands behind a possessive is no part of the name.
            word = "'s" if written[max(0, mask[1] - start) :] in _POSSESSIVES else _MASKED
        elif word in starters or "0" <= word[0] <= "9":
            candidates.append(len(words))
            if word in vocabulary.months or word == "month":
                month_places.append(len(words))
        words.append(word)
        starts.append(start)
        stops.append(stop)
    return _Reading(text, words, starts, stops, candidates, month_places, month_first, vocabulary)


# --- the grammar: from words to expressions ----------------------------------------------


def _expressions(reading: _Reading) -> Iterator[_Expression]:
    """Yield what is written as a date, from left to right and without overlap."""
    behind = 0
    for at in reading.candidates:
        if at < behind:
            continue
        expressions = _expressions_at(reading, at)
        if expressions:
            behind = expressions[-1].stop
            start, part = expressions[0].start, expressions[0].first
            if not _is_heading(reading, start, part) and not _is_of_law(reading, start):
                yield from expressions


def _expressions_at(reading: _Reading, at: int) -> list[_Expression]:
    """Read an expression that begins with this word; several days before one month are several."""
    if not reading.is_free(at):
        return []
    if reading.word(at) == "the" and not reading.is_starter(at + 1):
        return []
    opener = reading.word(at) if reading.word(at) in ("between", "from") else ""
    start = at + 1 if opener else at
    days = _days(reading, start, between=opener == "between")
    if len(days) > 1 or (days and days[0].last):
        return [replace(days[0], start=at if days[0].last else days[0].start), *days[1:]]
    first = days[0].first if days else _part(reading, start)
    if first is None:
        return []
    last = _range_end(reading, first, opener)
    begin = at if last else start  # "from 2015" is 2015, "from 2015 to 2019" one expression
    if _has_idle_article(reading, begin, first):
        begin += 1
    return [_Expression(begin, last.stop if last else first.stop, first, last)]


def _has_idle_article(reading: _Reading, start: int, part: _Part) -> bool:
    """Whether "the" only goes before a noun ("the 2023 vote"), and is no part of "the 5th of May"."""
    if reading.word(start) != "the" or part.shift or part.season or part.decade:
        return False
    day = _day(reading, start)
    return _edge(reading, start).stop == start and not (day and day.is_ordinal)


def _range_end(reading: _Reading, first: _Part, opener: str) -> _Part | None:
    """Read the other end of an interval behind its first."""
    joiner, at = reading.word(first.stop), first.stop + 1
    if joiner not in _UNTIL or (joiner == "and" and opener != "between"):
        return None
    if joiner in (*_DASHES, "/") and reading.is_tight(first.stop) != reading.is_tight(at):
        return None
    if joiner in ("—", "/") and not reading.is_tight(at):
        return None
    short = _short_year(reading, first, at) if joiner in ("-", "–", "/") else None
    if short:
        return short
    last = _part(reading, at, ends_range=True)
    is_spelt_out = opener != "" and joiner not in (*_DASHES, "/")
    return last if last and (is_spelt_out or last.grain == first.grain) else None


def _short_year(reading: _Reading, first: _Part, at: int) -> _Part | None:
    """Read the 24 of 2023-24, where only a year stands before it."""
    word = reading.word(at)
    if (
        first.year is None
        or first.grain != "year"
        or not (reading.is_tight(at) and len(word) == 2 and word.isdecimal())
    ):
        return None
    year = first.year - first.year % 100 + int(word)
    return _Part(at + 1, year=year) if year > first.year and _ends_number(reading, at) else None


def _part(reading: _Reading, at: int, *, ends_range: bool = False) -> _Part | None:
    """Read one value with what goes before it: "around", "the end of", "early"."""
    approximate = reading.is_in(at, "approximate.before") or (
        reading.is_in(at, "approximate.before_count") and reading.word(at - 1) == "in"
    )
    if approximate:
        at += 2 if reading.word(at + 1) == "." and reading.is_tight(at + 1) else 1
    edge = _edge(reading, at)
    is_edged = edge.stop > at
    part = _core(reading, edge.stop, is_edged=is_edged, ends_range=ends_range or approximate)
    if part is None:
        part = _core(reading, at, is_edged=False, ends_range=ends_range or approximate) if is_edged else None
    elif part.grain == "year" and not part.decade:
        part = replace(part, months=edge.months or part.months, end_day=edge.end_day)
    elif part.grain == "month":
        part = replace(part, end_day=edge.end_day)
    return replace(part, approximate=True) if part and approximate else part


@dataclass(frozen=True, slots=True)
class _Edge:
    """Words before a date that name a part of it, up to `stop`; most do not change the value."""

    stop: int
    months: tuple[int, int] | None = None
    end_day: str = ""


def _edge(reading: _Reading, at: int) -> _Edge:
    """Read "at the end of", "the first half of", "the last day of", "early", "mid-"."""
    start = at
    if reading.word(at) == "at" and reading.word(at + 1) == "the":
        at += 1
    if reading.word(at) == "the":
        at += 1
    adjective = ""
    while at < start + 4 and reading.is_in(at, "parts.adjectives") and reading.word(at + 1) != "of":
        adjective, at = reading.word(at), at + 1
        if reading.word(at) == "-":
            at += 1
    noun = reading.word(at)
    if reading.word(at + 1) == "of":
        if noun == "day" and adjective in ("first", "last"):
            return _Edge(at + 2, end_day=adjective)
        if reading.is_in(at, "parts.nouns"):
            entry = {"half": "parts.halves", "quarter": "parts.quarters"}.get(noun, "")
            return _Edge(at + 2, months=reading.vocabulary.spans.get(entry, {}).get(adjective))
    at = start + 1 if reading.word(start) == "the" else start
    if reading.is_in(at, "parts.bare"):
        return _Edge(at + 2 if reading.word(at + 1) in ("-", "in") else at + 1)
    return _Edge(start)


def _core(reading: _Reading, at: int, *, is_edged: bool, ends_range: bool) -> _Part | None:
    """Read one value without what goes before it."""
    bare = at + 1 if reading.word(at) == "the" else at
    days = _days(reading, at) or (_days(reading, bare) if bare > at else [])
    if days:
        return days[0].first if len(days) == 1 and not days[0].last else None
    return (
        _numeric(reading, bare)
        or _half_or_quarter(reading, bare)
        or _month(reading, bare, is_marked=is_edged or ends_range)
        or _season(reading, bare, is_marked=is_edged or ends_range)
        or _decade(reading, bare, is_marked=is_edged or bare > at)
        or _relative(reading, at)
        or _counted(reading, at)
        or _year_or_month_of_edge(reading, at, is_edged=is_edged)
        or _bare_ordinal(reading, at)
        or _year(reading, bare, is_certain=is_edged or ends_range)
    )


@dataclass(frozen=True, slots=True)
class _Day:
    """A number that can be a day of a month; `start` and `stop` take in its weekday."""

    value: int
    start: int
    stop: int
    is_ordinal: bool
    weekday: int | None = None
    joiner: str = ""  # what ties it to the next day


def _days(reading: _Reading, at: int, *, between: bool = False) -> list[_Expression]:
    """Read a day, or several, of one month: "5 March", "3 to 9 May", "June 4, 5 and 11, 2023"."""
    return _days_before_month(reading, at, between=between) or _days_behind_month(reading, at)


def _days_before_month(reading: _Reading, at: int, *, between: bool) -> list[_Expression]:
    month_place = bisect.bisect(reading.month_places, at)
    is_far = month_place == len(reading.month_places) or reading.month_places[month_place] - at > 4 * _MOST_DAYS
    if is_far or _is_labelled(reading, at):
        return []
    is_certain = reading.word(at - 1) == "on"
    days: list[_Day] = []
    while len(days) < _MOST_DAYS:
        day = _day(reading, at)
        if day is None or (days and not days[-1].value < day.value):
            return []
        is_certain = is_certain or day.weekday is not None
        month = _month_behind_day(reading, day.stop, is_certain=is_certain)
        if month:
            return _join_days([*days, day], month, between=between)
        joiner, at = _joiner(reading, day.stop)
        if not joiner:
            return []
        days.append(replace(day, joiner=joiner))
    return []


def _days_behind_month(reading: _Reading, at: int) -> list[_Expression]:
    begin, (start, weekday) = at, _weekday(reading, at)
    number = reading.vocabulary.months.get(reading.word(start))
    if number is None:
        return []
    at = start + 1
    if reading.word(at) == "." and reading.is_tight(at):
        at += 1
    elif reading.is_tight(at):
        return []
    day = _day(reading, at)
    if day is None or day.weekday is not None:
        return []
    if reading.word(start - 1) == "in" and not day.is_ordinal and reading.is_plain_word(day.stop):
        return []  # "In March 5 people were freed"
    days = [replace(day, start=begin, weekday=weekday)]
    while len(days) < _MOST_DAYS:
        joiner, at = _joiner(reading, days[-1].stop)
        day = _day(reading, at) if joiner else None
        if day is None or day.value <= days[-1].value or not _belongs_to_month_before(reading, day):
            break
        days = [*days[:-1], replace(days[-1], joiner=joiner), day]
    tail = _year_behind(reading, days[-1].stop)
    is_certain = weekday is not None or tail.year is not None or reading.word(start - 1) == "on"
    if reading.is_in(start, "months.ambiguous") and not reading.is_capital(start) and not is_certain:
        return []
    return _join_days(days, replace(tail, month=number), between=False)


def _belongs_to_month_before(reading: _Reading, day: _Day) -> bool:
    """Whether the 6 of "March 5 and 6" counts no things and has no month of its own."""
    behind = reading.word(day.stop)
    return not (reading.is_plain_word(day.stop) or behind in reading.vocabulary.months or behind in ("of", "/"))


def _join_days(days: Sequence[_Day], month: _Part, *, between: bool) -> list[_Expression]:
    """Make expressions of the days before or behind a month, whose part ends the last of them."""
    expressions: list[_Expression] = []
    first: _Expression | None = None  # waits for the other end of its interval
    for day in days:
        stop = max(month.stop, day.stop) if day is days[-1] else day.stop
        part = replace(month, day=day.value, weekday=day.weekday, stop=stop)
        one = _Expression(day.start, stop, part) if not first else replace(first, stop=stop, last=part)
        if first is None and day.joiner and (day.joiner not in _LIST or (between and day.joiner == "and")):
            first = one
        else:
            first = None
            expressions.append(one)
    return expressions


def _joiner(reading: _Reading, at: int) -> tuple[str, int]:
    """Return what joins two days and the word behind it, "" where nothing does."""
    word = reading.word(at)
    if word == "," and reading.word(at + 1) in _LIST:
        return reading.word(at + 1), at + 2
    return (word, at + 1) if word in _LIST or word in _UNTIL else ("", at)


def _weekday(reading: _Reading, at: int) -> tuple[int, int | None]:
    """Skip "Sunday," or "Sun." and return the word behind it and the day of the week."""
    weekday = reading.number(at, "weekdays.names")
    if weekday is None:
        return at, None
    at += 1
    for sign in (".", ","):
        at += 1 if reading.word(at) == sign else 0
    return at, weekday


def _day(reading: _Reading, at: int) -> _Day | None:
    """Read "5", "5th", "the fifth", "Sunday, 5"."""
    start = at
    at, weekday = _weekday(reading, at)
    if reading.word(at) == "the":
        at += 1
    word = reading.word(at)
    digits = word.rstrip("abcdefghijklmnopqrstuvwxyz")
    if digits:
        is_day = len(digits) < 3 and digits.isdecimal() and 0 < int(digits) < 32
        if not is_day or (word != digits and word[len(digits) :] not in reading.vocabulary.lists["numbers.suffixes"]):
            return None
        return _Day(int(digits), start, at + 1, word != digits, weekday) if _ends_number(reading, at) else None
    tens = reading.number(at, "numbers.cardinals") or 0
    if tens in (20, 30) and reading.word(at + 1) == "-":
        ones = reading.number(at + 2, "numbers.ordinals") or 0
        value, stop = tens + ones if 0 < ones < 10 else 0, at + 3
    else:
        value, stop = reading.number(at, "numbers.ordinals") or 0, at + 1
    return _Day(value, start, stop, True, weekday) if 0 < value < 32 else None


def _ends_number(reading: _Reading, at: int) -> bool:
    """Whether the number ends here: no letter, sign or decimals glued behind it."""
    if not reading.is_tight(at + 1):
        return True
    sign = reading.word(at + 1)
    if sign in (".", ",", ":"):
        return not (reading.is_tight(at + 2) and reading.word(at + 2)[0].isdecimal())
    return sign == "/" or not (sign[0].isalnum() or sign in reading.vocabulary.lists["years.signs"])


def _month_behind_day(reading: _Reading, at: int, *, is_certain: bool) -> _Part | None:
    """Read the month and year behind a day: "March", "of March 2023", "-Mar-2023", "of that month"."""
    is_hyphened = reading.word(at) == "-" and reading.is_tight(at) and reading.is_tight(at + 1)
    if is_hyphened or reading.word(at) == "of":
        at += 1
    elif reading.is_tight(at):
        return None
    month = reading.vocabulary.months.get(reading.word(at))
    if month is None:
        pointed = _relative(reading, at) if reading.word(at - 1) == "of" else None
        return pointed if pointed and pointed.shift and pointed.shift.unit == "month" else None
    tail = _year_behind(reading, at + 1, is_hyphened=is_hyphened)
    if reading.is_in(at, "months.ambiguous") and not (reading.is_capital(at) or is_certain or tail.year):
        return None
    return replace(tail, month=month)


def _year_behind(reading: _Reading, at: int, *, is_hyphened: bool = False) -> _Part:
    """Read the year of a month or day behind it, in digits or as "last year"; perhaps there is none."""
    start = at
    if is_hyphened:
        at += 1 if reading.word(at) == "-" and reading.is_tight(at) else 0
    elif reading.word(at) == "." and reading.is_tight(at):
        at += 1
    elif reading.word(at) != "," and reading.is_tight(at):
        return _Part(start)
    at += 1 if reading.word(at) == "," else 0
    joins_pointer = reading.word(at) == "in"
    at += 1 if reading.word(at) in ("of", "in") else 0
    year = _year(reading, at, is_certain=True)
    if year:
        return year if not joins_pointer else _Part(start)
    short = reading.word(at + 1)
    if reading.word(at) in ("'", "‘") and reading.is_tight(at + 1) and len(short) == 2 and short.isdecimal():
        return _Part(at + 2, year=2000 + int(short) if int(short) <= 50 else 1900 + int(short))
    pointed = _relative(reading, at)
    if pointed and pointed.shift and pointed.shift.unit == "year" and pointed.grain == "year":
        return pointed if not reading.word(pointed.stop - 1).endswith("'s") else _Part(start)
    return _Part(start)


def _numeric(reading: _Reading, at: int) -> _Part | None:
    """Read 2024-02-17, 2024-02, 17/02/2024."""
    match = _NUMERIC.match(reading.text, reading.starts[at]) if reading.word(at)[:1].isdecimal() else None
    if match is None:
        return None
    stop = at
    while stop < len(reading.words) and reading.starts[stop] < match.end():
        stop += 1
    if match["iso_month"]:
        return _Part(stop, year=int(match["iso_month"][:4]), month=int(match["iso_month"][5:]))
    if match["iso"]:
        year, month, day = int(match["iso"][:4]), int(match["iso"][5:7]), int(match["iso"][8:])
    else:
        parsed = _parse_local(match["local"], reading.month_first)
        if parsed is None:
            return None
        year, month, day = parsed.year, parsed.month, parsed.day
    return _Part(stop, year=year, month=month, day=day)


@functools.lru_cache(maxsize=4096)
def _parse_local(written: str, month_first: bool) -> dt.date | None:
    parsed = _local_parser(month_first).get_date_data(written).date_obj
    return parsed.date() if parsed else None


@functools.cache
def _local_parser(month_first: bool) -> Any:
    """Return dateparser for dates in digits; imported here because it is slow to load and rarely needed."""
    from dateparser.date import DateDataParser

    return DateDataParser(
        languages=["en"],
        settings={
            "DATE_ORDER": "MDY" if month_first else "DMY",
            "PREFER_LOCALE_DATE_ORDER": False,
            "REQUIRE_PARTS": ["day", "month", "year"],
            "RELATIVE_BASE": dt.datetime(2000, 1, 1),
            "TIMEZONE": "UTC",
        },
    )


def _half_or_quarter(reading: _Reading, at: int) -> _Part | None:
    """Read "Q4 2023", "H1 of 2024"."""
    if reading.word(at) not in ("q", "h") or not reading.is_tight(at + 1):
        return None
    written = reading.word(at) + reading.word(at + 1)
    months = reading.vocabulary.spans["parts.quarters" if written[0] == "q" else "parts.halves"].get(written)
    tail = _year_behind(reading, at + 2)
    return replace(tail, months=months) if months and tail.year else None


def _month(reading: _Reading, at: int, *, is_marked: bool) -> _Part | None:
    """Read a month with or without a year; `is_marked` where words before it show that it is one."""
    number = reading.vocabulary.months.get(reading.word(at))
    if number is None:
        return None
    tail = replace(_year_behind(reading, at + 1), month=number)
    if (
        reading.is_tight(at + 1)
        and not reading.is_in(at + 1, "words.clause_ends")
        and reading.word(at + 1) not in (*_DASHES, "/", "'")
    ):
        return None
    is_verb = reading.is_in(at, "months.ambiguous") and not reading.is_capital(at)
    if (tail.year and not (is_verb and reading.word(at + 1) == "of")) or (tail.shift and not is_verb):
        return tail
    return replace(tail, stop=at + 1, shift=None) if _month_stands_alone(reading, at, is_marked=is_marked) else None


def _month_stands_alone(reading: _Reading, at: int, *, is_marked: bool) -> bool:
    """Whether the word is a month although neither day nor year is beside it."""
    if reading.is_in(at - 1, "months.recurring"):
        return False
    months, is_capital = reading.vocabulary.months, reading.is_capital(at)
    joins_month = reading.is_in(at + 1, "months.pairing") and reading.word(at + 2) in months
    follows_month = reading.is_in(at - 1, "months.pairing") and reading.word(at - 2) in months
    is_twin = reading.word(at) in (reading.word(at - 2), reading.word(at + 2))  # the name Jun-Jun
    is_marked = is_marked or reading.is_in(at - 1, "months.before")
    is_marked = is_marked or ((joins_month or follows_month) and not is_twin)
    if reading.word(at) in reading.vocabulary.numbers["months.short"]:
        return is_capital and is_marked
    behind_looser = reading.is_in(at - 1, "months.before_month_or_name")
    if not reading.is_in(at, "months.ambiguous"):
        return is_marked or behind_looser or (is_capital and not _is_behind_name(reading, at))
    return is_capital and (
        is_marked
        or (behind_looser and not reading.is_capital(at + 1))
        or _qualifies_noun(reading, at)
        or (_is_at_head(reading, at) and reading.is_in(at + 1, "months.verbs"))
    )


def _qualifies_noun(reading: _Reading, at: int) -> bool:
    """Whether a month stands before a noun as in "the May ruling", "the planned May vote"; no march does."""
    if reading.word(at) == "march" or not reading.is_plain_word(at + 1):
        return False
    before = at - 1
    if reading.is_plain_word(before) and not reading.word(before).endswith("'s"):
        before -= 1
    return reading.is_in(before, "months.articles") or reading.word(before).endswith("'s")


def _is_at_head(reading: _Reading, at: int) -> bool:
    """Whether a sentence begins here."""
    return at == 0 or reading.is_in(at - 1, "words.sentence_ends")


def _season(reading: _Reading, at: int, *, is_marked: bool) -> _Part | None:
    """Read "spring 2023", "the winter of 2022-23", "in summer"."""
    season = reading.number(at, "seasons.names")
    if season is None or (reading.is_capital(at) and _is_behind_name(reading, at)):
        return None
    tail = _year_behind(reading, at + 1)
    if tail.year:
        at = tail.stop + 1
        joins = reading.word(tail.stop) in ("-", "–", "/") and reading.is_tight(tail.stop)
        second = _short_year(reading, tail, at) or (_year(reading, at, is_certain=True) if joins else None)
        stop = second.stop if joins and second and second.year == tail.year + 1 else tail.stop
        return replace(tail, season=season, stop=stop)
    if tail.shift:
        return replace(tail, season=season)
    before = at - 2 if reading.word(at - 1) == "the" else at - 1
    joins_season = reading.word(at + 1) in (*_UNTIL, *_LIST) and reading.number(at + 2, "seasons.names") is not None
    stands_alone = (
        (is_marked or joins_season or reading.is_in(before, "seasons.before"))
        and not reading.is_in(at, "seasons.need_a_year")
        and not reading.is_plain_word(at + 1)
        and reading.word(at + 1) != "of"
    )
    return _Part(at + 1, season=season) if stands_alone else None


def _decade(reading: _Reading, at: int, *, is_marked: bool) -> _Part | None:
    """Read "1990s", "the ’90s", "the nineties"; `is_marked` behind "the" and the like."""
    at += 1 if reading.word(at) in ("'", "‘") else 0
    named = reading.number(at, "decades.names")
    if any(reading.is_in(before, "relative.possessives") for before in range(at - 3, at)):
        return None  # "in her late seventies"
    if named:
        return _Part(at + 1, year=named * 10, decade=True) if is_marked else None
    word, stop = reading.word(at), at + 1
    if is_marked and reading.word(at + 1) == "'" and reading.word(at + 2) == "s":
        word, stop = word + "s", at + 3
    if not (word.endswith("0s") and word[:-1].isdecimal()) or not _ends_number(reading, at):
        return None
    if len(word) == 5 and int(word[:-1]) in _YEARS:
        return _Part(stop, year=int(word[:-1]), decade=True)
    if len(word) == 3 and is_marked and int(word[:-1]) >= 50:
        return _Part(stop, year=1900 + int(word[:-1]), decade=True)
    return None


def _relative(reading: _Reading, at: int) -> _Part | None:
    """Read "last year", "this month", "the following day", "that summer", "next March"."""
    has_article, start = reading.word(at) == "the", at
    at += 1 if has_article else 0
    at += 1 if reading.word(at) == "very" else 0
    if has_article and reading.word(at) in reading.vocabulary.names["relative.units"]:
        return _unit_before_or_after(reading, at)
    is_this_same = reading.word(at) == "this" and reading.word(at + 1) == "same"
    if is_this_same or (reading.is_in(at, "relative.pointing") and not has_article):
        base, move = "either", 0
        at += 2 if reading.word(at + 1) == "same" else 1
    elif has_article:
        pointed = reading.number(at, "relative.from_text")
        if pointed is None or (reading.word(at) == "next" and reading.is_in(start - 1, "relative.durations")):
            return None
        base, move, at = "either", pointed, at + 1
    else:
        pointed = reading.number(at, "relative.from_report")
        if pointed is None or reading.word(at - 1) == "the" or reading.is_in(at - 1, "relative.possessives"):
            return None
        base, move, at = "report", pointed, at + 1
        nearer = reading.number(at, "relative.behind_this") if move == 0 else None
        if nearer is not None:
            move, at = nearer, at + 1
    return _unit_behind_pointer(reading, at, base, move)


def _unit_behind_pointer(reading: _Reading, at: int, base: str, move: int) -> _Part | None:
    """Read the year, month, day, season or month's name that "last", "that" or "the same" points at."""
    if reading.word(at + 1) == "-" or (base == "report" and move and reading.word(at + 1) == "of"):
        return None  # "this year-long ban", "last month of pregnancy"
    if reading.word(at + 1) == "and" and reading.word(at + 3) == "half":
        return None  # "the previous year and a half"
    word = reading.word(at).removesuffix("'s")
    month = reading.vocabulary.numbers["months.full"].get(word)
    if month:
        shouted = (
            reading.is_in(at, "months.ambiguous")
            and reading.text[reading.starts[at - 1] : reading.stops[at - 1]].isupper()
        )
        is_month = reading.is_capital(at) and not shouted
        return _Part(at + 1, month=month, shift=_Shift(base, "name", move)) if is_month else None
    season = reading.vocabulary.numbers["seasons.names"].get(word)
    if season:
        return _Part(at + 1, season=season, shift=_Shift(base, "season", move))
    weekday = reading.vocabulary.numbers["weekdays.names"].get(word)
    if weekday is not None and base == "either" and move:
        return _Part(at + 1, weekday=weekday, shift=_Shift("text", "day", move))
    unit = reading.vocabulary.names["relative.units"].get(word)
    return _Part(at + 1, shift=_Shift(base, unit, move)) if unit and not reading.is_title(at) else None


def _unit_before_or_after(reading: _Reading, at: int) -> _Part | None:
    """Read the day and what is behind it in "the day before", where the clause ends there."""
    move = reading.number(at + 1, "relative.behind_at_clause_end")
    if move is None or reading.is_title(at) or not reading.is_in(at + 2, "words.clause_ends"):
        return None
    unit = reading.vocabulary.names["relative.units"][reading.word(at)]
    return _Part(at + 2, shift=_Shift("either", unit, move))


def _counted(reading: _Reading, at: int) -> _Part | None:
    """Read "two days later", "a year ago", "nearly three months earlier"."""
    if reading.is_in(at - 1, "relative.open"):
        return None
    units = reading.vocabulary.names["relative.counted_units"]
    if reading.word(at - 1) == "and" and reading.word(at - 2) in units:
        return None  # "a year and two months later"
    start, approximate = at, reading.is_in(at, "approximate.before_count")
    count, at = _cardinal(reading, at + 1 if approximate else at)
    unit = units.get(reading.word(at))
    if not count or not unit or reading.word(at + 2) == "than":
        return None
    is_ago = reading.is_in(at + 1, "relative.ago")
    sign = -1 if is_ago else reading.number(at + 1, "relative.behind")
    if sign is None and _is_at_head(reading, start):
        sign = reading.number(at + 1, "relative.behind_at_head")
    if sign is None and reading.is_in(at + 2, "words.clause_ends"):
        sign = reading.number(at + 1, "relative.behind_at_clause_end")
    if sign is None:
        return None
    if unit in ("week", "fortnight"):
        unit, count = "day", count * (7 if unit == "week" else 14)
    if unit == "decade":
        unit, count, approximate = "year", 10 * count, True
    if unit == "day":
        base = "text"
    elif is_ago:
        base = "report"
    else:  # "a year earlier" may look from the win itself, "a year later" only from a date before it
        base = "text" if sign > 0 else "either"
    exact = base == "text" and reading.is_in(start - 1, "relative.exact")
    return _Part(at + 2, shift=_Shift(base, unit, sign * count), approximate=approximate, exact=exact)


def _cardinal(reading: _Reading, at: int) -> tuple[int, int]:
    """Read a whole number below 1000, in digits or words; 0 where there is none."""
    word = reading.word(at)
    if word.isdecimal() and word.isascii() and len(word) < 4:
        return int(word), at + 1
    value = reading.number(at, "numbers.cardinals") or 0
    ones = reading.number(at + 2, "numbers.cardinals") or 0
    if value >= 20 and reading.word(at + 1) == "-" and 0 < ones < 10:
        return value + ones, at + 3
    return value, at + 1


def _year_or_month_of_edge(reading: _Reading, at: int, *, is_edged: bool) -> _Part | None:
    """Read "the year" behind "at the start of", and "year's end"."""
    if is_edged and reading.word(at) == "the" and reading.word(at + 1) in ("year", "month"):
        return _Part(
            at + 2, shift=_Shift("sentence" if reading.word(at + 1) == "year" else "either", reading.word(at + 1), 0)
        )
    if reading.word(at) == "year's" and reading.word(at + 1) == "end":
        return _Part(at + 2, shift=_Shift("sentence", "year", 0))
    return None


def _bare_ordinal(reading: _Reading, at: int) -> _Part | None:
    """Read "the 14th" behind "on" and the like, where no noun follows."""
    day = _day(reading, at) if reading.word(at) == "the" else None
    if day is None or not (
        day.is_ordinal and reading.word(at + 1)[0].isdecimal() and reading.is_in(at - 1, "numbers.before_ordinal")
    ):
        return None
    stands_alone = reading.is_in(day.stop, "words.clause_ends") or (
        reading.is_in(day.stop, "words.function") and reading.word(day.stop) != "of"
    )
    return _Part(day.stop, day=day.value, shift=_Shift("either", "month", 0)) if stands_alone else None


def _year(reading: _Reading, at: int, *, is_certain: bool) -> _Part | None:
    """Read a year in four digits; `is_certain` where what goes before it leaves no doubt."""
    word = reading.word(at)
    if len(word) != 4 or not (word.isdecimal() and word.isascii()) or int(word) not in _YEARS:
        return None
    if not _ends_number(reading, at) or not _ends_year(reading, at) or _is_labelled(reading, at):
        return None
    if reading.is_in(at + 1, "years.counted") and not (
        reading.is_in(at - 1, "years.before")
        and reading.is_capital(at - 1)
        and reading.is_in(at + 1, "years.countable_after_year")
    ):
        return None
    return _Part(at + 1, year=int(word)) if is_certain or _is_year(reading, at) else None


def _ends_year(reading: _Reading, at: int) -> bool:
    """Whether a hyphen or slash glued to the year leads to another year, not to a serial number."""
    joiner = reading.word(at + 1)
    if joiner not in ("/", "-", "–") or not reading.is_tight(at + 1) or not reading.is_tight(at + 2):
        return True
    behind = reading.word(at + 2)
    if not behind[0].isdecimal():
        return joiner != "/"
    return (
        (len(behind) == 4 or (len(behind) == 2 and int(behind) > int(reading.word(at)[2:])))
        and _ends_number(reading, at + 2)
        and not (reading.word(at + 3) in ("/", "-") and reading.is_tight(at + 3) and reading.is_tight(at + 4))
    )


def _is_year(reading: _Reading, at: int) -> bool:
    """Whether the words about a bare four-digit number make it a year and no part of a name."""
    value = int(reading.word(at))
    if reading.is_in(at - 1, "years.before"):
        return True
    is_listed = reading.word(at - 1) in _LIST and len(reading.word(at - 2)) == 4 and reading.word(at - 2).isdecimal()
    if reading.is_in(at + 1, "years.counted_verbs") and not is_listed and reading.word(at - 1) != "of":
        return False
    if value % 100 == 0 and reading.is_in(at - 1, "months.articles") and reading.is_plain_word(at + 1):
        return not reading.word(at + 1).endswith("s")  # "the 2000 election"
    if value % 100 == 0 or value not in _USUAL_YEARS or _is_in_name(reading, at):
        return False
    if reading.word(at + 1)[:1].isdecimal() or (reading.word(at - 1)[:1].isdecimal() and at > 0):
        return False  # a telephone number
    if reading.word(at - 1) in (*_DASHES, "/") and reading.word(at - 2).isdecimal():
        return False  # the end of what was no interval
    is_possessed = reading.word(at - 1).endswith("'s")
    if is_possessed or reading.is_in(at - 1, "years.before_unless_round") or not reading.is_plain_word(at + 1):
        return True
    is_behind_article = reading.is_in(at - 2, "months.articles")  # "the disputed 2018 elections"
    return is_behind_article or not reading.word(at + 1).endswith("s")


def _is_in_name(reading: _Reading, at: int) -> bool:
    """Whether a year stands in the name of a law, report or campaign, or behind any name."""
    before = reading.word(at - 1)
    if _is_behind_name(reading, at):
        return True
    if before == "(" and (reading.word(at - 2).isdecimal() or _ends_name_of_law(reading, at - 2)):
        return True
    if before == "," and reading.is_capital(at - 2) and reading.is_in(at - 2, "years.names"):
        return True
    for ahead in range(at + 1, at + 1 + _NAME_WORDS):
        if reading.is_capital(ahead):
            if reading.is_in(ahead, "years.names"):
                return True
        elif not reading.is_in(ahead, "words.within_names"):
            return False
    return False


def _ends_name_of_law(reading: _Reading, at: int) -> bool:
    """Whether this word ends a name such as "Convention against Torture"."""
    for back in range(at, max(at - _NAME_WORDS, -1), -1):
        if reading.is_capital(back) and reading.is_in(back, "years.names"):
            return True
        if not reading.is_capital(back) and not reading.is_in(back, "words.within_names"):
            return False
    return False


def _is_labelled(reading: _Reading, at: int) -> bool:
    """Whether the word before says what is numbered: "room 2019", "No. 12"."""
    if reading.word(at - 1) == ".":
        return reading.is_in(at - 2, "years.short_labels")
    if reading.word(at - 1) == "least" and reading.is_in(at - 3, "years.before"):
        return False  # "until at least 2026"
    return reading.is_in(at - 1, "years.labels")


def _is_of_law(reading: _Reading, at: int) -> bool:
    """Whether a date stands in a law's name behind "of": "Act of 2003", "Decree No. 54 of 2022"."""
    if at < 2 or reading.word(at - 1) != "of":
        return False
    is_named = reading.is_capital(at - 2) and reading.is_in(at - 2, "years.names")
    is_numbered = reading.word(at - 2).isdecimal() and (
        _is_labelled(reading, at - 2) or reading.is_in(at - 3, "years.names")
    )
    return is_named or is_numbered


def _is_behind_name(reading: _Reading, at: int) -> bool:
    """Whether a word with a capital that is no function word stands right before this one."""
    return (
        reading.is_capital(at - 1)
        and not reading.is_in(at - 1, "years.no_names")
        and not reading.word(at - 1).endswith("'s")
    )


def _is_heading(reading: _Reading, start: int, part: _Part) -> bool:
    """Whether a month or year stands alone between blank lines."""
    before = "\n\n" if start == 0 else reading.word(start - 1)
    behind = reading.word(part.stop) or "\n\n"
    is_whole = start == 0 and not reading.word(part.stop)
    return part.grain in ("month", "year") and before == behind == "\n\n" and not is_whole


def _without_restated(reading: _Reading, expressions: Sequence[_Expression]) -> list[_Expression]:
    """Leave out what a date beside it says better: "two weeks later, on 5 May"; "on 5 May, two weeks later,"."""
    kept: list[_Expression] = []
    for at, expression in enumerate(expressions):
        shift = expression.first.shift
        if shift and shift.unit in ("day", "month", "year"):
            behind = expressions[at + 1] if at + 1 < len(expressions) else None
            if behind and behind.first.month and shift.unit != "year" and _is_beside(reading, expression, behind):
                continue
            is_set_off = (
                reading.is_in(expression.stop, "words.apposition_ends") and reading.word(expression.start - 1) == ","
            )
            if is_set_off and shift.base == "text" and kept and kept[-1].stop == expression.start - 1:
                continue
        kept.append(expression)
    return kept


def _is_beside(reading: _Reading, left: _Expression, right: _Expression) -> bool:
    """Whether nothing but a comma and a preposition stands between two expressions."""
    between = reading.words[left.stop : min(right.start, left.stop + 3)]
    return len(between) < 3 and set(between) <= {",", "in", "on"}


def _share_years(reading: _Reading, expressions: Sequence[_Expression]) -> list[_Expression]:
    """Give the dates of a list the one year that is written: "5 March and 25 June 2023".

    A year goes to the dates before it, and on to those behind it that lie later in it.
    """
    shared = list(expressions)
    for at in range(len(shared) - 2, -1, -1):
        if _is_listed_with(reading, shared[at], shared[at + 1]):
            shared[at] = _with_year_of(shared[at], shared[at + 1])
    for at in range(1, len(shared)):
        in_order = _order(shared[at - 1].first) <= _order(shared[at].first)
        if in_order and _is_listed_with(reading, shared[at - 1], shared[at]):
            shared[at] = _with_year_of(shared[at], shared[at - 1])
    return shared


def _is_listed_with(reading: _Reading, left: _Expression, right: _Expression) -> bool:
    """Whether two single dates of a year are joined by a comma or "and"."""
    between = reading.words[left.stop : min(right.start, left.stop + 3)]
    is_list = 0 < len(between) < 3 and set(between) <= set(_LIST)
    return is_list and not left.last and not right.last and all(_order(each.first)[0] for each in (left, right))


def _with_year_of(expression: _Expression, other: _Expression) -> _Expression:
    """Return the expression with the other's year, in digits or as "last year", if it lacks one."""
    given = other.first
    if not expression.first.lacks_year or not (given.year or (given.shift and given.shift.unit == "year")):
        return expression
    return replace(expression, first=replace(expression.first, year=given.year, shift=given.shift))


# --- the calendar: from expressions to values --------------------------------------------


@dataclass(slots=True)
class _Calendar:
    """Places a text's expressions in their order, and remembers the last that it placed."""

    reading: _Reading
    year: int | None
    month: int | None
    tells_of_release: bool
    before: _Expression | None = None
    value: _Value | None = None
    value_with_month: _Value | None = None
    value_with_day: _Value | None = None

    def place(self, expressions: Sequence[_Expression]) -> Iterator[tuple[_Expression, _Placed]]:
        """Yield the expressions that have a place, with it."""
        for expression in expressions:
            placed = self._placed(expression)
            if placed is None:
                continue
            yield expression, placed
            self.before, self.value = expression, placed.last
            lasts = self.reading.is_in(expression.start - 1, "cues.lasting")  # "held since October": told in passing
            if placed.last.month and not (lasts and self.value_with_month):
                self.value_with_month = placed.last
            if placed.last.day and not (lasts and self.value_with_day):
                self.value_with_day = placed.last

    def _placed(self, expression: _Expression) -> _Placed | None:
        first, last, confidence = expression.first, expression.last, _SURE
        if last:
            first, last, confidence = self._years_of_interval(first, last)
        elif first.lacks_year:
            year, confidence = self._year_of(expression)
            first = replace(first, year=year)
        ends = [self._ends(part, expression) for part in (first, last) if part]
        if not all(ends):
            return None
        start, end = ends[0][0], ends[-1][-1]
        if last:  # EDTF level 1 has no intervals of decades
            start, end = start.first_year(), end.last_year()
        if start.bounds()[0] > end.bounds()[1]:
            return None
        for part in (first, last):
            if part and part.shift:
                confidence = min(confidence, _REPORT_YEAR if part.shift.base == "report" else _FROM_TEXT)
        return _Placed(start, end, confidence)

    def _years_of_interval(self, first: _Part, last: _Part) -> tuple[_Part, _Part, float]:
        """Give both ends their years: the written one, a year apart where the months say so."""
        if first.shift or last.shift or not (first.lacks_year or last.lacks_year):
            return first, last, _SURE
        wraps = _order(first) > _order(last)
        if first.year is not None:
            return first, replace(last, year=first.year + wraps), _SURE
        if last.year is not None:
            return replace(first, year=last.year - wraps), last, _SURE
        if self.year is None:
            return first, last, _REPORT_YEAR
        ends_here = wraps and (self.month is None or _order(first)[0] > self.month)
        begin = self.year - 1 if ends_here else self.year
        return replace(first, year=begin), replace(last, year=begin + wraps), _REPORT_YEAR

    def _year_of(self, expression: _Expression) -> tuple[int | None, float]:
        """Choose the year of a date without one: the report's, unless the text says otherwise.

        It is the year before where the date lies later in the year than the section and the
        text makes it background: "since", "had", or, in a text where somebody is freed, what
        was done to them before (`cues.background`). A past tense alone is not enough: reports
        are written at the year's end, and a July win may tell of October. It is the year
        behind where the date lies earlier than the section and the sentence looks ahead ("is
        due to stand trial in February").
        """
        pointed = self._year_right_before(expression)
        if pointed is not None:
            return pointed, _FROM_TEXT
        month, cue = expression.first.month, _cue(self.reading, expression)
        if self.year is None or self.month is None or month is None:
            return self.year, _REPORT_YEAR
        continued = self._year_continued(expression, cue)
        if continued is not None:
            return continued, _OTHER_YEAR
        if month < self.month and cue == "future":
            return self.year + 1, _OTHER_YEAR
        if month > self.month and cue != "future":
            fits = self._year_of_weekday(expression.first)
            if fits is None and self._is_background(expression, cue):
                fits = self.year - 1
            if fits is not None and fits != self.year:
                return fits, _OTHER_YEAR
        return self.year, _REPORT_YEAR

    def _year_right_before(self, expression: _Expression) -> int | None:
        """Return the year of "two years later, in March"."""
        if self.before is None or self.value is None or not self.before.first.shift:
            return None
        is_beside = _is_beside(self.reading, self.before, expression)
        return self.value.year if is_beside and self.value.precision == "year" else None

    def _year_continued(self, expression: _Expression, cue: str) -> int | None:
        """Return the year of "seized in March 2022 and sentenced in July": the first July behind it."""
        given, month = self.before and self.before.first, expression.first.month
        if not (self.before and given and given.year and given.month and month and self.year and not self.before.last):
            return None
        if cue != "background" or month == self.month:
            return None
        if _sentence_start(self.reading, expression.start) > self.before.start:
            return None
        continued = given.year + (month <= given.month)
        return continued if continued <= self.year else None

    def _is_background(self, expression: _Expression, cue: str) -> bool:
        """Whether a date lies before the win: what "had" happened, or an arrest where somebody is freed."""
        if self.reading.is_in(expression.start - 1, "cues.looking_ahead"):
            return False
        return cue == "past_perfect" or (cue == "background" and self.tells_of_release)

    def _year_of_weekday(self, part: _Part) -> int | None:
        """Return the report's year or the one before it, whichever "Friday 8 September" fits."""
        if self.year is None or part.weekday is None:
            return None
        for year in (self.year, self.year - 1):
            value = _valid(_Value(year, part.month, part.day))
            if value and value.bounds()[0].weekday() == part.weekday:
                return year
        return None

    def _ends(self, part: _Part, expression: _Expression) -> tuple[_Value, ...]:
        """Return a part's value, or first and last month of half a year; nothing if unplaced."""
        if part.shift:
            base = self._base(part.shift, expression)
            if base is None:
                return ()
            value = _moved(base, part, part.shift)
        elif part.year is None:
            return ()
        elif part.months:
            return tuple(_Value(part.year, month) for month in part.months)
        else:
            value = _Value(part.year, part.month, part.day, part.season, part.decade, part.approximate)
        if value is None or not _valid(value):
            return ()
        if part.end_day:
            day = value.bounds()[0 if part.end_day == "first" else 1]
            value = _Value(day.year, day.month, day.day)
        return (value,)

    def _base(self, shift: _Shift, expression: _Expression) -> _Value | None:
        """Return the value that a shift starts from, if one is known as finely as it needs."""
        earlier = {"day": self.value_with_day, "month": self.value_with_month}
        from_text = earlier.get(shift.unit, self.value)
        from_report = _Value(self.year, self.month) if self.year is not None else None
        if shift.unit == "day" or (shift.unit == "month" and not self.month):
            from_report = None
        if shift.base == "report":
            return from_report
        if shift.base == "text":
            return from_text
        if shift.base == "sentence" and (
            self.before is None or _sentence_start(self.reading, expression.start) > self.before.start
        ):
            return from_report
        return from_text or from_report


def _order(part: _Part) -> tuple[int, int]:
    """Where in its year a part lies: month and day."""
    return part.month or (_SEASON_MONTHS[part.season][0] if part.season else 0), part.day or 0


def _moved(base: _Value, part: _Part, shift: _Shift) -> _Value | None:
    """Return the value at a distance from the base, no finer than the unit and what is written."""
    if shift.unit == "day":
        day = base.bounds()[0] + dt.timedelta(days=shift.move)
        while part.weekday is not None and day.weekday() != part.weekday:  # "the following Monday"
            day += dt.timedelta(days=shift.move)
        return _Value(day.year, day.month, day.day, approximate=part.approximate)
    if shift.unit == "month":
        year, month = divmod(base.year * 12 + (base.month or 1) - 1 + shift.move, 12)
        return _Value(year, month + 1, part.day, approximate=part.approximate)
    if shift.unit == "year" and part.exact:
        return replace(base, year=base.year + shift.move)
    if shift.unit == "year":
        return _Value(base.year + shift.move, part.month, part.day, part.season, approximate=part.approximate)
    year_of_name = _year_of_name(base, part, shift.move)
    return _Value(year_of_name, part.month, season=part.season) if year_of_name is not None else None


def _year_of_name(base: _Value, part: _Part, move: int) -> int | None:
    """Return the year of "last March", "next summer": the nearest that is over, or yet to begin."""
    if move == 0:
        return base.year
    if base.month is None:
        return None
    first, last = _SEASON_MONTHS[part.season] if part.season else (part.month or 0, part.month or 0)
    now = base.year * 12 + base.month
    if move < 0:
        return next(year for year in range(base.year, base.year - 3, -1) if year * 12 + last < now)
    return next(year for year in range(base.year, base.year + 2) if year * 12 + first > now)


def _valid(value: _Value) -> _Value | None:
    """Return the value if the calendar has it (no 31 February) and EDTF writes its year in four digits."""
    if value.year not in _YEARS:
        return None
    try:
        value.bounds()
    except ValueError:
        return None
    return value


def _cue(reading: _Reading, expression: _Expression) -> str:
    """Return which of the `cues` governs a date: the nearest before it, else behind it, "" if none does."""
    before = expression.start - 1
    if reading.is_in(before, "cues.lasting"):
        return "past_perfect"
    if reading.is_in(before - 1, "cues.background_nouns"):
        return _auxiliary(reading, before - 1) or "background"
    start = max(_sentence_start(reading, expression.start), expression.start - _CUE_BACK)
    for at in range(before, start - 1, -1):
        if cue := _cue_at(reading, at):
            return _auxiliary(reading, at) or cue
    for at in range(expression.stop, expression.stop + _CUE_AHEAD):
        if reading.is_in(at, "words.sentence_ends"):
            break
        if cue := _cue_at(reading, at):
            return cue if cue != "past_perfect" else ""
    return ""


def _auxiliary(reading: _Reading, at: int) -> str:
    """Return the cue of the words before a verb: future in "is due to stand trial", past perfect in "had been seized"."""
    for before in range(at - 1, at - 1 - _AUXILIARY_BACK, -1):
        if reading.is_in(before, "words.clause_ends"):
            return ""
        if (cue := _cue_at(reading, before)) in ("future", "past_perfect"):
            return cue
    return ""


def _cue_at(reading: _Reading, at: int) -> str:
    for cue in ("past_perfect", "background", "foreground", "future"):
        if reading.is_in(at, f"cues.{cue}"):
            return cue
    is_future = reading.is_in(at, "cues.future_behind_verb") and reading.is_in(at - 1, "cues.future_verbs")
    return "future" if is_future else ""


def _tells_of_release(reading: _Reading) -> bool:
    return not reading.vocabulary.lists["cues.foreground"].isdisjoint(reading.words)


def _sentence_start(reading: _Reading, at: int) -> int:
    """Return the first word of the sentence, or the farthest that is looked at."""
    farthest = max(at - _SENTENCE_BACK, 0)
    for start in range(at - 1, farthest - 1, -1):
        if reading.is_in(start, "words.sentence_ends") and (
            reading.is_capital(start + 1) or reading.word(start) != "."
        ):
            return start + 1
    return farthest
