"""Figures of the HTTP service: what was refused or only checked is in them, too."""

from typing import Any

import pytest
from starlette.testclient import TestClient

from config.loading import load_settings
from indexing.corpus import open_corpus
from service.keys import ApiKey, Gatekeeper, KeyScope, hashed
from service.query_api import query_app

QUESTION = {"question": "In which room do the keys of the archive hang?"}
SAID = {"answer": "The keys of the archive hang in room twelve."}
KEYS = {
    "reader": {},
    "slow": {"requests_per_minute": 1},
    "admin": {"scopes": (KeyScope.ADMIN,)},
}


def bearer(name):
    return {"Authorization": f"Bearer k-{name}"}


@pytest.fixture
def client(desk):
    keys = [
        ApiKey(name=name, sha256=hashed(f"k-{name}"), tenant="default", **options)
        for name, options in KEYS.items()
    ]
    opened = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    yield TestClient(query_app(opened, Gatekeeper(keys)), raise_server_exceptions=False)
    opened.close()


def counted(client: TestClient) -> Any:
    return client.get("/metrics", headers=bearer("admin")).text.splitlines()


def test_what_is_refused_is_counted_by_its_code(client):
    ask = "/v1/ground"
    client.post(ask, json=QUESTION)
    client.post(ask, json=QUESTION, headers=bearer("admin"))
    for _ in range(2):
        client.post(ask, json=QUESTION, headers=bearer("slow"))
    client.post(ask, json={"question": "x" * 300_000}, headers=bearer("reader"))
    client.post(ask, json={}, headers=bearer("reader"))
    client.get("/nowhere")
    codes = ("unauthorized", "forbidden", "rate_limited", "too_large", "not_understood")
    for code in (*codes, "not_found"):
        assert f'holdfast_problems_total{{code="{code}"}} 1.0' in counted(client)


def test_a_fault_is_counted(client, monkeypatch):
    def broken(*_arguments, **_options):
        raise RuntimeError

    monkeypatch.setattr("service.asking.QueryDesk.served", broken)
    client.post("/v1/ground", json=QUESTION, headers=bearer("reader"))
    assert 'holdfast_problems_total{code="internal_error"} 1.0' in counted(client)


def test_a_check_is_counted_by_what_became_of_it(client):
    given = SAID | {"evidence": [SAID["answer"]]}
    assert client.post("/v1/check", json=given, headers=bearer("reader")).status_code == 200
    unknown = SAID | {"request_id": "a1"}
    assert client.post("/v1/check", json=unknown, headers=bearer("reader")).status_code == 404
    figures = counted(client)
    assert 'holdfast_checks_total{outcome="checked"} 1.0' in figures
    assert 'holdfast_checks_total{outcome="not_checked"} 1.0' in figures
    assert 'holdfast_reasons_total{code="no_such_request"} 1.0' in figures


class TestRefused:
    """Under a policy."""

    @pytest.fixture(autouse=True)
    def policy(self, tmp_path, monkeypatch):
        path = tmp_path / "policy.yaml"
        path.write_text("topics: [{name: keys, patterns: ['keys? of']}]", encoding="utf-8")
        monkeypatch.setenv("HOLDFAST_POLICY__FILE", str(path))

    def test_a_check_that_the_policy_refuses_is_counted_as_that(self, client):
        client.post("/v1/check", json=SAID | QUESTION, headers=bearer("reader"))
        figures = counted(client)
        assert 'holdfast_checks_total{outcome="refused"} 1.0' in figures
        assert 'holdfast_reasons_total{code="policy_topic"} 1.0' in figures
