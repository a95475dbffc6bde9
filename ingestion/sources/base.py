"""The protocol every source follows: what exists, and the bytes for a key; nothing else."""

from collections.abc import Callable
from typing import Protocol

from ingestion.document import Listing, Refusal, SourceEntry


class Source(Protocol):
    """A configured place documents come from. The engine decides what changed, never the source."""

    @property
    def name(self) -> str:
        """Name of the source, part of every document id."""
        ...

    @property
    def location(self) -> str:
        """Where the source lies, for people."""
        ...

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """List what exists, reading no content.

        Raises:
            SourceMissingError: The root does not exist.
            SourceUnavailableError: The source did not answer.
        """
        ...

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read the bytes of one entry, unchanged while being read.

        Returns:
            The bytes, or the refusal when they cannot be had (unreadable, too large, changed
            while being read, no longer a regular file, outside the source).
        """
        ...
