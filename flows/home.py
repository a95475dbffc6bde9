"""The home a flow works on: that of its machine, or that of a caller in this very process."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from prefect.concurrency.sync import concurrency

from config.loading import load_settings
from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.watch import Watcher

in_process: ContextVar[tuple[Settings, Watcher] | None] = ContextVar("in_process", default=None)
"""Settings and watcher of a caller in this very process (`holdfast ingest --flow`)."""


@contextmanager
def called_with(settings: Settings, watcher: Watcher) -> Iterator[None]:
    """Let a flow called inside the block use these settings and tell this watcher."""
    token = in_process.set((settings, watcher))
    try:
        yield
    finally:
        in_process.reset(token)


def current_call() -> tuple[Settings, Watcher | None]:
    """Return the caller's settings and watcher, or the settings of this machine."""
    return in_process.get() or (load_settings().settings, None)


@contextmanager
def opened_home() -> Iterator[Corpus]:
    """Open the home of this run. A run that waits for a person holds none open."""
    corpus = open_corpus(current_call()[0])
    try:
        yield corpus
    finally:
        corpus.close()


def write_slot(collection: str) -> str:
    """Name the global concurrency limit that lets one run at a time write to a collection."""
    return f"holdfast-write-{collection}".lower()


@contextmanager
def writing(settings: Settings) -> Iterator[None]:
    """Wait for one's turn to write, so that runs queue up where they would be refused.

    This is a courtesy of the orchestration only. That there is one writer is ensured by the lease
    in the ledger, so a limit that does not exist, or a slot that is lost, does no harm.
    """
    if in_process.get() is not None:
        yield
        return
    with concurrency(
        write_slot(settings.store.collection), strict=False, raise_on_lease_renewal_failure=False
    ):
        yield
