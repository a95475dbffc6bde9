"""Errors of indexing: the store, the ledger, the encoder, the run."""

from config.errors import HoldfastError, Permanent, Transient


class StoreError(HoldfastError):
    """The vector store failed."""


class StoreUnavailableError(Transient, StoreError):
    """The store did not answer within its deadline."""


class StoreBusyError(Transient, StoreError):
    """Another process holds the embedded shard and did not hand it over in time."""


class StoreRejectedError(Permanent, StoreError):
    """The store refused the request; repeating it is useless."""


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
