"""Opening a query engine on a home: the live generation, its encoder, the request log."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from indexing.corpus import Corpus
from indexing.errors import ModelMismatchError
from indexing.ledger.requests import record_request
from indexing.points import Dense
from indexing.spec import differences
from query.audit import RequestRecord
from query.engine import QueryEngine
from query.ports import Pinned

BEGINNING = dt.datetime.fromtimestamp(0, dt.UTC)
"""Commit time shown for a generation that has none yet."""


@dataclass(frozen=True, slots=True)
class CorpusView:
    """Tells which state of a corpus is live."""

    corpus: Corpus

    def pin(self) -> Pinned | None:
        """Return the live generation and its committed epoch.

        Raises:
            ModelMismatchError: The settings name another encoder than the generation was
                built with; searching would give wrong hits.
            LedgerError: The ledger cannot be read.
        """
        live = self.corpus.live()
        if live is None:
            return None
        if live.fingerprint != self.corpus.spec.fingerprint:
            self._check_encoders(live.name, live.spec)
        return Pinned(
            live.name, live.name, live.epoch, live.committed_at or BEGINNING, live.aborted
        )

    def _check_encoders(self, name: str, built_with: object) -> None:
        """Other chunking is no matter for a question; another encoder is."""
        spec = self.corpus.spec
        built = built_with if isinstance(built_with, dict) else {}
        changed = [
            f"{part}.{difference}"
            for part, now in (("embedding", spec.embedding), ("sparse", spec.sparse))
            for difference in differences(built.get(part, {}), now)
        ]
        if changed:
            raise ModelMismatchError(
                f"{name} was built with another encoder ({'; '.join(changed[:4])}). Searching it "
                "would give wrong hits. Run `holdfast reindex`, or restore the settings."
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


def open_engine(corpus: Corpus) -> QueryEngine:
    """Put together the engine of a corpus; the encoder loads with the first question."""
    settings = corpus.settings
    return QueryEngine(
        CorpusView(corpus),
        corpus.store,
        LazyEncoder(corpus),
        corpus.bm25,
        settings.retrieval,
        settings.gate,
        LedgerLog(corpus) if settings.audit.enabled else None,
        settings.tenant,
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
