"""Late writes of a replaced run: taken back where the ledger has the last word, else left."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from indexing.committing.late_writes import heal_abandoned, restore_ends, take_back
from indexing.errors import LeaseLostError
from indexing.ledger.generations import allocate_epoch
from indexing.ledger.leases import HeldLease
from indexing.points import OPEN_END, PointFilter

LATE = 2
"""The number of the batch that its run could not commit any more."""
UNDISTURBED = {"one": OPEN_END, "old": 3, "new": OPEN_END}


class Aftermath:
    """Epochs 1 and 3 are committed; 2 was handed out to a run that was replaced."""

    def __init__(self, bench: Any) -> None:
        self.bench = bench
        self.parts = (bench.ledger, bench.store, bench.name)
        bench.carry(bench.batch({"open.txt": ["one"], "closed.txt": ["old"]}))
        with HeldLease(bench.ledger, bench.name, "slow", 30.0) as lease:
            staged = bench.writer(lease).stage(bench.batch({"late.txt": ["late"]}))
        assert staged.epoch == LATE
        self.point = staged.documents[0].points[0]
        bench.carry(bench.batch({"closed.txt": ["new"]}))
        assert self.ends() == UNDISTURBED

    def ends(self) -> dict[str, int]:
        """`valid_to` of every point, by its text."""
        found = self.bench.store.scroll(self.bench.name, PointFilter())
        return {p.payload["text"]: p.payload["valid_to"] for p in found}

    def id_of(self, text: str) -> UUID:
        found = self.bench.store.scroll(self.bench.name, PointFilter())
        return next(p.id for p in found if p.payload["text"] == text)

    def land_point(self) -> None:
        self.bench.store.upsert(self.bench.name, [self.point])

    def land_closing(self) -> None:
        self.bench.store.set_valid_to(self.bench.name, [self.id_of("one")], LATE, expected=OPEN_END)


@pytest.fixture
def after(make_workbench: Callable[..., Any]) -> Aftermath:
    return Aftermath(make_workbench())


def replaced() -> None:
    raise LeaseLostError("another run took over")


def test_the_replaced_run_takes_back_what_it_wrote_and_closed(after: Aftermath) -> None:
    after.land_point()
    after.land_closing()
    closed = [after.id_of("one"), after.id_of("old")]
    take_back(*after.parts, LATE, [after.point.id], closed)
    assert after.ends() == UNDISTURBED


def test_it_reopens_nothing_under_a_batch_in_flight(after: Aftermath) -> None:
    """What a point's end will be is decided by that batch, and not yet in the ledger."""
    after.land_point()
    after.land_closing()
    allocate_epoch(after.bench.ledger, after.bench.name)
    take_back(*after.parts, LATE, [after.point.id], [after.id_of("one")])
    assert after.ends() == UNDISTURBED | {"one": LATE}


def test_every_later_run_takes_back_what_it_finds(after: Aftermath) -> None:
    assert heal_abandoned(*after.parts) == 0
    after.land_point()
    after.land_closing()
    after.bench.store.set_valid_to(after.bench.name, [after.id_of("old")], LATE)
    assert heal_abandoned(*after.parts) == 3
    assert after.ends() == UNDISTURBED
    assert heal_abandoned(*after.parts) == 0


def test_a_point_of_the_ledger_is_not_deleted_whatever_number_it_carries(after: Aftermath) -> None:
    (known,) = after.bench.store.fetch(after.bench.name, [after.id_of("new")], vectors=True)
    payload = {**known.payload, "valid_from": LATE}
    changed = type(after.point)(known.id, known.dense, known.sparse, payload)
    after.bench.store.upsert(after.bench.name, [changed])
    heal_abandoned(*after.parts)
    assert after.ends() == UNDISTURBED


@pytest.mark.parametrize("landed", ["land_point", "land_closing"])
def test_a_run_that_is_replaced_while_it_heals_changes_nothing(
    after: Aftermath, landed: str
) -> None:
    getattr(after, landed)()
    before = after.ends()
    with pytest.raises(LeaseLostError):
        heal_abandoned(*after.parts, replaced)
    assert after.ends() == before != UNDISTURBED


def test_an_end_that_another_batch_has_set_meanwhile_stays(after: Aftermath) -> None:
    one = after.id_of("one")
    number = allocate_epoch(after.bench.ledger, after.bench.name)
    after.bench.store.set_valid_to(after.bench.name, [one], number, expected=OPEN_END)
    restore_ends(*after.parts, LATE, [one])
    assert after.ends() == UNDISTURBED | {"one": number}
