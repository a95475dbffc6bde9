"""Calling a flow from this process, as `holdfast ingest --flow` does."""

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import HoldfastError
from config.settings import Settings
from indexing.running.watch import Watcher

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

REACH_SECONDS = 5.0
"""How long a Prefect API may take to say that it is there."""
REACH_RETRIES = 3
"""How often one that is busy or slow is asked again, as Prefect's client does: after 2, 4, 8 s."""
LOGGED_OUT = frozenset({401, 403})
"""What an API answers that does not know who asks."""


def run_ingest_flow(
    settings: Settings, watcher: Watcher, *, path: Path | None, names: Sequence[str]
) -> None:
    """Run the ingest flow to its end; the watcher gets the report.

    With no Prefect API configured, Prefect starts a private server for this one run.

    Raises:
        HoldfastError: What made the run fail.
    """
    # Set before anything imports Prefect, which reads it then.
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")
    if settings.orchestration.api_url:
        os.environ.setdefault("PREFECT_API_URL", settings.orchestration.api_url)
        reach_api(settings.orchestration.api_url)
    from flows.home import called_with
    from flows.ingest import ingest
    from flows.parameters import IngestParameters

    params = IngestParameters(
        sources=[] if path is not None else list(names),
        path=path,
        source_name=names[0] if path is not None and names else None,
    )
    with (
        refusals_told(settings.orchestration.api_url),
        called_with(settings, watcher),
        errors_told_once(),
    ):
        ingest(params)


def reach_api(url: str) -> None:
    """Make sure that a Prefect API answers.

    By Prefect's client, which knows the user's certificates, and asks again where a server is
    busy; where nobody listens it does not.

    Raises:
        HoldfastError: Nothing answers there.
    """
    import httpx

    try:
        problem = asked_for_health(url)
    except ValueError:  # of Prefect's settings, in many lines
        problem = httpx.InvalidURL("it is no URL")
    if isinstance(problem, httpx.HTTPStatusError) and problem.response.is_client_error:
        return  # somebody is there; what it wants is told by the first call that means it
    if problem is not None:
        raise HoldfastError(
            f"The Prefect API at {url} does not answer ({problem}). Start it with `prefect server "
            "start`, or unset PREFECT_API_URL."
        ) from problem


def asked_for_health(url: str) -> Exception | None:
    """Return what Prefect's client says against an API, if anything."""
    with asking(url, REACH_SECONDS, REACH_RETRIES) as client:
        return client.api_healthcheck()


@contextmanager
def asking(url: str, seconds: float, retries: int) -> "Iterator[SyncPrefectClient]":
    """Ask an API by Prefect's client, and wait no longer than that for each answer."""
    from prefect.client.orchestration import get_client
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_CLIENT_MAX_RETRIES,
        PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
        temporary_settings,
    )

    asked = {
        PREFECT_API_URL: url,
        PREFECT_CLIENT_MAX_RETRIES: retries,
        PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED: False,
    }
    patience = {"timeout": seconds}
    with temporary_settings(asked), get_client(httpx_settings=patience, sync_client=True) as client:
        yield client


@contextmanager
def refusals_told(url: str | None) -> Iterator[None]:
    """Say in one paragraph what a Prefect API refuses, or that it is gone, and what to do.

    Args:
        url: Its address; of another one nothing is said here.

    Raises:
        HoldfastError: It refused a call, or did not answer one.
    """
    import httpx

    try:
        yield
    except (httpx.HTTPStatusError, httpx.TransportError) as error:
        if url is None or not str(error.request.url).startswith(url.rstrip("/")):
            raise
        if not isinstance(error, httpx.HTTPStatusError):
            what = f"does not answer any more ({type(error).__name__}). Look at its log, try again"
        elif error.response.status_code in LOGGED_OUT:
            what = (
                f"lets nobody in who does not log in ({error.response.status_code}). Set "
                "PREFECT_API_AUTH_STRING to what the server was started with, or PREFECT_API_KEY "
                "for Prefect Cloud"
            )
        else:
            what = f"refused a call ({error}). Its log says more"
        raise HoldfastError(f"The Prefect API at {url} {what}.") from error


@contextmanager
def errors_told_once() -> Iterator[None]:
    """Keep the engine's records of a run off this terminal; the API still gets them.

    What makes a run fail is raised and told by the caller, once and without a traceback, which
    only somebody who debugs wants to see.
    """
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        yield
        return
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(is_not_of_a_run)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(is_not_of_a_run)


def is_not_of_a_run(record: logging.LogRecord) -> bool:
    """Tell whether a log record is about something else than a flow or task run."""
    return not record.name.startswith(("prefect.flow_runs", "prefect.task_runs"))
