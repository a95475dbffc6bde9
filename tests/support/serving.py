"""A real HTTP server around an application, on a port of its own, listening as the commands do."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from config.querying import ServeSettings
from service.listening import listening


@contextmanager
def serving(app: Any, settings: ServeSettings) -> Iterator[str]:
    """Serve until the end of the block; gives the URL without a path."""
    options = listening("127.0.0.1", 0, settings) | {"log_level": "error"}
    server = uvicorn.Server(uvicorn.Config(app, **options))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
