"""Calling the flow from the command: one report, one error, and an API that has to be there."""

import io
import json
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest

from config.errors import HoldfastError
from config.settings import OrchestrationSettings
from flows.calling import reach_api, refusals_told, run_ingest_flow
from indexing.running.watch import SilentWatcher
from service.cli import run


@contextmanager
def answering(*statuses: int) -> Iterator[str]:
    """Serve one status after the other, and the last one from then on, on this machine."""
    left = list(statuses)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Retry-After", "0")  # else Prefect's client waits for seconds
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
        assert len(left) == 1
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/api", "nonsense", "http://[broken"])
def test_an_api_that_is_not_there_is_told_before_the_run(url: str, desk: Any) -> None:
    desk.change(orchestration=OrchestrationSettings(api_url=url))
    with pytest.raises(HoldfastError, match=r"does not answer.*PREFECT_API_URL"):
        run_ingest_flow(desk.settings, SilentWatcher(), path=desk.folder, names=())
    assert not desk.settings.home.exists()


@pytest.mark.parametrize("status", [500, 503])
def test_an_api_that_is_broken_is_told(status: int) -> None:
    with answering(status) as url, pytest.raises(HoldfastError, match=str(status)):
        reach_api(url)


@pytest.mark.parametrize("statuses", [[200], [401], [404], [503, 503, 200], [502, 429, 503, 401]])
def test_whatever_else_answers_at_last_is_left_to_prefect(statuses: list[int]) -> None:
    with answering(*statuses) as url:
        assert reach_api(url) is None  # type: ignore[func-returns-value]


def test_an_api_that_wants_a_login_is_told_with_what_to_set(desk: Any) -> None:
    from flows.bootstrap import bootstrap
    from flows.leftovers import crash_leftovers

    with answering(401) as url:
        desk.change(orchestration=OrchestrationSettings(api_url=url))
        for call in (lambda: bootstrap(desk.settings, url), lambda: crash_leftovers(url)):
            with pytest.raises(HoldfastError, match=r"log in \(401\).*PREFECT_API_AUTH_STRING"):
                call()


def test_what_an_api_refuses_or_leaves_unanswered_is_told() -> None:
    with (
        answering(422) as url,
        pytest.raises(HoldfastError, match=r"refused a call .*422"),
        refusals_told(url),
    ):
        httpx.get(f"{url}/health").raise_for_status()
    with pytest.raises(HoldfastError, match="does not answer any more"), refusals_told(url):
        httpx.get(f"{url}/health")  # over by now
    with pytest.raises(httpx.ConnectError), refusals_told("http://127.0.0.1:2/api"):
        httpx.get(f"{url}/health")  # somebody else's


Called = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(desk: Any, capsys: pytest.CaptureFixture[str]) -> Called:
    """Run the command in this process, with a log handler as the command has one."""

    def called(*arguments: Any) -> tuple[int, str, str]:
        log = io.StringIO()
        handler = logging.StreamHandler(log)
        logging.getLogger().addHandler(handler)
        capsys.readouterr()
        try:
            code = run([*map(str, arguments), "--home", str(desk.settings.home)])
        finally:
            logging.getLogger().removeHandler(handler)
        assert handler.filters == []
        return code, capsys.readouterr().out, log.getvalue()

    return called


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_the_command_prints_the_report_of_the_flow(desk: Any, call: Called) -> None:
    desk.fill(2)
    desk.write("void.txt", "")
    code, out, log = call("ingest", desk.folder, "--flow", "--json")
    assert code == 3
    report = json.loads(out)
    assert report["state"] == "CompletedWithQuarantine"
    assert report["counts"]["indexed"] == 2
    assert log == ""
    code, out, _ = call("status", "--json")
    assert code == 0
    assert json.loads(out)["runs"][0]["runner"] == "prefect"


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
def test_a_flow_that_fails_is_told_once_without_a_traceback(
    desk: Any, call: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("service.cli.tell", told.append)
    code, out, log = call("ingest", desk.folder / "nowhere", "--flow", "--json")
    assert code == 1
    assert out == ""
    assert log == ""
    (message,) = told
    assert "does not exist" in message


def test_somebody_who_debugs_sees_what_the_engine_says() -> None:
    from flows.calling import errors_told_once

    root = logging.getLogger()
    handler = logging.StreamHandler(log := io.StringIO())
    root.addHandler(handler)
    level = root.level
    record = logging.makeLogRecord({"name": "prefect.flow_runs", "msg": "broken", "levelno": 40})
    try:
        root.setLevel(logging.DEBUG)
        with errors_told_once():
            handler.handle(record)
        assert log.getvalue() == "broken\n"
        root.setLevel(logging.WARNING)
        with errors_told_once():
            handler.handle(record)
        assert log.getvalue() == "broken\n"
    finally:
        root.setLevel(level)
        root.removeHandler(handler)
