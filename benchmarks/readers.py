"""Readers beside a writer: does any read ever see two versions of a document, or half of one?

`python -m benchmarks.readers [--reads 1000] [--updates 30]`. One document of about 520 chunks,
each of which says "v=<n> part <k>/<K>", is updated over and over by real ingests in a process of
its own, while this process reads it: all live chunks by scroll, and a hybrid search, in turn,
each at the epoch it pins from the ledger. Both share one embedded index by turns. The vectors
are hashes, so that updates are fast; everything else is what a deployment runs.
"""

import argparse
import hashlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.ledger.documents import open_versions
from indexing.ledger.generations import is_batch_in_flight
from indexing.points import Dense, HybridQuery, visible
from indexing.running.ingest import run_ingest
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource

ROOT = Path(__file__).resolve().parent.parent
PARTS = 520
MARK = re.compile(r"v=(\d+) part (\d+)/(\d+)")
FILLER = "the quick brown fox jumps over the lazy dog and comes back again by night " * 8
COLUMNS = (
    "read", "reads", "beside a staged batch", "versions seen", "mixed", "partial", "none",
    "doubled", "ms p50", "p95", "max",
)  # fmt: skip
DEADLINE_SECONDS = 1800.0


def hashed(text: str) -> Dense:
    """Return a unit vector, shape (384,), that depends on the text alone."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=384).astype(np.float32)
    unit: Dense = vector / np.linalg.norm(vector)
    return unit


class HashingEncoder:
    """Stands in for the model."""

    dimension = 384
    window = 256

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Return shape (texts, 384)."""
        return np.stack([hashed(text) for text in texts])

    def encode_query(self, text: str) -> Dense:
        """Return shape (384,)."""
        return hashed(text)


def write_version(folder: Path, number: int) -> None:
    """Write the document anew; its paragraphs are long enough to be chunks of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = (f"v={number} part {part}/{PARTS} {FILLER}" for part in range(1, PARTS + 1))
    (folder / "document.txt").write_text("\n\n".join(parts), encoding="utf-8")


def write_on(home: Path, folder: Path) -> None:
    """Update the document until standard input ends; says each version once it is committed."""
    corpus = open_corpus(Settings(home=home))
    corpus.__dict__["encoder"] = HashingEncoder()
    source = LocalFolderSource("docs", folder)
    try:
        for number in range(1, sys.maxsize):
            write_version(folder, number)
            with IngestSession(corpus, [source], generation=corpus.writable()) as session:
                run_ingest(session)
            print(number, flush=True)
            if not sys.stdin.readline():
                return
    finally:
        corpus.close()


@dataclass
class Seen:
    """What the reads of one kind saw."""

    reads: int = 0
    beside: int = 0
    """Reads that began or ended while a batch was staged and not yet committed."""
    versions: set[int] = field(default_factory=set)
    faults: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def judge(self, texts: Iterable[str], seconds: float) -> None:
        """Judge one read by the marks in what it returned."""
        marks = [m for text in texts for m in MARK.findall(text)]
        versions = {int(version) for version, _, _ in marks}
        parts = Counter(int(part) for _, part, _ in marks)
        self.reads += 1
        self.seconds.append(seconds)
        self.versions |= versions
        if not marks:
            self.faults["none"] += 1
        elif len(versions) > 1:
            self.faults["mixed"] += 1
        elif set(parts) != set(range(1, PARTS + 1)):
            self.faults["partial"] += 1
        elif max(parts.values()) > 1:
            self.faults["doubled"] += 1

    def row(self, name: str) -> str:
        """Lay out one line of the table."""
        kinds = " | ".join(str(self.faults[k]) for k in ("mixed", "partial", "none", "doubled"))
        cuts = statistics.quantiles(self.seconds, n=20)
        times = f"{statistics.median(self.seconds) * 1e3:.0f} | {cuts[-1] * 1e3:.0f}"
        longest = f"{max(self.seconds) * 1e3:.0f}"
        counts = f"{self.reads} | {self.beside} | {len(self.versions)}"
        return f"| {name} | {counts} | {kinds} | {times} | {longest} |"


def scroll(corpus: Corpus) -> list[str]:
    """Read all live chunks."""
    live = corpus.live()
    assert live is not None
    points = corpus.store.scroll(live.name, visible(live.epoch, corpus.settings.tenant))
    return [str(point.payload["text"]) for point in points]


def search(corpus: Corpus) -> list[str]:
    """Search with a limit that holds the whole document."""
    live = corpus.live()
    assert live is not None
    document = corpus.store.scroll(live.name, visible(live.epoch, corpus.settings.tenant))
    identity = str(next(iter(document)).payload["document_id"])
    where = visible(live.epoch, corpus.settings.tenant, document_ids=frozenset({identity}))
    sparse = corpus.bm25.query("part")
    query = HybridQuery(where, hashed("part"), sparse, limit=2 * PARTS, prefetch=2 * PARTS)
    return [str(hit.payload["text"]) for hit in corpus.store.search(live.name, query).fused]


def in_flight(corpus: Corpus) -> bool:
    """Whether the writer is between staging and committing a batch."""
    live = corpus.live()
    return live is not None and is_batch_in_flight(corpus.ledger, live.name)


def read_on(
    corpus: Corpus, writer: "subprocess.Popen[str]", reads: int, updates: int
) -> list[Seen]:
    """Read in turn by scroll and by search until both numbers are reached."""
    seen = [Seen(), Seen()]
    deadline = time.monotonic() + DEADLINE_SECONDS
    while sum(s.reads for s in seen) < reads or len(seen[0].versions) < updates + 1:
        if writer.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"The writer ended early with status {writer.poll()}.")
        for one, read in zip(seen, (scroll, search), strict=True):
            before = in_flight(corpus)
            started = time.perf_counter()
            texts = read(corpus)
            one.judge(texts, time.perf_counter() - started)
            one.beside += before or in_flight(corpus)
    return seen


def measure(work: Path, reads: int, updates: int) -> bool:
    """Run writer and reader beside each other; returns whether every read was whole."""
    home, folder = work / "home", work / "docs"
    command = [sys.executable, "-m", "benchmarks.readers", "--write", str(home), str(folder)]
    writer = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert writer.stdin is not None
    assert writer.stdout is not None
    if writer.stdout.readline() != "1\n":
        sys.exit("The writer did not start.")
    # It is told beforehand to go on for ever; closing its input, at the end, stops it.
    corpus = open_corpus(Settings(home=home))
    try:
        live = corpus.live()
        assert live is not None
        chunks = sum(v.chunk_count for v in open_versions(corpus.ledger, live.name).values())
        writer.stdin.write("\n" * 50_000)
        writer.stdin.flush()
        seen = read_on(corpus, writer, reads, updates)
    finally:
        corpus.close()
        writer.kill()
        writer.communicate()
    print(f"one document of {chunks} chunks\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'-|' * len(COLUMNS)}")
    for one, name in zip(seen, ("scroll", "search"), strict=True):
        print(one.row(name))
    return not any(one.faults.total() for one in seen)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--reads", type=int, default=1000)
    parser.add_argument("--updates", type=int, default=30)
    parser.add_argument("--write", type=Path, nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.write:
        write_on(*chosen.write)
        return
    work = Path(tempfile.mkdtemp(prefix="holdfast-readers-"))
    try:
        sys.exit(0 if measure(work, chosen.reads, chosen.updates) else 1)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
