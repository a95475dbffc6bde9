"""Promotion and rollback: one alias write, recorded, and whoever writes meanwhile is stopped."""

from typing import Any

import pytest

from config.settings import Approval
from indexing import pipeline_parts
from indexing.errors import LeaseLostError, ModelMismatchError, PromotionError
from indexing.failpoints import Failpoint, set_hook
from indexing.generations.promotion import check_same_live, rollback
from indexing.ledger.generations import (
    GenerationState,
    find_generation,
    list_generations,
    set_state,
)
from indexing.ledger.leases import is_held
from indexing.ledger.promotions import list_promotions
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource
from tests.support.deaths import dying_at


def test_a_rollback_is_one_alias_write_and_can_be_taken_back(promoted: Any) -> None:
    done = rollback(promoted.corpus)
    assert (done.generation, done.previous, done.behind) == ("holdfast__g1", "holdfast__g2", 0)
    assert promoted.live == "holdfast__g1"
    assert promoted.states == {"holdfast__g1": "live", "holdfast__g2": "retired"}
    rollback(promoted.corpus)
    assert promoted.live == "holdfast__g2"
    kinds = [(p.generation, p.kind) for p in list_promotions(promoted.corpus.ledger, "holdfast")]
    assert kinds == [
        ("holdfast__g1", "first"),
        ("holdfast__g2", "promote"),
        ("holdfast__g1", "rollback"),
        ("holdfast__g2", "rollback"),
    ]


def test_of_several_earlier_ones_the_last_that_was_live_comes_back(promoted: Any) -> None:
    promoted.reindex(overrides={"chunking.max_tokens": 100})
    assert promoted.live == "holdfast__g3"
    assert rollback(promoted.corpus).generation == "holdfast__g2"


def test_one_that_was_dropped_is_passed_over(promoted: Any) -> None:
    promoted.reindex(overrides={"chunking.max_tokens": 100})
    set_state(promoted.corpus.ledger, "holdfast__g2", GenerationState.DROPPED)
    assert rollback(promoted.corpus).generation == "holdfast__g1"


def test_a_rollback_that_died_before_its_record_is_brought_to_its_end(promoted: Any) -> None:
    """Unless one to another generation is asked for, which is a rollback of its own."""
    promoted.reindex(overrides={"chunking.max_tokens": 100})
    with dying_at(Failpoint.SWITCHED):
        rollback(promoted.corpus)
    assert promoted.live == "holdfast__g2"
    done = rollback(promoted.corpus)
    assert (done.generation, done.previous) == ("holdfast__g2", "holdfast__g3")
    last = list_promotions(promoted.corpus.ledger, "holdfast")[-1]
    assert (last.generation, last.kind) == ("holdfast__g2", "rollback")
    assert promoted.states["holdfast__g3"] == "retired"
    with dying_at(Failpoint.SWITCHED):
        rollback(promoted.corpus)
    assert promoted.live == "holdfast__g3"
    assert rollback(promoted.corpus, "holdfast__g1").generation == "holdfast__g1"
    assert promoted.live == "holdfast__g1"


def test_what_is_live_by_now_must_be_what_was_built_on(promoted: Any) -> None:
    first, second = list_generations(promoted.corpus.ledger)
    check_same_live(promoted.corpus, second)
    with pytest.raises(PromotionError, match="holdfast__g2 is live by now, not holdfast__g1"):
        check_same_live(promoted.corpus, first)


def test_what_came_since_is_counted_and_brought_in_by_the_next_ingest(promoted: Any) -> None:
    promoted.write("a.txt", "A note about the anchor.")
    promoted.write("b.txt", "Another note.")
    promoted.ingest()
    done = rollback(promoted.corpus)
    assert done.behind == 2
    assert promoted.seen("holdfast__g1") == {"a.txt": ["A note about the mooring."]}
    report = promoted.ingest()
    assert report.generation == "holdfast__g1"
    assert promoted.seen("holdfast__g1") == promoted.seen("holdfast__g2")


def test_a_run_that_writes_to_the_rolled_back_generation_is_stopped(promoted: Any) -> None:
    promoted.write("b.txt", "Another note.")
    source = LocalFolderSource("docs", promoted.folder)

    def run() -> None:
        generation = promoted.corpus.writable()
        with IngestSession(promoted.corpus, [source], generation=generation) as session:
            plan = session.plan()
            parsed = session.parse(plan)
            rollback(promoted.corpus)
            session.commit(session.verify(session.stage(session.embed(parsed))))

    with pytest.raises(LeaseLostError):
        run()
    assert "b.txt" not in promoted.seen("holdfast__g2")


def test_there_must_be_something_to_go_back_to(rig: Any) -> None:
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    with pytest.raises(PromotionError, match="no generation to go back to"):
        rollback(rig.corpus)
    rig.reindex(approval=Approval.MANUAL)
    for name, complaint in (
        ("holdfast__g1", "live generation already"),
        ("holdfast__g2", "is ready"),
        ("holdfast__g9", "no generation holdfast__g9"),
    ):
        with pytest.raises(PromotionError, match=complaint):
            rollback(rig.corpus, name)
    assert rig.live == "holdfast__g1"


def test_a_dropped_collection_is_not_gone_back_to(promoted: Any) -> None:
    promoted.corpus.store.drop("holdfast__g1")
    with pytest.raises(PromotionError, match="collection of holdfast__g1 is gone"):
        rollback(promoted.corpus)
    assert promoted.live == "holdfast__g2"


class DeadError(BaseException):
    """Stands for the death of the process at a failpoint."""


@pytest.mark.parametrize("point", [Failpoint.GATED, Failpoint.SWITCHED, Failpoint.PROMOTED])
def test_a_death_around_the_alias_write_leaves_the_old_or_the_new_generation(
    rig: Any, point: Failpoint
) -> None:
    """Never none; and the ledger learns of it from the next writer."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()

    def die(reached: Failpoint) -> None:
        if reached is point:
            raise DeadError

    set_hook(die)
    try:
        with pytest.raises(DeadError):
            rig.reindex()
    finally:
        set_hook(None)
    switched = point is not Failpoint.GATED
    assert rig.live == ("holdfast__g2" if switched else "holdfast__g1")
    assert rig.seen(rig.live) == {"a.txt": ["A note about the mooring."]}
    rig.write("b.txt", "Another note.")
    rig.ingest()
    assert find_generation(rig.corpus.ledger, rig.live).state is GenerationState.LIVE
    assert sum(s == "live" for s in rig.states.values()) == 1
    assert list_promotions(rig.corpus.ledger, "holdfast")[-1].generation == rig.live
    if switched:
        assert rollback(rig.corpus).generation == "holdfast__g1"


def test_of_two_candidates_the_second_must_be_built_on_what_is_live_by_then(rig: Any) -> None:
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(approval=Approval.MANUAL)
    rig.reindex(approval=Approval.MANUAL, overrides={"chunking.max_tokens": 100})
    assert rig.promote("holdfast__g2").live == "holdfast__g2"
    assert rig.promote("holdfast__g3").live == "holdfast__g3"
    assert rig.seen("holdfast__g3") == {"a.txt": ["A note about the mooring."]}


def test_nothing_of_another_pipeline_gets_into_a_generation_that_waits(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An upgrade, or other settings, came between its build and its promotion."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(approval=Approval.MANUAL)
    rig.write("b.txt", "Another note.")
    rig.ingest()
    identity = pipeline_parts.ingestion_identity
    monkeypatch.setattr(
        pipeline_parts, "ingestion_identity", lambda r: identity(r) | {"cleaner": "newer"}
    )
    del rig.corpus.__dict__["spec"]
    with pytest.raises(ModelMismatchError, match=r"holdfast__g2 .*ingestion\.cleaner.*reindex"):
        rig.promote("holdfast__g2")
    assert rig.live == "holdfast__g1"
    assert set(rig.seen("holdfast__g2")) == {"a.txt"}
    assert rig.states["holdfast__g2"] == "ready", "a rollback of Holdfast may promote it"


def test_an_ingest_takes_the_settings_of_what_it_is_rolled_back_to(rig: Any) -> None:
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(overrides={"chunking.max_tokens": 100})
    rollback(rig.corpus)
    rig.write("b.txt", "Another note.")
    source = LocalFolderSource("docs", rig.folder)
    with IngestSession(rig.corpus, [source], generation=rig.corpus.writable()) as session:
        assert session.corpus.settings.chunking.max_tokens == 200
        assert run_ingest(session).counts.indexed == 1


def test_an_ingest_follows_a_rollback_that_comes_between(rig: Any) -> None:
    """It had resolved a generation of other settings, and gets its lease after the rollback."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex(overrides={"chunking.max_tokens": 100})
    generation = rig.corpus.writable()
    rig.write("b.txt", "Another note.")
    session = IngestSession(
        rig.corpus, [LocalFolderSource("docs", rig.folder)], generation=generation
    )
    rollback(rig.corpus)
    with session:
        # Nobody is kept from the one that it left.
        assert not is_held(rig.corpus.ledger, generation.name)
        assert session.corpus.settings.chunking.max_tokens == 200
        assert run_ingest(session).generation == "holdfast__g1"
