"""Rows: where the answer stands in tokens, and the same batches as at run time."""

import numpy as np
import pytest
import torch

from evaluation.training.cross_encoder_data import positive
from evaluation.training.examples import Claim, Pair, Support
from evaluation.training.reader_rows import (
    IGNORED,
    LENGTH,
    STEP,
    Kind,
    backbone,
    batch_of,
    join,
    open_rows_tokenizer,
    tokenise,
)
from query.networks.reader_network import encode, open_tokenizer

PASSAGE = "The warranty of a Marsh gauge is 36 months from delivery."
EXAMPLES = [
    positive("How long is the warranty?", PASSAGE, ["36 months"], "warranty"),
    Pair("What does it cost?", PASSAGE, answers=False),
    Claim("The warranty is 24 months.", f"{PASSAGE} Spares are extra.", Support.NOT),
]
pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def tokenizer():
    return open_rows_tokenizer()


@pytest.fixture(scope="module")
def rows(tokenizer):
    return tokenise(tokenizer, EXAMPLES)


def test_targets_are_the_tokens_of_the_answer_and_null_where_there_is_none(tokenizer, rows):
    first, last = rows.targets[0]
    assert tokenizer.decode(rows.tokens[first : last + 1].tolist()) == "36 months"
    assert rows.targets[1:].tolist() == [[0, 0], [0, 0]]


def test_labels_are_those_of_their_head(rows):
    assert rows.kinds.tolist() == [Kind.QUESTION, Kind.QUESTION, Kind.CLAIM]
    assert rows.labels.tolist() == [1, 0, 2]


def test_an_answer_that_cannot_be_pointed_at_teaches_no_span(tokenizer):
    beyond = positive("How long?", "word " * LENGTH + "36 months", ["36 months"], "warranty")
    reworded = positive("How long?", PASSAGE, ["three years"], "warranty")
    assert tokenise(tokenizer, [beyond, reworded]).targets.tolist() == [[IGNORED, IGNORED]] * 2


def test_a_batch_is_what_the_judge_gives_the_network_at_run_time(rows):
    padding = open_tokenizer(backbone().tokenizer_file, LENGTH)
    texts = [(EXAMPLES[i].question, EXAMPLES[i].passage) for i in (1, 0)]
    expected, _ = encode(padding, texts)
    found = batch_of(rows, np.array([1, 0]), torch.device("cpu"))
    assert set(found) == set(expected)
    for name, tensor in expected.items():
        width = tensor.shape[1]
        assert found[name].shape[1] % STEP == 0
        assert torch.equal(found[name][:, :width], tensor), name
        assert not found[name][:, width:].any(), name


def test_rows_that_are_put_together_are_those_that_were_apart(tokenizer, rows):
    joined = join([tokenise(tokenizer, EXAMPLES[:1]), tokenise(tokenizer, EXAMPLES[1:])])
    for name in vars(rows):
        assert np.array_equal(getattr(joined, name), getattr(rows, name)), name


def test_nothing_gives_no_rows(tokenizer):
    assert len(tokenise(tokenizer, [])) == 0
