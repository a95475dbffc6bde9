"""From an engine's scored lists to `HybridHits`: payloads shared, ties in id order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from indexing.points import Hit, HybridHits, HybridQuery, Sparse


@dataclass(frozen=True, slots=True)
class Scored:
    """One result of an engine; the payload only where it was asked for."""

    id: UUID
    score: float
    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Legs:
    """Which lists a query needs; a sparse vector without terms finds nothing and is left out."""

    dense: bool
    sparse: bool

    @property
    def both(self) -> bool:
        """Whether there are two lists to fuse."""
        return self.dense and self.sparse


def legs(query: HybridQuery) -> Legs:
    """Tell which lists `query` needs."""
    return Legs(query.dense is not None, has_terms(query.sparse))


def has_terms(sparse: Sparse | None) -> bool:
    """Tell whether a sparse vector can match anything."""
    return sparse is not None and bool(sparse.indices)


def leg_limit(query: HybridQuery) -> int:
    """How many results a single list needs when it stands in for the fused one."""
    return max(query.limit, query.prefetch)


def fused_hits(query: HybridQuery, dense: Iterable[Scored], sparse: Iterable[Scored]) -> HybridHits:
    """Fuse the two lists of one call by weighted reciprocal rank fusion.

    The engine's own formula, 1 / (k + rank / weight - 1) with ranks from 1, applied here: its
    fusion would rank both lists a second time, does not give their scores, which the gate
    needs, and breaks ties in an order of its own.
    """
    lists = (_ranked(dense), _ranked(sparse))
    scores: dict[UUID, float] = {}
    hits: dict[UUID, Hit] = {}
    for ranked, weight in zip(lists, query.weights, strict=True):
        for rank, hit in enumerate(ranked[: query.prefetch] if weight else (), 1):
            gain = 1.0 / (query.rrf_k + rank / weight - 1.0)
            scores[hit.id] = scores.get(hit.id, 0.0) + gain
            hits.setdefault(hit.id, hit)
    order = sorted(scores, key=lambda point: (-scores[point], point))
    fused = tuple(Hit(p, scores[p], hits[p].payload) for p in order[: query.limit])
    return HybridHits(fused=fused, dense=lists[0], sparse=lists[1])


def single_hits(query: HybridQuery, needed: Legs, found: Iterable[Scored]) -> HybridHits:
    """Build the result of a search over one list: the fused list is that list, scores and all."""
    ranked = _ranked(found)
    candidates = ranked[: query.prefetch]
    return HybridHits(
        fused=ranked[: query.limit],
        dense=candidates if needed.dense else (),
        sparse=candidates if needed.sparse else (),
    )


def _ranked(found: Iterable[Scored]) -> tuple[Hit, ...]:
    hits = [Hit(p.id, p.score, p.payload) for p in found if p.payload is not None]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.id)))
