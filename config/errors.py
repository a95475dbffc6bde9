"""The root of the error tree, and the two mixins from which every retry decision is read.

    HoldfastError
    ├── ConfigError            a setting is wrong (Permanent)
    ├── SourceError            a source could not be listed or read   (ingestion/errors.py)
    ├── LedgerError            the ledger is unreadable, newer, locked (indexing/errors.py)
    ├── StoreError             the vector store failed or is busy      (indexing/errors.py)
    ├── ModelError             the encoder cannot be loaded or run     (indexing/errors.py)
    ├── PromotionError         a generation cannot become the live one (indexing/errors.py)
    ├── RunnerError            workers that parse and embed are gone  (indexing/errors.py)
    ├── NotJudgedError         a part was down during a calibration    (evaluation/calibrating/)
    ├── BackupError            a backup cannot be made or restored     (indexing/errors.py)
    ├── ListenError            an address cannot be listened at        (service/listening.py)
    └── IngestError            an ingest run cannot go on              (indexing/errors.py)

A document that cannot be taken is a `Refusal` value and a refusal to ground is a
`GroundingDecision`; neither is ever an exception.
"""


class HoldfastError(Exception):
    """Base of all errors raised on purpose; the message says what, where, and what to do."""


class Transient:
    """Mixin: the same call may succeed later; retrying is sensible."""


class Permanent:
    """Mixin: the same call will fail again until something is changed."""


class ConfigError(Permanent, HoldfastError):
    """A setting is missing, unknown, or wrong."""


def is_transient(error: BaseException) -> bool:
    """Tell whether a retry of what raised `error` is sensible."""
    return isinstance(error, Transient)
