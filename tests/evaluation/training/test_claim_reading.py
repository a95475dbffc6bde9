"""Claims about pages as a reader learns them: what lies beside the pages, and what comes of it."""

import random
from collections import Counter

import torch

from evaluation.training.batching import BATCH, batches_of
from evaluation.training.claim_reading import (
    Round,
    WrittenClaim,
    read_claims,
    train,
    write,
)
from evaluation.training.examples import Support
from evaluation.training.reader_training import open_network
from query.claims.claim_reader import ClaimReader, read_claim_record

PAGE = "The hall is hired out to members for €30. Dogs are welcome."
LABELS = (Support.SUPPORTED, Support.IN_PART, Support.NOT)


def test_claims_of_every_kind_lie_beside_their_pages() -> None:
    claims = read_claims()
    assert len(claims) > 10_000
    counts = Counter(one.support for one in claims)
    assert min(counts[label] for label in LABELS) > 1_000
    assert all(one.claim.strip() and one.text.strip() for one in claims)
    assert read_claims() == claims
    fewer = read_claims(without=["law", "leisure"])
    assert len(fewer) < len(claims)
    assert not {one.claim for one in claims} < {one.claim for one in fewer}


def test_every_claim_is_in_one_batch() -> None:
    claims = [WrittenClaim(str(n), PAGE[: n % 50], Support.NOT) for n in range(100)]
    batches = batches_of(claims, lambda one: len(one.text), random.Random(1))
    assert sorted(one.claim for batch in batches for one in batch) == sorted(
        one.claim for one in claims
    )
    assert max(map(len, batches)) == BATCH


def test_what_was_learnt_is_written_and_read_again(tmp_path) -> None:
    torch.manual_seed(0)
    claims = [
        WrittenClaim("Dogs are welcome.", PAGE, Support.SUPPORTED),
        WrittenClaim("Dogs are not welcome.", PAGE, Support.NOT),
    ]
    network = open_network()
    train(network, claims, Round(epochs=12, rate=1e-3))
    write(network, tmp_path)
    reader = ClaimReader(tmp_path, read_claim_record(tmp_path))
    right, wrong = reader.support([(one.claim, one.text) for one in claims])
    assert right > 0.5 > wrong
