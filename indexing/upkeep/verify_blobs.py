"""The blobs held against the ledger: what a version needs is there, and holds what it says."""

from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from sqlalchemy import select

from indexing.blobs import BlobKind
from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError
from indexing.ledger import tables
from indexing.ledger.generations import Generation
from indexing.planning.tombstones import NO_TOMBSTONES, Tombstones
from indexing.upkeep.faults import Fault, FaultKind, Findings
from ingestion.identity import parse_fingerprint

NEEDED = (BlobKind.RAW, BlobKind.TEXT)


def verify_blobs(
    corpus: Corpus,
    generations: Sequence[Generation],
    *,
    deep: bool,
    on_fault: Callable[[str, Fault], None],
    tombstones: Tombstones = NO_TOMBSTONES,
) -> Findings:
    """Check that every version that can be read has its bytes and its text among the blobs.

    Args:
        corpus: The home.
        generations: Whose versions, as the ledger had them before this was called.
        deep: Also read every blob and compare its hash.
        on_fault: Is told of every single fault with the name of its generation.
        tombstones: What was purged: no bytes of it may be there.
    """
    findings = Findings()
    shared = {content for _, content in tombstones.sharers}
    there: set[tuple[BlobKind, str, str]] = set()
    for name in corpus.blobs.names():
        there.add((name.kind, name.parser, name.content_sha256))
        tombstone = tombstones.of_content(name.content_sha256)
        if tombstone and name.content_sha256 not in shared:
            detail = f"{name.path} was purged: `holdfast purge {tombstone.document_id}` removes it."
            findings.add(Fault(FaultKind.PURGED, detail, None, tombstone.document_id))
    needed = NEEDED if corpus.settings.blobs.keep_raw else (BlobKind.TEXT,)
    looked_at: set[tuple[BlobKind, str, str, str]] = set()
    purged = {one.document_id for one in tombstones.by_id.values()}
    for generation in generations:
        parser = parse_fingerprint(generation.spec.get("ingestion", {}))
        for document, valid_from, key, content, text in versions(corpus, generation):
            if document in purged:
                continue  # what is gone of it must not be brought back
            for kind in needed:
                blob = (kind, parser if kind is BlobKind.TEXT else "", content)
                wanted = text if kind is BlobKind.TEXT else content
                if (*blob, wanted) in looked_at:
                    continue
                looked_at.add((*blob, wanted))
                problem = missing_or_damaged(corpus, blob, wanted, there, deep=deep)
                if problem is not None:
                    fault = Fault(*problem, None, document, valid_from, key)
                    findings.add(fault)
                    on_fault(generation.name, fault)
    return findings


def missing_or_damaged(
    corpus: Corpus,
    blob: tuple[BlobKind, str, str],
    wanted: str,
    there: set[tuple[BlobKind, str, str]],
    *,
    deep: bool,
) -> tuple[FaultKind, str] | None:
    """Say what is wrong with one blob, which must hold what hashes to `wanted`."""
    kind, parser, content = blob
    what = "bytes" if kind is BlobKind.RAW else "text"
    if blob not in there:
        return (
            FaultKind.BLOB_MISSING,
            f"Its {what} ({content[:12]}…) cannot be found among the blobs.",
        )
    if not deep:
        return None
    try:
        if kind is BlobKind.RAW:
            corpus.blobs.raw(content)
        else:
            names = corpus.blobs.texts(content, parser)
            texts = [corpus.blobs.text(content, name.suffix, parser) for name in names]
            # One per suffix; those of other documents with the same bytes may say something else.
            read = {text.text_sha256 for text in texts if text is not None}
            if read and wanted not in read:
                detail = f"Its text ({content[:12]}…) is not the one that was committed."
                return FaultKind.BLOB_DAMAGED, detail
    except StoreCorruptError as error:
        return FaultKind.BLOB_DAMAGED, str(error)
    return None


def versions(corpus: Corpus, generation: Generation) -> Iterator[tuple[UUID, int, str, str, str]]:
    """Yield document, `valid_from`, key, content and text of every version that can be read.

    Only up to the epoch of `generation`: blobs of a later one may have been kept after the list
    of blobs was made.
    """
    table = tables.version
    query = (
        select(
            table.c.document_id, table.c.valid_from, table.c.key, table.c.content_sha256,
            table.c.text_sha256,
        )
        .where(table.c.generation == generation.name, table.c.valid_to > generation.horizon)
        .where(table.c.valid_from <= generation.epoch)
    )  # fmt: skip
    with corpus.ledger.read() as connection:
        for row in connection.execution_options(yield_per=2000).execute(query):
            document = UUID(row.document_id)
            yield document, row.valid_from, row.key, row.content_sha256, row.text_sha256
