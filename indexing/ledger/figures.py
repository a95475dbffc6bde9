"""Counts over the ledger, as a monitoring system asks for them: cheap, and without documents."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc
from indexing.ledger.documents import DocumentState
from indexing.ledger.runs import INTERRUPTED, ended_runs
from indexing.points import OPEN_END


@dataclass(frozen=True, slots=True)
class RunFigures:
    """The runs of one kind that ended in one state, as far as the ledger still has them."""

    kind: str
    state: str
    runs: int
    last_at: dt.datetime | None
    """When the newest of them ended; none while they run."""


@dataclass(frozen=True, slots=True)
class SourceFigures:
    """What the ledger knows of one source."""

    indexed: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """What is served, refused, run and asked."""

    documents: int
    chunks: int
    quarantined: Mapping[str, int]
    """By reason."""
    runs: tuple[RunFigures, ...]
    requests: Mapping[tuple[str, str], int]
    """By status and verdict, as far as they are kept."""


def read_figures(ledger: Ledger, generation: str | None) -> LedgerFigures:
    """Count everything in one read transaction.

    Args:
        ledger: Where to count.
        generation: The live one, which documents are counted in; none counts none.
    """
    with ledger.read() as connection:
        documents, chunks = served(connection, generation)
        return LedgerFigures(
            documents,
            chunks,
            quarantined(connection, generation),
            tuple(runs(connection)),
            requests(connection),
        )


def served(connection: Connection, generation: str | None) -> tuple[int, int]:
    """Count the documents and chunks that readers see."""
    version = tables.version
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(version.c.chunk_count), 0)).where(
            version.c.generation == generation, version.c.valid_to == OPEN_END
        )
    ).one()
    return int(row[0]), int(row[1])


def quarantined(connection: Connection, generation: str | None) -> dict[str, int]:
    """Count the documents in quarantine, by reason."""
    standing = tables.standing
    rows = connection.execute(
        select(standing.c.reason, func.count())
        .where(
            standing.c.generation == generation,
            standing.c.state == DocumentState.QUARANTINED.value,
        )
        .group_by(standing.c.reason)
    )
    return {reason or "unknown": int(count) for reason, count in rows}


def read_sources(ledger: Ledger, generation: str | None) -> dict[str, SourceFigures]:
    """Count the documents of every source that the ledger knows, configured or not.

    Args:
        ledger: Where to count.
        generation: The live one; none counts none.
    """
    standing = tables.standing
    with ledger.read() as connection:
        rows = connection.execute(
            select(standing.c.source, standing.c.state, func.count())
            .where(standing.c.generation == generation)
            .group_by(standing.c.source, standing.c.state)
        ).all()
    counted: dict[str, dict[str, int]] = {}
    for source, state, count in rows:
        counted.setdefault(source, {})[state] = int(count)
    return {
        source: SourceFigures(
            states.get(DocumentState.INDEXED.value, 0),
            states.get(DocumentState.QUARANTINED.value, 0),
        )
        for source, states in sorted(counted.items())
    }


def runs(connection: Connection) -> list[RunFigures]:
    """Count the runs, by kind and state; one whose process is gone is not said to be running."""
    run = tables.run
    is_gone = run.c.run_id.in_(ended_runs(connection))
    shown = case((is_gone, INTERRUPTED), else_=run.c.state).label("shown")
    rows = connection.execute(
        select(run.c.kind, shown, func.count(), func.max(run.c.finished_at))
        .group_by(run.c.kind, "shown")
        .order_by(run.c.kind, "shown")
    )
    return [
        RunFigures(kind, state, int(count), None if last is None else in_utc(last))
        for kind, state, count, last in rows
    ]


def requests(connection: Connection) -> dict[tuple[str, str], int]:
    """Count the logged requests, by status and verdict."""
    request = tables.request
    rows = connection.execute(
        select(request.c.status, request.c.verdict, func.count()).group_by(
            request.c.status, request.c.verdict
        )
    )
    return {(status or "", verdict or "none"): int(count) for status, verdict, count in rows}
