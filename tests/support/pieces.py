"""Pieces of work for tests of the runners, and a runner that carries them out at once."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from indexing.errors import WorkerLostError
from indexing.execution.runner import Urgency


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


def always_die(_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


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
