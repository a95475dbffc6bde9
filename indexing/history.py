"""The history of one document: its versions, when each was seen, and what changed between them."""

import datetime as dt
import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select

from config.errors import ConfigError
from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError
from indexing.ledger import tables
from indexing.ledger.database import in_utc
from indexing.ledger.documents import Standing, standing_from
from indexing.ledger.generations import Generation
from indexing.points import OPEN_END
from ingestion.document import PreparedDocument, sha256_of
from ingestion.identity import parse_fingerprint

CONTEXT_LINES = 2


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """One content state of a document, or one place it lay at."""

    number: int
    key: str
    valid_from: int
    valid_to: int
    """Open for the version that readers see."""
    committed_at: dt.datetime | None
    content_sha256: str
    text_sha256: str
    chunks: int
    tokens: int
    media_type: str
    title: str | None
    flags: tuple[str, ...]
    trust: str | None = None
    """None in versions whose points carry neither labels nor origin."""
    acl: tuple[str, ...] = ()
    origin: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "version": self.number,
            "key": self.key,
            "valid_from": self.valid_from,
            "valid_to": None if self.valid_to == OPEN_END else self.valid_to,
            "committed_at": self.committed_at.isoformat() if self.committed_at else None,
            "content_sha256": self.content_sha256,
            "chunks": self.chunks,
            "tokens": self.tokens,
            "media_type": self.media_type,
            "title": self.title,
            "flags": list(self.flags),
            "trust": self.trust,
            "acl": list(self.acl),
            "origin": dict(self.origin),
        }


def find_standing(
    corpus: Corpus, generation: Generation, wanted: str, source: str | None = None
) -> Standing:
    """Find a document by its id or its key.

    Args:
        corpus: The home.
        generation: Where to look.
        wanted: Document id, or key in a source.
        source: Name of the source, where several have that key.

    Raises:
        ConfigError: There is no such document, or there are several.
    """
    table = tables.standing
    query = select(table).where(
        table.c.generation == generation.name,
        or_(table.c.document_id == wanted, table.c.key == wanted),
    )
    if source is not None:
        query = query.where(table.c.source == source)
    with corpus.ledger.read() as connection:
        found = [standing_from(row) for row in connection.execute(query)]
    living = [s for s in found if s.state != "deleted"] or found
    if not living:
        where = f" in source {source}" if source else ""
        raise ConfigError(
            f"There is no document {wanted}{where} in {generation.name}; `holdfast docs list "
            "--deleted` shows all of them."
        )
    if len(living) > 1:
        named = ", ".join(f"{s.source} ({s.document_id})" for s in living)
        raise ConfigError(
            f"Several documents are called {wanted}: {named}. Name one by its id or --source."
        )
    return living[0]


def list_versions(corpus: Corpus, generation: Generation, document: UUID) -> list[VersionRecord]:
    """Return the versions of a document that history still has, oldest first."""
    version, epoch = tables.version, tables.epoch
    query = (
        select(version, epoch.c.committed_at)
        .outerjoin(
            epoch,
            (epoch.c.generation == version.c.generation) & (epoch.c.number == version.c.valid_from),
        )
        .where(version.c.generation == generation.name)
        .where(version.c.document_id == str(document))
        .order_by(version.c.valid_from)
    )
    with corpus.ledger.read() as connection:
        return [record_from(row) for row in connection.execute(query)]


def record_from(row: Row[Any]) -> VersionRecord:
    """Build the value from its row."""
    return VersionRecord(
        number=row.number,
        key=row.key,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        committed_at=in_utc(row.committed_at) if row.committed_at is not None else None,
        content_sha256=row.content_sha256,
        text_sha256=row.text_sha256,
        chunks=row.chunk_count,
        tokens=row.token_count,
        media_type=row.media_type,
        title=row.title,
        flags=tuple(row.flags),
        trust=row.trust,
        acl=tuple(row.acl or ()),
        origin=row.origin or {},
    )


def read_again(
    corpus: Corpus, generation: Generation, version: VersionRecord
) -> PreparedDocument | None:
    """Return what was read from a version, without chunks, if the blobs still have it."""
    parser = parse_fingerprint(generation.spec.get("ingestion", {}))
    for name in corpus.blobs.texts(version.content_sha256, parser):
        try:
            read = corpus.blobs.text(version.content_sha256, name.suffix, parser)
        except StoreCorruptError:
            continue
        if read is not None and sha256_of(read.text) == version.text_sha256:
            return read
    return None


def text_of(
    corpus: Corpus, generation: Generation, document: UUID, version: VersionRecord
) -> str | None:
    """Return the cleaned text of a version: from the blobs, or put together from its chunks.

    None where neither is there any more.
    """
    if (read := read_again(corpus, generation, version)) is not None:
        return read.text
    chunk = tables.chunk
    query = select(chunk.c.point_id).where(
        chunk.c.generation == generation.name,
        chunk.c.document_id == str(document),
        chunk.c.valid_from == version.valid_from,
    )
    with corpus.ledger.read() as connection:
        ids = [UUID(point) for point in connection.execute(query).scalars()]
    points = corpus.store.fetch(generation.name, ids) if ids else []
    texts = sorted((int(p.payload["ordinal"]), str(p.payload["text"])) for p in points)
    return "\n\n".join(text for _, text in texts) if texts else None


def differences(
    corpus: Corpus, generation: Generation, document: UUID, versions: Sequence[VersionRecord]
) -> Iterator[tuple[VersionRecord, VersionRecord, list[str]]]:
    """Yield each version with the one before it and the lines of a unified diff between them."""
    texts = [text_of(corpus, generation, document, version) for version in versions]
    for place in range(1, len(versions)):
        old, new = versions[place - 1], versions[place]
        before, after = texts[place - 1], texts[place]
        if before is None or after is None:
            yield old, new, ["(the text of one of the two versions is not kept any more)"]
            continue
        lines = difflib.unified_diff(
            before.splitlines(),
            after.splitlines(),
            f"{old.key} version {old.number}",
            f"{new.key} version {new.number}",
            lineterm="",
            n=CONTEXT_LINES,
        )
        yield old, new, list(lines)
