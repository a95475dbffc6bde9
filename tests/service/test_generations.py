"""Generations, time, truth and guards from the command line."""

import json
import shutil
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from indexing.ledger.database import open_ledger

KEYS = {"rota.md", "keys.txt"}


def test_an_option_can_be_set_for_one_generation_and_everything_goes_on_with_it(
    desk: Any,
) -> None:
    ended = desk.on_home(
        "reindex", "--set", "chunking.max_tokens=60", "--set", "chunking.min_tokens=8", "--json"
    )
    assert (ended.code, ended.json["state"]) == (0, "Completed"), ended.err
    assert desk.ingest().json["state"] == "NothingToDo"
    desk.write("new.txt", "The lamp at the gate is out.\n")
    assert desk.ingest().code == 0
    assert {c["key"] for c in desk.chunks()} == KEYS | {"new.txt"}
    status = desk.on_home("status", "--json").json
    assert status["overrides"] == {"chunking.max_tokens": 60, "chunking.min_tokens": 8}
    back = desk.on_home("rollback", "--json")
    assert (back.code, back.json["generation"]) == (0, "holdfast__g1")
    assert (back.json["previous"], back.json["behind"]) == ("holdfast__g2", 1)
    assert {c["key"] for c in desk.chunks()} == KEYS
    assert desk.ingest().json["counts"]["indexed"] == 1


def test_a_rollback_to_another_pipeline_promises_no_ingest(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_CHUNKING__MAX_TOKENS", "180")
    assert desk.on_home("reindex").code == 0
    desk.write("new.txt", "The lamp at the gate is out.\n")
    assert desk.ingest().code == 0
    back = desk.on_home("rollback")
    assert back.code == 0
    assert "1 documents are served otherwise than before." in back.out
    assert "An ingest into it would be refused:" in back.out
    assert "chunking.max_tokens: 200 → 180" in back.out
    assert desk.ingest().code == 1
    there = desk.on_home("rollback")
    assert "otherwise than before; `holdfast ingest` brings them up to date." in there.out
    assert "refused" not in there.out
    assert desk.ingest().json["state"] == "NothingToDo"


def test_a_reindex_counts_as_in_quarantine_only_what_is(desk: Any) -> None:
    (desk.folder / "keys.txt").unlink()
    counts = desk.ingest().json["counts"]
    assert (counts["unchanged"], counts["deleted"], counts["quarantined"]) == (1, 1, 1)
    said = desk.on_home("reindex", "--set", "chunking.max_tokens=120").err
    line = "2 listed: 1 new, 0 changed, 0 moved, 0 unchanged, 1 still in quarantine"
    assert line in said.splitlines()


@pytest.mark.parametrize(
    ("assignment", "complaint"),
    [
        ("chunking.max_tokens", "write option=value"),
        ("chunking.max_tokns=9", "only what shapes points"),
        ("store.upsert_batch=9", "only what shapes points"),
        ("chunking.max_tokens=lots", "chunking.max_tokens (from --set)"),
    ],
)
def test_a_wrong_option_is_a_usage_error_and_builds_nothing(
    desk: Any, assignment: str, complaint: str
) -> None:
    ended = desk.on_home("reindex", "--set", assignment)
    assert ended.code == 2
    assert complaint in ended.complaint
    assert len(desk.on_home("status", "--json").json["generations"]) == 1


def test_a_generation_can_wait_for_a_person(desk: Any) -> None:
    waiting = desk.on_home("reindex", "--approval", "manual", "--json")
    assert (waiting.code, waiting.json["state"]) == (0, "AwaitingApproval")
    assert (waiting.json["promoted"], waiting.json["live"]) == (False, "holdfast__g1")
    states = {g["name"]: g["state"] for g in desk.on_home("status", "--json").json["generations"]}
    assert states == {"holdfast__g1": "live", "holdfast__g2": "ready"}
    told = desk.on_home("promote")
    assert told.code == 0
    assert "holdfast__g2 is live" in told.out
    nothing = desk.on_home("promote")
    assert (nothing.code, "No generation waits" in nothing.complaint) == (1, True)


def test_a_failed_gate_ends_with_withheld(desk: Any) -> None:
    shutil.rmtree(desk.home / "blobs")
    ended = desk.on_home("reindex", "--json")
    assert (ended.code, ended.json["state"]) == (4, "GatesFailed")
    failed = {g["gate"] for g in ended.json["gates"] if g["outcome"] == "failed"}
    assert "documents" in failed
    assert {c["key"] for c in desk.chunks()} == KEYS


def test_nothing_to_roll_back_to_is_said_so(desk: Any) -> None:
    ended = desk.on_home("rollback")
    assert ended.code == 1
    assert "no generation to go back to" in ended.complaint


def fill(desk: Any, count: int) -> None:
    for number in range(count):
        desk.write(f"more/{number}.txt", f"Door number {number} opens to the yard.\n")
    desk.ingest()


def test_withheld_deletions_are_approved_up_to_their_number(desk: Any) -> None:
    fill(desk, 40)
    for number in range(11):
        (desk.folder / f"more/{number}.txt").unlink()
    desk.write("new.txt", "An addition lands all the same.\n")
    withheld = desk.ingest()
    assert (withheld.code, withheld.json["state"]) == (4, "DeletionsWithheld")
    assert withheld.json["counts"]["withheld"] == 11
    assert withheld.json["counts"]["indexed"] == 1
    assert len(desk.chunks()) == 43
    (desk.folder / "more/11.txt").unlink()
    more = desk.on_home("approve", desk.folder, "--source", "docs", "--json")
    assert (more.code, more.json["counts"]["withheld"]) == (4, 12), "a ceiling, not a licence"
    desk.write("more/0.txt", "Door number 0 is back.\n")
    done = desk.on_home("approve", desk.folder, "--source", "docs", "--json")
    assert (done.code, done.json["counts"]["deleted"]) == (0, 11)
    assert len(desk.chunks()) == 32
    nothing = desk.on_home("approve", desk.folder, "--source", "docs")
    assert (nothing.code, "Nothing is withheld" in nothing.complaint) == (1, True)


def test_an_emptied_source_can_be_approved_and_is_otherwise_kept(desk: Any) -> None:
    for path in desk.folder.iterdir():
        path.unlink()
    assert desk.ingest().code == 4
    assert {c["key"] for c in desk.chunks()} == KEYS
    done = desk.on_home("approve", desk.folder, "--source", "docs", "--json")
    assert (done.code, done.json["counts"]["deleted"]) == (0, 3)
    assert desk.chunks() == []


def test_ten_deletions_or_a_tenth_need_nobody(desk: Any) -> None:
    fill(desk, 12)
    for number in range(10):
        (desk.folder / f"more/{number}.txt").unlink()
    assert desk.ingest().json["counts"]["deleted"] == 10
    fill(desk, 150)
    for number in range(15):
        (desk.folder / f"more/{number}.txt").unlink()
    assert desk.ingest().json["counts"]["deleted"] == 15


def test_a_moment_an_epoch_and_a_generation_name_earlier_states(desk: Any) -> None:
    import datetime as dt

    before = desk.chunks()
    moment = dt.datetime.now(dt.UTC).isoformat()
    desk.write("keys.txt", "The keys of the archive hang in room nine.\n")
    desk.ingest()
    for state in ("1", moment, "holdfast__g1@1"):
        assert desk.chunks("--as-of", state) == before
        listed = desk.on_home("docs", "list", "--json", "--as-of", state).lines
        assert {r["key"]: r["version"] for r in listed} == {"keys.txt": 1, "rota.md": 1}
        asked = desk.on_home("ask", "Where do the keys hang?", "--json", "--as-of", state).json
        assert (asked["generation"], asked["epoch"]) == ("holdfast__g1", 1)
        assert "room twelve" in asked["evidence"][0]["quote"]
    assert "room nine" in str(desk.on_home("ask", "Where do the keys hang?", "--json").json)
    ended = desk.on_home("ask", "Where do the keys hang?", "--json", "--as-of", "2020-01-01")
    assert ended.code == 2
    assert [r["code"] for r in ended.json["reasons"]] == ["epoch_not_committed"]
    assert (ended.json["status"], ended.json["verdict"]) == ("unavailable", None)


def test_a_document_shows_its_history_and_what_changed(desk: Any) -> None:
    desk.write("keys.txt", "The keys of the archive hang in room nine.\n")
    desk.ingest()
    shown = desk.on_home("docs", "show", "keys.txt", "--history", "--json").json
    assert [v["version"] for v in shown["versions"]] == [1, 2]
    assert "-The keys of the archive hang in room twelve." in shown["changes"][0]["diff"]
    people = desk.on_home("docs", "show", shown["document_id"], "--history")
    assert people.code == 0
    assert "+The keys of the archive hang in room nine." in people.out
    unknown = desk.on_home("docs", "show", "nothing.txt")
    assert (unknown.code, "no document nothing.txt" in unknown.complaint) == (2, True)


def test_verify_says_what_is_wrong_and_repair_mends_it(desk: Any) -> None:
    assert desk.on_home("verify", "--json").json["sound"] is True
    shutil.rmtree(desk.home / "index")
    found = desk.on_home("verify", "--json")
    assert found.code == 1
    assert found.json["faults"] == {"collection_missing": 1, "missing": 2, "alias_missing": 1}
    mended = desk.on_home("verify", "--repair", "--json")
    assert (mended.code, mended.json["sound"]) == (0, True), mended.err
    assert mended.json["repaired"]["points_made"] == 2
    assert mended.json["repaired"]["documents_parsed"] == 0
    assert {c["key"] for c in desk.chunks()} == KEYS
    assert desk.on_home("verify", desk.folder, "--source", "docs").code == 0


def test_verify_says_what_to_do_about_what_it_found(desk: Any) -> None:
    compared = ("verify", desk.folder, "--source", "docs")
    desk.write("new.txt", "The lamp at the gate is out.\n")
    told = desk.on_home(*compared).out
    assert "`holdfast ingest` takes over" in told
    assert "--repair" not in told
    shutil.rmtree(desk.home / "blobs")
    assert "`holdfast verify --repair` mends" in desk.on_home("verify").out
    (desk.folder / "rota.md").unlink()
    left = desk.on_home(*compared, "--repair")
    assert left.code == 1
    assert "A repair cannot mend more" in left.out
    assert "`holdfast verify --repair`" not in left.out


def test_gc_says_what_would_go_and_takes_it(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write("keys.txt", "The keys of the archive hang in room nine.\n")
    desk.ingest()
    monkeypatch.setenv("HOLDFAST_RETENTION__HISTORY_DAYS", "0")
    monkeypatch.setenv("HOLDFAST_RETENTION__HISTORY_EPOCHS", "0")
    would = desk.on_home("gc", "--dry-run", "--json").json
    assert (would["points"], would["versions"], would["blobs"]) == (1, 1, 2)
    assert len(desk.chunks("--as-of", "1")) == 2
    done = desk.on_home("gc", "--json").json
    assert {k: v for k, v in done.items() if k != "dry_run"} == {
        k: v for k, v in would.items() if k != "dry_run"
    }
    gone = desk.on_home("docs", "chunks", "--as-of", "1")
    assert gone.code == 1
    assert "oldest that can be read is 2" in gone.complaint


def test_quarantined_documents_can_be_tried_again(desk: Any) -> None:
    assert desk.ingest().json["state"] == "NothingToDo"
    ended = desk.on_home("quarantine", "retry", "empty.txt", "--json")
    assert ended.json["retried_by_next_ingest"] == ["empty.txt"]
    assert desk.ingest().json["state"] == "CompletedWithQuarantine"
    assert desk.ingest().json["state"] == "NothingToDo"
    wrong = desk.on_home("quarantine", "retry", "keys.txt")
    assert (wrong.code, "not in quarantine" in wrong.complaint) == (2, True)
    assert desk.on_home("quarantine", "retry", "--json").json == {
        "retried_by_next_ingest": ["empty.txt"]
    }


class TestReplay:
    """Every answer can be replayed bit for bit while its state is kept."""

    QUESTIONS = (
        "Where do the keys of the archive hang?",
        "When does the night shift begin, and where do the keys hang?",
        "Where is the harbour master?",
        "What does the Tern 9 cost?",
        "qwrtz",
        "¿Dónde están las llaves?",
    )

    def ask(self, desk: Any) -> list[dict[str, Any]]:
        return [desk.on_home("ask", q, "--json").json for q in self.QUESTIONS]

    def test_answers_are_the_same_after_everything_has_changed(self, desk: Any) -> None:
        asked = [a for a in self.ask(desk) if a["generation"]]
        assert len(asked) >= 4
        desk.write("keys.txt", "The keys of the archive hang in room nine.\n")
        desk.write("more.txt", "The keys of the harbour hang in the night office.\n")
        (desk.folder / "rota.md").unlink()
        desk.ingest()
        desk.on_home("reindex", "--set", "chunking.max_tokens=60", "--set", "chunking.min_tokens=8")
        for answer in asked:
            done = desk.on_home("replay", answer["request_id"], "--json")
            assert done.code == 0, done.out + done.err
            assert done.json["identical"] is True
            assert done.json["searched_alike"] is True
            again = done.json["decision"]
            for passing in ("request_id", "timings_ms"):
                again.pop(passing)
                answer.pop(passing)
            assert again == answer

    def test_a_changed_point_is_seen(self, desk: Any) -> None:
        from indexing.points import Point, PointFilter
        from indexing.stores.edge import EdgeStore

        (answer,) = [self.ask(desk)[0]]
        store = EdgeStore(desk.home / "index")
        for point in list(store.scroll("holdfast__g1", PointFilter(), vectors=True)):
            payload = dict(point.payload) | {"text": "The keys of the archive hang in room one."}
            store.upsert("holdfast__g1", [Point(point.id, point.dense, point.sparse, payload)])
        store.close()
        done = desk.on_home("replay", answer["request_id"], "--json")
        assert done.code == 1
        assert "evidence" in done.json["differences"]

    def test_other_rules_than_those_of_then_are_named(self, desk: Any) -> None:
        answer = self.ask(desk)[0]
        logged_by_an_older_version(desk, decision={"policy_version": "2025-01-a/policy-0"})
        told = " ".join(desk.on_home("replay", answer["request_id"]).out.split())
        assert f"rules 2025-01-a/policy-0; this version has {answer['policy_version']}" in told
        done = desk.on_home("replay", answer["request_id"], "--json")
        assert (done.code, done.json["differences"]) == (1, ["policy_version"])
        assert done.json["judged_under"] == "2025-01-a/policy-0"

    def test_a_request_from_before_replays_is_not_said_to_have_read_nothing(
        self, desk: Any
    ) -> None:
        answer = self.ask(desk)[0]
        logged_by_an_older_version(desk, decision=None)
        ended = desk.on_home("replay", answer["request_id"])
        assert (ended.code, "kept no decision to compare" in ended.complaint) == (2, True)

    def test_what_is_not_kept_is_said_so(self, desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        answer = self.ask(desk)[0]
        unknown = desk.on_home("replay", "f" * 32)
        assert (unknown.code, "no request" in unknown.complaint) == (2, True)
        desk.write("keys.txt", "The keys of the archive hang in room nine.\n")
        desk.ingest()
        monkeypatch.setenv("HOLDFAST_RETENTION__HISTORY_DAYS", "0")
        monkeypatch.setenv("HOLDFAST_RETENTION__HISTORY_EPOCHS", "0")
        desk.on_home("gc")
        gone = desk.on_home("replay", answer["request_id"])
        assert (gone.code, "oldest that can be read" in gone.complaint) == (1, True)

    def test_a_request_that_read_nothing_cannot_be_replayed(self, empty_desk: Any) -> None:
        open_ledger(None, empty_desk.home).close()
        answer = empty_desk.on_home("ask", "Where do the keys hang?", "--json").json
        ended = empty_desk.on_home("replay", answer["request_id"])
        assert (ended.code, "cannot be replayed" in ended.complaint) == (2, True)


def logged_by_an_older_version(desk: Any, decision: dict[str, Any] | None) -> None:
    """Change the decisions in the request log to what an older version would have written."""
    with closing(sqlite3.connect(desk.home / "ledger.sqlite")) as connection, connection:
        rows = connection.execute("SELECT request_id, body FROM request").fetchall()
        for request_id, text in rows:
            body = json.loads(text)
            body["decision"] = body["decision"] | decision if decision else None
            change = (json.dumps(body), request_id)
            connection.execute("UPDATE request SET body = ? WHERE request_id = ?", change)


def test_golden_questions_in_the_fields_of_an_evaluation_guard_a_promotion(
    desk: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    golden = tmp_path / "golden.jsonl"
    monkeypatch.setenv("HOLDFAST_PROMOTION__GOLDEN", str(golden))
    line = '{"question": "When does the night shift begin?", "label": "answerable", %s}\n'
    golden.write_text(line % '"gold_document_ids": ["rota.md"], "reviewed": false')
    refused = desk.on_home("reindex")
    assert (refused.code, "1 drafts that nobody has reviewed" in refused.complaint) == (2, True)
    assert len(desk.on_home("status", "--json").json["generations"]) == 1
    golden.write_text(line % '"gold_document_ids": ["rota.md"]')
    ended = desk.on_home("reindex", "--json")
    (gate,) = [one for one in ended.json["gates"] if one["gate"] == "golden"]
    assert gate["outcome"] == "passed"
    assert gate["detail"].startswith("gold document in the first 5: 1 of 1, live 1")


def test_verify_shows_people_what_is_wrong_with_the_ledger(desk: Any) -> None:
    with closing(sqlite3.connect(desk.home / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE generation SET horizon = 99")
    ended = desk.on_home("verify")
    assert ended.code == 1
    assert "ledger_damaged: 1" in ended.out
    assert "    holdfast__g1 can be read from epoch 99 on." in ended.out
