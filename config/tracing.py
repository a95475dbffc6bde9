"""OpenTelemetry spans: every name in one place, and nothing in them that a document says.

Without an SDK in the process, which nobody installs by default, a span is nothing and costs next
to nothing. Where a program or `opentelemetry-instrument` has set one up, the spans go there.
"""

from collections.abc import Iterator
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


@contextmanager
def span(name: SpanName, **attributes: int | str) -> Iterator[trace.Span]:
    """Be inside a span; what is raised ends it with the name of the error's type.

    The message of an error is left out, because it may name documents.

    Args:
        name: Which one.
        attributes: Numbers and names of ours, such as a batch or a generation; never a key or a
            text. They get the prefix `holdfast.`.
    """
    tracer = trace.get_tracer(TRACER)
    with tracer.start_as_current_span(
        name.value,
        attributes={f"{TRACER}.{key}": value for key, value in attributes.items()},
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except BaseException as error:
            current.set_status(trace.StatusCode.ERROR, type(error).__name__)
            raise
