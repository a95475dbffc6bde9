"""Connections on which nothing is said: they are ended, and nobody who waits for us is."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from config.querying import ServeSettings
from service import connections
from tests.support.serving import serving

LARGE = 16 * 1024 * 1024
"""Bytes of an answer that no system keeps for whoever does not read it."""
PATIENCE = 120
"""Seconds; for what would otherwise last for ever."""
POST = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n%s\r\n"


class App:
    """Reads a request to its end, and answers with what became of it."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.over = threading.Event()
        self.sent = threading.Semaphore(0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        if scope["path"] == "/slow":  # for longer than anybody may be silent
            await asyncio.sleep(3 * connections.SILENT_SECONDS)
        message = {"more_body": True}
        while message.get("more_body"):
            message = await receive()
        self.ended.append(message["type"])
        self.over.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        body = b"x" * LARGE if scope["path"] == "/large" else b"done"
        await send({"type": "http.response.body", "body": body})
        self.sent.release()


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def port(app: App, monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "SILENT_SECONDS", 1.5)  # a busy machine is slow, too
    with serving(app, ServeSettings()) as url:
        yield int(url.rpartition(":")[2])


def heard(port: int, *sent: bytes) -> bytes:
    """Send it, and return what comes until the other side ends the connection."""
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        for part in sent:
            client.sendall(part)
        said = b""
        try:
            while part := client.recv(65536):
                said += part
        except ConnectionResetError:
            pass
        return said


@pytest.mark.parametrize("sent", [(), (b"GET / HT",), (b"GET / HTTP/1.1\r\n", b"Host: x\r\n")])
def test_who_begins_no_request_is_not_waited_for(port: int, app: App, sent: tuple[bytes]) -> None:
    assert heard(port, *sent) == b""
    assert app.ended == []


def test_half_a_body_is_not_waited_for(port: int, app: App) -> None:
    assert heard(port, POST % (b"", b""), b"ha") == b""
    assert app.over.wait(PATIENCE)
    assert app.ended == ["http.disconnect"]


def test_half_of_the_next_request_is_not_waited_for(port: int, app: App) -> None:
    said = heard(port, POST % (b"", b""), b"full", b"GET / HT")
    assert said.count(b"HTTP/1.1 200") == 1
    assert app.ended == ["http.request"]


@pytest.mark.parametrize("expects", [b"", b"Expect: 100-continue\r\n"])
def test_an_answer_may_take_as_long_as_it_takes(port: int, app: App, expects: bytes) -> None:
    body = () if expects else (b"full",)
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        for part in (POST % (b"slow", expects), *body):
            client.sendall(part)
        said = client.recv(65536)
        if expects:
            assert said.startswith(b"HTTP/1.1 100")
            client.sendall(b"full")
            said = client.recv(65536)
    assert said.startswith(b"HTTP/1.1 200")
    assert app.ended == ["http.request"]


def test_who_asks_on_and_reads_nothing_is_not_waited_for(port: int, app: App) -> None:
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        client.sendall(2 * (POST % (b"large", b"") + b"full"))
        assert app.sent.acquire(timeout=PATIENCE)
        assert app.sent.acquire(timeout=PATIENCE)  # the second one waited until it was given up
        said = b""
        with suppress(ConnectionResetError):
            while part := client.recv(1024 * 1024):
                said += part
    assert len(said) < LARGE


def test_who_reads_slowly_gets_all_of_it(port: int, app: App) -> None:
    size = 0
    with closing(socket.create_connection(("127.0.0.1", port), PATIENCE)) as client:
        client.sendall(POST % (b"large", b"Connection: close\r\n") + b"full")
        while part := client.recv(512 * 1024, socket.MSG_WAITALL):
            size += len(part)
            time.sleep(connections.SILENT_SECONDS / 8)
    assert size > LARGE
