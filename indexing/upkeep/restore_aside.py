"""Moving the index and the ledger of a home aside, so that a backup can take their place."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from config.errors import ConfigError, HoldfastError
from config.settings import Settings, StoreKind
from indexing.errors import (
    BackupError,
    LedgerCorruptError,
    LedgerTooNewError,
    WriterBusyError,
)
from indexing.ledger.database import now, open_ledger
from indexing.ledger.generations import list_generations
from indexing.ledger.leases import LeaseToken, acquire, release
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.backup_calibrations import FOLDER
from indexing.upkeep.exclusive import UPKEEP

BUSY_SECONDS = 5.0
"""How long to wait for a lock on a ledger that is to go."""
BESIDE = ("-wal", "-shm")
"""What SQLite may keep beside a ledger; moved first, lest a new ledger takes it for its own."""


def check_movable(settings: Settings, archive: ArchiveReader) -> None:
    """Make sure that ledger and index are files of this machine, and the backup is not in them.

    Raises:
        ConfigError: They are not.
    """
    if not is_movable(settings):
        raise ConfigError(
            "--replace moves files aside, and here the ledger or the points are on a server, "
            "where nothing can be moved aside. Restore into an empty database (ledger.url) and "
            "under another store.collection on a Qdrant server without these collections; "
            "remove the old ones yourself when the restored index has proven itself."
        )
    if archive.folder is not None and archive.folder.is_relative_to(index_folder(settings)):
        raise ConfigError(
            f"{archive.name} lies inside {index_folder(settings)}, which --replace moves aside. "
            "Move the backup elsewhere first."
        )


def is_movable(settings: Settings) -> bool:
    """Whether both ledger and index are files of this machine."""
    return settings.store.kind is StoreKind.EDGE and ledger_file(settings) is not None


def move_aside(settings: Settings) -> tuple[Path, ...]:
    """Rename the ledger, the index and the calibrations of a home; returns where they are now.

    Nothing is deleted, and nobody writes to them meanwhile: every lease of the old ledger is
    taken, unless the ledger is damaged or newer, so that nobody can use it anyway.

    Raises:
        WriterBusyError: Somebody writes to the home; nothing was moved.
        BackupError: Something cannot be renamed.
    """
    ledger, index = ledger_file(settings), index_folder(settings)
    held: Sequence[LeaseToken] = ()
    if ledger is not None and ledger.exists():
        held = take_every_lease(settings)
    stamp = f"{now():%Y%m%dT%H%M%S.%fZ}"
    moved: list[tuple[Path, Path]] = []
    try:
        for path, name in renamings(ledger, (index, settings.home / FOLDER), stamp):
            os.rename(path, name)
            moved.append((path, name))
    except OSError as error:
        away = put_back(moved)
        if not away:
            give_back(settings, held)
        where = f"What is away: {', '.join(map(str, away))}." if away else "All is where it was."
        raise BackupError(
            f"{error.filename} cannot be moved aside ({error.strerror}). {where} Nothing was "
            "deleted. Check the permissions of the home, and that no file system is mounted in it; "
            "then try again."
        ) from error
    return tuple(name for _, name in moved if not name.name.endswith(BESIDE))


def put_back(moved: Sequence[tuple[Path, Path]]) -> list[Path]:
    """Undo renamings, in their order; returns what could not be put back.

    An index without its ledger is none, and the next ingest would begin another.
    """
    away = []
    for path, name in moved:
        try:
            os.rename(name, path)
        except OSError:
            away.append(name)
    return away


def renamings(
    ledger: Path | None, folders: Iterable[Path], stamp: str
) -> Iterator[tuple[Path, Path]]:
    """Yield what there is to move, with its new name, in the order in which it is moved."""
    if ledger is not None:
        for suffix in (*reversed(BESIDE), ""):
            path = ledger.with_name(ledger.name + suffix)
            if path.exists():
                yield path, path.with_name(f"{ledger.name}.replaced-{stamp}{suffix}")
    for folder in folders:  # a calibration of the old index must not be taken for the new one's
        if folder.exists():
            yield folder, folder.with_name(f"{folder.name}.replaced-{stamp}")


def take_every_lease(settings: Settings) -> list[LeaseToken]:
    """Become the only one who may write to a home; the leases go away with its ledger.

    Returns:
        The leases; none of a ledger that nobody can use.

    Raises:
        WriterBusyError: Somebody else writes.
    """
    try:
        ledger = open_ledger(ledger_url(settings), settings.home, BUSY_SECONDS)
    except (LedgerCorruptError, LedgerTooNewError):
        return []
    held: list[LeaseToken] = []
    try:
        names = [g.name for g in list_generations(ledger)]
        for name in dict.fromkeys((UPKEEP, settings.store.collection, *names)):
            held.append(acquire(ledger, name, "restore", settings.guards.lease_seconds))
    except WriterBusyError:
        for lease in held:
            release(ledger, lease)
        raise
    except LedgerCorruptError:
        return []
    finally:
        ledger.close()
    return held


def give_back(settings: Settings, held: Sequence[LeaseToken]) -> None:
    """Let others write to a home again, whose ledger stayed after all."""
    if not held:
        return
    with suppress(HoldfastError):  # they run out, and what went wrong before is the news
        ledger = open_ledger(ledger_url(settings), settings.home, BUSY_SECONDS)
        try:
            for lease in held:
                release(ledger, lease)
        finally:
            ledger.close()


def ledger_url(settings: Settings) -> str | None:
    """Return the URL of the ledger, if it is not the file in the home."""
    return settings.ledger.url.get_secret_value() if settings.ledger.url else None


def ledger_file(settings: Settings) -> Path | None:
    """Return the file of the ledger; none if it is on a server or in memory.

    Raises:
        ConfigError: ledger.url is no URL.
    """
    given = ledger_url(settings)
    if given is None:
        return (settings.home / "ledger.sqlite").absolute()
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):
        # The URL itself may hold a password: it is not repeated.
        raise ConfigError("ledger.url is not a URL of SQLite or PostgreSQL.") from None
    if url.get_backend_name() != "sqlite" or url.database in {None, "", ":memory:"}:
        return None
    return Path(str(url.database)).absolute()


def index_folder(settings: Settings) -> Path:
    """Return where the embedded engine keeps the points."""
    return (settings.home / "index").absolute()
