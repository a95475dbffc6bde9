"""Quotas hold however many ask at once; what ends without a row is counted until it is old."""

import datetime as dt
import threading

from sqlalchemy import select

from config.policy import Quota
from indexing.ledger import tables
from indexing.ledger.database import Ledger, now
from indexing.ledger.quotas import take_place
from indexing.ledger.requests import record_request

SHORT, LONG = Quota(requests=2, seconds=60), Quota(requests=3, seconds=3600)


def test_requests_at_once_get_no_more_places_than_a_quota_has(ledger: Ledger) -> None:
    quota, at = Quota(requests=3, seconds=60), now()
    told: list[tuple[str, Quota | None]] = []
    together = threading.Barrier(8)

    def ask(name: str) -> None:
        together.wait(60)
        told.append((name, take_place(ledger, "default", (quota,), at, "refused", name)))

    asking = [threading.Thread(target=ask, args=(f"r{n}",)) for n in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(60)
    admitted = [name for name, used_up in told if used_up is None]
    assert len(told) == 8
    assert len(admitted) == 3
    assert take_place(ledger, "default", (quota,), at, "refused", admitted[0]) is None, "its own"
    assert take_place(ledger, "another", (quota,), at, "refused", "x") is None
    for name, verdict in zip(admitted, ("answerable", None, "refused"), strict=True):
        record_request(
            ledger, request_id=name, received_at=at, tenant="default", status="ok",
            verdict=verdict, generation=None, epoch=None, body={},
        )  # fmt: skip
    assert take_place(ledger, "default", (quota,), at, "refused", None) is None, "one was refused"
    assert take_place(ledger, "default", (quota,), at, "refused", "last") is None
    assert take_place(ledger, "default", (quota,), at, "refused", "late") == quota
    later = at + dt.timedelta(seconds=61)
    assert take_place(ledger, "default", (quota,), later, "refused", "later") is None


def asked(ledger: Ledger, name: str, at: dt.datetime, *quotas: Quota, tenant: str = "default"):
    return take_place(ledger, tenant, quotas, at, "refused", name)


def logged(ledger: Ledger, name: str, at: dt.datetime, tenant: str = "default") -> None:
    record_request(
        ledger, request_id=name, received_at=at, tenant=tenant, status="ok",
        verdict="answerable", generation=None, epoch=None, body={},
    )  # fmt: skip


def places(ledger: Ledger) -> set[str]:
    with ledger.read() as connection:
        return set(connection.execute(select(tables.quota_place.c.request_id)).scalars())


def test_every_quota_holds_for_as_long_as_it_says(ledger: Ledger) -> None:
    """What asks often forgets nothing that the quota of an hour still counts."""
    begin = now()
    for number, minutes in enumerate((0, 5, 10)):
        at = begin + dt.timedelta(minutes=minutes)
        assert asked(ledger, f"r{number}", at, SHORT, LONG) is None
    at = begin + dt.timedelta(minutes=15)
    assert asked(ledger, "late", at, SHORT, LONG) == LONG
    assert asked(ledger, "late", at, LONG, SHORT) == LONG
    at = begin + dt.timedelta(minutes=61)
    assert asked(ledger, "later", at, SHORT, LONG) is None
    assert places(ledger) == {"r1", "r2", "later"}, "what is too old to count goes"


def test_a_tenant_is_counted_alone_and_takes_nobody_elses_place(ledger: Ledger) -> None:
    begin = now()
    for number in range(3):
        assert asked(ledger, f"theirs{number}", begin, LONG, tenant="bell") is None
    logged(ledger, "theirs0", begin, "bell")
    for minutes in (0, 10):
        at = begin + dt.timedelta(minutes=minutes)
        assert asked(ledger, f"mine {minutes}", at, SHORT) is None
        assert asked(ledger, f"mine {minutes}, too", at, SHORT) is None
        assert asked(ledger, "theirs3", at, LONG, tenant="bell") == LONG


def test_a_row_in_the_log_gives_its_own_place_back_and_no_other(ledger: Ledger) -> None:
    at = now()
    for name in ("a", "b"):
        assert asked(ledger, name, at, SHORT) is None
    logged(ledger, "a", at)
    assert places(ledger) == {"b"}
    assert asked(ledger, "c", at, SHORT) == SHORT
    logged(ledger, "b", at)
    assert asked(ledger, "c", at, SHORT) == SHORT


def test_without_quotas_nobody_takes_a_place(ledger: Ledger) -> None:
    assert asked(ledger, "a", now()) is None
    assert places(ledger) == set()
