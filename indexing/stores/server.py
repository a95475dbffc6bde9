"""The production store: a Qdrant server through its client."""

import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from qdrant_client import QdrantClient, models

from indexing.errors import StoreRejectedError
from indexing.points import (
    BM25,
    DENSE,
    CollectionSpec,
    HybridHits,
    HybridQuery,
    Point,
    PointFilter,
    StoredPoint,
)
from indexing.stores.base import Fence
from indexing.stores.checks import (
    check_name,
    check_points,
    check_query,
    check_same,
    unknown_collection,
)
from indexing.stores.filters_server import server_filter
from indexing.stores.filters_terms import INTEGER_FIELDS, KEYWORD_FIELDS
from indexing.stores.ranking import fused_hits, legs, single_hits
from indexing.stores.server_calls import Calls, fenced, requests, scored, server_point, stored_point
from indexing.stores.specs import read_spec, spec_record

T = TypeVar("T")
PAGE = 1000
PAGE_WITH_VECTORS = 256
RECORD = "holdfast"
"""Key of the collection metadata that holds the spec."""


class ServerStore:
    """Collections on a Qdrant server (1.16 or newer, for collection metadata).

    Every write waits until it is applied. A call is tried up to three times within the timeout;
    a single try may take the whole timeout, so the worst case is just under twice of it.
    """

    def __init__(
        self,
        url: str,
        api_key: str | None = None,
        timeout_seconds: float = 10.0,
        *,
        upsert_batch: int = 256,
        client: QdrantClient | None = None,
    ) -> None:
        self._url = url
        self._api_key = api_key
        self._timeout = timeout_seconds
        self._upsert_batch = upsert_batch
        self._given = client
        self._client = client
        self._calls = Calls(url, timeout_seconds)
        self._dimensions: dict[str, int] = {}
        self._lock = threading.Lock()

    def create(self, collection: str, spec: CollectionSpec) -> None:
        """Create a collection with its payload indexes; one that exists with this spec is kept.

        Raises:
            StoreRejectedError: It exists with another spec, or the server keeps no metadata.
        """
        wanted = read_spec(spec_record(spec), f"The spec of {collection!r}")
        check_name(collection)
        if not self._exists(collection):
            try:
                self._make(collection, spec)
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
        info = self._run("read collection", collection, self._qdrant.get_collection, collection)
        metadata: dict[str, Any] = info.config.metadata or {}
        return read_spec(metadata.get(RECORD) or {}, f"Collection {collection!r}")

    def collections(self) -> tuple[str, ...]:
        """Names of all collections on the server, sorted; others may have put some there."""
        answer = self._run("list collections", "", self._qdrant.get_collections)
        return tuple(sorted(found.name for found in answer.collections))

    def drop(self, collection: str) -> None:
        """Remove a collection and the aliases that name it; none of that name is no error."""
        check_name(collection)
        self._dimensions.pop(collection, None)
        if self._exists(collection):
            self._run("drop", collection, self._qdrant.delete_collection, collection)

    def upsert(
        self, collection: str, points: Sequence[Point], *, fence: Fence | None = None
    ) -> None:
        """Write points, replacing those with the same ids; all are checked before any is written.

        Raises:
            StoreRejectedError: A vector is of another dimension, not finite, or all zero.
        """
        check_points(collection, points, self._dimension(collection))
        for part in _parts(points, self._upsert_batch):
            sent = [server_point(point) for point in part]
            call = partial(self._qdrant.upsert, collection, sent, wait=True)
            self._run("upsert", collection, fenced(call, fence))

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
        for part in _parts([str(id_) for id_ in dict.fromkeys(ids)], PAGE):
            # Ids as a filter: a list of ids is refused whole for one that is unknown.
            must: list[models.Condition] = [models.HasIdCondition(has_id=list(part))]
            if expected is not None:
                here = models.MatchValue(value=expected)
                must.append(models.FieldCondition(key="valid_to", match=here))
            call = partial(
                self._qdrant.set_payload,
                collection,
                {"valid_to": epoch},
                points=models.Filter(must=must),
                wait=True,
            )
            self._run("set valid_to", collection, fenced(call, fence))

    def delete(self, collection: str, ids: Sequence[UUID], *, fence: Fence | None = None) -> None:
        """Remove these points; unknown ids are ignored."""
        check_name(collection)
        for part in _parts([str(id_) for id_ in dict.fromkeys(ids)], PAGE):
            chosen = models.PointIdsList(points=list(part))
            call = partial(self._qdrant.delete, collection, chosen, wait=True)
            self._run("delete", collection, fenced(call, fence))

    def count(self, collection: str, where: PointFilter) -> int:
        """Count matching points exactly."""
        check_name(collection)
        chosen = server_filter(where)
        answer = self._run(
            "count", collection, self._qdrant.count, collection, count_filter=chosen, exact=True
        )
        return int(answer.count)

    def count_by_document(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `document_id`."""
        most = self.count(collection, where)
        if not most:
            return {}
        answer = self._run(
            "count by document",
            collection,
            self._qdrant.facet,
            collection,
            "document_id",
            facet_filter=server_filter(where),
            limit=most,
            exact=True,
        )
        return {str(hit.value): int(hit.count) for hit in answer.hits}

    def scroll(
        self, collection: str, where: PointFilter, *, vectors: bool = False
    ) -> Iterator[StoredPoint]:
        """Yield all matching points in id order, a page at a time."""
        check_name(collection)
        chosen, offset = server_filter(where), None
        while True:
            records, offset = self._run(
                "scroll",
                collection,
                self._qdrant.scroll,
                collection,
                scroll_filter=chosen,
                limit=PAGE_WITH_VECTORS if vectors else PAGE,
                offset=offset,
                with_payload=True,
                with_vectors=vectors,
            )
            yield from map(stored_point, records)
            if offset is None:
                return

    def fetch(
        self, collection: str, ids: Sequence[UUID], *, vectors: bool = False
    ) -> list[StoredPoint]:
        """Read points by id in one call, in the order asked for; missing ones are left out."""
        check_name(collection)
        wanted = list(dict.fromkeys(ids))
        records = self._run(
            "fetch",
            collection,
            self._qdrant.retrieve,
            collection,
            [str(id_) for id_ in wanted],
            with_payload=True,
            with_vectors=vectors,
        )
        found = {point.id: point for point in map(stored_point, records)}
        return [found[id_] for id_ in wanted if id_ in found]

    def search(self, collection: str, query: HybridQuery) -> HybridHits:
        """Search both lists and fuse them in one call; equal scores are in id order."""
        check_query(collection, query, self._dimension(collection))
        needed = legs(query)
        if not needed.dense and not needed.sparse:
            return HybridHits((), (), ())
        sent = requests(query, needed)
        answers = self._run("search", collection, self._qdrant.query_batch_points, collection, sent)
        lists = [scored(answer) for answer in answers]
        if needed.both:
            return fused_hits(query, *lists)
        return single_hits(query, needed, lists[0])

    def flush(self, collection: str) -> None:
        """Do nothing: an acknowledged write is in the server's own log."""

    def alias(self, name: str) -> str | None:
        """Return the collection an alias names."""
        check_name(name)
        answer = self._run("read aliases", "", self._qdrant.get_aliases)
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
        self._run("point alias", collection, self._qdrant.update_collection_aliases, change)

    def close(self) -> None:
        """Close the connections; the store can be used again afterwards."""
        with self._lock:
            if self._client is not None and self._given is None:
                self._client.close()
                self._client = None

    @property
    def _qdrant(self) -> Any:
        with self._lock:
            if self._client is None:
                # `timeout` is typed as int but rounded up by the client itself.
                self._client = QdrantClient(
                    url=self._url,
                    api_key=self._api_key,
                    timeout=self._timeout,  # type: ignore[arg-type]
                    check_compatibility=False,
                )
            return self._client

    def _run(self, what: str, collection: str, call: Any, *args: Any, **kwargs: Any) -> Any:
        label = f"{what} {collection}".strip()
        return self._calls.run(label, lambda: call(*args, **kwargs))

    def _exists(self, collection: str) -> bool:
        answer = self._run("look up", collection, self._qdrant.collection_exists, collection)
        return bool(answer)

    def _make(self, collection: str, spec: CollectionSpec) -> None:
        dense = models.VectorParams(size=spec.dimension, distance=models.Distance.COSINE)
        self._run(
            "create",
            collection,
            self._qdrant.create_collection,
            collection,
            vectors_config={DENSE: dense},
            sparse_vectors_config={BM25: models.SparseVectorParams(modifier=models.Modifier.IDF)},
            metadata={RECORD: spec_record(spec)},
        )
        info = self._run("read collection", collection, self._qdrant.get_collection, collection)
        if not info.config.metadata:
            self.drop(collection)
            raise StoreRejectedError(
                f"The Qdrant server keeps no collection metadata, so {collection!r} could not be "
                "told from others; Holdfast needs Qdrant 1.16 or newer."
            )

    def _index(self, collection: str) -> None:
        info = self._run("read collection", collection, self._qdrant.get_collection, collection)
        kinds = dict.fromkeys(INTEGER_FIELDS, models.PayloadSchemaType.INTEGER)
        kinds.update(dict.fromkeys(KEYWORD_FIELDS, models.PayloadSchemaType.KEYWORD))
        for field, kind in kinds.items():
            if field not in info.payload_schema:
                self._run(
                    "index",
                    collection,
                    self._qdrant.create_payload_index,
                    collection,
                    field,
                    kind,
                    wait=True,
                )

    def _dimension(self, collection: str) -> int:
        if collection not in self._dimensions:
            spec = self.spec(collection)
            if spec is None:
                raise unknown_collection(collection)
            self._dimensions[collection] = spec.dimension
        return self._dimensions[collection]


def _parts(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
