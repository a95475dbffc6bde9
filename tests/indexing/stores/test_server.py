"""How the server store meets its server, and how it is refused: typed, and without secrets."""

import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpcore
import pytest
from pydantic import SecretStr
from qdrant_client import QdrantClient

from config.errors import ConfigError
from config.settings import StoreSettings
from indexing.errors import StoreRejectedError, StoreUnavailableError
from indexing.points import PointFilter
from indexing.stores.server import ServerStore
from indexing.stores.server_connection import place_of
from indexing.stores.server_transport import addresses, ending_within
from tests.support import faults
from tests.support.fault_proxy import Exchange, FaultProxy
from tests.support.qdrant_standin import VERSION, Standin

Open = Callable[..., ServerStore]


@pytest.fixture
def open_store() -> Iterator[Open]:
    """Open stores that are closed in the end; patient enough never to hang a test for long."""
    opened: list[ServerStore] = []

    def make(url: str, *, client: QdrantClient | None = None, **settings: Any) -> ServerStore:
        values = {"timeout_seconds": 5.0, "deadline_seconds": 30.0} | settings
        opened.append(ServerStore(StoreSettings(url=url, **values), client=client))
        return opened[-1]

    yield make
    for store in opened:
        store.close()


@pytest.fixture
def proxy(standin: Standin) -> Iterator[FaultProxy]:
    with FaultProxy(standin.url) as running:
        yield running


def count(store: ServerStore) -> int:
    return store.count("main", PointFilter())


class TestRefusals:
    """What would be refused again is not tried again."""

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 413, 422])
    def test_a_refusal_is_not_repeated_and_keeps_the_servers_words(self, proxy, open_store, status):
        proxy.on(faults.answer(status), path="/count")
        with pytest.raises(StoreRejectedError, match=f"'count main': {status}: Service internal"):
            count(open_store(proxy.url))
        assert proxy.count(f"answer_{status}") == 1

    def test_a_redirection_names_the_setting(self, proxy, open_store):
        proxy.on(faults.answer(307), path="/count")
        with pytest.raises(StoreRejectedError, match=r"store\.url must name Qdrant itself"):
            count(open_store(proxy.url))

    @pytest.mark.parametrize("key", [None, "wrong"])
    def test_a_refused_key_names_the_setting_and_not_the_key(self, open_store, key):
        with Standin(api_key="right") as standin:
            store = open_store(standin.url, api_key=SecretStr(key) if key else None)
            with pytest.raises(StoreRejectedError, match=r"401.*QDRANT_API_KEY") as caught:
                count(store)
            assert "wrong" not in str(caught.value)
            assert open_store(standin.url, api_key=SecretStr("right")).collections() == ()

    @pytest.mark.parametrize("key", ["sesame\nopen", "sesame ", " sesame"])
    def test_a_key_that_cannot_be_sent_is_not_shown(self, open_store, key):
        store = open_store("http://127.0.0.1:9", api_key=SecretStr(key))
        with pytest.raises(ConfigError, match="QDRANT_API_KEY") as caught:
            count(store)
        assert "sesame" not in str(caught.value)


class TestFirstContact:
    """Who is there, in which version; what is not there at all is said at once."""

    def test_nobody_there_is_said_at_once_and_no_secret_with_it(self, open_store):
        store = open_store(
            "http://user:hunter2@127.0.0.1:9", api_key=SecretStr("key-4711"), deadline_seconds=600.0
        )
        with pytest.raises(StoreUnavailableError, match=r"at first contact .*Connect") as caught:
            count(store)
        message = str(caught.value)
        assert "127.0.0.1:9" in message
        assert "hunter2" not in message
        assert "4711" not in message

    def test_a_name_nobody_has_is_said_at_once(self, open_store):
        with pytest.raises(StoreUnavailableError, match=r"no-such-host\.invalid:6333"):
            count(open_store("http://no-such-host.invalid", deadline_seconds=600.0))

    @pytest.mark.parametrize("answer", ["html", "other program", "no result"])
    def test_what_is_no_qdrant_is_said_at_once(self, proxy, open_store, answer):
        def other(exchange: Exchange) -> None:
            other = b'{"name": "node-1", "version": {"number": "8.1"}}'
            body = other if answer == "other program" else b"{}"
            exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

        proxy.on(faults.html if answer == "html" else other)
        with pytest.raises(StoreUnavailableError, match="is this Qdrant"):
            count(open_store(proxy.url, deadline_seconds=600.0))
        assert len(proxy.seen) == 3

    @pytest.mark.parametrize("version", ["1.18.9", "1.15.0", "0.11.7"])
    def test_a_server_that_is_too_old_is_refused(self, open_store, version):
        with Standin(version=version) as standin:
            store = open_store(standin.url)
            with pytest.raises(StoreRejectedError, match=rf"is version {version}; .* 1\.19"):
                store.collections()
            with pytest.raises(StoreRejectedError, match="Upgrade the server"):
                store.describe()

    @pytest.mark.parametrize(
        ("version", "told"),
        [("1.20.3", 0), ("1.19.0", 0), ("1.21.0-dev", 0), ("1.22.0", 1), ("2.0.0", 1), ("odd", 1)],
    )
    def test_versions_that_drift_apart_are_told_once(self, open_store, caplog, version, told):
        with Standin(version=version) as standin, caplog.at_level(logging.WARNING):
            store = open_store(standin.url)
            for _ in range(3):
                store.collections()
            store.close()
            store.collections()
        assert len([r for r in caplog.records if version in r.getMessage()]) == told

    def test_a_gateway_that_hides_the_version_is_told_once(self, proxy, open_store, caplog):
        proxy.on(faults.answer(404), path="^/$")
        with caplog.at_level(logging.WARNING):
            store = open_store(proxy.url)
            store.collections()
            assert "unknown" in store.describe()
        assert len([r for r in caplog.records if "does not tell its version" in r.message]) == 1

    def test_the_version_is_asked_for_once(self, proxy, open_store):
        store = open_store(proxy.url)
        for _ in range(3):
            store.collections()
        assert [seen.path for seen in proxy.seen].count("/") == 1

    def test_it_is_described_with_its_version(self, standin, open_store):
        assert open_store(standin.url).describe() == (
            f"Qdrant server {VERSION} at {standin.url.removeprefix('http://')}"
        )
        assert "standin" in VERSION

    @pytest.mark.parametrize(("host", "told"), [("qdrant.internal", 1), ("localhost", 0)])
    def test_a_key_in_the_open_is_told_except_on_this_machine(self, open_store, caplog, host, told):
        client = QdrantClient(":memory:")
        with caplog.at_level(logging.WARNING):
            open_store(f"http://{host}:6333", client=client, api_key=SecretStr("k")).collections()
        assert len([r for r in caplog.records if "unencrypted" in r.message]) == told


class TestAddresses:
    """Which URLs are understood, and as what."""

    @pytest.mark.parametrize(
        ("url", "place"),
        [
            ("http://localhost", "localhost:6333"),
            ("https://user:pw@qdrant.example:443/index/", "qdrant.example:443"),
            ("http://[::1]:6334", "[::1]:6334"),
            ("http://[fe80::2]", "[fe80::2]:6333"),
        ],
    )
    def test_host_and_port_are_shown_and_nothing_else(self, url, place):
        assert place_of(url) == place

    @pytest.mark.parametrize(
        "url", ["", "localhost:6333", "sekret@host", "ftp://host", "http://", "http://h:notaport"]
    )
    def test_what_is_no_address_names_the_setting_and_not_the_value(self, url):
        with pytest.raises(ConfigError, match=r"store\.url is no address") as caught:
            ServerStore(StoreSettings(url=url))
        assert "sekret" not in str(caught.value)

    def test_a_path_in_front_is_kept(self, bench, open_store):
        with Standin(prefix="/index/qdrant") as standin:
            store = open_store(standin.url)
            store.create("main", bench.spec)
            store.upsert("main", bench.points(3))
            assert count(store) == 3

    def test_a_user_in_the_url_is_sent_to_the_gateway(self, proxy, open_store):
        headers: list[dict[str, str]] = []

        def remembered(exchange: Exchange) -> None:
            headers.append({n.lower(): v for n, v in exchange.request.headers})
            exchange.send(exchange.forward())

        proxy.on(remembered)
        open_store(proxy.url.replace("http://", "http://me:p%40ss@")).collections()
        assert {h["authorization"] for h in headers} == {"Basic bWU6cEBzcw=="}

    def test_no_proxy_of_the_environment_is_used_towards_this_machine(
        self, standin, open_store, monkeypatch
    ):
        monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
        assert isinstance(open_store(standin.url).collections(), tuple)

    def test_a_name_service_that_does_not_answer_is_given_up(self, monkeypatch):
        forever = threading.Event()
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: forever.wait(120) * [])
        started = time.monotonic()
        with ending_within(0.1), pytest.raises(httpcore.ConnectTimeout, match="look-up of slow"):
            addresses("slow.example", 6333, 0.1)
        assert time.monotonic() - started < 20
        forever.set()


def test_several_threads_share_a_store(standin, bench, open_store):
    store = open_store(standin.url)
    store.create("threads", bench.spec)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for step in range(5):
                store.upsert("threads", [bench.point(number * 10 + step)])
                assert store.fetch("threads", [bench.id(number * 10 + step)])
        except BaseException as error:  # noqa: BLE001 - shown below, in the thread of the test
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert store.count("threads", PointFilter()) == 30
    store.drop("threads")


def test_a_server_that_keeps_no_metadata_is_refused_and_nothing_is_left(bench, open_store):
    class Forgetful(QdrantClient):
        def create_collection(self, *arguments, metadata=None, **keywords):
            return super().create_collection(*arguments, **keywords)

    store = open_store("http://memory", client=Forgetful(":memory:"))
    with pytest.raises(StoreRejectedError, match="keeps no collection metadata"):
        store.create("main", bench.spec)
    assert store.collections() == ()


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect")
def test_an_interrupted_creation_is_completed(bench, open_store):
    indexed = []

    class Recording(QdrantClient):
        def create_payload_index(self, name, field, *arguments, **keywords):
            indexed.append(field)
            if len(indexed) == 2:
                raise KeyboardInterrupt  # the process was ended here

    store = open_store("http://memory", client=Recording(":memory:"))
    with pytest.raises(KeyboardInterrupt):
        store.create("main", bench.spec)
    indexed.extend(["-"])
    store.create("main", bench.spec)
    done = set(indexed[indexed.index("-") :]) - {"-"}
    narrowed_by = {"source", "trust", "acl"}
    assert done == {"valid_from", "valid_to", "document_id", "tenant", "key"} | narrowed_by
