"""The automations as code: what they react to, what they do, and when they are made anew."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from prefect.client.schemas.objects import StateType

from flows.automations import in_order, make_automations, marked
from flows.events import COMMITTED

IDS = {name: uuid4() for name in ("verify", "evaluate")}


def made(**changes: Any) -> dict[str, Any]:
    options: dict[str, Any] = {"stale_after_hours": 24.0, "silent_seconds": 540}
    options |= {"notification": uuid4(), **changes}
    deployments = options.pop("deployments", IDS)
    return {one.name: one for one in make_automations("main", deployments, **options)}


def test_each_is_valid_to_the_server() -> None:
    from prefect.server.events.schemas.automations import AutomationCore as ServerSide

    for automation in made().values():
        sent = automation.model_dump(mode="json")
        assert ServerSide.model_validate(sent).name == automation.name


def test_a_commit_is_verified_and_a_promotion_evaluated() -> None:
    automations = made()
    verify = automations["holdfast: verify after a commit"]
    assert verify.trigger.expect == {COMMITTED}
    assert [a.deployment_id for a in verify.actions] == [IDS["verify"]]
    evaluate = automations["holdfast: evaluate after a promotion"]
    assert [a.deployment_id for a in evaluate.actions] == [IDS["evaluate"]]


def test_a_run_without_heartbeats_is_crashed_and_a_named_ending_is_a_sign_of_life() -> None:
    zombies = made()["holdfast: crash runs without a heartbeat"]
    goes_on = {"heartbeat", "Pending", "Running", "Paused"}
    assert zombies.trigger.after == {f"prefect.flow-run.{name}" for name in goes_on}
    assert zombies.trigger.expect == {"prefect.flow-run.*"}
    assert zombies.trigger.for_each == {"prefect.resource.id"}
    assert zombies.trigger.within == timedelta(seconds=540)
    (action,) = zombies.actions
    assert (action.state, action.force) == (StateType.CRASHED, False)
    sooner = made(silent_seconds=90)["holdfast: crash runs without a heartbeat"]
    assert sooner.trigger.within == timedelta(seconds=90)
    assert "90 s" in sooner.description


def test_a_run_whose_worker_is_gone_does_not_stay_cancelling_for_ever() -> None:
    """Being cancelled is a sign of life to the other one, and Crashed is refused from then on."""
    ends = made(silent_seconds=90)["holdfast: end runs that nobody cancels"]
    assert ends.trigger.after == {"prefect.flow-run.Cancelling"}
    assert ends.trigger.expect == {"prefect.flow-run.Cancelled"}
    assert ends.trigger.match_related.model_dump() == {
        "prefect.resource.id": "prefect.tag.holdfast",
        "prefect.resource.role": "tag",
    }
    assert ends.trigger.for_each == {"prefect.resource.id"}
    assert ends.trigger.within == timedelta(seconds=90)
    (action,) = ends.actions
    assert (action.state, action.force) == (StateType.CANCELLED, False)


@pytest.mark.parametrize("hours", [0.5, 48])
def test_the_freshness_objective_is_that_of_the_settings(hours: float) -> None:
    watch = made(stale_after_hours=hours)["holdfast: freshness missed"]
    assert watch.trigger.within == timedelta(hours=hours)
    assert len(watch.actions) == 2


def test_nobody_is_notified_without_a_block_and_nothing_evaluated_without_a_deployment() -> None:
    automations = made(notification=None, deployments={"verify": IDS["verify"]})
    assert list(automations) == [
        "holdfast: verify after a commit",
        "holdfast: crash runs without a heartbeat",
        "holdfast: end runs that nobody cancels",
        "holdfast: freshness missed",
    ]
    kinds = {action.type for one in automations.values() for action in one.actions}
    assert "send-notification" not in kinds


def test_the_tag_tells_whether_anything_changed() -> None:
    block = UUID(int=1)
    first, again = made(notification=block), made(notification=block)
    assert {n: a.tags for n, a in first.items()} == {n: a.tags for n, a in again.items()}
    other = made(notification=block, stale_after_hours=1.0)
    changed = {name for name, one in other.items() if one.tags != first[name].tags}
    assert changed == {"holdfast: freshness missed"}
    disabled = next(iter(first.values())).model_copy(update={"enabled": False})
    assert marked(disabled).tags == next(iter(first.values())).tags


def test_the_tag_is_the_same_in_every_process() -> None:
    """The order of a set of names depends on the process."""
    assert in_order({"b": ["z", "a"], "a": [{"c": ["y", "x"]}]}) == {
        "b": ["a", "z"],
        "a": [{"c": ["x", "y"]}],
    }
