"""What the query module needs from the ledger: which index state to read, and the request log."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from indexing.as_of import AsOf
from indexing.points import Dense, Sparse

if TYPE_CHECKING:
    from query.audit import RequestRecord


class DenseEncoder(Protocol):
    """The dense encoder as far as questions need it."""

    def encode_query(self, text: str) -> Dense:
        """Return the vector of a question."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the vectors of sentences, shape (texts, dimension)."""
        ...


class SparseEncoder(Protocol):
    """The BM25 encoder as far as questions need it."""

    def query(self, text: str) -> Sparse:
        """Return the sparse vector of a question."""
        ...


@dataclass(frozen=True, slots=True)
class Encoders:
    """What encodes questions for one generation."""

    dense: DenseEncoder | None
    """None means that only the sparse list is searched."""
    sparse: SparseEncoder


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
    encoders: "Encoders | None" = None
    """What the generation's points were encoded with; none means the engine's own."""
    spec: Mapping[str, Any] = field(default_factory=dict)
    """The pipeline it was built with."""


class IndexView(Protocol):
    """Tells readers which state is live."""

    def pin(self, as_of: AsOf | None = None) -> Pinned | None:
        """Return the live generation and its committed epoch in one read.

        Args:
            as_of: An earlier state to read from; none means the newest.

        Returns:
            None when nothing has been indexed yet.

        Raises:
            LedgerError: The ledger cannot be read.
            ModelMismatchError: The generation's encoder is not on this machine.
            EpochNotCommittedError: There was no such state.
            EpochNotRetainedError: It is too long ago.
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
