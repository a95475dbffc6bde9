"""Errors of indexing: the store, the ledger, the encoder, the run."""

from collections.abc import Sequence
from uuid import UUID

from config.errors import HoldfastError, Permanent, Transient


class StoreError(HoldfastError):
    """The vector store failed."""


class StoreUnavailableError(Transient, StoreError):
    """The store did not answer within its deadline."""


class StoreBusyError(Transient, StoreError):
    """Another process holds the embedded shard and did not hand it over in time."""


class StoreRejectedError(Permanent, StoreError):
    """The store refused the request; repeating it is useless."""


class PointsRejectedError(StoreRejectedError):
    """Some points of a call can never be stored; the others can.

    Attributes:
        ids: The points at fault, and no others.
        document_ids: The document of each of them, in the same order.
        reason: What is wrong with them.
    """

    def __init__(self, ids: Sequence[UUID], document_ids: Sequence[str], reason: str) -> None:
        # All of it as `args`, so that the error survives being passed between processes.
        super().__init__(tuple(ids), tuple(document_ids), reason)
        self.ids = tuple(ids)
        self.document_ids = tuple(document_ids)
        self.reason = reason

    def __str__(self) -> str:
        named = [
            f"point {point} of document {document}"
            for point, document in zip(self.ids[:3], self.document_ids[:3], strict=False)
        ]
        if len(self.ids) > 3:
            named.append(f"{len(self.ids) - 3} more")
        return f"Not storable: {', '.join(named)}. {self.reason}"


class StoreCorruptError(Permanent, StoreError):
    """The store holds something Holdfast did not write, or lost something it did."""


class LedgerError(HoldfastError):
    """The ledger failed."""


class LedgerCorruptError(Permanent, LedgerError):
    """The ledger file is damaged or is no ledger."""


class LedgerTooNewError(Permanent, LedgerError):
    """The ledger was written by a newer Holdfast."""


class LedgerUnavailableError(Transient, LedgerError):
    """The ledger is locked or its server does not answer."""


class ModelError(Permanent, HoldfastError):
    """The encoder cannot be found, loaded or run."""


class ModelMismatchError(Permanent, HoldfastError):
    """The settings and the live generation disagree about what shapes points."""


class WriterBusyError(Transient, HoldfastError):
    """Another run holds the writer lease of this generation."""


class LeaseLostError(Permanent, HoldfastError):
    """This run's writer lease was taken over; it must not write any more."""


class EpochNotCommittedError(Permanent, HoldfastError):
    """There was no such state of the index."""


class EpochNotRetainedError(Permanent, HoldfastError):
    """That state of the index is too long ago to be read."""


class PromotionError(Permanent, HoldfastError):
    """A generation cannot be promoted, or there is none to roll back to."""


class IngestError(Permanent, HoldfastError):
    """An ingest run cannot go on."""


class TooMuchFeedbackError(Permanent, HoldfastError):
    """So much was said about one request that no more is taken."""


class RunnerError(HoldfastError):
    """What parses and embeds elsewhere failed."""


class RunnerUnavailableError(Transient, RunnerError):
    """The scheduler does not answer, or no worker is there to do the work."""


class WorkerLostError(Transient, RunnerError):
    """A piece of work lost its worker every time it was tried."""


class BackupError(Permanent, HoldfastError):
    """A backup cannot be written, is damaged, or cannot be restored here."""
