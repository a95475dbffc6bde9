"""Homes for tests: real parsers, ledger and store, a hashing encoder, and what one asks of them."""

import json
from pathlib import Path
from typing import Any

import zstandard
from pydantic import SecretStr

from config.settings import IngestionSettings, LedgerSettings, PromotionSettings, Settings
from indexing.corpus import Corpus, open_corpus
from indexing.generations.reindex import Rebuilt, promote, reindex
from indexing.ledger.generations import find_generation, list_generations
from indexing.points import PointFilter, visible
from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport
from indexing.running.session import IngestSession
from ingestion.document import sha256_of
from ingestion.parsing.pool import ParserPool
from ingestion.sources.local import LocalFolderSource
from tests.support.hashing import HashingEncoder

UNHURRIED = PromotionSettings(latency_floor_ms=60_000.0)
"""No test may depend on how fast the machine is."""


class Home:
    """A Holdfast home with a folder of documents, the real parsers and a hashing encoder."""

    def __init__(self, root: Path, parsers: ParserPool, ledger: str | None = None) -> None:
        self.folder = root / "docs"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(
            home=root / "home",
            ingestion=IngestionSettings(parser_processes=1),
            ledger=LedgerSettings(url=SecretStr(ledger) if ledger else None),
            promotion=UNHURRIED,
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


class Rig:
    """One home, and what can be done with its generations."""

    def __init__(self, home: Any) -> None:
        self.home = home
        self.corpus: Corpus = home.corpus

    def __getattr__(self, name: str) -> Any:
        return getattr(self.home, name)

    def reindex(self, **options: Any) -> Rebuilt:
        return reindex(self.corpus, **options)

    def promote(self, name: str | None = None) -> Rebuilt:
        return promote(self.corpus, name)

    def seen(self, name: str, epoch: int | None = None) -> dict[str, list[str]]:
        """The texts a reader of this generation sees, by key and in order."""
        generation = find_generation(self.corpus.ledger, name)
        assert generation is not None
        at = generation.epoch if epoch is None else epoch
        where = visible(at, "default", aborted=generation.aborted)
        found: dict[str, list[tuple[int, str]]] = {}
        for point in self.corpus.store.scroll(name, where):
            payload = point.payload
            found.setdefault(payload["key"], []).append((payload["ordinal"], payload["text"]))
        return {key: [text for _, text in sorted(parts)] for key, parts in found.items()}

    def count(self, name: str) -> int:
        return self.corpus.store.count(name, PointFilter())

    @property
    def live(self) -> str:
        live = self.corpus.live()
        assert live is not None
        return live.name

    @property
    def states(self) -> dict[str, str]:
        """The state of every generation."""
        return {g.name: g.state.value for g in list_generations(self.corpus.ledger)}


def stage_and_die(rig: Any, key: str, text: str) -> list[Any]:
    """Stage a new version of a document and never commit it; returns the staged points."""
    rig.write(key, text)
    source = LocalFolderSource("docs", rig.folder)
    with IngestSession(rig.corpus, [source], generation=rig.corpus.writable()) as session:
        plan = session.plan()
        while (parsed := session.parse(plan)) is not None and not parsed.documents:
            session.commit(session.verify(session.stage(session.embed(parsed))))
        assert parsed is not None
        staged = session.stage(session.embed(parsed))
    return [point for document in staged.documents for point in document.points]


def keep_as_the_first_versions(home: Path, raw: bytes) -> Path:
    """Write what the first versions kept of a document beside its bytes; returns the file."""
    content = sha256_of(raw)
    path = home / "blobs" / "prepared" / ("0" * 16) / content[:2] / f"{content}.zst"
    path.parent.mkdir(parents=True, exist_ok=True)
    text = {"text": raw.decode(), "chunks": [{"ordinal": 0, "text": raw.decode()}]}
    path.write_bytes(zstandard.compress(json.dumps(text).encode()))
    return path
