"""Faults between store and server: bounded by the deadline, typed, nothing lost, nothing doubled.

A proxy makes the faults. Behind it is a real server where QDRANT_URL names one, and a stand-in in
any case; the names of the tests say which. What the disturbed store did is held against what an
undisturbed one did, by the points themselves.
"""

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from config.settings import StoreSettings
from indexing.errors import LeaseLostError, StoreRejectedError, StoreUnavailableError
from indexing.points import OPEN_END, PointFilter
from indexing.stores.server import ServerStore
from indexing.stores.server_calls import Calls
from tests.support import faults
from tests.support.fault_proxy import Fault, FaultProxy
from tests.support.qdrant_standin import Standin

REAL = [pytest.param("server", marks=pytest.mark.qdrant)] if os.environ.get("QDRANT_URL") else []
HANGS = 20.0
"""Seconds after which a call counts as not bounded; what it is held up by takes minutes."""


@dataclass
class Scene:
    """A store behind a proxy, and a calm one beside it, on the same server."""

    proxy: FaultProxy
    url: str
    key: SecretStr | None
    prefix: str = field(default_factory=lambda: f"holdfast-test-{uuid.uuid4().hex[:12]}-")
    opened: list[ServerStore] = field(default_factory=list)
    undisturbed: dict[str, Any] = field(default_factory=dict)
    patient: ServerStore | None = None

    def __post_init__(self) -> None:
        self.calm = self.open(self.url)

    def open(self, url: str, **settings: Any) -> ServerStore:
        values = {"timeout_seconds": 5.0, "deadline_seconds": 20.0} | settings
        self.opened.append(ServerStore(StoreSettings(url=url, api_key=self.key, **values)))
        return self.opened[-1]

    def disturbed(self, *known: str, **settings: Any) -> ServerStore:
        """A store behind the proxy that has met its server and these collections."""
        if not settings and self.patient is None:
            self.patient = self.open(self.proxy.url)
        store = self.open(self.proxy.url, **settings) if settings else self.patient
        assert store is not None
        store.collections()
        for collection in known:
            store.upsert(collection, [])
        return store

    def hurried(self, *known: str, timeout: float, deadline: float) -> ServerStore:
        """A store that has met its server in peace, and from now on has little time."""
        store = self.open(self.proxy.url)
        for collection in known:
            store.upsert(collection, [])
        store._server._calls = Calls(store._server.place, timeout, deadline)
        return store

    def collection(self, bench: Any, points: int = 8) -> str:
        """A new collection with some points."""
        name = self.prefix + uuid.uuid4().hex[:6]
        self.calm.create(name, bench.spec)
        self.calm.upsert(name, bench.points(points))
        return name

    def after(self, write: str, bench: Any) -> Any:
        """What a write leaves when nothing disturbs it."""
        if write not in self.undisturbed:
            spared = self.collection(bench)
            WRITES[write][1](self.calm, spared, bench)
            self.undisturbed[write] = state(self.calm, spared)
        return self.undisturbed[write]

    def close(self) -> None:
        for collection in self.calm.collections():
            if collection.startswith(self.prefix):
                self.calm.drop(collection)
        for store in self.opened:
            store.close()


@pytest.fixture(scope="module", params=["standin", *REAL])
def stage(request: pytest.FixtureRequest, standin: Standin) -> Iterator[Scene]:
    """One proxy and one pair of stores for all tests of a server."""
    url, key = standin.url, None
    if request.param == "server":
        url, key = os.environ["QDRANT_URL"], os.environ.get("QDRANT_API_KEY")
    with FaultProxy(url) as proxy:
        made = Scene(proxy, url, SecretStr(key) if key else None)
        yield made
        proxy.clear()
        made.close()


@pytest.fixture
def scene(stage: Scene) -> Iterator[Scene]:
    """The stage, with a proxy that behaves until it is told otherwise."""
    stage.proxy.clear()
    stage.proxy.seen.clear()
    yield stage
    stage.proxy.clear()


def state(store: ServerStore, collection: str) -> list[Any]:
    """All that is stored, point by point."""
    return [
        (point.id, dict(point.payload), point.dense.round(5).tolist(), point.sparse)
        for point in store.scroll(collection, PointFilter(), vectors=True)
    ]


Write = Callable[[ServerStore, str, Any], None]
WRITES: dict[str, tuple[str, Write]] = {
    "upsert": (
        "/points",
        lambda s, c, b: s.upsert(c, [b.point(3, key="other.md"), *b.points(12)[8:]]),
    ),
    "close": (
        "/points/payload",
        lambda s, c, b: s.set_valid_to(c, [b.id(3), b.id(4), b.id(99)], 7, expected=OPEN_END),
    ),
    "delete": ("/points/delete", lambda s, c, b: s.delete(c, [b.id(5), b.id(99)])),
}
PASSING: dict[str, Fault] = {
    "reset": faults.reset,
    "reply lost after it was applied": faults.drop_reply,
    "reset in the middle of the answer": faults.reset_midway,
    "answer cut short": faults.truncate,
    "half of the JSON": faults.broken_json,
    "a page of HTML": faults.html,
    "taken but not applied": faults.unapplied,
    "500": faults.answer(500),
    "502": faults.answer(502),
    "503": faults.answer(503),
    "429": faults.answer(429),
    "429 with a wait": faults.answer(429, "1"),
    "429, come back in 30 years": faults.answer(429, "1000000000"),
    "429, come back yesterday": faults.answer(429, "-5"),
    "429, come back whenever": faults.answer(429, "later " * 50),
    "429, a number beyond numbers": faults.answer(429, "9" * 400),
    "429, come back on a day": faults.answer(429, "Fri, 31 Dec 2199 23:59:59 GMT"),
}
HALF_DONE = [name for name in PASSING if re.search("reply|middle|short|half|taken", name)]
"""Those after which the store has carried the request out."""


@pytest.mark.parametrize(
    ("write", "fault"),
    [("upsert", fault) for fault in PASSING]
    + [(write, fault) for write in ("close", "delete") for fault in HALF_DONE],
)
def test_a_passing_fault_leaves_what_an_undisturbed_write_leaves(scene, bench, write, fault):
    path, make = WRITES[write]
    struck = scene.collection(bench)
    rule = scene.proxy.on(PASSING[fault], path=f"{struck}{path}\\?", times=1)
    make(scene.disturbed(), struck, bench)
    assert rule.struck == 1
    assert state(scene.calm, struck) == scene.after(write, bench)


def test_a_burst_of_faults_of_many_kinds_is_sat_out(scene, bench):
    struck = scene.collection(bench)
    kinds = [faults.reset, faults.answer(503), faults.drop_reply, faults.html]
    rules = [scene.proxy.on(kind, path="/points\\?", times=1) for kind in kinds]
    WRITES["upsert"][1](scene.disturbed(), struck, bench)
    assert [rule.struck for rule in rules] == [1] * 4
    assert state(scene.calm, struck) == scene.after("upsert", bench)


@pytest.mark.parametrize("fault", ["reset", "half of the JSON"])
def test_a_passing_fault_costs_a_reader_nothing(scene, bench, fault):
    disturbed, collection = scene.disturbed(), scene.collection(bench)
    query = bench.query(3, (3, 103))
    hits, counts = (
        scene.calm.search(collection, query),
        scene.calm.count_by_document(collection, PointFilter()),
    )
    rules = [
        scene.proxy.on(PASSING[fault], path=path, times=1) for path in ("/query/batch", "/facet")
    ]
    found = disturbed.search(collection, query).fused
    assert [hit.id for hit in found] == [hit.id for hit in hits.fused]
    assert disturbed.count_by_document(collection, PointFilter()) == counts
    assert [rule.struck for rule in rules] == [1, 1]


# How much of a deadline under half a second is left for the call that gets no answer, or whether
# any is, depends on how busy the machine is.
ENDED = r"(within 0\.[0-4]\d* s|in time: none was left for it)"

ENDLESS: dict[str, Fault] = {
    "reset": faults.reset,
    "never an answer": faults.half_open,
    "a byte a second": faults.trickle,
    "a page of HTML": faults.html,
    "taken but not applied": faults.unapplied,
    "503": faults.answer(503),
    "429, come back in 30 years": faults.answer(429, "1000000000"),
}


@pytest.mark.parametrize("fault", ENDLESS)
def test_an_endless_fault_ends_at_the_deadline_and_the_write_can_be_repeated(scene, bench, fault):
    struck = scene.collection(bench)
    disturbed = scene.hurried(struck, timeout=0.2, deadline=0.3)
    path, make = WRITES["upsert"]
    scene.proxy.on(ENDLESS[fault], path=f"{struck}{path}\\?")
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=rf"'upsert .*' {ENDED}"):
        make(disturbed, struck, bench)
    assert time.monotonic() - started < HANGS
    scene.proxy.clear()
    make(scene.disturbed(), struck, bench)
    assert state(scene.calm, struck) == scene.after("upsert", bench)


@pytest.mark.parametrize("path", ["^/$", "/exists", "/query/batch"])
def test_a_search_ends_with_the_time_of_one_try(scene, bench, path):
    """Whatever is not answered: who the server is, what the collection holds, or the question."""
    collection = scene.collection(bench)
    disturbed = scene.open(scene.proxy.url, timeout_seconds=0.3, deadline_seconds=600.0)
    scene.proxy.on(faults.trickle, path=path)
    started = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=ENDED):
        disturbed.search(collection, bench.query(3, (3,)))
    assert time.monotonic() - started < HANGS


def test_a_server_that_goes_down_and_comes_back_is_waited_for(scene, bench):
    struck = scene.collection(bench)
    disturbed = scene.disturbed(struck)
    tries = []
    with ExitStack() as down:
        down.enter_context(scene.proxy.refusing())

        def back_at_the_third_try() -> None:
            tries.append(1)
            if len(tries) == 3:
                down.close()

        disturbed.upsert(struck, bench.points(9), fence=back_at_the_third_try)
    assert len(tries) == 3
    assert scene.calm.count(struck, PointFilter()) == 9


def test_a_server_that_stays_down_ends_at_the_deadline(scene, bench):
    struck = scene.collection(bench)
    disturbed = scene.hurried(struck, timeout=5.0, deadline=0.3)
    with (
        scene.proxy.refusing(),
        pytest.raises(StoreUnavailableError, match=rf"{ENDED} .*Connect"),
    ):
        disturbed.upsert(struck, bench.points(9))
    assert scene.calm.count(struck, PointFilter()) == 8


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_lands_after_it_was_given_up_changes_nothing_twice(scene, bench, write):
    path, make = WRITES[write]
    struck = scene.collection(bench)
    disturbed = scene.disturbed(struck, timeout_seconds=0.2)
    rule = scene.proxy.on(faults.late(0.4), path=f"{struck}{path}\\?", times=1)
    make(disturbed, struck, bench)
    assert rule.struck == 1
    assert scene.proxy.settle()  # now it has landed a second time
    assert state(scene.calm, struck) == scene.after(write, bench)


def test_a_server_that_takes_the_connection_but_not_the_request_is_given_up(scene, bench):
    """More than the buffers in between hold: the sending itself would last for ever."""
    struck = scene.collection(bench)
    disturbed = scene.hurried(struck, timeout=0.3, deadline=0.4)
    huge = bench.point(1, text="x" * (15 * 2**20))
    with scene.proxy.deaf():
        scene.proxy.on(faults.reset, path="/points")  # the connection that is open already
        started = time.monotonic()
        with pytest.raises(StoreUnavailableError, match=ENDED):
            disturbed.upsert(struck, [huge])
        assert time.monotonic() - started < HANGS
    assert state(scene.calm, struck)[0][1]["text"] != huge.payload["text"]


def test_a_lost_lease_stops_the_tries(scene, bench):
    struck = scene.collection(bench)
    disturbed = scene.disturbed(struck)
    asked = []

    def lost_at_the_second_try() -> None:
        asked.append(1)
        if len(asked) == 2:
            raise LeaseLostError("somebody else writes now")

    scene.proxy.on(faults.answer(503), path="/points")
    with pytest.raises(LeaseLostError):
        disturbed.upsert(struck, bench.points(3), fence=lost_at_the_second_try)
    assert scene.proxy.count("answer_503", struck) == 1


@pytest.mark.parametrize("fault", ["reset", "reply lost after it was applied"])
def test_collections_and_aliases_survive_passing_faults(scene, bench, fault):
    kind, disturbed = PASSING[fault], scene.disturbed()
    one, other, live = (scene.prefix + uuid.uuid4().hex[:6] for _ in range(3))
    scene.proxy.on(kind, path=f"/{one}$", method="PUT", times=1)
    scene.proxy.on(kind, path=f"/{one}/index", times=2)
    scene.proxy.on(kind, path="/collections/aliases$", times=1)
    scene.proxy.on(kind, path=f"/{other}$", method="DELETE", times=1)
    disturbed.create(one, bench.spec)
    disturbed.create(other, bench.spec)
    disturbed.point_alias(live, other)
    disturbed.point_alias(live, one)
    disturbed.drop(other)
    assert scene.proxy.count(kind.__name__) == 5
    assert scene.calm.spec(one) == bench.spec
    assert scene.calm.alias(live) == one
    assert other not in scene.calm.collections()
    scene.calm.upsert(one, bench.points(3))
    assert scene.calm.count_by_document(one, PointFilter()) == {"document-0": 3}


def test_a_collection_that_was_taken_away_is_refused_and_not_made_anew(scene, bench):
    collection = scene.collection(bench)
    disturbed = scene.disturbed(collection)
    scene.calm.drop(collection)
    with pytest.raises(StoreRejectedError, match=collection):
        disturbed.upsert(collection, bench.points(3))
    with pytest.raises(StoreRejectedError, match=collection):
        disturbed.set_valid_to(collection, [bench.id(1)], 7)
    assert collection not in scene.calm.collections()
