"""Places of requests under the quotas of a tenant: counted and taken in one transaction.

A request is logged when it ends. If it were counted only then, as many as came at once would all
find room. So it takes a place when it begins, which its row in the log gives back; what ends
without a row, such as a process that was killed, keeps it until the quota's time is over.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Connection, delete, func, insert, select, text

from config.policy import Quota
from indexing.ledger import tables
from indexing.ledger.database import Ledger, asked_in_utc


def take_place(
    ledger: Ledger,
    tenant: str,
    quotas: Sequence[Quota],
    at: dt.datetime,
    leaving_out: str,
    request_id: str | None,
) -> Quota | None:
    """Take a place for a request, unless a quota of its tenant is used up.

    Args:
        ledger: Has the log and the places.
        tenant: Whose request.
        quotas: Of the policy.
        at: When it came, with time zone.
        leaving_out: A verdict whose requests do not count.
        request_id: Names the request; none only looks.

    Returns:
        The quota that is used up; none where there was room.

    Raises:
        LedgerError: It cannot be told.
    """
    if not quotas:
        return None
    table, taken = tables.quota_place, asked_in_utc(at)
    with ledger.write() as connection:
        one_after_the_other(connection, tenant)
        mine = (table.c.request_id == request_id) if request_id else text("1 = 0")
        if connection.execute(select(table.c.request_id).where(mine)).first() is not None:
            return None
        for quota in quotas:
            since = taken - dt.timedelta(seconds=quota.seconds)
            if used_since(connection, tenant, since, leaving_out) >= quota.requests:
                return quota
        longest = taken - dt.timedelta(seconds=max(quota.seconds for quota in quotas))
        old = (table.c.tenant == tenant) & (table.c.taken_at < longest)
        connection.execute(delete(table).where(old))
        if request_id:
            row = {"request_id": request_id, "tenant": tenant, "taken_at": taken}
            connection.execute(insert(table).values(row))
    return None


def used_since(connection: Connection, tenant: str, since: dt.datetime, leaving_out: str) -> int:
    """Return how many requests of a tenant are logged since then, or hold a place.

    Args:
        connection: Of the ledger.
        tenant: Whose requests.
        since: With time zone.
        leaving_out: A verdict whose requests do not count.
    """
    log, places = tables.request, tables.quota_place
    moment, verdict = asked_in_utc(since), func.coalesce(log.c.verdict, "")
    logged = select(func.count()).where(
        log.c.received_at >= moment, log.c.tenant == tenant, verdict != leaving_out
    )
    held = select(func.count()).where(places.c.taken_at >= moment, places.c.tenant == tenant)
    # One statement: what goes from the one to the other meanwhile counts once.
    both = select(logged.scalar_subquery() + held.scalar_subquery())
    return int(connection.execute(both).scalar_one())


def give_back(connection: Connection, request_id: str) -> None:
    """Give the place of a request back, in the transaction that logs it."""
    table = tables.quota_place
    connection.execute(delete(table).where(table.c.request_id == request_id))


def one_after_the_other(connection: Connection, tenant: str) -> None:
    """Let one request of a tenant count at a time; SQLite has one writer anyway."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
        connection.execute(lock, {"name": f"holdfast quota {tenant}"})
