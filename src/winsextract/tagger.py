"""The shipped model as a spaCy component: one pass of a small transformer, several answers.

The network (a MiniLM encoder with a case embedding, see `pipelines/README.md`) runs in ONNX
Runtime. For every token it gives name labels, the role that a person plays, whether a date
dates the win, whether a number counts the people it is about, and which outcome the words
are evidence of; for the whole text it gives the outcome classes.

The component writes `doc.ents`, `doc.cats` (class → probability) and `doc.spans["sc"]`,
and keeps the token-wise probabilities in `doc.user_data["winsextract"]` as a
[TokenScores][winsextract.tagger.TokenScores].
"""

from __future__ import annotations

import collections
import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from spacy.lang.en import English
from spacy.language import Language
from spacy.tokenizer import Tokenizer
from spacy.tokens import Doc, Span
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex, registry

from winsextract.errors import ModelError

if TYPE_CHECKING:
    import onnxruntime
    import tokenizers

Array = npt.NDArray[Any]

LABELS = ("PERSON", "ORG", "LAW", "DATE", "GPE", "NORP")
TAGS = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI"))
ROLES = ("beneficiary", "perpetrator", "official", "other")
# Where the number of people comes from: nobody is counted, the text states it, those named are counted.
BASES = ("none", "stated", "named")
OUTCOMES = (
    "release",
    "acquittal",
    "charges_dropped",
    "law_passed",
    "bill_defeated",
    "ruling",
    "accountability",
    "policy_change",
    "corporate_change",
    "international_decision",
    "relief",
    "other",
)

# Columns of the network's token output, in the order in which the heads are concatenated.
TAG_COLUMNS = slice(0, len(TAGS))
ROLE_COLUMNS = slice(TAG_COLUMNS.stop, TAG_COLUMNS.stop + len(ROLES))
EVENT_COLUMN = ROLE_COLUMNS.stop
COUNT_COLUMN = EVENT_COLUMN + 1
EVIDENCE_COLUMNS = slice(COUNT_COLUMN + 1, COUNT_COLUMN + 1 + len(OUTCOMES))
TOKEN_COLUMNS = EVIDENCE_COLUMNS.stop
# The text's answers: the classes that happened, the primary one, where the count comes from.
HAPPENED_COLUMNS = slice(0, len(OUTCOMES))
PRIMARY_COLUMNS = slice(len(OUTCOMES), 2 * len(OUTCOMES))
BASIS_COLUMNS = slice(2 * len(OUTCOMES), 2 * len(OUTCOMES) + len(BASES))
TEXT_COLUMNS = BASIS_COLUMNS.stop

# The encoder has 512 positions; two are the sentence marks.
WINDOW_PIECES = 510
# Pieces by which two windows of a longer text overlap, so that each token has context.
OVERLAP_PIECES = 128

# Characters that the lines of a hard-wrapped text have (72 and 80 columns are usual).
WRAPPED = (50, 110)

CASES = ("none", "digits", "lower", "title", "upper", "mixed")
# Tokens that only mark up text (Markdown, zero-width characters) are kept from the network.
MARKUP = frozenset("*_#`~\u200b\u200c\u200d\u2060\ufeff\u00ad")


@functools.lru_cache(maxsize=65536)
def case_of(word: str) -> int:
    """The case class of a word, an index into `CASES`; the word pieces themselves are lower case."""
    letters = [c for c in word if c.isalpha()]
    if not letters:
        return CASES.index("digits" if any(c.isdigit() for c in word) else "none")
    if all(c.islower() for c in letters):
        return CASES.index("lower")
    if letters[0].isupper() and all(c.islower() for c in letters[1:]):
        return CASES.index("title")
    if all(c.isupper() for c in letters):
        return CASES.index("upper")
    if not any(c.islower() or c.isupper() for c in letters):
        return CASES.index("none")
    return CASES.index("mixed")


def is_markup(word: str) -> bool:
    """Whether a token carries no text: white space, Markdown marks, zero-width characters."""
    return word.isspace() or all(c in MARKUP for c in word)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text as the network reads it: word-piece ids, case ids, and the piece each token begins at.

    `first[i]` is -1 for a token that the network does not see.
    """

    ids: list[int]
    cases: list[int]
    first: list[int]


class PieceEncoder:
    """Turns words into word pieces; remembers words, since most words of a report recur."""

    def __init__(self, tokenizer: tokenizers.Tokenizer) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        self._tokenizer = tokenizer
        self._known: dict[str, list[int]] = {}
        self.cls = tokenizer.token_to_id("[CLS]")
        self.sep = tokenizer.token_to_id("[SEP]")

    def pieces_of(self, word: str) -> list[int]:
        ids = self._known.get(word)
        if ids is None:
            # No token of a language that this model reads is longer; a cut keeps nonsense cheap.
            ids = self._tokenizer.encode(word[:100], add_special_tokens=False).ids
            if len(self._known) < 200_000:
                self._known[word] = ids
        return ids

    def encode(self, words: Sequence[str]) -> Pieces:
        ids: list[int] = []
        cases: list[int] = []
        first: list[int] = []
        for word in words:
            pieces = [] if is_markup(word) else self.pieces_of(word)
            first.append(len(ids) if pieces else -1)
            ids.extend(pieces)
            cases.extend([case_of(word)] * len(pieces))
        return Pieces(ids, cases, first)


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Probabilities for each token of a doc, rows as in the doc.

    `tags` (n, 13) over `TAGS`, `roles` (n, 4) over `ROLES`, `event` (n,), `count` (n,),
    `evidence` (n, 12) over `OUTCOMES`, `primary` (12,) over `OUTCOMES`, `basis` (3,) over `BASES`.
    """

    tags: Array
    roles: Array
    event: Array
    count: Array
    evidence: Array
    primary: Array
    basis: Array


@registry.tokenizers("winsextract.Tokenizer.v1")
def make_tokenizer() -> Callable[[Language], Tokenizer]:
    """spaCy's English rules, and a cut where a page has glued two tokens together.

    Before a bracket or a link, at Markdown's asterisks, and between a lower-case letter and a
    digit ("Hague34").
    """

    def create(nlp: Language) -> Tokenizer:
        english = nlp.Defaults
        infixes = [
            *(english.infixes or []),
            r"[\[\]()|<>]",
            r"(?<=[a-z]{3})(?=\d)",
            r"\*+",
            r"(?<=[a-z])[.](?=[A-Z])",
        ]
        # As spaCy's own factory does, but all at once: each rule that is set later has it read its 1,300 exceptions again.
        return Tokenizer(
            nlp.vocab,
            rules=english.tokenizer_exceptions,
            prefix_search=compile_prefix_regex(english.prefixes or []).search,
            suffix_search=compile_suffix_regex(english.suffixes or []).search,
            infix_finditer=compile_infix_regex(infixes).finditer,
            token_match=english.token_match,
            url_match=english.url_match,
        )

    return create


def blank() -> Language:
    """An empty English pipeline with the tokeniser that the shipped model was trained with."""
    return English.from_config({"nlp": {"tokenizer": {"@tokenizers": "winsextract.Tokenizer.v1"}}})


def _transitions() -> Array:
    """0 where a tag may follow another, else a large penalty; the last row is the start."""
    allowed = np.zeros((len(TAGS) + 1, len(TAGS)), dtype=np.float32)
    for j, tag in enumerate(TAGS):
        if tag[0] == "I":
            allowed[:, j] = -1e4
            for i, before in enumerate(TAGS):
                if before[2:] == tag[2:]:
                    allowed[i, j] = 0.0
    return allowed


def best_tags(logits: Array) -> Array:
    """The likeliest valid BIO sequence (Viterbi) for tag logits (n, 13); indices into `TAGS`."""
    n = len(logits)
    if n == 0:
        return np.zeros(0, dtype=np.int64)
    allowed = _transitions()
    score = logits[0] + allowed[-1]
    back = np.zeros((n, len(TAGS)), dtype=np.int64)
    for i in range(1, n):
        reach = score[:, None] + allowed[:-1]
        back[i] = reach.argmax(0)
        score = reach.max(0) + logits[i]
    best = np.zeros(n, dtype=np.int64)
    best[-1] = score.argmax()
    for i in range(n - 1, 0, -1):
        best[i - 1] = back[i, best[i]]
    return best


def softmax(logits: Array) -> Array:
    """Probabilities along the last axis."""
    e = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(e / e.sum(-1, keepdims=True))


def sigmoid(logits: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


@Language.factory(
    "winsextract_tagger",
    assigns=["doc.ents", "doc.cats", "doc.spans", "token.ent_iob", "token.ent_type"],
    default_config={"set_ents": True},
)
class Tagger:
    """Runs the network over docs; see the module for what it leaves in them.

    Documents are run one at a time: with a dynamically quantised network the answer for a
    text would otherwise depend on what else is in its batch, and a record must not.

    set_ents (bool): False leaves `doc.ents` to another component of the pipeline.
    """

    def __init__(self, nlp: Language, name: str, *, set_ents: bool) -> None:
        self.name = name
        self.vocab = nlp.vocab
        self.set_ents = set_ents
        # Docs of a `pipe` that the network may read, in a thread of its own, ahead of what is done with them.
        self.docs_ahead = 0
        self._network: bytes | None = None
        self._tokenizer: str | None = None
        self._meta: dict[str, Any] = {}
        self._session: onnxruntime.InferenceSession | None = None
        self._encoder: PieceEncoder | None = None

    @property
    def meta(self) -> dict[str, Any]:
        """What is known of the network: version, sha256, calibration, what it was made from."""
        return self._meta

    def load(self, network: bytes, tokenizer: str, meta: dict[str, Any]) -> None:
        """Take a network (an ONNX file's bytes), its tokeniser (JSON) and its description.

        Raises ModelError where the network is not the one that the description names.
        """
        found = hashlib.sha256(network).hexdigest()
        if found != meta.get("sha256"):
            raise ModelError(
                f"The model is damaged: its network has sha256 {found[:12]}…, its description says {str(meta.get('sha256'))[:12]}…. Install winsextract again, or build it with `make model`."
            )
        if tuple(meta["tags"]) != TAGS or tuple(meta["roles"]) != ROLES or tuple(meta["outcomes"]) != OUTCOMES:
            raise ModelError(
                "The model was made for other labels than this version of winsextract has. Build it again with `make model`."
            )
        self._network, self._tokenizer, self._meta = network, tokenizer, meta
        self._session = self._encoder = None

    def _ready(self) -> tuple[onnxruntime.InferenceSession, PieceEncoder]:
        if self._session is None or self._encoder is None:
            if self._network is None or self._tokenizer is None:
                raise ModelError("The tagger has no network yet: load a model with `spacy.load`, or call `load`.")
            import onnxruntime
            import tokenizers

            options = onnxruntime.SessionOptions()
            # One thread: processes are how this scales, and sums in one order give the same bytes.
            options.intra_op_num_threads = options.inter_op_num_threads = 1
            options.log_severity_level = 3
            # The network is stored as ONNX Runtime would optimise it, which takes longer than to load it (pipelines/export.py).
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            self._session = onnxruntime.InferenceSession(self._network, options, providers=["CPUExecutionProvider"])
            self._encoder = PieceEncoder(tokenizers.Tokenizer.from_str(self._tokenizer))
        return self._session, self._encoder

    def __call__(self, doc: Doc) -> Doc:
        # An empty text too, as that of a header with nothing behind it: what comes next asks for its scores.
        words = [token.text for token in doc]
        self._annotate(doc, words, *self.logits(words))
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 64) -> Iterator[Doc]:
        """The docs in order; with `docs_ahead`, the network reads that many on while a doc is worked on."""
        if not self.docs_ahead:
            yield from map(self, stream)
            return
        waiting: collections.deque[tuple[Doc, list[str], Future[tuple[Array, Array]]]] = collections.deque()
        with ThreadPoolExecutor(1, thread_name_prefix=self.name) as network:
            for doc in stream:
                words = [token.text for token in doc]
                waiting.append((doc, words, network.submit(self.logits, words)))
                if len(waiting) > self.docs_ahead:
                    yield self._answered(*waiting.popleft())
            while waiting:
                yield self._answered(*waiting.popleft())

    def _answered(self, doc: Doc, words: list[str], answer: Future[tuple[Array, Array]]) -> Doc:
        self._annotate(doc, words, *answer.result())
        return doc

    def _annotate(self, doc: Doc, words: list[str], tokens: Array, about: Array) -> None:
        tags = np.zeros(len(words), dtype=np.int64)
        for run in _runs(doc, words):
            tags[run] = best_tags(tokens[run][:, TAG_COLUMNS])
        scores = TokenScores(
            tags=softmax(tokens[:, TAG_COLUMNS]),
            roles=softmax(tokens[:, ROLE_COLUMNS]),
            event=sigmoid(tokens[:, EVENT_COLUMN]),
            count=sigmoid(tokens[:, COUNT_COLUMN]),
            evidence=sigmoid(tokens[:, EVIDENCE_COLUMNS]),
            primary=softmax(about[PRIMARY_COLUMNS]),
            basis=softmax(about[BASIS_COLUMNS]),
        )
        doc.user_data["winsextract"] = scores
        doc.cats = {o: float(p) for o, p in zip(OUTCOMES, sigmoid(about[HAPPENED_COLUMNS]), strict=True)}
        if self.set_ents:
            doc.ents = list(_entities(doc, words, tags))

    def logits(self, words: Sequence[str]) -> tuple[Array, Array]:
        """The network's raw answers: (n words, 31) for the tokens, (27,) for the text.

        A word that the network does not see (white space, Markdown marks) gets the answer
        "no name" and nothing else. A text of more than 510 pieces is read in overlapping
        windows; a token's answer comes from the window in which it stands farthest from an
        edge, the text's is the highest of the windows'.
        """
        session, encoder = self._ready()
        pieces = encoder.encode(words)
        tokens = np.full((len(words), TOKEN_COLUMNS), -12.0, dtype=np.float32)
        tokens[:, 0] = 12.0
        n = len(pieces.ids)
        if n == 0:
            return tokens, np.full(TEXT_COLUMNS, -12.0, dtype=np.float32)
        by_piece = np.empty((n, TOKEN_COLUMNS), dtype=np.float32)
        depth = np.full(n, -1, dtype=np.int64)
        about: Array | None = None
        for start in range(0, max(1, n - OVERLAP_PIECES), WINDOW_PIECES - OVERLAP_PIECES):
            stop = min(n, start + WINDOW_PIECES)
            ids = np.array([[encoder.cls, *pieces.ids[start:stop], encoder.sep]], dtype=np.int64)
            cases = np.array([[0, *pieces.cases[start:stop], 0]], dtype=np.int64)
            answer, text = session.run(None, {"ids": ids, "cases": cases})
            here = np.minimum(
                np.arange(stop - start) + (start == 0) * n, np.arange(stop - start)[::-1] + (stop == n) * n
            )
            better = here > depth[start:stop]
            by_piece[start:stop][better] = answer[0, 1:-1][better]
            depth[start:stop][better] = here[better]
            about = text[0] if about is None else np.maximum(about, text[0])
        first = np.array(pieces.first)
        seen = first >= 0
        tokens[seen] = by_piece[first[seen]]
        assert about is not None
        return tokens, about

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        if self._network is None or self._tokenizer is None:
            return
        (folder / "network.onnx").write_bytes(self._network)
        (folder / "tokenizer.json").write_text(self._tokenizer, encoding="utf-8")
        (folder / "meta.json").write_text(json.dumps(self._meta, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Tagger:
        folder = Path(path)
        try:
            self.load(
                (folder / "network.onnx").read_bytes(),
                (folder / "tokenizer.json").read_text(encoding="utf-8"),
                json.loads((folder / "meta.json").read_text(encoding="utf-8")),
            )
        except (OSError, ValueError, KeyError) as error:
            raise ModelError(
                f"The model in {folder} cannot be read ({error}). Install winsextract again, or build it with `make model`."
            ) from error
        return self

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        import srsly

        return bytes(srsly.msgpack_dumps({"network": self._network, "tokenizer": self._tokenizer, "meta": self._meta}))

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Tagger:
        import srsly

        content = srsly.msgpack_loads(data)
        if content["network"] is not None:
            self.load(content["network"], content["tokenizer"], content["meta"])
        return self


def _runs(doc: Doc, words: Sequence[str]) -> Iterator[list[int]]:
    """The tokens that a name may lie in: between blank lines, Markdown marks and ends of lines.

    A line of a hard-wrapped text goes on in the next one; one that is shorter or longer than
    such lines are is a heading, a caption or a paragraph, and ends there.
    """
    run: list[int] = []
    line_start = 0
    for i, word in enumerate(words):
        if not is_markup(word):
            run.append(i)
            continue
        ends = "\n" in word or "\r" in word
        length = doc[i].idx - line_start
        single = word.count("\n") < 2 and word.count("\r") < 2
        # A paragraph that a page has broken in the middle of a sentence goes on as well.
        wrapped = ends and (
            (single and WRAPPED[0] <= length <= WRAPPED[1]) or (length > WRAPPED[1] and words[i - 1].isalpha())
        )
        if ends:
            line_start = doc[i].idx + len(word)
        if run and ((ends and not wrapped) or not word.isspace()):
            yield run
            run = []
    if run:
        yield run


def _entities(doc: Doc, words: Sequence[str], tags: Array) -> Iterator[Span]:
    """The spans that tags name; white space within a name does not end it."""
    start, last, label = -1, -1, ""
    for i, tag in enumerate([*tags.tolist(), 0]):
        if i < len(words) and label and words[i].isspace():
            continue
        name = TAGS[tag]
        if label and not (name[0] == "I" and name[2:] == label):
            yield Span(doc, start, last + 1, label=label)
            label = ""
        if name != "O":
            if not label:
                start, label = i, name[2:]
            last = i
