"""Generations in the ledger: one physical collection each, with its fingerprint and its epoch."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from indexing.errors import LedgerCorruptError, LedgerError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc, is_storable, now
from indexing.ledger.leases import LeaseToken, prove

REMEMBERED_ABORTED = 64
"""Aborted epochs that readers leave out, newest first; each interrupted run makes one."""


class GenerationState(StrEnum):
    """Where a generation is in its life."""

    BUILDING = "building"
    READY = "ready"
    """Built, every gate passed; waits for `holdfast promote`."""
    REJECTED = "rejected"
    """Built, but a gate failed; it is never promoted."""
    LIVE = "live"
    RETIRED = "retired"
    """Was live; kept through the soak time, so that a rollback is one alias write."""
    DROPPED = "dropped"
    """Its points are gone; the row stays, because logged requests name it."""


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
    created_at: dt.datetime | None = None
    horizon: int = 0
    """The oldest epoch that can still be read."""
    aborted: tuple[int, ...] = ()
    """Numbers below the committed epoch that were handed out and never committed, ascending.
    Whatever carries them in the store was never visible and must not become so."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Options by dotted name that it was built with although the settings say otherwise."""
    built_from: str | None = None
    gates: Sequence[Mapping[str, Any]] | None = None
    """Results of the gates; none before they ran."""
    promoted_at: dt.datetime | None = None
    retired_at: dt.datetime | None = None


def from_row(row: Row[Any], aborted: tuple[int, ...] = ()) -> Generation:
    """Build the value from its row.

    The committed epoch decides what readers see and what a writer takes for left over, so it is
    believed only where the commits say the same.
    """
    if row.epoch != (row.last or 0):
        raise LedgerCorruptError(
            f"The ledger has {row.name} at epoch {row.epoch}, its last commit is {row.last}. The "
            "ledger is damaged; nothing was changed. Restore it from a backup."
        )
    return Generation(
        name=row.name,
        number=row.number,
        fingerprint=row.fingerprint,
        spec=row.spec,
        state=GenerationState(row.state),
        epoch=row.epoch,
        committed_at=utc_or_none(row.committed_at),
        created_at=utc_or_none(row.created_at),
        horizon=row.horizon,
        aborted=aborted,
        overrides=row.overrides,
        built_from=row.built_from,
        gates=row.gates,
        promoted_at=utc_or_none(row.promoted_at),
        retired_at=utc_or_none(row.retired_at),
    )


def utc_or_none(stored: dt.datetime | None) -> dt.datetime | None:
    """Return a stored time in UTC, or none."""
    return in_utc(stored) if stored is not None else None


def find_generation(ledger: Ledger, name: str) -> Generation | None:
    """Return the generation of this name, its epoch and its aborted epochs in one look."""
    if not is_storable(name):
        return None
    with ledger.read() as connection:
        return read_generation(connection, name)


def read_generation(connection: Connection, name: str) -> Generation | None:
    """Return the generation of this name as this transaction sees it.

    Raises:
        LedgerCorruptError: Its committed epoch is not that of its last commit.
    """
    row = connection.execute(with_last_commit().where(tables.generation.c.name == name)).first()
    return from_row(row, read_aborted(connection, name)) if row is not None else None


def with_last_commit() -> Select[Any]:
    """Build the query for generations, each with the number of its last commit as `last`."""
    table, epoch = tables.generation, tables.epoch
    last = select(func.max(epoch.c.number)).where(epoch.c.generation == table.c.name)
    return select(table, last.scalar_subquery().label("last"))


def list_generations(ledger: Ledger) -> list[Generation]:
    """Return all generations, oldest first."""
    with ledger.read() as connection:
        return read_generations(connection)


def read_generations(connection: Connection) -> list[Generation]:
    """Return all generations as this transaction sees them, oldest first.

    Raises:
        LedgerCorruptError: The committed epoch of one is not that of its last commit.
    """
    rows = connection.execute(with_last_commit().order_by(tables.generation.c.number)).all()
    return [from_row(row, read_aborted(connection, row.name)) for row in rows]


def add_generation(
    ledger: Ledger,
    alias: str,
    fingerprint: str,
    spec: Mapping[str, Any],
    *,
    overrides: Mapping[str, Any] | None = None,
    built_from: str | None = None,
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
                overrides=dict(overrides or {}),
                built_from=built_from,
            )
        )
        made = read_generation(connection, name)
    assert made is not None
    return made


def set_state(
    ledger: Ledger,
    name: str,
    state: GenerationState,
    gates: Sequence[Mapping[str, Any]] | None = None,
    lease: LeaseToken | None = None,
) -> None:
    """Record where a generation is in its life, and what its gates said.

    Raises:
        LeaseLostError: The lease, if one is given, was taken over; nothing was changed.
    """
    values: dict[str, Any] = {"state": state}
    if gates is not None:
        values["gates"] = [dict(gate) for gate in gates]
    with ledger.write() as connection:
        if lease is not None:
            prove(connection, lease)
        connection.execute(
            update(tables.generation).where(tables.generation.c.name == name).values(**values)
        )


def raise_horizon(ledger: Ledger, name: str, epoch: int) -> None:
    """Say that epochs below `epoch` cannot be read any more; the horizon never falls."""
    with ledger.write() as connection:
        connection.execute(
            update(tables.generation)
            .where(tables.generation.c.name == name, tables.generation.c.horizon < epoch)
            .values(horizon=epoch)
        )


def read_aborted(connection: Connection, name: str) -> tuple[int, ...]:
    """Return the newest aborted epochs, ascending.

    A number is aborted once a higher one is committed. Above the committed epoch a number may
    still be staged; readers do not see those anyway.
    """
    table = tables.epoch
    rows = connection.execute(
        select(table.c.number, table.c.gap)
        .where(table.c.generation == name, table.c.gap > 0)
        .order_by(table.c.number.desc())
        .limit(REMEMBERED_ABORTED)
    ).all()
    found = [n for row in rows for n in range(row.number - 1, row.number - row.gap - 1, -1)]
    return tuple(sorted(found[:REMEMBERED_ABORTED]))


def abandoned_epochs(ledger: Ledger, name: str) -> list[int]:
    """Return the newest numbers that were handed out and never committed, ascending."""
    with ledger.read() as connection:
        return list(read_aborted(connection, name))


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
