"""The query module over HTTP: same JSON as elsewhere, and nobody sees what is another's."""

import pytest
from starlette.testclient import TestClient

from config.loading import load_settings
from indexing.corpus import open_corpus
from query.opening import open_engine
from service.keys import ApiKey, Gatekeeper, hashed
from service.query_api import query_app
from tests.support.query_keys import bearer

QUESTION = {"question": "In which room do the keys of the archive hang?"}
POSTED = ("retrieve", "ground", "answer")


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


def test_a_key_in_its_own_header_counts_too(client):
    assert client.post("/v1/ground", json=QUESTION, headers={"X-API-Key": "k-reader"}).json()[
        "verdict"
    ]


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
