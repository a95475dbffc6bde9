"""Whole ingests by workers: the live index is that of a local run, whoever was killed meanwhile."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.execution import ExecutionSettings, RunnerKind
from config.settings import (
    ChunkingSettings,
    EmbeddingSettings,
    EncoderPrecision,
    IngestionSettings,
    Settings,
)
from indexing.corpus import Corpus, open_corpus
from indexing.points import visible
from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport, RunState
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource
from tests.support.clusters import each_runner

TOPICS = ("archive", "boiler", "canteen", "depot", "engine", "ferry", "garden", "harbour")
Chunks = dict[str, list[tuple[int, int, int, str]]]
pytestmark = [pytest.mark.model, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dozen documents of three formats, one of which is refused."""
    root = tmp_path_factory.mktemp("docs")
    for number in range(23):
        topic = TOPICS[number % len(TOPICS)]
        lines = [f"The {topic} number {number} is inspected on day {d} of a month." for d in (3, 9)]
        body = "\n\n".join(f"## Part {part}\n\n{' '.join(lines * 6)}" for part in range(3))
        kind = ("md", "txt", "html")[number % 3]
        text = (
            f"<html><body><p>{body}</p></body></html>" if kind == "html" else f"# {topic}\n{body}"
        )
        (root / f"{topic}-{number}.{kind}").write_text(text, encoding="utf-8")
    (root / "broken.pdf").write_bytes(b"%PDF-1.7 nothing follows")
    return root


def settings(home: Path, kind: RunnerKind) -> Settings:
    return Settings(
        home=home,
        execution=ExecutionSettings(runner=kind, workers=2),
        ingestion=IngestionSettings(parser_processes=1, batch_documents=8),
        embedding=EmbeddingSettings(precision=EncoderPrecision.FP32),
        chunking=ChunkingSettings(max_tokens=64, min_tokens=16, heading_tokens=16),
    )


class Disturbed:
    """The steps of a session; something happens before the second batch is embedded."""

    def __init__(self, session: IngestSession, disturb: Callable[[], object]) -> None:
        self._session = session
        self._disturb = disturb

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def embed(self, batch: Any) -> Any:
        if batch.number == 2:
            self._disturb()
        return self._session.embed(batch)


def ingest(
    made: Settings, folder: Path, disturb: Callable[[Corpus], object] = lambda _: None
) -> tuple[RunReport, Chunks, "np.ndarray[Any, Any]"]:
    """Ingest the folder; returns the report, the live chunks, and their vectors in that order."""
    corpus = open_corpus(made)
    try:
        source = LocalFolderSource("docs", folder)
        with IngestSession(corpus, [source], generation=corpus.writable()) as session:
            report = run_ingest(Disturbed(session, lambda: disturb(corpus)))
        live = corpus.live()
        assert live is not None
        points = list(corpus.store.scroll(live.name, visible(live.epoch, "default"), vectors=True))
        points.sort(key=lambda p: (p.payload["key"], p.payload["ordinal"]))
        chunks: Chunks = {}
        for point in points:
            p = point.payload
            found = (p["ordinal"], p["start"], p["end"], p["text"])
            chunks.setdefault(p["key"], []).append(found)
        return report, chunks, np.stack([point.dense for point in points])
    finally:
        corpus.close()


@pytest.fixture(scope="module")
def local(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a run by this process makes of the folder."""
    home = tmp_path_factory.mktemp("local")
    return ingest(settings(home, RunnerKind.LOCAL), folder)


def assert_same(made: Any, local: Any) -> None:
    report, chunks, vectors = made
    expected, expected_chunks, expected_vectors = local
    assert report.state is RunState.COMPLETED_WITH_QUARANTINE
    assert report.counts == expected.counts
    assert report.refusals == expected.refusals
    assert len(chunks) == 23
    assert chunks == expected_chunks
    np.testing.assert_allclose(vectors, expected_vectors, atol=1e-5)


def workers_of(corpus: Corpus) -> list[int]:
    return sorted(corpus._shared._open(corpus.settings).pids)  # type: ignore[attr-defined]


@each_runner(quick=())
def test_workers_make_the_index_of_a_local_run(
    kind: RunnerKind, folder: Path, local: Any, tmp_path: Path
) -> None:
    assert_same(ingest(settings(tmp_path, kind), folder), local)


@pytest.mark.parametrize("victims", [1, 2])
@each_runner(quick=())
def test_a_worker_killed_in_mid_run_loses_nothing(
    kind: RunnerKind, victims: int, folder: Path, local: Any, tmp_path: Path
) -> None:
    killed: list[int] = []

    def disturb(corpus: Corpus) -> None:
        killed.extend(workers_of(corpus)[:victims])
        for pid in killed:
            os.kill(pid, signal.SIGKILL)

    assert_same(ingest(settings(tmp_path, kind), folder, disturb), local)
    assert killed
