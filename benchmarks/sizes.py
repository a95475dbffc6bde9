"""What points, chunks and documents take up, and the share of a run that no worker takes over.

`python -m benchmarks.sizes [--documents 60]` ingests the text of real documents with made-up
vectors and without a parser, so that neither model nor children are loaded: what is left is the
run's own work, and cutting the text, whose time is taken off. Processor time hardly depends on what
else the machine does. A first ingest of a few documents loads the libraries.
"""

import argparse
import hashlib
import json
import statistics
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.corpora import write_documents
from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.points import visible
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.chunking import ChunkSpec
from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.pool import ParseJob, ParseOutcome
from ingestion.prepare import prepare_parsed
from ingestion.sources.local import LocalFolderSource

DIMENSION = 384


class MadeUpEncoder:
    """Gives every text some vector of length one, at next to no cost."""

    dimension = DIMENSION
    window = 256

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Make up a vector for each text."""
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> Any:
        """Make up the vector of a text."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big")
        made = np.random.default_rng(seed).standard_normal(DIMENSION, dtype=np.float32)
        return made / np.linalg.norm(made)


class NoParsers:
    """Takes the bytes of a document for its text, and cuts it as a parser child would."""

    def __init__(self, spec: ChunkSpec) -> None:
        self.spec = spec
        self.seconds = 0.0

    def process_ahead(self, jobs: Iterable[ParseJob], lookahead: int) -> Iterator[ParseOutcome]:
        """Cut one document after the other."""
        for job in jobs:
            raw = job.read()
            assert isinstance(raw, bytes), "a document of the benchmark cannot be read"
            began = processor_seconds()
            parsed = ParsedDocument("text/markdown", tuple(paragraphs(raw.decode())))
            cut = prepare_parsed(parsed, job.key, self.spec)
            self.seconds += processor_seconds() - began
            yield ParseOutcome(job.key, cut, raw, 0.0)

    def close(self) -> None:
        """Nothing is open."""


def paragraphs(text: str) -> Iterator[Element]:
    """Read Markdown well enough for its size: headings, and paragraphs between blank lines."""
    for part in text.split("\n\n"):
        level = len(part) - len(part.lstrip("#"))
        kind = ElementKind.HEADING if level else ElementKind.TEXT
        yield Element(kind, part.lstrip("# "), level=level)


def processor_seconds() -> float:
    """Of this process alone, without the parser children."""
    times = psutil.Process().cpu_times()
    return times.user + times.system


def allocated(folder: Path) -> int:
    """Bytes that the files of a folder take up on the disk."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_blocks * 512 for path in files)


def sizes(corpus: Corpus) -> dict[str, float]:
    """Say what the points, the ledger and the blobs of a home take up."""
    from sqlalchemy import text

    live, home = corpus.live(), corpus.settings.home
    assert live is not None
    where = visible(live.epoch, "default")
    points = list(corpus.store.scroll(live.name, where, vectors=True))
    with corpus.ledger.read() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        free = connection.execute(text("PRAGMA freelist_count")).scalar_one()
        size = connection.execute(text("PRAGMA page_size")).scalar_one()
    documents = len({point.payload["document_id"] for point in points})
    payload = [len(json.dumps(dict(p.payload), ensure_ascii=False).encode()) for p in points]
    terms = corpus.bm25.documents([point.payload["text"] for point in points])
    return {
        "documents": documents,
        "chunks": len(points),
        "terms per point": statistics.mean(len(one.indices) for one in terms),
        "payload as JSON, bytes per point": statistics.mean(payload),
        "ledger (SQLite), bytes per chunk": (pages - free) * size / len(points),
        "blobs (zstd), bytes per document": allocated(home / "blobs") / documents,
        "blobs (zstd), bytes per chunk": allocated(home / "blobs") / len(points),
    }


def ingest(corpus: Corpus, folder: Path) -> int:
    """Bring a folder in; returns how many chunks were new."""
    source = LocalFolderSource("docs", folder)
    with IngestSession(corpus, [source], generation=corpus.writable()) as session:
        return run_ingest(session).chunks_embedded


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="holdfast-sizes-") as work:
        docs = Path(work) / "docs"
        corpus = open_corpus(Settings(home=Path(work) / "home"))
        parsers = NoParsers(corpus.chunk_spec)
        corpus.__dict__ |= {"encoder": MadeUpEncoder(), "parsers": parsers}
        write_documents(docs, 5)
        ingest(corpus, docs)
        write_documents(docs, chosen.documents)
        began = processor_seconds() - parsers.seconds
        embedded = ingest(corpus, docs)
        own = (processor_seconds() - parsers.seconds - began) / embedded * 1000
        print("| | |\n|-|-|")
        for name, value in sizes(corpus).items():
            print(f"| {name} | {value:,.0f} |")
        print(f"| the run itself, processor ms per chunk | {own:.2f} |")
        corpus.close()


if __name__ == "__main__":
    main()
