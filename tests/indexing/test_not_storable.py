"""A document that the store can never take costs the run that document and nothing else."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from config.settings import StoreSettings
from indexing.committing.batches import EmbeddedBatch
from indexing.errors import PointsRejectedError, StoreRejectedError
from indexing.ledger.documents import DocumentState
from indexing.ledger.leases import HeldLease
from indexing.points import PointFilter, visible
from indexing.stores.server import ServerStore
from ingestion.document import Reason, sha256_of
from tests.support.qdrant_standin import Standin

POISON = "poison"


def refuses_poison(point: Any) -> str | None:
    """A server that finds something wrong with a point that we do not."""
    return "this server takes no poison" if point.payload.get("text") == POISON else None


@pytest.fixture(params=["standin"])
def bench(request: pytest.FixtureRequest, make_workbench: Callable[..., Any]) -> Iterator[Any]:
    """A generation with its writer, on the embedded engine or on a server."""
    if request.param == "edge":
        yield make_workbench()
        return
    with Standin(refuses=refuses_poison) as standin:
        yield make_workbench(store=ServerStore(StoreSettings(url=standin.url)))


def spoiled(batch: EmbeddedBatch, text: str, vector: Any) -> EmbeddedBatch:
    """The batch with another vector for a text."""
    made = np.asarray(vector, dtype=np.float32)
    return replace(batch, vectors={**batch.vectors, sha256_of(text): made})


def texts(bench: Any) -> list[str]:
    where = visible(bench.epoch(), "default", aborted=bench.aborted())
    return sorted(p.payload["text"] for p in bench.store.scroll(bench.name, where))


def carry(bench: Any, batch: EmbeddedBatch) -> Any:
    with HeldLease(bench.ledger, bench.name, "run", 30.0) as lease:
        writer = bench.writer(lease)
        return writer.commit(writer.verify(writer.stage(batch)))


VECTORS = {
    "NaN": [float("nan")] * 16,
    "normalised": [0.0] * 16,
    "shape": [1.0, 0.0],
}


@pytest.mark.parametrize(
    ("bench", "fault"),
    [("edge", "NaN"), ("edge", "normalised"), ("standin", "NaN"), ("standin", "shape")],
    indirect=["bench"],
)
def test_a_vector_that_cannot_be_stored_costs_its_document_only(bench: Any, fault: str) -> None:
    bench.carry(bench.batch({"a.txt": ["old a"], "b.txt": ["old b"]}))
    # Several calls of three points each; the bad one is in the middle of its document.
    documents = {
        "a.txt": ["new a", "more a"],
        "b.txt": ["b1", "b2", "bad", "b4", "b5"],
        "c.txt": ["c1", "c2"],
    }
    done = carry(bench, spoiled(bench.batch(documents), "bad", VECTORS[fault]))
    assert texts(bench) == ["c1", "c2", "more a", "new a", "old b"]
    assert {s.key: s.outcome for s in done.settled} == {
        "a.txt": DocumentState.INDEXED,
        "b.txt": DocumentState.QUARANTINED,
        "c.txt": DocumentState.INDEXED,
    }
    (refused,) = (s for s in done.settled if s.outcome is DocumentState.QUARANTINED)
    assert refused.reason == Reason.NOT_STORABLE
    assert fault in refused.detail
    assert (refused.version, refused.chunks, refused.attempts) == (1, 0, 0)
    assert bench.store.count(bench.name, PointFilter(started_after=bench.epoch())) == 0
    assert bench.store.count(bench.name, PointFilter(ended_after=bench.epoch())) == 0


def test_a_batch_of_nothing_else_is_settled_as_well(bench: Any) -> None:
    batch = spoiled(bench.batch({"b.txt": ["bad"]}), "bad", VECTORS["NaN"])
    done = carry(bench, batch)
    assert [(s.key, s.reason) for s in done.settled] == [("b.txt", Reason.NOT_STORABLE)]
    assert texts(bench) == []
    assert bench.store.count(bench.name, PointFilter()) == 0


def test_once_the_content_is_good_it_is_stored(bench: Any) -> None:
    carry(bench, spoiled(bench.batch({"b.txt": ["bad"]}), "bad", VECTORS["NaN"]))
    carry(bench, bench.batch({"b.txt": ["good"]}))
    assert texts(bench) == ["good"]
    assert bench.standing("b.txt").state is DocumentState.INDEXED


def test_what_only_the_server_refuses_costs_its_document_only(bench: Any) -> None:
    documents = {
        "a.txt": ["a1", "a2", "a3", "a4"],
        "b.txt": ["b1", POISON, "b3", "b4", POISON + " not"],
        "c.txt": [POISON],
        "d.txt": ["d1"],
    }
    done = carry(bench, bench.batch(documents))
    assert texts(bench) == ["a1", "a2", "a3", "a4", "d1"]
    refused = {s.key: s for s in done.settled if s.outcome is DocumentState.QUARANTINED}
    assert set(refused) == {"b.txt", "c.txt"}
    assert {s.reason for s in refused.values()} == {Reason.NOT_STORABLE}
    assert all("takes no poison" in s.detail for s in refused.values())
    assert bench.store.count(bench.name, PointFilter()) == 5


def test_a_store_that_refuses_points_of_nobody_stops_the_run(bench: Any) -> None:
    """An error that names none of the documents sent is no reason to go on."""

    class Confused:
        def __getattr__(self, name: str) -> Any:
            return getattr(bench.store, name)

        def upsert(self, *arguments: Any, **options: Any) -> None:
            raise PointsRejectedError([UUID(int=7)], ["somebody"], "for no reason.")

    with (
        HeldLease(bench.ledger, bench.name, "run", 30.0) as lease,
        pytest.raises(StoreRejectedError, match="for no reason"),
    ):
        bench.writer(lease, Confused()).stage(bench.batch({"a.txt": ["a"]}))
