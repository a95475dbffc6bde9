"""What the query module needs from the ledger: which index state to read, and the request log."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from query.audit import RequestRecord


@dataclass(frozen=True, slots=True)
class Pinned:
    """The committed state that one request reads from beginning to end."""

    generation: str
    collection: str
    """Name of the physical collection of that generation."""
    epoch: int
    committed_at: datetime
    aborted: tuple[int, ...] = ()
    """Epochs of the generation that were never committed; readers leave them out."""


class IndexView(Protocol):
    """Tells readers which state is live."""

    def pin(self) -> Pinned | None:
        """Return the live generation and its committed epoch in one read.

        Returns:
            None when nothing has been indexed yet.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        ...


class AuditSink(Protocol):
    """Keeps the request log."""

    def record(self, request: "RequestRecord") -> None:
        """Write one request durably; returns only when it is written.

        Raises:
            HoldfastError: It could not be written.
        """
        ...
