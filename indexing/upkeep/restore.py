"""Restoring a backup into an empty home: everything is checked first, the alias is written last."""

import logging
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from config.errors import ConfigError
from config.settings import Settings
from indexing.corpus import open_corpus
from indexing.stores.checks import check_name
from indexing.upkeep.archive import MANIFEST
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_records import damaged
from indexing.upkeep.exclusive import exclusively
from indexing.upkeep.manifest import Manifest
from indexing.upkeep.progress import Progress, silent
from indexing.upkeep.restore_aside import check_movable, move_aside
from indexing.upkeep.restore_place import check_unoccupied, without_first_ingest
from indexing.upkeep.restore_rows import check_schema
from indexing.upkeep.restore_run import LeftOut, RestoreRun

logger = logging.getLogger(__name__)

LEASE_SECONDS = 3600.0
"""One SQL transaction takes all rows, and no sign of life can be given beside it on SQLite."""


class Existing(StrEnum):
    """What to do about a home that holds an index already."""

    REFUSE = "refuse"
    MOVE_ASIDE = "move_aside"


class RestoreState(StrEnum):
    """How a restore ended; one that failed is an error."""

    RESTORED = "Restored"
    RESTORED_WITH_ERRORS = "RestoredWithErrors"
    """All of the backup is here, but the home it was made of lacked points or blobs."""


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """A backup that was restored."""

    source: str
    manifest: Manifest
    points: int
    blobs: int
    left_out: LeftOut
    moved_aside: tuple[Path, ...]
    seconds: float

    @property
    def state(self) -> RestoreState:
        """How it ended."""
        lacking = bool(self.manifest.lacking)
        return RestoreState.RESTORED_WITH_ERRORS if lacking else RestoreState.RESTORED

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast restore --json`."""
        m = self.manifest
        return {
            "state": self.state.value,
            "source": self.source,
            "generation": m.live,
            "epoch": m.epoch,
            "created_at": m.created_at.isoformat(timespec="seconds"),
            "generations": [
                {"name": g.name, "fingerprint": g.fingerprint, "epoch": g.epoch}
                for g in m.generations
            ],
            "points": self.points,
            "blobs": self.blobs,
            "calibrations": m.calibrations,
            "purged": asdict(self.left_out),
            "lacking": m.lacking.to_json(),
            "moved_aside": [str(path) for path in self.moved_aside],
            "seconds": round(self.seconds, 3),
        }


def restore(
    settings: Settings,
    source: str,
    *,
    existing: Existing = Existing.REFUSE,
    on_progress: Progress = silent,
) -> RestoreResult:
    """Make the home of these settings what a backup says, in the engines of these settings.

    Nothing is touched before every checksum has been found right. Nothing is an index before the
    last step. After an interruption the same call starts again.

    Args:
        settings: Name the home, the ledger and the store.
        source: The folder or URL of a backup.
        existing: What to do about an index that is there.
        on_progress: Is told how it goes.

    Raises:
        ConfigError: There is no backup, or it does not go with these settings.
        BackupError: The backup is damaged or newer, the home is not empty, or the counts do not
            add up afterwards.
        WriterBusyError: Somebody writes to the home.
        LedgerError: The ledger failed.
        StoreError: The store or the blobs failed.
    """
    started = time.perf_counter()
    archive = ArchiveReader(source)
    manifest = archive.manifest
    check_fits(settings, archive)
    if existing is Existing.MOVE_ASIDE:
        check_movable(settings, archive)
    else:
        check_unoccupied(settings, manifest)
    verify(archive, on_progress)
    moved = move_aside(settings) if existing is Existing.MOVE_ASIDE else ()
    try:
        run = carry_out(settings, archive, on_progress)
    except BaseException:
        for path in moved:  # nobody else tells where, and to restore again does not bring it back
            logger.warning("The restore did not end. What was there before is kept as %s", path)
        raise
    seconds = time.perf_counter() - started
    return RestoreResult(
        archive.name, manifest, run.points, run.blobs, run.left_out, moved, seconds
    )


def carry_out(settings: Settings, archive: ArchiveReader, on_progress: Progress) -> RestoreRun:
    """Restore a backup that was checked into a home that is held meanwhile."""
    corpus = open_corpus(settings)
    try:
        with (
            exclusively(corpus, "restore", LEASE_SECONDS) as lease,
            without_first_ingest(corpus, LEASE_SECONDS),
        ):
            run = RestoreRun(corpus, archive, lease.assert_held, on_progress)
            run.carry_out()
    finally:
        corpus.close()
    return run


def check_fits(settings: Settings, archive: ArchiveReader) -> None:
    """Make sure that this version, under these settings, can make use of a backup.

    Raises:
        ConfigError: It is of another tenant.
        BackupError: Its schema is newer, or its manifest contradicts itself.
    """
    manifest = archive.manifest
    check_schema(archive)
    if manifest.tenant != settings.tenant:
        raise ConfigError(
            f"The backup is of the tenant {manifest.tenant!r}, and the setting `tenant` is "
            f"{settings.tenant!r}: nobody would see its documents. Set tenant: {manifest.tenant}."
        )
    names = [g.name for g in manifest.generations]
    for name in names:
        check_name(name)
    if manifest.live is not None and manifest.live not in names:
        raise damaged(MANIFEST, f"it does not list the live generation {manifest.live}")


def verify(archive: ArchiveReader, on_progress: Progress) -> None:
    """Hold every file against its checksum."""
    total = len(archive.manifest.files) + archive.manifest.blobs.count
    done = 0

    def tell() -> None:
        nonlocal done
        done += 1
        on_progress("checksums", done, total)

    archive.verify(tell)
