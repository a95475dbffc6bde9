"""`holdfast up`: everything on this machine, until Ctrl-C."""

import sys
from typing import Annotated

from cyclopts import Parameter, validators

from service.console import print_json, say
from service.exits import Exit
from service.options import DEFAULTS, Options, load

PORT = 4200
QUERY_COMMAND = "serve"


def up(
    *,
    port: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=65535))] = PORT,
    options: Options = DEFAULTS,
) -> int:
    """Start a Prefect server, a worker and the query service on this machine, until Ctrl-C.

    Deployments, limits and automations are registered on the way. Everything that is written is
    under the home; every port is bound to this machine only. With PREFECT_API_URL set, that
    server is used and none is started. All of it ends with this command.

    Args:
        port: Port of the Prefect server and its UI.
        options: Options of every command.
    """
    from flows.laptop import run_everything

    loaded = load(options)
    run_everything(loaded, port, query_command(), tell_as_json if options.json else say)
    return Exit.DONE


def tell_as_json(line: str) -> None:
    """Print a line as an object, at once."""
    print_json({"up": line})
    sys.stdout.flush()


def query_command() -> list[str] | None:
    """Return the command of the query service, where this version has one."""
    from service.cli import COMMANDS

    if QUERY_COMMAND not in COMMANDS:
        return None
    return [sys.executable, "-m", "service.cli", QUERY_COMMAND]
