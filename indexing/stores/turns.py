"""Turns between processes: who may have a shard open, for how long, and who is next.

Two files per shard are locked with `flock`, which the kernel gives up by itself when a process
dies. `queue` is a turnstile: who wants a turn stands in it until the turn is his. `turn` is the
turn. The holder keeps the shard open between calls, because loading costs more than a query,
and looks at the turnstile after each call and, while idle, from a small thread: when somebody
stands there it closes the shard and hands over. Who comes back queues again, so two busy
processes alternate.
"""

import atexit
import fcntl
import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

from indexing.errors import StoreBusyError

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

IDLE_SECONDS = 2.0
"""After so long without a call the shard is closed even if nobody waits."""
WATCH_SECONDS = 0.02
"""How often an idle holder looks at the turnstile."""
POLL_SECONDS = 0.002
LEAST_TURN_SECONDS = 0.02
LONGEST_SHARE_SECONDS = 0.25
"""A holder that others wait for keeps its turn as long as opening took, within these two: then
at most about half of the time goes into opening and closing, however large the shard is."""


class Turn:
    """The right to have one shard open; held by at most one `Turn` on this machine."""

    def __init__(self, folder: Path, name: str, timeout_seconds: float) -> None:
        self.name = name
        self._queue_path = folder / f"{name}.queue.lock"
        self._turn_path = folder / f"{name}.turn.lock"
        self._timeout = timeout_seconds
        self._turn: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object holds the turn."""
        return self._turn is not None

    def take(self) -> None:
        """Wait in line for the turn.

        Raises:
            StoreBusyError: Another process kept it for the whole timeout.
        """
        deadline = time.monotonic() + self._timeout
        self._turn_path.parent.mkdir(parents=True, exist_ok=True)
        queue = self._locked(self._queue_path, deadline)
        try:
            turn = self._locked(self._turn_path, deadline)
        finally:
            _unlock(queue)
        self._turn = turn
        with suppress(OSError):  # the name of the holder is a courtesy, a full disk no reason
            os.ftruncate(turn, 0)
            os.pwrite(turn, str(os.getpid()).encode(), 0)

    def give(self) -> None:
        """Give the turn to whoever is next."""
        if self._turn is not None:
            turn, self._turn = self._turn, None
            with suppress(OSError):
                os.ftruncate(turn, 0)
            _unlock(turn)

    def wanted(self) -> bool:
        """Tell whether another process stands in the turnstile."""
        try:
            queue = _open(self._queue_path)
        except OSError:
            return True  # the folder was taken away: hold on to nothing
        try:
            fcntl.flock(queue, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            fcntl.flock(queue, fcntl.LOCK_UN)
            return False
        finally:
            os.close(queue)

    def _locked(self, path: Path, deadline: float) -> int:
        descriptor = _open(path)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise self.busy() from None
                time.sleep(POLL_SECONDS)
            else:
                return descriptor

    def busy(self) -> StoreBusyError:
        """Return the error that says who holds the shard, as far as that is known."""
        try:
            holder = self._turn_path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            holder = ""
        who = f"process {holder}" if holder.isdigit() else "another process"
        return StoreBusyError(
            f"The embedded index {self.name!r} is held by {who}, which did not hand it over "
            f"within {self._timeout:g} s. Try again, end that process, or raise "
            "store.turn_timeout_seconds; with a Qdrant server (store.url) nobody waits."
        )


class Seat(Generic[T]):
    """Something that may be open in one process at a time, kept open while the turn lasts.

    `use` may be called from several threads; they take the seat one after the other.
    """

    def __init__(
        self,
        turn: Turn,
        open_: Callable[[], T],
        close: Callable[[T], None],
        *,
        wait_seconds: float,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self._turn = turn
        self._open = open_
        self._close = close
        self._wait = wait_seconds
        self._idle = idle_seconds
        self._lock = threading.RLock()
        self._depth = 0
        self._value: T | None = None
        self._last_used = self._taken_at = self._share = 0.0
        _SEATS.add(self)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the turn with everything closed: for making and removing files."""
        with self._entered():
            self._shut()
            if not self._turn.held:
                self._turn.take()
            try:
                yield
            finally:
                self._turn.give()

    @contextmanager
    def use(self) -> Iterator[T]:
        """Give the open thing for one call, opening it first if it is not this process's turn.

        Raises:
            StoreBusyError: The turn did not come in time.
        """
        with self._entered():
            value = self._opened()
            self._depth += 1
            try:
                yield value
            finally:
                self._depth -= 1
                self._last_used = time.monotonic()
                if self._depth == 0 and self._due():
                    self._leave()

    def leave(self) -> None:
        """Close and hand over now; the seat can be used again."""
        with self._lock:
            self._leave()

    @contextmanager
    def _entered(self) -> Iterator[None]:
        if not self._lock.acquire(timeout=self._wait):
            raise self._turn.busy()
        try:
            yield
        finally:
            self._lock.release()

    def _opened(self) -> T:
        if self._value is None:
            self._turn.take()
            started = time.monotonic()
            try:
                self._value = self._open()
            except BaseException:
                self._turn.give()
                raise
            self._taken_at = self._last_used = time.monotonic()
            spent = self._taken_at - started
            self._share = min(max(spent, LEAST_TURN_SECONDS), LONGEST_SHARE_SECONDS)
            threading.Thread(target=self._watch, daemon=True, name="holdfast-turn").start()
        return self._value

    def _due(self) -> bool:
        now = time.monotonic()
        if now - self._last_used > self._idle:
            return True
        return now - self._taken_at >= self._share and self._turn.wanted()

    def _watch(self) -> None:
        value = self._value
        over = value is None
        while not over:
            time.sleep(WATCH_SECONDS)
            # A call in progress looks at the turnstile itself when it ends.
            if self._lock.acquire(blocking=False):
                try:
                    over = self._value is not value
                    if not over and self._depth == 0 and self._due():
                        self._leave()
                except Exception:  # noqa: BLE001 - nobody is there to catch it in this thread
                    _LOG.exception("Closing the embedded index %r failed.", self._turn.name)
                finally:
                    self._lock.release()

    def _shut(self) -> None:
        value, self._value = self._value, None
        if value is not None:
            self._close(value)

    def _leave(self) -> None:
        try:
            self._shut()
        finally:
            self._turn.give()

    # A forked child would inherit the descriptors and with them the locks, which then outlive
    # the parent's turn. So nothing is held while a process forks.
    def _before_fork(self) -> None:
        self._lock.acquire()
        if self._depth == 0:
            self._leave()

    def _after_fork(self) -> None:
        self._lock.release()

    def _at_exit(self) -> None:
        # A thread stuck in a call must not keep the process from ending; the kernel unlocks.
        if self._lock.acquire(timeout=1.0):
            try:
                self._leave()
            finally:
                self._lock.release()


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _unlock(descriptor: int) -> None:
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


_SEATS: "weakref.WeakSet[Seat[Any]]" = weakref.WeakSet()
_FORKING: list[Seat[Any]] = []


def _before_fork() -> None:
    for seat in sorted(_SEATS, key=id):
        _FORKING.append(seat)
        seat._before_fork()


def _after_fork() -> None:
    while _FORKING:
        _FORKING.pop()._after_fork()


def _at_exit() -> None:
    for seat in list(_SEATS):
        seat._at_exit()


atexit.register(_at_exit)
os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
