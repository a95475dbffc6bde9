"""What a home holds of documents that are to be purged, found in the ledger and in the store."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import Connection, select

from indexing.committing.epochs import above
from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.documents import DocumentState, free_ids, groups
from indexing.ledger.generations import list_generations
from indexing.points import PointFilter
from ingestion.document import sha256_of
from ingestion.parsing.parts import INSIDE

NOTHING = sha256_of(b"")
"""Hash of an empty file: it tells nothing of a document, and would keep every other one out."""


@dataclass(slots=True)
class Belongings:
    """What there is of one document."""

    document_id: UUID
    contents: set[str] = field(default_factory=set)
    """Hashes of every content it ever had."""
    keys: set[str] = field(default_factory=set)
    """Every name it ever had."""
    tenant: str | None = None
    """Whose it is; none where no row says so."""
    sources: set[str] = field(default_factory=set)
    """Every source it ever came from."""
    places: set[tuple[str, str]] = field(default_factory=set)
    """Source and key where it stands now, in any generation."""
    key_ids: set[UUID] = field(default_factory=set)
    """Ids that a document would get that is seen there afterwards."""
    rows: dict[str, set[UUID]] = field(default_factory=dict)
    """Its points as the ledger knows them, by generation."""
    points: dict[str, set[UUID]] = field(default_factory=dict)
    """Its points as they are in the store, by collection, the ledger's and others."""

    def remember(self, before: "Belongings") -> None:
        """Take over names and ids that were found before, and may be gone since."""
        self.tenant = self.tenant or before.tenant
        self.keys |= before.keys
        self.sources |= before.sources
        self.contents |= before.contents
        self.key_ids |= before.key_ids
        for known in (before.rows, before.points):
            for collection, ids in known.items():
                self.rows.setdefault(collection, set()).update(ids)

    @property
    def point_ids(self) -> Iterator[str]:
        """Every point that it ever had, as far as anybody knows."""
        for known in (self.rows, self.points):
            for ids in known.values():
                yield from map(str, ids)


def find_belongings(
    corpus: Corpus, documents: Sequence[UUID], collections: Sequence[str]
) -> list[Belongings]:
    """Find everything that is held of these documents; nobody may write meanwhile."""
    found = {document: Belongings(document) for document in documents}
    with corpus.ledger.read() as connection:
        for group in groups([str(d) for d in documents]):
            read_rows(connection, group, found)
    for one in found.values():
        one.key_ids = ids_at_places(corpus, one, frozenset(documents))
    committed = {g.name: g.epoch for g in list_generations(corpus.ledger)}
    for collection in collections:
        find_points(corpus, collection, found)
        find_staged_parts(corpus, collection, committed.get(collection, 0), found)
        one_by_one = (one for one in found.values() if one.rows.get(collection))
        for one in one_by_one:
            find_known_points(corpus, collection, one)
    for one in found.values():
        one.contents.discard(NOTHING)
    return list(found.values())


def read_rows(
    connection: Connection, documents: Sequence[str], found: dict[UUID, Belongings]
) -> None:
    """Read contents, names and points out of every generation's rows."""
    version, standing, chunk = tables.version.c, tables.standing.c, tables.chunk.c
    document, outcome = tables.document.c, tables.outcome.c
    for row in connection.execute(
        select(version.document_id, version.key, version.content_sha256)
        .where(version.document_id.in_(documents))
        .distinct()
    ):
        found[UUID(row.document_id)].keys.add(row.key)
        found[UUID(row.document_id)].contents.add(row.content_sha256)
    for stands in connection.execute(
        select(
            standing.document_id, standing.source, standing.key, standing.state,
            standing.content_sha256,
        ).where(standing.document_id.in_(documents))
    ):  # fmt: skip
        one = found[UUID(stands.document_id)]
        one.keys.add(stands.key)
        one.sources.add(stands.source)
        if stands.content_sha256:
            one.contents.add(stands.content_sha256)
        if stands.state != DocumentState.DELETED:
            one.places.add((stands.source, stands.key))
    for query in (
        select(document.document_id, document.source, document.first_key.label("key")),
        select(outcome.document_id, outcome.source, outcome.key).distinct(),
    ):
        for named in connection.execute(query.where(query.selected_columns[0].in_(documents))):
            found[UUID(named.document_id)].keys.add(named.key)
            found[UUID(named.document_id)].sources.add(named.source)
    whose = select(document.document_id, document.tenant).where(document.document_id.in_(documents))
    for owned in connection.execute(whose):
        found[UUID(owned.document_id)].tenant = owned.tenant
    points = select(chunk.document_id, chunk.generation, chunk.point_id)
    for point in connection.execute(points.where(chunk.document_id.in_(documents))):
        rows = found[UUID(point.document_id)].rows
        rows.setdefault(point.generation, set()).add(UUID(point.point_id))


def ids_at_places(corpus: Corpus, one: Belongings, gone: frozenset[UUID]) -> set[UUID]:
    """Return the ids that a document would get that is seen where this one stands now."""
    ids: set[UUID] = set()
    for source, key in one.places:
        tenant = one.tenant or corpus.settings.tenant
        ids |= set(free_ids(corpus.ledger, tenant, source, [key], gone).values())
        with corpus.ledger.read() as connection:
            # One that was deleted there would come back under its own id.
            before = connection.execute(
                select(tables.standing.c.document_id)
                .where(tables.standing.c.source == source, tables.standing.c.key == key)
                .where(tables.standing.c.state == DocumentState.DELETED)
            ).scalars()
            ids |= {UUID(document) for document in before}
    return ids


def find_points(corpus: Corpus, collection: str, found: dict[UUID, Belongings]) -> None:
    """Find every point in a collection that says it is of one of the documents."""
    for group in groups([str(document) for document in found], 100):
        where = PointFilter(document_ids=frozenset(group))
        for point in corpus.store.scroll(collection, where):
            one = found[UUID(str(point.payload["document_id"]))]
            one.points.setdefault(collection, set()).add(point.id)
            told = (
                ("content_sha256", one.contents), ("key", one.keys), ("source", one.sources),
            )  # fmt: skip
            for name, values in told:
                if isinstance(value := point.payload.get(name), str):
                    values.add(value)


def find_staged_parts(
    corpus: Corpus, collection: str, epoch: int, found: dict[UUID, Belongings]
) -> None:
    """Find points of what lies in the documents that a killed run staged and never committed.

    No row knows such a part, only its key tells where it lies. Whatever is staged may go.
    """
    for point in corpus.store.scroll(collection, above(epoch)):
        source, key = point.payload.get("source"), str(point.payload.get("key"))
        outermost, inside, _ = key.partition(INSIDE)
        for one in found.values() if inside else ():
            if source in one.sources and outermost in one.keys:
                one.points.setdefault(collection, set()).add(point.id)


def find_known_points(corpus: Corpus, collection: str, one: Belongings) -> None:
    """Find the points that the ledger says are the document's, whatever they say themselves."""
    unseen = one.rows[collection] - one.points.get(collection, set())
    for group in groups(sorted(unseen)):
        for point in corpus.store.fetch(collection, group):
            one.points.setdefault(collection, set()).add(point.id)
