"""What a person set right in a record, kept so that the next extraction cannot undo it.

The page of `winsextract view` saves `corrections.json`; `winsextract correct` applies it and
keeps it in `corrections/` beside the output folder, one file a report, made to be read,
edited and versioned by hand; `winsextract run` applies what is kept there to every new
extraction. A line that is taken out there is taken back at the next run.

A correction says which win it is about by the win's words ([win_key][winsextract.corrections.win_key]),
not by its number, and gives the whole new value of one field ([json_schema][winsextract.corrections.json_schema]).
It says nothing about offsets: names, dates and evidence are looked up in the text when it is
applied, and one that is not there makes the correction unfit.
"""

from __future__ import annotations

import calendar
import csv
import datetime as dt
import functools
import hashlib
import io
import json
import math
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from winsextract import dataset, places, schema
from winsextract.errors import WinsextractError
from winsextract.names import fold, one_line

Record = dict[str, Any]

FORMAT = "winsextract-corrections"
VERSION = "1"
# 64 bits of SHA-256: among a million wins, two different ones share a key once in 40 million cases.
KEY_DIGITS = 16
# How the review reasons begin that a correction of a field settles; `review` settles all.
SETTLES = {
    "outcome": ("outcome ",),
    "outcomes": ("outcome ",),
    "countries": ("no header", "unknown header"),
    "regions": ("no header", "unknown header"),
    "people": ("person ", "role "),
    "organisations": ("organisation ",),
    "laws": ("law ",),
    "event_date": ("date ",),
}


class CorrectionsError(WinsextractError):
    """A file of corrections cannot be read or written."""


@dataclass(frozen=True, slots=True)
class Correction:
    """The whole new value of a field of the wins whose text has the key `win`.

    `win_id` and `header` say to a reader which win it was; the first part of `win_id` is also
    the report whose extraction tells when the correction no longer fits.
    """

    win: str
    field: str
    value: Any
    win_id: str
    header: str | None = None

    @property
    def report_id(self) -> str:
        """The report that it was made in."""
        return self.win_id.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A correction that could not be applied, and why, as the end of a sentence."""

    correction: Correction
    reason: str

    def __str__(self) -> str:
        where = (
            f"{self.correction.win_id} ({self.correction.header})" if self.correction.header else self.correction.win_id
        )
        return f"The correction of {self.correction.field} in {where} no longer fits: {self.reason}."


def win_key(text: str) -> str:
    """The key of a win: a hash of its letters and digits, so that case, accents, marks and spacing can change."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text).casefold() if not unicodedata.combining(c))
    return hashlib.sha256(" ".join(re.findall(r"[^\W_]+", plain)).encode("utf-8", "surrogatepass")).hexdigest()[
        :KEY_DIGITS
    ]


# Applying


def apply(record: Record, corrections: Iterable[Correction]) -> tuple[Record, tuple[Unfit, ...]]:
    """A nested record with the corrections of its wins, and those that no longer fit it.

    Corrections of other reports' wins are passed over, and applying twice is applying once. What a person set has confidence 1 and
    is named in the win's `corrected`; the review reasons that it settles are gone. The text of
    a deleted win joins `unassigned` as boilerplate, so that nothing of the report is lost.
    """
    given = tuple(corrections)
    by_win: dict[str, list[Correction]] = {}
    for correction in given:
        by_win.setdefault(correction.win, []).append(correction)
    known = _keys(record)
    unfit: list[Unfit] = []
    wins: list[Record] = []
    deleted: list[Record] = []
    for win in record["wins"]:
        changed = {"corrected": [], **win}
        for correction in sorted(by_win.get(win_key(win["text"]), ()), key=lambda c: FIELDS.index(c.field)):
            try:
                changed = _corrected(changed, correction)
            except _DoesNotFitError as error:
                unfit.append(Unfit(correction, str(error)))
        (deleted if "delete" in changed["corrected"] else wins).append(changed)
    for key, missed in by_win.items():
        if key not in known:
            unfit.extend(
                Unfit(c, "no win has its text any more") for c in missed if c.report_id == record["report"]["report_id"]
            )
    unassigned = [
        *record["unassigned"],
        *({"kind": "boilerplate", "text": w["text"], "span": w["span"]} for w in deleted),
    ]
    if deleted and all(piece["span"] for piece in unassigned):
        unassigned.sort(key=lambda piece: piece["span"])
    report = {**record["report"], "settings": settings(record, given, asked=record["report"]["settings"])}
    return {**record, "report": report, "wins": wins, "unassigned": unassigned}, tuple(unfit)


def fingerprint(record: Record, corrections: Iterable[Correction]) -> str | None:
    """What tells whether a report was extracted with these corrections: a hash of those that are about its wins.

    None where there are none. The same for a record before and after they were applied.
    """
    known = _keys(record)
    about = [correction for correction in corrections if correction.win in known]
    return digest(about) if about else None


def digest(corrections: Iterable[Correction]) -> str:
    """A hash of corrections, whatever their order."""
    lines = sorted(json.dumps([c.win, c.field, c.value], ensure_ascii=False, sort_keys=True) for c in corrections)
    return hashlib.sha256("\n".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:KEY_DIGITS]


def settings(record: Record, corrections: Iterable[Correction], *, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The settings `asked` for, with the fingerprint of the report's corrections if it has any."""
    mark = fingerprint(record, corrections)
    others = {key: value for key, value in asked.items() if key != "corrections"}
    return others if mark is None else {**others, "corrections": mark}


def _keys(record: Record) -> set[str]:
    """The keys of a report's wins, deleted ones included."""
    return {win_key(piece["text"]) for piece in (*record["wins"], *record["unassigned"])}


class _DoesNotFitError(Exception):
    """A correction's value cannot be put into this win; the message is the reason."""


def _corrected(win: Record, correction: Correction) -> Record:
    changes = _SET[correction.field](win, correction.value)
    corrected = [field for field in FIELDS if field in (*win["corrected"], correction.field)]
    settled = SETTLES.get(correction.field, ())
    reasons = [] if correction.field == "review" else [r for r in win["review"]["reasons"] if not r.startswith(settled)]
    changed = {**win, **changes, "corrected": corrected}
    score = 0.0 if correction.field == "review" else _score(win, changed)
    return {**changed, "review": {"needed": bool(reasons), "score": score, "reasons": reasons}}


def _score(before: Record, after: Record) -> float:
    """The chance of an error that is left when a person has set values: its odds fall as the doubt that they took away.

    The records do not hold the weights that the extractor's score gave each doubt (`stages/review.py`), so each counts one.
    """
    wrong = min(before["review"]["score"], 1 - 1e-9)
    odds = wrong / (1 - wrong) * math.exp(min(0.0, _doubt(after) - _doubt(before)))
    return round(float(odds / (1 + odds)), dataset.CONFIDENCE_DECIMALS)


def _doubt(win: Record) -> float:
    """The sum of -log of the confidences that the score counts."""
    single = [win[field]["confidence"] for field in ("event_date", "people_affected") if win[field]]
    listed = [
        entry["confidence"]
        for field in ("outcomes", "people", "organisations", "laws", "dates")
        for entry in win[field]
    ]
    sure = [*listed, *(person["role_confidence"] for person in win["people"]), *single]
    return -sum(math.log(max(p, 1e-9)) for p in sure)


def _set_outcome(win: Record, value: str) -> Record:
    if value not in _classes():
        raise _DoesNotFitError(f"the codebook has no class {value!r}")
    primary = next((o for o in win["outcomes"] if o["outcome"] == value), {"outcome": value, "evidence": None})
    others = [o for o in win["outcomes"] if o["outcome"] != value]
    # The class that the extractor had taken for the primary one is wrong, unless it was kept by hand.
    if "outcomes" not in win["corrected"] and primary not in win["outcomes"]:
        others = [o for o in others if o["outcome"] != win["outcome"]]
    return {"outcome": value, "outcomes": [{**primary, "confidence": 1.0}, *others]}


def _set_outcomes(win: Record, value: Sequence[Record]) -> Record:
    outcomes = []
    for entry in value:
        if entry["outcome"] not in _classes():
            raise _DoesNotFitError(f"the codebook has no class {entry['outcome']!r}")
        words = entry.get("evidence")
        evidence = _mention(win, *_look_up(win, words)[0]) if words else None
        outcomes.append({"outcome": entry["outcome"], "confidence": 1.0, "evidence": evidence})
    return {"outcome": outcomes[0]["outcome"], "outcomes": outcomes}


def _set_countries(_: Record, value: Sequence[str]) -> Record:
    try:
        found = [places.country(code) for code in value]
    except KeyError as error:
        raise _DoesNotFitError(str(error.args[0])) from error
    return {
        "countries": [{"alpha_3": c.code, "alpha_2": c.alpha_2, "numeric": c.numeric, "name": c.name} for c in found]
    }


def _set_regions(_: Record, value: Sequence[str]) -> Record:
    known = region_names()
    if unknown := [code for code in value if code not in known]:
        raise _DoesNotFitError(f"there is no region {unknown[0]!r}")
    return {"regions": [{"code": code, "name": known[code]} for code in value]}


def _set_names(field: str) -> Callable[[Record, Sequence[Record]], Record]:
    def set_names(win: Record, value: Sequence[Record]) -> Record:
        spans = _spans(win, [[entry["name"], *entry.get("aliases", ())] for entry in value], win[field])
        entries = []
        for entry, found in zip(value, spans, strict=True):
            mentions = [_mention(win, *span) for span in found]
            texts = [one_line(m["text"]) for m in mentions]
            # The name is one of the mentions' texts, also where the report spells it a little otherwise.
            name = next((t for t in texts if t == entry["name"]), None) or next(
                (t for t in texts if fold(t) == fold(entry["name"])), texts[0]
            )
            aliases = list(dict.fromkeys(t for t in texts if fold(t) != fold(name)))
            filled: Record = {"name": name, "aliases": aliases}
            if field == "people":
                filled |= {"role": entry["role"], "role_confidence": 1.0}
            entries.append({**filled, "confidence": 1.0, "mentions": mentions})
        names = [entry["name"] for entry in entries]
        if twice := [name for name in names if names.count(name) > 1]:
            raise _DoesNotFitError(f"{twice[0]!r} would be there twice")
        return {field: entries}

    return set_names


def _set_dates(win: Record, value: Sequence[Record]) -> Record:
    spans = _spans(win, [[entry["text"]] for entry in value], win["dates"])
    dates: dict[str, Record] = {}
    for entry, found in zip(value, spans, strict=True):
        mentions = [_mention(win, *span) for span in found]
        if entry["edtf"] in dates:
            dates[entry["edtf"]]["mentions"].extend(mentions)
        else:
            date = {"text": mentions[0]["text"], **_calendar(entry["edtf"]), "confidence": 1.0, "mentions": mentions}
            dates[entry["edtf"]] = date
    return {"dates": list(dates.values())}


def _set_event_date(_: Record, value: str | None) -> Record:
    return {"event_date": None if value is None else {**_calendar(value), "basis": "text", "confidence": 1.0}}


def _set_people_affected(win: Record, value: Record | None) -> Record:
    if value is None:
        return {"people_affected": None}
    words = value.get("evidence")
    evidence = _mention(win, *_look_up(win, words)[0]) if words else None
    qualifier = value.get("qualifier", "exact")
    return {
        "people_affected": {
            "count": value["count"],
            "basis": value["basis"],
            "qualifier": qualifier,
            "confidence": 1.0,
            "evidence": evidence,
        }
    }


def _set_nothing(_: Record, __: Any) -> Record:
    return {}


# In the order in which they are applied: which class is the primary one comes behind which there are.
_SET: Mapping[str, Callable[[Record, Any], Record]] = {
    "outcomes": _set_outcomes,
    "outcome": _set_outcome,
    "countries": _set_countries,
    "regions": _set_regions,
    "people": _set_names("people"),
    "organisations": _set_names("organisations"),
    "laws": _set_names("laws"),
    "dates": _set_dates,
    "event_date": _set_event_date,
    "people_affected": _set_people_affected,
    "review": _set_nothing,
    "delete": _set_nothing,
}
FIELDS = tuple(_SET)


def _classes() -> tuple[str, ...]:
    return schema.table("wins").column("outcome").enum


@functools.cache
def region_names() -> dict[str, str]:
    """The names of the regions that a win can be filed under, by their codes."""
    table = (resources.files("winsextract") / "data" / "regions.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(io.StringIO(table))
    return {row["codes"]: row["name"] for row in rows if row["kind"] == "m49"}


# Looking words up in a win's text


def find_words(text: str, words: str) -> list[tuple[int, int]]:
    """Where words stand in a text, whole: as they are written but for white space, else whatever the case and the marks."""
    parts = words.split()
    if not parts:
        return []
    exact = re.compile(r"(?<!\w)" + r"\s+".join(re.escape(part) for part in parts) + r"(?!\w)")
    found = [match.span() for match in exact.finditer(text)]
    if found:
        return found
    tokens = [(fold(match[0]), *match.span()) for match in re.finditer(r"[^\W_]+", text)]
    wanted = [fold(match[0]) for match in re.finditer(r"[^\W_]+", words)]
    ends = range(len(wanted), len(tokens) + 1) if wanted else ()
    return [
        (tokens[end - len(wanted)][1], tokens[end - 1][2])
        for end in ends
        if [token for token, *_ in tokens[end - len(wanted) : end]] == wanted
    ]


def _look_up(win: Record, words: str) -> list[tuple[int, int]]:
    found = find_words(win["text"], words)
    if not found:
        raise _DoesNotFitError(f"its text does not have {words!r}")
    return found


def _spans(win: Record, entries: Sequence[Sequence[str]], extracted: Sequence[Record]) -> list[list[tuple[int, int]]]:
    """The places of each entry's forms in a win's text, none of them in two: longer forms first.

    Where the extractor found an entry of the same form, its mentions count too: it may know
    spellings that a person did not list.
    """
    candidates: list[tuple[int, int, int]] = []
    for n, forms in enumerate(entries):
        found = [span for form in forms for span in find_words(win["text"], form)]
        if not find_words(win["text"], forms[0]):
            raise _DoesNotFitError(f"its text does not have {forms[0]!r}")
        for known in extracted:
            if "name" in known and fold(known["name"]) == fold(forms[0]):
                start = (win["span"] or [0])[0]
                listed = {fold(form) for form in forms}
                found += [
                    (m["span"][0] - start, m["span"][1] - start)
                    for m in known["mentions"]
                    if m["span"] and fold(m["text"]) in listed
                ]
        candidates += [(start, end, n) for start, end in found]
    taken: list[tuple[int, int, int]] = []
    for start, end, n in sorted(set(candidates), key=lambda c: (c[0] - c[1], c[0], c[2])):
        if not any(start < e and s < end for s, e, _ in taken):
            taken.append((start, end, n))
    spans = [sorted((start, end) for start, end, at in taken if at == n) for n in range(len(entries))]
    for forms, places_ in zip(entries, spans, strict=True):
        if not places_:
            raise _DoesNotFitError(f"{forms[0]!r} stands in its text only as part of another name")
    return spans


def _mention(win: Record, start: int, end: int) -> Record:
    span = [win["span"][0] + start, win["span"][0] + end] if win["span"] else None
    return {"text": win["text"][start:end], "span": span}


# Dates

_SEASONS = {21: (3, 5), 22: (6, 8), 23: (9, 11), 24: (12, 14)}
_EDTF = re.compile(
    r"(?:(?P<decade>[0-9]{3})X|(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2}))?)?)[~?%]?"
)


def _calendar(edtf: str) -> Record:
    """The fields of a date; a winter begins in December of its year. Raises _DoesNotFitError for what is no EDTF date."""
    try:
        ends = [_bounds(part) for part in edtf.split("/", 1)]
    except ValueError as error:
        raise _DoesNotFitError(
            f"{edtf!r} is no EDTF date such as 2024-02-17, 2024-02, 2024 or 2024-02/2024-05"
        ) from error
    precision = ends[0][2] if len(ends) == 1 else "interval"
    return {"edtf": edtf, "start": ends[0][0].isoformat(), "end": ends[-1][1].isoformat(), "precision": precision}


def _bounds(edtf: str) -> tuple[dt.date, dt.date, str]:
    match = _EDTF.fullmatch(edtf)
    if match is None:
        raise ValueError(edtf)
    if match["decade"]:
        first = int(match["decade"] + "0")
        return dt.date(first, 1, 1), dt.date(first + 9, 12, 31), "decade"
    year = int(match["year"])
    if match["day"]:
        day = dt.date(year, int(match["month"]), int(match["day"]))
        return day, day, "day"
    if match["month"] is None:
        return dt.date(year, 1, 1), dt.date(year, 12, 31), "year"
    month = int(match["month"])
    start, end = _SEASONS.get(month, (month, month))
    first_day = dt.date(year, start, 1)
    last_year, last_month = (year, end) if end <= 12 else (year + 1, end - 12)
    last_day = dt.date(last_year, last_month, calendar.monthrange(last_year, last_month)[1])
    return first_day, last_day, "season" if month in _SEASONS else "month"


# The files


def read(file: str | os.PathLike[str]) -> tuple[Correction, ...]:
    """The corrections in a file. Raises CorrectionsError where it is none, saying what is wrong with which entry."""
    path = Path(file)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CorrectionsError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise CorrectionsError(f"{path} is no JSON ({error}): save the corrections in the page again.") from error
    if (
        not isinstance(content, dict)
        or content.get("format") != FORMAT
        or not isinstance(content.get("corrections"), list)
    ):
        raise CorrectionsError(f"{path} is no file of corrections: `winsextract view` makes a page that saves one.")
    if content.get("version") != VERSION:
        raise CorrectionsError(
            f"{path} is of version {content.get('version')!r}, and this winsextract reads {VERSION!r}: update it."
        )
    for n, entry in enumerate(content["corrections"], start=1):
        if (wrong := _wrong(entry)) is not None:
            raise CorrectionsError(f"{path}, correction {n}: {wrong}.")
    return tuple(
        Correction(e["win"], e["field"], e["value"], e["win_id"], e.get("header")) for e in content["corrections"]
    )


def kept(folder: str | os.PathLike[str]) -> tuple[Correction, ...]:
    """Every correction in a folder of corrections, the later of two for the same win and field; none where there is no folder."""
    merged: dict[tuple[str, str], Correction] = {}
    for path in sorted(Path(folder).glob("*.json")):
        merged.update({(c.win, c.field): c for c in read(path)})
    return tuple(merged.values())


def keep(folder: str | os.PathLike[str], corrections: Iterable[Correction]) -> None:
    """Add corrections to those in a folder, `REPORT_ID.json` each; one replaces an earlier one of the same win and field."""
    path = Path(folder)
    by_report: dict[str, dict[tuple[str, str], Correction]] = {}
    for correction in corrections:
        report = by_report.setdefault(dataset.checked_id(correction.report_id), {})
        report[correction.win, correction.field] = correction
    try:
        path.mkdir(parents=True, exist_ok=True)
        for report_id, new in by_report.items():
            file = path / f"{report_id}.json"
            merged = {(c.win, c.field): c for c in (read(file) if file.exists() else ())} | new
            # All or nothing: a file that is half written would stop every later run.
            draft = path / f".{report_id}.json"
            draft.write_text(to_json(merged.values()), encoding="utf-8")
            draft.replace(file)
    except OSError as error:
        raise CorrectionsError(f"{folder} cannot be written: {error.strerror or error}.") from error


def to_json(corrections: Iterable[Correction]) -> str:
    """The text of a file of corrections, in the order of wins and fields, so that versions compare well."""
    entries = [
        {"win_id": c.win_id, "header": c.header, "win": c.win, "field": c.field, "value": c.value}
        for c in sorted(corrections, key=lambda c: (c.win_id, FIELDS.index(c.field)))
    ]
    return (
        json.dumps({"format": FORMAT, "version": VERSION, "corrections": entries}, ensure_ascii=False, indent=1) + "\n"
    )


def beside(output: str | os.PathLike[str]) -> Path:
    """Where the corrections of an output folder are kept unless the user says otherwise."""
    return Path(output).absolute().parent / "corrections"


def correct(
    output: str | os.PathLike[str], file: str | os.PathLike[str], *, folder: str | os.PathLike[str]
) -> tuple[tuple[Correction, ...], tuple[Unfit, ...]]:
    """Apply a file of corrections to an output folder and keep those that fit; returns them, and those that do not.

    Other reports than those concerned are not written again.
    """
    new = read(file)
    unfit: list[Unfit] = []
    fitting: set[int] = set()
    records = list(dataset.read_reports(output))
    known = {key for record in records for key in _keys(record)}
    concerned = []
    for record in records:
        about = [c for c in new if c.win in _keys(record)]
        if not about:
            continue
        _, wrong = apply(record, about)
        unfit.extend(wrong)
        fitting.update({id(c) for c in about} - {id(each.correction) for each in wrong})
        concerned.append(record)
    unfit.extend(Unfit(c, "no win has its text") for c in new if c.win not in known)
    fit = tuple(c for c in new if id(c) in fitting)
    keep(folder, fit)
    everything = kept(folder)
    dataset.write((apply(record, everything)[0] for record in concerned), output)
    return fit, tuple(unfit)


# The format


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a file of corrections."""
    text = {"type": "string", "minLength": 1}
    texts = {"type": "array", "items": text}
    classes = {"enum": list(_classes())}
    named = {"name": text, "aliases": texts}
    values: dict[str, dict[str, Any]] = {
        "outcomes": {
            **_items({"outcome": classes, "evidence": {"type": ["string", "null"]}}, ["outcome"]),
            "minItems": 1,
        },
        "outcome": classes,
        "countries": {"type": "array", "items": {"type": "string", "pattern": "^[A-Z]{3}$"}},
        "regions": {"type": "array", "items": {"type": "string", "pattern": "^([0-9]{3}|EU)$"}},
        "people": _items({**named, "role": {"enum": list(schema.ROLES)}}, ["name", "role"]),
        "organisations": _items(named, ["name"]),
        "laws": _items(named, ["name"]),
        "dates": _items({"text": text, "edtf": text}, ["text", "edtf"]),
        "event_date": {"type": ["string", "null"]},
        "people_affected": {
            "anyOf": [
                {"type": "null"},
                {
                    "type": "object",
                    "properties": {
                        "count": {"type": "integer", "minimum": 0},
                        "basis": {"enum": list(schema.COUNT_BASES)},
                        "qualifier": {"enum": list(schema.QUALIFIERS)},
                        "evidence": {"type": ["string", "null"]},
                    },
                    "required": ["count", "basis"],
                    "additionalProperties": False,
                },
            ]
        },
        "review": {"const": True},
        "delete": {"const": True},
    }
    entry = {
        "type": "object",
        "properties": {
            "win": {
                "type": "string",
                "pattern": f"^[0-9a-f]{{{KEY_DIGITS}}}$",
                "description": "Hash of the win's words (win_key).",
            },
            "field": {"enum": list(FIELDS), "description": "What was set."},
            "value": {"description": "The whole new value of the field."},
            "win_id": {"type": "string", "pattern": schema.WIN_ID, "description": "Which win it was, for the reader."},
            "header": {"type": ["string", "null"], "description": "Its header, for the reader."},
        },
        "required": ["win", "field", "value", "win_id"],
        "additionalProperties": False,
        "allOf": [
            {"if": {"properties": {"field": {"const": field}}}, "then": {"properties": {"value": value}}}
            for field, value in values.items()
        ],
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Corrections of wins",
        "type": "object",
        "properties": {
            "format": {"const": FORMAT},
            "version": {"const": VERSION},
            "corrections": {"type": "array", "items": entry},
        },
        "required": ["format", "version", "corrections"],
        "additionalProperties": False,
    }


def _items(properties: Mapping[str, Any], required: Sequence[str]) -> dict[str, Any]:
    item = {"type": "object", "properties": dict(properties), "required": list(required), "additionalProperties": False}
    return {"type": "array", "items": item}


def _wrong(entry: Any) -> str | None:
    """What is wrong with an entry, None where nothing is: the JSON Schema by hand, since its validator is no run-time dependency."""
    if not isinstance(entry, dict):
        return "it is no object"
    for key, pattern in (("win", rf"[0-9a-f]{{{KEY_DIGITS}}}"), ("win_id", schema.WIN_ID.strip("^$"))):
        if not isinstance(entry.get(key), str) or not re.fullmatch(pattern, entry[key]):
            return f"{key} is {entry.get(key)!r}"
    field = entry.get("field")
    if field not in FIELDS:
        return f"there is no field {field!r} to correct; there are {', '.join(FIELDS)}"
    if not (entry.get("header") is None or isinstance(entry["header"], str)) or "value" not in entry:
        return f"the correction of {field} has no value, or its header is no text"
    if set(entry) - {"win", "field", "value", "win_id", "header"}:
        return f"it has keys that are not known: {', '.join(sorted(set(entry) - {'win', 'field', 'value', 'win_id', 'header'}))}"
    return (
        None
        if _is_value(field, entry["value"])
        else f"{json.dumps(entry['value'], ensure_ascii=False)} is no value for {field}"
    )


def _is_value(field: str, value: Any) -> bool:
    match field:
        case "review" | "delete":
            return value is True
        case "outcome":
            return value in _classes()
        case "outcomes":
            return bool(value) and _are(value, {"outcome": _is_class}, {"evidence": _is_text_or_none})
        case "countries" | "regions":
            pattern = "[A-Z]{3}" if field == "countries" else "[0-9]{3}|EU"
            return isinstance(value, list) and all(
                isinstance(code, str) and re.fullmatch(pattern, code) for code in value
            )
        case "people":
            return _are(value, {"name": _is_text, "role": schema.ROLES.__contains__}, {"aliases": _are_texts})
        case "organisations" | "laws":
            return _are(value, {"name": _is_text}, {"aliases": _are_texts})
        case "dates":
            return _are(value, {"text": _is_text, "edtf": _is_text}, {})
        case "event_date":
            return _is_text_or_none(value)
        case _:
            asked: dict[str, Callable[[Any], bool]] = {"count": _is_count, "basis": schema.COUNT_BASES.__contains__}
            may: dict[str, Callable[[Any], bool]] = {
                "qualifier": schema.QUALIFIERS.__contains__,
                "evidence": _is_text_or_none,
            }
            return value is None or _are([value], asked, may)


def _are(
    value: Any, required: Mapping[str, Callable[[Any], bool]], optional: Mapping[str, Callable[[Any], bool]]
) -> bool:
    tests = {**required, **optional}
    return isinstance(value, list) and all(
        isinstance(item, dict)
        and set(required) <= set(item) <= set(tests)
        and all(
            _hashable(item[key]) and tests[key](item[key]) if key != "aliases" else tests[key](item[key])
            for key in item
        )
        for item in value
    )


def _hashable(value: Any) -> bool:
    return value is None or isinstance(value, str | int)


def _is_class(value: Any) -> bool:
    return value in _classes()


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _is_text_or_none(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


# Training paragraphs


def training_lines(records: Iterable[Record]) -> tuple[str, int]:
    """Paragraphs for `pipelines/training/`, one a line, from the wins that a person corrected or confirmed.

    Wins that still have review reasons are left out and counted: what the model guessed must not teach it.
    """
    corrected = [win for record in records for win in record["wins"] if win["corrected"] and win["outcomes"]]
    settled = [win for win in corrected if not win["review"]["needed"]]
    lines = [json.dumps(training_paragraph(win), ensure_ascii=False) + "\n" for win in settled]
    return "".join(lines), len(corrected) - len(settled)


_LABELS = {"people": "PERSON", "organisations": "ORG", "laws": "LAW", "dates": "DATE"}


def training_paragraph(win: Record) -> Record:
    """A win in the format of `pipelines/training/*.jsonl`: marks in the text behind the header, people, evidence, answers."""
    text, behind = win["text"], body_start(win)
    start = (win["span"] or [0])[0]
    marks: list[tuple[int, int, str]] = []
    for field, label in _LABELS.items():
        for entry in win[field]:
            for mention in entry["mentions"]:
                spans = (
                    [tuple(x - start for x in mention["span"])]
                    if mention["span"]
                    else find_words(text, mention["text"])
                )
                marks += [(s, e, label) for s, e in spans]
    names = [(s, e) for s, e, _ in marks]
    marks += [(s, e, "GPE") for _, s, e in places.mentioned_places(text) if not any(s < b and a < e for a, b in names)]
    parts, at = [], behind
    for s, e, label in sorted(marks, key=lambda m: (m[0], -m[1])):
        if s >= at and not set("[]") & set(text[s:e]):
            parts += [text[at:s], f"[[{label}|{text[s:e]}]]"]
            at = e
    body = text[behind:]
    event = win["event_date"] or {}
    affected = win["people_affected"]
    return {
        "header": win["header"],
        "outcome": win["outcome"],
        "outcomes": [o["outcome"] for o in win["outcomes"]],
        "text": "".join([*parts, text[at:]]),
        "people": [{"name": p["name"], "aliases": p["aliases"], "role": p["role"]} for p in win["people"]],
        "evidence": [
            [o["outcome"], *_nth(body, o["evidence"], start + behind)] for o in win["outcomes"] if o["evidence"]
        ],
        "event_date": next((d["mentions"][0]["text"] for d in win["dates"] if d["edtf"] == event.get("edtf")), None),
        "affected": affected
        and {"count": affected["count"], "text": affected["evidence"] and affected["evidence"]["text"]},
    }


def body_start(win: Record) -> int:
    """Where the text behind a win's header and its mark begins."""
    header = win["header"] or ""
    if not header or not win["text"].startswith(header):
        return 0
    mark = re.compile(r"[\s:*_#|–—-]*").match(win["text"], len(header))
    return mark.end() if mark else len(header)


def _nth(body: str, mention: Record, start: int) -> list[str | int]:
    """The words, and which of their occurrences they are unless they are the first."""
    words = mention["text"]
    before = body[: mention["span"][0] - start].count(words) if mention["span"] else 0
    return [words, before + 1] if before else [words]
