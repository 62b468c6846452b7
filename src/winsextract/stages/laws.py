"""Mentions of legal instruments become laws: acts, bills with a name, conventions, constitutions."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from winsextract.names import (
    Found,
    acronym_letters,
    again,
    contains,
    entries,
    fold,
    is_acronym_of,
    merge,
    name_and_acronym,
    trim,
    vocabulary,
    words_of,
)
from winsextract.places import find_places
from winsextract.records import Mention, Name

_PROVISION = r"(?:articles?|art\.|sections?|paragraphs?|chapter)\s+\d[\w().,\-–]{0,12}(?:(?:\s*,\s*|\s+(?:and|or|to)\s+)\d[\w().\-–]{0,12}){0,4}\s+of\s+(?:the\s+)?"
_LEADING = (
    re.compile(r"(?:the|a|an|its|this|that)\s+(?=[\w‘“'\"])", re.IGNORECASE),
    re.compile(r"(?:new|proposed|draft)\s+(?=[A-Z0-9‘“'\"])", re.IGNORECASE),
    # "Article 22 of the Convention …": the instrument is the convention. A provision of a constitution, a code
    # or an act is named as such ("Article 57 of the Constitution").
    re.compile(
        _PROVISION + r"(?=[^\n]{0,60}\b(?:Convention|Covenant|Charter|Treaty|Declaration|Protocol)\b)", re.IGNORECASE
    ),
)
_PROVISION_BEFORE = re.compile(_PROVISION + r"$", re.IGNORECASE)
_WITH_PROVISIONS = re.compile(r"\b(?:Constitution|Code|Act|Law)\b")
# "Finland’s national Climate Act": whose law it is, is no part of its name.
_OWNER = re.compile(r"(?P<owner>[\w. -]{2,40})[’']s?\s+(?:national\s+|own\s+)?(?=[A-Z])")
_NOUN = re.compile(r"\w[^’']*\s(?:Act|Bill|Law|Code|Decree|Ordinance)\b")
# An act that changes another is another one.
_CHANGES = frozenset(["amendment", "amending", "amended", "repeal", "repealing", "protocol", "optional", "additional"])
# Longest provision before a name, in characters: "Sections 132, 133 and 134(2) of the ".
_REACH = 60


def find_laws(text: str, found: Sequence[Found]) -> tuple[Name, ...]:
    """One entry per named legal instrument in a win's text, in order of first mention. Offsets count in `text`."""
    kept: dict[tuple[int, int], Found] = {}
    for f in sorted(found, key=lambda f: (f.mention.start, -f.confidence)):
        for part in (part for one in _each_law(f.mention) for part in name_and_acronym(one)):
            mention = _trimmed(_with_quotes(text, _with_provision(text, part)))
            # A law's other name in brackets needs no such word: "the Family Code (Mudawana)".
            if mention is not None and (_is_instrument(mention.text) or text[mention.start - 1 : mention.start] == "("):
                kept.setdefault((mention.start, mention.end), Found(mention, f.confidence))
    for f in again(text, list(kept.values())):
        kept.setdefault((f.mention.start, f.mention.end), f)
    return entries(merge([kept[span] for span in sorted(kept)], same_law, text=text))


# "Article 3 of the Constitution and Directive 2003/109/EC"
_SECOND_LAW = re.compile(
    r"(?<!\s)\s+and\s+(?:the\s+)?(?=(?:Act|Bill|Convention|Decree|Directive|Law|Ordinance|Regulation|Resolution)\s(?:(?:No|Nr)\.?\s)?\d)"
)


def _each_law(mention: Mention) -> Iterator[Mention]:
    """The instruments that a mention names, a numbered one behind each "and"; one that changes others is one with them."""
    text, start = mention.text, 0
    if _CHANGES.isdisjoint(words_of(text)):
        for found in _SECOND_LAW.finditer(text):
            if _is_instrument(text[start : found.start()]):
                yield Mention(text[start : found.start()], mention.start + start, mention.start + found.start())
                start = found.end()
    yield Mention(text[start:], mention.start + start, mention.end)


def _trimmed(mention: Mention) -> Mention | None:
    """The mention without articles, the country that owns it and punctuation; None where it names no instrument."""
    dubbed = mention.text[:1] in ("‘", "“", "'", '"', "«") and not mention.text.endswith(("’", "”", "'", '"', "»"))
    trimmed = mention if dubbed else trim(mention, leading=_LEADING)
    if trimmed is None:
        return None
    owner = _OWNER.match(trimmed.text)
    if owner is not None and _NOUN.match(trimmed.text, owner.end()) and _is_country(owner["owner"]):
        trimmed = Mention(trimmed.text[owner.end() :], trimmed.start + owner.end(), trimmed.end)
    if fold(trimmed.text) in _never() or not any(c.isalpha() for c in trimmed.text) or _is_country(trimmed.text):
        return None
    return trimmed


def _is_instrument(name: str) -> bool:
    """Whether a name is one of a legal instrument by a word, a number, an acronym, a quotation or another language."""
    if any(c.isdigit() or c in "‘“'\"«" for c in name) or any(
        w.isupper() and len(w) > 1 for w in re.findall(r"\w+", name)
    ):
        return True
    return not name.isascii() or not _instruments().isdisjoint(words_of(name))


@functools.cache
def _instruments() -> frozenset[str]:
    return frozenset(vocabulary("names")["laws"]["instruments"])


@functools.lru_cache(maxsize=4096)
def _is_country(text: str) -> bool:
    return len(text) < 60 and any(p.kind == "country" for p in find_places(text))


@functools.cache
def _never() -> frozenset[str]:
    data = vocabulary("names")
    words = {*data["laws"]["never"], *data["organisations"]["never"]}
    return frozenset(words | {f"{kind} {word}" for word in data["laws"]["nouns"] for kind in data["laws"]["kinds"]})


def _with_provision(text: str, mention: Mention) -> Mention:
    """The mention with the provision right before it, where it names a constitution, a code or an act."""
    if not _WITH_PROVISIONS.search(mention.text):
        return mention
    before = text[max(0, mention.start - _REACH) : mention.start]
    found = _PROVISION_BEFORE.search(before)
    if found is None:
        return mention
    start = mention.start - (len(before) - found.start())
    return Mention(text[start : mention.end], start, mention.end)


_OPENING, _CLOSING = "‘“'\"«", "’”'\"»"
# What makes a quotation a law's: ‘agents of influence’ law.
_DUBBED_NOUN = re.compile(rf"[{_CLOSING}]?\s(?:law|bill|act)\b", re.IGNORECASE)


def _with_quotes(text: str, mention: Mention) -> Mention:
    """A dubbed name with both its quotation marks, and the noun behind them: ‘agents of influence’ law."""
    start, end = mention.start, mention.end
    quoted = mention.text[:1] in _OPENING
    if not quoted and start > 0 and text[start - 1] in _OPENING:
        quoted = any(q in mention.text for q in _CLOSING) or _DUBBED_NOUN.match(text, end) is not None
        start -= quoted
    if quoted and (noun := _DUBBED_NOUN.match(text, end)) is not None:
        end = noun.end()
    return Mention(text[start:end], start, end)


@functools.lru_cache(maxsize=16384)
def _words(text: str) -> tuple[str, ...]:
    return words_of(re.sub(r"[()\[\]]", " ", text)) or words_of(text)


def same_law(full: str, form: str) -> bool:
    """Whether `form` is another form of the law `full`, which has at least as many words."""
    a, b = _words(full), _words(form)
    if not a or not b:
        return False
    if a == b or is_acronym_of(form, full):
        return True
    if len(b) < 2:
        return False
    extra = [w for w in a if w not in b]
    if contains(a, b):
        # The year, the country or "draft" left out; not another article of one code.
        return len(extra) <= 3 or a[: len(b)] == b or a[-len(b) :] == b
    if a[-1] != b[-1] or b[-1].isdigit():
        return False
    # "EIT Law" for "Electronic Information and Transactions Law".
    if len(b) == 2 and acronym_letters(form.split()[0]):
        return is_acronym_of(form.split()[0], " ".join(full.split()[:-1]))
    # "Gender Recognition Bill" for "Gender Recognition Reform (Scotland) Bill": the beginning and the noun.
    return len(b) > 2 and a[: len(b) - 1] == b[:-1] and len(extra) <= 3 and not _CHANGES & {*extra}
