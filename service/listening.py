"""How the HTTP services listen; uvicorn's own bound stands far above ours, which answers."""

from typing import Any

from config.errors import ConfigError
from config.querying import ServeSettings

DRAIN_SECONDS = 20
MOST_CONNECTIONS = 1000
"""Idle ones count. uvicorn turns away what is above it with a bare 503, probes as well, so that it
must never be what a busy service meets first."""


def listening(host: str, port: int, settings: ServeSettings) -> dict[str, Any]:
    """Return the options of `uvicorn.run`."""
    expected = settings.concurrency + settings.waiting
    return {
        "host": host,
        "port": port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "limit_concurrency": max(MOST_CONNECTIONS, 4 * expected),
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": DRAIN_SECONDS,
    }


def place_of(listen: str) -> tuple[str, int]:
    """Read HOST:PORT.

    Raises:
        ConfigError: It is none.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(f"--listen {listen}: write HOST:PORT, such as 127.0.0.1:8765.")
    return host.strip("[]"), int(port)
