"""Words that say what happened, found by patterns that are data; the explainable half of the outcome stage.

`data/cues.jsonl` holds the cues: spaCy token patterns with the class they speak for.
`data/contexts.toml` holds the words round a cue by which what it names was only wanted,
denied, possible or long past (the method is ConText's: triggers with a direction, a reach
and what ends it; Harkema et al. 2009, doi:10.1016/j.jbi.2009.05.002), and the groups of
words that an ambiguous cue is to stand near ("charged" beside an officer or an activist).
"""

from __future__ import annotations

import bisect
import functools
import importlib.resources
import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from spacy.lang.en.stop_words import STOP_WORDS
from spacy.matcher import Matcher, PhraseMatcher
from spacy.tokens import Doc
from spacy.vocab import Vocab

# How far the words of a condition may stand from a cue, in tokens. Measured on 1280 training
# paragraphs, all classes together, with precision 0.868 and recall 0.763.
# `near`, `before`, `behind`, `absent`: a long main clause. 10 costs 1.7 points of recall, 40 gains 0.3.
NEIGHBOURS = 24
# `unless`, `unless_behind`: an object with its adjectives. 4 costs 0.4 points of precision, 12 as many of recall.
CLOSE = 7
# `about`, across sentences: what "it" in "it was withdrawn" is. 30 costs 0.9 points of recall, 120 gains none.
ABOUT = 60
# A year behind a cue that dates it ("was convicted by a court in Homs in 2019"). 3 costs 0.3 points of precision.
YEAR_REACH = 6
# No context's words start farther from a cue: the longest reach and the longest phrase of the data.
CONTEXT_REACH = 20
# The label of patterns that keep silent what they overlap ("released a report").
SILENT = "none"
# The key of the phrases that only look like a context.
IGNORED = "ignore"
YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Cue:
    """Words that name an outcome, and whether the text says that it happened.

    `status` is happened, wanted, negated, possible or background. `start` and `end` count
    tokens, `start_char` and `end_char` characters of the doc's text, ends exclusive;
    `pattern` is the id of the cue in `data/cues.jsonl`.
    """

    outcome: str
    status: str
    start: int
    end: int
    text: str
    start_char: int
    end_char: int
    pattern: str


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line of `data/cues.jsonl` with its groups written out."""

    id: str
    label: str
    status: str
    tokens: tuple[dict[str, Any], ...]
    near: frozenset[str]
    about: frozenset[str]
    before: frozenset[str]
    behind: frozenset[str]
    absent: frozenset[str]
    unless: frozenset[str]
    unless_behind: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Context:
    """One entry of `data/contexts.toml`: what its words do to a cue that they reach."""

    status: str
    side: str
    reach: int
    cased: bool
    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Data:
    patterns: dict[str, _Pattern]
    contexts: tuple[tuple[_Context, tuple[str, ...]], ...]
    ignored: tuple[str, ...]
    sentence_ends: frozenset[str]
    clause_ends: frozenset[str]
    months: frozenset[str]
    yields: dict[str, tuple[str, ...]]
    gives_way: dict[str, tuple[str, ...]]


class _Compiled:
    """A pattern as spaCy matches it; compiled when a text first has its words, since most reports need few of them.

    `width` is the most tokens that it takes, `required` the words (as keys of the vocab) of each
    token that it cannot do without, and `variants` the pattern with its gaps written out, by their
    key in `matcher`.
    """

    def __init__(self, pattern: _Pattern, vocab: Vocab) -> None:
        self.pattern = pattern
        self.width = sum(_most(token) if _is_gap(token) else 1 for token in pattern.tokens)
        self.required = tuple(frozenset(map(vocab.strings.add, words)) for words in _required(pattern))
        self._vocab = vocab

    @functools.cached_property
    def variants(self) -> dict[int, tuple[dict[str, Any], ...]]:
        return {self._vocab.strings.add(str(k)): tokens for k, tokens in enumerate(_variants(self.pattern))}

    @functools.cached_property
    def matcher(self) -> Matcher:
        matcher = Matcher(self._vocab, validate=False)
        for key, tokens in self.variants.items():
            matcher.add(key, [list(tokens)])
        return matcher


@dataclass(frozen=True, slots=True)
class _Matchers:
    """Made once per vocab. `cues` has for each word the patterns that are looked for round it."""

    cues: dict[int, tuple[_Compiled, ...]]
    contexts: PhraseMatcher


@dataclass(frozen=True, slots=True)
class _Trigger:
    """Context words in a doc; no status where they are a phrase that only looks like a context."""

    start: int
    end: int
    context: _Context | None


@dataclass(frozen=True, slots=True)
class _Text:
    """A doc's words in lower case with straight apostrophes, and where sentences and clauses end."""

    words: tuple[str, ...]
    sentence: tuple[int, ...]
    clause: tuple[int, ...]
    triggers: tuple[_Trigger, ...]
    latest_year: str


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    pattern: _Pattern
    gaps: tuple[int, ...]


def find_cues(doc: Doc, *, year: int | None = None) -> tuple[Cue, ...]:
    """The cues of a doc in order, each with its status; one class never has two that overlap.

    `year` is the report's: what the text dates to an earlier year is background. Without it
    the latest year that the text names stands in.

    The longest match wins within a class, and a cue inside a longer one of another class is
    dropped. Needs no more than the tokens of the blank English pipeline.
    """
    matchers = _matchers(doc.vocab)
    matches = list(_matches(doc, matchers))
    if not matches:
        return ()
    text = _text(doc, matchers)
    found = [(m, _status(m, text, year=year)) for m in _longest([m for m in matches if _fits(m, text)])]
    return tuple(
        Cue(
            outcome=m.pattern.label,
            status=status,
            start=m.start,
            end=m.end,
            text=doc[m.start : m.end].text,
            start_char=doc[m.start].idx,
            end_char=doc[m.end - 1].idx + len(doc[m.end - 1]),
            pattern=m.pattern.id,
        )
        for m, status in _yielded(found, text)
    )


# ---- the data -------------------------------------------------------------------------


@functools.cache
def _data() -> _Data:
    folder = importlib.resources.files("winsextract.data")
    contexts = tomllib.loads(folder.joinpath("contexts.toml").read_text(encoding="utf-8"))
    groups: dict[str, list[str]] = contexts["groups"]
    patterns = {}
    for line in folder.joinpath("cues.jsonl").read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        patterns[record["id"]] = _Pattern(
            id=record["id"],
            label=record["label"],
            status=record.get("status", "happened"),
            tokens=tuple(_written_out(token, groups) for token in record["pattern"]),
            near=frozenset(_words(record.get("near", ()), groups)),
            about=frozenset(_words(record.get("about", ()), groups)),
            before=frozenset(_words(record.get("before", ()), groups)),
            behind=frozenset(_words(record.get("behind", ()), groups)),
            absent=frozenset(_words(record.get("absent", ()), groups)),
            unless=frozenset(_words(record.get("unless", ()), groups)),
            unless_behind=frozenset(_words(record.get("unless_behind", ()), groups)),
        )
    return _Data(
        patterns=patterns,
        contexts=tuple(
            (
                _Context(c["status"], c["side"], c["reach"], c.get("cased", False), frozenset(c.get("labels", ()))),
                tuple(c["words"]),
            )
            for c in contexts["context"]
        ),
        ignored=tuple(contexts["ignore"]["words"]),
        sentence_ends=frozenset(contexts["ends"]["sentence"]),
        clause_ends=frozenset(contexts["ends"]["clause"]),
        yields={label: tuple(to) for label, to in contexts["yields"].items()},
        gives_way={label: tuple(to) for label, to in contexts["gives_way"].items()},
        months=frozenset(contexts["dates"]["months"]),
    )


def _words(words: list[str] | tuple[str, ...], groups: dict[str, list[str]]) -> Iterator[str]:
    """The words with each `@group` replaced by its own."""
    for word in words:
        if word.startswith("@"):
            yield from _words(groups[word[1:]], groups)
        else:
            yield word


def _written_out(token: dict[str, Any], groups: dict[str, list[str]]) -> dict[str, Any]:
    lower = token.get("LOWER")
    if isinstance(lower, dict):
        return {**token, "LOWER": {"IN": sorted(set(_words(lower["IN"], groups)))}}
    return token


def _required(pattern: _Pattern) -> list[list[str]]:
    """The words of each token that a pattern cannot match without."""
    words = [t["LOWER"] for t in pattern.tokens if "LOWER" in t and t.get("OP", "1") in ("1", "+")]
    return [[w] if isinstance(w, str) else w["IN"] for w in words if isinstance(w, str) or "IN" in w]


def _anchor(pattern: _Pattern) -> list[str]:
    """The words that a pattern is looked for round: those of its required token that are rarest in text.

    Common words are the worst choice; of others, long words are rarer.
    """
    return min(
        _required(pattern), key=lambda words: (sum(w in STOP_WORDS for w in words), -sum(map(len, words)) / len(words))
    )


# A program has one vocab, a test run a few; each keeps its matchers alive.
@functools.lru_cache(maxsize=4)
def _matchers(vocab: Vocab) -> _Matchers:
    data = _data()
    cues: dict[int, list[_Compiled]] = {}
    for pattern in data.patterns.values():
        compiled = _Compiled(pattern, vocab)
        for word in _anchor(pattern):
            cues.setdefault(vocab.strings.add(word), []).append(compiled)
    contexts = PhraseMatcher(vocab, attr="LOWER")
    for key, words in [*((str(i), c[1]) for i, c in enumerate(data.contexts)), (IGNORED, data.ignored)]:
        phrases = {variant for phrase in words for variant in (phrase, phrase.replace("'", "’"))}
        contexts.add(key, [Doc(vocab, words=phrase.split()) for phrase in sorted(phrases)])
    return _Matchers({word: tuple(found) for word, found in cues.items()}, contexts)


def _variants(pattern: _Pattern) -> Iterator[tuple[dict[str, Any], ...]]:
    """The pattern once for each length of its gaps, `{"OP": "{0,4}"}` as none to four tokens of any kind.

    Given such a gap itself, spaCy's matcher follows every way to spread the words of the
    text over the optional tokens, exponentially many (spaCy 3.8, `matcher.pyx`).
    """
    for lengths in itertools.product(*(range(_most(t) + 1) if _is_gap(t) else (1,) for t in pattern.tokens)):
        yield tuple(
            t
            for token, n in zip(pattern.tokens, lengths, strict=True)
            for t in ([{}] * n if _is_gap(token) else [token])
        )


def _is_gap(token: dict[str, Any]) -> bool:
    return set(token) == {"OP"}


def _most(gap: dict[str, Any]) -> int:
    """The 4 of `{"OP": "{0,4}"}`."""
    return int(gap["OP"].strip("{}").split(",")[-1])


# ---- matching -------------------------------------------------------------------------


def _matches(doc: Doc, matchers: _Matchers) -> Iterator[_Match]:
    """Every match of every pattern, looked for only round the words that it cannot do without."""
    ends = _data().sentence_ends
    lower: list[int] = [token.lower for token in doc]
    seen: set[tuple[int, int, str]] = set()
    for i, word in enumerate(lower):
        for compiled in matchers.cues.get(word, ()):
            low, high = max(0, i - compiled.width + 1), i + compiled.width
            nearby = lower[low:high]
            if any(words.isdisjoint(nearby) for words in compiled.required):
                continue
            pattern = compiled.pattern
            # spaCy's stub does not know the fourth value that `with_alignments` adds.
            found: list[Any] = compiled.matcher(doc[low:high], with_alignments=True)
            for key, start, end, alignment in found:
                at = (low + start, low + end, pattern.id)
                if at in seen:
                    continue
                seen.add(at)
                tokens = compiled.variants[key]
                gaps = tuple(low + start + k for k, t in enumerate(alignment) if not tokens[t])
                if all(doc[k].lower_ not in ends for k in gaps):
                    yield _Match(low + start, low + end, pattern, gaps)


def _longest(matches: list[_Match]) -> list[_Match]:
    """Within a class no overlap, the longest first; across classes nothing inside something longer.

    A silent match silences all that share a word with it that is not in a gap.
    """
    silent = {k for m in matches if m.pattern.label == SILENT for k in _own(m)}
    kept: list[_Match] = []
    at: dict[int, list[_Match]] = {}
    for m in sorted(matches, key=lambda m: (m.start - m.end, m.start, m.pattern.id)):
        if m.pattern.label == SILENT or not silent.isdisjoint(_own(m)):
            continue
        tokens = range(m.start, m.end)
        if any(_hides(k, m) for i in tokens for k in at.get(i, ())):
            continue
        kept.append(m)
        for i in tokens:
            at.setdefault(i, []).append(m)
    return sorted(kept, key=lambda m: (m.start, m.end, m.pattern.label))


def _own(match: _Match) -> set[int]:
    """The tokens of a match that its pattern spells out."""
    return set(range(match.start, match.end)).difference(match.gaps)


def _hides(longer: _Match, match: _Match) -> bool:
    """Whether a match drops another that it overlaps and that is no longer."""
    if longer.pattern.label == match.pattern.label:
        return True
    within = longer.start <= match.start and match.end <= longer.end
    return within and longer.end - longer.start > match.end - match.start


def _text(doc: Doc, matchers: _Matchers) -> _Text:
    data = _data()
    words = tuple(t.lower_.replace("’", "'") for t in doc)
    sentence, clause = [], []
    s = c = 0
    for i, word in enumerate(words):
        if word in data.sentence_ends or (word.isspace() and word.count("\n") > 1):
            s = c = i + 1
        elif word in data.clause_ends:
            c = i + 1
        sentence.append(s)
        clause.append(c)
    triggers: list[_Trigger] = []
    covered = -1
    # A phrase inside a longer one does not count, so that "not only" is no "not".
    for key, start, end in sorted(matchers.contexts(doc), key=lambda m: (m[1], -m[2])):
        name = doc.vocab.strings[key]
        context = None if name == IGNORED else data.contexts[int(name)][0]
        if context is not None and context.cased and not doc[start:end].text.islower():
            continue
        if end > covered or (triggers and (start, end) == (triggers[-1].start, triggers[-1].end)):
            triggers.append(_Trigger(start, end, context))
            covered = end
    years = [w for w in words if YEAR.fullmatch(w)]
    return _Text(words, tuple(sentence), tuple(clause), tuple(triggers), max(years, default=""))


def _side(text: _Text, match: _Match, *, before: bool, reach: int) -> tuple[str, ...]:
    """The words of the sentence on one side of a match, no more than `reach`."""
    if before:
        return text.words[max(text.sentence[match.start], match.start - reach) : match.start]
    stop = match.end
    while stop < min(len(text.words), match.end + reach) and text.sentence[stop] <= match.start:
        stop += 1
    return text.words[match.end : stop]


def _around(text: _Text, match: _Match) -> tuple[str, ...]:
    """The words round a match across sentences, those of its gaps with them."""
    before, behind = text.words[max(0, match.start - ABOUT) : match.start], text.words[match.end : match.end + ABOUT]
    return (*before, *(text.words[k] for k in match.gaps), *behind)


def _fits(match: _Match, text: _Text) -> bool:
    """Whether the words that a pattern asks for stand round the match, and those that it excludes do not."""
    pattern = match.pattern
    inside = tuple(text.words[k] for k in match.gaps)
    before = _side(text, match, before=True, reach=NEIGHBOURS)
    behind = _side(text, match, before=False, reach=NEIGHBOURS)
    if pattern.near and pattern.near.isdisjoint((*before, *inside, *behind)):
        return False
    if pattern.about and pattern.about.isdisjoint(_around(text, match)):
        return False
    if pattern.before and pattern.before.isdisjoint(before):
        return False
    if pattern.behind and pattern.behind.isdisjoint((*inside, *behind)):
        return False
    if not pattern.absent.isdisjoint((*before, *inside, *behind)):
        return False
    if not pattern.unless_behind.isdisjoint((*inside, *behind[:CLOSE])):
        return False
    return pattern.unless.isdisjoint((*before[-CLOSE:], *inside, *behind[:CLOSE]))


def _yielded(found: list[tuple[_Match, str]], text: _Text) -> Iterator[tuple[_Match, str]]:
    """The cues without those of a general class in whose sentence a special one says that it happened.

    Those that give way to another class of the text are background.
    """
    data = _data()
    in_sentence = {(text.sentence[m.start], m.pattern.label) for m, status in found if status == "happened"}
    in_text = {label for _, label in in_sentence}
    for m, status in found:
        label = m.pattern.label
        if any((text.sentence[m.start], to) in in_sentence for to in data.yields.get(label, ())):
            continue
        gives_way = status == "happened" and not in_text.isdisjoint(data.gives_way.get(label, ()))
        yield m, "background" if gives_way else status


# ---- status ---------------------------------------------------------------------------


def _status(match: _Match, text: _Text, *, year: int | None) -> str:
    """What the nearest context says of a cue; without one, what the pattern itself says."""
    nearest: tuple[int, str] | None = None
    low = bisect.bisect_left(text.triggers, match.start - CONTEXT_REACH, key=lambda t: t.start)
    high = bisect.bisect_right(text.triggers, match.end + CONTEXT_REACH, key=lambda t: t.start)
    for trigger in text.triggers[low:high]:
        context = trigger.context
        if context is None or (context.labels and match.pattern.label not in context.labels):
            continue
        distance = _distance(match, trigger, context, text)
        if distance is not None and (nearest is None or distance < nearest[0]):
            nearest = (distance, context.status)
    if nearest is not None:
        return nearest[1]
    if _dated_back(match, text, year=year):
        return "background"
    return match.pattern.status


def _distance(match: _Match, trigger: _Trigger, context: _Context, text: _Text) -> int | None:
    """Tokens between a trigger and the cue that it reaches; None where it does not."""
    if match.start <= trigger.start and trigger.end <= match.end:
        if context.side == "behind" or any(k not in match.gaps for k in range(trigger.start, trigger.end)):
            return None
        distance = next(k for k in range(trigger.end, match.end) if k not in match.gaps) - trigger.end
        return distance if distance <= context.reach else None
    if context.side == "before" and trigger.end <= match.start:
        distance = match.start - trigger.end
        return distance if distance <= context.reach and text.clause[match.start] <= trigger.start else None
    if context.side == "behind" and trigger.start >= match.end:
        distance = trigger.start - match.end
        return distance if distance <= context.reach and text.clause[trigger.start] <= match.start else None
    return None


def _dated_back(match: _Match, text: _Text, *, year: int | None) -> bool:
    """Whether the clause puts the cue into an earlier year: "was convicted in 2019", "In 2019 he was …".

    Where the report's year is not known, a bare year or a month with one is taken for an
    earlier one: a round-up gives its own year at most with the day.
    """
    words = text.words
    clause = text.clause[match.start]
    for i in (clause + 1, clause + 2):
        if i < match.start and words[clause] == "in" and YEAR.fullmatch(words[i]):
            return _earlier(words[i], text, year=year, bare=True)
    for i in range(match.end, min(len(words), match.end + YEAR_REACH)):
        if text.clause[i] > match.start:
            return False
        if YEAR.fullmatch(words[i]):
            month = words[i - 1] in _data().months
            if words[i - 1] == "in" or month:
                day = month and any(c.isdigit() for c in words[i - 2])
                return _earlier(words[i], text, year=year, bare=not day)
    return False


def _earlier(word: str, text: _Text, *, year: int | None, bare: bool) -> bool:
    if year is not None:
        return int(word) < year
    return bare or word < text.latest_year
