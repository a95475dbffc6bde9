"""How the HTTP services listen; uvicorn's own bound stands far above ours, which answers."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from config.errors import ConfigError, HoldfastError, Permanent
from config.querying import ServeSettings
from service.timed_logs import log_with_time

if TYPE_CHECKING:
    from starlette.types import ASGIApp

DRAIN_SECONDS = 20
LONGEST_PORT = 5
MOST_CONNECTIONS = 1000
"""Idle ones count. uvicorn turns away what is above it with a bare 503, probes as well, so that it
must never be what a busy service meets first."""


class ListenError(Permanent, HoldfastError):
    """An address cannot be listened at."""

    def __init__(self, host: str, port: int, why: str) -> None:
        """Say where, and why not."""
        super().__init__(
            f"{host}:{port} cannot be listened at ({why}). Stop what listens there, or choose "
            "another --listen."
        )


def run_server(app: "ASGIApp", options: Mapping[str, Any]) -> None:
    """Serve an application with these options until interrupted.

    Raises:
        ListenError: The address cannot be had.
    """
    import uvicorn

    log_with_time()
    try:
        with ended_by_hanging_up():
            uvicorn.run(app, **options)
    except SystemExit as error:  # with a code of its own, that means another thing here
        raise ListenError(options["host"], options["port"], "see the line above") from error


@contextmanager
def ended_by_hanging_up() -> Iterator[None]:
    """Let a terminal that goes away end a server as SIGTERM does, of which alone uvicorn knows.

    As an exception it would break off the requests under way. `nohup` has asked that it does not.
    """
    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda _signal, _frame: signal.raise_signal(signal.SIGTERM))
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


def listening(host: str, port: int, settings: ServeSettings) -> dict[str, Any]:
    """Return the options of `uvicorn.run` for the query module."""
    expected = settings.concurrency + settings.waiting
    return connecting(host, port, max(MOST_CONNECTIONS, 4 * expected))


def connecting(host: str, port: int, most: int) -> dict[str, Any]:
    """Return the options of `uvicorn.run` for fewer connections than `most`."""
    from service.connections import HeardProtocol

    return {
        "host": host,
        "port": port,
        "log_config": None,  # ours: its own says no time
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "http": HeardProtocol,
        # Else uvicorn takes it from WEB_CONCURRENCY, which hosts set for others, and refuses.
        "workers": 1,
        "limit_concurrency": most,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": DRAIN_SECONDS,
    }


def place_of(listen: str) -> tuple[str, int]:
    """Read HOST:PORT.

    Raises:
        ConfigError: It is none.
    """
    host, _, port = listen.rpartition(":")
    # Of thousands of digits Python makes no number.
    if not host or not port.isdecimal() or len(port) > LONGEST_PORT or not 0 < int(port) < 65536:
        raise ConfigError(f"--listen {listen}: write HOST:PORT, such as 127.0.0.1:8765.")
    return host.strip("[]"), int(port)
