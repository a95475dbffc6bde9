"""The truth audit: ledger, store, blobs and, if asked, the sources, held against each other.

Every point of a generation is read with its vectors and compared with the row that the commit
wrote for it. Writers may go on meanwhile: what is above the epoch that was read is left alone, and
so is what was collected or purged since.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from sqlalchemy import Connection, func, select

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
from indexing.points import OPEN_END, PointFilter, StoredPoint, payload_sha256
from indexing.upkeep.faults import Fault, FaultKind, Findings
from indexing.upkeep.pairing import ChunkRecord, chunk_records, paired
from indexing.upkeep.verify_blobs import verify_blobs
from indexing.upkeep.verify_ledger import check_file, check_rows
from indexing.upkeep.verify_source import verify_sources
from ingestion.sources.base import Source

MANDATORY = (
    "tenant", "source", "document_id", "key", "version", "content_sha256", "ordinal", "start",
    "end", "text", "headings", "flags", "tokens", "embed_sha256", "valid_from", "valid_to",
)  # fmt: skip
"""Parts of a payload that every point has."""
UNIT_TOLERANCE = 0.02
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
            if wrong is not None and wrong.kind is FaultKind.MISSING:
                missing.append(wrong)
                if len(missing) == TOGETHER:
                    note_all(still_missing(corpus, now.name, missing))
                    missing.clear()
            elif wrong is not None:
                note(wrong)
                if wrong.kind is FaultKind.PHANTOM and point is not None:
                    phantoms.append(point)
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


def miscounted(connection: Connection, generation: Generation) -> Iterator[Fault]:
    """Yield the versions whose chunk rows are not as many as they say."""
    version, chunk = tables.version, tables.chunk
    counted = (
        select(chunk.c.document_id, chunk.c.valid_from, func.count().label("rows"))
        .where(chunk.c.generation == generation.name)
        .group_by(chunk.c.document_id, chunk.c.valid_from)
        .subquery()
    )
    query = (
        select(version.c.document_id, version.c.valid_from, version.c.key, version.c.chunk_count,
               func.coalesce(counted.c.rows, 0).label("rows"))
        .outerjoin(counted, (counted.c.document_id == version.c.document_id)
                   & (counted.c.valid_from == version.c.valid_from))
        .where(version.c.generation == generation.name, version.c.valid_to > generation.horizon)
        .where(func.coalesce(counted.c.rows, 0) != version.c.chunk_count)
    )  # fmt: skip
    for row in connection.execute(query).all():
        detail = f"{row.key} should have {row.chunk_count} chunks, the ledger has {row.rows}."
        document = UUID(row.document_id)
        yield Fault(
            FaultKind.CHUNK_COUNT, detail, None, document, int(row.valid_from), str(row.key)
        )


@dataclass(frozen=True, slots=True)
class PointJudge:
    """Says what is wrong with a point of one generation."""

    generation: Generation
    normalized: bool

    def judge(self, record: ChunkRecord | None, point: StoredPoint | None) -> Fault | None:
        """Compare a row with a point; either may be missing."""
        if record is None:
            return None if point is None else self._unknown(point)
        if point is None:
            return self._fault(FaultKind.MISSING, "It is not in the store.", record)
        problem = self._content(record, point)
        if problem is not None:
            return self._fault(*problem, record, point)
        return self._end(record, point)

    def _unknown(self, point: StoredPoint) -> Fault | None:
        """Judge a point that the ledger does not know: staged, left over, or a phantom."""
        started = point.payload.get("valid_from")
        key = point.payload.get("key")
        where = f"valid from {started} to {point.payload.get('valid_to')}"
        if isinstance(started, int):
            if started > self.generation.epoch:
                return None  # staged by a run, or left for the next one to clear
            if started in self.generation.aborted:
                return Fault(FaultKind.LEFTOVER, f"Of an aborted epoch, {where}.", point.id)
            ended = point.payload.get("valid_to")
            if isinstance(ended, int) and ended <= self.generation.horizon:
                return None  # garbage whose row went first
        return Fault(
            FaultKind.PHANTOM, f"The ledger does not know it ({where}).", point.id, key=key
        )

    def _content(self, record: ChunkRecord, point: StoredPoint) -> tuple[FaultKind, str] | None:
        lacking = [name for name in MANDATORY if name not in point.payload]
        if lacking:
            return FaultKind.MALFORMED, f"Its payload lacks {', '.join(lacking)}."
        if point.dense is None or point.sparse is None:
            which = "dense" if point.dense is None else "sparse"
            return FaultKind.MALFORMED, f"Its {which} vector is missing."
        if record.payload_sha256 not in (None, payload_sha256(point.payload)):
            return FaultKind.WRONG_PAYLOAD, "Its payload is not the one that was committed."
        mine = (point.payload["document_id"], point.payload["ordinal"])
        if mine != (str(record.document), record.ordinal):
            return FaultKind.WRONG_PAYLOAD, f"It says it is chunk {mine[1]} of {mine[0]}."
        problem = self._vector(point.dense)
        return (FaultKind.BAD_VECTOR, problem) if problem else None

    def _vector(self, dense: Any) -> str | None:
        dimension = self.generation.spec.get("embedding", {}).get("dimension", len(dense))
        if len(dense) != dimension:
            return f"Its dense vector has {len(dense)} numbers instead of {dimension}."
        if not np.isfinite(dense).all():
            return "Its dense vector holds NaN or infinity."
        length = float(np.linalg.norm(dense))
        if length == 0.0:
            return "Its dense vector is zero."
        if self.normalized and abs(length - 1.0) > UNIT_TOLERANCE:
            return f"Its dense vector has length {length:.3f} instead of 1."
        return None

    def _end(self, record: ChunkRecord, point: StoredPoint) -> Fault | None:
        end = point.payload["valid_to"]
        if end == record.valid_to:
            return None
        if end in self.generation.aborted:
            detail = f"Closed at {end}, an aborted epoch."
            return self._fault(FaultKind.LEFTOVER, detail, record, point)
        late = isinstance(end, int) and end > self.generation.epoch
        if record.valid_to == OPEN_END and late:
            return None  # closed by a batch that is not committed, or was since
        detail = f"It ends at {end}, the ledger says {record.valid_to}."
        return self._fault(FaultKind.WRONG_END, detail, record, point)

    def _fault(
        self, kind: FaultKind, detail: str, record: ChunkRecord, point: StoredPoint | None = None
    ) -> Fault:
        key = point.payload.get("key") if point else None
        return Fault(kind, detail, record.point, record.document, record.valid_from, key)


def shows_again(connection: Connection, generation: Generation, phantom: StoredPoint) -> bool:
    """Whether a phantom shows a chunk that is live already."""
    chunk, ordinal = tables.chunk, phantom.payload.get("ordinal")
    if not isinstance(ordinal, int):
        return False  # no row has such a one, and no database could compare it
    query = select(func.count()).where(
        chunk.c.generation == generation.name,
        chunk.c.document_id == str(phantom.payload.get("document_id")),
        chunk.c.ordinal == ordinal,
        chunk.c.valid_to == OPEN_END,
    )
    return bool(connection.execute(query).scalar())
