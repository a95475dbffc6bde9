"""Having a Qdrant server drop the bytes of deleted points: its optimizer is told to, and watched.

A server keeps deleted points in a segment until a fifth of it is deleted, and in its log until
that is truncated. Thresholds next to nothing make the optimizer rewrite such segments now; when it
has come to rest they are put back, because writers would pay for them with every closed point.
"""

import time
from collections.abc import Callable
from typing import Any, TypeAlias

from qdrant_client import QdrantClient, models

from indexing.stores.base import Erasure

Run: TypeAlias = Callable[[str, Callable[[QdrantClient], Any]], Any]
"""Carries out one call: what it does, for messages, and the call."""
EAGER = models.OptimizersConfigDiff(deleted_threshold=0.0001, vacuum_min_vector_number=100)
"""The smallest thresholds that a server takes: smaller segments are not vacuumed at all."""
USUAL = models.OptimizersConfigDiff(deleted_threshold=0.2, vacuum_min_vector_number=1000)
POLL_SECONDS = 0.2
QUIET = 3
"""The optimizer is at rest when it was found so this many times in a row."""
BOUND = (
    "decided by the Qdrant server: no reader finds the points any more; their bytes leave a "
    "segment of 100 points or more when its optimizer rewrites it ({state}), a smaller one when it "
    "is merged, and the write-ahead log when it is truncated. Snapshots keep their own"
)


def vacuum(run: Run, collection: str, seconds: float) -> Erasure:
    """Have the optimizer rewrite what holds deleted points, and wait for it for a while.

    Args:
        run: Makes the calls.
        collection: Whose segments.
        seconds: How long to wait; after that the optimizer goes on by itself.
    """
    found = run("read collection", lambda q: q.get_collection(collection))
    before = found.config.optimizer_config
    usual = models.OptimizersConfigDiff(
        deleted_threshold=before.deleted_threshold,
        vacuum_min_vector_number=before.vacuum_min_vector_number,
    )
    if usual == EAGER:
        usual = USUAL  # a call before this one did not see the end
    run("vacuum", lambda q: q.update_collection(collection, optimizers_config=EAGER))
    if not came_to_rest(run, collection, seconds):
        return Erasure(0, BOUND.format(state="it is still at work"))
    run("end vacuum", lambda q: q.update_collection(collection, optimizers_config=usual))
    return Erasure(0, BOUND.format(state="it has come to rest since"))


def came_to_rest(run: Run, collection: str, seconds: float) -> bool:
    """Wait until the optimizer has nothing to do any more; returns whether that came about."""
    deadline = time.monotonic() + seconds
    quiet = 0
    while quiet < QUIET:
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
        info = run("read collection", lambda q: q.get_collection(collection))
        quiet = quiet + 1 if info.status == models.CollectionStatus.GREEN else 0
    return True
