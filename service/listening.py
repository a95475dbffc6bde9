"""How the HTTP services listen; uvicorn's own bound stands far above ours, which answers."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from types import FrameType
from typing import TYPE_CHECKING, Any

from config.errors import ConfigError, HoldfastError, Permanent
from config.querying import ServeSettings
from service.timed_logs import log_with_time

if TYPE_CHECKING:
    from starlette.types import ASGIApp
    from uvicorn import Server

DRAIN_SECONDS = 20
INTERRUPTED = 130
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
    server = uvicorn.Server(uvicorn.Config(app, **options))
    # Its own handlers raise each signal once more at the end, which breaks off what is ending.
    server.capture_signals = nullcontext  # type: ignore[assignment, method-assign]
    try:
        with ended_by_signals(server):
            server.run()
    except SystemExit as error:  # with a code of its own, that means another thing here
        raise ListenError(options["host"], options["port"], "see the line above") from error


@contextmanager
def ended_by_signals(server: "Server") -> Iterator[None]:
    """Let the first signal end a server in order; Ctrl-C once more leaves at once, as elsewhere.

    As an exception each would break off the requests under way, or what is closed after them: so
    it stays like that until the command is over. A terminal that goes away ends it as well; `nohup`
    has asked that it does not.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        if server.should_exit and number == signal.SIGINT:
            os._exit(INTERRUPTED)  # what was committed stays; there is nothing to tidy up
        server.should_exit = True

    endings = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.getsignal(one) for one in endings}
    for one, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(one, end)
    try:
        yield
    finally:
        if not server.should_exit:
            for one, handler in before.items():
                signal.signal(one, handler)


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
