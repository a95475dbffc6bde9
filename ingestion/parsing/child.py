"""What a parser child does: limit itself, then work on one document after another."""

import importlib
import os
import tempfile
import typing
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.parsing import limits, wire
from ingestion.parsing.partition import one_line
from ingestion.parsing.parts import LIMITS

Work = Callable[[bytes, str], PreparedDocument | Refusal]


def load_work(setup: wire.NurserySetup) -> Work:
    """Import the work function, warm up what it needs and bind its third argument.

    If the module of the work function has a `preload`, it is called once here, before any child
    is forked: with the third argument where there is one. That of `prepare` loads the parsers.
    """
    LIMITS.set(setup.parts)
    module_name, _, name = setup.work.partition(":")
    module = importlib.import_module(module_name)
    function = getattr(module, name)
    warm = getattr(module, "preload", None)
    if setup.argument is None:
        if warm is not None:
            warm()
        return typing.cast("Work", function)
    argument = wire.decode_argument(setup.argument, _third_type(function))
    if warm is not None:
        warm(argument)
    return lambda data, key: function(data, key, argument)


def _third_type(function: Any) -> Any:
    hints = typing.get_type_hints(function)
    names = [name for name in hints if name != "return"]
    return hints[names[2]]


def serve(descriptor: int, work: Any, setup: wire.NurserySetup) -> int:
    """Answer documents on the connection until it is closed; returns the exit code."""
    try:
        _set_up(setup)
    except Exception as error:  # noqa: BLE001 - whatever it is, no document is to blame for it
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
        return wire.EXIT_NOT_SET_UP
    with Connection(descriptor) as connection:
        while True:
            try:
                job = wire.decode_argument(connection.recv_bytes(), wire.Job)
                data = connection.recv_bytes()
            except EOFError:
                return 0
            except MemoryError:
                return wire.EXIT_OUT_OF_MEMORY
            limits.allow_cpu(setup.timeout_seconds)
            try:
                connection.send_bytes(_answer(work, data, job.key))
            except MemoryError:
                return wire.EXIT_OUT_OF_MEMORY
            except (BrokenPipeError, ConnectionResetError):
                return 0


def _set_up(setup: wire.NurserySetup) -> None:
    """Limit this process; what fails here is said on the log of the nursery."""
    limits.own_process_group()
    limits.yield_to_encoder()
    limits.die_with_parent()
    limits.adopt_orphans()
    scratch = os.path.join(setup.scratch, str(os.getpid()))
    os.makedirs(scratch, exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = scratch
    limits.forbid_network()
    limits.limit_resources(setup.memory_mb)
    _silence()


def _answer(work: Work, data: bytes, key: str) -> bytes:
    try:
        result = work(data, key)
        if isinstance(result, Refusal):
            return wire.encode(wire.Answer(limits.peak_memory_mb(), refusal=result))
        return wire.encode(wire.Answer(limits.peak_memory_mb(), document=result))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - any failure is this document's refusal
        detail = f"Preparing the document failed ({type(error).__name__}: {one_line(str(error))})."
        refusal = Refusal(key, Reason.PARSER_ERROR, detail)
        return wire.encode(wire.Answer(limits.peak_memory_mb(), refusal=refusal))


def _silence() -> None:
    """Parsers print and warn; the parent's standard output belongs to its result."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
