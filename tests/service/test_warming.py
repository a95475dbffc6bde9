"""A service is ready once its models are loaded, or once it is known that they cannot be."""

import threading

from starlette.testclient import TestClient

import service.warming
from indexing.errors import ModelError
from service.keys import Gatekeeper
from service.query_api import query_app
from service.warming import Warming


def test_a_service_is_ready_when_its_models_are_loaded(corpus, monkeypatch):
    loaded, given = threading.Event(), []

    def load(home):
        given.append(home)
        loaded.wait(30)

    monkeypatch.setattr(service.warming, "load_models", load)
    warming = Warming(corpus)
    client = TestClient(query_app(corpus, Gatekeeper([]), warming.is_over))
    early = client.get("/readyz")
    assert early.status_code == 503
    assert "loaded" in early.json()["detail"]
    assert client.get("/healthz").status_code == 200
    loaded.set()
    warming.wait(30)
    assert client.get("/readyz").json() == {"status": "ok"}
    assert given == [corpus]


def test_models_that_cannot_be_loaded_keep_no_service_from_serving(corpus, monkeypatch, caplog):
    def load(_):
        raise ModelError("The encoder was not found.")

    monkeypatch.setattr(service.warming, "load_models", load)
    warming = Warming(corpus)
    warming.wait(30)
    client = TestClient(query_app(corpus, Gatekeeper([]), warming.is_over))
    assert client.get("/readyz").json() == {"status": "ok"}
    assert "The encoder was not found." in caplog.text
