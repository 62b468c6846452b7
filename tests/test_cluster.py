"""A Dask cluster and an S3 server, both real: scheduler, workers and server are processes on loopback."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from test_runner import COMMAND, contents, heed_ctrl_c, wait_for, write_reports

from winsextract import runner
from winsextract.errors import MissingExtraError, ReadError, WinsextractError

pytest.importorskip("distributed", reason="the extra winsextract[dask] is not installed")
fsspec = pytest.importorskip("fsspec", reason="the extra winsextract[dask] is not installed")

DASK = [sys.executable, "-m", "dask"]
SETTINGS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
    "DASK_DISTRIBUTED__WORKER__DAEMON": "False",
    "NO_PROXY": "127.0.0.1,localhost",
}


class Cluster:
    """A scheduler and workers, each a process of its own; `workers` are what the tests may kill."""

    def __init__(self, folder: Path, environment: dict[str, str], *, workers: int) -> None:
        self.folder, self.environment = folder, environment
        self.address = f"tcp://127.0.0.1:{free_port()}"
        self.scheduler = self._start(
            "scheduler", "--host", "127.0.0.1", "--port", self.address.rpartition(":")[2], "--no-dashboard"
        )
        self.workers: list[subprocess.Popen[bytes]] = []
        for _ in range(workers):
            self.add_worker()

    def add_worker(self) -> None:
        self.workers.append(
            self._start(
                "worker",
                self.address,
                "--host",
                "127.0.0.1",
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--death-timeout",
                "60",
                "--local-directory",
                str(self.folder),
            )
        )

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "dask.log").open("ab") as log:
            # Workers stand elsewhere than the command, as they do on other machines.
            return subprocess.Popen([*DASK, *arguments], stdout=log, stderr=log, cwd=self.folder, env=self.environment)

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    """The environment of every process, with an S3 server in it."""
    pytest.importorskip("s3fs", reason="the extra winsextract[dask] is not installed")
    pytest.importorskip("moto", reason="moto, the S3 server of the tests, is not installed")
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    endpoint = f"http://127.0.0.1:{port}"
    patch = pytest.MonkeyPatch()
    for name, value in {**SETTINGS, "AWS_ENDPOINT_URL": endpoint}.items():
        patch.setenv(name, value)
    try:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
        yield dict(os.environ)
    finally:
        patch.undo()
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, environment: dict[str, str]) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), environment, workers=2)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `in`, twelve reports, and `one`, the dataset that one process makes of them."""
    folder = tmp_path_factory.mktemp("reports")
    write_reports(folder / "in", 12)
    subprocess.run([*COMMAND, "run", "in", "--output", "one"], check=True, capture_output=True, cwd=folder)
    return folder


@pytest.fixture
def bucket(environment: dict[str, str]) -> Iterator[str]:
    """An empty bucket's URL."""
    name = f"wins-{time.time_ns()}"
    system = fsspec.filesystem("s3", skip_instance_cache=True)
    system.mkdir(name)
    yield f"s3://{name}"
    system.rm(name, recursive=True)


def command(*arguments: str, cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "run", *arguments], capture_output=True, text=True, cwd=cwd, env=environment, timeout=120
    )


def objects(url: str) -> dict[str, bytes]:
    """Every object below a URL by its path in there."""
    system, root = fsspec.core.url_to_fs(url)
    system.invalidate_cache()
    return {path[len(root) + 1 :]: system.cat_file(path) for path in sorted(system.find(root))}


# A shared disk


def test_a_cluster_gives_the_bytes_of_one_process(cluster: Cluster, reports: Path) -> None:
    done = command(
        "in", "--output", "cluster", "--scheduler", cluster.address, cwd=reports, environment=cluster.environment
    )
    assert done.returncode == 0, done.stderr
    assert contents(reports / "cluster") == contents(reports / "one")
    again = command(
        "in", "--output", "cluster", "--scheduler", cluster.address, cwd=reports, environment=cluster.environment
    )
    assert again.stdout.count("unchanged") == 12
    assert contents(reports / "cluster") == contents(reports / "one")


def test_each_worker_loads_the_model_once(cluster: Cluster) -> None:
    """Behind the test above: both workers have worked, and each has loaded one pipeline."""
    from distributed import Client

    def loads() -> int:
        from winsextract import runner

        return runner._pipeline.cache_info().misses

    with Client(cluster.address, set_as_default=False) as client:
        assert sorted(client.run(loads).values()) == [1, 1]


def test_a_worker_killed_in_the_middle_costs_a_retry(cluster: Cluster, tmp_path: Path) -> None:
    write_reports(tmp_path / "in", 40)
    process = subprocess.Popen(
        [*COMMAND, "run", "in", "--output", "out", "--scheduler", cluster.address],
        cwd=tmp_path,
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: len(list(tmp_path.glob("out/json/*.json"))) >= 5)
    assert process.poll() is None
    cluster.workers.pop(0).kill()
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    cluster.add_worker()
    alone = command("in", "--output", "alone", cwd=tmp_path, environment=cluster.environment)
    assert alone.returncode == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "alone")


def test_failures_are_told_at_the_end(cluster: Cluster, tmp_path: Path) -> None:
    write_reports(tmp_path / "in", 2)
    (tmp_path / "in/empty.txt").write_text("")
    done = command(
        "in",
        "missing.txt",
        "-",
        "--output",
        "out",
        "--scheduler",
        cluster.address,
        cwd=tmp_path,
        environment=cluster.environment,
    )
    assert done.returncode == 1
    assert done.stdout.count("failed") == 3
    assert (
        "empty.txt: the file is empty." in done.stderr
        and "missing.txt: cannot be read" in done.stderr
        and "-: standard input cannot be read on a cluster" in done.stderr
    )


def test_ctrl_c_takes_back_what_is_out(cluster: Cluster, tmp_path: Path) -> None:
    import signal

    from distributed import Client

    write_reports(tmp_path / "in", 300)
    process = subprocess.Popen(
        [*COMMAND, "run", "in", "--output", "out", "--scheduler", cluster.address],
        cwd=tmp_path,
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    wait_for(lambda: len(list(tmp_path.glob("out/json/*.json"))) >= 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "run the same command again for the rest" in errors, errors
    with Client(cluster.address, set_as_default=False) as client:
        wait_for(lambda: not any(client.processing().values()))
    assert 3 <= len(list(tmp_path.glob("out/json/*.json"))) < 300


def test_no_scheduler_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from winsextract import parallel

    monkeypatch.setattr(parallel, "CONNECT_SECONDS", 1)
    write_reports(tmp_path / "in", 1)
    address = f"tcp://127.0.0.1:{free_port()}"
    with pytest.raises(WinsextractError, match=re.escape(f"{address}: no Dask scheduler answers there")):
        list(runner.run([str(tmp_path / "in/2001.txt")], output=tmp_path / "out", scheduler=address))


def test_without_dask_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'winsextract\[dask\]'"):
        list(runner.run(["x.txt"], output=tmp_path / "out", scheduler="tcp://127.0.0.1:1"))


# S3


def test_reports_and_dataset_in_s3(cluster: Cluster, reports: Path, bucket: str) -> None:
    fsspec.filesystem("s3").put(str(reports / "in") + "/", f"{bucket}/in/", recursive=True)
    arguments = (f"{bucket}/in", "--output", f"{bucket}/out")
    done = command(*arguments, "--scheduler", cluster.address, cwd=reports, environment=cluster.environment)
    assert done.returncode == 0, done.stderr
    stored = objects(f"{bucket}/out")
    # The same files with the same records, but for the report's source, which is a URL.
    here = contents(reports / "one")
    assert set(stored) == set(here)
    for name in here:
        if name.startswith("json/"):
            record, same = json.loads(stored[name]), json.loads(here[name])
            assert record["report"].pop("source") == f"{bucket}/{same['report'].pop('source')}"
            assert record == same
        elif not name.startswith("reports/") and name != "datapackage.json":
            assert stored[name] == here[name], name
    # The same command once more, now in this process, skips what has not changed.
    again = command(*arguments, cwd=reports, environment=cluster.environment)
    assert again.returncode == 0 and again.stdout.count("unchanged") == 12, again.stderr
    assert objects(f"{bucket}/out") == stored


def test_s3_to_a_folder_and_back(environment: dict[str, str], reports: Path, bucket: str, tmp_path: Path) -> None:
    fsspec.filesystem("s3").put(str(reports / "in/2001.txt"), f"{bucket}/deep/er/2001.txt")
    for out in ("out", (tmp_path / "url").as_uri()):
        done = command(f"{bucket}/deep", "--output", out, cwd=tmp_path, environment=environment)
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "out") == contents(tmp_path / "url") != {}
    up = command(
        str(reports / "in"), "--output", f"{bucket}/up", "--workers", "2", cwd=tmp_path, environment=environment
    )
    assert up.returncode == 0, up.stderr
    assert len([name for name in objects(f"{bucket}/up") if name.startswith("json/")]) == 12


def test_what_is_not_in_s3_is_named(environment: dict[str, str], bucket: str, tmp_path: Path) -> None:
    write_reports(tmp_path / "in", 1)
    missing = command(f"{bucket}/none.txt", "--output", "out", cwd=tmp_path, environment=environment)
    assert missing.returncode == 1 and f"{bucket}/none.txt: cannot be read" in missing.stderr
    kind = command(f"{bucket}/table.csv", "--output", "out", cwd=tmp_path, environment=environment)
    assert kind.returncode == 1 and "files of the kind .csv are not read" in kind.stderr
    no_bucket = command("in", "--output", f"{bucket}-not-there/out", cwd=tmp_path, environment=environment)
    assert (
        no_bucket.returncode == 1
        and "-not-there/out cannot be written" in no_bucket.stderr
        and "Traceback" not in no_bucket.stderr
    )


# What is promised of a remote dataset, in a store that tells each change


@pytest.fixture
def memory() -> Iterator[str]:
    system = fsspec.filesystem("memory")
    yield "memory://bucket/out"
    system.store.clear()
    system.pseudo_dirs[:] = [""]


def test_a_report_without_its_mark_is_extracted_anew(
    tmp_path: Path, memory: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever change a writer dies before, the mark is there only with the tables that belong to it."""
    path = write_reports(tmp_path / "in", 1)[0]
    system = fsspec.filesystem("memory")
    list(runner.run([str(path)], output=memory))
    old = objects(memory)
    path.write_text(path.read_text().replace("Chile", "Peru"))
    list(runner.run([str(path)], output=memory))
    new = objects(memory)
    assert old["json/the-wins-of-2001.json"] != new["json/the-wins-of-2001.json"]

    class KilledError(BaseException):
        pass

    pipe_file, rm_file = type(system).pipe_file, type(system).rm_file
    for allowed in range(9):
        system.store.clear()
        for name, content in old.items():
            system.pipe_file(f"/bucket/out/{name}", content)
        left = [allowed]

        def change(do: object, left: list[int] = left) -> object:
            def once(*args: object, **options: object) -> object:
                if not left[0]:
                    raise KilledError
                left[0] -= 1
                return do(*args, **options)  # type: ignore[operator]

            return once

        with monkeypatch.context() as patch:
            patch.setattr(type(system), "pipe_file", change(pipe_file))
            patch.setattr(type(system), "rm_file", change(rm_file))
            patch.setattr("winsextract.remote.finish", lambda output: None)
            with pytest.raises(KilledError):
                list(runner.run([str(path)], output=memory))
        mark = objects(memory).get("json/the-wins-of-2001.json")
        assert mark == (old["json/the-wins-of-2001.json"] if allowed == 0 else None)
        assert [r.unchanged for r in runner.run([str(path)], output=memory)] == [False]
        assert objects(memory) == new


def test_remote_folders_give_their_reports_in_order(memory: str) -> None:
    system = fsspec.filesystem("memory")
    for name in ("b.txt", "a.md", "sub/c.html", "README.md", ".hidden/d.txt", "tables/e.csv"):
        system.pipe_file(f"/bucket/in/{name}", b"x")
    assert runner.find_reports(["memory://bucket/in"]) == [
        f"memory://bucket/in/{name}" for name in ("a.md", "b.txt", "sub/c.html")
    ]
    assert runner.find_reports(["memory://bucket/in/b.txt"]) == ["memory://bucket/in/b.txt"]
    with pytest.raises(ReadError, match="holds no report"):
        runner.find_reports(["memory://bucket/in/tables"])
    with pytest.raises(ReadError, match="nosuchscheme://x: cannot be read"):
        runner.find_reports(["nosuchscheme://x"])


def test_html_in_a_text_file_is_named_there_too(memory: str) -> None:
    fsspec.filesystem("memory").pipe_file("/bucket/in/page.txt", b"<!doctype html><html><p>Wins</p></html>")
    (result,) = runner.run(["memory://bucket/in/page.txt"], output=memory)
    assert result.error is not None and "rename it" in result.error


def test_no_process_is_left(cluster: Cluster) -> None:
    assert all(worker.poll() is None for worker in cluster.workers)
    assert not [p for p in psutil.Process().children(recursive=True) if "popen_loky" in " ".join(p.cmdline())]
