"""The writer lease: one holder, taken over from the dead, lost by the slow."""

import datetime as dt
import multiprocessing
import os
import platform
import threading

import psutil
import pytest
from sqlalchemy import update

from indexing.errors import LeaseLostError, WriterBusyError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.leases import (
    HeldLease,
    acquire,
    has_ended,
    is_held,
    release,
    renew,
    seize,
    this_holder,
)

NO_PROCESS = 2**31 - 1
"""Above the number of any process."""


def expire(ledger: Ledger) -> None:
    with ledger.write() as connection:
        connection.execute(update(tables.lease).values(expires_at=now() - dt.timedelta(seconds=1)))


def test_a_second_writer_is_told_who_holds_it(ledger: Ledger) -> None:
    acquire(ledger, "g1", "first", 30.0)
    with pytest.raises(WriterBusyError, match="Run first") as caught:
        acquire(ledger, "g1", "second", 30.0)
    assert str(os.getpid()) in str(caught.value)


def test_generations_have_leases_of_their_own(ledger: Ledger) -> None:
    acquire(ledger, "g1", "first", 30.0)
    assert acquire(ledger, "g2", "second", 30.0).token == 1


def test_a_released_lease_is_free_and_its_token_spent(ledger: Ledger) -> None:
    first = acquire(ledger, "g1", "first", 30.0)
    release(ledger, first)
    assert acquire(ledger, "g1", "second", 30.0).token == first.token + 1


def test_an_expired_holder_loses_it(ledger: Ledger) -> None:
    first = acquire(ledger, "g1", "first", 30.0)
    expire(ledger)
    acquire(ledger, "g1", "second", 30.0)
    with pytest.raises(LeaseLostError, match="first"):
        renew(ledger, first, 30.0)


def test_an_expired_holder_that_nobody_replaced_may_go_on(ledger: Ledger) -> None:
    first = acquire(ledger, "g1", "first", 30.0)
    expire(ledger)
    renew(ledger, first, 30.0)
    with pytest.raises(WriterBusyError):
        acquire(ledger, "g1", "second", 30.0)


def test_a_holder_that_was_killed_is_replaced_at_once(ledger: Ledger) -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=put_holder, args=(queue,))
    child.start()
    holder = queue.get(timeout=60)
    child.join()
    acquire(ledger, "g1", "dead", 3600.0)
    with ledger.write() as connection:
        connection.execute(update(tables.lease).values(holder=holder))
    assert acquire(ledger, "g1", "next", 30.0).token == 2


def put_holder(queue: "multiprocessing.Queue[str]") -> None:
    queue.put(this_holder())


@pytest.mark.parametrize(
    ("holder", "ended"),
    [
        (this_holder(), False),
        ("elsewhere:1:0.0", False),
        (f"elsewhere:{NO_PROCESS}:0.0", False),
        (f"{platform.node()}:{NO_PROCESS}:0.0", True),
        ("nonsense", False),
    ],
    ids=["this one", "elsewhere", "no such number elsewhere", "no such number", "nonsense"],
)
def test_only_a_process_of_this_machine_can_be_seen_to_have_ended(holder: str, ended: bool) -> None:
    assert has_ended(holder) is ended


def test_a_recycled_process_number_is_not_mistaken_for_the_holder() -> None:
    host, pid, started = this_holder().rsplit(":", 2)
    assert has_ended(f"{host}:{pid}:{float(started) - 1000:.2f}")


@pytest.mark.parametrize("seconds", [-86_400, -2, 2, 86_400])
def test_a_clock_that_is_set_takes_no_lease_away(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, seconds: int
) -> None:
    """The system counts the start of everything back from its clock, as it is now."""
    booted, before = psutil.boot_time(), psutil.Process().create_time()
    acquire(ledger, "g1", "first", 30.0)
    monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: booted + seconds)
    assert psutil.Process().create_time() == pytest.approx(before + seconds), "it moves along"
    with pytest.raises(WriterBusyError, match="first"):
        acquire(ledger, "g1", "second", 30.0)


def test_a_held_lease_is_given_back(ledger: Ledger) -> None:
    with HeldLease(ledger, "g1", "first", 30.0) as lease:
        lease.assert_held()
    assert acquire(ledger, "g1", "second", 30.0).token == 2


def test_losing_it_inside_is_found_before_the_next_write(ledger: Ledger) -> None:
    with HeldLease(ledger, "g1", "first", 30.0) as lease:
        expire(ledger)
        acquire(ledger, "g1", "second", 30.0)
        with pytest.raises(LeaseLostError):
            lease.assert_held()
    with pytest.raises(WriterBusyError, match="second"):
        acquire(ledger, "g1", "third", 30.0)


def test_a_lease_counts_as_held_by_who_lives_until_it_expires(ledger: Ledger) -> None:
    assert not is_held(ledger, "g1")
    held = acquire(ledger, "g1", "first", 30.0)
    assert is_held(ledger, "g1")
    assert not is_held(ledger, "g2")
    expire(ledger)
    assert not is_held(ledger, "g1")
    renew(ledger, held, 30.0)
    assert is_held(ledger, "g1")
    with ledger.write() as connection:
        dead = f"{platform.node()}:{NO_PROCESS}:0.0"
        connection.execute(update(tables.lease).values(holder=dead))
    assert not is_held(ledger, "g1")


def test_one_that_was_given_back_is_not_held(ledger: Ledger) -> None:
    with HeldLease(ledger, "g1", "first", 30.0):
        assert is_held(ledger, "g1")
    assert not is_held(ledger, "g1")
    never_entered = HeldLease(ledger, "g1", "second", 30.0)
    never_entered.give_back()
    assert not is_held(ledger, "g1")


def test_a_seized_lease_is_lost_and_free_at_once(ledger: Ledger) -> None:
    first, other = (acquire(ledger, name, "first", 30.0) for name in ("g1", "g2"))
    seize(ledger, "g1")
    assert not is_held(ledger, "g1")
    with pytest.raises(LeaseLostError, match="g1"):
        renew(ledger, first, 30.0)
    renew(ledger, other, 30.0)
    assert acquire(ledger, "g1", "second", 30.0).token > first.token + 1


def test_of_many_first_writers_at_once_one_gets_the_lease(ledger: Ledger) -> None:
    said: list[str] = []

    def try_it(number: int) -> None:
        try:
            acquire(ledger, "g", f"run{number}", 30.0)
            said.append("got it")
        except Exception as error:  # noqa: BLE001 - the test shows whatever it was
            said.append(type(error).__name__)

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["WriterBusyError"] * 3 + ["got it"]


def test_a_lease_that_ran_out_is_taken_over_and_noticed(ledger: Ledger) -> None:
    with HeldLease(ledger, "g", "first", 30.0) as lease:
        lease.assert_held()
        renew(ledger, lease.token, 30.0)
        with ledger.write() as connection:
            connection.execute(
                update(tables.lease).values(expires_at=now() - dt.timedelta(seconds=1))
            )
        second = acquire(ledger, "g", "second", 30.0)
        with pytest.raises(LeaseLostError, match="first"):
            lease.assert_held()
    release(ledger, second)
    assert acquire(ledger, "g", "third", 30.0).token == second.token + 1


def test_looking_at_the_lease_waits_for_nobody(ledger: Ledger) -> None:
    """The heartbeat holds the row for a moment; the look before a store call is not a lock."""
    with HeldLease(ledger, "g", "first", 30.0) as lease, ledger.write() as connection:
        connection.execute(update(tables.lease).values(expires_at=now() + dt.timedelta(hours=1)))
        done = threading.Thread(target=lease.assert_held, daemon=True)
        done.start()
        done.join(20)
        assert not done.is_alive()
