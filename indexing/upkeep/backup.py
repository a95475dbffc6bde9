"""Writing a backup: ledger, points and blobs of one moment, while ingests and readers go on.

The moment is one read transaction of the ledger. Everything else follows from the rows it saw:
points are read by the ids of its chunks, and what may change of a point after its commit, the
`valid_to`, is taken from the row. So what is committed meanwhile does not show.
"""

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeAlias

from config.errors import ConfigError
from config.origins import mask_url
from indexing.corpus import Corpus
from indexing.errors import BackupError
from indexing.ledger.database import now
from indexing.ledger.generations import Generation, GenerationState, read_generations
from indexing.ledger.schema import HEAD
from indexing.upkeep.archive import filesystem_of, is_local, table_path
from indexing.upkeep.archive_writer import ArchiveWriter
from indexing.upkeep.backup_blobs import write_blobs
from indexing.upkeep.backup_calibrations import write_calibrations
from indexing.upkeep.backup_points import write_points
from indexing.upkeep.backup_pushed import write_pushed
from indexing.upkeep.exclusive import exclusively
from indexing.upkeep.ledger_rows import KEPT, read_rows
from indexing.upkeep.manifest import FORMAT, GenerationEntry, Manifest
from indexing.upkeep.progress import Progress, silent
from indexing.upkeep.restore_place import MARKER
from indexing.upkeep.shortfall import Shortfall

Row: TypeAlias = dict[str, Any]
TELL_EVERY = 1000


class BackupState(StrEnum):
    """How a backup ended; one that failed is an error."""

    BACKED_UP = "BackedUp"
    BACKED_UP_WITH_ERRORS = "BackedUpWithErrors"
    """The home lacks points or blobs that its ledger names; the rest is in the backup."""


@dataclass(frozen=True, slots=True)
class BackupResult:
    """A backup that was written."""

    target: str
    manifest: Manifest
    seconds: float

    @property
    def state(self) -> BackupState:
        """How it ended."""
        lacking = bool(self.manifest.lacking)
        return BackupState.BACKED_UP_WITH_ERRORS if lacking else BackupState.BACKED_UP

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast backup --json`."""
        m = self.manifest
        return {
            "state": self.state.value,
            "target": mask_url(self.target),
            "generation": m.live,
            "epoch": m.epoch,
            "created_at": m.created_at.isoformat(timespec="seconds"),
            "generations": [
                {"name": g.name, "fingerprint": g.fingerprint, "epoch": g.epoch, "points": g.points}
                for g in m.generations
            ],
            "rows": sum(m.files[table_path(t.name)].rows for t in KEPT),
            "points": sum(g.points for g in m.generations),
            "blobs": m.blobs.count,
            "calibrations": m.calibrations,
            "bytes": m.bytes,
            "lacking": m.lacking.to_json(),
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the read transaction saw, as far as it is not in the files."""

    created_at: dt.datetime
    generations: tuple[Generation, ...]
    """Without the dropped ones, which have no points any more."""
    live: str | None


def backup(corpus: Corpus, target: str, *, on_progress: Progress = silent) -> BackupResult:
    """Write everything that `restore` needs to a new folder or URL.

    Args:
        corpus: The home.
        target: A folder that does not exist or is empty, or an fsspec URL with nothing under it.
        on_progress: Is told how it goes.

    Raises:
        ConfigError: The target is no place for a backup, or holds something.
        BackupError: It cannot be written, or the home is half restored; there is no backup then.
        WriterBusyError: Garbage collection, a purge, a repair or another backup is under way.
        LedgerError: The ledger failed, or does not know the live generation.
        StoreError: The store or the blobs do not answer; then there is no backup.
        SourceUnavailableError: Pushed documents cannot be read; then there is no backup.
    """
    started = time.perf_counter()
    check_whole(corpus)
    check_outside(corpus, target)
    archive = ArchiveWriter(target)
    with exclusively(corpus, "backup") as lease, archive:
        snapshot = write_ledger(corpus, archive, on_progress)
        shortfall = Shortfall()
        generations = write_generations(corpus, archive, snapshot, shortfall, on_progress)
        blobs = write_blobs(corpus, archive, snapshot.generations, shortfall, on_progress)
        write_calibrations(corpus.settings.home, archive)
        write_pushed(corpus.settings.home, archive)
        lease.assert_held()  # else points may have been collected meanwhile
        manifest = Manifest(
            format=FORMAT,
            holdfast=version("holdfast"),
            schema=HEAD,
            created_at=snapshot.created_at,
            alias=corpus.settings.store.collection,
            tenant=corpus.settings.tenant,
            live=snapshot.live,
            generations=generations,
            blobs=blobs,
            files=archive.files,
            lacking=shortfall.lacking,
        )
        archive.finish(manifest)
    return BackupResult(target, manifest, time.perf_counter() - started)


def check_whole(corpus: Corpus) -> None:
    """Refuse a home into which a restore was interrupted.

    Raises:
        BackupError: It was.
    """
    alias = corpus.store.alias(corpus.settings.store.collection)
    if (corpus.settings.home / MARKER).exists() and alias is None:
        raise BackupError(
            f"A restore into {corpus.settings.home} was interrupted, so there is nothing to back "
            "up yet. Run `holdfast restore` again first."
        )


def check_outside(corpus: Corpus, target: str) -> None:
    """Refuse a target inside the very folders that are backed up.

    Raises:
        ConfigError: It lies in one of them.
    """
    fs, root = filesystem_of(target)
    for inside in ("index", "blobs"):
        folder = (corpus.settings.home / inside).resolve()
        if is_local(fs) and Path(root).resolve().is_relative_to(folder):
            raise ConfigError(f"{target} lies in {folder}, which is backed up. Name another place.")


def write_ledger(corpus: Corpus, archive: ArchiveWriter, on_progress: Progress) -> Snapshot:
    """Write every table as one read transaction sees it."""
    before = live_name(corpus)
    with corpus.ledger.read() as connection:
        generations = tuple(read_generations(connection))
        created_at = now()
        for number, table in enumerate(KEPT):
            on_progress("tables", number, len(KEPT))
            with archive.records(table_path(table.name)) as out:
                for row in read_rows(connection, table):
                    out.line(row)
    kept = tuple(g for g in generations if g.state is not GenerationState.DROPPED)
    return Snapshot(created_at, kept, live_in(kept, before, live_name(corpus)))


def live_name(corpus: Corpus) -> str | None:
    """Return the generation that the alias names."""
    live = corpus.live()
    return live.name if live else None


def live_in(generations: Sequence[Generation], before: str | None, after: str | None) -> str | None:
    """Return the generation that was live when the ledger was read.

    The alias decides, as for every reader. If it was written meanwhile, the ledger does: it
    learns of a promotion right after the alias.
    """
    names = {g.name for g in generations}
    if before == after and before in names:
        return before
    return next((g.name for g in generations if g.state is GenerationState.LIVE), None)


def write_generations(
    corpus: Corpus,
    archive: ArchiveWriter,
    snapshot: Snapshot,
    shortfall: Shortfall,
    on_progress: Progress,
) -> tuple[GenerationEntry, ...]:
    """Write the points that the chunks in the backup name, generation by generation."""
    path = table_path("chunk")
    kept = {g.name: g for g in snapshot.generations}
    written: dict[str, GenerationEntry] = {}
    chunks = counted(archive.lines(path), archive.files[path].rows, on_progress)
    for name, rows in groupby(chunks, itemgetter("generation")):
        if name in kept:
            written[name] = write_points(corpus, archive, kept[name], rows, shortfall)
    for name in kept.keys() - written.keys():
        written[name] = write_points(corpus, archive, kept[name], (), shortfall)
    return tuple(written[name] for name in kept)


def counted(rows: Iterable[Row], total: int, on_progress: Progress) -> Iterator[Row]:
    """Pass rows on and tell how many have passed."""
    for number, row in enumerate(rows):
        if number % TELL_EVERY == 0:
            on_progress("points", number, total)
        yield row
