"""The reindex flow: build a generation beside the live one, check it, promote it."""

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config.overrides import parse_assignments
from flows.artifacts import ArtifactWatcher, publish_gates, publish_report
from flows.ingest import current_call, named_state
from flows.parameters import ReindexParameters
from flows.steps import TaskSteps
from indexing.corpus import open_corpus
from indexing.generations.reindex import reindex as build_and_promote
from query.golden import golden_gates


@flow(name="reindex", flow_run_name="reindex", validate_parameters=True)
def reindex(params: ReindexParameters | None = None) -> State[Any]:
    """Build a new generation beside the live one and make it the live one.

    Documents come from the blobs; no source is read. The live generation serves unchanged until
    the new one has caught up with it and passed every gate; then the alias is moved by one atomic
    write. A generation that fails a gate is never promoted.

    Args:
        params: How to build; the defaults take the settings in force.
    """
    settings, watcher = current_call()
    chosen = params or ReindexParameters()
    corpus = open_corpus(settings)
    try:
        rebuilt = build_and_promote(
            corpus,
            overrides=parse_assignments(tuple(chosen.set_options)),
            approval=chosen.approval,
            gates=golden_gates(corpus),
            runner="prefect",
            watcher=ArtifactWatcher(settings.store.collection, watcher),
            as_steps=partial(TaskSteps, retries=settings.orchestration.task_retries),
        )
    finally:
        corpus.close()
    publish_report(rebuilt.report, settings.store.collection)
    publish_gates(rebuilt.gates, settings.store.collection)
    return named_state(rebuilt.report)
