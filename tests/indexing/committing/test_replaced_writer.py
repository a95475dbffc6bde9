"""A run that was replaced as the writer changes nothing of the next one, and leaves no trace."""

import datetime as dt
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import update

from indexing.errors import LeaseLostError, StoreUnavailableError
from indexing.ledger import tables
from indexing.ledger.database import now
from indexing.ledger.generations import allocate_epoch
from indexing.ledger.leases import HeldLease, acquire
from indexing.points import OPEN_END, Point, PointFilter, StoredPoint, visible


def expire(workbench: Any) -> None:
    """Let another run take the lease over."""
    with workbench.ledger.write() as connection:
        connection.execute(update(tables.lease).values(expires_at=now() - dt.timedelta(seconds=1)))


def take_over(workbench: Any) -> None:
    """Let the lease expire and give it to another run."""
    expire(workbench)
    acquire(workbench.ledger, workbench.name, "other", 30.0)


class Overtaken:
    """A server's store: its first call of this name lands after another run has committed."""

    def __init__(self, bench: Any, name: str) -> None:
        self._bench = bench
        self._name: str | None = name

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._bench.store, name)
        if name != self._name:
            return call

        def late(*arguments: Any, fence: Any, **options: Any) -> None:
            self._name = None
            fence()
            expire(self._bench)
            self._bench.carry(self._bench.batch({"b.txt": ["of the next run"]}))
            call(*arguments, **options)

        return late


class Late:
    """A real store whose first change of ends takes effect only when it is told to land."""

    def __init__(self, bench: Any) -> None:
        self._store = bench.store
        self._call: tuple[Any, Any] | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def set_valid_to(self, *arguments: Any, fence: Any, **options: Any) -> None:
        self._call = arguments, options
        raise StoreUnavailableError("no answer came")

    def land(self) -> None:
        assert self._call is not None
        self._store.set_valid_to(*self._call[0], **self._call[1])


def only_point(workbench: Any) -> StoredPoint:
    (point,) = workbench.store.scroll(workbench.name, visible(1, "default"), vectors=True)
    return point


def end_of(workbench: Any, point: UUID) -> int:
    (found,) = workbench.store.fetch(workbench.name, [point])
    return int(found.payload["valid_to"])


def test_a_replaced_writer_reopens_nothing_that_the_next_one_closed(workbench: Any) -> None:
    """It would make the old version visible beside the new one as soon as that is committed."""
    workbench.carry(workbench.batch({"a.txt": ["old"]}))
    point = only_point(workbench)
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        writer = workbench.writer(lease)
        take_over(workbench)
        workbench.store.set_valid_to(workbench.name, [point.id], 2, expected=OPEN_END)
        with pytest.raises(LeaseLostError):
            writer.clear_leftovers()
    assert end_of(workbench, point.id) == 2


def test_nor_does_it_delete_what_the_next_one_staged(workbench: Any) -> None:
    """The next one may have counted its points already; they would be lost from its commit."""
    workbench.carry(workbench.batch({"a.txt": ["old"]}))
    point = only_point(workbench)
    staged = Point(UUID(int=7), point.dense, point.sparse, {**point.payload, "valid_from": 2})
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        writer = workbench.writer(lease)
        take_over(workbench)
        workbench.store.upsert(workbench.name, [staged])
        with pytest.raises(LeaseLostError):
            writer.clear_leftovers()
    assert len(workbench.store.fetch(workbench.name, [staged.id])) == 1


@pytest.mark.parametrize("call", ["upsert", "set_valid_to"])
def test_it_takes_back_what_landed_after_the_next_one_committed(workbench: Any, call: str) -> None:
    workbench.carry(workbench.batch({"a.txt": ["old"]}))
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        writer = workbench.writer(lease, Overtaken(workbench, call))
        with pytest.raises(LeaseLostError):
            writer.commit(writer.verify(writer.stage(workbench.batch({"a.txt": list("12345")}))))
    left = workbench.store.scroll(workbench.name, PointFilter())
    ends = {point.payload["text"]: point.payload["valid_to"] for point in left}
    assert ends == {"old": OPEN_END, "of the next run": OPEN_END}


@pytest.mark.parametrize("what", ["closing", "reopening"])
def test_a_call_that_lands_after_the_next_one_committed_changes_no_end(
    workbench: Any, what: str
) -> None:
    workbench.carry(workbench.batch({"a.txt": ["old"]}))
    old, late = only_point(workbench).id, Late(workbench)
    if what == "reopening":
        left = allocate_epoch(workbench.ledger, workbench.name)
        workbench.store.set_valid_to(workbench.name, [old], left)
    with pytest.raises(StoreUnavailableError):
        workbench.carry(workbench.batch({"a.txt": ["new"]}), late)
    workbench.carry(workbench.batch({"a.txt": ["newer"]}))
    late.land()
    assert end_of(workbench, old) == workbench.epoch()


def test_nor_does_it_close_what_a_batch_in_flight_may_yet_supersede(workbench: Any) -> None:
    """The next writer would find the point closed at a number that it did not give."""
    workbench.carry(workbench.batch({"a.txt": ["old"]}))
    point = only_point(workbench)
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        writer = workbench.writer(lease)
        verified = writer.verify(writer.stage(workbench.batch({"a.txt": ["new"]})))
        take_over(workbench)
        allocate_epoch(workbench.ledger, workbench.name)
        with pytest.raises(LeaseLostError):
            writer.commit(verified)
    assert end_of(workbench, point.id) == OPEN_END


def test_a_replaced_writer_that_sees_the_points_of_the_next_is_no_damage(workbench: Any) -> None:
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        writer = workbench.writer(lease)
        verified = writer.verify(writer.stage(workbench.batch({"a.txt": ["one"]})))
        take_over(workbench)
        point = verified.documents[0].points[0]
        payload = {**point.payload, "document_id": "x", "valid_from": 2}
        workbench.store.upsert(
            workbench.name, [type(point)(UUID(int=7), point.dense, point.sparse, payload)]
        )
        with pytest.raises(LeaseLostError):
            writer.commit(verified)
    left = [p.id for p in workbench.store.scroll(workbench.name, PointFilter())]
    assert left == [UUID(int=7)], "its own are taken back, those of the next stay"


def test_a_replaced_writer_commits_nothing(workbench: Any) -> None:
    batch = workbench.batch({"a.txt": ["one"]})
    with HeldLease(workbench.ledger, workbench.name, "slow", 30.0) as lease:
        writer = workbench.writer(lease)
        verified = writer.verify(writer.stage(batch))
        take_over(workbench)
        with pytest.raises(LeaseLostError):
            writer.commit(verified)
        with pytest.raises(LeaseLostError):
            writer.stage(workbench.batch({"b.txt": ["two"]}))
    assert workbench.epoch() == 0
    assert workbench.store.count(workbench.name, PointFilter()) == 0, "what it staged is taken back"
