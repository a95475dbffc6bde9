"""Deadlines and circuit breakers: a part that hangs or keeps failing costs a bounded time.

A call that is overdue goes on in its thread, because nothing can stop it; nobody waits for it any
more, and its circuit sees to it that such threads do not pile up.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from config.querying import DeadlineSettings

T = TypeVar("T")


class OverdueError(Exception):
    """A call did not end within its deadline."""


class CircuitOpenError(Exception):
    """A part failed so often that it is left alone for a while."""


@dataclass
class _Ended(Generic[T]):
    value: T | None = None
    error: BaseException | None = None


def run_within(seconds: float, call: Callable[[], T]) -> T:
    """Return what `call` returns, or raise what it raises.

    Raises:
        OverdueError: It took longer than `seconds`.
    """
    ended: list[_Ended[T]] = []

    def work() -> None:
        try:
            ended.append(_Ended(call()))
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            ended.append(_Ended(error=error))

    # A daemon: a hung model must not keep the process from ending.
    thread = threading.Thread(target=work, name="holdfast-bounded", daemon=True)
    thread.start()
    thread.join(seconds)
    if not ended:
        raise OverdueError(f"No answer within {seconds:g} s.")
    if ended[0].error is not None:
        raise ended[0].error
    return ended[0].value  # type: ignore[return-value]


@dataclass
class Circuit:
    """Counts failures in a row of one part; open, it lets nothing through until it cooled down.

    After the cooldown one call is let through; its outcome closes the circuit or keeps it open.
    """

    failures: int
    cooldown_seconds: float
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _failed: int = 0
    _open_until: float | None = None

    def call(self, seconds: float, work: Callable[[], T]) -> T:
        """Make a call within its deadline, if the circuit lets it through.

        Raises:
            CircuitOpenError: It does not.
            OverdueError: The call took too long.
        """
        self._admit()
        try:
            value = run_within(seconds, work)
        except BaseException:
            self.failed()
            raise
        self.succeeded()
        return value

    @property
    def is_open(self) -> bool:
        """Whether a call would be turned away now."""
        with self._lock:
            return self._open_until is not None and self.clock() < self._open_until

    def admits(self) -> bool:
        """Whether a call may be made now; if it is the trial after the cooldown, it is taken."""
        try:
            self._admit()
        except CircuitOpenError:
            return False
        return True

    def failed(self) -> None:
        """Note a failure."""
        with self._lock:
            self._failed += 1
            if self._failed >= self.failures:
                self._open_until = self.clock() + self.cooldown_seconds

    def succeeded(self) -> None:
        """Note a success: the circuit is closed."""
        with self._lock:
            self._failed, self._open_until = 0, None

    def _admit(self) -> None:
        with self._lock:
            if self._open_until is None:
                return
            left = self._open_until - self.clock()
            if left > 0:
                raise CircuitOpenError(
                    f"It failed {self._failed} times in a row and is tried again in {left:.0f} s."
                )
            # This call is the trial; others wait for how it ends.
            self._open_until = self.clock() + self.cooldown_seconds


def circuit(settings: DeadlineSettings) -> Circuit:
    """Return a closed circuit with the limits of the settings."""
    return Circuit(settings.failures, settings.cooldown_seconds)
