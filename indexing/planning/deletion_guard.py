"""The guard of deletions: what vanished in suspicious numbers, or may not have, is not deleted."""

from collections.abc import Sequence

from config.settings import GuardSettings
from indexing.ledger.documents import Standing
from ingestion.document import Listing


def guard_deletions(
    missing: Sequence[Standing],
    known: int,
    listing: Listing,
    guards: GuardSettings,
    ceiling: int | None = None,
) -> tuple[tuple[Standing, ...], tuple[Standing, ...]]:
    """Decide which vanished documents are deleted and which deletions are withheld.

    All are withheld when the listing is not complete, when it is empty although documents are
    known, or when they are many in number and in share. A person can approve up to a ceiling
    of deletions; more than that, or an incomplete listing, stays withheld.
    """
    if not listing.complete:
        return (), tuple(missing)
    many = len(missing) > guards.max_deletions and len(missing) > guards.max_deleted_share * known
    empty = not listing.entries and bool(missing)
    approved = ceiling is not None and len(missing) <= ceiling
    if (many or empty) and not approved:
        return (), tuple(missing)
    return tuple(missing), ()
