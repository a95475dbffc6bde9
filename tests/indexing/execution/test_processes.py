"""Worker processes of this machine: those that cannot be started, and pieces amid the end."""

import threading
import time
from contextlib import closing
from queue import PriorityQueue
from typing import Any

import pytest

from indexing.errors import RunnerUnavailableError
from indexing.execution import processes
from indexing.execution.processes import ProcessRunner
from indexing.execution.runner import Urgency
from tests.indexing.execution.conftest import files_left
from tests.support.pieces import end_at_once, twice, worker_pid


def test_a_process_that_cannot_be_started_is_told_of_and_the_next_one_is_known() -> None:
    """One of which the id was not known outlived the end, which then waited for its piece."""
    with closing(ProcessRunner(1)) as runner:
        for count in range(0, 40, 2):
            with files_left(count):
                call = runner.submit(worker_pid, None, Urgency.NOW)
                error = call.exception()
            if error is None:
                break
            assert isinstance(error, RunnerUnavailableError)
            assert "No worker process can be started" in str(error)
        assert count > 0
        assert runner.pids == {runner.submit(worker_pid, None, Urgency.NOW).result()}
        call = runner.submit(time.sleep, 600, Urgency.NOW)
        while not call.running():
            time.sleep(0.01)
        runner.close()
        with pytest.raises(RunnerUnavailableError, match="closed"):
            call.result()


def test_a_process_that_ends_before_it_had_a_piece_is_no_fault_of_the_piece(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a machine on which none comes up would have every document refused, one by one."""
    monkeypatch.setattr(processes, "die_with_parent", end_at_once)
    with (
        closing(ProcessRunner(1)) as runner,
        pytest.raises(RunnerUnavailableError, match="ended before it took any work"),
    ):
        runner.submit(twice, 4, Urgency.NOW).result()


def test_a_piece_that_is_handed_over_during_the_end_is_told_of_it() -> None:
    """Nobody would answer what comes after the waiting pieces were gone through."""
    runner = ProcessRunner(1)
    closing = threading.Thread(target=runner.close)

    class Late(PriorityQueue[Any]):
        """A queue into which a piece comes when the end has begun, and gone through if it can."""

        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
            if item.work is twice:
                closing.start()
                closing.join(0.5)
            super().put(item, block, timeout)

    runner._waiting = Late()
    call = runner.submit(twice, 4, Urgency.NOW)
    with pytest.raises(RunnerUnavailableError, match="closed"):
        call.result(timeout=30.0)
    closing.join()
    with pytest.raises(RunnerUnavailableError, match="closed"):
        runner.submit(twice, 4, Urgency.NOW)
