"""More clients than places: they wait a little, then get a problem; probes never wait."""

import asyncio
import json
import socket
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from config.loading import load_settings
from config.querying import ServeSettings
from indexing.corpus import open_corpus
from service.api_problems import ProblemError
from service.api_tenants import Tenants
from service.asking import QueryDesk
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed
from service.listening import listening
from service.mcp_http import mcp_app
from service.places import Places, TurnedAway
from service.query_api import query_app
from tests.support.serving import serving

PATIENCE = 120
"""Seconds; for what would otherwise last for ever."""
KEYS = [
    ApiKey(name="reader", sha256=hashed("k-reader"), tenant="default"),
    ApiKey(name="admin", sha256=hashed("k-admin"), tenant="default", scopes=(KeyScope.ADMIN,)),
]
DECIDED = {"request_id": "", "status": "ok", "verdict": None, "reasons": [], "evidence": [],
           "generation": None, "epoch": None}  # fmt: skip


@pytest.fixture
def opened(desk):
    """Open the home with few places."""
    made = []

    def make(**serve):
        names = {f"serve.{name}": value for name, value in serve.items()}
        made.append(open_corpus(load_settings(overrides={"home": desk.home} | names).settings))
        return made[-1]

    yield make
    for corpus in made:
        corpus.close()


class SlowDesk:
    """Work that lasts until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()
        self.asked: list[str] = []

    def served(self, _asker, ask, _way):
        self.asked.append(ask.question)
        self.begun.set()
        assert self.let_go.wait(PATIENCE)
        return DECIDED


@pytest.fixture
def slow(monkeypatch):
    made = SlowDesk()
    monkeypatch.setattr(QueryDesk, "served", lambda _, *arguments: made.served(*arguments))
    yield made
    made.let_go.set()


@pytest.fixture
def url(opened):
    """The query service with one place, and one that may wait."""
    corpus = opened(concurrency=1, waiting=1)
    with serving(query_app(corpus, Gatekeeper(KEYS)), corpus.settings.serve) as base:
        yield base


def get(url, key="reader"):
    headers = {"Authorization": f"Bearer k-{key}"}
    return httpx2.get(url, headers=headers, trust_env=False, timeout=PATIENCE)


def asks(url, question="x", key="reader"):
    headers = {"Authorization": f"Bearer k-{key}"}
    body = {"question": question}
    return httpx2.post(
        f"{url}/v1/retrieve", json=body, headers=headers, trust_env=False, timeout=PATIENCE
    )


def figure(url, name):
    lines = get(f"{url}/metrics", "admin").text.splitlines()
    return next((float(line.split()[-1]) for line in lines if line.startswith(name)), 0.0)


def test_who_finds_no_place_gets_a_problem_and_who_waits_is_served(url, slow):
    with ThreadPoolExecutor(5) as clients:
        sent = [clients.submit(asks, url) for _ in range(5)]
        answers = as_completed(sent, timeout=PATIENCE)
        # One is worked on and one waits, whichever: only the others can have come back.
        refused = [next(answers).result() for _ in range(3)]
        for answer in refused:
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "overloaded"
            assert answer.headers["retry-after"] == "10"
            assert answer.headers["x-request-id"]
        assert get(f"{url}/healthz").status_code == 200
        assert get(f"{url}/readyz").status_code == 200
        assert figure(url, 'holdfast_turned_away_total{why="full"}') == 3
        assert asks(url, key="nobody").status_code == 401
        assert len(slow.asked) == 1
        slow.let_go.set()
        assert [answer.result().status_code for answer in answers] == [200, 200]
    assert len(slow.asked) == 2


def test_nobody_waits_for_longer_than_is_set(opened, slow):
    corpus = opened(concurrency=1, waiting=5, longest_wait_seconds=0.05)
    with (
        serving(query_app(corpus, Gatekeeper(KEYS)), corpus.settings.serve) as url,
        ThreadPoolExecutor(1) as clients,
    ):
        first = clients.submit(asks, url)
        assert slow.begun.wait(PATIENCE)
        late = asks(url)
        assert (late.status_code, late.json()["code"]) == (503, "overloaded")
        assert late.headers["retry-after"] == "1"
        assert figure(url, 'holdfast_turned_away_total{why="overdue"}') == 1
        slow.let_go.set()
        assert first.result().status_code == 200
        assert asks(url).status_code == 200


def test_nothing_is_done_for_whoever_has_left(url, slow):
    with ThreadPoolExecutor(1) as clients:
        first = clients.submit(asks, url, "first")
        assert slow.begun.wait(PATIENCE)
        body = json.dumps({"question": "left"}).encode()
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), PATIENCE) as leaving:
            leaving.sendall(
                b"POST /v1/retrieve HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer k-reader\r\n"
                b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
                % (len(body), body)
            )
        slow.let_go.set()
        assert first.result().status_code == 200
        while not figure(url, 'holdfast_turned_away_total{why="gone"}'):
            pass
    assert slow.asked == ["first"]


def test_a_request_that_outlasts_the_end_of_the_service_gets_a_problem(
    opened, slow, monkeypatch, caplog
):
    monkeypatch.setattr("service.listening.DRAIN_SECONDS", 1)
    corpus = opened(concurrency=1)
    with ThreadPoolExecutor(1) as clients:
        with serving(query_app(corpus, Gatekeeper(KEYS)), corpus.settings.serve) as url:
            sent = clients.submit(asks, url)
            assert slow.begun.wait(PATIENCE)
        answer = sent.result()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert answer.headers["x-request-id"]
    assert not [record for record in caplog.records if record.exc_info]


def test_every_place_is_a_thread_however_many_there_are(opened, monkeypatch):
    many = 45  # more than the 40 threads that anyio shares out by itself
    together = threading.Barrier(many)

    def served(*_):
        together.wait(PATIENCE)  # broken, and a fault, unless all of them are at work
        return DECIDED

    monkeypatch.setattr(QueryDesk, "served", served)
    corpus = opened(concurrency=many)
    app = query_app(corpus, Gatekeeper(KEYS))
    with serving(app, corpus.settings.serve) as url, ThreadPoolExecutor(many) as clients:
        sent = [clients.submit(asks, url) for _ in range(many)]
        assert {answer.result().status_code for answer in sent} == {200}


def test_a_tool_that_finds_no_place_says_so_to_the_model(opened, slow):
    corpus = opened(concurrency=1, waiting=0, longest_wait_seconds=7.5)
    app = mcp_app(QueryDesk(corpus, Tenants(corpus)), Gatekeeper(KEYS))

    async def called(url):
        headers = {"Authorization": "Bearer k-reader"}
        async with (
            httpx2.AsyncClient(headers=headers, trust_env=False, timeout=PATIENCE) as http,
            Client(streamable_http_client(f"{url}/mcp", http_client=http)) as client,
        ):
            first = asyncio.create_task(client.call_tool("retrieve", {"question": "x"}))
            assert await asyncio.to_thread(slow.begun.wait, PATIENCE)
            second = await client.call_tool("retrieve", {"question": "y"})
            slow.let_go.set()
            return await first, second

    with serving(app, corpus.settings.serve) as url:
        first, second = asyncio.run(called(url))
    assert not first.is_error
    assert second.is_error
    assert "tried again in 8 seconds. Do not answer" in second.content[0].text


def test_no_tool_is_called_for_whoever_has_left(opened, slow):
    corpus = opened(concurrency=1, waiting=5)
    app = mcp_app(QueryDesk(corpus, Tenants(corpus)), Gatekeeper(KEYS))

    def request(question):
        params = {"name": "retrieve", "arguments": {"question": question}}
        return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}

    def call(url, question):
        headers = {"Authorization": "Bearer k-reader", "Accept": "application/json"}
        return httpx2.post(
            f"{url}/mcp", json=request(question), headers=headers, trust_env=False, timeout=PATIENCE
        )

    with serving(app, corpus.settings.serve) as url, ThreadPoolExecutor(2) as clients:
        first = clients.submit(call, url, "first")
        assert slow.begun.wait(PATIENCE)
        host, port = url.removeprefix("http://").split(":")
        body = json.dumps(request("left")).encode()
        with socket.create_connection((host, int(port)), PATIENCE) as leaving:
            leaving.sendall(
                b"POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nAuthorization: Bearer k-reader\r\n"
                b"Accept: application/json\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%s" % (port.encode(), len(body), body)
            )
        assert get(f"{url}/mcp").status_code == 405  # so all that came before was read
        last = clients.submit(call, url, "last")
        slow.let_go.set()
        assert [first.result().status_code, last.result().status_code] == [200, 200]
    assert slow.asked == ["first", "last"]


def test_a_place_is_given_back_whatever_becomes_of_the_work():
    told = []

    def broken():
        raise RuntimeError("surprise")

    async def left():
        return True

    async def tried():
        places = Places(ServeSettings(concurrency=1, waiting=0), told.append)
        with pytest.raises(RuntimeError):
            await places.run(broken)
        with pytest.raises(ProblemError):
            await places.run(broken, left)
        return await places.run(lambda: "done")

    assert asyncio.run(tried()) == "done"
    assert told == [TurnedAway.GONE]


def test_the_server_itself_turns_away_far_later():
    for settings in (ServeSettings(), ServeSettings(concurrency=1000, waiting=1000)):
        limit = listening("127.0.0.1", 1, settings)["limit_concurrency"]
        assert limit >= 4 * (settings.concurrency + settings.waiting)
