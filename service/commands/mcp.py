"""`holdfast mcp`: the query module as tools for agents, over standard input or over HTTP."""

import os
import signal
from types import FrameType

import anyio

from config.errors import ConfigError
from service.exits import Exit
from service.keys import Gatekeeper, read_keys
from service.listening import DRAIN_SECONDS, INTERRUPTED, listening, place_of, run_server
from service.options import DEFAULTS, Options, load, served
from service.timed_logs import log_with_time


def mcp(
    *, listen: str | None = None, group: tuple[str, ...] = (), options: Options = DEFAULTS
) -> int:
    """Serve MCP tools that only read: ground, answer, retrieve, check, evidence.

    Without --listen the protocol runs over standard input and output, for the tenant of the
    settings and the groups given here. With it, over streamable HTTP at /mcp, for holders of the
    keys of `holdfast serve`.

    Args:
        listen: HOST:PORT for HTTP, such as 127.0.0.1:8766.
        group: A group of whoever asks over standard input, for documents with an ACL; may be
            given several times.
        options: Options of every command.
    """
    if listen is not None:
        if group:
            raise ConfigError(
                "--group is for whoever asks over standard input; with --listen the groups are "
                "those of each key (`holdfast key NAME --group GROUP`)."
            )
        return _over_http(listen, options)
    log_with_time()
    with served(options) as corpus:
        from mcp.server.stdio import stdio_server

        from service.api_tenants import Tenants
        from service.asking import Asker, QueryDesk
        from service.mcp_server import mcp_server
        from service.warming import Warming

        desk = QueryDesk(corpus, Tenants(corpus))
        asker = Asker(corpus.settings.tenant, frozenset(group), "mcp")
        desk.tenants.engine(asker.tenant)  # a wrong policy is told now
        Warming(corpus)
        server = mcp_server(desk, lambda _context: asker)

        async def serve() -> None:
            async with stdio_server() as (read, write):
                await server.run(read, write, server.create_initialization_options())

        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(ending) is not signal.SIG_IGN:  # as `nohup` has it
                signal.signal(ending, leave)
        anyio.run(serve)
    return Exit.DONE


def leave(_signal: int, _frame: FrameType | None) -> None:
    """End at once: the thread that waits for standard input cannot be woken.

    Nothing is lost by that. The tools only read, and what they say is logged before they say it.
    """
    os._exit(INTERRUPTED)


def _over_http(listen: str, options: Options) -> int:
    host, port = place_of(listen)
    gatekeeper = Gatekeeper(read_keys(load(options).settings.serve))
    from service.api_tenants import Tenants
    from service.asking import QueryDesk
    from service.mcp_http import mcp_app
    from service.warming import Warming

    with served(options) as corpus:
        desk = QueryDesk(corpus, Tenants(corpus))
        desk.tenants.engine(corpus.settings.tenant)  # a wrong policy is told now
        warming = Warming(corpus)
        app = mcp_app(desk, gatekeeper, host)
        run_server(app, listening(host, port, corpus.settings.serve))
        warming.wait(DRAIN_SECONDS)  # ended while loading
    return Exit.DONE
