"""BM25 sparse vectors, computed here with the server's own tokenizer; the index adds the IDF."""

from collections.abc import Sequence

import qdrant_edge as edge

from config.errors import ConfigError
from config.settings import SparseSettings
from indexing.points import Sparse
from ingestion.parsing.decoding import sound


class Bm25Encoder:
    """Term weights of documents and queries.

    Indices are in ascending order, so that equal texts give equal vectors.
    """

    def __init__(self, settings: SparseSettings) -> None:
        """Prepare the model.

        Raises:
            ConfigError: The language or a parameter is one the engine does not know.
        """
        try:
            config = edge.Bm25Config(
                k=settings.k,
                b=settings.b,
                avg_len=settings.average_length,
                language=settings.language,
            )
            self._model = edge.Bm25(config)
        except ValueError as error:
            raise ConfigError(f"The section 'sparse' of the settings is wrong: {error}") from None

    def document(self, text: str) -> Sparse:
        """Return saturated term frequencies; a text without words gives an empty vector."""
        return _ordered(self._model.embed_document(sound(text)))

    def documents(self, texts: Sequence[str]) -> list[Sparse]:
        """Return the vectors of several documents, in their order."""
        return [self.document(text) for text in texts]

    def query(self, text: str) -> Sparse:
        """Return weight 1 for every distinct term; only stop words give an empty vector."""
        return _ordered(self._model.embed_query(sound(text)))


def _ordered(vector: edge.SparseVector) -> Sparse:
    terms = sorted(zip(vector.indices, vector.values, strict=True))
    return Sparse(tuple(index for index, _ in terms), tuple(value for _, value in terms))
