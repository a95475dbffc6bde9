"""A schedule makes runs: the server gets along with the libraries it is installed with."""

from importlib.metadata import version

import httpx
import pytest

from tests.support.prefect_api import client

NOT_ALONG = tuple(map(int, version("sqlalchemy").split(".")[:2])) >= (2, 1)


@pytest.mark.prefect
@pytest.mark.usefixtures("prefect_api")
@pytest.mark.xfail(
    NOT_ALONG,
    reason="Prefect 3.8 inserts scheduled runs in a way that SQLAlchemy 2.1 refuses; "
    "pyproject.toml asks for an older one",
    raises=httpx.HTTPStatusError,
    strict=True,
)
def test_a_schedule_makes_runs() -> None:
    from prefect.client.schemas.actions import DeploymentScheduleCreate
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
    from prefect.client.schemas.schedules import CronSchedule

    hourly = CronSchedule(cron="0 * * * *", timezone="Europe/Berlin")
    with client() as api:
        deployment = api.create_deployment(
            flow_id=api.create_flow_from_name("scheduled"),
            name="hourly",
            schedules=[DeploymentScheduleCreate(schedule=hourly, active=True)],
        )
        # By the client's own means: it asks again while the server's SQLite is locked.
        api._client.post(f"/deployments/{deployment}/schedule", json={"min_runs": 3})
        mine = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
        runs = api.read_flow_runs(deployment_filter=mine)
    assert len(runs) >= 3
    assert {run.auto_scheduled for run in runs} == {True}
