"""The eight tables and the nested record, defined once.

[tables][winsextract.schema.tables] is the definition. From it come the Arrow schemas
that Parquet files are written with, the Frictionless data package, the data dictionary in
Markdown and the JSON Schema of the nested record. To add a column, add a `Field` here and
its value in `dataset.py`.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from winsextract import codebook

if TYPE_CHECKING:
    import pyarrow as pa

# Changes when a column or a key of the nested record changes its meaning or goes away.
SCHEMA_VERSION = "1"
TABLE_NAMES = ("wins", "countries", "people", "organisations", "laws", "dates", "outcomes", "reports")

# A report id is a folder's name: no dot, no slash, nothing that a file system folds or forbids.
REPORT_ID = "^[a-z0-9][a-z0-9-]{0,99}$"
SHA256 = "^[0-9a-f]{64}$"
WIN_ID = "^[a-z0-9][a-z0-9-]{0,99}/[0-9]{3,}$"

ROLES = ("beneficiary", "perpetrator", "official", "other")
PRECISIONS = ("day", "month", "season", "year", "decade", "interval")
DATE_BASES = ("text", "section", "report")
COUNT_BASES = ("stated", "named")
QUALIFIERS = ("exact", "at_least", "at_most", "about")
PLACE_KINDS = ("country", "region")
UNASSIGNED_KINDS = ("title", "introduction", "section_heading", "marker", "boilerplate", "closing")

# Our types, and what Frictionless calls them. A list is "any" there, because frictionless-py 5
# takes the arrays that pandas makes of Parquet lists for no arrays at all; the property
# `arrowType` says what it is.
FRICTIONLESS_TYPES = {
    "string": "string",
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "date": "date",
    "strings": "any",
    "mentions": "any",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A column. `type` is a key of `FRICTIONLESS_TYPES`; a required one is never null."""

    name: str
    type: str
    description: str
    required: bool = False
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table: `key` tells its rows apart, `references` maps a column to the (table, column) it points at."""

    name: str
    title: str
    description: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    def column(self, name: str) -> Field:
        """The column of this name."""
        return next(column for column in self.fields if column.name == name)


# One column a line.
# fmt: off
WIN = Field("win_id", "string", "The win's identifier: report id, slash, position.", required=True, pattern=WIN_ID)
NAME = Field("name", "string", "The fullest name in the text, without titles.", required=True)
ALIASES = Field("aliases", "strings", "Other forms of the name in the text, acronyms among them.", required=True)
CONFIDENCE = Field("confidence", "number", "Probability that the row is right, 0 to 1.", required=True, minimum=0, maximum=1)
MENTIONS = Field("mentions", "mentions", "Every place where the text says so: {text, start, end}.", required=True)
PARTITION = Field("report", "string", "The report's id (`reports.report_id`), from the folder's name.", required=True, pattern=REPORT_ID)
OF_WIN = {"win_id": ("wins", "win_id")}


@functools.cache
def tables() -> tuple[Table, ...]:
    """The definition of all tables, in the order of `TABLE_NAMES`."""
    classes = codebook.outcome_names()
    wins = (
        WIN,
        Field("position", "integer", "The win's place in the report, counted from 1.", required=True, minimum=1),
        Field("year", "integer", "The report's year.", minimum=1, maximum=9999),
        Field("month", "integer", "Month of the section; null where the report has no months.", minimum=1, maximum=12),
        Field("section", "string", "The section's heading as printed."),
        Field("header", "string", "The win's header as printed, without its mark; null where no place heads the text."),
        Field("countries", "strings", "ISO 3166-1 alpha-3 codes of the countries that the header names, in order.", required=True),
        Field("regions", "strings", "UN M49 codes (or `EU`) of the regions that the header names.", required=True),
        Field("outcome", "string", "What the win is about: one class of the codebook.", enum=classes),
        Field("outcomes", "strings", "Every class that the text reports as having happened, `outcome` first.", required=True),
        Field("outcome_confidence", "number", "Probability that `outcome` is right, 0 to 1.", minimum=0, maximum=1),
        Field("people", "strings", "Names of the people, each once.", required=True),
        Field("organisations", "strings", "Names of the organisations, each once.", required=True),
        Field("laws", "strings", "Names of the legal instruments, each once.", required=True),
        Field("event_date", "string", "When the win happened, as EDTF."),
        Field("event_start", "date", "First day that `event_date` allows."),
        Field("event_end", "date", "Last day that `event_date` allows."),
        Field("event_precision", "string", "How precisely the win is dated.", enum=PRECISIONS),
        Field("people_affected", "integer", "Number of persons released, acquitted, convicted or granted something.", minimum=0),
        Field("people_affected_basis", "string", "Whether the text states the number or the persons named were counted.", enum=COUNT_BASES),
        Field("text", "string", "The win's whole text, header included.", required=True),
        Field("start", "integer", "Offset of the win's first character.", minimum=0),
        Field("end", "integer", "Offset behind the win's last character.", minimum=0),
        Field("review_needed", "boolean", "Whether a person should look at the win before it is used.", required=True),
        Field("review_reasons", "strings", "Why a person should look at it.", required=True),
        Field("people_affected_qualifier", "string", "How the number is meant.", enum=QUALIFIERS),
        Field("event_basis", "string", "What dates the win: its text, its section's month or the report's year.", enum=DATE_BASES),
        Field("review_score", "number", "Probability that a value of the win is wrong or missing.", required=True, minimum=0, maximum=1),
        Field("event_confidence", "number", "Probability that `event_date` is right, 0 to 1.", minimum=0, maximum=1),
        Field("people_affected_confidence", "number", "Probability that `people_affected` is right, 0 to 1.", minimum=0, maximum=1),
        Field("corrected", "strings", "What a person set or confirmed: names of the record's fields.", required=True),
    )
    countries = (
        WIN,
        Field("position", "integer", "Place among the win's countries, then its regions, counted from 1.", required=True, minimum=1),
        Field("kind", "string", "Whether the row is a country or a region.", required=True, enum=PLACE_KINDS),
        Field("alpha_3", "string", "ISO 3166-1 alpha-3 code; null for a region.", pattern="^[A-Z]{3}$"),
        Field("alpha_2", "string", "ISO 3166-1 alpha-2 code, `NA` for Namibia; null for a region.", pattern="^[A-Z]{2}$"),
        Field("numeric", "string", "ISO 3166-1 numeric code with its zeros; null for a region and for Kosovo.", pattern="^[0-9]{3}$"),
        Field("code", "string", "UN M49 code of a region, or `EU`; null for a country.", pattern="^([0-9]{3}|EU)$"),
        Field("name", "string", "English name of the country or region.", required=True),
    )
    people = (
        WIN,
        NAME,
        ALIASES,
        Field("role", "string", "Part: rights were at stake, answers for abuse, acts for a state or court, or none of these.", required=True, enum=ROLES),
        CONFIDENCE,
        MENTIONS,
        Field("role_confidence", "number", "Probability that `role` is right, 0 to 1.", required=True, minimum=0, maximum=1),
    )
    dates = (
        WIN,
        Field("text", "string", "The date as the text says it.", required=True),
        Field("edtf", "string", "The date as EDTF.", required=True),
        Field("start_date", "date", "First day that the date allows.", required=True),
        Field("end_date", "date", "Last day that the date allows.", required=True),
        Field("precision", "string", "How precise the date is.", required=True, enum=PRECISIONS),
        CONFIDENCE,
        MENTIONS,
    )
    outcomes = (
        WIN,
        Field("outcome", "string", "The class of the codebook.", required=True, enum=classes),
        Field("is_primary", "boolean", "Whether it is the one that the win is about.", required=True),
        CONFIDENCE,
        Field("evidence", "string", "The words that say so; null where only the text as a whole does."),
        Field("evidence_start", "integer", "Offset of these words.", minimum=0),
        Field("evidence_end", "integer", "Offset behind these words.", minimum=0),
    )
    reports = (
        Field("report_id", "string", "The report's id, the value of the partition `report`.", required=True, pattern=REPORT_ID),
        Field("title", "string", "The report's title as printed."),
        Field("year", "integer", "The report's year.", minimum=1, maximum=9999),
        Field("source", "string", "The file that was read, as it was named.", required=True),
        Field("sha256", "string", "SHA-256 of the file.", required=True, pattern=SHA256),
        Field("text_sha256", "string", "SHA-256 of the decoded text as UTF-8, in which all offsets count.", required=True, pattern=SHA256),
        Field("encoding", "string", "The codec that decoded the file; null where its format has none."),
        Field("wins", "integer", "Number of wins.", required=True, minimum=0),
        Field("winsextract_version", "string", "Version of winsextract that extracted the report.", required=True),
        Field("model", "string", "The model's name."),
        Field("model_version", "string", "The model's version."),
        Field("spacy_version", "string", "spaCy's version."),
        Field("settings", "string", "The settings of the run, as JSON.", required=True),
    )
    named = (WIN, NAME, ALIASES, CONFIDENCE, MENTIONS)
    return (
        Table("wins", "Wins", "One row a win: a header naming a place, and the text that belongs to it.", wins, ("win_id",)),
        Table("countries", "Countries and regions", "One row a win and country or region that its header names. A code says where a win is filed, and nothing about status.", countries, ("win_id", "position"), OF_WIN),
        Table("people", "People", "One row a win and named individual.", people, ("win_id", "name"), OF_WIN),
        Table("organisations", "Organisations", "One row a win and named organisation.", named, ("win_id", "name"), OF_WIN),
        Table("laws", "Laws", "One row a win and named legal instrument.", named, ("win_id", "name"), OF_WIN),
        Table("dates", "Dates", "One row a win and date that its text names, each value once.", dates, ("win_id", "edtf"), OF_WIN),
        Table("outcomes", "Outcomes", "One row a win and outcome class that its text reports as having happened.", outcomes, ("win_id", "outcome"), OF_WIN),
        Table("reports", "Reports", "One row a report: where its records come from and how they were made.", reports, ("report_id",)),
    )
# fmt: on


def table(name: str) -> Table:
    """A table's definition by its name."""
    return next(table for table in tables() if table.name == name)


@functools.cache
def arrow_schema(name: str) -> pa.Schema:
    """The Arrow schema of a table's files, with the descriptions as metadata of its fields."""
    import pyarrow as pa

    definition = table(name)
    return pa.schema(
        [
            pa.field(f.name, _arrow_type(f.type), nullable=not f.required, metadata={"description": f.description})
            for f in definition.fields
        ],
        metadata={
            "title": definition.title,
            "description": definition.description,
            "schema_version": SCHEMA_VERSION,
        },
    )


def _arrow_type(name: str) -> pa.DataType:
    import pyarrow as pa

    mention = pa.struct([("text", pa.string()), ("start", pa.int64()), ("end", pa.int64())])
    return {
        "string": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "strings": pa.list_(pa.field("element", pa.string())),
        "mentions": pa.list_(pa.field("element", mention)),
    }[name]


def partition(name: str, report_id: str) -> str:
    """The path of a report's file of a table, in the output folder."""
    return f"{name}/report={report_id}/part-0.parquet"


def datapackage(report_ids: Sequence[str], *, sources: Iterable[Mapping[str, str]] = ()) -> dict[str, Any]:
    """The Frictionless Data Package (version 2) of an output folder that holds these reports.

    `sources` are the package's, each with a title and perhaps a path.
    """
    package: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "human-rights-wins",
        "title": "Human-rights wins",
        "description": (
            "Wins reported in yearly round-ups, as tables joined by win_id. Each resource is the files of one table, one a "
            "report; the part of a path behind `report=` is the report's id (reports.report_id), which the files don't repeat."
        ),
        "version": SCHEMA_VERSION,
        "keywords": ["human rights", "event data"],
        "licenses": [
            {
                "name": "CC0-1.0",
                "path": "https://creativecommons.org/publicdomain/zero/1.0/",
                "title": "Codes, dates and offsets; words quoted from a report stay under the terms of its publisher",
            }
        ],
        "sources": [dict(source) for source in sources],
        "resources": [_resource(definition, report_ids) for definition in tables()],
    }
    if not package["sources"]:
        del package["sources"]
    return package


def _resource(definition: Table, report_ids: Sequence[str]) -> dict[str, Any]:
    paths = [partition(definition.name, report_id) for report_id in report_ids]
    schema: dict[str, Any] = {
        "fields": [_frictionless_field(field) for field in definition.fields],
        # Readers that know Hive partitions find one column more, `report`.
        "fieldsMatch": "subset",
        "primaryKey": list(definition.key),
    }
    if definition.references:
        schema["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": target, "fields": [target_column]}}
            for column, (target, target_column) in definition.references.items()
        ]
    return {
        "name": definition.name,
        "type": "table",
        "title": definition.title,
        "description": definition.description,
        "path": paths[0] if len(paths) == 1 else paths,
        "format": "parquet",
        "mediatype": "application/vnd.apache.parquet",
        "schema": schema,
    }


def _frictionless_field(field: Field) -> dict[str, Any]:
    descriptor: dict[str, Any] = {
        "name": field.name,
        "type": FRICTIONLESS_TYPES[field.type],
        "description": field.description,
        "arrowType": str(_arrow_type(field.type)),
    }
    if field.type in ("integer", "number") and not field.required:
        # frictionless-py reads Parquet through pandas, where a missing number is NaN.
        descriptor["missingValues"] = ["", "nan"]
    constraints: dict[str, Any] = {"required": True} if field.required else {}
    constraints |= _limits(field)
    if field.enum:
        constraints["enum"] = list(field.enum)
    if constraints:
        descriptor["constraints"] = constraints
    return descriptor


def _limits(column: Field) -> dict[str, Any]:
    """Pattern, minimum and maximum, which Frictionless and JSON Schema call by the same names."""
    limits = {"pattern": column.pattern, "minimum": column.minimum, "maximum": column.maximum}
    return {name: value for name, value in limits.items() if value is not None}


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the nested record, `json/<report_id>.json`."""
    mention = {"$ref": "#/$defs/mention"}
    mentions = {"type": "array", "items": mention, "minItems": 1}
    strings = {"type": "array", "items": {"type": "string"}}
    span = {
        "description": "Start and end in the report's decoded text, end exclusive; null where there is no such place.",
        "type": ["array", "null"],
        "items": {"type": "integer", "minimum": 0},
        "minItems": 2,
        "maxItems": 2,
    }
    name = {"name": _property("organisations", "name"), "aliases": strings}
    sure = {"confidence": _property("people", "confidence"), "mentions": mentions}
    provenance = {
        key: _property("reports", key)
        for key in ("report_id", "title", "year", "source", "sha256", "text_sha256", "encoding")
    }
    extractor = {
        "name": {"const": "winsextract"},
        "version": _property("reports", "winsextract_version"),
        **{key: _property("reports", key) for key in ("model", "model_version", "spacy_version")},
    }
    record = {
        "schema_version": {"const": SCHEMA_VERSION},
        "report": _object(
            {
                **provenance,
                "media_type": {"type": "string", "description": "What kind of file was read."},
                "extractor": _object(extractor),
                "settings": {
                    "type": "object",
                    "description": "The settings of the run.",
                    "additionalProperties": {"type": ["string", "integer", "number", "boolean", "null"]},
                },
            }
        ),
        "wins": {"type": "array", "items": {"$ref": "#/$defs/win"}},
        "unassigned": {
            "type": "array",
            "description": "The text outside every win.",
            "items": _object({"kind": {"enum": list(UNASSIGNED_KINDS)}, "text": {"type": "string"}, "span": span}),
        },
    }
    win = {
        **{key: _property("wins", key) for key in ("win_id", "position", "month", "year", "section", "header", "text")},
        "span": span,
        "countries": _array({key: _property("countries", key) for key in ("alpha_3", "alpha_2", "numeric", "name")}),
        "regions": _array({key: _property("countries", key) for key in ("code", "name")}),
        "outcome": _property("wins", "outcome"),
        "outcomes": _array(
            {
                "outcome": _property("outcomes", "outcome"),
                "confidence": _property("outcomes", "confidence"),
                "evidence": _nullable(mention),
            }
        ),
        "people": _array(
            {
                **name,
                "role": _property("people", "role"),
                "role_confidence": _property("people", "role_confidence"),
                **sure,
            }
        ),
        "organisations": _array({**name, **sure}),
        "laws": _array({**name, **sure}),
        "dates": _array(
            {
                "text": _property("dates", "text"),
                "edtf": _property("dates", "edtf"),
                "start": _property("dates", "start_date"),
                "end": _property("dates", "end_date"),
                "precision": _property("dates", "precision"),
                **sure,
            }
        ),
        "event_date": _nullable(
            _object(
                {
                    "edtf": _property("dates", "edtf"),
                    "start": _property("dates", "start_date"),
                    "end": _property("dates", "end_date"),
                    "precision": _property("dates", "precision"),
                    "basis": _property("wins", "event_basis", nullable=False),
                    "confidence": _property("dates", "confidence"),
                }
            )
        ),
        "people_affected": _nullable(
            _object(
                {
                    "count": _property("wins", "people_affected", nullable=False),
                    "basis": _property("wins", "people_affected_basis", nullable=False),
                    "qualifier": _property("wins", "people_affected_qualifier", nullable=False),
                    "confidence": _property("wins", "people_affected_confidence", nullable=False),
                    "evidence": _nullable(mention),
                }
            )
        ),
        "captions": {"type": "array", "items": mention},
        "quotes": _array({"text": {"type": "string"}, "speaker": {"type": ["string", "null"]}, "span": span}),
        "review": _object(
            {
                "needed": _property("wins", "review_needed"),
                "score": _property("wins", "review_score"),
                "reasons": strings,
            }
        ),
        "corrected": {**strings, "description": table("wins").column("corrected").description},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A report's wins",
        **_object(record),
        "$defs": {"win": _object(win), "mention": _object({"text": {"type": "string"}, "span": span})},
    }


def _property(name: str, column: str, *, nullable: bool | None = None) -> dict[str, Any]:
    """The JSON Schema of a column; nullable as the column is, unless said otherwise."""
    field = table(name).column(column)
    may_be_null = not field.required if nullable is None else nullable
    kind = "string" if field.type == "date" else field.type
    schema: dict[str, Any] = {"description": field.description, "type": [kind, "null"] if may_be_null else kind}
    schema |= _limits(field)
    if field.type == "date":
        schema["format"] = "date"
    if field.enum:
        schema["enum"] = [*field.enum, None] if may_be_null else list(field.enum)
    return schema


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """An object that has all of these properties and no others."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


def _array(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": _object(properties)}


def _nullable(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}


DICTIONARY_HEAD = """\
# The dataset

Written by `winsextract run`, never by hand. A table is a folder with one Parquet file a report,
`TABLE/report=REPORT_ID/part-0.parquet`, so the folder read as a whole is one table over all reports:

```python
import pandas as pd
import winsextract

wins = pd.read_parquet("output/wins")  # `report` comes from the folders' names
data = winsextract.load("output")  # every table: data.wins, data.people, …, data.flat()
```

Tables are joined by `win_id`. `json/REPORT_ID.json` holds the same records nested and without loss;
`datapackage.json` describes the tables to machines.

Offsets (`start`, `end`, …) are Python string indices into the report's decoded text, which
`reports.text_sha256` identifies; ends are exclusive. Dates are EDTF (ISO 8601-2, level 1) beside the first
and the last day that they allow. What was not found is null, a list without entries is empty. Namibia's
code `NA` is a string, which `pd.read_csv` takes for a missing value unless told `keep_default_na=False`.
"""


def dictionary() -> str:
    """The data dictionary in Markdown, what `output/README.md` holds."""
    lines = [DICTIONARY_HEAD]
    for definition in tables():
        key = ", ".join(f"`{column}`" for column in definition.key)
        lines += [
            f"## {definition.name}",
            "",
            f"{definition.description} Key: {key}.",
            "",
            "| column | type | null | meaning |",
            "|---|---|---|---|",
            *(_dictionary_row(column) for column in (*definition.fields, PARTITION)),
            "",
        ]
    lines += [
        "## Outcome classes",
        "",
        "The codebook; the last column is the nearest event type of PLOVER, an ontology of political events.",
        "",
        "| class | what happened | example | PLOVER |",
        "|---|---|---|---|",
        *(f"| `{o.name}` | {o.definition} | {o.example} | {o.plover} |" for o in codebook.outcomes()),
    ]
    return "\n".join(lines) + "\n"


def _dictionary_row(column: Field) -> str:
    kind = {"strings": "list of strings", "mentions": "list of {text, start, end}"}.get(column.type, column.type)
    values = ", ".join(f"`{value}`" for value in column.enum)
    if column.enum == codebook.outcome_names():
        values = "the classes below"
    meaning = f"{column.description} Values: {values}." if values else column.description
    return f"| `{column.name}` | {kind} | {'never' if column.required else 'may be'} | {meaning} |"
