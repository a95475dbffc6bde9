"""From settings to the store they select; the other engine is never imported."""

from pathlib import Path

from config.settings import StoreKind, StoreSettings
from indexing.stores.base import VectorStore


def open_store(settings: StoreSettings, home: Path) -> VectorStore:
    """Return the store of these settings; nothing is connected or locked until it is used.

    Args:
        settings: A URL selects the server, otherwise the embedded engine is used.
        home: `HOLDFAST_HOME`; the embedded engine keeps its shards in `home/index`.
    """
    if settings.kind is StoreKind.EDGE:
        from indexing.stores.edge import EdgeStore

        return EdgeStore(home / "index", settings.turn_timeout_seconds, settings.upsert_batch)
    from indexing.stores.server import ServerStore

    key = settings.api_key.get_secret_value() if settings.api_key else None
    assert settings.url is not None  # what `kind` says
    return ServerStore(
        settings.url, key, settings.timeout_seconds, upsert_batch=settings.upsert_batch
    )
