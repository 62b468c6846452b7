"""Names: one key for each form, what makes two forms one name, and how mentions become one entry."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from winsextract.records import Mention, Name

_APOSTROPHES = re.compile(r"[’'`´ʼʻ‘\"“”„«».,*_]")
_SPACE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
# Letters that no decomposition turns into their ASCII neighbours.
_FOLD = str.maketrans({"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d", "ə": "e"})
_EDGE = " \t\r\n\u00a0\u200b\u200e\u200f\u2060\ufeff*_#|,;:–—-/\\\"“”„«»[]"
_POSSESSIVE = re.compile(r"(?:[’'`´]s|(?<=s)[’'`´])$", re.IGNORECASE)


@functools.lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case without accents, apostrophes, full stops and markup; hyphens and runs of white space are one space."""
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold().translate(_FOLD)
    text = _APOSTROPHES.sub("", text.replace("-", " ").replace("‐", " ").replace("‑", " "))
    return _SPACE.sub(" ", text).strip()


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a name."""
    return tuple(fold(text).split())


def trim(mention: Mention, *, leading: Sequence[re.Pattern[str]] = ()) -> Mention | None:
    """The mention without a possessive, without punctuation and white space at its edges, and without `leading` words.

    None where nothing is left.
    """
    text, start = mention.text, mention.start
    while True:
        before = text
        stripped = text.lstrip(_EDGE + "’'‘`")
        start += len(text) - len(stripped)
        text = _POSSESSIVE.sub("", stripped.rstrip(_EDGE + "‘"))
        text = _balanced(text)
        for pattern in leading:
            if (found := pattern.match(text)) is not None and found.end() < len(text):
                start += found.end()
                text = text[found.end() :]
        if text == before:
            break
    if not any(c.isalnum() for c in text):
        return None
    return Mention(text, start, start + len(text))


def _balanced(text: str) -> str:
    """Without a closing bracket that was never opened, or an opened one at the end."""
    if text.endswith(")") and "(" not in text:
        return text[:-1]
    if "(" in text and ")" not in text:
        return text[: text.index("(")]
    return text


def initials(words: Iterable[str]) -> str:
    """First letters, those of small words left out: ("World", "Health", "Organization") → "who"."""
    return "".join(w[0] for w in words if w not in _SMALL)


_SMALL = frozenset(["of", "the", "and", "for", "on", "in", "to", "de", "la", "le", "les", "des", "du", "del", "da", "do", "dos", "das", "y", "e", "et", "der", "die", "und", "van", "von", "a", "an", "against", "with"])


def all_initials(words: Iterable[str]) -> str:
    """First letters of every word."""
    return "".join(w[0] for w in words)


def is_acronym_of(short: str, full: str) -> bool:
    """Whether a short form in capitals is made of a longer name's letters.

    Its letters are the initials of the name's words in order; small words may be left out,
    and up to a third of the letters may come from inside words ("UNRWA" has one small word's,
    "FONAREV" takes syllables, which the caller learns from the brackets instead).
    """
    letters = re.sub(r"[^a-z0-9]", "", fold(short))
    words = words_of(full)
    if not 2 <= len(letters) <= 10 or len(words) < 2 or not any(c.isupper() for c in short[1:]):
        return False
    if letters in (initials(words), all_initials(words)):
        return True
    # A country before the body's own name is often left out ("South African Human Rights Commission", HRC).
    return any(len(words) - skip >= 2 and letters in (initials(words[skip:]), all_initials(words[skip:])) for skip in (1, 2))


def contains(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    """Whether the words of one name stand together in another's."""
    n = len(shorter)
    return 0 < n <= len(longer) and any(tuple(longer[i : i + n]) == tuple(shorter) for i in range(len(longer) - n + 1))


def similar(a: str, b: str) -> bool:
    """Whether two folded words are spellings of one name: one edit in five letters, two in eight.

    The first letter counts, so that "Hassan" and "Hussan" meet and "Hassan" and "Bassan" do not.
    """
    if a == b:
        return True
    shorter = min(len(a), len(b))
    if shorter < 5 or a[0] != b[0] or abs(len(a) - len(b)) > 2:
        return False
    return edit_distance(a, b) <= (1 if shorter < 8 else 2)


def edit_distance(a: str, b: str) -> int:
    """Levenshtein distance."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (x != y))
    return row[-1]


def forms(mentions: Sequence[Mention]) -> tuple[str, tuple[str, ...]]:
    """The fullest form among mentions and the others that differ from it, in order of appearance.

    Of forms that differ only in white space, the one without a line break stands for all.
    """
    by_key: dict[str, str] = {}
    for mention in sorted(mentions, key=lambda m: m.start):
        key = _SPACE.sub(" ", mention.text)
        kept = by_key.get(key)
        if kept is None or (_is_broken(kept) and not _is_broken(mention.text)):
            by_key[key] = mention.text
    name_key = max(by_key, key=lambda k: (len(words_of(k)), len(k) if len(words_of(k)) > 1 else 0))
    name = by_key[name_key]
    others = []
    seen = {fold(name)}
    for key, text in by_key.items():
        if key != name_key and (fold(text) not in seen or text.casefold() != name.casefold()):
            if fold(text) not in seen:
                others.append(text)
            seen.add(fold(text))
    return name, tuple(others)


def _is_broken(text: str) -> bool:
    return any(c in text for c in "\n\r\u00a0\u2028")


@dataclass(frozen=True, slots=True)
class Found:
    """A mention of a body or a law as the tagger saw it."""

    mention: Mention
    confidence: float


def again(text: str, found: Sequence[Found], *, taken: Sequence[tuple[int, int]] = ()) -> list[Found]:
    """Names found once, wherever else they stand word for word in the text."""
    more: list[Found] = []
    used = [*taken, *((f.mention.start, f.mention.end) for f in found)]
    names: dict[str, Found] = {}
    for f in found:
        names.setdefault(f.mention.text, f)
    for name, f in sorted(names.items(), key=lambda item: -len(item[0])):
        if len(name) < 3 or f.confidence < 0.6 or not name[0].isupper():
            continue
        for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", text):
            if any(s < match.end() and match.start() < e for s, e in used):
                continue
            if text[match.end() : match.end() + 7].lstrip()[:1].isupper() and len(name.split()) == 1:
                continue  # the beginning of a longer name
            more.append(Found(Mention(name, *match.span()), f.confidence))
            used.append(match.span())
    return more


def merge(found: Sequence[Found], same: Callable[[str, str], bool], *, text: str) -> list[list[Found]]:
    """Groups of mentions of one body each, longest names first."""
    order = sorted(range(len(found)), key=lambda i: (-len(words_of(found[i].mention.text)), found[i].mention.start))
    brackets = _bracketed(text, found)
    groups: list[list[Found]] = []
    place: dict[int, list[Found]] = {}
    for i in order:
        f = found[i]
        group = None
        if i in brackets and brackets[i] in place:
            group = place[brackets[i]]
        if group is None:
            group = next((g for g in groups if any(same(other.mention.text, f.mention.text) for other in g)), None)
        if group is None:
            group = []
            groups.append(group)
        group.append(f)
        place[i] = group
    return groups


def _bracketed(text: str, found: Sequence[Found]) -> dict[int, int]:
    """Mentions that stand in brackets right behind another: its acronym, or its name in another language."""
    tied: dict[int, int] = {}
    for i in range(len(found) - 1):
        a, b = found[i].mention, found[i + 1].mention
        between = text[a.end : b.start].strip("’'s \t\n\u00a0“\"*_")
        if between in ("(", "[", "（", "(the", "(or") and text[b.end : b.end + 3].lstrip("”\"*_")[:1] in (")", "]", "）", ",", ";"):
            if len(words_of(b.text)) <= len(words_of(a.text)):
                tied[i + 1] = i
            else:
                tied[i] = i + 1
    return tied


def entries(groups: Sequence[Sequence[Found]]) -> tuple[Name, ...]:
    """A record for each group, in order of first mention."""
    result = []
    for group in groups:
        mentions = tuple(sorted((f.mention for f in group), key=lambda m: m.start))
        name, aliases = forms(mentions)
        result.append(Name(name, aliases, max(f.confidence for f in group), mentions))
    return tuple(sorted(result, key=lambda n: n.mentions[0].start))
