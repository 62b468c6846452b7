"""The page: every win of an output folder in one HTML file that needs nothing else.

The page is `viewer/template.html` with the styles, the scripts, the map and the records put
in. A policy in it forbids every request, and every script and style but those, by their
hashes. Records are embedded as JSON in which no `<` is left, so that a tag in a report stays
text; the scripts put text into the page as text only.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from winsextract import codebook, corrections, dataset, places, schema
from winsextract.errors import DatasetError

Record = dict[str, Any]

# In the order in which they are run; they share one scope, and `main.js` starts the page.
SCRIPTS = ("basics.js", "records.js", "filters.js", "charts.js", "cards.js", "editor.js", "main.js")


def write(output: str | os.PathLike[str], *, file: str | os.PathLike[str]) -> int:
    """Write the page of an output folder to a file, whole or not at all; returns its size in bytes.

    Raises DatasetError where the folder holds no report or the file cannot be written.
    """
    content = page(dataset.read_reports(output)).encode("utf-8")
    target = Path(file)
    draft = target.with_name(f".{target.name}.draft")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise DatasetError(f"{target} cannot be written: {error.strerror or error}.") from error
    return len(content)


def page(records: Iterable[Record]) -> str:
    """The page of these reports' nested records, in the order of their years."""
    reports = sorted(records, key=lambda r: (r["report"]["year"] or 9999, r["report"]["report_id"]))
    style = _asset("style.css")
    script = '"use strict";\n' + "\n".join(_asset(f"js/{name}") for name in SCRIPTS)
    early = _asset("js/theme.js")
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(early)} {_hash(script)}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
    filled = {
        "policy": policy,
        "title": _escape(title(reports)),
        "early": early,
        "style": style,
        "world": _asset("world.json").strip(),
        "data": _island(page_data(reports)),
        "script": script,
    }
    # One pass, so that what is put in is not searched for places to put something in.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: filled[match[1]], _asset("template.html"))


def title(records: Sequence[Record]) -> str:
    """The page's title: that of the only report, else the years."""
    if len(records) == 1:
        report = records[0]["report"]
        return str(report["title"] or report["report_id"])
    years = sorted({record["report"]["year"] for record in records if record["report"]["year"]})
    return "Human-rights wins" + (f", {years[0]}–{years[-1]}" if len(years) > 1 else f", {years[0]}" if years else "")


def page_data(records: Sequence[Record]) -> dict[str, Any]:
    """What the scripts work with: the records with offsets into each win's own text, and the vocabularies."""
    wins = [_win(win, number) for number, record in enumerate(records) for win in record["wins"]]
    return {
        "title": title(records),
        "reports": [
            {
                **{key: record["report"][key] for key in ("report_id", "title", "year", "source")},
                **{key: record["report"]["extractor"][key] for key in ("version", "model", "model_version")},
            }
            for record in records
        ],
        "wins": wins,
        "countries": _country_names(wins),
        "regions": corrections.region_names(),
        "outcomes": [{"name": o.name, "definition": o.definition} for o in codebook.outcomes()],
        "roles": schema.ROLES,
        "bases": schema.COUNT_BASES,
        "qualifiers": schema.QUALIFIERS,
        "corrections": {"format": corrections.FORMAT, "version": corrections.VERSION, "fields": corrections.FIELDS},
    }


def _country_names(wins: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    import pycountry

    codes = (
        {country.alpha_3 for country in pycountry.countries} | {"XKX"} | {c for win in wins for c in win["countries"]}
    )
    return dict(sorted(((code, places.country(code).name) for code in codes), key=lambda item: item[1]))


def _win(win: Record, report: int) -> dict[str, Any]:
    text = win["text"]
    units = _utf16(text)

    def at(mention: Record | None) -> list[int] | None:
        if mention is None:
            return None
        if mention["span"] and win["span"]:
            start, end = (offset - win["span"][0] for offset in mention["span"])
        elif (start := text.find(mention["text"])) >= 0:
            end = start + len(mention["text"])
        else:
            return None
        # What is no place in this win's text is not marked, rather than marked wrongly.
        return [units(start), units(end)] if text[start:end] == mention["text"] and start >= 0 else None

    def everywhere(entry: Record) -> list[list[int]]:
        return [span for mention in entry["mentions"] if (span := at(mention))]

    def named(entry: Record) -> dict[str, Any]:
        return {
            "name": entry["name"],
            "aliases": entry["aliases"],
            "confidence": entry["confidence"],
            "at": everywhere(entry),
        }

    event, affected = win["event_date"], win["people_affected"]
    return {
        **{key: win[key] for key in ("win_id", "month", "year", "header", "text")},
        "key": corrections.win_key(text),
        "report": report,
        "body": units(corrections.body_start(win)),
        "countries": [country["alpha_3"] for country in win["countries"]],
        "regions": [region["code"] for region in win["regions"]],
        "outcomes": [
            {"outcome": o["outcome"], "confidence": o["confidence"], "at": at(o["evidence"])} for o in win["outcomes"]
        ],
        "people": [{**named(person), "role": person["role"]} for person in win["people"]],
        "organisations": [named(organisation) for organisation in win["organisations"]],
        "laws": [named(law) for law in win["laws"]],
        "dates": [
            {"text": d["text"], "edtf": d["edtf"], "confidence": d["confidence"], "at": everywhere(d)}
            for d in win["dates"]
        ],
        "event_date": event and {"edtf": event["edtf"], "basis": event["basis"]},
        "affected": affected
        and {
            "count": affected["count"],
            "basis": affected["basis"],
            "qualifier": affected["qualifier"],
            "evidence": affected["evidence"] and affected["evidence"]["text"],
        },
        "captions": [span for caption in win["captions"] if (span := at(caption))],
        "quotes": [span for quote in win["quotes"] if (span := at(quote))],
        "reasons": win["review"]["reasons"],
        "corrected": win.get("corrected", []),
    }


def _utf16(text: str) -> Any:
    """A function from Python's offsets in a text to JavaScript's, which count characters beyond U+FFFF twice."""
    wide = [offset for offset, char in enumerate(text) if ord(char) > 0xFFFF]
    if not wide:
        return lambda offset: offset
    return lambda offset: offset + sum(1 for each in wide if each < offset)


def _asset(name: str) -> str:
    return (resources.files("winsextract") / "viewer" / name).read_text(encoding="utf-8")


def _hash(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _island(value: Any) -> str:
    """JSON that can stand in a script element: nothing in it opens or closes a tag or a comment."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
