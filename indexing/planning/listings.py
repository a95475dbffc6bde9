"""Listing all sources of a run: one that fails does not hold up the others."""

from collections.abc import Sequence

from ingestion.document import Listing
from ingestion.errors import SourceError
from ingestion.sources.base import Source


def list_all(sources: Sequence[Source]) -> tuple[list[tuple[Source, Listing]], list[str]]:
    """List every source; returns the listings, and why some could not be listed.

    Raises:
        SourceError: None could.
    """
    listings: list[tuple[Source, Listing]] = []
    failures: list[SourceError] = []
    for source in sources:
        try:
            listings.append((source, source.list_entries()))
        except SourceError as error:
            failures.append(error)
    if failures and not listings:
        raise failures[0]
    return listings, [str(error) for error in failures]
