"""What only Dask does: calls that end between two waits, clusters that fail, or come back."""

from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")

from config.execution import ExecutionSettings, RunnerKind
from indexing.errors import RunnerUnavailableError
from indexing.execution.dask import DaskCall, DaskRunner
from indexing.execution.runner import Urgency
from tests.support.clusters import dask_by_hand
from tests.support.pieces import twice
from tests.support.site import free_port, until


class Manned:
    """A runner that has workers."""

    closed = False

    def check(self, since: float) -> None:
        """Somebody is there."""


class EndsMeanwhile:
    """A future whose work fails just after a wait for it was over."""

    def __init__(self, error: Exception) -> None:
        self.status = "pending"
        self._error = error

    def result(self, timeout: float) -> None:
        if self.status == "error":
            raise self._error
        self.status = "error"
        raise TimeoutError(timeout)


@pytest.mark.parametrize("kind", [ValueError, TimeoutError])
def test_work_that_fails_between_two_waits_fails_as_itself(kind: type[Exception]) -> None:
    call: DaskCall[None] = DaskCall(Manned(), EndsMeanwhile(kind("its own")))  # type: ignore[arg-type]
    with pytest.raises(kind, match="its own"):
        call.result()


class Scheduler:
    """A connection to a scheduler, and its clock; without workers a piece goes on for ever."""

    status = "running"

    def __init__(self) -> None:
        self.now = 0.0
        self.workers = {"tcp://worker": 1}

    def monotonic(self) -> float:
        return self.now

    def nthreads(self) -> dict[str, int]:
        return self.workers

    def submit(self, work: Any, argument: Any, **_: Any) -> Any:
        def result(timeout: float) -> Any:
            if self.workers:
                return work(argument)
            self.now += timeout
            raise TimeoutError(timeout)

        return SimpleNamespace(status="pending", result=result)

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize("handed_over", ["after an idle time", "before quick pieces"])
def test_workers_may_be_away_for_two_minutes_however_long_nobody_looked_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, handed_over: str
) -> None:
    """Nobody looks while there is no work, or while each piece is done before the first look."""
    scheduler, last_seen = Scheduler(), 600.0
    monkeypatch.setattr("distributed.Client", lambda *_, **__: scheduler)
    monkeypatch.setattr("indexing.execution.dask.time", scheduler)
    settings = ExecutionSettings(runner=RunnerKind.DASK, scheduler="tcp://127.0.0.1:1")
    with closing(DaskRunner(settings, tmp_path)) as runner:
        call = runner.submit(twice, 4, Urgency.AHEAD)
        scheduler.now = last_seen
        if handed_over == "before quick pieces":
            assert runner.submit(twice, 4, Urgency.NOW).result() == 8
        else:
            call = runner.submit(twice, 4, Urgency.NOW)
        scheduler.workers = {}
        with pytest.raises(RunnerUnavailableError, match="has had no worker for 120 s"):
            call.result()
    assert scheduler.now > last_seen + 120


def test_a_cluster_that_cannot_be_started_here_is_told_of(tmp_path: Path) -> None:
    scratch = tmp_path / "dask"
    scratch.touch()  # a file where its folder would be
    settings = ExecutionSettings(runner=RunnerKind.DASK, workers=1)
    with (
        closing(DaskRunner(settings, scratch)) as runner,
        pytest.raises(RunnerUnavailableError, match=rf"Not a directory.*See that {scratch}"),
    ):
        runner.start()


@pytest.mark.thorough
def test_a_scheduler_that_was_given_up_and_comes_back_is_used_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step is tried again where a run is deployed, and nothing else would connect anew."""
    monkeypatch.setattr("indexing.execution.dask.CONNECT_SECONDS", 2.0)
    port = free_port()
    settings = ExecutionSettings(runner=RunnerKind.DASK, scheduler=f"tcp://127.0.0.1:{port}")
    with closing(DaskRunner(settings, tmp_path)) as runner:

        def works() -> bool:
            try:
                return runner.submit(twice, 4, Urgency.NOW).result() == 8
            except RunnerUnavailableError:
                return False

        with dask_by_hand({}, port):
            until(works)
        assert [works() for _ in range(3)] == [False] * 3
        with dask_by_hand({}, port):
            until(works)
