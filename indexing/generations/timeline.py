"""Time: from an epoch or a moment to the state of the index that was live then."""

import datetime as dt
from dataclasses import replace

from sqlalchemy import func, select

from indexing.as_of import AsOf, GenerationEpoch
from indexing.errors import EpochNotCommittedError, EpochNotRetainedError
from indexing.ledger import tables
from indexing.ledger.database import Ledger, in_utc
from indexing.ledger.generations import Generation, GenerationState, find_generation
from indexing.ledger.promotions import list_promotions
from indexing.ledger.runs import BUILDS

UNSERVED = (GenerationState.BUILDING, GenerationState.REJECTED)


def state_at(ledger: Ledger, alias: str, live: Generation, as_of: AsOf | None) -> Generation:
    """Return the generation to read from, with the epoch it had then.

    Args:
        ledger: Knows epochs and promotions.
        alias: Names the live generation.
        live: The generation it names now.
        as_of: When; none means now.

    Raises:
        EpochNotCommittedError: There was no such epoch, or nothing was indexed by then.
        EpochNotRetainedError: It is too long ago; its points may be gone.
    """
    match as_of:
        case None:
            return live
        case int(epoch):
            return at_epoch(ledger, live, epoch)
        case GenerationEpoch(name, epoch):
            generation = find_generation(ledger, name)
            if generation is None:
                raise EpochNotCommittedError(f"There is no generation {name}.")
            if name != live.name and generation.state in UNSERVED:
                raise EpochNotCommittedError(
                    f"{name} is {generation.state.value}: no reader ever saw any epoch of it."
                )
            return at_epoch(ledger, generation, epoch)
        case moment:
            return at_moment(ledger, alias, live, moment)


def at_epoch(ledger: Ledger, generation: Generation, epoch: int) -> Generation:
    """Return a generation as it was at one of its epochs."""
    if not 0 <= epoch <= generation.epoch:
        raise EpochNotCommittedError(
            f"Epoch {epoch} of {generation.name} has not been committed; the newest is "
            f"{generation.epoch}."
        )
    check_served(ledger, generation, epoch)
    check_retained(generation, epoch)
    if epoch == generation.epoch:
        return generation
    return replace(generation, epoch=epoch, committed_at=committed_at(ledger, generation, epoch))


def check_served(ledger: Ledger, generation: Generation, epoch: int) -> None:
    """Make sure that an epoch was one that readers could see.

    Raises:
        EpochNotCommittedError: It holds a part of a generation that was still being built.
    """
    first = built_by(ledger, generation)
    if epoch >= first:
        return
    origin = find_generation(ledger, generation.built_from) if generation.built_from else None
    had = origin is not None and epoch <= origin.epoch
    other = f"{origin.name}@{epoch}, which was served before it, or " if origin and had else ""
    raise EpochNotCommittedError(
        f"Epoch {epoch} of {generation.name} was built, not served: no reader saw it before epoch "
        f"{first}. Name {other}a time such as 2026-11-25T10:30+01:00."
    )


def built_by(ledger: Ledger, generation: Generation) -> int:
    """Return the epoch at which a generation was whole; 0 for one that was live from the start.

    The runs tell, not the times of the promotions: clocks may have been set back between them.
    """
    query = (
        select(func.max(tables.epoch.c.number))
        .join(tables.run, tables.run.c.run_id == tables.epoch.c.run_id)
        .where(tables.epoch.c.generation == generation.name, tables.run.c.kind.in_(BUILDS))
    )
    with ledger.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def check_retained(generation: Generation, epoch: int) -> None:
    """Make sure that an epoch can still be read.

    Raises:
        EpochNotRetainedError: It cannot.
    """
    if generation.state is GenerationState.DROPPED:
        raise EpochNotRetainedError(
            f"{generation.name} was dropped after its soak time, so epoch {epoch} of it cannot be "
            "read any more (promotion.soak_hours)."
        )
    if epoch < generation.horizon:
        raise EpochNotRetainedError(
            f"Epoch {epoch} of {generation.name} is older than its history reaches: the oldest "
            f"that can be read is {generation.horizon} (retention.history_days)."
        )


def at_moment(ledger: Ledger, alias: str, live: Generation, moment: dt.datetime) -> Generation:
    """Return what was live at a moment, with the newest epoch committed by then."""
    name = live_at(ledger, alias, live, moment)
    generation = live if name == live.name else find_generation(ledger, name)
    if generation is None:
        raise EpochNotRetainedError(f"{name} was live at {moment:%Y-%m-%d %H:%M %Z} and is gone.")
    newest = newest_epoch(ledger, generation, moment)
    # It was live then, and so whole, whatever the clock said when its batches were committed.
    return at_epoch(ledger, generation, max(newest, built_by(ledger, generation)))


def live_at(ledger: Ledger, alias: str, live: Generation, moment: dt.datetime) -> str:
    """Return the name of the generation that the alias named at a moment."""
    promotions = list_promotions(ledger, alias)
    before = [p for p in promotions if p.at <= moment]
    if before:
        return before[-1].generation
    # Ledgers of the first schema did not record when a generation became live.
    started = live.created_at if not promotions else promotions[0].at
    if started is None or started > moment:
        raise EpochNotCommittedError(
            f"Nothing was indexed yet at {moment:%Y-%m-%d %H:%M %Z}"
            + (f"; the first state is of {started:%Y-%m-%d %H:%M} UTC." if started else ".")
        )
    return live.name


def newest_epoch(ledger: Ledger, generation: Generation, moment: dt.datetime) -> int:
    """Return the newest epoch of a generation that was committed by a moment; 0 if none was."""
    table = tables.epoch
    query = (
        select(table.c.number, table.c.committed_at)
        .where(table.c.generation == generation.name)
        .order_by(table.c.number.desc())
    )
    with ledger.read() as connection:
        for row in connection.execute(query):
            if in_utc(row.committed_at) <= moment:
                return int(row.number)
    return 0


def committed_at(ledger: Ledger, generation: Generation, epoch: int) -> dt.datetime | None:
    """Return when the newest epoch up to `epoch` was committed."""
    table = tables.epoch
    query = (
        select(table.c.committed_at)
        .where(table.c.generation == generation.name, table.c.number <= epoch)
        .order_by(table.c.number.desc())
        .limit(1)
    )
    with ledger.read() as connection:
        at = connection.execute(query).scalar()
    return in_utc(at) if at is not None else None
