"""A real ingest in a process of its own that does something to itself at a named moment.

    python child.py HOME FOLDER [--at EVENT:N --then kill|stop|wait] [--lease S] [--turn S]

The ledger, the store and the session are the real ones; only the parser children and the model
are replaced, so that a run takes a fraction of a second. EVENT is counted per process:
`stage`, `verify`, `commit` (after that step), `closed` (between closing the superseded points
and the SQL commit), and `upsert`, `set_valid_to`, `delete` (after that store call) or the same
with `before_` (the lease was just proven, the call was not made yet). `kill` is SIGKILL, `stop`
SIGSTOP after handing the shard over, `freeze` SIGSTOP while holding it, `wait` goes on when
standard input says so.
"""

# ruff: noqa: T201 - a script that talks to the test over its standard output

import argparse
import hashlib
import os
import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

import numpy as np

import indexing.epochs
from config.errors import HoldfastError
from config.settings import GuardSettings, IngestionSettings, Settings, StoreSettings
from indexing.corpus import Corpus, open_corpus
from indexing.ingest import run_ingest
from indexing.session import IngestSession
from ingestion.document import Chunk, PreparedDocument
from ingestion.parsing.pool import ParseJob, ParseOutcome
from ingestion.sources.local import LocalFolderSource

STORE_CALLS = ("upsert", "set_valid_to", "delete")


class HashingEncoder:
    """A unit vector per text."""

    dimension = 384
    window = 256

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> Any:
        """Shape (texts, 384)."""
        return np.stack([self.encode_query(text) for text in texts])

    def encode_query(self, text: str) -> Any:
        """Shape (384,)."""
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        made = np.random.default_rng(seed).normal(size=self.dimension).astype(np.float32)
        return made / np.linalg.norm(made)


class ParagraphParser:
    """One chunk per paragraph, without children."""

    def process_ahead(self, jobs: Iterable[ParseJob], lookahead: int) -> Iterator[ParseOutcome]:
        """Prepare the documents in order."""
        for job in jobs:
            raw = job.read()
            assert isinstance(raw, bytes)
            yield ParseOutcome(job.key, prepare(raw.decode()), raw, 0.0)

    def close(self) -> None:
        """Nothing to give back."""


def prepare(text: str) -> PreparedDocument:
    """Cut a text at its empty lines."""
    chunks = []
    start = 0
    for ordinal, paragraph in enumerate(text.split("\n\n")):
        end = start + len(paragraph)
        chunks.append(Chunk(ordinal, start, end, paragraph, tokens=9, embedding_text=paragraph))
        start = end + 2
    return PreparedDocument("text/plain", text, tuple(chunks))


class Trap:
    """Counts events and springs at the chosen one."""

    def __init__(self, at: str, then: str, corpus: Corpus) -> None:
        event, _, number = at.partition(":")
        self._at = (event, int(number or 1))
        self._then = then
        self._corpus = corpus
        self._seen: Counter[str] = Counter()

    def passed(self, event: str) -> None:
        """Note an event."""
        self._seen[event] += 1
        if (event, self._seen[event]) == self._at:
            self._spring()

    def around(self, call: Callable[..., Any], before: str, after: str) -> Callable[..., Any]:
        """Note one event before a call and one after it."""

        @wraps(call)
        def noted(*arguments: Any, **options: Any) -> Any:
            self.passed(before)
            result = call(*arguments, **options)
            self.passed(after)
            return result

        return noted

    def _spring(self) -> None:
        if self._then == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if self._then == "wait":
            print("waiting", flush=True)
            sys.stdin.readline()
            return
        if self._then == "stop":
            self._corpus.store.close()
        os.kill(os.getpid(), signal.SIGSTOP)


def set_trap(trap: Trap, corpus: Corpus) -> None:
    """Put the trap around the store's calls, the session's steps and the SQL commit."""
    for name in STORE_CALLS:
        call = getattr(corpus.store, name)
        setattr(corpus.store, name, trap.around(call, f"before_{name}", name))
    for name in ("stage", "verify", "commit"):
        step = getattr(IngestSession, name)
        setattr(IngestSession, name, trap.around(step, f"before_{name}", name))
    names = vars(indexing.epochs)
    names["commit"] = trap.around(names["commit"], "closed", "sql")


def main() -> int:
    """Run the ingest; returns 0 done, 1 ended by an error of Holdfast."""
    parser = argparse.ArgumentParser()
    parser.add_argument("home", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--at", default="never")
    parser.add_argument("--then", default="kill", choices=["kill", "stop", "freeze", "wait"])
    parser.add_argument("--lease", type=float, default=60.0)
    parser.add_argument("--turn", type=float, default=30.0)
    parser.add_argument("--gate", action="store_true", help="say ready, start on a line")
    chosen = parser.parse_args()
    settings = Settings(
        home=chosen.home,
        ingestion=IngestionSettings(batch_documents=3),
        guards=GuardSettings(lease_seconds=chosen.lease),
        store=StoreSettings(upsert_batch=4, turn_timeout_seconds=chosen.turn),
    )
    if chosen.gate:
        print("ready", flush=True)
        sys.stdin.readline()
    try:
        corpus = open_corpus(settings)
        corpus.__dict__["encoder"] = HashingEncoder()
        corpus.__dict__["parsers"] = ParagraphParser()
        set_trap(Trap(chosen.at, chosen.then, corpus), corpus)
        source = LocalFolderSource("docs", chosen.folder)
        with IngestSession(corpus, [source], generation=corpus.writable()) as session:
            print("started", flush=True)
            report = run_ingest(session)
        corpus.close()
    except HoldfastError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(report.state.value, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
