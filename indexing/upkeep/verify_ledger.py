"""The ledger held against itself: a file without checksums can change without becoming unreadable.

Everything that readers and writers rely on is written down twice in some form; here both are
compared. A fault of this kind is not repaired: which of the two is right, nobody can tell.
"""

from collections.abc import Iterator
from uuid import UUID

from sqlalchemy import Connection, and_, exists, func, or_, select

from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.documents import DocumentState
from indexing.ledger.generations import Generation
from indexing.points import OPEN_END, point_id
from indexing.upkeep.faults import EXAMPLES, Fault, FaultKind

SETTLED = frozenset({DocumentState.INDEXED, DocumentState.QUARANTINED, DocumentState.DELETED})
"""What a document can stand as."""
ROWS = 2000
"""Rows fetched at a time."""


def damaged(detail: str, document: str | None = None, key: str | None = None) -> Fault:
    """Build the fault of rows that contradict each other."""
    return Fault(FaultKind.LEDGER_DAMAGED, detail, document=as_id(document), key=key)


def as_id(text: str | None) -> UUID | None:
    """Read an id that may be damaged."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def check_file(corpus: Corpus) -> Iterator[Fault]:
    """Yield what SQLite's own check finds wrong with the file, indexes included."""
    if corpus.ledger.dialect != "sqlite":
        return
    with corpus.ledger.read() as connection:
        found = connection.exec_driver_sql(f"PRAGMA integrity_check({EXAMPLES})").scalars().all()
    for line in found:
        if line != "ok":
            yield damaged(f"The ledger file: {line}.")


def check_rows(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Yield where the rows of one generation contradict each other."""
    for check in (epochs, standings, versions, chunks):
        yield from check(connection, generation)


def epochs(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Compare the committed epoch with the commits."""
    epoch = tables.epoch
    row = connection.execute(
        select(func.max(epoch.c.number).label("last"), func.sum(epoch.c.gap + 1).label("taken"))
        .where(epoch.c.generation == generation.name)
    ).one()  # fmt: skip
    last, taken = row.last or 0, row.taken or 0
    if not generation.epoch == last == taken:
        yield damaged(
            f"{generation.name} is at epoch {generation.epoch}, its last commit is {last} and "
            f"{taken} numbers are accounted for."
        )
    if not 0 <= generation.horizon <= max(generation.epoch, 0):
        yield damaged(f"{generation.name} can be read from epoch {generation.horizon} on.")


def standings(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Compare how documents stand with the documents and with their open versions."""
    standing, document, version = tables.standing, tables.document, tables.version
    query = (
        select(standing, document.c.source.label("home"), document.c.tenant,
               version.c.key.label("served"), version.c.number)
        .outerjoin(document, document.c.document_id == standing.c.document_id)
        .outerjoin(version, and_(version.c.generation == standing.c.generation,
                                 version.c.document_id == standing.c.document_id,
                                 version.c.valid_to == OPEN_END))
        .where(standing.c.generation == generation.name)
    )  # fmt: skip
    for row in connection.execution_options(yield_per=ROWS).execute(query):
        indexed, deleted = (row.state == s for s in (DocumentState.INDEXED, DocumentState.DELETED))
        served = row.served is not None
        wrong = (
            ("has a state that there is none of", row.state not in SETTLED),
            ("belongs to no document, or to one of another source", row.home != row.source),
            ("is indexed and has no open version", indexed and not served),
            ("is deleted and has an open version", deleted and served),
            ("is served under another key", indexed and served and row.served != row.key),
            ("is served in another version", indexed and served and row.number != row.version),
        )  # fmt: skip
        for what, holds in wrong:
            if holds:
                yield damaged(f"{row.key} {what}.", row.document_id, row.key)


def versions(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Find versions that no commit made, that nobody stands for, or that are open twice."""
    version, standing, epoch = tables.version, tables.standing, tables.epoch
    name = generation.name
    commits = select(epoch.c.number).where(epoch.c.generation == name)
    stands = exists().where(
        standing.c.generation == name, standing.c.document_id == version.c.document_id
    )
    mine = select(version).where(version.c.generation == name)
    unmade = mine.where(
        or_(
            version.c.valid_from.not_in(commits),
            and_(version.c.valid_to != OPEN_END, version.c.valid_to.not_in(commits)),
            ~stands,
        )
    )
    for row in connection.execute(unmade):
        detail = f"{row.key} has a version from {row.valid_from} to {row.valid_to} that none made."
        yield damaged(detail, row.document_id, row.key)
    twice = (
        select(version.c.document_id)
        .where(version.c.generation == name, version.c.valid_to == OPEN_END)
        .group_by(version.c.document_id)
        .having(func.count() > 1)
    )
    for document in connection.execute(twice).scalars():
        yield damaged("A document has several open versions.", document)


def chunks(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Compare the rows of points with their versions, and their ids with what these say."""
    chunk, version = tables.chunk, tables.version
    query = (
        select(chunk, version.c.valid_to.label("ends"), version.c.key)
        .outerjoin(version, and_(version.c.generation == chunk.c.generation,
                                 version.c.document_id == chunk.c.document_id,
                                 version.c.valid_from == chunk.c.valid_from))
        .where(chunk.c.generation == generation.name)
    )  # fmt: skip
    for row in connection.execution_options(yield_per=ROWS).execute(query):
        if row.ends is None:
            yield damaged(f"Point {row.point_id} belongs to no version.", row.document_id)
            continue
        if row.ends != row.valid_to:
            detail = f"Chunk {row.ordinal} of {row.key} ends at {row.valid_to}, not at {row.ends}."
            yield damaged(detail, row.document_id, row.key)
        document = as_id(row.document_id)
        derived = document and point_id(generation.name, document, row.valid_from, row.ordinal)
        if str(derived) != row.point_id:
            detail = f"Chunk {row.ordinal} of {row.key} has an id that is not its own."
            yield damaged(detail, row.document_id, row.key)


def miscounted(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Yield the versions whose chunk rows are not as many as they say."""
    version, chunk = tables.version, tables.chunk
    counted = (
        select(chunk.c.document_id, chunk.c.valid_from, func.count().label("rows"))
        .where(chunk.c.generation == generation.name)
        .group_by(chunk.c.document_id, chunk.c.valid_from)
        .subquery()
    )
    query = (
        select(version.c.document_id, version.c.valid_from, version.c.key, version.c.chunk_count,
               func.coalesce(counted.c.rows, 0).label("rows"))
        .outerjoin(counted, (counted.c.document_id == version.c.document_id)
                   & (counted.c.valid_from == version.c.valid_from))
        .where(version.c.generation == generation.name, version.c.valid_to > generation.horizon)
        .where(func.coalesce(counted.c.rows, 0) != version.c.chunk_count)
    )  # fmt: skip
    for row in connection.execute(query).all():
        detail = f"{row.key} should have {row.chunk_count} chunks, the ledger has {row.rows}."
        document = UUID(row.document_id)
        yield Fault(
            FaultKind.CHUNK_COUNT, detail, None, document, int(row.valid_from), str(row.key)
        )
