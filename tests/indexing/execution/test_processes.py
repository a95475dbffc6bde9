"""Worker processes of this machine: what is handed over while they are closed is answered."""

import threading
from queue import PriorityQueue
from typing import Any

import pytest

from indexing.errors import RunnerUnavailableError
from indexing.execution.processes import ProcessRunner
from indexing.execution.runner import Urgency
from tests.support.pieces import twice


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
