"""MCP over streamable HTTP: every request shows a key, and the key says who asks."""

from ipaddress import ip_address
from typing import Any

from mcp.server import Server, ServerRequestContext
from mcp.server.transport_security import TransportSecuritySettings
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.admission import count_use, shown_key
from service.api_problems import (
    BodyLimit,
    ProblemError,
    code_of,
    is_json,
    problem,
    problem_of,
)
from service.asking import Asker, QueryDesk
from service.keys import ApiKey, Gatekeeper, KeyScope
from service.mcp_server import mcp_server
from service.naming import Named

PATH = "/mcp"
_HOLDER = "holdfast.key"


class KeyWall:
    """Lets through whoever shows a key that may read; nothing else, whatever the path."""

    def __init__(self, app: ASGIApp, gatekeeper: Gatekeeper) -> None:
        """Wrap an application."""
        self._app = app
        self._gatekeeper = gatekeeper

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on with the key."""
        if scope["type"] == "http":
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
            try:
                key = shown_key(Headers(scope=scope), self._gatekeeper, KeyScope.READ)
                if scope["method"] != "POST":
                    # Nothing is ever sent unasked: a stream would only hold one of the places.
                    raise ProblemError(405, "method_not_allowed", "Only POST is taken here.")
            except ProblemError as error:
                await problem_of(error)(scope, receive, send)
                return
            scope = {**scope, _HOLDER: key}
        await self._app(scope, receive, send)


class Worded:
    """Makes a problem of what an application refuses with bare words."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on, and hold back an error that is no JSON until all of it is there."""
        held: list[Message] = []
        words: list[bytes] = []

        async def worded(message: Message) -> None:
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("Content-Type", "")
                if message["status"] >= 400 and not is_json(kind):
                    held.append(message)
                    return
            if not held:
                await send(message)
                return
            words.append(message.get("body", b""))
            if not message.get("more_body", False):
                status = held[0]["status"]
                detail = b"".join(words).decode("utf-8", "replace")
                await problem(status, code_of(status), detail)(scope, receive, send)

        await self._app(scope, receive, worded)


def mcp_app(desk: QueryDesk, gatekeeper: Gatekeeper, host: str = "127.0.0.1") -> ASGIApp:
    """Return the application, `/mcp` behind the wall.

    No session is kept: each request stands alone, so no key can use what another one opened.

    Args:
        desk: Serves the requests.
        gatekeeper: Knows the keys.
        host: Where it will listen; on a loopback address only requests to one are taken, so that
            no web page can reach it by a name of its own.
    """

    def who_asks(context: ServerRequestContext[Any, Any]) -> Asker:
        key = context.request.scope.get(_HOLDER) if context.request is not None else None
        if not isinstance(key, ApiKey):
            raise ProblemError(401, "unauthorized", "Show a valid key as a bearer token.")
        count_use(key, gatekeeper)  # calls count, not the greeting before them
        return Asker.of_key(key)

    server: Server[dict[str, Any]] = mcp_server(desk, who_asks)
    most_bytes = desk.corpus.settings.serve.max_body_kb * 1024
    app: Starlette = server.streamable_http_app(
        streamable_http_path=PATH,
        json_response=True,
        stateless_http=True,
        max_request_body_size=most_bytes,
        transport_security=only_loopback(host),
        host=host,
    )
    app.router.redirect_slashes = False
    return Named(KeyWall(BodyLimit(Worded(app), most_bytes), gatekeeper))


def only_loopback(host: str) -> TransportSecuritySettings | None:
    """Return which names requests have to have, with or without a port; none if any will do.

    The SDK's own choice knows three loopback addresses, and no name without a port, as a proxy
    sends it.

    Args:
        host: Where it will listen.
    """
    try:
        is_loopback = ip_address(host).is_loopback
    except ValueError:  # a name
        is_loopback = host == "localhost"
    if not is_loopback:
        return None
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    allowed = [name + port for name in sorted(names) for port in ("", ":*")]
    return TransportSecuritySettings(
        allowed_hosts=allowed, allowed_origins=[f"http://{name}" for name in allowed]
    )
