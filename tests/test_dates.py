"""Dates in a win's text.

`tables/dates.csv` is the test: a text, its section's month, its report's year, the EDTF values
expected in order (joined with " ; ", empty for none) and why. New behaviour is a new row there.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import edtf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from winsextract.records import Date
from winsextract.stages import dates
from winsextract.stages.dates import find_dates

VOCABULARY = tomllib.loads((Path(dates.__file__).parents[1] / "data" / "dates.toml").read_text("utf-8"))
with (Path(__file__).parent / "tables" / "dates.csv").open(encoding="utf-8", newline="") as lines:
    ROWS = list(csv.DictReader(lines))

# Half of what the issue asks for, so that a busy machine does not fail; measured 380,000.
LEAST_WORDS_A_SECOND = 25_000
# Sixteen times the text may take so many times sixteen times as long, plus a tenth of a second.
LINEAR_SLACK = 2.5


def number(written: str) -> int | None:
    return int(written) if written else None


def found(row: dict[str, str]) -> tuple[Date, ...]:
    return find_dates(row["text"], year=number(row["year"]), month=number(row["month"]))


def values(text: str, *, month_first: bool = False, masked: tuple[tuple[int, int], ...] = ()) -> list[str]:
    return [date.edtf for date in find_dates(text, year=2024, month=6, month_first=month_first, masked=masked)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: ascii(row["text"]))
def test_row(row: dict[str, str]) -> None:
    assert " ; ".join(date.edtf for date in found(row)) == row["edtf"], row["why"]


def test_table_is_large_and_has_texts_without_dates() -> None:
    assert len(ROWS) >= 270
    assert len({(row["text"], row["month"], row["year"]) for row in ROWS}) == len(ROWS)
    assert sum(not row["edtf"] for row in ROWS) >= 100


def test_values_are_edtf_with_the_bounds_that_the_edtf_library_gives() -> None:
    for row in ROWS:
        for date in found(row):
            parsed = edtf.parse_edtf(date.edtf)
            assert date.start == dt.date(*parsed.lower_strict()[:3]), row["text"]
            if not date.edtf.endswith("-24"):  # the library lets a winter end in its first December
                assert date.end == dt.date(*parsed.upper_strict()[:3]), row["text"]


@pytest.mark.parametrize(
    ("text", "edtf_value", "start", "end", "precision"),
    [
        ("on 17 February 2023", "2023-02-17", dt.date(2023, 2, 17), dt.date(2023, 2, 17), "day"),
        ("in February 2024", "2024-02", dt.date(2024, 2, 1), dt.date(2024, 2, 29), "month"),
        ("in the winter of 2022-23", "2022-24", dt.date(2022, 12, 1), dt.date(2023, 2, 28), "season"),
        ("since 2004", "2004", dt.date(2004, 1, 1), dt.date(2004, 12, 31), "year"),
        ("around 2019", "2019~", dt.date(2019, 1, 1), dt.date(2019, 12, 31), "year"),
        ("in the 1990s", "199X", dt.date(1990, 1, 1), dt.date(1999, 12, 31), "decade"),
        ("from 3 to 9 May", "2024-05-03/2024-05-09", dt.date(2024, 5, 3), dt.date(2024, 5, 9), "interval"),
    ],
)
def test_precision_and_bounds(text: str, edtf_value: str, start: dt.date, end: dt.date, precision: str) -> None:
    (date,) = find_dates(text, year=2024, month=6)
    assert (date.edtf, date.start, date.end, date.precision) == (edtf_value, start, end, precision)


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("On 17 February 2023, he left.", ["17 February 2023"]),
        ("On Sunday, 5 June 2022, he left.", ["Sunday, 5 June 2022"]),
        ("At the beginning of February he left.", ["At the beginning of February"]),
        ("It lasted between January and July 2023.", ["between January and July 2023"]),
        ("It ran from 3 to 9 May.", ["from 3 to 9 May"]),
        ("It dates from 2015.", ["2015"]),
        ("The 2023 vote and the 8 March rally.", ["2023", "8 March"]),
        ("He left on 4, 5 and 11 June.", ["4", "5", "11 June"]),
        ("Last year's vote and September's ban.", ["Last year", "September"]),
        ("On **17** February he left.", ["17** February"]),
        ("On 17\u00a0Feb. he left.", ["17\u00a0Feb"]),
        ("In 2017 he fell ill. A year later he left.", ["2017", "A year later"]),
    ],
)
def test_mentions_are_the_expression(text: str, mentions: list[str]) -> None:
    assert [each.text for date in find_dates(text, year=2024, month=6) for each in date.mentions] == mentions


def test_one_date_a_value_with_every_mention() -> None:
    text = "In March 2023 he was seized; in the same month he was charged, and freed on 5 May."
    first, second = find_dates(text, year=2024, month=5)
    assert [each.text for each in first.mentions] == ["March 2023", "the same month"]
    assert (first.text, second.edtf) == ("March 2023", "2024-05-05")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Amnesty’s 2022 report told of it.", ["2022"]),
        ("Amnesty's April briefing told of it.", ["2024-04"]),
        ("Amnesty 2022 told of it.", []),
    ],
)
def test_a_possessive_ends_a_masked_name(text: str, expected: list[str]) -> None:
    assert values(text, masked=((0, len("Amnesty")),)) == expected


def test_masked_names_hold_no_date() -> None:
    text = "The Movement of 20 February was banned on 20 February under the Order of 1931."
    names = [(text.index(name), text.index(name) + len(name)) for name in ("Movement of 20 February", "Order of 1931")]
    assert values(text, masked=tuple(names)) == ["2024-02-20"]
    (date,) = find_dates(text, year=2024, month=6, masked=names)
    assert [each.start for each in date.mentions] == [text.rindex("20 February")]


def test_month_first_is_a_switch() -> None:
    assert values("On 03/04/2024 it ended.") == ["2024-04-03"]
    assert values("On 03/04/2024 it ended.", month_first=True) == ["2024-03-04"]
    assert values("On 31/12/2023 it ended.", month_first=True) == ["2023-12-31"]


def test_what_the_text_does_not_say_is_less_sure() -> None:
    def confidence(text: str) -> float:
        return find_dates(text, year=2024, month=1)[-1].confidence

    ladder = ["On 5 March 2023 he left.", "On 5 March he left.", "In 2020 he came; a year later he left."]
    ladder.append("He was freed. He had been seized in November.")
    assert sorted(map(confidence, ladder), reverse=True) == list(map(confidence, ladder))


def test_dateparser_is_loaded_only_for_dates_in_digits() -> None:
    code = (
        "import sys; from winsextract.stages.dates import find_dates as f\n"
        "f('On 5 March 2023, in 2024-05-06 and since May.', year=2024, month=3)\n"
        "assert 'dateparser' not in sys.modules\n"
        "assert f('On 5/3/2023.', year=2024, month=3)[0].edtf == '2023-03-05'\n"
        "assert 'dateparser' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# Run in a process of its own: the clock is set before anything else is imported.
ELSEWHERE = """
import contextlib, datetime, json, locale, sys, time
moment, texts = datetime.datetime.fromisoformat(sys.argv[1]), json.load(sys.stdin)

class Frozen(datetime.datetime):
    @classmethod
    def now(cls, tz=None): return cls(*moment.timetuple()[:6], tzinfo=tz)
    @classmethod
    def today(cls): return cls.now()
    @classmethod
    def utcnow(cls): return cls.now()

class FrozenDate(datetime.date):
    @classmethod
    def today(cls): return cls(*moment.timetuple()[:3])

datetime.datetime, datetime.date, time.time = Frozen, FrozenDate, moment.timestamp
with contextlib.suppress(locale.Error):
    locale.setlocale(locale.LC_ALL, "")
from winsextract.stages.dates import find_dates
json.dump(
    [
        [[d.edtf, d.start.isoformat(), d.end.isoformat(), d.precision, d.confidence, len(d.mentions)]
         for d in find_dates(text, year=year, month=month)]
        for text, year, month in texts
    ],
    sys.stdout,
)
"""


@pytest.mark.parametrize(
    ("moment", "zone", "language"),
    [
        ("1999-12-31T23:59:59", "Pacific/Kiritimati", "C"),
        ("2037-02-28T00:00:01", "America/St_Johns", "tr_TR.UTF-8"),
        ("2024-02-29T12:00:00", "Asia/Kathmandu", "de_DE.UTF-8"),
    ],
)
def test_the_day_the_zone_and_the_language_play_no_role(moment: str, zone: str, language: str) -> None:
    texts = [(row["text"], number(row["year"]), number(row["month"])) for row in ROWS]
    here = [
        [[d.edtf, str(d.start), str(d.end), d.precision, d.confidence, len(d.mentions)] for d in found(row)]
        for row in ROWS
    ]
    there = subprocess.run(
        [sys.executable, "-c", ELSEWHERE, moment],
        input=json.dumps(texts),
        env=os.environ | {"TZ": zone, "LC_ALL": language, "LANG": language, "PYTHONUTF8": "1", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(there.stdout) == here


def vocabulary_words(entry: object) -> Iterator[str]:
    if isinstance(entry, dict):
        yield from entry
    elif isinstance(entry, list):
        yield from (each for each in entry if isinstance(each, str))


def entries() -> Iterator[tuple[str, object]]:
    for table, keys in VOCABULARY.items():
        for key, entry in keys.items():
            yield f"{table}.{key}", entry


def test_vocabulary_is_small_letters_without_doubles() -> None:
    for name, entry in entries():
        words = list(vocabulary_words(entry))
        assert words, name
        assert len(words) == len(set(words)), name
        assert all(word == word.lower() and "’" not in word for word in words), name


def test_vocabulary_is_all_used() -> None:
    source = Path(dates.__file__).read_text("utf-8")
    unused = [name for name, _ in entries() if name not in source and f'"{name.split(".")[1]}"' not in source]
    assert unused == []


def test_cues_do_not_contradict_each_other() -> None:
    cues = VOCABULARY["cues"]
    kinds = [set(cues[kind]) for kind in ("past_perfect", "background", "foreground", "future")]
    assert sum(map(len, kinds)) == len(set.union(*kinds))


WORDS = sorted({word for _, entry in entries() for word in vocabulary_words(entry)})
SIGNS = [" ", "\n", "\n\n", "-", "–", "/", ".", ",", "(", "'", "’", "**", "\u00a0", "2024", "1999", "5", "31st", "90s"]
PIECES = st.sampled_from([*WORDS, *(word.title() for word in WORDS), *SIGNS])
TEXTS = st.one_of(st.text(), st.lists(PIECES).map(" ".join), st.lists(PIECES).map("".join))


@settings(deadline=None)  # the first text loads the vocabulary
@given(
    text=TEXTS,
    year=st.none() | st.integers(1000, 2999),
    month=st.none() | st.integers(1, 12),
    masked=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))),
)
def test_any_text_gives_sound_dates(
    text: str, year: int | None, month: int | None, masked: list[tuple[int, int]]
) -> None:
    masks = [(start, stop) for start, stop in masked if start < stop]
    result = find_dates(text, year=year, month=month, masked=masks)
    assert result == find_dates(text, year=year, month=month, masked=masks)
    assert len({date.edtf for date in result}) == len(result)
    starts = [date.mentions[0].start for date in result]
    assert starts == sorted(starts)
    for date in result:
        edtf.parse_edtf(date.edtf)
        assert date.start <= date.end
        assert date.text == date.mentions[0].text
        for mention in date.mentions:
            assert mention.text == text[mention.start : mention.end] != ""
            assert not any(start <= mention.start < stop for start, stop in masks)


NASTY = {
    "months": "January ",
    "ones": "1 ",
    "counted": "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, ",
    "digits": "7",
    "grouped": "1,111,",
    "letters": "a" * 50,
    "between": "between 1 and ",
    "open": "from January to ",
    "edges": "at the first last early half of ",
    "years": "2019-",
    "names": "the 2019 Great and ",
    "apostrophes": "'’",
    "slashes": "1/2/",
    "blank lines": "\n \r\r\n",
    "spaces": "   \n",
    "background": "arrested in November ",
    "relative": "two years later, in March ",
    "lists": "in May and June or July, ",
}


@pytest.mark.parametrize("unit", NASTY.values(), ids=NASTY.keys())
def test_time_grows_with_the_length(unit: str) -> None:
    seconds = []
    for characters in (20_000, 80_000, 320_000):
        text = unit * (characters // len(unit))
        begun = time.process_time()
        find_dates(text, year=2024, month=6)
        seconds.append(time.process_time() - begun)
    assert seconds[2] <= LINEAR_SLACK * 16 * seconds[0] + 0.1
    assert seconds[2] <= LINEAR_SLACK * 4 * seconds[1] + 0.1


@pytest.mark.parametrize("unit", ["7", "a", "1999-", "On 5 March 2023 the court met in a town. "])
def test_five_megabytes_on_one_line(unit: str) -> None:
    begun = time.process_time()
    find_dates(unit * (5_000_000 // len(unit)), year=2024, month=6)
    assert time.process_time() - begun < 30


def test_speed() -> None:
    text = "\n\n".join(row["text"] for row in ROWS) * 5
    begun = time.process_time()
    find_dates(text, year=2024, month=6)
    assert len(text.split()) / (time.process_time() - begun) > LEAST_WORDS_A_SECOND
