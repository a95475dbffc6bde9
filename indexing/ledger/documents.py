"""What the ledger knows of documents: their standing, their versions, their points."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Row, and_, select

from config.trust import Trust
from indexing.ledger import tables
from indexing.ledger.database import Ledger
from indexing.ledger.ordering import ByBytes
from indexing.points import OPEN_END
from ingestion.document import UNLABELLED, Labels, Stat, document_id

T = TypeVar("T")
UNKNOWN_LABELS = "?"
"""Stands for labels that may not have been written as wanted: the next ingest sees to them."""
SQL_VARIABLES = 500
"""Values per IN list, well below every database's limit."""


class DocumentState(StrEnum):
    """Terminal state of a document in a run, and its standing afterwards."""

    INDEXED = "indexed"
    UNCHANGED = "unchanged"
    MOVED = "moved"
    DELETED = "deleted"
    QUARANTINED = "quarantined"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one document stands in one generation.

    `state` is indexed, quarantined or deleted. A quarantined document may still have an open
    version: its last good one, which stays live until better content arrives.
    """

    document_id: UUID
    source: str
    key: str
    state: DocumentState
    reason: str | None
    detail: str | None
    version: int
    """Number of the newest version; 0 if there never was one."""
    content_sha256: str | None
    """Of the bytes last seen, whether they were indexed or refused."""
    stat: Stat
    attempts: int = 0
    """How often in a row it failed for a passing reason."""
    labels: str = ""
    """Digest of the labels that its served points carry."""
    container: UUID | None = None
    """The outermost document that it lies in; none for what a source lists."""


@dataclass(frozen=True, slots=True)
class OpenVersion:
    """A version that readers see now."""

    document_id: UUID
    number: int
    key: str
    valid_from: int
    content_sha256: str
    text_sha256: str
    chunks_sha256: str
    chunk_count: int
    token_count: int
    media_type: str
    title: str | None
    flags: tuple[str, ...]
    modified_ns: int
    labels: Labels = UNLABELLED
    origin: tuple[tuple[str, str], ...] = ()


def groups(items: Iterable[T], size: int = SQL_VARIABLES) -> Iterator[list[T]]:
    """Cut into lists of at most `size`, for IN clauses."""
    iterator = iter(items)
    while group := list(islice(iterator, size)):
        yield group


def standing_from(row: Row[Any]) -> Standing:
    """Build the value from its row."""
    return Standing(
        document_id=UUID(row.document_id),
        source=row.source,
        key=row.key,
        state=DocumentState(row.state),
        reason=row.reason,
        detail=row.detail,
        version=row.version,
        content_sha256=row.content_sha256,
        stat=Stat(row.size, row.modified_ns, row.tag),
        attempts=row.attempts,
        labels=row.labels,
        container=UUID(row.container) if row.container else None,
    )


def list_standings(ledger: Ledger, generation: str, source: str | None = None) -> list[Standing]:
    """Return the standing of every document, deleted ones included, by source and key."""
    table = tables.standing
    query = select(table).where(table.c.generation == generation)
    if source is not None:
        query = query.where(table.c.source == source)
    with ledger.read() as connection:
        in_order = query.order_by(ByBytes(table.c.source), ByBytes(table.c.key))
        rows = connection.execute(in_order).all()
        return [standing_from(row) for row in rows]


def contained_standings(
    ledger: Ledger, generation: str, containers: Sequence[UUID]
) -> Iterator[Standing]:
    """Yield the standing of everything that lies in these documents, deleted parts included."""
    table = tables.standing
    for group in groups([str(c) for c in containers]):
        query = select(table).where(table.c.generation == generation, table.c.container.in_(group))
        with ledger.read() as connection:
            in_order = query.order_by(ByBytes(table.c.key))
            yield from [standing_from(row) for row in connection.execute(in_order)]


def standings_at(ledger: Ledger, generation: str, documents: Sequence[UUID]) -> set[UUID]:
    """Return which of these documents have a standing in a generation."""
    table = tables.standing
    found: set[UUID] = set()
    with ledger.read() as connection:
        for group in groups([str(d) for d in documents]):
            query = select(table.c.document_id).where(
                table.c.generation == generation, table.c.document_id.in_(group)
            )
            found |= {UUID(d) for d in connection.execute(query).scalars()}
    return found


def taken_keys(
    ledger: Ledger, generation: str, source: str, keys: Sequence[str]
) -> dict[str, UUID | None]:
    """Return which of these keys have a document, and the container of that one."""
    table = tables.standing
    found: dict[str, UUID | None] = {}
    with ledger.read() as connection:
        for group in groups(keys):
            query = select(table.c.key, table.c.container).where(
                table.c.generation == generation,
                table.c.source == source,
                table.c.key.in_(group),
                table.c.state != DocumentState.DELETED,
            )
            rows = connection.execute(query)
            found |= {row.key: UUID(row.container) if row.container else None for row in rows}
    return found


def open_versions(
    ledger: Ledger, generation: str, documents: Sequence[UUID] | None = None
) -> dict[UUID, OpenVersion]:
    """Return the versions readers see now, of these documents or of all."""
    table = tables.version
    base = select(table).where(table.c.generation == generation, table.c.valid_to == OPEN_END)
    queries = (
        [base]
        if documents is None
        else [base.where(table.c.document_id.in_([str(d) for d in g])) for g in groups(documents)]
    )
    found: dict[UUID, OpenVersion] = {}
    with ledger.read() as connection:
        for query in queries:
            for row in connection.execute(query):
                found[UUID(row.document_id)] = version_from(row)
    return found


@dataclass(frozen=True, slots=True)
class Holdings:
    """What one generation holds at its committed epoch, read in one look."""

    epoch: int
    standings: Mapping[UUID, Standing]
    """Every document ever settled there, deleted ones included."""
    versions: Mapping[UUID, OpenVersion]
    """What readers see."""


def read_holdings(ledger: Ledger, generation: str) -> Holdings:
    """Read what a generation holds, all of it from one state of the ledger."""
    standing, version = tables.standing, tables.version
    with ledger.read() as connection:
        epoch = connection.execute(
            select(tables.generation.c.epoch).where(tables.generation.c.name == generation)
        ).scalar()
        standings = connection.execute(
            select(standing).where(standing.c.generation == generation)
        ).all()
        versions = connection.execute(
            select(version).where(
                version.c.generation == generation, version.c.valid_to == OPEN_END
            )
        ).all()
        return Holdings(
            epoch or 0,
            {UUID(row.document_id): standing_from(row) for row in standings},
            {UUID(row.document_id): version_from(row) for row in versions},
        )


def version_from(row: Row[Any]) -> OpenVersion:
    """Build the value from its row."""
    return OpenVersion(
        document_id=UUID(row.document_id),
        number=row.number,
        key=row.key,
        valid_from=row.valid_from,
        content_sha256=row.content_sha256,
        text_sha256=row.text_sha256,
        chunks_sha256=row.chunks_sha256,
        chunk_count=row.chunk_count,
        token_count=row.token_count,
        media_type=row.media_type,
        title=row.title,
        flags=tuple(row.flags),
        modified_ns=row.modified_ns,
        labels=Labels(Trust(row.trust or Trust.MEDIUM), tuple(row.acl or ())),
        origin=tuple((row.origin or {}).items()),
    )


def versions_at(ledger: Ledger, generation: str, epoch: int) -> list[tuple[str, OpenVersion]]:
    """Return what was served at an epoch, with the source of each document, by key."""
    version, document = tables.version, tables.document
    query = (
        select(version, document.c.source)
        .join(document, document.c.document_id == version.c.document_id)
        .where(version.c.generation == generation)
        .where(version.c.valid_from <= epoch, version.c.valid_to > epoch)
        .order_by(ByBytes(document.c.source), ByBytes(version.c.key))
    )
    with ledger.read() as connection:
        return [(row.source, version_from(row)) for row in connection.execute(query)]


def open_points(
    ledger: Ledger, generation: str, documents: Sequence[UUID]
) -> dict[UUID, list[UUID]]:
    """Return the ids of the points readers see now, per document, in chunk order."""
    table = tables.chunk
    found: dict[UUID, list[UUID]] = {document: [] for document in documents}
    with ledger.read() as connection:
        for group in groups(documents):
            query = (
                select(table.c.document_id, table.c.point_id)
                .where(table.c.generation == generation, table.c.valid_to == OPEN_END)
                .where(table.c.document_id.in_([str(d) for d in group]))
                .order_by(table.c.document_id, table.c.ordinal)
            )
            for row in connection.execute(query):
                found[UUID(row.document_id)].append(UUID(row.point_id))
    return found


def ends_of_points(ledger: Ledger, points: Iterable[UUID]) -> dict[UUID, int]:
    """Return the committed `valid_to` of these points; unknown ones are left out."""
    table = tables.chunk
    found: dict[UUID, int] = {}
    with ledger.read() as connection:
        for group in groups([str(p) for p in points]):
            query = select(table.c.point_id, table.c.valid_to).where(table.c.point_id.in_(group))
            found |= {UUID(row.point_id): row.valid_to for row in connection.execute(query)}
    return found


def payloads_of_points(ledger: Ledger, points: Iterable[UUID]) -> dict[UUID, str]:
    """Return the hashes of the payloads that were committed; the first schema kept none."""
    table = tables.chunk
    found: dict[UUID, str] = {}
    with ledger.read() as connection:
        for group in groups([str(p) for p in points]):
            query = select(table.c.point_id, table.c.payload_sha256).where(
                table.c.point_id.in_(group), table.c.payload_sha256.is_not(None)
            )
            found |= {UUID(row.point_id): row.payload_sha256 for row in connection.execute(query)}
    return found


def points_with_text(
    ledger: Ledger, generation: str, embed_hashes: Iterable[str]
) -> Mapping[str, UUID]:
    """Return, per hash of an embedded text, one point that already carries its vector."""
    table = tables.chunk
    found: dict[str, UUID] = {}
    with ledger.read() as connection:
        for group in groups(embed_hashes):
            query = select(table.c.embed_sha256, table.c.point_id).where(
                and_(table.c.generation == generation, table.c.embed_sha256.in_(group))
            )
            for row in connection.execute(query):
                found.setdefault(row.embed_sha256, UUID(row.point_id))
    return found


def taken_ids(ledger: Ledger, candidates: Sequence[UUID]) -> set[UUID]:
    """Return which of these document ids are already in use."""
    table = tables.document
    found: set[UUID] = set()
    with ledger.read() as connection:
        for group in groups(candidates):
            query = select(table.c.document_id).where(
                table.c.document_id.in_([str(d) for d in group])
            )
            found.update(UUID(value) for value in connection.execute(query).scalars())
    return found


def free_ids(
    ledger: Ledger,
    tenant: str,
    source: str,
    keys: Iterable[str],
    gone: frozenset[UUID] = frozenset(),
) -> dict[str, UUID]:
    """Return the id that a document gets which is seen for the first time, by its key.

    The id minted from a key may belong to a document that was first seen there and moved away;
    then the next one is taken.

    Args:
        ledger: Knows which ids are in use.
        tenant: Of the documents.
        source: Where they are seen.
        keys: Under which keys.
        gone: Documents whose ids count as free although the ledger has them.
    """
    ids: dict[str, UUID] = {}
    open_keys = list(keys)
    taken = 0
    while open_keys:
        candidates = {key: document_id(tenant, source, key, taken) for key in open_keys}
        used = taken_ids(ledger, list(candidates.values())) - gone
        ids |= {key: minted for key, minted in candidates.items() if minted not in used}
        open_keys = [key for key in open_keys if key not in ids]
        taken += 1
    return ids


def ids_at_keys(ledger: Ledger, source: str, keys: Sequence[str]) -> dict[str, UUID]:
    """Return the documents that stand at these keys in any generation; the newest one wins."""
    table, generation = tables.standing, tables.generation
    found: dict[str, UUID] = {}
    with ledger.read() as connection:
        for group in groups(keys):
            query = (
                select(table.c.key, table.c.document_id)
                .join(generation, generation.c.name == table.c.generation)
                .where(table.c.source == source, table.c.key.in_(group))
                .where(table.c.state != DocumentState.DELETED)
                .order_by(generation.c.number)
            )
            for row in connection.execute(query):
                found[row.key] = UUID(row.document_id)
    return found
