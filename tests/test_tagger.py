"""The tagger as a spaCy component: decoding, windows, files, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language

from winsextract.errors import ModelError
from winsextract.stages.annotate import load_pipeline
from winsextract.tagger import (
    LABELS,
    OUTCOMES,
    TAGS,
    TOKEN_COLUMNS,
    WINDOW_PIECES,
    PieceEncoder,
    TokenScores,
    best_tags,
    blank,
    case_of,
    is_markup,
)

TEXT = "On 3 May, Amal Ben Youssef walked free from prison in Tunis after Amnesty International called for her release."


@pytest.fixture(scope="module")
def nlp() -> Language:
    return load_pipeline()


@pytest.mark.parametrize(
    ("word", "case"),
    [
        ("free", "lower"),
        ("Tunis", "title"),
        ("UNHCR", "upper"),
        ("McKay", "mixed"),
        ("2024", "digits"),
        ("–", "none"),
        ("赵美林", "none"),
        ("E", "title"),
    ],
)
def test_case_of_a_word(word: str, case: str) -> None:
    from winsextract.tagger import CASES

    assert CASES[case_of(word)] == case


@pytest.mark.parametrize("word", ["**", " ", "\n\n", "\u00a0", "\u200b", "_"])
def test_markup_says_nothing(word: str) -> None:
    assert is_markup(word)


def test_best_tags_are_a_valid_sequence_even_where_each_word_alone_is_not() -> None:
    logits = np.zeros((3, len(TAGS)), dtype=np.float32)
    logits[0, TAGS.index("I-PERSON")] = 5.0  # no name begins with I
    logits[1, TAGS.index("I-PERSON")] = 5.0
    logits[2, TAGS.index("I-ORG")] = 5.0
    tags = [TAGS[i] for i in best_tags(logits)]
    for before, tag in zip(["O", *tags], tags, strict=False):
        assert not tag.startswith("I-") or before[2:] == tag[2:]


@given(st.integers(0, 12), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_best_tags_of_any_scores_are_valid(n: int, random: object) -> None:
    logits = np.random.default_rng(random.randint(0, 2**32)).normal(size=(n, len(TAGS))).astype(np.float32) * 4  # type: ignore[attr-defined]
    tags = [TAGS[i] for i in best_tags(logits)]
    assert len(tags) == n
    for before, tag in zip(["O", *tags], tags, strict=False):
        assert not tag.startswith("I-") or before[2:] == tag[2:]


def test_a_doc_gets_entities_classes_and_scores(nlp: Language) -> None:
    doc = nlp(TEXT)
    found = {(e.text, e.label_) for e in doc.ents}
    assert ("Amal Ben Youssef", "PERSON") in found
    assert ("Amnesty International", "ORG") in found
    assert max(doc.cats, key=doc.cats.__getitem__) == "release"
    assert set(doc.cats) == set(OUTCOMES)
    scores: TokenScores = doc.user_data["winsextract"]
    assert scores.tags.shape == (len(doc), len(TAGS))
    assert np.allclose(scores.tags.sum(1), 1.0, atol=1e-4)
    assert scores.roles.shape == (len(doc), 4)


@pytest.mark.parametrize("text", ["", " ", "\n\n", "**", "\u200b"])
def test_a_text_without_words_has_no_entities(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert not doc.ents


def test_the_answer_does_not_depend_on_what_else_is_in_the_batch(nlp: Language) -> None:
    alone = nlp(TEXT).user_data["winsextract"].tags
    among = list(nlp.pipe([TEXT * 3, TEXT, "Short."]))[1].user_data["winsextract"].tags
    assert np.array_equal(alone, among)


@pytest.mark.parametrize("ahead", [1, 2, 50])
def test_the_network_reads_ahead_and_says_the_same(nlp: Language, monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    texts = ["", "Hamida Rauf walked free on 3 May.", *(f"Court {n} quashed the sentence." for n in range(6)), " "]
    alone = [nlp(text).user_data["winsextract"] for text in texts]
    tagger = nlp.get_pipe("winsextract_tagger")
    monkeypatch.setattr(tagger, "docs_ahead", ahead)
    docs = list(nlp.pipe(texts))
    assert [doc.text for doc in docs] == texts
    for doc, scores in zip(docs, alone, strict=True):
        assert np.array_equal(doc.user_data["winsextract"].tags, scores.tags)
        assert np.array_equal(doc.user_data["winsextract"].primary, scores.primary)


def test_a_fault_of_the_network_that_reads_ahead_is_raised(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    tagger = nlp.get_pipe("winsextract_tagger")

    def broken(words: list[str]) -> None:
        raise RuntimeError("no answer")

    monkeypatch.setattr(tagger, "docs_ahead", 2)
    monkeypatch.setattr(tagger, "logits", broken)
    with pytest.raises(RuntimeError, match="no answer"):
        list(nlp.pipe(["One.", "Two."]))


def test_a_long_text_is_read_in_windows_and_no_name_is_lost(nlp: Language) -> None:
    filler = "The court heard the case again and again, and nothing came of it for a long time. " * 60
    text = filler + TEXT + " " + filler
    tagger = nlp.get_pipe("winsextract_tagger")
    words = [t.text for t in nlp.make_doc(text)]
    assert len(words) > 2 * WINDOW_PIECES
    tokens, _ = tagger.logits(words)
    assert tokens.shape == (len(words), TOKEN_COLUMNS)
    assert "Amal Ben Youssef" in {e.text for e in nlp(text).ents}


def test_markup_at_its_edge_is_no_part_of_a_name(nlp: Language) -> None:
    doc = nlp("On 3 May, **Amal Ben Youssef** walked free from prison in Tunis.")
    assert "Amal Ben Youssef" in {e.text for e in doc.ents}


def test_a_blank_line_ends_a_name(nlp: Language) -> None:
    doc = nlp("She thanked Amnesty International\n\nAmal Ben Youssef walked free in Tunis.")
    assert not any("\n" in e.text for e in doc.ents)


def test_to_disk_and_back(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    again = spacy.load(tmp_path / "model")
    assert [(e.text, e.label_) for e in again(TEXT).ents] == [(e.text, e.label_) for e in nlp(TEXT).ents]


def test_to_bytes_and_back(nlp: Language) -> None:
    again = blank()
    again.add_pipe("winsextract_tagger")
    again.get_pipe("winsextract_tagger").from_bytes(nlp.get_pipe("winsextract_tagger").to_bytes())
    assert [(e.text, e.label_) for e in again(TEXT).ents] == [(e.text, e.label_) for e in nlp(TEXT).ents]


def test_a_damaged_network_is_refused(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    network = tmp_path / "model" / "winsextract_tagger" / "network.onnx"
    data = bytearray(network.read_bytes())
    data[len(data) // 2] ^= 1
    network.write_bytes(data)
    with pytest.raises(ModelError, match="damaged"):
        spacy.load(tmp_path / "model")


def test_a_network_for_other_labels_is_refused(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path / "model")
    meta = tmp_path / "model" / "winsextract_tagger" / "meta.json"
    content = json.loads(meta.read_text())
    content["outcomes"] = content["outcomes"][1:]
    meta.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="other labels"):
        spacy.load(tmp_path / "model")


def test_a_tagger_without_a_network_says_so() -> None:
    nlp = blank()
    nlp.add_pipe("winsextract_tagger")
    with pytest.raises(ModelError, match="no network"):
        nlp("Some text.")


def test_the_tokeniser_cuts_what_a_page_has_glued_together() -> None:
    words = [t.text for t in blank()("in The Hague34 states signed.[Amal](https://example.org) **Bold**")]
    for word in ("Hague", "34", "Amal", "Bold"):
        assert word in words


def test_pieces_of_a_word_are_remembered_and_the_same(nlp: Language) -> None:
    encoder = nlp.get_pipe("winsextract_tagger")._ready()[1]
    assert isinstance(encoder, PieceEncoder)
    assert encoder.encode(["Hakamada", "**", "Hakamada"]).first[1] == -1
    assert encoder.pieces_of("Hakamada") == encoder.pieces_of("Hakamada")


def test_labels_are_the_training_format_s() -> None:
    assert set(LABELS) == {"PERSON", "ORG", "LAW", "DATE", "GPE", "NORP"}
