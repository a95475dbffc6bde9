"""The request log: one row per question, written before the answer is given out."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    case,
    cast,
    delete,
    false,
    func,
    insert,
    or_,
    select,
    text,
    update,
)

from indexing.ledger import tables
from indexing.ledger.database import Ledger, asked_in_utc, days_ago, is_storable
from indexing.ledger.erasing import erase_as_we_go
from indexing.ledger.purges import purged_among
from indexing.ledger.quotas import give_back
from indexing.ledger.redaction import Traces, documents_behind, redact

PAGE = 500
"""Requests looked through per transaction: whoever wants to log one does not wait for more."""
MOST_PAGES = 10
"""So far back the requests under a calibration are looked for: one that is new has hardly any, and
whoever asks first in a process would read the whole log for them."""


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

    What a document told that was purged since it was asked is not written down.

    Raises:
        LedgerError: It could not be written.
    """
    with ledger.write() as connection:
        hold_log(connection, "ROW EXCLUSIVE")
        purged = purged_among(connection, documents_behind(body))
        if purged:
            body = redact(body, Traces(documents=purged))
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
        give_back(connection, request_id)


def try_log(ledger: Ledger) -> None:
    """Make sure that requests can be logged now, and log none.

    What a database refuses to every writer is found: one that is read-only, or held by another
    writer for too long. That its disk is full it only knows when there is something to write.

    Raises:
        LedgerError: They cannot.
    """
    nothing = update(tables.request).where(false()).values(status="")
    with ledger.write() as connection:
        connection.execute(nothing)


def find_request(ledger: Ledger, request_id: str) -> Mapping[str, Any] | None:
    """Return the logged body of a request; none where there is none of that id."""
    if not is_storable(request_id):
        return None
    with ledger.read() as connection:
        body: Mapping[str, Any] | None = connection.execute(
            select(tables.request.c.body).where(tables.request.c.request_id == request_id)
        ).scalar()
    return body


def latest_probabilities(ledger: Ledger, calibration_id: str, limit: int) -> list[float]:
    """Return `p_answerable` of the latest requests judged under a calibration, oldest first.

    They are looked for among the newest requests only, `MOST_PAGES` pages of them.

    Raises:
        LedgerError: The log cannot be read.
    """
    table, found, last = tables.request, list[float | None](), None
    newest = (
        select(table.c.received_at, table.c.request_id, table.c.body)
        .where(table.c.status == "ok", table.c.verdict.is_not(None))
        .order_by(table.c.received_at.desc(), table.c.request_id.desc())
        .limit(PAGE)
    )
    with ledger.read() as connection:
        # A page at a time, and only then what is in it: asked for the last ones of a calibration,
        # PostgreSQL reads every body in the log, since it knows nothing of what they hold.
        for _ in range(MOST_PAGES):
            if len(found) >= limit:
                break
            page = (newest if last is None else newest.where(before(last))).subquery()
            its = page.c.body["calibration_id"].as_string() == calibration_id
            p = case((its, page.c.body["p_answerable"].as_float()))
            latest = select(page.c.received_at, page.c.request_id, its.label("its"), p.label("p"))
            rows = connection.execute(
                latest.order_by(page.c.received_at.desc(), page.c.request_id.desc())
            ).all()
            if not rows:
                break
            found += [row.p for row in rows if row.its]
            last = rows[-1]
    return [float(value) for value in reversed(found[:limit]) if value is not None]


def before(row: Row[Any]) -> ColumnElement[bool]:
    """Requests that come after a row in a list whose newest are first."""
    table = tables.request
    earlier = or_(table.c.received_at < row.received_at, table.c.request_id < row.request_id)
    return and_(table.c.received_at <= row.received_at, earlier)


def hold_log(connection: Connection, mode: str) -> None:
    """Order the writers of the log and a purge on PostgreSQL; SQLite has one writer at a time.

    A request takes its lock before it looks for tombstones. A purge writes its tombstones and then
    waits once for whoever looked before: from then on nothing new is written about its documents.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text(f"LOCK TABLE request IN {mode} MODE"))


def redact_requests(
    ledger: Ledger,
    traces: Traces,
    on_redacted: Callable[[Connection, Sequence[Mapping[str, Any]]], None],
) -> None:
    """Redact every logged request behind which one of the documents is, a page at a time.

    Args:
        ledger: Has the log.
        traces: The documents.
        on_redacted: Gets the bodies of a page as they were, inside its transaction.
    """
    table = tables.request
    with ledger.write() as connection:
        hold_log(connection, "SHARE ROW EXCLUSIVE")
    last = ""
    while True:
        with ledger.write() as connection:
            erase_as_we_go(connection)
            query = select(table.c.request_id, table.c.body).where(table.c.request_id > last)
            page = connection.execute(query.order_by(table.c.request_id).limit(PAGE)).all()
            if not page:
                return
            last = page[-1].request_id
            found = [row for row in page if traces.behind(row.body)]
            for row in found:
                connection.execute(
                    update(table)
                    .where(table.c.request_id == row.request_id)
                    .values(body=redact(row.body, traces))
                )
            on_redacted(connection, [row.body for row in found])


def count_behind(ledger: Ledger, traces: Traces) -> int:
    """Return how many logged requests still tell of the documents."""
    query = select(tables.request.c.body)
    with ledger.read() as connection:
        rows = connection.execution_options(yield_per=PAGE).execute(query)
        return sum(traces.behind(body) for body in rows.scalars())


def logged_requests(ledger: Ledger, tenant: str, limit: int) -> list[Mapping[str, Any]]:
    """Return the bodies of a tenant's newest requests, newest first."""
    table = tables.request
    query = (
        select(table.c.body)
        .where(table.c.tenant == tenant)
        .order_by(table.c.received_at.desc(), table.c.request_id)
        .limit(limit)
    )
    with ledger.read() as connection:
        return list(connection.execute(query).scalars())


def count_old_requests(ledger: Ledger, keep_days: int) -> int:
    """Return how many requests are older than the retention."""
    before = days_ago(keep_days)
    query = (
        select(func.count())
        .select_from(tables.request)
        .where(tables.request.c.received_at < before)
    )
    with ledger.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def forget_requests(ledger: Ledger, keep_days: int) -> int:
    """Delete requests older than the retention, and what was said about them; returns how many."""
    table, feedback = tables.request, tables.feedback
    old = table.c.received_at < days_ago(keep_days)
    with ledger.write() as connection:
        erase_as_we_go(connection)
        ids = select(table.c.request_id).where(old)
        connection.execute(delete(feedback).where(feedback.c.request_id.in_(ids)))
        return connection.execute(delete(table).where(old)).rowcount


def forget_request(ledger: Ledger, tenant: str, request_id: str) -> bool:
    """Delete one request of a tenant and what was said about it; false if there is none.

    The requests that checked a text by its evidence, or read that again, go with it: they tell of
    its answer. The bytes leave the ledger with `erase_bytes`.
    """
    table, feedback = tables.request, tables.feedback
    if not is_storable(request_id):
        return False
    with ledger.write() as connection:
        erase_as_we_go(connection)
        mine = (table.c.request_id == request_id) & (table.c.tenant == tenant)
        if connection.execute(select(table.c.request_id).where(mine)).first() is None:
            return False
        gone = [request_id, *(row.request_id for row in _about(connection, tenant, request_id))]
        connection.execute(delete(table).where(table.c.request_id.in_(gone)))
        connection.execute(delete(feedback).where(feedback.c.request_id.in_(gone)))
        return True


def requests_about(ledger: Ledger, tenant: str, request_id: str) -> list[Mapping[str, Any]]:
    """Return the bodies of a tenant's requests that read the evidence of another one again.

    Args:
        ledger: Has the log.
        tenant: Whose requests.
        request_id: The other one.

    Raises:
        LedgerError: The log cannot be read.
    """
    if not is_storable(request_id):
        return []
    with ledger.read() as connection:
        return [row.body for row in _about(connection, tenant, request_id)]


def _about(connection: Connection, tenant: str, request_id: str) -> list[Row[Any]]:
    """Return rows that name a request, oldest first.

    The id is looked for in the text of the body, and only then read: PostgreSQL takes no part out
    of a body in which a question has a NUL.
    """
    table = tables.request
    query = (
        select(table.c.request_id, table.c.body)
        .where(table.c.tenant == tenant)
        .where(cast(table.c.body, Text).contains(request_id, autoescape=True))
        .order_by(table.c.received_at, table.c.request_id)
    )
    rows = connection.execute(query)
    return [row for row in rows if row.body.get("about_request") == request_id]


def requests_since(
    ledger: Ledger, tenant: str, since: dt.datetime | None = None
) -> Iterator[Mapping[str, Any]]:
    """Yield the bodies of a tenant's requests since then, oldest first, a page at a time.

    Args:
        ledger: Has the log.
        tenant: Whose requests.
        since: With time zone; none yields all of them.

    Raises:
        LedgerError: The log cannot be read.
    """
    table = tables.request
    query = select(table.c.body).where(table.c.tenant == tenant)
    if since is not None:
        query = query.where(table.c.received_at >= asked_in_utc(since))
    query = query.order_by(table.c.received_at, table.c.request_id)
    with ledger.read() as connection:
        rows = connection.execution_options(yield_per=PAGE).execute(query)
        yield from rows.scalars()
