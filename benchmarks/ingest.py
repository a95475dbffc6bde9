"""A large ingest of real documents: against embedding alone, again unchanged, after an edit.

`python -m benchmarks.ingest [--documents 1200]` prints the table. The ratio is between two
processes of one run: the whole ingest, and one that only loads the encoder and embeds the
same texts.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.command import environment, holdfast
from benchmarks.corpora import ROOT, write_documents

EMBED_ALONE = """
import json, sys, time
from pathlib import Path
from config.settings import Settings
from indexing.corpus import open_corpus
corpus = open_corpus(Settings(home=Path(sys.argv[1])))
texts = json.loads(Path(sys.argv[2]).read_text())
corpus.encoder.encode_documents(texts[:8])
started = time.perf_counter()
corpus.encoder.encode_documents(texts)
print(time.perf_counter() - started)
"""

SEARCH = """
import json, statistics, sys, time
from pathlib import Path
from config.settings import Settings
from indexing.corpus import open_corpus
from query.opening import open_engine
corpus = open_corpus(Settings(home=Path(sys.argv[1])))
engine = open_engine(corpus)
questions = ["How do I create a table?", "What is the maximum item size?",
             "Which permissions does a Lambda function need?", "How is a bucket encrypted?",
             "What does provisioned throughput mean?"]
took = {"encode": [], "search": []}
for n in range(200):
    found = engine.retrieve(f"{questions[n % 5]} case {n}")
    for part in took:
        took[part].append(found.timings_ms[part])
print(json.dumps({part: [statistics.median(v[20:]), sorted(v[20:])[int(len(v[20:]) * 0.95)]]
                  for part, v in took.items()}))
"""


def embedded_texts(home: Path) -> list[str]:
    """The texts that a home's live chunks were embedded from."""
    sys.path.insert(0, str(ROOT))
    from config.settings import Settings
    from indexing.corpus import open_corpus
    from indexing.ledger.documents import open_versions
    from indexing.recall import RecallJob
    from ingestion.document import PreparedDocument

    corpus = open_corpus(Settings(home=home))
    live = corpus.live()
    assert live is not None
    texts: dict[str, None] = {}
    for version in open_versions(corpus.ledger, live.name).values():
        prepared = corpus.recall.one(RecallJob(version.key, version.content_sha256)).result
        assert isinstance(prepared, PreparedDocument)
        texts.update(dict.fromkeys(c.embedding_text for c in prepared.chunks))
    corpus.close()
    return list(texts)


def python(home: Path, code: str, *arguments: str) -> str:
    """Run a piece of code in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env=environment(home) | {"PYTHONPATH": str(ROOT)},
    )
    return done.stdout


def measure(work: Path, wanted: int) -> dict[str, str]:
    """Measure everything once; returns rows of the table."""
    docs, home = work / "docs", work / "home"
    count = write_documents(docs, wanted)
    first = holdfast(home, "ingest", str(docs), "--json")
    if first.code not in {0, 3}:
        sys.exit(first.err)
    report = first.json
    texts = embedded_texts(home)
    listed = work / "texts.json"
    listed.write_text(json.dumps(texts), encoding="utf-8")
    began = time.perf_counter()
    alone = float(python(home, EMBED_ALONE, str(home), str(listed)))
    alone_process = time.perf_counter() - began
    time.sleep(2.5)
    holdfast(home, "ingest", str(docs), "--json")
    again = [holdfast(home, "ingest", str(docs), "--json") for _ in range(3)]
    edited = max(docs.rglob("*.md"), key=lambda p: p.stat().st_size)
    text = edited.read_text(encoding="utf-8")
    middle = text.find("\n\n", len(text) // 2)
    edited.write_text(f"{text[:middle]}\n\nOne new sentence.{text[middle:]}", encoding="utf-8")
    edit = holdfast(home, "ingest", str(docs), "--json")
    took = json.loads(python(home, SEARCH, str(home)))
    rate = report["chunks_embedded"] / first.seconds
    return {
        "documents, chunks embedded": f"{count}, {report['chunks_embedded']}",
        "whole ingest (process)": f"{first.seconds:.1f} s, {rate:.0f} chunks/s",
        "embedding its chunks alone": f"{alone:.1f} s (process {alone_process:.1f} s)",
        "ratio to embedding alone": f"{first.seconds / alone:.2f} "
        f"(process to process {first.seconds / alone_process:.2f})",
        "peak memory of the ingest, children included": f"{first.peak_mb:.0f} MB",
        "no-change ingest (process, median of 3)": (
            f"{statistics.median(a.seconds for a in again):.2f} s, {again[0].json['state']}"
        ),
        "edit of the largest document": (
            f"{edit.json['chunks_embedded']} embedded, {edit.json['chunks_reused']} reused, "
            f"{edit.seconds:.1f} s"
        ),
        "filtered hybrid search p50 / p95": f"{took['search'][0]:.2f} / {took['search'][1]:.2f} ms",
        "encoding a question p50 / p95": f"{took['encode'][0]:.2f} / {took['encode'][1]:.2f} ms",
    }


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=1200)
    chosen = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="holdfast-ingest-"))
    try:
        for name, value in measure(work, chosen.documents).items():
            print(f"| {name} | {value} |")
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
