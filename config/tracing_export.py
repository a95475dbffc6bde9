"""Sending spans to an OTLP collector, where the user names one; otherwise nothing is ever sent."""

import threading
from typing import Any

from opentelemetry import trace
from pydantic import Field

from config.errors import ConfigError
from config.section import Section
from config.tracing import TRACER, Tracing

TRACES = "/v1/traces"
EXPORT_SECONDS = 5
"""How long one delivery may take, the last one at the end of the process included."""
_lock = threading.Lock()


class TracingSettings(Section):
    """Where traces go."""

    endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s/@]+(/\S*)?$",
        description="OTLP over HTTP; also read from OTEL_EXPORTER_OTLP_ENDPOINT. None: nowhere.",
    )


def export_traces(settings: TracingSettings) -> None:
    """Send the spans of this process to the endpoint of the settings; none sends nothing.

    A process that has an SDK of its own keeps it, and the first endpoint stays until the end.
    Only spans of Holdfast are sent, not those of libraries: of ours it is known that nothing of a
    document is in them. The exporter itself takes headers, such as a key, from
    OTEL_EXPORTER_OTLP_HEADERS.

    Raises:
        ConfigError: There is an endpoint, and the SDK is not installed.
    """
    free = isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)
    if settings.endpoint is None or not free:
        return
    with _lock:
        if Tracing.provider is None:
            Tracing.provider = _provider(settings.endpoint)


def stop_export() -> None:
    """Deliver what is left, and send nothing any more."""
    with _lock:
        provider: Any = Tracing.provider
        Tracing.provider = None
    if provider is not None:
        provider.shutdown()


def _provider(endpoint: str) -> Any:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigError(
            f"tracing.endpoint is {endpoint}, and the OpenTelemetry SDK is not installed. Run `pip "
            "install 'holdfast[otlp]'`, or remove the endpoint."
        ) from error
    url = endpoint.rstrip("/")
    if not url.endswith(TRACES):
        url += TRACES
    exporter = OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS)
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: TRACER}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
