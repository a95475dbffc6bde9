"""Whatever is sent to the HTTP routes, the answer is typed and never a fault of ours."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from config.loading import load_settings
from indexing.corpus import open_corpus
from service.keys import ApiKey, Gatekeeper, hashed
from service.query_api import query_app

FIELDS = (
    "question", "history", "exclude_keys", "sources", "least_trust", "as_of", "answer", "evidence",
    "request_id", "tenant", "verdict", "correct", "cited",
)  # fmt: skip
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["speaker", "text", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
LIKELY = {
    "question": st.text(max_size=60) | st.just("Where do the keys hang?"),
    "history": st.lists(st.fixed_dictionaries({"text": st.text(max_size=20)}), max_size=3),
    "exclude_keys": st.lists(st.text(min_size=1, max_size=10), max_size=3),
    "sources": st.lists(st.text(min_size=1, max_size=10), max_size=3),
    "least_trust": st.sampled_from([None, "low", "high"]),
    "as_of": st.sampled_from([None, "1", "0", "-1", "9" * 30, "2026-01-01", "holdfast__g1@1", "@"]),
    "answer": st.text(max_size=80),
    "evidence": st.lists(st.text(max_size=60), max_size=3),
    "request_id": st.text(max_size=40),
    "verdict": st.sampled_from(["helpful", "wrong", "missing"]),
    "correct": st.text(max_size=60),
    "cited": st.lists(st.text(max_size=10), max_size=3),
}
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6) | st.fixed_dictionaries(
    {}, optional=LIKELY
)


@pytest.fixture
def client(desk):
    corpus = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    keeper = Gatekeeper([ApiKey(name="a", sha256=hashed("k"), tenant="default")])
    yield TestClient(query_app(corpus, keeper), raise_server_exceptions=False)
    corpus.close()


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(["retrieve", "ground", "answer", "check", "feedback"]), BODIES)
def test_no_body_is_a_fault(client, way, body):
    content = json.dumps(body)
    headers = {"Authorization": "Bearer k", "Content-Type": "application/json"}
    answer = client.post(f"/v1/{way}", content=content, headers=headers)
    assert answer.status_code in {200, 400, 404, 422}, answer.text
    if answer.status_code == 200 and way != "check":
        assert answer.json()["status"] == "ok"
    if answer.status_code != 200:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126), max_size=80),
    st.binary(max_size=200),
)
def test_no_header_and_no_bytes_are_a_fault(client, shown, content):
    answer = client.post(
        "/v1/ground", content=content, headers={"Authorization": f"Bearer {shown}x"}
    )
    assert answer.status_code in {400, 401, 422}
