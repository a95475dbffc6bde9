"""`holdfast deploy` and `holdfast up` where they cannot work: one clear line, nothing left."""

import socket
from typing import Any

import pytest


def test_deploy_needs_a_server_that_is_named(empty_desk: Any) -> None:
    ended = empty_desk.on_home("deploy")
    assert ended.code == 2
    assert "PREFECT_API_URL" in ended.complaint
    assert "holdfast up" in ended.complaint


def test_deploy_tells_of_a_server_that_does_not_answer(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:1/api")
    ended = empty_desk.on_home("deploy")
    assert ended.code == 1
    assert "does not answer" in ended.complaint
    assert not empty_desk.home.exists()


@pytest.mark.parametrize("port", ["0", "70000", "http"])
def test_up_refuses_what_is_no_port(empty_desk: Any, port: str) -> None:
    assert empty_desk.on_home("up", "--port", port).code == 2
    assert not empty_desk.home.exists()


def test_up_refuses_a_port_that_is_taken(empty_desk: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = empty_desk.on_home("up", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "is taken" in ended.complaint
    assert "--port" in ended.complaint


def test_up_refuses_a_taken_port_of_the_query_service_before_anything_starts(
    empty_desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.laptop.Children", lambda: pytest.fail("something was started"))
    with socket.socket() as taken, socket.socket() as free:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        free.bind(("127.0.0.1", 0))
        port, other = (str(one.getsockname()[1]) for one in (taken, free))
        free.close()
        ended = empty_desk.on_home("up", "--port", other, "--query-port", port)
    assert ended.code == 1
    assert f"Port {port} is taken" in ended.complaint
    assert "--query-port" in ended.complaint
    assert not empty_desk.home.exists()


def test_status_shows_freshness_sources_and_room(desk: Any) -> None:
    facts = desk.on_home("status", "--json").json
    assert facts["freshness"]["stale"] is False
    assert facts["disk_free_bytes"] > 0
    assert [(s["kind"], s["documents"]) for s in facts["sources"]] == [(None, 2)]
    shown = desk.on_home("status").out
    assert "the last ingest went through 0." in shown
    assert "GB of disk free" in shown
    assert "not configured" in shown
