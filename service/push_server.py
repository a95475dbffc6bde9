"""Serving the push routes on their own, for `holdfast push --listen`."""

from config.errors import ConfigError
from config.settings import Settings


def serve(settings: Settings, listen: str) -> None:
    """Serve until interrupted.

    Args:
        settings: The home whose push sources are filled.
        listen: Such as 127.0.0.1:8766; a host has to be named.

    Raises:
        ConfigError: `listen` is no host and port.
    """
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ConfigError(f"--listen {listen}: write HOST:PORT, such as 127.0.0.1:8766.")
    import uvicorn

    from service.push_api import push_app

    uvicorn.run(
        push_app(settings),
        host=host.strip("[]"),
        port=int(port),
        log_level="warning",
        access_log=False,
        server_header=False,
        limit_concurrency=32,
        timeout_keep_alive=5,
    )
