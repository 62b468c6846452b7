"""The dataclasses that flow from one stage to the next; nothing here imports from the package.

Offsets are Python string indices, end exclusive. Until the record is built they count in
the text that a stage was given; in a [Win][winsextract.records.Win] they count in the
report's decoded text.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Mention:
    """Characters of the text that something was found in: `text == source[start:end]`."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Source:
    """One report as read: its decoded text and where that came from.

    `text` is the plain text that every later offset counts in. `encoding` is the codec
    that decoded the file, None where the format has none (PDF, DOCX). `offsets_in_file`
    says whether the offsets also hold in the file as the user sees it (plain text,
    Markdown) or only in the text that the reader made of it.
    """

    name: str
    text: str
    sha256: str
    encoding: str | None
    media_type: str
    offsets_in_file: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a win's text that is no running text: `kind` is caption, credit or quote."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Unassigned:
    """Text outside every win.

    `kind` is one of title, introduction, section_heading, marker, boilerplate, closing.
    """

    kind: str
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Place:
    """A country (ISO 3166-1) or a region (UN M49, or `EU`)."""

    kind: str  # "country" or "region"
    code: str  # alpha-3 for a country, M49 or EU for a region
    name: str
    alpha_2: str | None = None
    numeric: str | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """One win's stretch of the report, before anything in it was understood.

    `start` is the first character of the header, `end` is behind the last character that
    belongs to the win; `body_start` is where the text behind the header and its mark
    begins. `header` is None where no place heads the text. `month` is 1-12; `year` is the
    section heading's where that names one, else the report's.
    """

    position: int
    header: str | None
    section: str | None
    month: int | None
    year: int | None
    start: int
    body_start: int
    end: int
    places: tuple[Place, ...] = ()
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A report cut into wins; every character that is no white space is in exactly one piece."""

    title: str | None
    year: int | None
    segments: tuple[Segment, ...]
    unassigned: tuple[Unassigned, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """An organisation or a law: one entry however often it is named."""

    name: str
    aliases: tuple[str, ...]
    confidence: float
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """A named individual, under the fullest name in the text.

    `role` is beneficiary, perpetrator, official or other (the annotation guide's classes).
    """

    name: str
    aliases: tuple[str, ...]
    role: str
    role_confidence: float
    confidence: float
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Date:
    """A calendar value as EDTF level 1, with the days that bound it.

    `precision` is day, month, season, year, decade or interval. `edtf` may carry `~`
    (approximate); `start` and `end` are then those of the value without the mark.
    """

    text: str
    edtf: str
    start: dt.date
    end: dt.date
    precision: str
    confidence: float
    mentions: tuple[Mention, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """One class of the codebook that the text reports as having happened, and the words that say so.

    `evidence` is None where the class was recognised from the whole text only; the win
    then says so among its review reasons.
    """

    outcome: str
    confidence: float
    evidence: Mention | None


@dataclass(frozen=True, slots=True)
class Affected:
    """How many persons were released, acquitted, convicted or granted something.

    `basis` is stated (a number in the text) or named (the persons named are counted);
    `qualifier` is exact, at_least, at_most or about; `mention` is the number's own words,
    None for a count of names.
    """

    count: int
    basis: str
    qualifier: str
    mention: Mention | None


@dataclass(frozen=True, slots=True)
class EventDate:
    """When the win happened, as precisely as its text, else its section or report, allows.

    `basis` says from where: text, section or report; `mention` is the date in the text, None
    for the others.
    """

    edtf: str
    start: dt.date
    end: dt.date
    precision: str
    basis: str
    confidence: float
    mention: Mention | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Words somebody said, with the speaker where the text names one."""

    text: str
    speaker: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Win:
    """One win as a record; all offsets count in the report's decoded text.

    `affected_confidence` is that of the number of people, of "none is counted" where `affected`
    is None; `review_score` is the probability that at least one value of the win is wrong.
    """

    win_id: str
    position: int
    month: int | None
    year: int | None
    section: str | None
    header: str | None
    text: str
    start: int
    end: int
    places: tuple[Place, ...]
    outcomes: tuple[Outcome, ...]
    people: tuple[Person, ...]
    organisations: tuple[Name, ...]
    laws: tuple[Name, ...]
    dates: tuple[Date, ...]
    event_date: EventDate | None
    affected: Affected | None
    affected_confidence: float = 1.0
    captions: tuple[Mention, ...] = ()
    quotes: tuple[Quote, ...] = ()
    review_reasons: tuple[str, ...] = ()
    review_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """A report's wins, and the text that belongs to none of them."""

    report_id: str
    title: str | None
    year: int | None
    source: Source
    wins: tuple[Win, ...]
    unassigned: tuple[Unassigned, ...]
    settings: dict[str, str | int | bool | None] = field(default_factory=dict)
