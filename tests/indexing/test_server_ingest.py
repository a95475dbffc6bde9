"""Whole ingests into a server that keeps failing, or that cannot take all of it."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from config.settings import StoreSettings
from indexing.corpus import open_corpus
from indexing.errors import StoreUnavailableError
from indexing.points import PointFilter
from tests.support import faults
from tests.support.fault_proxy import Exchange, FaultProxy
from tests.support.qdrant_standin import Standin

KINDS = [
    faults.reset,
    faults.drop_reply,
    faults.reset_midway,
    faults.truncate,
    faults.broken_json,
    faults.html,
    faults.answer(429, "1000000000"),
    faults.answer(500),
    faults.answer(503),
]


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with Standin() as standin, FaultProxy(standin.url) as running:
        yield running


@pytest.fixture
def on_server(make_home: Callable[[str], Any], proxy: FaultProxy) -> Callable[..., Any]:
    """Make homes whose points are on the stand-in, behind the proxy."""

    def make(name: str, **settings: Any) -> Any:
        home = make_home(name)
        parsers, encoder = home.corpus.parsers, home.encoder
        home.close()
        store = StoreSettings(url=proxy.url, **settings)
        home.settings = home.settings.model_copy(update={"store": store})
        home.corpus = open_corpus(home.settings)
        home.corpus.__dict__.update(parsers=parsers, encoder=encoder)
        return home

    return make


def write_first(home: Any) -> None:
    for number in range(6):
        home.write(f"doc{number}.txt", f"The keys of floor {number} hang in room {number + 10}.")


def write_second(home: Any) -> None:
    for number in range(3):
        home.write(f"doc{number}.txt", f"The keys of floor {number} were lost in May.")
    (home.folder / "doc3.txt").unlink()
    (home.folder / "doc4.txt").rename(home.folder / "moved.txt")
    home.write("new.txt", "The archive opens at ten.")


def test_an_ingest_under_faults_leaves_the_index_of_a_calm_one(
    make_home: Callable[[str], Any], on_server: Callable[..., Any], proxy: FaultProxy
) -> None:
    calm, struck = make_home("calm"), on_server("struck", upsert_batch=4)
    chance = random.Random(1)

    def sometimes(exchange: Exchange) -> None:
        if chance.random() < 0.15:
            chance.choice(KINDS)(exchange)
        else:
            exchange.send(exchange.forward())

    proxy.on(sometimes, path="/collections")
    for write in (write_first, write_second):
        for home in (calm, struck):
            write(home)
        expected, report = calm.ingest(), struck.ingest()
        assert report.counts == expected.counts
        assert struck.chunks() == calm.chunks()
    live = struck.corpus.live()
    above = PointFilter(started_after=live.epoch)
    assert struck.corpus.store.count(live.name, above) == 0


def test_a_server_that_is_gone_fails_the_run_and_nothing_else(
    make_home: Callable[[str], Any], on_server: Callable[..., Any], proxy: FaultProxy
) -> None:
    calm = make_home("calm")
    struck = on_server("struck", upsert_batch=4, deadline_seconds=1.5)
    for home in (calm, struck):
        write_first(home)
        home.ingest()
        write_second(home)
    before, epoch = struck.chunks(), struck.corpus.live().epoch
    proxy.on(faults.answer(503), path="/points\\?", method="PUT")
    with pytest.raises(StoreUnavailableError, match="'upsert "):
        struck.ingest()
    assert struck.corpus.live().epoch == epoch
    assert struck.chunks() == before
    proxy.clear()
    calm.ingest()
    struck.ingest()
    assert struck.chunks() == calm.chunks()


def test_an_ingest_goes_on_without_what_cannot_be_stored_and_does_not_try_it_again(
    on_server: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = on_server("home")
    sound = home.encoder.vector

    def vector(text: str) -> Any:
        return sound(text) * np.float32(np.nan if "spoiled" in text else 1.0)

    monkeypatch.setattr(home.encoder, "vector", vector)
    home.write("good.txt", "The keys hang in room twelve.")
    home.write("bad.txt", "The milk in room six is spoiled.")
    first = home.ingest()
    assert (first.counts.indexed, first.counts.quarantined) == (1, 1)
    assert set(home.chunks()) == {"good.txt"}
    encoded = len(home.encoder.encoded)
    again = home.ingest()
    assert (again.counts.unchanged, again.counts.quarantined) == (1, 1)
    assert len(home.encoder.encoded) == encoded
    home.write("bad.txt", "The milk in room six is fresh again.")
    assert home.ingest().counts.indexed == 1
    assert set(home.chunks()) == {"good.txt", "bad.txt"}
