"""When the win happened: the date of the outcome, else the section's month, else the report's year."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Sequence

from spacy.tokens import Doc

from winsextract.confidence import shifted
from winsextract.records import Date, EventDate, Mention, Part
from winsextract.tagger import TokenScores

# A date of the text is taken for the win's from this probability on.
EVENT = 0.5
# What the section says, in logits added to the network's, which does not see it: a date in the
# section's own month is likelier the win's, one of an earlier year less; a caption's day is the photo's. Chosen by hand on the
# errors of the real 2024 report and of tests/reports.
IN_SECTION = 2.0
EARLIER_YEAR = -3.0
IN_CAPTION = -7.0
# "its April report", "the 2022 ‘Title’ study": when something was published, which no win is dated by.
OF_A_PUBLICATION = -7.0
_PUBLICATION = re.compile(
    r"\s(?:[‘“'\"][^’”'\"\n]{1,80}[’”'\"]\s)?(?:report|briefing|study|survey|memorandum|article|documentary)\b"
)


def find_event_date(
    doc: Doc, dates: Sequence[Date], *, year: int | None, month: int | None, parts: Sequence[Part] = ()
) -> EventDate | None:
    """The win's date as precisely as the text allows; None where not even the year is known.

    `year` is the report's (or the section's) year, `month` the section's month, `parts` the
    win's captions, credits and quotes. Offsets of `dates` and `parts` count in the doc's text.
    """
    scores: TokenScores = doc.user_data["winsextract"]
    text = doc.text
    captions = [(p.start, p.end) for p in parts if p.kind in ("caption", "credit")]
    best: tuple[Date, Mention] | None = None
    best_p = 0.0
    for date in dates:
        if month is not None and (date.precision, date.start.year, date.end.year) == ("year", year, year):
            continue  # "in 2024" under NOVEMBER says less than the section
        shift = 0.0
        if year is not None and date.end.year < year:
            shift = EARLIER_YEAR
        elif month is not None and (date.start.year, date.start.month, date.end.month) == (year, month, month):
            shift = IN_SECTION
        for m in date.mentions:
            in_caption = any(s <= m.start and m.end <= e for s, e in captions)
            published = _PUBLICATION.match(text, m.end) is not None
            p = shifted(
                _event(doc, scores, m.start, m.end),
                shift + IN_CAPTION * in_caption + OF_A_PUBLICATION * published,
            )
            if p > best_p:
                best, best_p = (date, m), p
    if best is not None and best_p >= EVENT:
        date, mention = best
        return EventDate(date.edtf, date.start, date.end, date.precision, "text", best_p, mention)
    if year is None:
        return None
    if month is not None:
        last = calendar.monthrange(year, month)[1]
        return EventDate(
            f"{year:04d}-{month:02d}",
            dt.date(year, month, 1),
            dt.date(year, month, last),
            "month",
            "section",
            1.0 - best_p,
        )
    return EventDate(f"{year:04d}", dt.date(year, 1, 1), dt.date(year, 12, 31), "year", "report", 1.0 - best_p)


def _event(doc: Doc, scores: TokenScores, start: int, end: int) -> float:
    span = doc.char_span(start, end, alignment_mode="expand")
    return float(scores.event[span.start : span.end].max()) if span is not None and len(span) else 0.0
