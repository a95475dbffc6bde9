"""Deleting the bytes and the texts of purged documents, but not what others have as well."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select

from indexing.blobs import BlobName
from indexing.corpus import Corpus
from indexing.ledger import tables
from indexing.ledger.documents import DocumentState, groups
from indexing.upkeep.receipt import Receipt, Step

TOGETHER = 500
"""Blobs whose owners are looked up in one go."""


@dataclass(slots=True)
class BlobsOf:
    """The blobs of one document."""

    receipt: Receipt
    contents: frozenset[str]
    doomed: list[BlobName] = field(default_factory=list)
    shared: int = 0
    orphans: int = 0


def find_blobs(corpus: Corpus, documents: Sequence[BlobsOf]) -> None:
    """Find what is to be deleted, and note the numbers.

    Blobs that no document refers to are found along with the first document: a run that was
    killed between reading and committing left them, and whose they are nobody knows any more.
    Nothing writes blobs meanwhile, because all writer leases are held.
    """
    purged = frozenset(str(one.receipt.document_id) for one in documents)
    of_content: dict[str, list[BlobsOf]] = {}
    for one in documents:
        for content in one.contents:
            of_content.setdefault(content, []).append(one)
    for name, owners in owned(corpus):
        others = owners - purged
        mine = of_content.get(name.content_sha256, ())
        for one in mine:
            one.shared += bool(others)
        if mine and not others:
            mine[0].doomed.append(name)
        elif not owners:
            documents[0].doomed.append(name)
            documents[0].orphans += 1
    for one in documents:
        counted = {
            "blobs_deleted": len(one.doomed) - one.orphans,
            "blobs_shared": one.shared,
            "orphans_deleted": one.orphans,
        }
        one.receipt.expect(Step.BLOBS, counted)


def delete_blobs(corpus: Corpus, documents: Sequence[BlobsOf]) -> None:
    """Delete what was found, and what never came to be a blob."""
    for one in documents:
        for name in one.doomed:
            corpus.blobs.delete(name)
    corpus.blobs.delete_unfinished()


def count_blobs(corpus: Corpus, contents: Mapping[UUID, Iterable[str]]) -> dict[UUID, int]:
    """Count again the blobs of each document that are nobody else's."""
    purged = {str(document) for document in contents}
    of_content: dict[str, list[UUID]] = {}
    for document, mine in contents.items():
        for content in mine:
            of_content.setdefault(content, []).append(document)
    left = dict.fromkeys(contents, 0)
    for name, owners in owned(corpus):
        for document in () if owners - purged else of_content.get(name.content_sha256, ()):
            left[document] += 1
    return left


def owned(corpus: Corpus) -> Iterator[tuple[BlobName, frozenset[str]]]:
    """Yield every blob with the documents that refer to its content, in any generation."""
    version, standing = tables.version.c, tables.standing.c
    for group in groups(corpus.blobs.names(), TOGETHER):
        wanted = {name.content_sha256 for name in group}
        owners: dict[str, set[str]] = {content: set() for content in wanted}
        queries = (
            select(version.document_id, version.content_sha256)
            .where(version.content_sha256.in_(wanted))
            .distinct(),
            select(standing.document_id, standing.content_sha256)
            .where(standing.content_sha256.in_(wanted))
            .where(standing.state == DocumentState.INDEXED)
            .distinct(),
        )
        with corpus.ledger.read() as connection:
            for query in queries:
                for row in connection.execute(query):
                    owners[row.content_sha256].add(row.document_id)
        for name in group:
            yield name, frozenset(owners[name.content_sha256])
