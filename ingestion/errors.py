"""Errors of ingestion. What concerns one document is a `Refusal`, not an error."""

from config.errors import HoldfastError, Permanent, Transient


class SourceError(HoldfastError):
    """A source could not be listed or read."""


class SourceMissingError(Permanent, SourceError):
    """The root of a source does not exist or is not what it should be."""


class SourceUnavailableError(Transient, SourceError):
    """A source did not answer this time."""


class ParserPoolError(Permanent, HoldfastError):
    """No parser child could be started at all."""


class ParsersLostError(Transient, HoldfastError):
    """The processes that parse ended from outside; no document is to blame."""
