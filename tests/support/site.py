"""A Prefect server asked as its UI asks: runs from forms, states, answers of people."""

import socket
import time
from collections.abc import Callable
from typing import Any

import httpx

BUSY = 503
"""What a Prefect server says while its SQLite is locked; Prefect's client asks again, too."""
BUSY_ATTEMPTS = 20
PATIENCE_SECONDS = 600
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


class PatientTransport(httpx.HTTPTransport):
    """Asks again where the server is busy, as a person would, or Prefect's own client."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(BUSY_ATTEMPTS):
            answer = super().handle_request(request)
            if answer.status_code != BUSY:
                break
            answer.read()
            time.sleep(1)
        return answer


class Site:
    """One server with the deployments of `prefect.yaml`."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api

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
