"""Garbage among the blobs: found, and removed while no run can come to need it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

from sqlalchemy import Connection, select

from indexing.blobs import BlobKind, BlobName
from indexing.corpus import Corpus
from indexing.errors import LeaseLostError, WriterBusyError
from indexing.failpoints import Failpoint, reached
from indexing.ledger import tables
from indexing.ledger.documents import groups
from indexing.ledger.generations import Generation, GenerationState, list_generations
from indexing.ledger.leases import HeldLease, prove
from ingestion.identity import parse_fingerprint

TOGETHER = 32
"""Blobs that are removed under one proof of the leases."""


def unused_blobs(
    corpus: Corpus, kept: Sequence[Generation], horizon_of: Callable[[Generation], int]
) -> Iterator[BlobName]:
    """Yield the blobs that no version needs that can still be read.

    Args:
        corpus: The home.
        kept: Generations whose versions count.
        horizon_of: Says which is the oldest epoch of a generation that can be read.
    """
    version = tables.version
    needed: set[str] = set()
    for generation in kept:
        query = select(version.c.content_sha256).where(
            version.c.generation == generation.name,
            version.c.valid_to > horizon_of(generation),
        )
        with corpus.ledger.read() as connection:
            needed.update(connection.execute(query.distinct()).scalars())
    parsers = {parse_fingerprint(g.spec.get("ingestion", {})) for g in kept}
    for name in corpus.blobs.names():
        is_text_of_another = name.kind is BlobKind.TEXT and name.parser not in parsers
        is_of_no_use = is_text_of_another or name.kind is BlobKind.PREPARED
        if name.content_sha256 not in needed or is_of_no_use:
            yield name


def collect_blobs(corpus: Corpus, kept: Sequence[Generation]) -> int | None:
    """Remove unused blobs while no run is writing; returns how many, or none if one is.

    A run keeps the blobs of a version before it commits the version, and takes one that is there
    already for granted. So blobs go only inside a ledger transaction that proves every lease: a
    collection that slept until a run took over removes nothing more.
    """
    seconds = corpus.settings.guards.lease_seconds
    with ExitStack() as leases:
        try:
            held = [
                leases.enter_context(
                    HeldLease(corpus.ledger, generation.name, f"gc-{generation.number}", seconds)
                )
                for generation in kept
            ]
            # As the ledger has them now: a run may have committed since they were looked at.
            names = {generation.name for generation in kept}
            current = [g for g in list_generations(corpus.ledger) if g.name in names]
            doomed = list(unused_blobs(corpus, current, lambda generation: generation.horizon))
            return remove(corpus, held, doomed)
        except (WriterBusyError, LeaseLostError):
            return None


def remove(corpus: Corpus, held: Sequence[HeldLease], doomed: Sequence[BlobName]) -> int | None:
    """Remove blobs, and what blobs that never got their name left; none if a run came between.

    Raises:
        LeaseLostError: A run took over.
    """
    for group in (*groups(doomed, TOGETHER), ()):
        with corpus.ledger.write() as connection:
            for lease in held:
                prove(connection, lease.token)
            if others_began(connection, held):
                return None
            for name in group:
                corpus.blobs.delete(name)
                reached(Failpoint.COLLECTING)
            if not group:
                corpus.blobs.delete_unfinished()
    return len(doomed)


def others_began(connection: Connection, held: Sequence[HeldLease]) -> bool:
    """Whether there is a generation by now whose lease is not held."""
    table = tables.generation
    query = select(table.c.name).where(table.c.state != GenerationState.DROPPED)
    return set(connection.execute(query).scalars()) != {lease.token.generation for lease in held}
