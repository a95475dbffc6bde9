"""A running `holdfast up` for tests: a real Prefect server and worker, asked as the UI asks."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 240
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(look: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> Any:
    """Look again and again until something is there."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.3)
    raise AssertionError(f"it did not come to be within {seconds} s")


class Laptop:
    """One `holdfast up` on a folder of documents, until it is shut down."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "docs"
        self.folder.mkdir()
        self.home = root / "home"
        config = root / "holdfast.yaml"
        config.write_text(
            f"sources:\n  - {{name: docs, kind: local, path: {self.folder}}}\n"
            "promotion:\n  latency_floor_ms: 60000\n",
            encoding="utf-8",
        )
        ours = ("HOLDFAST_", "PREFECT_", "QDRANT_")
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(ours)}
        self.env |= {"HOLDFAST_CONFIG": str(config), "HOLDFAST_HOME": str(self.home)}
        self.env |= {"PYTHONPATH": str(ROOT), "PREFECT_HOME": str(self.home / "prefect")}
        self.port = free_port()
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/api", timeout=30)
        self._root = root
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "up", "--port", str(self.port), "--json"],
            cwd=root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=(root / "up.err").open("wb"),
            text=True,
        )
        self.lines: list[str] = []
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(json.loads(line)["up"])
            if "until Ctrl-C" in line:
                break
        else:
            raise AssertionError((root / "up.err").read_text())

        for name in ("ingest/ingest", "verify/verify", "gc/gc"):  # no run that no test asked for
            self.api.post(f"/deployments/{self.deployment(name)['id']}/pause_deployment")

    def write(self, number: int, extra: str = "") -> None:
        text = f"Door number {number} opens to the yard. {extra}\n"
        (self.folder / f"{number}.txt").write_text(text, encoding="utf-8")

    def holdfast(self, *arguments: str) -> Any:
        """Run a command beside it, on the same home; returns its JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "service.cli", *arguments, "--json"],
            cwd=self._root, env=self.env, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode in {0, 3, 4}, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    def deployment(self, name: str) -> Any:
        answer = self.api.get(f"/deployments/name/{name}")
        answer.raise_for_status()
        return answer.json()

    def trigger(self, name: str, **params: Any) -> httpx.Response:
        """Start a run as the UI's form does: the deployment's parameters with some changed."""
        deployment = self.deployment(name)
        form = {**deployment["parameters"]["params"], **params}
        body = {"parameters": {"params": form}, "state": {"type": "SCHEDULED"}}
        return self.api.post(f"/deployments/{deployment['id']}/create_flow_run", json=body)

    def run(self, name: str, **params: Any) -> Any:
        """Start a run and return it as it ended."""
        return self.ended(self.trigger(name, **params).raise_for_status().json()["id"])

    def flow_run(self, run: str) -> Any:
        return self.api.get(f"/flow_runs/{run}").raise_for_status().json()

    def in_state(self, run: str, *kinds: str) -> Any:
        def look() -> Any:
            found = self.flow_run(run)
            assert found["state"]["type"] in {*kinds} or found["state"]["type"] not in FINAL, found
            return found if found["state"]["type"] in kinds else None

        return until(look)

    def ended(self, run: str) -> Any:
        return self.in_state(run, *FINAL)["state"]

    def runs_of(self, name: str) -> list[Any]:
        deployment = self.deployment(name)["id"]
        body = {"flow_runs": {"deployment_id": {"any_": [deployment]}}}
        return self.api.post("/flow_runs/filter", json=body).raise_for_status().json()

    def facts(self, run: str) -> str:
        """Read what the form of a paused run shows."""
        state = self.flow_run(run)["state"]
        key = state["state_details"]["run_input_keyset"]["description"]

        def look() -> Any:
            answer = self.api.get(f"/flow_runs/{run}/input/{key}")
            return answer.json() if answer.is_success else None

        return str(until(look))

    def resume(self, run: str, **answer: Any) -> None:
        self.facts(run)  # the form is saved a moment after the run paused
        said = self.api.post(f"/flow_runs/{run}/resume", json={"run_input": answer})
        assert said.raise_for_status().json()["status"] == "ACCEPT"

    def engines(self, run: str) -> list[psutil.Process]:
        """Return the processes of one flow run."""
        found = []
        for child in psutil.Process(self.process.pid).children(recursive=True):
            try:
                if child.environ().get("PREFECT__FLOW_RUN_ID") == run:
                    found.append(child)
            except psutil.Error:
                continue
        return found

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def shut_down(self) -> int:
        """End it as Ctrl-C does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        code = self.process.wait(90)
        if self.process.stdout:
            self.process.stdout.close()
        self.api.close()
        return code
