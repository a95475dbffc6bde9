"""The home a flow works on: that of its machine, or that of a caller in this very process."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from pathlib import Path

import httpx
from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError
from prefect.concurrency.sync import concurrency
from prefect.context import FlowRunContext

from config.errors import ConfigError
from config.files import root_of
from config.loading import LoadedSettings, load_settings
from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.running.watch import Watcher

logger = logging.getLogger(__name__)

SLOT_SECONDS = 1800.0
"""How long a run waits for its turn."""
SLOT_LEASE_SECONDS = 60.0
"""For how long the turn of a run that was killed stands in the way of the next one; the least that
the server takes. A run renews its own at three quarters of that."""
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
    """Return the caller's settings and watcher, or the settings of this machine.

    Raises:
        ConfigError: Settings are wrong, or nobody told a deployed run where its home is.
    """
    called = in_process.get()
    if called is not None:
        return called
    loaded = load_settings()
    if is_deployed() and is_nowhere(loaded):
        raise ConfigError(
            f"No home is configured, and {Path.cwd()}, where this run works, is no project: what "
            "it would index there is thrown away with the folder. Run `holdfast deploy` in the "
            "project, or set HOLDFAST_HOME and HOLDFAST_CONFIG in the environment of the worker."
        )
    return loaded.settings, None


def is_deployed() -> bool:
    """Tell whether this is a run of a deployment, which a worker started in a folder it chose."""
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return run is not None and run.deployment_id is not None


def is_nowhere(loaded: LoadedSettings) -> bool:
    """Tell whether the home is only the default one of a folder that is no project."""
    if loaded.origins["home"] != "default":
        return False
    return loaded.config_file is None or root_of(loaded.config_file) != Path.cwd()


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
    in the ledger. So a limit that does not exist does no harm, a slot that a server forgot to give
    back does not stop the ingest for ever, and neither does a server that does not answer.
    """
    turn = ExitStack()
    if in_process.get() is None:
        try:
            turn.enter_context(
                concurrency(
                    write_slot(settings.store.collection),
                    timeout_seconds=SLOT_SECONDS,
                    lease_duration=SLOT_LEASE_SECONDS,
                    strict=False,
                    raise_on_lease_renewal_failure=False,
                )
            )
        except (TimeoutError, ConcurrencySlotAcquisitionError) as error:
            logger.warning("No turn to write: %s. Going on, the ledger decides.", error)
    try:
        yield
    finally:
        try:
            turn.close()
        except httpx.HTTPError as error:
            logger.warning(
                "The turn to write could not be given back, it ends by itself within %.0f s: %s",
                SLOT_LEASE_SECONDS,
                error,
            )
