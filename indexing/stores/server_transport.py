"""HTTP with one end in time over everything: connecting, sending, every byte that comes back.

The timeouts of an HTTP client are per operation: a server that sends one byte a second, or takes
one, never exceeds them. Here each operation gets what is left of the call it belongs to.
"""

import math
import queue
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ipaddress import ip_address
from typing import Any, TypeAlias
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

MOST_CONNECTIONS = 64
IDLE_SECONDS = 5.0
"""After so long without a request a connection is closed."""
PIECE = 16384
"""Bytes written at a time: between two pieces the clock is looked at."""

SocketOption: TypeAlias = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)
_ENDS: ContextVar[float] = ContextVar("holdfast_store_call_ends", default=math.inf)


@contextmanager
def ending_within(seconds: float) -> Iterator[None]:
    """Let all traffic of this thread end in `seconds`, or earlier if it already has to."""
    token = _ENDS.set(min(_ENDS.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ENDS.reset(token)


def seconds_left() -> float:
    """What is left of the call this thread is in; infinite outside of one."""
    return _ENDS.get() - time.monotonic()


class DeadlineTransport(httpx.BaseTransport):
    """Connections to one server, pooled and kept alive, that obey `ending_within`."""

    def __init__(self, url: str) -> None:
        """Take the proxy of the environment, except towards this machine; connect to nothing."""
        target = httpx.URL(url)
        backend = DeadlineBackend()
        context = httpx.create_ssl_context() if target.scheme == "https" else None
        direct = is_loopback(target.host) or bool(proxy_bypass(target.host))
        proxy = None if direct else getproxies().get(target.scheme)
        self._pool: httpcore.ConnectionPool
        if proxy is None:
            self._pool = httpcore.ConnectionPool(
                ssl_context=context,
                max_connections=MOST_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=backend,
            )
        else:
            way = httpx.Proxy(proxy)
            self._pool = httpcore.HTTPProxy(
                proxy_url=str(way.url),
                proxy_auth=way.raw_auth,
                ssl_context=context,
                max_connections=MOST_CONNECTIONS,
                keepalive_expiry=IDLE_SECONDS,
                network_backend=backend,
            )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the head of the answer."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        left = _left(None, httpcore.ConnectTimeout)
        limits = dict.fromkeys(("connect", "read", "write", "pool"), left)
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions={**request.extensions, "timeout": limits},
        )
        with _in_words_of_httpx():
            answer = self._pool.handle_request(sent)
        assert isinstance(answer.stream, Iterable)
        return httpx.Response(
            status_code=answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The body of an answer, with the errors of httpx."""

    def __init__(self, parts: Iterable[bytes]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        with _in_words_of_httpx():
            yield from self._parts

    def close(self) -> None:
        close = getattr(self._parts, "close", None)
        if close is not None:
            close()


class DeadlineBackend(httpcore.NetworkBackend):
    """Opens TCP connections within what is left of the call, the look-up of the name included."""

    def __init__(self) -> None:
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.NetworkStream:
        """Try the addresses of `host` one after the other.

        Each gets its share of the time: one that does not answer must not take that of the others.
        """
        failure: Exception | None = None
        found = addresses(host, port, _left(timeout, httpcore.ConnectTimeout))
        for place, address in enumerate(found):
            left = _left(timeout, httpcore.ConnectTimeout)
            left = None if left is None else left / (len(found) - place)
            try:
                stream = self._plain.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _DeadlineStream(stream)
        raise failure or httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """There is no URL for one."""
        raise httpcore.UnsupportedProtocol("unix sockets are not used")

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection that looks at the clock at every operation."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), PIECE):
            piece = buffer[start : start + PIECE]
            self._inner.write(piece, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def addresses(host: str, port: int, seconds: float | None) -> list[str]:
    """Look a name up; the system's own look-up knows no timeout, so it gets a thread to wait in.

    Raises:
        httpcore.ConnectTimeout: The name service did not answer in time.
        httpcore.ConnectError: There is no such name.
    """
    if is_address(host):
        return [host]
    found: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.put(list(dict.fromkeys(str(info[4][0]) for info in infos)))
        except (OSError, UnicodeError) as error:
            found.put(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=look_up, daemon=True, name="holdfast-name-look-up").start()
    try:
        answer = found.get(timeout=seconds)
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the look-up of {host} took too long") from None
    if isinstance(answer, OSError):
        raise httpcore.ConnectError(f"{host}: {answer}") from answer
    return answer


def is_address(host: str) -> bool:
    """Tell whether a host is given as an IP address."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine by its name or address alone."""
    bare = host.strip("[]")
    return ip_address(bare).is_loopback if is_address(bare) else bare == "localhost"


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    """What an operation may take; nothing left is the timeout itself."""
    left = min(seconds_left(), math.inf if timeout is None else timeout)
    if left <= 0:
        raise late("the time of this call is over")
    return None if left == math.inf else left


@contextmanager
def _in_words_of_httpx() -> Iterator[None]:
    """Translate what the lower library raises; the kinds have the same names in both."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__)
        raise kind(str(error)) from error
