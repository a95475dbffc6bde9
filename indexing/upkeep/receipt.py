"""The receipt of a purge: what was removed, from where, in exact numbers that outlive a crash.

Rows are counted in the transaction that deletes them. What lies elsewhere is counted before it is
deleted and the number is written down first, so that a run that goes on with an interrupted purge
finds it.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any
from uuid import UUID

from indexing.ledger.purges import Tombstone


class Step(StrEnum):
    """Parts of a purge whose numbers are written down before they are carried out."""

    POINTS = "points"
    RUN_FILES = "run_files"
    BLOBS = "blobs"


@dataclass(slots=True)
class Removed:
    """What was removed of one document."""

    points_deleted: dict[str, int] = field(default_factory=dict)
    """By collection; every version, also what was staged and never committed."""
    versions: int = 0
    chunks: int = 0
    standings: int = 0
    outcomes: int = 0
    documents: int = 0
    """Rows of the ledger, over all generations."""
    run_reports: int = 0
    gate_results: int = 0
    """Reports of runs, and results of gates, that named it."""
    requests_redacted: int = 0
    run_file_lines: int = 0
    blobs_deleted: int = 0
    blobs_shared: int = 0
    """Kept, because another document has the same bytes."""
    orphans_deleted: int = 0
    """Blobs that no document refers to: what a run had read when it was killed."""
    bytes_rewritten: dict[str, int] = field(default_factory=dict)
    """Written anew to leave the bytes of what was deleted behind: the ledger, each collection."""


@dataclass(slots=True)
class Receipt:
    """What became of one document; kept with its tombstone."""

    document_id: UUID
    purged_at: dt.datetime
    removed: Removed = field(default_factory=Removed)
    contents: int = 0
    """Contents that are kept out by their hashes."""
    bound: dict[str, str] = field(default_factory=dict)
    """By place, when the last byte is gone."""
    left: dict[str, int] = field(default_factory=dict)
    """What was found when everything was looked through again."""
    done: set[Step] = field(default_factory=set)
    finished_at: dt.datetime | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing was found any more."""
        return self.finished_at is not None and not any(self.left.values())

    def expect(self, step: Step, found: Mapping[str, Any]) -> None:
        """Note what a step is about to remove.

        What an interrupted run had noted is counted once: what it removed is not found again,
        and what it left is. After a step that was carried out, everything found is new.

        Args:
            step: Which one.
            found: Numbers by field, or by field and collection.
        """
        join = _sum if step in self.done else max
        for name, value in found.items():
            noted = getattr(self.removed, name)
            if isinstance(value, Mapping):
                noted = noted | {k: join(noted.get(k, 0), v) for k, v in value.items()}
            else:
                noted = join(noted, value)
            setattr(self.removed, name, noted)

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast purge --json`."""
        removed = {f.name: getattr(self.removed, f.name) for f in fields(self.removed)}
        return {
            "document_id": str(self.document_id),
            "purged_at": self.purged_at.isoformat(timespec="seconds"),
            "complete": self.complete,
            **removed,
            "contents": self.contents,
            "bound": self.bound,
            "left": self.left,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
        }

    def to_row(self) -> dict[str, Any]:
        """Return what is kept with the tombstone."""
        return self.to_json() | {"done": sorted(self.done)}


def receipt_of(tombstone: Tombstone) -> Receipt:
    """Go on with the receipt of a purge that was begun before."""
    kept = tombstone.receipt
    removed = Removed(**{f.name: kept[f.name] for f in fields(Removed) if f.name in kept})
    return Receipt(
        tombstone.document_id,
        tombstone.purged_at,
        removed,
        done={Step(name) for name in kept.get("done", ())},
    )


def _sum(one: int, other: int) -> int:
    return one + other
