"""From marked paragraphs and open corpora to what the network is trained on."""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from spacy.language import Language

from winsextract.tagger import BASES, OUTCOMES, ROLES, TAGS

MARK = re.compile(r"\[\[([A-Z]+)\|([^\[\]]*?)\]\]")


@dataclass(frozen=True)
class Paragraph:
    """One hand-written paragraph: plain text, its marks as (start, end, label), and its answers."""

    header: str
    text: str
    marks: tuple[tuple[int, int, str], ...]
    outcomes: tuple[str, ...]
    people: tuple[dict, ...] = ()
    evidence: tuple[tuple[int, int, str], ...] = ()
    event_date: str | None = None
    affected: dict | None = None


@dataclass
class Example:
    """Words of a text with what the network should answer; a row a word.

    `allowed[i, t]`: tag `t` agrees with the annotation of word `i` (several where a corpus
    leaves a label open). `role`, `event`, `count` are -1 and `evidence` is None where
    nothing is known.
    """

    words: list[str]
    allowed: np.ndarray
    role: np.ndarray
    event: np.ndarray
    count: np.ndarray
    evidence: np.ndarray | None = None
    outcomes: np.ndarray | None = None
    primary: int = -1
    basis: int = -1
    paragraph: Paragraph | None = field(default=None, repr=False)


def unmark(text: str) -> tuple[str, list[tuple[int, int, str]]]:
    """The plain text and its marks, from `… [[PERSON|Name]] …`."""
    plain, marks, at = [], [], 0
    length = 0
    for match in MARK.finditer(text):
        plain.append(text[at : match.start()])
        length += match.start() - at
        marks.append((length, length + len(match[2]), match[1]))
        plain.append(match[2])
        length += len(match[2])
        at = match.end()
    plain.append(text[at:])
    return "".join(plain), marks


def nth(text: str, words: str, n: int) -> int:
    at = -1
    for _ in range(n):
        at = text.index(words, at + 1)
    return at


def read_paragraphs(path: Path) -> list[Paragraph]:
    paragraphs = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        record = json.loads(line)
        text, marks = unmark(record["text"])
        evidence = []
        for label, words, *n in record.get("evidence", []):
            start = nth(text, words, n[0] if n else 1)
            evidence.append((start, start + len(words), label))
        paragraphs.append(
            Paragraph(
                header=record["header"],
                text=text,
                marks=tuple(marks),
                outcomes=tuple(record["outcomes"]),
                people=tuple(record.get("people", ())),
                evidence=tuple(evidence),
                event_date=record.get("event_date"),
                affected=record.get("affected"),
            )
        )
    return paragraphs


def tag_rows(doc, marks: Iterable[tuple[int, int, str]], *, unknown: frozenset[str] = frozenset()) -> np.ndarray:
    """`allowed` for a tokenised text; a word without a mark may still be of an `unknown` label."""
    allowed = np.zeros((len(doc), len(TAGS)), dtype=bool)
    free = [0, *(TAGS.index(f"{p}-{label}") for label in unknown for p in "BI")]
    allowed[:, free] = True
    for start, end, label in marks:
        span = doc.char_span(start, end, alignment_mode="expand")
        if span is None:
            continue
        allowed[span.start : span.end] = False
        if label == "OTHER":  # something else, a law among others
            allowed[span.start : span.end, [0, TAGS.index("B-LAW"), TAGS.index("I-LAW")]] = True
            continue
        allowed[span.start, TAGS.index(f"B-{label}")] = True
        allowed[span.start + 1 : span.end, TAGS.index(f"I-{label}")] = True
    return allowed


def basis_of(paragraph: Paragraph) -> int:
    if not paragraph.evidence:
        return -1
    if paragraph.affected is None:
        return BASES.index("none")
    return BASES.index("stated" if paragraph.affected["text"] else "named")


def example_of(paragraph: Paragraph, nlp: Language) -> Example:
    doc = nlp.make_doc(paragraph.text)
    n = len(doc)
    role, event, count = (np.full(n, -1, dtype=np.int64) for _ in range(3))
    roles = {}
    for person in paragraph.people:
        for name in [person["name"], *person.get("aliases", [])]:
            roles[" ".join(name.split())] = ROLES.index(person["role"])
    for start, end, label in paragraph.marks:
        span = doc.char_span(start, end, alignment_mode="expand")
        words = paragraph.text[start:end]
        # A name may have a line's end in it, which its entry has not.
        if label == "PERSON" and (name := " ".join(words.split())) in roles:
            role[span.start : span.end] = roles[name]
        if label == "DATE":
            event[span.start : span.end] = int(words == paragraph.event_date)
    annotated = bool(paragraph.evidence)
    evidence = np.zeros((n, len(OUTCOMES)), dtype=np.float32) if annotated else None
    if annotated:
        count[:] = 0
        if paragraph.affected and paragraph.affected["text"]:
            words = paragraph.affected["text"]
            found = re.search(rf"(?<![\w.,]){re.escape(words)}(?![\w])", paragraph.text)
            start = found.start() if found else paragraph.text.index(words)
            span = doc.char_span(start, start + len(words), alignment_mode="expand")
            count[span.start : span.end] = 1
        for start, end, label in paragraph.evidence:
            span = doc.char_span(start, end, alignment_mode="expand")
            evidence[span.start : span.end, OUTCOMES.index(label)] = 1.0
    outcomes = np.zeros(len(OUTCOMES), dtype=np.float32)
    outcomes[[OUTCOMES.index(o) for o in paragraph.outcomes]] = 1.0
    return Example(
        words=[t.text for t in doc],
        allowed=tag_rows(doc, paragraph.marks),
        role=role,
        event=event,
        count=count,
        evidence=evidence,
        outcomes=outcomes,
        primary=OUTCOMES.index(paragraph.outcomes[0]),
        basis=basis_of(paragraph),
        paragraph=paragraph,
    )


# Labels that an open corpus does not annotate (the corpora's own documentation).
UNANNOTATED = {
    "fewnerd": frozenset({"DATE", "NORP"}),
    "wikigold": frozenset({"DATE", "NORP", "LAW"}),
    "uner_ewt": frozenset({"DATE", "NORP", "LAW"}),
    "wnut17": frozenset({"DATE", "NORP", "LAW"}),
    "multiner_lk": frozenset({"DATE", "LAW"}),
}


def read_corpus(path: Path, nlp: Language) -> Iterator[Example]:
    unknown = UNANNOTATED[path.name.split(".")[0]]
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            doc = nlp.make_doc(record["text"])
            if not 3 <= len(doc) <= 200:
                continue
            nothing = np.full(len(doc), -1, dtype=np.int64)
            yield Example(
                words=[t.text for t in doc],
                allowed=tag_rows(doc, record["ents"], unknown=unknown),
                role=nothing,
                event=nothing,
                count=nothing,
            )


def rename(paragraph: Paragraph, pool: list[str], rng: random.Random, *, share: float) -> Paragraph:
    """The paragraph with some of its people renamed, consistently: first name for first name.

    Someone whose short forms are no prefix or suffix of the full name keeps theirs. The
    annotations other than the text's offsets stay as they are.
    """
    swap: dict[str, str] = {}
    for person in paragraph.people:
        if rng.random() > share:
            continue
        old, new = person["name"].split(), rng.choice(pool).split()
        forms = {person["name"]: " ".join(new)}
        for alias in person.get("aliases", []):
            words = alias.split()
            if words == old[: len(words)] and len(new) > 1:
                forms[alias] = new[0]
            elif words == old[-len(words) :] and len(new) > 1:
                forms[alias] = new[-1]
            else:
                break
        else:
            swap.update(forms)
    if not swap:
        return paragraph
    edits = [
        (s, e, swap[paragraph.text[s:e]])
        for s, e, label in paragraph.marks
        if label == "PERSON" and paragraph.text[s:e] in swap
    ]
    return edited(
        paragraph,
        edits,
        people=tuple(
            {**p, "name": swap.get(p["name"], p["name"]), "aliases": [swap.get(a, a) for a in p.get("aliases", [])]}
            for p in paragraph.people
        ),
    )


# Words that say what a body is: with one of them a name is not exchanged for another, since the text leans on it.
_KIND_OF_BODY = re.compile(
    r"\b(?:agency|amnesty|army|assembly|board|bureau|cabinet|chamber|commission|committee|congress|council|court|department|diet|duma|"
    r"eu|european|federal|government|high|house|knesset|minister|ministry|national|navy|office|parliament|police|prosecutor|senate|"
    r"service|state|supreme|the|tribunal|un|union|united nations|authority)\b",
    re.IGNORECASE,
)


def free_names(paragraphs: Iterable[Paragraph]) -> dict[bool, list[str]]:
    """The bodies of paragraphs whose names do not say what they are: of one word (True), of two to four (False)."""
    names = {p.text[s:e] for p in paragraphs for s, e, label in p.marks if label == "ORG"}
    free = sorted(n for n in names if n.isprintable() and len(n.split()) <= 4 and not _KIND_OF_BODY.search(n))
    return {alone: [n for n in free if (" " not in n) == alone] for alone in (True, False)}


def exchange(paragraph: Paragraph, free: dict[bool, list[str]], rng: random.Random, *, share: float) -> Paragraph:
    """The paragraph with some of its bodies called otherwise, each throughout: what a name means is learnt from where it stands."""
    known = {*free[True], *free[False]}
    bodies = sorted({paragraph.text[s:e] for s, e, label in paragraph.marks if label == "ORG"} & known)
    swap = {name: rng.choice(free[" " not in name]) for name in bodies if rng.random() < share}
    if not swap:
        return paragraph
    edits = [
        (s, e, swap[paragraph.text[s:e]])
        for s, e, label in paragraph.marks
        if label == "ORG" and paragraph.text[s:e] in swap
    ]
    return edited(paragraph, edits, people=paragraph.people)


def capitals(paragraph: Paragraph, rng: random.Random, *, surnames: bool) -> Paragraph:
    """The paragraph with its people's names (or surnames) in capitals."""
    forms = {}
    for person in paragraph.people:
        for name in [person["name"], *person.get("aliases", [])]:
            words = name.split()
            forms[name] = " ".join([*words[:-1], words[-1].upper()]) if surnames and len(words) > 1 else name.upper()
    edits = [
        (s, e, forms[paragraph.text[s:e]])
        for s, e, label in paragraph.marks
        if label == "PERSON" and paragraph.text[s:e] in forms
    ]
    people = tuple(
        {**p, "name": forms[p["name"]], "aliases": [forms[a] for a in p.get("aliases", [])]} for p in paragraph.people
    )
    return edited(paragraph, edits, people=people)


def edited(paragraph: Paragraph, edits: list[tuple[int, int, str]], *, people: tuple[dict, ...]) -> Paragraph:
    """The paragraph after replacing characters inside marks; every other span moves along."""
    edits = sorted(edits)
    out, at = [], 0
    for start, end, new in edits:
        out.append(paragraph.text[at:start])
        out.append(new)
        at = end
    out.append(paragraph.text[at:])

    def moved(position: int, *, is_end: bool) -> int:
        shift = 0
        for start, end, new in edits:
            if end <= position:
                shift += len(new) - (end - start)
            elif start < position:  # inside an edited mark: snap to its edges
                return start + shift + (len(new) if is_end else 0)
        return position + shift

    return Paragraph(
        header=paragraph.header,
        text="".join(out),
        marks=tuple((moved(s, is_end=False), moved(e, is_end=True), label) for s, e, label in paragraph.marks),
        outcomes=paragraph.outcomes,
        people=people,
        evidence=tuple((moved(s, is_end=False), moved(e, is_end=True), label) for s, e, label in paragraph.evidence),
        event_date=paragraph.event_date,
        affected=paragraph.affected,
    )
