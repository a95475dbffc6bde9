"""The training loop: every row once an epoch, batches of one kind, weights averaged."""

import random
from dataclasses import replace

import numpy as np
import pytest
import torch

from evaluation.training import reader_training
from evaluation.training.examples import Claim, Pair, Support
from evaluation.training.reader_rows import Kind, Rows, open_rows_tokenizer, tokenise
from evaluation.training.reader_training import (
    Recipe,
    average,
    batches_of,
    copied,
    fit,
    fit_average,
    open_network,
    read,
    read_support,
    restore,
    save,
)

RECIPE = Recipe(epochs=3, batch=4, rate=1e-3, head_rate=1e-2)


def fake_rows(kinds: list[int], lengths: list[int]) -> Rows:
    none = np.zeros(len(kinds), np.int64)
    bounds = np.cumsum([0, *lengths])
    return Rows(np.zeros(bounds[-1], np.uint16), bounds, none, np.array(kinds), none, none)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_row_is_seen_once_an_epoch_and_a_batch_is_of_one_kind(seed: int):
    chance = random.Random(seed)
    kinds = [int(chance.random() < 0.3) for _ in range(100)]
    rows = fake_rows(kinds, [chance.randint(5, 90) for _ in kinds])
    batches = batches_of(rows, range(100), 16, random.Random(seed))
    assert sorted(np.concatenate(batches)) == list(range(100))
    assert all(len({kinds[p] for p in batch}) == 1 for batch in batches)
    assert max(map(len, batches)) == 16
    again = batches_of(rows, range(100), 16, random.Random(seed))
    assert all(np.array_equal(a, b) for a, b in zip(batches, again, strict=True))


def test_a_batch_holds_rows_of_similar_length():
    rows = fake_rows([Kind.QUESTION] * 64, list(range(64, 0, -1)))
    spreads = [np.ptp(rows.lengths[b]) for b in batches_of(rows, range(64), 8, random.Random(1))]
    assert max(spreads) == 7


def test_averaged_weights_are_the_means_in_their_own_type():
    first = {"a": torch.tensor([1.0, 3.0]), "b": torch.tensor([2.0], dtype=torch.float16)}
    second = {"a": torch.tensor([3.0, 5.0]), "b": torch.tensor([4.0], dtype=torch.float16)}
    mean = average([first, second])
    assert mean["a"].tolist() == [2.0, 4.0]
    assert mean["b"].tolist() == [3.0]
    assert mean["b"].dtype == torch.float16
    assert first["a"].tolist() == [1.0, 3.0], "what is averaged stays as it was"


def test_readers_of_all_seeds_begin_at_the_same_start(monkeypatch):
    network = torch.nn.Linear(1, 1, bias=False)
    torch.nn.init.constant_(network.weight, 10.0)
    seen = []

    def fake_fit(network, rows, positions, recipe, seed):
        seen.append(network.weight.item())
        torch.nn.init.constant_(network.weight, float(seed))

    monkeypatch.setattr(reader_training, "fit", fake_fit)
    fit_average(network, fake_rows([], []), [], RECIPE, [1, 2, 6])
    assert seen == [10.0] * 3
    assert network.weight.item() == pytest.approx(3.0)


@pytest.mark.model
def test_a_reader_learns_and_is_read_back_without_its_embeddings(tmp_path, capsys):
    months = "The warranty is 36 months."
    pairs = [Pair("How long is the warranty?", months, True, 16, 25),
             Pair("What does paint cost?", months, answers=False)] * 4  # fmt: skip
    claims = [Claim("It is 36 months.", months, Support.SUPPORTED),
              Claim("It is 12 months.", months, Support.NOT)] * 4  # fmt: skip
    torch.manual_seed(1)
    network = open_network()
    before = copied(network)
    tokenizer = open_rows_tokenizer()
    rows = tokenise(tokenizer, [*pairs, *claims])
    fit(network, rows, range(len(rows)), RECIPE, seed=1)
    fit(network, rows, range(len(rows)), replace(RECIPE, steps=1), seed=2)
    shown = capsys.readouterr().out
    assert "step 12 of 12" in shown
    assert "step 1 of 1" in shown
    yes, no = read(network, tokenise(tokenizer, pairs[:2]))
    assert yes.answers > no.answers
    assert yes.span > no.span
    right, wrong = read_support(network, tokenise(tokenizer, claims[:2]))
    assert right > wrong
    changed = {
        name for name, value in copied(network).items() if not torch.equal(value, before[name])
    }
    assert not any("embeddings" in name for name in changed)
    assert any("layer.0" in name for name in changed)
    save(network, tmp_path / "reader.safetensors")
    other = open_network()
    restore(other, tmp_path / "reader.safetensors")
    other.eval()
    [again] = read(other, tokenise(tokenizer, pairs[:1]))
    assert again.answers == pytest.approx(yes.answers, abs=0.05)
    assert 20 < (tmp_path / "reader.safetensors").stat().st_size / 2**20 < 22
