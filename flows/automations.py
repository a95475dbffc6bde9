"""The automations that Holdfast ships: what the Prefect server does by itself when events come."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.schemas.objects import StateType
from prefect.events.actions import (
    ActionTypes,
    ChangeFlowRunState,
    RunDeployment,
    SendNotification,
)
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

from flows.events import CHECKED, COMMITTED, PROMOTED, QUARANTINED, STALE, WITHHELD, corpus_resource
from flows.states import FAILURES
from indexing.running.report import RunState

TAG = "holdfast"
FLOW_RUN = "prefect.flow-run"
GOES_ON = ("heartbeat", "Pending", "Running", "Paused")
"""Events of a run after which more is to be heard of it."""


def make_automations(
    collection: str,
    deployments: Mapping[str, UUID],
    *,
    stale_after_hours: float,
    silent_seconds: int,
    notification: UUID | None = None,
) -> list[AutomationCore]:
    """Return every automation that these deployments and this notification block allow.

    Args:
        collection: The alias that events are about.
        deployments: Ids of deployments, by name.
        stale_after_hours: The freshness objective.
        silent_seconds: After how much silence a run is taken for dead.
        notification: Id of a block that can notify people; without one nobody is notified.
    """
    notices = [notice(notification)] if notification else []
    made = [
        verify_after_commit(collection, deployments["verify"]),
        crash_zombies(silent_seconds),
        end_cancelled(silent_seconds),
        watch_freshness(collection, deployments["verify"], stale_after_hours, notices),
    ]
    if "evaluate" in deployments:
        made.append(evaluate_after_promotion(collection, deployments["evaluate"]))
    if notification:
        made += [tell_of_events(collection, notices), tell_of_failures(notices)]
    return [marked(automation) for automation in made]


def marked(automation: AutomationCore) -> AutomationCore:
    """Tag an automation with what it is made of, so that a bootstrap knows one that is current."""
    content = in_order(automation.model_dump(mode="json", exclude={"tags", "enabled"}))
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
    return automation.model_copy(update={"tags": [TAG, f"{TAG}-{digest}"]})


def in_order(value: Any) -> Any:
    """Sort what was a set: its order differs from process to process."""
    if isinstance(value, dict):
        return {key: in_order(one) for key, one in value.items()}
    if isinstance(value, list):
        made = [in_order(one) for one in value]
        return sorted(made) if all(isinstance(one, str) for one in made) else made
    return value


def about(collection: str) -> dict[str, str | list[str]]:
    """Match events about one collection."""
    return {"prefect.resource.id": corpus_resource(collection)}


def our_runs() -> dict[str, str | list[str]]:
    """Match runs of our deployments by their tag."""
    return {"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"}


def missing(after: Iterable[str], expected: str, seconds: int) -> EventTrigger:
    """Fire where one of our runs was in one of these states and what is expected did not come."""
    return EventTrigger(
        posture=Posture.Proactive,
        after={f"{FLOW_RUN}.{name}" for name in after},
        expect={f"{FLOW_RUN}.{expected}"},
        match={"prefect.resource.id": f"{FLOW_RUN}.*"},
        match_related=our_runs(),
        for_each={"prefect.resource.id"},
        within=timedelta(seconds=seconds),
    )


def verify_after_commit(collection: str, verify: UUID) -> AutomationCore:
    """Look for faults after what readers see has changed; commits in a row are looked at once."""
    return AutomationCore(
        name="holdfast: verify after a commit",
        description="What was committed is held against the store, point by point.",
        trigger=EventTrigger(expect={COMMITTED}, match=about(collection)),
        actions=[run(verify)],
    )


def evaluate_after_promotion(collection: str, evaluate: UUID) -> AutomationCore:
    """Measure a generation that has just become the live one."""
    return AutomationCore(
        name="holdfast: evaluate after a promotion",
        description="Answers are measured with the generation that serves now.",
        trigger=EventTrigger(expect={PROMOTED}, match=about(collection)),
        actions=[run(evaluate)],
    )


def crash_zombies(seconds: int) -> AutomationCore:
    """End runs whose process died with its worker: nobody else would ever say so.

    Any event of the run counts as a sign of life, whatever its final state is called. What does not
    end it sets the clock anew; counted as a sign of life only, a resumed run that dies before its
    next heartbeat, or one whose worker dies before its first, would never be missed.
    """
    return AutomationCore(
        name="holdfast: crash runs without a heartbeat",
        description=f"A run that says nothing for {seconds} s is dead. Its lease runs out by "
        "itself, and the next run heals what it left.",
        trigger=missing(GOES_ON, "*", seconds),
        actions=[
            ChangeFlowRunState(
                state=StateType.CRASHED,
                name="Crashed",
                force=False,
                message=f"No heartbeat for {seconds} s: the process or its worker is gone.",
            )
        ],
    )


def end_cancelled(seconds: int) -> AutomationCore:
    """End runs that somebody cancels and whose worker is gone, which is who would end them.

    A run that is being cancelled can only become Cancelled: Crashed is refused by the server. Until
    then it takes up the one place of its deployment.
    """
    return AutomationCore(
        name="holdfast: end runs that nobody cancels",
        description=f"A run that is still being cancelled after {seconds} s has no worker any more "
        "that would do it. Should its process live, the lease keeps others from writing.",
        trigger=missing({"Cancelling"}, "Cancelled", seconds),
        actions=[
            ChangeFlowRunState(
                state=StateType.CANCELLED,
                name="Cancelled",
                force=False,
                message=f"Still being cancelled after {seconds} s: its worker is gone.",
            )
        ],
    )


def watch_freshness(
    collection: str, verify: UUID, hours: float, notices: list[ActionTypes]
) -> AutomationCore:
    """Notice that no ingest went through, or not of all sources; `verify` says since when."""
    return AutomationCore(
        name="holdfast: freshness missed",
        description=f"For {hours:g} hours no ingest went through that left every source fresh.",
        trigger=EventTrigger(
            posture=Posture.Proactive,
            expect={CHECKED},
            match=about(collection),
            within=timedelta(hours=hours),
        ),
        actions=[run(verify), *notices],
    )


def tell_of_events(collection: str, notices: list[ActionTypes]) -> AutomationCore:
    """Notify of what waits for a person."""
    return AutomationCore(
        name="holdfast: tell of withheld, quarantined and stale",
        trigger=EventTrigger(expect={WITHHELD, QUARANTINED, STALE}, match=about(collection)),
        actions=notices,
    )


def tell_of_failures(notices: list[ActionTypes]) -> AutomationCore:
    """Notify of runs that failed or wait; final states of ours have names of their own."""
    names = ["Failed", "Crashed", "TimedOut", "Paused", RunState.GATES_FAILED.value]
    names += sorted(ending.value for ending in FAILURES)
    return AutomationCore(
        name="holdfast: tell of failed and waiting runs",
        trigger=EventTrigger(
            expect={f"{FLOW_RUN}.{name}" for name in names},
            match={"prefect.resource.id": f"{FLOW_RUN}.*"},
            match_related=our_runs(),
        ),
        actions=notices,
    )


def run(deployment: UUID) -> ActionTypes:
    """Run a deployment with its own parameters."""
    return RunDeployment(
        source="selected", deployment_id=deployment, parameters=None, job_variables=None
    )


def notice(block: UUID) -> ActionTypes:
    """Say on one line what happened, and to what."""
    return SendNotification(
        block_document_id=block,
        subject="Holdfast: {{ event.event }}",
        body="{{ event.resource.name or event.resource.id }}: {{ event.event }} "
        "at {{ event.occurred }}",
    )
