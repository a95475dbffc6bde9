"""What no engine may be given: bad names, bad vectors, bad queries.

The engines accept NaN and zero vectors silently and then never find the point again, so both
are refused here, before anything is written.
"""

import math
import re
from collections.abc import Sequence

import numpy as np

from indexing.errors import StoreRejectedError
from indexing.points import CollectionSpec, Dense, HybridQuery, Point, Sparse

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,199}")
_SHORTEST, _LONGEST = 1e-12, 1e18


def check_name(name: str) -> None:
    """Refuse a collection or alias name that is no plain name (it becomes a path or a URL)."""
    if not _NAME.fullmatch(name):
        raise StoreRejectedError(
            f"{name!r} is no collection or alias name: use letters, digits, '_', '-' and '.', "
            "not starting with '.', at most 200 characters."
        )


def check_points(collection: str, points: Sequence[Point], dimension: int) -> None:
    """Refuse points that could be written but never found; the message names the point."""
    for point in points:
        fault = _dense_fault(point.dense, dimension) or _sparse_fault(point.sparse)
        if fault:
            raise StoreRejectedError(
                f"Point {point.id} (document {point.payload.get('document_id', 'unknown')}) was "
                f"not written to {collection!r}: {fault}. Nothing of this call was written."
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
    if not all(math.isfinite(value) for value in vector.values):
        return "its sparse vector holds NaN or infinity"
    return None
