"""The blobs of a backup: each content that the ledger names, once, copied just as it is kept."""

import heapq
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from operator import itemgetter
from typing import Any, TypeAlias

from indexing.blobs import raw_path, text_path
from indexing.corpus import Corpus
from indexing.errors import StoreCorruptError
from indexing.ledger.generations import Generation
from indexing.upkeep.archive import INVENTORY, blob_path, table_path
from indexing.upkeep.archive_records import RecordWriter
from indexing.upkeep.archive_writer import ArchiveWriter
from indexing.upkeep.manifest import BlobTotals
from indexing.upkeep.progress import Progress
from indexing.upkeep.shortfall import Shortfall
from ingestion.identity import parse_fingerprint, suffix_of

Row: TypeAlias = Mapping[str, Any]
"""A row of `version` or of `standing`."""

CONTENT = "content_sha256"


def write_blobs(
    corpus: Corpus,
    archive: ArchiveWriter,
    generations: Sequence[Generation],
    shortfall: Shortfall,
    on_progress: Progress,
) -> BlobTotals:
    """Copy the raw bytes and the texts of every version and standing, and list them.

    As for `holdfast verify`, a version that can be read needs its text by the parser of its
    generation and, if the settings keep them, its raw bytes. What is missing of that, and every
    damaged blob, is counted as lacking.

    Raises:
        BackupError: The backup cannot be written.
        StoreUnavailableError: The blobs cannot be read.
    """
    kept = {g.name: g for g in generations}
    with archive.records(INVENTORY) as inventory:
        copier = BlobCopier(corpus, archive, inventory, shortfall)
        for content, rows in groupby(contents(archive, kept), itemgetter(CONTENT)):
            copier.copy_content(content, named(rows, kept))
            on_progress("blobs", copier.totals.count, None)
    return copier.totals


def contents(archive: ArchiveWriter, kept: Container[str]) -> Iterator[Row]:
    """Yield the versions and standings of these generations, those of equal content together."""
    tables = (archive.lines(table_path(name)) for name in ("version", "standing"))
    merged = heapq.merge(*tables, key=lambda row: row[CONTENT] or "")
    return (row for row in merged if row[CONTENT] and row["generation"] in kept)


@dataclass(frozen=True, slots=True)
class Named:
    """How the ledger names one content."""

    texts: Mapping[str, frozenset[str]]
    """By fingerprint of the parser, the suffixes it may have been read under."""
    needed: frozenset[str]
    """The parsers of versions that can be read; none if there is no such version."""


def named(rows: Iterable[Row], kept: Mapping[str, Generation]) -> Named:
    """Gather how these rows name their content."""
    texts: dict[str, set[str]] = {}
    needed: set[str] = set()
    for row in rows:
        generation = kept[row["generation"]]
        parser = parse_fingerprint(generation.spec.get("ingestion", {}))
        texts.setdefault(parser, set()).add(suffix_of(row["key"]))
        # A standing has no `valid_to`; versions below the horizon are about to be collected.
        if row.get("valid_to", 0) > generation.horizon:
            needed.add(parser)
    return Named({parser: frozenset(found) for parser, found in texts.items()}, frozenset(needed))


class Fate(StrEnum):
    """What became of a blob."""

    COPIED = "copied"
    MISSING = "missing"
    DAMAGED = "damaged"


class BlobCopier:
    """Copies blobs into a backup and adds them up."""

    def __init__(
        self, corpus: Corpus, archive: ArchiveWriter, inventory: RecordWriter, shortfall: Shortfall
    ) -> None:
        """Copy from a home into a backup.

        Args:
            corpus: The home.
            archive: Gets the blobs.
            inventory: Gets a line for each.
            shortfall: Is told what is missing or damaged.
        """
        self._blobs = corpus.blobs
        self._keep_raw = corpus.settings.blobs.keep_raw
        self._archive = archive
        self._inventory = inventory
        self._shortfall = shortfall
        self.totals = BlobTotals()

    def copy_content(self, content: str, how: Named) -> None:
        """Copy the raw bytes and the texts of one content."""
        for parser in sorted(how.texts):
            paths = [text_path(content, suffix, parser) for suffix in sorted(how.texts[parser])]
            fates = {self._copy(path) for path in paths}
            if fates == {Fate.MISSING}:
                # A document that moved may have been read under a suffix it no longer has.
                fates = {self._copy(name.path) for name in self._blobs.texts(content, parser)}
                if not fates and parser in how.needed:
                    self._shortfall.blob(f"blob {paths[0]}: it is missing")
        raw = raw_path(content)
        if self._copy(raw) is Fate.MISSING and how.needed and self._keep_raw:
            self._shortfall.blob(f"blob {raw}: it is missing")

    def _copy(self, path: str) -> Fate:
        """Copy one blob, if it is there and sound, and list it."""
        try:
            packed = self._blobs.packed(path)
        except StoreCorruptError as error:
            self._shortfall.blob(str(error))
            return Fate.DAMAGED
        if packed is None:
            return Fate.MISSING
        entry = self._archive.put(blob_path(path), packed)
        self._inventory.line({"path": path, "size": entry.size, "sha256": entry.sha256})
        self.totals = BlobTotals(self.totals.count + 1, self.totals.bytes + entry.size)
        return Fate.COPIED
