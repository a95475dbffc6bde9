"""The guard of deletions: what vanished in suspicious numbers, or may not have, is not deleted."""

from collections.abc import Sequence

from config.settings import GuardSettings
from indexing.ledger.documents import DocumentState, Standing
from ingestion.document import Listing


def guard_deletions(
    missing: Sequence[Standing],
    known: int,
    listing: Listing,
    guards: GuardSettings,
    ceiling: int | None = None,
) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
    """Decide which vanished documents are deleted and which deletions are withheld.

    All are withheld when the listing is not complete, or when it is empty although documents are
    known; those of documents that were indexed once, when these are many in number and in share. A
    person can approve up to a ceiling of deletions; more than that, or an incomplete listing,
    stays withheld.

    Args:
        missing: What is no longer listed.
        known: How many documents of the source were indexed once.
        listing: What is listed.
        guards: How many may go.
        ceiling: How many deletions a person approved.
    """
    if not listing.complete:
        return (), tuple(missing)
    if not listing.entries and (ceiling is None or len(missing) > ceiling):
        return (), tuple(missing)
    # What was only ever refused leaves nothing behind that anybody could miss, such as the rows of
    # a table that was mended: they have keys of their own now.
    lost = [standing for standing in missing if was_indexed(standing)]
    many = len(lost) > guards.max_deletions and len(lost) > guards.max_deleted_share * known
    if many and (ceiling is None or len(lost) > ceiling):
        return tuple(s for s in missing if not was_indexed(s)), tuple(lost)
    return tuple(missing), ()


def was_indexed(standing: Standing) -> bool:
    """Whether there ever was a version of a document that readers could see."""
    return standing.state is not DocumentState.QUARANTINED or standing.version > 0
