"""`prefect.yaml` and the forms, held against Prefect's own models; no server is needed.

Prefect ignores a key it does not know, so a misspelt limit would deploy without one.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

ROOT = Path(__file__).resolve().parents[2]
SNAPSHOT = Path(__file__).with_name("parameters.json")
CONTENT = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
DEPLOYMENTS = {deployment["name"]: deployment for deployment in CONTENT["deployments"]}
PRESET = {"approve-deletions": {"deletions"}, "retry-quarantine": {"quarantine"}}
"""Fields in which a deployment differs from the defaults of its form."""
EVERY = pytest.mark.parametrize("deployment", DEPLOYMENTS.values(), ids=DEPLOYMENTS.keys())


MODULES = sorted({d["entrypoint"].rpartition(".")[0] for d in DEPLOYMENTS.values()})


def names_of(model: type[BaseModel]) -> set[str]:
    return {
        name for key, field in model.model_fields.items() for name in (key, field.alias) if name
    }


def flow_of(deployment: dict[str, Any]) -> Any:
    from prefect.flows import load_flow_from_entrypoint

    return load_flow_from_entrypoint(deployment["entrypoint"])


def test_every_key_is_known_to_prefect() -> None:
    from prefect.cli.deploy import _models as models

    # `definitions` only holds what the anchors name.
    assert set(CONTENT) - {"definitions"} <= names_of(models.PrefectYamlModel)
    for deployment in DEPLOYMENTS.values():
        assert set(deployment) <= names_of(models.DeploymentConfig)
        assert set(deployment["concurrency_limit"]) <= names_of(models.ConcurrencyLimitSpec)
        assert set(deployment["parameters"]) == {"params"}
        assert set(deployment["work_pool"]) <= names_of(models.WorkPoolConfig)
        for schedule in deployment["schedules"]:
            assert set(schedule) <= names_of(models.RawScheduleConfig)


def test_the_file_is_valid_to_prefect() -> None:
    from prefect.cli.deploy._models import PrefectYamlModel
    from prefect.client.schemas.objects import ConcurrencyLimitStrategy

    parsed = PrefectYamlModel.model_validate(CONTENT)
    assert [d.name for d in parsed.deployments] == list(DEPLOYMENTS)
    assert set(DEPLOYMENTS) >= {
        "ingest", "approve-deletions", "retry-quarantine", "reindex", "promote", "rollback",
        "verify", "gc", "backup", "purge",
    }  # fmt: skip
    strategies = {s.value for s in ConcurrencyLimitStrategy}
    for deployment in DEPLOYMENTS.values():
        limit = deployment["concurrency_limit"]
        assert limit["limit"] == 1  # one writer per generation
        # A run that a dead worker left pending gives its slot back.
        assert limit["grace_period_seconds"] > 0
        assert limit["collision_strategy"] in strategies


def test_the_prefect_that_is_installed_is_the_one_asked_for() -> None:
    import prefect
    from packaging.specifiers import SpecifierSet

    assert prefect.__version__ in SpecifierSet(CONTENT["prefect-version"])


@EVERY
def test_the_entrypoint_is_a_flow_that_takes_the_parameters(deployment: dict[str, Any]) -> None:
    flow = flow_of(deployment)
    assert flow.name == deployment["entrypoint"].rpartition(".")[2]
    taken = flow.validate_parameters(deployment["parameters"])
    assert set(taken) == {"params"}
    given = deployment["parameters"]["params"]
    assert type(taken["params"]).model_fields.keys() == given.keys()
    differing = {
        name for name, value in taken["params"] if value != getattr(type(taken["params"])(), name)
    }
    assert differing == PRESET.get(deployment["name"], set())


@EVERY
def test_a_parameter_that_does_not_exist_is_refused(deployment: dict[str, Any]) -> None:
    from prefect.exceptions import ParameterTypeError

    with pytest.raises((ParameterTypeError, ValidationError), match="souces"):
        flow_of(deployment).validate_parameters({"params": {"souces": ["docs"]}})


def test_only_what_asks_nobody_and_undoes_nothing_is_scheduled() -> None:
    scheduled = {name for name, deployment in DEPLOYMENTS.items() if deployment["schedules"]}
    assert scheduled >= {"ingest", "verify", "gc"}
    acting = {"approve-deletions", "reindex", "promote", "rollback", "backup", "purge"}
    assert not scheduled & acting


def test_a_click_is_never_lost() -> None:
    for name, deployment in DEPLOYMENTS.items():
        queued = deployment["concurrency_limit"]["collision_strategy"] == "ENQUEUE"
        assert queued is not bool(deployment["schedules"]), name


def test_schedules_have_a_slug_a_time_zone_and_are_left_on_or_off_as_found() -> None:
    from prefect.client.schemas.schedules import CronSchedule

    for deployment in DEPLOYMENTS.values():
        for schedule in deployment["schedules"]:
            assert schedule["slug"]
            assert ZoneInfo(schedule["timezone"])
            assert CronSchedule(cron=schedule["cron"], timezone=schedule["timezone"])
            # With it, deploying again would wake a schedule that somebody paused.
            assert "active" not in schedule


def test_nothing_of_the_deploying_machine_is_kept() -> None:
    text = (ROOT / "prefect.yaml").read_text(encoding="utf-8")
    assert CONTENT["pull"] == []
    assert str(ROOT) not in text
    assert "/home/" not in text


def test_workers_are_as_quiet_as_the_command() -> None:
    from config.environment import OFFLINE, QUIET

    for deployment in DEPLOYMENTS.values():
        variables = deployment["work_pool"]["job_variables"]["env"]
        assert variables.items() <= (QUIET | OFFLINE).items()


@EVERY
def test_the_description_is_there_for_people(deployment: dict[str, Any]) -> None:
    assert len(deployment["description"].split()) > 5
    assert flow_of(deployment).description
    schema = flow_of(deployment).parameters.model_dump()
    forms = [model for model in schema["definitions"].values() if model["type"] == "object"]
    assert forms
    for model in forms:
        positions = [p["position"] for p in model["properties"].values()]
        assert sorted(positions) == list(range(len(positions)))
        assert all(p["description"] for p in model["properties"].values())
        assert model["additionalProperties"] is False


def test_the_forms_are_as_they_were() -> None:
    """Stored runs and schedules hold parameters; a change of the forms must be on purpose.

    Write the file anew with `WRITE_SNAPSHOT=1` in the environment of this test.
    """
    forms = {flow_of(d).name: flow_of(d).parameters.model_dump() for d in DEPLOYMENTS.values()}
    if os.environ.get("WRITE_SNAPSHOT"):
        SNAPSHOT.write_text(json.dumps(forms, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    assert forms == json.loads(SNAPSHOT.read_text(encoding="utf-8"))


@given(
    st.one_of(
        st.text(alphabet="s3:/@?&=.a\n Password", max_size=40),
        st.lists(
            st.sampled_from(
                [
                    "s3",
                    "://",
                    "u",
                    ":",
                    "p",
                    "@",
                    "/",
                    "?",
                    "&",
                    "=",
                    "x",
                    "Password",
                    "passw",
                    "api_key",
                    "shared-Key",
                    "sig",
                    "pwd",
                    "\n",
                ]
            ),
            max_size=12,
        ).map("".join),
    )
)
def test_the_form_refuses_the_passwords_that_the_flow_refuses(target: str) -> None:
    from config.origins import has_password
    from flows.parameters import NO_PASSWORD

    assert (re.search(NO_PASSWORD, target) is None) is has_password(target)


def test_importing_a_flow_starts_nothing(tmp_path: Path) -> None:
    program = (
        f"import sys, {', '.join(MODULES)};"
        "sys.exit(', '.join({'torch', 'unstructured', 'qdrant_client'} & set(sys.modules)) or None)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HOLDFAST_HOME": str(tmp_path / "home")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["flows", "ingestion", "indexing", "query", "evaluation"])
def test_whatever_logs_in_a_flow_is_shown_with_its_run(package: str) -> None:
    from config.environment import QUIET

    logs = any("getLogger(__name__)" in path.read_text() for path in (ROOT / package).rglob("*.py"))
    assert not logs or package in QUIET["PREFECT_LOGGING_EXTRA_LOGGERS"].split(",")
