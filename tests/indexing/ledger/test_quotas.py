"""Quotas hold however many ask at once; what ends without a row is counted until it is old."""

import datetime as dt
import threading

from config.policy import Quota
from indexing.ledger.database import Ledger, now
from indexing.ledger.quotas import take_place
from indexing.ledger.requests import record_request


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
