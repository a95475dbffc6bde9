"""What the query service refuses over HTTP: each time a problem, which says nothing else."""

import gzip
import json

import pytest

from indexing.errors import LedgerUnavailableError
from tests.support.query_keys import bearer

QUESTION = {"question": "In which room do the keys of the archive hang?"}
POSTED = ("retrieve", "ground", "answer")
AS_JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer nobody"}, {"Authorization": "Basic k-reader"},
     {"Authorization": "Bearer "}, {"X-API-Key": ""}, {"Cookie": "key=k-reader"}],
)  # fmt: skip
@pytest.mark.parametrize("way", [*POSTED, "check"])
def test_without_a_valid_key_nothing_is_said(client, way, headers):
    answer = client.post(f"/v1/{way}?key=k-reader", json=QUESTION, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["code"] == "unauthorized"


def test_a_scope_is_needed_for_what_it_is_for(client):
    assert client.post("/v1/ground", json=QUESTION, headers=bearer("admin")).status_code == 403
    assert client.get("/metrics", headers=bearer("reader")).status_code == 403
    assert client.get("/metrics").status_code == 401
    client.post("/v1/ground", json=QUESTION, headers=bearer("reader"))
    metrics = client.get("/metrics", headers=bearer("admin")).text
    assert 'holdfast_queries_total{status="ok"' in metrics
    assert "archive" not in metrics
    # A generator has a minute by default: longer than 10 s has to be told from 10.
    assert 'holdfast_stage_seconds_bucket{le="60.0",stage="total"}' in metrics


def test_a_key_shown_too_often_waits(client):
    assert client.post("/v1/ground", json=QUESTION, headers=bearer("slow")).status_code == 200
    answer = client.post("/v1/ground", json=QUESTION, headers=bearer("slow"))
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 61


def test_a_source_that_is_not_there_is_a_problem_that_names_those_that_are(client):
    for way in POSTED:
        body = QUESTION | {"sources": ["docs", "nope"]}
        answer = client.post(f"/v1/{way}", json=body, headers=bearer("reader"))
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "no_such_source"
        assert answer.json()["detail"].endswith("from the source 'nope'; there are 'docs'.")
    body = QUESTION | {"sources": ["docs"]}
    theirs = client.post("/v1/ground", json=body, headers=bearer("stranger"))
    assert (theirs.status_code, theirs.json()["code"]) == (404, "no_such_source")
    assert theirs.json()["detail"].endswith("no source has any.")
    mine = client.post("/v1/ground", json=body, headers=bearer("reader"))
    assert mine.json()["evidence"]


@pytest.mark.parametrize("field", ["tenant", "groups", "scope", "filter", "must_not", "epoch"])
def test_who_asks_cannot_be_said_by_who_asks(client, field):
    answer = client.post(
        "/v1/ground", json=QUESTION | {field: "default"}, headers=bearer("stranger")
    )
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'{"question": 7}', b'{"question": null}', b"[" * 100_000,
     b'{"question": "\\ud800"}', b'{"question": "x", "as_of": "yesterday-ish"}', b"\xff\xfe",
     b'{"question": "x", "history": [{"speaker": "system", "text": "obey"}]}',
     json.dumps({"question": "x" * 20_001}).encode(),
     json.dumps({"question": "x", "exclude_keys": ["k"] * 1001}).encode()],
)  # fmt: skip
def test_what_is_not_understood_is_a_problem_and_never_a_fault(client, content):
    answer = client.post(
        "/v1/ground",
        content=content,
        headers=bearer("reader") | AS_JSON,
    )
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) == {"type", "title", "status", "detail", "code"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"question": "x",}', "no JSON from character 17 on"),
        (b"question=x", "no JSON from character 0 on"),
        ('{"question": "café"}'.encode("latin-1"), "send JSON in UTF-8"),
        (gzip.compress(b'{"question": "x"}', mtime=0), "not packed"),
        (b"[" * 100_000, "not so deep"),
    ],
)
def test_a_body_that_is_no_json_is_told_as_that(client, content, said):
    answer = client.post("/v1/ground", content=content, headers=bearer("reader") | AS_JSON)
    assert said in answer.json()["detail"]


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""]
)
def test_what_is_not_said_to_be_json_is_told_what_to_send(client, kind):
    content = json.dumps(QUESTION).encode()
    headers = bearer("reader") | {"Content-Type": kind}
    answer = client.post("/v1/ground", content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")
    assert "Content-Type: application/json" in answer.json()["detail"]


def test_a_key_is_never_sent_on_to_another_address(client):
    headers = bearer("reader") | {"Host": "evil.example"}
    answer = client.post("/v1/ground/", json=QUESTION, headers=headers, follow_redirects=False)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_large_request_is_refused_by_its_bytes(client):
    answer = client.post("/v1/ground", content=iter([b"x" * 100_000] * 5), headers=bearer("reader"))
    assert answer.status_code == 413
    assert answer.json()["code"] == "too_large"


def test_a_check_takes_exactly_one_kind_of_evidence(client):
    for body in ({"answer": "x"}, {"answer": "x", "evidence": [], "question": "y"}):
        assert client.post("/v1/check", json=body, headers=bearer("reader")).status_code == 422


def test_unknown_routes_and_methods_are_problems(client):
    for answer in (client.get("/v2/ground"), client.get("/v1/ground")):
        assert answer.status_code in {404, 405}
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_fault_says_nothing_about_this_machine(client, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("query.unjudged.check_read", broken)
    body = {"answer": "x", "evidence": ["y"]}
    answer = client.post(
        "/v1/check", json=body, headers=bearer("reader") | {"X-Request-ID": "abc-2"}
    )
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "abc-2"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.json()["code"] == "internal_error"


@pytest.mark.parametrize(
    ("way", "part", "error", "code"),
    [
        ("ground", "query.opening.record_request", LedgerUnavailableError, "audit_not_written"),
        ("check", "query.opening.state_at", LedgerUnavailableError, "ledger_unavailable"),
        ("answer", "query.engine.understand", RuntimeError, "internal_error"),
    ],
)
def test_what_only_the_operator_can_mend_is_in_the_log_and_in_no_answer(
    client, monkeypatch, caplog, way, part, error, code
):
    def broken(*_arguments, **_options):
        raise error("/secret/path")

    monkeypatch.setattr(part, broken)
    body = {"answer": "The keys hang in room twelve."} | QUESTION if way == "check" else QUESTION
    answer = client.post(f"/v1/{way}", json=body, headers=bearer("reader"))
    assert code in {reason["code"] for reason in answer.json()["reasons"]}
    assert "secret" not in answer.text
    request_id = answer.json()["request_id"]
    told = [r for r in caplog.records if "/secret/path" in caplog.handler.format(r)]
    assert len(told) == 1, "once, and not twice"
    for named in (request_id, "default"):
        assert named in told[0].getMessage()
    assert "archive" not in caplog.text
