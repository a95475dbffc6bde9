"""A process that dies between the alias write and the ledger's record, and aliases gone astray."""

from typing import Any

import pytest

from config.settings import Approval
from indexing.errors import (
    LeaseLostError,
    LedgerUnavailableError,
    PromotionError,
    StoreCorruptError,
)
from indexing.failpoints import Failpoint
from indexing.generations import build
from indexing.generations import reindex as reindexing
from indexing.generations.build import BuildSession
from indexing.generations.promotion import rollback
from indexing.ledger.database import Ledger
from indexing.ledger.generations import Generation, GenerationState, list_generations, set_state
from indexing.ledger.leases import seize
from indexing.ledger.promotions import list_promotions
from indexing.ledger.runs import silent_runs
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from query.decision import ReasonCode, Status
from query.opening import open_engine
from tests.support.deaths import dying_at


def test_a_promotion_that_died_after_the_alias_write_is_done_and_says_so(rig: Any) -> None:
    """The rerun must not wait for the lease that it holds itself."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(approval=Approval.MANUAL)
    with dying_at(Failpoint.SWITCHED):
        rig.promote()
    with pytest.raises(PromotionError, match=r"No generation waits.*holdfast__g2 is live"):
        rig.promote()
    assert rig.states == {"holdfast__g1": "retired", "holdfast__g2": "live"}
    with pytest.raises(PromotionError, match="is the live generation already"):
        rig.promote("holdfast__g2")


def test_a_build_that_cannot_begin_gives_its_lease_back(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its heartbeat would keep the lease as long as the process lives."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()

    def unavailable(_: Ledger) -> list[Generation]:
        raise LedgerUnavailableError("It is locked.")

    monkeypatch.setattr(build, "list_generations", unavailable)
    with pytest.raises(LedgerUnavailableError):
        rig.reindex()
    monkeypatch.undo()
    assert silent_runs(rig.corpus.ledger), "it began, and nobody works on it"
    live = rig.corpus.live()
    with BuildSession(rig.corpus, list_generations(rig.corpus.ledger)[-1], live) as session:
        assert session.generation.name == "holdfast__g2"


def test_a_rollback_that_died_after_the_alias_write_is_brought_to_its_end(promoted: Any) -> None:
    """Going back once more would make the generation live that was to be got rid of."""
    with dying_at(Failpoint.SWITCHED):
        rollback(promoted.corpus)
    done = rollback(promoted.corpus)
    assert (done.generation, done.previous) == ("holdfast__g1", "holdfast__g2")
    assert promoted.live == "holdfast__g1"
    assert promoted.states == {"holdfast__g1": "live", "holdfast__g2": "retired"}
    kinds = [p.kind for p in list_promotions(promoted.corpus.ledger, "holdfast")]
    assert kinds == ["first", "promote", "rollback"]


def test_a_build_that_died_after_its_gates_is_gone_on_with(rig: Any) -> None:
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    with dying_at(Failpoint.GATED):
        rig.reindex()
    assert rig.states["holdfast__g2"] == "ready"
    assert rig.reindex().live == "holdfast__g2"
    assert rig.states == {"holdfast__g1": "retired", "holdfast__g2": "live"}


@pytest.mark.parametrize("asleep", ["before the gates are recorded", "before the alias is written"])
def test_a_promotion_that_slept_does_not_undo_the_one_that_came_after(
    rig: Any, monkeypatch: pytest.MonkeyPatch, asleep: str
) -> None:
    """Its leases ran out, and another generation was promoted meanwhile."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(approval=Approval.MANUAL)
    rig.reindex(approval=Approval.MANUAL, overrides={"chunking.max_tokens": 100})
    name = "run_structure_gates" if "gates" in asleep else "switch"
    real = getattr(reindexing, name)

    def slept(*arguments: Any) -> Any:
        monkeypatch.setattr(reindexing, name, real)
        for generation in ("holdfast__g1", "holdfast__g2"):
            seize(rig.corpus.ledger, generation)
        rig.promote("holdfast__g3")
        return real(*arguments)

    monkeypatch.setattr(reindexing, name, slept)
    with pytest.raises(LeaseLostError):
        rig.promote("holdfast__g2")
    assert rig.live == "holdfast__g3"
    assert rig.states == {
        "holdfast__g1": "retired", "holdfast__g2": "ready", "holdfast__g3": "live"
    }  # fmt: skip


@pytest.mark.parametrize("state", ["rejected", "building", "dropped"])
def test_a_generation_that_must_not_be_served_is_not_served(promoted: Any, state: str) -> None:
    """Some other program wrote the alias: neither readers nor writers follow it."""
    corpus = promoted.corpus
    candidate = corpus.new_generation({}, "holdfast__g2")
    set_state(corpus.ledger, candidate.name, GenerationState(state))
    corpus.store.point_alias("holdfast", candidate.name)
    with pytest.raises(StoreCorruptError, match=f"{candidate.name}, which is {state}"):
        promoted.ingest()
    decision = open_engine(corpus).ground("What about the mooring?")
    assert (decision.status, decision.verdict) == (Status.UNAVAILABLE, None)
    assert verify(corpus).counts == {"alias_wrong": 1}
    assert repair(corpus).after.sound
    assert promoted.live == "holdfast__g2"


def test_an_alias_that_is_gone_is_no_empty_index(promoted: Any) -> None:
    alias = promoted.settings.home / "index" / "aliases" / "holdfast"
    alias.unlink()
    decision = open_engine(promoted.corpus).ground("What about the mooring?")
    assert decision.status is Status.UNAVAILABLE
    assert [r.code for r in decision.reasons] == [ReasonCode.STORE_UNAVAILABLE]
    for deed in (promoted.ingest, promoted.reindex, lambda: rollback(promoted.corpus)):
        with pytest.raises(StoreCorruptError, match="verify --repair"):
            deed()
    assert not alias.exists()
    assert repair(promoted.corpus).after.sound
    assert promoted.live == "holdfast__g2"
