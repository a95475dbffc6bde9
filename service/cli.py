"""The `holdfast` command: assembles the commands, and turns every error into one paragraph."""

import atexit
import importlib.metadata
import io
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING

from config.environment import quieten
from config.heap import collect_seldom
from service.timed_logs import StandardErrorHandler

quieten(offline="HF_HUB_OFFLINE" not in os.environ)

# Everything else is loaded by `run`, which takes a while, so that it can be interrupted as well.
if TYPE_CHECKING:
    from cyclopts import App

INTERRUPTED = 130
CLAIM = "Documents in, an index that cannot lie, and no answer before the evidence is checked."
COMMANDS = {
    "init": "service.commands.init:init",
    "plan": "service.commands.plan:plan",
    "ingest": "service.commands.ingest:ingest",
    "push": "service.commands.push:push",
    "approve": "service.commands.ingest:approve",
    "reindex": "service.commands.reindex:reindex",
    "promote": "service.commands.reindex:promote",
    "rollback": "service.commands.reindex:rollback",
    "gc": "service.commands.gc:gc",
    "verify": "service.commands.verify:verify",
    "purge": "service.commands.purge:purge",
    "status": "service.commands.status:status",
    "docs": "service.commands.docs:app",
    "quarantine": "service.commands.quarantine:app",
    "ask": "service.commands.ask:ask",
    "replay": "service.commands.replay:replay",
    "feedback": "service.commands.feedback:feedback",
    "requests": "service.commands.requests:app",
    "report": "service.commands.report:report",
    "check": "service.commands.check:check",
    "policy": "service.commands.policy:app",
    "serve": "service.commands.serve:serve",
    "mcp": "service.commands.mcp:mcp",
    "key": "service.commands.serve:key",
    "eval": "service.commands.eval:app",
    "calibrate": "service.commands.calibrate:calibrate",
    "redteam": "service.commands.redteam:redteam",
    "backup": "service.commands.backup:backup",
    "restore": "service.commands.backup:restore",
    "doctor": "service.commands.doctor:doctor",
    "up": "service.commands.up:up",
    "deploy": "service.commands.deploy:deploy",
    "metrics": "service.commands.metrics:metrics",
}


def assemble(summaries: Mapping[str, str]) -> "App":
    """Make the command with all of its commands, none of which is imported.

    Args:
        summaries: What is said of commands. It stands for the whole help of a command, so it is
            only given to list them.
    """
    from cyclopts import App

    made = App(
        name="holdfast",
        help=CLAIM,
        help_format="markdown",
        version_flags=["--version"],
        suppress_keyboard_interrupt=False,  # `run` tells what an interruption means
        version=lambda: importlib.metadata.version("holdfast"),
    )
    for name, where in COMMANDS.items():
        made.command(where, name=name, help=summaries.get(name))
    return made


def app_for(arguments: Sequence[str]) -> "App":
    """Return what carries out a command, or lists the commands if none is named."""
    if COMMANDS.keys().isdisjoint(arguments):
        from service.summaries import SUMMARIES

        return assemble(SUMMARIES)
    return assemble({})


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    open_what_is_closed()
    collect_seldom()
    # The level is set once the settings are read and found to be right.
    logging.basicConfig(
        format="%(levelname)s %(name)s: %(message)s", handlers=[StandardErrorHandler()]
    )
    signal.signal(signal.SIGTERM, interrupt)
    # A terminal that goes away ends it likewise; `nohup` has asked that it does not.
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, interrupt)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What a terminal of another encoding has no letter for is no reason to stop half-way.
        sys.stdout.reconfigure(errors="backslashreplace")
    atexit.register(hear_no_more)  # before all others, so that it is called after them
    code = run(arguments, leave_when_told)
    leave_when_told(code)
    sys.exit(code)


def open_what_is_closed() -> None:
    """Open each standard stream that whoever started the command has closed to nothing.

    Python has none then, and the next file that is opened would get its number: what a library
    prints would be written into the ledger or the index.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            nothing = os.open(os.devnull, os.O_RDWR)
            if nothing != number:
                os.dup2(nothing, number)
                os.close(nothing)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", closefd=False))


def interrupt(_signal: int, _frame: FrameType | None) -> None:
    """End as on Ctrl-C: the run is recorded as interrupted, children are stopped."""
    raise KeyboardInterrupt


def leave_when_told(code: int = INTERRUPTED) -> None:
    """End at once with a code on the next interruption: everything is closed by now.

    What is left is to say so and to wait for threads. An exception there would be a traceback.
    """
    heed(lambda _signal, _frame: os._exit(code))


def hear_no_more() -> None:
    """Ignore what comes while the interpreter goes: it would kill, and the exit code be another."""
    heed(signal.SIG_IGN)


def heed(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    """Handle every request to end that is not ignored already, as under `nohup`."""
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(ending) is not signal.SIG_IGN:
            signal.signal(ending, handler)


def run(
    arguments: Sequence[str] | None = None, on_interruption: Callable[[], None] = lambda: None
) -> int:
    """Run one command and return its exit code; errors become one paragraph on standard error.

    Args:
        arguments: Of the command; none are those of the process.
        on_interruption: Is called first thing where it was interrupted.
    """
    try:
        return carry_out(arguments)
    except KeyboardInterrupt:
        on_interruption()
        tell_interrupted()
        return INTERRUPTED


def carry_out(arguments: Sequence[str] | None) -> int:
    """Do the same, except that an interruption goes on to whoever called."""
    from cyclopts import CycloptsError

    from config.errors import ConfigError, HoldfastError
    from indexing.errors import EpochNotCommittedError
    from service.exits import Exit

    result: object = Exit.DONE
    try:
        given = sys.argv[1:] if arguments is None else list(arguments)
        result = app_for(given)(
            given, exit_on_error=False, print_error=False, result_action="return_value"
        )
        sys.stdout.flush()
    except CycloptsError as error:
        # The list of all commands says nothing of the options of one.
        command = " ".join(["holdfast", *(error.command_chain or ())])
        tell(f"{error} See `{command} --help`.")
        return Exit.USAGE
    except (ConfigError, EpochNotCommittedError) as error:
        tell(str(error))
        return Exit.USAGE
    except HoldfastError as error:
        tell(str(error))
        return Exit.FAILED
    except Exception as error:
        from service.console import has_left, speak_to_nobody

        if has_left(error, sys.stdout):
            speak_to_nobody(sys.stdout.fileno())
        elif logging.getLogger().isEnabledFor(logging.DEBUG):
            raise
        else:
            tell(fault(error))
            return Exit.FAILED
    return int(result) if isinstance(result, int) else Exit.DONE


def fault(error: Exception) -> str:
    """Say of an error that nobody foresaw what can be done about it."""
    from service.disk import FULL

    if isinstance(error, OSError) and error.errno in FULL:
        where = f": {error.filename}" if error.filename else ""
        return (
            f"A disk is full ({error.strerror}{where}). Nothing that was committed is lost. "
            "Free some space and run the command again."
        )
    return (
        f"This is a fault in Holdfast ({type(error).__name__}: {error}). Nothing that was "
        "committed is lost. Run the command with HOLDFAST_LOG_LEVEL=DEBUG for the details."
    )


def tell(message: str) -> None:
    """Print an error for people, as one paragraph."""
    from service.console import err, safe, without_secrets

    err.print(f"[bold red]error:[/] {safe(without_secrets(message))}")


def tell_interrupted() -> None:
    """Say that the command was interrupted, with nothing more to load if that was in the way."""
    message = "Interrupted. What was committed stays; run the command again to go on."
    if "service.console" in sys.modules:
        tell(message)
    else:
        with suppress(OSError):
            sys.stderr.write(f"error: {message}\n")


if __name__ == "__main__":
    main()
