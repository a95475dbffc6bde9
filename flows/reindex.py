"""The reindex flow: build a generation beside the live one, check it, promote it."""

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.artifacts import ArtifactWatcher, publish_report
from flows.ingest import current_call, named_state
from flows.parameters import ReindexParameters
from flows.steps import TaskSteps
from indexing.corpus import open_corpus
from indexing.reindex import reindex as build_and_promote
from ingestion.sources.configured import configured_sources


@flow(name="reindex", flow_run_name="reindex", validate_parameters=True)
def reindex(params: ReindexParameters | None = None) -> State[Any]:
    """Build a new generation with the settings in force and make it the live one.

    The live generation serves unchanged until the new one holds every document; then the alias
    is moved by one atomic write. A build that lacks documents is not promoted.

    Args:
        params: What to build; the defaults take every configured source.
    """
    settings, watcher = current_call()
    sources = configured_sources(settings, (params or ReindexParameters()).sources)
    corpus = open_corpus(settings)
    try:
        report = build_and_promote(
            corpus,
            sources,
            runner="prefect",
            watcher=ArtifactWatcher(settings.store.collection, watcher),
            as_steps=partial(TaskSteps, retries=settings.orchestration.task_retries),
        )
    finally:
        corpus.close()
    publish_report(report, settings.store.collection)
    return named_state(report)
