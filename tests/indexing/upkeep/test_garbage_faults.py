"""Garbage collections that die, sleep, or meet somebody else's work on the way."""

import datetime as dt
from collections.abc import Callable
from contextlib import ExitStack, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from config.settings import PromotionSettings, RetentionSettings
from indexing.errors import StoreCorruptError
from indexing.failpoints import Failpoint
from indexing.generations.promotion import rollback
from indexing.ledger import tables
from indexing.ledger.database import now
from indexing.ledger.generations import GenerationState
from indexing.ledger.leases import HeldLease, seize
from indexing.ledger.runs import recent_runs
from indexing.upkeep import dropping, garbage, unused_blobs
from indexing.upkeep.garbage import collect, plan_collection
from indexing.upkeep.verify import verify
from tests.support.deaths import dying_at, meanwhile


@pytest.fixture
def rig(make_rig: Any) -> Any:
    """A home under settings that keep nothing for its age."""
    rig = make_rig("main")
    rig.corpus.settings = rig.corpus.settings.model_copy(
        update={
            "retention": RetentionSettings(history_days=0.0, history_epochs=0),
            "promotion": PromotionSettings(soak_hours=0.0),
        }
    )
    return rig


@pytest.fixture
def replaced(rig: Any) -> Any:
    """A home whose first generation is past its soak time."""
    rig.write("a.txt", "A note about the mooring.")
    rig.ingest()
    rig.reindex()
    return rig


def rows_of(rig: Any, name: str) -> int:
    with rig.corpus.ledger.read() as connection:
        return sum(
            connection.execute(select(func.count()).where(table.c.generation == name)).scalar()
            for table in (tables.chunk, tables.version, tables.standing)
        )


def files_of(rig: Any, name: str) -> list[Path]:
    return list((rig.settings.home / "index" / "collections").glob(f"*{name}*"))


@pytest.mark.parametrize("point", [Failpoint.HORIZON_RAISED, Failpoint.COLLECTING])
def test_a_drop_that_died_is_finished_by_the_next_collection(
    replaced: Any, point: Failpoint
) -> None:
    with dying_at(point):
        collect(replaced.corpus)
    assert rows_of(replaced, "holdfast__g1") > 0
    collect(replaced.corpus)
    assert rows_of(replaced, "holdfast__g1") == 0
    assert files_of(replaced, "holdfast__g1") == []


def test_files_of_a_removal_that_died_halfway_go_with_the_next_one(
    replaced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder was renamed out of the way; then the process died."""
    with monkeypatch.context() as patched:
        patched.setattr("shutil.rmtree", lambda *_, **__: None)
        with dying_at(Failpoint.COLLECTING):
            collect(replaced.corpus)
    assert len(files_of(replaced, "holdfast__g1")) == 1
    collect(replaced.corpus)
    assert files_of(replaced, "holdfast__g1") == []


def test_what_the_alias_names_is_no_garbage_whatever_the_ledger_says(replaced: Any) -> None:
    """A rollback died after it wrote the alias; the ledger still has the other one as live."""
    with dying_at(Failpoint.SWITCHED):
        rollback(replaced.corpus)
    assert plan_collection(replaced.corpus).dropped == ()
    assert collect(replaced.corpus).dropped == ("holdfast__g2",)
    assert replaced.chunks() == {"a.txt": ["A note about the mooring."]}


def test_nothing_is_garbage_where_the_alias_is_gone(replaced: Any) -> None:
    (replaced.settings.home / "index" / "aliases" / "holdfast").unlink()
    with pytest.raises(StoreCorruptError, match="verify --repair"):
        collect(replaced.corpus)
    assert replaced.corpus.store.collections() == ("holdfast__g1", "holdfast__g2")


@pytest.mark.parametrize(
    "ending", [nullcontext, partial(dying_at, Failpoint.SWITCHED)], ids=["ends", "dies"]
)
def test_a_rollback_that_comes_first_is_seen_by_the_drop(
    replaced: Any, monkeypatch: pytest.MonkeyPatch, ending: Callable[[], Any]
) -> None:
    """Between the look at the soak time and the lease, the generation became live again.

    One that dies has written the alias, and has not told the ledger.
    """
    real, left = garbage.drop, [1]

    def drop(corpus: Any, generation: Any) -> bool:
        if left and left.pop():
            with ending():
                rollback(corpus)
        return real(corpus, generation)

    monkeypatch.setattr(garbage, "drop", drop)
    assert collect(replaced.corpus).dropped == ()
    assert replaced.live == "holdfast__g1"
    assert replaced.chunks() == {"a.txt": ["A note about the mooring."]}


def test_a_generation_that_somebody_took_over_meanwhile_is_not_dropped(
    replaced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The collection slept with the lease in its hand for longer than that lives."""
    real = dropping.mark_dropped

    def late(corpus: Any, generation: Any, lease: Any) -> bool:
        seize(corpus.ledger, generation.name)
        return real(corpus, generation, lease)

    monkeypatch.setattr(dropping, "mark_dropped", late)
    assert collect(replaced.corpus).dropped == ()
    assert replaced.states["holdfast__g1"] == "retired"
    assert rows_of(replaced, "holdfast__g1") > 0
    assert replaced.count("holdfast__g1") == 1


@pytest.mark.parametrize("state", [GenerationState.READY, None], ids=["finished", "taken up"])
def test_a_generation_that_became_of_use_before_its_lease_was_had_is_not_dropped(
    replaced: Any, monkeypatch: pytest.MonkeyPatch, state: GenerationState | None
) -> None:
    table, real = tables.generation, garbage.drop
    building = replaced.corpus.new_generation({}, "holdfast__g2").name
    with replaced.corpus.ledger.write() as connection:
        kept = update(table).where(table.c.name == "holdfast__g1")
        connection.execute(kept.values(retired_at=now() + dt.timedelta(days=1)))
    with ExitStack() as leases:

        def drop(corpus: Any, generation: Any) -> bool:
            if state is None:
                leases.enter_context(HeldLease(corpus.ledger, generation.name, "building", 30.0))
            else:
                with corpus.ledger.write() as connection:
                    mine = update(table).where(table.c.name == generation.name)
                    connection.execute(mine.values(state=state))
            return real(corpus, generation)

        monkeypatch.setattr(garbage, "drop", drop)
        assert collect(replaced.corpus).dropped == ()
    assert replaced.states[building] == (state or GenerationState.BUILDING)


def test_a_commit_beside_a_collection_loses_no_blob(rig: Any) -> None:
    """Content comes back whose blobs were garbage, and closes a version that was not."""
    for text in ("The first one.", "The second one.", "The third one."):
        rig.write("a.txt", text)
        rig.ingest()

    def commit() -> None:
        rig.write("a.txt", "The first one.")
        rig.ingest()

    with meanwhile(Failpoint.HORIZON_RAISED, commit):
        collect(rig.corpus)
    assert verify(rig.corpus, deep=True).sound
    assert rig.seen("holdfast__g1", 3) == {"a.txt": ["The third one."]}


def test_a_collection_that_lost_its_lease_stops_between_blobs(
    rig: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        rig.write("a.txt", f"Version {number}.")
        rig.ingest()
    monkeypatch.setattr(unused_blobs, "TOGETHER", 1)
    real = unused_blobs.others_began
    calls: list[int] = []

    def others_began(*arguments: Any) -> bool:
        calls.append(1)
        if len(calls) == 2:
            arguments[0].execute(update(tables.lease).values(token=tables.lease.c.token + 1))
        return real(*arguments)

    monkeypatch.setattr(unused_blobs, "others_began", others_began)
    before = sum(1 for _ in rig.corpus.blobs.names())
    done = collect(rig.corpus)
    assert (done.blobs, done.blobs_looked_at) == (0, False)
    assert sum(1 for _ in rig.corpus.blobs.names()) == before - 2, "two were proven"


def test_a_generation_that_begins_meanwhile_keeps_all_blobs(rig: Any) -> None:
    for text in ("The first one.", "The second one."):
        rig.write("a.txt", text)
        rig.ingest()
    before = sum(1 for _ in rig.corpus.blobs.names())

    def begin() -> None:
        rig.corpus.new_generation({}, "holdfast__g1")

    with meanwhile(Failpoint.HORIZON_RAISED, begin):
        assert not collect(rig.corpus).blobs_looked_at
    assert sum(1 for _ in rig.corpus.blobs.names()) == before


def test_blobs_that_never_got_their_name_go(rig: Any) -> None:
    rig.write("a.txt", "The first one.")
    with dying_at(Failpoint.BLOB_WRITTEN):
        rig.ingest()
    unfinished = list((rig.settings.home / "blobs").rglob("*.tmp"))
    assert len(unfinished) == 1
    rig.ingest()
    collect(rig.corpus)
    assert not unfinished[0].exists()
    assert verify(rig.corpus, deep=True).sound


def test_a_killed_run_does_not_count_as_running_for_ever(rig: Any) -> None:
    """Nobody works on its generation any more, so no later run of it could say so."""
    rig.write("a.txt", "A note.")
    rig.ingest()
    run = recent_runs(rig.corpus.ledger)[0]
    with rig.corpus.ledger.write() as connection:
        connection.execute(update(tables.run).values(state="Running", generation="holdfast__g0"))
    collect(rig.corpus)
    (after,) = (r for r in recent_runs(rig.corpus.ledger) if r.run_id == run.run_id)
    assert after.state == "Interrupted"
    assert after.message == "The process ended without a word; nobody took over."
