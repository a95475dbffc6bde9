"""Writing an Edge shard anew, so that nothing of deleted points is left, and changing over to it.

    read in pages, in turns with everybody  →  a shard beside the old one, flushed
    holding the turn: the fence, a count, `current` names the new one  →  the old one is removed

A kill leaves the old shard in place or the new one, never neither; the next rewrite removes what
is left over. Nobody has the old one open when it goes, because who has a shard open has the turn.
"""

import shutil
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import qdrant_edge as edge

from indexing.errors import StoreBusyError
from indexing.failpoints import Failpoint, reached
from indexing.points import StoredPoint
from indexing.stores.base import Fence
from indexing.stores.edge_folder import EdgeFolder, sync_tree
from indexing.stores.edge_shard import copied_point, make_shard
from indexing.stores.turns import Seat

PAGE = 256
"""Points per write, as many as are read at a time."""
IDS = 10_000
"""Ids per page of a count."""


def write_anew(
    files: EdgeFolder,
    seat: Seat[edge.EdgeShard],
    collection: str,
    dimension: int,
    points: Iterable[StoredPoint],
    fence: Fence | None,
) -> int:
    """Put a shard that holds these points, and never held others, in place of the present one.

    Args:
        files: Where shards lie.
        seat: Whose turn it is.
        collection: Whose shard.
        dimension: Of its dense vectors.
        points: Everything that is in it, read while others may read, too.
        fence: Asked right before the change.

    Returns:
        Bytes that the new shard takes on the disk.

    Raises:
        StoreBusyError: Somebody wrote to it meanwhile; the old shard is in place.
        StoreUnavailableError: The disk has no room for a second shard, and the old one is in
            place; or an old one cannot be removed.
    """
    with seat.alone():  # not opened: what is left over may have taken the room for that
        files.clear_leftovers(collection)
    fresh = files.fresh_shard(collection)
    try:
        written = fill(files, fresh, dimension, points)
        taken = sync_tree(fresh)
        reached(Failpoint.REWRITTEN)
        old = change_over(files, seat, collection, fresh, written, fence)
    except BaseException:
        # An error after the change leaves the new one in place, and the old one is what goes.
        if files.shard(collection) != fresh:
            shutil.rmtree(fresh, ignore_errors=True)
        raise
    reached(Failpoint.RESHARDED)
    files.remove_shard(old)
    return taken


def change_over(
    files: EdgeFolder,
    seat: Seat[edge.EdgeShard],
    collection: str,
    fresh: Path,
    written: int,
    fence: Fence | None,
) -> Path:
    """Put a shard in place while nobody else has the turn; returns where the old one lies."""
    with seat.use() as shard:
        if fence is not None:
            fence()
        if count(shard) != written or not fresh.exists():
            raise StoreBusyError(
                f"The embedded index {collection!r} was written to while its shard was written "
                "anew. Nothing was changed; run the command again when no other one writes."
            )
        old = files.shard(collection)
        files.point_shard(collection, fresh)
        seat.leave()  # closes the old one, while nobody can have opened it
    return old


def fill(files: EdgeFolder, path: Path, dimension: int, points: Iterable[StoredPoint]) -> int:
    """Make a shard of these points and flush it; returns how many there are."""
    files.check_room()
    shard = make_shard(path, dimension)
    waiting, written = iter(points), 0
    try:
        while page := list(islice(waiting, PAGE)):
            made = [copied_point(point) for point in page]
            files.check_room()  # the copy itself takes the room, page by page
            shard.update(edge.UpdateOperation.upsert_points(made))
            written += len(made)
        shard.flush()
    finally:
        shard.close()
    return written


def count(shard: edge.EdgeShard) -> int:
    """Count the points of a shard by their ids; after a crash the engine's own count may be off."""
    found, offset = 0, None
    while True:
        request = edge.ScrollRequest(
            offset=offset, limit=IDS, with_payload=False, with_vector=False
        )
        records, offset = shard.scroll(request)
        found += len(records)
        if offset is None:
            return found
