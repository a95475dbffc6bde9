"""Runs that the last `holdfast up` left as if they went on: their processes ended with it.

A run that nobody ends would take up the one place of its deployment, and a scheduled ingest would
be cancelled in its favour until its heartbeat is missed.
"""

import logging
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    FlowRunFilterTags,
)
from prefect.client.schemas.objects import StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Cancelled, Crashed

from flows.automations import TAG
from flows.calling import refusals_told

logger = logging.getLogger(__name__)

BEGUN = [StateType.PENDING, StateType.RUNNING, StateType.PAUSED, StateType.CANCELLING]
MESSAGE = "Its process ended with the Prefect server. The next run heals what it left."
PAGE = 200


def crash_leftovers(api_url: str) -> int:
    """End the runs that had begun on a server that has no worker yet; returns how many.

    Call it for a server of one's own only, before its worker starts: on any other one the runs
    may be alive.
    """
    with (
        refusals_told(api_url),
        temporary_settings({PREFECT_API_URL: api_url}),
        get_client(sync_client=True) as client,
    ):
        found = begun(client)
        for run, state in found:
            ended = Cancelled if state is StateType.CANCELLING else Crashed
            client.set_flow_run_state(run, ended(message=MESSAGE), force=True)
            logger.warning("Flow run %s was %s; it is over.", run, state.value.lower())
    return len(found)


def begun(client: SyncPrefectClient) -> list[tuple[UUID, StateType]]:
    """Return the runs of our deployments that had begun and are not over."""
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=BEGUN)),
        tags=FlowRunFilterTags(all_=[TAG]),
    )
    found: list[tuple[UUID, StateType]] = []
    while True:
        page = client.read_flow_runs(flow_run_filter=wanted, limit=PAGE, offset=len(found))
        found += [(run.id, run.state.type) for run in page if run.state is not None]
        if len(page) < PAGE:
            return found
