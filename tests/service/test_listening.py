"""Listening: an address that is taken is told, and nobody can hold up the end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.errors import ConfigError
from service.keys import KeyScope, make_key
from service.listening import ended_by_signals, place_of

ROOT = Path(__file__).resolve().parents[2]
SOURCES = json.dumps([{"name": "crm", "kind": "push"}])
IMPATIENT = """
import service.listening
from service.cli import main

service.listening.DRAIN_SECONDS = 1
main()
"""
HALF = (
    b"PUT /v1/sources/crm/documents/a.md HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n"
    b"Authorization: Bearer t\r\nExpect: 100-continue\r\n\r\n"
)


@pytest.mark.parametrize("port", ["", "0", "65536", "x", "1" * 5000])
def test_what_is_no_port_is_told(port: str) -> None:
    assert place_of("127.0.0.1:8765") == ("127.0.0.1", 8765)
    with pytest.raises(ConfigError, match="write HOST:PORT"):
        place_of(f"127.0.0.1:{port}")


@pytest.fixture
def taken() -> Iterator[str]:
    """An address at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("command", [["metrics"], ["push", "crm"]])
def test_an_address_that_is_taken_is_told(
    desk: Any, taken: str, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    monkeypatch.setenv("HOLDFAST_SOURCES", SOURCES)
    monkeypatch.setenv("HOLDFAST_SOURCE_SECRETS", json.dumps({"crm": {"token": "t"}}))
    ended = desk.on_home(*command, "--listen", taken)
    assert ended.code == 1
    assert ended.complaint.startswith(f"{taken} cannot be listened at")


@pytest.mark.parametrize("command", ["serve", "mcp"])
def test_a_service_that_cannot_listen_has_failed(desk: Any, taken: str, command: str) -> None:
    _, entry = make_key("bot", "default", (), (KeyScope.READ,))
    keys = json.dumps([entry.model_dump(mode="json", exclude_defaults=True)])
    done = subprocess.run(
        [sys.executable, "-m", "service.cli", command, "--listen", taken, "--home", desk.home],
        env=os.environ | {"PYTHONPATH": str(ROOT), "HOLDFAST_SERVE__KEYS": keys},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1  # 3 would be a completion with errors
    assert f"error: {taken} cannot be listened at" in done.stderr
    (logged,) = (line for line in done.stderr.splitlines() if "in use" in line)
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ ERROR uvicorn", logged), "with the time"


def test_half_a_document_does_not_hold_up_the_end(empty_desk: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    listen = ["--listen", f"127.0.0.1:{port}", "--home", str(empty_desk.home)]
    secrets = json.dumps({"crm": {"token": "t"}})
    names = {"PYTHONPATH": str(ROOT), "HOLDFAST_SOURCES": SOURCES,
             "HOLDFAST_SOURCE_SECRETS": secrets}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-c", IMPATIENT, "push", "crm", *listen],
        env=os.environ | names,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    try:
        with connected(port, process) as client:
            client.sendall(HALF)
            assert b"100 Continue" in client.recv(1000)  # it waits for the document
            process.send_signal(signal.SIGTERM)
            with client.makefile("rb") as answer:
                assert b'"unavailable"' in answer.read()
            assert process.wait(60) == 0
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_what_is_under_way_is_served_to_its_end(empty_desk: Any, ending: signal.Signals) -> None:
    with taking_documents(empty_desk.home) as (process, port), connected(port, process) as client:
        client.sendall(HALF)
        assert b"100 Continue" in client.recv(1000)  # it waits for the document
        process.send_signal(ending)
        client.sendall(b"nine char")
        with client.makefile("rb") as answer:
            assert b'"outcome":"added"' in answer.read()
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_workers_that_a_host_sets_for_others_are_not_heeded(empty_desk: Any) -> None:
    with (
        taking_documents(empty_desk.home, WEB_CONCURRENCY="2") as (process, port),
        connected(port, process) as client,
    ):
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b" 404 " in client.recv(1000)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_again_and_again_ends_it_no_other_way(
    empty_desk: Any, ending: signal.Signals
) -> None:
    with taking_documents(empty_desk.home) as (process, port), connected(port, process) as client:
        client.sendall(HALF)
        assert b"100 Continue" in client.recv(1000)  # it waits for the document
        for _ in range(3):
            process.send_signal(ending)
            time.sleep(0.05)
        client.sendall(b"nine char")
        with client.makefile("rb") as answer:
            assert b'"outcome":"added"' in answer.read()
        process.send_signal(ending)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_second_ctrl_c_leaves_at_once_without_a_traceback(empty_desk: Any) -> None:
    with taking_documents(empty_desk.home) as (process, port), connected(port, process) as client:
        client.sendall(HALF)
        assert b"100 Continue" in client.recv(1000)  # what is under way would hold it up
        while process.poll() is None:
            process.send_signal(signal.SIGINT)
            time.sleep(0.05)
        assert process.returncode == 130
        assert process.stderr is not None
        assert process.stderr.read() == b""


def heed_all() -> None:
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.SIG_DFL)


@contextmanager
def taking_documents(home: Path, **more: str) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """Run `holdfast push --listen`, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    listen = ["--listen", f"127.0.0.1:{port}", "--home", str(home)]
    secrets = json.dumps({"crm": {"token": "t"}})
    names = {"PYTHONPATH": str(ROOT), "HOLDFAST_SOURCES": SOURCES,
             "HOLDFAST_SOURCE_SECRETS": secrets}  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "push", "crm", *listen],
        env=os.environ | names | more,
        stderr=subprocess.PIPE,
        # Whoever runs the tests may have had it ignored, and so would the command.
        preexec_fn=heed_all,  # noqa: PLW1509 - a few calls
    )
    try:
        yield process, port
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_metrics_that_are_told_to_end_have_not_failed(desk: Any, ending: signal.Signals) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    listen = ["--listen", f"127.0.0.1:{port}", "--home", str(desk.home)]
    process = subprocess.Popen(
        [sys.executable, "-m", "service.cli", "metrics", *listen],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        # Whoever runs the tests in the background has Ctrl-C ignored, and so would the command.
        preexec_fn=partial(signal.signal, ending, signal.SIG_DFL),  # noqa: PLW1509 - one call
    )
    try:
        with connected(port, process) as client:
            client.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
            assert b"200 OK" in client.recv(1000)
        process.send_signal(ending)
        assert process.wait(60) == 0
        assert process.stderr is not None
        assert b"error" not in process.stderr.read()
    finally:
        process.kill()
        process.communicate()


def connected(port: int, process: "subprocess.Popen[bytes]") -> socket.socket:
    """Connect as soon as somebody listens."""
    while process.poll() is None:
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=60)
        except ConnectionRefusedError:
            time.sleep(0.05)
    raise AssertionError("it ended before it listened")


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("localhost:65535", ("localhost", 65535)),
        ("[::1]:8765", ("::1", 8765)),
    ],
)
def test_an_address_is_a_host_and_a_port(listen: str, place: tuple[str, int]) -> None:
    assert place_of(listen) == place


@pytest.mark.parametrize("listen", ["", "8765", ":8765", "h:", "h:0", "h:65536", "h:-1", "h:one"])
def test_what_is_no_address_is_told(listen: str) -> None:
    with pytest.raises(ConfigError, match="write HOST:PORT"):
        place_of(listen)


@pytest.mark.parametrize("nohup", [True, False])
def test_a_terminal_that_goes_away_ends_a_server_unless_it_was_asked_not_to(nohup: bool) -> None:
    server: Any = SimpleNamespace(should_exit=False)
    kept = {one: signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)}
    before = signal.getsignal(signal.SIGHUP)
    given = signal.SIG_IGN if nohup else signal.SIG_DFL
    signal.signal(signal.SIGHUP, given)
    try:
        with ended_by_signals(server):
            signal.raise_signal(signal.SIGHUP)
        if nohup:
            assert signal.getsignal(signal.SIGHUP) is given
    finally:
        signal.signal(signal.SIGHUP, before)
        for one in (signal.SIGINT, signal.SIGTERM):
            signal.signal(one, kept[one])
    assert server.should_exit is not nohup
