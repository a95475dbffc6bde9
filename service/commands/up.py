"""`holdfast up`: everything on this machine, until Ctrl-C."""

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from service.console import print_json, say
from service.exits import Exit
from service.options import DEFAULTS, Options, load
from service.timed_logs import log_with_time

if TYPE_CHECKING:
    from flows.laptop import Query

PORT = 4200
QUERY_PORT = 8765
"""Where `holdfast serve` listens unless told otherwise."""
QUERY_COMMAND = "serve"


def up(
    *,
    port: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=65535))] = PORT,
    query_port: Annotated[int, Parameter(validator=validators.Number(gte=0, lte=65535))] = (
        QUERY_PORT
    ),
    options: Options = DEFAULTS,
) -> int:
    """Start a Prefect server, a worker and the query service on this machine, until Ctrl-C.

    Deployments, limits and automations are registered on the way. Everything that is written is
    under the home; every port is bound to this machine only. With PREFECT_API_URL set, that
    server is used and none is started. All of it ends with this command, and server and worker go
    on where the query service cannot start, as without keys, or ends.

    Args:
        port: Port of the Prefect server and its UI.
        query_port: Port of the query service; 0 starts none.
        options: Options of every command.
    """
    from flows.laptop import run_everything

    loaded = load(options)
    log_with_time()
    run_everything(loaded, port, query_of(query_port), tell_as_json if options.json else say)
    return Exit.DONE


def tell_as_json(line: str) -> None:
    """Print a line as an object, at once."""
    print_json({"up": line})
    sys.stdout.flush()


def query_of(port: int) -> "Query | None":
    """Describe the query service, where there is to be one and this version has one."""
    from flows.laptop import HOST, Query
    from service.cli import COMMANDS

    if not port or QUERY_COMMAND not in COMMANDS:
        return None
    command = [sys.executable, "-m", "service.cli", QUERY_COMMAND, "--listen", f"{HOST}:{port}"]
    return Query(command, port)
