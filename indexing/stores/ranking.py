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


def fused_limit(query: HybridQuery) -> int:
    """How many fused results to ask for: all candidates.

    The fused list then holds every point of both lists, so it alone carries the payloads, and
    ties at the caller's limit are cut in id order instead of the engine's.
    """
    return max(query.limit, 2 * query.prefetch)


def leg_limit(query: HybridQuery) -> int:
    """How many results a single list needs when it stands in for the fused one."""
    return max(query.limit, query.prefetch)


def fused_hits(
    query: HybridQuery, fused: Iterable[Scored], dense: Iterable[Scored], sparse: Iterable[Scored]
) -> HybridHits:
    """Build the result of a search over both lists; only `fused` carries payloads."""
    ranked = _ranked(fused, {})
    payloads = {hit.id: hit.payload for hit in ranked}
    return HybridHits(
        fused=ranked[: query.limit],
        dense=_ranked(dense, payloads),
        sparse=_ranked(sparse, payloads),
    )


def single_hits(query: HybridQuery, needed: Legs, found: Iterable[Scored]) -> HybridHits:
    """Build the result of a search over one list: the fused list is that list, scores and all."""
    ranked = _ranked(found, {})
    candidates = ranked[: query.prefetch]
    return HybridHits(
        fused=ranked[: query.limit],
        dense=candidates if needed.dense else (),
        sparse=candidates if needed.sparse else (),
    )


def _ranked(found: Iterable[Scored], payloads: Mapping[UUID, Mapping[str, Any]]) -> tuple[Hit, ...]:
    hits = []
    for point in found:
        payload = point.payload if point.payload is not None else payloads.get(point.id)
        # A point that vanished between the lists of one batch has no payload and is no evidence.
        if payload is not None:
            hits.append(Hit(point.id, point.score, payload))
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.id)))
