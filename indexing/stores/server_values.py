"""Points and queries in the words of the Qdrant server's API, and what a search found back."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from qdrant_client import models

from indexing.points import BM25, DENSE, HybridQuery, Point, Sparse
from indexing.stores.filters_server import server_filter
from indexing.stores.ranking import Legs, Scored, leg_limit

OVERSAMPLING = 2.0
"""How many more candidates a compressed copy of the vectors gives before the real ones decide."""


def server_point(point: Point) -> models.PointStruct:
    """Translate a point for writing."""
    vectors: dict[str, Any] = {
        DENSE: point.dense.tolist(),
        BM25: _server_sparse(point.sparse),
    }
    return models.PointStruct(id=str(point.id), vector=vectors, payload=dict(point.payload))


def requests(query: HybridQuery, needed: Legs) -> list[models.QueryRequest]:
    """Build the requests of one search: the dense and the sparse list, or one of them."""
    where = server_filter(query.where)
    vectors: list[tuple[str, Any, models.SearchParams]] = []
    if needed.dense and query.dense is not None:
        vectors.append((DENSE, query.dense.tolist(), _dense_params(query)))
    if needed.sparse and query.sparse is not None:
        corpus = server_filter(query.idf_corpus) if query.idf_corpus else None
        idf = models.IdfCorpusParams(corpus=corpus) if corpus else None
        params = models.SearchParams(exact=query.exact, idf=idf)
        vectors.append((BM25, _server_sparse(query.sparse), params))

    limit = query.prefetch if needed.both else leg_limit(query)
    return [
        models.QueryRequest(
            query=vector, using=using, filter=where, params=params, limit=limit, with_payload=True
        )
        for using, vector, params in vectors
    ]


def scored(response: models.QueryResponse) -> list[Scored]:
    """Translate one result list."""
    points: Sequence[models.ScoredPoint] = response.points
    return [Scored(UUID(str(point.id)), point.score, point.payload) for point in points]


def _dense_params(query: HybridQuery) -> models.SearchParams:
    # Scores are cosines of the real vectors, also where a compressed copy is searched.
    compressed = models.QuantizationSearchParams(rescore=True, oversampling=OVERSAMPLING)
    if query.exact:
        compressed = models.QuantizationSearchParams(ignore=True)
    return models.SearchParams(exact=query.exact, quantization=compressed)


def _server_sparse(sparse: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(sparse.indices), values=list(sparse.values))
