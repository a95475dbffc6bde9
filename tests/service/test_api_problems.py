"""The limit on a body goes by what arrives, and a problem says nothing of what was sent."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from indexing.errors import LedgerUnavailableError
from service.api_problems import (
    BodyLimit,
    ProblemError,
    add_problems,
    not_understood,
    problem_of,
)

HTTP = {"type": "http", "method": "POST", "path": "/", "headers": []}
GONE = {"type": "http.disconnect"}


def sent(*parts: bytes, ended: bool = True) -> list[dict[str, Any]]:
    """The messages of a body; one that is not ended has more to come."""
    last = len(parts) - 1
    return [
        {"type": "http.request", "body": part, "more_body": number < last or not ended}
        for number, part in enumerate(parts)
    ]


class Taken:
    """An application that reads all it is given, until the caller is gone."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.ends: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert not message.get("more_body", False), "it is handed on whole"
        self.bodies.append(message["body"])
        self.ends.append((await receive())["type"])
        await send({"type": "http.response.start", "status": 200, "headers": []})


def through(most: int, messages: Iterable[dict[str, Any]]) -> tuple[Taken, list[int]]:
    """Pass messages through a limit; returns what was taken, and the status of every answer."""
    app, waiting, answers = Taken(), iter([*messages, GONE]), []

    async def receive() -> dict[str, Any]:
        return next(waiting)

    async def send(message: dict[str, Any]) -> None:
        answers.append(message)

    asyncio.run(BodyLimit(app, most)(dict(HTTP), receive, send))
    return app, [m["status"] for m in answers if m["type"] == "http.response.start"]


@pytest.mark.parametrize("parts", [(b"x" * 10,), (b"xxxx", b"", b"xxxxxx"), (b"",)])
def test_a_body_up_to_the_limit_is_handed_on_whole_and_once(parts: tuple[bytes, ...]) -> None:
    app, answers = through(10, sent(*parts))
    assert app.bodies == [b"".join(parts)]
    assert app.ends == ["http.disconnect"]
    assert answers == [200]


@pytest.mark.parametrize("parts", [(b"x" * 11,), (b"x" * 10, b"x"), (b"x" * 11, b"x" * 9999)])
def test_a_larger_one_is_refused_before_anybody_has_it(parts: tuple[bytes, ...]) -> None:
    app, answers = through(10, sent(*parts))
    assert (app.bodies, answers) == ([], [413])


def test_half_a_body_of_a_caller_who_left_is_handed_on_to_nobody() -> None:
    app, answers = through(10, sent(b"half", ended=False))
    assert (app.bodies, answers) == ([], [])


@pytest.mark.parametrize(("wait", "said"), [(0.2, "1"), (1.0, "1"), (1.01, "2"), (0.0, None)])
def test_who_has_to_wait_is_told_whole_seconds_that_are_enough(wait: float, said: str) -> None:
    answer = problem_of(ProblemError(429, "rate_limited", "Too often.", wait))
    assert answer.headers.get("Retry-After") == said


def test_only_the_first_faults_of_a_request_are_told() -> None:
    faults = [{"loc": ("body", "history", n), "msg": "is none"} for n in range(1000)]
    told = not_understood(faults, skipped=1)
    assert told.count("is none") == 5
    assert told.startswith("history.0: is none; ")
    assert not_understood([{"loc": ("body",), "msg": "is none"}], skipped=1) == "body: is none"


def test_what_fails_in_holdfast_is_in_the_log_and_in_no_answer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = FastAPI()
    add_problems(app)

    @app.get("/")
    def broken() -> None:
        raise LedgerUnavailableError("/secret/path is locked")

    answer = TestClient(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert "secret" not in answer.text
    assert "/secret/path is locked" in caplog.text
