"""What was purged and must stay out: asked by every plan, every read and every audit.

A document is kept out by its id, wherever a new document would get that id or stands under it,
and by its content, wherever the same bytes turn up. A document that had the same bytes and was
not purged keeps them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from indexing.ledger import tables
from indexing.ledger.database import Ledger
from indexing.ledger.documents import groups
from indexing.ledger.purges import Tombstone, list_purges, merged
from indexing.planning.purged_file import read_purged
from ingestion.document import Reason, Refusal, sha256_of


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Everything that must stay out of one home."""

    by_id: Mapping[UUID, Tombstone] = field(default_factory=dict)
    by_content: Mapping[str, Tombstone] = field(default_factory=dict)
    sharers: frozenset[tuple[UUID, str]] = frozenset()
    """Documents that were not purged, with the purged content that is theirs as well."""

    def of_document(self, document: UUID) -> Tombstone | None:
        """Return what keeps a document out by its id."""
        return self.by_id.get(document)

    def of_content(self, content_sha256: str, document: UUID | None = None) -> Tombstone | None:
        """Return what keeps bytes out, unless they are this document's as well."""
        if document is not None and (document, content_sha256) in self.sharers:
            return None
        return self.by_content.get(content_sha256)

    def refusal_of(self, key: str, document: UUID, data: bytes) -> Refusal | None:
        """Refuse bytes that were read for a document, if they must stay out."""
        if not self.by_content:
            return None
        content = sha256_of(data)
        found = self.of_content(content, document)
        return refuse(key, found, content) if found else None


NO_TOMBSTONES = Tombstones()


def read_tombstones(ledger: Ledger, home: Path) -> Tombstones:
    """Read what was purged: what the ledger has, and what the home's own file has.

    Raises:
        LedgerError: One of them cannot be read.
    """
    known = merged((*read_purged(home), *list_purges(ledger)))
    if not known:
        return NO_TOMBSTONES
    by_id: dict[UUID, Tombstone] = {}
    by_content: dict[str, Tombstone] = {}
    for one in known.values():
        by_id |= dict.fromkeys((one.document_id, *one.key_ids), one)
        by_content |= dict.fromkeys(one.content_sha256s, one)
    return Tombstones(by_id, by_content, find_sharers(ledger, by_content, known))


def find_sharers(
    ledger: Ledger, contents: Iterable[str], purged: Mapping[UUID, Tombstone]
) -> frozenset[tuple[UUID, str]]:
    """Find the documents that have one of these contents in a version, and were not purged."""
    table = tables.version
    found: set[tuple[UUID, str]] = set()
    with ledger.read() as connection:
        for group in groups(contents):
            query = select(table.c.document_id, table.c.content_sha256).distinct()
            for row in connection.execute(query.where(table.c.content_sha256.in_(group))):
                found.add((UUID(row.document_id), row.content_sha256))
    return frozenset(pair for pair in found if pair[0] not in purged)


def refuse(key: str, tombstone: Tombstone, content_sha256: str | None = None) -> Refusal:
    """Say when it was purged, and what to do."""
    detail = (
        f"Purged on {tombstone.purged_at:%Y-%m-%d %H:%M} UTC. Remove it from the source, or let it "
        f"in again: holdfast purge --readmit {tombstone.document_id}"
    )
    return Refusal(key, Reason.PURGED, detail, content_sha256)
