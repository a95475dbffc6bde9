"""What a worker does: parses documents in its own children, or embeds texts; it writes nothing.

Bytes come with the work, and texts or vectors go back: a worker needs Holdfast, the model and the
network to its scheduler, but no source, no blob store, no ledger and no secret.
"""

import functools
import threading
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from config.recognition import OcrSettings, QualitySettings
from config.settings import (
    ChunkingSettings,
    EmbeddingSettings,
    IngestionSettings,
    Settings,
    SparseSettings,
)
from indexing.errors import ModelMismatchError
from indexing.pipeline_parts import PipelineParts
from ingestion.document import PreparedDocument, Refusal
from ingestion.parsing.pool import ParseJob, ParserPool

KEPT_PIPELINES = 2
"""So many pipelines stay loaded in a worker: a reindex uses another one than the ingests."""


@dataclass(frozen=True)
class Pipeline:
    """The settings that shape points, and no others: these go to every worker."""

    ingestion: IngestionSettings
    ocr: OcrSettings
    quality: QualitySettings
    chunking: ChunkingSettings
    embedding: EmbeddingSettings
    sparse: SparseSettings
    fingerprint: str
    """What they come to on the machine of the run; a worker on which they come to something else
    would make other points."""


@dataclass(frozen=True, slots=True)
class ParseWork:
    """Documents to prepare, with their bytes."""

    pipeline: Pipeline
    documents: tuple[tuple[str, bytes], ...]
    """Key and bytes of each."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """What became of one document."""

    result: PreparedDocument | Refusal
    seconds: float
    peak_mb: float | None


@dataclass(frozen=True, slots=True)
class EmbedWork:
    """Texts to embed."""

    pipeline: Pipeline
    texts: tuple[str, ...]


def prepare_documents(work: ParseWork) -> tuple[Prepared, ...]:
    """Parse, clean and chunk documents, each in a child with limits.

    Raises:
        ModelMismatchError: This worker would make other points.
        ParserPoolError: No parser child could be started here.
    """
    parsers = parts_of(work.pipeline).parsers
    jobs = [ParseJob(key, partial(bytes, data)) for key, data in work.documents]
    outcomes = parsers.process_ahead(jobs, lookahead=len(jobs))
    return tuple(Prepared(one.result, one.seconds, one.peak_mb) for one in outcomes)


def embed_texts(work: EmbedWork) -> npt.NDArray[np.float32]:
    """Embed texts in the order given.

    Raises:
        ModelMismatchError: This worker would make other points.
        ModelError: The model cannot be loaded, or made a vector that is none.
    """
    return parts_of(work.pipeline).encoder.encode_documents(work.texts)


class WorkerParts(PipelineParts):
    """A pipeline as a worker has it: without a home."""

    def __init__(self, pipeline: Pipeline) -> None:
        """Find out what the pipeline comes to on this machine.

        Raises:
            ModelMismatchError: Something else than where the run is.
        """
        self.settings = Settings(
            ingestion=pipeline.ingestion,
            ocr=pipeline.ocr,
            quality=pipeline.quality,
            chunking=pipeline.chunking,
            embedding=pipeline.embedding,
            sparse=pipeline.sparse,
        )
        if self.spec.fingerprint != pipeline.fingerprint:
            raise ModelMismatchError(
                "A worker stands for another pipeline than the run (fingerprint "
                f"{self.spec.fingerprint} instead of {pipeline.fingerprint}), so its points would "
                "not fit those of the index. Install the same versions of Holdfast, its libraries "
                f"and the model there. It has {asdict(self.spec)['ingestion']}, model revision "
                f"{self.model.revision}."
            )

    @property
    def cache(self) -> Path | None:
        """Remember nothing on the disk of a worker."""
        return None

    @functools.cached_property
    def parsers(self) -> ParserPool:
        """The parser children of this worker."""
        return ParserPool(self.settings.ingestion, argument=self.chunk_spec)


_loading = threading.Lock()


def parts_of(pipeline: Pipeline) -> WorkerParts:
    """Return what this process has loaded for a pipeline, or load it, once for all threads."""
    with _loading:
        return _parts_of(pipeline)


@functools.lru_cache(maxsize=KEPT_PIPELINES)
def _parts_of(pipeline: Pipeline) -> WorkerParts:
    return WorkerParts(pipeline)
