"""The connections to a server, below everything that knows what is sent over them."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest

from indexing.stores.server_transport import DeadlineTransport, ending_within

NAME = "qdrant.test"
SILENT, SPEAKING = "127.0.0.2", "127.0.0.3"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


@pytest.fixture
def port() -> Iterator[int]:
    """A port where one address answers and another one takes no connection and refuses none."""
    with ExitStack() as opened:
        silent = opened.enter_context(socket.socket())
        silent.bind((SILENT, 0))
        silent.listen(0)
        number: int = silent.getsockname()[1]
        for _ in range(4):  # more than may wait to be accepted
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            with suppress(BlockingIOError):
                waiting.connect((SILENT, number))
        speaking = opened.enter_context(socket.socket())
        speaking.bind((SPEAKING, number))
        speaking.listen()
        threading.Thread(target=answer, args=(speaking,), daemon=True).start()
        yield number


def answer(speaking: socket.socket) -> None:
    with suppress(OSError):  # the test is over
        while True:
            connection, _ = speaking.accept()
            with connection:
                connection.recv(65_536)
                connection.sendall(ANSWER)


@pytest.mark.parametrize("addresses", [(SILENT, SPEAKING), (SPEAKING, SILENT)])
def test_an_address_that_says_nothing_leaves_time_for_the_next_one(
    port: int, addresses: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def look_up(host: str, *asked: Any, **how: Any) -> Any:
        if host != NAME:
            return real(host, *asked, **how)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    url = f"http://{NAME}:{port}"
    with httpx.Client(transport=DeadlineTransport(url)) as client, ending_within(2.0):
        assert client.get(url).text == "ok"
