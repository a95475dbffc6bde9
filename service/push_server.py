"""Serving the push routes on their own, for `holdfast push --listen`."""

from config.settings import Settings
from service.listening import DRAIN_SECONDS, place_of, run_server

MOST_CONNECTIONS = 32


def serve(settings: Settings, where: str) -> None:
    """Serve until interrupted; a document that is not there in time then is not waited for.

    Args:
        settings: The home whose push sources are filled.
        where: Such as 127.0.0.1:8766; a host has to be named.

    Raises:
        ConfigError: `where` is no host and port.
        ListenError: It cannot be listened there.
    """
    host, port = place_of(where)
    from service.push_api import push_app

    options = {
        "host": host,
        "port": port,
        "log_level": "warning",
        "access_log": False,
        "server_header": False,
        "limit_concurrency": MOST_CONNECTIONS,
        "timeout_keep_alive": 5,
        "timeout_graceful_shutdown": DRAIN_SECONDS,
    }
    run_server(push_app(settings), options)
