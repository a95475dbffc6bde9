"""The sources held against the ledger: every document is read and its bytes compared."""

from collections.abc import Sequence

from config.errors import HoldfastError
from indexing.corpus import Corpus
from indexing.ledger.documents import DocumentState, Standing, list_standings
from indexing.upkeep.faults import Fault, FaultKind, Findings
from ingestion.document import Refusal, SourceEntry, sha256_of
from ingestion.sources.base import Source

MEGABYTE = 1_000_000


def verify_sources(corpus: Corpus, sources: Sequence[Source]) -> Findings:
    """List every source, read every document, and compare with the live generation."""
    findings = Findings()
    live = corpus.live()
    if live is None:
        return findings
    for source in sources:
        try:
            verify_source(corpus, live.name, source, findings)
        except HoldfastError as error:
            findings.add(Fault(FaultKind.NOT_LISTED, str(error), key=source.name))
    return findings


def verify_source(corpus: Corpus, generation: str, source: Source, findings: Findings) -> None:
    """Compare one source."""
    listing = source.list_entries()
    for problem in listing.problems:
        findings.add(Fault(FaultKind.NOT_LISTED, problem, key=source.name))
    standings = {
        s.key: s
        for s in list_standings(corpus.ledger, generation, source.name)
        if s.state is not DocumentState.DELETED
    }
    max_bytes = int(corpus.settings.ingestion.max_document_mb * MEGABYTE)
    for entry in listing.entries:
        fault = compare(source, entry, standings.pop(entry.key, None), max_bytes)
        if fault is not None:
            findings.add(fault)
    refused = {refusal.key for refusal in listing.refused}
    for key, standing in standings.items():
        if key not in refused and listing.complete:
            detail = "It is not in the source any more; the next ingest settles it."
            findings.add(Fault(FaultKind.VANISHED, detail, None, standing.document_id, key=key))


def compare(
    source: Source, entry: SourceEntry, standing: Standing | None, max_bytes: int
) -> Fault | None:
    """Compare one document with what the ledger has of it."""
    if standing is None:
        return Fault(FaultKind.NOT_INDEXED, "The next ingest brings it in.", key=entry.key)
    document = standing.document_id
    data = source.read(entry, max_bytes)
    if isinstance(data, Refusal):
        if standing.state is DocumentState.QUARANTINED:
            return None
        return Fault(FaultKind.NOT_LISTED, data.detail, None, document, key=entry.key)
    if standing.content_sha256 == sha256_of(data):
        return None
    return Fault(
        FaultKind.STALE, "Its bytes changed; the next ingest reads it.", None, document,
        key=entry.key,
    )  # fmt: skip
