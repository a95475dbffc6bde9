"""Every request is in the log of a home, whichever way it came, and the rows do not distort it."""

import datetime as dt
import fcntl

import pytest
from starlette.testclient import TestClient

from config.errors import ConfigError
from config.loading import load_settings
from evaluation.usage.causes import Cause
from evaluation.usage.report import make_report
from indexing.corpus import open_corpus
from indexing.ledger.quotas import used_since
from indexing.ledger.redaction import Traces
from indexing.ledger.requests import (
    count_behind,
    find_request,
    latest_probabilities,
    logged_requests,
)
from query.claims.claim import ClaimVerdict
from query.decision import ReasonCode
from query.feedback import Feedback, FeedbackVerdict
from query.opening import open_engine
from query.policy_preview import asks
from query.replay import replay
from service.keys import ApiKey, Gatekeeper, hashed
from service.query_api import query_app

KEYS = "In which room do the keys of the archive hang?"
CLAIM = "The keys of the archive hang in room twelve."
LONG_AGO = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def post(corpus):
    keys = [
        ApiKey(name="reader", sha256=hashed("k-reader"), tenant="default"),
        ApiKey(name="stranger", sha256=hashed("k-stranger"), tenant="elsewhere"),
    ]
    client = TestClient(query_app(corpus, Gatekeeper(keys)), raise_server_exceptions=False)

    def send(route, who="reader", **body):
        headers = {"Authorization": f"Bearer k-{who}"}
        return client.post(f"/v1/{route}", json=body, headers=headers)

    return send


def purposes(corpus, tenant="default"):
    return [body["purpose"] for body in reversed(logged_requests(corpus.ledger, tenant, 100))]


def test_every_way_over_http_is_one_row_of_its_tenant(post, corpus):
    asked = post("answer", question=KEYS).json()["request_id"]
    checked = post("check", answer=CLAIM, request_id=asked).json()["request_id"]
    post("check", answer=CLAIM, question=KEYS)
    post("check", answer=CLAIM, evidence=[CLAIM])
    assert post("check", answer=CLAIM, request_id="f" * 32).status_code == 404
    assert post("check", "stranger", answer=CLAIM, request_id=asked).status_code == 404
    assert purposes(corpus) == ["answer", "check", "check", "check", "check"]
    assert purposes(corpus, "elsewhere") == ["check"]
    row = find_request(corpus.ledger, checked)
    assert row["about_request"] == asked
    assert row["checked"]["claims"][0]["verdict"] == "supported"
    assert post("feedback", request_id=checked, verdict="wrong").status_code == 201
    assert post("feedback", "stranger", request_id=checked, verdict="wrong").status_code == 404


def test_an_index_that_is_busy_says_nothing_of_a_request(desk, corpus):
    asked = open_engine(corpus).ground(KEYS).request_id
    corpus.close()
    (turn,) = (desk.home / "index" / "turns").glob("*.turn.lock")
    settings = load_settings(overrides={"home": desk.home, "store.turn_timeout_seconds": 0.05})
    other = open_corpus(settings.settings)
    with turn.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        checked = open_engine(other).check(CLAIM, request_id=asked)
        read = open_engine(other).evidence(asked)
    other.close()
    for found in (checked, read):
        assert [reason.code for reason in found.reasons] == [ReasonCode.STORE_UNAVAILABLE]
    assert [claim.verdict for claim in checked.claims] == [ClaimVerdict.NOT_CHECKED]
    assert {piece["text"] for piece in read.to_json()["evidence"]} == {None}


def test_rows_without_a_verdict_do_not_distort_the_report(corpus):
    engine = open_engine(corpus)
    engine.ground(KEYS)
    before = make_report(corpus, None).to_json()
    found = engine.retrieve("Which spices go into garam masala?")
    engine.check("Nothing of this is true.", question="Which spices go into garam masala?")
    given = engine.feedback(found.request_id, Feedback(FeedbackVerdict.WRONG))
    made = make_report(corpus, None)
    after = made.to_json()
    assert after["unjudged"] == {"retrieve": 1, "check": 1}
    for same in ("requests", "verdicts", "days", "reasons", "unanswered_topics", "latency_ms"):
        assert after[same] == before[same], same
    assert given.request_id == found.request_id
    assert [one.cause for one in made.complaints] == [Cause.UNJUDGED]
    assert after["feedback_without_request"] == 0


def test_quotas_count_them_and_the_drift_watch_does_not(corpus):
    engine = open_engine(corpus)
    engine.retrieve(KEYS)
    engine.check(CLAIM, question=KEYS)
    with corpus.ledger.read() as connection:
        assert used_since(connection, "default", LONG_AGO, "refused_by_policy") == 2
    assert latest_probabilities(corpus.ledger, "", 100) == []


@pytest.mark.parametrize("odd", ["\ud800", "\0", "\ud83d\ude00"])
def test_a_question_that_no_database_takes_is_replayed_as_it_was_read(corpus, odd):
    decision = open_engine(corpus).answer(f"In which room do the keys {odd} of the archive hang?")
    assert replay(corpus, decision.request_id).differences == ()


def test_they_cannot_be_replayed_and_say_why(corpus):
    found = open_engine(corpus).retrieve(KEYS)
    with pytest.raises(ConfigError, match="of the kind retrieve none has a verdict"):
        replay(corpus, found.request_id)


def test_a_dry_run_looks_at_what_asked_the_index(corpus):
    engine = open_engine(corpus)
    engine.retrieve(KEYS)
    engine.check(CLAIM, evidence=[CLAIM])
    rows = logged_requests(corpus.ledger, "default", 10)
    assert {row["purpose"]: asks(row) for row in rows} == {"retrieve": True, "check": False}


def test_a_purged_document_is_told_of_by_no_check(corpus):
    engine = open_engine(corpus)
    engine.check(CLAIM, question=KEYS)
    (row,) = logged_requests(corpus.ledger, "default", 10)
    seen = frozenset({row["retrieval"][0]["document_id"]})
    assert count_behind(corpus.ledger, Traces(documents=seen)) == 1
    engine.check(CLAIM, evidence=["The keys hang in room twelve."])
    quoting = Traces(quoted=lambda text: "archive" in text)
    assert count_behind(corpus.ledger, quoting) == 2


def test_the_command_lists_the_chain_and_forgets_it_as_one(desk, corpus):
    asked = desk.on_home("ask", KEYS, "--json").json["request_id"]
    checked = desk.on_home("check", CLAIM, "--request", asked, "--json").json["request_id"]
    listed = desk.on_home("requests", "list", "--json").lines
    assert {row["request_id"]: row["purpose"] for row in listed} == {
        asked: "answer", checked: "check",
    }  # fmt: skip
    shown = desk.on_home("requests", "show", asked).json
    assert [later["request_id"] for later in shown["chain"]] == [checked]
    assert desk.on_home("requests", "purge", asked, "--yes").code == 0
    assert logged_requests(corpus.ledger, "default", 10) == []


def test_a_request_that_is_not_there_does_not_have_the_log_searched(desk, corpus, monkeypatch):
    open_engine(corpus).check(CLAIM, question=KEYS)

    def search(*_):
        pytest.fail("the bodies of other requests were read")

    monkeypatch.setattr("indexing.ledger.requests.requests_about", search)
    for named in ("0", "", "f" * 32):
        ended = desk.on_home("requests", "show", named)
        assert (ended.code, "There is no request" in ended.complaint) == (2, True)
