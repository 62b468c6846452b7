"""One report, from its file to its records: the stages in the order in which a report passes them.

```
read → segment → annotate → people · organisations · laws · dates · places → outcomes,
affected, event date → record
```
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from winsextract.confidence import calibrated, curve_of_role
from winsextract.errors import ConservationError, ReadError
from winsextract.names import Found
from winsextract.records import (
    Mention,
    Part,
    Person,
    Place,
    Quote,
    Report,
    Segment,
    Segmentation,
    Source,
    Win,
)
from winsextract.repair import Marked, repaired

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc, Span

    from winsextract.stages.people import Found as FoundPerson

# A year's report of 400 pages has a million characters, and some hundred wins of at most 5,000 each. At these sizes a run
# takes a minute or two; what is beyond them is an archive, a book or an attack.
MAX_CHARACTERS = 2_000_000
MAX_WINS = 10_000
MAX_WIN = 200_000


def extract(
    source: Source,
    nlp: Language,
    *,
    year: int | None = None,
    report_id: str | None = None,
    review_threshold: float | None = None,
    month_first: bool = False,
) -> Report:
    """The records of one report.

    `year` and `report_id` override what the text says; wins are flagged from a chance of an
    error of `review_threshold` on; `month_first` reads 03/04/2024 as 4 March. Raises
    ConservationError where a character of the text would be lost or counted twice, ReadError
    where it is no report by its size.
    """
    from spacy.about import __version__ as spacy_version

    from winsextract.stages.annotate import annotate, curves
    from winsextract.stages.segment import segment

    asked = {"year": year, "report_id": report_id}
    pieces = segment(source.text, year=year)
    check_conservation(source.text, pieces)
    check_size(source, pieces)
    report_id = report_id or slug(pieces.title or Path(source.name).stem)
    bodies = ((source.text[s.body_start : s.end], s) for s in pieces.segments)
    calibration = curves(nlp)
    wins = tuple(
        understand(
            doc,
            s,
            source.text,
            report_id=report_id,
            calibration=calibration,
            threshold=review_threshold,
            month_first=month_first,
        )
        for doc, s in annotate(nlp, bodies)
    )
    return Report(
        report_id=report_id,
        title=pieces.title,
        year=pieces.year,
        source=source,
        wins=wins,
        unassigned=pieces.unassigned,
        settings={
            "year": asked["year"],
            "report_id": asked["report_id"],
            "model": nlp.meta["name"],
            "model_version": nlp.meta["version"],
            "spacy_version": spacy_version,
        },
    )


def understand(
    doc: Doc,
    segment: Segment,
    text: str,
    *,
    report_id: str,
    calibration: Mapping[str, Any],
    threshold: float | None = None,
    month_first: bool = False,
) -> Win:
    """One win's record from its annotated text.

    `doc` holds the text behind the header; the record's offsets count in `text`, the report's.
    `calibration` has the curves of `winsextract.confidence`; without one, confidences are raw.
    A win is flagged for review from a chance of an error of `threshold` on, else from the calibration's.
    """
    from winsextract.cues import find_cues
    from winsextract.stages.affected import count_affected
    from winsextract.stages.dates import find_dates
    from winsextract.stages.event_date import find_event_date
    from winsextract.stages.laws import find_laws
    from winsextract.stages.organisations import find_organisations
    from winsextract.stages.outcome import find_outcomes
    from winsextract.stages.people import find_people
    from winsextract.stages.review import UNFITTED, Judgement, doubts, flag

    body = doc.text
    places = segment.places if segment.header is not None else place_in_text(body)
    parts = tuple(replace(p, start=p.start - segment.body_start, end=p.end - segment.body_start) for p in segment.parts)
    marked = _marked(doc)
    people = find_people(body, list(_people(doc, marked)), parts=parts)
    names = [body[m.start : m.end] for m in marked if m.label in ("GPE", "NORP")] + [p.name for p in places]
    organisations = find_organisations(body, _found(doc, marked, "ORG"), parts=parts, places=names)
    laws = find_laws(body, _found(doc, marked, "LAW"))
    masked = [(m.start, m.end) for entry in (*laws, *organisations) for m in entry.mentions]
    dates = find_dates(body, year=segment.year, month=segment.month, masked=masked, month_first=month_first)
    cues = find_cues(doc, year=segment.year)
    outcomes = find_outcomes(doc, cues)
    affected, affected_confidence = count_affected(doc, outcomes, people)
    event = find_event_date(doc, dates, year=segment.year, month=segment.month, parts=parts)
    by = segment.body_start
    sure = functools.partial(calibrated, calibration=calibration)
    win = Win(
        win_id=f"{report_id}/{segment.position:03d}",
        position=segment.position,
        month=segment.month,
        year=segment.year,
        section=segment.section,
        header=segment.header,
        text=text[segment.start : segment.end],
        start=segment.start,
        end=segment.end,
        places=places,
        outcomes=tuple(
            replace(
                o, evidence=_moved(o.evidence, by), confidence=sure(o.confidence, "other_outcome" if n else "outcome")
            )
            for n, o in enumerate(outcomes)
        ),
        people=tuple(
            replace(
                p,
                mentions=_all_moved(p.mentions, by),
                confidence=sure(p.confidence, "person"),
                role_confidence=sure(p.role_confidence, curve_of_role(p.role)),
            )
            for p in people
        ),
        organisations=tuple(
            replace(n, mentions=_all_moved(n.mentions, by), confidence=sure(n.confidence, "organisation"))
            for n in organisations
        ),
        laws=tuple(replace(n, mentions=_all_moved(n.mentions, by), confidence=sure(n.confidence, "law")) for n in laws),
        dates=tuple(
            replace(d, mentions=_all_moved(d.mentions, by), confidence=sure(d.confidence, "date")) for d in dates
        ),
        event_date=replace(event, mention=_moved(event.mention, by), confidence=sure(event.confidence, "event_date"))
        if event
        else None,
        affected=replace(affected, mention=_moved(affected.mention, by)) if affected else None,
        affected_confidence=sure(affected_confidence, "affected"),
        captions=tuple(_cut(text, p) for p in segment.parts if p.kind == "caption"),
        quotes=tuple(
            Quote(text[p.start : p.end], _speaker(text, p, people, by), p.start, p.end)
            for p in segment.parts
            if p.kind == "quote"
        ),
    )
    judgement = Judgement.of(calibration) or UNFITTED
    reported = {c.outcome for c in cues if c.status == "happened"}
    return flag(
        win,
        chance=judgement.chance(doubts(win, doc, reported)),
        threshold=judgement.threshold if threshold is None else threshold,
        cues=reported,
    )


def place_in_text(text: str) -> tuple[Place, ...]:
    """The place that a text without a header names most often, the first of several; none where it names none."""
    from winsextract.places import mentioned_places

    counts = Counter(place for place, _, _ in mentioned_places(text))
    return tuple(place for place, _ in counts.most_common(1))


def check_conservation(text: str, pieces: Segmentation) -> None:
    """Raise ConservationError unless every character that is no white space is in exactly one piece."""
    spans = sorted([(s.start, s.end) for s in pieces.segments] + [(u.start, u.end) for u in pieces.unassigned])
    at = 0
    for start, end in spans:
        if start < at:
            raise ConservationError(
                f"Characters {start} to {min(at, end)} of the report are in two pieces: {text[start : min(at, end)][:40]!r}."
            )
        if lost := text[at:start].strip():
            raise ConservationError(
                f"Characters between {at} and {start} of the report are in no piece: {lost[:40]!r}."
            )
        at = max(at, end)
    if lost := text[at:].strip():
        raise ConservationError(f"Characters behind {at} of the report are in no piece: {lost[:40]!r}.")


def check_size(source: Source, pieces: Segmentation) -> None:
    """Raise ReadError where a text is no report by its size: it would keep a machine busy for hours."""
    if len(pieces.segments) > MAX_WINS:
        raise ReadError(
            f"{source.name}: has {len(pieces.segments):,} headers, more than a report can have ({MAX_WINS:,}); split it into its reports."
        )
    if len(source.text) > MAX_CHARACTERS:
        raise ReadError(
            f"{source.name}: has {len(source.text):,} characters, more than a report can have ({MAX_CHARACTERS:,}); split it into its reports."
        )
    longest = max(pieces.segments, key=lambda s: s.end - s.start, default=None)
    if longest is not None and longest.end - longest.start > MAX_WIN:
        raise ReadError(
            f"{source.name}: has {longest.end - longest.start:,} characters from character {longest.start} on and no header of a place among them, "
            f"more than a win can have ({MAX_WIN:,}); is it a report of wins?"
        )


def slug(title: str) -> str:
    """A report's identifier from its title: lower-case ASCII words joined by hyphens."""
    ascii_text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode("ascii").lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.replace("'", "")).strip("-")[:80].strip("-") or "report"


def _marked(doc: Doc) -> list[Marked]:
    """The tagger's mentions with their edges mended."""
    return repaired(doc.text, [Marked(e.start_char, e.end_char, e.label_, confidence(doc, e)) for e in doc.ents])


def _people(doc: Doc, marked: Sequence[Marked]) -> Iterator[FoundPerson]:
    from winsextract.stages.people import Found as FoundPerson

    scores = doc.user_data["winsextract"]
    text = doc.text
    for m in marked:
        if m.label == "PERSON" and (span := doc.char_span(m.start, m.end, alignment_mode="expand")) is not None:
            yield FoundPerson(_mention(text, m), m.confidence, scores.roles[_read(span)].mean(0))


def _found(doc: Doc, marked: Sequence[Marked], label: str) -> list[Found]:
    text = doc.text
    return [Found(_mention(text, m), m.confidence) for m in marked if m.label == label]


def _mention(text: str, m: Marked) -> Mention:
    # A doc puts its text together each time it is asked for it, so the text is handed on.
    return Mention(text[m.start : m.end], m.start, m.end)


def confidence(doc: Doc, span: Span) -> float:
    """The tagger's probability of a span's tags: that of its least sure token."""
    from winsextract.tagger import TAGS

    scores = doc.user_data["winsextract"]
    if f"B-{span.label_}" not in TAGS:
        return 0.5
    tags = scores.tags[_read(span)]
    return float((tags[:, TAGS.index(f"B-{span.label_}")] + tags[:, TAGS.index(f"I-{span.label_}")]).min())


def _read(span: Span) -> list[int]:
    """The tokens of a span that the network read: a line's end or an asterisk inside a name tells nothing of it."""
    from winsextract.tagger import is_markup

    return [t.i for t in span if not is_markup(t.text)] or list(range(span.start, span.end))


def _moved(mention: Mention | None, by: int) -> Mention | None:
    return None if mention is None else Mention(mention.text, mention.start + by, mention.end + by)


def _all_moved(mentions: Sequence[Mention], by: int) -> tuple[Mention, ...]:
    return tuple(Mention(m.text, m.start + by, m.end + by) for m in mentions)


def _cut(text: str, part: Part) -> Mention:
    return Mention(text[part.start : part.end], part.start, part.end)


def _speaker(text: str, part: Part, people: Sequence[Person], by: int) -> str | None:
    """Who is named with a quotation: a person named in its paragraph, else on the line below it."""
    for person in people:
        if any(part.start <= m.start + by < part.end + 80 for m in person.mentions):
            return person.name
    return None
