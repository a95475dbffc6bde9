"""The steps of one restore: collections, points, blobs, rows, and at last the alias."""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, Table, delete, func, select

from indexing.blobs import BlobKind, blob_name
from indexing.corpus import Corpus
from indexing.errors import BackupError, StoreCorruptError
from indexing.ledger import tables
from indexing.ledger.documents import groups
from indexing.ledger.generations import read_generations
from indexing.ledger.purges import Tombstone, write_purges
from indexing.points import Point, PointFilter, Sparse
from indexing.stores.base import Fence
from indexing.stores.specs import read_spec
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_records import PointRecord
from indexing.upkeep.backup_calibrations import copy_calibrations
from indexing.upkeep.backup_pushed import copy_pushed
from indexing.upkeep.ledger_rows import KEPT, advance_numbers, write_rows
from indexing.upkeep.manifest import GenerationEntry
from indexing.upkeep.progress import Progress
from indexing.upkeep.restore_place import Begun, begin, committed_in, end, find_begun
from indexing.upkeep.restore_purged import (
    Barred,
    find_barred,
    find_barred_pushed,
    known_purges,
    remember_purges,
    untold_purges,
)
from indexing.upkeep.restore_rows import Row, Rows, present_rows

SYNC_EVERY = 500
"""Blobs between two flushes to the disk."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What was not taken over because it was purged since."""

    documents: int = 0
    points: int = 0
    blobs: int = 0


class RestoreRun:
    """The steps of one restore into a home that is held."""

    def __init__(
        self, corpus: Corpus, archive: ArchiveReader, fence: Fence, on_progress: Progress
    ) -> None:
        """Prepare to restore; nothing happens before `carry_out`."""
        self._corpus = corpus
        self._archive = archive
        self._manifest = archive.manifest
        self._fence = fence
        self._tell = on_progress
        self._skipped: Counter[tuple[str, str]] = Counter()
        self.points = 0
        self.blobs = 0

    @property
    def left_out(self) -> LeftOut:
        """What was left out because it was purged."""
        return LeftOut(
            documents=self._skipped[tables.document.name, ""],
            points=sum(n for (what, _), n in self._skipped.items() if what == "points"),
            blobs=self._skipped["blobs", ""],
        )

    def carry_out(self) -> None:
        """Restore, step by step; the home is empty until the last one."""
        corpus, home = self._corpus, self._corpus.settings.home
        left = find_begun(corpus, self._manifest)
        begin(corpus, self._manifest, left)
        for collection in left.collections:
            corpus.store.drop(collection)
        with present_rows(self._archive, home) as rows:
            known = known_purges(home, rows)
            barred = find_barred(known, rows, self._texts)
            for generation in self._manifest.generations:
                self._copy_points(generation, barred)
            self._copy_blobs(barred)
            remember_purges(home, known)
            self._copy_rows(rows, barred, untold_purges(rows, known), left)
            copy_pushed(self._archive, home, find_barred_pushed(known, barred, rows))
        copy_calibrations(self._archive, home)
        if self._manifest.live is not None:
            self._fence()
            corpus.store.point_alias(corpus.settings.store.collection, self._manifest.live)
        end(home)

    def _copy_points(self, generation: GenerationEntry, barred: Barred) -> None:
        """Make a collection and fill it, and count what is in it then."""
        store, name = self._corpus.store, generation.name
        if generation.collection is None:
            return
        store.create(name, read_spec(generation.collection, f"The collection of {name}"))
        kept = self._kept_points(generation, barred)
        written = 0
        for group in groups(kept, self._corpus.settings.store.upsert_batch):
            store.upsert(name, group, fence=self._fence)
            written += len(group)
            self._tell(f"points of {name}", written, generation.points)
        store.flush(name)
        there = store.count(name, PointFilter())
        skipped = self._skipped["points", name]
        if there != written or written + skipped != generation.points:
            raise self._mismatch(name, "points", there, generation.points - skipped)
        self.points += written

    def _texts(self, documents: frozenset[str], contents: frozenset[str]) -> Iterator[str]:
        """Yield the texts of documents, from their blobs and from their points."""
        for path, entry in self._archive.blobs():
            name = blob_name(path)
            if name and name.kind is BlobKind.TEXT and name.content_sha256 in contents:
                packed = self._archive.blob(path, entry)
                with suppress(StoreCorruptError):  # what cannot be read was not quoted from here
                    yield self._corpus.blobs.unpacked_text(path, packed).text
        for generation in self._manifest.generations:
            for record in self._archive.points(generation.name):
                if record.payload.get("document_id") in documents:
                    yield str(record.payload.get("text", ""))

    def _kept_points(self, generation: GenerationEntry, barred: Barred) -> Iterator[Point]:
        for record in self._archive.points(generation.name):
            if record.payload.get("document_id") in barred.documents:
                self._skipped["points", generation.name] += 1
            else:
                yield as_point(record)

    def _copy_blobs(self, barred: Barred) -> None:
        blobs = self._corpus.blobs
        for path, entry in self._archive.blobs():
            name = blob_name(path)
            if name is None or name.content_sha256 in barred.contents:
                self._skipped["blobs", ""] += 1
                continue
            blobs.put_packed(path, self._archive.blob(path, entry))
            self.blobs += 1
            if self.blobs % SYNC_EVERY == 0:
                blobs.sync()
            self._tell("blobs", self.blobs, self._manifest.blobs.count)
        blobs.sync()

    def _copy_rows(
        self, rows: Rows, barred: Barred, untold: Sequence[Tombstone], left: Begun
    ) -> None:
        """Put everything into the ledger, in one transaction, and count it there."""
        with self._corpus.ledger.write() as connection:
            self._check_alone(connection, left)
            for number, table in enumerate(KEPT):
                self._tell("tables", number, len(KEPT))
                if left.generations:
                    connection.execute(delete(table))  # an interrupted restore got this far
                write_rows(connection, table, self._kept_rows(table, rows, barred))
                advance_numbers(connection, table)
            write_purges(connection, untold)
            self._check_chunks(connection)

    def _kept_rows(self, table: Table, rows: Rows, barred: Barred) -> Iterator[Row]:
        alias = self._corpus.settings.store.collection
        for row in rows.rows(table):
            if barred.bars(table, row):
                place = row["generation"] if table is tables.chunk else ""
                self._skipped[table.name, place] += 1
            elif table is tables.promotion and row["alias"] == self._manifest.alias:
                yield {**row, "alias": alias}
            else:
                yield barred.cleaned(table, row)

    def _check_alone(self, connection: Connection, left: Begun) -> None:
        """Make sure that nobody made a generation since: its row would be overwritten."""
        if committed_in(read_generations(connection)) != left.generations:
            raise BackupError(
                f"Somebody began to write to {self._corpus.settings.home} while it was being "
                "restored, so nothing was made live. Stop what ingests there, then restore into an "
                "empty home (--home), or with --replace."
            )

    def _check_chunks(self, connection: Connection) -> None:
        table = tables.chunk
        query = select(table.c.generation, func.count()).group_by(table.c.generation)
        found = {row[0]: int(row[1]) for row in connection.execute(query)}
        for generation in self._manifest.generations:
            there = found.get(generation.name, 0)
            wanted = generation.chunks - self._skipped[table.name, generation.name]
            if there != wanted:
                raise self._mismatch(generation.name, "rows of chunks", there, wanted)

    def _mismatch(self, generation: str, what: str, found: int, wanted: int) -> BackupError:
        return BackupError(
            f"After the restore {generation} has {found} {what} instead of {wanted}. It was not "
            "made live, and nothing is served from this home. Run the restore again; if it "
            "happens again, use another backup."
        )


def as_point(record: PointRecord) -> Point:
    """Return a point as the store takes it."""
    indices = np.frombuffer(record.indices, dtype="<u4").tolist()
    values = np.frombuffer(record.values, dtype="<f4").tolist()
    return Point(
        id=UUID(bytes=record.id),
        dense=np.frombuffer(record.dense, dtype="<f4").astype(np.float32),
        sparse=Sparse(tuple(indices), tuple(values)),
        payload=record.payload,
    )
