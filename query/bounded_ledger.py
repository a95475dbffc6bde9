"""What a request asks of the ledger, under one deadline and one circuit.

A server that is frozen, or lost behind a network that swallows what is sent, keeps its connections
open and says nothing. Nothing on this side ends such a call; so nobody waits for it for ever, and
after a few of them the next requests are told at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from config.policy import Quota
from config.querying import DeadlineSettings
from indexing.as_of import AsOf
from indexing.errors import LedgerUnavailableError, StoreBusyError, StoreUnavailableError
from query.audit import RequestRecord
from query.policy.policing import RequestCounter
from query.ports import AuditSink, IndexView, Pinned
from query.resilience import Circuit, CircuitOpenError, OverdueError, circuit

T = TypeVar("T")
PASSING = (LedgerUnavailableError, StoreUnavailableError, StoreBusyError)
"""What counts as a failure of the part; any other error is an answer."""


@dataclass(frozen=True, slots=True)
class BoundedLedger:
    """Makes calls of the ledger, all requests of an engine together."""

    trips: Circuit
    seconds: float

    @classmethod
    def within(cls, deadlines: DeadlineSettings) -> "BoundedLedger":
        """Return one whose circuit is closed, with the limits of the settings."""
        return cls(circuit(deadlines), deadlines.ledger_seconds)

    def call(self, work: Callable[[], T], more_seconds: float = 0.0) -> T:
        """Return what a call returns, or raise what it raises.

        Args:
            work: Asks the ledger.
            more_seconds: What else it does may take so long.

        Raises:
            LedgerUnavailableError: It did not end in time, or calls before it failed so often that
                it was not made.
        """

        def tried() -> tuple[T | None, Exception | None]:
            try:
                return work(), None
            except PASSING:
                raise
            except Exception as error:  # noqa: BLE001 - a missing state, or a fault of ours
                return None, error  # says nothing of the ledger

        try:
            value, error = self.trips.call(self.seconds + more_seconds, tried)
        except (OverdueError, CircuitOpenError) as overdue:
            raise LedgerUnavailableError(
                f"The ledger, or the alias in the store, did not answer: {overdue} Check that the "
                "database runs and is reachable; `deadlines.ledger_seconds` is how long is waited."
            ) from overdue
        if error is not None:
            raise error
        return value  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class BoundedView:
    """Tells which state is live, within the deadline."""

    view: IndexView
    ledger: BoundedLedger

    def pin(self, as_of: AsOf | None = None) -> Pinned | None:
        """Return what the view returns, and raise what it raises.

        Raises:
            LedgerUnavailableError: It did not say in time.
        """
        return self.ledger.call(lambda: self.view.pin(as_of))


@dataclass(frozen=True, slots=True)
class BoundedLog:
    """Keeps the request log, within the deadline."""

    log: AuditSink
    ledger: BoundedLedger

    def record(self, request: RequestRecord) -> None:
        """Write one request durably.

        Raises:
            LedgerUnavailableError: It was not written in time. It may be later, if the ledger
                comes back: the log then has a decision that nobody got.
            HoldfastError: It could not be written.
        """
        self.ledger.call(lambda: self.log.record(request))


@dataclass(frozen=True, slots=True)
class BoundedCounter:
    """Counts requests for quotas, within the deadline."""

    counter: RequestCounter
    ledger: BoundedLedger

    def admit(
        self, tenant: str, quotas: Sequence[Quota], at: datetime, request_id: str | None
    ) -> Quota | None:
        """Take a place for a request, or name the quota that is used up.

        Raises:
            LedgerError: It cannot be told, or not in time.
        """
        return self.ledger.call(lambda: self.counter.admit(tenant, quotas, at, request_id))
