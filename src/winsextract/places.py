"""Which countries and regions a header names, and which ones running text does.

Only names in reviewed vocabularies count, matched whole: ISO 3166-1 and 3166-2 as pycountry
prints them, `data/places.csv` (other names, abbreviations, parts of states) and
`data/regions.csv` (UN M49). Nothing is guessed, so an unknown header has no place. How a name
is written does not matter (accents, apostrophes, hyphens, dots, CAPITALS, no-break spaces,
Markdown marks), except that a name has a capital letter and an abbreviation its own capitals:
"us" and "Car" are words.

To teach it a name, add a row to a table; these are the kinds of rows:

| table | kind | what the row is |
|---|---|---|
| places | shown | the English name that records carry, where ISO's is not the everyday one |
| places | name | another name of a country: everyday, old, inverted, foreign |
| places | abbreviation | a name in its own capitals |
| places | part | a part of a state, or a territory without a code of its own: the state's code |
| places | beside | a city or region that counts beside its country only: "Kenya – Nairobi", "Nairobi, Kenya" |
| regions | m49 | the name that M49 gives the code; records carry it |
| regions | area | a geographic name; several codes where only several together are it |
| regions | whole | a word for the whole world; in running text it is no place |
| regions | body | states that act together, for their area; in running text it is no place |

`person` is `yes` where the name is also somebody's ("Jordan", "Chad"): in running text it
counts only behind a word such as "in".
"""

from __future__ import annotations

import csv
import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from typing import NamedTuple

from winsextract.records import Place

# Longer lines are prose: ISO's longest name has 52 characters, and three of them fit.
LONGEST_HEADER = 200
# ISO 3166 has no entry; the contract takes the user-assigned code.
_KOSOVO = ("XKX", "XK")

_APOSTROPHES = "'’‘`´ʼʻ′＇"
_INVISIBLE = "\u00ad\u200b-\u200f\u2060\ufe0f\ufeff"
_DASHES = "-‐‑‒–—―−"  # the first for a character class to start with
_LETTER = r"[^\W\d_]"
_TOKEN = re.compile(
    rf"""
    (?P<word> {_LETTER}(?:\.{_LETTER})+\.?(?!{_LETTER})             # U.S.A.
            | (?:St|Ste|Rep|Dem|Fed|Sts|[NSEW](?=\.[\s{_INVISIBLE}]*{_LETTER}))\.  # St. Lucia, S. Korea
            | {_LETTER}(?: {_LETTER} | [\u0300-\u036f{_INVISIBLE}]
                         | [{_APOSTROPHES}](?!s\b)(?={_LETTER}) )*  # d’Ivoire, not Kenya’s
    )(?P<hyphen> [{_DASHES}](?={_LETTER}) )?
    | (?P<mark> [{_APOSTROPHES}]s\b | [^\s{_INVISIBLE}] )
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DROPPED = re.compile(rf"[.{_APOSTROPHES}{_INVISIBLE}\u0300-\u036f]")
# Letters that Unicode does not take apart into a base letter and an accent; St. is Saint.
_BASE_LETTERS = str.maketrans("ıłøđŁØĐ", "ilodLOD")
_SAME_WORD = {"st": "saint", "ste": "sainte", "&": "and"}

# Checked before a line is read any further, since a segmenter asks for every line.
_IN_NO_HEADER = re.compile(r"[\d!?\"“”…%$@=<>{}]")
_QUALIFIER_MARK = re.compile(rf"[{_DASHES},/(]")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_MARKDOWN = re.compile(r"[*_~\\]|(?<!\w)`|`(?!\w)")
_ROUND_A_HEADER = frozenset(_DASHES + "#>:•·‣▪●○◦")
_ROUND_A_HEADER_KINDS = frozenset({"Cf", "Mn", "Sk", "So", "Zs"})  # invisible, emoji, spaces

_SEPARATORS = frozenset(",/-;|+•·") | {"and"}
_HEADER_MARKS = _SEPARATORS | frozenset("()") | {"'s"}
_QUALIFIES = frozenset(",-/")  # if what follows is not a place of its own
_OTHERWISE = frozenset({"formerly", "former", "previously", "also", "known", "as", "or"})
# Words round a division's own name, in ISO 3166-2 and in headers: "Nairobi City", "Kano State".
_DIVISION_WORDS = frozenset(
    {"the", "of", "city", "municipality", "state", "province", "region", "republic", "county"}
) | {"governorate", "district", "oblast", "prefecture", "department", "territory", "canton", "respublika"}
_LONGEST_DIVISION = 6
# Names of countries and territories that divisions of other countries bear too.
_ALSO_DIVISIONS = frozenset(
    {
        ("bonaire",),
        ("georgia",),
        ("guadeloupe",),
        ("guyane",),
        ("luxembourg",),
        ("martinique",),
        ("mayotte",),
        ("niger",),
        ("svalbard",),
        ("tanganyika",),
        ("zaire",),
    }
)
_LONGEST_PARTS = 20  # three divisions and what joins them
# There "Lebanon, Pennsylvania" and "Holland, Manitoba" are towns, and name no second country.
_TOWN_COMMA_STATE = frozenset({"USA", "CAN"})

_SMALL_WORDS = frozenset({"and", "of", "the", "'s"})
_PLACE_FOLLOWS = frozenset({"in", "from", "across", "throughout", "within", "into", "inside", "outside", "between"})
_COMPASS = frozenset({"northern", "southern", "eastern", "western", "central", "north", "south", "east", "west"})
# Capitalised words that may stand right before a place and are no part of a longer name.
_MAY_PRECEDE = (
    _PLACE_FOLLOWS
    | _COMPASS
    | {"to", "for", "of", "the", "at", "on", "and", "but", "as", "with", "both"}
    | {"while", "when", "after", "since", "before", "around"}
)


class _Token(NamedTuple):
    """A word or a mark; a hyphen between two words belongs to the first.

    `key` is the word without accents, apostrophes, dots and capitals, `text` the same with
    its capitals.
    """

    key: str
    text: str
    start: int
    end: int
    is_word: bool
    has_hyphen: bool


@dataclass(frozen=True, slots=True)
class _Name:
    """What a name stands for; `exact` are the offsets and spellings of its abbreviations."""

    codes: tuple[str, ...]
    kind: str
    exact: tuple[tuple[int, str], ...] = ()
    is_also_a_person: bool = False


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """All names by the keys of their tokens, and how long one with that first key can be."""

    names: dict[tuple[str, ...], _Name]
    longest: dict[str, int]
    beside: frozenset[tuple[tuple[str, ...], str]]
    shown: dict[str, str]


def find_places(header: str) -> tuple[Place, ...]:
    """Return the countries and regions that a header names, in order, each once.

    Empty if the header holds anything but places, what joins them, and parts of a state or
    cities that qualify one: a place beside an unknown word is no place.
    """
    if len(header) > LONGEST_HEADER:
        return ()
    return _find_places(header)


@functools.cache
def country(alpha_3: str) -> Place:
    """Return the country of an ISO 3166-1 alpha-3 code, or Kosovo for XKX.

    Raises KeyError for any other code.
    """
    import pycountry  # here, since it costs 30 ms and a report may name no place

    shown = _vocabulary().shown.get(alpha_3)
    if alpha_3 == _KOSOVO[0]:
        return Place("country", alpha_3, shown or alpha_3, _KOSOVO[1], None)
    entry = pycountry.countries.get(alpha_3=alpha_3)
    if entry is None:
        raise KeyError(f"{alpha_3!r} is no alpha-3 code of ISO 3166-1")
    iso_name = str(getattr(entry, "common_name", entry.name))
    return Place("country", alpha_3, shown or iso_name, entry.alpha_2, entry.numeric)


def mentioned_places(text: str) -> tuple[tuple[Place, int, int], ...]:
    """Return the places that running text names, each with start and end, in the text's order.

    Stricter than a header: a name next to another capitalised word is part of something else
    ("Jordan Smith", "Kenya Red Cross"), a name that people bear counts behind a word such as
    "in", and so does every region. Cities, words for the world and bodies do not count.
    """
    tokens = tuple(_tokens(text))
    longest = _vocabulary().longest
    found: list[tuple[Place, int, int]] = []
    at, last_end = 0, -1
    while at < len(tokens):
        for length, name in _names_at(tokens, at) if tokens[at].key in longest else ():
            end = at + length
            if _stands_in_running_text(text, tokens, at, end, name, last_end):
                span = tokens[at].start, tokens[end - 1].end
                found.extend((_place(code), *span) for code in name.codes)
                last_end = end
                break
        at = max(at + 1, last_end)
    return tuple(found)


@functools.lru_cache(maxsize=4096)
def _find_places(header: str) -> tuple[Place, ...]:
    text = _without_marks(header)
    first = next(_tokens(text), None)
    if first is None or not first.is_word or _IN_NO_HEADER.search(text):
        return ()
    longest = _vocabulary().longest
    if first.key not in longest and first.key != "the" and not _QUALIFIER_MARK.search(text):
        return ()
    tokens = tuple(_tokens(text))
    if not all(token.is_word or token.key in _HEADER_MARKS for token in tokens):
        return ()
    codes = _Header(tokens).places(0, len(tokens))
    if codes is None or _is_unclear(tokens, codes):
        return ()
    return tuple(_place(code) for code in codes)


class _Header:
    """The reading of a header's tokens as a list of places.

    Every method takes token offsets, end exclusive. What a stretch can be is worked out once,
    so the time is linear in the header's length.
    """

    def __init__(self, tokens: tuple[_Token, ...]) -> None:
        self.tokens = tokens
        self.places = functools.cache(self._places)
        self.items = functools.cache(lambda start, end: tuple(self._items(start, end)))

    def _places(self, start: int, end: int) -> tuple[str, ...] | None:
        """Return the codes if the stretch is places and what joins them, else None."""
        for codes, stop in self.items(start, end):
            if stop == end:
                return codes
            rest_at = self._behind_separator(stop, end)
            rest = self.places(rest_at, end) if rest_at else None
            if rest is not None:
                return tuple(dict.fromkeys(codes + rest))
        return None

    def _items(self, start: int, end: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the ways in which one place with its qualifiers can start the stretch."""
        if start >= end:
            return
        at = start + (self.tokens[start].key == "the")
        for length, name in _names_at(self.tokens, at):
            if at + length <= end:
                yield from self._qualified(name.codes, at + length, end)
                yield name.codes, at + length
        at = self._behind_words(start, end)
        if start < at < end and self.tokens[at].key in _QUALIFIES | {"("}:
            for codes, stop in self._qualifying(at, end):
                if len(codes) == 1 and self._are_parts(start, at, codes[0]):
                    yield codes, stop

    def _qualified(self, codes: tuple[str, ...], at: int, end: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the ends of what qualifies the place before: "(Burma)", "– Nairobi", ", The"."""
        if at >= end:
            return
        if self.tokens[at].key == "(":
            close = self._closing(at, end)
            inside = self._in_brackets(codes, at + 1, close) if close else None
            if inside is not None:
                yield tuple(dict.fromkeys(codes + inside)), close + 1
        elif self.tokens[at].key in _QUALIFIES:
            stop = self._behind_words(at + 1, end)
            keys = [token.key for token in self.tokens[at + 1 : stop]]
            if keys == ["the"] or self._are_parts(at + 1, stop, codes[-1]):
                yield codes, stop

    def _qualifying(self, at: int, end: int) -> Iterator[tuple[tuple[str, ...], int]]:
        """Yield the places that follow a qualifier: ", Kenya" and "(Kenya)"."""
        if self.tokens[at].key != "(":
            yield from self.items(at + 1, end)
        elif close := self._closing(at, end):
            codes = self.places(at + 1, close)
            if codes is not None:
                yield codes, close + 1

    def _in_brackets(self, codes: tuple[str, ...], start: int, end: int) -> tuple[str, ...] | None:
        """Return what brackets add to the places before them; None if they hold something else."""
        if [token.key for token in self.tokens[start:end]] == ["the"]:
            return ()
        if start < end and self.tokens[start].key in _OTHERWISE:
            while start < end and self.tokens[start].key in _OTHERWISE:
                start += 1
            return () if self.places(start, end) == codes else None
        named = self.places(start, end)
        if named is None and self._are_parts(start, end, codes[-1]):
            return ()
        return named

    def _are_parts(self, start: int, end: int, code: str) -> bool:
        """Tell whether the stretch is divisions or cities of a country, joined in any way."""
        tokens = self.tokens[start:end]
        if not 0 < len(tokens) <= _LONGEST_PARTS or not _is_capitalised(tokens[0]):
            return False
        if _is_part(tuple(token.key for token in tokens), code):
            return True
        cut = next((n for n, token in enumerate(tokens) if token.key in _SEPARATORS), None)
        return (
            cut is not None
            and self._are_parts(start, start + cut, code)
            and self._are_parts(start + cut + 1, end, code)
        )

    def _behind_separator(self, at: int, end: int) -> int | None:
        if self.tokens[at - 1].has_hyphen:
            return at
        if self.tokens[at].key not in _SEPARATORS:
            return None
        both = self.tokens[at].key == "," and at + 1 < end and self.tokens[at + 1].key == "and"
        return at + 1 + both

    def _behind_words(self, start: int, end: int) -> int:
        at = start
        while at < end and self.tokens[at].is_word:
            at += 1
        return at

    def _closing(self, at: int, end: int) -> int:
        """Return where the bracket that opens here closes, 0 if it does not."""
        return next((n for n in range(at + 1, end) if self.tokens[n].key == ")"), 0)


def _is_unclear(tokens: tuple[_Token, ...], codes: tuple[str, ...]) -> bool:
    """Tell whether two countries may be one country and its namesake in the other.

    "Georgia, USA" and "USA (Georgia)" may be the state, "Niger, Nigeria" too; "Lebanon,
    Pennsylvania" is a town.
    """
    joins = [n for n, token in enumerate(tokens) if token.key in _SEPARATORS | {"("}]
    if len(codes) != 2 or len(joins) != 1 or tokens[joins[0]].key not in {",", "-", "("}:
        return False
    left = tuple(token.key for token in tokens[: joins[0]])
    right = tuple(token.key for token in tokens[joins[0] + 1 :] if token.key != ")")
    if _is_part(left, codes[1]) or _is_part(right, codes[0]):
        return True
    second = _vocabulary().names.get(right)
    is_state = second is not None and second.kind == "part" and codes[1] in _TOWN_COMMA_STATE
    return is_state and tokens[joins[0]].key == ","


def _stands_in_running_text(
    text: str, tokens: tuple[_Token, ...], start: int, end: int, name: _Name, last_end: int
) -> bool:
    """Tell whether a name in running text is a place there, and not part of another name.

    `last_end` is where the place found before ends, as a token offset.
    """
    if name.kind in {"whole", "body"}:
        return False
    for token in tokens[start:end]:  # a mark, as in "in Korea, South Africa and …", ends a name
        if token.key not in _SMALL_WORDS and not (token.is_word and _is_capitalised(token)):
            return False
    if any(_is_new_paragraph(text[a.end : b.start]) for a, b in itertools.pairwise(tokens[start:end])):
        return False
    if start and start != last_end and _is_one_name(text, tokens[start - 1], tokens[start]):
        return False
    if end < len(tokens) and _is_one_name(text, tokens[end - 1], tokens[end]):
        is_pair = tokens[end - 1].has_hyphen and any(_names_at(tokens, end))  # "US-Mexico"
        if not is_pair:
            return False
    if name.kind not in {"m49", "area"} and not name.is_also_a_person:
        return True
    return _place_is_expected(tokens, start, last_end)


def _place_is_expected(tokens: tuple[_Token, ...], at: int, last_end: int) -> bool:
    """Tell whether the words before announce a place: "in the …", or "Kenya and …"."""
    at -= at > 0 and tokens[at - 1].key == "the"
    if at == 0:
        return False
    is_in_list = last_end == at - 1 and tokens[at - 1].key in _SEPARATORS
    return is_in_list or tokens[at - 1].key in _PLACE_FOLLOWS


def _is_one_name(text: str, first: _Token, second: _Token) -> bool:
    """Tell whether two capitalised words stand together, with no more than a line end between."""
    if not (first.is_word and second.is_word and _is_capitalised(first) and _is_capitalised(second)):
        return False
    gap = text[first.end : second.start]
    return first.key not in _MAY_PRECEDE and (first.has_hyphen or (gap.isspace() and not _is_new_paragraph(gap)))


def _is_new_paragraph(gap: str) -> bool:
    return max(gap.count("\n"), gap.count("\r")) > 1


def _names_at(tokens: tuple[_Token, ...], at: int) -> Iterator[tuple[int, _Name]]:
    """Yield the names that start at a token with their lengths in tokens, the longest first."""
    if at >= len(tokens):
        return
    vocabulary = _vocabulary()
    longest = min(vocabulary.longest.get(tokens[at].key, 0), len(tokens) - at)
    keys = tuple(token.key for token in tokens[at : at + longest])
    for length in range(longest, 0, -1):
        name = vocabulary.names.get(keys[:length])
        if name is None or not any(map(_is_capitalised, tokens[at : at + length])):
            continue
        if all(tokens[at + n].text in {text, text.upper()} for n, text in name.exact):
            yield length, name


def _is_part(keys: tuple[str, ...], code: str) -> bool:
    """Tell whether a name is a division (ISO 3166-2) or a city of a country."""
    keys = _bare_division(keys)
    name = _vocabulary().names.get(keys)
    if name is not None and name.kind == "name" and code not in name.codes and keys not in _ALSO_DIVISIONS:
        return False  # another country, which needs no look at the five thousand divisions
    return 0 < len(keys) <= _LONGEST_DIVISION and ((keys, code) in _vocabulary().beside or keys in _divisions(code))


@functools.cache
def _divisions(alpha_3: str) -> frozenset[tuple[str, ...]]:
    """Return the names of a country's divisions, without those that ISO 3166-1 lists too."""
    if len(alpha_3) != 3 or not alpha_3.isalpha() or alpha_3 == _KOSOVO[0]:
        return frozenset()
    import pycountry

    names = set()
    of_country = f"{country(alpha_3).alpha_2}-"
    for division in pycountry.subdivisions:
        if not division.code.startswith(of_country):
            continue
        twin = pycountry.countries.get(alpha_2=division.code.removeprefix(of_country))
        if twin is None or _keys(twin.name)[:1] != _keys(division.name)[:1]:
            for name in (division.name, re.split(r"\s*[,(\[]", division.name)[0]):
                names.add(_bare_division(_keys(name)))
    return frozenset(names - {()})


def _bare_division(keys: tuple[str, ...]) -> tuple[str, ...]:
    start, end = 0, len(keys)
    while start < end and keys[start] in _DIVISION_WORDS:
        start += 1
    while start < end and keys[end - 1] in _DIVISION_WORDS:
        end -= 1
    return keys[start:end]


def _place(code: str) -> Place:
    if code.isalpha() and len(code) == 3:
        return country(code)
    return Place("region", code, _vocabulary().shown[code])


@functools.cache
def _vocabulary() -> _Vocabulary:
    """Return the names of pycountry and of both tables; a table's row replaces pycountry's."""
    import pycountry

    names: dict[tuple[str, ...], _Name] = {}
    beside = set()
    shown = {}

    def add(name: str, codes: str, kind: str, person: str = "") -> None:
        keys = _keys(name)
        exact = tuple((n, token.text) for n, token in enumerate(_name_tokens(name)) if _is_exact(token.text))
        names[keys] = _Name(tuple(codes.split()), kind, exact, person == "yes")
        if "," in keys:  # "Iran, Islamic Republic of" is also "Iran (Islamic Republic of)"
            comma = keys.index(",")
            names[(*keys[:comma], "(", *keys[comma + 1 :], ")")] = names[keys]

    for entry in pycountry.countries:
        for field in ("name", "official_name", "common_name"):
            if hasattr(entry, field):
                add(getattr(entry, field), entry.alpha_3, "name")
    for row in _table("places.csv"):
        if row["kind"] == "beside":
            beside.add((_bare_division(_keys(row["name"])), row["code"]))
            continue
        if row["kind"] == "shown":
            shown[row["code"]] = row["name"]
        add(row["name"], row["code"], row["kind"], row["person"])
    for row in _table("regions.csv"):
        if row["kind"] == "m49":
            shown[row["codes"]] = row["name"]
        add(row["name"], row["codes"], row["kind"])
    longest: dict[str, int] = {}
    for keys in names:
        longest[keys[0]] = max(longest.get(keys[0], 0), len(keys))
    return _Vocabulary(names, longest, frozenset(beside), shown)


def _table(name: str) -> Iterator[dict[str, str]]:
    text = (resources.files("winsextract") / "data" / name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())


def _is_exact(word: str) -> bool:
    """Tell whether a word of a table is an abbreviation: all capitals, or short and mixed."""
    return len(word) > 1 and (word.isupper() or (len(word) < 5 and word[1:] != word[1:].lower()))


def _is_capitalised(token: _Token) -> bool:
    return token.text != token.text.lower()


def _keys(name: str) -> tuple[str, ...]:
    return tuple(token.key for token in _name_tokens(name))


def _name_tokens(name: str) -> list[_Token]:
    tokens = list(_tokens(name))
    return tokens[1:] if len(tokens) > 1 and tokens[0].key == "the" else tokens


def _tokens(text: str) -> Iterator[_Token]:
    """Cut text into words and marks; white space and invisible characters are neither."""
    for match in _TOKEN.finditer(text):
        word, mark = match["word"], match["mark"]
        if word is not None:
            key, folded = _fold(word)
            start, end = match.span("word")
            yield _Token(key, folded, start, end, True, match["hyphen"] is not None)
        else:
            key = "-" if mark in _DASHES else "'s" if len(mark) > 1 else mark
            yield _Token(_SAME_WORD.get(key, key), mark, *match.span("mark"), False, False)


@functools.lru_cache(maxsize=16384)
def _fold(word: str) -> tuple[str, str]:
    """Return a word's key, and the word as it is but for accents, apostrophes and dots."""
    text = word
    if not word.isascii() or "." in word or "'" in word or "`" in word:
        text = _DROPPED.sub("", word)
        text = unicodedata.normalize("NFKD", text).translate(_BASE_LETTERS)
        text = _DROPPED.sub("", text)
    key = text.casefold()
    return _SAME_WORD.get(key, key), text


def _without_marks(header: str) -> str:
    """Drop what is printed round a header and is no part of it; compatibility forms are undone."""
    text = re.sub(rf"(?<=\w)[{_APOSTROPHES}](?=\w)", "'", header)
    text = _MARKDOWN.sub("", _LINK.sub(r"\1", unicodedata.normalize("NFKC", text)))
    start, end = 0, len(text)
    while start < end and _is_round_a_header(text[start]):
        start += 1
    while start < end and _is_round_a_header(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_round_a_header(char: str) -> bool:
    return char.isspace() or char in _ROUND_A_HEADER or unicodedata.category(char) in _ROUND_A_HEADER_KINDS


@functools.cache
def known_names() -> tuple[str, ...]:
    """Return every name of the vocabularies, folded, for telling a misprint of one from other words."""
    return tuple(" ".join(key) for key in _vocabulary().names)


@functools.cache
def two_part_countries() -> tuple[str, ...]:
    """Return the names of single countries that have an "and" in them, folded: "trinidad and tobago"."""
    return tuple(
        " ".join(key)
        for key, name in _vocabulary().names.items()
        if "and" in key[1:-1]
        and all(len(word) > 1 and word.isalpha() for word in key)
        and name.kind != "part"
        and len(name.codes) == 1
        and name.codes[0].isalpha()
        and len(name.codes[0]) == 3
    )
