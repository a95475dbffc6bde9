"""Fixtures of the indexing tests: a real ledger, a real Edge store, a hashing encoder."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from config.settings import ChunkingSettings, SparseSettings
from indexing.committing.batches import EmbeddedBatch, ParsedBatch, ReadDocument
from indexing.committing.epochs import EpochWriter
from indexing.committing.staging import PointMaker
from indexing.corpus import Corpus
from indexing.encoding.sparse import Bm25Encoder
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.documents import Standing, list_standings
from indexing.ledger.generations import Generation, add_generation, find_generation
from indexing.ledger.leases import HeldLease
from indexing.planning.planned import PlannedMove
from indexing.points import CollectionSpec, Dense
from indexing.stores.base import VectorStore
from indexing.stores.edge import EdgeStore
from ingestion.document import (
    Chunk,
    PreparedDocument,
    SourceEntry,
    Stat,
    document_id,
    sha256_of,
)
from ingestion.parsing.pool import ParserPool
from tests.support.homes import Home, Rig
from tests.support.postgres import cluster, empty_database

DIMENSION = 16


def hashed_vector(text: str) -> Dense:
    """A unit vector that depends on the text alone."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=DIMENSION).astype(np.float32)
    return vector / np.linalg.norm(vector)


def prepared(paragraphs: Sequence[str]) -> PreparedDocument:
    """A document of one chunk per paragraph."""
    text = "\n\n".join(paragraphs)
    chunks = []
    start = 0
    for ordinal, paragraph in enumerate(paragraphs):
        end = start + len(paragraph)
        chunks.append(Chunk(ordinal, start, end, paragraph, tokens=3, embedding_text=paragraph))
        start = end + 2
    return PreparedDocument("text/plain", text, tuple(chunks))


class Workbench:
    """One generation with its writer, fed with hand-made batches."""

    def __init__(self, ledger: Ledger, store: VectorStore) -> None:
        self.ledger = ledger
        self.store = store
        self.generation: Generation = add_generation(ledger, "bench", "f" * 16, {})
        store.create(self.generation.name, CollectionSpec(DIMENSION, "f" * 16))
        self._bm25 = Bm25Encoder(SparseSettings())
        self._number = 0
        self._closed = False

    def close(self) -> None:
        """Close store and ledger; nothing happens the second time."""
        if not self._closed:
            self._closed = True
            self.store.close()
            self.ledger.close()

    @property
    def name(self) -> str:
        return self.generation.name

    def epoch(self) -> int:
        return self._now().epoch

    def aborted(self) -> tuple[int, ...]:
        return self._now().aborted

    def _now(self) -> Generation:
        found = find_generation(self.ledger, self.name)
        assert found is not None
        return found

    def standing(self, key: str) -> Standing | None:
        return next(
            (
                s
                for s in list_standings(self.ledger, self.name)
                if s.key == key and s.state != "deleted"
            ),
            None,
        )

    def read(self, key: str, paragraphs: Sequence[str]) -> ReadDocument:
        """A document as the parse step would hand it on."""
        everything = [s for s in list_standings(self.ledger, self.name) if s.key == key]
        # What moved to the key of a deleted document lies there, too.
        standing = self.standing(key) or next(iter(everything), None)
        entry = SourceEntry(key, Stat(len(paragraphs), 1_000))
        identity = standing.document_id if standing else self.fresh_id(key)
        number = standing.version + 1 if standing else 1
        doc = prepared(paragraphs)
        return ReadDocument(identity, "papers", entry, number, doc, sha256_of(doc.text), 0.0)

    def fresh_id(self, key: str) -> UUID:
        used = {s.document_id for s in list_standings(self.ledger, self.name)}
        taken = 0
        while (identity := document_id("default", "papers", key, taken)) in used:
            taken += 1
        return identity

    def move(self, old: str, new: str) -> PlannedMove:
        standing = self.standing(old)
        assert standing is not None
        return PlannedMove("papers", SourceEntry(new, standing.stat), standing)

    def batch(
        self,
        documents: dict[str, Sequence[str]] | None = None,
        deletions: Sequence[str] = (),
        moves: Sequence[tuple[str, str]] = (),
    ) -> EmbeddedBatch:
        """An embedded batch."""
        self._number += 1
        gone = [self.standing(key) for key in deletions]
        parsed = ParsedBatch(
            self._number,
            documents=tuple(self.read(k, p) for k, p in (documents or {}).items()),
            moves=tuple(self.move(a, b) for a, b in moves),
            deletions=tuple(s for s in gone if s is not None),
        )
        texts = {c.embedding_text for d in parsed.documents for c in d.prepared.chunks}
        return EmbeddedBatch(parsed, {sha256_of(t): hashed_vector(t) for t in texts})

    def writer(self, lease: HeldLease, store: VectorStore | None = None) -> EpochWriter:
        """A writer as a fresh run would have it."""
        using = store or self.store
        return EpochWriter(
            self.ledger,
            using,
            lease,
            tenant="default",
            make_points=PointMaker("default", self.name, self.ledger, using, self._bm25.documents),
            upsert_batch=3,
        )

    def carry(self, batch: EmbeddedBatch, store: VectorStore | None = None) -> None:
        """Take a batch through stage, verify and commit, as one run."""
        with HeldLease(self.ledger, self.name, f"run{self._number:04d}", 30.0) as lease:
            writer = self.writer(lease, store)
            writer.commit(writer.verify(writer.stage(batch)))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL cluster, started once; skips where it is not installed."""
    with cluster() as server:
        yield server


@pytest.fixture
def url(postgres: str) -> str:
    """URL of an empty PostgreSQL database."""
    return empty_database(postgres)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(None, tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def make_workbench(tmp_path: Path) -> Iterator[Callable[..., Workbench]]:
    """Make workbenches, each with a ledger of its own; by default SQLite and an Edge store."""
    opened: list[Workbench] = []

    def make(url: str | None = None, store: VectorStore | None = None) -> Workbench:
        for earlier in opened:  # an example is over when the next one begins
            earlier.close()
        home = tmp_path / f"bench{len(opened)}"
        opened.append(Workbench(open_ledger(url, home), store or EdgeStore(home / "index", 10.0)))
        return opened[-1]

    yield make
    for bench in opened:
        bench.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def workbench(
    request: pytest.FixtureRequest, make_workbench: Callable[..., Workbench]
) -> Workbench:
    """A workbench with a ledger of every kind."""
    url = request.getfixturevalue("url") if request.param == "postgres" else None
    return make_workbench(url)


@pytest.fixture
def make_home(tmp_path: Path, parsers: ParserPool) -> Iterator[Callable[..., Home]]:
    homes: list[Home] = []

    def make(name: str, ledger: str | None = None) -> Home:
        homes.append(Home(tmp_path / name, parsers, ledger))
        return homes[-1]

    yield make
    for home in homes:
        home.close()


@pytest.fixture
def home(make_home: Callable[..., Home]) -> Home:
    return make_home("main")


@pytest.fixture(scope="session")
def other_parsers() -> Iterator[dict[str, ParserPool]]:
    """Parser children for texts that are cut otherwise; the last ones stay for the next test."""
    pools: dict[str, ParserPool] = {}
    yield pools
    for pool in pools.values():
        pool.close()


@pytest.fixture
def make_rig(
    make_home: Callable[..., Home],
    monkeypatch: pytest.MonkeyPatch,
    parsers: ParserPool,
    other_parsers: dict[str, ParserPool],
) -> Iterator[Callable[..., Rig]]:
    """Make homes whose every view, under whatever settings, has the encoder of the first one."""
    made: list[Home] = []

    def pool_of(corpus: Corpus) -> ParserPool:
        """The shared children, or ones of their own where texts are cut otherwise."""
        if corpus.settings.chunking == ChunkingSettings():
            return parsers
        name = f"{corpus.chunk_spec} {corpus.settings.ingestion}"
        pool = other_parsers.pop(name, None)
        pool = pool or ParserPool(corpus.settings.ingestion, argument=corpus.chunk_spec)
        return other_parsers.setdefault(name, pool)

    def make(name: str, ledger: str | None = None) -> Rig:
        made.append(make_home(name, ledger))
        return Rig(made[-1])

    monkeypatch.setattr(Corpus, "encoder", property(lambda _: made[0].encoder))
    monkeypatch.setattr(Corpus, "parsers", property(pool_of))
    yield make
    for name in list(other_parsers)[:-1]:
        other_parsers.pop(name).close()


@pytest.fixture
def rig(make_rig: Callable[..., Rig]) -> Rig:
    return make_rig("main")
