"""The pipeline that settings stand for: its model, its encoders, how documents are read and cut.

A home has it, and so has a worker on another machine, which knows no ledger and no store.
"""

import functools
from pathlib import Path
from typing import TYPE_CHECKING

from config.settings import Settings
from indexing.encoding.model_files import ModelFiles, find_model
from indexing.encoding.remembered import RememberedVectors
from indexing.spec import PipelineSpec, make_spec
from ingestion.chunking import ChunkSpec
from ingestion.identity import ingestion_identity
from ingestion.reading import ReadingSpec, reading_spec

if TYPE_CHECKING:
    from indexing.encoding.encoder import Encoder
    from indexing.encoding.sparse import Bm25Encoder


class PipelineParts:
    """What settings say about the way from bytes to vectors; everything is made on first use."""

    settings: Settings

    @property
    def cache(self) -> Path | None:
        """Where digests of the model's files are remembered; none remembers nothing."""
        return self.settings.home / "cache"

    @functools.cached_property
    def model(self) -> ModelFiles:
        """The encoder's files, found without loading them."""
        return find_model(self.settings.embedding, self.cache)

    @functools.cached_property
    def spec(self) -> PipelineSpec:
        """The pipeline that the settings stand for."""
        s = self.settings
        return make_spec(
            ingestion_identity(self.reading_spec), s.chunking, s.embedding, s.sparse, self.model
        )

    @functools.cached_property
    def encoder(self) -> "Encoder":
        """The dense encoder; its weights are loaded by the first text."""
        from indexing.encoding.encoder import SentenceEncoder

        return SentenceEncoder(self.model, self.settings.embedding)

    @functools.cached_property
    def remembered(self) -> RememberedVectors:
        """The dense encoder of questions, with a memory of the sentences it compared them with."""
        most_bytes = int(self.settings.quoting.remembered_mb * 1_000_000)
        return RememberedVectors(lambda: self.encoder, most_bytes)

    @functools.cached_property
    def bm25(self) -> "Bm25Encoder":
        """The sparse encoder."""
        from indexing.encoding.sparse import Bm25Encoder

        return Bm25Encoder(self.settings.sparse)

    @functools.cached_property
    def reading_spec(self) -> ReadingSpec:
        """How documents are read."""
        return reading_spec(self.settings.ingestion, self.settings.ocr, self.settings.quality)

    @functools.cached_property
    def chunk_spec(self) -> ChunkSpec:
        """How texts are cut."""
        chunking = self.settings.chunking
        return ChunkSpec(
            tokenizer_file=str(self.model.tokenizer_file),
            window=self.model.window,
            max_tokens=chunking.max_tokens,
            min_tokens=chunking.min_tokens,
            heading_tokens=chunking.heading_tokens,
            document_prefix=self.settings.embedding.document_prefix,
            reading=self.reading_spec,
        )
