"""One Holdfast home, opened: ledger, store, blobs, and the pipeline its settings stand for.

Everything heavy is opened on first use only, so that an ingest without changes loads no model.
"""

import functools
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from config.errors import HoldfastError
from config.settings import Settings
from indexing.blobs import BlobStore
from indexing.errors import LedgerError, ModelMismatchError, StoreCorruptError
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    add_generation,
    find_generation,
    list_generations,
)
from indexing.ledger.leases import acquire, release
from indexing.ledger.promotions import PromotionKind, record_promotion
from indexing.model_files import ModelFiles, find_model
from indexing.points import CollectionSpec
from indexing.spec import PipelineSpec, differences, make_spec
from indexing.stores.base import VectorStore
from indexing.stores.opening import open_store
from ingestion.chunking import ChunkSpec
from ingestion.identity import ingestion_identity
from ingestion.parsing.pool import ParserPool

if TYPE_CHECKING:
    from indexing.encoder import Encoder
    from indexing.sparse import Bm25Encoder


@dataclass
class Corpus:
    """The open parts of one home; `open_corpus` makes one. Close it when done."""

    settings: Settings
    ledger: Ledger
    store: VectorStore
    blobs: BlobStore

    @functools.cached_property
    def model(self) -> ModelFiles:
        """The encoder's files, found without loading them."""
        return find_model(self.settings.embedding, self.settings.home / "cache")

    @functools.cached_property
    def spec(self) -> PipelineSpec:
        """The pipeline that the settings stand for."""
        s = self.settings
        return make_spec(ingestion_identity(), s.chunking, s.embedding, s.sparse, self.model)

    @functools.cached_property
    def encoder(self) -> "Encoder":
        """The dense encoder; its weights are loaded by the first text."""
        from indexing.encoder import SentenceEncoder

        return SentenceEncoder(self.model, self.settings.embedding)

    @functools.cached_property
    def bm25(self) -> "Bm25Encoder":
        """The sparse encoder."""
        from indexing.sparse import Bm25Encoder

        return Bm25Encoder(self.settings.sparse)

    @functools.cached_property
    def parsers(self) -> ParserPool:
        """The parser children; they are started by the first document."""
        chunking = self.settings.chunking
        spec = ChunkSpec(
            tokenizer_file=str(self.model.tokenizer_file),
            window=self.model.window,
            max_tokens=chunking.max_tokens,
            min_tokens=chunking.min_tokens,
            heading_tokens=chunking.heading_tokens,
            document_prefix=self.settings.embedding.document_prefix,
        )
        return ParserPool(self.settings.ingestion, argument=spec)

    def live(self) -> Generation | None:
        """Return the generation the alias names, or none if nothing was ever indexed.

        Raises:
            LedgerError: The alias names a collection the ledger does not know.
        """
        name = self.store.alias(self.settings.store.collection)
        if name is None:
            return None
        generation = find_generation(self.ledger, name)
        if generation is None:
            raise LedgerError(
                f"The alias {self.settings.store.collection} names {name}, which the ledger at "
                f"{self.ledger.location} does not know. Index and ledger belong together: "
                "restore the matching one, or choose another store.collection."
            )
        return generation

    def writable(self) -> Generation:
        """Return the live generation for an ingest, creating the very first one.

        Raises:
            WriterBusyError: Another run is creating the very first one.
            ModelMismatchError: The settings stand for another pipeline than the live
                generation was built with.
        """
        generation = self.live()
        if generation is None:
            return self._first_generation()
        if generation.fingerprint != self.spec.fingerprint:
            changes = "; ".join(differences(generation.spec, asdict(self.spec))[:4])
            raise ModelMismatchError(
                f"The live generation {generation.name} was built with another pipeline "
                f"({changes}). Mixing both would make wrong hits, so nothing was changed. Run "
                "`holdfast reindex` to build a generation with the new settings, or restore "
                "the old settings."
            )
        if self.store.spec(generation.name) is None:
            raise StoreCorruptError(
                f"The collection {generation.name} is gone although the ledger has epoch "
                f"{generation.epoch} of it. Nothing was changed. Restore the index folder or the "
                "server's snapshot, or run `holdfast reindex` to build it anew."
            )
        return generation

    def _first_generation(self) -> Generation:
        """Create the first generation, once, however many runs start on an empty home at once."""
        alias, seconds = self.settings.store.collection, self.settings.guards.lease_seconds
        lease = acquire(self.ledger, alias, "first-ingest", seconds)
        try:
            generation = self.live()
            if generation is None:
                self._check_never_live()
                generation = self.new_generation()
                self.store.point_alias(self.settings.store.collection, generation.name)
                self.record(generation, None, PromotionKind.FIRST)
            return generation
        finally:
            release(self.ledger, lease)

    def _check_never_live(self) -> None:
        """Refuse to start afresh where the ledger remembers a live generation."""
        lost = [g for g in list_generations(self.ledger) if g.state is GenerationState.LIVE]
        if lost:
            raise StoreCorruptError(
                f"The alias {self.settings.store.collection} is gone although the ledger has "
                f"{lost[0].name} at epoch {lost[0].epoch} as live. Nothing was changed. Restore "
                "the index folder or the server's snapshot, or move the ledger away as well to "
                "begin anew."
            )

    def new_generation(self) -> Generation:
        """Register a generation for the current settings and create its collection."""
        alias = self.settings.store.collection
        generation = add_generation(self.ledger, alias, self.spec.fingerprint, asdict(self.spec))
        self.store.create(generation.name, self.collection_spec())
        return generation

    def promote(self, generation: Generation) -> None:
        """Make a generation the live one, by one atomic alias write."""
        previous = self.store.alias(self.settings.store.collection)
        self.store.point_alias(self.settings.store.collection, generation.name)
        self.record(generation, previous, PromotionKind.PROMOTE)

    def record(self, generation: Generation, previous: str | None, kind: PromotionKind) -> None:
        """Write into the ledger what the alias names now."""
        alias = self.settings.store.collection
        record_promotion(self.ledger, alias, generation.name, previous, kind)

    def collection_spec(self) -> CollectionSpec:
        """What the collection of a new generation is created with."""
        return CollectionSpec(
            self.spec.dimension, self.spec.fingerprint, {"spec": asdict(self.spec)}
        )

    def close(self) -> None:
        """Give everything back."""
        if "parsers" in self.__dict__:
            self.parsers.close()
        self.store.close()
        self.ledger.close()


def open_corpus(settings: Settings) -> Corpus:
    """Open the home these settings name.

    Raises:
        LedgerError: The ledger is damaged, newer, or unavailable.
    """
    url = settings.ledger.url.get_secret_value() if settings.ledger.url else None
    ledger = open_ledger(url, settings.home, settings.ledger.busy_timeout_seconds)
    try:
        store = open_store(settings.store, settings.home)
    except HoldfastError:
        ledger.close()
        raise
    blobs = BlobStore(settings.blobs.url or str(settings.home / "blobs"))
    return Corpus(settings, ledger, store, blobs)


__all__ = ["Corpus", "GenerationState", "open_corpus"]
