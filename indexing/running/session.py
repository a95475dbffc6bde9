"""One ingest run: lists the sources, has documents parsed in children, and does the steps."""

import contextlib
import logging
import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from config.errors import HoldfastError
from indexing.committing.batches import ParsedBatch
from indexing.corpus import Corpus
from indexing.failpoints import Failpoint, reached
from indexing.ledger.generations import Generation
from indexing.ledger.leases import HeldLease
from indexing.planning.plan import make_plan
from indexing.planning.planned import Plan
from indexing.planning.tombstones import NO_TOMBSTONES, read_tombstones
from indexing.running.reading import BatchReader
from indexing.running.run_session import RunSession
from indexing.running.watch import Watcher
from ingestion.sources.base import Source

if TYPE_CHECKING:
    from indexing.encoding.encoder import Encoder

logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000


class IngestSession(RunSession):
    """The steps of one run that brings sources into the live generation."""

    kind = "ingest"

    def __init__(
        self,
        corpus: Corpus,
        sources: Sequence[Source],
        *,
        generation: Generation,
        runner: str = "process",
        watcher: Watcher | None = None,
        ceilings: Mapping[str, int] | None = None,
    ) -> None:
        """Prepare a run of `sources` into `generation`; nothing happens before `with`.

        Args:
            corpus: The home.
            sources: What to list.
            generation: The live one, as `Corpus.writable` gives it.
            runner: Who carries the steps out, for the record.
            watcher: Is told how it goes.
            ceilings: By source, how many deletions a person approved.
        """
        super().__init__(
            corpus.for_generation(generation), generation, runner=runner, watcher=watcher
        )
        self._base = corpus
        self._sources = sources
        self._ceilings = dict(ceilings or {})
        self._tombstones = NO_TOMBSTONES
        self._reader: BatchReader | None = None
        self._warming: threading.Thread | None = None

    def plan(self) -> Plan:
        """List the sources and find out what changed."""
        settings = self._corpus.settings
        self._tombstones = read_tombstones(self._corpus.ledger, settings.home)
        self._plan = make_plan(
            self._corpus.ledger,
            tenant=settings.tenant,
            generation=self._generation.name,
            sources=self._sources,
            guards=settings.guards,
            max_bytes=int(settings.ingestion.max_document_mb * MEGABYTE),
            ceilings=self._ceilings,
            tombstones=self._tombstones,
        )
        reached(Failpoint.LISTED)
        for problem in self._plan.problems:
            logger.warning("%s", problem)
        self._tell(lambda: self._watcher.planned(self._plan or self.plan()))
        return self._plan

    def parse(self, plan: Plan) -> ParsedBatch | None:
        """Read, parse, clean and chunk the next batch; none when there is no more."""
        if self._reader is None:
            if plan.to_prepare:
                self._warm_up()
            self._reader = BatchReader(
                self._corpus,
                plan,
                self._generation.name,
                on_document=self._progress,
                tombstones=self._tombstones,
                fence=self._lease.assert_held,
            )
        return self._reader.next_batch()

    def _take_lease(self) -> HeldLease:
        """Become the writer of the live generation, whichever that is by then."""
        while True:
            lease = super()._take_lease()
            try:
                live = self._corpus.live()
            except BaseException:
                lease.give_back()  # this process may live on, and then it counts as held
                raise
            if live is not None and live.name == self._generation.name:
                self._generation = live
                return lease
            lease.give_back()
            self._generation = self._base.writable()
            self._corpus = self._base.for_generation(self._generation)

    def _documents_done(self) -> int | None:
        return None if self._reader is None else self._reader.documents_done

    def _close(self) -> None:
        if self._reader is not None:
            self._reader.close()
        if self._warming is not None:
            self._warming.join()  # an interpreter must not end amid an import

    def _warm_up(self) -> None:
        """Load the encoder while the first documents are parsed: both take seconds."""
        encoder = self._corpus.document_encoder
        self._warming = threading.Thread(target=load_ahead, args=(encoder,), name="encoder-load")
        self._warming.start()


def load_ahead(encoder: "Encoder") -> None:
    """Load an encoder; a failure is left to the step that needs the encoder."""
    with contextlib.suppress(HoldfastError):
        encoder.load()
