"""One upkeep at a time: backups, garbage collection, repairs and purges exclude each other."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from indexing.corpus import Corpus
from indexing.ledger.leases import HeldLease

UPKEEP = "upkeep"
"""Name of the lease; no generation is called so, because their names end in `__g<number>`."""


@contextmanager
def exclusively(corpus: Corpus, what: str) -> Iterator[HeldLease]:
    """Hold the upkeep lease while the block runs; ingests and readers are not held up.

    Args:
        corpus: The home.
        what: What is being done, shown to whoever has to wait: `backup`, `gc`, `repair`, `purge`.

    Raises:
        WriterBusyError: Another upkeep is running.
    """
    run = f"{what}-{uuid.uuid4().hex[: 31 - len(what)]}"
    with HeldLease(corpus.ledger, UPKEEP, run, corpus.settings.guards.lease_seconds) as lease:
        yield lease
