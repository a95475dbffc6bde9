"""Feedback by request id: from the command and over HTTP, for one's own tenant only."""

import json
import sqlite3
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from indexing.ledger.feedback import MOST_PER_REQUEST, feedback_on
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed
from service.query_api import query_app

KEYS = "In which room do the keys of the archive hang?"
MAIL = "anna@example.org"


@pytest.fixture
def client(corpus):
    keys = [
        ApiKey(name="reader", sha256=hashed("k-reader"), tenant="default"),
        ApiKey(name="stranger", sha256=hashed("k-stranger"), tenant="elsewhere"),
        ApiKey(name="admin", sha256=hashed("k-admin"), tenant="default", scopes=(KeyScope.ADMIN,)),
    ]
    return TestClient(query_app(corpus, Gatekeeper(keys)), raise_server_exceptions=False)


def say(client, who, **body):
    return client.post("/v1/feedback", json=body, headers={"Authorization": f"Bearer k-{who}"})


def ask(client, who="reader"):
    headers = {"Authorization": f"Bearer k-{who}"}
    return client.post("/v1/answer", json={"question": KEYS}, headers=headers).json()["request_id"]


def test_the_command_keeps_what_is_said_and_changes_no_answer(desk):
    before = desk.on_home("ask", KEYS, "--json").json
    ended = desk.on_home(
        "feedback", before["request_id"], "--verdict", "wrong", "--correct",
        f"Room thirteen, says {MAIL}.", "--cited", "keys.txt", "--json",
    )  # fmt: skip
    assert ended.code == 0
    assert ended.json["correct"] == "Room thirteen, says [email:1]."
    assert ended.json["cited"] == ["keys.txt"]
    assert ended.json["masked"] == {"email": 1}
    again = desk.on_home("ask", KEYS, "--json").json
    passing = {"request_id", "timings_ms"}
    assert {k: v for k, v in again.items() if k not in passing} == {
        k: v for k, v in before.items() if k not in passing
    }
    shown = desk.on_home("requests", "show", before["request_id"]).json
    assert [said["verdict"] for said in shown["feedback"]] == ["wrong"]


def test_a_request_that_is_not_there_is_a_usage_error(desk):
    ended = desk.on_home("feedback", "f" * 32, "--verdict", "helpful")
    assert ended.code == 2
    assert "There is no request" in ended.complaint
    assert desk.on_home("feedback", "f" * 32, "--verdict", "splendid").code == 2


def test_it_is_only_ever_added(client, corpus):
    request = ask(client)
    for verdict in ("helpful", "wrong", "wrong"):
        answer = say(client, "reader", request_id=request, verdict=verdict, correct="Room 12.")
        assert answer.status_code == 201
        assert answer.json()["verdict"] == verdict
    said = feedback_on(corpus.ledger, "default", request)
    assert [one.verdict for one in said] == ["helpful", "wrong", "wrong"]
    assert {one.body["by"] for one in said} == {"reader"}


def test_unknown_and_foreign_requests_are_one_and_the_same_problem(client):
    mine = ask(client)
    foreign = say(client, "stranger", request_id=mine, verdict="wrong")
    unknown = say(client, "stranger", request_id="f" * 32, verdict="wrong")
    assert foreign.status_code == unknown.status_code == 404
    assert foreign.json() == unknown.json()
    assert foreign.json()["code"] == "no_such_request"
    theirs = ask(client, "stranger")
    assert say(client, "stranger", request_id=theirs, verdict="missing").status_code == 201
    assert say(client, "reader", request_id=theirs, verdict="missing").status_code == 404


@pytest.mark.parametrize(
    "body",
    [{"verdict": "wrong"}, {"request_id": "x"}, {"request_id": "x", "verdict": "bad"},
     {"request_id": "x", "verdict": "wrong", "tenant": "default"},
     {"request_id": "x", "verdict": "wrong", "cited": "a"},
     {"request_id": "x", "verdict": "wrong", "cited": ["a"] * 21},
     {"request_id": "x", "verdict": "wrong", "correct": "x" * 10_001},
     {"request_id": "x" * 65, "verdict": "wrong"}],
)  # fmt: skip
def test_what_is_no_feedback_is_not_understood(client, body):
    assert say(client, "reader", **body).status_code == 422


@pytest.mark.parametrize("text", ["\ud800", "a\0b", "<script>alert(1)</script>", "💥" * 50])
def test_odd_texts_are_kept_in_a_form_that_every_database_takes(client, corpus, text):
    request = ask(client)
    content = json.dumps({"request_id": request, "verdict": "wrong", "correct": text})
    headers = {"Authorization": "Bearer k-reader", "Content-Type": "application/json"}
    answer = client.post("/v1/feedback", content=content, headers=headers)
    assert answer.status_code in {201, 422}
    for one in feedback_on(corpus.ledger, "default", request):
        one.body["correct"].encode()
        assert "\0" not in one.body["correct"]


def test_keys_without_the_scope_and_strangers_say_nothing(client):
    request = ask(client)
    assert say(client, "admin", request_id=request, verdict="wrong").status_code == 403
    assert say(client, "nobody", request_id=request, verdict="wrong").status_code == 401


def test_a_flood_is_stopped(client):
    request = ask(client)
    codes = [
        say(client, "reader", request_id=request, verdict="wrong").status_code
        for _ in range(MOST_PER_REQUEST + 1)
    ]
    assert codes == [201] * MOST_PER_REQUEST + [429]
    metrics = client.get("/metrics", headers={"Authorization": "Bearer k-admin"}).text
    assert f'holdfast_feedback_total{{verdict="wrong"}} {MOST_PER_REQUEST}.0' in metrics


def test_one_request_is_forgotten_with_what_was_said(desk, corpus, monkeypatch):
    question = "Where is the zymurgical quokka of the archive?"
    request = desk.on_home("ask", question, "--json").json["request_id"]
    desk.on_home("feedback", request, "--verdict", "missing", "--correct", "zymurgical answer")
    other = desk.on_home("ask", KEYS, "--json").json["request_id"]
    assert [r["request_id"] for r in desk.on_home("requests", "list", "--json").lines] == [
        other, request,
    ]  # fmt: skip
    shown = desk.on_home("requests", "list").out  # to be copied from a terminal of 80 columns
    assert other in shown
    assert request in shown
    refused = desk.on_home("requests", "purge", request)
    assert refused.code == 2
    assert "--yes" in refused.complaint
    gone = desk.on_home("requests", "purge", request, "--yes", "--json")
    assert (gone.code, gone.json["purged"]) == (0, True)
    assert desk.on_home("requests", "purge", request, "--yes").code == 2
    third = desk.on_home("ask", question, "--json").json["request_id"]
    monkeypatch.setenv("HOLDFAST_LEDGER__BUSY_TIMEOUT_SECONDS", "0.1")
    with closing(sqlite3.connect(desk.home / "ledger.sqlite")) as reader:
        reader.execute("BEGIN").execute("SELECT count(*) FROM request").fetchone()
        assert (
            "it goes on where it stopped"
            in desk.on_home("requests", "purge", third, "--yes").complaint
        )
    # Its row is gone already: it was refused as unknown, and its bytes stayed for good.
    assert "are gone at once" in desk.on_home("requests", "purge", third, "--yes").complaint
    assert desk.on_home("requests", "show", request).code == 2
    assert feedback_on(corpus.ledger, "default", request) == []
    corpus.close()
    assert not any(b"zymurgical" in file.read_bytes() for file in desk.home.glob("ledger.sqlite*"))
    assert desk.on_home("replay", other).code == 0


def test_a_replay_says_that_it_works_on_masked_text(desk):
    plain = desk.on_home("ask", KEYS, "--json").json["request_id"]
    asked = f"{KEYS} Write to {MAIL}."
    masked = desk.on_home("ask", asked, "--json").json["request_id"]
    assert desk.on_home("replay", plain, "--json").json["masked"] == {}
    assert desk.on_home("replay", masked, "--json").json["masked"] == {"email": 1}
    assert "1 email" in desk.on_home("replay", masked).out
    assert desk.on_home("policy", "dry-run", "--json").json["masked"] == 1
    assert MAIL not in desk.on_home("requests", "list", "--json").out


def test_where_only_documents_hold_personal_data_a_replay_stays_exact(desk):
    desk.write("porter.md", f"# Porter\n\nThe porter of the archive is reached at {MAIL}.\n")
    desk.ingest()
    told = desk.on_home("ask", "How is the porter of the archive reached?", "--json").json
    assert MAIL in json.dumps(told["evidence"]), "whoever asks sees what the document says"
    shown = desk.on_home("requests", "show", told["request_id"])
    assert MAIL not in shown.out
    assert shown.json["masked"] == {"email": 1}
    again = desk.on_home("replay", told["request_id"], "--json").json
    assert (again["identical"], again["masked"]) == (True, {"email": 1})


def test_without_masking_the_log_has_what_was_asked(desk, monkeypatch):
    monkeypatch.setenv("HOLDFAST_AUDIT__PERSONAL_DATA", "keep")
    request = desk.on_home("ask", f"{KEYS} Write to {MAIL}.", "--json").json["request_id"]
    shown = desk.on_home("requests", "show", request).json
    assert MAIL in shown["question"]
    assert "masked" not in shown
    assert desk.on_home("replay", request, "--json").json["identical"]
