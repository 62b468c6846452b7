"""Mentions of people become people: one entry each, under the fullest name, with a role.

Mentions are merged by their words, longest first: a bare first name or surname, another order
of the same words, another spelling of one of them, initials, a nickname or a form in another
script that the text itself ties to the name.
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from winsextract.names import contains, fold, forms, similar, trim, words_of
from winsextract.places import find_places
from winsextract.records import Mention, Part, Person
from winsextract.tagger import ROLES, Array, softmax

# A bare name takes a person's place only with this many letters; "Li" or "Bo" may be anything.
MIN_BARE = 2
# A picture's file name.
_FILE = re.compile(r"\.(?:jpe?g|png|gif|webp|svg|pdf)$", re.IGNORECASE)
# Words that join the parts of a name and never stand for it.
PARTICLES = frozenset(["al", "el", "bin", "bint", "binti", "ibn", "ben", "van", "von", "der", "den", "de", "la", "le", "da", "dos", "do", "das", "du", "di", "del", "della", "y", "e", "abu", "umm", "ould", "mint", "ait", "ag", "st", "san"])


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
    credits = [(p.start, p.end) for p in parts if p.kind == "credit"]
    kept = [f for f in map(_trimmed, found) if f is not None and not _within(f.mention, credits)]
    kept += _again(text, kept, credits)
    kept.sort(key=lambda f: f.mention.start)
    groups = _merge(text, kept)
    roles = _listed_alike(text, groups, [_role_of(text, group) for group in groups])
    people = [_person(group, role) for group, role in zip(groups, roles, strict=True)]
    return tuple(sorted(people, key=lambda p: p.mentions[0].start))


@functools.cache
def _data() -> dict[str, Any]:
    return tomllib.loads(importlib.resources.files("winsextract.data").joinpath("names.toml").read_text(encoding="utf-8"))


@functools.cache
def _title() -> re.Pattern[str]:
    titles = _data()["titles"]
    words = sorted({*titles["words"], *titles["abbreviations"]}, key=len, reverse=True)
    return re.compile(r"(?:" + "|".join(re.escape(w) for w in words) + r")\b\.?[\s\u00a0]+(?=\S)", re.IGNORECASE)


@functools.cache
def _known_as() -> re.Pattern[str]:
    return re.compile(r"[\s,;:(“\"‘'«–—-]*(?:" + "|".join(re.escape(w) for w in _data()["people"]["known_as"]) + r")[\s:“\"‘'«]*", re.IGNORECASE)


def _trimmed(found: Found) -> Found | None:
    mention = trim(found.mention)
    while mention is not None and (title := _title().match(mention.text)) is not None:
        rest = mention.text[title.end() :]
        start = mention.start + title.end()
        mention = trim(Mention(rest, start, start + len(rest)))
    if mention is not None and len(words := mention.text.split()) > 2 and fold(words[0]) in _data()["titles"]["before_full_names"]:
        mention = trim(Mention(mention.text[len(words[0]) :], mention.start + len(words[0]), mention.end))
    if mention is None or fold(mention.text) in _data()["people"]["never"] or fold(mention.text) in _data()["nationalities"]["words"] or _FILE.search(mention.text) or any(p.kind == "country" for p in find_places(mention.text)) or fold(mention.text) in _data()["titles"]["abbreviations"] or not any(c.isalpha() for c in mention.text):
        return None
    return Found(mention, found.confidence, found.roles)


def _within(mention: Mention, spans: Iterable[tuple[int, int]]) -> bool:
    return any(start <= mention.start and mention.end <= end for start, end in spans)


def _again(text: str, found: Sequence[Found], credits: Sequence[tuple[int, int]]) -> list[Found]:
    """Names found once, wherever else they stand word for word: what the tagger missed the second time."""
    more: list[Found] = []
    taken = sorted((f.mention.start, f.mention.end) for f in found)
    names: dict[str, Found] = {}
    for f in found:
        names.setdefault(f.mention.text, f)
    for name, f in sorted(names.items(), key=lambda item: -len(item[0])):
        if len(name.split()) < 2 and (f.confidence < 0.6 or len(name) < 4):
            continue
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            span = match.span()
            mention = Mention(name, *span)
            if any(s < span[1] and span[0] < e for s, e in taken) or _within(mention, credits):
                continue
            more.append(Found(mention, f.confidence, None))
            taken.append(span)
    return more


def _merge(text: str, found: Sequence[Found]) -> list[list[Found]]:
    """Groups of mentions of one person each."""
    order = sorted(range(len(found)), key=lambda i: (-len(words_of(found[i].mention.text)), found[i].mention.start))
    groups: list[list[Found]] = []
    tied = _ties(text, found)
    place: dict[int, list[Found]] = {}
    for i in order:
        f = found[i]
        candidates = [g for g in groups if _same(f.mention.text, g)]
        if not candidates and i in tied:
            candidates = [place[j] for j in tied[i] if j in place]
        group = _nearest(f, candidates) if candidates else None
        if group is None:
            group = []
            groups.append(group)
        group.append(f)
        place[i] = group
    return [sorted(g, key=lambda f: f.mention.start) for g in groups]


def _nearest(found: Found, groups: Sequence[list[Found]]) -> list[Found]:
    """The group that a bare name belongs to: the person named last before it, else first behind it."""
    def distance(group: list[Found]) -> tuple[int, int]:
        before = [found.mention.start - f.mention.end for f in group if f.mention.end <= found.mention.start]
        behind = [f.mention.start - found.mention.end for f in group if f.mention.start >= found.mention.end]
        return (0, min(before)) if before else (1, min(behind, default=0))

    return min(groups, key=distance)


def _same(name: str, group: Sequence[Found]) -> bool:
    return any(same_person(other.mention.text, name) for other in group)


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
        return len(word) >= MIN_BARE and word not in PARTICLES and len(a) > 1 and (word in bare or any(similar(word, w) for w in bare if len(w) > 5))
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


def _ties(text: str, found: Sequence[Found]) -> dict[int, list[int]]:
    """Mentions that the text ties to the one before: "X, better known as Y"; "X (another script)"."""
    ties: dict[int, list[int]] = {}
    for i in range(len(found) - 1):
        a, b = found[i].mention, found[i + 1].mention
        between = text[a.end : b.start].replace("*", "").replace("_", "")
        if len(between) > 40:
            continue
        other_script = between.strip() in ("(", "（", ",", "/", "") and _script(a.text) != _script(b.text)
        if _known_as().fullmatch(between) or other_script:
            ties.setdefault(i, []).append(i + 1)
            ties.setdefault(i + 1, []).append(i)
    return ties


def _script(text: str) -> str:
    letter = next((c for c in text if c.isalpha()), "a")
    return unicodedata.name(letter, "LATIN").split()[0]


def _person(group: Sequence[Found], role: Array) -> Person:
    mentions = tuple(f.mention for f in group)
    name, aliases = forms(mentions)
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


# How far from a name its cue may begin, in characters.
_CUE_REACH = 60


@functools.cache
def _cues() -> tuple[_Cue, ...]:
    data = tomllib.loads(importlib.resources.files("winsextract.data").joinpath("roles.toml").read_text(encoding="utf-8"))
    cues = []
    for cue in data["cue"]:
        before, behind = ("|".join(re.escape(w) for w in sorted(cue[side], key=len, reverse=True)) for side in ("before", "behind"))
        cues.append(
            _Cue(
                ROLES.index(cue["role"]),
                cue["weight"],
                re.compile(rf"\b(?:{before})\b[.,]?(?:\s+[\w’'-]+){{0,2}}[\s*_“\"]*$", re.IGNORECASE),
                re.compile(rf"[*_]*(?:,\s+|\s+(?=(?:of|who)\b)|\s*\()(?:(?:now|then|a|an|the|her|his|their|its|[\w.-]+[’']s?)\s+)*(?:[\w-]+\s+){{0,2}}?(?:{behind})\b", re.IGNORECASE),
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
    return bool(cue.before.search(before) or cue.behind.match(text[mention.end : mention.end + _CUE_REACH]))


# What stands between the names of one list: a comma or "and", a title, Markdown marks.
_LIST_GAP = re.compile(r"[*_\s]*(?:,|and|,\s*and|&)[*_\s]*(?:[A-Z][\w’-]{0,10}\.\s*|(?:and\s+)?[*_\s]*)?[*_\s]*")


def _listed_alike(text: str, groups: Sequence[list[Found]], roles: Sequence[Array]) -> list[Array]:
    """The roles, with those whose names stand in one list ("A, B and C") averaged: lists are of people of one kind."""
    order = sorted(range(len(groups)), key=lambda i: groups[i][0].mention.start)
    result = list(roles)
    run: list[int] = []
    for i in [*order, None]:
        if i is not None and run and _LIST_GAP.fullmatch(text, groups[run[-1]][0].mention.end, groups[i][0].mention.start):
            run.append(i)
            continue
        if len(run) > 1:
            mean = softmax(np.mean([np.log(np.clip(roles[j], 1e-4, 1.0)) for j in run], axis=0))
            for j in run:
                result[j] = mean
        run = [] if i is None else [i]
    return result
