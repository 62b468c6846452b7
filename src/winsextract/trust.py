"""Whether a spaCy pipeline in a folder can be loaded without running code that came with it.

An installed package is its user's decision. A folder may have come by mail: its files must be
data, and its configuration must name functions of spaCy, thinc and winsextract only.
"""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from winsextract.errors import ModelError

# Programs, and what Python imports or the dynamic loader opens.
CODE_SUFFIXES = frozenset(
    {".py", ".pyc", ".pyo", ".pyw", ".pyx", ".pyd", ".pth", ".so", ".dll", ".dylib", ".sh", ".bat", ".exe"}
)
# Files that their loaders unpickle, which runs what the file says.
PICKLE_SUFFIXES = frozenset({".pkl", ".pickle", ".pck", ".joblib", ".dill", ".cloudpickle", ".pt", ".ckpt"})
# A pickle begins with this byte and its protocol. (Protocols 0 and 1 have no mark; nothing that is allowed below unpickles.)
PICKLE_MARKS = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
# Whose functions a configuration may name: they build components, and none of them unpickles.
TRUSTED_PACKAGES = frozenset({"spacy", "spacy_legacy", "thinc", "winsextract"})
# Functions that the configuration may call at these moments of loading, of whatever package.
CALLBACKS = ("before_creation", "after_creation", "after_pipeline_creation")


def check_folder(folder: Path) -> None:
    """Raise ModelError where a spaCy pipeline's folder holds code or pickles, or its configuration calls for others' code.

    Nothing of the folder is run. What loads it afterwards should find it unchanged.
    """
    for reason in (*_in_files(folder), *_in_config(folder / "config.cfg")):
        raise ModelError(
            f"The model {str(folder)!r} is not loaded: {reason}. Give --trust-model if you trust whoever made it as you trust a program that you install."
        )


def _in_files(folder: Path) -> Iterator[str]:
    """What in a folder is code, or may be."""
    for parent, folders, files in os.walk(folder):
        for name in sorted(folders):
            if Path(parent, name).is_symlink():
                yield f"its folder {_shown(folder, Path(parent, name))} is a link to somewhere else"
        for name in sorted(files):
            path = Path(parent, name)
            suffix = path.suffix.lower()
            if suffix in CODE_SUFFIXES:
                yield f"it holds a program, {_shown(folder, path)}"
            elif suffix in PICKLE_SUFFIXES or _is_pickle(path):
                yield f"it holds a pickle, {_shown(folder, path)}, which can run anything when it is loaded"


def _shown(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()


def _is_pickle(path: Path) -> bool:
    """Whether a file's bytes are a pickle, or an archive with one as PyTorch writes it."""
    try:
        with path.open("rb") as file:
            if file.read(2) in PICKLE_MARKS:
                return True
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(Path(name).suffix.lower() in PICKLE_SUFFIXES for name in archive.namelist())
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"The model's file {path} cannot be read ({error}).") from error
    return False


def _in_config(file: Path) -> Iterator[str]:
    """What a configuration would call when its pipeline is loaded, and is nobody's that is trusted."""
    from spacy.util import load_config

    try:
        config = load_config(file, interpolate=True)
    except (OSError, ValueError) as error:
        # A folder without a configuration is no pipeline; spaCy's message says so.
        if not file.is_file():
            return
        raise ModelError(
            f"The model's configuration {file} cannot be read ({str(error).splitlines()[0] if str(error) else type(error).__name__})."
        ) from error
    # Loading resolves these two sections; the others are for training.
    nlp, components = config.get("nlp", {}), config.get("components", {})
    for name in CALLBACKS:
        if nlp.get(name) is not None:
            yield f"its configuration calls a function while it is loaded (nlp.{name})"
    language = str(nlp.get("lang"))
    for name, component in components.items():
        factory = component.get("factory")
        if factory is None:
            yield f"its component {name!r} would be taken from another pipeline, {str(component.get('source'))!r}"
        elif (
            _package("factories", f"{language}.{factory}") or _package("factories", str(factory))
        ) not in TRUSTED_PACKAGES:
            yield f"its component {name!r} is made by {str(factory)!r}, which is no part of spaCy or winsextract"
    for where, registry, function in _functions({"nlp": nlp, "components": components}):
        if _package(registry, function) not in TRUSTED_PACKAGES:
            yield f"its configuration names the function {function!r} ({where}), which is no part of spaCy or winsextract"


def _functions(section: Mapping[str, Any], where: str = "") -> Iterator[tuple[str, str, str]]:
    """Every function that a section names: where, the registry, and the function's name in it."""
    for key, value in section.items():
        here = f"{where}.{key}".lstrip(".")
        if key.startswith("@"):
            yield here, key[1:], str(value)
        for n, inner in enumerate(value if isinstance(value, list) else [value]):
            if isinstance(inner, Mapping):
                yield from _functions(inner, f"{here}[{n}]" if isinstance(value, list) else here)


def _package(registry: str, function: str) -> str | None:
    """The package that defines a registered function, None where there is no such function."""
    from spacy.lang.en import English
    from spacy.util import registry as functions

    import winsextract.tagger  # noqa: F401  registers its own

    English()  # spaCy registers its factories with the first pipeline
    try:
        return str(functions.find(registry, function)["module"]).partition(".")[0]
    except (ValueError, AttributeError):  # no such function, no such registry
        return None
