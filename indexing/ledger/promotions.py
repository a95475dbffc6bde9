"""Promotions in the ledger: which generation the alias named, since when, and before that."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, insert, select, update

from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc, now
from indexing.ledger.generations import GenerationState


class PromotionKind(StrEnum):
    """Why the alias was written."""

    FIRST = "first"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    OBSERVED = "observed"
    """The alias named it and the ledger did not know: a process died between the two writes."""


@dataclass(frozen=True, slots=True)
class Promotion:
    """One time that the alias was written."""

    number: int
    generation: str
    previous: str | None
    kind: PromotionKind
    at: dt.datetime


def record_promotion(
    ledger: Ledger, alias: str, generation: str, previous: str | None, kind: PromotionKind
) -> None:
    """Record that the alias names `generation` now; whatever was live before is retired."""
    with ledger.write() as connection:
        write_promotion(connection, alias, generation, previous, kind)


def write_promotion(
    connection: Connection, alias: str, generation: str, previous: str | None, kind: PromotionKind
) -> None:
    """Record it as a part of a writing transaction."""
    table = tables.generation
    at = now()
    connection.execute(
        update(table)
        .where(table.c.state == GenerationState.LIVE, table.c.name != generation)
        .values(state=GenerationState.RETIRED, retired_at=at)
    )
    connection.execute(
        update(table)
        .where(table.c.name == generation)
        .values(state=GenerationState.LIVE, promoted_at=at, retired_at=None)
    )
    connection.execute(
        insert(tables.promotion).values(
            alias=alias, generation=generation, previous=previous, kind=kind, at=at
        )
    )


def list_promotions(ledger: Ledger, alias: str) -> list[Promotion]:
    """Return every time that the alias was written, oldest first."""
    table = tables.promotion
    with ledger.read() as connection:
        rows = connection.execute(
            select(table).where(table.c.alias == alias).order_by(table.c.number)
        ).all()
        return [
            Promotion(
                row.number, row.generation, row.previous, PromotionKind(row.kind), in_utc(row.at)
            )
            for row in rows
        ]
