"""Names: one key for each form, what makes two forms one name, and how mentions become one entry."""

from __future__ import annotations

import functools
import importlib.resources
import itertools
import re
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from winsextract.records import Mention, Name

_APOSTROPHES = re.compile(r"[’'`´ʼʻ‘\"“”„«».,*_]")
_HYPHENS = re.compile(r"[-‐‑‒–—]")
_SPACE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff]+")
# Letters that no decomposition turns into their ASCII neighbours.
_FOLD = str.maketrans(
    {"ı": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ß": "ss", "þ": "th", "ð": "d", "ə": "e"}
)
_EDGE = ' \t\r\n\u00a0\u200b\u200e\u200f\u2060\ufeff*_#|,;:–—-/\\"“”„«»[]'
_POSSESSIVE = re.compile(r"(?:[’'`´]s|(?<=s)[’'`´])$", re.IGNORECASE)
# A word of more letters is no name, and is only compared letter by letter.
MAX_WORD = 40
# A word that more people or bodies of one win share does not tell which of them is meant.
COMMON = 50
# A name of more words, hyphens and spaces is not looked for again.
MAX_TOKENS = 40


@functools.cache
def vocabulary(name: str) -> dict[str, Any]:
    """A vocabulary of `winsextract.data`."""
    return tomllib.loads(
        importlib.resources.files("winsextract.data").joinpath(f"{name}.toml").read_text(encoding="utf-8")
    )


@functools.lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """Lower case without accents, apostrophes, full stops and markup; hyphens and runs of white space are one space."""
    text = unicodedata.normalize("NFKD", text)
    text = "".join(c for c in text if not unicodedata.combining(c)).casefold().translate(_FOLD)
    text = _APOSTROPHES.sub("", _HYPHENS.sub(" ", text))
    return _SPACE.sub(" ", text).strip()


def one_line(name: str) -> str:
    """A name as it is read, where a hard-wrapped report has a line's end in it; its mentions stay as they stand there."""
    return " ".join(name.split())


@functools.lru_cache(maxsize=65536)
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
        text = _POSSESSIVE.sub("", text.rstrip(_EDGE + "‘"))
        stripped = text.lstrip(_EDGE + "’'‘`")
        start += len(text) - len(stripped)
        text = _balanced(stripped.rstrip(_EDGE + "‘"))
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
    """Without closing brackets at the end that were never opened, and from an opened one that is never closed on."""
    while text.endswith(")") and "(" not in text:
        text = text[:-1]
    if "(" in text and ")" not in text:
        return text[: text.index("(")]
    return text


def initials(words: Iterable[str]) -> str:
    """First letters, those of small words left out: ("World", "Health", "Organization") → "who"."""
    return "".join(w[0] for w in words if w not in _SMALL)


_SMALL = frozenset(
    [
        "of",
        "the",
        "and",
        "for",
        "on",
        "in",
        "to",
        "de",
        "la",
        "le",
        "les",
        "des",
        "du",
        "del",
        "da",
        "do",
        "dos",
        "das",
        "y",
        "e",
        "et",
        "der",
        "die",
        "und",
        "van",
        "von",
        "a",
        "an",
        "against",
        "with",
    ]
)
_BRACKETS = re.compile(r"[()\[\]&/]")


@functools.lru_cache(maxsize=65536)
def letters_of(full: str) -> frozenset[str]:
    """What an acronym of a name may be: the initials of its words with and without small ones.

    One or two words before the body's own name may be left out ("South African Human Rights
    Commission", HRC; "Office of the UN High Commissioner for Refugees", UNHCR); an acronym among
    the words stands with all its letters. Acronyms that follow no rule are in `names.toml`.
    """
    printed = _BRACKETS.sub(" ", full.replace("-", " ")).split()[:MAX_TOKENS]
    words = [w for part in printed for w in words_of(part)]
    whole = {fold(w) for w in printed if len(w) < 6 and sum(c.isupper() for c in w) > 1}
    variants = set()
    for skip in range(4):
        kept = words[skip:]
        if len(kept) < 2:
            break
        for small in (True, False):
            chosen = [w for w in kept if small or w not in _SMALL]
            variants.add("".join(w[0] for w in chosen))
            variants.add("".join(w if w in whole else w[0] for w in chosen))
    name = " ".join(words)
    variants.update(short for short, long in vocabulary("names")["acronyms"].items() if long in name)
    return frozenset(v for v in variants if len(v) > 1)


# A name with its acronym in brackets behind it.
_WITH_ACRONYM = re.compile(r"(?P<name>\S[^()]*?)\s*\((?P<short>[A-Z][\w/&-]{1,11})\)")


def name_and_acronym(mention: Mention) -> Iterator[Mention]:
    """The two mentions of "International Criminal Police Organization (INTERPOL)"."""
    found = _WITH_ACRONYM.match(mention.text)
    if found is None or found.end() != len(mention.text) or sum(c.isupper() for c in found["short"]) < 2:
        yield mention
        return
    yield Mention(found["name"], mention.start, mention.start + found.end("name"))
    yield Mention(found["short"], mention.start + found.start("short"), mention.start + found.end("short"))


def acronym_letters(short: str) -> tuple[str, ...]:
    """The letters that an acronym stands for, all of them and only its capitals ("ECtHR"); none where it is no acronym."""
    bare = "".join(c for c in short if c.isalnum())
    if not 2 <= len(bare) <= 10 or not any(c.isupper() for c in bare[1:]) or len(short.split()) > 1:
        return ()
    capitals = "".join(c for c in bare if not c.islower())
    return tuple(dict.fromkeys(fold(letters) for letters in (bare, capitals) if len(letters) > 1))


def is_acronym_of(short: str, full: str) -> bool:
    """Whether a short form in capitals is made of the first letters of a longer name's words."""
    return any(letters in letters_of(full) for letters in acronym_letters(short))


def contains(longer: Sequence[str], shorter: Sequence[str]) -> bool:
    """Whether the words of one name stand together in another's."""
    n = len(shorter)
    return 0 < n <= len(longer) and any(tuple(longer[i : i + n]) == tuple(shorter) for i in range(len(longer) - n + 1))


@functools.lru_cache(maxsize=65536)
def similar(a: str, b: str) -> bool:
    """Whether two folded words are spellings of one name: one edit in five letters, two in eight.

    The first letter counts, so that "Hassan" and "Hussan" meet and "Hassan" and "Bassan" do not;
    and so does an ending that tells a woman's name from a man's ("Karim", "Karima"; "Mario", "Maria").
    """
    if a == b:
        return True
    shorter = min(len(a), len(b))
    if not 5 <= shorter <= MAX_WORD or a[0] != b[0] or abs(len(a) - len(b)) > 2:
        return False
    short, long = sorted((a, b), key=len)
    if long[:-1] == short and long[-1] in "ae":
        return False
    if a[:-1] == b[:-1] and {a[-1], b[-1]} == {"o", "a"}:
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


def forms(mentions: Sequence[Mention], *, by_names: frozenset[str] = frozenset()) -> tuple[str, tuple[str, ...]]:
    """The fullest form among mentions and the others that differ from it, in order of appearance.

    The name is the form in Latin script with the most words; of as many words, one that is no
    nickname (`by_names`, folded), not in capitals, without a line break, and then the longest.
    Forms that differ only in what `fold` takes off are one.
    """
    by_key: dict[str, list[str]] = {}
    for mention in sorted(mentions, key=lambda m: m.start):
        by_key.setdefault(fold(mention.text), []).append(mention.text)

    def fullness(text: str) -> tuple[object, ...]:
        words = len(words_of(text))
        plain = len(text) if words > 1 else 0
        accents = sum(not c.isascii() for c in text)
        return (
            script(text) == "LATIN",
            words,
            fold(text) not in by_names,
            not _is_capitals(text),
            not _is_broken(text),
            plain,
            accents,
        )

    best = {key: max(texts, key=fullness) for key, texts in by_key.items()}
    name = max(best.values(), key=fullness)
    return name, tuple(text for key, text in best.items() if key != fold(name))


def script(text: str) -> str:
    """The script of a text's first letter, as Unicode names it: LATIN, CYRILLIC, CJK …"""
    letter = next((c for c in text if c.isalpha()), "a")
    return unicodedata.name(letter, "LATIN").split()[0]


def _is_capitals(text: str) -> bool:
    """Whether a name of several words is printed in capitals."""
    return text.isupper() and len(text.split()) > 1


def _is_broken(text: str) -> bool:
    return any(c in text for c in "\n\r\u00a0\u2011\u2028")


@dataclass(frozen=True, slots=True)
class Found:
    """A mention of a body or a law as the tagger saw it."""

    mention: Mention
    confidence: float


class Taken:
    """Stretches of a text that are taken."""

    def __init__(self, length: int, spans: Iterable[tuple[int, int]] = ()) -> None:
        self._mask = bytearray(length)
        for start, end in spans:
            self.add(start, end)

    def add(self, start: int, end: int) -> None:
        self._mask[start:end] = b"\x01" * (end - start)

    def __contains__(self, span: tuple[int, int]) -> bool:
        return 1 in self._mask[span[0] : span[1]]


_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


def _tokens(text: str) -> tuple[list[str], list[int]]:
    """Words, marks and white space, with where they begin; white space within a paragraph is one space."""
    texts, starts = [], []
    for match in _TOKEN.finditer(text):
        token = match.group()
        texts.append(" " if token.isspace() and token.count("\n") < 2 else token)
        starts.append(match.start())
    return texts, [*starts, len(text)]


def elsewhere(text: str, names: Iterable[str], taken: Taken) -> Iterator[tuple[str, int, int]]:
    """Where else names stand word for word in a text, the longest name first; white space may differ.

    What is found is taken.
    """
    wanted: dict[tuple[str, ...], str] = {}
    for name in names:
        key = tuple(_tokens(name)[0])
        if 0 < len(key) <= MAX_TOKENS:
            wanted.setdefault(key, name)
    if not wanted:
        return
    lengths: dict[str, set[int]] = defaultdict(set)
    for key in wanted:
        lengths[key[0]].add(len(key))
    texts, starts = _tokens(text)
    hits = sorted(
        (-n, starts[i], starts[i + n], wanted[key])
        for i, token in enumerate(texts)
        for n in lengths.get(token, ())
        if i + n <= len(texts) and (key := tuple(texts[i : i + n])) in wanted
    )
    for _, start, end, name in hits:
        if (start, end) not in taken:
            taken.add(start, end)
            yield name, start, end


# What stands behind a name is the beginning of a longer one.
_GOES_ON = re.compile(r"[ \u00a0\n]{0,3}[A-Z]")


def again(text: str, found: Sequence[Found], *, taken: Sequence[tuple[int, int]] = ()) -> list[Found]:
    """Names found once, wherever else they stand word for word in the text."""
    names: dict[str, Found] = {}
    for f in found:
        if len(f.mention.text) >= 3 and f.confidence >= 0.6 and f.mention.text[0].isupper():
            names.setdefault(f.mention.text, f)
    used = Taken(len(text), [*taken, *((f.mention.start, f.mention.end) for f in found)])
    return [
        Found(Mention(text[start:end], start, end), names[name].confidence)
        for name, start, end in elsewhere(text, names, used)
        if len(name.split()) > 1 or not _GOES_ON.match(text, end)
    ]


class HasMention(Protocol):
    @property
    def mention(self) -> Mention: ...


def merge(found: Sequence[Found], same: Callable[[str, str], bool], *, text: str) -> list[list[Found]]:
    """Groups of mentions of one body each, longest names first.

    `same(full, form)` is asked of names that share a word or that an acronym may stand for.
    """
    order = sorted(range(len(found)), key=lambda i: (-len(words_of(found[i].mention.text)), found[i].mention.start))
    tied = ties(text, found)
    groups: list[list[Found]] = []
    names: list[list[str]] = []
    exact: dict[str, int] = {}
    by_word: dict[str, list[int]] = defaultdict(list)
    by_letters: dict[str, list[int]] = defaultdict(list)
    place: dict[int, int] = {}
    for i in order:
        name = found[i].mention.text
        key = fold(name)
        group = exact.get(key)
        if group is None and i in tied and tied[i] in place:
            group = place[tied[i]]
        if group is None:
            near = {g for w in words_of(name) if len(by_word.get(w, ())) <= COMMON for g in by_word.get(w, ())}
            near |= {g for letters in _asked(name) for g in by_letters.get(letters, ())[:COMMON]}
            group = next((g for g in sorted(near) if any(same(other, name) for other in names[g])), None)
        if group is None:
            group = len(groups)
            groups.append([])
            names.append([])
        groups[group].append(found[i])
        place[i] = group
        if key not in exact:
            exact[key] = group
            names[group].append(name)
            for index, keys in ((by_word, words_of(name)), (by_letters, letters_of(name))):
                for k in keys:
                    if group not in index[k][-3:]:
                        index[k].append(group)
    return groups


def _asked(name: str) -> Iterator[str]:
    """Letters under which a name may be known as another's acronym, its first word's too ("ITE Law")."""
    words = name.split()
    for short in dict.fromkeys([name, *words[:1]]):
        yield from acronym_letters(short)


_OPENS = re.compile(
    r"(?:[’'`´]s?)?[\s,*_]*(?:[(\[（]|,?\s*(?:or|alias)\b)\s*(?:(?:the|or|in short|hereafter|formerly|now)\s+)?[\s“\"‘'*_«]*"
)
_CLOSES = re.compile(r"[”\"’'»*_\s]*[)\]）,;]")


@functools.cache
def _known_as() -> re.Pattern[str]:
    phrases = "|".join(re.escape(w) for w in sorted(vocabulary("names")["people"]["known_as"], key=len, reverse=True))
    return re.compile(
        r"(?:,\s+(?:a|an|the|his|her|their)\s+(?:[\w-]+\s+){1,3})?"
        rf"[\s,;:(“\"‘'«–—*_-]*(?:(?:is|was|are|now|also|better|best|formerly|popularly|widely|simply)\s+){{0,2}}(?:{phrases})[\s:]*(?:the\s+)?[“\"‘'«*_]*",
        re.IGNORECASE,
    )


def known_as(between: str) -> bool:
    """Whether the text between two names says that they are one's: "X, better known as Y"."""
    return len(between) <= 60 and _known_as().fullmatch(between) is not None


def ties(text: str, found: Sequence[HasMention]) -> Mapping[int, int]:
    """Mentions that the text ties to the one before, the shorter to the longer: its acronym, or its name in another language."""
    tied: dict[int, int] = {}
    order = sorted(range(len(found)), key=lambda i: found[i].mention.start)
    for i, j in itertools.pairwise(order):
        a, b = found[i].mention, found[j].mention
        between = text[a.end : b.start]
        if len(between) > 60 or not between.strip():
            continue
        opened = _OPENS.fullmatch(between) is not None and _CLOSES.match(text, b.end) is not None
        if opened and not re.search(r"[(\[（]", between) and not acronym_letters(b.text):
            opened = False  # "the Senate, or Congress," names two
        if opened or known_as(between):
            if len(words_of(b.text)) <= len(words_of(a.text)):
                tied[j] = i
            else:
                tied[i] = j
    return tied


@functools.cache
def _credit_before() -> re.Pattern[str]:
    words = "|".join(re.escape(w) for w in vocabulary("names")["credits"]["before"])
    return re.compile(
        rf"(?:(?P<sign>©|\(c\))|\b(?:{words})s?(?P<by>\s+by\b|\s*:|\s*,?\s*©))\s*(?:[\w.& -]{{1,30}}/\s?)?$",
        re.IGNORECASE,
    )


_CREDIT_BEHIND = re.compile(r"[*_”\"]*(?:\s*[)\]/|.]|\s*$|\s*\n)")


def in_credit(text: str, start: int, end: int) -> bool:
    """Whether a name stands where an image credit names who took the picture or who owns it."""
    line = text.rfind("\n", max(0, start - 60), start) + 1
    before = _credit_before().search(text[max(line, start - 60) : start])
    if before is None:
        return False
    # "Photo: Ana Ruiz at home" names who is on it.
    return (
        before["sign"] is not None
        or (before["by"] or ":").strip() != ":"
        or _CREDIT_BEHIND.match(text, end) is not None
    )


def entries(groups: Sequence[Sequence[Found]]) -> tuple[Name, ...]:
    """A record for each group, in order of first mention."""
    result = []
    for group in groups:
        mentions = tuple(sorted({f.mention for f in group}, key=lambda m: (m.start, m.end)))
        name, aliases = forms(mentions)
        result.append(Name(name, aliases, max(f.confidence for f in group), mentions))
    return tuple(sorted(result, key=lambda n: n.mentions[0].start))
