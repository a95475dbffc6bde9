"""A web site on loopback, made of pages in memory, that remembers what it was asked."""

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Page:
    """What is answered at one path."""

    body: bytes = b""
    media_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    more_headers: list[tuple[str, str]] = field(default_factory=list)
    """Headers that may stand more than once."""
    tagged: bool = True
    """Whether it has an ETag."""

    @property
    def etag(self) -> str:
        """A strong ETag."""
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


class WebSite:
    """Serves `pages` by path; everything else is 404."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[str] = []
        self.answered: list[tuple[str, int]] = []
        self.agents: set[str] = set()
        self.conditions: list[str | None] = []
        """The `If-None-Match` of every request, in order."""
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.answer(self)

            def log_message(self, *_arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer((address, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self._thread.start()
        self.port = self._server.server_address[1]
        self.host = f"{address}:{self.port}"
        self.url = f"http://{self.host}"

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        self.asked.append(request.path)
        self.agents.add(request.headers.get("User-Agent", ""))
        self.conditions.append(request.headers.get("If-None-Match"))
        page = self.pages.get(request.path, Page(b"nothing here", status=404, tagged=False))
        status, body = page.status, page.body
        if status == 200 and page.tagged and request.headers.get("If-None-Match") == page.etag:
            status, body = 304, b""
        self.answered.append((request.path, status))
        request.send_response(status)
        request.send_header("Content-Type", page.media_type)
        if "Content-Length" not in page.headers:
            request.send_header("Content-Length", str(len(body)))
        if page.tagged:
            request.send_header("ETag", page.etag)
        for name, value in (*page.headers.items(), *page.more_headers):
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)

    def statuses(self, path: str) -> list[int]:
        """What was answered at a path, in order."""
        return [status for asked, status in self.answered if asked == path]

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
