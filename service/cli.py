"""The `holdfast` command: assembles the commands, and turns every error into one paragraph."""

import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from config.environment import quieten

quieten(offline="HF_HUB_OFFLINE" not in os.environ)

from cyclopts import App, CycloptsError  # noqa: E402 - the switches come first
from rich.markup import escape  # noqa: E402

from config.errors import ConfigError, HoldfastError  # noqa: E402
from service.exits import Exit  # noqa: E402

app = App(
    name="holdfast",
    help="Documents in, an index that cannot lie, and no answer before the evidence is checked.",
    help_format="markdown",
    version_flags=["--version"],
)

COMMANDS = {
    "init": "service.commands.init:init",
    "plan": "service.commands.plan:plan",
    "ingest": "service.commands.ingest:ingest",
    "reindex": "service.commands.reindex:reindex",
    "status": "service.commands.status:status",
    "docs": "service.commands.docs:app",
    "quarantine": "service.commands.quarantine:app",
    "ask": "service.commands.ask:ask",
    "check": "service.commands.check:check",
    "doctor": "service.commands.doctor:doctor",
}
for _name, _where in COMMANDS.items():
    app.command(_where, name=_name)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    logging.basicConfig(
        level=os.environ.get("HOLDFAST_LOG_LEVEL", "WARNING").upper(),
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    signal.signal(signal.SIGTERM, interrupt)
    sys.exit(run(arguments))


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End on SIGTERM as on Ctrl-C: the run is recorded as interrupted, children are stopped."""
    raise KeyboardInterrupt


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; errors become one paragraph on standard error."""
    try:
        result = app(
            arguments, exit_on_error=False, print_error=False, result_action="return_value"
        )
    except CycloptsError as error:
        tell(f"{error} See `holdfast --help`.")
        return Exit.USAGE
    except ConfigError as error:
        tell(str(error))
        return Exit.USAGE
    except HoldfastError as error:
        tell(str(error))
        return Exit.FAILED
    except KeyboardInterrupt:
        tell("Interrupted. What was committed stays; run the command again to go on.")
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.DONE
    except Exception as error:
        if os.environ.get("HOLDFAST_LOG_LEVEL", "").upper() == "DEBUG":
            raise
        tell(
            f"This is a fault in Holdfast ({type(error).__name__}: {error}). Nothing that was "
            "committed is lost. Run the command with HOLDFAST_LOG_LEVEL=DEBUG for the details."
        )
        return Exit.FAILED
    return int(result) if isinstance(result, int) else Exit.DONE


def tell(message: str) -> None:
    """Print an error for people, as one paragraph."""
    from service.console import err

    err.print(f"[bold red]error:[/] {escape(' '.join(message.split()))}")


if __name__ == "__main__":
    main()
