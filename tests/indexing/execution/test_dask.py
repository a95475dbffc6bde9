"""What only Dask does: calls that end between two waits, and clusters that fail."""

from contextlib import closing
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")

from config.execution import ExecutionSettings, RunnerKind
from indexing.errors import RunnerUnavailableError
from indexing.execution.dask import DaskCall, DaskRunner


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
