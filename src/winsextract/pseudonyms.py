"""Pseudonyms for people: a report's record in which no name of a person that was found is left.

A person becomes `Person 3F9A2C1B`, made from the name by HMAC-SHA256 under a secret key: the same
person has the same pseudonym in every report that is run with that key, and without the key
nobody can test a name. The report's text is rewritten first and every offset moved with it, so a
mention is still exactly what stands at its place.

Replaced are, in the whole report: every mention of a person; every other place where one of the
names' forms stands, in whatever case and with or without accents; every single word of a name with
four letters or more; and whole web addresses, handles and hashtags with such a word inside. Left
alone are words that the report writes small more often than not, where it writes them small ("hope";
"Hope" is replaced), months, weekdays, and the names of countries and regions the wins are filed under.

It is no anonymisation. A name that was not found is not replaced (photographers in credits among
them), and what happened where and when may tell who it was. `sha256` still says which file was read.
"""

from __future__ import annotations

import bisect
import calendar
import hashlib
import hmac
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from winsextract.errors import WinsextractError
from winsextract.names import contains, fold, one_line, words_of

Record = dict[str, Any]

KEY_VARIABLE = "WINSEXTRACT_KEY"
# Shorter keys can be guessed, and with the key every name can be tested.
SHORTEST_KEY = 16
# 32 bits: among 10,000 people, one chance in a hundred that any two share a pseudonym.
DIGITS = 8
# Shorter words of names ("Ali", "de") are words of other names and languages; they are replaced in whole forms only.
LETTERS = 4
CALENDAR = frozenset(fold(name) for name in (*calendar.month_name, *calendar.day_name) if name)

_WORD = re.compile(r"[^\W_]+(?:[’'`ʼ´][^\W_]+)*")
_ADDRESS = re.compile(r"(?:https?://|www\.|[#@])\S+|\S+@\S+|\S+\.(?:org|com|net)\b\S*", re.IGNORECASE)
_POSSESSIVE = re.compile(r"[’'`ʼ´]s?$", re.IGNORECASE)
# What stands between the words of one name on a line.
_BETWEEN = re.compile(r"[^\S\r\n]*[-‐‑]?[^\S\r\n]*")


class PseudonymsError(WinsextractError):
    """There is no key for pseudonyms, or none that can be used."""


def read_key(file: str | os.PathLike[str] | None = None) -> bytes:
    """The secret key, from a file or else from the environment variable WINSEXTRACT_KEY; white space round it does not count.

    Raises PseudonymsError where there is none, or it is too short.
    """
    if file is None:
        key, where = os.environ.get(KEY_VARIABLE, "").strip().encode(), KEY_VARIABLE
    else:
        where = str(file)
        try:
            key = Path(file).read_bytes().strip()
        except OSError as error:
            raise PseudonymsError(f"{file} cannot be read: {error.strerror or error}.") from error
    advice = "`openssl rand -hex 32` makes one; keep it secret, and keep it, since the same people get the same pseudonyms under it only"
    if not key:
        raise PseudonymsError(f"Pseudonyms need a key, in {KEY_VARIABLE} or the file of --pseudonym-key: {advice}.")
    if len(key) < SHORTEST_KEY:
        raise PseudonymsError(
            f"The key in {where} has {len(key)} characters, {SHORTEST_KEY} at least are needed: {advice}."
        )
    return key


def key_mark(key: bytes) -> str:
    """What tells two keys apart without telling them: kept in the settings of a run."""
    return hmac.new(key, b"winsextract", hashlib.sha256).hexdigest()[:DIGITS]


def pseudonym(name: str, key: bytes) -> str:
    """The pseudonym of a person of this name; case, accents and punctuation do not count."""
    digest = hmac.new(key, fold(name).encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return f"Person {digest[:DIGITS].upper()}"


def pseudonymise(record: Record, text: str, key: bytes) -> Record:
    """A nested record of the report with this text, without the names of the people found in it.

    Its offsets count in the rewritten text, which `text_sha256` identifies.
    """
    names = _Names.of(record, text, key)
    moved = _Moved(text, names.replacements(text, mentions=_mentions(record)))
    report = record["report"]
    report_id = names.slug(report["report_id"])
    settings = {
        k: names.in_text(v, strict=True) if isinstance(v, str) and k == "report_id" else v
        for k, v in report["settings"].items()
    }
    return {
        **record,
        "report": {
            **report,
            "report_id": report_id,
            "title": report["title"] and names.in_text(report["title"]),
            "source": names.in_text(report["source"], strict=True),
            "text_sha256": hashlib.sha256(moved.text.encode("utf-8", "surrogatepass")).hexdigest(),
            "settings": {**settings, "pseudonymised": key_mark(key)},
        },
        "wins": [_win(win, report_id, names, moved) for win in record["wins"]],
        "unassigned": [_at_its_place(piece, names, moved) for piece in record["unassigned"]],
    }


def _mentions(record: Record) -> list[tuple[int, int, str]]:
    """Start, end and the person's name of every mention of a person."""
    return [
        (*mention["span"], person["name"])
        for win in record["wins"]
        for person in win["people"]
        for mention in person["mentions"]
        if mention["span"]
    ]


def _win(win: Record, report_id: str, names: _Names, moved: _Moved) -> Record:
    def at(piece: Record | None) -> Record | None:
        return piece and _at_its_place(piece, names, moved)

    def named(entries: Sequence[Record]) -> list[Record]:
        """Entries under their new names; those that have become one are one."""
        found: dict[str, Record] = {}
        for entry in entries:
            mentions = [_at_its_place(m, names, moved) for m in entry["mentions"]]
            texts = {one_line(old["text"]): new["text"] for old, new in zip(entry["mentions"], mentions, strict=True)}
            name = texts.get(entry["name"]) or names.in_text(entry["name"])
            aliases = [texts.get(alias) or names.in_text(alias) for alias in entry["aliases"]]
            known = found.get(name)
            if known is not None:
                mentions = sorted([*known["mentions"], *mentions], key=lambda m: m["span"] or [0])
                aliases = [*known["aliases"], *aliases]
                entry = known
            unique = {(m["text"], *(m["span"] or ())): m for m in mentions}
            aliases = [alias for alias in dict.fromkeys(aliases) if fold(alias) != fold(name)]
            found[name] = {**entry, "name": name, "aliases": aliases, "mentions": list(unique.values())}
        return list(found.values())

    affected = win["people_affected"]
    return {
        **_at_its_place(win, names, moved),
        "win_id": f"{report_id}/{win['win_id'].rpartition('/')[2]}",
        "section": win["section"] and names.in_text(win["section"]),
        "header": win["header"] and names.in_text(win["header"]),
        "outcomes": [{**outcome, "evidence": at(outcome["evidence"])} for outcome in win["outcomes"]],
        "people": named(win["people"]),
        "organisations": named(win["organisations"]),
        "laws": named(win["laws"]),
        "dates": [_date(date, names, moved) for date in win["dates"]],
        "people_affected": affected and {**affected, "evidence": at(affected["evidence"])},
        "captions": [_at_its_place(caption, names, moved) for caption in win["captions"]],
        "quotes": [
            {**_at_its_place(quote, names, moved), "speaker": quote["speaker"] and names.in_text(quote["speaker"])}
            for quote in win["quotes"]
        ],
    }


def _date(date: Record, names: _Names, moved: _Moved) -> Record:
    mentions = [_at_its_place(m, names, moved) for m in date["mentions"]]
    texts = {old["text"]: new["text"] for old, new in zip(date["mentions"], mentions, strict=True)}
    return {**date, "text": texts.get(date["text"]) or names.in_text(date["text"]), "mentions": mentions}


def _at_its_place(piece: Record, names: _Names, moved: _Moved) -> Record:
    """A piece of text with its span, both as they are in the rewritten text."""
    if not piece["span"]:
        return {**piece, "text": names.in_text(piece["text"])}
    start, end = moved.span(*piece["span"])
    return {**piece, "text": moved.text[start:end], "span": [start, end]}


class _Moved:
    """A text in which stretches were replaced, and where its offsets have gone."""

    def __init__(self, text: str, replacements: Sequence[tuple[int, int, str]]) -> None:
        parts, at, length = [], 0, 0
        self._starts: list[int] = []
        self._old: list[tuple[int, int]] = []
        self._new: list[tuple[int, int]] = []
        for start, end, words in replacements:
            parts += [text[at:start], words]
            length += start - at
            self._starts.append(start)
            self._old.append((start, end))
            self._new.append((length, length + len(words)))
            length += len(words)
            at = end
        self.text = "".join([*parts, text[at:]])

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch is now; one that ends within what was replaced has all of it."""
        return self._moved(start, 0), self._moved(end, 1)

    def _moved(self, offset: int, side: int) -> int:
        n = bisect.bisect_right(self._starts, offset - side) - 1
        if n < 0:
            return offset
        if offset < self._old[n][1] + side:
            return self._new[n][side]
        return self._new[n][1] + offset - self._old[n][1]


@dataclass(frozen=True, slots=True)
class _Names:
    """What to replace by what: `words` single words, `forms` sequences of folded words, `exact` as they are written.

    `ordinary` are the words that stay where they are written small.
    """

    key: bytes
    people: Mapping[str, str]  # a name as in the record, to its pseudonym
    words: Mapping[str, str]
    forms: Mapping[str, Mapping[tuple[str, ...], str]]  # by their first word
    exact: Mapping[str, str]
    ordinary: frozenset[str]

    @classmethod
    def of(cls, record: Record, text: str, key: bytes) -> _Names:
        entries = [person for win in record["wins"] for person in win["people"]]
        people = {name: pseudonym(full, key) for name, full in _full_names(entries).items()}
        places = {
            word
            for win in record["wins"]
            for place in (*win["countries"], *win["regions"])
            for word in words_of(place["name"])
        }
        words: dict[str, str] = {}
        forms: dict[str, dict[tuple[str, ...], str]] = {}
        exact: dict[str, str] = {}
        for person in entries:
            new = people[person["name"]]
            for form in (person["name"], *person["aliases"], *(m["text"] for m in person["mentions"])):
                parts = tuple(fold(match[0]) for match in _WORD.finditer(form))
                for part in (*parts, *map(fold, re.findall(r"[^\W_]+", form))):
                    if len(part) >= LETTERS and part not in CALENDAR and part not in places and not part.isdigit():
                        words.setdefault(part, new)
                if len(parts) > 1:
                    forms.setdefault(parts[0], {}).setdefault(parts, new)
                elif not places & set(parts) and not CALENDAR & set(parts):
                    exact.setdefault(form, new)
        small: Counter[str] = Counter()
        for match in _WORD.finditer(_ADDRESS.sub(" ", text)):
            if (folded := fold(_POSSESSIVE.sub("", match[0]))) in words:
                small[folded] += 1 if match[0].islower() else -1
        return cls(key, people, words, forms, exact, frozenset(word for word, more in small.items() if more > 0))

    def in_text(self, text: str, *, strict: bool = False) -> str:
        """A text without the names; where `strict`, small words of names go too."""
        return _Moved(text, self.replacements(text, strict=strict)).text

    def slug(self, report_id: str) -> str:
        """A report's id without the names."""
        return self.in_text(report_id, strict=True).lower().replace(" ", "-")[:100].strip("-")

    def replacements(
        self, text: str, *, mentions: Iterable[tuple[int, int, str]] = (), strict: bool = False
    ) -> list[tuple[int, int, str]]:
        """What to replace in a text, in order, none overlapping; what belongs to one person and stands together is one."""
        found = [(start, end, self.people[name]) for start, end, name in mentions]
        found += self._in_addresses(text)
        found += self._as_written(text)
        found += self._words_and_forms(text, strict=strict)
        joined: list[tuple[int, int, str]] = []
        for start, end, new in sorted(found, key=lambda f: (f[0], -f[1])):
            if joined:
                last_start, last_end, last = joined[-1]
                if start < last_end or (new == last and _BETWEEN.fullmatch(text, last_end, start)):
                    joined[-1] = (last_start, max(last_end, end), last)
                    continue
            joined.append((start, end, new))
        return joined

    def _in_addresses(self, text: str) -> Iterator[tuple[int, int, str]]:
        for match in _ADDRESS.finditer(text):
            run = fold(match[0])
            new = next((new for word, new in self.words.items() if word in run), None)
            if new is not None:
                yield (*match.span(), new)

    def _as_written(self, text: str) -> Iterator[tuple[int, int, str]]:
        for form, new in self.exact.items():
            # Scripts that don't part words have no edges to look for.
            edge = r"(?<!\w)", r"(?!\w)"
            before, behind = edge if all(ord(c) < 0x2E80 for c in form) else ("", "")
            yield from ((*match.span(), new) for match in re.finditer(before + re.escape(form) + behind, text))

    def _words_and_forms(self, text: str, *, strict: bool) -> Iterator[tuple[int, int, str]]:
        tokens = [
            (fold(_POSSESSIVE.sub("", m[0])), m.start(), m.start() + len(_POSSESSIVE.sub("", m[0])), m[0])
            for m in _WORD.finditer(text)
        ]
        for n, (word, start, end, written) in enumerate(tokens):
            for form, new in self.forms.get(word, {}).items():
                if tuple(token[0] for token in tokens[n : n + len(form)]) == form:
                    yield start, tokens[n + len(form) - 1][2], new
            parts = (word, *map(fold, re.findall(r"[^\W_]+", written)))
            new_word = next((self.words[part] for part in parts if part in self.words), None)
            if new_word is not None and (strict or not (written.islower() and word in self.ordinary)):
                yield start, end, new_word


def _full_names(entries: Iterable[Record]) -> dict[str, str]:
    """Every name and the fullest name of that person in the report: a name inside exactly one longer one is that person's."""
    words = {person["name"]: words_of(person["name"]) for person in entries}
    full: dict[str, str] = {}
    for name in words:
        longer = [
            other for other in words if len(words[other]) > len(words[name]) and contains(words[other], words[name])
        ]
        # Longer names that are parts of one longest name are one person.
        longest = [
            other
            for other in longer
            if not any(
                contains(words[o], words[other]) and o != other and len(words[o]) > len(words[other]) for o in longer
            )
        ]
        full[name] = longest[0] if len({words[other] for other in longest}) == 1 else name
    return full
