"""What one generation still has to take over from another, found in the ledger alone."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from indexing.ledger.commits import Settled
from indexing.ledger.documents import (
    UNKNOWN_LABELS,
    DocumentState,
    Holdings,
    OpenVersion,
    Standing,
)
from indexing.ledger.retries import UNSEEN
from indexing.planning.planned import PlannedMove
from ingestion.document import Reason, SourceEntry, Stat


@dataclass(frozen=True, slots=True)
class CarriedDocument:
    """A version that the other generation serves and this one has to make points of."""

    standing: Standing
    version: OpenVersion

    @property
    def entry(self) -> SourceEntry:
        """The key and the stat of the version."""
        size = self.standing.stat.size
        return SourceEntry(
            self.version.key,
            Stat(size, self.version.modified_ns),
            self.version.origin,
            self.version.labels,
        )


@dataclass(frozen=True, slots=True)
class CarryPlan:
    """What differs between two generations, as the work that makes them equal."""

    documents: tuple[CarriedDocument, ...]
    moved: tuple[PlannedMove, ...]
    deleted: tuple[Standing, ...]
    settled: tuple[Settled, ...]
    """Documents whose points stay; only how they stand is taken over."""
    enumerated: int
    """Documents that the other generation has, deleted ones left out."""

    @property
    def is_empty(self) -> bool:
        """Whether both are equal."""
        return not (self.documents or self.moved or self.deleted or self.settled)


def plan_carry(
    wanted: Holdings,
    present: Holdings,
    *,
    tenant: str,
    refused: Mapping[UUID, str],
    same_parser: bool,
) -> CarryPlan:
    """Compare what a generation should hold with what it holds.

    Args:
        wanted: What the other generation holds.
        present: What this one holds.
        tenant: Of whoever builds; whose documents are that the ledger knows does not change.
        refused: By document, the content that this pipeline could not take; it is not tried
            again.
        same_parser: Whether both read documents alike. If not, documents in quarantine are
            looked at again by the next ingest.
    """
    documents: list[CarriedDocument] = []
    moved: list[PlannedMove] = []
    deleted: list[Standing] = []
    settled: list[Settled] = []
    for document, stands in wanted.standings.items():
        standing = stands if same_parser else to_be_looked_at(stands)
        version = wanted.versions.get(document)
        mine = present.versions.get(document)
        if version is None and mine is not None:
            deleted.append(standing)
        elif version is not None and refused.get(document) == version.content_sha256:
            continue
        elif version is not None and (mine is None or is_other(mine, version)):
            documents.append(CarriedDocument(standing, version))
            if mine is not None and mine.key != version.key:
                moved.append(to_new_key(standing, mine, version))  # its old key may be taken
        elif version is not None and mine is not None and lies_elsewhere(mine, version):
            moved.append(to_new_key(standing, mine, version))
        elif present.standings.get(document) != standing:
            settled.append(taken_over(standing, tenant, version))
    return CarryPlan(
        tuple(documents),
        tuple(moved),
        tuple(deleted),
        tuple(settled),
        sum(s.state is not DocumentState.DELETED for s in wanted.standings.values()),
    )


def lies_elsewhere(mine: OpenVersion, wanted: OpenVersion) -> bool:
    """Whether equal content has another key or other labels."""
    return (mine.key, mine.labels) != (wanted.key, wanted.labels)


def is_other(mine: OpenVersion, wanted: OpenVersion) -> bool:
    """Whether two versions of a document have other content."""
    return (mine.number, mine.content_sha256) != (wanted.number, wanted.content_sha256)


def to_new_key(standing: Standing, mine: OpenVersion, wanted: OpenVersion) -> PlannedMove:
    """Plan the move of a version that lies under another key, or has other labels, by now."""
    old = replace(standing, key=mine.key, content_sha256=mine.content_sha256)
    entry = SourceEntry(wanted.key, standing.stat, wanted.origin, wanted.labels)
    return PlannedMove(standing.source, entry, old)


def to_be_looked_at(standing: Standing) -> Standing:
    """Let a document in quarantine be read again: another parser may take it."""
    if standing.state is not DocumentState.QUARANTINED:
        return standing
    return replace(standing, content_sha256=None, stat=UNSEEN, attempts=0)


def taken_over(standing: Standing, tenant: str, version: OpenVersion | None) -> Settled:
    """Settle a document just as it stands in the other generation."""
    outcomes = {DocumentState.INDEXED: DocumentState.UNCHANGED}
    return Settled(
        document_id=standing.document_id,
        tenant=tenant,
        source=standing.source,
        key=standing.key,
        outcome=outcomes.get(standing.state, standing.state),
        state=standing.state,
        version=standing.version,
        stat=standing.stat,
        content_sha256=standing.content_sha256,
        reason=standing.reason,
        detail=standing.detail,
        chunks=version.chunk_count if version else 0,
        attempts=standing.attempts,
        labels=standing.labels,
        container=standing.container,
    )


def not_taken(carried: CarriedDocument, tenant: str, reason: Reason, detail: str) -> Settled:
    """Settle a document that this pipeline cannot take although the other one could."""
    return Settled(
        document_id=carried.standing.document_id,
        tenant=tenant,
        source=carried.standing.source,
        key=carried.standing.key,
        outcome=DocumentState.QUARANTINED,
        state=DocumentState.QUARANTINED,
        version=carried.version.number - 1,
        stat=UNSEEN if reason is Reason.NOT_KEPT else carried.standing.stat,
        content_sha256=carried.version.content_sha256,
        reason=reason,
        detail=detail,
        labels=UNKNOWN_LABELS,
        container=carried.standing.container,
    )
