"""What no engine may be given: bad names, bad points, bad queries.

The engines accept NaN and zero vectors silently and then never find the point again, so both
are refused here, before anything is written.
"""

import math
import re
from collections.abc import Sequence

import msgspec
import numpy as np

from indexing.errors import PointsRejectedError, StoreRejectedError
from indexing.points import CollectionSpec, Dense, HybridQuery, Point, Sparse

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")
_SHORTEST, _LONGEST = 1e-12, 1e18
_LARGEST_INDEX = 2**32 - 1
_NUMBER_BYTES = 24
"""The longest a component of a vector can get as JSON, with its comma."""
_FRAME_BYTES = 160
"""Id, names of fields, brackets."""


def is_name(name: str) -> bool:
    """Tell whether a collection or an alias may have this name."""
    return _NAME.fullmatch(name) is not None


def check_name(name: str) -> None:
    """Refuse a collection or alias name that is no plain name (it becomes a path or a URL)."""
    if not is_name(name):
        raise StoreRejectedError(
            f"{name!r} is no collection or alias name: use letters, digits, '_', '-' and '.', "
            "not starting with '.', at most 200 characters."
        )


def check_points(
    collection: str, points: Sequence[Point], dimension: int, most_bytes: int | None = None
) -> list[int]:
    """Refuse points that could be written but never found, or never sent.

    Args:
        collection: Where they are to be written, for the message.
        points: The points of one call.
        dimension: What the collection holds.
        most_bytes: The largest request, where there is such a limit.

    Returns:
        The size of each point as JSON in bytes, rather too large than too small.

    Raises:
        PointsRejectedError: It names every point at fault; nothing was written.
    """
    sizes: list[int] = []
    faulty: list[tuple[Point, str]] = []
    for point in points:
        size, fault = _size_and_fault(point, most_bytes)
        fault = fault or _dense_fault(point.dense, dimension) or _sparse_fault(point.sparse)
        sizes.append(size)
        if fault:
            faulty.append((point, fault))
    if faulty:
        raise rejected(collection, faulty)
    return sizes


def rejected(collection: str, faulty: Sequence[tuple[Point, str]]) -> PointsRejectedError:
    """Return the error for points that cannot be stored, each given with what is wrong with it."""
    faults = list(dict.fromkeys(fault for _, fault in faulty))
    more = f" (and {len(faults) - 2} other reasons)" if len(faults) > 2 else ""
    return PointsRejectedError(
        [point.id for point, _ in faulty],
        [str(point.payload.get("document_id", "unknown")) for point, _ in faulty],
        f"Collection {collection!r} cannot take it: {'; '.join(faults[:2])}{more}.",
    )


def check_query(collection: str, query: HybridQuery, dimension: int) -> None:
    """Refuse a query without a vector, with a broken one, or without a positive limit."""
    if query.dense is None and query.sparse is None:
        raise StoreRejectedError(f"The query to {collection!r} has neither vector; give one.")
    fault = None
    if query.dense is not None:
        fault = _dense_fault(query.dense, dimension)
    if query.sparse is not None:
        fault = fault or _sparse_fault(query.sparse)
    if query.limit < 1 or query.prefetch < 1:
        fault = f"limit {query.limit} and prefetch {query.prefetch} must be at least 1"
    if fault:
        raise StoreRejectedError(f"The query to {collection!r} was refused: {fault}.")


def check_same(collection: str, existing: CollectionSpec, wanted: CollectionSpec) -> None:
    """Refuse to take over a collection that was created with something else."""
    if existing != wanted:
        raise StoreRejectedError(
            f"Collection {collection!r} exists with dimension {existing.dimension}, fingerprint "
            f"{existing.fingerprint!r} and metadata {dict(existing.metadata)}; wanted were "
            f"{wanted.dimension}, {wanted.fingerprint!r} and {dict(wanted.metadata)}. "
            "Choose another name or drop it first."
        )


def unknown_collection(collection: str) -> StoreRejectedError:
    """Return the error for a collection that is not there."""
    return StoreRejectedError(
        f"There is no collection {collection!r} in this store. It was dropped, or the ledger "
        "and the store do not belong together; `holdfast doctor` shows both."
    )


def _size_and_fault(point: Point, most_bytes: int | None) -> tuple[int, str | None]:
    try:
        payload = len(msgspec.json.encode(dict(point.payload)))
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        return 0, f"its payload is no JSON ({error})"
    numbers = point.dense.size + 2 * len(point.sparse.indices)
    size = payload + _NUMBER_BYTES * numbers + _FRAME_BYTES
    if most_bytes is not None and size > most_bytes:
        return size, (
            f"it takes {size / 2**20:.1f} MiB as JSON and a request may take "
            f"{most_bytes / 2**20:g} (store.max_body_mb)"
        )
    return size, None


def _dense_fault(vector: Dense, dimension: int) -> str | None:
    if vector.shape != (dimension,):
        return f"its dense vector has shape {vector.shape}, the collection holds ({dimension},)"
    if not np.isfinite(vector).all():
        return "its dense vector holds NaN or infinity"
    length = float(np.linalg.norm(vector.astype(np.float64)))
    # The engine normalises in single precision: beyond these lengths it would divide by 0 or inf.
    if not _SHORTEST < length < _LONGEST:
        return f"its dense vector has length {length:.3g}, which cannot be normalised"
    return None


def _sparse_fault(vector: Sparse) -> str | None:
    if len(vector.indices) != len(vector.values):
        return f"its sparse vector has {len(vector.indices)} indices, {len(vector.values)} values"
    if len(set(vector.indices)) != len(vector.indices):
        return "its sparse vector repeats an index"
    if any(not 0 <= index <= _LARGEST_INDEX for index in vector.indices):
        return "its sparse vector has an index that does not fit into 32 bits"
    if not all(math.isfinite(value) for value in vector.values):
        return "its sparse vector holds NaN or infinity"
    return None
