"""The slot that lets runs of several deployments take turns to write: a courtesy, no lock."""

import contextvars
import threading
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


def test_a_run_waits_for_its_turn(desk: Any, slot: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()

    def noted(*names: Any, **options: Any) -> Any:
        asked.set()
        return concurrency(*names, **options)

    monkeypatch.setattr("flows.home.concurrency", noted)
    ended: list[Any] = []
    context = contextvars.copy_context()
    call = threading.Thread(target=context.run, args=(lambda: ended.append(desk.as_deployed()),))
    with concurrency(slot, occupy=1):
        call.start()
        assert asked.wait(120)
        call.join(2.0)  # time enough to begin, if it did not wait
        assert call.is_alive()
        assert runs(desk) == []
    call.join(120)
    assert ended[0].name == "Completed"


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
