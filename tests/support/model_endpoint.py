"""An OpenAI-compatible endpoint on loopback that misbehaves on command.

with ModelEndpoint() as endpoint:
endpoint.script(says("It costs 5 euro. [1]"))      # every request from now on
endpoint.script(status(500), says("…"))            # the last one repeats
"""

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

GOOD = "The monthly parking fee at headquarters is 55 euro. [1]"
"""An answer that holds, for evidence that says so in its first piece."""

Behaviour = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """One request, in the hands of a behaviour."""

    protocol_version = "HTTP/1.1"
    endpoint: "ModelEndpoint"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(length)
        behaviour = self.endpoint.take(self.path, dict(self.headers), json.loads(body))
        try:
            behaviour(self)
        except OSError:
            self.close_connection = True  # the client has left

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def send_body(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class ModelEndpoint:
    """The endpoint; `requests` holds what it was sent."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self.requests: list[dict[str, Any]] = []
        self.stopped = threading.Event()
        self._script: list[Behaviour] = []
        self._lock = threading.Lock()
        handler = type("Bound", (Handler,), {"endpoint": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *behaviours: Behaviour) -> None:
        """Say how the next requests go; the last behaviour goes on for ever."""
        with self._lock:
            self._script = list(behaviours)

    def take(self, path: str, headers: dict[str, str], body: Any) -> Behaviour:
        with self._lock:
            self.requests.append({"path": path, "headers": headers, "body": body})
            return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)


def completion(text: Any, finish: str = "stop", **message: Any) -> bytes:
    """Return the body of an answer."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text} | message}
    usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    return json.dumps(
        {"object": "chat.completion", "choices": [choice | {"finish_reason": finish}],
         "usage": usage}
    ).encode()  # fmt: skip


def says(text: Any, finish: str = "stop", **message: Any) -> Behaviour:
    """Answer properly with a text."""
    return lambda h: h.send_body(200, completion(text, finish, **message))


def status(code: int, **headers: str) -> Behaviour:
    """Answer with an error."""
    return lambda h: h.send_body(code, b'{"error": {"message": "secret detail"}}', **headers)


def raw(body: bytes, code: int = 200) -> Behaviour:
    """Answer with these bytes."""
    return lambda h: h.send_body(code, body)


def hangs(handler: Handler) -> None:
    """Never answer."""
    handler.endpoint.stopped.wait(60)
    handler.close_connection = True


def hangs_up(handler: Handler) -> None:
    """Close the connection without an answer."""
    handler.close_connection = True
    handler.connection.close()


def breaks_off(handler: Handler) -> None:
    """Promise more than is sent."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b'{"choices": [')
    handler.close_connection = True


def trickles(handler: Handler) -> None:
    """Send a byte now and then, for ever, so that no single read times out."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.endpoint.stopped.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()
    handler.close_connection = True


def trickles_headers(handler: Handler) -> None:
    """Send headers for ever."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    number = 0
    while not handler.endpoint.stopped.wait(0.02):
        number += 1
        handler.wfile.write(f"X-{number}: 1\r\n".encode())
        handler.wfile.flush()
    handler.close_connection = True
