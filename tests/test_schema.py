"""The schema is the contract, and everything made from it says the same."""

from __future__ import annotations

import re
from pathlib import Path

import frictionless
import jsonschema
import pyarrow as pa
import pytest

from winsextract import codebook, schema

# As the contract lists them; more may stand behind.
CONTRACT = {
    "wins": "win_id position year month section header countries regions outcome outcomes outcome_confidence people "
    "organisations laws event_date event_start event_end event_precision people_affected people_affected_basis "
    "text start end review_needed review_reasons",
    "countries": "win_id position kind alpha_3 alpha_2 numeric code name",
    "people": "win_id name aliases role confidence mentions",
    "organisations": "win_id name aliases confidence mentions",
    "laws": "win_id name aliases confidence mentions",
    "dates": "win_id text edtf start_date end_date precision confidence mentions",
    "outcomes": "win_id outcome is_primary confidence evidence evidence_start evidence_end",
    "reports": "report_id title year source sha256 text_sha256 encoding wins winsextract_version model model_version "
    "spacy_version settings",
}
ADDED = {
    "wins": [
        "people_affected_qualifier",
        "event_basis",
        "review_score",
        "event_confidence",
        "people_affected_confidence",
        "corrected",
    ],
    "people": ["role_confidence"],
}
CLASSES = (
    "release acquittal charges_dropped law_passed bill_defeated ruling accountability policy_change corporate_change "
    "international_decision relief other"
)
PLOVER = (
    "AGREE CONSULT SUPPORT COOPERATE AID CONCEDE RETREAT REQUEST ACCUSE REJECT THREATEN PROTEST SANCTION MOBILIZE "
    "COERCE ASSAULT"
)
README = Path(__file__).parents[1] / "output" / "README.md"


@pytest.mark.parametrize("name", schema.TABLE_NAMES)
def test_columns_are_the_contracts(name: str) -> None:
    columns = [field.name for field in schema.table(name).fields]
    assert columns == CONTRACT[name].split() + ADDED.get(name, [])


def test_tables_are_the_contracts() -> None:
    assert [table.name for table in schema.tables()] == list(schema.TABLE_NAMES) == list(CONTRACT)


@pytest.mark.parametrize("name", schema.TABLE_NAMES)
def test_keys_and_references_exist(name: str) -> None:
    table = schema.table(name)
    assert all(table.column(column).required for column in table.key)
    for column, (target, target_column) in table.references.items():
        assert table.column(column).type == schema.table(target).column(target_column).type
        assert schema.table(target).key == (target_column,)


@pytest.mark.parametrize("name", schema.TABLE_NAMES)
def test_arrow_schema_describes_its_fields(name: str) -> None:
    arrow_schema = schema.arrow_schema(name)
    assert arrow_schema.names == [field.name for field in schema.table(name).fields]
    for field, column in zip(arrow_schema, schema.table(name).fields, strict=True):
        assert field.metadata == {b"description": column.description.encode()}
        assert field.nullable is not column.required


def test_arrow_types_of_the_contract() -> None:
    wins = schema.arrow_schema("wins")
    assert wins.field("event_start").type == pa.date32()
    assert pa.types.is_integer(wins.field("people_affected").type)
    assert wins.field("countries").type == pa.list_(pa.field("element", pa.string()))
    mentions = schema.arrow_schema("people").field("mentions").type
    assert [field.name for field in mentions.value_type] == ["text", "start", "end"]


def test_every_column_has_a_sentence() -> None:
    for table in schema.tables():
        for text in (table.description, *(field.description for field in table.fields)):
            assert text.endswith(".")
            assert "|" not in text, "a bar would break the dictionary's tables"


def test_codebook_has_the_twelve_classes() -> None:
    assert codebook.outcome_names() == tuple(CLASSES.split())
    for outcome in codebook.outcomes():
        assert outcome.definition.endswith(".") and outcome.example.endswith("."), outcome.name
        assert outcome.plover.split("-")[0] in PLOVER.split(), outcome.name
        assert "|" not in outcome.definition + outcome.example


def test_outcome_columns_take_the_codebooks_classes() -> None:
    assert schema.table("wins").column("outcome").enum == codebook.outcome_names()
    assert schema.table("outcomes").column("outcome").enum == codebook.outcome_names()


def test_data_package_is_valid() -> None:
    package = schema.datapackage(["a", "b"], sources=[{"title": "A", "path": "raw/a.txt"}])
    assert frictionless.Package.validate_descriptor(package).valid
    assert [resource["name"] for resource in package["resources"]] == list(schema.TABLE_NAMES)
    assert package["resources"][0]["path"] == ["wins/report=a/part-0.parquet", "wins/report=b/part-0.parquet"]
    assert package["licenses"] and package["sources"]
    assert "sources" not in schema.datapackage(["a"])


def test_data_package_carries_keys_enums_and_limits() -> None:
    resources = {resource["name"]: resource["schema"] for resource in schema.datapackage(["a"])["resources"]}
    fields = {field["name"]: field for field in resources["wins"]["fields"]}
    assert resources["people"]["foreignKeys"] == [
        {"fields": ["win_id"], "reference": {"resource": "wins", "fields": ["win_id"]}}
    ]
    assert resources["dates"]["primaryKey"] == ["win_id", "edtf"]
    assert fields["month"]["constraints"] == {"minimum": 1, "maximum": 12}
    assert fields["outcome"]["constraints"]["enum"] == CLASSES.split()
    assert fields["countries"]["arrowType"] == "list<element: string>"


def test_json_schema_is_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(schema.json_schema())


def test_dictionary_names_every_column_and_class() -> None:
    text = schema.dictionary()
    for table in schema.tables():
        section = text.split(f"\n## {table.name}\n")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)`", section, re.MULTILINE) == [*(f.name for f in table.fields), "report"]
    assert re.findall(r"^\| `(\w+)`", text.split("\n## Outcome classes\n")[1], re.MULTILINE) == CLASSES.split()


@pytest.mark.skipif(not README.exists(), reason="no data dictionary in output/ yet")
def test_dictionary_in_output_is_up_to_date() -> None:
    command = "python -c 'from winsextract import schema; print(schema.dictionary(), end=\"\")' > output/README.md"
    assert README.read_text(encoding="utf-8") == schema.dictionary(), f"write it again: {command}"
