"""Bringing bytes and texts back: from other blobs, and from the sources where those are given."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update

from config.errors import HoldfastError
from indexing.blobs import BlobKind
from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError
from indexing.ledger import tables
from indexing.ledger.generations import Generation
from indexing.ledger.retries import let_retry
from indexing.points import OPEN_END
from indexing.upkeep.mending import Repairs, VersionName
from ingestion.document import PreparedDocument, SourceEntry, sha256_of
from ingestion.identity import parse_fingerprint, suffix_of
from ingestion.parsing.pool import ParseJob
from ingestion.prepare import cut_again
from ingestion.sources.base import Source

logger = logging.getLogger(__name__)

MEGABYTE = 1_000_000


class Refill:
    """Finds what a version was made of."""

    def __init__(self, corpus: Corpus, sources: Sequence[Source], repairs: Repairs) -> None:
        """Look among the blobs of a home, then in `sources`."""
        self._corpus = corpus
        self._repairs = repairs
        self._sources = {source.name: source for source in sources}
        self._listed: dict[str, Mapping[str, SourceEntry]] = {}

    def candidates(self, generation: Generation, version: Row[Any]) -> Iterator[PreparedDocument]:
        """Yield the version's text, cut as the generation cuts; the likeliest reading first.

        The same bytes may have been read under several suffixes (a document that was renamed
        from `.txt` to `.md` keeps the chunks it had), so every text there is may be the one.
        """
        corpus = self._corpus.for_generation(generation)
        parser = parse_fingerprint(generation.spec.get("ingestion", {}))
        wanted = suffix_of(version.key)
        names = self._corpus.blobs.texts(version.content_sha256, parser)
        for name in sorted(names, key=lambda n: n.suffix != wanted):
            try:
                text = self._corpus.blobs.text(version.content_sha256, name.suffix, parser)
            except StoreCorruptError as error:
                logger.warning("%s", error)
                self._corpus.blobs.delete(name)
                continue
            if text is not None:
                yield cut_again(text, corpus.chunk_spec)
        if corpus.spec.parser == parser:
            parsed = self._parse(generation, version)
            if parsed is not None:
                yield parsed

    def blobs_of(self, generation: Generation, name: VersionName) -> None:
        """Write the bytes and the text of a version again where they are missing or damaged."""
        version = find_version(self._corpus, generation, name)
        if version is None:
            return
        content = version.content_sha256
        if self._corpus.settings.blobs.keep_raw and self._raw(version) is None:
            return
        parser = parse_fingerprint(generation.spec.get("ingestion", {}))
        if not self._sound_texts(content, parser, version.text_sha256):
            self._parse(generation, version)

    def _sound_texts(self, content: str, parser: str, wanted: str) -> bool:
        """Whether the text that was committed can be read; damaged ones are taken away."""
        sound = False
        for name in self._corpus.blobs.texts(content, parser):
            try:
                text = self._corpus.blobs.text(content, name.suffix, parser)
                sound = (text is not None and text.text_sha256 == wanted) or sound
            except StoreCorruptError:
                self._corpus.blobs.delete(name)
        return sound

    def _parse(self, generation: Generation, version: Row[Any]) -> PreparedDocument | None:
        """Parse the version's bytes again, and keep the text."""
        corpus = self._corpus.for_generation(generation)
        raw = self._raw(version)
        if raw is None or corpus.spec.parser != parse_fingerprint(generation.spec["ingestion"]):
            return None
        job = ParseJob(version.key, lambda: raw)
        (outcome,) = corpus.parsers.process_ahead([job], lookahead=1)
        self._repairs.documents_parsed += 1
        if not isinstance(outcome.result, PreparedDocument):
            return None
        suffix = suffix_of(version.key)
        corpus.blobs.put_text(version.content_sha256, suffix, corpus.spec.parser, outcome.result)
        self._repairs.blobs_written += 1
        return outcome.result

    def _raw(self, version: Row[Any]) -> bytes | None:
        """Return the version's bytes, from the blobs or else from its source."""
        content = version.content_sha256
        try:
            raw = self._corpus.blobs.raw(content)
        except StoreCorruptError as error:
            logger.warning("%s", error)
            raw = None
            for name in self._corpus.blobs.names():
                if name.kind is BlobKind.RAW and name.content_sha256 == content:
                    self._corpus.blobs.delete(name)
        if raw is not None:
            return raw
        fetched = self._fetch(version)
        if fetched is not None and sha256_of(fetched) == content:
            if self._corpus.settings.blobs.keep_raw:
                self._corpus.blobs.put_raw(content, fetched)
                self._repairs.blobs_written += 1
            return fetched
        return None

    def _fetch(self, version: Row[Any]) -> bytes | None:
        """Read the document from its source, if that was given and still has it."""
        document, versions = tables.document, tables.version
        with self._corpus.ledger.read() as connection:
            name = connection.execute(
                select(document.c.source).where(document.c.document_id == version.document_id)
            ).scalar()
            # Where it lay with the same content, the newest place first: it may have moved since.
            keys = (
                connection.execute(
                    select(versions.c.key)
                    .where(versions.c.document_id == version.document_id)
                    .where(versions.c.content_sha256 == version.content_sha256)
                    .order_by(versions.c.valid_to.desc())
                )
                .scalars()
                .all()
            )
        source = self._sources.get(str(name))
        if source is None:
            return None
        limit = int(self._corpus.settings.ingestion.max_document_mb * MEGABYTE)
        try:
            listed = self._entries(source)
            entry = next((listed[key] for key in keys if key in listed), None)
            data = source.read(entry, limit) if entry is not None else None
        except HoldfastError as error:
            logger.warning("%s cannot be read from its source: %s", version.key, error)
            return None
        return data if isinstance(data, bytes) else None

    def _entries(self, source: Source) -> Mapping[str, SourceEntry]:
        if source.name not in self._listed:
            listing = source.list_entries()
            self._listed[source.name] = {entry.key: entry for entry in listing.entries}
        return self._listed[source.name]


def find_version(corpus: Corpus, generation: Generation, name: VersionName) -> Row[Any] | None:
    """Return the row of a version."""
    table = tables.version
    with corpus.ledger.read() as connection:
        return connection.execute(
            select(table).where(
                table.c.generation == generation.name,
                table.c.document_id == str(name.document),
                table.c.valid_from == name.valid_from,
            )
        ).one_or_none()


def mark_for_reading(
    corpus: Corpus, generation: Generation, versions: Sequence[VersionName]
) -> None:
    """Let the next ingest read documents anew although nothing about them changed."""
    documents: set[UUID] = {version.document for version in versions}
    let_retry(corpus.ledger, generation.name, documents)
    with corpus.ledger.write() as connection:
        for document in documents:
            # Equal chunks would count as unchanged, and no point would be made.
            connection.execute(
                update(tables.version)
                .where(tables.version.c.generation == generation.name)
                .where(tables.version.c.document_id == str(document))
                .where(tables.version.c.valid_to == OPEN_END)
                .values(chunks_sha256="")
            )
