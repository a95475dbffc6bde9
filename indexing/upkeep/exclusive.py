"""One upkeep at a time: backups, garbage collection, repairs and purges exclude each other."""

import uuid
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager

from indexing.corpus import Corpus
from indexing.ledger.generations import GenerationState, list_generations
from indexing.ledger.leases import HeldLease

UPKEEP = "upkeep"
"""Name of the lease; no generation is called so, because their names end in `__g<number>`."""


@contextmanager
def exclusively(
    corpus: Corpus, what: str, lease_seconds: float | None = None
) -> Iterator[HeldLease]:
    """Hold the upkeep lease while the block runs; ingests and readers are not held up.

    Args:
        corpus: The home.
        what: What is being done, shown to whoever has to wait: `backup`, `gc`, `repair`, `purge`.
        lease_seconds: How long the lease lives without a sign of life; the default is
            `guards.lease_seconds`.

    Raises:
        WriterBusyError: Another upkeep is running.
    """
    run = f"{what}-{uuid.uuid4().hex[: 31 - len(what)]}"
    seconds = lease_seconds or corpus.settings.guards.lease_seconds
    with HeldLease(corpus.ledger, UPKEEP, run, seconds) as lease:
        yield lease


def hold_generations(
    corpus: Corpus, leases: ExitStack, what: str, held: Container[str] = ()
) -> dict[str, HeldLease]:
    """Become the writer of every generation that has points or may get some.

    Args:
        corpus: The home.
        leases: Gives them back when it is closed.
        what: What is being done, shown to runs that have to wait.
        held: Generations that are left out.

    Raises:
        WriterBusyError: A run is writing to one of them.
    """
    seconds = corpus.settings.guards.lease_seconds
    taken = {}
    for generation in list_generations(corpus.ledger):
        if generation.state is not GenerationState.DROPPED and generation.name not in held:
            run = f"{what}-{generation.number}"
            lease = HeldLease(corpus.ledger, generation.name, run, seconds)
            taken[generation.name] = leases.enter_context(lease)
    return taken
