"""Fixtures of the flow tests: Prefect's own test server, real parsers, a hashing encoder."""

import os

# Before anything imports Prefect: a URL in the environment or in a profile must not be reached.
os.environ["PREFECT_API_URL"] = ""
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import (
    IngestionSettings,
    OrchestrationSettings,
    PromotionSettings,
    Settings,
    StoreSettings,
)
from config.sources import LocalSource
from indexing.corpus import Corpus, open_corpus
from indexing.points import visible
from indexing.running.watch import SilentWatcher, Watcher
from ingestion.parsing.pool import ParserPool
from tests.support.hashing import HashingEncoder

ENTRYPOINTS = {
    "ingest": "flows.ingest.ingest",
    "reindex": "flows.reindex.reindex",
    "promote": "flows.promotion.promote",
    "rollback": "flows.promotion.rollback",
    "verify": "flows.upkeep.verify",
    "evaluate": "flows.evaluate.evaluate",
    "gc": "flows.upkeep.gc",
    "backup": "flows.upkeep.backup",
    "purge": "flows.purging.purge",
}


class Desk:
    """A folder of documents that is the one configured source of a home."""

    def __init__(self, root: Path, collection: str) -> None:
        self.folder = root / "docs"
        self.folder.mkdir(parents=True)
        self.settings = Settings(
            home=root / "home",
            sources=(LocalSource(name="docs", path=self.folder),),
            ingestion=IngestionSettings(batch_documents=2),
            store=StoreSettings(collection=collection, upsert_batch=1),
            orchestration=OrchestrationSettings(task_retries=2),
            promotion=PromotionSettings(latency_floor_ms=60_000.0),
        )

    def change(self, **sections: Any) -> None:
        """Replace sections of the settings."""
        self.settings = self.settings.model_copy(update=sections)

    def write(self, key: str, content: str) -> None:
        path = self.folder / key
        path.write_text(content, encoding="utf-8")
        # Long before any listing, so that no stat counts as fresh.
        os.utime(path, (1_700_000_000, 1_700_000_000))

    def fill(self, documents: int) -> None:
        for number in range(documents):
            self.write(f"{number}.txt", f"Door number {number} opens to the yard.\n")

    def flow(self, name: str = "ingest", watcher: Watcher | None = None, **params: Any) -> Any:
        """Run a flow in this process and return its final state."""
        from prefect.flows import load_flow_from_entrypoint

        from flows.home import called_with

        flow = load_flow_from_entrypoint(ENTRYPOINTS[name])
        with called_with(self.settings, watcher or SilentWatcher()):
            return flow(params, return_state=True)

    def as_deployed(self) -> Any:
        """Run the ingest as a worker does: it finds its home by itself, and waits for its turn."""
        from flows.ingest import ingest

        return ingest({"path": str(self.folder)}, return_state=True)

    def look(self, see: Callable[[Corpus], Any]) -> Any:
        """Open the home for one look at it."""
        corpus = open_corpus(self.settings)
        try:
            return see(corpus)
        finally:
            corpus.close()

    def texts(self) -> list[str]:
        """What readers see, read from the store."""

        def see(corpus: Corpus) -> list[str]:
            live = corpus.live()
            if live is None:
                return []
            points = corpus.store.scroll(live.name, visible(live.epoch, "default"))
            return sorted(point.payload["text"].strip() for point in points)

        return self.look(see)


@pytest.fixture(scope="session")
def prefect_api() -> Iterator[None]:
    """One private Prefect server for the whole session.

    Without heartbeats, which cost 1 s each, and without the kinds of blocks that come with Prefect:
    to write them down takes as long as starting does otherwise.
    """
    from prefect.settings import (
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_SERVER_REGISTER_BLOCKS_ON_START,
        temporary_settings,
    )
    from prefect.testing.utilities import prefect_test_harness

    with (
        temporary_settings({PREFECT_SERVER_REGISTER_BLOCKS_ON_START: False}),
        prefect_test_harness(server_startup_timeout=600),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def make_desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parsers: ParserPool, request: Any
) -> Callable[..., Desk]:
    """Make desks; each test has collections, and so artifacts, of its own."""
    for name in list(os.environ):
        if name.startswith(("HOLDFAST_", "QDRANT_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    encoder = HashingEncoder()
    monkeypatch.setattr(Corpus, "encoder", property(lambda _: encoder))
    monkeypatch.setattr(Corpus, "parsers", property(lambda _: parsers))
    slug = hashlib.sha256(request.node.name.encode()).hexdigest()[:12]

    def make(name: str = "main") -> Desk:
        return Desk(tmp_path / name, f"{name}-{slug}")

    return make


@pytest.fixture
def desk(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk()


@pytest.fixture
def slot(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> str:
    """The slot of a home of two documents that flows find by the settings of this machine."""
    from flows.home import write_slot
    from tests.support.prefect_api import client

    desk.fill(2)
    monkeypatch.setenv("HOLDFAST_HOME", str(desk.settings.home))
    monkeypatch.setenv("HOLDFAST_STORE__COLLECTION", desk.settings.store.collection)
    name = write_slot(desk.settings.store.collection)
    with client() as api:
        api.upsert_global_concurrency_limit_by_name(name, 1)
    return name
