"""The report of a run: what happened to every document, and its final state by name."""

import resource
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any
from uuid import UUID

from indexing.committing.batches import CommittedBatch
from indexing.errors import IngestError
from indexing.ledger.commits import Settled
from indexing.ledger.documents import DocumentState
from indexing.planning.planned import Plan
from indexing.running.run_figures import (
    ClassFigures,
    count_reasons,
    figures_by_class,
    slowest_documents,
)


class RunState(StrEnum):
    """How a run ended."""

    COMPLETED = "Completed"
    NOTHING_TO_DO = "NothingToDo"
    COMPLETED_WITH_QUARANTINE = "CompletedWithQuarantine"
    LISTING_INCOMPLETE = "ListingIncomplete"
    DELETIONS_WITHHELD = "DeletionsWithheld"
    AWAITING_APPROVAL = "AwaitingApproval"
    """A generation is built and waits for a person to promote it."""
    GATES_FAILED = "GatesFailed"
    """A generation is built and must not be promoted."""
    FAILED = "Failed"
    INTERRUPTED = "Interrupted"


@dataclass(frozen=True, slots=True)
class Counts:
    """Documents by terminal state.

    Enumerated is what the sources list, and the parts found in what was read of it.
    `enumerated + deleted` equals the sum of indexed, unchanged, moved, deleted, quarantined and
    skipped. `withheld` documents are not enumerated: they keep the standing they had.
    """

    enumerated: int = 0
    indexed: int = 0
    unchanged: int = 0
    moved: int = 0
    deleted: int = 0
    quarantined: int = 0
    skipped: int = 0
    withheld: int = 0

    @property
    def closes(self) -> bool:
        """Whether every enumerated or deleted document is accounted for, exactly once."""
        ended = self.indexed + self.unchanged + self.moved + self.quarantined + self.skipped
        return self.enumerated == ended


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one run did."""

    run_id: str
    state: RunState
    generation: str
    epoch: int
    counts: Counts
    chunks_embedded: int
    chunks_reused: int
    seconds: float
    message: str = ""
    points_added: int = 0
    points_closed: int = 0
    batches: int = 0
    embed_seconds: float = 0.0
    store_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    relabelled: int = 0
    """Documents of which only the labels changed; most of them count as unchanged."""
    problems: tuple[str, ...] = ()
    withheld: tuple[str, ...] = ()
    withheld_by_source: Mapping[str, int] = field(default_factory=dict)
    """Of every source that was listed, how many deletions were withheld."""
    checked: tuple[str, ...] = ()
    """The sources that the index is like since this run: listed completely, nothing withheld."""
    incomplete: Mapping[str, str] = field(default_factory=dict)
    """Of every source whose listing may lack something, why; none of it can be approved."""
    refusals: tuple[tuple[str, str, str], ...] = field(default=())
    """(key, reason, detail) of what was newly quarantined."""
    reasons: Mapping[str, int] = field(default_factory=dict)
    """How many documents this run refused, by reason."""
    classes: tuple[ClassFigures, ...] = ()
    """What the documents cost, by class."""
    slowest: tuple[tuple[str, str, float, float], ...] = ()
    """(key, class, seconds, peak memory in MiB) of the slowest documents."""

    @property
    def bytes_read(self) -> int:
        """Bytes of the documents that this run worked on."""
        return sum(one.bytes for one in self.classes)

    @property
    def parser_peak_mb(self) -> float:
        """Largest resident memory of any parser child, in MiB."""
        return max((one.peak_memory_mb for one in self.classes), default=0.0)

    @property
    def throughput(self) -> Mapping[str, float]:
        """Documents, chunks and megabytes a second, over the whole run."""
        seconds = max(self.seconds, 1e-9)
        return {
            "documents": round(sum(one.documents for one in self.classes) / seconds, 3),
            "chunks": round((self.chunks_embedded + self.chunks_reused) / seconds, 3),
            "megabytes": round(self.bytes_read / 1e6 / seconds, 6),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the stable machine form of `holdfast ingest --json`."""
        return {
            "run_id": self.run_id,
            "state": self.state.value,
            "epoch": self.epoch,
            "counts": asdict(self.counts),
            "chunks_embedded": self.chunks_embedded,
            "chunks_reused": self.chunks_reused,
            "relabelled": self.relabelled,
            "seconds": round(self.seconds, 3),
        }

    def to_row(self) -> dict[str, Any]:
        """Return everything, for the ledger and the run's file."""
        return asdict(self) | {"state": self.state.value, "per_second": dict(self.throughput)}


class Tally:
    """Adds up batches while a run goes on."""

    def __init__(self, run_id: str, generation: str, epoch: int) -> None:
        """Start at zero, with the epoch that was committed before the run."""
        self.run_id = run_id
        self.generation = generation
        self.epoch = epoch
        self.started = time.perf_counter()
        self.batches: list[CommittedBatch] = []
        self._settled: dict[UUID, Settled] = {}

    def add(self, batch: CommittedBatch) -> None:
        """Count a committed batch."""
        self.batches.append(batch)
        self._settled.update((settled.document_id, settled) for settled in batch.settled)
        if batch.epoch is not None:
            self.epoch = batch.epoch

    @property
    def settled(self) -> list[Settled]:
        """Everything settled so far; a document that was settled twice as it was the last time."""
        return list(self._settled.values())

    def counts(self, plan: Plan) -> Counts:
        """Count terminal states over the whole plan."""
        # Of the documents that are not enumerated, some got other labels.
        beside = {s.document_id for s in plan.withheld}
        by_state = Counter(s.outcome for s in self.settled if s.document_id not in beside)
        return Counts(
            enumerated=plan.enumerated + sum(batch.found for batch in self.batches),
            indexed=by_state[DocumentState.INDEXED],
            unchanged=plan.unchanged + by_state[DocumentState.UNCHANGED],
            moved=by_state[DocumentState.MOVED],
            deleted=by_state[DocumentState.DELETED],
            quarantined=plan.remembered + by_state[DocumentState.QUARANTINED],
            skipped=len(plan.skipped),
            withheld=len(plan.withheld),
        )

    def report(self, plan: Plan) -> RunReport:
        """Close the accounts of a run that went through.

        Raises:
            IngestError: A document is not accounted for; such a run is never completed.
        """
        counts = self.counts(plan)
        if not counts.closes:
            raise IngestError(
                f"The accounts of run {self.run_id} do not close: {counts}. What was committed "
                "is sound; run `holdfast ingest` again and report this as a fault."
            )
        refused = self.refused(plan)
        return self.snapshot(
            final_state(plan, counts, refused),
            counts,
            message=summary(counts, len(plan.relabelled)) + told(plan.problems),
            relabelled=len(plan.relabelled),
            problems=plan.problems,
            withheld=tuple(s.key for s in plan.withheld),
            withheld_by_source={
                name: sum(s.source == name for s in plan.withheld) for name in plan.listed
            },
            checked=plan.whole,
            incomplete=dict(plan.incomplete),
            refusals=refusals_of(refused),
        )

    def refused(self, plan: Plan) -> list[Settled]:
        """Return what this run put into quarantine, without what stood there already."""
        known = {t.standing.document_id for t in plan.touched}
        known |= {s.document_id for s in plan.only_relabelled}
        return [
            s
            for s in self.settled
            if s.outcome is DocumentState.QUARANTINED and s.document_id not in known
        ]

    def snapshot(self, state: RunState, counts: Counts, **extra: Any) -> RunReport:
        """Report what was done so far, whatever the state."""
        settled = self.settled
        return RunReport(
            run_id=self.run_id,
            state=state,
            generation=self.generation,
            epoch=self.epoch,
            counts=counts,
            chunks_embedded=sum(b.chunks_embedded for b in self.batches),
            chunks_reused=sum(b.chunks_reused for b in self.batches),
            seconds=time.perf_counter() - self.started,
            points_added=sum(b.points_added for b in self.batches),
            points_closed=sum(b.points_closed for b in self.batches),
            batches=len(self.batches),
            embed_seconds=sum(b.embed_seconds for b in self.batches),
            store_seconds=sum(b.store_seconds for b in self.batches),
            reasons=count_reasons(settled),
            classes=figures_by_class(settled),
            slowest=slowest_documents(settled),
            peak_memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            **extra,
        )


def refusals_of(refused: Sequence[Settled]) -> tuple[tuple[str, str, str], ...]:
    """Return key, reason and detail of refused documents."""
    return tuple((s.key, s.reason or "", s.detail or "") for s in refused)


def final_state(plan: Plan, counts: Counts, refused: Sequence[Settled]) -> RunState:
    """Name the end of a run; the most pressing fact wins."""
    # What an incomplete listing lacks may be there: nobody can approve it, so nobody is asked to.
    if any(standing.source not in plan.incomplete for standing in plan.withheld):
        return RunState.DELETIONS_WITHHELD
    if plan.problems or plan.withheld:
        return RunState.LISTING_INCOMPLETE
    if refused:
        return RunState.COMPLETED_WITH_QUARANTINE
    if not (counts.indexed or counts.moved or counts.deleted or plan.relabelled):
        return RunState.NOTHING_TO_DO
    return RunState.COMPLETED


def summary(counts: Counts, relabelled: int = 0) -> str:
    """Say the counts in one line, leaving out zeros."""
    named = asdict(counts) | {"given other labels": relabelled}
    parts = [f"{value} {name}" for name, value in named.items() if value]
    return ", ".join(parts) or "nothing listed"


def told(problems: Sequence[str]) -> str:
    """Say behind a summary what stood in the way: who reads it need not look elsewhere for why."""
    if not problems:
        return ""
    more = f" There are {len(problems) - 1} more problems." if len(problems) > 1 else ""
    return f". {problems[0]}{more}"
