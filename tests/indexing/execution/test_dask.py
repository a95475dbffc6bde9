"""Workers of Dask: a real cluster of two processes, only on the loopback interface."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.errors import ConfigError
from config.execution import ExecutionSettings, RunnerKind
from config.settings import Settings
from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.runner import Urgency
from indexing.execution.shared import open_runner
from tests.support.laptop import free_port
from tests.support.pieces import always_die, die_once, refuse, twice, worker_pid

pytest.importorskip("distributed", reason="Dask is not installed (the extra `dask`)")

from indexing.execution.dask import DaskCall, DaskRunner

TWO = ExecutionSettings(runner=RunnerKind.DASK, workers=2)


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[DaskRunner]:
    made = DaskRunner(TWO, tmp_path / "dask")
    yield made
    made.close()


def listening() -> set[str]:
    """Addresses on which this process and its children listen."""
    here = psutil.Process()
    everything = [here, *here.children(recursive=True)]
    return {
        connection.laddr.ip
        for process in everything
        for connection in process.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }


def remote_ends() -> set[str]:
    here = psutil.Process()
    return {
        connection.raddr.ip
        for process in [here, *here.children(recursive=True)]
        for connection in process.net_connections("inet")
        if connection.raddr
    }


def test_a_lost_worker_is_replaced_and_its_piece_repeated(
    runner: DaskRunner, tmp_path: Path
) -> None:
    marker = tmp_path / "died"
    calls = [runner.submit(twice, number, Urgency.AHEAD) for number in range(6)]
    survivor = runner.submit(die_once, marker, Urgency.NOW)
    assert survivor.result() != int(marker.read_text())
    assert [call.result() for call in calls] == [0, 2, 4, 6, 8, 10]
    assert (runner.slots, runner.threads) == (2, max(1, len(os.sched_getaffinity(0)) // 2))
    with pytest.raises(ValueError, match="what it says"):
        runner.submit(refuse, "what it says", Urgency.NOW).result()
    assert listening() <= {"127.0.0.1", "::1"}
    assert remote_ends() <= {"127.0.0.1", "::1"}


@pytest.mark.thorough
def test_a_piece_that_kills_every_worker_is_given_up(runner: DaskRunner) -> None:
    with pytest.raises(WorkerLostError, match="Dask workers were lost"):
        runner.submit(always_die, None, Urgency.NOW).result()
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8


class Manned:
    """A runner that has workers."""

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


@pytest.mark.thorough
def test_closing_ends_the_cluster(runner: DaskRunner) -> None:
    pid = runner.submit(worker_pid, None, Urgency.NOW).result()
    assert pid in runner.pids
    runner.close()
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    with pytest.raises(RunnerUnavailableError):
        runner.submit(twice, 1, Urgency.NOW)


def test_a_scheduler_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("indexing.execution.dask.CONNECT_SECONDS", 1.0)
    address = f"tcp://127.0.0.1:{free_port()}"
    settings = ExecutionSettings(runner=RunnerKind.DASK, scheduler=address)
    with pytest.raises(RunnerUnavailableError, match=address):
        DaskRunner(settings, tmp_path).start()


def test_without_the_package_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"holdfast\[dask\]"):
        open_runner(Settings(execution=TWO))


def test_nothing_of_dask_is_loaded_before_it_is_used() -> None:
    import subprocess

    code = "import indexing.corpus, sys; sys.exit('distributed' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
