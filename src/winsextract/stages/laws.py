"""Mentions of legal instruments become laws: acts, bills with a name, conventions, constitutions."""

from __future__ import annotations

import functools
import importlib.resources
import re
import tomllib
from collections.abc import Sequence

from winsextract.names import Found, again, contains, entries, fold, is_acronym_of, merge, trim, words_of
from winsextract.records import Mention, Name

_PROVISION = r"(?:articles?|art\.|sections?|paragraphs?|chapter)\s+\d[\w().,\-–]{0,12}(?:(?:\s*,\s*|\s+(?:and|or|to)\s+)\d[\w().\-–]{0,12}){0,4}\s+of\s+(?:the\s+)?"
_LEADING = (
    re.compile(r"(?:the|a|an|its|this|that|new|proposed|draft)\s+(?=[A-Z0-9‘“'\"])"),
    # "Article 22 of the Convention …": the instrument is the convention. A provision of a constitution, a code
    # or an act is named as such ("Article 57 of the Constitution").
    re.compile(_PROVISION + r"(?=[^\n]{0,60}\b(?:Convention|Covenant|Charter|Treaty|Declaration|Protocol)\b)", re.IGNORECASE),
)
_PROVISION_BEFORE = re.compile(_PROVISION + r"$", re.IGNORECASE)
_WITH_PROVISIONS = re.compile(r"\b(?:Constitution|Code|Act|Law)\b")
# Longest provision before a name, in characters: "Sections 132, 133 and 134(2) of the ".
_REACH = 60


def find_laws(text: str, found: Sequence[Found]) -> tuple[Name, ...]:
    """One entry per named legal instrument in a win's text, in order of first mention. Offsets count in `text`."""
    kept = []
    for f in found:
        quoted = _with_quotes(text, _with_provision(text, f.mention))
        mention = trim(quoted, leading=_LEADING) if quoted.text[:1] not in "‘“'\"«" else quoted
        if mention is None or fold(mention.text) in _never() or not any(c.isalpha() for c in mention.text):
            continue
        kept.append(Found(mention, f.confidence))
    kept += again(text, kept)
    kept.sort(key=lambda f: f.mention.start)
    return entries(merge(kept, same_law, text=text))


@functools.cache
def _never() -> frozenset[str]:
    data = tomllib.loads(importlib.resources.files("winsextract.data").joinpath("names.toml").read_text(encoding="utf-8"))
    return frozenset(data["laws"]["never"])


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


def _with_quotes(text: str, mention: Mention) -> Mention:
    """A dubbed name with both its quotation marks: ‘agents of influence’ law."""
    if mention.start > 0 and text[mention.start - 1] in "‘“'\"«" and any(q in mention.text for q in "’”'\"»"):
        return Mention(text[mention.start - 1 : mention.end], mention.start - 1, mention.end)
    return mention


def same_law(full: str, form: str) -> bool:
    """Whether `form` is another form of the law `full`, which has at least as many words."""
    a, b = words_of(full), words_of(form)
    if not a or not b:
        return False
    if a == b or is_acronym_of(form, full):
        return True
    if len(b) >= 2 and contains(a, b):
        # The year, the country or "draft" left out; not another article of one code.
        extra = [w for w in a if w not in b]
        return len(extra) <= 3 or a[: len(b)] == b or a[-len(b) :] == b
    return False
