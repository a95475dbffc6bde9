"""The embedded store: Qdrant Edge shards in a folder, shared by turns between processes."""

import importlib.metadata
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import qdrant_edge as edge

from indexing.errors import StoreCorruptError, StoreRejectedError
from indexing.failpoints import Failpoint, reached
from indexing.points import (
    CollectionSpec,
    HybridHits,
    HybridQuery,
    Point,
    PointFilter,
    StoredPoint,
)
from indexing.stores.base import Erasure, Fence
from indexing.stores.checks import (
    check_name,
    check_points,
    check_query,
    check_same,
    unknown_collection,
)
from indexing.stores.edge_folder import EdgeFolder
from indexing.stores.edge_rewrite import write_anew
from indexing.stores.edge_shard import (
    batch,
    close_shard,
    edge_point,
    load_shard,
    scored,
    typed_errors,
)
from indexing.stores.filters_edge import edge_filter
from indexing.stores.ranking import fused_hits, legs, single_hits
from indexing.stores.specs import read_spec, spec_record
from indexing.stores.stored_points import stored_point
from indexing.stores.turns import Seat, Turn

T = TypeVar("T")
PAGE = 1000
PAGE_WITH_VECTORS = 256


class EdgeStore:
    """Collections as Qdrant Edge shards under one folder.

    Acknowledged writes are in the engine's write-ahead log and survive the death of the process;
    segments are flushed whenever a turn ends. Reads and writes of one process are serialised per
    collection (a query takes about a millisecond).
    """

    def __init__(
        self, root: Path, turn_timeout_seconds: float = 30.0, upsert_batch: int = 512
    ) -> None:
        self._root = root.absolute()
        self._files = EdgeFolder(self._root)
        self._timeout = turn_timeout_seconds
        self._upsert_batch = upsert_batch
        self._seats: dict[str, Seat[edge.EdgeShard]] = {}
        self._lock = threading.Lock()

    def describe(self) -> str:
        """Say what engine this is, in which version, and where."""
        version = importlib.metadata.version("qdrant-edge-py")
        return f"Qdrant Edge {version} (embedded) in {self._root}"

    def create(self, collection: str, spec: CollectionSpec) -> None:
        """Create a collection with its payload indexes; one that exists with this spec is kept.

        Raises:
            StoreRejectedError: It exists with another spec, or an alias has this name.
        """
        wanted = read_spec(spec_record(spec), f"The spec of {collection!r}")
        seat = self._seat(collection)
        if self._kept(collection, wanted):
            return
        with typed_errors(collection), seat.alone():
            if self._kept(collection, wanted):  # created by another process meanwhile
                return
            if self._files.is_alias(collection):
                raise StoreRejectedError(
                    f"{collection!r} is an alias in this store, so no collection can have that "
                    "name; choose another one."
                )
            self._files.check_room()
            self._files.build(collection, spec)

    def spec(self, collection: str) -> CollectionSpec | None:
        """Return what `collection` was created with, or none if there is no such collection."""
        with typed_errors(collection):
            return self._files.spec(collection)

    def collections(self) -> tuple[str, ...]:
        """Names of all collections of this store, sorted."""
        return self._files.collections()

    def drop(self, collection: str) -> None:
        """Remove a collection and the aliases that name it; none of that name is no error."""
        seat = self._seat(collection)
        if self._files.exists(collection) or self._files.is_half_gone(collection):
            with typed_errors(collection), seat.alone():
                self._files.discard(collection)

    def upsert(
        self, collection: str, points: Sequence[Point], *, fence: Fence | None = None
    ) -> None:
        """Write points, replacing those with the same ids; all are checked before any is written.

        Raises:
            PointsRejectedError: It names the points that can never be stored here, such as
                those with a vector of another dimension, not finite, or all zero.
        """
        check_points(collection, points, self._dimension(collection))
        for part in _parts(points, self._upsert_batch):
            with typed_errors(collection):
                made = [edge_point(p) for p in part]
            with self._written(collection, fence) as shard:
                shard.update(edge.UpdateOperation.upsert_points(made))

    def set_valid_to(
        self,
        collection: str,
        ids: Sequence[UUID],
        epoch: int,
        *,
        expected: int | None = None,
        fence: Fence | None = None,
    ) -> None:
        """Set `valid_to` of these points where it is `expected`; unknown ids are ignored."""
        for part in _parts(list(dict.fromkeys(ids)), PAGE):
            with self._written(collection, fence) as shard:
                # The engine stops at the first unknown id, with the others half done.
                chosen = [
                    record.id
                    for record in shard.retrieve(list(part), ["valid_to"], False)
                    if expected in (None, (record.payload or {}).get("valid_to"))
                ]
                if chosen:
                    change = edge.UpdateOperation.set_payload(chosen, {"valid_to": epoch})
                    shard.update(change)

    def delete(self, collection: str, ids: Sequence[UUID], *, fence: Fence | None = None) -> None:
        """Remove these points; unknown ids are ignored."""
        for part in _parts(list(dict.fromkeys(ids)), PAGE):
            with self._written(collection, fence) as shard:
                shard.update(edge.UpdateOperation.delete_points(list(part)))

    def count(self, collection: str, where: PointFilter) -> int:
        """Count matching points exactly."""
        with self._shard(collection) as shard:
            found: int = shard.count(edge.CountRequest(exact=True, filter=edge_filter(where)))
            return found

    def count_by_document(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `document_id`."""
        return self._count_by("document_id", collection, where)

    def count_by_source(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `source`; those without one are left out."""
        return self._count_by("source", collection, where)

    def _count_by(self, field: str, collection: str, where: PointFilter) -> dict[str, int]:
        chosen = edge_filter(where)
        with self._shard(collection) as shard:
            most = shard.count(edge.CountRequest(exact=True, filter=chosen))
            if not most:
                return {}
            request = edge.FacetRequest(field, limit=most, exact=True, filter=chosen)
            return {str(hit.value): hit.count for hit in shard.facet(request)}

    def scroll(
        self, collection: str, where: PointFilter, *, vectors: bool = False
    ) -> Iterator[StoredPoint]:
        """Yield all matching points in id order; the shard is free between two pages."""
        page = PAGE_WITH_VECTORS if vectors else PAGE
        chosen, offset = edge_filter(where), None
        while True:
            with self._shard(collection) as shard:
                request = edge.ScrollRequest(
                    offset=offset,
                    limit=page,
                    filter=chosen,
                    with_payload=True,
                    with_vector=vectors,
                )
                records, offset = shard.scroll(request)
            yield from map(stored_point, records)
            if offset is None:
                return

    def fetch(
        self, collection: str, ids: Sequence[UUID], *, vectors: bool = False
    ) -> list[StoredPoint]:
        """Read points by id in one call, in the order asked for; missing ones are left out."""
        wanted = list(dict.fromkeys(ids))
        with self._shard(collection) as shard:
            records = shard.retrieve([*wanted], True, vectors)
        found = {point.id: point for point in map(stored_point, records)}
        return [found[id_] for id_ in wanted if id_ in found]

    def search(self, collection: str, query: HybridQuery) -> HybridHits:
        """Search both lists and fuse them in one planned batch; equal scores are in id order."""
        check_query(collection, query, self._dimension(collection))
        needed = legs(query)
        if not needed.dense and not needed.sparse:
            return HybridHits((), (), ())
        request = batch(query, needed)
        with self._shard(collection) as shard:
            lists = [scored(found) for found in shard.query_batch(request)]
        if needed.both:
            return fused_hits(query, *lists)
        return single_hits(query, needed, lists[0])

    def alias(self, name: str) -> str | None:
        """Return the collection an alias names."""
        with typed_errors(name):
            return self._files.alias(name)

    def point_alias(self, name: str, collection: str) -> None:
        """Make an alias name a collection, atomically: a reader sees the old one or the new one.

        Raises:
            StoreRejectedError: There is no such collection, or the alias has a collection's name.
        """
        check_name(name)
        if self.spec(collection) is None:
            raise unknown_collection(collection)
        if self._files.exists(name):
            raise StoreRejectedError(f"{name!r} is a collection, so it cannot be an alias too.")
        with typed_errors(name):
            self._files.point_alias(name, collection)

    def flush(self, collection: str) -> None:
        """Write segments and log of a collection through to the disk."""
        with self._shard(collection) as shard:
            shard.flush()

    def erase(self, collection: str, *, fence: Fence | None = None) -> Erasure:
        """Write the shard anew without the bytes of deleted points, and put it in place of the old.

        The engine keeps them in its segments and in its log. Readers go on meanwhile; they wait
        only for the moment of the change. The caller must be the only writer.

        Raises:
            StoreBusyError: Somebody wrote to the collection meanwhile; nothing was changed.
            StoreUnavailableError: The disk has no room for the copy, and nothing was changed; or
                an old shard, with the bytes, cannot be removed.
        """
        dimension = self._dimension(collection)
        points = self.scroll(collection, PointFilter(), vectors=True)
        with typed_errors(collection):
            taken = write_anew(
                self._files, self._seat(collection), collection, dimension, points, fence
            )
        return Erasure(taken, "at once: the shard was written anew without them")

    def close(self) -> None:
        """Close all shards and hand over their turns; the store can be used again afterwards."""
        with self._lock:
            seats = list(self._seats.items())
        for name, seat in seats:
            with typed_errors(name):
                seat.leave()

    def _kept(self, collection: str, wanted: CollectionSpec) -> bool:
        existing = self.spec(collection)
        if existing is not None:
            check_same(collection, existing, wanted)
        return existing is not None

    def _dimension(self, collection: str) -> int:
        spec = self.spec(collection)
        if spec is None:
            raise unknown_collection(collection)
        return spec.dimension

    def _seat(self, collection: str) -> Seat[edge.EdgeShard]:
        check_name(collection)
        with self._lock:
            if collection not in self._seats:
                self._seats[collection] = Seat(
                    Turn(self._files.turns, collection, self._timeout),
                    self._opener(collection),
                    close_shard,
                    wait_seconds=self._timeout,
                )
            return self._seats[collection]

    def _opener(self, collection: str) -> Callable[[], edge.EdgeShard]:
        def load() -> edge.EdgeShard:
            if self.spec(collection) is None:
                raise unknown_collection(collection)
            self._files.check_room()
            return load_shard(self._files.shard(collection))

        return load

    @contextmanager
    def _shard(self, collection: str) -> Iterator[edge.EdgeShard]:
        seat = self._seat(collection)
        try:
            with typed_errors(collection), seat.use() as shard:
                yield shard
        except StoreCorruptError:
            with typed_errors(collection):
                seat.leave()  # whatever is wrong, the next call starts from the files
            raise

    @contextmanager
    def _written(self, collection: str, fence: Fence | None) -> Iterator[edge.EdgeShard]:
        """Give the shard for one write; the fence is asked while nobody else can have it."""
        self._files.check_room()
        with self._shard(collection) as shard:
            if fence is not None:
                fence()
                reached(Failpoint.FENCED)
            yield shard


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
