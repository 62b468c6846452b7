"""Mentions of bodies become organisations: one entry each, acronyms and short forms as aliases.

A national section ("Amnesty Norway") is a body of its own beside the organisation that it
belongs to; a body named with its country ("South Korean Supreme Court") is the same as
without ("Supreme Court").
"""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Iterator, Sequence
from typing import Any

from winsextract.names import Found, again, contains, entries, is_acronym_of, merge, similar, trim, words_of
from winsextract.places import find_places
from winsextract.records import Mention, Name, Part

_THE = re.compile(r"the\s+(?=\S)", re.IGNORECASE)
_ARTICLES = (_THE,)


def find_organisations(text: str, found: Sequence[Found], *, parts: Sequence[Part] = (), places: Sequence[str] = ()) -> tuple[Name, ...]:
    """One entry per organisation named in a win's text, in order of first mention.

    `parts` are the win's captions, credits and quotes; a body that stands only in an image
    credit is left out. `places` are the texts of places and nationalities in the win
    ("South Korean", "Tokyo"), which may stand before a body's name. Offsets count in `text`.
    """
    credits = [(p.start, p.end) for p in parts if p.kind == "credit"]
    adjectives = _adjectives() | {w for p in places for w in words_of(p)}
    kept = []
    for f in found:
        for piece in _owner_and_part(f.mention):
            mention = trim(piece, leading=_ARTICLES)
            if mention is None or _is_no_body(mention.text, adjectives):
                continue
            if any(s <= mention.start and mention.end <= e for s, e in credits):
                continue
            kept.append(Found(mention, f.confidence))
    kept += again(text, kept, taken=credits)
    kept.sort(key=lambda f: f.mention.start)
    groups = merge(kept, lambda full, form: same_body(full, form, places=adjectives), text=text)
    return entries(groups)


@functools.cache
def _data() -> dict[str, Any]:
    return tomllib.loads(importlib.resources.files("winsextract.data").joinpath("names.toml").read_text(encoding="utf-8"))


@functools.cache
def _adjectives() -> frozenset[str]:
    """The words of nationalities: "south", "korean"."""
    return frozenset(w for n in _data()["nationalities"]["words"] for w in n.split())


_OWNER = re.compile(r"(?P<owner>.+?)(?:[’'`´]s|(?<=s)[’'`´])\s+(?P<part>\S.*)", re.DOTALL)


def _owner_and_part(mention: Mention) -> Iterator[Mention]:
    """A body that another one owns is two ("Council of Europe’s Committee …"); one with its country before it is one.

    What an organisation owns that is no body itself (a programme, a director) is left out.
    """
    found = _OWNER.fullmatch(mention.text)
    if found is None:
        yield mention
        return
    owner, part = found["owner"], found["part"]
    data = _data()["organisations"]
    owner_words = words_of(owner)
    owns_as_body = " ".join(owner_words).removeprefix("the ") in data["mothers"] or (owner_words[-1:] and owner_words[-1] in data["bodies"])
    if owner.islower():  # "parliament’s Committee on Culture and Media"
        yield Mention(part, mention.start + found.start("part"), mention.end)
        return
    if not owns_as_body:
        yield mention
        return
    yield Mention(owner, mention.start, mention.start + len(owner))
    if words_of(part) and not set(words_of(part)) & set(data["no_bodies"]) and part[0].isupper():
        yield Mention(part, mention.start + found.start("part"), mention.end)


def _is_no_body(text: str, places: frozenset[str]) -> bool:
    """Whether a mention is a word that is never a body's name, or only a place or a nationality."""
    words = words_of(text)
    key = " ".join(words)
    data = _data()["organisations"]
    if key in data["never"] or (text.islower() and len(words) == 1):
        return True
    if words[0] == "government" or words[-1] in ("government", "authorities"):
        return True
    if any(key == o or key.startswith(f"{o} ") for o in data["offices"]):
        return True
    if key in data["mothers"]:
        return False
    if words[-1] in data["no_endings"] and words[0] not in ("un", "united", "world", "european"):
        return True
    return all(w in places for w in words) or any(p.kind == "country" for p in find_places(text))


def same_body(full: str, form: str, *, places: frozenset[str] = frozenset()) -> bool:
    """Whether `form` is another form of the body `full`, which has at least as many words."""
    a, b = words_of(full), words_of(form)
    if not a or not b:
        return False
    if a == b:
        return True
    data = _data()["organisations"]
    key_a, key_b = " ".join(a), " ".join(b)
    if key_b == "amnesty":
        return key_a == "amnesty international"
    if is_acronym_of(form, full):
        return True
    if len(a) == len(b) and sum(x == y for x, y in zip(a, b, strict=True)) >= len(a) - 1 and all(similar(x, y) for x, y in zip(a, b, strict=True)):
        return True
    if key_b in data["mothers"] or any(key_a.startswith(f"{m} ") and key_b.startswith(f"{m} ") for m in data["mothers"]):
        return False
    if len(a) > len(b) and a[-len(b) :] == b:
        before = a[: len(a) - len(b)]
        return all(w in places or w in data["prefixes"] or w in ("the", "of", "s") or w.removesuffix("s") in places for w in before)
    if len(a) > len(b) and a[: len(b)] == b:
        behind = a[len(b) :]
        if all(w in data["generic"] for w in behind) and not all(w in data["generic"] for w in b):
            return True
        # "Supreme Court of India": the country may stand behind.
        return behind[0] in ("of", "in", "for") and all(w in places or w in ("of", "the", "in") for w in behind)
    if len(b) >= 2 and contains(a, b) and len(a) - len(b) <= 2:
        extra = [w for w in a if w not in b]
        return all(w in places or w in ("the", "of", "in") for w in extra)
    # "ECOWAS Court" for "… (ECOWAS) Community Court of Justice": an acronym inside, then words in order.
    if len(b) >= 2 and b[0] in a and any(c.isupper() for c in form[1:3]):
        rest = iter(a)
        return all(any(x == y for x in rest) for y in b)
    return False
