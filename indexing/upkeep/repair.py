"""Healing what the audit found: points are made again from blobs, byte for byte as committed.

A version's points are derived from its text, which is among the blobs, and from its row in the
ledger; so nothing is parsed and no source is asked, unless a blob is gone and sources are given.
Ids, epochs and history stay; nothing changes for a reader but that what was lost is there again.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from indexing.committing.epochs import CLOSE_BATCH
from indexing.corpus import Corpus
from indexing.failpoints import Failpoint, reached
from indexing.ledger.documents import groups, open_versions
from indexing.ledger.generations import Generation, GenerationState, find_generation
from indexing.ledger.leases import HeldLease
from indexing.ledger.promotions import PromotionKind
from indexing.live import SERVED
from indexing.planning.tombstones import read_tombstones
from indexing.points import CollectionSpec
from indexing.upkeep.exclusive import exclusively
from indexing.upkeep.faults import Fault, FaultKind
from indexing.upkeep.mending import Repairs, VersionName
from indexing.upkeep.rebuild import Rebuilder
from indexing.upkeep.refill import Refill, mark_for_reading
from indexing.upkeep.verify import Audit, verify, verify_alias, verify_generation
from ingestion.sources.base import Source

BY_REBUILDING = frozenset(
    {
        FaultKind.MISSING,
        FaultKind.MALFORMED,
        FaultKind.WRONG_PAYLOAD,
        FaultKind.BAD_VECTOR,
    }
)
BY_DELETING = frozenset({FaultKind.PHANTOM})
BY_BLOB = frozenset({FaultKind.BLOB_MISSING, FaultKind.BLOB_DAMAGED})


@dataclass(frozen=True, slots=True)
class Repaired:
    """The audit before, what was done, and the audit after."""

    before: Audit
    repairs: Repairs
    after: Audit

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast verify --repair --json`."""
        return self.after.to_json() | {
            "before": dict(self.before.counts),
            "repaired": self.repairs.to_json(),
        }


@dataclass(slots=True)
class Work:
    """What has to be mended in one generation, gathered from its faults."""

    versions: set[VersionName] = field(default_factory=set)
    phantoms: list[UUID] = field(default_factory=list)
    ends: list[UUID] = field(default_factory=list)
    blobs: set[VersionName] = field(default_factory=set)
    gone: bool = False
    """The whole collection is missing."""
    damaged: bool = False
    """Its files cannot be read, so they are made anew."""
    left_over: bool = False

    def forget_points(self) -> None:
        """Drop what was to be done to single points that are not there any more."""
        self.phantoms.clear()
        self.ends.clear()

    def add(self, fault: Fault) -> None:
        """Take a fault in."""
        version = (fault.document, fault.valid_from)
        named = None if None in version else VersionName(*version)  # type: ignore[arg-type]
        if fault.kind in BY_REBUILDING and named:
            self.versions.add(named)
        elif fault.kind in BY_BLOB and named:
            self.blobs.add(named)
        elif fault.kind in BY_DELETING and fault.point:
            self.phantoms.append(fault.point)
        elif fault.kind is FaultKind.WRONG_END and fault.point:
            self.ends.append(fault.point)
        elif fault.kind is FaultKind.LEFTOVER:
            self.left_over = True
        elif fault.kind is FaultKind.COLLECTION_MISSING:
            self.gone = True
        elif fault.kind is FaultKind.COLLECTION_DAMAGED:
            self.damaged = True


def repair(corpus: Corpus, *, sources: Sequence[Source] = (), deep: bool = False) -> Repaired:
    """Find every fault, mend what can be mended, and look again.

    Args:
        corpus: The home.
        sources: Asked for bytes that are not among the blobs any more, and compared with.
        deep: Also read every blob.

    Raises:
        WriterBusyError: A run is writing; repairs need the generation to themselves.
    """
    with exclusively(corpus, "repair") as lease:
        work: defaultdict[str, Work] = defaultdict(Work)
        before = verify(
            corpus, sources=sources, deep=deep, on_fault=lambda name, f: work[name].add(f)
        )
        repairs = Repairs()
        refill = Refill(corpus, sources, repairs)
        for name, todo in sorted(work.items()):
            generation = find_generation(corpus.ledger, name)
            if generation is not None:
                mend(corpus, generation, todo, refill, repairs)
        point_lost_alias(corpus, before, repairs, lease)
        after = verify(corpus, sources=sources, deep=deep)
    return Repaired(before, repairs, after)


def mend(
    corpus: Corpus, generation: Generation, todo: Work, refill: Refill, repairs: Repairs
) -> None:
    """Mend one generation, as its only writer."""
    seconds = corpus.settings.guards.lease_seconds
    with HeldLease(corpus.ledger, generation.name, f"repair-{generation.number}", seconds) as lease:
        # As it is now: a run may have committed before the lease was free, and what lies above
        # the epoch of before would be taken for leftovers.
        current = find_generation(corpus.ledger, generation.name)
        if current is None or current.state not in SERVED:
            return
        generation = current
        if todo.damaged:
            corpus.store.drop(generation.name)
        if todo.gone or todo.damaged:
            make_collection(corpus, generation)
            reached(Failpoint.MENDING)
            repairs.collections_made += 1
        if todo.damaged:
            # Also the points that were read before the damage was met went with the files.
            todo.forget_points()
            tombstones = read_tombstones(corpus.ledger, corpus.settings.home)
            verify_generation(corpus, generation, lambda _, fault: todo.add(fault), tombstones)
        for version in sorted(todo.blobs):
            refill.blobs_of(generation, version)
            reached(Failpoint.MENDING)
        for group in groups(todo.phantoms, CLOSE_BATCH):
            corpus.store.delete(generation.name, group, fence=lease.assert_held)
            reached(Failpoint.MENDING)
            repairs.points_deleted += len(group)
        rebuilder = Rebuilder(corpus, generation, refill, repairs, lease)
        rebuilder.set_ends(todo.ends)
        lost = rebuilder.rebuild(sorted(todo.versions))
        if todo.left_over:
            rebuilder.clear_leftovers()
        corpus.store.flush(generation.name)
        readable = still_served(corpus, generation, lost)
        if readable and generation.state is GenerationState.LIVE:
            mark_for_reading(corpus, generation, readable)
            repairs.to_be_read_again += len({version.document for version in readable})


def still_served(
    corpus: Corpus, generation: Generation, lost: Sequence[VersionName]
) -> list[VersionName]:
    """Return those of the versions that readers see: a source has no earlier one to read."""
    served = open_versions(corpus.ledger, generation.name, [name.document for name in lost])
    starts = {document: version.valid_from for document, version in served.items()}
    return [name for name in lost if starts.get(name.document) == name.valid_from]


def make_collection(corpus: Corpus, generation: Generation) -> None:
    """Create the collection of a generation anew, as the ledger describes it."""
    dimension = int(generation.spec["embedding"]["dimension"])
    spec = CollectionSpec(dimension, generation.fingerprint, {"spec": dict(generation.spec)})
    corpus.store.create(generation.name, spec)


def point_lost_alias(corpus: Corpus, before: Audit, repairs: Repairs, lease: HeldLease) -> None:
    """Write an alias that is gone or wrong again, once what it should name holds its points."""
    if verify_alias(corpus).sound:
        return
    names = [g.generation for g in before.generations]
    for name in names:
        generation = find_generation(corpus.ledger, name)
        if generation is not None and generation.state is GenerationState.LIVE:
            corpus.make_live(generation, None, PromotionKind.OBSERVED, lease.token)
            repairs.aliases_pointed += 1
