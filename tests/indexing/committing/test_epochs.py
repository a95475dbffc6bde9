"""The commit protocol: a batch is visible entirely or not at all, whatever breaks on the way."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexing.errors import StoreCorruptError, StoreUnavailableError
from indexing.ledger.documents import UNKNOWN_LABELS, DocumentState, open_versions
from indexing.ledger.leases import HeldLease
from indexing.points import OPEN_END, PointFilter, visible
from tests.support.postgres import empty_database

State = dict[str, list[str]]


def seen(bench: Any, epoch: int) -> State:
    """What a reader pinned at `epoch` sees: paragraphs by key, in order."""
    found: dict[str, list[tuple[int, str]]] = {}
    where = visible(epoch, "default", aborted=bench.aborted())
    for point in bench.store.scroll(bench.name, where):
        payload = point.payload
        found.setdefault(payload["key"], []).append((payload["ordinal"], payload["text"]))
    return {key: [text for _, text in sorted(chunks)] for key, chunks in found.items()}


def test_a_title_that_a_ledger_cannot_hold_does_not_stop_the_batch(workbench: Any) -> None:
    """An RTF file names its title in numbers, also in that of NUL."""
    batch = workbench.batch({"a.rtf": ["One."], "b.txt": ["Two."]})
    rtf, other = batch.parsed.documents
    titled = replace(rtf, prepared=replace(rtf.prepared, title="Tide\0 table \ud800"))
    workbench.carry(replace(batch, parsed=replace(batch.parsed, documents=(titled, other))))
    assert seen(workbench, 1) == {"a.rtf": ["One."], "b.txt": ["Two."]}
    (version,) = open_versions(workbench.ledger, workbench.name, [rtf.document_id]).values()
    (point,) = workbench.store.scroll(
        workbench.name, PointFilter(document_ids=frozenset({str(rtf.document_id)}))
    )
    assert version.title == point.payload["title"] == "Tide table ?"


class BreakingStore:
    """A real store whose n-th write fails, before or after it took effect."""

    def __init__(self, store: Any, writes: int, *, applied: bool) -> None:
        self._store = store
        self._left = writes
        self._applied = applied

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def upsert(self, *arguments: Any, **options: Any) -> None:
        self._write(self._store.upsert, *arguments, **options)

    def set_valid_to(self, *arguments: Any, **options: Any) -> None:
        self._write(self._store.set_valid_to, *arguments, **options)

    def delete(self, *arguments: Any, **options: Any) -> None:
        self._write(self._store.delete, *arguments, **options)

    def _write(self, call: Callable[..., None], *arguments: Any, **options: Any) -> None:
        self._left -= 1
        if self._left < 0:
            if self._applied:
                call(*arguments, **options)
            raise StoreUnavailableError("the store went away")
        call(*arguments, **options)


def test_a_batch_becomes_visible_with_its_commit(workbench: Any) -> None:
    batch = workbench.batch({"a.txt": ["one", "two"], "b.txt": ["three"]})
    with HeldLease(workbench.ledger, workbench.name, "run1", 30.0) as lease:
        writer = workbench.writer(lease)
        verified = writer.verify(writer.stage(batch))
        assert seen(workbench, workbench.epoch()) == {}
        writer.commit(verified)
    assert seen(workbench, workbench.epoch()) == {"a.txt": ["one", "two"], "b.txt": ["three"]}


def test_an_old_epoch_keeps_showing_what_it_showed(workbench: Any) -> None:
    workbench.carry(workbench.batch({"a.txt": ["one", "two", "three"]}))
    before = workbench.epoch()
    workbench.carry(workbench.batch({"a.txt": ["one", "2"]}))
    workbench.carry(workbench.batch(deletions=["a.txt"]))
    assert seen(workbench, before) == {"a.txt": ["one", "two", "three"]}
    assert seen(workbench, before + 1) == {"a.txt": ["one", "2"]}
    assert seen(workbench, workbench.epoch()) == {}


def test_a_move_keeps_the_document_and_its_version(workbench: Any) -> None:
    workbench.carry(workbench.batch({"old.txt": ["one", "two"]}))
    before = workbench.standing("old.txt")
    workbench.carry(workbench.batch(moves=[("old.txt", "new/name.txt")]))
    after = workbench.standing("new/name.txt")
    assert seen(workbench, workbench.epoch()) == {"new/name.txt": ["one", "two"]}
    assert (after.document_id, after.version) == (before.document_id, before.version)


def test_two_documents_may_swap_their_keys(workbench: Any) -> None:
    workbench.carry(workbench.batch({"a.txt": ["first"], "b.txt": ["second"]}))
    workbench.carry(workbench.batch(moves=[("a.txt", "b.txt"), ("b.txt", "a.txt")]))
    assert seen(workbench, workbench.epoch()) == {"a.txt": ["second"], "b.txt": ["first"]}


def test_a_document_that_does_not_add_up_is_unstaged(workbench: Any) -> None:
    workbench.carry(workbench.batch({"a.txt": ["old"], "b.txt": ["old b"]}))
    batch = workbench.batch({"a.txt": ["new", "newer"], "b.txt": ["new b"]})
    with HeldLease(workbench.ledger, workbench.name, "run2", 30.0) as lease:
        writer = workbench.writer(lease)
        staged = writer.stage(batch)
        lost = next(d for d in staged.documents if d.version.key == "a.txt").points[0]
        workbench.store.delete(workbench.name, [lost.id])
        committed = writer.commit(writer.verify(staged))
    assert seen(workbench, workbench.epoch()) == {"a.txt": ["old"], "b.txt": ["new b"]}
    refused = [s for s in committed.settled if s.outcome is DocumentState.QUARANTINED]
    told = [(s.key, s.reason, s.version, s.chunks) for s in refused]
    assert told == [("a.txt", "not_stored", 1, 0)]
    (version,) = open_versions(workbench.ledger, workbench.name, [refused[0].document_id]).values()
    assert version.number == 1, "nobody counts on the new one"


def test_a_document_whose_only_point_never_arrived_is_unstaged(workbench: Any) -> None:
    batch = workbench.batch({"a.txt": ["one"], "b.txt": ["two"]})
    with HeldLease(workbench.ledger, workbench.name, "run1", 30.0) as lease:
        writer = workbench.writer(lease)
        staged = writer.stage(batch)
        lost = next(d for d in staged.documents if d.version.key == "a.txt").points
        workbench.store.delete(workbench.name, [p.id for p in lost])
        committed = writer.commit(writer.verify(staged))
    assert seen(workbench, 1) == {"b.txt": ["two"]}
    assert {s.key: s.reason for s in committed.settled} == {"a.txt": "not_stored", "b.txt": None}


def test_what_does_not_arrive_counts_its_attempts_and_has_no_labels(workbench: Any) -> None:
    """So that it is not tried for ever, and that the served version is labelled anew meanwhile."""
    workbench.carry(workbench.batch({"a.txt": ["old"]}))
    batch = workbench.batch({"a.txt": ["new"]})
    again = replace(batch.parsed.documents[0], attempts=2)
    batch = replace(batch, parsed=replace(batch.parsed, documents=(again,)))
    with HeldLease(workbench.ledger, workbench.name, "run2", 30.0) as lease:
        writer = workbench.writer(lease)
        staged = writer.stage(batch)
        workbench.store.delete(workbench.name, [p.id for p in staged.documents[0].points])
        writer.commit(writer.verify(staged))
    standing = workbench.standing("a.txt")
    assert (standing.version, standing.attempts, standing.labels) == (1, 3, UNKNOWN_LABELS)
    assert "0 of 1 points" in standing.detail


def test_a_writer_clears_away_its_own_broken_batch_before_the_next(workbench: Any) -> None:
    with HeldLease(workbench.ledger, workbench.name, "run1", 30.0) as lease:
        writer = workbench.writer(lease)
        writer.stage(workbench.batch({"a.txt": ["never", "committed"]}))
        writer.commit(writer.verify(writer.stage(workbench.batch())))  # touches no point
        writer.commit(writer.verify(writer.stage(workbench.batch({"b.txt": ["two"]}))))
    assert seen(workbench, workbench.epoch()) == {"b.txt": ["two"]}
    assert workbench.store.count(workbench.name, PointFilter()) == 1


def test_points_of_a_stranger_stop_the_commit(workbench: Any) -> None:
    batch = workbench.batch({"a.txt": ["one"]})
    with HeldLease(workbench.ledger, workbench.name, "run3", 30.0) as lease:
        writer = workbench.writer(lease)
        staged = writer.stage(batch)
        point = staged.documents[0].points[0]
        stranger = type(point)(
            UUID(int=7), point.dense, point.sparse, {**point.payload, "document_id": "x"}
        )
        workbench.store.upsert(workbench.name, [stranger])
        with pytest.raises(StoreCorruptError, match="Another program writes"):
            writer.commit(writer.verify(staged))
    assert workbench.epoch() == 0


def test_a_point_that_is_lost_after_it_was_counted_stops_the_commit(workbench: Any) -> None:
    with HeldLease(workbench.ledger, workbench.name, "run1", 30.0) as lease:
        writer = workbench.writer(lease)
        verified = writer.verify(writer.stage(workbench.batch({"a.txt": ["one", "two"]})))
        workbench.store.delete(workbench.name, [verified.documents[0].points[0].id])
        with pytest.raises(StoreCorruptError, match="1 staged and 0 closed"):
            writer.commit(verified)
    assert workbench.epoch() == 0


def test_a_closing_by_a_stranger_stops_the_commit(workbench: Any) -> None:
    workbench.carry(workbench.batch({"a.txt": ["one"]}))
    point = next(iter(workbench.store.scroll(workbench.name, visible(1, "default"))))
    with HeldLease(workbench.ledger, workbench.name, "run3", 30.0) as lease:
        writer = workbench.writer(lease)
        verified = writer.verify(writer.stage(workbench.batch({"b.txt": ["two"]})))
        workbench.store.set_valid_to(workbench.name, [point.id], verified.staged.epoch)
        with pytest.raises(StoreCorruptError, match="1 closed"):
            writer.commit(verified)
    workbench.carry(workbench.batch({"b.txt": ["two"]}))
    assert seen(workbench, workbench.epoch()) == {"a.txt": ["one"], "b.txt": ["two"]}


def test_what_moved_to_the_key_of_a_deleted_document_is_written_there(workbench: Any) -> None:
    workbench.carry(workbench.batch({"a.txt": ["one"], "c.txt": ["three"]}))
    workbench.carry(workbench.batch(deletions=["c.txt"]))
    workbench.carry(workbench.batch(moves=[("a.txt", "c.txt")]))
    workbench.carry(workbench.batch({"a.txt": ["new"], "c.txt": ["two"]}))
    assert seen(workbench, workbench.epoch()) == {"a.txt": ["new"], "c.txt": ["two"]}


def test_late_writes_of_a_run_that_died_are_never_seen_and_taken_back(workbench: Any) -> None:
    """What lands after another run committed carries a number that was never committed."""
    workbench.carry(workbench.batch({"a.txt": ["one"]}))
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        staged = workbench.writer(lease).stage(workbench.batch({"a.txt": ["1", "2"]}))
    workbench.carry(workbench.batch({"b.txt": ["two"]}))
    late = [p for d in staged.documents for p in d.points]
    workbench.store.upsert(workbench.name, late)
    everything = workbench.store.scroll(workbench.name, visible(workbench.epoch(), "default"))
    good = [p.id for p in everything if p.payload["key"] == "b.txt"]
    workbench.store.set_valid_to(workbench.name, good, staged.epoch)
    assert workbench.aborted() == (staged.epoch,)
    assert seen(workbench, workbench.epoch()) == {"a.txt": ["one"], "b.txt": ["two"]}
    traces = PointFilter(valid_from=staged.epoch)
    ended = PointFilter(ended_after=staged.epoch - 1, ended_by=staged.epoch)
    assert workbench.store.count(workbench.name, traces) == 2
    assert workbench.store.count(workbench.name, ended) == 1
    workbench.carry(workbench.batch({"c.txt": ["three"]}))
    wanted = {"a.txt": ["one"], "b.txt": ["two"], "c.txt": ["three"]}
    assert seen(workbench, workbench.epoch()) == wanted
    assert workbench.store.count(workbench.name, traces) == 0
    assert workbench.store.count(workbench.name, ended) == 0


def test_a_late_reopening_or_closing_undoes_nothing(workbench: Any) -> None:
    """A call that names the value it expects finds another one and leaves it alone."""
    workbench.carry(workbench.batch({"a.txt": ["one"]}))
    old = next(iter(workbench.store.scroll(workbench.name, visible(1, "default")))).id
    workbench.carry(workbench.batch({"a.txt": ["two"]}))
    for end, expected in ((OPEN_END, 77), (78, OPEN_END)):
        workbench.store.set_valid_to(workbench.name, [old], end, expected=expected)
    assert workbench.store.fetch(workbench.name, [old])[0].payload["valid_to"] == 2
    assert seen(workbench, 2) == {"a.txt": ["two"]}
    assert seen(workbench, 1) == {"a.txt": ["one"]}


paragraphs = st.lists(st.sampled_from(["red", "green", "blue", "grey"]), min_size=1, max_size=6)
keys = st.sampled_from(["a", "b", "c", "d"])
change = st.one_of(
    st.tuples(st.just("write"), st.dictionaries(keys, paragraphs, min_size=1, max_size=3)),
    st.tuples(st.just("delete"), st.sets(keys, min_size=1, max_size=2)),
    st.tuples(st.just("move"), st.tuples(keys, keys)),
)
breakdown = st.one_of(st.none(), st.tuples(st.integers(0, 8), st.booleans()))


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(st.tuples(change, breakdown), min_size=1, max_size=7))
def test_no_crash_loses_doubles_or_mixes_anything(
    make_workbench: Callable[[], Any], history: list[Any]
) -> None:
    """Whatever write fails, readers see the state before or after; a rerun reaches the latter."""
    go_through(make_workbench(), history)


@pytest.mark.postgres
@settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=st.lists(st.tuples(change, breakdown), min_size=3, max_size=7))
def test_nor_does_one_with_a_ledger_on_postgresql(
    make_workbench: Callable[..., Any], postgres: str, history: list[Any]
) -> None:
    go_through(make_workbench(empty_database(postgres)), history)


def go_through(bench: Any, history: list[Any]) -> None:
    """Carry out a history of changes, some of which break on the way."""
    state: State = {}
    remembered: list[tuple[int, State]] = []
    for (kind, what), broken in history:
        wanted, arguments = apply(state, kind, what)
        if arguments is None:
            continue
        if broken is not None:
            writes, applied = broken
            try:
                bench.carry(
                    bench.batch(**arguments), BreakingStore(bench.store, writes, applied=applied)
                )
                state = wanted
                remembered.append((bench.epoch(), dict(state)))
                continue
            except StoreUnavailableError:
                assert seen(bench, bench.epoch()) == state
        bench.carry(bench.batch(**arguments))
        state = wanted
        remembered.append((bench.epoch(), dict(state)))
        assert seen(bench, bench.epoch()) == state
        epoch = bench.epoch()
        assert bench.store.count(bench.name, PointFilter(started_after=epoch)) == 0
        assert bench.store.count(bench.name, PointFilter(ended_after=epoch)) == 0
    for epoch, then in remembered:
        assert seen(bench, epoch) == then
    assert bench.store.count(bench.name, visible(OPEN_END - 1, "default")) == sum(
        len(p) for p in state.values()
    )


def apply(state: State, kind: str, what: Any) -> tuple[State, dict[str, Any] | None]:
    """Work out what a change does; none if it cannot be made in this state."""
    if kind == "write":
        return {**state, **{k: list(p) for k, p in what.items()}}, {"documents": what}
    if kind == "delete":
        gone = sorted(k for k in what if k in state)
        return {k: p for k, p in state.items() if k not in gone}, (
            {"deletions": gone} if gone else None
        )
    old, new = what
    if old not in state or new in state:
        return state, None
    moved = {new if k == old else k: p for k, p in state.items()}
    return moved, {"moves": [(old, new)]}
