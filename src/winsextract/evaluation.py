"""How right an extraction is, held against wins that people coded by hand.

Wins are read from gold and from the extraction, paired by the place of their headers,
and compared field by field; one [Compared][winsextract.evaluation.Compared] per win holds
the counts and the differences, and every figure is a sum over these. `docs/evaluate.md`
says what the figures mean; their definitions are those of the annotation guide's scorer.
"""

from __future__ import annotations

import difflib
import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from winsextract import codebook, schema
from winsextract.errors import ReadError, WinsextractError
from winsextract.records import Mention

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from rich.console import Group

    from winsextract.dataset import Record

    Array = NDArray[np.float64]

# How far two headers, or two ends of a win, may be apart (characters) and still be the same:
# a mark, a space or a no-break space more or less is no error.
SLACK = 3
# Fields that hold a set of values (precision, recall, F1) and fields that hold one (accuracy).
SETS = ("wins", "people", "organisations", "organisations_without_amnesty", "laws", "dates", "outcomes")
SHARES = ("extent", "month", "year", "place", "outcome", "outcome_core", "role", "event_date", "people_affected")
SINGLE = ("extent", "month", "year", "place", "outcome", "event_date", "people_affected")
NAMED = ("people", "organisations", "laws")
# Fields whose values are names, which may overlap.
LENIENT = ("people", "organisations", "organisations_without_amnesty", "laws")
# The classes that the project's aims are stated for; `outcome_core` counts the wins that gold puts in them.
CORE = frozenset({"release", "acquittal", "law_passed", "ruling"})
# Named in so many wins that it hides the others, so `organisations_without_amnesty` leaves it out.
AMNESTY = frozenset({"amnesty international", "amnesty"})
# A field that the annotators could not settle is marked by this behind its name, and not counted.
OPEN = "_open"

# Rounds of the bootstrap: enough for two digits of an interval, and 1,000 take some 10 ms.
ROUNDS = 1_000
SEED = 2024
# Bins of equal width over which confidence and share right are held against each other.
BINS = 10
# Points of the review curve that a printed table shows; JSON has them all.
SHOWN_POINTS = 20

# What a line of gold holds. Missing keys are errors where no value could be assumed.
KEYS = (
    *("n", "header", "month", "year", "countries", "regions", "start", "end", "outcome", "outcomes"),
    *("people", "organisations", "dates", "laws", "event_date", "people_affected", "note", "text"),
)
REQUIRED = ("month", "year", "outcome", "dates")
# EDTF level 1, by its shape: a date or season, unspecified digits as X, a qualifier, an interval.
_EDTF_DATE = r"(?:-?[\dX]{4}(?:-[\dX]{2}(?:-[\dX]{2})?)?|Y-?\d{5,})[?~%]?"
EDTF = re.compile(rf"{_EDTF_DATE}(?:/(?:{_EDTF_DATE}|\.\.)?)?|(?:\.\.)?/{_EDTF_DATE}")

MISSED_WIN, STRAY_WIN = "(win missed)", "(no such win)"


class GoldError(ReadError):
    """A file of coded wins cannot be read; the message names the line and the reason."""


# Coded wins


@dataclass(frozen=True, slots=True)
class Entity:
    """A person, an organisation, a law or a date (whose `name` is its EDTF); gold has no mentions and no confidences."""

    name: str
    aliases: tuple[str, ...] = ()
    role: str | None = None
    mentions: tuple[Mention, ...] = ()
    confidence: float | None = None
    role_confidence: float | None = None


@dataclass(frozen=True, slots=True)
class CodedWin:
    """What is compared of a win, by whomever it was coded.

    `n` is its number in its file. People, organisations or laws are None where the coder did
    not settle them; `open` holds the single-value fields that were left open. `text` is None
    where the file has none. `review_score` is the extractor's, None before it had one, and so
    are the confidences: of `outcomes` in their order, of the event date and of the number of people.
    """

    n: int
    header: str | None
    start: int
    end: int
    month: int | None
    year: int | None
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    outcome: str | None
    outcomes: tuple[str, ...]
    people: tuple[Entity, ...] | None
    organisations: tuple[Entity, ...] | None
    laws: tuple[Entity, ...] | None
    dates: tuple[Entity, ...]
    event_date: str | None
    people_affected: int | None
    open: frozenset[str] = frozenset()
    text: str | None = None
    review_needed: bool | None = None
    review_reasons: tuple[str, ...] = ()
    review_score: float | None = None
    outcome_confidences: tuple[float | None, ...] = ()
    event_confidence: float | None = None
    affected_confidence: float | None = None

    def named(self, key: str) -> tuple[Entity, ...] | None:
        """The entities of one of the fields in `NAMED`."""
        return {"people": self.people, "organisations": self.organisations, "laws": self.laws}[key]


def read_gold(path: Path | str) -> tuple[CodedWin, ...]:
    """The wins of a gold file. Raises GoldError also where a win contradicts itself."""
    wins = read_wins(path)
    for win in wins:
        if win.outcome is not None and win.outcome not in win.outcomes:
            raise GoldError(
                f"{path}, win {win.n}: the outcome {win.outcome!r} is missing from `outcomes`; add it there."
            )
        if win.end < win.start:
            raise GoldError(f"{path}, win {win.n}: ends at {win.end}, before its start at {win.start}.")
    return wins


def read_wins(path: Path | str) -> tuple[CodedWin, ...]:
    """The wins of a JSONL file, one a line, or of a report's nested JSON.

    Raises GoldError with one sentence that names the line and the reason.
    """
    path = Path(path)
    try:
        raw = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise GoldError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise GoldError(f"{path}: is no UTF-8 at byte {error.start}; save it as UTF-8.") from error
    if path.suffix.lower() == ".jsonl":
        lines = [(f"{path}, line {n}", line) for n, line in enumerate(raw.split("\n"), start=1) if line.strip()]
        wins = [(where, _parsed(line, where)) for where, line in lines]
    else:
        record = _parsed(raw, str(path))
        if not isinstance(record, dict) or not isinstance(record.get("wins"), list):
            raise GoldError(f"{path}: is no report's record, which is a JSON object with a list `wins`.")
        wins = [(f"{path}, win {n}", win) for n, win in enumerate(record["wins"], start=1)]
    if not wins:
        raise GoldError(f"{path}: holds no wins.")
    return tuple(to_coded(win, number=n, where=where) for n, (where, win) in enumerate(wins, start=1))


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise GoldError(f"{where}: is no JSON ({error.msg} at character {error.pos + 1}).") from error


def to_coded(raw: Any, *, number: int, where: str) -> CodedWin:
    """One win from its line of gold or from the nested record. `where` begins the message of a GoldError."""
    read = _Reader(raw, where)
    start, end = read.span()
    review = raw["review"] if isinstance(raw.get("review"), dict) else {}
    score = review.get("score")
    return CodedWin(
        n=number,
        header=read.optional("header", str),
        start=start,
        end=end,
        month=read.optional("month", int),
        year=read.optional("year", int),
        countries=read.codes("countries", "alpha_3", re.compile("[A-Z]{3}")),
        regions=read.codes("regions", "code", re.compile("[0-9]{3}|EU")),
        outcome=read.outcome(raw["outcome"]),
        outcomes=tuple(filter(None, (read.outcome(o) for o in read.values("outcomes", "outcome")))),
        people=read.entities("people"),
        organisations=read.entities("organisations"),
        laws=read.entities("laws"),
        dates=read.dates(),
        event_date=read.edtf(read.value("event_date", "edtf")),
        people_affected=read.count(),
        open=frozenset(key.removesuffix(OPEN) for key in raw if key.endswith(OPEN)),
        text=read.optional("text", str),
        review_needed=review.get("needed"),
        review_reasons=tuple(review.get("reasons") or ()),
        review_score=_number(score),
        outcome_confidences=tuple(_confidence(outcome) for outcome in raw.get("outcomes") or ()),
        event_confidence=_confidence(raw.get("event_date")),
        affected_confidence=_confidence(raw.get("people_affected")),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _confidence(raw: Any, key: str = "confidence") -> float | None:
    return _number(raw.get(key)) if isinstance(raw, dict) else None


@dataclass(frozen=True, slots=True)
class _Reader:
    """The checked values of one raw win; what is no value of its field raises GoldError."""

    raw: Any
    where: str

    def __post_init__(self) -> None:
        if not isinstance(self.raw, dict):
            self.fail("is no win, which is one JSON object in braces")
        for key in self.raw:
            absent = [known for known in KEYS if known not in self.raw]
            if key not in KEYS and (near := difflib.get_close_matches(key, absent, n=1, cutoff=0.8)):
                self.fail(f"the key {key!r} is not known; it may be meant for {near[0]!r}")
        for key in REQUIRED:
            if key not in self.raw:
                self.fail(f"the key {key!r} is missing")

    def fail(self, reason: str) -> NoReturn:
        raise GoldError(f"{self.where}: {reason}.")

    def span(self) -> tuple[int, int]:
        span = self.raw["span"] if "span" in self.raw else [self.raw.get("start"), self.raw.get("end")]
        if not isinstance(span, list) or len(span) != 2 or not all(map(_is_int, span)):
            self.fail(f"`start` and `end` are {span!r}, not two offsets in the report's text")
        return span[0], span[1]

    def optional(self, key: str, kind: type) -> Any:
        value = self.raw.get(key)
        if value is not None and (not isinstance(value, kind) or isinstance(value, bool)):
            self.fail(f"`{key}` is {value!r}, not {'a whole number' if kind is int else 'a text'} or null")
        return value

    def value(self, key: str, inner: str) -> Any:
        """A single value, which the nested record wraps in an object."""
        value = self.raw.get(key)
        return value.get(inner) if isinstance(value, dict) else value

    def objects(self, key: str) -> list[Any]:
        value = self.raw.get(key)
        if value is not None and not isinstance(value, list):
            self.fail(f"`{key}` is {value!r}, not a list")
        return value or []

    def values(self, key: str, inner: str) -> list[Any]:
        return [value.get(inner) if isinstance(value, dict) else value for value in self.objects(key)]

    def codes(self, key: str, inner: str, pattern: re.Pattern[str]) -> tuple[str, ...]:
        codes = self.values(key, inner)
        for code in codes:
            if not isinstance(code, str) or not pattern.fullmatch(code):
                self.fail(f"`{key}` holds {code!r}, which is no code of the annotation guide")
        return tuple(codes)

    def outcome(self, value: Any) -> str | None:
        if value is not None and value not in codebook.outcome_names():
            self.fail(f"{value!r} is no outcome class; `winsextract codebook` lists them")
        return value  # type: ignore[no-any-return]

    def entities(self, key: str) -> tuple[Entity, ...] | None:
        if self.raw.get(key) is None:
            return None
        return tuple(self.entity(key, entity, "name") for entity in self.objects(key))

    def dates(self) -> tuple[Entity, ...]:
        if self.raw["dates"] is None:
            self.fail("`dates` is null; a win without dates has the empty list []")
        dates = tuple(self.entity("dates", date, "edtf") for date in self.objects("dates"))
        for date in dates:
            self.edtf(date.name)
        return dates

    def entity(self, key: str, raw: Any, name: str) -> Entity:
        if not isinstance(raw, dict) or not isinstance(raw.get(name), str) or not raw[name].strip():
            self.fail(f"`{key}` holds {raw!r}, which has no `{name}`")
        aliases = [raw["text"]] if name == "edtf" and raw.get("text") else raw.get("aliases") or []
        if not isinstance(aliases, list) or not all(isinstance(alias, str) for alias in aliases):
            self.fail(f"the aliases of {raw[name]!r} are {aliases!r}, not a list of names")
        role = raw.get("role")
        if role is not None and role not in schema.ROLES:
            self.fail(f"the role of {raw[name]!r} is {role!r}, not one of {', '.join(schema.ROLES)}")
        return Entity(
            raw[name],
            tuple(aliases),
            role,
            self.mentions(raw),
            _confidence(raw),
            _confidence(raw, "role_confidence"),
        )

    def mentions(self, raw: dict[str, Any]) -> tuple[Mention, ...]:
        try:
            return tuple(Mention(m["text"], *(m["span"] or (-1, -1))) for m in raw.get("mentions") or [])
        except (KeyError, TypeError):
            self.fail(f"the mentions are {raw['mentions']!r}, not a list of {{text, span}}")

    def edtf(self, value: Any) -> str | None:
        if value is not None and (not isinstance(value, str) or not EDTF.fullmatch(value)):
            self.fail(f"{value!r} is no EDTF date, such as 2024-02-17, 2024-02 or 2024/2026")
        return value

    def count(self) -> int | None:
        value = self.value("people_affected", "count")
        if value is not None and not _is_int(value):
            self.fail(f"`people_affected` is {value!r}, not a whole number or null")
        return value  # type: ignore[no-any-return]


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# What is extracted, from wherever it is


@dataclass(frozen=True, slots=True)
class Predicted:
    """The wins to be judged, and the report's decoded text where that is known."""

    wins: tuple[CodedWin, ...]
    text: str | None


def read_predicted(
    path: Path | str, *, text: Path | str | None = None, model: str | None = None, trust_model: bool = False
) -> Predicted:
    """The wins in a report's nested JSON, an output folder with one report, a second gold file, or a report.

    A report is extracted, with `model` or the shipped one, into a temporary folder; its text
    is known then, else it is read from the file `text`. Raises WinsextractError.
    """
    from winsextract import dataset
    from winsextract.stages.read import read

    path = Path(path)
    if path.is_dir():
        records = list(dataset.read_reports(path))
        if len(records) > 1:
            names = ", ".join(f"{path}/json/{record['report']['report_id']}.json" for record in records)
            raise ReadError(f"{path} holds {len(records)} reports: name one of {names}.")
        wins = _record_wins(records[0])
    elif path.suffix.lower() in (".json", ".jsonl"):
        wins = read_wins(path)
    else:
        wins = _record_wins(extract_report(path, model=model, trust_model=trust_model))
        text = text or path
    return Predicted(wins, read(text).text if text is not None else None)


def extract_report(path: Path | str, *, model: str | None = None, trust_model: bool = False) -> Record:
    """A report's nested record as `winsextract run` writes it; nothing stays on disk. Raises WinsextractError."""
    from winsextract import dataset, runner

    with tempfile.TemporaryDirectory(prefix="winsextract-") as folder:
        for result in runner.run([str(path)], output=Path(folder), model=model, trust_model=trust_model):
            if result.error:
                raise WinsextractError(result.error)
        return next(dataset.read_reports(folder))


def _record_wins(record: Record) -> tuple[CodedWin, ...]:
    where = f"report {record['report']['report_id']}"
    return tuple(to_coded(win, number=n, where=f"{where}, win {n}") for n, win in enumerate(record["wins"], start=1))


# Counting


@dataclass(frozen=True, slots=True)
class Counts:
    """Values of a set: right, extra (not in gold) and missed.

    `overlaps` are pairs of an extra and a missed name that share words as two overlapping
    stretches of one text do: wrong strictly, right leniently.
    """

    right: int = 0
    extra: int = 0
    missed: int = 0
    overlaps: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.right + other.right,
            self.extra + other.extra,
            self.missed + other.missed,
            self.overlaps + other.overlaps,
        )

    @property
    def gold(self) -> int:
        return self.right + self.missed

    @property
    def predicted(self) -> int:
        return self.right + self.extra

    def precision(self, *, credit: float = 0.0) -> float:
        """The share of the predicted that is right; an overlap counts `credit`. Nothing predicted is nothing wrong: 1."""
        return (self.right + credit * self.overlaps) / self.predicted if self.predicted else 1.0

    def recall(self, *, credit: float = 0.0) -> float:
        """The share of gold that was found; an overlap counts `credit`. Nothing to find is nothing missed: 1."""
        return (self.right + credit * self.overlaps) / self.gold if self.gold else 1.0

    def f1(self, *, credit: float = 0.0) -> float:
        """The harmonic mean of precision and recall."""
        p, r = self.precision(credit=credit), self.recall(credit=credit)
        return 2 * p * r / (p + r) if p + r else 0.0


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many are right."""

    right: int = 0
    of: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.right + other.right, self.of + other.of)

    def accuracy(self) -> float:
        """The share that is right; 1 where there was nothing to be right about."""
        return self.right / self.of if self.of else 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which an extraction and gold differ, and where.

    `kind` is missed, extra or wrong; `short` is a name counted right that is not the fullest
    one; `ungrounded` a mention whose offsets do not give it back. `win` is the number in
    gold, None for a win that gold does not have. `name` is whose role differs. Offsets count
    in the report's text: those of the value where it can be found there, else of the win.
    """

    win: int | None
    header: str | None
    field: str
    kind: str
    gold: str | int | None
    predicted: str | int | None
    start: int
    end: int
    name: str | None = None

    @property
    def counts(self) -> bool:
        """Whether a field differs: the win holds an error."""
        return self.kind not in ("short", "ungrounded")

    def __str__(self) -> str:
        head = f"{'no win of gold' if self.win is None else f'win {self.win}'}, {self.header or 'no header'}, {self.start}–{self.end}: "
        if self.kind == "missed":
            return f"{head}{self.field}: missed {self.gold!r}"
        if self.kind == "extra":
            return f"{head}{self.field}: extra {self.predicted!r}"
        if self.kind == "short":
            return f"{head}{self.field}: {self.predicted!r} for the full {self.gold!r} (counted right)"
        if self.kind == "ungrounded":
            return f"{head}{self.field}: {self.predicted!r} does not stand at its offsets"
        return f"{head}{self.field}{f' of {self.name}' if self.name else ''}: {self.predicted!r} for {self.gold!r}"


@dataclass(frozen=True, slots=True)
class Judged:
    """One extracted value of a kind of `winsextract.confidence.KINDS`: how sure it was, and whether gold has it."""

    kind: str
    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """One win of gold with what was extracted for it; either is None where the other has no partner."""

    want: CodedWin | None
    got: CodedWin | None
    sets: Mapping[str, Counts]
    shares: Mapping[str, Share]
    grounding: Share
    differences: tuple[Difference, ...]
    judged: tuple[Judged, ...] = ()

    @property
    def holds_error(self) -> bool:
        return any(difference.counts for difference in self.differences)


def align(gold: Sequence[CodedWin], predicted: Sequence[CodedWin]) -> list[tuple[CodedWin | None, CodedWin | None]]:
    """Every win of gold with the first free win whose header is at most SLACK characters off, then those left over."""
    free = list(predicted)
    pairs: list[tuple[CodedWin | None, CodedWin | None]] = []
    for want in gold:
        got = next((win for win in free if abs(win.start - want.start) <= SLACK), None)
        if got is not None:
            # By identity: two wins may be equal.
            free = [win for win in free if win is not got]
        pairs.append((want, got))
    return pairs + [(None, win) for win in free]


def normalised(name: str) -> str:
    """A name as it is compared: no accents, case, hyphens, quotation marks, full stops, commas, possessive or "the"."""
    decomposed = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in decomposed if not unicodedata.combining(c)).casefold().replace("-", " ")
    # A straight apostrophe goes only inside a word, as in "Women's" and "O'Brien"; a curly one always.
    bare = re.sub(r"['`’]s\b|['`]\b|[\"“”‘’.,]", "", bare)
    return re.sub(r"\s+", " ", bare).removeprefix("the ").strip()


def overlap(one: str, other: str) -> int:
    """How many words two names share if they were overlapping stretches of one text; 0 if they cannot be.

    One lies within the other ("Zebari", "Guhdar Zebari"), or the end of one is the beginning
    of the other ("Supreme Court of Iraq", "South Supreme Court"). "Amnesty Norway" and
    "Amnesty International" begin alike and cannot overlap.
    """
    short, long = sorted((normalised(one).split(), normalised(other).split()), key=len)
    if any(long[at : at + len(short)] == short for at in range(len(long) - len(short) + 1)):
        return len(short)
    for shared in range(len(short) - 1, 0, -1):
        if short[-shared:] == long[:shared] or long[-shared:] == short[:shared]:
            return shared
    return 0


@dataclass(frozen=True, slots=True)
class _Matching:
    """Names of one field: `hits` pair gold with predicted, `overlaps` pair what is left of both."""

    hits: tuple[tuple[Entity, Entity], ...]
    extra: tuple[Entity, ...]
    missed: tuple[Entity, ...]
    overlaps: tuple[tuple[Entity, Entity], ...]

    def counts(self) -> Counts:
        return Counts(len(self.hits), len(self.extra), len(self.missed), len(self.overlaps))

    def without_amnesty(self) -> Counts:
        """The counts without Amnesty International, by the predicted name where there is one."""
        return Counts(
            sum(not _is_amnesty(got) for _, got in self.hits),
            sum(not _is_amnesty(got) for got in self.extra),
            sum(not _is_amnesty(want) for want in self.missed),
            sum(not _is_amnesty(want) and not _is_amnesty(got) for want, got in self.overlaps),
        )


def _is_amnesty(entity: Entity) -> bool:
    return normalised(entity.name) in AMNESTY


def match(want: Sequence[Entity], got: Sequence[Entity]) -> _Matching:
    """Pair names: a predicted one is right if it is the gold name or one of its aliases, each of gold once."""
    left, hits, extra = list(want), [], []
    for entity in got:
        key = normalised(entity.name)
        hit = next((w for w in left if key in {normalised(n) for n in (w.name, *w.aliases)}), None)
        if hit is None:
            extra.append(entity)
        else:
            left.remove(hit)
            hits.append((hit, entity))
    overlaps: list[tuple[Entity, Entity]] = []
    free = list(left)
    for entity in extra:
        shared = [max(overlap(entity.name, name) for name in (w.name, *w.aliases)) for w in free]
        if any(shared):
            overlaps.append((free.pop(shared.index(max(shared))), entity))
    return _Matching(tuple(hits), tuple(extra), tuple(left), tuple(overlaps))


def compare(want: CodedWin | None, got: CodedWin | None, *, text: str | None = None) -> Compared:
    """Count one pair of an alignment. `text` is the report's, for grounding and for the differences' places."""
    differ = _Differ(want, got, text)
    sets = {
        "wins": Counts(want is not None and got is not None, want is None, got is None),
        "organisations_without_amnesty": Counts(),
    }
    shares: dict[str, Share] = {}
    if got is None:
        differ.add("wins", "missed", gold=want.header if want else None)
    if want is None:
        differ.add("wins", "extra", predicted=got.header if got else None)
    for key in NAMED:
        wanted = () if want is None else want.named(key)
        if wanted is None:
            sets[key] = Counts()
            continue
        matching = match(wanted, (got.named(key) if got else None) or ())
        sets[key] = matching.counts()
        if key == "organisations":
            sets["organisations_without_amnesty"] = matching.without_amnesty()
        if key == "people":
            roles = [(w, g) for w, g in matching.hits if w.role]
            shares["role"] = Share(sum(w.role == g.role for w, g in roles), len(roles))
            for w, g in roles:
                if w.role != g.role:
                    differ.add("role", "wrong", gold=w.role, predicted=g.role, at=(g, w), name=w.name)
        for w, g in matching.hits:
            if normalised(w.name) != normalised(g.name):
                differ.add(key, "short", gold=w.name, predicted=g.name, at=(g, w))
        for g in matching.extra:
            differ.add(key, "extra", predicted=g.name, at=(g,))
        for w in matching.missed:
            differ.add(key, "missed", gold=w.name, at=(w,))
    dates = _by_name(want.dates if want else ()), _by_name(got.dates if got else ())
    classes = _classes(want), _classes(got)
    for key, (wanted_values, got_values) in (("dates", dates), ("outcomes", classes)):
        more = [value for value in got_values if value not in wanted_values]
        missed = [value for value in wanted_values if value not in got_values]
        sets[key] = Counts(len(wanted_values) - len(missed), len(more), len(missed))
        for value in more:
            differ.add(key, "extra", predicted=value, at=(got_values[value],))
        for value in missed:
            differ.add(key, "missed", gold=value, at=(wanted_values[value],))
    if want is not None:
        shares |= _checks(want, got, differ)
    grounding = Share() if text is None or got is None else _grounding(got, text, differ)
    judged = () if got is None else tuple(_judged(want, got))
    return Compared(want, got, sets, shares, grounding, tuple(differ.found), judged)


# The kind of a field's values, as `winsextract.confidence` names it.
KIND_OF = {"people": "person", "organisations": "organisation", "laws": "law"}


def _judged(want: CodedWin | None, got: CodedWin) -> Iterator[Judged]:
    """The values of an extracted win that carry a confidence and that gold settles; all of a stray win are wrong."""
    for key, kind in KIND_OF.items():
        wanted = () if want is None else want.named(key)
        if wanted is None:
            continue
        matching = match(wanted, got.named(key) or ())
        for entity in matching.extra:
            if entity.confidence is not None:
                yield Judged(kind, entity.confidence, False)
        for gold, entity in matching.hits:
            if entity.confidence is not None:
                yield Judged(kind, entity.confidence, True)
            if gold.role and entity.role_confidence is not None:
                yield Judged("role", entity.role_confidence, gold.role == entity.role)
    days = {date.name for date in want.dates} if want else set()
    for date in got.dates:
        if date.confidence is not None:
            yield Judged("date", date.confidence, date.name in days)
    for n, (outcome, sure) in enumerate(zip(got.outcomes, got.outcome_confidences, strict=False)):
        if sure is not None and outcome == got.outcome:
            yield Judged("outcome", sure, want is not None and outcome == want.outcome)
        elif sure is not None and n:
            yield Judged("other_outcome", sure, want is not None and outcome in want.outcomes)
    for key, sure in (("event_date", got.event_confidence), ("people_affected", got.affected_confidence)):
        if sure is not None and (want is None or key not in want.open):
            right = want is not None and getattr(want, key) == getattr(got, key)
            yield Judged("affected" if key == "people_affected" else key, sure, right)


def _by_name(entities: Iterable[Entity]) -> dict[str, Entity]:
    return {entity.name: entity for entity in reversed(list(entities))}


def _classes(win: CodedWin | None) -> dict[str, Entity]:
    return {outcome: Entity(outcome) for outcome in win.outcomes} if win else {}


def _checks(want: CodedWin, got: CodedWin | None, differ: _Differ) -> dict[str, Share]:
    """The fields with one value. A missed win is wrong in all but what gold itself has empty: place and outcome."""
    if got is None:
        right = dict.fromkeys(SINGLE, False)
        right |= {"place": _places(want) == ((), frozenset()), "outcome": want.outcome is None}
    else:
        right = {key: getattr(want, key) == getattr(got, key) for key in SINGLE if key not in ("extent", "place")}
        right |= {"extent": abs(want.end - got.end) <= SLACK, "place": _places(want) == _places(got)}
    for key in want.open & {"event_date", "people_affected"}:
        del right[key]
    if got is not None:
        for key in SINGLE:
            if not right.get(key, True):
                differ.add(key, "wrong", gold=_shown(want, key), predicted=_shown(got, key))
    shares = {key: Share(int(ok), 1) for key, ok in right.items()}
    return shares | ({"outcome_core": shares["outcome"]} if want.outcome in CORE else {})


def _places(win: CodedWin) -> tuple[tuple[str, ...], frozenset[str]]:
    return win.countries, frozenset(win.regions)


def _shown(win: CodedWin, key: str) -> str | int | None:
    if key == "place":
        return " ".join((*win.countries, *win.regions))
    value: str | int | None = getattr(win, "end" if key == "extent" else key)
    return value


def _grounding(got: CodedWin, text: str, differ: _Differ) -> Share:
    """How many mentions stand at their offsets; a value without any mention counts as one that does not."""
    right = of = 0
    for key in (*NAMED, "dates"):
        for entity in (got.dates if key == "dates" else got.named(key)) or ():
            if not entity.mentions:
                of += 1
                differ.add(key, "ungrounded", predicted=entity.name)
            for mention in entity.mentions:
                stands = text[mention.start : mention.end] == mention.text
                right, of = right + stands, of + 1
                if not stands:
                    differ.add(key, "ungrounded", predicted=mention.text, at=(Entity("", mentions=(mention,)),))
    return Share(right, of)


@dataclass(slots=True)
class _Differ:
    """Collects the differences of one win, each with its place."""

    want: CodedWin | None
    got: CodedWin | None
    text: str | None
    found: list[Difference] = field(default_factory=list)

    def add(
        self,
        key: str,
        kind: str,
        *,
        gold: str | int | None = None,
        predicted: str | int | None = None,
        at: Sequence[Entity] = (),
        name: str | None = None,
    ) -> None:
        win = self.want or self.got
        assert win is not None
        start, end = next((place for entity in at if (place := self.place(entity))), (win.start, win.end))
        number = self.want.n if self.want else None
        self.found.append(Difference(number, win.header, key, kind, gold, predicted, start, end, name))

    def place(self, entity: Entity) -> tuple[int, int] | None:
        """The first mention, else where the text of the win has the words."""
        if entity.mentions:
            return entity.mentions[0].start, entity.mentions[0].end
        win = self.want or self.got
        if self.text is not None and win:
            passage, base = self.text[win.start : win.end], win.start
        else:
            source = next((w for w in (self.got, self.want) if w and w.text is not None), None)
            passage, base = (source.text or "", source.start) if source else ("", 0)
        for words in (entity.name, *entity.aliases):
            if (found := passage.find(words)) >= 0:
                return base + found, base + found + len(words)
        return None


# Figures


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of a figure's values over the bootstrap's rounds."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Figure:
    """One field: its counts over all wins, and the intervals of p, r and f1 or of accuracy (none for 0 rounds)."""

    field: str
    counts: Counts | Share
    intervals: Mapping[str, Interval]

    def value(self) -> float:
        """The one number that stands for the field: F1 or accuracy."""
        if isinstance(self.counts, Counts):
            return self.counts.f1()
        # No value at all is no proof of grounding.
        return 0.0 if self.field == "grounding" and not self.counts.of else self.counts.accuracy()


@dataclass(frozen=True, slots=True)
class ClassFigure:
    """One outcome class: as the primary outcome, and as any of a win's outcomes."""

    name: str
    primary: Counts
    any: Counts


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold flags: shares of the wins with and without an error, and the number of wins.

    `threshold` is None for what the record's `review.needed` flags.
    """

    threshold: float | None
    erring: float
    right: float
    wins: int


@dataclass(frozen=True, slots=True)
class ReviewCurve:
    """How well the review's score tells wins with an error from right ones.

    A win is flagged where its score reaches the threshold. `basis` says what the score is:
    the record's `review.score`, or else the number of reasons. `area` is the chance that a
    win with an error scores above a right one. `current` is what `review.needed` flags.
    """

    basis: str
    erring: int
    right: int
    area: float
    current: Point
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Bin:
    """Values with confidences from `low` to less than `high`: how many, their mean confidence, the share right."""

    low: float
    high: float
    values: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether confidences of one kind of value (or of all) mean what they say.

    `error` is the expected calibration error: the mean distance of confidence and share right
    over ten bins of equal width, weighted by their values (Guo et al. 2017,
    https://proceedings.mlr.press/v70/guo17a.html).
    """

    kind: str
    values: int
    confidence: float
    right: float
    error: float
    bins: tuple[Bin, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is known of how right an extraction is. `grounding` is left out where the text is not known."""

    compared: tuple[Compared, ...]
    figures: tuple[Figure, ...]
    classes: tuple[ClassFigure, ...]
    confusion: Mapping[tuple[str, str], int]
    review: ReviewCurve | None
    rounds: int
    calibrations: tuple[Calibration, ...] = ()

    @property
    def differences(self) -> tuple[Difference, ...]:
        return tuple(difference for pair in self.compared for difference in pair.differences)


def evaluate(
    gold: Sequence[CodedWin], predicted: Sequence[CodedWin], *, text: str | None = None, rounds: int = ROUNDS
) -> Evaluation:
    """Hold an extraction against gold. `text` is the report's; `rounds` the bootstrap's, 0 for no intervals."""
    compared = tuple(compare(want, got, text=text) for want, got in align(gold, predicted))
    found = figures(compared, intervals=bootstrap(compared, rounds=rounds))
    return Evaluation(
        compared=compared,
        figures=tuple(f for f in found if text is not None or f.field != "grounding"),
        classes=tuple(class_figures(compared)),
        confusion=confusion(compared),
        review=review_curve(compared),
        rounds=rounds,
        calibrations=tuple(calibrations([judged for pair in compared for judged in pair.judged])),
    )


def figures(
    compared: Sequence[Compared], *, intervals: Mapping[str, Mapping[str, Interval]] | None = None
) -> list[Figure]:
    """The figures over compared wins, of one report or of several; `intervals` are those of `bootstrap`."""
    given = intervals or {}
    found = [Figure(key, sum((c.sets[key] for c in compared), Counts()), given.get(key, {})) for key in SETS]
    for key in SHARES:
        share = sum((c.shares.get(key, Share()) for c in compared), Share())
        found.append(Figure(key, share, given.get(key, {})))
    grounding = sum((c.grounding for c in compared), Share())
    return [*found, Figure("grounding", grounding, given.get("grounding", {}))]


def calibrations(judged: Sequence[Judged]) -> Iterator[Calibration]:
    """The calibration of each kind of value that occurs, in the order of their names, then of "all"."""
    for kind in [*sorted({j.kind for j in judged}), *(["all"] if judged else [])]:
        yield calibration(kind, [j for j in judged if kind in (j.kind, "all")])


def calibration(kind: str, judged: Sequence[Judged]) -> Calibration:
    """The calibration of values that are taken together; there must be one."""
    bins = []
    for k in range(BINS):
        low, high = k / BINS, (k + 1) / BINS
        inside = [j for j in judged if min(int(j.confidence * BINS), BINS - 1) == k]
        if inside:
            bins.append(
                Bin(low, high, len(inside), _mean(j.confidence for j in inside), _mean(j.right for j in inside))
            )
    return Calibration(
        kind=kind,
        values=len(judged),
        confidence=_mean(j.confidence for j in judged),
        right=_mean(j.right for j in judged),
        error=sum(b.values * abs(b.confidence - b.right) for b in bins) / len(judged),
        bins=tuple(bins),
    )


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return sum(listed) / len(listed)


def confusion(compared: Sequence[Compared]) -> dict[tuple[str, str], int]:
    """Wins by gold's and the extraction's primary outcome; a missed and a stray win have a label of their own."""
    return dict(
        Counter(
            (
                STRAY_WIN if pair.want is None else pair.want.outcome or "(none)",
                MISSED_WIN if pair.got is None else pair.got.outcome or "(none)",
            )
            for pair in compared
        )
    )


def class_figures(compared: Sequence[Compared]) -> Iterator[ClassFigure]:
    """The figures of the classes that occur, in the codebook's order."""
    for name in codebook.outcome_names():
        primary, anywhere = Counts(), Counts()
        for pair in compared:
            want, got = pair.want, pair.got
            primary += _membership(want is not None and want.outcome == name, got is not None and got.outcome == name)
            anywhere += _membership(
                want is not None and name in want.outcomes, got is not None and name in got.outcomes
            )
        if primary != Counts() or anywhere != Counts():
            yield ClassFigure(name, primary, anywhere)


def _membership(wanted: bool, found: bool) -> Counts:
    return Counts(int(wanted and found), int(found and not wanted), int(wanted and not found))


def bootstrap(
    compared: Sequence[Compared], *, rounds: int = ROUNDS, seed: int = SEED
) -> dict[str, dict[str, Interval]]:
    """95 % intervals of the figures, by field and p, r, f1 or accuracy.

    Wins are drawn with replacement, as many as there are, `rounds` times; the same seed gives
    the same intervals. Says how much a figure depends on which wins the report happens to
    hold, and nothing of another kind of report.
    """
    if not rounds or not compared:
        return {}
    import numpy as np

    n = len(compared)
    drawn = np.random.Generator(np.random.PCG64(seed)).integers(0, n, size=(rounds, n))
    flat = drawn + n * np.arange(rounds)[:, None]
    weights = np.bincount(flat.ravel(), minlength=rounds * n).reshape(rounds, n)
    intervals: dict[str, dict[str, Interval]] = {}
    for key in SETS:
        counts = np.array([[c.sets[key].right, c.sets[key].extra, c.sets[key].missed] for c in compared])
        right, extra, missed = (weights @ counts).T
        p, r = _ratio(right, right + extra), _ratio(right, right + missed)
        f1 = np.divide(2 * p * r, p + r, out=np.zeros(rounds), where=p + r > 0)
        intervals[key] = {"p": _middle(p), "r": _middle(r), "f1": _middle(f1)}
    for key in (*SHARES, "grounding"):
        found = [c.grounding if key == "grounding" else c.shares.get(key, Share()) for c in compared]
        right, of = (weights @ np.array([[share.right, share.of] for share in found])).T
        intervals[key] = {"accuracy": _middle(_ratio(right, of))}
    return intervals


def _ratio(part: NDArray[np.int64], whole: NDArray[np.int64]) -> Array:
    import numpy as np

    return np.divide(part, whole, out=np.ones(len(part)), where=whole > 0)


def _middle(values: Array) -> Interval:
    import numpy as np

    low, high = np.percentile(values, [2.5, 97.5])
    return Interval(float(low), float(high))


def review_curve(compared: Sequence[Compared]) -> ReviewCurve | None:
    """What each threshold of the review's score flags; None where the extraction carries no review.

    A missed win cannot be flagged and is left out; a win that gold does not have is an error.
    """
    judged = [pair for pair in compared if pair.got is not None]
    wins = [pair.got for pair in judged if pair.got is not None]
    if not wins or any(win.review_needed is None for win in wins):
        return None
    if all(win.review_score is not None for win in wins):
        basis, scores = "review.score", [win.review_score or 0.0 for win in wins]
    else:
        basis, scores = "number of reasons", [float(max(len(w.review_reasons), bool(w.review_needed))) for w in wins]
    errors = [pair.holds_error for pair in judged]
    bad = [score for score, error in zip(scores, errors, strict=True) if error]
    good = [score for score, error in zip(scores, errors, strict=True) if not error]
    above = sum((b > g) + (b == g) / 2 for b in bad for g in good)

    def point(threshold: float | None, flags: Sequence[bool]) -> Point:
        caught = sum(f and e for f, e in zip(flags, errors, strict=True))
        return Point(
            threshold,
            caught / len(bad) if bad else 1.0,
            (sum(flags) - caught) / len(good) if good else 0.0,
            sum(flags),
        )

    return ReviewCurve(
        basis=basis,
        erring=len(bad),
        right=len(good),
        area=above / (len(bad) * len(good)) if bad and good else 1.0,
        current=point(None, [bool(win.review_needed) for win in wins]),
        points=tuple(point(t, [score >= t for score in scores]) for t in sorted(set(scores))),
    )


# Output


def to_json(
    evaluation: Evaluation, *, errors: bool = False, review: bool = False, calibration: bool = False
) -> dict[str, Any]:
    """The figures as plain values; `fields` has the keys of the annotation guide's scorer and more."""
    result: dict[str, Any] = {
        "fields": {figure.field: _figure_json(figure) for figure in evaluation.figures},
        "bootstrap": {"rounds": evaluation.rounds, "seed": SEED},
        "outcome_classes": {
            c.name: {"primary": _counts_json(c.primary), "any": _counts_json(c.any)} for c in evaluation.classes
        },
        "confusion": [
            {"gold": gold, "predicted": predicted, "wins": wins}
            for (gold, predicted), wins in sorted(evaluation.confusion.items())
        ],
    }
    if errors:
        result["errors"] = [asdict(difference) for difference in evaluation.differences]
    if review:
        result["review"] = asdict(evaluation.review) if evaluation.review else None
    if calibration:
        result["calibration"] = [asdict(each) for each in evaluation.calibrations]
    return result


def _counts_json(counts: Counts, *, credit: float = 0.0) -> dict[str, Any]:
    return {
        "p": counts.precision(credit=credit),
        "r": counts.recall(credit=credit),
        "f1": counts.f1(credit=credit),
        "gold": counts.gold,
        "predicted": counts.predicted,
    }


def _figure_json(figure: Figure) -> dict[str, Any]:
    counts = figure.counts
    row: dict[str, Any]
    if isinstance(counts, Counts):
        row = _counts_json(counts)
        if figure.field in LENIENT:
            row["partial"], row["lenient"] = _counts_json(counts, credit=0.5), _counts_json(counts, credit=1.0)
    else:
        row = {"accuracy": figure.value(), "right": counts.right, "of": counts.of}
    if figure.intervals:
        row["interval"] = {key: [interval.low, interval.high] for key, interval in figure.intervals.items()}
    return row


@dataclass(frozen=True, slots=True)
class Grid:
    """A table to print: the first `left` columns are words, the others numbers; `note` stands below."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""
    left: int = 1


def grids(
    evaluation: Evaluation, *, errors: bool = False, review: bool = False, calibration: bool = False
) -> Iterator[Grid]:
    """The figures as tables, which print in a terminal and in Markdown alike."""
    sets = [(f, f.counts) for f in evaluation.figures if isinstance(f.counts, Counts)]
    yield Grid(
        "Sets of values",
        ("field", "P", "R", "F1", "95 %", "half", "lenient", "gold", "predicted"),
        tuple(
            (
                figure.field,
                _3(counts.precision()),
                _3(counts.recall()),
                _3(counts.f1()),
                _range(figure.intervals.get("f1")),
                *(_3(counts.f1(credit=c)) if figure.field in LENIENT else "" for c in (0.5, 1.0)),
                str(counts.gold),
                str(counts.predicted),
            )
            for figure, counts in sets
        ),
        note="half and lenient: F1 with a name that only overlaps gold's counted half right, or right.",
    )
    shares = [(f, f.counts) for f in evaluation.figures if isinstance(f.counts, Share)]
    yield Grid(
        "Single values",
        ("field", "accuracy", "95 %", "right", "of"),
        tuple(
            (f.field, _3(f.value()), _range(f.intervals.get("accuracy")), str(s.right), str(s.of)) for f, s in shares
        ),
    )
    yield Grid(
        "Outcome classes",
        ("class", "P", "R", "F1", "gold", "predicted", "any: P", "R", "F1", "gold", "predicted"),
        tuple((c.name, *_class_cells(c.primary), *_class_cells(c.any)) for c in evaluation.classes),
        note="First as the primary outcome, then as any of a win's outcomes.",
    )
    yield _confusion_grid(evaluation.confusion)
    if review:
        yield _review_grid(evaluation.review)
    if calibration:
        yield from _calibration_grids(evaluation.calibrations)
    if errors:
        yield Grid(
            "Differences",
            ("win", "header", "field", "", "gold", "predicted", "place"),
            tuple(
                (
                    "–" if d.win is None else str(d.win),
                    d.header or "",
                    f"role of {d.name}" if d.name else d.field,
                    d.kind,
                    "" if d.gold is None else str(d.gold),
                    "" if d.predicted is None else str(d.predicted),
                    f"{d.start}–{d.end}",
                )
                for d in evaluation.differences
            ),
            left=6,
        )


def _class_cells(counts: Counts) -> tuple[str, ...]:
    return (
        *(_3(v) for v in (counts.precision(), counts.recall(), counts.f1())),
        str(counts.gold),
        str(counts.predicted),
    )


def _confusion_grid(confused: Mapping[tuple[str, str], int]) -> Grid:
    """Rows are gold, columns the extraction; a letter stands for each class, right ones on the diagonal."""
    known = [*codebook.outcome_names(), "(none)"]
    occur = {name for pair in confused for name in pair}
    classes = [name for name in known if name in occur]
    letters = {name: chr(ord("a") + i) for i, name in enumerate(classes)}
    columns = [*classes, *([MISSED_WIN] if MISSED_WIN in occur else [])]
    rows = [*classes, *([STRAY_WIN] if STRAY_WIN in occur else [])]
    return Grid(
        "Primary outcomes: gold down, extraction across",
        ("", "gold", *(letters.get(name, "missed") for name in columns)),
        tuple(
            (
                f"{letters[gold]} {gold}" if gold in letters else gold,
                str(sum(n for (g, _), n in confused.items() if g == gold)),
                *(str(confused.get((gold, predicted), 0) or "·") for predicted in columns),
            )
            for gold in rows
        ),
    )


def _review_grid(curve: ReviewCurve | None) -> Grid:
    columns = ("threshold", "wins flagged", "of those with an error", "of the right ones")
    if curve is None:
        return Grid("Review", columns, (), note="The extraction carries no review flags.")
    shown = curve.points
    if len(shown) > SHOWN_POINTS:
        shown = tuple(shown[round(i * (len(shown) - 1) / (SHOWN_POINTS - 1))] for i in range(SHOWN_POINTS))
    return Grid(
        "Review",
        columns,
        tuple(
            (label, str(p.wins), _3(p.erring), _3(p.right))
            for p in (curve.current, *shown)
            for label in ["review.needed" if p.threshold is None else f"{p.threshold:.4g}"]
        ),
        note=f"Score: {curve.basis}. {curve.erring} wins hold an error, {curve.right} are right; area under the curve {_3(curve.area)}.",
    )


def _calibration_grids(found: Sequence[Calibration]) -> Iterator[Grid]:
    yield Grid(
        "Confidences",
        ("kind", "values", "mean confidence", "right", "ECE"),
        tuple((c.kind, str(c.values), _3(c.confidence), _3(c.right), _3(c.error)) for c in found),
        note="ECE: mean distance of confidence and share right, over ten bins."
        if found
        else "The extraction carries no confidences.",
    )
    if found:
        yield Grid(
            "Confidences of all kinds",
            ("confidence", "values", "mean confidence", "right"),
            tuple((f"{b.low:.1f}–{b.high:.1f}", str(b.values), _3(b.confidence), _3(b.right)) for b in found[-1].bins),
        )


def _3(value: float) -> str:
    return f"{value:.3f}"


def _range(interval: Interval | None) -> str:
    return f"{interval.low:.3f}–{interval.high:.3f}" if interval else ""


def to_markdown(tables: Iterable[Grid]) -> str:
    """Tables as Markdown, each under a heading."""
    blocks = []
    for grid in tables:
        ruler = ["---" if i < grid.left else "---:" for i in range(len(grid.columns))]
        rows = [_markdown_row(row) for row in (grid.columns, ruler, *grid.rows)]
        blocks.append("\n".join([f"## {grid.title}", "", *rows, *(["", grid.note] if grid.note else [])]))
    return "\n\n".join(blocks) + "\n"


def _markdown_row(cells: Sequence[str]) -> str:
    safe = (re.sub(r"\s+", " ", cell).replace("|", "\\|") for cell in cells)
    return "| " + " | ".join(safe) + " |"


def to_rich(grid: Grid) -> Group:
    """A table for a terminal, with its note."""
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(title=grid.title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for i, column in enumerate(grid.columns):
        table.add_column(Text(column), justify="left" if i < grid.left else "right", overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(cell) for cell in row))
    return Group(table, *([Text(grid.note, style="dim")] if grid.note else []))


# Coding a new year


def gold_template(record: Record, *, text: bool = True) -> str:
    """An extraction as JSONL to correct by hand: the keys of gold, one win a line.

    `note` says what the extractor itself doubts. With `text`, each win's words stand at the
    end of its line, to read while correcting; `evaluate` has no need of them.
    """
    return "".join(_gold_line(win, text=text) for win in record["wins"])


def _gold_line(win: Record, *, text: bool) -> str:
    start, end = win["span"] or (None, None)
    event, affected, reasons = win["event_date"], win["people_affected"], win["review"]["reasons"]
    line = {
        "n": win["position"],
        "header": win["header"],
        "month": win["month"],
        "year": win["year"],
        "countries": [country["alpha_3"] for country in win["countries"]],
        "regions": [region["code"] for region in win["regions"]],
        "start": start,
        "end": end,
        "outcome": win["outcome"],
        "outcomes": [outcome["outcome"] for outcome in win["outcomes"]],
        "people": [{key: person[key] for key in ("name", "aliases", "role")} for person in win["people"]],
        "organisations": [{key: name[key] for key in ("name", "aliases")} for name in win["organisations"]],
        "dates": [{key: date[key] for key in ("text", "edtf")} for date in win["dates"]],
        "laws": [{key: name[key] for key in ("name", "aliases")} for name in win["laws"]],
        "event_date": event["edtf"] if event else None,
        "people_affected": affected["count"] if affected else None,
        **({"note": f"check: {'; '.join(reasons)}"} if reasons else {}),
        **({"text": win["text"]} if text else {}),
    }
    # Characters that JSON leaves as they are and that many editors and programs take for the end of a line.
    safe = {ord(c): f"\\u{ord(c):04x}" for c in "\x85\u2028\u2029"}
    return json.dumps(line, ensure_ascii=False).translate(safe) + "\n"
