"""The spool of a push source: documents that other programs handed over, in one SQLite file.

A document is there as a whole or not at all, and stays until it is replaced or withdrawn. Any
number of programs may push while an ingest reads.
"""

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tenacity import retry, retry_if_exception_message, stop_after_delay, wait_random

from config.errors import ConfigError, Permanent
from ingestion.document import sha256_of
from ingestion.errors import SourceError, SourceUnavailableError
from ingestion.sources.gathering import key_fault, storable

BUSY_SECONDS = 30.0
MAX_METADATA = 50
LONGEST_VALUE = 2000
_SCHEMA = """
CREATE TABLE IF NOT EXISTS pushed (
    key TEXT PRIMARY KEY,
    content BLOB NOT NULL,
    sha256 TEXT NOT NULL,
    pushed_ns INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    acl TEXT
);
CREATE TABLE IF NOT EXISTS owner (only INTEGER PRIMARY KEY CHECK (only = 1), tenant TEXT NOT NULL)
"""


# SQLite does not wait by itself where two connections change the mode of a new file.
@retry(
    retry=retry_if_exception_message(match=".*locked"),
    stop=stop_after_delay(BUSY_SECONDS),
    wait=wait_random(0.005, 0.05),
    reraise=True,
)
def _keep_a_log(database: sqlite3.Connection) -> None:
    database.execute("PRAGMA journal_mode = WAL")


class PushError(Permanent, SourceError):
    """A document cannot be taken as it was pushed; nothing was changed."""


class Pushed(StrEnum):
    """What became of a pushed document."""

    ADDED = "added"
    REPLACED = "replaced"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class PushedDocument:
    """A document as another program hands it over."""

    key: str
    """Its name, with `/` separators; the ending says what it is, such as `.md`."""
    content: bytes
    metadata: Mapping[str, str] = field(default_factory=dict)
    acl: tuple[str, ...] = ()
    """Groups that may see it; none: those of the source."""


@dataclass(frozen=True, slots=True)
class SpooledDocument:
    """A document in the spool, without its content."""

    key: str
    size: int
    sha256: str
    pushed_ns: int
    metadata: tuple[tuple[str, str], ...]
    acl: tuple[str, ...]


class Spool:
    """The documents pushed to one source, all of one tenant: the one that used it first."""

    def __init__(self, path: Path, tenant: str | None = None) -> None:
        """Name the file; it is made with the first document.

        Args:
            path: The file.
            tenant: Who pushes or reads; none for whoever works on the whole home.
        """
        self._path = path
        self._tenant = tenant

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def put(self, document: PushedDocument, max_bytes: int) -> Pushed:
        """Take a document, replacing one of the same key.

        Args:
            document: What was pushed.
            max_bytes: Larger documents are refused.

        Raises:
            PushError: Key, size, metadata or groups are not as they have to be.
            SourceUnavailableError: The spool cannot be written just now.
        """
        fault = _fault(document, max_bytes)
        if fault is not None:
            raise PushError(f"The document {document.key[:200]!r} was not taken: {fault}")
        digest = sha256_of(document.content)
        metadata = json.dumps(dict(sorted(document.metadata.items())), ensure_ascii=False)
        acl = json.dumps(sorted(set(document.acl)), ensure_ascii=False)
        self._make_folder()
        with self._connected() as database:
            database.execute("BEGIN IMMEDIATE")
            known = database.execute(
                "SELECT sha256, metadata, acl FROM pushed WHERE key = ?", (document.key,)
            ).fetchone()
            if known == (digest, metadata, acl):
                return Pushed.UNCHANGED
            database.execute(
                "INSERT OR REPLACE INTO pushed VALUES (?, ?, ?, ?, ?, ?)",
                (document.key, document.content, digest, time.time_ns(), metadata, acl),
            )
        return Pushed.ADDED if known is None else Pushed.REPLACED

    def withdraw(self, key: str) -> bool:
        """Take a document out again, leaving none of its bytes; returns whether there was one."""
        if not self._path.exists() or storable(key) != key:
            return False
        with self._connected() as database:
            gone = database.execute("DELETE FROM pushed WHERE key = ?", (key,)).rowcount > 0
        with self._connected() as database:
            # The log still has the pages as they were. A reader may hold it; then it is emptied
            # by the next one who writes.
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return gone

    def documents(self) -> Iterator[SpooledDocument]:
        """Yield what is in the spool at one moment, by key."""
        if not self._path.exists():
            return
        with self._connected() as database:
            rows = database.execute(
                "SELECT key, length(content), sha256, pushed_ns, metadata, acl FROM pushed"
                " ORDER BY key"
            )
            for key, size, digest, pushed_ns, metadata, acl in rows:
                pairs = tuple(json.loads(metadata).items())
                yield SpooledDocument(key, size, digest, pushed_ns, pairs, tuple(json.loads(acl)))

    def everything(self) -> Iterator[tuple[SpooledDocument, bytes]]:
        """Yield what is in the spool at one moment, each document with its content."""
        if not self._path.exists():
            return
        with self._connected() as database:
            rows = database.execute(
                "SELECT key, content, sha256, pushed_ns, metadata, acl FROM pushed ORDER BY key"
            )
            for key, content, digest, pushed_ns, metadata, acl in rows:
                pairs, groups = tuple(json.loads(metadata).items()), tuple(json.loads(acl))
                known = SpooledDocument(key, len(content), digest, pushed_ns, pairs, groups)
                yield known, bytes(content)

    def owner(self) -> str | None:
        """Return whose documents these are; none if nobody used the spool yet."""
        if not self._path.exists():
            return None
        with self._connected() as database:
            row = database.execute("SELECT tenant FROM owner").fetchone()
        return None if row is None else str(row[0])

    def refill(
        self, documents: Iterable[tuple[SpooledDocument, bytes]], owner: str | None
    ) -> int | None:
        """Take over what was in another spool, all or nothing, if nobody used this one yet.

        Returns:
            How many documents there are; none if it was used before, and stays as it is.

        Raises:
            SourceUnavailableError: The spool cannot be written just now.
        """
        self._make_folder()
        count = 0
        with self._connected() as database:
            database.execute("BEGIN IMMEDIATE")
            used = "SELECT EXISTS (SELECT 1 FROM pushed) OR EXISTS (SELECT 1 FROM owner)"
            if database.execute(used).fetchone()[0]:
                return None
            if owner is not None:
                database.execute("INSERT INTO owner VALUES (1, ?)", (owner,))
            for known, content in documents:
                metadata = json.dumps(dict(known.metadata), ensure_ascii=False)
                acl = json.dumps(known.acl, ensure_ascii=False)
                values = (known.key, content, known.sha256, known.pushed_ns, metadata, acl)
                database.execute("INSERT INTO pushed VALUES (?, ?, ?, ?, ?, ?)", values)
                count += 1
        return count

    def content(self, key: str, digest: str) -> bytes | None:
        """Return the content of a document, or none if it has another one by now."""
        if not self._path.exists():
            return None
        with self._connected() as database:
            found = database.execute(
                "SELECT content FROM pushed WHERE key = ? AND sha256 = ?", (key, digest)
            ).fetchone()
        return None if found is None else bytes(found[0])

    def _refuse_others(self, database: sqlite3.Connection) -> None:
        """Note whose the documents are, or make sure that they are of this tenant.

        Raises:
            ConfigError: They are of another one.
        """
        if self._tenant is None:
            return
        row = database.execute("SELECT tenant FROM owner").fetchone()
        if row is None:
            database.execute("INSERT OR IGNORE INTO owner VALUES (1, ?)", (self._tenant,))
            row = database.execute("SELECT tenant FROM owner").fetchone()
        if row[0] != self._tenant:
            raise ConfigError(
                f"The documents pushed to the source {self._path.stem} in this home are of the "
                f"tenant {row[0]!r}, and the setting `tenant` is {self._tenant!r}. Give your "
                "source another name, correct `tenant`, or choose another home; nothing was "
                "changed."
            )

    def _make_folder(self) -> None:
        folder = self._path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SourceUnavailableError(
                f"The folder {folder} of the spool cannot be made ({error.strerror}). Free the "
                "disk, or choose a writable HOLDFAST_HOME."
            ) from error

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """Open the file; what is done inside is committed as a whole, or not at all."""
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS)) as database:
                _keep_a_log(database)
                database.execute("PRAGMA secure_delete = ON")
                for statement in _SCHEMA.split(";"):
                    database.execute(statement)
                with database:
                    self._refuse_others(database)
                with database:
                    yield database
        except sqlite3.Error as error:
            raise SourceUnavailableError(
                f"The spool {self._path} cannot be used ({error}). Free the disk or mend the file."
            ) from error


def _fault(document: PushedDocument, max_bytes: int) -> str | None:
    """Return why a document cannot be taken, or none if it can."""
    if len(document.content) > max_bytes:
        return f"it has {len(document.content)} bytes; at most {max_bytes} are taken."
    if len(document.metadata) > MAX_METADATA:
        return f"it has {len(document.metadata)} pieces of metadata; {MAX_METADATA} are the most."
    for name, value in document.metadata.items():
        if not name or "\0" in name + value or len(name) + len(value) > LONGEST_VALUE:
            return f"its metadata {name[:50]!r} is too long, has no name, or holds a NUL."
        if not _is_unicode(name + value):
            return f"its metadata {name[:50]!r} is no valid Unicode; give it as UTF-8."
    if any(not group.strip() or group != group.strip() for group in document.acl):
        return "every group needs a name, without spaces around it."
    if not all(map(_is_unicode, document.acl)):
        return "the name of a group is no valid Unicode; give it as UTF-8."
    if document.key.startswith("/"):
        return "its key begins with a slash."
    return key_fault(document.key)


def _is_unicode(text: str) -> bool:
    """Whether a text can be stored: without halves of characters, which stand for other bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
