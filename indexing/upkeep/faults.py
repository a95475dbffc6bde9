"""What can be wrong with an index: the kinds of faults, single ones, and their counts."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

EXAMPLES = 20
"""Single faults that are shown per kind; all are counted."""


class FaultKind(StrEnum):
    """Kinds of faults that `holdfast verify` tells apart."""

    # the store against the ledger
    COLLECTION_MISSING = "collection_missing"
    COLLECTION_DAMAGED = "collection_damaged"
    """Its files cannot be read."""
    ALIAS_MISSING = "alias_missing"
    ALIAS_WRONG = "alias_wrong"
    """The alias names what the ledger does not know, or what must not be served."""
    MISSING = "missing"
    """The ledger has a point that the store does not have."""
    PHANTOM = "phantom"
    """A reader sees a point that the ledger does not know."""
    DUPLICATE = "duplicate"
    """A phantom that shows a live chunk a second time."""
    MALFORMED = "malformed"
    """A point lacks a vector or a part of its payload."""
    WRONG_PAYLOAD = "wrong_payload"
    """A payload is not the one that was committed."""
    BAD_VECTOR = "bad_vector"
    """A vector is zero, not finite, not of unit length, or of another dimension."""
    WRONG_END = "wrong_end"
    """`valid_to` is not the one that the ledger has."""
    LEFTOVER = "leftover"
    """Marks of a batch that was never committed; no reader sees them."""
    # the ledger with itself
    LEDGER_DAMAGED = "ledger_damaged"
    """Rows contradict each other, or the file itself is damaged; a backup is needed."""
    CHUNK_COUNT = "chunk_count"
    """A version has another number of chunk rows than it says."""
    # the blobs
    BLOB_MISSING = "blob_missing"
    BLOB_DAMAGED = "blob_damaged"
    # what was purged
    PURGED = "purged"
    """Something of a purged document is there again; `holdfast purge` takes it away."""
    # the source
    NOT_INDEXED = "not_indexed"
    """The source has a document that the ledger does not know."""
    VANISHED = "vanished"
    """The ledger serves a document that the source does not have."""
    STALE = "stale"
    """The source has other bytes than were indexed."""
    NOT_LISTED = "not_listed"
    """The source, or a part of it, could not be listed or read."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, and where it is."""

    kind: FaultKind
    detail: str
    point: UUID | None = None
    document: UUID | None = None
    valid_from: int | None = None
    """With `document`: the version it belongs to."""
    key: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "kind": self.kind.value,
            "detail": self.detail,
            "point_id": str(self.point) if self.point else None,
            "document_id": str(self.document) if self.document else None,
            "key": self.key,
        }


@dataclass(slots=True)
class Findings:
    """Faults of one part, while they are being gathered: all counted, some kept."""

    counts: Counter[FaultKind] = field(default_factory=Counter)
    examples: list[Fault] = field(default_factory=list)

    def add(self, fault: Fault) -> None:
        """Count a fault, and keep it if there are not many of its kind yet."""
        self.counts[fault.kind] += 1
        if self.counts[fault.kind] <= EXAMPLES:
            self.examples.append(fault)

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.counts.total()

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "faults": {kind.value: count for kind, count in sorted(self.counts.items())},
            "examples": [fault.to_json() for fault in self.examples],
        }
