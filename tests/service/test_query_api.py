"""The query module over HTTP: same JSON, keys, problems, and nobody sees what is another's."""

import gzip
import json

import pytest
from starlette.testclient import TestClient

from config.loading import load_settings
from indexing.corpus import open_corpus
from indexing.errors import LedgerUnavailableError
from query.opening import open_engine
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed
from service.query_api import query_app

QUESTION = {"question": "In which room do the keys of the archive hang?"}
KEYS = {
    "reader": {"tenant": "default"},
    "staff": {"tenant": "default", "groups": ("staff",)},
    "stranger": {"tenant": "elsewhere"},
    "slow": {"tenant": "default", "requests_per_minute": 1},
    "admin": {"tenant": "default", "scopes": (KeyScope.ADMIN,)},
}
AS_JSON = {"Content-Type": "application/json"}
POSTED = ("retrieve", "ground", "answer")


def bearer(name):
    return {"Authorization": f"Bearer k-{name}"}


@pytest.fixture
def corpus(desk):
    opened = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    yield opened
    opened.close()


@pytest.fixture
def client(corpus):
    keys = [ApiKey(name=n, sha256=hashed(f"k-{n}"), **options) for n, options in KEYS.items()]
    return TestClient(query_app(corpus, Gatekeeper(keys)), raise_server_exceptions=False)


@pytest.mark.parametrize("way", POSTED)
def test_the_answer_has_the_json_of_the_command(client, desk, way):
    answer = client.post(f"/v1/{way}", json=QUESTION, headers=bearer("reader"))
    assert answer.status_code == 200
    told = desk.on_home("ask", QUESTION["question"], "--json").json
    passing = {"request_id", "timings_ms"} | ({"answer"} if way == "ground" else set())
    body = answer.json()
    assert body
    for name in set(body) - passing:
        assert body[name] == told[name], name
    assert body["evidence"]


def test_every_request_is_in_the_log(client, desk, corpus):
    from indexing.ledger.requests import find_request

    for way in POSTED:
        body = client.post(f"/v1/{way}", json=QUESTION, headers=bearer("reader")).json()
        record = find_request(corpus.ledger, body["request_id"])
        assert record["question"] == QUESTION["question"]
        assert record["asked"]["scope"]["asker"] == "reader"


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


def test_a_key_in_its_own_header_counts_too(client):
    assert client.post("/v1/ground", json=QUESTION, headers={"X-API-Key": "k-reader"}).json()[
        "verdict"
    ]


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


def test_a_state_that_is_not_there_has_no_verdict(client):
    body = QUESTION | {"as_of": "99"}
    for way in POSTED:
        found = client.post(f"/v1/{way}", json=body, headers=bearer("reader")).json()
        assert (found["status"], found["verdict"]) == ("unavailable", None)
        assert [reason["code"] for reason in found["reasons"]] == ["epoch_not_committed"]
        assert found.get("suggested_action", "refuse") == "refuse"


def test_another_tenant_sees_nothing_whatever_it_says(client):
    hostile = [
        QUESTION,
        QUESTION | {"least_trust": "low"},
        QUESTION | {"exclude_keys": ["x"]},
        QUESTION | {"as_of": "1"},
        QUESTION | {"history": [{"speaker": "user", "text": "tenant default"}]},
    ]
    for body in hostile:
        found = client.post("/v1/ground", json=body, headers=bearer("stranger")).json()
        assert (found["evidence"], found["answer"]) == ([], None)


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


def test_questions_of_every_kind_end_in_a_verdict(client):
    for question in ("", "?", "\x00", "a" * 9000, "员工每年有多少天假期?", "drop table; --"):
        body = client.post("/v1/answer", json={"question": question}, headers=bearer("reader"))
        assert body.status_code == 200
        assert body.json()["verdict"] == "unanswerable"


def test_an_answer_is_checked_against_texts_a_question_or_a_request(client):
    right, wrong = (f"The keys of the archive hang in room {n}." for n in ("twelve", "nine"))
    given = client.post("/v1/ground", json=QUESTION, headers=bearer("reader")).json()
    kinds = [
        {"evidence": ["The keys of the archive hang in room twelve."]},
        QUESTION,
        {"request_id": given["request_id"]},
    ]
    for kind in kinds:
        verdicts = []
        for text in (right, wrong):
            body = {"answer": text} | kind
            answer = client.post("/v1/check", json=body, headers=bearer("reader"))
            assert answer.status_code == 200
            (claim,) = answer.json()["claims"]
            verdicts.append(claim["verdict"])
            found = answer.json()["evidence"]
            assert bool(found) is (kind is QUESTION)
            cited = claim["citations"] + claim["anti_citations"]
            assert all("twelve" in found[n]["quote"] for n in cited if found)
        assert verdicts == ["supported", "contradicted"], kind


def test_a_check_takes_exactly_one_kind_of_evidence(client):
    for body in ({"answer": "x"}, {"answer": "x", "evidence": [], "question": "y"}):
        assert client.post("/v1/check", json=body, headers=bearer("reader")).status_code == 422


def test_the_request_of_another_tenant_does_not_exist(client):
    given = client.post("/v1/ground", json=QUESTION, headers=bearer("reader")).json()
    body = {"answer": "x", "request_id": given["request_id"]}
    assert client.post("/v1/check", json=body, headers=bearer("stranger")).status_code == 404
    body["request_id"] = "nothing"
    assert client.post("/v1/check", json=body, headers=bearer("reader")).status_code == 404


def test_health_and_readiness(client, corpus):
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    live = corpus.live()
    corpus.store.drop(live.name)
    not_ready = client.get("/readyz")
    assert not_ready.status_code == 503
    assert client.get("/healthz").status_code == 200


def test_probes_may_ask_for_the_status_alone(client, corpus):
    assert [client.head(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]
    corpus.store.drop(corpus.live().name)
    assert [client.head(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]


def test_whatever_may_be_got_may_be_asked_for_its_status_alone(client):
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json"):
        answer = client.head(path, headers=bearer("admin"))
        assert (answer.status_code, answer.content) == (200, b"")
    assert client.head("/metrics").status_code == 401


def test_an_answer_carries_the_id_of_its_request(client):
    given = client.get("/healthz", headers={"X-Request-ID": "abc-1"})
    assert given.headers["x-request-id"] == "abc-1"
    made = client.get("/healthz", headers={"X-Request-ID": "a b\tc"}).headers["x-request-id"]
    assert len(made) == 32


def test_unknown_routes_and_methods_are_problems(client):
    for answer in (client.get("/v2/ground"), client.get("/v1/ground")):
        assert answer.status_code in {404, 405}
        assert answer.headers["content-type"] == "application/problem+json"


def test_a_fault_says_nothing_about_this_machine(client, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("query.checking.check", broken)
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


def test_the_openapi_document_names_every_way_in(client):
    document = client.get("/openapi.json").json()
    ids = {way["operationId"] for path in document["paths"].values() for way in path.values()}
    ways = {"retrieve", "ground", "answer", "check", "feedback", "healthz", "readyz"}
    assert ids == ways | {"metrics"}


def test_the_openapi_document_says_of_each_way_how_it_may_end(client):
    from importlib.metadata import version

    document = client.get("/openapi.json").json()
    assert document["info"]["version"] == version("holdfast")
    ends = {
        path: set(next(iter(ways.values()))["responses"])
        for path, ways in document["paths"].items()
    }
    assert ends["/healthz"] == {"200", "413", "500"}
    assert ends["/readyz"] == {"200", "413", "500", "503"}
    assert ends["/metrics"] == {"200", "401", "403", "413", "429", "500"}
    asked = document["paths"]["/v1/ground"]["post"]["responses"]
    refusals = {"400", "401", "403", "404", "413", "415", "422", "429"}
    assert set(asked) == {"200", *refusals, "500", "503"}
    assert set(asked["503"]["headers"]) == {"X-Request-ID", "Retry-After"}
    assert set(asked["503"]["content"]) == {"application/problem+json"}
    assert set(document["paths"]["/metrics"]["get"]["responses"]["200"]["content"]) == {
        "text/plain"
    }


def test_python_and_http_say_the_same(client, corpus):
    decision = open_engine(corpus).answer(QUESTION["question"]).to_json()
    body = client.post("/v1/answer", json=QUESTION, headers=bearer("reader")).json()
    for name in set(body) - {"request_id", "timings_ms"}:
        assert body[name] == decision[name]


@pytest.fixture
def policed(desk, tmp_path, monkeypatch):
    """A client under a policy, and a request that was made before there was one."""
    before = desk.on_home("ask", QUESTION["question"], "--json").json["request_id"]
    policy = tmp_path / "policy.yaml"
    policy.write_text("topics: [{name: keys, patterns: ['keys? of']}]", encoding="utf-8")
    monkeypatch.setenv("HOLDFAST_POLICY__FILE", str(policy))
    opened = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    keeper = Gatekeeper([ApiKey(name="a", sha256=hashed("k-reader"), tenant="default")])
    yield TestClient(query_app(opened, keeper)), before
    opened.close()


def test_a_check_is_held_to_the_policy_by_question_by_answer_and_by_request(policed):
    client, before = policed
    said = {"answer": "The keys of the archive hang in room twelve."}
    harmless = {"answer": "The night shift begins at ten.", "question": "When does it begin?"}
    for body in (
        said | QUESTION,
        said | {"question": "What hangs in room twelve?"},
        said | {"request_id": before},
        {"answer": "Room twelve.", "request_id": before},
    ):
        answer = client.post("/v1/check", json=body, headers=bearer("reader")).json()
        assert {claim["verdict"] for claim in answer["claims"]} == {"not_checked"}, body
        assert [reason["code"] for reason in answer["reasons"]] == ["policy_topic"]
        assert answer["support_score"] == 0
    answer = client.post("/v1/check", json=harmless, headers=bearer("reader")).json()
    assert answer["claims"][0]["verdict"] != "not_checked"
    assert answer["reasons"] == []
