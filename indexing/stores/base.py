"""The protocol every vector store follows; `tests/indexing/stores/test_contract.py` proves it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from indexing.points import (
    CollectionSpec,
    HybridHits,
    HybridQuery,
    Point,
    PointFilter,
    StoredPoint,
)

Fence: TypeAlias = Callable[[], None]
"""Called at the last moment before each write, raising if this writer was replaced. Where one
process at a time has the points (Edge), nobody else can write between fence and write."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of the bytes of deleted points."""

    bytes_written: int
    """Size on disk of what was written anew; 0 where the engine decides by itself."""
    bound: str
    """When the last of those bytes is gone, for people."""


class VectorStore(Protocol):
    """Collections of points. Every write is acknowledged when the call returns.

    All methods raise `StoreUnavailableError` (no answer in time), `StoreBusyError` (the
    embedded shard is held), `StoreRejectedError` (bad request, unknown collection) or
    `StoreCorruptError`. Methods may be called from several threads.
    """

    def describe(self) -> str:
        """Say what engine this is, in which version, and where: one line for people."""
        ...

    def create(self, collection: str, spec: CollectionSpec) -> None:
        """Create a collection with its payload indexes; one that exists with this spec is kept."""
        ...

    def spec(self, collection: str) -> CollectionSpec | None:
        """Return what `collection` was created with, or none if there is no such collection."""
        ...

    def collections(self) -> tuple[str, ...]:
        """Names of all collections of this store, sorted."""
        ...

    def drop(self, collection: str) -> None:
        """Remove a collection; one that does not exist is no error."""
        ...

    def upsert(
        self, collection: str, points: Sequence[Point], *, fence: Fence | None = None
    ) -> None:
        """Write points, replacing those with the same ids.

        Raises:
            PointsRejectedError: It names the points that can never be stored. If that is seen
                before anything is sent, nothing was written; else all the others were.
        """
        ...

    def set_valid_to(
        self,
        collection: str,
        ids: Sequence[UUID],
        epoch: int,
        *,
        expected: int | None = None,
        fence: Fence | None = None,
    ) -> None:
        """Set `valid_to` of these points; never by filter alone. Unknown ids are ignored.

        With `expected`, points whose `valid_to` is another one are left as they are: a call
        that arrives late cannot undo what was decided since.
        """
        ...

    def delete(self, collection: str, ids: Sequence[UUID], *, fence: Fence | None = None) -> None:
        """Remove these points; unknown ids are ignored."""
        ...

    def count(self, collection: str, where: PointFilter) -> int:
        """Count matching points exactly."""
        ...

    def count_by_document(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `document_id`."""
        ...

    def count_by_source(self, collection: str, where: PointFilter) -> dict[str, int]:
        """Count matching points exactly, per `source`; those without one are left out."""
        ...

    def scroll(
        self, collection: str, where: PointFilter, *, vectors: bool = False
    ) -> Iterator[StoredPoint]:
        """Yield all matching points in id order, a page at a time."""
        ...

    def fetch(
        self, collection: str, ids: Sequence[UUID], *, vectors: bool = False
    ) -> list[StoredPoint]:
        """Read points by id, in the order asked for; missing ones are left out."""
        ...

    def search(self, collection: str, query: HybridQuery) -> HybridHits:
        """Search both lists in one call to the engine, and fuse them."""
        ...

    def alias(self, name: str) -> str | None:
        """Return the collection an alias names."""
        ...

    def flush(self, collection: str) -> None:
        """Make acknowledged writes survive a power failure, as far as this process can."""
        ...

    def erase(self, collection: str, *, fence: Fence | None = None) -> Erasure:
        """Leave no byte of points that were deleted, as far as that is in this process's hand.

        What is there stays, bit for bit, and readers go on meanwhile. The caller must be the only
        writer of the collection.
        """
        ...

    def point_alias(self, name: str, collection: str) -> None:
        """Make an alias name a collection, atomically: a reader sees the old one or the new one."""
        ...

    def close(self) -> None:
        """Give back everything held; the store can be used again afterwards."""
        ...
