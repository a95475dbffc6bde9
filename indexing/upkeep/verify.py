"""The truth audit: ledger, store, blobs and, if asked, the sources, held against each other.

Every point of a generation is read with its vectors and compared with the row that the commit
wrote for it. Writers may go on meanwhile: what is above the epoch that was read is left alone, and
so is what was collected or purged since.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError, StoreRejectedError
from indexing.ledger import tables
from indexing.ledger.documents import groups
from indexing.ledger.generations import (
    Generation,
    GenerationState,
    list_generations,
    read_generation,
)
from indexing.ledger.purges import Tombstone, purged_among
from indexing.live import SERVED, is_served
from indexing.planning.tombstones import NO_TOMBSTONES, Tombstones, read_tombstones
from indexing.points import PointFilter, StoredPoint
from indexing.upkeep.faults import Fault, FaultKind, Findings
from indexing.upkeep.pairing import ChunkRecord, chunk_records, paired
from indexing.upkeep.verify_blobs import verify_blobs
from indexing.upkeep.verify_ledger import check_file, check_rows, miscounted
from indexing.upkeep.verify_points import PointJudge, shows_again
from indexing.upkeep.verify_source import verify_sources
from ingestion.sources.base import Source

TOGETHER = 1000
"""Missing points about which the ledger is asked again in one go."""


@dataclass(slots=True)
class GenerationAudit:
    """What was found in one generation."""

    generation: str
    epoch: int
    expected: int = 0
    """Points that the ledger has."""
    found: int = 0
    """Points that the store has, leftovers included."""
    findings: Findings = field(default_factory=Findings)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "generation": self.generation,
            "epoch": self.epoch,
            "expected": self.expected,
            "found": self.found,
        } | self.findings.to_json()


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found in one home."""

    generations: tuple[GenerationAudit, ...]
    alias: Findings
    blobs: Findings
    sources: Findings
    ledger: Findings = field(default_factory=Findings)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong anywhere."""
        return all(f.sound for f in self._parts())

    @property
    def counts(self) -> Mapping[str, int]:
        """How many faults of each kind, over all parts."""
        total: dict[str, int] = {}
        for part in self._parts():
            for kind, count in part.counts.items():
                total[kind.value] = total.get(kind.value, 0) + count
        return total

    def to_json(self) -> dict[str, Any]:
        """Return the machine form of `holdfast verify --json`."""
        return {
            "sound": self.sound,
            "faults": dict(self.counts),
            "generations": [audit.to_json() for audit in self.generations],
            "alias": self.alias.to_json(),
            "blobs": self.blobs.to_json(),
            "ledger": self.ledger.to_json(),
            "sources": self.sources.to_json(),
        }

    def _parts(self) -> tuple[Findings, ...]:
        whole = (self.alias, self.blobs, self.sources, self.ledger)
        return (*(g.findings for g in self.generations), *whole)


def verify(
    corpus: Corpus,
    *,
    sources: Sequence[Source] = (),
    deep: bool = False,
    on_fault: Callable[[str, Fault], None] | None = None,
) -> Audit:
    """Hold everything against everything.

    Args:
        corpus: The home.
        sources: Sources to compare with as well; every document of theirs is read.
        deep: Also read every blob and compare its hash.
        on_fault: Is told of every single fault with the name of its generation, for repairs.
    """
    tell = on_fault or (lambda _name, _fault: None)
    alias = verify_alias(corpus)
    kept = [g for g in list_generations(corpus.ledger) if g.state in SERVED]
    tombstones = read_tombstones(corpus.ledger, corpus.settings.home)
    audits = tuple(verify_generation(corpus, g, tell, tombstones) for g in kept)
    blobs = verify_blobs(corpus, kept, deep=deep, on_fault=tell, tombstones=tombstones)
    ledger = verify_file(corpus)
    return Audit(audits, alias, blobs, verify_sources(corpus, sources), ledger)


def verify_file(corpus: Corpus) -> Findings:
    """Check the file of the ledger."""
    findings = Findings()
    for fault in check_file(corpus):
        findings.add(fault)
    return findings


def verify_alias(corpus: Corpus) -> Findings:
    """Check that the alias names a generation that the ledger knows and that may be served."""
    findings = Findings()
    alias = corpus.settings.store.collection
    generations = {g.name: g for g in list_generations(corpus.ledger)}
    live = [g.name for g in generations.values() if g.state is GenerationState.LIVE]
    named = corpus.store.alias(alias)
    if named is None:
        if live:
            detail = f"The alias {alias} is gone; the ledger has {live[0]} as live."
            findings.add(Fault(FaultKind.ALIAS_MISSING, detail))
    elif named not in generations or not is_served(generations[named]):
        state = generations[named].state.value if named in generations else "not in the ledger"
        detail = f"The alias {alias} names {named}, which is {state}."
        findings.add(Fault(FaultKind.ALIAS_WRONG, detail))
    return findings


def verify_generation(
    corpus: Corpus,
    generation: Generation,
    tell: Callable[[str, Fault], None],
    tombstones: Tombstones = NO_TOMBSTONES,
) -> GenerationAudit:
    """Compare every point of a generation with the ledger."""
    audit = GenerationAudit(generation.name, generation.epoch)
    purged = {str(one.document_id): one for one in tombstones.by_id.values()}

    def note(fault: Fault) -> None:
        audit.findings.add(fault)
        tell(generation.name, fault)

    def note_all(faults: Iterable[Fault]) -> None:
        for fault in faults:
            note(fault)

    with corpus.ledger.read() as connection:
        now = read_generation(connection, generation.name)
        if now is None:
            return audit
        audit.epoch = now.epoch
        for fault in (*miscounted(connection, now), *check_rows(connection, now)):
            note(fault)
        judge = PointJudge(now, corpus.settings.embedding.normalize)
        phantoms: list[StoredPoint] = []
        missing: list[Fault] = []
        for record, point in paired(
            chunk_records(connection, now.name, now.horizon), stored(corpus, now, note)
        ):
            audit.expected += record is not None
            audit.found += point is not None
            tombstone = tombstone_of(purged, record, point)
            wrong = risen(tombstone, point) if tombstone else judge.judge(record, point)
            if wrong is None:
                continue
            if wrong.kind is not FaultKind.MISSING:
                note(wrong)
                if wrong.kind is FaultKind.PHANTOM and point is not None:
                    phantoms.append(point)
                continue
            missing.append(wrong)
            if len(missing) == TOGETHER:
                note_all(still_missing(corpus, now.name, missing))
                missing.clear()
        note_all(still_missing(corpus, now.name, missing))
        for phantom in phantoms:
            if shows_again(connection, now, phantom):
                detail = f"Chunk {phantom.payload.get('ordinal')} is shown a second time."
                key = phantom.payload.get("key")
                audit.findings.add(Fault(FaultKind.DUPLICATE, detail, phantom.id, key=key))
    return audit


def tombstone_of(
    purged: Mapping[str, Tombstone], record: ChunkRecord | None, point: StoredPoint | None
) -> Tombstone | None:
    """Return what keeps out the document of a row or of a point.

    A purge that was interrupted may have left only the row: nothing may make the point again.
    """
    told = purged.get(str(point.payload.get("document_id"))) if point else None
    return told or (purged.get(str(record.document)) if record else None)


def still_missing(corpus: Corpus, generation: str, missing: Sequence[Fault]) -> list[Fault]:
    """Leave out points that a garbage collection or a purge took away since the rows were read."""
    table, there = tables.chunk.c, set[str]()
    with corpus.ledger.read() as connection:
        now = read_generation(connection, generation)
        if now is None or now.state not in SERVED:
            return []
        for group in groups([str(fault.point) for fault in missing]):
            query = select(table.point_id).where(
                table.generation == generation,
                table.point_id.in_(group),
                table.valid_to > now.horizon,
            )
            there.update(connection.execute(query).scalars())
        gone = purged_among(connection, {str(fault.document) for fault in missing})
    return [f for f in missing if str(f.point) in there and str(f.document) not in gone]


def risen(tombstone: Tombstone, point: StoredPoint | None) -> Fault:
    """Say that a point of a purged document, or a row of one, is there."""
    document, at = tombstone.document_id, tombstone.purged_at
    detail = f"Its document was purged on {at:%Y-%m-%d}: `holdfast purge {document}` removes it."
    return Fault(FaultKind.PURGED, detail, point.id if point else None, document)


def stored(
    corpus: Corpus, generation: Generation, note: Callable[[Fault], None]
) -> Iterator[StoredPoint]:
    """Yield every point of a collection; one that is gone or damaged is a fault and ends it.

    It is none if a garbage collection dropped the generation meanwhile.
    """
    name = generation.name
    try:
        yield from corpus.store.scroll(name, PointFilter(), vectors=True)
    except StoreCorruptError as error:
        fault = Fault(FaultKind.COLLECTION_DAMAGED, str(error))
    except StoreRejectedError:
        if corpus.store.spec(name) is not None:
            raise
        fault = Fault(FaultKind.COLLECTION_MISSING, f"The collection {name} is gone.")
    else:
        return
    with corpus.ledger.read() as connection:
        now = read_generation(connection, name)
    if now is not None and now.state in SERVED:
        note(fault)
