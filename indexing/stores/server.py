"""The production store: a Qdrant server through its client."""

import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from operator import methodcaller
from typing import Any, TypeVar
from uuid import UUID

from qdrant_client import QdrantClient, models

from config.settings import StoreSettings
from indexing.errors import StoreRejectedError
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
    rejected,
    unknown_collection,
)
from indexing.stores.filters_server import server_filter
from indexing.stores.ranking import fused_hits, legs, single_hits
from indexing.stores.server_calls import Patience
from indexing.stores.server_collections import FACET_LIMIT, RECORD, creation, indexes
from indexing.stores.server_connection import Connection
from indexing.stores.server_erase import vacuum
from indexing.stores.server_upserts import cut, harmless_point, send_all_good
from indexing.stores.server_values import requests, scored, server_point
from indexing.stores.specs import read_spec
from indexing.stores.stored_points import stored_point

T = TypeVar("T")
PAGE = 1000
PAGE_WITH_VECTORS = 256


class ServerStore:
    """Collections on a Qdrant server of version 1.19 or newer.

    Every write waits until it is applied and is believed only if the server says so. A request
    is tried again until `deadline_seconds`, what a question waits for (alias and search) no longer
    than `timeout_seconds`; a method that has to make several requests has that time for each.
    Repeating is safe: points have their ids from the caller, and a closing names the value it
    expects.
    """

    def __init__(self, settings: StoreSettings, *, client: QdrantClient | None = None) -> None:
        """Read the settings; nothing is connected yet.

        Args:
            settings: Where the server is, how long to wait, how new collections are made.
            client: Used instead of a client of our own, and left open.

        Raises:
            ConfigError: `store.url` is no address of a server.
        """
        self._settings = settings
        self._server = Connection(settings, client)
        self._most_bytes = settings.max_body_mb * 2**20
        self._dimensions: dict[str, int] = {}

    def describe(self) -> str:
        """Say what engine this is, in which version, and where."""
        return f"Qdrant server {self._server.version()} at {self._server.place}"

    def create(self, collection: str, spec: CollectionSpec) -> None:
        """Create a collection with its payload indexes; one that exists with this spec is kept.

        Raises:
            StoreRejectedError: It exists with another spec, an alias has this name, or the
                server keeps no metadata.
        """
        check_name(collection)
        if self.alias(collection) is not None:
            raise StoreRejectedError(
                f"{collection!r} is an alias in this store, so no collection can have that name; "
                "choose another one."
            )
        arguments = creation(spec, self._settings)
        wanted = read_spec(arguments["metadata"][RECORD], f"The spec of {collection!r}")
        if not self._exists(collection):
            try:
                self._make(collection, arguments)
            except StoreRejectedError:
                if not self._exists(collection):  # else: created by another process meanwhile
                    raise
        existing = self.spec(collection)
        if existing is None:
            raise unknown_collection(collection)
        check_same(collection, existing, wanted)
        self._index(collection)

    def spec(self, collection: str) -> CollectionSpec | None:
        """Return what `collection` was created with, or none if there is no such collection."""
        check_name(collection)
        if not self._exists(collection):
            return None
        metadata: dict[str, Any] = self._info(collection).config.metadata or {}
        return read_spec(metadata.get(RECORD) or {}, f"Collection {collection!r}")

    def collections(self) -> tuple[str, ...]:
        """Names of all collections on the server, sorted; others may have put some there."""
        answer = self._server.read("list collections", "", lambda q: q.get_collections())
        return tuple(sorted(found.name for found in answer.collections))

    def drop(self, collection: str) -> None:
        """Remove a collection and the aliases that name it; none of that name is no error."""
        check_name(collection)
        self._dimensions.pop(collection, None)
        if self._exists(collection):
            self._server.read("drop", collection, lambda q: q.delete_collection(collection))

    def upsert(
        self, collection: str, points: Sequence[Point], *, fence: Fence | None = None
    ) -> None:
        """Write points, replacing those with the same ids.

        All are checked before any is written. What the server refuses none the less is found
        by halving, and everything else is written.

        Raises:
            PointsRejectedError: It names the points that can never be stored here.
        """
        sizes = check_points(collection, points, self._dimension(collection), self._most_bytes)
        send = partial(self._send, collection, fence)
        prove = partial(self._prove_writable, collection)
        faulty: list[tuple[Point, str]] = []
        for part in cut(points, sizes, self._settings.upsert_batch, self._most_bytes):
            faulty += send_all_good(part, send, prove)
        if faulty:
            prove()  # still: it may have filled up on the way
            raise rejected(collection, faulty)

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
        check_name(collection)
        self._dimension(collection)  # a filter would find nothing in a collection that is gone
        for part in _pages([str(id_) for id_ in dict.fromkeys(ids)], PAGE):
            # Ids as a filter: a list of ids is refused whole for one that is unknown.
            must: list[models.Condition] = [models.HasIdCondition(has_id=list(part))]
            if expected is not None:
                here = models.MatchValue(value=expected)
                must.append(models.FieldCondition(key="valid_to", match=here))
            change = methodcaller(
                "set_payload",
                collection,
                {"valid_to": epoch},
                points=models.Filter(must=must),
                wait=True,
            )
            self._server.write("set valid_to", collection, change, fence)

    def delete(self, collection: str, ids: Sequence[UUID], *, fence: Fence | None = None) -> None:
        """Remove these points; unknown ids are ignored."""
        check_name(collection)
        for part in _pages([str(id_) for id_ in dict.fromkeys(ids)], PAGE):
            chosen = models.PointIdsList(points=list(part))
            change = methodcaller("delete", collection, chosen, wait=True)
            self._server.write("delete", collection, change, fence)

    def count(self, collection: str, where: PointFilter) -> int:
        """Count matching points exactly."""
        check_name(collection)
        chosen = server_filter(where)
        answer = self._server.read(
            "count", collection, lambda q: q.count(collection, count_filter=chosen, exact=True)
        )
        return int(answer.count)

    def count_by_document(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `document_id`."""
        return self._count_by("document_id", collection, where)

    def count_by_source(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `source`; those without one are left out."""
        return self._count_by("source", collection, where)

    def _count_by(self, field: str, collection: str, where: PointFilter) -> dict[str, int]:
        most = self.count(collection, where)
        if not most:
            return {}
        limit, chosen = min(most, FACET_LIMIT), server_filter(where)
        answer = self._server.read(
            f"count by {field}",
            collection,
            lambda q: q.facet(collection, field, facet_filter=chosen, limit=limit, exact=True),
        )
        counts = {str(hit.value): int(hit.count) for hit in answer.hits}
        if len(counts) < limit or sum(counts.values()) == most:
            return counts
        # More values than one answer holds: one after the other.
        counts = {}
        for record in self._scrolled(collection, where, [field], PAGE):
            value = (record.payload or {}).get(field)
            if value is not None:
                counts[str(value)] = counts.get(str(value), 0) + 1
        return counts

    def scroll(
        self, collection: str, where: PointFilter, *, vectors: bool = False
    ) -> Iterator[StoredPoint]:
        """Yield all matching points in id order, a page at a time."""
        page = PAGE_WITH_VECTORS if vectors else PAGE
        yield from map(stored_point, self._scrolled(collection, where, True, page, vectors))

    def fetch(
        self, collection: str, ids: Sequence[UUID], *, vectors: bool = False
    ) -> list[StoredPoint]:
        """Read points by id, in the order asked for; missing ones are left out."""
        check_name(collection)
        wanted = list(dict.fromkeys(ids))
        found: dict[UUID, StoredPoint] = {}
        for part in _pages([str(id_) for id_ in wanted], PAGE_WITH_VECTORS if vectors else PAGE):
            read = methodcaller(
                "retrieve", collection, list(part), with_payload=True, with_vectors=vectors
            )
            records = self._server.read("fetch", collection, read)
            found |= {point.id: point for point in map(stored_point, records)}
        return [found[id_] for id_ in wanted if id_ in found]

    def search(self, collection: str, query: HybridQuery) -> HybridHits:
        """Search both lists and fuse them in one call; equal scores are in id order."""
        needed = legs(query)
        # Whoever asked waits for all of it: what is not known yet is looked up in the same time.
        with self._server.within(Patience.READER):
            check_query(collection, query, self._dimension(collection))
            if not needed.dense and not needed.sparse:
                return HybridHits((), (), ())
            sent = requests(query, needed)
            answers = self._server.read(
                "search",
                collection,
                lambda q: q.query_batch_points(collection, sent),
                Patience.READER,
            )
        lists = [scored(answer) for answer in answers]
        if needed.both:
            return fused_hits(query, *lists)
        return single_hits(query, needed, lists[0])

    def flush(self, collection: str) -> None:
        """Do nothing: an acknowledged write is in the server's own log."""

    def erase(self, collection: str, *, fence: Fence | None = None) -> Erasure:
        """Have the server's optimizer rewrite what holds deleted points; it decides by itself."""
        check_name(collection)
        self._dimension(collection)
        if fence is not None:
            fence()
        return vacuum(
            lambda what, call: self._server.read(what, collection, call),
            collection,
            self._settings.timeout_seconds,
        )

    def alias(self, name: str) -> str | None:
        """Return the collection an alias names."""
        check_name(name)
        answer = self._server.read("read aliases", "", lambda q: q.get_aliases(), Patience.READER)
        named = {alias.alias_name: str(alias.collection_name) for alias in answer.aliases}
        return named.get(name)

    def point_alias(self, name: str, collection: str) -> None:
        """Make an alias name a collection, atomically: a reader sees the old one or the new one.

        One single create overwrites; a delete and a create could leave no alias behind.

        Raises:
            StoreRejectedError: There is no such collection, or the alias has a collection's name.
        """
        check_name(name)
        check_name(collection)
        if name in self.collections():
            raise StoreRejectedError(f"{name!r} is a collection, so it cannot be an alias too.")
        target = models.CreateAlias(collection_name=collection, alias_name=name)
        change = [models.CreateAliasOperation(create_alias=target)]
        self._server.confirm(
            "point alias", collection, lambda q: q.update_collection_aliases(change)
        )

    def close(self) -> None:
        """Close the connections; the store can be used again afterwards."""
        self._server.close()

    def _send(self, collection: str, fence: Fence | None, points: Sequence[Point]) -> None:
        sent = [server_point(point) for point in points]
        change = methodcaller("upsert", collection, sent, wait=True)
        self._server.write("upsert", collection, change, fence)

    def _prove_writable(self, collection: str) -> None:
        """Make sure that a refusal is about points: a full collection refuses any.

        Raises:
            StoreRejectedError: The server takes no point at all.
        """
        # Of an id that nothing has, and only if something had it: it leaves no trace.
        point = harmless_point(str(uuid.uuid4()), self._dimension(collection))
        mode = models.UpdateMode.UPDATE_ONLY
        probe = methodcaller("upsert", collection, [point], wait=True, update_mode=mode)
        self._server.write("upsert", collection, probe, None)

    def _scrolled(
        self,
        collection: str,
        where: PointFilter,
        payload: bool | list[str],
        page: int,
        vectors: bool = False,
    ) -> Iterator[models.Record]:
        check_name(collection)
        offset: Any = None
        while True:
            read = methodcaller(
                "scroll",
                collection,
                scroll_filter=server_filter(where),
                limit=page,
                offset=offset,
                with_payload=payload,
                with_vectors=vectors,
            )
            records, offset = self._server.read("scroll", collection, read)
            yield from records
            if offset is None:
                return

    def _exists(self, collection: str) -> bool:
        return self._server.read("look up", collection, lambda q: q.collection_exists(collection))

    def _info(self, collection: str) -> models.CollectionInfo:
        return self._server.read(
            "read collection", collection, lambda q: q.get_collection(collection)
        )

    def _make(self, collection: str, arguments: dict[str, Any]) -> None:
        self._server.confirm(
            "create", collection, lambda q: q.create_collection(collection, **arguments)
        )
        if not self._info(collection).config.metadata:
            self.drop(collection)
            raise StoreRejectedError(
                f"The Qdrant server keeps no collection metadata, so {collection!r} could not be "
                "told from others; Holdfast needs Qdrant 1.19 or newer."
            )

    def _index(self, collection: str) -> None:
        present = self._info(collection).payload_schema
        for field, schema in indexes().items():
            if field not in present:
                # Not held to "completed": a cluster builds an index in the background.
                make = methodcaller("create_payload_index", collection, field, schema, wait=True)
                self._server.read("index", collection, make)

    def _dimension(self, collection: str) -> int:
        if collection not in self._dimensions:
            spec = self.spec(collection)
            if spec is None:
                raise unknown_collection(collection)
            self._dimensions[collection] = spec.dimension
        return self._dimensions[collection]


def _pages(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
