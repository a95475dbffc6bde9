"""What must not come back: documents that were purged, before or after the backup was made.

A purge leaves a line in `purged.jsonl` in the home, which is in no backup and outlives every
restore, and a row in the ledger, which is in later backups; one that was interrupted leaves that
row before it has removed everything. Both bar a document.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from indexing.ledger import tables
from indexing.ledger.documents import DocumentState
from indexing.ledger.feedback import tells_of
from indexing.ledger.purges import Tombstone, merged
from indexing.ledger.redaction import REDACTED, Traces, redact
from indexing.planning.purged_file import add_purged, read_purged
from indexing.upkeep.belongings import NOTHING
from indexing.upkeep.purge_targets import MINTED
from indexing.upkeep.quotes import Quotes
from indexing.upkeep.restore_rows import Row, Rows
from ingestion.document import document_id

NAMING = {
    tables.document: "first_key",
    tables.standing: "key",
    tables.version: "key",
    tables.outcome: "key",
}
"""Tables with names of documents, and the column that holds them."""


@dataclass(frozen=True, slots=True)
class Barred:
    """What a restore leaves out."""

    traces: Traces = field(default_factory=Traces)
    """How the documents can be told in what was written down."""
    contents: frozenset[str] = frozenset()
    """Of these documents and of no other one."""
    requests: frozenset[str] = frozenset()
    """Ids of logged requests behind which one of them is."""
    then: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By run, the names under which it settled them."""

    @property
    def documents(self) -> frozenset[str]:
        """Ids of the documents."""
        return self.traces.documents

    def bars(self, table: Table, row: Row) -> bool:
        """Whether a row must not come back."""
        return table is not tables.purge and row.get("document_id") in self.documents

    def cleaned(self, table: Table, row: Row) -> Row:
        """Return a row that may come back without what it tells of the barred documents."""
        if not self.documents:
            return row
        changed: dict[str, Any] = {}
        if table is tables.request and self.traces.behind(row["body"]):
            changed["body"] = redact(row["body"], self.traces)
        elif table is tables.feedback:
            behind = {"redacted": REDACTED} if row["request_id"] in self.requests else None
            if tells_of(row["body"], behind, self.traces):
                changed["body"] = {"redacted": REDACTED}
        elif table is tables.run:
            changed["message"] = self.traces.without_names(row["message"])
            then = self.then.get(row["run_id"], frozenset())
            changed["report"] = row["report"] and self.traces.without_entries(row["report"], then)
        elif table is tables.generation:
            changed["gates"] = self.traces.without_names(row["gates"])
        return {**row, **changed}


Texts = Callable[[frozenset[str], frozenset[str]], Iterable[str]]
"""Gives what the backup has of the texts of documents, by their ids and their contents."""


def find_barred(known: Mapping[UUID, Tombstone], rows: Rows, texts: Texts) -> Barred:
    """Find out what of a backup must not come back into a home where so much was purged."""
    if not known:
        return Barred()
    documents = frozenset(map(str, known))
    contents = {sha for one in known.values() for sha in one.content_sha256s}
    contents |= {sha for document, sha, _ in held(rows) if document in documents}
    every = frozenset(contents)
    for document, sha, state in held(rows):
        # One that was refused has no blobs of its own, only the hash of the same bytes.
        if document not in documents and state in {None, DocumentState.INDEXED}:
            contents.discard(sha)
    contents.discard(NOTHING)  # an empty file has the bytes of every other one
    chunks = rows.rows(tables.chunk)
    points = frozenset(row["point_id"] for row in chunks if row["document_id"] in documents)
    keys = {key for document, key in names(rows) if document in documents}
    for document, key in names(rows):
        if document not in documents:
            keys.discard(key)
    quoted = Quotes(lambda: texts(documents, every))
    traces = Traces(documents, points, frozenset(keys), quoted)
    logged = rows.rows(tables.request)
    behind = {
        r["request_id"] for r in logged if r["body"].get("redacted") or traces.behind(r["body"])
    }
    then: dict[str, frozenset[str]] = {}
    for row in rows.rows(tables.outcome):
        if row["document_id"] in documents:
            then[row["run_id"]] = then.get(row["run_id"], frozenset()) | {row["key"]}
    return Barred(traces, frozenset(contents), frozenset(behind), then)


def find_barred_pushed(
    known: Mapping[UUID, Tombstone], barred: Barred, rows: Rows
) -> Callable[[str, str, str, str], bool]:
    """Return what tells whether a pushed document must not come back.

    It is asked with tenant, source, key and hash. A purge leaves tombstones for the ids that a
    document would get where the purged one stood, and for its contents.
    """
    ids = {i for one in known.values() for i in (one.document_id, *one.key_ids)}
    stood = rows.rows(tables.standing) if known else ()
    places = {(r["source"], r["key"]) for r in stood if r["document_id"] in barred.documents}

    def bars(tenant: str, source: str, key: str, content_sha256: str) -> bool:
        if content_sha256 in barred.contents or (source, key) in places:
            return True
        return any(document_id(tenant, source, key, taken) in ids for taken in range(MINTED))

    return bars


def held(rows: Rows) -> Iterator[tuple[str, str, str | None]]:
    """Yield each document with each content of its versions and standings, and how it stands."""
    for table in (tables.version, tables.standing):
        for row in rows.rows(table):
            if row["content_sha256"]:
                yield row["document_id"], row["content_sha256"], row.get("state")


def names(rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield each document with each name that it had."""
    for table, column in NAMING.items():
        for row in rows.rows(table):
            if row["document_id"]:
                yield row["document_id"], row[column]


def known_purges(home: Path, rows: Rows) -> dict[UUID, Tombstone]:
    """Return every purge that the home or the backup knows of, also of parts it did not know.

    Raises:
        LedgerError: The home's list of purges cannot be read.
    """
    known = merged((*read_purged(home), *told_purges(rows)))
    return known | purged_parts(rows, known)


def purged_parts(rows: Rows, known: Mapping[UUID, Tombstone]) -> dict[UUID, Tombstone]:
    """Return tombstones for what lay in purged documents when the backup was made.

    The ledger may have been another one when they were purged, in which they had other parts.
    """
    parts: dict[str, Tombstone] = {}
    for row in rows.rows(tables.standing) if known else ():
        whole = known.get(UUID(row["container"])) if row["container"] else None
        if whole is not None and UUID(row["document_id"]) not in known:
            parts[row["document_id"]] = whole
    contents: dict[str, set[str]] = {part: set() for part in parts}
    for document, sha, _ in held(rows) if parts else ():
        if document in parts and sha != NOTHING:
            contents[document].add(sha)
    return {
        UUID(part): Tombstone(UUID(part), whole.purged_at, tuple(sorted(contents[part])))
        for part, whole in parts.items()
    }


def told_purges(rows: Rows) -> Iterator[Tombstone]:
    """Yield the purges that the ledger in the backup knows of."""
    return map(tombstone_of, rows.rows(tables.purge))


def remember_purges(home: Path, known: Mapping[UUID, Tombstone]) -> None:
    """Add the purges that only the backup knows of to the home's list.

    Else an older backup, restored into the same home later, would bring those documents back.

    Raises:
        LedgerError: The list cannot be read or written.
    """
    listed = merged(read_purged(home))
    if any(kept_out(one) != kept_out(listed.get(one.document_id)) for one in known.values()):
        add_purged(home, known.values())


def untold_purges(rows: Rows, known: Mapping[UUID, Tombstone]) -> list[Tombstone]:
    """Return the purges that the ledger of the backup does not know, or knows only in part.

    The list in the home is in no backup: the next one has what the restored ledger knows.
    """
    told = merged(told_purges(rows))
    return [one for d, one in known.items() if kept_out(one) != kept_out(told.get(d))]


def kept_out(one: Tombstone | None) -> tuple[object, ...] | None:
    """Return what a tombstone keeps out."""
    return (one.content_sha256s, one.key_ids) if one else None


def tombstone_of(purge: Row) -> Tombstone:
    """Return what the ledger in a backup knows of a purge."""
    receipt = dict(purge["receipt"])
    key_ids = receipt.pop("key_ids", ())
    return Tombstone(
        UUID(purge["document_id"]),
        dt.datetime.fromisoformat(purge["purged_at"]),
        tuple(purge["content_sha256s"]),
        tuple(UUID(i) for i in key_ids),
        receipt,
    )
