"""How the server store fails: typed, bounded, and without telling secrets."""

import json
import threading
import time
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from qdrant_client import QdrantClient

from indexing.errors import StoreRejectedError, StoreUnavailableError
from indexing.points import PointFilter
from indexing.stores.server import ServerStore

COUNTED = (200, {"result": {"count": 3}, "status": "ok", "time": 0.1})


class Server:
    """An HTTP server that gives prepared answers and counts the questions."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, object]] = []
        self.asked = 0
        self.delay = 0.0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.asked += 1
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                time.sleep(outer.delay)
                status, body = outer.answers[min(outer.asked, len(outer.answers)) - 1]
                content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        serve = threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True)
        serve.start()


@pytest.fixture
def server():
    running = Server()
    yield running
    running.http.shutdown()
    running.http.server_close()


@pytest.fixture
def store(server):
    opened = ServerStore(server.url, None, 1.0)
    yield opened
    opened.close()


def count(store: ServerStore) -> int:
    return store.count("main", PointFilter())


def test_a_passing_failure_is_tried_again(server, store):
    server.answers = [(503, {}), (500, {}), COUNTED]
    assert count(store) == 3
    assert server.asked == 3


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_lasting_overload_is_unavailable_after_three_tries(server, store, status):
    server.answers = [(status, {"status": {"error": "too much"}})]
    with pytest.raises(StoreUnavailableError, match="count main"):
        count(store)
    assert server.asked <= 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_refusal_is_not_repeated(server, store, status):
    server.answers = [(status, {"status": {"error": "Not found: Collection `main`"}})]
    with pytest.raises(StoreRejectedError, match="main"):
        count(store)
    assert server.asked == 1


def test_a_refused_key_names_the_setting(server, store):
    server.answers = [(401, "Must provide an API key")]
    with pytest.raises(StoreRejectedError, match="QDRANT_API_KEY"):
        count(store)


@pytest.mark.parametrize("body", ["<html>hello</html>", {"unexpected": 1}])
def test_an_answer_that_is_not_from_qdrant_is_refused(server, store, body):
    server.answers = [(200, body)]
    with pytest.raises(StoreRejectedError, match="is this Qdrant"):
        count(store)


def test_a_server_that_does_not_answer_is_unavailable(server, store):
    server.answers, server.delay = [COUNTED], 3.0
    with pytest.raises(StoreUnavailableError, match="within 1 s"):
        count(store)
    assert server.asked == 1  # the deadline was spent on the first try


def test_nobody_there_is_unavailable_and_no_secret_is_told():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the client warns about a key without TLS
        store = ServerStore("http://user:hunter2@127.0.0.1:9", "key-4711", 1.0)
        with pytest.raises(StoreUnavailableError) as caught:
            count(store)
    message = str(caught.value)
    assert "127.0.0.1:9" in message
    assert "hunter2" not in message
    assert "4711" not in message


def test_a_server_that_keeps_no_metadata_is_refused_and_nothing_is_left(bench):
    class Forgetful(QdrantClient):
        def create_collection(self, *arguments, metadata=None, **keywords):
            return super().create_collection(*arguments, **keywords)

    store = ServerStore("http://memory", client=Forgetful(":memory:"))
    with pytest.raises(StoreRejectedError, match=r"1\.16"):
        store.create("main", bench.spec)
    assert store.collections() == ()


def test_an_interrupted_creation_is_completed(bench):
    indexed = []

    class Recording(QdrantClient):
        def create_payload_index(self, name, field, *arguments, **keywords):
            indexed.append(field)
            if len(indexed) == 2:
                raise KeyboardInterrupt  # the process was ended here

    store = ServerStore("http://memory", client=Recording(":memory:"))
    with pytest.raises(KeyboardInterrupt):
        store.create("main", bench.spec)
    indexed.extend(["-"])
    store.create("main", bench.spec)
    done = set(indexed[indexed.index("-") :]) - {"-"}
    assert done == {"valid_from", "valid_to", "document_id", "tenant", "key"}
