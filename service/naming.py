"""The id of a request on its answer, for finding it in the caller's logs."""

import asyncio
import logging
import re
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api_problems import fault, problem

logger = logging.getLogger(__name__)

REQUEST_ID = "X-Request-ID"
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")


class Named:
    """Gives every answer the id of its request, that of a fault or of a server's end as well."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and name what comes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        name = given if _PLAIN_ID.fullmatch(given) else uuid.uuid4().hex
        begun = False

        async def named(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = name
                headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self._app(scope, receive, named)
        except asyncio.CancelledError:
            # The server was told to end, and does not wait for this one any longer.
            if begun:
                raise
            detail = "The service is being ended and did not wait for this request; send it again."
            await problem(503, "unavailable", detail)(scope, receive, named)
        except Exception:
            # What Starlette answers a fault with is sent past every middleware.
            if begun:
                raise
            logger.exception("The request %s ended in a fault.", name)
            await fault()(scope, receive, named)
