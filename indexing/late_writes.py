"""Late writes: store calls that landed after their run was replaced as the writer.

A run proves its lease before each store call, but it can be paused between the proof and the
call, or the call can arrive late. What it writes then carries an epoch number that was handed
out and never committed; since numbers are never reused, it can be found and taken away at any
time. The replaced run does so itself as soon as it learns of its loss, and every later run
looks again, in case the replaced one died first.
"""

import logging
from collections.abc import Sequence
from uuid import UUID

from indexing.ledger.database import Ledger
from indexing.ledger.documents import ends_of_points, groups
from indexing.ledger.generations import abandoned_epochs, is_batch_in_flight
from indexing.points import OPEN_END, PointFilter
from indexing.stores.base import VectorStore

logger = logging.getLogger(__name__)

RECENT = 64
"""Abandoned epochs that are looked at again, newest first; a late write is late by minutes."""
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
        restore_ends(ledger, store, collection, late)


def heal_abandoned(ledger: Ledger, store: VectorStore, collection: str) -> int:
    """Take back late writes of earlier runs; returns how many points. Needs the writer lease."""
    healed = 0
    for epoch in abandoned_epochs(ledger, collection)[-RECENT:]:
        staged = [p.id for p in store.scroll(collection, PointFilter(valid_from=epoch))]
        known = ends_of_points(ledger, staged)
        staged = [point for point in staged if point not in known]
        for group in groups(staged, CALL_SIZE):
            store.delete(collection, group)
        ended_at = PointFilter(ended_after=epoch - 1, ended_by=epoch)
        closed = [p.id for p in store.scroll(collection, ended_at)]
        restore_ends(ledger, store, collection, closed)
        healed += len(staged) + len(closed)
    if healed:
        logger.warning("Took back %d points that a replaced run had written late.", healed)
    return healed


def restore_ends(
    ledger: Ledger, store: VectorStore, collection: str, points: Sequence[UUID]
) -> None:
    """Give points the `valid_to` that the ledger knows."""
    wanted: dict[int, list[UUID]] = {}
    ends = ends_of_points(ledger, points)
    for point in points:
        wanted.setdefault(ends.get(point, OPEN_END), []).append(point)
    for end, ids in wanted.items():
        for group in groups(ids, CALL_SIZE):
            store.set_valid_to(collection, group, end)
