"""The embed step: a dense vector for every text of a batch, reused wherever one exists already."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from indexing.committing.batches import EmbeddedBatch, ParsedBatch
from indexing.errors import StoreCorruptError, StoreRejectedError
from indexing.ledger.database import Ledger
from indexing.ledger.documents import groups, points_with_text
from indexing.points import Dense, StoredPoint
from indexing.stores.base import VectorStore
from ingestion.document import sha256_of

if TYPE_CHECKING:
    from indexing.encoding.encoder import Encoder

logger = logging.getLogger(__name__)

FETCH = 512
"""Points read back per store call."""
LEAST_LENGTH = 1e-6


class BatchEmbedder:
    """Embeds batches for one generation.

    A text that any point of the generation already carries is not embedded again: its vector
    is read back by the point's id. So an edited paragraph costs one paragraph of embedding, and
    a new generation with the same encoder costs only the texts that are cut otherwise.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: VectorStore,
        generation: str,
        encoder: "Callable[[], Encoder]",
        *,
        donors: Sequence[str] = (),
    ) -> None:
        """Use `encoder` to get the dense encoder when the first text needs one.

        Args:
            ledger: Knows which point carries which text.
            store: Has the points.
            generation: The one that is written to.
            encoder: Gives the dense encoder.
            donors: Generations with vectors of the same encoder, read where the own one has none.
        """
        self._ledger = ledger
        self._store = store
        self._generations = (generation, *donors)
        self._encoder = encoder

    def embed(self, batch: ParsedBatch) -> EmbeddedBatch:
        """Find or compute the vector of every text.

        Raises:
            ModelError: The encoder cannot be loaded or made a vector that is none.
            StoreError: Vectors could not be read back.
        """
        started = time.perf_counter()
        texts = {
            sha256_of(c.embedding_text): c.embedding_text
            for document in batch.documents
            for c in document.prepared.chunks
        }
        vectors = self._stored_vectors(texts)
        missing = [h for h in texts if h not in vectors]
        if missing:
            encoded = self._encoder().encode_documents([texts[h] for h in missing])
            vectors |= dict(zip(missing, encoded, strict=True))
        chunks = sum(len(d.prepared.chunks) for d in batch.documents)
        return EmbeddedBatch(
            parsed=batch,
            vectors=vectors,
            embedded=len(missing),
            reused=chunks - len(missing),
            embed_seconds=time.perf_counter() - started,
        )

    def _stored_vectors(self, texts: dict[str, str]) -> dict[str, Dense]:
        """Read back the vectors that points already carry."""
        vectors: dict[str, Dense] = {}
        for generation in self._generations:
            wanted = [text_hash for text_hash in texts if text_hash not in vectors]
            points = points_with_text(self._ledger, generation, wanted)
            hashes = {point: text_hash for text_hash, point in points.items()}
            for group in groups(hashes, FETCH):
                for stored in self._fetched(generation, group):
                    if stored.dense is not None and is_usable(stored.dense):
                        vectors[hashes[stored.id]] = stored.dense
        return vectors

    def _fetched(self, generation: str, ids: Sequence[UUID]) -> Sequence[StoredPoint]:
        """Read points; a donor that was dropped meanwhile, or is damaged, has none to give."""
        try:
            return self._store.fetch(generation, ids, vectors=True)
        except (StoreRejectedError, StoreCorruptError) as error:
            if generation == self._generations[0]:
                raise
            logger.warning("Vectors are made anew that %s has: %s", generation, error)
            return ()


def is_usable(vector: Dense) -> bool:
    """Whether a vector that was read back can stand for its text; a damaged one is made anew."""
    return bool(np.isfinite(vector).all()) and float(np.linalg.norm(vector)) > LEAST_LENGTH
