"""Order the candidates of both lists by one score, so that the better list is never spoilt.

Rank fusion forgets by how much a list prefers its first hit, and therefore loses hit@1 to the
better single list. The scores are still there: a cosine means the same for every question, and
BM25 does after division by the best BM25 score of the question. Alone, their weighted sum stays up
to .02 behind the better single list (ramdocs, clapnq); `ordering.py` reads the first candidates and
makes up for it. Figures: `python -m benchmarks.gate figures`.
"""

from dataclasses import dataclass
from uuid import UUID

from config.settings import RetrievalSettings
from indexing.points import Hit, HybridHits

DENSE_SPREAD = 0.20
"""Cosine distance below the best hit at which a candidate's dense score reaches zero."""


@dataclass(frozen=True, slots=True)
class RankedHit:
    """A candidate with what both lists say about it."""

    hit: Hit
    score: float
    """Combined score in [0, 1]."""
    dense: float
    """Cosine; for a point the dense list does not hold, the lowest cosine of that list."""
    sparse: float
    """BM25; 0 for a point the sparse list does not hold."""


def nearness(best: float, cosine: float) -> float:
    """Return how near a cosine is to the best one, in [0, 1]."""
    return max(0.0, 1.0 - (best - cosine) / DENSE_SPREAD)


def order(hits: HybridHits, settings: RetrievalSettings) -> tuple[RankedHit, ...]:
    """Return all candidates of both lists, best first; ties in id order."""
    dense = {hit.id: hit.score for hit in hits.dense}
    sparse = {hit.id: hit.score for hit in hits.sparse}
    known: dict[UUID, Hit] = {h.id: h for leg in (hits.dense, hits.sparse, hits.fused) for h in leg}
    best_dense = max(dense.values(), default=0.0)
    floor_dense = min(dense.values(), default=0.0)
    best_sparse = max(sparse.values(), default=0.0)
    weights = (
        settings.dense_weight if dense else 0.0,
        settings.sparse_weight if best_sparse > 0 else 0.0,
    )
    total = sum(weights) or 1.0

    def ranked(hit: Hit) -> RankedHit:
        cosine = dense.get(hit.id, floor_dense)
        bm25 = sparse.get(hit.id, 0.0)
        near = nearness(best_dense, cosine) if dense else 0.0
        share = bm25 / best_sparse if best_sparse > 0 else 0.0
        return RankedHit(hit, (weights[0] * near + weights[1] * share) / total, cosine, bm25)

    return tuple(sorted(map(ranked, known.values()), key=lambda r: (-r.score, r.hit.id)))
