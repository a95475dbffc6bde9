"""One Holdfast home, opened: ledger, store, blobs, and the pipeline its settings stand for.

Everything heavy is opened on first use only, so that an ingest without changes loads no model.
"""

import functools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from config.errors import ConfigError, HoldfastError
from config.overrides import with_overrides
from config.settings import Settings
from config.tracing_export import export_traces
from indexing.blobs import BlobStore
from indexing.errors import (
    LedgerCorruptError,
    ModelError,
    ModelMismatchError,
    StoreCorruptError,
)
from indexing.execution.shared import SharedRunner
from indexing.failpoints import Failpoint, reached
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    add_generation,
    list_generations,
)
from indexing.ledger.leases import LeaseToken, acquire, release
from indexing.ledger.promotions import PromotionKind
from indexing.live import find_live, make_live, settle
from indexing.pipeline_parts import PipelineParts
from indexing.points import CollectionSpec
from indexing.recall import Recall
from indexing.spec import PipelineSpec, differences, fingerprint_of, in_short, way_back
from indexing.stores.base import VectorStore
from indexing.stores.opening import open_store
from ingestion.parsing.pool import ParserPool, Parsers

if TYPE_CHECKING:
    from indexing.encoding.encoder import Encoder


@dataclass
class Corpus(PipelineParts):
    """The open parts of one home; `open_corpus` makes one. Close it when done."""

    settings: Settings
    ledger: Ledger
    store: VectorStore
    blobs: BlobStore
    _others: "list[Corpus]" = field(default_factory=list, repr=False)
    """The same home under other settings; they are closed together."""
    _shared: SharedRunner = field(default_factory=SharedRunner, repr=False)
    """The workers, for all of them."""

    @functools.cached_property
    def parsers(self) -> Parsers:
        """What parses; it is started by the first document."""
        elsewhere = self._shared.parsers(self)
        return elsewhere or ParserPool(self.settings.ingestion, argument=self.chunk_spec)

    @property
    def document_encoder(self) -> "Encoder":
        """The dense encoder of a run: that of the workers, or the own one.

        Questions are always encoded by `encoder`, in this process.
        """
        return self._shared.encoder(self) or self.encoder

    @functools.cached_property
    def recall(self) -> Recall:
        """Documents out of the blobs, prepared as these settings say."""
        threads = self.settings.ingestion.parser_processes
        return Recall(self.blobs, self.spec.parser, self.chunk_spec, lambda: self.parsers, threads)

    def under(self, overrides: Mapping[str, object]) -> "Corpus":
        """Return the same home under settings in which some options have other values.

        Raises:
            ConfigError: An option is unknown or its value is wrong.
        """
        if not overrides:
            return self
        wanted = with_overrides(self.settings, overrides)
        for other in self._others:
            if other.settings == wanted:
                return other
        made = Corpus(wanted, self.ledger, self.store, self.blobs, _shared=self._shared)
        self._others.append(made)
        return made

    def for_generation(self, generation: Generation) -> "Corpus":
        """Return this home under the settings that a generation was built with."""
        return self.under(generation.overrides)

    def reading(self, generation: Generation) -> "Corpus":
        """Return this home with the encoders that a generation was built with.

        Whatever the settings say by now, a question is encoded with the model, the prefix and
        the normalisation that made the vectors it is compared with.

        Raises:
            ModelMismatchError: That model is not on this machine, or has other files.
        """
        base = self.for_generation(generation)
        try:
            if encodes_like(base.spec, generation):
                return base
            other = base.under(encoder_options(base.spec, generation))
            if encodes_like(other.spec, generation):
                return other
            changes = differences(dict(generation.spec["embedding"]), dict(other.spec.embedding))
            what = f"what is on this machine differs ({in_short(changes)})"
        except ModelError as error:
            what = str(error)
        model = generation.spec["embedding"].get("model")
        raise ModelMismatchError(
            f"{generation.name} was built with the encoder {model}, and {what}. Searching it with "
            "another one would give wrong hits. Bring that model back, `holdfast rollback`, or "
            "`holdfast reindex`."
        )

    def live(self) -> Generation | None:
        """Return the generation the alias names, or none if nothing was ever indexed.

        Raises:
            LedgerError: The alias names a collection the ledger does not know.
            StoreCorruptError: The alias is gone, or names what must not be served.
        """
        return find_live(self.ledger, self.store, self.settings.store.collection)

    def required_live(self) -> Generation:
        """Return the live generation like `live`, for what cannot do without one.

        Raises:
            ConfigError: Nothing is indexed yet.
        """
        live = self.live()
        if live is None:
            raise ConfigError("Nothing is indexed yet. Run `holdfast ingest`.")
        return live

    def settled_live(self) -> Generation | None:
        """Return the live generation like `live`, and let the ledger know that it is."""
        return settle(self.ledger, self.store, self.settings.store.collection, self.live())

    def writable(self) -> Generation:
        """Return the live generation for an ingest, creating the very first one.

        Raises:
            WriterBusyError: Another run is creating the very first one.
            ModelMismatchError: The settings stand for another pipeline than the live
                generation was built with.
            StoreCorruptError: Its collection is gone.
            LedgerCorruptError: The ledger has another fingerprint than that of the pipeline that
                it says the generation was built with.
        """
        generation = self.settled_live()
        if generation is None:
            return self._first_generation()
        self.check_pipeline(generation)
        collection = self.store.spec(generation.name)
        if collection is None:
            raise StoreCorruptError(
                f"The collection {generation.name} is gone although the ledger has epoch "
                f"{generation.epoch} of it. Nothing was changed. Run `holdfast verify --repair` to "
                "fill it again from the blobs, or restore a backup."
            )
        # What is there is kept; a server lacks the indexes of fields that came with an upgrade.
        self.store.create(generation.name, collection)
        return generation

    def check_pipeline(self, generation: Generation) -> None:
        """Make sure that what would be written to a generation is made as what it holds.

        Raises:
            ModelMismatchError: These settings, or this version, stand for another pipeline.
            LedgerCorruptError: Its row contradicts itself.
        """
        spec = self.for_generation(generation).spec
        if generation.fingerprint == spec.fingerprint:
            return
        _check_fingerprint(generation)
        changes = differences(generation.spec, asdict(spec))
        raise ModelMismatchError(
            f"{generation.name} ({generation.state.value}) was built with another pipeline "
            f"({in_short(changes)}). Mixing both would make wrong hits, so nothing was changed. "
            "Run `holdfast reindex` to build a generation with the pipeline of now, or "
            f"{way_back(changes)}."
        )

    def obstacle(self, generation: Generation) -> str | None:
        """Say why an ingest into a generation would end before it looks at any document.

        After an upgrade, or under other settings, what it would write does not fit to what is
        there.
        """
        try:
            self.check_pipeline(generation)
        except HoldfastError as error:
            return str(error)
        return None

    def _first_generation(self) -> Generation:
        """Create the first generation, once, however many runs start on an empty home at once."""
        alias, seconds = self.settings.store.collection, self.settings.guards.lease_seconds
        lease = acquire(self.ledger, alias, "first-ingest", seconds)
        try:
            generation = self.live()
            if generation is None:
                generation = self._unfinished_first() or self.new_generation()
                self.store.create(generation.name, self.collection_spec())
                self.make_live(generation, None, PromotionKind.FIRST, lease)
            return generation
        finally:
            release(self.ledger, lease)

    def _unfinished_first(self) -> Generation | None:
        """Return a first generation that a process registered and died before promoting."""
        for generation in list_generations(self.ledger):
            untouched = generation.state is GenerationState.BUILDING and generation.epoch == 0
            if untouched and generation.fingerprint == self.spec.fingerprint:
                return generation
        return None

    def new_generation(
        self, overrides: Mapping[str, object] | None = None, built_from: str | None = None
    ) -> Generation:
        """Register a generation for the current settings and create its collection.

        Args:
            overrides: What these settings have that the ones in force do not.
            built_from: The generation that its documents are taken from.
        """
        generation = add_generation(
            self.ledger,
            self.settings.store.collection,
            self.spec.fingerprint,
            asdict(self.spec),
            overrides=overrides,
            built_from=built_from,
        )
        reached(Failpoint.REGISTERED)
        self.store.create(generation.name, self.collection_spec())
        reached(Failpoint.CREATED)
        return generation

    def make_live(
        self,
        generation: Generation,
        previous: str | None,
        kind: PromotionKind,
        *leases: LeaseToken,
    ) -> None:
        """Write the alias and tell the ledger, with the leases proven.

        Raises:
            LeaseLostError: Somebody else took over; nothing was changed.
        """
        alias = self.settings.store.collection
        make_live(self.ledger, self.store, alias, generation.name, previous, kind, leases)

    def collection_spec(self) -> CollectionSpec:
        """What the collection of a new generation is created with."""
        return CollectionSpec(
            self.spec.dimension, self.spec.fingerprint, {"spec": asdict(self.spec)}
        )

    def close(self) -> None:
        """Give everything back."""
        for corpus in (*self._others, self):
            if "parsers" in corpus.__dict__:
                corpus.parsers.close()
        self._shared.close()
        self.store.close()
        self.ledger.close()


def _check_fingerprint(generation: Generation) -> None:
    """Refuse a row that contradicts itself: it tells of damage, not of other settings."""
    if fingerprint_of(generation.spec) != generation.fingerprint:
        raise LedgerCorruptError(
            f"The ledger has the fingerprint {generation.fingerprint} for {generation.name}, and "
            "not that of the pipeline it names beside it. The ledger is damaged; nothing was "
            "changed. Restore it from a backup."
        )


def encodes_like(spec: PipelineSpec, generation: Generation) -> bool:
    """Whether questions under this pipeline can be compared with the points of a generation."""
    built = generation.spec
    return bool(built["embedding"] == spec.embedding and built["sparse"] == spec.sparse)


def encoder_options(spec: PipelineSpec, generation: Generation) -> dict[str, object]:
    """Return the options that differ between a pipeline's encoders and a generation's."""
    found: dict[str, object] = {}
    options = ("model", "query_prefix", "document_prefix", "normalize")
    for section, names in (("embedding", options), ("sparse", tuple(spec.sparse))):
        built, now = generation.spec[section], getattr(spec, section)
        found |= {
            f"{section}.{name}": built[name]
            for name in names
            if name in built and built[name] != now[name]
        }
    return found


def open_corpus(settings: Settings) -> Corpus:
    """Open the home these settings name.

    Raises:
        LedgerError: The ledger is damaged, newer, or unavailable.
        ConfigError: Something that the settings ask for is not installed.
    """
    export_traces(settings.tracing)
    url = settings.ledger.url.get_secret_value() if settings.ledger.url else None
    ledger = open_ledger(url, settings.home, settings.ledger.busy_timeout_seconds)
    try:
        store = open_store(settings.store, settings.home)
    except HoldfastError:
        ledger.close()
        raise
    blobs = BlobStore(settings.blobs.url or str(settings.home / "blobs"))
    return Corpus(settings, ledger, store, blobs)
