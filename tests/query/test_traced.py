"""Traces of a request: sent to the collector that the user names, and nothing of its content."""

import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from config.errors import ConfigError
from config.tracing import SpanName, Tracing, span
from config.tracing_export import TracingSettings, export_traces, stop_export
from tests.support.otlp import Collector, attributes, collector, dripping

QUESTION = "How many working days of annual leave does every employee receive?"


@pytest.fixture(autouse=True)
def _stopped() -> Iterator[None]:
    yield
    stop_export()


@pytest.fixture
def received() -> Iterator[Collector]:
    pytest.importorskip("opentelemetry.sdk", reason="the extra `otlp` is not installed")
    with collector() as made:
        yield made


def test_a_request_is_one_trace_of_pinned_names(engine: Any, received: Collector) -> None:
    export_traces(TracingSettings(endpoint=received.url))
    decision = engine.answer(QUESTION)
    stop_export()
    assert set(received.paths) == {"/v1/traces"}
    spans = {span.name: span for span in received.spans}
    assert set(spans) == {
        "holdfast.query", "retrieval gen-1", "holdfast.query.encode", "holdfast.query.search",
        "holdfast.query.judge",
    }  # fmt: skip
    request, retrieval = spans["holdfast.query"], spans["retrieval gen-1"]
    assert len({span.trace_id for span in received.spans}) == 1
    assert retrieval.parent_span_id == request.span_id
    assert spans["holdfast.query.search"].parent_span_id == retrieval.span_id
    said = attributes(retrieval)
    assert said["gen_ai.operation.name"] == "retrieval"
    assert said["gen_ai.data_source.id"] == "gen-1"
    assert said["gen_ai.request.top_k"] == 8
    assert said["holdfast.epoch"] == 3
    ended = attributes(request)
    assert ended["gen_ai.evaluation.score.label"] == decision.verdict.value
    assert ended["gen_ai.evaluation.score.value"] == pytest.approx(decision.p_answerable)
    assert ended["holdfast.status"] == "ok"


def test_nothing_of_question_or_document_is_sent(engine: Any, received: Collector) -> None:
    export_traces(TracingSettings(endpoint=f"{received.url}/v1/traces"))
    engine.answer(QUESTION)
    stop_export()
    everything = b"".join(received.bodies).lower()
    assert received.paths == ["/v1/traces"]
    for word in (b"annual", b"leave", b"employee", b"people/"):
        assert word not in everything


def test_without_an_endpoint_nothing_is_sent(engine: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: reached.append(address))
    export_traces(TracingSettings())
    assert engine.answer(QUESTION).answer
    assert Tracing.provider is None
    assert reached == []


def test_an_endpoint_without_the_sdk_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(ConfigError, match=r"holdfast\[otlp\]"):
        export_traces(TracingSettings(endpoint="http://127.0.0.1:4318"))


def test_a_collector_that_is_down_disturbs_no_answer(engine: Any) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra `otlp` is not installed")
    with collector() as gone:
        url = gone.url
    export_traces(TracingSettings(endpoint=url))
    assert engine.answer(QUESTION).answer


@pytest.mark.parametrize("wrong", ["collector:4318", "http://user:pass@host", "ftp://host"])
def test_an_endpoint_is_an_address_without_a_password(wrong: str) -> None:
    with pytest.raises(ValueError, match="endpoint"):
        TracingSettings(endpoint=wrong)


def test_a_collector_that_drips_its_answer_does_not_keep_the_process_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("opentelemetry.sdk", reason="the extra `otlp` is not installed")
    monkeypatch.setattr("config.tracing_export.EXPORT_SECONDS", 0.5)
    with dripping(drops=100, seconds=0.1) as (url, through):
        export_traces(TracingSettings(endpoint=url))
        with span(SpanName.QUERY):
            pass
        stop_export()
        assert not through.is_set()
