"""Connections on which nothing is said: they are ended, and nobody who waits for us is."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from config.querying import ServeSettings
from service import connections
from tests.support.serving import serving

PATIENCE = 120
"""Seconds; for what would otherwise last for ever."""
POST = b"POST /%s HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n%s\r\n"


class App:
    """Reads a request to its end, and answers with what became of it."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.over = threading.Event()

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
        await send({"type": "http.response.body", "body": b"done"})


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
