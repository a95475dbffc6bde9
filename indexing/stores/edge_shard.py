"""One Qdrant Edge shard: made, opened, closed; its values translated, its errors typed."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import qdrant_edge as edge

from config.errors import HoldfastError
from indexing.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreRejectedError,
    StoreUnavailableError,
)
from indexing.points import BM25, DENSE, HybridQuery, Point, Sparse, StoredPoint
from indexing.stores.filters_edge import edge_filter
from indexing.stores.filters_terms import INTEGER_FIELDS, KEYWORD_FIELDS
from indexing.stores.ranking import Legs, Scored, leg_limit

_LOG = logging.getLogger(__name__)
# The engine raises plain `Exception`; only its words tell what happened.
_REFUSALS = ("dimension error", "vector name", "wrong input", "bad request", "no point with id")
_SHORTAGES = (
    "no space left", "too many open files", "cannot allocate", "quota exceeded", "file too large",
)  # fmt: skip


def make_shard(path: Path, dimension: int) -> edge.EdgeShard:
    """Create an empty shard with its two vectors and its payload indexes, and leave it open."""
    config = edge.EdgeConfig(
        vectors={DENSE: edge.EdgeVectorParams(size=dimension, distance=edge.Distance.Cosine)},
        sparse_vectors={BM25: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
    )
    shard = edge.EdgeShard.create(str(path), config)
    index_fields(shard)
    return shard


def load_shard(path: Path) -> edge.EdgeShard:
    """Open a shard; payload indexes that it lost with its segments are made anew."""
    shard = edge.EdgeShard.load(str(path))
    index_fields(shard)
    return shard


def index_fields(shard: edge.EdgeShard) -> None:
    """Make the payload indexes that a shard does not have."""
    kinds = dict.fromkeys(INTEGER_FIELDS, edge.PayloadSchemaType.Integer)
    kinds.update(dict.fromkeys(KEYWORD_FIELDS, edge.PayloadSchemaType.Keyword))
    there = shard.info().payload_schema
    for field, kind in kinds.items():
        if field not in there:
            shard.update(edge.UpdateOperation.create_field_index(field, kind))


def close_shard(shard: edge.EdgeShard) -> None:
    """Flush and close; a flush that fails loses nothing, the write-ahead log has it all."""
    try:
        shard.flush()
    except Exception:  # noqa: BLE001 - the engine has no exception classes of its own
        _LOG.exception("The embedded index could not be flushed; its log will be replayed.")
    shard.close()


@contextmanager
def typed_errors(name: str) -> Iterator[None]:
    """Turn whatever the engine or the file system raises into an error of the store."""
    try:
        yield
    except HoldfastError:
        raise
    except Exception as error:  # noqa: BLE001 - the engine has no exception classes of its own
        raise _typed(name, error) from None
    except BaseException as error:
        # A panic of the engine arrives as a BaseException and would end the whole process.
        if type(error).__name__ != "PanicException":
            raise
        raise _corrupt(name, error) from None


def _typed(name: str, error: Exception) -> StoreError:
    words = str(error).lower()
    if "wouldblock" in words:
        return StoreBusyError(
            f"The embedded index {name!r} is open in a program that takes no turns. End that "
            "program (a second Qdrant Edge on the same folder?) and try again."
        )
    if any(shortage in words for shortage in _SHORTAGES):
        return StoreUnavailableError(
            f"The embedded index {name!r} ran out of a resource ({_first_line(error)}). Free "
            "disk space, memory or file handles and run again; nothing acknowledged is lost."
        )
    refused = any(refusal in words for refusal in _REFUSALS)
    if refused or isinstance(error, (TypeError, ValueError, OverflowError)):
        return StoreRejectedError(
            f"The embedded index {name!r} refused the request: {_first_line(error)}."
        )
    if isinstance(error, OSError):
        return StoreRejectedError(
            f"The files of the embedded index {name!r} cannot be used: {_first_line(error)}. "
            "Check owner and permissions of HOLDFAST_HOME."
        )
    return _corrupt(name, error)


def _corrupt(name: str, error: BaseException) -> StoreCorruptError:
    return StoreCorruptError(
        f"The files of the embedded index {name!r} are missing or damaged ({_first_line(error)}). "
        "Run `holdfast verify --repair`, which makes the points again from the blobs, or restore a "
        "backup."
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0][:200]


def edge_point(point: Point) -> edge.Point:
    """Translate a point for writing."""
    vectors = {DENSE: point.dense.tolist(), BM25: _edge_sparse(point.sparse)}
    return edge.Point(point.id, vectors, dict(point.payload))


def copied_point(point: StoredPoint) -> edge.Point:
    """Translate a point that was read for writing it again, with the vectors that it has."""
    vectors: dict[str, Any] = {}
    if point.dense is not None:
        vectors[DENSE] = point.dense.tolist()
    if point.sparse is not None:
        vectors[BM25] = _edge_sparse(point.sparse)
    return edge.Point(point.id, vectors, dict(point.payload))


def batch(query: HybridQuery, needed: Legs) -> edge.QueryBatchRequest:
    """Build the one planned batch of a search: the dense and the sparse list, or one of them."""
    where = edge_filter(query.where)
    nearest = []
    if needed.dense and query.dense is not None:
        params = edge.SearchParams(exact=query.exact)
        nearest.append((edge.Query.Nearest(query.dense.tolist(), using=DENSE), params))
    if needed.sparse and query.sparse is not None:
        corpus = edge_filter(query.idf_corpus) if query.idf_corpus else None
        idf = edge.IdfParams(corpus=corpus) if corpus else None
        params = edge.SearchParams(exact=query.exact, idf=idf)
        nearest.append((edge.Query.Nearest(_edge_sparse(query.sparse), using=BM25), params))

    limit = query.prefetch if needed.both else leg_limit(query)
    return edge.QueryBatchRequest(
        [
            edge.QueryRequest(
                limit=limit, query=vector, filter=where, params=params, with_payload=True
            )
            for vector, params in nearest
        ]
    )


def scored(points: Sequence[edge.ScoredPoint]) -> list[Scored]:
    """Translate one result list."""
    return [Scored(UUID(str(point.id)), point.score, point.payload) for point in points]


def _edge_sparse(sparse: Sparse) -> edge.SparseVector:
    return edge.SparseVector(list(sparse.indices), list(sparse.values))
