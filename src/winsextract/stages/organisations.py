"""Mentions of bodies become organisations: one entry each, acronyms and short forms as aliases.

A national section ("Amnesty Norway") is a body of its own beside the organisation that it
belongs to; a body named with its country ("South Korean Supreme Court") is the same as
without ("Supreme Court").
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from winsextract.names import (
    Found,
    again,
    entries,
    fold,
    in_credit,
    is_acronym_of,
    merge,
    name_and_acronym,
    similar,
    trim,
    vocabulary,
    words_of,
)
from winsextract.places import find_places
from winsextract.records import Mention, Name, Part


def find_organisations(
    text: str, found: Sequence[Found], *, parts: Sequence[Part] = (), places: Sequence[str] = ()
) -> tuple[Name, ...]:
    """One entry per organisation named in a win's text, in order of first mention.

    `parts` are the win's captions, credits and quotes; a body that stands only in an image
    credit is left out. `places` are the texts of places and nationalities in the win
    ("South Korean", "Tokyo"), which may stand before a body's name. Offsets count in `text`.
    """
    credits = [(p.start, p.end) for p in parts if p.kind == "credit"]
    known = _adjectives() | {w for p in places for w in words_of(p)}
    alone = frozenset(fold(f.mention.text) for f in found)
    kept: dict[tuple[int, int], Found] = {}
    for f in sorted(found, key=lambda f: (f.mention.start, -f.confidence)):
        for mention in _bodies(f.mention, known, alone):
            span = (mention.start, mention.end)
            if not any(s <= span[0] and span[1] <= e for s, e in credits) and not in_credit(text, *span):
                kept.setdefault(span, Found(mention, f.confidence))
    for f in again(text, list(kept.values()), taken=credits):
        kept.setdefault((f.mention.start, f.mention.end), f)
    full = {_core(_words(f.mention.text), known)[0] for f in kept.values() if len(_words(f.mention.text)) > 1}
    kept = {
        span: f
        for span, f in kept.items()
        if fold(f.mention.text) not in _set("only_as_alias") or _words(f.mention.text) in full
    }
    groups = merge(
        [kept[span] for span in sorted(kept)], lambda full, form: same_body(full, form, places=known), text=text
    )
    return entries(groups)


# ---- what a mention names -----------------------------------------------------------------


def _bodies(mention: Mention, places: frozenset[str], alone: frozenset[str]) -> Iterator[Mention]:
    """The bodies that a mention names, without articles and possessives: none, one, or two that were taken for one.

    `alone` are the win's other mentions, folded.
    """
    for whole in _owner_and_part(mention, places):
        for piece in _two_bodies(whole, alone):
            for part in name_and_acronym(piece):
                trimmed = trim(part, leading=(_article(),))
                if trimmed is not None and not _is_no_body(trimmed.text, places):
                    yield trimmed


@functools.cache
def _article() -> re.Pattern[str]:
    """The article before a name, but for places that have one ("The Hague District Court")."""
    kept = "|".join(re.escape(w.removeprefix("the ")) for w in vocabulary("names")["organisations"]["with_article"])
    return re.compile(rf"the\s+(?!(?:{kept})\b)(?=\S)", re.IGNORECASE)


@functools.cache
def _adjectives() -> frozenset[str]:
    """The words of nationalities: "south", "korean"."""
    return frozenset(w for n in vocabulary("names")["nationalities"]["words"] for w in n.split())


@functools.cache
def _set(name: str) -> frozenset[str]:
    """A list of `data/names.toml` about organisations."""
    return frozenset(vocabulary("names")["organisations"][name])


@functools.lru_cache(maxsize=16384)
def _is_country(text: str) -> bool:
    return len(text) < 60 and any(p.kind == "country" for p in find_places(text))


_OWNER = re.compile(r"(?P<owner>[^’'`´]+)(?:[’'`´]s|(?<=s)[’'`´])\s+(?:own\s+)?(?P<part>\S.*)", re.DOTALL)
_PROGRAMME = re.compile(r"(?P<part>.{3,60}?)\s+of\s+(?P<owner>\S.{2,60})", re.DOTALL)


@functools.cache
def _apart() -> re.Pattern[str]:
    names = "|".join(re.escape(n).replace(r"\ ", r"\s+") for n in sorted(_set("apart")))
    return re.compile(rf"(?P<part>(?:the\s+)?(?:{names}))\s+of\s+(?:the\s+)?(?P<owner>\S[^,;]{{2,60}})", re.IGNORECASE)


def _owner_and_part(mention: Mention, places: frozenset[str]) -> Iterator[Mention]:
    """A body that another one owns is two ("Council of Europe’s Committee …"); one with its country before it is one.

    What an organisation owns that is no body itself (a programme, a director) is left out.
    """
    found = _OWNER.match(mention.text)
    if found is None or found.end() != len(mention.text):
        found = _PROGRAMME.fullmatch(mention.text) if len(mention.text) < 130 else None
        owner = " ".join(words_of(found["owner"])).removeprefix("the ") if found else ""
        apart = _apart().fullmatch(mention.text)
        if apart is not None:
            yield Mention(apart["part"], mention.start, mention.start + apart.end("part"))
            yield Mention(apart["owner"], mention.start + apart.start("owner"), mention.end)
        elif (
            found is not None
            and owner in _set("mothers")
            and words_of(found["part"])[-1:]
            and words_of(found["part"])[-1] in _set("no_bodies")
        ):
            yield Mention(found["owner"], mention.start + found.start("owner"), mention.end)
        else:
            yield mention
        return
    owner, part = found["owner"], found["part"]
    words = words_of(owner)
    owned = Mention(part, mention.start + found.start("part"), mention.end)
    owning = Mention(owner, mention.start, mention.start + len(owner))
    if owner.islower():  # "parliament’s Committee on Culture and Media"
        yield owned
    elif " ".join(words).removeprefix("the ") in _set("mothers") or {*words[:1], *words[-1:]} & _set("bodies"):
        yield owning
        # A region is none: "Amnesty International’s Americas".
        is_body = words_of(part) and not set(words_of(part)) & _set("no_bodies") and part[0].isupper()
        if is_body and not (len(part) < 60 and find_places(part)):
            yield owned
    elif (
        part.islower()
        and len(part.split()) == 1
        and mention.text[len(owner) + 1 : len(owner) + 2] in ("s", "S")
        and not _is_place(words, places)
        and not _is_country(owner)
        and words[-1] not in _set("plurals")
    ):
        yield owning  # "Carrefour’s board"
    else:
        yield mention


_AND = re.compile(r"\s+(?:and|&)\s+(?:the\s+)?")


def _two_bodies(mention: Mention, alone: frozenset[str]) -> Iterator[Mention]:
    """The two bodies that "Statewatch and Human Rights Watch" names; else the mention itself ("Immigration and Naturalisation Service")."""
    for found in list(_AND.finditer(mention.text))[:5]:
        left, right = mention.text[: found.start()], mention.text[found.end() :]
        if left and right and left[0].isupper() and right[0].isupper() and _are_two(left, right, alone):
            yield Mention(left, mention.start, mention.start + len(left))
            yield from _two_bodies(Mention(right, mention.start + found.end(), mention.end), alone)
            return
    yield mention


def _are_two(left: str, right: str, alone: frozenset[str]) -> bool:
    a, b = words_of(left), words_of(right)
    if not a or not b or any(name in " ".join((*a, "and", *b)) for name in _set("inseparable")):
        return False
    key_a, key_b = " ".join(a).removeprefix("the "), " ".join(b)
    if (
        key_a in _set("mothers")
        or key_b in _set("mothers")
        or key_b.startswith(tuple(f"{m} " for m in _set("mothers")))
    ):
        return True
    # "Ministry of Labour and Social Welfare": what the noun stands before may go on.
    open_a = (
        len(a) > 1
        and a[0] in _set("bodies") | _set("institutions")
        and a[1] in ("of", "for", "on", "to", "in", "against")
    )
    if (key_a in alone or key_b in alone) and not open_a:
        return True
    body_b = b[0] in _set("bodies") or (not open_a and b[-1] in _set("bodies"))
    return body_b and (open_a or a[-1] in _set("bodies"))


def _is_place(words: Sequence[str], places: frozenset[str]) -> bool:
    return all(w in places for w in words)


def _is_no_body(text: str, places: frozenset[str]) -> bool:
    """Whether a mention is a word that is never a body's name, or only a place or a nationality."""
    words = words_of(text)
    key = " ".join(words)
    if not any(c.isalpha() for c in key) or key in _set("never") or (text.islower() and len(words) == 1):
        return True
    if words[0] == "anti" and " ".join(words[1:]) in _set("never"):
        return True
    if words[0] == "government" or words[-1] in ("government", "authorities"):
        return True
    office = next(
        (o for o in vocabulary("names")["organisations"]["offices"] if key == o or key.startswith(f"{o} ")), None
    )
    # "King Khalid University" and "Prosecutor General’s Office" are bodies, "President of the Foundation" is none.
    if office is not None and (words[-1] not in _set("institutions") or key.startswith(f"{office} of ")):
        return True
    if key in _set("mothers"):
        return False
    if words[-1] in _set("no_endings") and words[0] not in ("un", "united", "world", "european"):
        return True
    return _is_place(words, places) or _is_country(text)


# ---- what two names name ------------------------------------------------------------------------


@functools.lru_cache(maxsize=16384)
def _words(text: str) -> tuple[str, ...]:
    """A body's words for comparison: one spelling, "and" for "&", Amnesty in full, no brackets and no article."""
    spellings = vocabulary("names")["spellings"]
    words = [spellings.get(w, w) for w in words_of(re.sub(r"[()\[\]]", " ", text).replace("&", " and "))]
    if words[:1] == ["amnesty"] and words[1:2] != ["international"]:
        words.insert(1, "international")
    return tuple(words[1:] if words[:1] == ["the"] and len(words) > 1 else words)


@functools.lru_cache(maxsize=16384)
def _core(words: tuple[str, ...], places: frozenset[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A name's words without the place at its beginning or end, and that place's words ("high court", "kenya")."""

    def is_place(part: Sequence[str]) -> bool:
        return bool(part) and (
            all(w.removesuffix("s") in places or w in places or w in _set("owners") for w in part)
            or _is_country(" ".join(part).title())
            or _is_country(" ".join(part).removesuffix("s").title())
        )

    for n in range(min(4, len(words) - 1), 0, -1):
        if is_place(words[:n]):
            return words[n:], words[:n]
    for n in range(min(4, len(words) - 2), 0, -1):
        rest = words[:-n]
        while len(rest) > 1 and rest[-1] in ("of", "in", "the", "for"):
            rest = rest[:-1]
        if is_place(words[-n:]):
            return rest, words[-n:]
    return words, ()


def _one_place(a: Sequence[str], b: Sequence[str]) -> bool:
    """Whether the places of two names may be one: the same, or a country and its adjective ("israels", "israeli")."""
    x, y = "".join(a).removesuffix("s"), "".join(b).removesuffix("s")
    adjectives = _adjectives()
    return x == y or (x[:5] == y[:5] and ({*a} <= adjectives) != ({*b} <= adjectives))


def same_body(full: str, form: str, *, places: frozenset[str] = frozenset()) -> bool:
    """Whether `form` is another form of the body `full`, which has at least as many words."""
    a, b = _words(full), _words(form)
    if not fold(full) or not fold(form):
        return False
    if fold(full) == fold(form):
        return True
    if not a or not b:
        return False
    if a == b or is_acronym_of(form, full):
        return True
    key_a, key_b = " ".join(a), " ".join(b)
    if key_b in _set("mothers") or any(
        key_a.startswith(f"{m} ") and key_b.startswith(f"{m} ") for m in _set("mothers") - _set("owners")
    ):
        return False
    (core_a, place_a), (core_b, place_b) = _core(a, places), _core(b, places)
    if core_a == core_b and (len(core_a) > 1 or core_a[0] in _set("bodies")):
        # "South Korean Supreme Court", "Supreme Court of South Korea", "Supreme Court".
        return not place_a or not place_b or _one_place(place_a, place_b)
    if place_a and place_b and not _one_place(place_a, place_b):
        return False
    if len(a) == len(b) > 1 and sum(x == y for x, y in zip(a, b, strict=True)) == len(a) - 1:
        # Another spelling of one word, but never of a place's.
        return (
            core_a != core_b
            and all(similar(x, y) for x, y in zip(a, b, strict=True))
            and not any(w in places for w in {*a} ^ {*b})
        )
    if len(a) > len(b) and a[-len(b) :] == b:
        before = a[: -len(b)]
        if all(w in places or w in _set("prefixes") for w in before):
            return True
        # "Temuco Public Prosecutor’s Office": before a court's or an office's bare name stands a place, known or not.
        return (
            len(b) > 1
            and len(before) <= 2
            and all(w in _set("of_the_state") for w in b)
            and not {*before} & _set("kinds")
        )
    if len(a) > len(b) and a[: len(b)] == b:
        return _is_short_form(a, b, form, places)
    # "ECOWAS Court" for "… (ECOWAS) Community Court of Justice": an acronym inside, then words in order.
    if len(b) >= 2 and b[0] in a and any(c.isupper() for c in form[1:3]):
        rest = iter(a)
        return all(any(x == y for x in rest) for y in b)
    return False


def _is_short_form(a: Sequence[str], b: Sequence[str], form: str, places: frozenset[str]) -> bool:
    """Whether a name that begins another one stands for it: "Carrefour" of "Carrefour Group", "African Court of …"."""
    behind = a[len(b) :]
    generic = _set("generic")
    if len(b) == 1:
        # An acronym's or a company's court, council or board is another body; so is the section of a country.
        if {*behind} & _set("organs") or all(
            w in places or w in ("of", "in", "the") or _is_country(w.title()) for w in behind
        ):
            return False
        return (
            b[0] not in places | generic | _set("prefixes") | _set("of_the_state") | _set("plurals")
            and form[0].isupper()
        )
    if all(w in generic for w in behind) and not all(w in generic for w in b):
        return True
    return behind[0] in ("of", "for", "on", "against", "in", "to")
