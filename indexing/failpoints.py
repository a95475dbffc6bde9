"""Named moments at which a run can be disturbed; nothing happens at them outside of tests.

Each one lies at a boundary between two effects, so that a fault there leaves the first without
the second. `tests/faults/` and `python -m benchmarks.reliability` disturb runs at every one.
"""

from collections.abc import Callable
from enum import StrEnum


class Failpoint(StrEnum):
    """Boundaries of a run, in the order in which a run passes them."""

    REGISTERED = "registered"
    """The ledger knows a new generation; it has no collection."""
    CREATED = "created"
    """Its collection is there; nobody uses it."""
    STARTED = "started"
    """The run is recorded, under its lease; nothing was looked at."""
    LISTED = "listed"
    """The sources are listed and compared; nothing was read."""
    BLOB_WRITTEN = "blob_written"
    """A blob is written under a name that nobody reads."""
    BLOB_KEPT = "blob_kept"
    """The blob has its name; the disk may not have it yet."""
    PARSED = "parsed"
    """A batch is read, parsed and cut; its blobs are written."""
    EMBEDDED = "embedded"
    """Every text of the batch has its vector."""
    CLEARED = "cleared"
    """What an earlier run left behind is gone; nothing is staged yet."""
    ALLOCATED = "allocated"
    """The epoch number is taken; no point is written."""
    FENCED = "fenced"
    """The lease was proven for a write to the store that is not made yet."""
    UPSERTING = "upserting"
    """Between two writes of points."""
    STAGED = "staged"
    """All points of the batch are written."""
    VERIFIED = "verified"
    """The points were counted."""
    SYNCED = "synced"
    """The disk has every blob of the batch."""
    CLOSING = "closing"
    """Between two closings of superseded points."""
    CLOSED = "closed"
    """Everything superseded is closed; the ledger knows nothing of it yet."""
    COMMITTED = "committed"
    """The ledger made the batch visible."""
    REPORTED = "reported"
    """The accounts are closed; the ledger does not know that the run has ended."""
    DELETING = "deleting"
    """Between two deletions of points nobody may see."""
    BUILT = "built"
    """A generation holds what the live one holds."""
    GATED = "gated"
    """Its gates were passed and recorded."""
    SWITCHED = "switched"
    """The alias names the new generation; the ledger does not know yet."""
    PROMOTED = "promoted"
    """The ledger knows, too."""
    HORIZON_RAISED = "horizon_raised"
    """Old epochs cannot be read any more; their points are still there."""
    COLLECTING = "collecting"
    """Between two deletions of garbage."""
    MENDING = "mending"
    """Between two repairs."""
    BURIED = "buried"
    """The tombstone of a document is written; everything of it is still there."""
    REDACTED = "redacted"
    """No logged request tells of it any more."""
    POINTS_GONE = "points_gone"
    """Its points are deleted; their bytes are still there."""
    RUN_FILES_CLEANED = "run_files_cleaned"
    """The files of runs do not name it any more."""
    ROWS_GONE = "rows_gone"
    """The ledger knows nothing of it but the tombstone."""
    BLOBS_GONE = "blobs_gone"
    """Its bytes and texts are deleted."""
    LEDGER_ERASED = "ledger_erased"
    """The ledger is written anew; the collections are not."""
    REWRITTEN = "rewritten"
    """A shard is written anew; the old one is still in place."""
    RESHARDED = "resharded"
    """The new shard is in place; the old one is still on the disk."""


_hook: Callable[[Failpoint], None] | None = None


def reached(point: Failpoint) -> None:
    """Say that a run has reached this boundary."""
    if _hook is not None:
        _hook(point)


def set_hook(hook: Callable[[Failpoint], None] | None) -> None:
    """Let `hook` be called at every boundary of this process; none takes it away."""
    global _hook  # noqa: PLW0603 - one process-wide switch, so that the boundaries cost nothing
    _hook = hook
