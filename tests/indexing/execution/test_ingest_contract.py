"""What every runner owes a whole ingest: whatever becomes of workers, nothing is lost or doubled.

Beside `test_contract.py`, and as quick: workers read plain text and make vectors up.
"""

from collections.abc import Callable, Iterator
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
from indexing.points import visible
from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport, RunState
from indexing.running.session import IngestSession
from ingestion.document import Reason
from ingestion.sources.local import LocalFolderSource
from tests.indexing.execution.conftest import Offspring
from tests.support.clusters import dask_by_hand, each_runner, marks_of, ray_by_hand
from tests.support.hashing import HashingEncoder
from tests.support.pieces import InlineRunner, embed_plainly, read_plainly
from tests.support.site import until

DOCUMENTS = 20
POISON = "7.txt"
Index = dict[tuple[str, int], tuple[str, "np.ndarray[Any, Any]"]]
pytestmark = pytest.mark.timeout(600)


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


def opened(home: Path, **execution: Any) -> Corpus:
    limits = IngestionSettings(parser_processes=1, batch_documents=8)
    return open_corpus(
        Settings(home=home, execution=ExecutionSettings(**execution), ingestion=limits)
    )


class CutShort(IngestSession):
    """A session that is interrupted while its workers read ahead."""

    def embed(self, batch: Any) -> Any:
        if batch.number == 2:
            raise KeyboardInterrupt
        return super().embed(batch)


def ingest(
    corpus: Corpus, folder: Path, session_type: type[IngestSession] = IngestSession
) -> tuple[RunReport, Index]:
    """Ingest the folder; returns the report and what a reader sees, with the vectors."""
    try:
        source = LocalFolderSource("docs", folder)
        with session_type(corpus, [source], generation=corpus.writable()) as session:
            report = run_ingest(session)
        live = corpus.live()
        assert live is not None
        where = visible(live.epoch, "default")
        found: Index = {}
        for point in corpus.store.scroll(live.name, where, vectors=True):
            place = (point.payload["key"], point.payload["ordinal"])
            assert place not in found
            assert point.dense is not None
            found[place] = (point.payload["text"], point.dense)
        return report, found
    finally:
        corpus.close()


@pytest.fixture
def local(folder: Path, tmp_path: Path) -> Index:
    """The index that this process makes by itself."""
    corpus = opened(tmp_path / "local")
    inline = InlineRunner()
    parsers = parsers_module.RemoteParsers(inline, pipeline_of(corpus, inline))
    corpus.__dict__ |= {"encoder": HashingEncoder(), "parsers": parsers}
    return ingest(corpus, folder)[1]


def assert_whole(made: tuple[RunReport, Index], local: Index, indexed: int = DOCUMENTS) -> None:
    report, index = made
    assert (report.state, report.counts.indexed) == (RunState.COMPLETED, indexed)
    assert report.counts.enumerated == DOCUMENTS
    assert_same(index, local)


def assert_same(made: Index, local: Index) -> None:
    assert len(made) > DOCUMENTS
    assert {place: text for place, (text, _) in made.items()} == {
        place: text for place, (text, _) in local.items()
    }
    for place, (_, vector) in made.items():
        np.testing.assert_allclose(vector, local[place][1], atol=1e-5)


@each_runner()
def test_workers_killed_while_they_read_and_embed_lose_nothing(
    kind: RunnerKind, folder: Path, local: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    markers = [tmp_path / "reading", tmp_path / "embedding"]
    monkeypatch.setenv("DIES_READING", str(markers[0]))
    monkeypatch.setenv("DIES_EMBEDDING", str(markers[1]))
    assert_whole(ingest(opened(tmp_path / "home", runner=kind, workers=2), folder), local)
    assert all(marker.exists() for marker in markers)


@each_runner()
def test_a_document_that_kills_every_worker_is_refused_alone_and_tried_again(
    kind: RunnerKind, folder: Path, local: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POISON", POISON)
    report, index = ingest(opened(tmp_path / "home", runner=kind, workers=2), folder)
    assert report.state is RunState.COMPLETED_WITH_QUARANTINE
    assert [(key, reason) for key, reason, _ in report.refusals] == [(POISON, Reason.WORKER_LOST)]
    counts = report.counts
    assert (counts.enumerated, counts.indexed, counts.quarantined) == (20, 19, 1)
    assert_same(index, {place: one for place, one in local.items() if place[0] != POISON})

    monkeypatch.delenv("POISON")
    again = ingest(opened(tmp_path / "home", runner=kind, workers=2), folder)
    assert_whole(again, local, indexed=1)


@each_runner()
def test_an_ingest_that_is_interrupted_leaves_no_process_and_the_next_one_goes_on(
    kind: RunnerKind, folder: Path, local: Index, tmp_path: Path, offspring: Offspring
) -> None:
    with pytest.raises(KeyboardInterrupt):
        ingest(opened(tmp_path / "home", runner=kind, workers=2), folder, CutShort)
    until(lambda: offspring() == [], 60)
    again = ingest(opened(tmp_path / "home", runner=kind, workers=2), folder)
    assert_whole(again, local, indexed=DOCUMENTS - 8)  # the first batch was committed


@pytest.fixture
def elsewhere(way: str, tmp_path: Path) -> Iterator[tuple[str, Callable[[], bool]]]:
    """A cluster that somebody else started: its address, and whether all is as it should be."""
    environment = {"DIES_READING": str(tmp_path / "reading")}
    if way == "scheduler":
        with dask_by_hand(environment) as (address, scheduler, workers):
            # One of its workers was killed, and nobody started it again.
            yield (
                address,
                lambda: scheduler.poll() is None and sum(w.poll() is None for w in workers) == 2,
            )
        return
    with ray_by_hand(environment) as head:
        yield getattr(head, way), lambda: len(head.processes("raylet/raylet")) == 1


@pytest.mark.parametrize(
    ("kind", "way"),
    [
        pytest.param(kind, way, marks=marks_of(kind, thorough=True))
        for kind, way in [
            (RunnerKind.DASK, "scheduler"),
            (RunnerKind.RAY, "node"),
            (RunnerKind.RAY, "client"),
        ]
    ],
)
def test_a_cluster_elsewhere_may_lose_a_worker_and_stays_as_it_is(
    kind: RunnerKind,
    elsewhere: tuple[str, Callable[[], bool]],
    folder: Path,
    local: Index,
    tmp_path: Path,
) -> None:
    address, stands = elsewhere
    made = ingest(opened(tmp_path / "home", runner=kind, scheduler=address), folder)
    assert_whole(made, local)
    assert (tmp_path / "reading").exists()
    assert stands()
