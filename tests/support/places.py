"""A home on the disk, and all there is to see in it: every row, every point, every blob."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.ledger.generations import list_generations
from indexing.points import PointFilter, visible
from indexing.stores.base import VectorStore
from indexing.upkeep.backup import BackupResult, backup
from indexing.upkeep.ledger_rows import KEPT, read_rows
from indexing.upkeep.restore import RestoreResult, restore
from ingestion.parsing.pool import ParserPool
from tests.support.homes import UNHURRIED, Home

LONG_AGO = 1_700_000_000


def points_of(store: VectorStore, collection: str) -> dict[UUID, Any]:
    """Every point of a collection, with its payload and its vectors."""
    return {
        p.id: (dict(p.payload), None if p.dense is None else p.dense.tolist(), p.sparse)
        for p in store.scroll(collection, PointFilter(), vectors=True)
    }


class Place:
    """A home on the disk, with the folder of its documents."""

    def __init__(self, root: Path, parsers: ParserPool, **options: Any):
        self.root = root
        self._parsers = parsers
        self.settings = Settings(home=root / "home", promotion=UNHURRIED, **options)

    @contextmanager
    def opened(self) -> Iterator[Corpus]:
        corpus = open_corpus(self.settings)
        try:
            yield corpus
        finally:
            corpus.close()

    @contextmanager
    def lived_in(self) -> Iterator[Any]:
        """The home as one that documents can be ingested into."""
        home = Home(self.root, self._parsers)
        try:
            yield home
        finally:
            home.close()

    def ingest(self, **documents: str | None) -> Any:
        """Write documents (none removes one; `_` stands for `/`) and ingest the folder."""
        with self.lived_in() as home:
            self.write(documents)
            return home.ingest()

    def write(self, documents: Mapping[str, str | None]) -> None:
        for name, text in documents.items():
            path = self.root / "docs" / f"{name}.md"
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_text(text, encoding="utf-8")
                os.utime(path, (LONG_AGO, LONG_AGO))

    def backup(self, name: str = "backup", **options: Any) -> BackupResult:
        with self.opened() as corpus:
            return backup(corpus, str(self.root / name), **options)

    def restore(self, source: Path | str, **options: Any) -> RestoreResult:
        return restore(self.settings, str(source), **options)

    def rows(self) -> dict[str, list[Any]]:
        """Every row of every table that a backup holds."""
        with self.opened() as corpus:
            return rows_of(corpus)

    def points(self) -> dict[str, dict[UUID, Any]]:
        """Every point of every collection."""
        with self.opened() as corpus:
            return {name: points_of(corpus.store, name) for name in corpus.store.collections()}

    def readings(self) -> dict[str, Any]:
        """What readers see, in every epoch of every generation, and which one is live."""
        with self.opened() as corpus:
            return readings_of(corpus)

    def blobs(self) -> dict[str, bytes]:
        """Every blob as it lies there."""
        root = self.settings.home / "blobs"
        found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.zst")}
        assert found
        return found

    def everything(self) -> tuple[Any, ...]:
        """All there is to know of a home; it is opened once."""
        with self.opened() as corpus:
            points = {name: points_of(corpus.store, name) for name in corpus.store.collections()}
            return rows_of(corpus), points, self.blobs(), readings_of(corpus)


def rows_of(corpus: Corpus) -> dict[str, list[Any]]:
    """Every row of every table that a backup holds."""
    with corpus.ledger.read() as connection:
        return {t.name: list(read_rows(connection, t)) for t in KEPT}


def readings_of(corpus: Corpus) -> dict[str, Any]:
    """What readers see, in every epoch of every generation, and which one is live."""
    live = corpus.live()
    seen: dict[str, Any] = {"live": live.name if live else None}
    for generation in list_generations(corpus.ledger):
        for epoch in range(generation.epoch + 1):
            where = visible(epoch, corpus.settings.tenant, aborted=generation.aborted)
            seen[f"{generation.name}@{epoch}"] = sorted(
                (p.payload["key"], p.payload["start"], p.payload["end"], p.payload["text"])
                for p in corpus.store.scroll(generation.name, where)
            )
    return seen
