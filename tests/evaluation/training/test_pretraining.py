"""Pretraining: the examples of a round are the same however many processes make them."""

from pathlib import Path

import numpy as np
import pytest

from evaluation.training.pretraining import ROUNDS, WINDOWS, WORD_NET, Round, make_rows
from evaluation.training.reader_training import Recipe
from evaluation.training.text_windows import TextDocument, keep_windows
from evaluation.training.word_net import keep_word_net, read_dictionaries
from tests.support.tiny_word_net import write_word_net

TEXT = (
    "In 1866 the old mill of Kelso sold 40 sacks of barley to Robert Hume of Oban. "
    "A dog of Mary Trent was seen in Selkirk on 12 evenings of the cold summer of 1871. "
)


def test_no_two_rounds_see_the_same_examples():
    seeds = [seed for made in ROUNDS for seed in made.seeds]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.model
@pytest.mark.thorough
def test_examples_are_the_same_however_many_processes_make_them(tmp_path: Path):
    keep_windows([TextDocument("mills", "Mills", (TEXT, TEXT * 2))], tmp_path / WINDOWS)
    word_net = read_dictionaries(write_word_net(tmp_path / "word_net"))
    keep_word_net(word_net, tmp_path / WORD_NET)
    made = Round(20, range(2), Recipe(1, 8, 1e-4, 1e-3), seed=1)
    alone = make_rows(tmp_path, made)
    together = make_rows(tmp_path, made, processes=2)
    assert 10 < len(alone) <= 20
    assert np.array_equal(alone.tokens, together.tokens)
    assert np.array_equal(alone.labels, together.labels)
    assert 2 <= len(make_rows(tmp_path, made, examples=4)) <= 4
