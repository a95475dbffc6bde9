"""What the flow tests ask the Prefect API: artifacts, events, task runs, runs that wait."""

import contextvars
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

PATIENCE_SECONDS = 150


def client() -> Any:
    from prefect import get_client

    return get_client(sync_client=True)


def artifacts(key: str) -> list[Any]:
    """Return the artifacts of a key, the newest first."""
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
    from prefect.client.schemas.sorting import ArtifactSort

    with client() as api:
        return api.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=[key])),
            sort=ArtifactSort.CREATED_DESC,
        )


def task_runs(state: Any, expected: int) -> Counter[str]:
    """Count a flow run's task runs by kind; the server learns of them a little later."""
    from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterId

    mine = FlowRunFilter(id=FlowRunFilterId(any_=[state.state_details.flow_run_id]))
    deadline = time.monotonic() + PATIENCE_SECONDS
    with client() as api:
        while True:
            found = api.read_task_runs(flow_run_filter=mine)
            finished = [run for run in found if run.state is not None and run.state.is_final()]
            if len(finished) >= expected or time.monotonic() > deadline:
                break
            time.sleep(0.2)
    assert len(finished) == len(found)
    return Counter(run.name.split("-")[0].split(" ")[0] for run in found)


def artifact(key: str) -> Any:
    """Return the newest artifact of a key."""
    return artifacts(key)[0]


def until(look: Callable[[], Any]) -> Any:
    """Look again and again until something is there."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come to be in time")


def events(prefix: str, collection: str) -> list[Any]:
    """Return the events about a collection, the oldest first."""
    with client() as api:
        answer = api._client.post(
            "/events/filter",
            json={
                "filter": {
                    "event": {"prefix": [prefix]},
                    "resource": {"id": [f"holdfast.corpus.{collection}"]},
                    "order": "ASC",
                },
                "limit": 50,
            },
        )
    answer.raise_for_status()
    return answer.json()["events"]


class Waiting:
    """A flow that runs in a thread and waits in its input form."""

    def __init__(self, call: Callable[[], Any]) -> None:
        from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState
        from prefect.client.schemas.filters import FlowRunFilterStateType as Type
        from prefect.client.schemas.objects import StateType

        self._filter = FlowRunFilter(state=FlowRunFilterState(type=Type(any_=[StateType.PAUSED])))
        self._states: list[Any] = []
        self._others = {run.id for run in self._all_paused()}
        context = contextvars.copy_context()
        self._thread = threading.Thread(
            target=context.run, args=(lambda: self._states.append(call()),)
        )
        self._thread.start()
        self.run = until(self._paused)

    def _all_paused(self) -> list[Any]:
        with client() as api:
            return api.read_flow_runs(flow_run_filter=self._filter)

    def _paused(self) -> Any:
        # A test that failed may have left one.
        return next((run for run in self._all_paused() if run.id not in self._others), None)

    def input(self, part: str) -> Any:
        """Return the schema or the description of the form."""
        import json

        from prefect.exceptions import PrefectHTTPStatusError

        key = self.run.state.state_details.run_input_keyset[part]

        def read() -> Any:
            with client() as api:
                try:
                    return api._client.get(f"/flow_runs/{self.run.id}/input/{key}")
                except PrefectHTTPStatusError as error:  # it is saved a moment after the pause
                    if error.response.status_code != 404:
                        raise
                    return None

        return json.loads(until(read).content)

    def resume(self, **answer: Any) -> Any:
        """Fill the form as the UI does; returns what the API says, such as ACCEPT or REJECT."""
        self.input("schema")  # waits until the form is saved
        body = {"run_input": answer}
        with client() as api:
            said = api._client.post(f"/flow_runs/{self.run.id}/resume", json=body)
        return said.raise_for_status().json()["status"]

    def end(self) -> Any:
        """Return the final state."""
        self._thread.join(PATIENCE_SECONDS)
        assert self._states, "the flow did not end"
        return self._states[0]
