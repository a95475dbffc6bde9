"""Upserts to a server: cut to its limits, bad points found, and everything else written."""

from collections.abc import Iterator
from typing import Any

import pytest

from config.settings import StoreSettings
from indexing.errors import PointsRejectedError, StoreRejectedError
from indexing.points import PointFilter
from indexing.stores.server import ServerStore
from tests.support.fault_proxy import Exchange, FaultProxy
from tests.support.qdrant_standin import Standin


class Server:
    """A stand-in that refuses some points, and what was sent to it."""

    def __init__(self, bench: Any) -> None:
        self.poison: set[str] = set()
        self.full = False
        self.standin = Standin(refuses=self._refuses, largest_body=2**20)
        self.standin.__enter__()
        self.proxy = FaultProxy(self.standin.url)
        self.bodies: list[int] = []
        self.proxy.on(self._remembered, path="/points\\?", method="PUT")
        self.opened: list[ServerStore] = []
        self.open().create("main", bench.spec)

    def open(self, **settings: Any) -> ServerStore:
        self.opened.append(ServerStore(StoreSettings(url=self.proxy.url, **settings)))
        return self.opened[-1]

    def close(self) -> None:
        for store in self.opened:
            store.close()
        self.proxy.stop()
        self.standin.__exit__()

    def _refuses(self, point: Any) -> str | None:
        if self.full:
            return "Max vector storage size limit of 1MB reached!"
        return "it is poison" if str(point.id) in self.poison else None

    def _remembered(self, exchange: Exchange) -> None:
        self.bodies.append(len(exchange.request.body))
        exchange.send(exchange.forward())


@pytest.fixture
def server(bench: Any) -> Iterator[Server]:
    running = Server(bench)
    yield running
    running.close()


def stored(server: Server) -> set[Any]:
    return {point.id for point in server.opened[0].scroll("main", PointFilter())}


class TestSizes:
    """The server's limit on requests."""

    def test_requests_stay_below_the_limit_whatever_the_texts_are(self, server, bench):
        sizes = [10, 600_000, 300_000, 300_000, 90_000, 1_000_000, *[20_000] * 100]
        points = [bench.point(n, text="ü" * (size // 2)) for n, size in enumerate(sizes)]
        server.open(max_body_mb=1).upsert("main", points)
        assert stored(server) == {point.id for point in points}
        assert max(server.bodies) <= 2**20
        assert len(server.bodies) <= 6

    def test_requests_stay_below_the_number_of_points(self, server, bench):
        server.open(upsert_batch=4).upsert("main", bench.points(10))
        assert len(server.bodies) == 3

    def test_a_point_larger_than_a_request_is_named_and_nothing_is_written(self, server, bench):
        huge = bench.point(5, text="x" * 2**20, document_id="huge.pdf")
        with pytest.raises(PointsRejectedError, match=r"store\.max_body_mb") as caught:
            server.open(max_body_mb=1).upsert("main", [*bench.points(3), huge])
        assert caught.value.ids == (huge.id,)
        assert caught.value.document_ids == ("huge.pdf",)
        assert "huge.pdf" in str(caught.value)
        assert server.bodies == []

    def test_a_server_with_a_lower_limit_than_the_setting_gets_everything(self, server, bench):
        points = [bench.point(n, text="x" * 200_000) for n in range(12)]
        server.open(max_body_mb=32).upsert("main", points)
        assert stored(server) == {point.id for point in points}


class TestBadPoints:
    """What the server refuses is found by halving."""

    @pytest.mark.parametrize("bad", [{0}, {49}, {7, 8}, {3, 20, 21, 48}])
    def test_exactly_the_bad_points_are_named_and_all_others_are_written(self, server, bench, bad):
        points = bench.points(50)
        server.poison = {str(points[n].id) for n in bad}
        with pytest.raises(PointsRejectedError, match="it is poison") as caught:
            server.open().upsert("main", points)
        assert set(caught.value.ids) == {points[n].id for n in bad}
        assert set(caught.value.document_ids) == {f"document-{n // 3}" for n in bad}
        assert stored(server) == {p.id for n, p in enumerate(points) if n not in bad}
        assert len(server.bodies) <= 2 * 6 * len(bad) + 3

    def test_bad_points_of_several_requests_are_all_named(self, server, bench):
        points = bench.points(30)
        server.poison = {str(points[n].id) for n in (2, 25)}
        with pytest.raises(PointsRejectedError) as caught:
            server.open(upsert_batch=10).upsert("main", points)
        assert set(caught.value.ids) == {points[2].id, points[25].id}
        assert len(stored(server)) == 28

    def test_nothing_but_bad_points(self, server, bench):
        points = bench.points(3)
        server.poison = {str(p.id) for p in points}
        with pytest.raises(PointsRejectedError) as caught:
            server.open().upsert("main", points)
        assert set(caught.value.ids) == {p.id for p in points}
        assert stored(server) == set()

    def test_a_store_that_takes_no_point_at_all_is_not_blamed_on_the_points(self, server, bench):
        server.full = True
        with pytest.raises(StoreRejectedError, match="storage size limit") as caught:
            server.open().upsert("main", bench.points(50))
        assert not isinstance(caught.value, PointsRejectedError)
        assert len(server.bodies) == 2

    def test_the_proof_that_the_store_takes_points_leaves_none(self, server, bench):
        server.poison = {str(bench.id(1))}
        with pytest.raises(PointsRejectedError):
            server.open().upsert("main", [bench.point(1)])
        assert stored(server) == set()

    def test_the_fence_is_asked_for_every_request_of_the_search(self, server, bench):
        points = bench.points(4)
        server.poison = {str(points[0].id)}
        asked: list[int] = []
        with pytest.raises(PointsRejectedError):
            server.open().upsert("main", points, fence=lambda: asked.append(1))
        # 4 refused, 2 refused, 1 refused, 1 written, 2 written.
        assert len(asked) == 5

    def test_the_error_survives_being_passed_between_processes(self, bench):
        import pickle

        error = PointsRejectedError([bench.id(n) for n in range(5)], ["a"] * 5, "why")
        copy = pickle.loads(pickle.dumps(error))
        assert (copy.ids, copy.document_ids, copy.reason) == (error.ids, ("a",) * 5, "why")
        assert str(copy) == str(error)
        assert "2 more" in str(copy)
