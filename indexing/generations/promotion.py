"""Making another generation the live one, and going back: one atomic alias write each."""

import logging
import time
from dataclasses import dataclass
from uuid import UUID

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from indexing.corpus import Corpus
from indexing.errors import PromotionError, WriterBusyError
from indexing.failpoints import Failpoint, reached
from indexing.ledger.documents import Holdings, read_holdings
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    find_generation,
    list_generations,
)
from indexing.ledger.leases import HeldLease, seize
from indexing.ledger.promotions import PromotionKind, list_promotions

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Switch:
    """What an alias write changed."""

    generation: str
    previous: str | None
    epoch: int
    seconds: float
    """From the first look to the ledger's record."""
    behind: int = 0
    """Documents that the generation before served otherwise, or that this one does not have;
    after a rollback the next ingest brings them up to date."""


def hold_still(corpus: Corpus, live: Generation, run_id: str) -> HeldLease:
    """Become the writer of the live generation, so that nothing is committed to it meanwhile.

    Waits for a running ingest, as long as `promotion.wait_seconds` allows.

    Raises:
        WriterBusyError: It did not end in time.
    """
    waiting = Retrying(
        retry=retry_if_exception_type(WriterBusyError),
        stop=stop_after_delay(corpus.settings.promotion.wait_seconds),
        wait=wait_fixed(POLL_SECONDS),
        reraise=True,
    )
    seconds = corpus.settings.guards.lease_seconds
    lease: HeldLease = waiting(HeldLease, corpus.ledger, live.name, run_id, seconds)
    return lease


def switch(corpus: Corpus, candidate: Generation, previous: Generation | None) -> Switch:
    """Point the alias at a generation and tell the ledger.

    The alias write is the moment at which readers change over. A process that dies right after
    it leaves a ledger that learns of it from the next writer.
    """
    started = time.perf_counter()
    corpus.store.point_alias(corpus.settings.store.collection, candidate.name)
    reached(Failpoint.SWITCHED)
    before = previous.name if previous else None
    corpus.record(candidate, before, PromotionKind.PROMOTE)
    reached(Failpoint.PROMOTED)
    return Switch(candidate.name, before, candidate.epoch, time.perf_counter() - started)


def rollback(corpus: Corpus, to: str | None = None) -> Switch:
    """Make the generation that was live before the live one again.

    A run that is writing to the present one is stopped: its lease is taken away. What was
    committed since the promotion is not in the old generation; the next ingest brings it in.

    Args:
        corpus: The home.
        to: The generation to go back to; the default is the one that was live before.

    Raises:
        PromotionError: There is none to go back to.
        ModelMismatchError: Its encoder is not on this machine any more.
    """
    started = time.perf_counter()
    live = corpus.live()
    target = find_target(corpus, live, to)
    corpus.reading(target)
    corpus.store.point_alias(corpus.settings.store.collection, target.name)
    reached(Failpoint.SWITCHED)
    corpus.record(target, live.name if live else None, PromotionKind.ROLLBACK)
    reached(Failpoint.PROMOTED)
    seconds = time.perf_counter() - started
    if live is not None:
        seize(corpus.ledger, live.name)
    behind = count_behind(corpus, live, target)
    return Switch(target.name, live.name if live else None, target.epoch, seconds, behind)


def find_target(corpus: Corpus, live: Generation | None, to: str | None) -> Generation:
    """Find the generation to go back to.

    Raises:
        PromotionError: There is none, or it cannot be served any more.
    """
    wanted = to or last_before(corpus, live)
    if wanted is None:
        raise PromotionError(
            "There is no generation to go back to: the live one is the first, or the one before "
            "it was dropped after its soak time (promotion.soak_hours). Nothing was changed."
        )
    target = find_generation(corpus.ledger, wanted)
    if target is None:
        known = ", ".join(g.name for g in list_generations(corpus.ledger))
        raise PromotionError(f"There is no generation {wanted}; the ledger knows {known}.")
    if live is not None and target.name == live.name:
        raise PromotionError(f"{wanted} is the live generation already. Nothing was changed.")
    if target.state not in {GenerationState.RETIRED, GenerationState.LIVE}:
        raise PromotionError(
            f"{wanted} is {target.state.value}: only a generation that was live and is still kept "
            "can be gone back to. `holdfast promote` makes a ready one the live one."
        )
    if corpus.store.spec(target.name) is None:
        raise PromotionError(f"The collection of {wanted} is gone. Nothing was changed.")
    return target


def last_before(corpus: Corpus, live: Generation | None) -> str | None:
    """Return the generation that was live before the present one, if it can be served."""
    kept = {
        g.name
        for g in list_generations(corpus.ledger)
        if g.state is GenerationState.RETIRED and (live is None or g.name != live.name)
    }
    promotions = list_promotions(corpus.ledger, corpus.settings.store.collection)
    for promotion in reversed(promotions):
        if promotion.generation in kept:
            return promotion.generation
    return None


def count_behind(corpus: Corpus, newer: Generation | None, older: Generation) -> int:
    """Count the documents that two generations do not serve alike."""
    if newer is None:
        return 0
    now_served, then_served = (
        contents(read_holdings(corpus.ledger, generation.name)) for generation in (newer, older)
    )
    documents = now_served.keys() | then_served.keys()
    return sum(now_served.get(document) != then_served.get(document) for document in documents)


def contents(holdings: Holdings) -> dict[UUID, tuple[str, str]]:
    """Return what is served: by document, its key and its content."""
    return {d: (v.key, v.content_sha256) for d, v in holdings.versions.items()}


def check_same_live(corpus: Corpus, expected: Generation) -> None:
    """Make sure that no other promotion came first.

    Raises:
        PromotionError: Another generation is live by now.
    """
    live = corpus.live()
    if live is None or live.name != expected.name:
        raise PromotionError(
            f"{live.name if live else 'Nothing'} is live by now, not {expected.name}. Nothing was "
            "changed; run the command again to build on what is live."
        )
