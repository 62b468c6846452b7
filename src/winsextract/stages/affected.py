"""How many people a win is about: the number that the text gives, else the count of those it names."""

from __future__ import annotations

import bisect
import functools
import itertools
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from winsextract.names import vocabulary
from winsextract.records import Affected, Mention, Outcome, Person
from winsextract.tagger import BASES, OUTCOMES, TokenScores

# A number is the count from this probability on.
COUNT = 0.5
# Outcomes of which the persons named are counted; of the others only a stated number counts.
OF_PERSONS = frozenset({"release", "acquittal", "charges_dropped", "accountability"})


@dataclass(frozen=True, slots=True)
class Number:
    """A cardinal number in a text."""

    value: int
    start: int
    end: int


def count_affected(doc: Doc, outcomes: Sequence[Outcome], people: Sequence[Person]) -> tuple[Affected | None, float]:
    """The persons released, acquitted, cleared, convicted or granted something, None where none are counted; and how sure that is.

    Offsets count in the doc's text.
    """
    scores: TokenScores = doc.user_data["winsextract"]
    text = doc.text
    basis = BASES[int(scores.basis.argmax())]
    sure = float(scores.basis.max())
    if basis == "none":
        return None, sure
    primary = outcomes[0].outcome
    of = "perpetrator" if primary == "accountability" else "beneficiary"
    counted = sorted((m for p in people if p.role == of for m in p.mentions), key=lambda m: m.start)
    stated = _stated(doc, scores, primary)
    # With nobody named, a likely number is the better answer than one person unnamed.
    if stated is not None and (basis == "stated" or stated[1] > 0.8 or not counted):
        number, p = stated
        everybody = sorted((m for person in people for m in person.mentions), key=lambda m: m.start)
        beside = _named_beside(
            text, number, everybody if _OTHERS.match(text, number.end) else counted, lambda start, end: True
        )
        return _as_stated(text, number, beside), sure * p
    evidence = scores.evidence[:, [OUTCOMES.index(o.outcome) for o in outcomes]].max(axis=1)

    def told(start: int, end: int) -> bool:
        span = doc.char_span(start, end, alignment_mode="expand")
        return span is not None and len(span) > 0 and bool(evidence[span.start : span.end].max() >= COUNT)

    for number in find_numbers(text):
        beside = _named_beside(text, number, counted, told)
        if beside and told(_sentence_start(text, number.start), _sentence_end(text, number.end)):
            return _as_stated(text, number, beside), 1.0 - float(scores.basis[BASES.index("none")])
    if not any(o.outcome in OF_PERSONS for o in outcomes):
        return None, 1.0 - sure
    named = sum(p.role == of for p in people)
    # Who counts hangs on the role of everybody named; roles are taken as independent.
    roles = math.prod(p.role_confidence for p in people)
    return Affected(max(1, named), "named", "exact", None), (sure if basis == "named" else sure / 2) * roles


def _as_stated(text: str, number: Number, beside: int) -> Affected:
    words = Mention(text[number.start : number.end], number.start, number.end)
    return Affected(number.value + beside, "stated", qualifier_of(text, number.start, number.end), words)


# A number beside names counts other people than those: "X, Y and four others", "Four street vendors and the activist X",
# "X was freed together with six colleagues". What follows says how such a pair reads.
_OTHERS = re.compile(
    r"\s+(?:\w+\s+)?(?:others?|more|colleagues|co-defendants|co-accused|companions|comrades)\b", re.IGNORECASE
)
_JOINED = re.compile(
    r"(?:\band|\bplus|&|(?P<far>\b(?:along|together)\s+with|\balongside|\bas\s+well\s+as)|(?P<others>\bwith))\s+"
    r"(?P<whose>(?:his|her|their)\s+)?(?:(?:the|all|another|a\s+further|further|at\s+least|more\s+than|over|about|around|some)\s+){0,2}$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:[Hh]e|[Ss]he|I)\s$")
_WORD = r"(?:(?:[A-Z]|Capt|Col|Dr|Fr|Gen|Hon|Lt|Maj|Mr|Mrs|Ms|Prof|Rev|Sgt|St)\.|[^\W\d_][\w’'-]*)"
# What may stand between a name and "and four others": nothing, or who the person is between commas or brackets.
_WHO = re.compile(
    r"[*_]*(?:,(?!\s(?:when|where|while|who)\b|[^,;:()]{0,80}\bwith\b)[^,;:()]{1,80},?|,?\s*\([^()]{1,40}\),?|,)?\s*"
)
# … and between the names of one list: a comma or "and", perhaps with who the person is.
_NEXT = re.compile(
    rf"[*_]*(?:\s*\([^()]{{1,40}}\))?(?:,[^,;:()]{{1,80}})?(?:,|,?\s+and\b|,?\s+&)\s*(?:{_WORD}\s+){{0,4}}[*_]*"
)
# Between a number and a name that it does not include: the noun that is counted, "and", perhaps a title.
_FIRST = re.compile(
    rf"\s+(?P<counted>(?:(?!(?:and|at|by|for|from|in|including|of|on|to|was|were|who|with)\b){_WORD}\s+){{1,5}})and\s+(?:the\s+)?[*_]*(?P<title>(?:{_WORD}\s+){{0,4}})[*_]*"
)
# Before a number: it numbers something, or is part of a larger one.
_NUMBERS = re.compile(
    r"\b(?:act|among|amongst|article|articles|bill|block|by|cell|chapter|in|including|law|no|number|on|room|rule|section|since|until|ward)\.?\s+(?:the\s+)?$",
    re.IGNORECASE,
)
# Longest stretch between a number and the names beside it, in characters.
_BESIDE = 200
# The longest list of names that is looked at.
_MOST = 100
# How many words of a number's noun are looked at ("four other young Garifuna women").
_NOUN_WORDS = 5


def _named_beside(text: str, number: Number, named: Sequence[Mention], told: Callable[[int, int], bool]) -> int:
    """How many of those named stand beside a number that does not include them: 2 of "X, Y and four others".

    `named` are in the order of their places; `told` says whether a stretch of the text tells of an outcome.
    """
    others = _OTHERS.match(text, number.end) is not None
    words = text[number.start : number.end].lower()
    if not (others or (number.value > 1 and words not in _GROUPS and _counts_people(text, number.end))):
        return 0
    behind = bisect.bisect_right(named, number.start, key=lambda m: m.start)
    begins = _sentence_start(text, number.start)
    joined = _JOINED.search(text, max(begins, number.start - _BESIDE), number.start)
    if joined is not None:
        if (joined["whose"] or joined["others"]) and not others:
            return 0  # "Ana Ruiz and her three children", "Ana Ruiz left with two nuns"
        if others and _PRONOUN.search(text, begins, joined.start()):
            return 1
        before = [m for m in named[max(0, behind - _MOST) : behind] if m.start >= begins and m.end <= joined.start()]
        if before:
            # "convicted with ten others in 2020, she was freed" is about others than were freed.
            far = bool(joined["far"] or joined["others"]) and told(before[-1].end, number.start)
            return _run(text, before[::-1]) if far or _WHO.fullmatch(text, before[-1].end, joined.start()) else 0
    after = named[behind : behind + _MOST]
    if (
        not after
        or after[0].start - number.end > _BESIDE
        or _NUMBERS.search(text, max(0, number.start - 20), number.start)
    ):
        return 0
    first = _FIRST.fullmatch(text, number.end, after[0].start)
    # In "three defenders and journalists Ana, Eva and Luis" the three are those named.
    if first is None or not _people_in(first["counted"]) or _people_in(first["title"]):
        return 0
    return _run(text, after)


# These say how many those named are.
_GROUPS = frozenset(["both", "couple", "duo", "pair", "quartet", "trio"])


_NOUN_ENDS = re.compile(r"[^\w\s’'-]|\n\n|\b(?:at|by|for|from|in|on|to|who|with)\b")


def _counts_people(text: str, at: int) -> bool:
    """Whether the noun behind a number is one for people."""
    end = _NOUN_ENDS.search(text, at, at + 100)
    return _people_in(" ".join(text[at : end.start() if end else at + 100].split()[:_NOUN_WORDS]))


def _people_in(words: str) -> bool:
    """Whether a word for several people is among some words."""
    return any(_several().fullmatch(w) is not None and w not in _no_people() for w in words.lower().split())


@functools.cache
def _several() -> re.Pattern[str]:
    data = vocabulary("numbers")["people"]
    return re.compile(rf"{_one_of(data['nouns'])}|.*(?:{_one_of(data['endings'])})")


@functools.cache
def _no_people() -> frozenset[str]:
    return frozenset(vocabulary("numbers")["people"]["never"])


def _run(text: str, mentions: Sequence[Mention]) -> int:
    """How many mentions from the first on stand in one list with it, to either side."""
    pairs = (sorted(pair, key=lambda m: m.start) for pair in itertools.pairwise(mentions))
    return 1 + sum(1 for _ in itertools.takewhile(lambda p: _NEXT.fullmatch(text, p[0].end, p[1].start), pairs))


# Not behind an initial or a title.
_SENTENCE_END = re.compile(
    r"(?<![A-Z])(?<!\bDr)(?<!\bFr)(?<!\bLt)(?<!\bMr)(?<!\bMs)(?<!\bSt)(?<!\bCol)(?<!\bGen)(?<!\bHon)(?<!\bMaj)(?<!\bMrs)(?<!\bRev)(?<!\bSgt)(?<!\bCapt)(?<!\bProf)[.!?][”’\"')]*\s+(?=[A-Z“‘\"'])|\n\s*\n"
)
# How far a sentence's beginning and end are looked for, in characters.
_SENTENCE = 600


def _sentence_start(text: str, at: int) -> int:
    begin = max(0, at - _SENTENCE)
    return max((m.end() for m in _SENTENCE_END.finditer(text, begin, at)), default=begin)


def _sentence_end(text: str, at: int) -> int:
    end = _SENTENCE_END.search(text, at, at + _SENTENCE)
    return end.start() if end else min(len(text), at + _SENTENCE)


# Of those whom this was done to a win tells later who of them is free: "police detained 61 of them", "seventeen people
# were arrested in winter raids". "218 people who had been detained" may well be those who are.
_WRONGED = r"(?:abducted|arrested|detained|disappeared|imprisoned|injured|jailed|kidnapped|killed|murdered|shot|tortured|wounded)"
_WRONGED_BEFORE = re.compile(
    rf"\b{_WRONGED}\s+(?:(?:a|about|all|another|around|at|further|least|more|nearly|other|over|some|than|the)\s+)*$",
    re.IGNORECASE,
)
_WRONGED_BEHIND = re.compile(
    rf"\s+(?:(?!(?:and|that|were|who|whom)\b){_WORD}\s+){{0,5}}(?:(?:was|were|had\s+been|have\s+been)\s+(?:[\w-]+ly\s+)?{_WRONGED}"
    rf"|who\s+(?:was|were|had\s+been)\s+(?:[\w-]+ly\s+)?(?:killed|murdered))\b",
    re.IGNORECASE,
)
# Who is hired to do something is not who it is done for: "the recruitment of 193 midwives and 177 birth attendants".
_HIRED_BEFORE = re.compile(
    rf"\b(?:appoint\w*|deploy\w*|employ(?:ed|ing|ment)?|hir(?:e|ed|es|ing)|recruit\w*)\s+(?:of\s+)?(?:(?:a|about|an|additional|another|around|at|further|least|more|nearly|over|some|than|up|to)\s+)*"
    rf"(?:[\w,-]+\s+(?:{_WORD}\s+){{1,3}}and\s+(?:(?:about|another|around|some)\s+)?)?$",
    re.IGNORECASE,
)
# How far before and behind a number these words are looked for, in characters.
_WRONGED_REACH = 100


def _of_others(text: str, number: Number, primary: str) -> bool:
    """Whether a number counts those arrested, killed or hired, not those whom a win is about."""
    before = text[max(0, number.start - _WRONGED_REACH) : number.start]
    if _HIRED_BEFORE.search(before):
        return True
    if primary == "accountability":
        return False  # who killed may be arrested and jailed
    behind = text[number.end : number.end + _WRONGED_REACH]
    return bool(_WRONGED_BEFORE.search(before) or _WRONGED_BEHIND.match(behind))


def _stated(doc: Doc, scores: TokenScores, primary: str) -> tuple[Number, float] | None:
    best: tuple[Number, float] | None = None
    text = doc.text
    for number in find_numbers(text):
        span = doc.char_span(number.start, number.end, alignment_mode="expand")
        if span is None:
            continue
        p = float(scores.count[span.start : span.end].max())
        if p >= COUNT and (best is None or p > best[1]) and not _of_others(text, number, primary):
            best = (number, p)
    return best


def _one_of(words: Iterable[str]) -> str:
    return "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in sorted(words, key=len, reverse=True))


_DIGITS = r"\d{1,3}(?:[,.\u00a0\u202f ]\d{3}){1,5}(?!\d)|\d{1,2}(?:,\d{2}){1,4},\d{3}(?!\d)|\d{1,15}(?!\d)"


@functools.cache
def _number() -> re.Pattern[str]:
    """A number in digits ("4,200", "1.5 million") or in words ("two hundred and five", "half a dozen")."""
    data = vocabulary("numbers")
    words = data["words"]
    scale = _one_of(s for s in data["scales"] if s != "hundred")
    to_99 = rf"(?:(?:{_one_of(w for w, n in words.items() if 20 <= n < 100)})(?:[\s-]+(?:{_one_of(w for w, n in words.items() if n < 10)}))?|(?:{_one_of(words)}))\b"
    to_999 = rf"(?:(?:(?:{to_99}|an?)[\s-]+)?hundred\b(?:\s+and\s+{to_99}|[\s-]+{to_99})?|{to_99})"
    piece = rf"(?:(?:{to_999}|half\s+an?|an?)[\s-]+)?(?:{scale})\b"
    in_words = rf"{piece}(?:\s+(?:and\s+)?{piece})*(?:\s+(?:and\s+)?{to_999})?|(?:(?:{to_99}|half\s+an?|an?)\s+)?(?:{_one_of(data['units'])})\b|{to_999}"
    no_count = data["no_count"]
    behind = _one_of(w for w in no_count["behind"] if w[0].isalpha())
    marks = _one_of(w for w in no_count["behind"] if not w[0].isalpha())
    return re.compile(
        rf"(?:(?<![\w.,])(?<![^\W\d_][-‐‑])(?:\d{{1,3}}[.,]\d{{1,2}}\s(?:{scale})\b|(?:{_DIGITS})(?:\s(?:{scale})\b)?)(?![\w]|[.,]\d)|(?<!\w)(?:{in_words}))"
        rf"(?!\s?(?:{marks})|\s(?:{behind})\b|[-‐‑](?:{_one_of(no_count['ordinals'])})\b)",
        re.IGNORECASE,
    )


@functools.cache
def _no_count() -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What stands before a scale, before "one" and behind "one", so that they are no number."""
    data = vocabulary("numbers")["no_count"]
    return (
        re.compile(rf"\b(?:{_one_of(data['before_scale'])})\s+$", re.IGNORECASE),
        re.compile(rf"\b(?:{_one_of(data['before_one'])})\s+$", re.IGNORECASE),
        re.compile(
            rf"\s+(?:(?:{_one_of(data['behind_one'])})\b|in\s+(?:\d|{_one_of(vocabulary('numbers')['words'])}))",
            re.IGNORECASE,
        ),
    )


# How far before a number the words stand that make it none, in characters.
_REACH = 24


def find_numbers(text: str) -> Iterator[Number]:
    """Cardinal numbers in digits and words, in order; no shares, decimals, ordinals and vague numbers ("several hundred")."""
    data = vocabulary("numbers")
    before_scale, before_one, behind_one = _no_count()
    share = re.compile(rf"\b(?:{_one_of(data['no_count']['before'])})\s+$", re.IGNORECASE)
    for match in _number().finditer(text):
        value = value_of(match.group())
        before = text[max(0, match.start() - _REACH) : match.start()]
        word = match.group().lower()
        if value is None or share.search(before):
            continue
        if word.split()[0] in (*data["scales"], *data["units"]) and before_scale.search(before):
            continue
        if word == "one" and (before_one.search(before) or behind_one.match(text, match.end())):
            continue
        yield Number(value, match.start(), match.end())


def value_of(words: str) -> int | None:
    """The value of a number in digits or words ("4,200", "twenty-two", "a dozen", "1.5 million"); None if it is none."""
    data = vocabulary("numbers")
    words = words.lower().strip()
    in_digits = re.match(rf"(?P<decimal>\d{{1,3}}[.,]\d{{1,2}}(?=\s+[a-z]))|(?:{_DIGITS})", words)
    if in_digits is not None:
        rest = words[in_digits.end() :].strip()
        if rest and rest not in data["scales"]:
            return None
        times = data["scales"][rest] if rest else 1
        if in_digits["decimal"]:
            return round(float(in_digits["decimal"].replace(",", ".")) * times)
        return int(re.sub(r"\D", "", in_digits.group())) * times
    total = current = 0
    half = False
    seen = False
    for word in filter(None, re.split(r"[\s-]+", words)):
        if word in ("a", "an", "and"):
            continue
        if word == "half":
            half = True
            continue
        if word in data["words"]:
            current += data["words"][word]
        elif word == "hundred":
            current = max(current, 1) * 100
        elif word in data["units"] or word in data["scales"]:
            times = data["units"].get(word) or data["scales"][word]
            total += times // 2 if half else max(current, 1) * times
            current = 0
        else:
            return None
        seen = True
    return total + current if seen else None


def qualifier_of(text: str, start: int, end: int) -> str:
    """How exact the number from `start` to `end` is: exact, at_least, at_most or about."""
    data = vocabulary("numbers")
    before = " ".join(text[max(0, start - _REACH) : start].lower().split())
    behind = " ".join(text[end : end + _REACH].lower().split())
    fits = [
        (len(w), name)
        for name, words in data["qualifiers"].items()
        for w in words
        if before == w or before.endswith(f" {w}" if w[0].isalpha() else w)
    ]
    fits = fits or [
        (len(w), name)
        for name, words in data["qualifiers_behind"].items()
        for w in words
        if re.match(rf"{re.escape(w)}(?!\w)", behind)
    ]
    return str(max(fits)[1]) if fits else "exact"
