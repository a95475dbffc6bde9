"""Late writes: store calls that landed after their run was replaced as the writer.

A run proves its lease at the last moment before each write. In the embedded store nobody else
can write between proof and call; towards a server the call can still arrive late. What it writes
then carries an epoch number that was handed out and never committed: readers leave such numbers
out (`Generation.aborted`), and since numbers are never reused, it can be found and taken away at
any time. The replaced run does so itself as soon as it learns of its loss, and every later run
looks again, in case the replaced one died first.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from indexing.failpoints import Failpoint, reached
from indexing.ledger.database import Ledger
from indexing.ledger.documents import ends_of_points, groups
from indexing.ledger.generations import abandoned_epochs, is_batch_in_flight
from indexing.points import OPEN_END, PointFilter
from indexing.stores.base import Fence, VectorStore

logger = logging.getLogger(__name__)

CALL_SIZE = 512
"""Points per store call."""


def take_back(
    ledger: Ledger,
    store: VectorStore,
    collection: str,
    epoch: int,
    written: Sequence[UUID],
    closed: Sequence[UUID],
) -> None:
    """Undo what a replaced run wrote for a batch that it can no longer commit.

    Deleting is safe whatever the new writer does, because the ids belong to `epoch` alone. A
    closing is undone only where the ledger has the final word, not under a batch in flight.

    Raises:
        StoreError: The store failed; the next run takes it back.
    """
    for group in groups(written, CALL_SIZE):
        store.delete(collection, group)
    late = [
        point.id
        for group in groups(closed, CALL_SIZE)
        for point in store.fetch(collection, group)
        if point.payload.get("valid_to") == epoch
    ]
    if late and not is_batch_in_flight(ledger, collection):
        restore_ends(ledger, store, collection, epoch, late)


def heal_abandoned(
    ledger: Ledger, store: VectorStore, collection: str, fence: Fence | None = None
) -> int:
    """Take back late writes of earlier runs; returns how many points. Needs the writer lease."""
    healed = 0
    for epoch in abandoned_epochs(ledger, collection):
        staged = [p.id for p in store.scroll(collection, PointFilter(valid_from=epoch))]
        known = ends_of_points(ledger, staged)
        staged = [point for point in staged if point not in known]
        for group in groups(staged, CALL_SIZE):
            store.delete(collection, group, fence=fence)
            reached(Failpoint.DELETING)
        ended_at = PointFilter(ended_after=epoch - 1, ended_by=epoch)
        closed = [p.id for p in store.scroll(collection, ended_at)]
        restore_ends(ledger, store, collection, epoch, closed, fence)
        healed += len(staged) + len(closed)
    if healed:
        logger.warning("Took back %d points that a replaced run had written late.", healed)
    return healed


def restore_ends(
    ledger: Ledger,
    store: VectorStore,
    collection: str,
    epoch: int,
    points: Sequence[UUID],
    fence: Fence | None = None,
) -> None:
    """Give points that were closed at `epoch` the `valid_to` that the ledger knows."""
    wanted: dict[int, list[UUID]] = {}
    ends = ends_of_points(ledger, points)
    for point in points:
        wanted.setdefault(ends.get(point, OPEN_END), []).append(point)
    for end, ids in wanted.items():
        for group in groups(ids, CALL_SIZE):
            store.set_valid_to(collection, group, end, expected=epoch, fence=fence)
            reached(Failpoint.CLOSING)
