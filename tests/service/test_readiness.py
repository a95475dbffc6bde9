"""`/readyz`: a service of which no answer could be given out is not ready."""

import sqlite3
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from config.loading import load_settings
from indexing.corpus import open_corpus
from service.keys import Gatekeeper
from service.query_api import query_app


@pytest.mark.parametrize(("log", "status"), [("true", 503), ("false", 200)])
def test_a_service_that_cannot_log_is_not_ready(desk, monkeypatch, log, status):
    monkeypatch.setenv("HOLDFAST_AUDIT__ENABLED", log)
    monkeypatch.setenv("HOLDFAST_LEDGER__BUSY_TIMEOUT_SECONDS", "0.1")
    opened = open_corpus(load_settings(overrides={"home": desk.home}).settings)
    client = TestClient(query_app(opened, Gatekeeper([])))
    assert client.get("/readyz").status_code == 200
    with closing(sqlite3.connect(desk.home / "ledger.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert client.get("/readyz").status_code == status
    assert client.get("/readyz").status_code == 200
    opened.close()
