"""`holdfast up` as a person uses it: a real server, a real worker, deployed runs, the input form.

Slow, because every run is a process that loads the encoder:
    pytest tests/flows/test_laptop.py -m thorough
"""

import signal
import time
from collections.abc import Iterator

import pytest

from flows.children import is_alive
from tests.support.laptop import Laptop
from tests.support.site import until

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.model,
    pytest.mark.thorough,
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    started = Laptop(tmp_path_factory.mktemp("laptop"))
    try:
        yield started
    finally:
        started.shut_down()


def test_everything_is_registered_and_registering_again_changes_nothing(laptop: Laptop) -> None:
    automation = laptop.api.post("/automations/filter", json={}).json()[0]
    laptop.api.patch(f"/automations/{automation['id']}", json={"enabled": False})
    laptop.env["PREFECT_API_URL"] = str(laptop.api.base_url).rstrip("/")
    try:
        again = laptop.holdfast("deploy")
    finally:
        del laptop.env["PREFECT_API_URL"]
    assert again["changed"] == []
    assert len(again["automations"]) == 5
    assert {"ingest", "reindex", "promote", "purge", "evaluate"} <= set(again["deployments"])
    found = laptop.api.get(f"/automations/{automation['id']}").json()
    assert found["enabled"] is False  # as somebody left it
    laptop.api.patch(f"/automations/{automation['id']}", json={"enabled": True})
    limit = laptop.api.get("/v2/concurrency_limits/holdfast-write-holdfast").json()
    assert limit["limit"] == 1


def test_an_ingest_from_the_form_is_seen_by_readers_and_verified(laptop: Laptop) -> None:
    for number in range(5):
        laptop.write(number)
    state = laptop.run("ingest/ingest")
    assert (state["name"], state["message"]) == ("Completed", "5 enumerated, 5 indexed")
    assert laptop.holdfast("status")["documents"] == 5

    def verified() -> bool:
        return any(run["state"]["type"] == "COMPLETED" for run in laptop.runs_of("verify/verify"))

    assert until(verified)  # by the automation that a commit sets off


def test_a_value_that_the_form_refuses_makes_no_run(laptop: Laptop) -> None:
    before = len(laptop.runs_of("reindex/reindex"))
    for params in (
        {"set_options": ["chunking.max_tokns=120"]},
        {"approval": "perhaps"},
        {"wait_hours": -1},
        {"aproval": "manual"},
    ):
        refused = laptop.trigger("reindex/reindex", **params)
        assert refused.status_code == 409, refused.text
    assert len(laptop.runs_of("reindex/reindex")) == before


def test_a_promotion_is_approved_in_the_form(laptop: Laptop) -> None:
    old = laptop.holdfast("status")["generation"]
    run = laptop.trigger(
        "reindex/reindex", set_options=["chunking.max_tokens=180"], approval="manual"
    ).json()["id"]
    laptop.in_state(run, "PAUSED")
    assert f"`{old}`" in laptop.facts(run)
    assert laptop.holdfast("status")["generation"] == old
    laptop.resume(run, decision="approve", comment="looks right")
    assert laptop.ended(run)["name"] == "Completed"
    assert laptop.holdfast("status")["generation"] != old


def test_a_cancelled_run_leaves_nothing_half_visible(laptop: Laptop) -> None:
    for number in range(5, 605):
        laptop.write(number)
    run = laptop.trigger("ingest/ingest").json()["id"]
    laptop.in_state(run, "RUNNING")
    until(lambda: laptop.engines(run))
    body = {"state": {"type": "CANCELLING"}}
    laptop.api.post(f"/flow_runs/{run}/set_state", json=body).raise_for_status()
    assert laptop.ended(run)["type"] == "CANCELLED"
    until(lambda: not laptop.engines(run))
    audit = laptop.holdfast("verify")
    assert set(audit["faults"]) <= {"leftover"}
    state = laptop.run("ingest/ingest")
    assert state["type"] == "COMPLETED"
    assert laptop.holdfast("status")["documents"] == 605
    assert laptop.holdfast("verify")["sound"]


def test_a_killed_run_is_crashed_and_the_next_one_heals(laptop: Laptop) -> None:
    for number in range(605, 1205):
        laptop.write(number)
    run = laptop.trigger("ingest/ingest").json()["id"]
    laptop.in_state(run, "RUNNING")
    engines = until(lambda: laptop.engines(run))
    time.sleep(1)
    engines[0].send_signal(signal.SIGKILL)
    assert laptop.ended(run)["type"] == "CRASHED"
    assert laptop.run("ingest/ingest")["type"] == "COMPLETED"
    assert laptop.holdfast("status")["documents"] == 1205
    assert laptop.holdfast("verify")["sound"]


@pytest.mark.parametrize("words", [("worker", "start"), ("server", "start")])
def test_a_killed_part_ends_all_of_it_and_the_next_start_heals(
    laptop: Laptop, words: tuple[str, str]
) -> None:
    standing = laptop.holdfast("status")["documents"]
    for number in range(standing, standing + 300):
        laptop.write(number)
    run = laptop.trigger("ingest/ingest").json()["id"]
    laptop.in_state(run, "RUNNING")
    engines = until(lambda: laptop.engines(run))
    laptop.part(*words).kill()
    assert laptop.over() == 1
    assert [engine for engine in engines if is_alive(engine)] == []
    laptop.start()
    # Neither takes its place up any more, so the next one is not cancelled in its favour.
    assert laptop.ended(run)["type"] == "CRASHED"
    assert laptop.run("ingest/ingest")["type"] == "COMPLETED"
    assert laptop.holdfast("status")["documents"] == standing + 300
    assert laptop.holdfast("verify")["sound"]


def test_ctrl_c_ends_all_of_it(laptop: Laptop) -> None:
    family = laptop.family()
    assert len(family) >= 2
    assert laptop.shut_down() == 130
    assert [process for process in family if is_alive(process)] == []
