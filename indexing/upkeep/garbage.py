"""Garbage collection: what is past its retention: history, generations, blobs, logs.

Everything goes by ids from the ledger. What can still be read is decided first, in the ledger
(the horizon of a generation), and only then are points deleted; so a reader is refused before it
could miss something, and a collection that was interrupted is simply run again.
"""

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select

from indexing.blobs import BlobKind, BlobName
from indexing.corpus import Corpus
from indexing.epochs import CLOSE_BATCH
from indexing.errors import WriterBusyError
from indexing.failpoints import Failpoint, reached
from indexing.ledger import tables
from indexing.ledger.database import in_utc, now
from indexing.ledger.documents import groups
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    list_generations,
    raise_horizon,
    set_state,
)
from indexing.ledger.leases import HeldLease, is_held
from indexing.ledger.requests import count_old_requests, forget_requests
from indexing.ledger.runs import forget_runs, old_runs
from indexing.upkeep.exclusive import exclusively
from indexing.upkeep.verify import KEPT
from ingestion.identity import parse_fingerprint

GOES = frozenset({GenerationState.RETIRED, GenerationState.REJECTED, GenerationState.BUILDING})
"""States of generations that are dropped once the soak time is over."""


@dataclass(frozen=True, slots=True)
class GenerationGarbage:
    """What goes in one generation that stays."""

    generation: str
    horizon: int
    """The oldest epoch that can be read afterwards."""
    versions: int
    points: int


@dataclass(frozen=True, slots=True)
class Garbage:
    """What is collected, or would be."""

    generations: tuple[GenerationGarbage, ...] = ()
    dropped: tuple[str, ...] = ()
    """Generations past their soak time."""
    blobs: int = 0
    blobs_looked_at: bool = True
    """False while a run is writing: its blobs are not in the ledger yet."""
    requests: int = 0
    runs: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast gc --json`."""
        return {
            "generations": [asdict(one) for one in self.generations],
            "points": sum(one.points for one in self.generations),
            "versions": sum(one.versions for one in self.generations),
            "dropped": list(self.dropped),
            "blobs": self.blobs,
            "blobs_looked_at": self.blobs_looked_at,
            "requests": self.requests,
            "runs": self.runs,
        }


def plan_collection(corpus: Corpus) -> Garbage:
    """Say what a collection would remove now; removes nothing."""
    generations = list_generations(corpus.ledger)
    gone = [g for g in generations if is_past_soak(corpus, g)]
    stay = staying(generations, gone)
    keep = corpus.settings.audit.keep_days
    return Garbage(
        tuple(garbage_of(corpus, g) for g in stay if g.state in KEPT),
        tuple(g.name for g in gone),
        blobs=sum(1 for _ in unused_blobs(corpus, stay)),
        requests=count_old_requests(corpus.ledger, keep),
        runs=len(old_runs(corpus.ledger, keep)),
    )


def collect(corpus: Corpus) -> Garbage:
    """Remove what is past its retention.

    Raises:
        WriterBusyError: Another upkeep is running.
    """
    with exclusively(corpus, "gc"):
        generations = list_generations(corpus.ledger)
        gone = [g for g in generations if is_past_soak(corpus, g)]
        for generation in gone:
            drop(corpus, generation)
        stay = staying(generations, gone)
        collected = tuple(collect_history(corpus, g) for g in stay if g.state in KEPT)
        blobs = collect_blobs(corpus, stay)
        keep = corpus.settings.audit.keep_days
        return Garbage(
            collected,
            tuple(g.name for g in gone),
            blobs or 0,
            blobs is not None,
            forget_requests(corpus.ledger, keep),
            forget_old_runs(corpus, keep),
        )


def staying(generations: Sequence[Generation], gone: Sequence[Generation]) -> list[Generation]:
    """Return the generations that somebody reads, may come to read, or is building."""
    return [g for g in generations if g not in gone and g.state is not GenerationState.DROPPED]


def is_past_soak(corpus: Corpus, generation: Generation) -> bool:
    """Whether a generation that is not live has been kept long enough, and nobody works on it."""
    if generation.state not in GOES or is_held(corpus.ledger, generation.name):
        return False
    since = generation.retired_at or generation.created_at
    soak = dt.timedelta(hours=corpus.settings.promotion.soak_hours)
    return since is None or since + soak <= now()


def drop(corpus: Corpus, generation: Generation) -> None:
    """Remove the points and rows of a generation; readers are refused before anything goes."""
    set_state(corpus.ledger, generation.name, GenerationState.DROPPED)
    reached(Failpoint.HORIZON_RAISED)
    corpus.store.drop(generation.name)
    reached(Failpoint.COLLECTING)
    with corpus.ledger.write() as connection:
        for table in (tables.chunk, tables.version, tables.standing):
            connection.execute(delete(table).where(table.c.generation == generation.name))


def new_horizon(corpus: Corpus, generation: Generation) -> int:
    """Return the oldest epoch that must stay readable.

    That is the state of `history_days` ago, or the one `history_epochs` commits ago if that is
    older; so a clock that jumps ahead cannot take the newest history away.
    """
    retention = corpus.settings.retention
    cutoff = now() - dt.timedelta(days=retention.history_days)
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


def unused_blobs(corpus: Corpus, kept: Sequence[Generation]) -> Iterator[BlobName]:
    """Yield the blobs that no version needs that can still be read."""
    version = tables.version
    needed: set[str] = set()
    for generation in kept:
        query = select(version.c.content_sha256).where(
            version.c.generation == generation.name,
            version.c.valid_to > new_horizon(corpus, generation),
        )
        with corpus.ledger.read() as connection:
            needed.update(connection.execute(query.distinct()).scalars())
    parsers = {parse_fingerprint(g.spec.get("ingestion", {})) for g in kept}
    for name in corpus.blobs.names():
        is_text_of_another = name.kind is BlobKind.TEXT and name.parser not in parsers
        if name.content_sha256 not in needed or is_text_of_another:
            yield name


def collect_blobs(corpus: Corpus, kept: Sequence[Generation]) -> int | None:
    """Remove unused blobs while no run is writing; returns how many, or none if one is."""
    seconds = corpus.settings.guards.lease_seconds
    with ExitStack() as leases:
        try:
            for generation in kept:
                leases.enter_context(
                    HeldLease(corpus.ledger, generation.name, f"gc-{generation.number}", seconds)
                )
        except WriterBusyError:
            return None
        count = 0
        for name in list(unused_blobs(corpus, kept)):
            corpus.blobs.delete(name)
            reached(Failpoint.COLLECTING)
            count += 1
        return count


def forget_old_runs(corpus: Corpus, keep_days: int) -> int:
    """Remove the records and the files of runs that are older than the request log is kept."""
    forgotten = forget_runs(corpus.ledger, keep_days)
    for run_id in forgotten:
        (corpus.settings.home / "runs" / f"{run_id}.jsonl").unlink(missing_ok=True)
    return len(forgotten)
