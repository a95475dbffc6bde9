"""What only Dask does: calls that end between two waits, clusters that fail, or come back."""

from contextlib import closing
from pathlib import Path

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

    def check(self) -> None:
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
