"""What a run and the process that is Ray's driver for it say to each other; Ray is not loaded."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Opening:
    """Which Ray to use; the first message."""

    scheduler: str | None
    workers: int
    folder: str
    """For the files of a Ray that is started here."""
    token: str
    """What that Ray demands of everybody who talks to it."""
    workerless_seconds: float
    """How long there may be no worker at all."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of work."""

    number: int
    urgency: int
    payload: bytes = field(repr=False)
    begun: int = 0
    """How often it was begun before."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A piece of work whose result is not wanted any more."""

    number: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a piece, and in which process."""

    number: int
    payload: bytes = field(repr=False)
    pid: int


@dataclass(frozen=True, slots=True)
class Lost:
    """A piece of work that lost its worker every time."""

    number: int


@dataclass(frozen=True, slots=True)
class Slots:
    """So many pieces can be carried out at the same time: the first answer, and all changes."""

    count: int


@dataclass(frozen=True, slots=True)
class Down:
    """Ray cannot be used, or not any more; nothing follows."""

    why: str
