"""The processes of the Compose set, started by hand: its commands, its environment, its secrets.

No container engine is needed: only names of hosts and folders are replaced.
    pytest tests/project/test_compose_processes.py -m thorough
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.laptop import ROOT
from tests.support.postgres import cluster, empty_database
from tests.support.site import PatientTransport, Site, free_port, until

pytestmark = [pytest.mark.postgres, pytest.mark.thorough, pytest.mark.timeout(1200)]
AUTH = "holdfast:0123456789abcdef"
SERVICES: dict[str, Any] = yaml.safe_load(
    (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
)["services"]


class Stage:
    """One machine on which the processes of the set run side by side."""

    def __init__(self, root: Path, server: str) -> None:
        self.port = free_port()
        self.query_port = free_port()
        self._health_port = free_port()
        self._root = root
        self.secrets = root / "secrets"
        made = ["sh", str(ROOT / "docker/make-secrets.sh"), str(self.secrets)]
        subprocess.run(made, check=True, timeout=60)
        self._replaced = {
            "/tmp/": f"{root}/tmp/",  # first: what the others put in may lie there
            "@postgres:5432/prefect": "@" + empty_database(server).partition("@")[2],
            "@postgres:5432/holdfast": "@" + empty_database(server).partition("@")[2],
            "prefect-server:4200": f"127.0.0.1:{self.port}",
            "/var/lib/prefect": str(root / "prefect"),
            "/var/lib/holdfast": str(root / "home"),
            "/app/holdfast.yaml": str(ROOT / "config/holdfast.yaml"),
            "0.0.0.0:8765": f"127.0.0.1:{self.query_port}",
        }

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service, with what is elsewhere here."""
        given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        for variable, value in SERVICES[name]["environment"].items():
            given[variable] = self._moved_here(value)
        given.pop("HOLDFAST_STORE__URL", None)  # no Qdrant server is at hand: the embedded index
        given["HOLDFAST_PROMOTION__LATENCY_FLOOR_MS"] = "60000"  # a test machine may be busy
        return given | {"PREFECT_WORKER_WEBSERVER_PORT": str(self._health_port)}

    def _moved_here(self, value: str) -> str:
        for there, here in self._replaced.items():
            value = value.replace(there, here)
        return value

    def command(self, name: str, *more: str) -> list[str]:
        """Return the command of a service behind the script that hands it its secrets."""
        program = SERVICES[name]["entrypoint"][-1]
        module = {"holdfast": "service.cli", "prefect": "prefect"}[program]
        script = ["sh", str(ROOT / "docker/with-secrets.sh"), sys.executable, "-m", module]
        return [*script, *map(self._moved_here, SERVICES[name]["command"]), *more]

    def with_secrets(self, name: str) -> dict[str, str]:
        """Write the secrets of a service; returns its environment."""
        folder = self._root / f"secrets-{name}"
        folder.mkdir(exist_ok=True)
        values = {"prefect_auth": AUTH, "postgres_password": "unused", "qdrant_api_key": "unused"}
        values |= {name: (self.secrets / name).read_text() for name in ("serve_keys", "query_key")}
        for secret in SERVICES[name]["secrets"]:
            (folder / secret["target"]).write_text(values[secret["source"]], encoding="utf-8")
        return {**self.environment(name), "SECRETS": str(folder)}

    @contextmanager
    def running(self, name: str, *more: str) -> Iterator["subprocess.Popen[bytes]"]:
        with (self._root / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                self.command(name, *more), env=self.with_secrets(name), cwd=self._root,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process
        finally:
            process.terminate()
            process.wait(60)

    def once(self, name: str, *more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(name, *more), env=self.with_secrets(name), cwd=self._root,
            capture_output=True, text=True, check=False, timeout=400,
        )  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with cluster() as server:
        yield Stage(tmp_path, server)


def healthy(url: str, process: "subprocess.Popen[bytes]") -> bool:
    """Do what a health check does; a process that ended will never be healthy."""
    assert process.poll() is None
    try:
        return httpx.get(url, timeout=5).is_success
    except httpx.HTTPError:
        return False


def test_from_bootstrap_to_an_answer_on_postgresql(stage: Stage) -> None:
    api = f"http://127.0.0.1:{stage.port}/api"
    with ExitStack() as running:
        server = running.enter_context(stage.running("prefect-server", "--port", str(stage.port)))
        until(lambda: healthy(f"{api}/health", server))
        assert httpx.post(f"{api}/deployments/filter", json={}, timeout=60).status_code == 401
        for _ in range(2):
            bootstrap = stage.once("bootstrap")
            assert bootstrap.returncode == 0, bootstrap.stderr
        auth = httpx.BasicAuth(*AUTH.split(":"))
        asking = httpx.Client(base_url=api, auth=auth, transport=PatientTransport(), timeout=60)
        site = Site(running.enter_context(asking))
        for name in ("ingest/ingest", "verify/verify", "gc/gc", "evaluate/evaluate"):
            site.api.post(f"/deployments/{site.deployment(name)['id']}/pause_deployment")
        running.enter_context(stage.running("worker"))
        (worker,) = until(
            lambda: site.api.post("/work_pools/holdfast/workers/filter", json={}).json()
        )
        assert worker["status"] == "ONLINE"
        query = running.enter_context(stage.running("query"))
        service = f"http://127.0.0.1:{stage.query_port}"
        until(lambda: healthy(f"{service}/healthz", query))
        assert httpx.get(f"{service}/readyz", timeout=60).status_code == 503

        assert site.run("ingest/ingest")["name"] == "Completed"
        until(lambda: healthy(f"{service}/readyz", query))
        before = ask(service, stage)
        assert before["evidence"][0]["key"] == "people/leave.md"

        form = {"set_options": ["chunking.max_tokens=180"], "approval": "manual"}
        run = site.trigger("reindex/reindex", **form).json()["id"]
        site.in_state(run, "PAUSED")
        assert before["generation"] in site.facts(run)
        site.resume(run, decision="approve", comment="seen on PostgreSQL")
        assert site.ended(run)["name"] == "Completed"
        assert ask(service, stage)["generation"] != before["generation"]


def ask(service: str, stage: Stage) -> Any:
    """Ask the query service with the key that make-secrets.sh made for a reader."""
    key = (stage.secrets / "query_key").read_text()
    question = "How many weeks of paid leave does the main caregiver get?"
    answer = httpx.post(
        f"{service}/v1/ground",
        json={"question": question},
        headers={"Authorization": f"Bearer {key}"},
        timeout=120,
    )
    return answer.raise_for_status().json()
