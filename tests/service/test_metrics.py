"""`holdfast metrics`, and what the committed dashboard and alerts ask for."""

import json
import re
import socket
import threading
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


def values(desk: Any) -> dict[tuple[str, ...], float]:
    """Read the metrics as the command prints them: value by name and labels."""
    samples = desk.on_home("metrics", "--json").json
    return {(s["name"], *s["labels"].values()): s["value"] for s in samples}


def test_the_figures_of_an_index(desk: Any) -> None:
    found = values(desk)
    assert found["holdfast_up",] == 1
    assert found["holdfast_documents",] == 2
    assert found["holdfast_chunks",] == len(desk.chunks())
    assert found["holdfast_quarantined_documents", "empty_file"] == 1
    assert found["holdfast_runs", "ingest", "CompletedWithQuarantine"] == 1
    assert found["holdfast_stale",] == 0
    assert 0 <= found["holdfast_freshness_seconds",] < 3600 * 24
    (epoch,) = [value for name, value in found.items() if name[0] == "holdfast_epoch"]
    assert epoch == desk.on_home("status", "--json").json["epoch"]


def test_a_home_that_is_not_there_is_not_made(empty_desk: Any) -> None:
    found = values(empty_desk)
    assert found["holdfast_up",] == 1
    assert found["holdfast_documents",] == 0
    assert found["holdfast_stale",] == 1
    assert not (empty_desk.home).exists()


def test_a_ledger_that_is_broken_is_down_and_not_empty(desk: Any, spoil: Any) -> None:
    spoil(desk.home / "ledger.sqlite")
    found = values(desk)
    assert found.keys() == {("holdfast_up",), ("holdfast_home_free_bytes",)}
    assert found["holdfast_up",] == 0
    assert found["holdfast_home_free_bytes",] > 0


def test_every_value_is_a_number(desk: Any) -> None:
    samples = desk.on_home("metrics", "--json").json
    assert not [s for s in samples if isinstance(s["value"], bool)]


def test_the_text_is_what_prometheus_reads(desk: Any) -> None:
    from prometheus_client.parser import text_string_to_metric_families

    ended = desk.on_home("metrics")
    families = {family.name for family in text_string_to_metric_families(ended.out)}
    assert "holdfast_documents" in families


def test_dashboard_and_alerts_ask_for_metrics_that_exist(desk: Any) -> None:
    known = {name[0] for name in values(desk)} | {"holdfast_requests"}
    dashboard = json.loads((ROOT / "docker/grafana/dashboards/holdfast.json").read_text())
    alerts = yaml.safe_load((ROOT / "docker/alerts.yml").read_text())
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for group in alerts["groups"] for rule in group["rules"]]
    named = set(re.findall(r"\bholdfast_\w+", " ".join(asked)))
    assert len(named) > 5
    assert named <= known


@pytest.mark.parametrize("listen", ["9464", "localhost:", "127.0.0.1:99999", ":1"])
def test_an_address_has_a_host_and_a_port(desk: Any, listen: str) -> None:
    ended = desk.on_home("metrics", "--listen", listen)
    assert ended.code == 2
    assert "HOST:PORT" in ended.complaint


def test_scrapes_at_once_are_answered_one_after_the_other(desk: Any) -> None:
    from config.loading import load_settings
    from service.commands.metrics import start
    from service.metrics import registry_of

    settings = load_settings(overrides={"home": desk.home}).settings
    server, thread = start(registry_of(settings), "127.0.0.1", 0)
    answers: list[bytes] = []

    def scrape() -> None:
        url = f"http://127.0.0.1:{server.server_port}/metrics"
        with urllib.request.urlopen(url, timeout=30) as answer:
            answers.append(answer.read())

    try:
        threads = [threading.Thread(target=scrape) for _ in range(4)]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert len(answers) == 4
    assert all(b"holdfast_up 1.0" in answer for answer in answers)


def test_a_connection_on_which_nothing_comes_is_ended_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from prometheus_client import CollectorRegistry

    from service.commands.metrics import start

    monkeypatch.setattr("service.connections.HeardHandler.timeout", 0.1)
    server, thread = start(CollectorRegistry(), "127.0.0.1", 0)
    try:
        for words in (b"", b"GET /metrics HTTP/1.1\r\nHost: me\r\n"):
            with socket.create_connection(server.server_address[:2], timeout=60) as silent:
                silent.sendall(words)
                assert silent.recv(1) == b""
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert capsys.readouterr().err == ""
