"""Stores of every kind there is, and points to put into them."""

import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from pydantic import SecretStr

from config.settings import StoreSettings
from indexing.points import (
    OPEN_END,
    CollectionSpec,
    Dense,
    HybridQuery,
    Point,
    Sparse,
    visible,
)
from indexing.stores.base import VectorStore
from tests.support.qdrant_standin import Standin

DIMENSION = 8
TENANT = "acme"
SPEC = CollectionSpec(DIMENSION, "fingerprint-1", {"encoder": "test"})


def unit(seed: int, dimension: int = DIMENSION) -> Dense:
    """Return a unit vector that is always the same for a seed."""
    vector = np.random.default_rng(seed).normal(size=dimension).astype(np.float32)
    return vector / np.linalg.norm(vector)


@dataclass(frozen=True)
class Bench:
    """What the tests of a store share: a spec, points, queries."""

    spec: CollectionSpec = SPEC
    tenant: str = TENANT

    def unit(self, seed: int) -> Dense:
        return unit(seed)

    def id(self, number: int) -> UUID:
        return uuid.uuid5(uuid.NAMESPACE_OID, str(number))

    def point(self, number: int, **changes: Any) -> Point:
        """Return point `number`; `dense`, `terms` and payload fields can be given."""
        dense = changes.pop("dense", None)
        terms = changes.pop("terms", (number % 7, 100 + number))
        payload = {
            "valid_from": 1,
            "valid_to": OPEN_END,
            "tenant": TENANT,
            "document_id": f"document-{number // 3}",
            "key": f"folder/{number // 3}.md",
            "text": f"text {number}",
            "nested": {"page": number, "flags": ["ocr"]},
        } | changes
        return Point(
            id=self.id(number),
            dense=unit(number) if dense is None else np.asarray(dense, dtype=np.float32),
            sparse=Sparse(tuple(terms), tuple(1.0 for _ in terms)),
            payload=payload,
        )

    def points(self, count: int, **changes: Any) -> list[Point]:
        return [self.point(number, **changes) for number in range(count)]

    def query(self, seed: int | None, terms: tuple[int, ...] | None, **changes: Any) -> HybridQuery:
        """Return an exact hybrid query at epoch 1."""
        values: dict[str, Any] = {
            "where": visible(1, TENANT),
            "dense": None if seed is None else unit(seed),
            "sparse": None if terms is None else Sparse(terms, tuple(1.0 for _ in terms)),
            "limit": 5,
            "prefetch": 10,
            "exact": True,
        }
        return HybridQuery(**(values | changes))


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _edge(path: Path, standin: VectorStore) -> VectorStore:
    from indexing.stores.edge import EdgeStore

    return EdgeStore(path, 10.0, upsert_batch=100)


def _memory(path: Path, standin: VectorStore) -> VectorStore:
    from qdrant_client import QdrantClient

    from indexing.stores.server import ServerStore

    settings = StoreSettings(url="http://memory", upsert_batch=100)
    return ServerStore(settings, client=QdrantClient(":memory:"))


def _server(path: Path, standin: VectorStore) -> VectorStore:
    from indexing.stores.server import ServerStore

    url, key = os.environ["QDRANT_URL"], os.environ.get("QDRANT_API_KEY")
    secret = SecretStr(key) if key else None
    return ServerStore(StoreSettings(url=url, api_key=secret, upsert_batch=100))


KINDS: dict[str, Callable[[Path, VectorStore], VectorStore]] = {
    "edge": _edge,
    "memory": _memory,
    "standin": lambda path, standin: standin,
    "server": _server,
}
"""`standin` is no Qdrant server but the client's real HTTP path; `server` is the one there is."""
REAL = [pytest.param("server", marks=pytest.mark.qdrant)] if os.environ.get("QDRANT_URL") else []


@pytest.fixture(scope="session")
def standin() -> Iterator[Standin]:
    """A stand-in for a server, shared like one."""
    with Standin() as running:
        yield running


@pytest.fixture(scope="session")
def standin_store(standin: Standin) -> Iterator[VectorStore]:
    """A store on the stand-in; making a client takes longer than most tests."""
    from indexing.stores.server import ServerStore

    store = ServerStore(StoreSettings(url=standin.url, upsert_batch=100))
    yield store
    store.close()


@pytest.fixture(params=["edge", "memory", "standin", *REAL])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, standin_store: VectorStore
) -> Iterator[VectorStore]:
    """Every store there is; a real server where QDRANT_URL names one."""
    with warnings.catch_warnings():
        # The client's in-memory mode says that it has no payload indexes, and is exact.
        warnings.filterwarnings("ignore", message="Payload indexes have no effect")
        warnings.filterwarnings("ignore", message="Local mode performs exact")
        opened = KINDS[request.param](tmp_path, standin_store)
        yield opened
        if opened is not standin_store:
            opened.close()


@pytest.fixture
def name(store: VectorStore) -> Iterator[Callable[[str], str]]:
    """Unique collection names, dropped afterwards: a real server is shared with others."""
    prefix = f"holdfast-test-{uuid.uuid4().hex[:12]}-"
    yield lambda suffix: prefix + suffix
    for collection in store.collections():
        if collection.startswith(prefix):
            store.drop(collection)


@pytest.fixture
def filled(store: VectorStore, name: Callable[[str], str], bench: Bench) -> str:
    """A collection with 20 points of 7 documents, all valid from epoch 1."""
    collection = name("filled")
    store.create(collection, bench.spec)
    store.upsert(collection, bench.points(20))
    return collection
