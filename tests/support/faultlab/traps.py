"""Traps: what a process does to itself when it passes a failpoint."""

import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence

from indexing.failpoints import Failpoint
from tests.support.faultlab.orders import Then, Trap
from tests.support.faultlab.stand_ins import say


class Trapper:
    """Counts failpoints, remembers their order, and springs traps; a hook for failpoints."""

    def __init__(self, traps: Sequence[Trap], hand_over: Callable[[], None]) -> None:
        """Spring `traps`; before a STOP `hand_over` gives everything held to other processes."""
        self._traps = {(trap.point, trap.nth): trap.then for trap in traps}
        self._hand_over = hand_over
        self._seen: Counter[Failpoint] = Counter()
        self._lock = threading.Lock()
        self._first: dict[str, Callable[[], None]] = {}
        self.passed: list[Failpoint] = []

    def at_first(self, point: str, action: Callable[[], None]) -> None:
        """Do something when a failpoint is passed for the first time."""
        self._first[point] = action

    def __call__(self, point: Failpoint) -> None:
        with self._lock:
            self._seen[point] += 1
            self.passed.append(point)
            then = self._traps.get((point.value, self._seen[point]))
            action = self._first.pop(point.value, None)
        if action is not None:
            action()
        if then is not None:
            self._spring(then)

    def _spring(self, then: Then) -> None:
        if then is Then.WAIT:
            say("waiting")
            sys.stdin.readline()
            return
        if then is Then.STOP:
            self._hand_over()
        ends = signal.SIGKILL if then is Then.KILL else signal.SIGSTOP
        os.kill(os.getpid(), ends)
