"""Reports and datasets in other places than this machine's folders: whatever fsspec has a URL for.

`s3://bucket/folder`, `gs://…`, `abfs://…`, `sftp://…`, `memory://…`; `file://` is a folder like
any other, and `dataset.py` writes it. Credentials and endpoints come from where each library
looks for them (the environment, `~/.aws`, fsspec's own configuration), on every worker.

What is promised of a remote dataset. Object stores put a whole object or nothing and cannot
rename, so a report's files cannot appear at one moment as they do in a folder. Its nested
record, `json/<report_id>.json`, is the mark that it is complete: taken away first when a report
is replaced, written last when its tables are there. A writer that dies leaves a report without
its mark; the next run, which goes by the marks, extracts it anew. A reader who lists `json/`
first sees whole reports only. `datapackage.json` is written at the end of a run. Two runs that
write the same report at once are not kept apart: the marks say nothing of locks.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from winsextract import dataset, schema
from winsextract.errors import DatasetError, MissingExtraError, ReadError

if TYPE_CHECKING:
    from winsextract.records import Source

# Objects whose heads are asked for at once: enough to fill a connection, little to hold.
BATCH = 256


def is_url(name: str) -> bool:
    """Whether a name is a URL and no path of this machine."""
    return "://" in name


def local(name: str) -> str:
    """The path of a `file://` URL, any other name as it is."""
    scheme, _, rest = name.partition("://")
    return unquote(rest) if scheme in ("file", "local") and rest else name


def find(url: str) -> list[tuple[str, tuple[str, ...]]] | None:
    """The files below a folder's URL in order of name, each with the parts of its path in there; None where the URL is no folder.

    Raises ReadError where the place cannot be read.
    """
    try:
        system, root = _system(url)
        if not system.isdir(root):
            return None
        paths = sorted(system.find(root))
    except MissingExtraError:
        raise
    except Exception as error:  # Each store has exceptions of its own.
        raise ReadError(f"{url}: cannot be read ({_reason(error)}).") from error
    inside = [path[len(root.rstrip("/")) :].strip("/") for path in paths]
    return [(f"{url.rstrip('/')}/{path}", tuple(path.split("/"))) for path in inside]


def read(url: str) -> Source:
    """The report at a URL. Raises ReadError as [read][winsextract.stages.read.read] does."""
    from winsextract.stages.read import MAX_BYTES, SUFFIXES, TEXT, _kind, decode

    suffix = PurePosixPath(url).suffix.lower()
    if suffix not in SUFFIXES:
        raise ReadError(f"{url}: files of the kind {suffix} are not read; give .txt, .md, .html, .docx or .pdf.")
    try:
        system, path = _system(url)
        with system.open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except MissingExtraError:
        raise
    except Exception as error:
        raise ReadError(f"{url}: cannot be read ({_reason(error)}).") from error
    kind = _kind(data)
    media_type = kind or TEXT if suffix == "" else SUFFIXES[suffix]
    if kind not in (None, media_type):
        raise ReadError(f"{url}: is {kind}, whatever its name says; rename it.")
    return decode(data, name=url, media_type=media_type)


def heads(output: str) -> Iterator[tuple[str, bytes]]:
    """The id of each report in a remote dataset and the bytes that its record begins with."""
    from winsextract.runner import HEAD_BYTES, provenance

    system, root = _dataset(output)
    try:
        paths = sorted(path for path in system.find(f"{root}/json") if path.endswith(".json"))
        for at in range(0, len(paths), BATCH):
            batch = paths[at : at + BATCH]
            contents = system.cat_ranges(batch, [0] * len(batch), [HEAD_BYTES] * len(batch), on_error="return")
            for path, head in zip(batch, contents, strict=True):
                if isinstance(head, Exception):
                    continue  # gone or broken since it was listed: not known, so extracted again
                yield (
                    path.rpartition("/")[2].removesuffix(".json"),
                    head if provenance(head) is not None else system.cat_file(path),
                )
    except FileNotFoundError:
        return
    except Exception as error:
        raise DatasetError(f"{output} cannot be read: {_reason(error)}.") from error


def record(output: str, report_id: str) -> bytes:
    """The bytes of a report's nested record. Raises DatasetError where there is none."""
    system, root = _dataset(output)
    try:
        return bytes(system.cat_file(f"{root}/json/{report_id}.json"))
    except Exception as error:
        raise DatasetError(f"{output}/json/{report_id}.json cannot be read: {_reason(error)}.") from error


def commit(record: dataset.Record, output: str) -> None:
    """Write one report: its old mark away, its tables, its mark. Raises DatasetError where that fails."""
    system, root = _dataset(output)
    files = {f"{root}/{name}": content for name, content in dataset._files(record).items()}
    mark = f"{root}/json/{record['report']['report_id']}.json"
    try:
        if system.exists(mark):
            system.rm_file(mark)
        content = files.pop(mark)
        _put(system, files)
        _put(system, {mark: content})
    except Exception as error:
        raise DatasetError(f"{output} cannot be written: {_reason(error)}.") from error


def finish(output: str) -> None:
    """Make `datapackage.json` describe the reports that are complete, where it does not yet."""
    from winsextract.runner import provenance

    system, root = _dataset(output)
    found = [(report_id, provenance(head)) for report_id, head in heads(output)]
    if not found:
        return
    # Like a folder's, but for paths: a report's place is not given relative to a bucket.
    sources = [{"title": (report and report["title"]) or report_id} for report_id, report in found]
    content = dataset._json_bytes(schema.datapackage([report_id for report_id, _ in found], sources=sources))
    path = f"{root}/{dataset.PACKAGE}"
    try:
        if not (system.exists(path) and system.cat_file(path) == content):
            _put(system, {path: content})
    except Exception as error:
        raise DatasetError(f"{output} cannot be written: {_reason(error)}.") from error


def _put(system: Any, files: dict[str, bytes]) -> None:
    """Write files at once where the store can; a store with folders gets those that are missing, none gets a bucket."""
    try:
        system.pipe(files)
    except FileNotFoundError:
        if not system.exists(next(iter(files)).split("/")[0] or "/"):
            raise
        for folder in {path.rpartition("/")[0] for path in files}:
            system.makedirs(folder, exist_ok=True)
        system.pipe(files)


def _dataset(output: str) -> tuple[Any, str]:
    try:
        system, root = _system(output)
    except MissingExtraError:
        raise
    except Exception as error:
        raise DatasetError(f"{output} cannot be used: {_reason(error)}.") from error
    return system, root.rstrip("/")


def _system(url: str) -> tuple[Any, str]:
    """The file system of a URL and the path in it. Others write there too, so no listing is believed twice."""
    try:
        from fsspec.core import url_to_fs

        system, path = url_to_fs(url)
    except ImportError as error:
        raise MissingExtraError(
            f"{url}: needs a library that is not installed ({error}): pip install 'winsextract[dask]' brings fsspec and S3."
        ) from error
    system.invalidate_cache()
    return system, str(path)


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).strip().rstrip(".")
