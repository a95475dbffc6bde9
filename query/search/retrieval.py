"""From a question to ranked candidates: both vectors, one search under the reader's filter."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from config.errors import HoldfastError
from config.querying import DeadlineSettings
from config.settings import RetrievalSettings
from config.tracing import SpanName, retrieval_span, span
from indexing.as_of import AsOf
from indexing.errors import (
    EpochNotCommittedError,
    EpochNotRetainedError,
    LedgerError,
    ModelError,
    ModelMismatchError,
    StoreError,
)
from indexing.points import Dense, HybridHits, HybridQuery, Sparse
from indexing.stores.base import VectorStore
from query.decision import Reason, ReasonCode, Status
from query.ports import Encoders, IndexView, Pinned
from query.resilience import Circuit, CircuitOpenError, OverdueError, circuit
from query.search.fusion import RankedHit, order
from query.search.scope import Scope

STRANGER = Scope()
MOST_NAMED = 20
LONGEST_NAME = 100
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
    request_id: str = ""
    """Names its row in the log; empty where it has none."""


@dataclass(frozen=True, slots=True)
class PinResult:
    """The state to read from, or the reason why there is none."""

    pinned: Pinned | None
    status: Status = Status.OK
    reason: Reason | None = None


DOWN = (
    (EpochNotCommittedError, ReasonCode.EPOCH_NOT_COMMITTED),
    (EpochNotRetainedError, ReasonCode.EPOCH_NOT_RETAINED),
    (ModelMismatchError, ReasonCode.MODEL_MISMATCH),
    (LedgerError, ReasonCode.LEDGER_UNAVAILABLE),
    (StoreError, ReasonCode.STORE_UNAVAILABLE),
)
"""What keeps a state from being found, and the reason it is given as."""


def down(error: HoldfastError) -> Reason:
    """Return what keeps a state from being found as a reason."""
    codes = (code for kind, code in DOWN if isinstance(error, kind))
    return Reason(next(codes, ReasonCode.INTERNAL_ERROR), str(error))


class KnowsSources(Protocol):
    """Tells what is wrong with the sources that a request names."""

    def unknown_source(self, pinned: Pinned, scope: Scope) -> Reason | None:
        """Say why the sources of a scope cannot be searched; none where they can, or none is named.

        Args:
            pinned: State to read from.
            scope: As the request brought it, not as a policy narrowed it.
        """
        ...


def pin(
    view: IndexView,
    as_of: AsOf | None = None,
    knows: KnowsSources | None = None,
    reads: Scope = STRANGER,
) -> PinResult:
    """Pin the committed state, or an earlier one.

    Args:
        view: Says which state is live.
        as_of: Names an earlier one.
        knows: Tells whether the sources that are named have anything in that state.
        reads: What the request wants to read.
    """
    try:
        pinned = view.pin(as_of)
    except HoldfastError as error:
        return PinResult(None, Status.UNAVAILABLE, down(error))
    if pinned is None:
        detail = "Nothing has been indexed yet; run `holdfast ingest` first."
        return PinResult(None, reason=Reason(ReasonCode.NOTHING_INDEXED, detail))
    reason = knows.unknown_source(pinned, reads) if knows is not None and reads.sources else None
    return PinResult(pinned) if reason is None else PinResult(None, Status.UNAVAILABLE, reason)


Bounded = Callable[[Callable[[], Dense]], Dense]
"""Makes a call of the encoder within its deadline."""


@dataclass(frozen=True, slots=True)
class Circuits:
    """The circuits of the parts that a search needs; shared by all requests of an engine."""

    encoder: Circuit
    store: Circuit

    @classmethod
    def closed(cls, settings: DeadlineSettings) -> "Circuits":
        """Return circuits of parts that have not failed yet."""
        return cls(circuit(settings), circuit(settings))


@dataclass(frozen=True)
class Retriever:
    """Finds candidates; every way in which it can fail is a value."""

    store: VectorStore
    encoders: Encoders
    """Used where the pinned state brings none of its own."""
    settings: RetrievalSettings
    tenant: str
    deadlines: DeadlineSettings = field(default_factory=DeadlineSettings)
    circuits: "Circuits | None" = None
    """Remember what failed before; none remembers nothing."""

    def retrieve(self, text: str, pinned: Pinned, scope: Scope = STRANGER) -> Retrieval:
        """Search both lists at the pinned state.

        Args:
            text: The question, normalised.
            pinned: State to read from.
            scope: What may be read.
        """
        with retrieval_span(pinned.collection, self.settings.top_k, pinned.epoch) as current:
            found = self._retrieve(text, pinned, scope)
            current.set_attribute("holdfast.candidates", len(found.hits))
            current.set_attribute("holdfast.status", found.status.value)
            return found

    def unknown_source(self, pinned: Pinned, scope: Scope) -> Reason | None:
        """Say which source of a scope has no document that may be read, and which have.

        A source that is not for whoever asks is none, like one that does not exist.
        """
        circuits = self.circuits or Circuits.closed(self.deadlines)

        def readable(sources: frozenset[str]) -> frozenset[str]:
            # What a request leaves out by key or trust is there all the same.
            where = Scope(groups=scope.groups, sources=sources).filter(pinned, self.tenant)
            found = circuits.store.call(
                self.deadlines.store_seconds,
                lambda: self.store.count_by_source(pinned.collection, where),
            )
            return frozenset(found)

        try:
            unknown = scope.sources - readable(scope.sources)
            known = readable(frozenset()) if unknown else frozenset()
        except (StoreError, OverdueError, CircuitOpenError) as error:
            return Reason(ReasonCode.STORE_UNAVAILABLE, str(error))
        return no_such_source(unknown, known) if unknown else None

    def _retrieve(self, text: str, pinned: Pinned, scope: Scope) -> Retrieval:
        timings: dict[str, float] = {}
        reasons: list[Reason] = []
        started = time.perf_counter()
        encoders = pinned.encoders or self.encoders
        circuits = self.circuits or Circuits.closed(self.deadlines)
        with span(SpanName.ENCODE):
            dense = _encode_dense(encoders, text, reasons, self._bounded_encoder(circuits))
            sparse = _encode_sparse(encoders, text, reasons)
        timings["encode"] = _milliseconds(started)
        if dense is None and (sparse is None or not sparse.indices):
            # Both encoders down: unavailable. Dense down and only stop words: nothing to look for.
            status = Status.UNAVAILABLE if sparse is None else Status.DEGRADED
            return Retrieval(status, (), NO_HITS, pinned, tuple(reasons), timings)
        started = time.perf_counter()
        query = HybridQuery(
            where=scope.filter(pinned, self.tenant),
            dense=dense,
            sparse=sparse,
            limit=max(self.settings.top_k, self.settings.prefetch),
            prefetch=max(self.settings.prefetch, self.settings.top_k),
            rrf_k=self.settings.rrf_k,
            weights=(self.settings.dense_weight, self.settings.sparse_weight),
            idf=self.settings.idf,
        )
        try:
            with span(SpanName.SEARCH):
                legs = circuits.store.call(
                    self.deadlines.store_seconds,
                    lambda: self.store.search(pinned.collection, query),
                )
        except (StoreError, OverdueError, CircuitOpenError) as error:
            reasons.append(Reason(ReasonCode.STORE_UNAVAILABLE, str(error)))
            timings["search"] = _milliseconds(started)
            return Retrieval(Status.UNAVAILABLE, (), NO_HITS, pinned, tuple(reasons), timings)
        timings["search"] = _milliseconds(started)
        status = Status.DEGRADED if reasons else Status.OK
        return Retrieval(status, order(legs, self.settings), legs, pinned, tuple(reasons), timings)

    def _bounded_encoder(self, circuits: Circuits) -> Bounded:
        seconds = self.deadlines.encoder_seconds
        return lambda work: circuits.encoder.call(seconds, work)


def no_such_source(unknown: Iterable[str], known: Iterable[str]) -> Reason:
    """Say which sources there are instead of those that a request names."""
    there = _listed(known)
    detail = f"No document that may be read here is from the source {_listed(unknown)}; " + (
        f"there are {there}." if there else "no source has any."
    )
    return Reason(ReasonCode.NO_SUCH_SOURCE, detail)


def _listed(names: Iterable[str]) -> str:
    """Name at most so many that a person reads them."""
    every = sorted(names)
    shown = ", ".join(repr(name[:LONGEST_NAME]) for name in every[:MOST_NAMED])
    left = len(every) - MOST_NAMED
    return f"{shown} and {left} more" if left > 0 else shown


def _encode_dense(
    encoders: Encoders, text: str, reasons: list[Reason], bounded: Bounded
) -> Dense | None:
    if encoders.dense is None:
        reasons.append(Reason(ReasonCode.DENSE_ENCODER_DOWN, "No dense encoder is loaded."))
        return None
    dense = encoders.dense
    try:
        return bounded(lambda: dense.encode_query(text))
    except (ModelError, OverdueError, CircuitOpenError) as error:
        reasons.append(Reason(ReasonCode.DENSE_ENCODER_DOWN, str(error)))
    except Exception as error:  # noqa: BLE001 - whatever torch raises must end in sparse-only
        detail = f"{type(error).__name__}: {error}"
        reasons.append(Reason(ReasonCode.DENSE_ENCODER_DOWN, detail))
    return None


def _encode_sparse(encoders: Encoders, text: str, reasons: list[Reason]) -> Sparse | None:
    try:
        sparse = encoders.sparse.query(text)
    except HoldfastError as error:
        reasons.append(Reason(ReasonCode.SPARSE_ENCODER_DOWN, str(error)))
        return None
    # A question of stop words only has no terms: nothing is down, this list is just empty.
    return sparse if sparse.indices else Sparse((), ())


def _milliseconds(started: float) -> float:
    return (time.perf_counter() - started) * 1000.0
