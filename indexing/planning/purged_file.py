"""The file `purged.jsonl` of a home: tombstones that outlive a ledger that is lost or set back.

One line per purged document, with its id and the hashes of its contents, never a name or a text.
A restored backup is held against it, and every ingest is.
"""

import datetime as dt
import json
import os
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

from indexing.durable import flush
from indexing.errors import LedgerUnavailableError
from indexing.ledger.purges import Tombstone

NAME = "purged.jsonl"


def read_purged(home: Path) -> list[Tombstone]:
    """Return the tombstones of a home, each document once; the last line of it counts.

    Raises:
        LedgerUnavailableError: The file is there and cannot be read.
    """
    try:
        lines = (home / NAME).read_text(encoding="utf-8").splitlines()
        told = (tombstone_of(line) for line in lines if line.strip())
        return list({one.document_id: one for one in told}.values())
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise unusable(home, "read", error) from error


def tombstone_of(line: str) -> Tombstone:
    """Read a line; what it has besides is left alone."""
    record = json.loads(line)
    return Tombstone(
        UUID(record["document_id"]),
        dt.datetime.fromisoformat(record["purged_at"]),
        tuple(record["content_sha256s"]),
        tuple(UUID(i) for i in record.get("key_ids", ())),
    )


def add_purged(home: Path, tombstones: Iterable[Tombstone]) -> None:
    """Put tombstones into the file, durably, in place of what it says of the same documents.

    Raises:
        LedgerUnavailableError: The file cannot be written.
    """
    known = {one.document_id: one for one in read_purged(home)}
    write_purged(home, (known | {one.document_id: one for one in tombstones}).values())


def remove_purged(home: Path, document: UUID) -> None:
    """Take the tombstone of a document out of the file.

    Raises:
        LedgerUnavailableError: The file cannot be written.
    """
    kept = [one for one in read_purged(home) if one.document_id != document]
    write_purged(home, kept)


def write_purged(home: Path, tombstones: Iterable[Tombstone]) -> None:
    """Write the whole file; a reader sees the old one or the new one."""
    lines = [json.dumps(line_of(one)) for one in tombstones]
    fresh = home / f".{NAME}.tmp"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(home / NAME)
        flush(home)
    except OSError as error:
        raise unusable(home, "written", error) from error


def line_of(one: Tombstone) -> dict[str, object]:
    """Return the object of a line."""
    record: dict[str, object] = {
        "document_id": str(one.document_id),
        "content_sha256s": list(one.content_sha256s),
        "purged_at": one.purged_at.isoformat(),
    }
    elsewhere = [str(i) for i in one.key_ids if i != one.document_id]
    return record | ({"key_ids": elsewhere} if elsewhere else {})


def unusable(home: Path, what: str, error: Exception) -> LedgerUnavailableError:
    """Say what to do about a file that cannot be used."""
    return LedgerUnavailableError(
        f"{home / NAME} cannot be {what} ({type(error).__name__}: {error}). It says which "
        "documents were purged and must stay out, so nothing goes on without it. Check the "
        "permissions and the disk space of HOLDFAST_HOME, or restore the file from a backup."
    )
