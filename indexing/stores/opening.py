"""From settings to the store they select; the other engine is never imported."""

from pathlib import Path

from config.settings import StoreKind, StoreSettings
from indexing.stores.base import VectorStore


def open_store(settings: StoreSettings, home: Path) -> VectorStore:
    """Return the store of these settings; nothing is connected or locked until it is used.

    Args:
        settings: A URL selects the server, otherwise the embedded engine is used.
        home: `HOLDFAST_HOME`; the embedded engine keeps its shards in `home/index`.

    Raises:
        ConfigError: The URL is no address of a server.
    """
    if settings.kind is StoreKind.EDGE:
        from indexing.stores.edge import EdgeStore

        return EdgeStore(home / "index", settings.turn_timeout_seconds, settings.upsert_batch)
    from indexing.stores.server import ServerStore

    return ServerStore(settings)
