"""Making another generation the live one, and going back: one atomic alias write each."""

import time
from dataclasses import dataclass
from uuid import UUID, uuid4

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from indexing.corpus import Corpus
from indexing.errors import PromotionError, WriterBusyError
from indexing.ledger.documents import Holdings, read_holdings
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    find_generation,
    list_generations,
)
from indexing.ledger.leases import HeldLease, LeaseToken, seize
from indexing.ledger.promotions import PromotionKind, list_promotions, record_promotion

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
    after a rollback the next ingest brings them up to date, unless it is `barred`."""
    barred: str | None = None
    """Why an ingest into it would be refused, such as one built before an upgrade; none if it
    would not."""


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


def switch(
    corpus: Corpus, candidate: Generation, previous: Generation | None, *leases: LeaseToken
) -> Switch:
    """Point the alias at a generation and tell the ledger.

    Raises:
        LeaseLostError: Another run took over meanwhile; nothing was changed.
    """
    started = time.perf_counter()
    before = previous.name if previous else None
    corpus.make_live(candidate, before, PromotionKind.PROMOTE, *leases)
    return Switch(candidate.name, before, candidate.epoch, time.perf_counter() - started)


def rollback(corpus: Corpus, to: str | None = None) -> Switch:
    """Make the generation that was live before the live one again.

    A run that is writing to the present one is stopped: its lease is taken away. What was
    committed since the promotion is not in the old generation; the next ingest brings it in.
    A rollback that died between the alias write and the ledger's record is brought to its end.

    Args:
        corpus: The home.
        to: The generation to go back to; the default is the one that was live before.

    Raises:
        PromotionError: There is none to go back to.
        ModelMismatchError: Its encoder is not on this machine any more.
        WriterBusyError: It is being dropped or repaired.
    """
    started = time.perf_counter()
    named = corpus.live()
    live = unfinished(corpus, named, to)
    if live is not None and named is not None:
        target = named
        alias = corpus.settings.store.collection
        record_promotion(corpus.ledger, alias, target.name, live.name, PromotionKind.ROLLBACK)
    else:
        live = corpus.settled_live()
        target = go_back(corpus, live, to)
    seconds = time.perf_counter() - started
    if live is not None:
        seize(corpus.ledger, live.name)
    behind = count_behind(corpus, live, target)
    before, barred = live.name if live else None, corpus.obstacle(target)
    return Switch(target.name, before, target.epoch, seconds, behind, barred)


def unfinished(corpus: Corpus, named: Generation | None, to: str | None) -> Generation | None:
    """Return what a rollback replaces that wrote the alias and died before it told the ledger."""
    if named is None or named.state is not GenerationState.RETIRED or to not in (None, named.name):
        return None
    live = [g for g in list_generations(corpus.ledger) if g.state is GenerationState.LIVE]
    return live[0] if live else None


def go_back(corpus: Corpus, live: Generation | None, to: str | None) -> Generation:
    """Write the alias and the record, with the lease that keeps the target from being dropped."""
    name = find_target(corpus, live, to).name
    seconds = corpus.settings.guards.lease_seconds
    with HeldLease(corpus.ledger, name, f"rollback-{uuid4().hex[:23]}", seconds) as lease:
        target = find_target(corpus, live, name)
        corpus.reading(target)
        before = live.name if live else None
        corpus.make_live(target, before, PromotionKind.ROLLBACK, lease.token)
    return target


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
