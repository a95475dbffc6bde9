"""Sending spans to an OTLP collector, where the user names one; otherwise nothing is ever sent."""

import atexit
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


class Ending:
    """Shuts a provider down when the process ends, within a bound that it does not keep itself.

    The exporter begins to wait anew with each byte of an answer, and the SDK waits 30 s for it.
    """

    def __init__(self, provider: Any) -> None:
        """Begin to wait; now, because at the end of a process no thread can be started."""
        self._provider = provider
        self._told = threading.Event()
        self._thread = threading.Thread(target=self._shut_down, name="last spans", daemon=True)
        self._thread.start()

    def come(self) -> None:
        """Deliver what is left, as far as `EXPORT_SECONDS` go."""
        self._told.set()
        self._thread.join(EXPORT_SECONDS)

    def _shut_down(self) -> None:
        self._told.wait()
        self._provider.shutdown()


_endings: list[Ending] = []


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
            _endings.append(Ending(Tracing.provider))


@atexit.register
def stop_export() -> None:
    """Deliver what is left, and send nothing any more."""
    with _lock:
        Tracing.provider = None
        ended = [_endings.pop() for _ in list(_endings)]
    for ending in ended:
        ending.come()


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
    service = Resource.create({SERVICE_NAME: TRACER})
    provider = TracerProvider(resource=service, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider
