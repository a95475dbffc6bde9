"""Runs in the ledger: when each started, how it ended, and its report."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, delete, insert, select, update

from indexing.ledger import tables
from indexing.ledger.database import Ledger, days_ago, in_utc, now
from indexing.ledger.documents import groups
from indexing.ledger.generations import GenerationState
from indexing.ledger.leases import has_ended

BUILDS = ("reindex", "promote")
"""Kinds of runs that fill a generation before any reader sees it."""
INTERRUPTED = "Interrupted"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One run as the ledger remembers it."""

    run_id: str
    kind: str
    runner: str
    generation: str
    state: str
    message: str | None
    started_at: dt.datetime
    finished_at: dt.datetime | None
    epoch_before: int
    epoch_after: int | None
    seconds: float | None
    report: Mapping[str, Any] | None


def start_run(
    ledger: Ledger, *, run_id: str, kind: str, runner: str, tenant: str, generation: str, epoch: int
) -> None:
    """Record that a run began; call it with the writer lease held."""
    with ledger.write() as connection:
        interrupt_ended(connection, f"run {run_id} took over")
        connection.execute(
            insert(tables.run).values(
                run_id=run_id,
                kind=kind,
                runner=runner,
                tenant=tenant,
                generation=generation,
                state="Running",
                started_at=now(),
                epoch_before=epoch,
            )
        )


def close_ended_runs(ledger: Ledger) -> None:
    """Record of every run that was killed that it is over: it could not say so itself."""
    with ledger.write() as connection:
        interrupt_ended(connection, "nobody took over")


def silent_runs(ledger: Ledger) -> frozenset[str]:
    """Return the runs that count as running although nobody works on them any more.

    The next run, or `gc`, writes it down; somebody who only looks should not be told otherwise.
    """
    with ledger.read() as connection:
        return frozenset(ended_runs(connection))


def ended_runs(connection: Connection) -> list[str]:
    """Find runs that count as running and hold no lease any more."""
    run, lease = tables.run, tables.lease
    running = connection.execute(
        select(run.c.run_id, lease.c.holder)
        .outerjoin(
            lease, (lease.c.generation == run.c.generation) & (lease.c.run_id == run.c.run_id)
        )
        .where(run.c.state == "Running")
    ).all()
    return [row.run_id for row in running if row.holder is None or has_ended(row.holder)]


def interrupt_ended(connection: Connection, then: str) -> None:
    """Close the records of runs that count as running and hold no lease any more."""
    run = tables.run
    for group in groups(ended_runs(connection)):
        connection.execute(
            update(run)
            .where(run.c.run_id.in_(group))
            .values(
                state=INTERRUPTED,
                message=f"The process ended without a word; {then}.",
                finished_at=now(),
            )
        )


def finish_run(
    ledger: Ledger,
    run_id: str,
    *,
    state: str,
    message: str,
    epoch: int,
    seconds: float,
    report: Mapping[str, Any],
) -> None:
    """Record how a run ended."""
    with ledger.write() as connection:
        connection.execute(
            update(tables.run)
            .where(tables.run.c.run_id == run_id)
            .values(
                state=state,
                message=message,
                finished_at=now(),
                epoch_after=epoch,
                seconds=seconds,
                report=dict(report),
            )
        )


@dataclass(frozen=True, slots=True)
class PastOutcome:
    """What became of a document in one run."""

    run_id: str
    started_at: dt.datetime
    key: str
    state: str
    reason: str | None
    detail: str | None
    seconds: float


def outcomes_of(ledger: Ledger, document_id: UUID, limit: int = 10) -> list[PastOutcome]:
    """Return what became of a document in the last runs that touched it, newest first."""
    run, outcome = tables.run, tables.outcome
    query = (
        select(outcome, run.c.started_at)
        .join(run, run.c.run_id == outcome.c.run_id)
        .where(outcome.c.document_id == str(document_id))
        .order_by(run.c.started_at.desc())
        .limit(limit)
    )
    with ledger.read() as connection:
        rows = connection.execute(query).all()
    return [
        PastOutcome(
            row.run_id,
            in_utc(row.started_at),
            row.key,
            row.state,
            row.reason,
            row.detail,
            row.seconds,
        )
        for row in rows
    ]


def old_runs(ledger: Ledger, keep_days: int) -> list[str]:
    """Return the ids of finished runs that are older than the retention.

    A run that built a generation stays as long as that has points: it alone tells which epochs
    of it were served, and which hold a part of what was still being built.
    """
    run, generation = tables.run, tables.generation
    before = days_ago(keep_days)
    kept = select(generation.c.name).where(generation.c.state != GenerationState.DROPPED)
    query = select(run.c.run_id).where(
        run.c.started_at < before,
        run.c.state != "Running",
        run.c.kind.not_in(BUILDS) | run.c.generation.not_in(kept),
    )
    with ledger.read() as connection:
        return list(connection.execute(query).scalars())


def forget_runs(ledger: Ledger, runs: Sequence[str]) -> None:
    """Delete runs with their outcomes."""
    run, outcome = tables.run, tables.outcome
    with ledger.write() as connection:
        for group in groups(runs):
            connection.execute(delete(outcome).where(outcome.c.run_id.in_(group)))
            connection.execute(delete(run).where(run.c.run_id.in_(group)))


def recent_runs(ledger: Ledger, limit: int = 10) -> list[RunRow]:
    """Return the newest runs, newest first."""
    table = tables.run
    with ledger.read() as connection:
        rows = connection.execute(
            select(table).order_by(table.c.started_at.desc()).limit(limit)
        ).all()
    return [
        RunRow(
            row.run_id,
            row.kind,
            row.runner,
            row.generation,
            row.state,
            row.message,
            in_utc(row.started_at),
            in_utc(row.finished_at) if row.finished_at is not None else None,
            row.epoch_before,
            row.epoch_after,
            row.seconds,
            row.report,
        )
        for row in rows
    ]
