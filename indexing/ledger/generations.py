"""Generations in the ledger: one physical collection each, with its fingerprint and its epoch."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from indexing.errors import LedgerError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc, now


class GenerationState(StrEnum):
    """Where a generation is in its life."""

    BUILDING = "building"
    LIVE = "live"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation as the ledger knows it."""

    name: str
    """Name of its collection."""
    number: int
    fingerprint: str
    spec: Mapping[str, Any]
    """The pipeline specification the fingerprint was taken of."""
    state: GenerationState
    epoch: int
    """The committed epoch; 0 before the first commit."""
    committed_at: dt.datetime | None


def from_row(row: Row[Any]) -> Generation:
    """Build the value from its row."""
    at: dt.datetime | None = row.committed_at
    return Generation(
        name=row.name,
        number=row.number,
        fingerprint=row.fingerprint,
        spec=row.spec,
        state=GenerationState(row.state),
        epoch=row.epoch,
        committed_at=in_utc(at) if at is not None else None,
    )


def find_generation(ledger: Ledger, name: str) -> Generation | None:
    """Return the generation of this name."""
    with ledger.read() as connection:
        query = select(tables.generation).where(tables.generation.c.name == name)
        row = connection.execute(query).one_or_none()
    return from_row(row) if row is not None else None


def list_generations(ledger: Ledger) -> list[Generation]:
    """Return all generations, oldest first."""
    with ledger.read() as connection:
        rows = connection.execute(
            select(tables.generation).order_by(tables.generation.c.number)
        ).all()
    return [from_row(row) for row in rows]


def add_generation(
    ledger: Ledger, alias: str, fingerprint: str, spec: Mapping[str, Any]
) -> Generation:
    """Register a new generation, named after the alias and the next free number."""
    with ledger.write() as connection:
        last = connection.execute(select(func.max(tables.generation.c.number))).scalar()
        number = (last or 0) + 1
        name = f"{alias}__g{number}"
        connection.execute(
            insert(tables.generation).values(
                name=name,
                number=number,
                fingerprint=fingerprint,
                spec=dict(spec),
                state=GenerationState.BUILDING,
                epoch=0,
                next_epoch=1,
                created_at=now(),
            )
        )
    return Generation(name, number, fingerprint, spec, GenerationState.BUILDING, 0, None)


def mark_live(ledger: Ledger, name: str) -> None:
    """Record that the alias names this generation now; the one before is retired."""
    with ledger.write() as connection:
        connection.execute(
            update(tables.generation)
            .where(tables.generation.c.state == GenerationState.LIVE)
            .where(tables.generation.c.name != name)
            .values(state=GenerationState.RETIRED)
        )
        connection.execute(
            update(tables.generation)
            .where(tables.generation.c.name == name)
            .values(state=GenerationState.LIVE)
        )


def abandoned_epochs(ledger: Ledger, name: str) -> list[int]:
    """Return the numbers below the committed epoch that were handed out and never committed."""
    with ledger.read() as connection:
        committed = connection.execute(
            select(tables.generation.c.epoch).where(tables.generation.c.name == name)
        ).scalar()
        used = set(
            connection.execute(
                select(tables.epoch.c.number).where(tables.epoch.c.generation == name)
            ).scalars()
        )
    return [number for number in range(1, committed or 0) if number not in used]


def is_batch_in_flight(ledger: Ledger, name: str) -> bool:
    """Whether a number above the committed epoch was handed out, so that a batch may be staged."""
    table = tables.generation
    with ledger.read() as connection:
        row = connection.execute(
            select(table.c.epoch, table.c.next_epoch).where(table.c.name == name)
        ).one_or_none()
    return row is not None and row.next_epoch > row.epoch + 1


def allocate_epoch(ledger: Ledger, name: str) -> int:
    """Take the next epoch number; a number is never handed out twice, used or not."""
    with ledger.write() as connection:
        number: int | None = connection.execute(
            select(tables.generation.c.next_epoch)
            .where(tables.generation.c.name == name)
            .with_for_update()
        ).scalar()
        if number is None:
            raise LedgerError(f"Generation {name} is not in the ledger at {ledger.location}.")
        connection.execute(
            update(tables.generation)
            .where(tables.generation.c.name == name)
            .values(next_epoch=number + 1)
        )
    return number
