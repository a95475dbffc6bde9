"""`holdfast metrics`: what the ledger knows, for Prometheus."""

import sys
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from service.console import print_json
from service.exits import Exit
from service.listening import ListenError, place_of
from service.options import DEFAULTS, Options, load
from service.timed_logs import log_with_time

if TYPE_CHECKING:
    from wsgiref.simple_server import WSGIServer

    from prometheus_client import CollectorRegistry


def metrics(
    *, listen: Annotated[str | None, Parameter()] = None, options: Options = DEFAULTS
) -> int:
    """Print the metrics of the home in Prometheus' format, or serve them until Ctrl-C.

    Args:
        listen: Serve at this address under /metrics, such as 127.0.0.1:9464.
        options: Options of every command.
    """
    from prometheus_client import generate_latest

    from service.metrics import registry_of

    settings = load(options).settings
    registry = registry_of(settings)
    if listen is not None:
        log_with_time()
        server, thread = start(registry, *place_of(listen))
        try:
            # Told to end, as every service is; nothing was interrupted that could be gone on with.
            with suppress(KeyboardInterrupt):
                threading.Event().wait()
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
    elif options.json:
        print_json(
            [
                {"name": sample.name, "labels": sample.labels, "value": sample.value}
                for family in registry.collect()
                for sample in family.samples
            ]
        )
    else:
        sys.stdout.write(generate_latest(registry).decode())
    return Exit.DONE


def start(
    registry: "CollectorRegistry", host: str, port: int
) -> "tuple[WSGIServer, threading.Thread]":
    """Begin to serve the metrics of a registry, each connection in a thread of its own.

    Raises:
        ListenError: The address cannot be had.
    """
    from prometheus_client import start_http_server

    from service.connections import HeardHandler

    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ListenError(host, port, error.strerror or str(error)) from error
    server.RequestHandlerClass = HeardHandler
    return server, thread
