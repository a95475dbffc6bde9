"""Parsing and embedding on workers, seen from the run: order, groups, refusals, lost workers."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any

import numpy as np
import pytest

from config.settings import EmbeddingSettings, IngestionSettings, Settings
from indexing.errors import ModelMismatchError, WorkerLostError
from indexing.execution import encoder as encoder_module
from indexing.execution import parsers as parsers_module
from indexing.execution.encoder import GROUP_TEXTS, RemoteEncoder
from indexing.execution.parsers import GROUP_DOCUMENTS, RemoteParsers
from indexing.execution.runner import Urgency
from indexing.execution.shared import pipeline_of
from indexing.execution.work import EmbedWork, ParseWork, Pipeline, Prepared, parts_of
from indexing.pipeline_parts import PipelineParts
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.parsing.pool import ParseJob, ParseOutcome
from tests.support.pieces import InlineRunner

S = Settings()
PIPELINE = Pipeline(
    S.ingestion, S.ocr, S.quality, S.chunking, S.embedding, S.sparse, fingerprint="f" * 16
)


def prepare(work: ParseWork) -> tuple[Prepared, ...]:
    """Stand in for the parsers: the text of a document is its bytes."""
    return tuple(
        Prepared(PreparedDocument("text/plain", data.decode(), ()), 0.5, 7.0)
        for _, data in work.documents
    )


@pytest.fixture(autouse=True)
def _no_parsers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers_module, "prepare_documents", prepare)


def jobs(count: int, taken: list[int] | None = None) -> Iterator[ParseJob]:
    for number in range(count):
        if taken is not None:
            taken.append(number)
        yield ParseJob(f"{number}.txt", partial(bytes, f"text {number}".encode()))


def texts(outcomes: Iterator[ParseOutcome]) -> list[str]:
    found = []
    for one in outcomes:
        assert isinstance(one.result, PreparedDocument)
        assert one.raw == one.result.text.encode()
        assert 0.5 <= one.seconds < 60.0  # those of the worker, and of reading it here
        found.append(one.result.text)
    return found


def test_outcomes_come_in_the_order_of_the_jobs() -> None:
    runner = InlineRunner()
    found = texts(RemoteParsers(runner, PIPELINE).process_ahead(jobs(50), lookahead=256))
    assert found == [f"text {number}" for number in range(50)]
    assert max(len(piece.documents) for piece in runner.pieces) == GROUP_DOCUMENTS
    assert set(runner.urgencies) == {Urgency.AHEAD}


def test_it_reads_no_further_ahead_than_allowed() -> None:
    taken: list[int] = []
    outcomes = RemoteParsers(InlineRunner(), PIPELINE).process_ahead(jobs(90, taken), lookahead=12)
    next(outcomes)
    assert len(taken) <= 12
    outcomes.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("lookahead", "size"), [(1, 1), (8, 2), (20, 5), (32, GROUP_DOCUMENTS), (512, GROUP_DOCUMENTS)]
)
def test_groups_are_so_small_that_every_worker_has_two_of_them(lookahead: int, size: int) -> None:
    runner = InlineRunner()  # of two workers
    found = texts(RemoteParsers(runner, PIPELINE).process_ahead(jobs(64), lookahead=lookahead))
    assert found == [f"text {number}" for number in range(64)]
    assert {len(piece.documents) for piece in runner.pieces[:4]} == {size}


class Unanswered(InlineRunner):
    """A runner that is at its first piece, and never through; the rest waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Future[Any]] = []

    def submit(self, work: Any, argument: Any, urgency: Urgency) -> "Future[Any]":
        future = super().submit(work, argument, urgency) if not self.calls else Future[Any]()
        self.calls.append(future)
        return future


def test_what_nobody_will_consume_is_dropped() -> None:
    """An interrupted run must not keep the workers of a scheduler busy."""
    runner = Unanswered()
    outcomes = RemoteParsers(runner, PIPELINE).process_ahead(jobs(40), lookahead=40)
    next(outcomes)
    outcomes.close()  # type: ignore[attr-defined]
    first, *rest = runner.calls
    assert first.result()
    assert rest
    assert all(call.cancelled() for call in rest)


def test_large_documents_travel_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsers_module, "GROUP_BYTES", 10)
    runner = InlineRunner()
    texts(RemoteParsers(runner, PIPELINE).process_ahead(jobs(4), lookahead=64))
    assert [len(piece.documents) for piece in runner.pieces] == [1, 1, 1, 1]


def unreadable() -> bytes:
    raise OSError("the disk is gone")


def test_what_cannot_be_read_or_is_too_large_reaches_no_worker() -> None:
    small = IngestionSettings(max_document_mb=0.00001)
    pipeline = Pipeline(small, S.ocr, S.quality, S.chunking, S.embedding, S.sparse, "f" * 16)
    runner = InlineRunner()
    given = [
        ParseJob("gone.txt", unreadable),
        ParseJob("large.txt", partial(bytes, 4000)),
        ParseJob("purged.txt", lambda: Refusal("purged.txt", Reason.PURGED, "purged")),
        ParseJob("good.txt", partial(bytes, b"good")),
    ]
    outcomes = list(RemoteParsers(runner, pipeline).process_ahead(given, lookahead=64))
    reasons = [o.result.reason if isinstance(o.result, Refusal) else None for o in outcomes]
    assert reasons == [Reason.UNREADABLE, Reason.TOO_LARGE, Reason.PURGED, None]
    assert [o.raw is None for o in outcomes] == [True, False, True, False]
    assert [key for piece in runner.pieces for key, _ in piece.documents] == ["good.txt"]


def test_only_the_document_that_kills_its_workers_is_refused() -> None:
    runner = InlineRunner(kills=lambda work: any(key == "5.txt" for key, _ in work.documents))
    outcomes = list(RemoteParsers(runner, PIPELINE).process_ahead(jobs(16), lookahead=64))
    refused = [o for o in outcomes if isinstance(o.result, Refusal)]
    assert [(o.key, o.result.reason) for o in refused] == [("5.txt", Reason.WORKER_LOST)]
    assert Reason.WORKER_LOST.retried
    assert len(outcomes) == 16


class Own:
    """An encoder of this process."""

    dimension = 4
    window = 256

    def load(self) -> None:
        """Nothing to load."""

    def encode_documents(self, texts: Sequence[str]) -> "np.ndarray[Any, Any]":
        return np.array([[len(text), 0, 0, 1] for text in texts], dtype=np.float32)

    def encode_query(self, text: str) -> "np.ndarray[Any, Any]":
        return np.zeros(4, dtype=np.float32)


@pytest.fixture
def embedder(monkeypatch: pytest.MonkeyPatch) -> tuple[RemoteEncoder, InlineRunner]:
    own = Own()

    def embed(work: EmbedWork) -> "np.ndarray[Any, Any]":
        return own.encode_documents(work.texts)

    monkeypatch.setattr(encoder_module, "embed_texts", embed)
    runner = InlineRunner()
    return RemoteEncoder(runner, PIPELINE, own, own), runner  # type: ignore[arg-type]


def test_vectors_come_in_the_order_of_the_texts(
    embedder: tuple[RemoteEncoder, InlineRunner],
) -> None:
    encoder, runner = embedder
    given = ["x" * (1 + (37 * n) % 101) for n in range(3 * GROUP_TEXTS + 5)]
    vectors = encoder.encode_documents(given)
    assert vectors[:, 0].tolist() == [len(text) for text in given]
    assert len(runner.pieces) == 4
    assert set(runner.urgencies) == {Urgency.NOW}
    assert encoder.encode_documents([]).shape == (0, 4)


def test_a_group_of_texts_that_kills_its_workers_fails_the_step(
    embedder: tuple[RemoteEncoder, InlineRunner],
) -> None:
    encoder, runner = embedder
    runner.kills = lambda work: "bad" in work.texts
    with pytest.raises(WorkerLostError):
        encoder.encode_documents(["good", "bad"])


def test_texts_of_a_step_that_failed_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    def embed(_: EmbedWork) -> "np.ndarray[Any, Any]":
        raise WorkerLostError("lost")

    monkeypatch.setattr(encoder_module, "embed_texts", embed)
    runner, own = Unanswered(), Own()
    encoder = RemoteEncoder(runner, PIPELINE, own, own)  # type: ignore[arg-type]
    with pytest.raises(WorkerLostError):
        encoder.encode_documents(["x"] * (3 * GROUP_TEXTS))
    assert [call.cancelled() for call in runner.calls] == [False, True, True]


class Parts(PipelineParts):
    """What a home without anything stands for."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    @property
    def cache(self) -> None:
        return None


def test_a_worker_gets_no_secret_and_no_address() -> None:
    secret = Settings.model_validate(
        {
            "store": {"url": "http://qdrant:6333", "api_key": "SECRET-1"},
            "ledger": {"url": "postgresql://u:SECRET-2@host/db"},
            "source_secrets": '{"a": "SECRET-3"}',
        }
    )
    made = pipeline_of(Parts(secret), InlineRunner())
    said = repr(made)
    assert "qdrant" not in said
    assert "host" not in said
    assert "SECRET" not in said
    assert (made.ingestion.parser_processes, made.embedding.threads) == (1, 1)


def test_threads_that_the_user_chose_stay() -> None:
    chosen = Settings(embedding=EmbeddingSettings(threads=7))
    assert pipeline_of(Parts(chosen), InlineRunner()).embedding.threads == 7


def test_a_worker_with_another_pipeline_refuses() -> None:
    with pytest.raises(ModelMismatchError, match="Install the same versions"):
        parts_of(PIPELINE)
