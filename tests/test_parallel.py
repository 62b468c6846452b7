"""Processes beside the command: the same bytes, and what the death of one of them costs."""

from __future__ import annotations

import functools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from test_runner import COMMAND, contents, heed_ctrl_c, wait_for, write_reports

from winsextract import dataset, parallel, runner
from winsextract.runner import Result, Task

pytestmark = pytest.mark.skipif(os.name == "nt", reason="kills processes with signals that Windows has not")


def kill_once(task: Task, *, folder: str) -> Result:
    """Task 3 kills its worker the first time."""
    mark = Path(folder, "killed")
    if task.index == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return Result(source=task.name, counts={"process": os.getpid()})


def kill_always(task: Task) -> Result:
    """Task 3 kills its worker each time."""
    if task.index == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.01)
    return Result(source=task.name)


def slow_first(task: Task) -> Result:
    time.sleep(0.5 if task.index == 0 else 0)
    return Result(source=task.name)


def tasks(number: int, taken: list[int] | None = None) -> Iterator[Task]:
    for index in range(number):
        if taken is not None:
            taken.append(index)
        yield Task(index, f"{index}.txt")


def command(tmp_path: Path, *, output: str, workers: int) -> list[str]:
    return [*COMMAND, "run", str(tmp_path / "in"), "--output", str(tmp_path / output), "--workers", str(workers)]


def workers_of(process: subprocess.Popen[str]) -> list[psutil.Process]:
    """The processes that a command's work is done in."""
    try:
        return [
            p
            for p in psutil.Process(process.pid).children(recursive=True)
            if "loky" in " ".join(p.cmdline()) and "tracker" not in " ".join(p.cmdline())
        ]
    except psutil.Error:
        return []


def start(args: list[str]) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        args,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=heed_ctrl_c,
    )


@pytest.fixture(scope="module")
def one_worker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixteen reports, and the dataset that one process makes of them."""
    folder = tmp_path_factory.mktemp("parallel")
    write_reports(folder / "in", 16)
    subprocess.run(command(folder, output="one", workers=1), check=True, capture_output=True)
    return folder


# Bytes


def test_two_workers_give_the_bytes_of_one(one_worker: Path) -> None:
    done = subprocess.run(command(one_worker, output="two", workers=2), check=True, capture_output=True, text=True)
    assert contents(one_worker / "two") == contents(one_worker / "one")
    listed = [line.split()[0] for line in done.stdout.splitlines() if line.startswith("the-wins-of")]
    assert listed == [f"the-wins-of-{year}" for year in range(2001, 2017)], "the summary is in the order of the input"


def test_of_reports_with_one_id_the_first_is_kept_whoever_is_faster(tmp_path: Path) -> None:
    one, *others = write_reports(tmp_path / "in", 6)
    copies = [tmp_path / "in" / f"copy-{n}.txt" for n in range(4)]
    for n, copy in enumerate(copies):
        copy.write_text(one.read_text().replace("Chile", ("Peru", "Kenya", "Nepal", "Fiji")[n]))
    # The one to be kept is long, so that the copies are written before it.
    one.write_text(one.read_text() + "\nGhana\n\nParliament passed the Human Rights Act on 3 March.\n" * 200)
    names = [str(p) for p in (one, *copies, *others)]
    for workers in (1, 2):
        results = list(runner.run(names, output=tmp_path / str(workers), workers=workers))
        assert [r.source for r in results] == names
        assert [bool(r.error) for r in results] == [False] + [True] * 4 + [False] * 5
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert json.loads((tmp_path / "2/json/the-wins-of-2001.json").read_text())["report"]["source"] == str(one)


# Deaths


def test_a_worker_that_dies_costs_a_retry(tmp_path: Path) -> None:
    results = dict(parallel.in_processes(functools.partial(kill_once, folder=str(tmp_path)), tasks(12), workers=2))
    assert sorted(results) == list(range(12)) and not any(r.error for r in results.values())
    assert len({r.counts["process"] for r in results.values()}) > 1
    assert os.getpid() not in {r.counts["process"] for r in results.values()}


def test_a_task_that_always_kills_its_worker_fails_alone() -> None:
    results = dict(parallel.in_processes(kill_always, tasks(12), workers=2))
    assert sorted(results) == list(range(12))
    assert {index for index, r in results.items() if r.error} == {3}
    assert results[3].error is not None and results[3].error.startswith("3.txt: its worker was killed 3 times")


def test_a_worker_killed_in_the_middle_of_a_run_leaves_the_same_bytes(one_worker: Path) -> None:
    out = one_worker / "killed"
    process = start(command(one_worker, output="killed", workers=2))
    wait_for(lambda: len(list(out.glob("json/*.json"))) >= 2)
    victims = workers_of(process)
    assert len(victims) == 2
    victims[0].kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert contents(out) == contents(one_worker / "one")


def test_only_few_tasks_are_out_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    monkeypatch.setattr(parallel, "AHEAD", 20)
    done = parallel.in_processes(slow_first, tasks(200, taken), workers=2)
    early = 0
    for index, _ in done:
        if index == 0:
            break
        early += 1
        assert max(taken) <= 20 + 4
    assert early <= 24
    assert sum(1 for _ in done) == 199 - early


# The end


def test_ctrl_c_ends_the_workers_with_what_is_finished_written(tmp_path: Path) -> None:
    """The signal goes to the whole process group, as a terminal sends it; exit code 130."""
    write_reports(tmp_path / "in", 80)
    out = tmp_path / "out"
    process = start(command(tmp_path, output="out", workers=2))
    wait_for(lambda: len(list(out.glob("json/*.json"))) >= 4)
    workers = workers_of(process)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130 and "Traceback" not in errors, errors
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert len(workers) == 2 and not alive
    ids = dataset.report_ids(out)
    assert 4 <= len(ids) < 80 and not (out / dataset.STAGING).exists() and not (out / dataset.LOCK).exists()
    assert sorted(p.stem for p in out.glob("json/*.json")) == ids
    assert len(json.loads((out / dataset.PACKAGE).read_text())["sources"]) == len(ids)
    finished = subprocess.run(command(tmp_path, output="out", workers=2), capture_output=True, text=True)
    assert finished.returncode == 0 and len(dataset.report_ids(out)) == 80
    assert finished.stdout.count("unchanged") == len(ids)


def test_workers_do_not_outlive_a_command_that_is_killed(tmp_path: Path) -> None:
    write_reports(tmp_path / "in", 80)
    process = start(command(tmp_path, output="out", workers=2))
    wait_for(lambda: len(list((tmp_path / "out").glob("json/*.json"))) >= 2)
    workers = workers_of(process)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(workers, timeout=20)
    assert len(workers) == 2 and not alive


def test_auto_is_a_number_of_cores() -> None:
    assert 1 <= parallel.cores() <= (os.cpu_count() or 1)
