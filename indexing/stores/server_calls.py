"""Calls to a Qdrant server: typed errors, bounded retries, and its words for points and queries."""

import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import numpy as np
from qdrant_client import models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from config.errors import HoldfastError
from indexing.errors import StoreError, StoreRejectedError, StoreUnavailableError
from indexing.points import BM25, DENSE, HybridQuery, Point, Sparse, StoredPoint
from indexing.stores.base import Fence
from indexing.stores.filters_server import server_filter
from indexing.stores.ranking import Legs, Scored, leg_limit

T = TypeVar("T")
ATTEMPTS = 3
_LATER = {408, 425, 429}
"""Answers of the 4xx range that say "not now" instead of "no"."""


class Calls:
    """Runs calls against one server; every call Holdfast makes can be repeated safely."""

    def __init__(self, url: str, timeout_seconds: float) -> None:
        parts = urlsplit(url)
        # Never the whole URL: it may carry a password.
        self.place = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
        self._timeout = timeout_seconds

    def run(self, what: str, call: Callable[[], T]) -> T:
        """Run `call` up to three times while it fails for a passing reason.

        Args:
            what: The operation and its collection, for the message.
            call: What to do.

        Raises:
            StoreUnavailableError: No answer, or an overloaded server, until the deadline.
            StoreRejectedError: The server refused; it would refuse again.
        """
        attempts = Retrying(
            stop=stop_after_attempt(ATTEMPTS) | stop_before_delay(self._timeout),
            wait=wait_random_exponential(multiplier=0.1, max=1.0),
            retry=retry_if_exception_type(StoreUnavailableError),
            reraise=True,
        )
        answer: T = attempts(self._typed, what, call)
        return answer

    def _typed(self, what: str, call: Callable[[], T]) -> T:
        try:
            return call()
        except HoldfastError:
            raise
        except UnexpectedResponse as error:
            raise self._answered(what, error) from error
        except ResponseHandlingException as error:
            raise self._unanswered(what, error.source) from error
        except (QdrantException, httpx.TransportError) as error:
            raise self._unavailable(what, error) from error
        except (AssertionError, json.JSONDecodeError) as error:
            # The client asserts what an answer must hold, and parses some answers unguarded.
            raise self._unanswered(what, error) from error
        except (ValueError, KeyError, TypeError) as error:
            # What the client itself refuses, and how its in-memory mode says "not found".
            raise self._refused(what, str(error)) from error

    def _answered(self, what: str, error: UnexpectedResponse) -> StoreError:
        code = error.status_code or 0
        if code in _LATER or code >= 500:
            return self._unavailable(what, error)
        if code in {401, 403}:
            return self._refused(what, f"{code}: check QDRANT_API_KEY and its permissions")
        return self._refused(what, error.content.decode("utf-8", "replace")[:300] or str(code))

    def _unanswered(self, what: str, source: Exception) -> StoreError:
        if isinstance(source, httpx.TransportError):
            return self._unavailable(what, source)
        return self._refused(what, f"the answer was not understood, is this Qdrant? ({source})")

    def _unavailable(self, what: str, error: Exception) -> StoreUnavailableError:
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        return StoreUnavailableError(
            f"Qdrant at {self.place} did not carry out '{what}' within {self._timeout:g} s "
            f"({reason[:200]}). Check that it runs and is reachable; the call can be repeated."
        )

    def _refused(self, what: str, reason: str) -> StoreRejectedError:
        return StoreRejectedError(f"Qdrant at {self.place} refused '{what}': {reason[:300]}")


def fenced(call: Callable[[], T], fence: Fence | None) -> Callable[[], T]:
    """Ask the fence before every try of a write."""
    if fence is None:
        return call

    def guarded() -> T:
        fence()
        return call()

    return guarded


def server_point(point: Point) -> models.PointStruct:
    """Translate a point for writing."""
    vectors: dict[str, Any] = {
        DENSE: point.dense.tolist(),
        BM25: _server_sparse(point.sparse),
    }
    return models.PointStruct(id=str(point.id), vector=vectors, payload=dict(point.payload))


def stored_point(record: models.Record) -> StoredPoint:
    """Translate a point that was read, with the vectors that were asked for."""
    vectors: dict[str, Any] = dict(record.vector) if isinstance(record.vector, dict) else {}
    dense, sparse = vectors.get(DENSE), vectors.get(BM25)
    return StoredPoint(
        id=UUID(str(record.id)),
        payload=record.payload or {},
        dense=None if dense is None else np.asarray(dense, dtype=np.float32),
        sparse=None if sparse is None else Sparse(tuple(sparse.indices), tuple(sparse.values)),
    )


def requests(query: HybridQuery, needed: Legs) -> list[models.QueryRequest]:
    """Build the requests of one search: the dense and the sparse list, or one of them."""
    where = server_filter(query.where)
    vectors: list[tuple[str, Any, models.SearchParams]] = []
    if needed.dense and query.dense is not None:
        vectors.append((DENSE, query.dense.tolist(), models.SearchParams(exact=query.exact)))
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


def _server_sparse(sparse: Sparse) -> models.SparseVector:
    return models.SparseVector(indices=list(sparse.indices), values=list(sparse.values))
