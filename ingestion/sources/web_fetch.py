"""One request to a web server: to a pinned address, in bounded time, for a bounded answer.

Nothing is followed, remembered or taken from the environment: no redirects, no cookies, no proxy.
"""

import email.utils
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpcore

from config.sources import WebSource
from ingestion.errors import SourceUnavailableError
from ingestion.sources.addresses import (
    Resolve,
    UnknownHostError,
    pinned_address,
    system_addresses,
)
from ingestion.sources.web_unpacking import unpacked
from ingestion.sources.web_urls import host_and_port, origin_of

AGENT = "Holdfast"
USER_AGENT = f"{AGENT}/0.1 (document index; obeys robots.txt)"
LONGEST_WAIT_SECONDS = 30.0
_BUSY = frozenset({429, 503})
_UNPACKED = frozenset({"gzip", "x-gzip", "deflate"})
_UNASKED = frozenset({"br", "zstd", "compress", "x-compress", "dcb", "dcz"})


class FetchError(SourceUnavailableError):
    """A server gave no answer that can be used; it may another time."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes = b""
    oversized: bool = False
    """Whether the body is larger than was asked for; then it is empty here."""

    @property
    def media_type(self) -> str:
        """The media type without parameters, such as `text/html`."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Fetcher:
    """Sends requests, never two to one host within the delay."""

    def __init__(
        self,
        settings: WebSource,
        resolve: Resolve = system_addresses,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take limits, delay and allowed hosts from the settings."""
        self._settings = settings
        self._resolve = resolve
        self._clock = clock
        self._sleep = sleep
        self._free_at: dict[str, float] = {}
        self._delays: dict[str, float] = {}
        self._closed: dict[str, str] = {}
        self._tls: ssl.SSLContext | None = None

    def slow_down(self, url: str, seconds: float) -> None:
        """Keep a longer delay for the host of a URL, as its robots.txt asks."""
        origin = origin_of(url)
        self._delays[origin] = max(seconds, self._settings.delay_seconds)
        self._free_at[origin] = self._clock() + self._delays[origin]

    def get(self, url: str, max_bytes: int, headers: Mapping[str, str] | None = None) -> Answer:
        """Request a canonical URL; asked to come back within half a minute, ask once more.

        Raises:
            BlockedAddressError: The host has an address that must not be connected to.
            FetchError: There was no answer, or none in time, or the host asked for more patience.
        """
        origin = origin_of(url)
        if origin in self._closed:
            raise FetchError(self._closed[origin])
        answer = self._once(url, max_bytes, headers or {})
        wait = _asked_to_wait(answer)
        if wait is not None and wait <= LONGEST_WAIT_SECONDS:
            self._sleep(wait)
            answer = self._once(url, max_bytes, headers or {})
            wait = _asked_to_wait(answer)
        if wait is not None:
            self._closed[origin] = (
                f"{origin} answers {answer.status} and wants to be left alone for {wait:.0f} "
                "seconds (Retry-After), so nothing more of it was asked for; ingest it again then."
            )
        return answer

    def _once(self, url: str, max_bytes: int, headers: Mapping[str, str]) -> Answer:
        self._wait_for_turn(origin_of(url))
        deadline = time.monotonic() + self._settings.timeout_seconds
        backend = PinnedBackend(self._settings.allow_hosts, self._resolve, deadline)
        host, port = host_and_port(url)
        try:
            backend.pin(host, port)
        except UnknownHostError as error:
            raise FetchError(str(error)) from error
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", "Accept": "*/*", **headers}
        limits = dict.fromkeys(("connect", "read", "write", "pool"), self._settings.timeout_seconds)
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=self._context(), max_connections=1, network_backend=backend
                ) as pool,
                pool.stream(
                    # In bytes: an ETag goes back as it came, and not all of them are ASCII.
                    "GET",
                    url,
                    headers=[(n.encode(), v.encode("latin-1")) for n, v in sent.items()],
                    extensions={"timeout": limits},
                ) as response,
            ):
                received = _by_name(response.headers)
                if response.status == 200:
                    _refuse_unreadable(received)
                body = _body(response.iter_stream(), received, max_bytes)
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            said = str(error) or type(error).__name__
            raise FetchError(f"{url} gave no answer ({said}).") from error
        except (OSError, zlib.error) as error:
            raise FetchError(f"{url} gave no answer that can be read ({error}).") from error
        return Answer(response.status, received, body or b"", oversized=body is None)

    def _wait_for_turn(self, origin: str) -> None:
        delay = self._delays.get(origin, self._settings.delay_seconds)
        wait = self._free_at.get(origin, 0.0) - self._clock()
        if wait > 0:
            self._sleep(wait)
        self._free_at[origin] = self._clock() + delay

    def _context(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = httpcore.default_ssl_context()
        return self._tls


class PinnedBackend(httpcore.NetworkBackend):
    """Connects to addresses that were resolved once and looked at, and to no others."""

    def __init__(self, allowed: Iterable[str], resolve: Resolve, deadline: float) -> None:
        """Let every connection end at `deadline` on the monotonic clock."""
        self._allowed = tuple(allowed)
        self._resolve = resolve
        self._deadline = deadline
        self._pinned: dict[tuple[str, int], str] = {}
        self._inner = httpcore.SyncBackend()

    def pin(self, host: str, port: int) -> None:
        """Resolve a host; raises `BlockedAddressError` if it must not be connected to."""
        if (host, port) not in self._pinned:
            self._pinned[host, port] = pinned_address(host, port, self._allowed, self._resolve)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """Connect to the pinned address of a host."""
        self.pin(host, port)
        inner = self._inner.connect_tcp(
            self._pinned[host, port], port, _left(self._deadline, timeout), local_address,
            socket_options,
        )  # fmt: skip
        return _TimedStream(inner, self._deadline)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        """Never: sources are on the web."""
        raise httpcore.UnsupportedProtocol("no sockets of this machine")

    def sleep(self, seconds: float) -> None:
        """Wait between two tries of a connection."""
        self._inner.sleep(min(seconds, _left(self._deadline, seconds)))


class _TimedStream(httpcore.NetworkStream):
    """A connection on which no single read or write outlasts the deadline of all."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: float) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        return _TimedStream(
            self._inner.start_tls(ssl_context, server_hostname, left), self._deadline
        )

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("it took too long")
    return left if timeout is None else min(left, timeout)


def _by_name(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers by lower-case name; what robots may do can be said in several."""
    found: dict[str, str] = {}
    for raw, value in headers:
        name, said = raw.decode("latin-1").lower(), value.decode("latin-1")
        joined = name == "x-robots-tag" and name in found
        found[name] = f"{found[name]}, {said}" if joined else said
    return found


def _refuse_unreadable(headers: Mapping[str, str]) -> None:
    """Refuse what is packed otherwise than was asked for; its bytes are no page and no rules.

    Names of no way of packing, such as `utf-8`, are passed over, as browsers do.
    """
    said = headers.get("content-encoding", "").lower()
    packings = [part for part in map(str.strip, said.split(",")) if part in _UNPACKED | _UNASKED]
    if len(packings) > 1 or _UNASKED.intersection(packings):
        raise httpcore.RemoteProtocolError(f"it is packed as {said[:50]}; gzip was asked for")


def _body(stream: Iterable[bytes], headers: Mapping[str, str], max_bytes: int) -> bytes | None:
    """Read a body, unpacked; none if it is larger than `max_bytes`."""
    if (_seconds(headers.get("content-length")) or 0) > max_bytes:
        return None
    if headers.get("content-encoding", "").lower() in _UNPACKED:
        return unpacked(stream, max_bytes)
    parts, size = [], 0
    for received in stream:
        parts.append(received)
        size += len(received)
        if size > max_bytes:
            return None
    return b"".join(parts)


def _asked_to_wait(answer: Answer) -> float | None:
    """Return for how many seconds a busy server wants to be left alone; none if it does not say."""
    said = answer.headers.get("retry-after")
    if answer.status not in _BUSY or said is None:
        return None
    if (seconds := _seconds(said)) is not None:
        return seconds
    try:  # a date, by the clock of the server
        until = email.utils.parsedate_to_datetime(said)
        now = email.utils.parsedate_to_datetime(answer.headers.get("date", ""))
        return max((until - now).total_seconds(), 0.0)
    except (ValueError, OverflowError, TypeError):  # one of them has no zone
        return None


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isascii() and text.isdigit() and len(text) < 16 else None
