"""When `holdfast up` takes its worker for ready, also at a server that wants a login."""

import base64
import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, temporary_settings

from flows.laptop import polls

LOGIN = "admin:secret"
POOL, NAME = "holdfast", "here-1"


@pytest.fixture
def url() -> Iterator[str]:
    """Serve the workers of one pool to whoever logs in."""
    wanted = f"Basic {base64.b64encode(LOGIN.encode()).decode()}"
    now = dt.datetime.now(dt.UTC).isoformat()
    worker = {"id": str(uuid4()), "work_pool_id": str(uuid4()), "name": NAME, "created": now}

    class Workers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(404)  # such as a token that older servers do not give out
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            known = self.path == f"/api/work_pools/{POOL}/workers/filter"
            status = (200 if known else 404) if self.headers["Authorization"] == wanted else 401
            body = json.dumps([worker] if status == 200 else {"detail": "no"}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Workers)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_worker_that_reported_is_ready_where_the_server_wants_a_login(url: str) -> None:
    with temporary_settings({PREFECT_API_AUTH_STRING: LOGIN}):
        assert polls(url, POOL, NAME)
        assert not polls(url, POOL, "another")
        assert not polls(url, "no-pool", NAME)


def test_nobody_is_ready_where_the_server_lets_nobody_in_or_is_not_there(url: str) -> None:
    assert not polls(url, POOL, NAME)
    assert not polls("http://127.0.0.1:1/api", POOL, NAME)
