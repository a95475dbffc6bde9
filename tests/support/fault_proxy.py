"""A proxy in front of a store that misbehaves on command; on loopback, bounded, stoppable.

It reads each HTTP request whole, looks for a rule that wants to strike it, and otherwise passes
it on and the answer back. A rule strikes by path and method, from the n-th request on, so often:

    with FaultProxy(url) as proxy:
        proxy.on(faults.drop_reply, path="/points", times=1)

The faults are in `tests.support.faults`.
"""

import http.client
import re
import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO, Self
from urllib.parse import urlsplit

UPSTREAM_SECONDS = 30.0
DROPPED = {"connection", "keep-alive", "transfer-encoding", "host", "content-length"}


@dataclass(frozen=True)
class Request:
    """One request as it came in."""

    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True)
class Seen:
    """What became of one request."""

    method: str
    path: str
    fault: str | None
    """The fault that struck it; none if it simply passed."""


class Exchange:
    """One request and its connection, in the hands of a fault."""

    def __init__(self, proxy: "FaultProxy", client: socket.socket, request: Request) -> None:
        self.request = request
        self.open = True
        self._proxy = proxy
        self._client = client

    @property
    def stopped(self) -> bool:
        """Whether the proxy was stopped."""
        return self._proxy.stopped.is_set()

    def forward(self) -> bytes:
        """Pass the request on and return the whole answer, as it would go on the wire."""
        return self._proxy.forward(self.request)

    def send(self, content: bytes) -> None:
        """Send bytes to the client, who may have left."""
        try:
            self._client.sendall(content)
        except OSError:
            self.open = False

    def hang_up(self) -> None:
        """Close the connection in good order."""
        self.open = False

    def reset(self) -> None:
        """Break the connection, so that the client gets "connection reset by peer"."""
        with suppress(OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.open = False

    def wait(self, seconds: float) -> None:
        """Wait, but not longer than the proxy runs."""
        self._proxy.stopped.wait(seconds)

    def linger(self, seconds: float) -> None:
        """Wait, but not longer than the client does."""
        with suppress(OSError, ValueError):
            # Readable while it waits for an answer: it has hung up (or the proxy was stopped).
            select.select([self._client], [], [], seconds)


Fault = Callable[[Exchange], None]


@dataclass
class Rule:
    """Which requests a fault strikes."""

    fault: Fault
    name: str
    path: re.Pattern[str]
    method: str | None
    skip: int
    times: int | None
    struck: int = 0

    def wants(self, request: Request) -> bool:
        """Tell whether to strike now, and count."""
        if self.method not in (None, request.method) or not self.path.search(request.path):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.struck >= self.times:
            return False
        self.struck += 1
        return True


@dataclass
class FaultProxy:
    """Listens on a free port of 127.0.0.1 until it is stopped."""

    upstream: str
    """URL of the store; may be https, may have a path."""
    seen: list[Seen] = field(default_factory=list)
    """Every request that came in, in order."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._busy = 0
        self._clients: set[socket.socket] = set()
        self._deaf = False
        self._listener = self._listen(0)
        self.port: int = self._listener.getsockname()[1]

    @property
    def url(self) -> str:
        """Where a store is told to go instead."""
        return f"http://127.0.0.1:{self.port}{urlsplit(self.upstream).path.rstrip('/')}"

    def on(
        self,
        fault: Fault,
        *,
        path: str = "",
        method: str | None = None,
        skip: int = 0,
        times: int | None = None,
    ) -> Rule:
        """Let a fault strike from now on.

        Args:
            fault: What to do; one of this module's, or any callable that takes an `Exchange`.
            path: Pattern searched for in the path of a request.
            method: Only requests with this one.
            skip: So many matching requests pass first.
            times: So often; none means for ever.
        """
        name = getattr(fault, "__name__", type(fault).__name__)
        rule = Rule(fault, name, re.compile(path), method, skip, times)
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Behave from now on."""
        with self._lock:
            self._rules.clear()

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Listen on nothing meanwhile: "connection refused", as if the server was down."""
        self._close()
        try:
            yield
        finally:
            self._listener = self._listen(self.port)

    @contextmanager
    def deaf(self) -> Iterator[None]:
        """Accept connections meanwhile, but never read from them."""
        self._deaf = True
        try:
            yield
        finally:
            self._deaf = False

    def count(self, fault: str | None = None, path: str = "") -> int:
        """Count requests that were struck by a fault of this name; none counts what passed."""
        return sum(1 for s in self.seen if s.fault == fault and re.search(path, s.path))

    def settle(self, seconds: float = 10.0) -> bool:
        """Wait until no request is under way; tells whether that is so."""
        with self._idle:
            return self._idle.wait_for(lambda: self._busy == 0, seconds)

    def stop(self) -> None:
        """End everything."""
        self.stopped.set()
        self._close()
        self.settle()
        with self._lock:
            for client in self._clients:  # those that were never served
                client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def forward(self, request: Request) -> bytes:
        """Pass a request on and return the answer as bytes."""
        parts = urlsplit(self.upstream)
        kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        connection = kind(parts.hostname or "", parts.port or 6333, timeout=UPSTREAM_SECONDS)
        try:
            headers = {n: v for n, v in request.headers if n.lower() not in DROPPED}
            connection.request(request.method, request.path, request.body, headers)
            answer = connection.getresponse()
            return framed(answer.status, answer.reason, answer.getheaders(), answer.read())
        finally:
            connection.close()

    def _close(self) -> None:
        with self._lock:
            sockets = [self._listener, *self._clients]
        for one in sockets:
            # Closing alone would not wake the threads that wait for something from it.
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=64)
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while not self.stopped.is_set():
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self._clients.add(client)
            if not self._deaf:
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            with client.makefile("rb") as stream:
                while (request := read_request(stream)) is not None:
                    if not self._handle(client, request):
                        return
        except (OSError, ValueError, http.client.HTTPException):
            pass  # one side went away in the middle
        finally:
            with self._lock:
                self._clients.discard(client)
            client.close()

    def _handle(self, client: socket.socket, request: Request) -> bool:
        with self._lock:
            self._busy += 1
            rule = next((rule for rule in self._rules if rule.wants(request)), None)
            name = rule.name if rule else None
            self.seen.append(Seen(request.method, request.path, name))
        exchange = Exchange(self, client, request)
        try:
            (rule.fault if rule else passed)(exchange)
        finally:
            with self._idle:
                self._busy -= 1
                self._idle.notify_all()
        return exchange.open


def read_request(stream: BinaryIO) -> Request | None:
    """Read one request; none at the end of the connection."""
    line = stream.readline(65536)
    if not line:
        return None
    method, path, _ = line.decode("latin-1").split()
    headers = http.client.parse_headers(stream)
    length = int(headers.get("Content-Length") or 0)
    body = stream.read(length)
    if len(body) < length:
        return None
    return Request(method, path, tuple(headers.items()), body)


def framed(status: int, reason: str, headers: list[tuple[str, str]], body: bytes) -> bytes:
    """Write an answer with the right length."""
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in DROPPED]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def passed(exchange: Exchange) -> None:
    """Do nothing wrong."""
    exchange.send(exchange.forward())
