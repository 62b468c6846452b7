"""Mend the edges of the tagger's mentions, before they become people, bodies and laws.

A tagger that decides word by word cuts a name where an unusual word stands in it: a bracket,
an initial, a number, a line break. What is mended here is form alone, the same for every
report: two pieces of one name with nothing between them, a bracket opened in one piece and
closed in the next, a year or a noun that belongs to a law's name.
"""

from __future__ import annotations

import bisect
import functools
import importlib.resources
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from winsextract.names import is_acronym_of, vocabulary
from winsextract.places import find_places, two_part_countries

NAMES = frozenset({"PERSON", "ORG", "LAW"})
# The second syllable of a given name: "Wing-sum", "Ji-woo".
_SECOND_SYLLABLE = re.compile(
    r"(?<=[ \u00a0])(?P<first>[A-Z][a-z]{1,5})[-‐‑](?!(?:a|ally|and|era|esque|free|ism|led|less|like|now|run|style|type|who|[a-z]+ed|born|critic)\b)[a-z]{1,6}\b(?![-‐‑])"
)
# The nouns that end a law's name, and the words that never end a name.
_LAW_NOUN = r"(?:[Bb]ill|[Aa]ct|[Ll]aw|[Cc]ode|[Cc]onvention|[Tt]reaty|[Cc]harter|[Aa]mendment|[Pp]rotocol|[Cc]onstitution|[Dd]ecree|[Oo]rdinance|[Ss]tatute|[Rr]egulations?|[Dd]irective)"
_NOUN_BEHIND = re.compile(rf"[ \u00a0]{_LAW_NOUN}\b")
_YEAR_BEHIND = re.compile(r"(?:,|[ \u00a0]of)?[ \u00a0](?:19|20)\d\d\b(?![-–/]\d)")
_YEAR_BEFORE = re.compile(r"\b(?:19|20)\d\d[ \u00a0]$")
_LOOSE = frozenset(
    [
        "and",
        "or",
        "in",
        "of",
        "the",
        "for",
        "at",
        "by",
        "with",
        "on",
        "to",
        "which",
        "that",
        "as",
        "a",
        "an",
        "from",
        "against",
        "is",
        "was",
    ]
)
# "Finland’s national Climate Act": whose law it is, is no part of its name.
_OWNER = re.compile(
    r"(?P<owner>[\w. -]{2,40}?)[’']s?\s+(?:(?:own|new|first|national|federal|revised|draft|proposed)\s+)*(?=[A-Z0-9])"
)
# An initial, a title or a first name cut short, whose full stop was left out: "John F", "Lt", "Ma".
_ABBREVIATED = re.compile(
    r"(?:^|[\s\u00a0.-])(?:[^\W\d_]|Jr|Sr|St|Sta|Sto|Dr|Mr|Mrs|Ms|Lt|Gen|Col|Maj|Capt|Sgt|Prof|Rev|Hon|Fr|Ma|Md|Mohd|Muhd|Abd|Wm|Jos)$"
)
# A name of more characters is none, and takes no more pieces.
LONGEST = 300
_LAW_ENDS_OPEN = re.compile(r"\b(?:of|of the|on the|on|to the)$")
# "Bill 2.841/2020", "House Bill 2718", "Law No. 103-13", "Proposition 139", "Decree 12".
_NUMBERED_LAW = re.compile(
    r"\b(?:(?:House|Senate|Assembly|Federal|Presidential|Legislative|Royal)\s)?"
    r"(?:Bill|Law|Act|Decree|Proposition|Ordinance|Decree-Law|Regulation|Directive)\s(?:(?:No\.?|no\.?|Nr\.?|n°)\s?)?\d[\d./-]*\d?(?:/[A-Z]{2,3})?\b"
)
# "Law 103-13 on violence": what a numbered law is about is its title only where it is written as one.
_ABOUT = re.compile(r"[ \u00a0](?:on|for|against|concerning) (?:the (?=[a-z])|(?!the ))[a-z]")
# "Law No. 6 of 2008 on the Misuse of Devices", but not "Law No. 6 on Friday".
_TITLE_BEHIND = re.compile(
    r"[ \u00a0](?:on|against|concerning)[ \u00a0](?:the[ \u00a0])?"
    r"(?!(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b|(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)"
    r"[A-Z][\w’'-]*(?:(?:[ \u00a0](?:against|and|for|in|of|on|or|the|to)){0,3}[ \u00a0][A-Z][\w’'-]*){0,20}"
)
# A dubbed law: ‘agents of influence’ law.
_DUBBED_LAW = re.compile(r"[‘“\"'][^‘’“”\"'\n]{4,50}[’”\"'][ \u00a0](?:law|bill|act)\b", re.IGNORECASE)
# What an acronym's brackets are worth beside the tagger's confidences, which are at most 1 each.
_ACRONYM = 5.0
# What a law found by its form alone is worth: the tagger, which sees more, did not see it.
BY_FORM = 0.7
# … and so are words beside a name that only stand beside a body's.
_BY_GRAMMAR = 5.0
# From this confidence on, one word in capitals is a person's name. Of seventeen below it that the tagger took for people,
# in paragraphs that it had not seen, fifteen were bodies.
_SURELY = 0.95
_NAME_PART = re.compile(r"[^\W\d_]+")
_AMNESTY = re.compile(r"[ \u00a0\n]International\b")
_BODY_NOUN = re.compile(
    r"\band\b.*\b(?:Commission|Committee|Council|Ministry|Board|Authority|Agency|Federation|Union|Institute|Bureau|Department|Secretariat)$"
)


@dataclass(frozen=True, slots=True)
class Marked:
    """A mention: where, what (`PERSON`, `ORG`, `LAW`, `GPE`, `NORP` …) and how sure."""

    start: int
    end: int
    label: str
    confidence: float


class _Spans:
    """Stretches of a text, to be asked many times."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        ordered = sorted(spans)
        self._starts = [start for start, _ in ordered]
        self._ends = list(itertools.accumulate((end for _, end in ordered), max))

    def hold(self, start: int, end: int) -> bool:
        """Whether one of them holds a stretch."""
        at = bisect.bisect_right(self._starts, start)
        return at > 0 and self._ends[at - 1] >= end

    def touch(self, start: int, end: int) -> bool:
        """Whether one of them overlaps a stretch."""
        at = bisect.bisect_left(self._starts, end)
        return at > 0 and self._ends[at - 1] > start


def repaired(text: str, marked: Sequence[Marked]) -> list[Marked]:
    """The mentions with their edges mended, in the order of the text, none overlapping another."""
    joined = list(_joined(text, sorted(marked, key=lambda m: m.start)))
    two = [found.span() for found in _two_part_places().finditer(text)]
    mended = [m for m in (_mended(text, _with_both_parts(m, two)) for m in joined) if _can_be_name(text, m, two)]
    places = {m.end: m for m in reversed(mended) if m.label in ("NORP", "GPE")}
    mended = _alike(text, [_with_country(text, _with_nationality(text, m, places)) for m in mended])
    known = [*_known_bodies(text, mended), *_amnesty(text, mended)]
    over = _Spans((k.start, k.end) for k in known)
    mended = [m for m in mended if not over.hold(m.start, m.end)]
    return _without_overlap([*mended, *known, *_laws_by_form(text, mended)])


def _can_be_name(text: str, m: Marked, two_part_places: Sequence[tuple[int, int]]) -> bool:
    """Whether a mention can be a name: it has a letter or a digit, and is no slogan, portfolio or part of a country's name."""
    return (
        any(c.isalnum() for c in text[m.start : m.end])  # the tagger marks a quotation mark alone at times
        and not _is_slogan(text, m)
        and not _is_portfolio(text, m)
        and not (m.label in NAMES and any(s <= m.start and m.end <= e for s, e in two_part_places))
    )


# The vocabulary of places has no accents.
_ACCENTS = str.maketrans({"a": "[aã]", "e": "[eé]", "i": "[ií]"})


@functools.cache
def _two_part_places() -> re.Pattern[str]:
    """The countries whose names have an "and" in them: "Trinidad and Tobago"."""
    forms = (
        re.escape(n).translate(_ACCENTS).replace("s[aã][ií]nt", r"(?:Saint|St\.?)").replace(r"\ ", r"[ \u00a0\n]")
        for n in sorted(two_part_countries(), key=len, reverse=True)
    )
    return re.compile(r"\b(?:" + "|".join(forms) + r")\b", re.IGNORECASE)


def _with_both_parts(m: Marked, two_part_places: Sequence[tuple[int, int]]) -> Marked:
    """A name that begins or ends in the middle of a country's ("[Nevis Alliance for Equality]") with all of that."""
    for start, end in two_part_places:
        if m.label in ("ORG", "LAW") and (start < m.start < end < m.end or m.start < start < m.end < end):
            m = replace(m, start=min(m.start, start), end=max(m.end, end))
    return m


_OFFICE_BEHIND = re.compile(r"\s(?:deputy\s)?ministers?\b", re.IGNORECASE)


def _is_portfolio(text: str, m: Marked) -> bool:
    """Whether a body's name is a minister's portfolio ("Home Affairs Minister Ana Ruiz")."""
    if m.label != "ORG" or _OFFICE_BEHIND.match(text, m.end) is None:
        return False
    portfolios = vocabulary("names")["titles"]["portfolios"]
    return all(word.strip(",").casefold() in portfolios for word in text[m.start : m.end].split())


def _joined(text: str, marked: Sequence[Marked]) -> Iterator[Marked]:
    """Mentions with the pieces of one name put together."""
    current: Marked | None = None
    for m in marked:
        if current is not None and (label := _one_name(text, current, m)) is not None:
            sure = min(current.confidence, m.confidence) if label in NAMES else current.confidence
            current = Marked(current.start, m.end, label, sure)
            continue
        if current is not None:
            yield current
        current = m
    if current is not None:
        yield current


# The rest of a compound that a name goes on behind: "UN Open-ended Working Group".
_HYPHENATED = re.compile(r"[-‑][a-z]{2,12} ")


def _one_name(text: str, a: Marked, b: Marked) -> str | None:
    """The label of the one name that two neighbours are pieces of; None where they are two names."""
    between = text[a.end : b.start]
    first, second = text[a.start : a.end], text[b.start : b.end]
    if (
        (a.label, between) == ("ORG", "–")
        and b.label in ("PERSON", "GPE")
        and " " in first
        and second.isalpha()
        and not _is_place(second)
        and not re.match(r"[ \u00a0](?:[A-Z]|agreement|border|deal|poll|summit|talks)", text[b.end : b.end + 12])
    ):
        return "ORG"  # "Helsinki Citizens’ Assembly–Vanadzor", but not "the European Union–Turkey deal"
    if b.start < a.end or b.label not in NAMES or len(first) > LONGEST:
        return None
    if a.label == b.label == "ORG" and _HYPHENATED.fullmatch(between):
        return "ORG"
    if len(between) > 5:
        return None
    if a.label == b.label and between in (" ", "\u00a0", "", "\n", "-", "‑") and a.label != "LAW":
        return a.label
    if a.label == "PERSON" == b.label and between in (". ", ".\u00a0", ".") and _ABBREVIATED.search(first):
        return "PERSON"
    opened = between.endswith("(") or first.count("(") > first.count(")")
    if (
        b.label in ("ORG", "LAW")
        and a.label in ("ORG", "LAW", "GPE")
        and opened
        and second.count(")") > second.count("(")
    ):
        return b.label
    if a.label == "LAW" and b.label in ("LAW", "ORG") and between in (" ", "\u00a0") and _LAW_ENDS_OPEN.search(first):
        return "LAW"
    if a.label == b.label == "LAW" and between in (" ", "\u00a0"):
        return "LAW"
    if (
        a.label == b.label == "ORG"
        and between == ", "
        and first.isalpha()
        and first.istitle()
        and _BODY_NOUN.search(second)
        and not re.search(r"\band the\b", second)
    ):
        return "ORG"
    return None


def _mended(text: str, m: Marked) -> Marked:
    start, end = m.start, m.end
    if m.label in NAMES:
        end = _without_loose_end(text, start, end)
    if m.label == "PERSON":
        for given in _SECOND_SYLLABLE.finditer(text, max(start, end - 7), end + 10):
            end = given.end() if given.end("first") == end else end
    if m.label == "LAW":
        if (
            (owner := _OWNER.match(text, start, end)) is not None
            and _is_place(owner["owner"])
            and len(text[owner.end() : end].split()) > 1
        ):
            start = owner.end()
        if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")":
            end += 1
        if (noun := _NOUN_BEHIND.match(text, end)) is not None and not re.search(rf"{_LAW_NOUN}$", text[start:end]):
            end = noun.end()
        if (year := _YEAR_BEHIND.match(text, end)) is not None and re.search(rf"{_LAW_NOUN}\W*$", text[start:end]):
            end = year.end()
        if (numbered := _NUMBERED_LAW.match(text, start)) is not None and (
            numbered.end() > end or _ABOUT.match(text, numbered.end(), end)
        ):
            end = numbered.end()
        if (
            numbered is not None
            and end - start < LONGEST
            and (end <= numbered.end() or _YEAR_BEHIND.fullmatch(text, numbered.end(), end) is not None)
            and (title := _TITLE_BEHIND.match(text, end)) is not None
        ):
            end = title.end()
        if (before := _YEAR_BEFORE.search(text, max(0, start - 6), start)) is not None:
            start = before.start()
    if m.label == "ORG":
        if text[start:end] == "Amnesty" and (more := _AMNESTY.match(text, end)) is not None:
            end = more.end()
        start = _with_number(text, start, end)
        end = _up_to_acronym(text, start, end)
        start = _without_kind(text, start, end)
    return replace(m, start=start, end=end)


# "Istanbul 24th Heavy Penal Court": a court's number, and where it sits, stand before what kind it is.
_NUMBER_BEFORE = re.compile(
    r"(?:\b(?!(?:A|After|And|At|Before|But|By|For|From|In|On|That|The|This|To|When)\b)[A-Z]\w+[ \u00a0])?\b(?:\d{1,3}(?:st|nd|rd|th)|(?:Twenty-)?(?:First|Second|Third|Fourth|Fifth|Sixth|Seventh|Eighth|Ninth)|Tenth)[ \u00a0]$"
)
# "Network of Human Rights Defenders in Central Africa (REDHAC)": where a body is goes before its acronym, and is of its name.
_WHERE_BEHIND = re.compile(
    r"[ \u00a0](?:of|in|for)[ \u00a0](?P<where>(?:the[ \u00a0])?[A-Z][\w-]*(?:[ \u00a0](?:and[ \u00a0])?[A-Z][\w-]*){0,3})(?=[ \u00a0]\((?P<short>[A-Z][\w.-]{1,9})\))"
)


# "the association United and Strong": what kind of body it is, is no part of its name.
_KIND_IN_FRONT = re.compile(
    r"(?:[a-z]\w+ )?(?:association|charity|coalition|collective|company|foundation|group|initiative|movement|network|newspaper|NGO|organi[sz]ation|party|union|website) (?=[A-Z“‘])"
)


def _without_kind(text: str, start: int, end: int) -> int:
    """Where a body's name begins behind the words that say what kind of body it is."""
    found = _KIND_IN_FRONT.match(text, start, end) if text[start : start + 1].islower() else None
    return start if found is None else found.end()


def _with_number(text: str, start: int, end: int) -> int:
    """Where a court's name begins, its number and its city before it included."""
    if "Court" not in text[start:end] or text[start].isdigit():
        return start
    found = _NUMBER_BEFORE.search(text, max(0, start - 40), start)
    return start if found is None else found.start()


def _up_to_acronym(text: str, start: int, end: int) -> int:
    """Where a body's name ends, the place between it and its acronym in brackets included."""
    found = _WHERE_BEHIND.match(text, end)
    if found is None or end - start > LONGEST or sum(c.isupper() for c in found["short"]) < 2:
        return end
    # "members of Action Now of the African Union (AU)": the acronym is another body's.
    return end if is_acronym_of(found["short"], found["where"]) else found.end()


def _without_loose_end(text: str, start: int, end: int) -> int:
    """Where a name ends without the small words behind it ("Viasna in the")."""
    while True:
        before = text[start:end].rstrip()
        word = max(before.rfind(c) for c in " \u00a0\n\t")
        if word < 0 or before[word + 1 :] not in _LOOSE:
            return end
        end = start + len(before[:word].rstrip())


@functools.lru_cache(maxsize=4096)
def _is_place(name: str) -> bool:
    return bool(find_places(name))


def _alike(text: str, marked: Sequence[Marked]) -> list[Marked]:
    """Mentions with the same words under one label, the one that is surest over all of them; an acronym
    in brackets behind a body or a law is another name of it."""
    votes: defaultdict[str, defaultdict[str, float]] = defaultdict(lambda: defaultdict(float))
    for before, m in zip([None, *marked], marked, strict=False):
        words = text[m.start : m.end]
        votes[words][m.label] += m.confidence
        if (
            before is not None
            and words.isupper()
            and text[before.end : m.start].strip(" \u00a0*_") == "("
            and (
                before.label == "ORG"
                or (before.label == "LAW" and is_acronym_of(words, text[before.start : before.end]))
            )
        ):
            votes[words][before.label] += _ACRONYM
        if m.label == "PERSON" and _reads_as_body(text, before, m):
            votes[words]["ORG"] += _BY_GRAMMAR
    surest = {words: max(labels, key=lambda label: labels[label]) for words, labels in votes.items()}
    sure = {text[m.start : m.end]: m.confidence for m in sorted(marked, key=lambda m: m.confidence)}
    people = [words for words, label in surest.items() if label == "PERSON" and not _is_acronym(words)]
    known = {part.casefold() for words in people for part in _NAME_PART.findall(words)}
    for words, label in surest.items():
        # "DEMUS": one word in capitals is an acronym, unless it is somebody's name that stands otherwise too, or surely one.
        if label == "PERSON" and _is_acronym(words) and words.casefold() not in known and sure[words] < _SURELY:
            surest[words] = "ORG"
    return [replace(m, label=surest[text[m.start : m.end]]) for m in marked]


# "Licadho, which …", "Tlachinollan, whose director …", "the women’s group Kuña Pyrenda". Of 22 names beside such words
# that the tagger took for people, in paragraphs that it had not seen, 19 were bodies and none was a person.
_THINGS = re.compile(
    r"[*_]*,\s+(?:which\b|whose\s+(?:\w+\s+)?(?:activists|director|founders?|members|president"
    r"|reporters|researchers|spokes\w+|staff|volunteers|workers)\b)"
)
_KIND_BEFORE = re.compile(
    r"\b(?:associations?|banks?|brands?|broadcasters?|chains?|charit(?:y|ies)|coalitions?|collectives?|compan(?:y|ies)|daily|firms?|foundations?"
    r"|groups?|initiatives?|magazines?|manufacturers?|networks?|newspapers?|NGOs?|organi[sz]ations?|outlets?|part(?:y|ies)|portals?|retailers?"
    r"|suppliers?|unions?|websites?|weekly)\s+(?:called\s+|named\s+)?[*_“\"]*$"
)
_OF_BEFORE = re.compile(r"\bof\s+[*_]*$")
_OF_PERSON = re.compile(r"[*_]*,?\s+of\s+[*_]*")


def _reads_as_body(text: str, before: Marked | None, m: Marked) -> bool:
    """Whether a name that the tagger took for a person stands as only a body's can; `before` is the mention before it."""
    if before is not None and before.label == "PERSON" and _OF_PERSON.fullmatch(text, before.end, m.start):
        return True  # "her solicitor, Ana Ruiz of Leigh Thornbury"
    near = text[max(0, m.start - 40) : m.start]
    # "The murder of Ana Ruiz, which was streamed live": it is the murder.
    return bool(_KIND_BEFORE.search(near)) or (not _OF_BEFORE.search(near) and _THINGS.match(text, m.end) is not None)


def _is_acronym(words: str) -> bool:
    return words.isalpha() and words.isupper() and 3 <= len(words) <= 10


def _is_slogan(text: str, m: Marked) -> bool:
    """Whether a name is a hashtag or the beginning of an exclamation or question ("¿Dónde está …?")."""
    return m.label in NAMES and text[m.start - 1 : m.start] in ("#", "¿", "¡")


def _with_nationality(text: str, m: Marked, places: Mapping[int, Marked]) -> Marked:
    """A body with the nationality or place that stands right before it ("Finnish Sámi Youth"), which belongs to its name."""
    before = places.get(m.start - 1)
    if (
        m.label != "ORG"
        or before is None
        or not text[before.end].isspace()
        or not text[m.start].isupper()
        or text[m.start : m.end].startswith("Amnesty")
    ):
        return m
    return replace(m, start=before.start)


# The bodies that every state has, by their names in English.
_OF_A_STATE = (
    r"(?:Parliament|Senate|Congress|National\s(?:Assembly|Council)|House\sof\sRepresentatives|Chamber\sof\sDeputies|"
    r"(?:Supreme|Constitutional|High|Federal)\s(?:Court|Tribunal)(?:\sof\s(?:Justice|Appeals?|Cassation))?|Court\sof\s(?:Appeals?|Cassation)|"
    r"Ministry\sof\s[A-Z]\w+)"
)
_STATES_BODY = re.compile(_OF_A_STATE)
_OWNED_BODY = re.compile(rf"(?<=[’'s][s’'][ \u00a0\n]){_OF_A_STATE}")
_GENITIVE = re.compile(r"(?P<owner>(?:\b[A-Z][\w-]+[ \u00a0]){0,3}\b[A-Z][\w-]+)(?:[’']s|(?<=s)[’'])\s$")
# The longest country's name, in characters, with what stands behind it.
_COUNTRY = 60


def _country_before(text: str, start: int) -> int | None:
    """Where a country's name in the genitive right before `start` begins ("Greece’s Parliament"); None where there is none."""
    begin = max(0, start - _COUNTRY)
    found = _GENITIVE.search(text[begin:start])
    if found is None:
        return None
    # "On Friday Sierra Leone’s": the country is the last words of what has capitals.
    for word in re.finditer(r"\S+", found["owner"]):
        if _is_place(found["owner"][word.start() :]):
            return begin + found.start() + word.start()
    return None


def _with_country(text: str, m: Marked) -> Marked:
    """A state's body with the country that stands before it in the genitive, which belongs to its name by the annotation guide."""
    if m.label != "ORG" or _STATES_BODY.match(text, m.start, m.end) is None:
        return m
    start = _country_before(text, m.start)
    return m if start is None else replace(m, start=start)


_ALONE = re.compile(r"(?<![\w/-])Amnesty(?![\w/-])(?!\s(?:at|by|for|in|is|of|to|was|will)\b|\s[A-Z])")
_WHOSE = re.compile(r"[’']s\b|\s(?:activists|campaigners|members|researchers|supporters|volunteers)\b")
_BEGINS = re.compile(r"(?:^|[.!?:;”\"’)\n•–—])[\s*_>“‘\"']*$")


def _amnesty(text: str, marked: Sequence[Marked]) -> Iterator[Marked]:
    """ "Amnesty" alone where it is the organisation: inside a sentence, before what only a body has, or where it is named in full too."""
    names = _Spans((m.start, m.end) for m in marked if m.label in NAMES)
    full = "Amnesty International" in text
    for found in _ALONE.finditer(text):
        if names.touch(*found.span()):
            continue
        begins = _BEGINS.search(text, max(0, found.start() - 12), found.start()) is not None or found.start() == 0
        if full or not begins or _WHOSE.match(text, found.end()):
            yield Marked(*found.span(), "ORG", BY_FORM)


@functools.cache
def _bodies() -> re.Pattern[str]:
    lines = (
        importlib.resources.files("winsextract.data").joinpath("bodies.txt").read_text(encoding="utf-8").splitlines()
    )
    names = sorted((line for line in lines if line and not line.startswith("#")), key=len, reverse=True)
    forms = (re.escape(n).replace(r"\ ", r"[ \u00a0\n]").replace("'", "['’]") for n in names)
    return re.compile(r"(?<![\w-])(?:" + "|".join(forms) + r")(?![\w-])")


def _known_bodies(text: str, marked: Sequence[Marked]) -> Iterator[Marked]:
    """Bodies whose name is never anything else, where no body's name that holds them was found."""
    bodies = _Spans((m.start, m.end) for m in marked if m.label == "ORG")
    laws = {(m.start, m.end) for m in marked if m.label == "LAW"}
    longer = _Spans(laws)
    for found in _bodies().finditer(text):
        span = found.span()
        if not bodies.hold(*span) and (span in laws or not longer.hold(*span)):
            yield Marked(*span, "ORG", BY_FORM)
    for found in _OWNED_BODY.finditer(text):
        start = _country_before(text, found.start())
        if start is not None and not bodies.touch(start, found.end()) and not longer.touch(start, found.end()):
            yield Marked(start, found.end(), "ORG", BY_FORM)


def _laws_by_form(text: str, marked: Sequence[Marked]) -> Iterator[Marked]:
    """Laws that their form gives away, where the tagger found no name: a number, a dubbed name."""
    taken = _Spans((m.start, m.end) for m in marked if m.label in NAMES)
    for pattern in (_NUMBERED_LAW, _DUBBED_LAW):
        for found in pattern.finditer(text):
            if not taken.touch(*found.span()):
                yield Marked(found.start(), found.end(), "LAW", BY_FORM)


def _without_overlap(marked: Sequence[Marked]) -> list[Marked]:
    """Of overlapping mentions the longer one."""
    kept: list[Marked] = []
    for m in sorted(marked, key=lambda m: (m.start, -m.end)):
        if kept and m.start < kept[-1].end:
            if m.end - m.start > kept[-1].end - kept[-1].start:
                kept[-1] = m
            continue
        kept.append(m)
    return kept
