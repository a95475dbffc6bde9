"""From a question to ranked candidates: both vectors, one search under the reader's filter."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from config.errors import HoldfastError
from config.settings import RetrievalSettings
from indexing.errors import LedgerError, ModelError, ModelMismatchError, StoreError
from indexing.points import Dense, HybridHits, HybridQuery, Sparse, visible
from indexing.stores.base import VectorStore
from query.decision import Reason, ReasonCode, Status
from query.fusion import RankedHit, order
from query.ports import IndexView, Pinned


class QueryEncoder(Protocol):
    """The dense encoder as far as questions need it."""

    def encode_query(self, text: str) -> Dense:
        """Return the vector of a question."""
        ...


class SparseEncoder(Protocol):
    """The BM25 encoder as far as questions need it."""

    def query(self, text: str) -> Sparse:
        """Return the sparse vector of a question."""
        ...


NO_HITS = HybridHits(fused=(), dense=(), sparse=())


@dataclass(frozen=True, slots=True)
class Retrieval:
    """The candidates of one question, or the reason why there are none."""

    status: Status
    hits: tuple[RankedHit, ...] = ()
    """All candidates of both lists, best first."""
    legs: HybridHits = NO_HITS
    pinned: Pinned | None = None
    reasons: tuple[Reason, ...] = ()
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PinResult:
    """The state to read from, or the reason why there is none."""

    pinned: Pinned | None
    status: Status = Status.OK
    reason: Reason | None = None


def pin(view: IndexView, epoch: int | None = None) -> PinResult:
    """Pin the committed state, or the one of an earlier `epoch`."""
    try:
        pinned = view.pin()
    except (LedgerError, ModelMismatchError) as error:
        mismatch = isinstance(error, ModelMismatchError)
        code = ReasonCode.MODEL_MISMATCH if mismatch else ReasonCode.LEDGER_UNAVAILABLE
        return PinResult(None, Status.UNAVAILABLE, Reason(code, str(error)))
    if pinned is None:
        detail = "Nothing has been indexed yet; run `holdfast ingest` first."
        return PinResult(None, reason=Reason(ReasonCode.NOTHING_INDEXED, detail))
    if epoch is None or epoch == pinned.epoch:
        return PinResult(pinned)
    if not 0 <= epoch < pinned.epoch:
        detail = f"Epoch {epoch} has not been committed; the newest is {pinned.epoch}."
        return PinResult(None, reason=Reason(ReasonCode.EPOCH_NOT_COMMITTED, detail))
    earlier = replace(pinned, epoch=epoch)
    return PinResult(earlier)


@dataclass(frozen=True)
class Retriever:
    """Finds candidates; every way in which it can fail is a value."""

    store: VectorStore
    dense: QueryEncoder | None
    sparse: SparseEncoder
    settings: RetrievalSettings
    tenant: str

    def retrieve(
        self, text: str, pinned: Pinned, exclude_keys: frozenset[str] = frozenset()
    ) -> Retrieval:
        """Search both lists at the pinned state.

        Args:
            text: The question, normalised.
            pinned: State to read from.
            exclude_keys: Source keys hidden for this question.
        """
        timings: dict[str, float] = {}
        reasons: list[Reason] = []
        started = time.perf_counter()
        dense = self._encode_dense(text, reasons)
        sparse = self._encode_sparse(text, reasons)
        timings["encode"] = _milliseconds(started)
        if dense is None and (sparse is None or not sparse.indices):
            # Both encoders down: unavailable. Dense down and only stop words: nothing to look for.
            status = Status.UNAVAILABLE if sparse is None else Status.DEGRADED
            return Retrieval(status, (), NO_HITS, pinned, tuple(reasons), timings)
        started = time.perf_counter()
        query = HybridQuery(
            where=visible(
                pinned.epoch,
                self.tenant,
                exclude_keys=exclude_keys,
                aborted=pinned.aborted,
            ),
            dense=dense,
            sparse=sparse,
            limit=max(self.settings.top_k, self.settings.prefetch),
            prefetch=max(self.settings.prefetch, self.settings.top_k),
            rrf_k=self.settings.rrf_k,
            weights=(self.settings.dense_weight, self.settings.sparse_weight),
            idf=self.settings.idf,
        )
        try:
            legs = self.store.search(pinned.collection, query)
        except StoreError as error:
            reasons.append(Reason(ReasonCode.STORE_UNAVAILABLE, str(error)))
            timings["search"] = _milliseconds(started)
            return Retrieval(Status.UNAVAILABLE, (), NO_HITS, pinned, tuple(reasons), timings)
        timings["search"] = _milliseconds(started)
        status = Status.DEGRADED if reasons else Status.OK
        return Retrieval(status, order(legs, self.settings), legs, pinned, tuple(reasons), timings)

    def _encode_dense(self, text: str, reasons: list[Reason]) -> Dense | None:
        if self.dense is None:
            reasons.append(Reason(ReasonCode.DENSE_ENCODER_DOWN, "No dense encoder is loaded."))
            return None
        try:
            return self.dense.encode_query(text)
        except ModelError as error:
            reasons.append(Reason(ReasonCode.DENSE_ENCODER_DOWN, str(error)))
        except Exception as error:  # noqa: BLE001 - whatever torch raises must end in sparse-only
            detail = f"{type(error).__name__}: {error}"
            reasons.append(Reason(ReasonCode.DENSE_ENCODER_DOWN, detail))
        return None

    def _encode_sparse(self, text: str, reasons: list[Reason]) -> Sparse | None:
        try:
            sparse = self.sparse.query(text)
        except HoldfastError as error:
            reasons.append(Reason(ReasonCode.SPARSE_ENCODER_DOWN, str(error)))
            return None
        # A question of stop words only has no terms: nothing is down, this list is just empty.
        return sparse if sparse.indices else Sparse((), ())


def _milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
