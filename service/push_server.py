"""Serving the push routes on their own, for `holdfast push --listen`."""

from config.errors import ConfigError
from config.origins import variable_of
from config.secrets import secrets_of
from config.settings import Settings
from service.listening import connecting, place_of, run_server

MOST_CONNECTIONS = 32


def serve(settings: Settings, where: str, source: str) -> None:
    """Serve until interrupted; a document that is not there in time then is not waited for.

    Args:
        settings: The home whose push sources are filled.
        where: Such as 127.0.0.1:8767; a host has to be named.
        source: The push source that it is started for; others with a token are served as well.

    Raises:
        ConfigError: `where` is no host and port, or nothing could be handed over to the source.
        ListenError: It cannot be listened there.
    """
    host, port = place_of(where)
    if not secrets_of(settings, source).get("token"):
        # Told here, because over HTTP it looks like a wrong token.
        raise ConfigError(
            f"Nobody could hand anything over to {source!r}: it has no token. Set "
            f'{variable_of("source_secrets")}=\'{{"{source}": {{"token": "…"}}}}\', beside what '
            "other sources have there."
        )
    from service.push_api import push_app

    options = connecting(host, port, MOST_CONNECTIONS)
    run_server(push_app(settings), options)
