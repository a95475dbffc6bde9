"""Points as both stores give them back: their records differ in type, and have the same fields."""

from typing import Any
from uuid import UUID

import numpy as np

from indexing.points import BM25, DENSE, Sparse, StoredPoint


def stored_point(record: Any) -> StoredPoint:
    """Translate a record of Edge or of a server, with the vectors that were asked for."""
    vectors: dict[str, Any] = dict(record.vector) if isinstance(record.vector, dict) else {}
    dense, sparse = vectors.get(DENSE), vectors.get(BM25)
    return StoredPoint(
        id=UUID(str(record.id)),
        payload=record.payload or {},
        dense=None if dense is None else np.asarray(dense, dtype=np.float32),
        sparse=None if sparse is None else Sparse(tuple(sparse.indices), tuple(sparse.values)),
    )
