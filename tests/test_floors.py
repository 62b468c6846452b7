"""No figure falls below its floor. `python -m tests.raise_floors` raises the floors, and never lowers one."""

from __future__ import annotations

import pytest
import raise_floors
from raise_floors import below, figures, pairs, raised, read_floors


@pytest.mark.parametrize("name", read_floors())
def test_nothing_got_worse(name: str) -> None:
    if name not in pairs():
        pytest.skip(f"{name} is not here: set WINSEXTRACT_SHARED to the folder that has it")
    worse = below(read_floors()[name], figures(name))
    why = [f"winsextract evaluate {gold} {report} --errors" for gold, report in pairs()[name]]
    assert not worse, "\n".join([f"{name} got worse:", *worse, "See why:", *why])


@pytest.mark.parametrize("name", pairs())
def test_every_report_has_a_floor(name: str) -> None:
    assert name in read_floors(), "Run: python -m tests.raise_floors"


def test_a_floor_only_rises() -> None:
    floors, now = {"people": 0.9, "laws": 0.5, "gone": 0.7}, {"people": 0.8, "laws": 0.6, "dates": 1.0}
    assert raised(floors, now) == {"people": 0.9, "laws": 0.6, "gone": 0.7, "dates": 1.0}
    assert below(floors, now) == ["people: 0.8, floor 0.9", "gone: 0.0, floor 0.7"]


def test_command_refuses_to_lower(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(raise_floors, "FLOORS", tmp_path / "floors.json")
    monkeypatch.setattr(raise_floors, "pairs", lambda: {"report": None})
    for people, code in ((0.8, 0), (0.9, 0), (0.7, 1)):
        monkeypatch.setattr(raise_floors, "figures", lambda name, value=people: {"people": value})
        assert raise_floors.main() == code
    assert read_floors() == {"report": {"people": 0.9}}
    assert "report: people: 0.7, floor 0.9: kept" in capsys.readouterr().err
