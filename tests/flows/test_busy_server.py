"""A Prefect server that answers 503: it is asked again, and costs no run."""

import logging
from typing import Any

import pytest

from flows.automations import TAG
from flows.leftovers import crash_leftovers
from indexing.ledger.runs import recent_runs
from tests.support.busy_server import busy_server
from tests.support.prefect_api import Waiting, artifact, artifacts, client, until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]
FOR_EVER = 1_000


def brought_in(desk: Any) -> tuple[list[str], int]:
    """Return how each run of the home ended, and how many documents are there."""
    states = [run.state for run in desk.look(lambda corpus: recent_runs(corpus.ledger, 5))]
    return states, len(desk.texts())


def test_whatever_is_refused_twice_is_asked_again_and_no_run_is_lost(desk: Any, slot: str) -> None:
    with busy_server(times=2) as busy:
        state = desk.as_deployed()
        flow_run = state.state_details.flow_run_id
    assert state.name == "Completed"
    assert brought_in(desk) == (["Completed"], 2)
    assert set(busy.refused.values()) == {2}
    assert {
        "POST /api/flow_runs/",
        "POST /api/flow_runs/*/set_state",
        "POST /api/artifacts/",
        "PATCH /api/artifacts/*",
        "POST /api/v2/concurrency_limits/increment-with-lease",
        "POST /api/v2/concurrency_limits/decrement-with-lease",
    } <= set(busy.refused)
    with client() as api:
        assert api.read_flow_run(flow_run).state.name == "Completed"
        assert artifact(f"ingest-progress-{desk.settings.store.collection}").data == 100
        assert len(artifacts(f"ingest-report-{desk.settings.store.collection}")) == 1
        assert api._client.get(f"/v2/concurrency_limits/{slot}").json()["active_slots"] == 0


@pytest.mark.parametrize(
    ("path", "missing"),
    [
        ("/artifacts", "the artifact ingest-report-"),
        ("increment-with-lease", "No turn to write"),
        ("decrement-with-lease", "ends by itself within 60 s"),
    ],
    ids=["artifacts", "taking the turn", "giving it back"],
)
def test_what_a_run_can_do_without_does_not_end_it(
    path: str, missing: str, desk: Any, slot: str, caplog: pytest.LogCaptureFixture
) -> None:
    with busy_server(FOR_EVER, path) as busy, caplog.at_level(logging.WARNING):
        state = desk.as_deployed()
    assert sum(busy.refused.values()) > 2
    assert state.name == "Completed"
    assert brought_in(desk) == (["Completed"], 2)
    assert missing in caplog.text


def test_a_run_that_waits_for_a_person_outlasts_more_than_others(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.approval.POLL_SECONDS", 0.2)
    desk.fill(2)
    desk.flow()
    waiting = Waiting(lambda: desk.flow("purge", documents=["0.txt"]))
    poll = "GET /api/flow_runs/*"
    with busy_server(8, "GET /api/flow_runs/[*]$") as busy:
        until(lambda: busy.asked[poll] > 8)
    assert busy.refused[poll] == 8  # a ninth time Prefect's client would not ask by itself
    assert waiting.resume(decision="approve") == "ACCEPT"
    assert waiting.end().name == "Purged"


def test_runs_whose_processes_are_gone_are_ended_on_a_busy_server() -> None:
    from prefect import flow
    from prefect.settings import PREFECT_API_URL
    from prefect.states import Running

    @flow
    def left_behind() -> None: ...

    with client() as api:
        left = api.create_flow_run(left_behind, tags=[TAG], state=Running()).id
        with busy_server(times=2) as busy:
            assert crash_leftovers(PREFECT_API_URL.value()) == 1
        assert api.read_flow_run(left).state.is_crashed()
    assert busy.refused["POST /api/flow_runs/filter"] == 2
    assert busy.refused["POST /api/flow_runs/*/set_state"] == 2
