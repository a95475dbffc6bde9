"""An operator goes through docs/operations.md: every deployment from its form, as the UI sends it.

Slow, because every run is a process:
    pytest tests/flows/test_operator.py -m thorough
"""

from collections.abc import Iterator

import pytest

from tests.support.laptop import Laptop

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.model,
    pytest.mark.thorough,
    pytest.mark.timeout(2400),
]


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Laptop]:
    started = Laptop(tmp_path_factory.mktemp("operator"))
    for automation in started.api.post("/automations/filter", json={}).json():
        started.api.patch(f"/automations/{automation['id']}", json={"enabled": False})
    try:
        yield started
    finally:
        started.shut_down()


def answered(laptop: Laptop, name: str, decision: str, **params: object) -> tuple[str, str]:
    """Start a run that asks, answer its form, and return what was asked and how it ended."""
    run = str(laptop.trigger(name, **params).raise_for_status().json()["id"])
    laptop.in_state(run, "PAUSED")
    facts = laptop.facts(run)
    laptop.resume(run, decision=decision, comment="seen")
    return facts, str(laptop.ended(run)["name"])


def test_quick_run_of_what_finds_nothing_to_do_says_so(laptop: Laptop) -> None:
    for name in ("promote/promote", "purge/purge", "evaluate/evaluate", "backup/backup"):
        state = laptop.run(name)
        assert (state["type"], state["name"]) == ("COMPLETED", "NothingToDo"), (name, state)


def test_documents_come_in_and_those_refused_can_be_tried_again(laptop: Laptop) -> None:
    for number in range(13):
        laptop.write(number)
    broken = laptop.folder / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7 no more")
    assert laptop.run("ingest/ingest")["name"] == "CompletedWithQuarantine"
    assert laptop.run("ingest/ingest")["name"] == "NothingToDo"
    again = laptop.run("ingest/retry-quarantine")
    assert again["name"] == "CompletedWithQuarantine"
    assert laptop.holdfast("status")["quarantined"] == 1
    broken.unlink()
    assert laptop.run("ingest/ingest")["type"] == "COMPLETED"
    assert laptop.holdfast("status")["quarantined"] == 0


def test_withheld_deletions_are_shown_and_approved(laptop: Laptop) -> None:
    for path in list(laptop.folder.iterdir())[:11]:
        path.unlink()
    assert laptop.run("ingest/ingest")["name"] == "DeletionsWithheld"
    assert laptop.holdfast("status")["documents"] == 13
    facts, ended = answered(laptop, "ingest/approve-deletions", "approve")
    assert "11 deletions are withheld" in facts
    assert ended == "Completed"
    assert laptop.holdfast("status")["documents"] == 2


def test_a_generation_waits_is_promoted_and_taken_back(laptop: Laptop) -> None:
    old = laptop.holdfast("status")["generation"]
    options = ["chunking.max_tokens=180"]
    _, ended = answered(laptop, "reindex/reindex", "later", set_options=options, approval="manual")
    assert ended == "AwaitingApproval"
    assert laptop.holdfast("status")["generation"] == old
    facts, ended = answered(laptop, "promote/promote", "approve")
    assert f"`{old}`" in facts
    assert ended == "Completed"
    assert laptop.holdfast("status")["generation"] != old
    assert laptop.run("rollback/rollback")["name"] == "RolledBack"
    assert laptop.holdfast("status")["generation"] == old


def test_the_upkeep_can_be_started_by_hand(laptop: Laptop) -> None:
    assert laptop.run("verify/verify")["name"] == "Completed"
    assert laptop.run("verify/verify", mode="repair", depth="deep")["type"] == "COMPLETED"
    assert laptop.run("gc/gc", mode="preview")["name"] in {"Previewed", "NothingToDo"}
    assert laptop.run("backup/backup")["name"] == "BackedUp"
    key = next(laptop.folder.iterdir()).name
    facts, ended = answered(laptop, "purge/purge", "reject", documents=[key])
    assert key in facts
    assert ended == "PurgeRejected"
    assert laptop.holdfast("status")["documents"] == 2
    _, ended = answered(laptop, "purge/purge", "approve", documents=[key])
    assert ended == "Purged"
    assert laptop.holdfast("status")["documents"] == 1
