"""Worker processes of this machine: results, errors, and what happens when one is killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.processes import ProcessRunner
from indexing.execution.runner import Urgency
from tests.support.pieces import always_die, die_once, refuse, twice, worker_pid
from tests.support.site import until

ROOT = Path(__file__).resolve().parents[3]
ORPHANED = """
import os, signal
from indexing.execution.processes import ProcessRunner
from indexing.execution.runner import Urgency
from tests.support.pieces import worker_pid
runner = ProcessRunner(1)
print(runner.submit(worker_pid, None, Urgency.NOW).result(), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def runner() -> Iterator[ProcessRunner]:
    made = ProcessRunner(2)
    yield made
    made.close()


def test_a_lost_worker_is_replaced_and_its_piece_repeated(
    runner: ProcessRunner, tmp_path: Path
) -> None:
    marker = tmp_path / "died"
    calls = [runner.submit(twice, number, Urgency.AHEAD) for number in range(6)]
    survivor = runner.submit(die_once, marker, Urgency.NOW)
    assert survivor.result() != int(marker.read_text())
    assert [call.result() for call in calls] == [0, 2, 4, 6, 8, 10]
    with pytest.raises(ValueError, match="what it says"):
        runner.submit(refuse, "what it says", Urgency.NOW).result()
    (victim, *_) = runner.pids
    os.kill(victim, signal.SIGKILL)
    pids = {runner.submit(worker_pid, None, Urgency.NOW).result() for _ in range(8)}
    assert victim not in pids


@pytest.mark.thorough
def test_a_piece_that_kills_every_worker_is_given_up(runner: ProcessRunner) -> None:
    with pytest.raises(WorkerLostError, match="worker processes were lost"):
        runner.submit(always_die, None, Urgency.NOW).result()
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8


def test_closing_leaves_no_process_and_takes_no_work(runner: ProcessRunner) -> None:
    pid = runner.submit(worker_pid, None, Urgency.NOW).result()
    runner.close()
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
    with pytest.raises(RunnerUnavailableError):
        runner.submit(twice, 1, Urgency.NOW)


def test_workers_end_with_a_run_that_is_killed() -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", ORPHANED], env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pid = int(done.stdout)
    until(lambda: not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie")
