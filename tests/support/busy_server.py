"""A Prefect server that is busy for a moment, as one is whose SQLite is locked: it answers 503."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
import pytest

UNIQUE = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass
class Busy:
    """What was asked meanwhile, by kind of request."""

    times: int
    path: re.Pattern[str]
    refused: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    def refuse(self, request: httpx.Request) -> httpx.Response | None:
        """Return the answer of a busy server, or none where it answers well by now."""
        kind = f"{request.method} {UNIQUE.sub('*', request.url.path)}"
        self.asked[kind] += 1
        if not self.path.search(kind) or self.refused[kind] >= self.times:
            return None
        self.refused[kind] += 1
        # At once, so that a test need not wait as long as Prefect's client would.
        return httpx.Response(503, headers={"Retry-After": "0"}, json={})


@contextmanager
def busy_server(times: int, path: str = "") -> Iterator[Busy]:
    """Let the first requests of each kind be refused, on the way of all clients of this process.

    Args:
        times: So many of each kind.
        path: Pattern of the kinds, such as `POST /api/artifacts`; all of them by default.
    """
    busy = Busy(times, re.compile(path))
    sync, asynchronous = (
        httpx.HTTPTransport.handle_request,
        httpx.AsyncHTTPTransport.handle_async_request,
    )

    def handle(transport: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        return busy.refuse(request) or sync(transport, request)

    async def handle_async(
        transport: httpx.AsyncHTTPTransport, request: httpx.Request
    ) -> httpx.Response:
        return busy.refuse(request) or await asynchronous(transport, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.HTTPTransport, "handle_request", handle)
        patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle_async)
        yield busy
