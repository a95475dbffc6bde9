"""What carries out pieces of work elsewhere, whichever engine that is."""

import pickle
from collections.abc import Callable
from enum import IntEnum
from typing import Protocol, TypeVar

A = TypeVar("A")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

CLOSED = "The workers were closed; open the home again."
ATTEMPTS = 4
"""How often a piece of work may be begun; each time but the last its worker was lost."""


class Urgency(IntEnum):
    """Which of the waiting pieces goes first; a run waits for vectors, and parses ahead."""

    AHEAD = 0
    NOW = 10


class Call(Protocol[R_co]):
    """A piece of work that was handed over."""

    def result(self) -> R_co:
        """Wait for the result.

        Raises:
            WorkerLostError: Every worker that had it was lost.
            RunnerUnavailableError: Nobody is left who could do it.
            Exception: Whatever the work raised.
        """
        ...

    def cancel(self) -> object:
        """Let it be dropped if it has not begun; its result is not wanted any more."""
        ...


class Runner(Protocol):
    """Takes pieces of work from any thread, and repeats those whose worker was lost.

    A piece is a function that a module has at its top, and one argument; both, and the result,
    have to be picklable. It may be carried out several times, so it changes nothing anywhere: only
    the run writes blobs, points and the ledger, because only it can prove that it is the writer.
    """

    @property
    def slots(self) -> int:
        """How many pieces are carried out at the same time."""
        ...

    @property
    def threads(self) -> int:
        """Cores for each of the workers of this machine; 0: they have machines of their own."""
        ...

    def start(self) -> None:
        """Bring the workers up now instead of with the first piece."""
        ...

    def submit(self, work: Callable[[A], R], argument: A, urgency: Urgency) -> Call[R]:
        """Hand over one piece of work; returns at once.

        Raises:
            RunnerUnavailableError: There are no workers, and none could be brought up.
        """
        ...

    def close(self) -> None:
        """End everything that was started here, and drop what is not done; safe to call twice."""
        ...


def able_to_travel(error: Exception) -> Exception:
    """Return an error of a piece that another process can be sent: itself, or its text."""
    try:
        pickle.loads(pickle.dumps(error))  # some only fail here, where nobody could tell any more
    except Exception:  # noqa: BLE001 - whatever the error makes of itself
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
