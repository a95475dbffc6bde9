"""The ingest flow: plan → parse in batches → embed → stage → verify → commit → report."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from config.loading import load_settings
from config.settings import Settings
from flows.artifacts import ArtifactWatcher, publish_report
from flows.parameters import IngestParameters
from flows.steps import TaskSteps
from indexing.corpus import open_corpus
from indexing.ingest import run_ingest
from indexing.report import RunReport, RunState
from indexing.session import IngestSession
from indexing.watch import Watcher
from ingestion.sources.base import Source
from ingestion.sources.configured import ad_hoc_source, configured_sources

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


def choose_sources(settings: Settings, params: IngestParameters) -> list[Source]:
    """Return the sources the parameters name."""
    if params.path is not None:
        return [ad_hoc_source(settings, params.path, params.source_name)]
    return configured_sources(settings, params.sources)


@flow(name="ingest", flow_run_name="ingest", validate_parameters=True)
def ingest(params: IngestParameters | None = None) -> State[Any]:
    """Bring documents in: list the sources, read what changed, make it visible batch by batch.

    Each document is parsed in a child process with limits. A batch becomes visible entirely or
    not at all; what cannot be taken is quarantined with a reason, and the run goes on.

    Args:
        params: Which documents to bring in; the defaults take every configured source.
    """
    settings, watcher = current_call()
    sources = choose_sources(settings, params or IngestParameters())
    corpus = open_corpus(settings)
    try:
        with IngestSession(
            corpus,
            sources,
            generation=corpus.writable(),
            runner="prefect",
            watcher=ArtifactWatcher(settings.store.collection, watcher),
        ) as session:
            report = run_ingest(TaskSteps(session, settings.orchestration.task_retries))
    finally:
        corpus.close()
    publish_report(report, settings.store.collection)
    return named_state(report)


def named_state(report: RunReport) -> State[Any]:
    """Return the run's final state under its own name, with the counts as its message."""
    if report.state is RunState.FAILED:
        return Failed(message=report.message)
    return Completed(name=report.state.value, message=report.message)
