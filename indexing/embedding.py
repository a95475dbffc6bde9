"""The embed step: a dense vector for every text of a batch, reused wherever one exists already."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from indexing.batches import EmbeddedBatch, ParsedBatch
from indexing.ledger.database import Ledger
from indexing.ledger.documents import groups, points_with_text
from indexing.points import Dense
from indexing.stores.base import VectorStore
from ingestion.document import sha256_of

if TYPE_CHECKING:
    from indexing.encoder import Encoder

FETCH = 512
"""Points read back per store call."""


class BatchEmbedder:
    """Embeds batches for one generation.

    A text that any point of the generation already carries is not embedded again: its vector
    is read back by the point's id. So an edited paragraph costs one paragraph of embedding.
    """

    def __init__(
        self,
        ledger: Ledger,
        store: VectorStore,
        generation: str,
        encoder: "Callable[[], Encoder]",
    ) -> None:
        """Use `encoder` to get the dense encoder when the first text needs one."""
        self._ledger = ledger
        self._store = store
        self._generation = generation
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
        """Read back the vectors that points of this generation already carry."""
        points = points_with_text(self._ledger, self._generation, texts)
        hashes = {point: text_hash for text_hash, point in points.items()}
        vectors: dict[str, Dense] = {}
        for group in groups(hashes, FETCH):
            for stored in self._store.fetch(self._generation, group, vectors=True):
                if stored.dense is not None:
                    vectors[hashes[stored.id]] = stored.dense
        return vectors
