"""Dropping generations that are past their soak time, so that none is dropped that is live."""

from collections.abc import Sequence

from sqlalchemy import delete, exists, or_, select, update

from indexing.corpus import Corpus
from indexing.errors import LeaseLostError, WriterBusyError
from indexing.failpoints import Failpoint, reached
from indexing.ledger import tables
from indexing.ledger.database import days_ago
from indexing.ledger.generations import Generation, GenerationState
from indexing.ledger.leases import HeldLease, is_held, prove

GOES = frozenset({GenerationState.RETIRED, GenerationState.REJECTED, GenerationState.BUILDING})
"""States of generations that are dropped once the soak time is over."""
ROWS = (tables.chunk, tables.version, tables.standing)
"""What the ledger has of a generation's documents."""


def is_past_soak(corpus: Corpus, generation: Generation) -> bool:
    """Whether a generation that is not live has been kept long enough, and nobody works on it."""
    if generation.state not in GOES or is_held(corpus.ledger, generation.name):
        return False
    since = generation.retired_at or generation.created_at
    return since is None or since <= days_ago(corpus.settings.promotion.soak_hours / 24)


def drop(corpus: Corpus, generation: Generation) -> bool:
    """Remove a generation past its soak time; returns whether it was still there to be dropped.

    Its lease is held, and proven where the ledger says so: a rollback to it holds the lease too,
    so of the two only one can happen. Readers are refused before anything goes.
    """
    seconds, run = corpus.settings.guards.lease_seconds, f"gc-{generation.number}"
    try:
        with HeldLease(corpus.ledger, generation.name, run, seconds) as lease:
            if not mark_dropped(corpus, generation, lease):
                return False
            reached(Failpoint.HORIZON_RAISED)
            clear_away(corpus, generation)
    except (WriterBusyError, LeaseLostError):
        return False
    return True


def mark_dropped(corpus: Corpus, generation: Generation, lease: HeldLease) -> bool:
    """Say in the ledger that a generation is dropped, unless it became something else."""
    table = tables.generation
    with corpus.ledger.write() as connection:
        prove(connection, lease.token)
        if corpus.store.alias(corpus.settings.store.collection) == generation.name:
            return False  # a rollback died before it told the ledger
        changed = connection.execute(
            update(table)
            .where(table.c.name == generation.name, table.c.state == generation.state)
            .values(state=GenerationState.DROPPED)
        ).rowcount
    return changed == 1


def clear_away(corpus: Corpus, generation: Generation) -> None:
    """Remove the points of a dropped generation, and last the rows that tell of them."""
    corpus.store.drop(generation.name)
    reached(Failpoint.COLLECTING)
    with corpus.ledger.write() as connection:
        for table in ROWS:
            connection.execute(delete(table).where(table.c.generation == generation.name))


def half_dropped(corpus: Corpus, generations: Sequence[Generation]) -> list[Generation]:
    """Return dropped generations of which something is left, because a process died."""
    dropped = [g for g in generations if g.state is GenerationState.DROPPED]
    collections = set(corpus.store.collections()) if dropped else set()
    with corpus.ledger.read() as connection:
        return [
            g
            for g in dropped
            if g.name in collections
            or connection.execute(
                select(or_(*(exists().where(t.c.generation == g.name) for t in ROWS)))
            ).scalar()
        ]
