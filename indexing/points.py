"""Points as the store sees them: ids, payload, and the filter every read goes through."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from uuid import UUID, uuid5

import numpy as np
import numpy.typing as npt

from config.settings import IdfScope
from ingestion.document import sha256_of

OPEN_END = 2**53 - 1
"""`valid_to` of a point that nothing has superseded (the largest integer a double holds)."""

DENSE = "dense"
BM25 = "bm25"

Dense: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sparse:
    """A sparse vector; `indices` and `values` have the same length."""

    indices: tuple[int, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Point:
    """One chunk as stored: two vectors and a payload."""

    id: UUID
    dense: Dense
    """Shape (dimension,), unit length where the encoder normalises."""
    sparse: Sparse
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """A point read back; vectors only where asked for."""

    id: UUID
    payload: Mapping[str, Any]
    dense: Dense | None = None
    sparse: Sparse | None = None


@dataclass(frozen=True, slots=True)
class PointFilter:
    """Conditions that must all hold; the only filter language the rest of Holdfast knows.

    A reader sets `visible_at` and `tenant` in every call (`visible`); the writer uses the
    other fields to find leftovers.
    """

    visible_at: int | None = None
    """Epoch E: `valid_from <= E AND valid_to > E`."""
    aborted: frozenset[int] = field(default_factory=frozenset)
    """Epochs that were never committed: as a `valid_from` they hide a point from `visible_at`,
    as a `valid_to` they end nothing."""
    tenant: str | None = None
    valid_from: int | None = None
    """Exactly this `valid_from`."""
    started_after: int | None = None
    """`valid_from > started_after`: leftovers of an uncommitted batch."""
    ended_after: int | None = None
    """`ended_after < valid_to < OPEN_END`: closings of an uncommitted batch."""
    ended_by: int | None = None
    """`valid_to <= ended_by`: superseded points that garbage collection may take."""
    document_ids: frozenset[str] = field(default_factory=frozenset)
    """Empty means any document."""
    exclude_document_ids: frozenset[str] = field(default_factory=frozenset)
    exclude_keys: frozenset[str] = field(default_factory=frozenset)
    groups: frozenset[str] | None = None
    """Groups of whoever asks: a point with an ACL is seen only by a member of one of its groups,
    so with no groups only points without an ACL are. None is the operator, who sees all."""
    sources: frozenset[str] = field(default_factory=frozenset)
    """Empty means any source."""
    trusts: frozenset[str] = field(default_factory=frozenset)
    """Empty means any trust."""


def visible(
    epoch: int,
    tenant: str,
    *,
    document_ids: frozenset[str] = frozenset(),
    exclude_keys: frozenset[str] = frozenset(),
    aborted: Iterable[int] = (),
    groups: frozenset[str] | None = None,
    sources: frozenset[str] = frozenset(),
    trusts: frozenset[str] = frozenset(),
) -> PointFilter:
    """Return the filter of a reader that has pinned `epoch`: the one choke point of all reads.

    `aborted` are the epochs of the generation that were handed out and never committed. With
    them a reader believes the ledger alone: what a replaced writer leaves in the store, however
    late, is not seen. `groups` are those of whoever asks; None is the operator's own view.
    """
    return PointFilter(
        visible_at=epoch,
        aborted=frozenset(number for number in aborted if number <= epoch),
        tenant=tenant,
        document_ids=document_ids,
        exclude_keys=exclude_keys,
        groups=groups,
        sources=sources,
        trusts=trusts,
    )


def point_id(generation: str, document: UUID, epoch: int, ordinal: int) -> UUID:
    """Derive the id of a point; the epoch in it keeps every batch's points apart."""
    return uuid5(document, f"{generation}\0{epoch}\0{ordinal}")


def payload_sha256(payload: Mapping[str, Any]) -> str:
    """Hash a payload without its `valid_to`, the one field that changes after the commit."""
    fixed = {name: value for name, value in payload.items() if name != "valid_to"}
    text = json.dumps(fixed, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sha256_of(text)


@dataclass(frozen=True, slots=True)
class CollectionSpec:
    """What a collection must be created with, and keeps as metadata."""

    dimension: int
    fingerprint: str
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HybridQuery:
    """One hybrid search: both legs are prefetched under the same filter and fused.

    Either vector may be missing (a degraded mode); with both missing the query is refused.
    """

    where: PointFilter
    dense: Dense | None
    sparse: Sparse | None
    limit: int
    prefetch: int
    rrf_k: int = 10
    weights: tuple[float, float] = (1.0, 1.0)
    """Weights of the dense and of the sparse list."""
    exact: bool = False
    idf: IdfScope = IdfScope.VISIBLE

    @property
    def idf_corpus(self) -> PointFilter | None:
        """The points over which IDF is measured; none means all of the collection."""
        if self.idf is IdfScope.COLLECTION:
            return None
        where = self.where
        return PointFilter(
            visible_at=where.visible_at,
            aborted=where.aborted,
            tenant=where.tenant,
            groups=where.groups,
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result."""

    id: UUID
    score: float
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HybridHits:
    """The fused list and the two lists it came from, each best first.

    `dense` scores are cosines, `sparse` scores BM25 with the index's IDF, `fused` scores RRF.
    """

    fused: tuple[Hit, ...]
    dense: tuple[Hit, ...]
    sparse: tuple[Hit, ...]
