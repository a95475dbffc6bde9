"""What a repair works on, and what it counts."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, order=True)
class VersionName:
    """One version of a document in a generation."""

    document: UUID
    valid_from: int


@dataclass(slots=True)
class Repairs:
    """What was mended."""

    points_made: int = 0
    points_deleted: int = 0
    ends_set: int = 0
    leftovers_cleared: int = 0
    collections_made: int = 0
    aliases_pointed: int = 0
    blobs_written: int = 0
    documents_parsed: int = 0
    chunks_embedded: int = 0
    chunks_reused: int = 0
    to_be_read_again: int = 0
    """Documents that nothing here can bring back; the next ingest reads them from their source."""

    def to_json(self) -> dict[str, int]:
        """Return plain values."""
        return {name: getattr(self, name) for name in self.__slots__}
