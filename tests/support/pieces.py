"""Pieces of work for tests of the runners, and a runner that carries them out at once."""

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexing.errors import WorkerLostError
from indexing.execution.runner import Urgency
from indexing.execution.work import EmbedWork, ParseWork, Prepared, parts_of
from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.prepare import prepare_parsed
from tests.support.hashing import HashingEncoder

if TYPE_CHECKING:
    import numpy as np


def twice(number: int) -> int:
    return 2 * number


def worker_pid(_: object) -> int:
    return os.getpid()


def refuse(what: str) -> str:
    raise ValueError(what)


def die_once(marker: Path) -> int:
    """Kill the worker that has this first; the next one returns its process id."""
    if not marker.exists():
        marker.write_text(str(os.getpid()), encoding="utf-8")
        os.kill(os.getpid(), signal.SIGKILL)
    return os.getpid()


class UnpicklableError(Exception):
    """An error that cannot be made from its pickle."""

    def __init__(self, what: str, where: str) -> None:
        super().__init__(f"{what} {where}")


def unpicklable(what: str) -> None:
    first, _, rest = what.partition(" ")
    raise UnpicklableError(first, rest)


def note_when_open(diary: tuple[Path, str]) -> None:
    """Wait until there is a file `open` beside a diary, write a line into that, and take a while.

    Else one worker would be through with everything before the other one comes to its turn.
    """
    path, line = diary
    while not path.with_name("open").exists():
        time.sleep(0.05)
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    time.sleep(0.4)


def always_die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def end_at_once() -> None:
    """Stand for what makes a worker end before it has taken any work."""
    os._exit(3)


class InlineRunner:
    """Carries out pieces in this thread; those of which `kills` says so lose every worker."""

    slots = 2
    threads = 1

    def __init__(self, kills: Callable[[Any], bool] = lambda _: False) -> None:
        self.kills = kills
        self.pieces: list[Any] = []
        self.urgencies: list[Urgency] = []
        self.closed = False

    def start(self) -> None:
        """Nothing to start."""

    def submit(self, work: Callable[[Any], Any], argument: Any, urgency: Urgency) -> "Future[Any]":
        self.pieces.append(argument)
        self.urgencies.append(urgency)
        future: Future[Any] = Future()
        try:
            if self.kills(argument):
                raise WorkerLostError("lost")
            future.set_result(work(argument))
        except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
            future.set_exception(error)
        return future

    def close(self) -> None:
        self.closed = True


def die_at_first(variable: str) -> None:
    """Kill the worker that comes here first, once for the file that a variable names."""
    named = os.environ.get(variable)
    if named:
        with suppress(FileExistsError):
            Path(named).touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)


def read_plainly(work: ParseWork) -> tuple[Prepared, ...]:
    """Read text files without a parser child, under the worker's own pipeline."""
    die_at_first("DIES_READING")
    if os.environ.get("POISON") in {key for key, _ in work.documents}:
        always_die(None)
    spec = parts_of(work.pipeline).chunk_spec
    made = []
    for key, data in work.documents:
        paragraphs = tuple(Element(ElementKind.TEXT, p) for p in data.decode().split("\n\n"))
        parsed = ParsedDocument("text/plain", paragraphs)
        made.append(Prepared(prepare_parsed(parsed, key, spec), 0.0, None))
    return tuple(made)


def embed_plainly(work: EmbedWork) -> "np.ndarray[Any, Any]":
    """Embed without a model."""
    die_at_first("DIES_EMBEDDING")
    return HashingEncoder().encode_documents(work.texts)
