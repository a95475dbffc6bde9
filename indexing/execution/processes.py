"""Worker processes on this machine: one process and one thread that feeds it for every slot."""

import itertools
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from queue import PriorityQueue
from typing import Any, TypeVar

from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.runner import ATTEMPTS, CLOSED, Urgency, able_to_travel

A = TypeVar("A")
R = TypeVar("R")


@dataclass(order=True)
class _Piece:
    """One piece of work that waits; the urgent ones first, then the older ones."""

    rank: tuple[int, int]
    work: Callable[[Any], Any] = field(compare=False)
    argument: Any = field(compare=False)
    future: "Future[Any]" = field(compare=False)


class ProcessRunner:
    """Carries out work in processes of this machine; one that dies is replaced.

    Each slot has a process of its own, so that a document which brings its process down takes no
    other piece of work with it.
    """

    def __init__(self, workers: int) -> None:
        """Prepare `workers` processes; 0 is one per core. Nothing is started yet."""
        self._workers = workers or cores()
        self._waiting: PriorityQueue[_Piece] = PriorityQueue()
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._pids: set[int] = set()
        self._closed = False

    @property
    def slots(self) -> int:
        """How many pieces are carried out at the same time."""
        return self._workers

    @property
    def threads(self) -> int:
        """Cores for each process."""
        return max(1, cores() // self._workers)

    @property
    def pids(self) -> frozenset[int]:
        """The processes that are up."""
        with self._lock:
            return frozenset(self._pids)

    def start(self) -> None:
        """Start the threads that feed the processes."""
        with self._lock:
            self._bring_up()

    def submit(self, work: Callable[[A], R], argument: A, urgency: Urgency) -> "Future[R]":
        """Hand over one piece of work; returns at once."""
        future: Future[R] = Future()
        with self._lock:  # what is put after `close` went through the rest, nobody would answer
            self._bring_up()
            self._waiting.put(_Piece((-urgency, next(self._numbers)), work, argument, future))
        return future

    def close(self) -> None:
        """Kill the processes and drop what is not done."""
        with self._lock:
            self._closed = True
            threads, self._threads = self._threads, []
            pids = tuple(self._pids)
        for _ in threads:  # in front of everything that waits
            self._waiting.put(
                _Piece((-2 * Urgency.NOW, next(self._numbers)), _stop, None, Future())
            )
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for thread in threads:
            thread.join()
        while not self._waiting.empty():
            piece = self._waiting.get()
            if piece.future.set_running_or_notify_cancel():
                piece.future.set_exception(RunnerUnavailableError(CLOSED))

    def _bring_up(self) -> None:
        """Start the threads that are lacking; the caller has the lock."""
        if self._closed:
            raise RunnerUnavailableError(CLOSED)
        while len(self._threads) < self._workers:
            name = f"worker-{len(self._threads)}"
            self._threads.append(threading.Thread(target=self._feed, name=name, daemon=True))
            self._threads[-1].start()

    def _feed(self) -> None:
        """Give one process its work, piece by piece, until the end."""
        slot = _Slot(self)
        while (piece := self._waiting.get()).work is not _stop:
            if piece.future.set_running_or_notify_cancel():
                slot.carry_out(piece)
        slot.close()

    def _enter(self, pid: int) -> bool:
        """Note a process; false if all of them are to end."""
        with self._lock:
            self._pids.add(pid)
            return not self._closed

    def _leave(self, pid: int | None) -> None:
        with self._lock:
            if pid is not None:
                self._pids.discard(pid)


class _Slot:
    """One process at a time, and what it works on."""

    def __init__(self, runner: ProcessRunner) -> None:
        self._runner = runner
        self._pool: ProcessPoolExecutor | None = None
        self._pid: int | None = None

    def carry_out(self, piece: _Piece) -> None:
        """Do a piece of work, with another process after each that was lost."""
        for _ in range(ATTEMPTS):
            try:
                done = self._process().submit(_do, piece.work, piece.argument).result()
            except BrokenProcessPool:
                self.close()
                if self._runner._closed:
                    piece.future.set_exception(RunnerUnavailableError(CLOSED))
                    return
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever waits
                piece.future.set_exception(error)
                return
            else:
                piece.future.set_result(done)
                return
        piece.future.set_exception(
            WorkerLostError(
                f"{ATTEMPTS} worker processes were lost while they had the same piece of work. "
                "Look for the reason in the system's log: often the machine ran out of memory, "
                "then fewer execution.workers help."
            )
        )

    def close(self) -> None:
        """Give the process up."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._runner._leave(self._pid)
        self._pool, self._pid = None, None

    def _process(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool, self._pid = start_process()
            if not self._runner._enter(self._pid):
                os.kill(self._pid, signal.SIGKILL)
        return self._pool


def start_process() -> tuple[ProcessPoolExecutor, int]:
    """Start a pool of one process, and return it with the id of the process, which is up.

    Raises:
        RunnerUnavailableError: None came up. That is no fault of a document: none had it.
    """
    why = "it ended before it took any work"
    for _ in range(ATTEMPTS):
        pool: ProcessPoolExecutor | None = None
        try:
            # Spawned, not forked: the run has threads, and torch does not survive a fork.
            spawn = multiprocessing.get_context("spawn")
            pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=die_with_parent)
            with deaf_to_interrupts():
                return pool, pool.submit(os.getpid).result()
        except BrokenProcessPool:
            pass
        except (OSError, RuntimeError) as error:  # no file, no process, no thread is to be had
            why = str(error)
        if pool is not None:
            pool.shutdown(wait=False, cancel_futures=True)
    raise RunnerUnavailableError(
        f"No worker process can be started, in {ATTEMPTS} tries ({why}). What it said itself is on "
        "standard error. Often the machine is short of memory, or the limits of this user on files "
        "and processes (`ulimit -a`) are low, and fewer execution.workers help. A script of your "
        'own needs `if __name__ == "__main__":` around what it does, because every worker reads '
        "it first. What was committed stays; the next run does the rest."
    )


@contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Start threads and processes that no Ctrl-C reaches, which a terminal sends to all of a run.

    What a worker has under way stays whole: the run decides what becomes of it, and ends it.
    """
    resource_tracker.ensure_running()  # started amid this, it would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _do(work: Callable[[A], R], argument: A) -> R:
    """Carry out a piece in a worker process.

    An error that cannot be read back would look as if the process was lost.
    """
    try:
        return work(argument)
    except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
        raise able_to_travel(error) from error.__cause__


def _stop(_: None) -> None:
    """Stand for the end of the work."""


def die_with_parent() -> None:
    """End this process as soon as the one that started it is gone, however that ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "only for a child of multiprocessing"

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="follow-parent", daemon=True).start()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
