"""Whole ingests whose workers are killed at work: nothing is lost, nothing is there twice.

Neither model nor parser is loaded, so that this is quick: workers read plain text and make vectors
up. `test_same_index.py` has the real ones.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from config.execution import ExecutionSettings, RunnerKind
from config.settings import IngestionSettings, Settings
from indexing.corpus import Corpus, open_corpus
from indexing.execution import encoder as encoder_module
from indexing.execution import parsers as parsers_module
from indexing.execution.shared import pipeline_of
from indexing.ingest import run_ingest
from indexing.points import visible
from indexing.report import RunState
from indexing.session import IngestSession
from ingestion.sources.local import LocalFolderSource
from tests.support.clusters import RAY_ENVIRONMENT, ray_by_hand, skip_without_library
from tests.support.homes import HashingEncoder
from tests.support.laptop import free_port
from tests.support.pieces import InlineRunner, embed_plainly, read_plainly

ROOT = Path(__file__).resolve().parents[3]
DOCUMENTS = 20
Index = dict[tuple[str, int], tuple[str, "np.ndarray[Any, Any]"]]


@pytest.fixture(autouse=True)
def _light_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers_module, "prepare_documents", read_plainly)
    monkeypatch.setattr(encoder_module, "embed_texts", embed_plainly)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "docs"
    made.mkdir()
    for number in range(DOCUMENTS):
        parts = [f"Room {number} of house {p} is swept on Monday. " * 9 for p in range(12)]
        (made / f"{number}.txt").write_text("\n\n".join(parts), encoding="utf-8")
    return made


def opened(home: Path, execution: ExecutionSettings) -> Corpus:
    limits = IngestionSettings(parser_processes=1, batch_documents=8)
    return open_corpus(Settings(home=home, execution=execution, ingestion=limits))


def ingest(corpus: Corpus, folder: Path) -> Index:
    """Ingest the folder and return what a reader sees, with the vectors."""
    try:
        source = LocalFolderSource("docs", folder)
        with IngestSession(corpus, [source], generation=corpus.writable()) as session:
            report = run_ingest(session)
        assert (report.state, report.counts.indexed) == (RunState.COMPLETED, DOCUMENTS)
        live = corpus.live()
        assert live is not None
        where = visible(live.epoch, "default")
        found: Index = {}
        for point in corpus.store.scroll(live.name, where, vectors=True):
            place = (point.payload["key"], point.payload["ordinal"])
            assert place not in found
            assert point.dense is not None
            found[place] = (point.payload["text"], point.dense)
        return found
    finally:
        corpus.close()


@pytest.fixture
def local(folder: Path, tmp_path: Path) -> Index:
    """The index that this process makes by itself."""
    corpus = opened(tmp_path / "local", ExecutionSettings())
    inline = InlineRunner()
    parsers = parsers_module.RemoteParsers(inline, pipeline_of(corpus, inline))
    corpus.__dict__ |= {"encoder": HashingEncoder(), "parsers": parsers}
    return ingest(corpus, folder)


def assert_same(made: Index, local: Index) -> None:
    assert len(made) > DOCUMENTS
    assert {place: text for place, (text, _) in made.items()} == {
        place: text for place, (text, _) in local.items()
    }
    for place, (_, vector) in made.items():
        np.testing.assert_allclose(vector, local[place][1], atol=1e-5)


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    "kind",
    [
        RunnerKind.PROCESS,
        pytest.param(RunnerKind.DASK, marks=pytest.mark.thorough),
        pytest.param(RunnerKind.RAY, marks=pytest.mark.thorough),
    ],
)
def test_workers_killed_while_they_read_and_embed_lose_nothing(
    kind: RunnerKind, folder: Path, local: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_library(kind)
    markers = [tmp_path / "reading", tmp_path / "embedding"]
    monkeypatch.setenv("DIES_READING", str(markers[0]))
    monkeypatch.setenv("DIES_EMBEDDING", str(markers[1]))
    corpus = opened(tmp_path / "home", ExecutionSettings(runner=kind, workers=2))
    assert_same(ingest(corpus, folder), local)
    assert all(marker.exists() for marker in markers)


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[tuple[str, list["subprocess.Popen[bytes]"]]]:
    """A scheduler and three workers, as somebody starts them on machines of their own."""
    skip_without_library(RunnerKind.DASK)
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    env = os.environ | {"PYTHONPATH": str(ROOT), "DIES_READING": str(tmp_path / "reading")}
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *quiet]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *quiet]
    worker += ["--nthreads", "1", "--memory-limit", "0", "--no-nanny"]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen([*scheduler, "--port", str(port)], env=env, **silent)]
    try:
        started += [subprocess.Popen(worker, env=env, **silent) for _ in range(3)]
        yield address, started
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.mark.thorough
def test_an_external_scheduler_may_lose_a_worker_and_stays_as_it_is(
    folder: Path,
    local: Index,
    tmp_path: Path,
    by_hand: tuple[str, list["subprocess.Popen[bytes]"]],
) -> None:
    address, started = by_hand
    execution = ExecutionSettings(runner=RunnerKind.DASK, scheduler=address)
    assert_same(ingest(opened(tmp_path / "home", execution), folder), local)
    assert (tmp_path / "reading").exists()
    scheduler, *workers = started
    assert scheduler.poll() is None
    assert sum(worker.poll() is None for worker in workers) == 2


@pytest.mark.thorough
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", ["node", "client"])
def test_a_cluster_of_ray_may_lose_a_worker_and_stays_as_it_is(
    way: str, folder: Path, local: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_without_library(RunnerKind.RAY)
    for name, value in RAY_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with ray_by_hand({"DIES_READING": str(tmp_path / "reading")}) as head:
        execution = ExecutionSettings(runner=RunnerKind.RAY, scheduler=getattr(head, way))
        assert_same(ingest(opened(tmp_path / "home", execution), folder), local)
        assert (tmp_path / "reading").exists()
        assert len(head.processes("raylet/raylet")) == 1
