"""The flows promote and rollback: another generation becomes the live one."""

from functools import partial
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from config.settings import Approval
from flows.approval import ask
from flows.artifacts import ArtifactWatcher, publish_promotion, publish_rebuilt
from flows.events import announce_promotion
from flows.facts import promotion_facts
from flows.home import current_call, opened_home
from flows.parameters import PromoteParameters, RollbackParameters
from flows.states import Ending, ended_as, named_state, nothing_to_do, with_remark
from flows.steps import TaskSteps
from indexing.errors import PromotionError
from indexing.generations.promotion import rollback as go_back
from indexing.generations.reindex import promote as make_live
from indexing.generations.rejection import reject
from indexing.ledger.generations import GenerationState, find_generation, list_generations
from indexing.running.report import RunState
from query.golden import golden_gates


@flow(name="promote", flow_run_name="promote", validate_parameters=True)
def promote(params: PromoteParameters | None = None) -> State[Any]:
    """Make a generation that waits for approval the live one, caught up with what came since.

    Only a generation that passed every gate waits. Where none does, nothing is done.

    Args:
        params: Which one, and whether to be asked; the defaults show the newest one's facts.
    """
    chosen = params or PromoteParameters()
    with opened_home() as corpus:
        generations = list_generations(corpus.ledger)
    waiting = [g.name for g in generations if g.state is GenerationState.READY]
    name = chosen.generation or (waiting[-1] if waiting else None)
    if name is None:
        return nothing_to_do("no generation waits for promotion; a reindex builds one")
    if chosen.approval is Approval.MANUAL and name in waiting:
        return decide_promotion(name, chosen.wait_hours)
    return promote_now(name)


def decide_promotion(name: str, hours: float) -> State[Any]:
    """Let a person decide about a generation that passed its gates."""
    with opened_home() as corpus:
        generation = find_generation(corpus.ledger, name)
        if generation is None:
            raise PromotionError(f"There is no generation {name}; `holdfast status` shows them.")
        facts = promotion_facts(corpus, generation)
    decision = ask(facts, hours)
    if decision.approved:
        return with_remark(promote_now(name), decision.said)
    if not decision.rejected:
        return with_remark(undecided(name), decision.said)
    with opened_home() as corpus:
        reject(corpus, name, decision.comment)
    message = f"{name} was rejected{decision.because}"
    return ended_as(Ending.PROMOTION_REJECTED, message)


def undecided(name: str) -> State[Any]:
    """Say how a generation stands that this run decides nothing about; another one may have."""
    with opened_home() as corpus:
        generation = find_generation(corpus.ledger, name)
    if generation is None or generation.state is not GenerationState.READY:
        now = generation.state.value if generation else "gone"
        return nothing_to_do(f"{name} is {now} by now, decided elsewhere; this run changed nothing")
    message = f"{name} waits for a decision: run promote, or `holdfast promote {name}`"
    return Completed(name=RunState.AWAITING_APPROVAL.value, message=message)


def promote_now(name: str) -> State[Any]:
    """Let a generation catch up, look once more, and write the alias."""
    settings, watcher = current_call()
    collection = settings.store.collection
    with opened_home() as corpus:
        rebuilt = make_live(
            corpus,
            name,
            gates=golden_gates(corpus),
            runner="prefect",
            watcher=ArtifactWatcher(collection, watcher),
            as_steps=partial(TaskSteps, retries=settings.orchestration.task_retries),
        )
    publish_rebuilt(rebuilt, collection)
    if rebuilt.switch is not None:
        announce_promotion(rebuilt.switch, collection, "promote")
    return named_state(rebuilt.report)


@flow(name="rollback", flow_run_name="rollback", validate_parameters=True)
def rollback(params: RollbackParameters | None = None) -> State[Any]:
    """Make the generation that was live before the live one again, by one alias write.

    A run that is writing to the present one is stopped. What was committed since the promotion
    is not in the old generation: the next ingest brings it in.

    Args:
        params: Which generation; the default is the one that was live before.
    """
    chosen = params or RollbackParameters()
    settings, _ = current_call()
    with opened_home() as corpus:
        switch = go_back(corpus, chosen.to or None)
    publish_promotion(switch, settings.store.collection)
    announce_promotion(switch, settings.store.collection, "rollback")
    message = f"{switch.generation} is live again at epoch {switch.epoch}"
    if switch.behind:
        message += f"; {switch.behind} documents are served otherwise than before"
    if switch.barred:
        message += f"; an ingest would be refused: {switch.barred}"
    elif switch.behind:
        message += ", run ingest"
    return ended_as(Ending.ROLLED_BACK, message)
