"""Questions beside a full ingest: how long a reader waits while another process writes.

`python -m benchmarks.beside [--documents 600] [--base 300]`. One process ingests real documents
into an index that holds some already; this one asks questions of the same embedded index all the
while, and once more when the ingest is over. The shard is shared by turns; the time of a
question includes waiting for the turn, opening the shard and the search, and is given with and
without encoding the question (both processes share two cores, so encoding is slower, too).
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.command import holdfast, start
from benchmarks.corpora import write_documents
from config.settings import Settings
from indexing.corpus import open_corpus
from query.engine import QueryEngine
from query.opening import open_engine

QUESTIONS = (
    "How do I create a table?",
    "What is the maximum item size?",
    "Which permissions does a Lambda function need?",
    "How is a bucket encrypted?",
    "What does provisioned throughput mean?",
)


def ask_on(engine: QueryEngine, number: int) -> tuple[float, float]:
    """Ask one question; returns milliseconds without and with encoding it."""
    started = time.perf_counter()
    found = engine.retrieve(f"{QUESTIONS[number % len(QUESTIONS)]} case {number}")
    total = (time.perf_counter() - started) * 1000.0
    if not found.hits:
        sys.exit(f"A question found nothing: {[reason.detail for reason in found.reasons]}")
    return total - found.timings_ms["encode"], total


def row(name: str, times: Sequence[tuple[float, float]], seconds: float) -> str:
    """Lay out one line of the table."""
    cells = [name, str(len(times)), f"{seconds:.0f}"]
    for place in (0, 1):
        cuts = statistics.quantiles([t[place] for t in times], n=100)
        longest = max(t[place] for t in times)
        cells += [f"{cuts[49]:.1f}", f"{cuts[94]:.1f}", f"{cuts[98]:.1f}", f"{longest:.0f}"]
    return f"| {' | '.join(cells)} |"


def measure(work: Path, documents: int, base: int) -> None:
    """Print the table."""
    docs, home = work / "docs", work / "home"
    write_documents(docs, base)
    holdfast(home, "ingest", str(docs), "--source", "docs", "--json")
    write_documents(docs, base + documents)
    corpus = open_corpus(Settings(home=home))
    engine = open_engine(corpus)
    for number in range(20):
        ask_on(engine, number)
    quiet = [ask_on(engine, number) for number in range(300)]
    process = start(home, "ingest", str(docs), "--source", "docs", "--json")
    began = time.perf_counter()
    busy: list[tuple[float, float]] = []
    while process.poll() is None:
        busy.append(ask_on(engine, len(busy)))
        time.sleep(0.02)
    lasted = time.perf_counter() - began
    process.communicate()
    after = [ask_on(engine, number) for number in range(300)]
    head = "| questions | asked | s | p50 | p95 | p99 | max | p50 | p95 | p99 | max |"
    print("Milliseconds without encoding the question (four columns) and with it (four columns).\n")
    print(f"{head}\n|-|-|-|-|-|-|-|-|-|-|-|")
    print(row("alone, before", quiet, sum(t[1] for t in quiet) / 1000))
    print(row("beside the ingest", busy, lasted))
    print(row("alone, after", after, sum(t[1] for t in after) / 1000))
    corpus.close()


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=600)
    parser.add_argument("--base", type=int, default=300)
    chosen = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="holdfast-beside-"))
    try:
        measure(work, chosen.documents, chosen.base)
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
