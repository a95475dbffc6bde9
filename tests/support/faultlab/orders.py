"""What a child process is told to do, where it is to be disturbed, and what it says of it."""

from enum import StrEnum
from typing import Any

import msgspec


class Deed(StrEnum):
    """What a child can do to a home."""

    INGEST = "ingest"
    REINDEX = "reindex"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    GC = "gc"
    VERIFY = "verify"
    REPAIR = "repair"
    PURGE = "purge"
    BACKUP = "backup"
    RESTORE = "restore"
    SWITCH = "switch"
    """Roll back and forth so often, with promotions of new generations in between."""
    READ = "read"
    """Ask the query engine until a file appears."""


class Then(StrEnum):
    """What a trap does to its own process."""

    KILL = "kill"
    """SIGKILL."""
    STOP = "stop"
    """SIGSTOP, with every shard handed over first."""
    FREEZE = "freeze"
    """SIGSTOP, with whatever is held in its hands."""
    WAIT = "wait"
    """Say `waiting` and go on when standard input says so."""


class Trap(msgspec.Struct, frozen=True):
    """Springs when a failpoint is passed for the n-th time."""

    point: str
    nth: int = 1
    then: Then = Then.KILL


class Writes(StrEnum):
    """Kinds of writes that can be made to fail."""

    STORE = "store"
    LEDGER = "ledger"
    """Statements and commits of writing transactions."""
    BLOB = "blob"
    """Writing under a temporary name, renaming, flushing."""


class When(StrEnum):
    """Whether a failing write took effect all the same."""

    BEFORE = "before"
    AFTER = "after"


class FailingWrite(msgspec.Struct, frozen=True):
    """The n-th write of a kind fails, and every later one where it is `lasting`."""

    writes: Writes
    nth: int
    when: When = When.BEFORE
    lasting: bool = False


class Order(msgspec.Struct, frozen=True):
    """One run of one child."""

    deed: Deed
    home: str
    folder: str
    options: dict[str, Any] = {}
    """Of the deed: `overrides`, `approval`, `to`, `approve`, `deep`, `sources`, `key`, `backup`,
    `times`, `until`."""
    settings: dict[str, Any] = {}
    """By dotted name, over those of the laboratory."""
    traps: tuple[Trap, ...] = ()
    failing: FailingWrite | None = None
    clock: float = 0.0
    """Seconds by which this process's clock is wrong."""
    clock_turns: tuple[str, float] | None = None
    """At the first passing of this failpoint the clock becomes wrong by so much instead."""
    gated: bool = False
    """Say `ready` and start when standard input says so."""
    file_limit: int | None = None
    """Largest file this process may write, in bytes."""


class Ended(msgspec.Struct, frozen=True):
    """What a child that came to its end says."""

    state: str | None = None
    error: str | None = None
    """Name of the error that ended it."""
    message: str = ""
    seconds: float = 0.0
    passed: tuple[str, ...] = ()
    """Every failpoint, in the order in which they were passed."""
    writes: dict[str, int] = {}
    """How many writes of each kind there were."""
    facts: dict[str, Any] = {}

    @property
    def ok(self) -> bool:
        """Whether no error ended it."""
        return self.error is None
