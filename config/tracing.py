"""Names of OpenTelemetry spans and attributes, pinned here, and nothing in them of a document.

Without an SDK in the process, which nobody installs by default, a span is nothing and costs next
to nothing. Where a program or `opentelemetry-instrument` has set one up, the spans go there. With
`tracing.endpoint` they go to that collector (`config/tracing_export.py`), and to nowhere else.

Retrieval is named as the conventions for generative AI name it (gen_ai.*, status: development),
because Phoenix, Langfuse and others show such spans without being told how.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from opentelemetry import trace

TRACER = "holdfast"


class SpanName(StrEnum):
    """Names of spans; dashboards rely on them."""

    INGEST = "holdfast.ingest"
    PLAN = "holdfast.ingest.plan"
    PARSE = "holdfast.ingest.parse"
    EMBED = "holdfast.ingest.embed"
    STAGE = "holdfast.ingest.stage"
    VERIFY = "holdfast.ingest.verify"
    COMMIT = "holdfast.ingest.commit"
    QUERY = "holdfast.query"
    """One request, from the question to the logged decision."""
    RETRIEVAL = "retrieval"
    """One search; the name of the collection follows, as the conventions want it."""
    ENCODE = "holdfast.query.encode"
    SEARCH = "holdfast.query.search"
    JUDGE = "holdfast.query.judge"
    GENERATE = "holdfast.query.generate"


class Attribute(StrEnum):
    """Names of attributes that are not ours."""

    OPERATION = "gen_ai.operation.name"
    DATA_SOURCE = "gen_ai.data_source.id"
    TOP_K = "gen_ai.request.top_k"
    EVALUATION = "gen_ai.evaluation.name"
    SCORE = "gen_ai.evaluation.score.value"
    LABEL = "gen_ai.evaluation.score.label"


class Tracing:
    """Where spans go; one for the process."""

    provider: trace.TracerProvider | None = None
    """Ours, once there is an endpoint; without it that of the process, which may be none."""


@contextmanager
def span(name: SpanName, **attributes: int | str) -> Iterator[trace.Span]:
    """Be inside a span; what is raised ends it with the name of the error's type.

    The message of an error is left out, because it may name documents.

    Args:
        name: Which one.
        attributes: Numbers and names of ours, such as a batch or a generation; never a key or a
            text. They get the prefix `holdfast.`.
    """
    ours = {f"{TRACER}.{key}": value for key, value in attributes.items()}
    with _within(name.value, ours, trace.SpanKind.INTERNAL) as current:
        yield current


@contextmanager
def retrieval_span(collection: str, top_k: int, epoch: int) -> Iterator[trace.Span]:
    """Be inside one search of a collection."""
    attributes: dict[str, int | str] = {
        Attribute.OPERATION.value: "retrieval",
        Attribute.DATA_SOURCE.value: collection,
        Attribute.TOP_K.value: top_k,
        f"{TRACER}.epoch": epoch,
    }
    name = f"{SpanName.RETRIEVAL.value} {collection}"
    with _within(name, attributes, trace.SpanKind.CLIENT) as current:
        yield current


def note_verdict(
    current: trace.Span, status: str, verdict: str | None, score: float | None
) -> None:
    """Say on the span of a request how it ended; neither question nor answer is on it."""
    current.set_attribute(f"{TRACER}.status", status)
    current.set_attribute(Attribute.EVALUATION.value, "grounding")
    current.set_attribute(Attribute.LABEL.value, verdict or "none")
    if score is not None:
        current.set_attribute(Attribute.SCORE.value, score)


@contextmanager
def _within(
    name: str, attributes: Mapping[str, int | str], kind: trace.SpanKind
) -> Iterator[trace.Span]:
    tracer = (Tracing.provider or trace).get_tracer(TRACER)
    with tracer.start_as_current_span(
        name,
        kind=kind,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
