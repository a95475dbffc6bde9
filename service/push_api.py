"""The HTTP routes for documents of other programs; they fill the spool of a push source.

A caller shows the token of the source, from HOLDFAST_SOURCE_SECRETS. A source without a token
takes nothing over HTTP.
"""

import asyncio
import hmac
import json
import logging
from collections.abc import Mapping, Sequence
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Depends, FastAPI, Header, Request
from fastapi.responses import JSONResponse
from starlette.concurrency import run_in_threadpool
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from config.errors import ConfigError, HoldfastError
from config.secrets import secrets_of
from config.settings import Settings
from ingestion.sources.pushing import (
    NO_GROUPS,
    Counter,
    Withdrawal,
    counter_of,
    hand_over,
    read_pushed,
)
from ingestion.sources.spool import PushedDocument, PushError
from service.api_problems import code_of

logger = logging.getLogger(__name__)


class _KeyConvertor(PathConvertor):
    """Finds a key in an address as Starlette finds a path, also one with line breaks."""

    regex = "(?s:.*)"


register_url_convertor("document_key", _KeyConvertor())


class PushRefusedError(Exception):
    """A request is refused with a status and a code."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        """Say why."""
        super().__init__(detail)
        self.status = status
        self.code = code


def push_router(settings: Settings) -> APIRouter:
    """Return the routes `/v1/sources/{source}/documents` for the push sources of a home."""
    router = APIRouter(prefix="/v1/sources/{source}/documents", tags=["push"])

    def admitted(source: str, authorization: Annotated[str, Header()] = "") -> Counter:
        """Let in whoever shows the token of the source; all others see no difference."""
        try:
            counter = counter_of(settings, source)
            token = str(secrets_of(settings, source).get("token", ""))
        except ConfigError:
            counter, token = None, ""
        scheme, _, given = authorization.partition(" ")
        same = hmac.compare_digest(_as_utf8(given.strip()).encode(), token.encode())
        if counter is None or not token or scheme.lower() != "bearer" or not same:
            raise PushRefusedError(
                401, "unauthorized", "There is no such push source, or its token is another one."
            )
        return counter

    Admitted = Annotated[Counter, Depends(admitted)]
    Key = Annotated[str, Depends(_key)]

    @router.post("", summary="Hand over or withdraw a document, as JSON")
    async def post_document(request: Request, counter: Admitted) -> dict[str, str]:
        body = await _body(request, 2 * counter.max_bytes + 1_000_000)
        return await _hand_over(counter, await run_in_threadpool(read_pushed, body))

    @router.put("/{key:document_key}", summary="Hand over the bytes of a document")
    async def put_document(
        request: Request,
        key: Key,
        counter: Admitted,
        holdfast_metadata: Annotated[Sequence[str], Header()] = ("{}",),
        holdfast_acl: Annotated[Sequence[str], Header()] = (),
    ) -> dict[str, str]:
        metadata = _metadata(*map(_as_utf8, holdfast_metadata))
        # A header that stands several times is one list, as in all of HTTP.
        groups = (group.strip() for group in ",".join(map(_as_utf8, holdfast_acl)).split(","))
        acl = tuple(group for group in groups if group)
        if holdfast_acl and not acl:
            raise PushError(f"Nothing was taken: {NO_GROUPS}")
        content = await _body(request, counter.max_bytes)
        return await _hand_over(counter, PushedDocument(key, content, metadata, acl))

    @router.delete("/{key:document_key}", summary="Withdraw a document")
    async def delete_document(key: Key, counter: Admitted) -> dict[str, str]:
        return await _hand_over(counter, Withdrawal(key))

    return router


def push_app(settings: Settings) -> FastAPI:
    """Return an application that has the push routes and nothing else."""
    app = FastAPI(
        title="Holdfast push",
        docs_url=None,
        redoc_url=None,
        # It would send a caller, token and all, to an address made of whatever host was named.
        redirect_slashes=False,
    )
    app.include_router(push_router(settings))
    add_refusals(app)
    return app


def add_refusals(app: FastAPI) -> None:
    """Let an application turn refusals of the push routes into answers."""

    # In no thread: a server that is being ended would not wait for it.
    async def refused(_request: Request, error: Exception) -> JSONResponse:
        status, code = (422, "not_taken") if isinstance(error, PushError) else (503, "unavailable")
        if isinstance(error, PushRefusedError):
            status, code = error.status, error.code
        detail = str(error)
        if status == 503:
            # What went wrong with the spool is for the operator and names paths of this machine.
            logger.warning("A document could not be taken: %s", error)
            detail = "The document cannot be taken just now."
        return JSONResponse({"error": {"code": code, "detail": detail}}, status)

    def of_http(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        told = {"code": code_of(error.status_code), "detail": error.detail}
        return JSONResponse({"error": told}, error.status_code, error.headers)

    for kind in (PushRefusedError, HoldfastError):
        app.add_exception_handler(kind, refused)
    app.add_exception_handler(HTTPException, of_http)


def _key(request: Request, key: str) -> str:
    """Read the key in the address; a part of one could be the key of another document."""
    if request.scope["query_string"]:
        raise PushRefusedError(
            422, "not_taken", "A question mark in a name is written %3F; nothing was changed."
        )
    try:
        unquote_to_bytes(request.scope.get("raw_path") or b"").decode("utf-8")
    except UnicodeDecodeError:
        raise PushRefusedError(
            422, "not_taken", "The name in the address is not UTF-8; nothing was changed."
        ) from None
    return key


def _as_utf8(header: str) -> str:
    """Read a header as UTF-8, which clients send, though HTTP itself takes it for Latin-1."""
    try:
        return header.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return header


async def _hand_over(counter: Counter, pushed: PushedDocument | Withdrawal) -> dict[str, str]:
    outcome = await run_in_threadpool(hand_over, counter, pushed)
    return {"source": counter.name, "key": pushed.key, "outcome": outcome}


async def _body(request: Request, max_bytes: int) -> bytes:
    """Read a body by the bytes that arrive, whatever its length is said to be."""
    for header in ("Content-Encoding", "Content-Range"):
        said = request.headers.getlist(header)  # one that stands several times is one list
        if any(value.strip().lower() != "identity" for value in said):
            # It would replace the document by something that it is not.
            detail = f"A document is taken whole and as it is, without {header}."
            raise PushRefusedError(422, "not_taken", detail)
    parts, size = [], 0
    try:
        async for part in request.stream():
            size += len(part)
            if size > max_bytes:
                raise PushRefusedError(
                    413, "too_large", f"At most {max_bytes} bytes are taken (max_document_mb)."
                )
            parts.append(part)
    except ClientDisconnect:
        # Nobody reads it; without it the log would have a fault for everybody who hangs up.
        detail = "The document broke off; nothing was changed."
        raise PushRefusedError(400, "broken_off", detail) from None
    except asyncio.CancelledError:
        # The server was told to end, and does not wait for the rest any longer.
        detail = "The service is being ended; nothing was changed."
        raise PushRefusedError(503, "unavailable", detail) from None
    return b"".join(parts)


def _metadata(text: str, *more: str) -> Mapping[str, str]:
    try:
        value = None if more else json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
        raise PushRefusedError(
            422, "not_taken", "Holdfast-Metadata has to be one JSON object of texts."
        )
    return value
