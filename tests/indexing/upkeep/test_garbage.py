"""Garbage collection: what is past its retention goes, and nothing else."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select, update

from config.auditing import AuditSettings
from config.settings import Approval, RetentionSettings
from config.sources import LocalSource
from indexing.errors import EpochNotCommittedError, EpochNotRetainedError
from indexing.failpoints import Failpoint, set_hook
from indexing.freshness import freshness_in
from indexing.generations.timeline import state_at
from indexing.ledger import database, tables
from indexing.ledger.database import now
from indexing.ledger.generations import GenerationState, find_generation
from indexing.ledger.leases import HeldLease
from indexing.ledger.requests import logged_requests, record_request
from indexing.ledger.runs import recent_runs
from indexing.points import PointFilter
from indexing.upkeep.garbage import collect, plan_collection
from indexing.upkeep.verify import verify
from tests.support.homes import UNHURRIED, keep_as_the_first_versions, stage_and_die


def keeping(rig: Any, *, soak_hours: float = 24.0, **changes: Any) -> None:
    """Set the retention; by default nothing is kept for its age."""
    retention = RetentionSettings(**({"history_days": 0.0, "history_epochs": 0} | changes))
    promotion = UNHURRIED.model_copy(update={"soak_hours": soak_hours})
    rig.corpus.settings = rig.corpus.settings.model_copy(
        update={"retention": retention, "promotion": promotion}
    )


@pytest.fixture
def aged(rig: Any) -> Any:
    """Five versions of one document, beside one that never changed."""
    rig.write("still.txt", "This one stays as it is.")
    for number in range(5):
        rig.write("a.txt", f"The mooring has {number} ropes.")
        rig.ingest()
    return rig


def test_only_superseded_versions_go_and_what_is_seen_now_stays(aged: Any) -> None:
    now_seen = aged.seen("holdfast__g1")
    keeping(aged)
    planned = plan_collection(aged.corpus)
    assert aged.count("holdfast__g1") == 6, "a plan removes nothing"
    done = collect(aged.corpus)
    assert done.generations == planned.generations
    (part,) = done.generations
    assert (part.versions, part.points, part.horizon) == (4, 4, 5)
    assert done.blobs == planned.blobs == 8, "bytes and text of four versions"
    assert aged.count("holdfast__g1") == 2
    assert aged.seen("holdfast__g1") == now_seen
    with aged.corpus.ledger.read() as connection:
        for table in (tables.chunk, tables.version):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 2
    assert verify(aged.corpus, deep=True).sound
    with pytest.raises(EpochNotRetainedError):
        state_at(aged.corpus.ledger, "holdfast", aged.corpus.live(), 4)


def test_each_generation_loses_its_own_history_and_is_counted_alone(aged: Any) -> None:
    """Both count their epochs from the beginning, and one goes on while the other is kept."""
    aged.reindex()
    for number in (6, 7):
        aged.write("a.txt", f"The mooring has {number} ropes.")
        aged.ingest()
    keeping(aged, history_epochs=1)
    planned, done = plan_collection(aged.corpus), collect(aged.corpus)
    assert done.generations == planned.generations
    assert [(g.versions, g.points) for g in done.generations] == [(3, 3), (1, 1)]
    assert [aged.count(g.generation) for g in done.generations] == [3, 3]
    assert verify(aged.corpus, deep=True).sound


def test_history_that_went_does_not_come_back_by_keeping_more(aged: Any) -> None:
    keeping(aged)
    collect(aged.corpus)
    keeping(aged, history_epochs=3)
    planned, done = plan_collection(aged.corpus), collect(aged.corpus)
    for garbage in (planned, done):
        assert [(part.horizon, part.points) for part in garbage.generations] == [(5, 0)]


def test_the_newest_epochs_stay_readable_whatever_their_age(
    aged: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clock that jumps ten years ahead takes no more than what is old by count as well."""
    seen = {epoch: aged.seen("holdfast__g1", epoch) for epoch in (3, 4, 5)}
    keeping(aged, history_days=30.0, history_epochs=2)
    monkeypatch.setattr(database, "now", lambda: now() + dt.timedelta(days=3650))
    collect(aged.corpus)
    assert find_generation(aged.corpus.ledger, "holdfast__g1").horizon == 3
    assert {epoch: aged.seen("holdfast__g1", epoch) for epoch in (3, 4, 5)} == seen
    assert verify(aged.corpus).sound


def test_everything_can_be_kept_for_ever(aged: Any) -> None:
    """A log may be kept for longer than any calendar reaches back."""
    aged.reindex()
    keeping(aged, soak_hours=24 * 36_500, history_days=36_500)
    audit = aged.corpus.settings.audit.model_copy(update={"keep_days": 10**9})
    aged.corpus.settings = aged.corpus.settings.model_copy(update={"audit": audit})
    planned, done = plan_collection(aged.corpus), collect(aged.corpus)
    for garbage in (planned, done):
        assert sum(part.points for part in garbage.generations) == 0
        assert (garbage.dropped, garbage.requests, garbage.runs) == ((), 0, 0)
    assert aged.count("holdfast__g1") == 6


def test_the_state_of_the_cutoff_itself_stays_readable(aged: Any) -> None:
    with aged.corpus.ledger.write() as connection:
        connection.execute(update(tables.promotion).values(at=now() - dt.timedelta(days=60)))
        for number, days in ((1, 50), (2, 40), (3, 20), (4, 10)):
            connection.execute(
                update(tables.epoch)
                .where(tables.epoch.c.number == number)
                .values(committed_at=now() - dt.timedelta(days=days))
            )
    keeping(aged, history_days=30.0)
    collect(aged.corpus)
    assert find_generation(aged.corpus.ledger, "holdfast__g1").horizon == 2
    moment = now() - dt.timedelta(days=30)
    state = state_at(aged.corpus.ledger, "holdfast", aged.corpus.live(), moment)
    assert aged.seen("holdfast__g1", state.epoch)["a.txt"] == ["The mooring has 1 ropes."]


def test_a_point_closed_by_a_batch_that_was_never_committed_is_no_garbage(aged: Any) -> None:
    """Its mark lies below the horizon, but the ledger says that it is live."""
    staged = stage_and_die(aged, "a.txt", "The mooring has nine ropes.")
    epoch = staged[0].payload["valid_from"]
    aged.write("b.txt", "Another note.")
    aged.ingest()
    still = [
        p.id
        for p in aged.corpus.store.scroll("holdfast__g1", PointFilter())
        if p.payload["key"] == "still.txt"
    ]
    aged.corpus.store.set_valid_to("holdfast__g1", still, epoch)
    keeping(aged)
    collect(aged.corpus)
    assert aged.seen("holdfast__g1")["still.txt"] == ["This one stays as it is."]


class DeadError(BaseException):
    """Stands for the death of the process."""


@pytest.mark.parametrize("moment", [(Failpoint.HORIZON_RAISED, 1), (Failpoint.COLLECTING, 1)])
def test_an_interrupted_collection_leaves_a_sound_index_and_is_run_again(
    aged: Any, moment: tuple[Failpoint, int]
) -> None:
    keeping(aged)
    seen: list[Failpoint] = []

    def die(point: Failpoint) -> None:
        seen.append(point)
        if (point, seen.count(point)) == moment:
            raise DeadError

    set_hook(die)
    try:
        with pytest.raises(DeadError):
            collect(aged.corpus)
    finally:
        set_hook(None)
    assert verify(aged.corpus).sound
    collect(aged.corpus)
    assert aged.count("holdfast__g1") == 2
    assert verify(aged.corpus, deep=True).sound


def test_generations_go_after_their_soak_time(aged: Any) -> None:
    aged.reindex()
    aged.reindex(overrides={"chunking.max_tokens": 100}, approval=Approval.MANUAL)
    collect(aged.corpus)
    assert aged.corpus.store.collections() == ("holdfast__g1", "holdfast__g2", "holdfast__g3")
    keeping(aged, soak_hours=0.0)
    done = collect(aged.corpus)
    assert done.dropped == ("holdfast__g1",), "a ready one waits, the live one serves"
    assert aged.corpus.store.collections() == ("holdfast__g2", "holdfast__g3")
    assert find_generation(aged.corpus.ledger, "holdfast__g1").state == "dropped"
    with aged.corpus.ledger.read() as connection:
        for table in (tables.chunk, tables.version, tables.standing):
            left = select(func.count()).where(table.c.generation == "holdfast__g1")
            assert connection.execute(left).scalar() == 0
    assert verify(aged.corpus, deep=True).sound
    assert aged.promote().live == "holdfast__g3"


def test_a_rejected_generation_goes_like_a_replaced_one(aged: Any) -> None:
    aged.reindex(approval=Approval.MANUAL)
    table = tables.generation
    with aged.corpus.ledger.write() as connection:
        rejected = update(table).where(table.c.name == "holdfast__g2")
        connection.execute(rejected.values(state=GenerationState.REJECTED))
    keeping(aged, soak_hours=0.0)
    assert collect(aged.corpus).dropped == ("holdfast__g2",)
    assert aged.live == "holdfast__g1"


def test_the_soak_time_begins_when_a_generation_is_replaced(aged: Any) -> None:
    """One that has served for a year is the one to return to on the day after."""
    aged.reindex()
    table, long_ago = tables.generation, now() - dt.timedelta(days=400)
    with aged.corpus.ledger.write() as connection:
        connection.execute(update(table).values(created_at=long_ago))
    keeping(aged, soak_hours=24.0)
    assert plan_collection(aged.corpus).dropped == collect(aged.corpus).dropped == ()
    with aged.corpus.ledger.write() as connection:
        old = update(table).where(table.c.state == GenerationState.RETIRED)
        connection.execute(old.values(retired_at=now() - dt.timedelta(hours=25)))
    assert collect(aged.corpus).dropped == ("holdfast__g1",)


def test_a_build_that_is_running_is_left_alone_and_an_abandoned_one_goes(aged: Any) -> None:
    live = aged.corpus.live()
    building = aged.corpus.new_generation({}, live.name)
    keeping(aged, soak_hours=0.0)
    with HeldLease(aged.corpus.ledger, building.name, "builder", 30.0):
        assert plan_collection(aged.corpus).dropped == ()
        assert collect(aged.corpus).dropped == ()
    assert collect(aged.corpus).dropped == (building.name,)


def test_blobs_are_left_alone_while_a_run_writes(aged: Any) -> None:
    keeping(aged)
    before = sum(1 for _ in aged.corpus.blobs.names())
    with HeldLease(aged.corpus.ledger, "holdfast__g1", "ingesting", 30.0):
        done = collect(aged.corpus)
    assert (done.blobs, done.blobs_looked_at) == (0, False)
    assert sum(1 for _ in aged.corpus.blobs.names()) == before
    assert collect(aged.corpus).blobs == 8


def test_what_the_first_versions_kept_of_documents_goes_although_they_are_served(aged: Any) -> None:
    keeping(aged)
    raw = (aged.folder / "still.txt").read_bytes()
    kept = keep_as_the_first_versions(aged.corpus.settings.home, raw)
    assert collect(aged.corpus).blobs == 9
    assert not kept.exists()
    assert verify(aged.corpus, deep=True).sound


def test_old_requests_and_runs_go_with_their_files(aged: Any) -> None:
    ledger = aged.corpus.ledger
    old = now() - dt.timedelta(days=1000)
    for request_id, at in (("a" * 32, old), ("b" * 32, now())):
        record_request(
            ledger, request_id=request_id, received_at=at, tenant="default", status="ok",
            verdict=None, generation=None, epoch=None, body={},
        )  # fmt: skip
    runs = recent_runs(ledger, 10)
    with ledger.write() as connection:
        connection.execute(
            update(tables.run).where(tables.run.c.run_id == runs[-1].run_id).values(started_at=old)
        )
    file = aged.settings.home / "runs" / f"{runs[-1].run_id}.jsonl"
    assert file.exists()
    planned, done = plan_collection(aged.corpus), collect(aged.corpus)
    assert (done.requests, done.runs) == (planned.requests, planned.runs) == (1, 1)
    assert len(logged_requests(ledger, "default", 10)) == 1
    assert not file.exists()
    assert len(recent_runs(ledger, 10)) == len(runs) - 1


def test_what_was_never_served_is_not_served_once_its_run_is_old(aged: Any) -> None:
    """Only the run that built a generation tells which of its epochs hold a part of it."""
    ledger = aged.corpus.ledger
    aged.reindex()
    aged.write("later.txt", "The buoy was painted after the reindex.")
    aged.ingest()
    with ledger.write() as connection:
        connection.execute(update(tables.run).values(started_at=now() - dt.timedelta(days=1000)))
    assert collect(aged.corpus).runs == 5, "the ingests but the newest, which tells how fresh it is"
    with pytest.raises(EpochNotCommittedError, match="built, not served"):
        state_at(ledger, "holdfast", aged.corpus.live(), 0)
    assert state_at(ledger, "holdfast", aged.corpus.live(), 1).epoch == 1


def test_the_run_that_built_a_generation_goes_once_that_is_dropped(aged: Any) -> None:
    aged.reindex()
    aged.reindex(overrides={"chunking.max_tokens": 100})
    with aged.corpus.ledger.write() as connection:
        connection.execute(update(tables.run).values(started_at=now() - dt.timedelta(days=1000)))

    def builds() -> list[str]:
        runs = recent_runs(aged.corpus.ledger)
        return sorted(run.generation for run in runs if run.kind == "reindex")

    collect(aged.corpus)
    assert builds() == ["holdfast__g2", "holdfast__g3"]
    keeping(aged, soak_hours=0.0)
    assert collect(aged.corpus).dropped == ("holdfast__g1", "holdfast__g2")
    assert builds() == ["holdfast__g3"]


@pytest.mark.parametrize("configured", [(), ("docs",)], ids=["none configured", "configured"])
def test_a_source_that_is_rarely_ingested_is_not_said_to_be_unknown(
    aged: Any, configured: tuple[str, ...]
) -> None:
    """Requests may be kept for a day, and a source may be read once a month."""
    corpus = aged.corpus
    orchestration = corpus.settings.orchestration.model_copy(update={"stale_after_hours": 8000.0})
    sources = tuple(LocalSource(name=name, path=aged.folder) for name in configured)
    audit = AuditSettings(keep_days=1)
    corpus.settings = corpus.settings.model_copy(
        update={"orchestration": orchestration, "sources": sources, "audit": audit}
    )
    past = now() - dt.timedelta(days=30)
    with corpus.ledger.write() as connection:
        connection.execute(update(tables.run).values(started_at=past))
        connection.execute(update(tables.run).values(finished_at=past))
    before = freshness_in(corpus)
    assert not before.is_stale
    planned, done = plan_collection(corpus), collect(corpus)
    assert planned.runs == done.runs == 4, "all but the one that tells it"
    assert freshness_in(corpus).checked_at == before.checked_at
