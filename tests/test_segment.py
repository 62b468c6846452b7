"""Cutting a report into wins.

Every file in `cases/segment/` is a report and what should come of it; `cases/README.md` says
how to write one. What holds for any text at all is checked on made and mutated texts.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import textwrap
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.pipeline import check_conservation
from winsextract.records import Segmentation
from winsextract.stages.segment import segment

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases" / "segment").glob("*.txt"))
SHARED = Path(os.environ.get("WINSEXTRACT_SHARED", HERE.parents[1] / "shared"))
KINDS = {"title", "introduction", "section_heading", "marker", "boilerplate", "closing"}
# Seconds of one core that 5 MB of the worst input may take; on the project's machine none took more than 8.
LONGEST = 30.0


# ---------------------------------------------------------------- golden cases


@dataclass(frozen=True, slots=True)
class Case:
    """One file of `cases/segment/`."""

    report: str
    given: dict[str, str]
    wins: list[list[str]]
    parts: list[list[str]] | None
    unassigned: list[list[str]]


def read_case(path: Path) -> Case:
    text = path.read_text(encoding="utf-8")
    head, *blocks = re.split(r"^=== (report|wins|parts|unassigned)\n", text, flags=re.MULTILINE)
    given = dict(line.split(": ", 1) for line in head.splitlines() if line)
    assert set(given) <= {"why", "title", "year", "given year", "line ends", "escapes"}, path.name
    found = dict(zip(blocks[::2], blocks[1::2], strict=True))
    report = found["report"].removesuffix("\n")
    ends = {"CRLF": "\r\n", "CR": "\r"}.get(given.get("line ends", ""), "\n")
    if given.get("escapes") == "yes":
        report = unescape(report)
        found = {name: unescape(block) for name, block in found.items()}
        given = {key: unescape(value) for key, value in given.items()}
    report = report.replace("\n", ends)
    parts = list(rows(found["parts"], 4)) if "parts" in found else None
    return Case(report, given, list(rows(found["wins"], 5)), parts, list(rows(found["unassigned"], 3)))


def rows(block: str, width: int) -> Iterator[list[str]]:
    for line in block.splitlines():
        if line and line != "none":
            cells = line.split(" | ", width - 1)
            yield [cell.strip(" ") for cell in cells]


def unescape(text: str) -> str:
    return re.sub(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4}))", lambda m: chr(int(m[1] or m[2], 16)), text)


def plain(text: str) -> str:
    return " ".join(text.split())


def month_of(cell: str) -> tuple[int | None, int | None]:
    """Return year and month of "-", "3" or "2020-03"."""
    year, _, month = cell.rpartition("-") if cell != "-" else ("", "", "")
    return int(year) if year else None, int(month) if month else None


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_case(path: Path) -> None:
    case = read_case(path)
    text = case.report
    found = segment(text, year=int(case.given["given year"]) if "given year" in case.given else None)
    check(text, found)
    assert [s.header or "-" for s in found.segments] == [row[1] for row in case.wins]
    for segmented, (month, _, codes, first, last) in zip(found.segments, case.wins, strict=True):
        where = f"win {segmented.position}, {segmented.header}"
        expected_year, expected_month = month_of(month)
        assert segmented.month == expected_month, where
        assert expected_year is None or segmented.year == expected_year, where
        assert " ".join(place.code for place in segmented.places) == codes.replace("-", ""), where
        body = plain(text[segmented.body_start : segmented.end].lstrip("*_\u200b\u200e"))
        assert body.startswith(plain(first)), f"{where}: {body[:60]}"
        assert body.endswith(plain(last)), f"{where}: {body[-60:]}"
    outside = [(u.kind, plain(u.text)) for u in found.unassigned if u.kind != "marker"]
    assert [kind for kind, _ in outside] == [row[0] for row in case.unassigned], outside
    for (_, words), row in zip(outside, case.unassigned, strict=True):
        assert words.startswith(plain(row[1])), words
        assert words.endswith(plain(row[-1])) if len(row) > 2 else True, words
    if case.parts is not None:
        parts = [(str(s.position), p.kind, plain(text[p.start : p.end])) for s in found.segments for p in s.parts]
        assert [part[:2] for part in parts] == [tuple(row[:2]) for row in case.parts], parts
        for (_, _, words), row in zip(parts, case.parts, strict=True):
            assert words.startswith(plain(row[2])), words
            assert words.endswith(plain(row[3])), words
    if "title" in case.given:
        assert plain(found.title or "") == plain(case.given["title"])
    if "year" in case.given:
        assert str(found.year or "none") == case.given["year"]


# ---------------------------------------------------------------- what holds for any text


def check(text: str, found: Segmentation) -> None:
    """Fail unless a segmentation keeps every promise that does not depend on the text."""
    check_conservation(text, found)
    assert [s.position for s in found.segments] == list(range(1, len(found.segments) + 1))
    for piece in found.unassigned:
        assert piece.kind in KINDS
        assert piece.text == text[piece.start : piece.end] != ""
    spans = [(s.start, s.end) for s in found.segments]
    assert spans == sorted(spans)
    outside = [(u.start, u.end) for u in found.unassigned]
    assert outside == sorted(outside)
    for s in found.segments:
        assert s.start <= s.body_start <= s.end
        assert s.header is None or text[s.start : s.start + len(s.header)] == s.header != ""
        assert s.header is not None or not s.places
        assert s.month is None or 1 <= s.month <= 12
        at = s.body_start
        for part in s.parts:
            assert part.kind in {"caption", "credit", "quote"}
            assert at <= part.start < part.end <= s.end
            at = part.end


PIECES = st.sampled_from(
    [
        "JANUARY",
        "February 2020",
        "In March",
        "## May",
        "Kenya: ",
        "PERU – ",
        "**Fiji**: ",
        "### Chad",
        "Mali",
        "• ",
        "1. ",
        "- ",
        "* ",
        "***",
        "#",
        ":",
        "–",
        "—",
        ".",
        "“",
        "”",
        "|",
        "![",
        "](",
        "[",
        "]",
        ">",
        "/",
        ",",
        " ",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\u200b",
        "\ufeff",
        "\xa0",
        "\u2028",
        "\x85",
        "\x1c",
        "\x00",
        "é",
        "\ud7ff",
        "=====\n",
        "---\n",
        "Africa\n",
        "Freedom of expression\n",
        "Contents\n",
        "Jump to: ",
        "The court freed her.",
        "Thank you",
        "Donate",
        "©",
        "(Photo by",
        "and ",
        "2020",
        "12 March",
        "🇰🇪",
        "1️⃣",
        "عربي",
    ]
)


@given(st.text())
@settings(max_examples=300, deadline=None)
def test_any_text_is_kept(text: str) -> None:
    check(text, segment(text))


@given(st.lists(PIECES, max_size=60).map("".join))
@settings(max_examples=600, deadline=None)
def test_any_text_of_pieces_is_kept(text: str) -> None:
    check(text, segment(text))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Return a case's report with pieces cut out, doubled, moved or put in."""
    text = read_case(draw(st.sampled_from(CASES))).report
    for _ in range(draw(st.integers(1, 6))):
        a, b = sorted(draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        b = min(b, a + 80)
        to = draw(st.integers(0, len(text)))
        text = draw(
            st.sampled_from(
                [text[:a] + text[b:], text[:to] + text[a:b] + text[to:], text[:a] + draw(PIECES) + text[a:]]
            )
        )
    return text


@given(mutated())
@settings(max_examples=400, deadline=None)
def test_any_mutated_report_is_kept(text: str) -> None:
    check(text, segment(text))


@given(mutated(), st.sampled_from(["\r\n", "\r"]))
@settings(max_examples=100, deadline=None)
def test_line_ends_change_nothing(text: str, ends: str) -> None:
    text = re.sub(r"\r\n?", "\n", text)
    one, other = segment(text), segment(text.replace("\n", ends))
    assert [(s.header, s.month, s.places) for s in one.segments] == [
        (s.header, s.month, s.places) for s in other.segments
    ]
    assert [u.kind for u in one.unassigned] == [u.kind for u in other.unassigned]


@pytest.mark.parametrize("text", ["", " ", "\n", "\ufeff", "\u200b\n", "#", ":", "Kenya", "Kenya:", "JANUARY", "\x00"])
def test_tiny_texts(text: str) -> None:
    check(text, segment(text))


# ---------------------------------------------------------------- time

MADE_UP = ("".join(letters) for letters in itertools.product("BDFGKLMNPRSTVZ", "aeiou", "bdfgklmnprstvz", "aeiou", "n"))
NAMES = list(itertools.islice(MADE_UP, 4000))

# What is repeated to fill a text of that many characters.
NASTY: dict[str, Callable[[int], str]] = {
    "headers": lambda n: "Kenya: A court freed the teacher in the end.\n" * (n // 45),
    "headers of every style": lambda n: (
        "MAY\n\nKenya: A court.\n\n• Peru – It was.\n\n### Fiji\n\nIt rained.\n\n**Chad**: So.\n\nMali\n\nA well was dug there at last.\n"
        * (n // 125)
    ),
    "unknown headers": lambda n: "".join(
        f"{NAMES[i % 4000]}{NAMES[i // 7 % 4000].lower()}: A court freed all.\n" for i in range(n // 35)
    ),
    "empty headers": lambda n: "Kenya:\n" * (n // 7),
    "bare countries": lambda n: "Kenya\n" * (n // 6),
    "months": lambda n: "January\n\n" * (n // 9),
    "topics": lambda n: "Doors\n\n" * (n // 7) + "Kenya: A court freed her.\n\nPeru: A court freed him.",
    "short lines": lambda n: "Kenya: A court freed her.\n\nPeru: A court freed him.\n\n" + "a\n" * (n // 2),
    "one line of words": lambda n: "Kenya and Peru " * (n // 15),
    "one line of letters": lambda n: "K" * n,
    "colons": lambda n: ":" * n,
    "dashes": lambda n: "–" * n,
    "spaced dashes": lambda n: " –" * (n // 2),
    "hashes": lambda n: "#" * n,
    "stars": lambda n: "*" * n,
    "stars after a win": lambda n: "Kenya: A court.\n" + "*" * n,
    "rules": lambda n: "Kenya: A court.\n" + "---\n" * (n // 4),
    "blank lines": lambda n: "Kenya: A court.\n" + "\n" * n + "Peru: A court.",
    "spaces": lambda n: "Kenya: A court.\n" + " " * n + "x",
    "zero-width": lambda n: "Kenya: A court.\n" + "\u200b" * n,
    "brackets": lambda n: "Kenya: " + "(" * (n // 2) + "[" * (n // 2),
    "links": lambda n: "[Kenya](" * (n // 8),
    "quotes": lambda n: "Kenya: A court.\n" + "“No.”\n\n" * (n // 7),
    "paragraphs": lambda n: (
        "Kenya: A court freed her.\n" + "The court sat again on the next day in 2014.\n\n" * (n // 46)
    ),
    "wrapped": lambda n: (
        "Kenya: A court freed her after\n" + "the court sat again on the next day in May\n" * (n // 43)
    ),
    "addresses": lambda n: "Kenya: A court.\nhttp" + "://http" * (n // 7),
    "years": lambda n: "2014 " * (n // 5),
    "numbers": lambda n: "Kenya: A court.\n" + "1. " * (n // 3),
    "emoji": lambda n: "🇰🇪 " * (n // 3) + "Kenya: A court.",
}


@pytest.mark.parametrize("name", NASTY)
def test_time_is_linear(name: str) -> None:
    """Sixteen times the text takes about sixteen times as long; twice that would be allowed, quadratic takes 256."""
    segment("Kenya: A court freed the teacher.")  # the vocabularies are read before the clock starts
    taken = [seconds(NASTY[name](size)) for size in (20_000, 80_000, 320_000)]
    # Below two seconds the machine's other work is what is measured.
    assert taken[2] < max(32 * taken[0], 8 * taken[1], 2.0), taken


@pytest.mark.parametrize(
    "name", ["headers", "unknown headers", "one line of words", "colons", "dashes", "hashes", "stars", "blank lines"]
)
def test_large_texts_take_seconds(name: str) -> None:
    assert seconds(NASTY[name](5_000_000)) < LONGEST


def seconds(text: str) -> float:
    start = time.process_time()
    check(text, segment(text))
    return time.process_time() - start


# ---------------------------------------------------------------- whole reports


def reports() -> list[tuple[Path, Path]]:
    """Return the reports that have gold, with it."""
    found = [(HERE.parent / "raw" / "report.txt", HERE / "gold" / "report.jsonl")]
    for gold in sorted((HERE / "reports").glob("*.gold.jsonl")):
        stem = gold.name.removesuffix(".gold.jsonl")
        found.append((next(p for p in sorted(gold.parent.glob(f"{stem}.*")) if p != gold), gold))
    return [*found, (SHARED / "reports" / "wins-2024.txt", SHARED / "gold" / "wins-2024.jsonl")]


@pytest.mark.parametrize(("path", "gold"), reports(), ids=lambda path: path.name)
def test_report(path: Path, gold: Path) -> None:
    """Every win of a report with gold is found, with its extent, month, year and places."""
    if not path.exists():
        pytest.skip(f"{path} is not here: it is real text that the repository may not hold")
    text = path.read_bytes().decode("utf-8-sig")
    found = segment(text)
    check(text, found)
    wins = [json.loads(line) for line in gold.read_text(encoding="utf-8").splitlines()]
    assert [s.header for s in found.segments] == [win["header"] for win in wins]
    for s, win in zip(found.segments, wins, strict=True):
        assert (s.start, s.end) == (win["start"], win["end"]), s.header
        assert (s.month, s.year) == (win["month"], win["year"]), s.header
        assert [p.code for p in s.places if p.kind == "country"] == win["countries"], s.header
        assert {p.code for p in s.places if p.kind == "region"} == set(win["regions"]), s.header


# ---------------------------------------------------------------- one report in every layout

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
MONTH_LAYOUTS: dict[str, Callable[[str], str] | None] = {
    "capitals": lambda name: name.upper(),
    "title case": lambda name: name,
    "with a year": lambda name: f"{name} 2020",
    "with a dash": lambda name: f"{name.upper()} –",
    "in": lambda name: f"In {name}",
    "markdown": lambda name: f"## {name}",
    "bold": lambda name: f"**{name}**",
    "underlined": lambda name: f"{name}\n=======",
    "with words": lambda name: f"Our wins in {name}",
    "with a subtitle": lambda name: f"{name}: a look back",
    "none": None,
}
HEADER_LAYOUTS = {
    "colon": "{name}: {text}",
    "en dash": "{name} – {text}",
    "hyphen": "{name} - {text}",
    "bullet, colon": "• {name}: {text}",
    "star, em dash": "* {name} — {text}",
    "number": "{number}. {name}: {text}",
    "colon alone": "{name}:\n\n{text}",
    "colon, line": "{name}:\n{text}",
    "bare": "{name}\n\n{text}",
    "bare, line": "{name}\n{text}",
    "heading": "### {name}\n\n{text}",
    "heading, headline": "### {name}: A headline\n\n{text}",
    "bold": "**{name}**: {text}",
    "bold colon": "**{name}:** {text}",
    "bold, en dash": "**{name}** – {text}",
    "bold alone": "**{name}**\n\n{text}",
    "bar": "{name} | {text}",
    "month, bar": "{month} | {name}: {text}",
    "flag": "🏳️ {name}: {text}",
    "link": "[{name}](https://example.org): {text}",
    "full stop": "{name}. {text}",
}
NOISE: dict[str, Callable[[str], str]] = {
    "none": lambda text: text,
    "CRLF": lambda text: text.replace("\n", "\r\n"),
    "no blank lines": lambda text: re.sub(r"\n+", "\n", text),
    "no-break spaces": lambda text: text.replace(": ", ":\xa0").replace(" – ", "\xa0– "),
    "72 columns": lambda text: "\n".join(
        textwrap.fill(line, 72, break_long_words=False, break_on_hyphens=False) for line in text.split("\n")
    ),
}


@pytest.mark.parametrize("header_layout", HEADER_LAYOUTS)
@pytest.mark.parametrize("month_layout", MONTH_LAYOUTS)
def test_layout(month_layout: str, header_layout: str) -> None:
    """The sample report's wins are found in every layout, with their months, places and last words."""
    path, gold = reports()[0]
    report = path.read_text(encoding="utf-8")
    heading = MONTH_LAYOUTS[month_layout] if header_layout != "month, bar" else None
    pieces = ["Small wins 2020", "Much went wrong this year, and some things did not. Here are those."]
    expected = []
    for number, line in enumerate(gold.read_text(encoding="utf-8").splitlines()):
        win = json.loads(line)
        month = MONTHS[win["month"] - 1]
        if heading is not None and (not expected or expected[-1][1] != win["month"]):
            pieces.append(heading(month))
        body = report[win["start"] + len(win["header"]) + 1 : win["end"]].split("\n\n")[0].strip()
        text = HEADER_LAYOUTS[header_layout].format(name=win["header"], text=body, number=number, month=month.upper())
        pieces.append(text)
        expected.append((win["header"], win["month"], sorted(win["countries"] + win["regions"]), plain(body)[-20:]))
    for name, noise in NOISE.items():
        laid_out = noise("\n\n".join(pieces))
        found = segment(laid_out)
        check(laid_out, found)
        has_months = heading is not None or header_layout == "month, bar"
        assert [
            (
                plain(s.header or ""),
                s.month if has_months else expected[n % len(expected)][1],
                sorted(place.code for place in s.places),
                plain(laid_out[s.start : s.end])[-20:],
            )
            for n, s in enumerate(found.segments)
        ] == expected, name
        assert has_months or all(s.month is None for s in found.segments)
