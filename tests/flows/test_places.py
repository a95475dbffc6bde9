"""Where deployed runs work: the project they were deployed from, and never a throw-away folder."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.loading import load_settings
from config.settings import Settings
from flows.deployments import Place, deployments_of, place_of
from tests.support.laptop import ROOT
from tests.support.prefect_api import client
from tests.support.site import PatientTransport, Site, until


def jobs(place: Place | None) -> list[dict[str, Any]]:
    made = deployments_of(Settings(), place)["deployments"]
    return [deployment["work_pool"]["job_variables"] for deployment in made]


def test_deployments_work_in_the_project_with_its_home_and_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "config" / "holdfast.yaml"
    file.parent.mkdir()
    file.write_text("tenant: a\n", encoding="utf-8")
    for job in jobs(place_of(load_settings(env={}))):
        assert job["working_dir"] == str(tmp_path)
        assert job["env"]["HOLDFAST_HOME"] == str(tmp_path / ".holdfast")
        assert job["env"]["HOLDFAST_CONFIG"] == str(file)
        assert job["env"]["HF_HUB_OFFLINE"] == "1"  # as in prefect.yaml


def test_workers_elsewhere_are_told_nothing_of_this_machine() -> None:
    loaded = load_settings(env={"HOLDFAST_ORCHESTRATION__RUN_IN": "worker"})
    assert place_of(loaded) is None
    for job in jobs(None):
        assert "working_dir" not in job
        assert not [name for name in job["env"] if name.startswith("HOLDFAST_")]


@pytest.fixture
def deployed(prefect_api: None, desk: Any) -> Any:
    """Run the ingest of a deployment as a worker's process does."""
    from prefect.flow_engine import run_flow

    from flows.ingest import ingest

    desk.fill(1)
    params = {"params": {"path": str(desk.folder)}}

    def run() -> Any:
        with client() as api:
            flow = api.create_flow(ingest)
            deployment = api.create_deployment(flow_id=flow, name="here", parameters=params)
            started = api.create_flow_run_from_deployment(deployment)
        return run_flow(ingest, flow_run=started, parameters=params, return_type="state")

    return run


@pytest.mark.prefect
def test_a_run_that_nobody_told_where_its_home_is_fails(
    deployed: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = deployed()
    assert state.is_failed()
    assert "HOLDFAST_HOME" in state.message
    assert "holdfast deploy" in state.message
    assert not (tmp_path / ".holdfast").exists()

    elsewhere = tmp_path / "elsewhere" / "holdfast.yaml"
    elsewhere.parent.mkdir()
    elsewhere.write_text("tenant: default\n", encoding="utf-8")
    monkeypatch.setenv("HOLDFAST_CONFIG", str(elsewhere))
    assert deployed().is_failed()  # the home would be thrown away all the same
    monkeypatch.setenv("HOLDFAST_HOME", str(tmp_path / "home"))
    assert deployed().name == "Completed"


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Any]:
    """A Prefect server, and how commands are called that use it."""
    from tests.support.prefect_server import PrefectServer

    server = PrefectServer(tmp_path)
    ours = ("HOLDFAST_", "PREFECT_", "QDRANT_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(tmp_path / "client")}
    yield server, env | {"PREFECT_API_URL": f"http://127.0.0.1:{server.port}/api"}
    server.stop()


@pytest.mark.prefect
@pytest.mark.model
@pytest.mark.thorough
@pytest.mark.timeout(1200)
def test_a_server_and_a_worker_of_ones_own_fill_the_home_of_the_project(
    far: Any, tmp_path: Path
) -> None:
    _, env = far
    project, other = tmp_path / "project", tmp_path / "other"
    for folder in (project / "docs", project / "config", other):
        folder.mkdir(parents=True)
    (project / "docs" / "one.txt").write_text("The yard opens at nine.\n", encoding="utf-8")

    def call(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *words],
            cwd=project, env=env, capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert str(project) in call("deploy")
    start = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "holdfast"]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(start, cwd=other, env=env, stdout=log, stderr=log)
    try:
        api = httpx.Client(base_url=env["PREFECT_API_URL"], transport=PatientTransport())
        site = Site(api)
        state = site.run("ingest/ingest", path="docs")
        assert (state["name"], state["message"]) == ("Completed", "1 enumerated, 1 indexed")
        # The ingest has an automation verify it; a run of ours is cancelled while that one runs.
        assert until(lambda: (site.run("verify/verify")["message"] or "").startswith("sound"))
        assert '"documents": 1' in call("status", "--json")
        assert site.run("evaluate/evaluate")["name"] == "NothingToDo"
        api.close()
    finally:
        worker.terminate()
        worker.wait(60)
