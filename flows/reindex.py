"""The reindex flow: build a generation beside the live one, check it, promote it."""

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from config.overrides import parse_assignments
from flows.artifacts import ArtifactWatcher, publish_rebuilt
from flows.events import announce_promotion
from flows.home import current_call, opened_home
from flows.parameters import ReindexParameters
from flows.promotion import decide_promotion
from flows.states import named_state
from flows.steps import TaskSteps
from indexing.generations.reindex import reindex as build_and_promote
from indexing.running.report import RunState
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
    collection = settings.store.collection
    with opened_home() as corpus:
        rebuilt = build_and_promote(
            corpus,
            overrides=parse_assignments(tuple(chosen.set_options)),
            approval=chosen.approval,
            gates=golden_gates(corpus),
            runner="prefect",
            watcher=ArtifactWatcher(collection, watcher),
            as_steps=partial(TaskSteps, retries=settings.orchestration.task_retries),
        )
    publish_rebuilt(rebuilt, collection)
    if rebuilt.switch is not None:
        announce_promotion(rebuilt.switch, collection, "reindex")
    if rebuilt.report.state is RunState.AWAITING_APPROVAL:
        return decide_promotion(rebuilt.generation, chosen.wait_hours)
    return named_state(rebuilt.report)
