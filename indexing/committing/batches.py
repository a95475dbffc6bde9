"""The values that pass from step to step of an ingest: parsed → embedded → staged → verified."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from indexing.ledger.commits import NewVersion, Settled
from indexing.ledger.documents import Standing
from indexing.planning.planned import PlannedMove
from indexing.points import Dense, Point
from ingestion.document import PreparedDocument, SourceEntry


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """New content of a document, with what ingestion made of it."""

    document_id: UUID
    source: str
    entry: SourceEntry
    """Its key, and the stat that the ledger is to remember."""
    number: int
    """Number of the version."""
    prepared: PreparedDocument
    content_sha256: str
    seconds: float
    peak_mb: float = 0.0
    """Largest resident memory of the parser child that worked on it, in MiB."""
    attempts: int = 0
    """How often in a row it failed before for a passing reason."""
    container: UUID | None = None
    """The outermost document that it lies in; none for what a source lists."""
    standing: Standing | None = None
    """How the document stands afterwards where that is not simply `indexed`: a build carries over
    that the newest bytes were refused and an older version is served."""


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """Documents that go through the remaining steps together and become visible together."""

    number: int
    documents: tuple[ReadDocument, ...] = ()
    moves: tuple[PlannedMove, ...] = ()
    deletions: tuple[Standing, ...] = ()
    settled: tuple[Settled, ...] = ()
    """Documents already at their terminal state: refused, or unchanged after all."""
    parse_seconds: float = 0.0
    found: int = 0
    """Parts of documents among these, which no source lists; each is counted once a run."""

    @property
    def changes_points(self) -> bool:
        """Whether the store has to be touched."""
        return bool(self.documents or self.moves or self.deletions)


@dataclass(frozen=True, slots=True)
class EmbeddedBatch:
    """A parsed batch with a dense vector for every text that needs one."""

    parsed: ParsedBatch
    vectors: dict[str, Dense] = field(default_factory=dict)
    """Dense vector by hash of the embedded text."""
    embedded: int = 0
    reused: int = 0
    embed_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class StagedDocument:
    """A version whose points are in the store, invisible until the commit."""

    version: NewVersion
    settled: Settled
    points: tuple[Point, ...]
    attempts: int = 0
    """How often in a row it failed before for a passing reason."""


@dataclass(frozen=True, slots=True)
class StagedBatch:
    """An embedded batch written to the store under an epoch that is not committed."""

    embedded: EmbeddedBatch
    epoch: int | None
    """None if no point changes."""
    documents: tuple[StagedDocument, ...] = ()
    superseded: tuple[UUID, ...] = ()
    """Points to close: of replaced versions and of deleted documents."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Documents, by id, with a point that the store can never take, and why."""
    store_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class VerifiedBatch:
    """A staged batch whose points were counted; what did not add up is unstaged and settled."""

    staged: StagedBatch
    documents: tuple[StagedDocument, ...]
    superseded: tuple[UUID, ...]
    failed: tuple[Settled, ...] = ()


@dataclass(frozen=True, slots=True)
class CommittedBatch:
    """What one batch did, for the report."""

    number: int
    epoch: int | None
    settled: tuple[Settled, ...]
    chunks_embedded: int
    chunks_reused: int
    points_added: int
    points_closed: int
    parse_seconds: float
    embed_seconds: float
    store_seconds: float
    found: int = 0
    """Parts of documents among these."""
