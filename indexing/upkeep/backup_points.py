"""The points of one generation for a backup: read by the ledger's ids, each one examined."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np

from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError, StoreRejectedError
from indexing.ledger.documents import groups
from indexing.ledger.generations import Generation
from indexing.points import CollectionSpec, Point, StoredPoint, payload_sha256
from indexing.stores.checks import check_points
from indexing.stores.specs import spec_record
from indexing.upkeep.archive import points_path
from indexing.upkeep.archive_records import PointRecord
from indexing.upkeep.archive_writer import ArchiveWriter
from indexing.upkeep.manifest import GenerationEntry
from indexing.upkeep.shortfall import Shortfall

Row: TypeAlias = Mapping[str, Any]
"""A row of the table `chunk`."""

BATCH = 256
"""Points per call to the store; between two calls it is free for others."""


def write_points(
    corpus: Corpus,
    archive: ArchiveWriter,
    generation: Generation,
    rows: Iterable[Row],
    shortfall: Shortfall,
) -> GenerationEntry:
    """Write the points that these rows of the ledger name.

    A point that is missing or damaged is counted as lacking and left out; the others are kept.
    One below the horizon of its generation is not missed: it is being collected as garbage.

    Raises:
        BackupError: The backup cannot be written.
        StoreUnavailableError: The store does not answer.
    """
    source = PointSource(corpus, generation, shortfall)
    chunks = 0
    with archive.records(points_path(generation.name)) as out:
        for group in groups(rows, BATCH):
            chunks += len(group)
            for point in source.sound(group):
                out.point(point)
        points = out.rows
    return GenerationEntry(
        name=generation.name,
        fingerprint=generation.fingerprint,
        epoch=generation.epoch,
        chunks=chunks,
        points=points,
        collection=spec_record(source.spec) if source.spec else None,
    )


class PointSource:
    """Reads points of one generation and tells sound ones from others."""

    def __init__(self, corpus: Corpus, generation: Generation, shortfall: Shortfall) -> None:
        """Look at the collection of a generation."""
        self._store = corpus.store
        self._name = generation.name
        self._horizon = generation.horizon
        self._shortfall = shortfall
        self._broken: str | None = None
        try:
            found = corpus.store.spec(generation.name)
        except StoreCorruptError as error:
            found, self._broken = None, str(error)
        if found is None and self._broken is None:
            self._broken = f"the collection {generation.name} is gone"
        self.spec = found or spec_of(generation)
        """What the collection is created with; none if nobody knows any more."""

    def sound(self, rows: Iterable[Row]) -> Iterator[PointRecord]:
        """Yield the points of these rows that are as they were committed."""
        rows = list(rows)
        stored = self._fetch([UUID(row["point_id"]) for row in rows])
        for row in rows:
            point = stored.get(UUID(row["point_id"]))
            fault = self._broken or self._fault(point, row)
            if fault is None and point is not None:
                yield as_record(point, int(row["valid_to"]))
            elif row["valid_to"] > self._horizon:
                self._shortfall.point(
                    f"point {row['point_id']} of document {row['document_id']} in {self._name}: "
                    f"{fault}"
                )

    def _fetch(self, ids: list[UUID]) -> dict[UUID, StoredPoint]:
        if self._broken is not None:
            return {}
        try:
            return {p.id: p for p in self._store.fetch(self._name, ids, vectors=True)}
        except StoreCorruptError as error:
            self._broken = str(error)
            return {}

    def _fault(self, point: StoredPoint | None, row: Row) -> str | None:
        if point is None:
            return "it is missing from the store"
        if point.dense is None or point.sparse is None or self.spec is None:
            return "it has lost a vector"
        known = row["payload_sha256"]
        if known is not None and payload_sha256(point.payload) != known:
            return "its payload is not the one that was committed"
        try:
            written = Point(point.id, point.dense, point.sparse, point.payload)
            check_points(self._name, [written], self.spec.dimension)
        except StoreRejectedError as error:
            return str(error)
        return None


def spec_of(generation: Generation) -> CollectionSpec | None:
    """Return what a collection that is gone was created with, as far as the ledger knows."""
    dimension = generation.spec.get("embedding", {}).get("dimension")
    if dimension is None:
        return None
    return CollectionSpec(int(dimension), generation.fingerprint, {"spec": dict(generation.spec)})


def as_record(point: StoredPoint, valid_to: int) -> PointRecord:
    """Return a point as a backup holds it, ended when the ledger says."""
    assert point.dense is not None, "only sound points are kept"
    assert point.sparse is not None, "only sound points are kept"
    return PointRecord(
        id=point.id.bytes,
        payload={**point.payload, "valid_to": valid_to},
        dense=point.dense.astype("<f4").tobytes(),
        indices=np.asarray(point.sparse.indices, dtype="<u4").tobytes(),
        values=np.asarray(point.sparse.values, dtype="<f4").tobytes(),
    )
