"""One worker against two, and where the seconds go.

`python -m benchmarks.scaling [--documents 300] [--runner process] [--rounds 1]` ingests the same
real documents into fresh homes with one and with two workers, in turns (1-2-2-1), and prints the
table. `--archive` names the documents where they are not beside the checkout.
Compare the ratio within one run. Processor seconds hardly depend on what else the machine does, the
wall clock does: so the share of the run itself, which no worker can take over, is given by them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.command import environment
from benchmarks.corpora import AWS, ROOT, write_documents

MEASURED = (1, 2)


def own_seconds(process: psutil.Process) -> float:
    """Processor seconds of one process, without those of its children."""
    times = process.cpu_times()
    return times.user + times.system


def offspring_seconds(process: psutil.Process) -> float:
    """Processor seconds of everything that a process started, of what is gone already too."""
    total = 0.0
    for child in process.children(recursive=True):
        times = child.cpu_times()
        total += times.user + times.system + times.children_user + times.children_system
    return total


def ingest(folder: Path, home: Path, runner: str, workers: int) -> dict[str, Any]:
    """Ingest in this process; the workers are up, and have the model, before the clock starts."""
    from config.execution import ExecutionSettings
    from config.settings import Settings
    from indexing.corpus import open_corpus
    from indexing.running.ingest import run_ingest
    from indexing.running.session import IngestSession
    from ingestion.sources.local import LocalFolderSource

    execution = ExecutionSettings.model_validate({"runner": runner, "workers": workers})
    corpus = open_corpus(Settings(home=home, execution=execution))
    try:
        generation = corpus.writable()
        warm = [f"A text of no importance with the number {n}." for n in range(64 * workers)]
        corpus.document_encoder.encode_documents(warm)
        here = psutil.Process()
        own, others, began = own_seconds(here), offspring_seconds(here), time.perf_counter()
        source = LocalFolderSource("docs", folder)
        with IngestSession(corpus, [source], generation=generation) as session:
            report = run_ingest(session)
        batches = session._tally.batches
        return {
            "documents": report.counts.indexed,
            "chunks": report.chunks_embedded,
            "seconds": time.perf_counter() - began,
            "own": own_seconds(here) - own,
            "others": offspring_seconds(here) - others,
            "embed": sum(batch.embed_seconds for batch in batches),
            "store": sum(batch.store_seconds for batch in batches),
        }
    finally:
        corpus.close()


def in_a_process(*arguments: str, home: Path) -> dict[str, Any]:
    """Run a part of this benchmark in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.scaling", *arguments],
        env=environment(home) | {"PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def scaling_table(rows: dict[int, list[dict[str, Any]]], runner: str) -> None:
    """Print how the runs with one and with two workers compare."""
    print(f"| workers ({runner}) | documents, chunks | s | chunks/s | processor s: run, workers |")
    print("|-|-|-|-|-|")
    for workers, runs in rows.items():
        middle = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
        print(
            f"| {workers} | {middle['documents']}, {middle['chunks']} | {middle['seconds']:.1f} | "
            f"{middle['chunks'] / middle['seconds']:.0f} | {middle['own']:.1f}, "
            f"{middle['others']:.1f} |"
        )
    one, two = (statistics.median(run["seconds"] for run in rows[n]) for n in MEASURED)
    every = [run for runs in rows.values() for run in runs]
    chunks = sum(run["chunks"] for run in every)
    own = sum(run["own"] for run in every) / chunks * 1000
    others = sum(run["others"] for run in every) / chunks * 1000
    print(f"\n- two workers are {one / two:.2f} times as fast as one")
    print(f"- processor time per chunk: the run {own:.2f} ms, a worker {others:.2f} ms")
    print(f"- by that, {others / own:.0f} workers keep one run busy")


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--runner", choices=["process", "dask", "ray"], default="process")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--archive", type=Path, default=AWS, help="real documents, see corpora.py")
    parser.add_argument("--ingest", nargs=3, metavar=("FOLDER", "HOME", "WORKERS"))
    chosen = parser.parse_args()
    if chosen.ingest:
        folder, home, workers = chosen.ingest
        print(json.dumps(ingest(Path(folder), Path(home), chosen.runner, int(workers))))
        return
    with tempfile.TemporaryDirectory(prefix="holdfast-scaling-") as work:
        docs = Path(work) / "docs"
        write_documents(docs, chosen.documents, chosen.archive)
        rows: dict[int, list[dict[str, Any]]] = {workers: [] for workers in MEASURED}
        for turn in range(chosen.rounds):
            # Backwards every other time, so that a load that grows or falls favours neither.
            for workers in MEASURED[:: -1 if turn % 2 else 1]:
                home = Path(work) / f"home-{turn}-{workers}"
                given = ["--ingest", str(docs), str(home), str(workers), "--runner", chosen.runner]
                rows[workers].append(in_a_process(*given, home=home))
                print(json.dumps({"workers": workers} | rows[workers][-1]), file=sys.stderr)
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        scaling_table(rows, chosen.runner)


if __name__ == "__main__":
    main()
