"""What must not come back: documents that were purged, before or after the backup was made.

A purge leaves a line in `purged.jsonl` in the home, which is in no backup and outlives every
restore: `{"document_id", "content_sha256s", "purged_at"}`. It leaves a row in the ledger as well,
which is in later backups; a purge that was interrupted leaves that row before it has removed
everything. Both bar a document.
"""

import datetime as dt
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from sqlalchemy import Table

from indexing.errors import BackupError
from indexing.ledger import tables
from indexing.upkeep.archive_writer import flush
from indexing.upkeep.restore_rows import Row, Rows

PURGED = "purged.jsonl"
REDACTED = "a document behind it was purged"
"""Why a request cannot be replayed; whoever wants to is told so."""
TELLING = frozenset(
    {"decision", "answer", "reasons", "retrieval", "searches", "normalised_question"}
)
"""Fields of a logged request that may tell what a document says."""

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class PurgedLine(msgspec.Struct, frozen=True):
    """One purge as the home remembers it."""

    document_id: str
    content_sha256s: list[str]
    purged_at: dt.datetime


@dataclass(frozen=True, slots=True)
class Barred:
    """What a restore leaves out."""

    documents: frozenset[str] = frozenset()
    contents: frozenset[str] = frozenset()
    """Of these documents and of no other one."""
    points: frozenset[str] = frozenset()
    """Ids of all their points in the backup."""

    def bars(self, table: Table, row: Row) -> bool:
        """Whether a row must not come back."""
        return table is not tables.purge and row.get("document_id") in self.documents

    def cleaned(self, table: Table, row: Row) -> Row:
        """Take what a logged request says of a barred document out of it; the question stays."""
        if table is not tables.request or not self.documents:
            return row
        body = row["body"]
        found = frozenset(_ID.findall(json.dumps(body)))
        if found.isdisjoint(self.documents) and found.isdisjoint(self.points):
            return row
        kept = {name: value for name, value in body.items() if name not in TELLING}
        if kept.get("asked"):
            kept["asked"] = {**kept["asked"], "history": []}
        return {**row, "body": kept | {"redacted": REDACTED}}


def find_barred(home: Path, rows: Rows) -> Barred:
    """Find out what of a backup must not come back into a home.

    Raises:
        BackupError: The home's list of purges cannot be read.
    """
    lines = [*read_purged(home / PURGED).values(), *map(line_of, rows.rows(tables.purge))]
    if not lines:
        return Barred()
    documents = frozenset(line.document_id for line in lines)
    contents = {sha for line in lines for sha in line.content_sha256s}
    contents |= {sha for document, sha in held(rows) if document in documents}
    for document, sha in held(rows):
        if document not in documents:
            contents.discard(sha)
    chunks = rows.rows(tables.chunk)
    points = frozenset(row["point_id"] for row in chunks if row["document_id"] in documents)
    return Barred(documents, frozenset(contents), points)


def held(rows: Rows) -> Iterator[tuple[str, str]]:
    """Yield each document with each content that its versions and standings name."""
    for table in (tables.version, tables.standing):
        for row in rows.rows(table):
            if row["content_sha256"]:
                yield row["document_id"], row["content_sha256"]


def read_purged(path: Path) -> dict[str, PurgedLine]:
    """Return the last purge of every document that a home remembers.

    Raises:
        BackupError: The file cannot be read, or a line is none.
    """
    try:
        lines = path.read_bytes().splitlines()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise unreadable(path, str(error.strerror)) from error
    found: dict[str, PurgedLine] = {}
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = msgspec.json.decode(text, type=PurgedLine)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise unreadable(path, f"line {number}: {error}") from error
        found[line.document_id] = line
    return found


def remember_purges(home: Path, rows: Rows) -> None:
    """Add the purges that the backup knows of to the home's list.

    Else an older backup, restored into the same home later, would bring those documents back.

    Raises:
        BackupError: The list cannot be read or written.
    """
    path = home / PURGED
    known = read_purged(path)
    told = [line_of(row) for row in rows.rows(tables.purge)]
    missing = [line for line in told if line.document_id not in known]
    if not missing:
        return
    try:
        with path.open("ab") as file:
            file.writelines(msgspec.json.encode(line) + b"\n" for line in missing)
        flush(str(path))
    except OSError as error:
        raise unreadable(path, str(error.strerror)) from error


def line_of(purge: Row) -> PurgedLine:
    """Return what the home's list says of a purge that the ledger in a backup knows of."""
    at = dt.datetime.fromisoformat(purge["purged_at"])
    return PurgedLine(purge["document_id"], purge["content_sha256s"], at)


def unreadable(path: Path, detail: str) -> BackupError:
    """Return the error for a list of purges that cannot be used."""
    return BackupError(
        f"{path} cannot be used ({detail}). It says which documents were purged, and without it "
        "a restore could bring them back; so nothing was restored. Mend that line, or the "
        "permissions of the file, and try again."
    )
