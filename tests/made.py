"""Nested records made by hand, for tests that need no model: what was found is named by its words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from winsextract import places

Record = dict[str, Any]


def win(header: str, body: str, **given: Any) -> Record:
    """A win of `record`: `people` as {"name", "aliases", "role"}, `outcomes` as (class, words), dates as (words, edtf)."""
    return {"header": header, "body": body, **given}


def record(
    wins: Sequence[Record], *, report_id: str = "wins-of-2024", year: int = 2024, title: str | None = None
) -> Record:
    """A report's nested record: its text is a title, then the wins in March, each behind its header and a colon."""
    title = title or f"Wins of {year}"
    text = f"{title}\n\nMARCH\n"
    made = []
    for number, given in enumerate(wins, start=1):
        start = len(text)
        text += f"{given['header']}: {given['body']}"
        made.append(_win(given, text, start, f"{report_id}/{number:03d}", number, year))
        text += "\n\n"
    heading = text.index("MARCH")
    return {
        "schema_version": "1",
        "report": {
            "report_id": report_id,
            "title": title,
            "year": year,
            "source": f"raw/{report_id}.txt",
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "text_sha256": hashlib.sha256(text.encode()).hexdigest(),
            "encoding": "utf-8",
            "media_type": "text/plain",
            "extractor": {
                "name": "winsextract",
                "version": "0.1.0",
                "model": "made",
                "model_version": "1",
                "spacy_version": "3",
            },
            "settings": {"year": None, "report_id": None},
        },
        "wins": made,
        "unassigned": [
            {"kind": "title", "text": title, "span": [0, len(title)]},
            {"kind": "section_heading", "text": "MARCH", "span": [heading, heading + 5]},
        ],
    }


def _win(given: Record, text: str, start: int, win_id: str, number: int, year: int) -> Record:
    def mention(words: str, behind: int = start) -> Record:
        at = text.index(words, behind)
        return {"text": words, "span": [at, at + len(words)]}

    def named(entry: str | Record) -> Record:
        entry = {"name": entry} if isinstance(entry, str) else entry
        aliases = list(entry.get("aliases", ()))
        return {
            "name": entry["name"],
            "aliases": aliases,
            "confidence": entry.get("confidence", 0.9),
            "mentions": [(first := mention(entry["name"])), *(mention(words, first["span"][1]) for words in aliases)],
        }

    found = places.find_places(given["header"])
    outcomes = given.get("outcomes", [("release", None)])
    reasons = list(given.get("reasons", ()))
    return {
        "win_id": win_id,
        "position": number,
        "month": 3,
        "year": year,
        "section": "MARCH",
        "header": given["header"],
        "text": text[start:],
        "span": [start, len(text)],
        "countries": [
            {"alpha_3": p.code, "alpha_2": p.alpha_2, "numeric": p.numeric, "name": p.name}
            for p in found
            if p.kind == "country"
        ],
        "regions": [{"code": p.code, "name": p.name} for p in found if p.kind == "region"],
        "outcome": outcomes[0][0],
        "outcomes": [
            {"outcome": name, "confidence": 0.8, "evidence": mention(words) if words else None}
            for name, words in outcomes
        ],
        "people": [
            {**named(person), "role": person.get("role", "beneficiary"), "role_confidence": 0.9}
            for person in given.get("people", ())
        ],
        "organisations": [named(name) for name in given.get("organisations", ())],
        "laws": [named(name) for name in given.get("laws", ())],
        "dates": [
            {
                "text": words,
                "edtf": edtf,
                "start": edtf,
                "end": edtf,
                "precision": "day",
                "confidence": 0.9,
                "mentions": [mention(words)],
            }
            for words, edtf in given.get("dates", ())
        ],
        "event_date": {
            "edtf": f"{year}-03",
            "start": f"{year}-03-01",
            "end": f"{year}-03-31",
            "precision": "month",
            "basis": "section",
            "confidence": 0.9,
        },
        "people_affected": None,
        "captions": [],
        "quotes": [],
        "review": {"needed": bool(reasons), "score": 0.4, "reasons": reasons},
        "corrected": [],
    }
