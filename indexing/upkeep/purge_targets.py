"""Finding the document that somebody wants to purge, by its id or by its name."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, func, select

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.documents import DocumentState, groups
from indexing.planning.tombstones import Tombstones, read_tombstones
from indexing.points import PointFilter
from indexing.upkeep.purge_points import own_collections
from ingestion.document import document_id

HISTORY = "history"
"""State of a document that is only in old versions, or in the records of runs."""
UNCOMMITTED = "uncommitted"
"""State of one that a killed run had begun to write."""
PURGED = "purged"
MINTED = 4
"""So many documents that were first seen at one key are thought of."""


@dataclass(frozen=True, slots=True)
class Target:
    """A document as a person should see it before it is gone."""

    document_id: UUID
    source: str
    key: str
    state: str
    versions: int = 0
    chunks: int = 0

    @property
    def description(self) -> str:
        """One line for people."""
        where = f"{self.key} in {self.source}" if self.key else "a document without a name"
        return (
            f"{where} ({self.document_id}): {self.state}, {self.versions} versions with "
            f"{self.chunks} chunks over all generations"
        )


def find_target(corpus: Corpus, named: str, source: str | None = None) -> Target:
    """Find a document by its id or its key.

    Args:
        corpus: The home.
        named: An id as `holdfast docs list --json` gives it, or a key.
        source: Only documents of this source.

    Raises:
        ConfigError: There is none, or there are several.
    """
    tombstones = read_tombstones(corpus.ledger, corpus.settings.home)
    as_id = id_of(named)
    if as_id is not None:
        known = describe(corpus, as_id, tombstones)
        if known is not None and source in {None, known.source}:
            return whole(corpus, known)
    standing = at_key(corpus, named, source, deleted=False)
    found = standing or at_key(corpus, named, source, deleted=True)
    found = found or once_at_key(corpus, named, source) or minted(corpus, named, source, tombstones)
    if not found:
        raise unknown(named, source)
    targets = [t for t in (describe(corpus, d, tombstones) for d in sorted(found)) if t]
    if len(targets) == 1:
        return checked(whole(corpus, targets[0]), named)
    if not targets:
        raise unknown(named, source)
    listed = "; ".join(target.description for target in targets)
    raise ConfigError(
        f"{named!r} is the key of {len(targets)} documents: {listed}. Name one by its id, or its "
        "source with --source. Nothing was changed."
    )


def id_of(named: str) -> UUID | None:
    """Return what was given as an id; none if it is none."""
    try:
        return UUID(named)
    except ValueError:
        return None


def at_key(corpus: Corpus, key: str, source: str | None, *, deleted: bool) -> set[UUID]:
    """Return the documents that stand at a key in any generation, or stood there to the end."""
    table = tables.standing
    query = select(table.c.document_id).where(table.c.key == key)
    gone = table.c.state == DocumentState.DELETED
    query = query.where(gone if deleted else ~gone)
    if source is not None:
        query = query.where(table.c.source == source)
    with corpus.ledger.read() as connection:
        return {UUID(document) for document in connection.execute(query).scalars()}


def once_at_key(corpus: Corpus, key: str, source: str | None) -> set[UUID]:
    """Return the documents that had a key some time, in a version or in the outcome of a run."""
    version, outcome, document = tables.version.c, tables.outcome.c, tables.document.c
    queries = [
        select(version.document_id).where(version.key == key),
        select(outcome.document_id).where(outcome.key == key, outcome.document_id.is_not(None)),
    ]
    found: set[UUID] = set()
    with corpus.ledger.read() as connection:
        for query in queries:
            if source is not None:
                mine = select(document.document_id).where(document.source == source)
                query = query.where(query.selected_columns[0].in_(mine))  # noqa: PLW2901
            found |= {UUID(one) for one in connection.execute(query).scalars()}
    return found


def minted(corpus: Corpus, key: str, source: str | None, tombstones: Tombstones) -> set[UUID]:
    """Return documents whose id comes from a key that no row holds any more.

    One that was purged is known by its tombstone, one that a killed run had begun to write by
    its points.
    """
    tenant, found = corpus.settings.tenant, set()
    for name in [source] if source else source_names(corpus):
        ids = [document_id(tenant, name, key, taken) for taken in range(MINTED)]
        purged = {tombstones.by_id[i].document_id for i in ids if i in tombstones.by_id}
        found |= purged or {i for i in ids if count_points(corpus, i)}
    return found


def source_names(corpus: Corpus) -> Iterable[str]:
    """Return the names of all sources that documents ever came from, or may come from."""
    with corpus.ledger.read() as connection:
        known = connection.execute(select(tables.document.c.source).distinct()).scalars().all()
    return sorted({*known, *(source.name for source in corpus.settings.sources)})


def count_points(corpus: Corpus, document: UUID) -> int:
    """Count the points of a document in every collection, whether the ledger knows them or not."""
    where = PointFilter(document_ids=frozenset({str(document)}))
    return sum(corpus.store.count(name, where) for name in own_collections(corpus))


def count(connection: Connection, column: ColumnElement[str], document: str) -> int:
    """Count the rows of a document in a table."""
    query = select(func.count()).where(column == document)
    return int(connection.execute(query).scalar() or 0)


def describe(corpus: Corpus, document: UUID, tombstones: Tombstones) -> Target | None:
    """Say what is known of a document; none if nothing is."""
    standing, version = tables.standing.c, tables.version.c
    chunk, outcome = tables.chunk.c, tables.outcome.c
    mine = str(document)
    with corpus.ledger.read() as connection:
        row = connection.execute(
            select(tables.document).where(tables.document.c.document_id == mine)
        ).one_or_none()
        stands: Sequence[tuple[str, str]] = [
            (r.state, r.key)
            for r in connection.execute(
                select(standing.state, standing.key, tables.generation.c.number)
                .join(tables.generation, tables.generation.c.name == standing.generation)
                .where(standing.document_id == mine)
                .order_by(tables.generation.c.number.desc())
            )
        ]
        versions = count(connection, version.document_id, mine)
        chunks = count(connection, chunk.document_id, mine)
        outcomes = count(connection, outcome.document_id, mine)
    source, first_key = (row.source, row.first_key) if row else ("", "")
    if stands:
        state, key = next((s for s in stands if s[0] != DocumentState.DELETED), stands[0])
        return Target(document, source, key, state, versions, chunks)
    if row or versions or outcomes:
        return Target(document, source, first_key, HISTORY, versions, chunks)
    if document in {one.document_id for one in tombstones.by_id.values()}:
        return Target(document, "", "", PURGED)
    if count_points(corpus, document):
        return Target(document, "", "", UNCOMMITTED)
    return None


def whole(corpus: Corpus, target: Target) -> Target:
    """Refuse a part of another document, whose bytes hold it as well.

    Raises:
        ConfigError: It is one.
    """
    standing = tables.standing.c
    query = select(standing.container).where(
        standing.document_id == str(target.document_id), standing.container.is_not(None)
    )
    with corpus.ledger.read() as connection:
        container = connection.execute(query.limit(1)).scalar()
        keys = select(standing.key).where(standing.document_id == container).limit(1)
        key = connection.execute(keys).scalar() if container else None
    if container is not None:
        raise ConfigError(
            f"{target.key} lies in {key or container}, whose bytes hold it as well. Purge that "
            "document: what lies in it goes along. Nothing was changed."
        )
    return target


def parts_of(corpus: Corpus, documents: Sequence[UUID]) -> list[UUID]:
    """Return everything that ever lay in these documents, in any generation."""
    standing = tables.standing.c
    found: set[UUID] = set()
    with corpus.ledger.read() as connection:
        for group in groups([str(d) for d in documents]):
            query = select(standing.document_id).where(standing.container.in_(group))
            found |= {UUID(one) for one in connection.execute(query).scalars()}
    return sorted(found)


def checked(target: Target, named: str) -> Target:
    """Refuse a name that the document gave up: it may be meant for another one.

    Raises:
        ConfigError: The document is called otherwise by now.
    """
    here = target.state in {DocumentState.INDEXED, DocumentState.QUARANTINED}
    if here and target.key != named:
        raise ConfigError(
            f"No document is called {named!r} now. {target.description} was called so before; if "
            f"it is meant, name it by its id. Nothing was changed."
        )
    return target


def unknown(named: str, source: str | None) -> ConfigError:
    """Say that there is no such document."""
    where = f" in the source {source!r}" if source else ""
    return ConfigError(
        f"There is no document {named!r}{where}, neither now nor in the history. `holdfast docs "
        "list --deleted --json` has ids and keys. Nothing was changed."
    )
