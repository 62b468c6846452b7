"""`make soak`: the promises of SECURITY.md, tried for longer than `make test` has time for. Prints what it did.

The file's name keeps pytest from running it with the other tests.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutated_files import survive
from test_read import BAD
from test_trust import ODD, TEXTS, check_extraction, kill_runs, mutated, report, winsextract, write_reports

from winsextract import dataset, pipeline, verification
from winsextract.stages.annotate import load_pipeline
from winsextract.stages.read import DOCX, PDF, TEXT, decode
from winsextract.stages.segment import segment

# A bad file may take as long, on a machine that does other things too.
SECONDS = 60


def say(*what: object) -> None:
    print("soak:", *what, file=sys.__stderr__, flush=True)


def test_sixty_kills(tmp_path: Path) -> None:
    kills = kill_runs(tmp_path, kills=60, reports=25, seed=random.SystemRandom().randrange(10**6))
    say(kills)
    assert kills.survived == 60 and kills.unfinished > 0 and kills.mixed > 0


def test_kills_of_a_command_with_workers(tmp_path: Path) -> None:
    """They outlive the command by the report that they are writing."""
    kills = kill_runs(tmp_path, kills=12, reports=25, seed=random.SystemRandom().randrange(10**6), workers=2)
    say("with two workers:", kills)


def test_two_runs_at_once_again_and_again(tmp_path: Path) -> None:
    import subprocess

    from test_runner import COMMAND, contents

    write_reports(tmp_path / "in", range(2001, 2013))
    assert winsextract("run", tmp_path / "in", "--output", tmp_path / "one", "--quiet").returncode == 0
    for number in range(10):
        out = tmp_path / f"out-{number}"
        command = [*COMMAND, "run", str(tmp_path / "in"), "--output", str(out), "--quiet", "--workers", "2"]
        runs = [subprocess.Popen(command) for _ in range(2)]
        assert [run.wait(300) for run in runs] == [0, 0]
        assert contents(out) == contents(tmp_path / "one")
    say("10 times two runs at once with the same reports: the same bytes as one")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [*BAD, *((name, data, reason) for name, data, reason in ODD if reason)],
    ids=[bad[0] for bad in (*BAD, *(odd for odd in ODD if odd[2]))],
)
def test_each_bad_file_alone_through_the_command(name: str, data: bytes, reason: str, tmp_path: Path) -> None:
    write_reports(tmp_path / "in", range(2001, 2002))
    (tmp_path / name).write_bytes(data)
    began = time.monotonic()
    done = winsextract("run", tmp_path / name, tmp_path / "in", "--output", tmp_path / "out", "--quiet")
    assert time.monotonic() - began < SECONDS
    assert done.returncode == 1 and done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"winsextract: {tmp_path / name}: ") and reason in line and line.endswith((".", "?")), line
    assert dataset.report_ids(tmp_path / "out") == ["the-wins-of-2001"]
    assert verification.verify(tmp_path / "out").faults == ()


# Time grows with the input and no faster


def whole(text: str) -> None:
    pipeline.extract(decode(text.encode(), name="a.txt", media_type=TEXT), load_pipeline())


def grows(take: Callable[[str], object], unit: str, size: int) -> list[float]:
    """Seconds for 1, 4 and 16 times `size` characters of a text made of `unit`."""
    took = []
    for times in (1, 4, 16):
        text = unit * max(1, size * times // len(unit))
        began = time.process_time()
        take(text)
        took.append(time.process_time() - began)
    return took


def test_the_whole_run_takes_linear_time(tmp_path: Path) -> None:
    """A report with 50, 200 and 800 wins through the real command."""
    took = []
    for times in (1, 4, 16):
        wins = "".join(
            f"{'Iraq' if n % 2 else 'Chile'}: On {n % 27 + 1} January, a court acquitted journalist Guhdar Zebari{n} of all charges "
            f"after a campaign by Amnesty International that {n + 4000} people joined.\n\n"
            for n in range(50 * times)
        )
        (tmp_path / f"{times}.txt").write_text(f"Wins of 2003\n\nJANUARY\n\n{wins}", encoding="utf-8")
        began = time.monotonic()
        done = winsextract("run", tmp_path / f"{times}.txt", "--output", tmp_path / str(times), "--quiet")
        assert done.returncode == 0, done.stderr
        took.append(time.monotonic() - began)
        assert (
            json.loads((tmp_path / str(times) / "json/wins-of-2003.json").read_text())["wins"][-1]["position"]
            == 50 * times
        )
    say("50, 200, 800 wins took", *(f"{t:.1f} s" for t in took))
    assert took[2] < 16 * 1.5 * took[0]


# Of one win, what a regular expression or a loop over pairs could be slow on.
UNITS = [
    "a court freed Guhdar Zebari and ",
    "Guhdar Zebari, ",
    "Amnesty International (AI) and ",
    "the Press Act, the Media Law; ",
    "3 January 2003 to 4 March 2004, ",
    "4,000 people and 12 women, ",
    "“a ‘quote’ of ",
    "[a](http://b.c/d) ",
    "![a](b.png)\n",
    "(((a) ",
    "[[[[",
    "“‘“‘",
    "a-b-",
    "A.B.",
    "1,1,",
    "1/1/",
    "** _ * ",
    "e\u0301",
    "\n\n",
    "\n> ",
    "\t| ",
    "\u200b",
    "Iraq/Chile/",
    "Mr. Dr. Sheikh ",
    "de la van der ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_one_win_takes_linear_time(unit: str) -> None:
    """The same words again and again."""
    took = grows(lambda text: whole(f"Iraq: A court{text}"), unit, 2_000)
    say(repr(unit), *(f"{t:.2f} s" for t in took))
    assert took[2] < 16 * 2 * max(took[0], 0.05), took


SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"]


def name(n: int) -> str:
    """A word that looks like a name, another one for each of 65,536 numbers."""
    return "".join(SYLLABLES[n >> shift & 15] for shift in (0, 4, 8, 12)).capitalize()


NAMES: dict[str, Callable[[int], str]] = {
    "people": lambda n: f"a court acquitted {name(n)} {name(n * 31 + 7)} and ",
    "organisations": lambda n: f"the {name(n)} Human Rights Centre ({name(n)[:3].upper()}) and ",
    "laws": lambda n: f"the {name(n)} Act, ",
    "dates": lambda n: f"{n % 28 + 1} March {1900 + n % 120}, ",
}


@pytest.mark.parametrize("kind", NAMES)
def test_many_names_take_linear_time(kind: str) -> None:
    """Other names each time, which are compared with one another."""
    took = []
    for size in (2_000, 8_000, 32_000, 128_000):
        text, n = "Iraq: A court said that ", 0
        while len(text) < size:
            text, n = text + NAMES[kind](n), n + 1
        began = time.process_time()
        whole(text)
        took.append(time.process_time() - began)
    say(kind, *(f"{t:.2f} s" for t in took))
    assert took[3] < 64 * 2 * max(took[0], 0.05), took


HEADS = [
    "Iraq: freed.\n\n", "JANUARY\n\n", "# Iraq\n\n", "Iraq\n", "- ", "1. ", "#", "# ", "---\n", "***\n", "===\n", "| Iraq | x |\n", "**Iraq**: x\n",
    "Iraq – x\n\nShare this\n\n", "January 2003\nIraq: x\n", "> Iraq\n", "[Iraq](#iraq)\n", "Thank you for reading\n\n", " \t", "\r", "\x85", "Iraq,", "Iraq and ", "European Union/",
]  # fmt: skip


@pytest.mark.parametrize("unit", HEADS)
def test_reading_and_segmenting_take_linear_time(unit: str) -> None:
    took = grows(
        lambda text: segment(decode(f"Wins of 2003\n{text}".encode(), name="a.txt", media_type=TEXT).text), unit, 20_000
    )
    say(repr(unit), *(f"{t:.2f} s" for t in took))
    assert took[2] < 16 * 2 * max(took[0], 0.02), took


# Anything at all


@given(st.one_of(TEXTS, mutated()))
@settings(max_examples=5_000, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_gives_a_record_that_keeps_it(text: str) -> None:
    check_extraction(text)


@pytest.mark.parametrize("kind", [PDF, DOCX])
def test_damaged_files_never_end_the_process(kind: str) -> None:
    """Native code reads them, so each round is a process of its own; a new first number each time."""
    first = random.SystemRandom().randrange(10**9)
    good = survive(kind, first=first, last=first + 3000)
    say(f"3,000 damaged files from number {first} on: {good} could be read, the others were refused ({kind})")
    assert 0 < good < 3000


def test_reports_cut_anywhere(tmp_path: Path) -> None:
    """A small report cut at every character, and with every character left out."""
    whole_text = report(2001)
    for n in range(len(whole_text)):
        check_extraction(whole_text[:n])
        check_extraction(whole_text[:n] + whole_text[n + 1 :])
    say(2 * len(whole_text), "cut reports")
