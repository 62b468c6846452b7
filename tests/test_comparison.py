"""Two years side by side: counts, and the same person under two names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made import record, win
from typer.testing import CliRunner

from winsextract import comparison, dataset
from winsextract.cli import app

OLD = record(
    [
        win("Iraq", "Guhdar Zebari was charged.", outcomes=[("relief", None)], people=[{"name": "Guhdar Zebari"}]),
        win("Kenya", "Achieng won.", outcomes=[("law_passed", None)], people=[{"name": "Achieng"}]),
        win("Europe", "A law was passed.", outcomes=[("law_passed", None)]),
    ],
    report_id="wins-of-2023",
    year=2023,
)
NEW = record(
    [
        win(
            "Iraq",
            "Guhdar ZEBARI and Ann Lee.",
            people=[{"name": "Guhdar ZEBARI"}, {"name": "Ann Lee"}],
            reasons=["no year"],
        ),
        win("Chad/Iraq", "Freed.", outcomes=[("release", None)]),
    ]
)


def test_counts() -> None:
    result = comparison.compare([OLD], [NEW])
    assert [(c.code, c.a, c.b) for c in result.outcomes] == [("release", 0, 2), ("law_passed", 2, 0), ("relief", 1, 0)]
    assert [(c.code, c.a, c.b) for c in result.countries] == [("IRQ", 1, 2), ("TCD", 0, 1), ("KEN", 1, 0)]
    assert [(c.code, c.name, c.a, c.b) for c in result.regions] == [("150", "Europe", 1, 0)]
    assert (result.new_countries, result.repeated_countries, result.gone_countries) == (
        ("Chad",),
        ("Iraq",),
        ("Kenya",),
    )
    assert (result.a.wins, result.b.wins, result.a.people, result.b.needs_review) == (3, 2, 2, 1)
    assert result.new_people == ("Ann Lee",)
    (same,) = result.repeated_people
    assert (same.name_a, same.name_b, same.how) == ("Guhdar Zebari", "Guhdar ZEBARI", "same name")
    assert (same.wins_a, same.wins_b) == (("wins-of-2023/001",), ("wins-of-2024/001",))


# name in one year, in the other, in the same country, what makes them one
PEOPLE = [
    ("José Pérez", "Jose Perez", False, "same name"),
    ("Zebari Guhdar", "Guhdar Zebari", False, "same name"),
    ("Aung San Suu Kyi", "Aung San Suu", True, "part of the name"),
    ("Guhdar Ali Zebari", "Guhdar Zebari", True, "part of the name"),
    ("Guhdar Ali Zebari", "Guhdar Zebari", False, None),
    ("Loujain al-Hathloul", "Loujain al-Hathlool", True, "another spelling"),
    ("Loujain al-Hathloul", "Loujain al-Hathlool", False, None),
    ("Achieng", "Achieng", True, "same name"),
    ("Achieng", "Achieng", False, None),
    ("Achieng", "Achieng Odhiambo", True, None),
    ("Ann Lee", "Ann Li", True, None),
    ("Maria Silva", "Mario Silva Costa", True, None),
]


@pytest.mark.parametrize(("one", "other", "together", "how"), PEOPLE)
def test_same_person(one: str, other: str, together: bool, how: str | None) -> None:
    sides = [
        record([win(header, f"{name} was freed.", people=[{"name": name}])])
        for header, name in (("Iraq", one), ("Iraq" if together else "Chad", other))
    ]
    result = comparison.compare(sides[:1], sides[1:])
    assert [person.how for person in result.repeated_people] == ([how] if how else [])
    assert result.new_people == (() if how else (other,))


def test_everybody_is_matched_once_and_best() -> None:
    a = record(
        [win("Iraq", "Ali Hassan Omar, Ali Hassan.", people=[{"name": "Ali Hassan Omar"}, {"name": "Ali Hassan"}])]
    )
    b = record([win("Iraq", "Ali Hassan.", people=[{"name": "Ali Hassan"}])])
    (same,) = comparison.compare([a], [b]).repeated_people
    assert same.name_a == "Ali Hassan"


def test_command(tmp_path: Path) -> None:
    output = tmp_path / "output"
    dataset.write([OLD, NEW], output)
    run = CliRunner().invoke
    by_id = run(app, ["compare", "wins-of-2023", "wins-of-2024", "--output", str(output), "--json"])
    by_file = run(app, ["compare", *(str(output / "json" / f"wins-of-{y}.json") for y in (2023, 2024)), "--json"])
    assert by_id.exit_code == 0 and by_id.stdout == by_file.stdout
    assert json.loads(by_id.stdout)["new_countries"] == ["Chad"]
    table = run(app, ["compare", "wins-of-2023", str(output), "--output", str(output)]).stdout
    assert (
        "B  2 reports, 2023–2024" in table and "law passed" in table and "Guhdar Zebari: wins-of-2023/001 and" in table
    )
    wrong = run(app, ["compare", "wins-of-1999", "wins-of-2024", "--output", str(output)])
    assert wrong.exit_code == 1 and "it has wins-of-2023, wins-of-2024" in wrong.stderr
