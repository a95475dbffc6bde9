"""Spans: pinned names, nothing of a document in them, and nothing at all without an SDK."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import trace

from config.tracing import Attribute, SpanName, span
from indexing.running.ingest import run_ingest


class Recorder(trace.NoOpTracer):
    """Remembers every span that was begun, in order, with how it ended."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, Any], list[Any]]] = []

    @contextmanager
    def start_as_current_span(self, name: str, **options: Any) -> Iterator[trace.Span]:
        attributes, statuses = dict(options["attributes"]), []
        self.spans.append((name, attributes, statuses))

        class Recorded(trace.NonRecordingSpan):
            def set_attribute(self, key: str, value: Any) -> None:
                attributes[key] = value

            def set_status(self, status: Any, description: str | None = None) -> None:
                statuses.append((status, description))

        yield Recorded(trace.INVALID_SPAN_CONTEXT)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    made = Recorder()
    monkeypatch.setattr(trace, "get_tracer", lambda name: made)
    return made


class Batch:
    """A batch of nothing."""

    number = 1
    epoch = 7
    chunks_embedded = 3
    chunks_reused = 2


class Steps:
    """Carries out one batch of nothing."""

    def __init__(self) -> None:
        self._left = [Batch()]

    def parse(self, plan: Any) -> Any:
        return self._left.pop() if self._left else None

    def __getattr__(self, name: str) -> Any:
        return lambda *_: Batch()


def test_an_ingest_is_one_span_with_its_steps_inside(recorder: Recorder) -> None:
    run_ingest(Steps())
    assert [name for name, _, _ in recorder.spans] == [
        "holdfast.ingest", "holdfast.ingest.plan", "holdfast.ingest.parse",
        "holdfast.ingest.embed", "holdfast.ingest.stage", "holdfast.ingest.verify",
        "holdfast.ingest.commit", "holdfast.ingest.parse",
    ]  # fmt: skip
    commit = recorder.spans[6][1]
    assert commit == {
        "holdfast.batch": 1,
        "holdfast.chunks_embedded": 3,
        "holdfast.chunks_reused": 2,
        "holdfast.epoch": 7,
    }


def test_an_error_ends_its_span_without_its_message(recorder: Recorder) -> None:
    with pytest.raises(ValueError, match=r"secret\.pdf"), span(SpanName.PARSE, batch=1):
        raise ValueError("secret.pdf is broken")
    ((_, attributes, statuses),) = recorder.spans
    assert statuses == [(trace.StatusCode.ERROR, "ValueError")]
    assert attributes == {"holdfast.batch": 1}


def test_without_an_sdk_nothing_is_recorded() -> None:
    with span(SpanName.INGEST) as current:
        assert not current.is_recording()


def test_names_are_pinned() -> None:
    assert [name.value for name in SpanName] == [
        "holdfast.ingest", "holdfast.ingest.plan", "holdfast.ingest.parse",
        "holdfast.ingest.embed", "holdfast.ingest.stage", "holdfast.ingest.verify",
        "holdfast.ingest.commit", "holdfast.query", "retrieval", "holdfast.query.encode",
        "holdfast.query.search", "holdfast.query.judge", "holdfast.query.generate",
    ]  # fmt: skip
    assert all(name.value.startswith("gen_ai.") for name in Attribute)
