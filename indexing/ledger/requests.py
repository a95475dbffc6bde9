"""The request log: one row per question, written before the answer is given out."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete, func, insert, select

from indexing.ledger import tables
from indexing.ledger.database import Ledger, now


def record_request(
    ledger: Ledger,
    *,
    request_id: str,
    received_at: dt.datetime,
    tenant: str,
    status: str,
    verdict: str | None,
    generation: str | None,
    epoch: int | None,
    body: Mapping[str, Any],
) -> None:
    """Write one request, durably.

    Raises:
        LedgerError: It could not be written.
    """
    with ledger.write() as connection:
        connection.execute(
            insert(tables.request).values(
                request_id=request_id,
                received_at=received_at,
                tenant=tenant,
                status=status,
                verdict=verdict,
                generation=generation,
                epoch=epoch,
                body=dict(body),
            )
        )


def find_request(ledger: Ledger, request_id: str) -> Mapping[str, Any] | None:
    """Return the logged body of a request."""
    with ledger.read() as connection:
        body: Mapping[str, Any] | None = connection.execute(
            select(tables.request.c.body).where(tables.request.c.request_id == request_id)
        ).scalar()
    return body


def count_requests(ledger: Ledger) -> int:
    """Return how many requests are logged."""
    with ledger.read() as connection:
        return int(
            connection.execute(select(func.count()).select_from(tables.request)).scalar() or 0
        )


def count_old_requests(ledger: Ledger, keep_days: int) -> int:
    """Return how many requests are older than the retention."""
    before = now() - dt.timedelta(days=keep_days)
    query = (
        select(func.count())
        .select_from(tables.request)
        .where(tables.request.c.received_at < before)
    )
    with ledger.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def forget_requests(ledger: Ledger, keep_days: int) -> int:
    """Delete requests older than the retention; returns how many."""
    with ledger.write() as connection:
        return connection.execute(
            delete(tables.request).where(
                tables.request.c.received_at < now() - dt.timedelta(days=keep_days)
            )
        ).rowcount
