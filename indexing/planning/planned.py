"""What an ingest is about to do, as values; `indexing.planning.plan` works them out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from indexing.ledger.documents import DocumentState, Standing
from indexing.ledger.retries import UNSEEN
from ingestion.document import Listing, Refusal, SkippedEntry, SourceEntry, Stat
from ingestion.parsing.parts import INSIDE, name_inside
from ingestion.sources.base import Source

RACY_NS = 2_000_000_000
"""A file modified this shortly before it was listed may change again within the same clock
tick; its stat is not trusted next time (git's "racily clean" entries)."""
UNKNOWN_STAT = Stat(0, 0, "")
"""Stat of something that was refused before it could be looked at."""


@dataclass(frozen=True, slots=True)
class PlannedDocument:
    """A document that has to be read and prepared."""

    source: Source
    entry: SourceEntry
    document_id: UUID
    standing: Standing | None
    """Its standing so far; none for one that was never seen, or was deleted."""
    last_version: int
    container: UUID | None = None
    """The outermost document that it lies in; none for what a source lists."""

    @property
    def is_retried(self) -> bool:
        """Whether it is read again although the source shows no change of it."""
        before = self.standing
        return before is not None and (
            before.stat == UNSEEN or (before.stat, before.key) == (self.entry.stat, self.entry.key)
        )


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """A document that lies under another key now, or has other labels; its bytes are the same."""

    source: str
    entry: SourceEntry
    standing: Standing


@dataclass(frozen=True, slots=True)
class PlannedTouch:
    """A document of which only the stat changed."""

    entry: SourceEntry
    standing: Standing


@dataclass(frozen=True, slots=True)
class PlannedRefusal:
    """Something listed that is no document that could be read, or that may not be."""

    source: str
    document_id: UUID
    refusal: Refusal
    last_version: int
    stat: Stat = UNKNOWN_STAT
    labels: str = ""
    """Digest of the labels that its served points carry."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an ingest would do. `unchanged` and `remembered` are only counted."""

    enumerated: int
    added: tuple[PlannedDocument, ...]
    changed: tuple[PlannedDocument, ...]
    moved: tuple[PlannedMove, ...]
    deleted: tuple[Standing, ...]
    withheld: tuple[Standing, ...]
    touched: tuple[PlannedTouch, ...]
    refused: tuple[PlannedRefusal, ...]
    unchanged: int
    remembered: int
    """Quarantined documents that are not tried again until something changes."""
    skipped: tuple[SkippedEntry, ...]
    problems: tuple[str, ...]
    listed: tuple[str, ...] = ()
    """Names of the sources that were listed."""
    whole: tuple[str, ...] = ()
    """Of those, the ones that were listed completely, with no deletion withheld."""
    listed_at_ns: int | None = None
    """When the first listing began."""
    incomplete: Mapping[str, str] = field(default_factory=dict)
    """Why the listing of a source may lack something, by its name."""
    relabelled: tuple[PlannedMove, ...] = ()
    """Documents whose points get other labels; they come first."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing would be written at all."""
        return not (
            self.added
            or self.changed
            or self.moved
            or self.deleted
            or self.touched
            or self.refused
            or self.relabelled
        )

    @property
    def edited(self) -> tuple[PlannedDocument, ...]:
        """Documents that changed in the source."""
        return tuple(d for d in self.changed if not d.is_retried)

    @property
    def retried(self) -> tuple[PlannedDocument, ...]:
        """Documents that did not change and are read again all the same."""
        return tuple(d for d in self.changed if d.is_retried)

    @property
    def standing_still(self) -> tuple[int, int]:
        """How many listed documents stay as they are: indexed ones, and ones in quarantine."""
        still = [t.standing for t in self.touched] + list(self.only_relabelled)
        listed = [s for s in still if s.container is None]
        refused = sum(s.state is DocumentState.QUARANTINED for s in listed)
        return self.unchanged + len(listed) - refused, self.remembered + refused

    @property
    def only_relabelled(self) -> tuple[Standing, ...]:
        """Listed documents of which nothing but the labels changes."""
        others = {d.document_id for d in self.to_prepare} | {r.document_id for r in self.refused}
        others |= {t.standing.document_id for t in self.touched}
        others |= {s.document_id for s in self.withheld}
        standings = (move.standing for move in self.relabelled)
        return tuple(s for s in standings if s.document_id not in others)

    @property
    def to_prepare(self) -> tuple[PlannedDocument, ...]:
        """Documents to read, in the order in which they will be committed."""
        return self.changed + self.added


@dataclass(slots=True)
class SourceComparison:
    """One source's listing held against the ledger, while the plan is being made."""

    source: Source
    listing: Listing
    known: dict[str, Standing]
    gone: dict[str, Standing]
    """Deleted documents by their last key: one that comes back keeps its id."""
    new: list[SourceEntry]
    suspects: list[tuple[SourceEntry, Standing]]
    inside: list[Standing] = field(default_factory=list)
    """Parts of the documents, deleted ones left out; no source lists them."""
    shadowed: list[SkippedEntry] = field(default_factory=list)
    """What is listed under the key of a part."""
    unchanged: int = 0
    remembered: int = 0


def settled_entry(entry: SourceEntry, listed_at_ns: int | None = None) -> SourceEntry:
    """Return the entry as the ledger should remember it: racy stats are not to be trusted.

    What counts is the moment of the listing. By the time a document is parsed its stat looks old
    enough, but the document may have changed right after it was read, within the same tick.
    """
    now_ns = time.time_ns() if listed_at_ns is None else listed_at_ns
    if entry.stat.modified_ns > now_ns - RACY_NS and not entry.stat.is_exact:
        return replace(entry, stat=replace(entry.stat, tag=f"racy:{entry.stat.tag}"))
    return entry


def key_along(key: str, before: str, now: str) -> str:
    """Return the key of a part whose container lay at `before` and lies at `now`.

    The part may have a key of longer ago: what was not opened when its container was renamed
    stayed as it was, in the place it had then.
    """
    inside = f"{before}{INSIDE}"
    rest = key.removeprefix(inside) if key.startswith(inside) else key.partition(INSIDE)[2]
    return f"{now}{INSIDE}{name_inside(now, rest)}"
