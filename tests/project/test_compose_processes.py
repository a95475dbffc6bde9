"""The processes of the Compose set, started by hand: its commands, its environment, its secrets.

No container engine is needed: only names of hosts and folders are replaced.
    pytest tests/project/test_compose_processes.py -m thorough
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support.laptop import ROOT, free_port, until
from tests.support.postgres import cluster, empty_database

pytestmark = [pytest.mark.postgres, pytest.mark.thorough, pytest.mark.timeout(300)]
AUTH = "holdfast:0123456789abcdef"
SERVICES: dict[str, Any] = yaml.safe_load(
    (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
)["services"]


class Stage:
    """One machine on which the processes of the set run side by side."""

    def __init__(self, root: Path, server: str) -> None:
        self.port = free_port()
        self._health_port = free_port()
        self._root = root
        self._replaced = {
            "@postgres:5432/prefect": "@" + empty_database(server).partition("@")[2],
            "@postgres:5432/holdfast": "@" + empty_database(server).partition("@")[2],
            "prefect-server:4200": f"127.0.0.1:{self.port}",
            "/var/lib/prefect": str(root / "prefect"),
            "/var/lib/holdfast": str(root / "home"),
            "/app/holdfast.yaml": str(ROOT / "config/holdfast.yaml"),
            "/tmp/": f"{root}/tmp/",
        }

    def environment(self, name: str) -> dict[str, str]:
        """Return the environment of a service, with what is elsewhere here."""
        given = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        for variable, value in SERVICES[name]["environment"].items():
            given[variable] = self._moved_here(value)
        given.pop("HOLDFAST_STORE__URL", None)  # no Qdrant server is at hand: the embedded index
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
        return [*script, *SERVICES[name]["command"], *more]

    def with_secrets(self, name: str) -> dict[str, str]:
        """Write the secrets of a service; returns its environment."""
        folder = self._root / f"secrets-{name}"
        folder.mkdir(exist_ok=True)
        values = {"prefect_auth": AUTH, "postgres_password": "unused", "qdrant_api_key": "unused"}
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
            capture_output=True, text=True, check=False, timeout=200,
        )  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with cluster() as server:
        yield Stage(tmp_path, server)


def test_server_bootstrap_and_worker_work_together_on_postgresql(stage: Stage) -> None:
    api = f"http://127.0.0.1:{stage.port}/api"
    with stage.running("prefect-server", "--port", str(stage.port)) as server:

        def healthy() -> bool:
            assert server.poll() is None
            try:
                return httpx.get(f"{api}/health", timeout=2).is_success
            except httpx.HTTPError:
                return False

        until(healthy)
        assert httpx.post(f"{api}/deployments/filter", json={}).status_code == 401
        for _ in range(2):
            bootstrap = stage.once("bootstrap")
            assert bootstrap.returncode == 0, bootstrap.stderr
        auth = httpx.BasicAuth(*AUTH.split(":"))
        found = httpx.post(f"{api}/deployments/filter", json={}, auth=auth).json()
        assert {"ingest", "reindex", "purge"} <= {deployment["name"] for deployment in found}
        with stage.running("worker"):

            def polls() -> Any:
                answer = httpx.post(f"{api}/work_pools/holdfast/workers/filter", json={}, auth=auth)
                return answer.json()

            (worker,) = until(polls)
            assert worker["status"] == "ONLINE"
