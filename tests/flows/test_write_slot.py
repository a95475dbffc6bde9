"""The slot that lets runs of several deployments take turns to write: a courtesy, no lock."""

import contextvars
import threading
from collections.abc import Callable
from typing import Any

import pytest
from prefect.concurrency.sync import concurrency

from indexing.ledger.runs import recent_runs
from tests.support.prefect_api import client

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


def runs(desk: Any) -> Any:
    if not desk.settings.home.exists():
        return []
    return desk.look(lambda corpus: recent_runs(corpus.ledger, 5))


def ends_once_the_slot_is_free(
    slot: str, call_it: Callable[[], Any], look: Callable[[], Any], patch: pytest.MonkeyPatch
) -> Any:
    """Call a flow while the slot is taken; what is looked at may not change before it is free."""
    asked = threading.Event()

    def noted(*names: Any, **options: Any) -> Any:
        asked.set()
        return concurrency(*names, **options)

    patch.setattr("flows.home.concurrency", noted)
    ended: list[Any] = []
    context = contextvars.copy_context()
    call = threading.Thread(target=context.run, args=(lambda: ended.append(call_it()),))
    before = look()
    with concurrency(slot, occupy=1):
        call.start()
        assert asked.wait(120)
        call.join(2.0)  # time enough to begin, if it did not wait
        assert call.is_alive()
        assert look() == before
    call.join(120)
    return ended[0]


def test_a_run_waits_for_its_turn(desk: Any, slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    state = ends_once_the_slot_is_free(slot, desk.as_deployed, lambda: runs(desk), monkeypatch)
    assert state.name == "Completed"
    assert len(runs(desk)) == 1


@pytest.mark.parametrize(
    ("entrypoint", "params", "ending"),
    [
        ("flows.purging.purge", {"documents": ["0.txt"], "approval": "automatic"}, "Purged"),
        ("flows.upkeep.verify", {"mode": "repair"}, "Completed"),
    ],
)
def test_what_an_ingest_would_refuse_waits_for_its_turn_too(
    entrypoint: str,
    params: dict[str, Any],
    ending: str,
    desk: Any,
    slot: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from prefect.flows import load_flow_from_entrypoint

    assert desk.as_deployed().name == "Completed"
    flow: Any = load_flow_from_entrypoint(entrypoint)

    def call() -> Any:
        return flow(params, return_state=True)

    assert ends_once_the_slot_is_free(slot, call, desk.texts, monkeypatch).name == ending


def test_a_slot_that_is_never_given_back_does_not_stop_the_ingest(
    desk: Any, slot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.home.SLOT_SECONDS", 1.0)
    with concurrency(slot, occupy=1):
        assert desk.as_deployed().name == "Completed"
    assert len(runs(desk)) == 1


def test_a_slot_that_nobody_made_does_not_stop_the_ingest(desk: Any, slot: str) -> None:
    with client() as api:
        api.delete_global_concurrency_limit_by_name(slot)
    assert desk.as_deployed().name == "Completed"


def test_the_slot_is_free_again_after_a_run_that_failed(desk: Any, slot: str) -> None:
    for path in desk.folder.iterdir():
        path.unlink()
    desk.folder.rmdir()
    assert desk.as_deployed().is_failed()
    with client() as api:
        assert api._client.get(f"/v2/concurrency_limits/{slot}").json()["active_slots"] == 0


def test_the_turn_of_a_killed_run_is_over_after_a_minute(
    desk: Any, slot: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases: list[float] = []

    def noted(*names: Any, lease_duration: float, **options: Any) -> Any:
        leases.append(lease_duration)
        return concurrency(*names, lease_duration=lease_duration, **options)

    monkeypatch.setattr("flows.home.concurrency", noted)
    assert desk.as_deployed().name == "Completed"
    assert leases
    assert max(leases) <= 60
