"""A loopback HTTP server in the place of a Qdrant server, for Holdfast's own calls.

It is no Qdrant: the client's in-memory engine answers, slowly and without durability, and its
version says so. It is there to run the real client's HTTP path, with the paths, JSON shapes,
status codes and error bodies of a server. As a program: `python -m tests.support.qdrant_standin
6333`.
"""

import importlib.metadata
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, ValidationError

from tests.support.standin_engine import Engine, Refusal, Refuses

NAME = "holdfast-standin"
VERSION = f"{importlib.metadata.version('qdrant-client')}+{NAME}"
LARGEST_BODY = 32 * 2**20
PLAIN = {"/readyz": "all shards are ready", "/healthz": "healthz check passed", "/livez": "alive"}
ONE = r"/collections/(?P<name>[^/]+)"
ROUTES: list[tuple[str, str, Any]] = [
    ("GET", "/collections", Engine.collections),
    ("GET", "/aliases", Engine.aliases),
    ("POST", "/collections/aliases", Engine.change_aliases),
    ("GET", ONE, Engine.info),
    ("PUT", ONE, Engine.create),
    ("PATCH", ONE, Engine.update),
    ("DELETE", ONE, Engine.drop),
    ("GET", f"{ONE}/exists", Engine.exists),
    ("PUT", f"{ONE}/index", Engine.index),
    ("PUT", f"{ONE}/points", Engine.upsert),
    ("POST", f"{ONE}/points", Engine.retrieve),
    ("POST", f"{ONE}/points/delete", Engine.delete),
    ("POST", f"{ONE}/points/payload", Engine.set_payload),
    ("POST", f"{ONE}/points/count", Engine.count),
    ("POST", f"{ONE}/points/scroll", Engine.scroll),
    ("POST", f"{ONE}/points/query/batch", Engine.query),
    ("POST", f"{ONE}/facet", Engine.facet),
]
WRITES = {Engine.upsert, Engine.delete, Engine.set_payload}


class Standin:
    """The server, in a thread of this process; a context manager."""

    def __init__(
        self,
        *,
        port: int = 0,
        version: str = VERSION,
        largest_body: int = LARGEST_BODY,
        api_key: str | None = None,
        prefix: str = "",
        refuses: Refuses | None = None,
    ) -> None:
        """Listen on 127.0.0.1.

        Args:
            port: 0 takes a free one.
            version: What it says it is.
            largest_body: Larger requests are refused.
            api_key: What every request must carry in its `api-key` header.
            prefix: Path in front of all others, as behind a gateway.
            refuses: Says for a point why this server cannot take it, if so.
        """
        self.engine = Engine(refuses)
        self.version = version
        self.largest_body = largest_body
        self.api_key = api_key
        self.prefix = prefix
        handler = type("Bound", (_Handler,), {"standin": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._http.server_port}{prefix}"
        self._thread = threading.Thread(
            target=self._http.serve_forever, args=(0.02,), daemon=True, name=NAME
        )

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(timeout=5)


class _Handler(BaseHTTPRequestHandler):
    standin: Standin
    protocol_version = "HTTP/1.1"
    server_version = NAME
    disable_nagle_algorithm = True
    timeout = 30

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        path = parts.path.removeprefix(self.standin.prefix) or "/"
        length = int(self.headers.get("Content-Length") or 0)
        # Read even if it is too much: a client that is still sending could miss the answer.
        body = self.rfile.read(length)
        if length > self.standin.largest_body:
            self.close_connection = True
            words = (
                f"Payload error: JSON payload ({length} bytes) is larger than allowed (limit: "
                f"{self.standin.largest_body} bytes)."
            )
            return self._json(400, _failed(words))
        if path == "/":  # told to anybody
            about = {"title": f"{NAME}: no Qdrant server", "version": self.standin.version}
            return self._json(200, about)
        if path in PLAIN:
            return self._send(200, PLAIN[path].encode(), "text/plain")
        if self.standin.api_key not in (None, self.headers.get("api-key")):
            return self._send(401, b"Invalid API key or JWT", "text/plain")
        try:
            result = self._result(path, body, parse_qs(parts.query))
        except Refusal as refusal:
            return self._json(refusal.status, _failed(str(refusal)))
        except ValidationError as error:
            return self._json(400, _failed(f"Format error in JSON body: {error.errors()[0]}"))
        return self._json(200, {"result": _plain(result), "status": "ok", "time": 0.0})

    do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer

    def _result(self, path: str, body: bytes, query: dict[str, list[str]]) -> Any:
        for method, pattern, call in ROUTES:
            found = re.fullmatch(pattern, path)
            if method == self.command and found:
                arguments = [
                    *found.groups(),
                    *([body] if method in {"PUT", "POST", "PATCH"} else []),
                ]
                result = self.standin.engine.run(call, *arguments)
                if call in WRITES and query.get("wait") != ["true"]:
                    result = {"operation_id": 0, "status": "acknowledged"}
                return result
        raise Refusal(404, f"Not found: {self.command} {path} is nothing the stand-in knows")

    def _json(self, status: int, content: Any) -> None:
        self._send(status, json.dumps(content).encode(), "application/json")

    def _send(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


def _failed(words: str) -> dict[str, Any]:
    return {"status": {"error": words}, "time": 0.0}


def _plain(result: Any) -> Any:
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json", exclude_none=True)
    if isinstance(result, list):
        return [_plain(item) for item in result]
    return result


def main() -> None:
    """Serve until the process is ended."""
    with Standin(port=int(sys.argv[1])) as standin:
        print(f"{NAME} listens on {standin.url}", flush=True)  # noqa: T201 - it is a program
        threading.Event().wait()


if __name__ == "__main__":
    main()
