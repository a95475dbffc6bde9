"""What the injection model is trained on is never what it is measured on."""

import gzip
import json

import pytest

from evaluation.training.injection_data import (
    FOLDS,
    ORDINARY_HELD_OUT,
    chunks,
    fold_of,
    load_corpora,
    ordinary,
    phrases,
)
from evaluation.training.injections import held_out, training_texts


@pytest.fixture
def grounding(tmp_path):
    """A grounding folder in small."""

    def write(folder, name, rows):
        (tmp_path / folder).mkdir(exist_ok=True)
        with gzip.open(tmp_path / folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)

    attacks = [
        {
            "id": f"i{n}",
            "text": f"Do it {n}.",
            "malicious": True,
            "source": s,
            "category": f"c{n % 8}",
        }
        for n in range(32)
        for s in ("bipia", "garak")
    ]
    benign = [
        {"id": f"b{n}", "text": f"It is {n}.", "malicious": False, "source": s}
        for n in range(20)
        for s in ("squad", "mtrag_govt")
    ]
    write("injections", "injections", attacks + benign)
    for name in ("awsdocs", "squad", "nq_oracle", "clapnq", "mtrag_un"):
        rows = [
            {"id": f"{name}{n}", "title": f"{name} {n % 9}", "text": f"Text {n}."}
            for n in range(30)
        ]
        write(name, "documents", rows)
    write("squad", "questions", [{"question": "What is it?"}])
    return tmp_path


def test_no_group_is_in_training_and_test_at_once(grounding):
    corpora = load_corpora(grounding, None)
    for fold in range(FOLDS):
        trained = {(t.source, t.group) for t in training_texts(corpora, fold) if t.group}
        tested = {(t.source, t.group) for t in held_out(corpora, fold)}
        assert trained
        assert tested
        assert trained.isdisjoint(tested)


def test_a_category_of_attacks_is_held_out_as_a_whole_and_every_source_in_every_fold(grounding):
    attacks = [t for t in load_corpora(grounding, None).labelled if t.malicious]
    for source in ("bipia", "garak"):
        folds = {fold_of(t.group) for t in attacks if t.source == source}
        assert folds == set(range(FOLDS))


def test_mtrag_is_never_trained_on(grounding):
    corpora = load_corpora(grounding, None)
    for fold in (*range(FOLDS), None):
        assert not [t for t in training_texts(corpora, fold) if t.source.startswith("mtrag")]
    assert [t for t in held_out(corpora, 0) if t.source == "mtrag_un"]


def test_ordinary_sentences_held_out_are_measured_and_never_trained_on(grounding):
    corpora = load_corpora(grounding, None)
    held = {t.text for t in ordinary(ORDINARY_HELD_OUT, "ordinary_held_out")}
    for fold in (*range(FOLDS), None):
        trained = [t for t in training_texts(corpora, fold) if t.source == "ordinary"]
        assert trained
        assert not [t for t in training_texts(corpora, fold) if t.text in held]
    assert held == {t.text for t in held_out(corpora, 0) if t.source == "ordinary_held_out"}


def test_phrases_are_filled_and_the_same_every_time():
    for kind in ("instructions", "prose"):
        filled = phrases(kind, 4)
        assert filled == phrases(kind, 4)
        assert len(filled) > 100
        assert not [one for one in filled if "{" in one]


def test_chunks_lose_no_word_and_are_short():
    text = "one two\n" * 300 + "\n\n" + "word " * 500
    found = list(chunks(text))
    assert " ".join(found).split() == text.split()
    assert max(len(chunk.split()) for chunk in found) <= 130
