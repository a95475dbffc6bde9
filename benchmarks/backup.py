"""A backup and its restore: seconds, megabytes and peak memory, for a home of made-up points.

`python -m benchmarks.backup --points 20000` makes a home without any encoder: vectors are random,
texts are pieces of the handbook, and every document has its raw bytes and its text as blobs.
With `--heap` it shows instead what Python itself allocates for a small and for a larger home; the
memory of the process is mostly the engine's, which maps its files.
"""

import argparse
import shutil
import tempfile
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from benchmarks.command import Finished, holdfast
from benchmarks.corpora import ROOT
from config.settings import Settings
from indexing.corpus import Corpus, open_corpus
from indexing.ledger.commits import ChunkRow, Commit, NewVersion, Settled, commit
from indexing.ledger.documents import DocumentState
from indexing.ledger.generations import allocate_epoch
from indexing.ledger.leases import HeldLease
from indexing.points import OPEN_END, Point, payload_sha256, point_id
from indexing.upkeep.backup import backup
from indexing.upkeep.restore import restore
from ingestion.document import PreparedDocument, Stat, document_id, sha256_of

CHUNKS = 10
"""Chunks per document."""
BATCH = 100
"""Documents per epoch."""


def texts() -> list[str]:
    """Paragraphs of the example handbook."""
    files = sorted((ROOT / "examples" / "handbook").rglob("*.md"))
    parts = [part for file in files for part in file.read_text(encoding="utf-8").split("\n\n")]
    return [part for part in parts if len(part) > 200]


def documents(corpus: Corpus, generation: str, epoch: int, first: int) -> Iterator[tuple]:
    """Yield documents as a commit takes them, with their points; blobs are written."""
    words = texts()
    random = np.random.default_rng(first)
    parser = corpus.spec.parser
    for number in range(first, first + BATCH):
        identity, key = document_id("default", "made", f"{number}.md"), f"{number}.md"
        parts = [f"{number}: {words[i]}" for i in random.integers(len(words), size=CHUNKS)]
        whole = "\n\n".join(parts)
        content = sha256_of(whole)
        corpus.blobs.put_raw(content, whole.encode())
        corpus.blobs.put_text(content, "md", parser, PreparedDocument("text/markdown", whole, ()))
        sparse = corpus.bm25.documents(parts)
        vectors = random.normal(size=(CHUNKS, corpus.spec.dimension)).astype(np.float32)
        points, rows = [], []
        for ordinal, part in enumerate(parts):
            payload = {
                **{"tenant": "default", "source": "made", "document_id": str(identity)},
                **{"key": key, "version": 1, "ordinal": ordinal, "text": part, "page": None},
                **{"start": 0, "end": len(part), "headings": [], "flags": [], "tokens": 100},
                **{"title": None, "media_type": "text/markdown", "content_sha256": content},
                "modified": None,
                **{"embed_sha256": sha256_of(part), "valid_from": epoch, "valid_to": OPEN_END},
            }
            point = point_id(generation, identity, epoch, ordinal)
            points.append(Point(point, vectors[ordinal], sparse[ordinal], payload))
            rows.append(ChunkRow(point, ordinal, sha256_of(part), payload_sha256(payload)))
        hashes = (content, content, content)
        version = NewVersion(
            identity, 1, key, *hashes, 1000, "text/markdown", None, (), 0, tuple(rows)
        )
        state = DocumentState.INDEXED
        settled = Settled(
            identity, "default", "made", key, state, state, 1, Stat(len(whole), 0), content
        )
        yield version, settled, points


def make_home(home: Path, wanted: int) -> None:
    """Fill a home with about so many points, batch by batch."""
    corpus = open_corpus(Settings(home=home))
    generation = corpus.writable().name
    with HeldLease(corpus.ledger, generation, uuid.uuid4().hex, 60.0) as lease:
        for first in range(0, max(wanted // CHUNKS, BATCH), BATCH):
            epoch = allocate_epoch(corpus.ledger, generation)
            made = list(documents(corpus, generation, epoch, first))
            corpus.store.upsert(generation, [p for _, _, points in made for p in points])
            versions = tuple(version for version, _, _ in made)
            settled = tuple(settled for _, settled, _ in made)
            commit(corpus.ledger, Commit(lease.token, epoch, versions, (), settled))
    corpus.close()


def size_mb(folder: Path) -> float:
    """Megabytes that a folder takes on the disk, holes left out."""
    return sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file()) / 1e6


def row(what: str, done: Finished, points: int, size: float) -> str:
    """One line of the table."""
    if done.code != 0:
        raise SystemExit(done.err)
    rate = points / done.seconds
    return f"| {what} | {done.seconds:.1f} | {rate:.0f} | {size:.1f} | {done.peak_mb:.0f} |"


def measure(wanted: int, work: Path) -> None:
    """Back up and restore, each as a process of its own, and print a table."""
    home, copy, folder = work / "home", work / "copy", work / "backup"
    make_home(home, wanted)
    made = holdfast(home, "backup", str(folder), "--json")
    points = made.json["points"] if made.code == 0 else 0
    print(f"{points} points, {points // CHUNKS} documents, {2 * points // CHUNKS} blobs\n")
    print("| process | seconds | points/s | MB written | peak MB |\n|-|-|-|-|-|")
    print(row("backup", made, points, size_mb(folder)), flush=True)
    restored = holdfast(copy, "restore", str(folder), "--json")
    print(row("restore", restored, points, size_mb(copy)), flush=True)
    same = [holdfast(h, "docs", "chunks", "--json").out for h in (home, copy)]
    print(f"\nlive chunks of both homes equal: {same[0] == same[1] != ''}")


def heap(wanted: int, work: Path) -> None:
    """Print the most that Python had allocated at once during a backup and during a restore."""
    print("| points | backup, MB | restore, MB |\n|-|-|-|")
    for points in (max(wanted // 10, 1000), wanted):
        home, folder = work / f"home{points}", str(work / f"backup{points}")
        make_home(home, points)
        corpus = open_corpus(Settings(home=home))
        saved = allocated(lambda corpus=corpus, folder=folder: backup(corpus, folder))
        corpus.close()
        copy = Settings(home=work / f"copy{points}")
        back = allocated(lambda copy=copy, folder=folder: restore(copy, folder))
        print(f"| {points} | {saved:.1f} | {back:.1f} |", flush=True)


def allocated(work: Callable[[], object]) -> float:
    """Megabytes that Python allocated at once at most."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--heap", action="store_true")
    chosen = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="holdfast-backup-"))
    try:
        (heap if chosen.heap else measure)(chosen.points, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
