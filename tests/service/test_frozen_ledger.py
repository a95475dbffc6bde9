"""A PostgreSQL that is frozen with its connections open: every way in ends in a bounded time."""

import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from config.querying import DeadlineSettings
from indexing.corpus import open_corpus
from ingestion.parsing.pool import ParserPool
from service.commands.metrics import start
from service.keys import ApiKey, Gatekeeper, hashed
from service.metrics import registry_of
from service.query_api import query_app
from tests.support.homes import Home
from tests.support.postgres import cluster, empty_database, frozen

QUESTION = {"question": "In which room do the keys of the archive hang?"}
HEADERS = {"Authorization": "Bearer k-reader"}


@pytest.fixture
def url() -> Iterator[str]:
    with cluster() as server:
        yield empty_database(server)


@pytest.fixture
def home(tmp_path: Path, parsers: ParserPool, url: str) -> Iterator[Home]:
    made = Home(tmp_path, parsers, url)
    made.write("keys.md", "# Keys\n\nThe keys of the archive hang in room 12.\n")
    made.ingest()
    yield made
    made.close()


@pytest.mark.postgres
def test_questions_probes_and_feedback_end_and_go_on_afterwards(home: Home, url: str) -> None:
    deadlines = DeadlineSettings(ledger_seconds=2.0, failures=1, cooldown_seconds=0.5)
    corpus = open_corpus(home.settings.model_copy(update={"deadlines": deadlines}))
    corpus.__dict__["encoder"] = home.encoder
    keys = Gatekeeper([ApiKey(name="reader", sha256=hashed("k-reader"), tenant="default")])
    client = TestClient(query_app(corpus, keys), raise_server_exceptions=False)

    def ground():
        return client.post("/v1/ground", json=QUESTION, headers=HEADERS).json()

    known = ground()["request_id"]
    assert client.get("/readyz").status_code == 200
    said = {"request_id": known, "verdict": "helpful"}
    with frozen(url):
        for _ in range(2):  # the second one finds the circuit open
            told = ground()
            assert (told["status"], told["verdict"]) == ("unavailable", None)
            assert {reason["code"] for reason in told["reasons"]} == {
                "ledger_unavailable",
                "audit_not_written",
            }
        assert client.get("/readyz").status_code == 503
        assert client.post("/v1/feedback", json=said, headers=HEADERS).status_code == 503
        assert client.get("/healthz").status_code == 200
    pause = threading.Event()
    for _ in range(60):
        if ground()["status"] == "ok":
            break
        pause.wait(0.5)
    else:
        pytest.fail("no question was answered after the ledger came back")
    assert client.post("/v1/feedback", json=said, headers=HEADERS).status_code == 201
    corpus.close()


@pytest.mark.postgres
def test_scrapes_end_and_say_what_needs_no_ledger(home: Home, url: str) -> None:
    # So long a run may wait; a scrape that waited for it would be ended by the bound of the tests.
    ledger = home.settings.ledger.model_copy(update={"busy_timeout_seconds": 3600.0})
    settings = home.settings.model_copy(update={"ledger": ledger})
    server, thread = start(registry_of(settings), "127.0.0.1", 0)

    def scraped() -> bytes:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/metrics") as answer:
            return bytes(answer.read())

    try:
        assert b"holdfast_documents 1.0" in scraped()
        with frozen(url):
            for _ in range(3):
                told = scraped()
                assert b"holdfast_up 0.0" in told
                assert b"holdfast_home_free_bytes" in told
                assert b"holdfast_documents" not in told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
