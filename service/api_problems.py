"""Errors of the HTTP service as RFC 9457 problems, and the limit on the size of a request."""

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from config.errors import HoldfastError

logger = logging.getLogger(__name__)

PROBLEM = "application/problem+json"
TITLES = {
    400: "Bad request",
    401: "No valid key",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Answer not acceptable",
    413: "Request too large",
    415: "Not JSON",
    421: "Wrong host",
    422: "Request not understood",
    429: "Too many requests",
    500: "Fault in Holdfast",
    503: "Not available",
}


_CODES = "holdfast.problems"


class Problem(JSONResponse):
    """A problem that tells whoever counts them (`CountProblems`) that it was sent."""

    def __init__(
        self, code: str, body: Mapping[str, Any], status: int, headers: Mapping[str, str]
    ) -> None:
        """Remember the code."""
        super().__init__(body, status, headers, PROBLEM)
        self._code = code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and tell."""
        tell = scope.get(_CODES)
        if tell is not None:
            tell(self._code)
        await super().__call__(scope, receive, send)


class CountProblems:
    """Counts every problem of an application, whichever part of it refused the request."""

    def __init__(self, app: ASGIApp, told: Callable[[str], None]) -> None:
        """Wrap an application.

        Args:
            app: Whatever refuses.
            told: Is told the code of every problem that is sent.
        """
        self._app = app
        self._told = told

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, with whom to tell."""
        await self._app({**scope, _CODES: self._told}, receive, send)


class ProblemError(Exception):
    """A request is refused with a status and a code."""

    def __init__(self, status: int, code: str, detail: str, retry_after: float = 0.0) -> None:
        """Say why, and after how many seconds to try again."""
        super().__init__(detail)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    @property
    def seconds(self) -> int:
        """Whole seconds after which to try again."""
        return math.ceil(self.retry_after)


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return a problem; nothing of this machine stands in it."""
    body: dict[str, Any] = {
        "type": f"urn:holdfast:problem:{code}",
        "title": TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return Problem(code, body, status, dict(headers or {}))


def problem_of(error: ProblemError) -> JSONResponse:
    """Return the problem that a refusal ends as."""
    headers = {"WWW-Authenticate": "Bearer"} if error.status == 401 else {}
    if error.retry_after > 0:
        headers["Retry-After"] = str(error.seconds)
    return problem(error.status, error.code, str(error), headers)


def code_of(status: int) -> str:
    """Return the code of a problem of which only the status is known."""
    return TITLES.get(status, "error").lower().replace(" ", "_")


def fault() -> JSONResponse:
    """Return the problem for what should not have happened; the log has what it was."""
    return problem(500, "internal_error", "This is a fault in Holdfast; the log has details.")


def is_json(content_type: str) -> bool:
    """Tell whether a body is said to be JSON."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def not_understood(faults: Iterable[Mapping[str, Any]], skipped: int = 0) -> str:
    """Say what is wrong with a request: places and messages, never what was sent.

    Args:
        faults: As pydantic lists them.
        skipped: How much of the front of each place to leave out.
    """
    said = (
        f"{'.'.join(str(part) for part in fault['loc'][skipped:]) or 'body'}: {fault['msg']}"
        for fault in islice(faults, 5)
    )
    return "; ".join(said)


def add_problems(app: FastAPI) -> None:
    """Let every error of an application end as a problem; `Named` takes care of faults."""

    def refused(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, ProblemError)
        return problem_of(error)

    def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        if request.method == "POST" and not is_json(request.headers.get("Content-Type", "")):
            # Nothing was parsed, so that what pydantic says of it would lead astray.
            detail = "Send JSON, with the header Content-Type: application/json."
            return problem(415, "not_json", detail)
        if first["type"] == "json_invalid":
            why, place = first["ctx"]["error"], first["loc"][-1]
            detail = f"The body is no JSON from character {place} on (counted from 0): {why}."
            return problem(422, "not_understood", detail)
        return problem(422, "not_understood", not_understood(error.errors(), skipped=1))

    def of_http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        detail = TITLES.get(error.status_code, "The request was refused.")
        if error.status_code == 400:  # FastAPI, of a body
            detail = "The body cannot be read: send JSON in UTF-8, not packed and not so deep."
        return problem(error.status_code, code_of(error.status_code), detail, error.headers)

    def of_holdfast(_request: Request, error: Exception) -> JSONResponse:
        logger.warning("A request could not be served: %s", error)
        return problem(503, "unavailable", "A part of Holdfast is not available; try again later.")

    app.add_exception_handler(ProblemError, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, of_http)
    app.add_exception_handler(HoldfastError, of_holdfast)


class BodyLimit:
    """Refuses a request by the bytes that arrive, whatever its length is said to be."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        """Wrap an application."""
        self._app = app
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the body up to the limit, and hand it on whole."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] != "http.request":
                return  # the client is gone
            part = message.get("body", b"")
            size += len(part)
            if size > self._most:
                detail = f"At most {self._most} bytes are taken (serve.max_body_kb)."
                await problem(413, "too_large", detail)(scope, receive, send)
                return
            parts.append(part)
            more = message.get("more_body", False)
        body: list[Message] = [{"type": "http.request", "body": b"".join(parts)}]

        async def whole() -> Message:
            return body.pop() if body else await receive()

        await self._app(scope, whole, send)
