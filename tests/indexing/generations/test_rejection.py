"""A person's no: the generation is marked, never promoted, and the reason is kept."""

from typing import Any

import pytest

from config.settings import Approval
from indexing.errors import PromotionError, WriterBusyError
from indexing.generations.reindex import promote
from indexing.generations.rejection import reject
from indexing.ledger.generations import GenerationState, find_generation
from indexing.ledger.leases import HeldLease

SECOND = "holdfast__g2"


@pytest.fixture
def waiting(rig: Any) -> Any:
    """A home whose second generation waits for a person."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(approval=Approval.MANUAL)
    return rig


def state(rig: Any, name: str = SECOND) -> GenerationState:
    generation = find_generation(rig.corpus.ledger, name)
    assert generation is not None
    return generation.state


def test_a_rejected_generation_says_why_and_is_never_promoted(waiting: Any) -> None:
    gates = find_generation(waiting.corpus.ledger, SECOND).gates
    reject(waiting.corpus, SECOND, "not before the release")
    assert state(waiting) is GenerationState.REJECTED
    kept = find_generation(waiting.corpus.ledger, SECOND).gates
    assert kept[:-1] == gates  # what was measured stays
    with pytest.raises(PromotionError, match="person: rejected: not before the release"):
        promote(waiting.corpus, SECOND)
    assert waiting.live == "holdfast__g1"


def test_the_next_reindex_builds_another_one(waiting: Any) -> None:
    reject(waiting.corpus, SECOND)
    waiting.reindex()
    assert waiting.live == "holdfast__g3"
    assert state(waiting) is GenerationState.REJECTED


@pytest.mark.parametrize("name", ["holdfast__g1", "holdfast__g9"])
def test_only_what_waits_can_be_rejected(waiting: Any, name: str) -> None:
    with pytest.raises(PromotionError, match="Nothing was changed"):
        reject(waiting.corpus, name)
    assert state(waiting, "holdfast__g1") is GenerationState.LIVE
    assert state(waiting) is GenerationState.READY


def test_a_promotion_that_is_under_way_is_not_rejected(waiting: Any) -> None:
    with (
        HeldLease(waiting.corpus.ledger, SECOND, "promoting", 60.0),
        pytest.raises(WriterBusyError),
    ):
        reject(waiting.corpus, SECOND)
    assert state(waiting) is GenerationState.READY
