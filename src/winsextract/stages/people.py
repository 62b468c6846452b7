"""Mentions of people become people: one entry each, under the fullest name, with a role.

Mentions are merged by their words, longest first: a bare first name or surname, another order
of the same words, another spelling of one of them, initials, a nickname or a form in another
script that the text itself ties to the name.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from winsextract.names import (
    COMMON,
    MAX_WORD,
    Taken,
    contains,
    elsewhere,
    fold,
    forms,
    in_credit,
    known_as,
    script,
    similar,
    trim,
    vocabulary,
    words_of,
)
from winsextract.places import find_places
from winsextract.records import Mention, Part, Person
from winsextract.tagger import ROLES, Array, softmax

# A bare name takes a person's place only with this many letters; "Li" or "Bo" may be anything.
MIN_BARE = 2
# Another spelling of a bare name needs this many letters.
MIN_SPELLING = 6
# Words that join the parts of a name and never stand for it.
PARTICLES = frozenset(
    [
        "al",
        "el",
        "bin",
        "bint",
        "binti",
        "ibn",
        "ben",
        "van",
        "von",
        "der",
        "den",
        "de",
        "la",
        "le",
        "da",
        "dos",
        "do",
        "das",
        "du",
        "di",
        "del",
        "della",
        "y",
        "e",
        "abu",
        "umm",
        "ould",
        "mint",
        "ait",
        "ag",
        "st",
        "san",
    ]
)


@dataclass(frozen=True, slots=True)
class Found:
    """A mention of a person as the tagger saw it.

    `roles` are probabilities over `winsextract.tagger.ROLES`, None where the pipeline's
    tagger gives none.
    """

    mention: Mention
    confidence: float
    roles: Array | None = None


def find_people(text: str, found: Sequence[Found], *, parts: Sequence[Part] = ()) -> tuple[Person, ...]:
    """One entry per person named in a win's text, in order of first mention.

    `parts` are the win's captions, credits and quotes: who stands in a credit took the picture
    and is left out. Offsets of all arguments count in `text`.
    """
    credits = Taken(len(text), [(p.start, p.end) for p in parts if p.kind == "credit"])
    kept: dict[tuple[int, int], Found] = {}
    named = (_trimmed(_without_portfolio(text, f)) for f in found)
    for f in sorted(filter(None, named), key=lambda f: (f.mention.start, -f.confidence)):
        span = (f.mention.start, f.mention.end)
        if span not in credits and not _is_family(text, f.mention) and not in_credit(text, *span):
            kept.setdefault(span, f)
    for f in _again(text, list(kept.values()), credits):
        kept.setdefault((f.mention.start, f.mention.end), f)
    ordered = [kept[span] for span in sorted(kept)]
    ties, nicknames = _ties(text, ordered)
    groups = _merge(ordered, ties, _apart(text, ordered))
    roles = _listed_alike(text, groups, [_role_of(text, group) for group in groups])
    people = [_person(group, role, nicknames) for group, role in zip(groups, roles, strict=True)]
    return tuple(sorted(people, key=lambda p: p.mentions[0].start))


def _one_of(words: Sequence[str]) -> str:
    return "|".join(re.escape(w).replace(r"\ ", r"\s+") for w in sorted(words, key=len, reverse=True))


@functools.cache
def _title() -> re.Pattern[str]:
    """A title before a name, with the article before it, and an abbreviation joined to another ("Maj.-Gen.")."""
    titles = vocabulary("names")["titles"]
    words = _one_of([*titles["words"], *titles["abbreviations"]])
    joined = _one_of(titles["abbreviations"])
    return re.compile(rf"(?:the\s+)?(?:{words})\b\.?(?:[\s\u00a0]+|-(?=(?:{joined})\b))(?=\S)", re.IGNORECASE)


@functools.cache
def _title_alone() -> re.Pattern[str]:
    titles = vocabulary("names")["titles"]
    return re.compile(rf"(?:the\s+)?(?:{_one_of([*titles['words'], *titles['abbreviations']])})\.?", re.IGNORECASE)


@functools.cache
def _behind() -> re.Pattern[str]:
    return re.compile(rf",?\s+(?:{_one_of(vocabulary('names')['titles']['behind'])})\.?$", re.IGNORECASE)


@functools.cache
def _family() -> re.Pattern[str]:
    return re.compile(rf"[’']?\s+(?:{_one_of(vocabulary('names')['people']['families'])})\b")


def _trimmed(found: Found) -> Found | None:
    """The mention without titles, degrees and punctuation; None where no name is left."""
    data = vocabulary("names")
    mention = trim(found.mention)
    if mention is None or _title_alone().fullmatch(mention.text):
        return None
    while True:
        before = mention
        title = _title().match(mention.text)
        words = mention.text.split(maxsplit=3)
        if title is None and len(words) > 2 and fold(words[0]) in data["titles"]["before_full_names"]:
            title = re.match(r"\S+\s+", mention.text)
        if title is not None:
            mention = trim(Mention(mention.text[title.end() :], mention.start + title.end(), mention.end))
        elif (degree := _behind().search(mention.text)) is not None and not degree.group().split()[-1].islower():
            mention = trim(Mention(mention.text[: degree.start()], mention.start, mention.start + degree.start()))
        if mention is None:
            return None
        if mention == before:
            break
    if fold(mention.text) in data["people"]["never"] or not any(c.isalpha() for c in mention.text):
        return None
    if fold(mention.text) in data["nationalities"]["words"] or _FILE.search(mention.text) or _is_country(mention.text):
        return None
    return replace(found, mention=mention)


# "Minister of Defence Ana Ruiz": the tagger may take the portfolio for a first name.
_MINISTER = re.compile(r"\b(?:minister|secretary)\s+(?:of|for)\s+(?:the\s+)?$", re.IGNORECASE)


def _without_portfolio(text: str, found: Found) -> Found:
    """The mention without the words of a ministry that stand at its beginning, where a minister's title stands before it."""
    mention = found.mention
    if not _MINISTER.search(text[max(0, mention.start - 40) : mention.start]):
        return found
    cut = 0
    for word in re.finditer(r"\S+\s+", mention.text):
        if fold(word.group()).strip(",") not in vocabulary("names")["titles"]["portfolios"]:
            break
        cut = word.end()
    return replace(found, mention=Mention(mention.text[cut:], mention.start + cut, mention.end))


# A picture's file name.
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf)$", re.IGNORECASE)


@functools.lru_cache(maxsize=16384)
def _is_country(name: str) -> bool:
    return len(name) < 60 and any(p.kind == "country" for p in find_places(name))


def _is_family(text: str, mention: Mention) -> bool:
    """Whether a surname stands for a family ("the Haddad family", "the Tzoc sisters", "the Haddads")."""
    if " " in mention.text:
        return False
    if _family().match(text, mention.end):
        return True
    plural = len(mention.text) > 4 and mention.text.endswith("s") and mention.text[-2] not in "aeious"
    return plural and re.search(r"\b[Tt]he\s$", text[max(0, mention.start - 4) : mention.start]) is not None


# What stands behind a person's name makes it a body's or a case's ("the Ana Ruiz Foundation", "Ana Ruiz v. Peru").
_NO_PERSON = re.compile(r"[ \u00a0](?:[A-Z]|vs?\.?[ \u00a0])")


def _again(text: str, found: Sequence[Found], credits: Taken) -> list[Found]:
    """Names found once, wherever else they stand word for word: what the tagger missed the second time."""
    names: dict[str, Found] = {}
    for f in found:
        if len(f.mention.text.split()) > 1 or (f.confidence >= 0.6 and len(f.mention.text) >= 4):
            names.setdefault(f.mention.text, f)
    taken = Taken(len(text), ((f.mention.start, f.mention.end) for f in found))
    return [
        Found(Mention(text[start:end], start, end), names[name].confidence, None)
        for name, start, end in elsewhere(text, names, taken)
        if (start, end) not in credits
        and not _NO_PERSON.match(text, end)
        and not _is_family(text, Mention(name, start, end))
    ]


class _Groups:
    """Mentions by person, and where to look for the person whom a name may belong to."""

    def __init__(self) -> None:
        self.members: list[list[Found]] = []
        self.names: list[list[str]] = []
        self.starts: list[list[int]] = []
        self.exact: dict[str, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[int]] = defaultdict(list)
        self._by_letter: dict[tuple[str, int], list[tuple[str, int]]] = defaultdict(list)

    def add(self, found: Found, group: int | None) -> int:
        if group is None:
            group = len(self.members)
            self.members.append([])
            self.names.append([])
            self.starts.append([])
        self.members[group].append(found)
        bisect.insort(self.starts[group], found.mention.start)
        key = fold(found.mention.text)
        if group not in self.exact[key][-COMMON:]:
            self.exact[key].append(group)
            self.names[group].append(found.mention.text)
            words = words_of(found.mention.text)
            for word in {*words, "".join(words)}:
                self._by_word[word].append(group)
                if MIN_SPELLING <= len(word) <= MAX_WORD:
                    self._by_letter[word[0], len(word)].append((word, group))
        return group

    def like(self, name: str) -> list[int]:
        """The groups of people who may be called so."""
        words = words_of(name)
        near = {
            g
            for w in {*words, "".join(words)}
            if len(self._by_word.get(w, ())) <= COMMON
            for g in self._by_word.get(w, ())
        }
        if len(words) == 1 and 5 <= len(words[0]) <= MAX_WORD:
            for n in range(len(words[0]) - 2, len(words[0]) + 3):
                near |= {g for w, g in self._by_letter.get((words[0][0], n), ())[: 8 * COMMON] if similar(w, words[0])}
        return [g for g in sorted(near) if any(same_person(other, name) for other in self.names[g])]

    def nearest(self, start: int, groups: Sequence[int]) -> int:
        """The group whose person was named last before `start`, else first behind it."""

        def distance(group: int) -> tuple[int, int]:
            starts = self.starts[group]
            at = bisect.bisect_left(starts, start)
            return (0, start - starts[at - 1]) if at else (1, starts[0] - start)

        return min(groups, key=distance)


def _merge(
    found: Sequence[Found], ties: Mapping[int, Sequence[int]], apart: Mapping[int, Sequence[int]]
) -> list[list[Found]]:
    """Groups of mentions of one person each."""
    order = sorted(range(len(found)), key=lambda i: (-len(words_of(found[i].mention.text)), found[i].mention.start))
    groups = _Groups()
    place: dict[int, int] = {}
    for i in order:
        mention = found[i].mention
        others = {place[j] for j in apart.get(i, ()) if j in place}
        same = groups.exact.get(fold(mention.text), [])
        candidates = [g for g in same[:COMMON] if g not in others] if len(words_of(mention.text)) > 1 else []
        candidates = candidates or [g for g in groups.like(mention.text) if g not in others]
        candidates = candidates or [place[j] for j in ties.get(i, ()) if j in place]
        place[i] = groups.add(found[i], groups.nearest(mention.start, candidates) if candidates else None)
    return [sorted(g, key=lambda f: f.mention.start) for g in groups.members]


@functools.lru_cache(maxsize=65536)
def same_person(full: str, form: str) -> bool:
    """Whether `form` can be another form of `full`, which has at least as many words."""
    a, b = words_of(full), words_of(form)
    if not a or not b:
        return False
    if a == b or (len(a) > 1 and sorted(a) == sorted(b)):
        return True
    if len(b) == 1:
        word = b[0]
        bare = [w for w in a if w not in PARTICLES]
        return (
            len(word) >= MIN_BARE
            and word not in PARTICLES
            and len(a) > 1
            and (word in bare or any(similar(word, w) for w in bare if len(w) >= MIN_SPELLING))
        )
    if "".join(a) == "".join(b):
        # "Abdel-Moneim" and "Abdelmoneim", "K. P." and "K.P."
        return True
    if len(a) == len(b):
        # One spelling differs ("Abdulwahab", "Abdelwahab"), the other words are the same.
        pairs = list(zip(a, b, strict=True))
        equal = sum(x == y for x, y in pairs)
        return equal >= 1 and all(x == y or similar(x, y) or _initial(x, y) for x, y in pairs)
    if contains(a, b):
        return not all(w in PARTICLES for w in b)
    # A middle name left out, an initial for a word: the shorter form's words in order, first and last among them.
    rest = iter(a)
    in_order = all(any(x == y or similar(x, y) or _initial(x, y) for x in rest) for y in b)
    return in_order and (a[0] == b[0] or _initial(a[0], b[0])) and (a[-1] == b[-1] or len(b) >= 2)


def _initial(x: str, y: str) -> bool:
    return (len(x) == 1 or len(y) == 1) and x[0] == y[0]


def _ties(text: str, found: Sequence[Found]) -> tuple[dict[int, list[int]], frozenset[str]]:
    """Mentions that the text ties to the one before, and the nicknames among them, folded.

    "X, better known as Y"; "X “Y”"; "X (another script)".
    """
    ties: dict[int, list[int]] = {}
    nicknames = set()
    for i in range(len(found) - 1):
        a, b = found[i].mention, found[i + 1].mention
        between = text[a.end : b.start].replace("*", "").replace("_", "")
        if a.end > b.start or len(between) > 60:
            continue
        other_script = between.strip() in ("(", "（", ",", "/", "") and script(a.text) != script(b.text)
        nickname = re.fullmatch(r"\s+[(]?[“\"‘«]", between) is not None and text[b.end : b.end + 1] in (
            "”",
            '"',
            "’",
            "»",
        )
        if nickname or other_script or known_as(between):
            ties.setdefault(i, []).append(i + 1)
            ties.setdefault(i + 1, []).append(i)
            nicknames.add(fold(b.text))
    return ties, frozenset(nicknames)


# Two people: "Ana and Ana Ruiz", "Ana Ruiz and his son Luis", "Ana Ruiz’s mother Ana Ruiz Pérez"; of a list without "and" full names only.
_TWO_PEOPLE = re.compile(
    r"(?:[’']s?)?[*_\s]*(?:,?[*_\s]*(?:and|&|with)\s+|,\s+)?(?:(?:his|her|their|the|a)\s+)?(?P<kin>(?:[\w-]+\s+){0,2}(?P<noun>[\w-]+),?\s+)?[*_]*"
)
_LISTED = re.compile(r"[*_]*,\s+[*_]*")
_AND = re.compile(r"\b(?:and|with)\b|&")


def _apart(text: str, found: Sequence[Found]) -> dict[int, list[int]]:
    """Neighbouring mentions that are two people however alike their names are."""
    apart: dict[int, list[int]] = {}
    for i in range(len(found) - 1):
        a, b = found[i].mention, found[i + 1].mention
        between = text[a.end : b.start]
        if a.end > b.start or len(between) > 40 or fold(a.text) == fold(b.text):
            continue
        two = _TWO_PEOPLE.fullmatch(between)
        kin = (
            two is not None and two["noun"] is not None and two["noun"].lower() in vocabulary("names")["people"]["kin"]
        )
        joined = two is not None and two["kin"] is None and _AND.search(between) is not None
        listed = _LISTED.fullmatch(between) is not None and min(len(words_of(a.text)), len(words_of(b.text))) > 1
        if kin or joined or listed:
            apart.setdefault(i, []).append(i + 1)
            apart.setdefault(i + 1, []).append(i)
    return apart


def _person(group: Sequence[Found], role: Array, nicknames: frozenset[str]) -> Person:
    mentions = tuple(f.mention for f in group)
    name, aliases = forms(mentions, by_names=nicknames)
    best = int(role.argmax())
    return Person(
        name=name,
        aliases=aliases,
        role=ROLES[best],
        role_confidence=float(role[best]),
        confidence=max(f.confidence for f in group),
        mentions=mentions,
    )


@dataclass(frozen=True, slots=True)
class _Cue:
    """Words beside a name that speak for a role."""

    role: int
    weight: float
    before: re.Pattern[str]
    behind: re.Pattern[str]
    does: re.Pattern[str]
    # Whether the name is the object of the words before it, so that nothing of the person's may stand behind it.
    is_object: bool


# Behind one of these begins something else than the name of whom a word before it speaks.
_JOINS = "after|against|and|as|at|because|by|for|from|in|of|on|or|over|said|that|to|told|when|who|whose|with"
# "Ana Ruiz, president of the residents’ committee": of what somebody is a member or the head.
_HEADS = r"(?:chair\w*|heads?|leader|member|president|representative|spokes\w+)\s+(?:of|for)\s+(?:the\s+)?"
# How far from a name its cue may begin, in characters.
_CUE_REACH = 80


@functools.cache
def _cues() -> tuple[_Cue, ...]:
    cues = []
    for cue in vocabulary("roles")["cue"]:
        # A list without words matches nothing.
        before, behind, does = (_one_of(cue.get(side, ())) or "(?!)" for side in ("before", "behind", "does"))
        # "Minister of Justice Ana Ruiz" is the minister; "the mother of Ana Ruiz" and "freed by Ana Ruiz" are somebody else.
        between = rf"(?:\s+(?:the|an?))?(?:\s+(?!(?:{_JOINS})\b)[\w’'-]+){{0,2}}"
        if cue["role"] == "official":
            between = rf"(?:{between}|\s+(?:of|for)\s+[\w’'-]+)"
        is_object = cue.get("object", False)
        # "They were released, Ana Ruiz said": of somebody else.
        active, comma = (r"(?<!\bwas )(?<!\bwere )(?<!\bbeen )(?<!\bbeing )", "") if is_object else ("", "[.,]?")
        cues.append(
            _Cue(
                ROLES.index(cue["role"]),
                cue["weight"],
                re.compile(rf"{active}\b(?:{before})\b{comma}{between}[\s*_“\"]*$", re.IGNORECASE),
                re.compile(
                    rf"[*_]*(?:,\s+|\s+(?=(?:of|who|mp|mep|msp)\b)|\s*\()(?:(?:now|then|a|an|the|her|his|their|its|[\w.-]+[’']s?)\s+)*(?:{_HEADS})?(?:[\w-]+\s+){{0,2}}?(?:{behind})\b",
                    re.IGNORECASE,
                ),
                re.compile(rf"[*_]*(?:,[^,.;:]{{1,40}},)?\s+(?:{does})\b", re.IGNORECASE),
                is_object,
            )
        )
    return tuple(cues)


def _role_of(text: str, group: Sequence[Found]) -> Array:
    """Probabilities over `ROLES` of the person of a group of mentions: what the tagger says, moved by cues beside the name.

    The tagger's answers are averaged as logarithms, so that one sure mention counts for more than two doubtful ones.
    """
    votes = [np.log(np.clip(f.roles, 1e-4, 1.0)) for f in group if f.roles is not None]
    logits = np.mean(votes, axis=0) if votes else np.log(np.array([0.1, 0.1, 0.1, 0.7]))
    for cue in _cues():
        if any(_stands_beside(text, f.mention, cue) for f in group):
            logits[cue.role] += cue.weight
    return softmax(logits)


def _stands_beside(text: str, mention: Mention, cue: _Cue) -> bool:
    before = re.split(r"[.;:!?\n](?:\s|$)", text[max(0, mention.start - _CUE_REACH) : mention.start])[-1]
    behind = text[mention.end : mention.end + _CUE_REACH]
    if cue.is_object and behind.startswith(("’", "'")):
        return False
    return bool(cue.before.search(before) or cue.behind.match(behind) or cue.does.match(behind))


# What stands between the names of one list: a comma or "and", a title, Markdown marks.
_LIST_GAP = re.compile(r"[*_\s]*(?:,|and|,\s*and|&)[*_\s]*(?:[A-Z][\w’-]{0,10}\.\s*|(?:and\s+)?[*_\s]*)?[*_\s]*")


def _listed_alike(text: str, groups: Sequence[list[Found]], roles: Sequence[Array]) -> list[Array]:
    """The roles, with those whose names stand in one list ("A, B and C") averaged: lists are of people of one kind."""
    order = sorted(range(len(groups)), key=lambda i: groups[i][0].mention.start)
    result = list(roles)
    run: list[int] = []
    for i in [*order, None]:
        if (
            i is not None
            and run
            and _LIST_GAP.fullmatch(text, groups[run[-1]][0].mention.end, groups[i][0].mention.start)
        ):
            run.append(i)
            continue
        if len(run) > 1:
            mean = softmax(np.mean([np.log(np.clip(roles[j], 1e-4, 1.0)) for j in run], axis=0))
            for j in run:
                result[j] = mean
        run = [] if i is None else [i]
    return result
