"""What people said about answered requests: rows that are only ever added, and go with theirs.

Nothing reads them to serve: the index, its trust and its ranking are not touched by what anybody
says. They are read by reports, and by whoever makes evaluation questions of them.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from indexing.errors import TooMuchFeedbackError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, asked_in_utc, in_utc, is_storable, now
from indexing.ledger.erasing import erase_as_we_go
from indexing.ledger.redaction import REDACTED, Traces, strings
from indexing.ledger.requests import PAGE, hold_log

MOST_PER_REQUEST = 50
"""More is said about no answer; a flood must not fill the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRow:
    """One row."""

    feedback_id: str
    request_id: str
    tenant: str
    received_at: dt.datetime
    verdict: str
    body: Mapping[str, Any] = field(default_factory=dict)


def add_feedback(
    ledger: Ledger, *, request_id: str, tenant: str, verdict: str, body: Mapping[str, Any]
) -> FeedbackRow | None:
    """Write what was said about a request of a tenant, durably.

    About a request that a purged document was behind only the verdict is kept: what is said of its
    answer may tell of the document.

    Returns:
        The row; none where this tenant has no such request.

    Raises:
        TooMuchFeedbackError: So much was said about it that no more is taken.
        LedgerError: It could not be written.
    """
    request, table = tables.request, tables.feedback
    if not is_storable(request_id):
        return None
    with ledger.write() as connection:
        hold_log(connection, "ROW EXCLUSIVE")
        mine = (request.c.request_id == request_id) & (request.c.tenant == tenant)
        found = connection.execute(select(request.c.body).where(mine)).first()
        if found is None:
            return None
        said = select(func.count()).where(table.c.request_id == request_id)
        if connection.execute(said).scalar_one() >= MOST_PER_REQUEST:
            raise TooMuchFeedbackError(
                f"{MOST_PER_REQUEST} times something was said about request {request_id}; no more "
                "is taken."
            )
        redacted = found.body.get("redacted")
        row = FeedbackRow(
            feedback_id=uuid.uuid4().hex,
            request_id=request_id,
            tenant=tenant,
            received_at=now(),
            verdict=verdict,
            body={"redacted": redacted} if redacted else dict(body),
        )
        connection.execute(
            insert(table).values(
                feedback_id=row.feedback_id,
                request_id=row.request_id,
                tenant=row.tenant,
                received_at=row.received_at,
                verdict=row.verdict,
                body=row.body,
            )
        )
    return row


def feedback_since(
    ledger: Ledger, tenant: str, since: dt.datetime | None = None
) -> Iterator[FeedbackRow]:
    """Yield what was said by a tenant since then, oldest first.

    Args:
        ledger: Has the rows.
        tenant: Whose.
        since: With time zone; none yields all of it.

    Raises:
        LedgerError: They cannot be read.
    """
    table = tables.feedback
    query = select(table).where(table.c.tenant == tenant)
    if since is not None:
        query = query.where(table.c.received_at >= asked_in_utc(since))
    query = query.order_by(table.c.received_at, table.c.feedback_id)
    with ledger.read() as connection:
        for row in connection.execution_options(yield_per=PAGE).execute(query):
            yield _row_from(row)


def feedback_on(ledger: Ledger, tenant: str, request_id: str) -> list[FeedbackRow]:
    """Return what was said about one request of a tenant, oldest first."""
    table = tables.feedback
    if not is_storable(request_id):
        return []
    mine = (table.c.request_id == request_id) & (table.c.tenant == tenant)
    query = select(table).where(mine).order_by(table.c.received_at, table.c.feedback_id)
    with ledger.read() as connection:
        return [_row_from(row) for row in connection.execute(query)]


def tells_of(body: Mapping[str, Any], request: Mapping[str, Any] | None, traces: Traces) -> bool:
    """Whether what was said tells of a document that is purged.

    Args:
        body: What was said.
        request: The body of its request as it is now; none if that is gone.
        traces: How the documents can be told.
    """
    if body.get("redacted"):
        return False
    known = traces.documents | traces.keys
    if any(name in known for name in strings(body.get("cited") or ())):
        return True
    behind = request is not None and request.get("redacted") is not None
    return behind or traces.is_about(str(body.get("correct") or ""))


def redact_feedback(ledger: Ledger, traces: Traces) -> int:
    """Leave only the verdict of what tells of the documents; returns how many rows that were.

    The requests behind it have to be redacted before.
    """
    table, done, last = tables.feedback, 0, ""
    while True:
        with ledger.write() as connection:
            erase_as_we_go(connection)
            page = connection.execute(_with_requests(last)).all()
            if not page:
                return done
            last = page[-1].feedback_id
            for row in page:
                if tells_of(row.body, row.request_body, traces):
                    this = update(table).where(table.c.feedback_id == row.feedback_id)
                    connection.execute(this.values(body={"redacted": REDACTED}))
                    done += 1


def count_feedback_about(ledger: Ledger, traces: Traces) -> int:
    """Return how many rows still tell of the documents."""
    count, last = 0, ""
    with ledger.read() as connection:
        while page := connection.execute(_with_requests(last)).all():
            last = page[-1].feedback_id
            count += sum(tells_of(row.body, row.request_body, traces) for row in page)
    return count


def _row_from(row: Row[Any]) -> FeedbackRow:
    return FeedbackRow(
        feedback_id=row.feedback_id,
        request_id=row.request_id,
        tenant=row.tenant,
        received_at=in_utc(row.received_at),
        verdict=row.verdict,
        body=row.body,
    )


def _with_requests(after: str) -> Any:
    table, request = tables.feedback, tables.request
    query = select(table.c.feedback_id, table.c.body, request.c.body.label("request_body"))
    query = query.outerjoin(request, request.c.request_id == table.c.request_id)
    return query.where(table.c.feedback_id > after).order_by(table.c.feedback_id).limit(PAGE)
