"""The promises of SECURITY.md on the whole: kills, two runs at once, the same bytes everywhere, bad inputs, untrusted models.

`tests/soak/` runs the same functions for longer (`make soak`).
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import json
import os
import pickle
import random
import re
import runpy
import shutil
import signal
import subprocess
import sys
import time
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import spacy
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen import canvas
from spacy.language import Language
from test_dataset import check_readable
from test_read import BAD
from test_runner import COMMAND, contents
from typer.testing import CliRunner

from winsextract import dataset, names, pipeline, runner, schema, verification
from winsextract.cli import app
from winsextract.errors import DatasetError, ModelError, ReadError, WinsextractError
from winsextract.stages import annotate
from winsextract.stages.read import TEXT, decode

ROOT = Path(__file__).parents[1]


def report(year: int, place: str = "Chile") -> str:
    """A small report with its own title, of two wins."""
    return (
        f"The Wins of {year}\n\nJANUARY\n\nIraq\n\nOn 3 January, a court in Baghdad acquitted journalist Guhdar "
        f"Zebari of all charges after a campaign by Amnesty International that 4,{year % 1000:03} people joined.\n\n"
        f"FEBRUARY\n\n{place}\n\nCongress passed the Law on Enforced Disappearances on 12 February.\n"
    )


def write_reports(folder: Path, years: range, place: str = "Chile") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for year in years:
        (folder / f"{year}.txt").write_text(report(year, place), encoding="utf-8")


def winsextract(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """The real command, in a process of its own."""
    return subprocess.run([*COMMAND, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)


def of_report(files: dict[str, bytes], report_id: str) -> dict[str, bytes]:
    return {name: content for name, content in files.items() if report_id in name}


# Kills


@dataclasses.dataclass(frozen=True)
class Kills:
    """How many runs were killed, how many of them had left something unfinished, and how many had left some reports new and others old."""

    survived: int
    unfinished: int
    mixed: int


def kill_runs(tmp_path: Path, *, kills: int, reports: int, seed: int, workers: int = 1) -> Kills:
    """Kill `winsextract run` at random moments, and check the dataset after each as it lies there and after the next command."""
    moments = random.Random(seed)
    years = range(2001, 2001 + reports)
    states, seconds = {}, 0.0
    for place in ("Chile", "Peru"):
        write_reports(tmp_path / "in", years, place)
        began = time.monotonic()
        done = winsextract("run", tmp_path / "in", "--output", tmp_path / place, "--quiet")
        seconds = max(seconds, time.monotonic() - began)
        assert done.returncode == 0, done.stderr
        states[place] = contents(tmp_path / place)
    ids = dataset.report_ids(tmp_path / "Chile")
    assert len(ids) == reports
    out = tmp_path / "out"
    shutil.copytree(tmp_path / "Chile", out)
    unfinished = mixed = 0
    for number in range(kills):
        write_reports(tmp_path / "in", years, ("Peru", "Chile")[number % 2])
        command = [
            *COMMAND,
            "run",
            str(tmp_path / "in"),
            "--output",
            str(out),
            "--force",
            "--quiet",
            "--workers",
            str(workers),
        ]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            time.sleep(moments.uniform(0.2 * seconds, seconds))
            process.kill()
        if workers > 1:
            time.sleep(2)  # its workers see that it is gone, and end
        assert process.returncode in (0, -signal.SIGKILL)
        check_readable(out)
        unfinished += (out / dataset.STAGING).exists()
        assert verification.verify(out, source=tmp_path / "Chile").faults == ()
        found = contents(out)
        new = [of_report(found, i) == of_report(states["Peru"], i) for i in ids]
        old = [of_report(found, i) == of_report(states["Chile"], i) for i in ids]
        assert all(a or b for a, b in zip(new, old, strict=True)), "a report is all old or all new"
        assert set(found) == set(states["Chile"]), "nothing is missing and nothing stays"
        mixed += any(new) and any(old)
    return Kills(kills, unfinished, mixed)


def test_runs_that_are_killed_leave_whole_reports(tmp_path: Path) -> None:
    assert kill_runs(tmp_path, kills=8, reports=6, seed=8).survived == 8


# Two at once


def test_two_runs_at_once_lose_nothing(tmp_path: Path) -> None:
    """Each has reports of its own, and both have three."""
    write_reports(tmp_path / "a", range(2001, 2009))
    write_reports(tmp_path / "b", range(2006, 2014))
    command = [*COMMAND, "run", "--output", str(tmp_path / "out"), "--quiet"]
    runs = [subprocess.Popen([*command, str(tmp_path / name)], stderr=subprocess.PIPE, text=True) for name in "ab"]
    errors = [run.communicate(timeout=300)[1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], errors
    found = verification.verify(tmp_path / "out")
    assert (found.reports, found.faults) == (13, ())
    # One after the other gives the same, but for which of the two files the shared reports name.
    for name in "ab":
        assert winsextract("run", tmp_path / name, "--output", tmp_path / "one", "--quiet").returncode == 0
    both, one = contents(tmp_path / "out"), contents(tmp_path / "one")
    assert both.keys() == one.keys()
    shared = ("2006", "2007", "2008")
    same = [n for n in one if n != dataset.PACKAGE and not any(year in n for year in shared)]
    assert len(same) == 90 and all(both[n] == one[n] for n in same)


# The same bytes

CLOCK = """
#define _GNU_SOURCE
#include <sys/time.h>
#include <time.h>
#include <dlfcn.h>
/* New Year's Eve of 2037, a second before midnight in London. */
#define NOW 2145916799
time_t time(time_t *t) { if (t) *t = NOW; return NOW; }
int gettimeofday(struct timeval *tv, void *tz) { tv->tv_sec = NOW; tv->tv_usec = 0; return 0; }
int clock_gettime(clockid_t id, struct timespec *ts) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int r = real(id, ts);
    if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE) { ts->tv_sec = NOW; ts->tv_nsec = 0; }
    return r;
}
"""


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    """Whatever the time zone, the locale, the hash seed, the current folder and the day."""
    write_reports(tmp_path / "in", range(2001, 2004))
    shutil.copy(ROOT / "raw/report.txt", tmp_path / "in")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    strange = {
        "TZ": "Pacific/Kiritimati",
        "LC_ALL": "C",
        "LANG": "C",
        "PYTHONHASHSEED": "4711",
        "PYTHONUTF8": "0",
        "COLUMNS": "20",
        "HOME": str(elsewhere),
    }
    compiler = shutil.which("cc")
    if compiler and sys.platform == "linux":
        (tmp_path / "clock.c").write_text(CLOCK)
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-o", tmp_path / "clock.so", tmp_path / "clock.c", "-ldl"], check=True
        )
        strange["LD_PRELOAD"] = str(tmp_path / "clock.so")
        today = subprocess.run(
            [sys.executable, "-c", "import datetime; print(datetime.date.today())"],
            env={**os.environ, **strange},
            capture_output=True,
            text=True,
        )
        assert today.stdout.strip() == "2038-01-01"
    usual = {"TZ": "UTC", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
    for name, environment, folder in (("one", usual, tmp_path), ("two", strange, elsewhere)):
        done = winsextract(
            "run",
            tmp_path / "in",
            "--output",
            tmp_path / name,
            "--quiet",
            env={**os.environ, **environment},
            cwd=folder,
        )
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


# Bad inputs


def locked_pdf() -> bytes:
    file = io.BytesIO()
    page = canvas.Canvas(file, encrypt="secret")
    page.drawString(72, 720, "Kenya: A court freed her.")
    page.save()
    return file.getvalue()


MB = 1_000_000
# What is read and then is no report by its size, or is odd: name, bytes, words of the reason or None where it gives a result.
ODD: list[tuple[str, bytes, str | None]] = [
    ("line.txt", b"Iraq: " + b"a court freed her and " * (5 * MB // 22), "characters, more than a report can have"),
    ("word.txt", b"x" * (5 * MB), "characters, more than a report can have"),
    ("book.txt", b"Iraq: " + b"a court freed her and " * 10_000, "no header of a place among them"),
    ("headers.txt", b"Wins of 2003\n\nJANUARY\n\n" + b"Iraq: A court freed them.\n\n" * 100_000, "headers, more than a report can have"),
    ("page.html", b"<h3>Kenya</h3><p>" + b"A court freed someone after a long time in prison. " * (20 * MB // 51), "more than a report can have"),
    ("locked.pdf", locked_pdf(), "locked with a password"),
    ("brackets.txt", b"Iraq: " + b"[" * 5_000 + b"x" + b"]" * 5_000, None),
    ("links.md", b"## Iraq\n\n" + b"[a](" * 2_000, None),
    ("marks.txt", b"Iraq: " + "“‘(…*_.,".encode() * 500, None),
    ("quotes.txt", b"Iraq: " + "“".encode() * 5_000, None),
    ("right-to-left.txt", "العراق\n\nIraq: محكمة أفرجت \u202eعن\u202c الصحفية سامي\u200b حداد\u200f في ٣ يناير.".encode(), None),
    ("zero-width.txt", "I\u200bra\u200bq: A\u200b court\ufeff fr\u00adeed \u2060her\u200d.\n\n\u200b\n".encode(), None),
    ("accents.txt", ("Iraq: " + "e\u0301\u0302\u0303" * 5_000).encode(), None),
    ("emoji.txt", "Iraq: 🎉👩‍👩‍👧‍👦🏳️‍🌈 freed on 3 January.".encode(), None),
    ("breaks.txt", b"Iraq: freed\rChile: passed\r\n\x0b\x0c\x85Peru\xe2\x80\xa8: won".decode("latin-1").encode(), None),
    ("headings.md", b"# " * 50_000, None),
    ("heading.md", b"#" * 50_000, None),
    ("rules.md", b"---\n" * 50_000, None),
    ("years.txt", b"Iraq: " + b"2003-01-03/2004 3 January 2003, " * 500, None),
    ("names.txt", b"Iraq: " + b"Guhdar Zebari, " * 1_000, None),
    ("digits.txt", b"Iraq: " + b"1" * 20_000 + b",000 people were freed.", None),
    ("months.txt", b"JANUARY\n" * 10_000 + b"Iraq: freed.", None),
]  # fmt: skip
# A bad file is told in a second or two; a loaded machine may take longer.
SECONDS = 60


def test_every_bad_file_is_named_with_its_reason_and_the_others_run(tmp_path: Path) -> None:
    """One real run of all that cannot be read and one report that can."""
    out = tmp_path / "out"
    (tmp_path / "in").mkdir()
    write_reports(tmp_path / "earlier", range(2001, 2002))
    assert winsextract("run", tmp_path / "earlier", "--output", out, "--quiet").returncode == 0
    before = contents(out)
    for name, data, _ in BAD:
        (tmp_path / "in" / name).write_bytes(data)
    (tmp_path / "in/good.txt").write_text(report(2002))
    began = time.monotonic()
    done = winsextract("run", *sorted((tmp_path / "in").iterdir()), "--output", out, "--quiet")
    assert time.monotonic() - began < 2 * SECONDS
    assert done.returncode == 1 and done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == len(BAD), done.stderr
    for name, _, reason in BAD:
        (line,) = [line for line in lines if line.startswith(f"winsextract: {tmp_path / 'in' / name}: ")]
        assert reason in line and line.endswith("."), line
    assert "Traceback" not in done.stderr and "a fault of winsextract" not in done.stderr
    after = contents(out)
    assert dataset.report_ids(out) == ["the-wins-of-2001", "the-wins-of-2002"]
    assert {name: after[name] for name in before if name != dataset.PACKAGE} == {
        n: c for n, c in before.items() if n != dataset.PACKAGE
    }
    assert verification.verify(out).faults == ()


@pytest.mark.parametrize(("name", "data", "reason"), ODD, ids=[name for name, _, _ in ODD])
def test_odd_input_ends_in_seconds(name: str, data: bytes, reason: str | None, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    began = time.monotonic()
    done = CliRunner().invoke(app, ["run", str(tmp_path / name), "--output", str(tmp_path / "out"), "--quiet"])
    assert time.monotonic() - began < SECONDS
    assert done.exception is None or isinstance(done.exception, SystemExit)
    if reason is None:
        assert (done.exit_code, done.stderr) == (0, ""), done.stderr
        assert verification.verify(tmp_path / "out").faults == ()
    else:
        assert done.exit_code == 1 and not dataset.report_ids(tmp_path / "out")
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"winsextract: {tmp_path / name}: ") and reason in line, line


def test_every_option_of_a_run_gives_a_dataset_that_is_verified(tmp_path: Path) -> None:
    write_reports(tmp_path / "in", range(2001, 2002))
    (tmp_path / "key").write_text("k" * 32)
    options = [
        "--year",
        "1999",
        "--report-id",
        "x",
        "--review-threshold",
        "0.3",
        "--pseudonym-key",
        str(tmp_path / "key"),
    ]
    done = CliRunner().invoke(
        app, ["run", str(tmp_path / "in"), "--output", str(tmp_path / "out"), "--quiet", *options]
    )
    assert done.exit_code == 0, done.stderr
    assert verification.verify(tmp_path / "out").faults == ()


# Anything at all through the whole


@functools.cache
def validator() -> Any:
    return jsonschema.Draft202012Validator(schema.json_schema(), format_checker=jsonschema.FormatChecker())


def check_extraction(text: str) -> None:
    """Extract a text with the shipped model: a record that fits, keeps every character and gives each back, or a sentence."""
    if not text.strip():
        return
    source = decode_or_none(text)
    if source is None:
        return
    try:
        record = dataset.to_nested(pipeline.extract(source, annotate.load_pipeline()))
        dataset.to_tables(record)
    except WinsextractError:
        return
    record = json.loads(json.dumps(record))
    assert list(validator().iter_errors(record)) == []
    report_id = record["report"]["report_id"]
    assert list(verification._in_record(record, report_id, "")) == []
    pieces = [*record["wins"], *record["unassigned"]]
    assert all(source.text[slice(*piece["span"])] == piece["text"] for piece in pieces)
    pipeline.check_conservation(source.text, verification._segmentation(record))


def decode_or_none(text: str) -> Any:
    """The source of a text; None where it is refused with a sentence."""
    try:
        return decode(text.encode("utf-8", "surrogatepass"), name="a.txt", media_type=TEXT)
    except ReadError:
        return None


# Words and marks that mean something to a stage, put together at random.
WORDS = st.sampled_from(
    ["Iraq", "Chile: ", "European Union/Norway", "GLOBAL", "JANUARY", "March 2021", "# ", "## ", "- ", "* ", "1. ", "**", "\n", "\n\n", "\r\n", "\r", "\u2028", "---\n", ": ", " – ",
     "On 3 January, ", "Guhdar Zebari", "Dr. Máxima Acuña", "Amnesty International", "the Press Act", "4,000 people", "was freed", "passed", "acquitted", "“", "”", "(", ")", "[", "](http://a.b/c)", "![x](y.png)",
     "© AFP", "Photo by X", "Thank you for reading", "Share this", "|", "\t", "\u200b", "\u202e", "e\u0301", "🎉", "\xa0", ". ", ", ", "1 in 3", "2019-2021", "the 1990s", "spring 2020", "62%", "İ", "ß", "ﬁ"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(WORDS, max_size=60).map("".join),
    st.lists(st.one_of(WORDS, st.text(max_size=5)), max_size=60).map(" ".join),
)


@functools.cache
def seeds() -> tuple[str, ...]:
    """The test reports."""
    return tuple(
        path.read_text(encoding="utf-8")
        for path in sorted((ROOT / "tests/reports").glob("*.[tm]*"))
        if path.suffix in (".txt", ".md")
    )


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A stretch of a test report with pieces cut, doubled, moved, put in or turned."""
    text = draw(st.sampled_from(seeds()))
    start = draw(st.integers(0, max(0, len(text) - 1500)))
    text = text[start : start + 1500]
    for _ in range(draw(st.integers(1, 6))):
        a, b = sorted((draw(st.integers(0, len(text))), draw(st.integers(0, len(text)))))
        b = min(b, a + 200)
        piece = text[a:b]
        new = draw(
            st.one_of(
                st.just(""),
                st.just(piece * 2),
                st.just(piece[::-1]),
                st.just(piece.upper()),
                st.just(piece.replace("\n", " ")),
                st.just(piece.replace(" ", "\n")),
                WORDS,
                st.text(max_size=10),
            )
        )
        text = text[:a] + new + text[b:]
    return text


@example("IRAQ:#")  # a win with nothing behind its header
@example("# Iraq")
@given(st.one_of(TEXTS, mutated()))
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_gives_a_record_that_keeps_it(text: str) -> None:
    check_extraction(text)


def test_a_text_may_end_with_the_beginning_of_a_name() -> None:
    """Arbitrary text found it: the last word was a name and the first word of a longer one."""
    found = names.elsewhere("Sherif Hegazy and Sherif", ["Sherif", "Sherif Hegazy"], names.Taken(24))
    assert list(found) == [("Sherif Hegazy", 0, 13), ("Sherif", 18, 24)]


# What the fuzzer found once (`make fuzz`), through its own check

FUZZ = runpy.run_path(str(ROOT / "fuzz/target.py"))


@pytest.mark.parametrize("path", FUZZ["cases"](), ids=lambda p: p.name)
def test_what_the_fuzzer_found(path: Path) -> None:
    began = time.process_time()
    FUZZ["check"](path.read_bytes(), FUZZ["KINDS"][FUZZ["SUFFIXES"].index(path.suffix)])
    assert time.process_time() - began < SECONDS / 10


@given(st.binary(max_size=300), st.sampled_from(FUZZ["KINDS"]))
@settings(max_examples=150, deadline=None)
def test_any_bytes_pass_the_fuzzers_check(data: bytes, kind: str) -> None:
    FUZZ["check"](data, kind)


# What development installs


def test_the_lock_has_every_dependency_with_its_hashes() -> None:
    lock = (ROOT / "requirements-dev.lock").read_text()
    pinned = re.findall(r"^([a-z0-9-]+)==\S+(?: ; [^\\\n]+)? \\\n    --hash=sha256:[0-9a-f]{64}", lock, re.MULTILINE)
    assert len(pinned) == len(re.findall(r"^[^\s#]", lock, re.MULTILINE)), "each entry is pinned and has a hash"
    assert "://" not in lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    asked = [
        *project["project"]["dependencies"],
        *project["dependency-groups"]["dev"],
        *(d for name in ("formats", "export", "dask") for d in extras[name]),
    ]
    names = {re.split(r"[^\w.-]", dependency)[0].lower().replace("_", "-") for dependency in asked}
    assert names <= set(pinned), f"run `make lock`: {names - set(pinned)} are missing"


# Models that one should not trust


class Bomb:
    """What a pickle of this does when it is loaded: it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


@spacy.registry.callbacks("winsextract_test_callback.v1")
def make_callback() -> Callable[[Language], Language]:
    def callback(nlp: Any) -> Any:
        Path(os.environ["WINSEXTRACT_TEST_MARK"]).touch()
        return nlp

    return callback


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """The folder of a pipeline that finds Guhdar Zebari and nothing else."""
    nlp = spacy.blank("en")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": "Guhdar Zebari"}])  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def config(old: str, new: str) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        text = (folder / "config.cfg").read_text()
        assert old in text
        (folder / "config.cfg").write_text(text.replace(old, new))

    return change


def zipped(folder: Path) -> None:
    with zipfile.ZipFile(folder / "weights.bin", "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Bomb(folder)))


UNTRUSTED: list[tuple[str, Callable[[Path], object], str]] = [
    ("a program", lambda f: (f / "entity_ruler/more.py").write_text("x"), "it holds a program, entity_ruler/more.py"),
    ("a library", lambda f: (f / "fast.so").write_text("x"), "it holds a program, fast.so"),
    ("a pickle by its name", lambda f: (f / "entity_ruler/model.PKL").write_text("cos\nsystem\n(S'ls'\ntR."), "it holds a pickle, entity_ruler/model.PKL"),
    ("a pickle by its bytes", lambda f: (f / "vocab/weights.bin").write_bytes(pickle.dumps(Bomb(f / "mark"))), "it holds a pickle, vocab/weights.bin"),
    ("a pickle as PyTorch has it", zipped, "it holds a pickle, weights.bin"),
    ("a folder elsewhere", lambda f: (f / "more").symlink_to("/tmp"), "its folder more is a link to somewhere else"),
    ("before_creation", config("before_creation = null", 'before_creation = {"@callbacks": "winsextract_test_callback.v1"}'), "its configuration calls a function while it is loaded (nlp.before_creation)"),
    ("after_creation", config("after_creation = null", 'after_creation = {"@callbacks": "winsextract_test_callback.v1"}'), "(nlp.after_creation)"),
    ("after_pipeline_creation", config("after_pipeline_creation = null", 'after_pipeline_creation = {"@callbacks": "spacy.copy_from_base_model.v1", "tokenizer": "/tmp/x"}'), "(nlp.after_pipeline_creation)"),
    ("another component", config('factory = "entity_ruler"', 'factory = "transformer"'), "its component 'entity_ruler' is made by 'transformer'"),
    ("a component by a variable", lambda f: (config('factory = "entity_ruler"', "factory = ${vars.factory}")(f), config("[paths]", '[vars]\nfactory = "evil"\n\n[paths]')(f)), "is made by 'evil'"),
    ("a component from elsewhere", config('factory = "entity_ruler"', 'source = "../evil"'), "its component 'entity_ruler' would be taken from another pipeline, '../evil'"),
    ("a function of others", config('@tokenizers = "spacy.Tokenizer.v1"', '@tokenizers = "evil.Tokenizer.v1"'), "its configuration names the function 'evil.Tokenizer.v1' (nlp.tokenizer.@tokenizers)"),
    ("a function in a list", config("overwrite_ents = false", 'overwrite_ents = [{"@misc": "evil.v1"}]'), "its configuration names the function 'evil.v1'"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "reason"), [u[1:] for u in UNTRUSTED], ids=[u[0] for u in UNTRUSTED])
def test_a_model_that_brings_code_is_refused(
    change: Callable[[Path], object], reason: str, model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WINSEXTRACT_TEST_MARK", str(tmp_path / "mark"))
    assert annotate.load_pipeline(str(model)).pipe_names[0] == "entity_ruler"
    change(model)
    with pytest.raises(ModelError) as raised:
        annotate.load_pipeline(str(model))
    assert reason in str(raised.value) and "--trust-model" in str(raised.value) and str(model) in str(raised.value)
    assert not (tmp_path / "mark").exists() and not (model / "mark").exists()


def test_a_model_is_trusted_when_the_user_says_so(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WINSEXTRACT_TEST_MARK", str(tmp_path / "mark"))
    config("before_creation = null", 'before_creation = {"@callbacks": "winsextract_test_callback.v1"}')(model)
    (tmp_path / "report.txt").write_text(report(2001))
    arguments = [str(tmp_path / "report.txt"), "--model", str(model)]
    run = ["run", *arguments, "--output", str(tmp_path / "out"), "--quiet"]
    done = CliRunner().invoke(app, run)
    assert done.exit_code == 1 and done.stderr.startswith(
        f"winsextract: The model '{model}' is not loaded: its configuration calls"
    )
    assert not (tmp_path / "mark").exists() and len(done.stderr.splitlines()) == 1
    for command in (["gold-template"], ["evaluate", str(ROOT / "tests/gold/report.jsonl")]):
        assert "--trust-model" in CliRunner().invoke(app, [*command, *arguments]).stderr
    done = CliRunner().invoke(app, [*run, "--trust-model"])
    assert (done.exit_code, done.stderr) == (0, "") and (tmp_path / "mark").exists()
    for command in (["gold-template"], ["evaluate", str(ROOT / "tests/gold/report.jsonl"), "--bootstrap", "0"]):
        assert CliRunner().invoke(app, [*command, *arguments, "--trust-model"]).exit_code == 0


def test_a_folder_that_is_no_model_is_told(tmp_path: Path) -> None:
    for content in (None, "", "[nlp\n", "[nlp]\nlang = ${no.where}\n", "\0"):
        if content is not None:
            (tmp_path / "config.cfg").write_text(content)
        with pytest.raises(ModelError, match=r"config|cannot be loaded"):
            annotate.load_pipeline(str(tmp_path))


def turned(folder: Path) -> None:
    """One bit of the network, somewhere in its middle."""
    path = folder / "winsextract_tagger/network.onnx"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(folder: Path) -> None:
    path = folder / "winsextract_tagger/network.onnx"
    os.truncate(path, path.stat().st_size // 2)


def other_labels(folder: Path) -> None:
    path = folder / "winsextract_tagger/meta.json"
    meta = json.loads(path.read_text())
    path.write_text(json.dumps({**meta, "tags": meta["tags"][:-1]}))


DAMAGED: list[tuple[str, Callable[[Path], object], str]] = [
    ("a bit turned", turned, "The model is damaged: its network has sha256 "),
    ("cut off", cut, "The model is damaged: its network has sha256 "),
    ("no network", lambda f: (f / "winsextract_tagger/network.onnx").unlink(), "cannot be read"),
    ("no description", lambda f: (f / "winsextract_tagger/meta.json").write_text("{}"), "The model is damaged"),
    ("a broken description", lambda f: (f / "winsextract_tagger/meta.json").write_text("{"), "cannot be read"),
    ("other labels", other_labels, "other labels than this version"),
    ("nothing at all", lambda f: shutil.rmtree(f / "winsextract_tagger"), "cannot be read"),
]


@pytest.mark.parametrize(("damage", "words"), [d[1:] for d in DAMAGED], ids=[d[0] for d in DAMAGED])
def test_a_damaged_model_is_refused(
    damage: Callable[[Path], object], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = Path(shutil.copytree(annotate._folder(), tmp_path / "model"))
    damage(folder)
    (tmp_path / "report.txt").write_text(report(2001))
    done = CliRunner().invoke(
        app, ["run", str(tmp_path / "report.txt"), "--model", str(folder), "--output", str(tmp_path / "out"), "--quiet"]
    )
    assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
    (line,) = done.stderr.splitlines()
    assert words in line and "make model" in line
    # The same for the shipped one.
    monkeypatch.setattr(annotate, "_folder", lambda: folder)
    with pytest.raises(ModelError, match=words):
        annotate._shipped.__wrapped__()


def test_the_shipped_model_is_the_one_that_it_says() -> None:
    folder = annotate._folder() / "winsextract_tagger"
    meta = json.loads((folder / "meta.json").read_text())
    assert hashlib.sha256((folder / "network.onnx").read_bytes()).hexdigest() == meta["sha256"]


# Nothing leaves the output folder


@pytest.mark.parametrize("title", ["../../../etc/passwd", "..", "a/b\\c:d", "/etc/passwd", "CON", "x\u202eslp.exe", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "~root", "$(reboot)", "İ" * 200, "💥", ". . .", "report=x/part-0.parquet"])  # fmt: skip
def test_a_title_cannot_leave_the_output(title: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(
        f"# {title}\n\nJANUARY\n\nIraq: A court freed them.\n\nChile: A court freed them.\n", encoding="utf-8"
    )
    done = CliRunner().invoke(app, ["run", str(tmp_path / "in.txt"), "--output", str(tmp_path / "out/deep"), "--quiet"])
    assert (done.exit_code, done.stderr) == (0, "")
    assert verification.verify(tmp_path / "out/deep").faults == ()
    assert {p.name for p in tmp_path.iterdir()} == {"in.txt", "out"} and {
        p.name for p in (tmp_path / "out").iterdir()
    } == {"deep"}


@pytest.mark.parametrize(
    "report_id", ["../../x", "..", "/tmp/x", "a/b", "a\\b", "A", "", "-x", "x\n", "x" * 101, "é", "report=x"]
)
def test_a_report_id_cannot_leave_the_output(report_id: str, tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(report(2001))
    done = CliRunner().invoke(
        app,
        ["run", str(tmp_path / "in.txt"), "--report-id", report_id, "--output", str(tmp_path / "out/deep"), "--quiet"],
    )
    if report_id == "":  # as if it were not given
        assert done.exit_code == 0
        return
    assert done.exit_code == 1 and "is no report id" in done.stderr and len(done.stderr.splitlines()) == 1
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [tmp_path / "in.txt"]


LINKS = ["wins", "json", "people/report=the-wins-of-2001", ".staging", ".staging/new", ".staging/ready", ".lock"]


@pytest.mark.parametrize("name", LINKS)
def test_nothing_is_written_through_a_link(name: str, tmp_path: Path) -> None:
    """Who may put a link into the output folder cannot have winsextract write elsewhere."""
    (tmp_path / "in.txt").write_text(report(2001))
    out, target = tmp_path / "out", tmp_path / "target"
    target.mkdir()
    (target / "precious.txt").write_text("x")
    (out / name).parent.mkdir(parents=True)
    (out / name).symlink_to(target / "file" if name == ".lock" else target)
    done = CliRunner().invoke(app, ["run", str(tmp_path / "in.txt"), "--output", str(out), "--quiet"])
    assert (
        done.exit_code == 1
        and f"{name} is a symbolic link, and nothing is written through one"
        in done.stderr.replace(".staging is", f"{name} is")
    )
    assert contents(target) == {"precious.txt": b"x"}
    (out / name).unlink()
    done = CliRunner().invoke(app, ["run", str(tmp_path / "in.txt"), "--output", str(out), "--quiet"])
    assert (done.exit_code, done.stderr) == (0, "") and verification.verify(out).faults == ()


def test_a_file_that_is_a_link_is_replaced_and_its_target_kept(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(report(2001))
    (tmp_path / "precious.txt").write_text("x")
    (tmp_path / "out/json").mkdir(parents=True)
    for name in ("json/the-wins-of-2001.json", "datapackage.json"):
        (tmp_path / "out" / name).symlink_to(tmp_path / "precious.txt")
    list(runner.run([str(tmp_path / "in.txt")], output=tmp_path / "out"))
    assert (tmp_path / "precious.txt").read_text() == "x" and verification.verify(tmp_path / "out").faults == ()


def test_the_output_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text(report(2001))
    (tmp_path / "disk").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "disk")
    assert [r.error for r in runner.run([str(tmp_path / "in.txt")], output=tmp_path / "out")] == [None]
    assert verification.verify(tmp_path / "out").faults == () and dataset.report_ids(tmp_path / "disk")


def test_links_are_told_to_library_users_too(tmp_path: Path) -> None:
    (tmp_path / "json").symlink_to("/tmp")
    record = dataset.to_nested(
        pipeline.extract(decode(report(2001).encode(), name="a.txt", media_type=TEXT), annotate.load_pipeline())
    )
    with pytest.raises(DatasetError, match="symbolic link"):
        dataset.write(record, tmp_path)
