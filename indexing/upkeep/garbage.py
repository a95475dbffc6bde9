"""Garbage collection: what is past its retention: history, generations, blobs, logs.

Everything goes by ids from the ledger. What can still be read is decided first, in the ledger
(the horizon of a generation), and only then are points deleted; so a reader is refused before it
could miss something, and a collection that was interrupted is simply run again.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from indexing.corpus import Corpus
from indexing.freshness import telling_runs
from indexing.ledger.generations import Generation, GenerationState, list_generations
from indexing.ledger.requests import count_old_requests, forget_requests
from indexing.ledger.runs import close_ended_runs, forget_runs, old_runs
from indexing.live import SERVED
from indexing.upkeep.dropping import clear_away, drop, half_dropped, is_past_soak
from indexing.upkeep.exclusive import exclusively
from indexing.upkeep.history import GenerationGarbage, collect_history, garbage_of, new_horizon
from indexing.upkeep.unused_blobs import collect_blobs, unused_blobs


@dataclass(frozen=True, slots=True)
class Garbage:
    """What is collected, or would be."""

    generations: tuple[GenerationGarbage, ...] = ()
    dropped: tuple[str, ...] = ()
    """Generations past their soak time."""
    blobs: int = 0
    blobs_looked_at: bool = True
    """False while a run is writing: its blobs are not in the ledger yet."""
    requests: int = 0
    runs: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast gc --json`."""
        return {
            "generations": [asdict(one) for one in self.generations],
            "points": sum(one.points for one in self.generations),
            "versions": sum(one.versions for one in self.generations),
            "dropped": list(self.dropped),
            "blobs": self.blobs,
            "blobs_looked_at": self.blobs_looked_at,
            "requests": self.requests,
            "runs": self.runs,
        }


def plan_collection(corpus: Corpus) -> Garbage:
    """Say what a collection would remove now; removes nothing."""
    live = corpus.live()
    generations = list_generations(corpus.ledger)
    gone = [g for g in generations if is_past_soak(corpus, g) and (not live or g.name != live.name)]
    stay = staying(generations, gone)
    keep = corpus.settings.audit.keep_days
    return Garbage(
        tuple(garbage_of(corpus, g) for g in stay if g.state in SERVED),
        tuple(g.name for g in gone),
        blobs=sum(1 for _ in unused_blobs(corpus, stay, partial(new_horizon, corpus))),
        requests=count_old_requests(corpus.ledger, keep),
        runs=len(forgettable_runs(corpus, keep)),
    )


def collect(corpus: Corpus) -> Garbage:
    """Remove what is past its retention.

    Raises:
        WriterBusyError: Another upkeep is running.
        StoreCorruptError: The alias is gone or wrong, so nobody can say what is garbage.
    """
    with exclusively(corpus, "gc"):
        corpus.settled_live()
        generations = list_generations(corpus.ledger)
        for generation in half_dropped(corpus, generations):
            clear_away(corpus, generation)
        gone = [g for g in generations if is_past_soak(corpus, g) and drop(corpus, g)]
        stay = staying(generations, gone)
        collected = tuple(collect_history(corpus, g) for g in stay if g.state in SERVED)
        blobs = collect_blobs(corpus, stay)
        keep = corpus.settings.audit.keep_days
        return Garbage(
            collected,
            tuple(g.name for g in gone),
            blobs or 0,
            blobs is not None,
            forget_requests(corpus.ledger, keep),
            forget_old_runs(corpus, keep),
        )


def staying(generations: Sequence[Generation], gone: Sequence[Generation]) -> list[Generation]:
    """Return the generations that somebody reads, may come to read, or is building."""
    return [g for g in generations if g not in gone and g.state is not GenerationState.DROPPED]


def forgettable_runs(corpus: Corpus, keep_days: int) -> list[str]:
    """Return the runs that are past their retention and that nothing is told by any more."""
    telling = telling_runs(corpus.ledger, corpus.settings)
    return [run_id for run_id in old_runs(corpus.ledger, keep_days) if run_id not in telling]


def forget_old_runs(corpus: Corpus, keep_days: int) -> int:
    """Remove the files and the records of runs that are older than the request log is kept."""
    close_ended_runs(corpus.ledger)
    old = forgettable_runs(corpus, keep_days)
    for run_id in old:
        (corpus.settings.home / "runs" / f"{run_id}.jsonl").unlink(missing_ok=True)
    forget_runs(corpus.ledger, old)
    return len(old)
