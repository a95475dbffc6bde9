"""Calling a flow from this process, as `holdfast ingest --flow` does."""

import os
from collections.abc import Sequence
from pathlib import Path

from config.settings import Settings
from indexing.watch import Watcher


def run_ingest_flow(
    settings: Settings, watcher: Watcher, *, path: Path | None, names: Sequence[str]
) -> None:
    """Run the ingest flow to its end; the watcher gets the report.

    With no Prefect API configured, Prefect starts a private server for this one run.

    Raises:
        HoldfastError: What made the run fail.
    """
    if settings.orchestration.api_url:
        os.environ.setdefault("PREFECT_API_URL", settings.orchestration.api_url)
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    from flows.ingest import called_with, ingest
    from flows.parameters import IngestParameters

    params = IngestParameters(
        sources=[] if path is not None else list(names),
        path=path,
        source_name=names[0] if path is not None and names else None,
    )
    with called_with(settings, watcher):
        ingest(params)
