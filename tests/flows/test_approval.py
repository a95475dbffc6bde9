"""A person decides in the input form of a paused run, with the facts in front of them."""

from typing import Any

import pytest

from config.settings import Approval, ChunkingSettings
from indexing.ledger.documents import list_standings
from indexing.ledger.generations import GenerationState, find_generation
from tests.support.prefect_api import Waiting, artifacts, client

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api", "quick_polls")]


@pytest.fixture
def quick_polls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.approval.POLL_SECONDS", 0.2)


@pytest.fixture
def emptied(desk: Any) -> Any:
    """A home of six documents whose folder is empty now."""
    desk.fill(6)
    assert desk.flow().name == "Completed"
    for path in desk.folder.iterdir():
        path.unlink()
    return desk


@pytest.fixture
def changed(desk: Any) -> Any:
    """A home whose settings ask for another generation."""
    desk.fill(3)
    assert desk.flow().name == "Completed"
    desk.change(chunking=ChunkingSettings(max_tokens=180))
    return desk


def test_the_form_shows_what_is_gone_and_a_yes_deletes_it(
    emptied: Any, caplog: pytest.LogCaptureFixture
) -> None:
    waiting = Waiting(lambda: emptied.flow(deletions="ask"))
    facts = waiting.input("description")
    assert "6 deletions are withheld" in facts
    assert "- `0.txt`" in facts
    schema = waiting.input("schema")
    assert list(schema["properties"]) == ["decision", "comment"]
    assert schema["properties"]["decision"]["default"] == "later"
    assert len(emptied.texts()) == 6  # nothing happens before the answer

    assert waiting.resume(decision="approve", comment="the folder moved") == "ACCEPT"
    state = waiting.end()
    assert (state.name, state.message) == ("Completed", "6 deleted; approved: the folder moved")
    assert "A person decided: approve: the folder moved" in caplog.messages
    assert emptied.texts() == []


@pytest.mark.thorough
def test_a_no_leaves_every_document(emptied: Any) -> None:
    waiting = Waiting(lambda: emptied.flow(deletions="ask"))
    waiting.resume(decision="reject", comment="the share is not mounted")
    state = waiting.end()
    assert state.name == "DeletionsRejected"
    assert state.message == "6 deletions were rejected: the share is not mounted"
    assert len(emptied.texts()) == 6


def test_an_answer_that_the_form_does_not_have_is_refused(emptied: Any) -> None:
    waiting = Waiting(lambda: emptied.flow(deletions="ask"))
    assert waiting.resume(decision="perhaps") == "REJECT"
    assert waiting.resume(decision="approve", force=True) == "REJECT"
    assert len(emptied.texts()) == 6
    waiting.resume(decision="reject")
    assert waiting.end().name == "DeletionsRejected"


def test_who_wants_to_decide_later_is_quoted(emptied: Any) -> None:
    waiting = Waiting(lambda: emptied.flow(deletions="ask"))
    waiting.resume(decision="later", comment="ask Ana first")
    state = waiting.end()
    assert state.name == "DeletionsWithheld"
    assert state.message == "6 withheld; put off: ask Ana first"
    assert len(emptied.texts()) == 6


@pytest.mark.thorough
def test_resuming_without_an_answer_decides_nothing(emptied: Any) -> None:
    waiting = Waiting(lambda: emptied.flow(deletions="ask"))
    waiting.resume()
    assert waiting.end().name == "DeletionsWithheld"
    assert len(emptied.texts()) == 6


def test_a_yes_is_for_what_was_seen_and_no_more(desk: Any) -> None:
    desk.fill(12)
    desk.flow()
    texts = desk.texts()
    for path in list(desk.folder.iterdir())[:11]:
        path.unlink()
    waiting = Waiting(lambda: desk.flow(deletions="ask"))
    for path in desk.folder.iterdir():
        path.unlink()  # the last one goes, too, while the person thinks
    waiting.resume(decision="approve")
    assert waiting.end().name == "DeletionsWithheld"
    assert desk.texts() == texts


def test_a_run_that_waits_is_in_nobodys_way(emptied: Any) -> None:
    waiting = Waiting(lambda: emptied.flow(deletions="ask"))
    emptied.fill(6)  # the share is mounted again, and another run sees it
    assert emptied.flow().name in {"Completed", "NothingToDo"}
    waiting.resume(decision="approve")
    state = waiting.end()
    assert state.name == "NothingToDo"
    assert "another run settled" in state.message
    assert len(emptied.texts()) == 6


@pytest.mark.thorough
def test_where_nobody_answers_the_run_ends_by_itself_without_a_decision(emptied: Any) -> None:
    state = emptied.flow(deletions="ask", wait_hours=0.0005)
    assert (state.name, state.message) == ("DeletionsWithheld", "6 withheld")
    assert state.is_completed()
    assert len(emptied.texts()) == 6


def gates_of(markdown: str) -> set[str]:
    """Return the gates of an artifact's table."""
    cells = [line.split(" | ") for line in markdown.splitlines() if line.startswith("| ")]
    return {row[0] for row in cells} - {"| gate"}


def test_a_generation_is_shown_and_promoted_on_approval(changed: Any) -> None:
    old = changed.look(lambda corpus: corpus.live().name)
    waiting = Waiting(lambda: changed.flow("reindex", approval="manual"))
    facts = waiting.input("description")
    assert f"| generation | `{old}` |" in facts
    assert "| documents | 3 | 3 |" in facts
    assert "200 → 180" in facts
    assert "| documents | passed |" in facts
    assert changed.look(lambda corpus: corpus.live().name) == old

    waiting.resume(decision="approve", comment="seen by Ana")
    state = waiting.end()
    assert state.name == "Completed"
    assert "; approved: seen by Ana" in state.message
    new = changed.look(lambda corpus: corpus.live().name)
    assert new != old

    after, before = artifacts(f"reindex-gates-{changed.settings.store.collection}")
    assert f"`{new}` is live." in after.data
    assert f"`{old}` is live." in before.data
    assert gates_of(after.data) == gates_of(before.data)
    assert "| documents | passed | **again** | 3 | 3 | +0 |" in after.data
    assert "| known\\_items | passed | when built |" in after.data
    assert "known_items  live " in after.data  # the plot
    assert after.description == f"7 of 8 gates hold, skipped: golden; {new} is live."


@pytest.mark.thorough
def test_a_rejected_generation_is_never_promoted(changed: Any) -> None:
    old = changed.look(lambda corpus: corpus.live().name)
    waiting = Waiting(lambda: changed.flow("reindex", approval="manual"))
    waiting.resume(decision="reject", comment="not before the release")
    state = waiting.end()
    assert state.name == "PromotionRejected"
    name = state.message.split()[0]
    generation = changed.look(lambda corpus: find_generation(corpus.ledger, name))
    assert generation.state is GenerationState.REJECTED
    assert changed.look(lambda corpus: corpus.live().name) == old
    assert changed.flow("promote").name == "NothingToDo"
    named = changed.flow("promote", generation=name)
    assert named.is_failed()
    assert "person: rejected: not before the release" in named.message


@pytest.mark.thorough
def test_what_nobody_decided_about_is_promoted_later(changed: Any) -> None:
    old = changed.look(lambda corpus: corpus.live().name)
    state = changed.flow("reindex", approval=Approval.MANUAL, wait_hours=0)
    assert state.name == "AwaitingApproval"
    waiting = Waiting(lambda: changed.flow("promote"))
    assert "Make `" in waiting.input("description")
    waiting.resume(decision="approve")
    assert waiting.end().name == "Completed"
    assert changed.look(lambda corpus: corpus.live().name) != old


def test_the_form_compares_with_the_generation_that_is_replaced(changed: Any) -> None:
    changed.flow("reindex", approval="manual", wait_hours=0)
    first = changed.look(lambda corpus: corpus.live().name)
    changed.change(chunking=ChunkingSettings(max_tokens=160))
    assert changed.flow("reindex").name == "Completed"
    between = changed.look(lambda corpus: corpus.live().name)
    waiting = Waiting(lambda: changed.flow("promote"))
    facts = waiting.input("description")
    assert f"`{between}` became live since" in facts
    held = {row[0].strip("| "): row[3] for row in map(split, facts.splitlines()) if len(row) > 6}
    assert held["known\\_items"] == held["latency"] == f"`{between}`"
    assert held["documents"] == f"`{first}`"
    waiting.resume(decision="later")
    assert waiting.end().name == "AwaitingApproval"


@pytest.mark.parametrize(("answer", "now"), [("approve", "live"), ("reject", "rejected")])
def test_a_generation_that_another_run_decided_about_does_not_wait(
    answer: str, now: str, changed: Any
) -> None:
    changed.flow("reindex", approval="manual", wait_hours=0)
    first, second = (Waiting(lambda: changed.flow("promote")) for _ in range(2))
    first.resume(decision=answer)
    first.end()
    second.resume(decision="later")
    state = second.end()
    assert state.name == "NothingToDo"
    assert f"is {now} by now" in state.message


def split(line: str) -> list[str]:
    return line.split(" | ")


@pytest.mark.thorough
def test_starting_a_promotion_can_be_the_approval(changed: Any) -> None:
    changed.flow("reindex", approval="manual", wait_hours=0)
    assert changed.flow("promote", approval="automatic").name == "Completed"


def test_a_document_that_is_named_twice_is_counted_once(desk: Any) -> None:
    desk.fill(2)
    desk.flow()
    (identity,) = {
        str(one.document_id)
        for one in desk.look(lambda c: list_standings(c.ledger, c.live().name))
        if one.key == "0.txt"
    }
    waiting = Waiting(lambda: desk.flow("purge", documents=["0.txt", identity]))
    facts = waiting.input("description")
    waiting.resume(decision="reject")
    assert waiting.end().name == "PurgeRejected"
    assert "## Remove 1 documents for good?" in facts
    assert facts.count("`0.txt`") == 1


def test_a_purge_shows_what_would_go(desk: Any) -> None:
    desk.fill(2)
    desk.flow()
    waiting = Waiting(lambda: desk.flow("purge", documents=["0.txt"]))
    assert "`0.txt`" in waiting.input("description")
    waiting.resume(decision="approve", comment="asked for by its author")
    state = waiting.end()
    assert state.name == "Purged"
    assert state.message.endswith("; approved: asked for by its author")
    assert len(desk.texts()) == 1


def test_a_run_that_is_retried_asks_anew(desk: Any) -> None:
    """As the button of the UI does; the answer to the first form says nothing about the second."""
    from prefect.flow_engine import run_flow
    from prefect.states import AwaitingRetry

    from flows.home import called_with
    from flows.purging import purge
    from indexing.running.watch import SilentWatcher

    desk.fill(2)
    desk.flow()
    params = {"params": {"documents": ["0.txt"]}}
    with client() as api:
        deployment = api.create_deployment(
            api.create_flow(purge), name=desk.settings.store.collection
        )
        run = api.create_flow_run_from_deployment(deployment, parameters=params)

    def attempt() -> Any:
        with called_with(desk.settings, SilentWatcher()), client() as api:
            now = api.read_flow_run(run.id)
            return run_flow(purge, flow_run=now, parameters=params, return_type="state")

    first = Waiting(attempt)
    first.resume(decision="reject", comment="not yet")
    assert first.end().name == "PurgeRejected"
    with client() as api:
        api.set_flow_run_state(run.id, AwaitingRetry())
    second = Waiting(attempt)
    assert second.run.id == run.id
    assert "`0.txt`" in second.input("description")
    second.resume()
    state = second.end()
    assert (state.name, state.message) == ("PurgeRejected", "nobody decided; nothing was changed")
