"""The query module as MCP tools that only read; who asks is said by key or configuration.

Arguments and results are the models of the HTTP service, so an unknown argument such as a tenant
is refused here as there, and a result is the JSON of `holdfast ask --json`.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from typing import Any

import mcp_types as mcp
from mcp.server import Server, ServerRequestContext
from pydantic import BaseModel, ValidationError

from config.errors import HoldfastError
from service.api_models import Ask, Check, CheckOut, Cite, CitedOut, DecisionOut, RetrievalOut
from service.api_problems import ProblemError, not_understood
from service.asking import Asker, QueryDesk, Way
from service.mcp_words import DESCRIPTIONS, INSTRUCTIONS, obligation
from service.places import Places

logger = logging.getLogger(__name__)

ONLY_READS = mcp.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)

WhoAsks = Callable[[ServerRequestContext[Any, Any]], Asker]
"""Says who a call comes from.

Raises:
    ProblemError: Nobody who is let in.
"""


@dataclass(frozen=True, slots=True)
class ReadingTool:
    """One tool: what it takes, what it gives, and what does the work."""

    title: str
    takes: type[BaseModel]
    gives: type[BaseModel]
    work: Callable[[QueryDesk, Asker, Any], dict[str, Any]]

    def described(self, name: str) -> mcp.Tool:
        """Return what clients are shown."""
        return mcp.Tool(
            name=name,
            title=self.title,
            description=DESCRIPTIONS[name],
            input_schema=self.takes.model_json_schema(),
            output_schema=self.gives.model_json_schema(mode="serialization"),
            annotations=ONLY_READS,
        )


def _asked(way: Way) -> Callable[[QueryDesk, Asker, Any], dict[str, Any]]:
    return lambda desk, asker, ask: desk.served(asker, ask, way)


TOOLS: Mapping[str, ReadingTool] = {
    "ground": ReadingTool("Is it answerable?", Ask, DecisionOut, _asked(Way.GROUND)),
    "answer": ReadingTool("Answer if it holds", Ask, DecisionOut, _asked(Way.ANSWER)),
    "retrieve": ReadingTool("Find evidence", Ask, RetrievalOut, _asked(Way.RETRIEVE)),
    "check": ReadingTool("Check a text", Check, CheckOut, QueryDesk.checked),
    "evidence": ReadingTool("Read cited evidence", Cite, CitedOut, QueryDesk.cited),
}


def mcp_server(desk: QueryDesk, who_asks: WhoAsks) -> Server[dict[str, Any]]:
    """Return the server; it says nothing to anybody whom `who_asks` does not know.

    Args:
        desk: Serves the requests.
        who_asks: Says who a call comes from.
    """
    places = Places(desk.corpus.settings.serve)

    async def list_tools(
        _context: ServerRequestContext[Any, Any], _page: mcp.PaginatedRequestParams | None
    ) -> mcp.ListToolsResult:
        return mcp.ListToolsResult(tools=[tool.described(name) for name, tool in TOOLS.items()])

    async def call_tool(
        context: ServerRequestContext[Any, Any], call: mcp.CallToolRequestParams
    ) -> mcp.CallToolResult:
        try:
            asker = who_asks(context)
            work = partial(called, desk, asker, call.name, call.arguments or {})
            # Over standard input there is no request, and nobody who leaves before the end.
            request = context.request
            return await places.run(work, None if request is None else request.is_disconnected)
        except ProblemError as error:
            return failed(told(error))
        except HoldfastError as error:
            logger.warning("A call of %r could not be served: %s", call.name, error)
            return failed("A part of Holdfast is not available, so nothing was checked.")
        except Exception:
            logger.exception("A call of %r ended in a fault.", call.name)
            return failed("This is a fault in Holdfast, so nothing was checked.")

    return Server(
        "holdfast",
        version=version("holdfast"),
        title="Holdfast",
        instructions=INSTRUCTIONS,
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def called(
    desk: QueryDesk, asker: Asker, name: str, arguments: Mapping[str, Any]
) -> mcp.CallToolResult:
    """Call a tool.

    Raises:
        ProblemError: There is no such tool, its arguments are wrong, or it names what is not there.
    """
    tool = TOOLS.get(name)
    if tool is None:
        raise ProblemError(404, "no_such_tool", f"The tools are {', '.join(TOOLS)}.")
    try:
        taken = tool.takes.model_validate(arguments)
    except ValidationError as error:
        raise ProblemError(422, "not_understood", not_understood(error.errors())) from None
    given = tool.gives.model_validate(tool.work(desk, asker, taken)).model_dump(mode="json")
    words = obligation(name, given)
    return mcp.CallToolResult(
        content=[
            mcp.TextContent(text=words),
            mcp.TextContent(text=json.dumps(given, ensure_ascii=False)),
        ],
        structured_content=given,
    )


def told(error: ProblemError) -> str:
    """Say why a call was refused and, as there is no header for it here, when to try again."""
    if not error.retry_after:
        return str(error)
    return f"{error} It may be tried again in {error.seconds} seconds."


def failed(why: str) -> mcp.CallToolResult:
    """Return an error that a model reads: without a result it must not answer."""
    text = f"{why.rstrip('.')}. Do not answer from your own knowledge instead."
    return mcp.CallToolResult(content=[mcp.TextContent(text=text)], is_error=True)
