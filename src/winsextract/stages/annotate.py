"""Run the spaCy pipeline over the wins' texts.

The pipeline is the shipped model, or any other spaCy pipeline with a named-entity recogniser:
that one's labels are mapped to ours, and the shipped model's tagger runs behind it for what
an entity recogniser does not answer (outcomes, roles, counted numbers, the win's date).
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar, cast

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from winsextract.errors import ModelError
from winsextract.tagger import Tagger
from winsextract.trust import check_folder

Context = TypeVar("Context")

# No word or address of the reports that were seen has 100 characters; of noise, 8,000 characters take half a second then.
LONGEST_RUN = 500
# A text as pieces, none with a longer run; one that has no such run is one piece.
_LONG_RUN = re.compile(rf"(?:\s+|\S{{1,{LONGEST_RUN}}}(?!\S))+|\S{{{LONGEST_RUN}}}")

# The label schemes of spaCy's published pipelines (OntoNotes, WikiNER) and of common others.
LABEL_MAP = {
    "PER": "PERSON",
    "PERS": "PERSON",
    "ORGANIZATION": "ORG",
    "ORGANISATION": "ORG",
    "LOC": "GPE",
    "FAC": "GPE",
}


def annotate(nlp: Language, texts: Iterable[tuple[str, Context]]) -> Iterator[tuple[Doc, Context]]:
    """Docs with `ents`, `cats` and the tagger's scores, in the order of the texts, each with its context."""
    docs = ((_tokens(nlp, text), context) for text, context in texts)
    yield from nlp.pipe(docs, as_tuples=True)


def _tokens(nlp: Language, text: str) -> Doc:
    """The tokens of a text; runs without white space that no word or address has are cut first.

    spaCy's tokeniser takes time by the square of a run's length: 78 s for 32,000 brackets.
    """
    pieces = _LONG_RUN.findall(text)
    if len(pieces) < 2:
        return nlp.make_doc(text)
    return Doc.from_docs([nlp.make_doc(piece) for piece in pieces], ensure_whitespace=False)


def load_pipeline(model: str | None = None, *, trust_model: bool = False) -> Language:
    """The shipped pipeline, or the spaCy pipeline of that name or in that folder.

    Raises ModelError where there is no such pipeline, it finds no entities, or loading it would run
    code that came with its folder and `trust_model` is not given.
    """
    if model is None:
        return _shipped()
    # As spaCy does: an installed package goes before a folder of the same name.
    if not trust_model and not spacy.util.is_package(model) and Path(model).is_dir():
        check_folder(Path(model))
    try:
        nlp = spacy.load(model)
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ModelError(
            f"The model {model!r} cannot be loaded: {reason} Give the name of an installed spaCy pipeline or the folder of one."
        ) from error
    if "winsextract_tagger" in nlp.pipe_names:
        return nlp
    if not any(name in nlp.pipe_names for name in ("ner", "entity_ruler", "beam_ner", "span_ruler")) and not any(
        "doc.ents" in nlp.get_pipe_meta(name).assigns for name in nlp.pipe_names
    ):
        raise ModelError(
            f"The model {model!r} finds no entities: it has no `ner` component, only {', '.join(nlp.pipe_names) or 'a tokeniser'}."
        )
    nlp.add_pipe("winsextract_labels", last=True)
    tagger = cast(Tagger, nlp.add_pipe("winsextract_tagger", last=True, config={"set_ents": False}))
    tagger.from_bytes(cast(Tagger, _shipped().get_pipe("winsextract_tagger")).to_bytes())
    return nlp


def _folder() -> Path:
    return Path(str(importlib.resources.files("winsextract").joinpath("model")))


@functools.cache
def shipped_version() -> str | None:
    """The version of the model in the package; None where there is none."""
    try:
        return str(json.loads((_folder() / "meta.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return None


def curves(nlp: Language) -> dict[str, Any]:
    """The calibration of a pipeline's confidences, by kind; empty where it has none."""
    return dict(cast(Tagger, nlp.get_pipe("winsextract_tagger")).meta.get("calibration", {}))


@functools.lru_cache(maxsize=1)
def _shipped() -> Language:
    folder = _folder()
    if not (folder / "config.cfg").is_file():
        raise ModelError(
            "The shipped model is missing from the package. Install winsextract again, or build the model with `make model`."
        )
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    # The folder holds the tokeniser's rules as spaCy had them when the model was made. The same spaCy has the
    # same, and need not take 50 ms to read them once more.
    same = str(meta.get("spacy_version", "")).startswith(f">={spacy.about.__version__},")
    return spacy.load(folder, exclude=["tokenizer"] if same else [])


@Language.component("winsextract_labels", assigns=["doc.ents"])
def map_labels(doc: Doc) -> Doc:
    """Rename another pipeline's entity labels to ours; labels without a counterpart are dropped later."""
    doc.ents = [Span(doc, e.start, e.end, label=LABEL_MAP.get(e.label_, e.label_)) for e in doc.ents]
    return doc
