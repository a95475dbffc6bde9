"""The sources held against the ledger: every document is read and its bytes compared."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from config.errors import HoldfastError
from indexing.corpus import Corpus
from indexing.ledger.documents import DocumentState, Standing, free_ids, list_standings
from indexing.ledger.retries import UNSEEN
from indexing.planning.tombstones import Tombstones, read_tombstones
from indexing.upkeep.faults import Fault, FaultKind, Findings
from ingestion.document import Refusal, SourceEntry, sha256_of
from ingestion.sources.base import Source

MEGABYTE = 1_000_000
NOBODY = UUID(int=0)
"""Stands for an id that nothing was purged under."""


def verify_sources(corpus: Corpus, sources: Sequence[Source]) -> Findings:
    """List every source, read every document, and compare with the live generation."""
    findings = Findings()
    try:
        live = corpus.live()
    except HoldfastError:  # the alias is gone or wrong, which is a fault of its own
        return findings
    if live is None or not sources:
        return findings
    tombstones = read_tombstones(corpus.ledger, corpus.settings.home)
    for source in sources:
        try:
            verify_source(corpus, live.name, source, findings, tombstones)
        except HoldfastError as error:
            findings.add(Fault(FaultKind.NOT_LISTED, str(error), key=source.name))
    return findings


def verify_source(
    corpus: Corpus, generation: str, source: Source, findings: Findings, tombstones: Tombstones
) -> None:
    """Compare one source."""
    listing = source.list_entries()
    for problem in listing.problems:
        findings.add(Fault(FaultKind.NOT_LISTED, problem, key=source.name))
    standings = {
        s.key: s
        for s in list_standings(corpus.ledger, generation, source.name)
        if s.state is not DocumentState.DELETED and s.container is None
    }
    max_bytes = int(corpus.settings.ingestion.max_document_mb * MEGABYTE)
    ids = ids_of(corpus, source, listing.entries, standings, tombstones)
    for entry in listing.entries:
        standing = standings.pop(entry.key, None)
        if tombstones.of_document(standing.document_id if standing else ids[entry.key]):
            continue
        fault = compare(source, entry, standing, max_bytes, tombstones)
        if fault is not None:
            findings.add(fault)
    refused = {refusal.key for refusal in listing.refused}
    for key, standing in standings.items():
        if key not in refused and listing.complete:
            detail = "It is not in the source any more; the next ingest settles it."
            findings.add(Fault(FaultKind.VANISHED, detail, None, standing.document_id, key=key))


def ids_of(
    corpus: Corpus,
    source: Source,
    entries: Sequence[SourceEntry],
    standings: Mapping[str, Standing],
    tombstones: Tombstones,
) -> dict[str, UUID]:
    """Return the ids that the next ingest would give to what is unknown; purged ones stay out."""
    unknown = [entry.key for entry in entries if entry.key not in standings]
    if not tombstones.by_id:
        return dict.fromkeys(unknown, NOBODY)
    return free_ids(corpus.ledger, corpus.settings.tenant, source.name, unknown)


def compare(
    source: Source,
    entry: SourceEntry,
    standing: Standing | None,
    max_bytes: int,
    tombstones: Tombstones,
) -> Fault | None:
    """Compare one document with what the ledger has of it."""
    document = standing.document_id if standing else None
    if standing is None and not tombstones.by_content:
        return Fault(FaultKind.NOT_INDEXED, "The next ingest brings it in.", key=entry.key)
    data = source.read(entry, max_bytes)
    content = sha256_of(data) if isinstance(data, bytes) else None
    if content is not None and tombstones.of_content(content, document):
        return None  # it was purged, and the next ingest keeps it out
    if standing is None:
        return Fault(FaultKind.NOT_INDEXED, "The next ingest brings it in.", key=entry.key)
    if isinstance(data, Refusal):
        if standing.state is DocumentState.QUARANTINED:
            return None
        return Fault(FaultKind.NOT_LISTED, data.detail, None, document, key=entry.key)
    if standing.content_sha256 == content:
        return None
    detail = "Its bytes changed; the next ingest reads it."
    if standing.stat == UNSEEN:  # what was known of it was cleared, so that it is read again
        if standing.state is DocumentState.QUARANTINED:
            return None
        detail = "It is to be read again; the next ingest reads it."
    return Fault(FaultKind.STALE, detail, None, document, key=entry.key)
