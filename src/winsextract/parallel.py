"""Hand the reports of a run to other processes: on this machine, or on a Dask cluster.

Both ways send a [Task][winsextract.runner.Task] out and get a small Result back; the worker
reads and writes the report. Only a few tasks are out at a time, so neither memory nor a
scheduler's queue grows with the number of reports. Results come as they are done, each with
its task's index.

On one machine the processes are loky's and not those of a Dask cluster: no scheduler, no ports,
no dashboard, 0.1 s to import instead of 0.5 s, and it tells a worker that died from a task that failed.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from winsextract.errors import MissingExtraError, ModelError, WinsextractError
from winsextract.runner import Result, Task

if TYPE_CHECKING:
    from concurrent.futures import Future

Work = Callable[[Task], Result]

# What keeps libraries from starting a thread for every core, which spin and find nothing to do: a process has one core.
ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
# Tasks out for each worker: one in work, one waiting for it.
TASKS_A_WORKER = 2
# How far the tasks that are out may be ahead of the oldest of them: early results wait in memory for their turn.
AHEAD = 2000
# A task is tried this often beside others when its worker dies, then alone: if a worker dies then, it is the task's doing.
TRIES_TOGETHER = 2
# How often a worker looks whether the command still lives.
PARENT_SECONDS = 1.0
# How long to wait for a cluster's scheduler to answer, and how often to ask it how many workers it has.
CONNECT_SECONDS = 15
COUNT_WORKERS_SECONDS = 5.0


def cores() -> int:
    """The cores that this process may use: of a container's or a batch job's share, not of the whole machine."""
    from loky import cpu_count

    return int(cpu_count())


def in_processes(work: Work, tasks: Iterable[Task], *, workers: int) -> Iterator[tuple[int, Result]]:
    """Do the tasks in processes on this machine, one model a process.

    When a worker dies, the tasks that were out are done again; one that is out a second time when
    that happens is done alone, and fails if its worker dies even so. Standard input is read here,
    where it is. Leaving the generator (Ctrl-C) ends the processes at once: a report that one of
    them was writing is whole or not there.
    """
    waiting = iter(tasks)
    again: list[Task] = []
    deaths: Counter[int] = Counter()
    while True:
        lost: list[Task] = []
        for task, result in _in_pool(work, chain(again, waiting), workers=workers):
            if result is None:
                lost.append(task)
            else:
                yield task.index, result
        if not lost:
            return
        deaths.update(task.index for task in lost)
        again = [task for task in lost if deaths[task.index] < TRIES_TOGETHER]
        for task in lost:
            if deaths[task.index] >= TRIES_TOGETHER:
                ((_, result),) = _in_pool(work, [task], workers=1)
                yield (
                    task.index,
                    result
                    or Result(
                        source=task.name,
                        error=f"{task.name}: its worker was killed {TRIES_TOGETHER + 1} times, the last time with nothing else in work; it may need more memory than there is.",
                    ),
                )


def _in_pool(work: Work, tasks: Iterable[Task], *, workers: int) -> Iterator[tuple[Task, Result | None]]:
    """Do tasks until they end or a worker dies, which ends the pool: then the result of all that was out is None."""
    from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, wait

    pool = _pool(workers)
    waiting = iter(tasks)
    out: dict[Future[Result], Task] = {}
    latest = -1
    try:
        while True:
            for task in islice(waiting, _room(out.values(), TASKS_A_WORKER * workers, latest=latest)):
                latest = max(latest, task.index)
                if task.name == "-":
                    yield task, work(task)
                    continue
                try:
                    out[pool.submit(work, task)] = task
                except BrokenExecutor:
                    yield task, None
                    waiting = iter(())
                    break
            if not out:
                return
            for future in wait(out, return_when=FIRST_COMPLETED).done:
                task = out.pop(future)
                if isinstance(future.exception(), BrokenExecutor):
                    yield task, None
                    waiting = iter(())
                else:
                    yield task, future.result()
    finally:
        pool.shutdown(wait=True, kill_workers=True)


def _room(out: Collection[Task], most: int, *, latest: int) -> int:
    """How many more tasks may go out, the last one that did being `latest`."""
    oldest = min((task.index for task in out), default=latest)
    return 0 if latest - oldest > AHEAD else max(0, most - len(out))


def _pool(workers: int) -> Any:
    from loky import ProcessPoolExecutor

    env = dict.fromkeys(ONE_THREAD, "1")
    return ProcessPoolExecutor(max_workers=workers, initializer=_start_worker, initargs=(os.getpid(),), env=env)


def _start_worker(command: int) -> None:
    """What a worker does first; `command` is the process that it works for.

    Ctrl-C reaches every process of a terminal, and it is the command that ends its workers. One
    that was killed cannot, so a worker looks whether it still has its parent.
    """

    def end_with_command() -> None:
        while os.getppid() == command:
            time.sleep(PARENT_SECONDS)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform != "win32":
        threading.Thread(target=end_with_command, daemon=True).start()


def on_cluster(work: Work, tasks: Iterable[Task], *, scheduler: str) -> Iterator[tuple[int, Result]]:
    """Do the tasks on the Dask cluster whose scheduler has this address.

    A worker loads the model with its first report and keeps it. When one dies, the scheduler gives
    its tasks to others; one that has killed several (Dask's `allowed-failures`) fails. Leaving the
    generator takes back what is out. Raises WinsextractError where there is no cluster, or its
    workers cannot do the work, and MissingExtraError where Dask is not installed.
    """
    try:
        distributed: Any = importlib.import_module("distributed")  # its types are half there
    except ImportError as error:
        raise MissingExtraError(
            f"--scheduler needs Dask, which is not installed ({error}): pip install 'winsextract[dask]'"
        ) from error
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        raise WinsextractError(
            f"{scheduler}: no Dask scheduler answers there ({type(error).__name__}); start one with `dask scheduler`, or see docs/scale.md."
        ) from error
    with client:
        waiting = iter(tasks)
        out: dict[str, Task] = {}
        run = f"winsextract-{os.getpid()}-{time.time_ns()}"
        arriving = distributed.as_completed(loop=client.loop)
        latest, window, counted = -1, 0, -COUNT_WORKERS_SECONDS
        try:
            while True:
                if time.monotonic() - counted > COUNT_WORKERS_SECONDS:
                    window, counted = max(4, TASKS_A_WORKER * sum(client.nthreads().values())), time.monotonic()
                for task in islice(waiting, _room(out.values(), window, latest=latest)):
                    latest = max(latest, task.index)
                    if task.name == "-":
                        yield (
                            task.index,
                            Result(
                                source="-", error="-: standard input cannot be read on a cluster; save it in a file."
                            ),
                        )
                        continue
                    future = client.submit(work, task, key=f"{run}-{task.index}", pure=False)
                    out[future.key] = task
                    arriving.add(future)
                if not out:
                    return
                future = next(arriving)
                task = out.pop(future.key)
                yield task.index, _result(future, task, scheduler)
        finally:
            arriving.clear()
            client.cancel([distributed.Future(key, client) for key in out])


def _result(future: Any, task: Task, scheduler: str) -> Result:
    """The result of a task on a cluster, or why there is none. Raises what stops the whole run."""
    from distributed import KilledWorker

    try:
        result: Result = future.result()
    except (ModelError, WinsextractError):
        raise
    except KilledWorker as error:
        return Result(
            source=task.name,
            error=f"{task.name}: killed its workers ({error.last_worker.address if error.last_worker else 'unknown'} was the last); it may need more memory than they have.",
        )
    except (ImportError, AttributeError) as error:
        raise WinsextractError(
            f"{scheduler}: its workers cannot run winsextract ({error}); install the same version there."
        ) from error
    except Exception as error:
        if future.cancelled():
            raise WinsextractError(
                f"{scheduler}: the scheduler is gone. What was finished is written; run the same command again for the rest."
            ) from error
        return Result(
            source=task.name, error=f"{task.name}: was lost on the cluster ({type(error).__name__}: {error})."
        )
    return result
