"""A point held against its row in the ledger: what is wrong with it, if anything."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from indexing.ledger import tables
from indexing.ledger.generations import Generation
from indexing.points import OPEN_END, StoredPoint, payload_sha256
from indexing.upkeep.faults import Fault, FaultKind
from indexing.upkeep.pairing import ChunkRecord

MANDATORY = (
    "tenant", "source", "document_id", "key", "version", "content_sha256", "ordinal", "start",
    "end", "text", "headings", "flags", "tokens", "embed_sha256", "valid_from", "valid_to",
)  # fmt: skip
"""Parts of a payload that every point has."""
UNIT_TOLERANCE = 0.02


@dataclass(frozen=True, slots=True)
class PointJudge:
    """Says what is wrong with a point of one generation."""

    generation: Generation
    normalized: bool

    def judge(self, record: ChunkRecord | None, point: StoredPoint | None) -> Fault | None:
        """Compare a row with a point; either may be missing."""
        if record is None:
            return None if point is None else self._unknown(point)
        if point is None:
            return self._fault(FaultKind.MISSING, "It is not in the store.", record)
        problem = self._content(record, point)
        if problem is not None:
            return self._fault(*problem, record, point)
        return self._end(record, point)

    def _unknown(self, point: StoredPoint) -> Fault | None:
        """Judge a point that the ledger does not know: staged, left over, or a phantom."""
        started = point.payload.get("valid_from")
        key = point.payload.get("key")
        where = f"valid from {started} to {point.payload.get('valid_to')}"
        if isinstance(started, int):
            if started > self.generation.epoch:
                return None  # staged by a run, or left for the next one to clear
            if started in self.generation.aborted:
                return Fault(FaultKind.LEFTOVER, f"Of an aborted epoch, {where}.", point.id)
            ended = point.payload.get("valid_to")
            if isinstance(ended, int) and ended <= self.generation.horizon:
                return None  # garbage whose row went first
        return Fault(
            FaultKind.PHANTOM, f"The ledger does not know it ({where}).", point.id, key=key
        )

    def _content(self, record: ChunkRecord, point: StoredPoint) -> tuple[FaultKind, str] | None:
        lacking = [name for name in MANDATORY if name not in point.payload]
        if lacking:
            return FaultKind.MALFORMED, f"Its payload lacks {', '.join(lacking)}."
        if point.dense is None or point.sparse is None:
            which = "dense" if point.dense is None else "sparse"
            return FaultKind.MALFORMED, f"Its {which} vector is missing."
        if record.payload_sha256 not in (None, payload_sha256(point.payload)):
            return FaultKind.WRONG_PAYLOAD, "Its payload is not the one that was committed."
        mine = (point.payload["document_id"], point.payload["ordinal"])
        if mine != (str(record.document), record.ordinal):
            return FaultKind.WRONG_PAYLOAD, f"It says it is chunk {mine[1]} of {mine[0]}."
        problem = self._vector(point.dense)
        return (FaultKind.BAD_VECTOR, problem) if problem else None

    def _vector(self, dense: Any) -> str | None:
        dimension = self.generation.spec.get("embedding", {}).get("dimension", len(dense))
        if len(dense) != dimension:
            return f"Its dense vector has {len(dense)} numbers instead of {dimension}."
        if not np.isfinite(dense).all():
            return "Its dense vector holds NaN or infinity."
        length = float(np.linalg.norm(dense))
        if length == 0.0:
            return "Its dense vector is zero."
        if self.normalized and abs(length - 1.0) > UNIT_TOLERANCE:
            return f"Its dense vector has length {length:.3f} instead of 1."
        return None

    def _end(self, record: ChunkRecord, point: StoredPoint) -> Fault | None:
        end = point.payload["valid_to"]
        if end == record.valid_to:
            return None
        if end in self.generation.aborted:
            detail = f"Closed at {end}, an aborted epoch."
            return self._fault(FaultKind.LEFTOVER, detail, record, point)
        late = isinstance(end, int) and end > self.generation.epoch
        if record.valid_to == OPEN_END and late:
            return None  # closed by a batch that is not committed, or was since
        detail = f"It ends at {end}, the ledger says {record.valid_to}."
        return self._fault(FaultKind.WRONG_END, detail, record, point)

    def _fault(
        self, kind: FaultKind, detail: str, record: ChunkRecord, point: StoredPoint | None = None
    ) -> Fault:
        key = point.payload.get("key") if point else None
        return Fault(kind, detail, record.point, record.document, record.valid_from, key)


def shows_again(connection: Connection, generation: Generation, phantom: StoredPoint) -> bool:
    """Whether a phantom shows a chunk that is live already."""
    chunk, ordinal = tables.chunk, phantom.payload.get("ordinal")
    if not isinstance(ordinal, int):
        return False  # no row has such a one, and no database could compare it
    query = select(func.count()).where(
        chunk.c.generation == generation.name,
        chunk.c.document_id == str(phantom.payload.get("document_id")),
        chunk.c.ordinal == ordinal,
        chunk.c.valid_to == OPEN_END,
    )
    return bool(connection.execute(query).scalar())
