"""Sources with schedules of their own: a deployment each, and the hourly one takes the rest."""

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from config.errors import ConfigError
from config.settings import OrchestrationSettings, Settings
from config.sources import LocalSource
from flows.deployments import deployment_name, deployments_of


def made(**schedules: str | None) -> dict[str, Any]:
    sources = tuple(
        LocalSource(name=name, path=Path("docs"), schedule=cron) for name, cron in schedules.items()
    )
    zone = OrchestrationSettings(timezone="Europe/Berlin")
    content = deployments_of(Settings(sources=sources, orchestration=zone))
    return {deployment["name"]: deployment for deployment in content["deployments"]}


def test_without_schedules_prefect_yaml_is_all() -> None:
    deployments = made(one=None)
    assert "ingest-one" not in deployments
    assert "parameters" not in deployments["ingest"]["schedules"][0]


def test_a_scheduled_source_has_a_deployment_that_prefect_takes() -> None:
    from prefect.cli.deploy._models import PrefectYamlModel
    from prefect.flows import load_flow_from_entrypoint

    deployments = made(archive="30 2 * * 1", site=None, wiki=None)
    PrefectYamlModel.model_validate({"deployments": list(deployments.values())})
    own = deployments["ingest-archive"]
    assert own["parameters"]["params"]["sources"] == ["archive"]
    (schedule,) = own["schedules"]
    assert schedule == {"cron": "30 2 * * 1", "timezone": "Europe/Berlin", "slug": "own"}
    assert ZoneInfo(schedule["timezone"])
    flow = load_flow_from_entrypoint(own["entrypoint"])
    for deployment in (own, deployments["ingest"]["schedules"][0]):
        flow.validate_parameters(deployment["parameters"])
    hourly = deployments["ingest"]["schedules"][0]
    assert hourly["parameters"]["params"]["sources"] == ["site", "wiki"]
    # Started by hand it still takes all of them.
    assert deployments["ingest"]["parameters"]["params"]["sources"] == []


def test_where_every_source_has_its_own_the_hourly_one_rests() -> None:
    deployments = made(archive="30 2 * * 1")
    assert deployments["ingest"]["schedules"][0]["active"] is False


def test_a_line_that_is_no_cron_line_is_refused_with_its_source() -> None:
    with pytest.raises(ConfigError, match=r"Source archive: schedule '99 2 \* \* 1'"):
        made(archive="99 2 * * 1")


def test_a_line_of_a_day_that_never_comes_is_refused_with_its_source() -> None:
    assert "ingest-archive" in made(archive="0 3 29 2 *")  # every four years
    with pytest.raises(ConfigError, match=r"Source archive: schedule '0 3 30 2 \* *.* never comes"):
        made(archive="0 3 30 2 *")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc"])
def test_a_time_zone_has_to_exist(zone: str) -> None:
    with pytest.raises(ValidationError, match="is no time zone"):
        OrchestrationSettings(timezone=zone)


@given(st.sets(st.text(min_size=1, max_size=12), min_size=2, max_size=6))
def test_every_source_has_a_name_of_its_own_that_a_url_can_hold(sources: set[str]) -> None:
    names = {deployment_name(source) for source in sources}
    assert len(names) == len(sources)
    assert all(set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for name in names)


def test_runs_say_that_they_are_alive_often_enough_for_the_automation_that_crashes_them() -> None:
    def frequencies(seconds: int) -> set[str]:
        settings = Settings(orchestration=OrchestrationSettings(silent_seconds=seconds))
        return {
            deployment["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
            for deployment in deployments_of(settings)["deployments"]
        }

    assert frequencies(540) == {"180"}
    assert frequencies(90) == {"30"}
    with pytest.raises(ValidationError, match="silent_seconds"):
        OrchestrationSettings(silent_seconds=89)  # Prefect's engine says it every 30 s at most
