"""History past its retention: versions and points that nobody can read any more."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select

from indexing.committing.epochs import CLOSE_BATCH
from indexing.corpus import Corpus
from indexing.failpoints import Failpoint, reached
from indexing.ledger import tables
from indexing.ledger.database import days_ago, in_utc
from indexing.ledger.documents import groups
from indexing.ledger.generations import Generation, raise_horizon


@dataclass(frozen=True, slots=True)
class GenerationGarbage:
    """What goes in one generation that stays."""

    generation: str
    horizon: int
    """The oldest epoch that can be read afterwards."""
    versions: int
    points: int


def new_horizon(corpus: Corpus, generation: Generation) -> int:
    """Return the oldest epoch that must stay readable.

    That is the state of `history_days` ago, or the one `history_epochs` commits ago if that is
    older; so a clock that jumps ahead cannot take the newest history away.
    """
    retention = corpus.settings.retention
    cutoff = days_ago(retention.history_days)
    table = tables.epoch
    query = (
        select(table.c.number, table.c.committed_at)
        .where(table.c.generation == generation.name)
        .order_by(table.c.number.desc())
    )
    with corpus.ledger.read() as connection:
        epochs = connection.execute(query).all()
    for place, row in enumerate(epochs):
        if place >= retention.history_epochs and in_utc(row.committed_at) <= cutoff:
            return max(int(row.number), generation.horizon)
    return generation.horizon


def ended(generation: str, horizon: int) -> Select[Any]:
    """Build the query for the points that nobody can read any more."""
    chunk = tables.chunk
    return select(chunk.c.point_id).where(
        chunk.c.generation == generation, chunk.c.valid_to <= horizon
    )


def garbage_of(corpus: Corpus, generation: Generation) -> GenerationGarbage:
    """Count what would go in one generation."""
    horizon = new_horizon(corpus, generation)
    version = tables.version
    with corpus.ledger.read() as connection:
        points = connection.execute(
            select(func.count()).select_from(ended(generation.name, horizon).subquery())
        ).scalar()
        versions = connection.execute(
            select(func.count()).where(
                version.c.generation == generation.name, version.c.valid_to <= horizon
            )
        ).scalar()
    return GenerationGarbage(generation.name, horizon, int(versions or 0), int(points or 0))


def collect_history(corpus: Corpus, generation: Generation) -> GenerationGarbage:
    """Remove the versions of one generation that ended at or before its new horizon."""
    garbage = garbage_of(corpus, generation)
    name, horizon = generation.name, garbage.horizon
    raise_horizon(corpus.ledger, name, horizon)
    reached(Failpoint.HORIZON_RAISED)
    with corpus.ledger.read() as connection:
        points = [UUID(point) for point in connection.execute(ended(name, horizon)).scalars()]
    for group in groups(points, CLOSE_BATCH):
        corpus.store.delete(name, group)
        reached(Failpoint.COLLECTING)
    with corpus.ledger.write() as connection:
        for table in (tables.chunk, tables.version):
            connection.execute(
                delete(table).where(table.c.generation == name, table.c.valid_to <= horizon)
            )
    return garbage
