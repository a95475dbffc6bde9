"""Opening a query engine on a home: the live generation, its encoder, the request log."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexing.as_of import AsOf
from indexing.corpus import Corpus
from indexing.errors import LedgerError
from indexing.generations.timeline import state_at
from indexing.ledger.generations import Generation
from indexing.ledger.requests import latest_probabilities, record_request
from indexing.points import Dense
from query.audit import RequestRecord
from query.calibrations import FOLDER, Calibrations, CalibrationShelf
from query.drift import WINDOW
from query.engine import QueryEngine
from query.ports import AuditSink, Encoders, IndexView, Pinned

BEGINNING = dt.datetime.fromtimestamp(0, dt.UTC)
"""Commit time shown for a generation that has none yet."""


@dataclass(frozen=True, slots=True)
class CorpusView:
    """Tells which state of a corpus is live."""

    corpus: Corpus

    def pin(self, as_of: AsOf | None = None) -> Pinned | None:
        """Return the live generation, its committed epoch, and the encoders it was built with.

        Raises:
            ModelMismatchError: The generation's encoder is not on this machine.
            LedgerError: The ledger cannot be read.
            EpochNotCommittedError: There was no such state.
            EpochNotRetainedError: It is too long ago.
        """
        live = self.corpus.live()
        if live is None:
            return None
        alias = self.corpus.settings.store.collection
        return pinned_state(self.corpus, state_at(self.corpus.ledger, alias, live, as_of))


def pinned_state(corpus: Corpus, state: Generation) -> Pinned:
    """Pin a generation at the epoch it is given with.

    Raises:
        ModelMismatchError: Its encoder is not on this machine.
    """
    reading = corpus.reading(state)
    return Pinned(
        state.name,
        state.name,
        state.epoch,
        state.committed_at or BEGINNING,
        state.aborted,
        Encoders(LazyEncoder(reading), reading.bm25),
        state.spec,
    )


@dataclass(frozen=True, slots=True)
class LedgerLog:
    """Keeps the request log in the ledger."""

    corpus: Corpus

    def record(self, request: RequestRecord) -> None:
        """Write one request durably.

        Raises:
            LedgerError: It could not be written.
        """
        record_request(
            self.corpus.ledger,
            request_id=request.request_id,
            received_at=request.received_at,
            tenant=request.tenant,
            status=request.status,
            verdict=request.verdict,
            generation=request.generation,
            epoch=request.epoch,
            body=request.to_json(),
        )


@dataclass(frozen=True, slots=True)
class FixedView:
    """Always pins the same state, whatever is live."""

    pinned: Pinned

    def pin(self, as_of: AsOf | None = None) -> Pinned:
        """Return that state."""
        return self.pinned


def open_engine(corpus: Corpus) -> QueryEngine:
    """Put together the engine of a corpus; the encoder loads with the first question."""
    log = LedgerLog(corpus) if corpus.settings.audit.enabled else None
    return make_engine(corpus, CorpusView(corpus), log, shelf_of(corpus))


def shelf_of(corpus: Corpus) -> CalibrationShelf:
    """Return the calibrations of a home; what is logged is watched for drift."""

    def latest(calibration_id: str) -> Sequence[float]:
        try:
            return latest_probabilities(corpus.ledger, calibration_id, WINDOW)
        except LedgerError:  # the request that asks says so itself, with its own reason
            return ()

    return CalibrationShelf(corpus.settings.home / FOLDER, latest)


def open_engine_on(corpus: Corpus, generation: Generation) -> QueryEngine:
    """Put together an engine that reads one generation and logs nothing.

    Raises:
        ModelMismatchError: Its encoder is not on this machine.
    """
    return make_engine(corpus, FixedView(pinned_state(corpus, generation)), None)


def make_engine(
    corpus: Corpus,
    view: IndexView,
    log: AuditSink | None,
    calibrations: Calibrations | None = None,
) -> QueryEngine:
    """Put together an engine over the store of a corpus."""
    settings = corpus.settings
    return QueryEngine(
        view,
        corpus.store,
        LazyEncoder(corpus),
        corpus.bm25,
        settings.retrieval,
        settings.gate,
        log,
        settings.tenant,
        calibrations=calibrations,
    )


@dataclass(frozen=True, slots=True)
class LazyEncoder:
    """The corpus's dense encoder, not built before a question needs it."""

    corpus: Corpus

    def encode_query(self, text: str) -> Dense:
        """Return the vector of a question."""
        return self.corpus.encoder.encode_query(text)

    def encode_documents(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return the vectors of sentences."""
        return self.corpus.encoder.encode_documents(texts)
