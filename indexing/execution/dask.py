"""Workers of Dask: a cluster of processes on this machine, or whatever a scheduler has.

Anybody who can talk to a Dask scheduler can run code on its workers. The cluster that is started
here listens on the loopback interface, and demands a certificate that only this process has; keep
a scheduler of your own in a network that nobody else is in, or give it `tls://`.
"""

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from config.environment import quieten
from config.errors import ConfigError
from config.execution import ExecutionSettings
from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.processes import cores, deaf_to_interrupts
from indexing.execution.runner import ATTEMPTS, CLOSED, Urgency

A = TypeVar("A")
R = TypeVar("R")

CONNECT_SECONDS = 60.0
"""How long the scheduler may take to answer."""
POLL_SECONDS = 2.0
WORKERLESS_SECONDS = 120.0
"""How long there may be no worker at all; a machine may be restarted in that time."""
QUIET = {
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.scheduler.allowed-failures": ATTEMPTS - 1,
    "distributed.comm.timeouts.connect": "120s",
    "distributed.comm.timeouts.tcp": "120s",
}
"""Of a cluster that is started here: no dashboard, no figures, no page at all; and while a machine
is busy embedding, a process may take long to answer."""


class DaskRunner:
    """Carries out work on Dask workers; Dask repeats what a lost worker had."""

    def __init__(self, settings: ExecutionSettings, scratch: Path) -> None:
        """Prepare to use a scheduler, or to start a cluster; nothing happens yet.

        Args:
            settings: Which scheduler, or how many workers.
            scratch: Folder for the temporary files of a cluster that is started here.

        Raises:
            ConfigError: Dask is not installed.
        """
        try:
            import distributed
        except ImportError as error:
            raise ConfigError(
                "execution.runner is dask, and the package `distributed` is not installed. Run "
                "`pip install 'holdfast[dask]'` here and on every worker, or set execution.runner: "
                "process, which needs nothing more."
            ) from error
        self._distributed: Any = distributed
        self._settings = settings
        self._scratch = scratch
        self._lock = threading.Lock()
        self._cluster: Any = None
        self._client: Any = None
        self._closed = False
        self._seen = time.monotonic()

    @property
    def slots(self) -> int:
        """How many pieces are carried out at the same time: threads of all workers."""
        if self._settings.scheduler is None:
            return self._workers
        return max(1, sum(self._there().values()))

    @property
    def threads(self) -> int:
        """Cores for each worker of this machine; 0 for those of a scheduler."""
        return 0 if self._settings.scheduler else max(1, cores() // self._workers)

    @property
    def _workers(self) -> int:
        return self._settings.workers or cores()

    def start(self) -> None:
        """Connect to the scheduler, or start the cluster.

        Raises:
            RunnerUnavailableError: The scheduler does not answer.
        """
        self._connected()

    def submit(self, work: Callable[[A], R], argument: A, urgency: Urgency) -> "DaskCall[R]":
        """Hand over one piece of work; returns at once.

        Raises:
            RunnerUnavailableError: The scheduler does not answer, or the runner is closed.
        """
        client = self._connected()
        try:
            # Not pure: Dask would otherwise hash the bytes of documents to find work it knows.
            future = client.submit(work, argument, pure=False, priority=int(urgency))
        except Exception as error:
            if client.status == "closed":  # meanwhile
                raise self.gone() from error
            raise
        return DaskCall(self, future)

    def check(self, since: float) -> None:
        """Make sure that somebody is there to do the work.

        Args:
            since: When the work was handed over. While there is none, nobody looks for workers.

        Raises:
            RunnerUnavailableError: Nobody, for too long.
        """
        if self._there():
            self.note_worker()
        elif time.monotonic() - max(self._seen, since) > WORKERLESS_SECONDS:
            raise RunnerUnavailableError(
                f"The Dask scheduler {self._where} has had no worker for "
                f"{WORKERLESS_SECONDS:.0f} s. Start some with `dask worker ADDRESS`; the next run "
                "goes on where this one stopped."
            )

    def note_worker(self) -> None:
        """Note that a worker is there now."""
        self._seen = time.monotonic()

    def gone(self) -> RunnerUnavailableError:
        """Say that the scheduler is gone."""
        return RunnerUnavailableError(
            f"The Dask scheduler {self._where} is gone, and with it what its workers did. What was "
            "committed stays; the next run does the rest."
        )

    def close(self) -> None:
        """End the cluster, or let go of the scheduler, which stays as it is."""
        with self._lock:
            self._closed = True
            client, self._client = self._client, None
            cluster, self._cluster = self._cluster, None
        for one in (client, cluster):
            if one is not None:
                with suppress(Exception):  # it is over anyway
                    one.close()

    @property
    def closed(self) -> bool:
        """Whether nobody works for this any more."""
        return self._closed

    @property
    def pids(self) -> frozenset[int]:
        """The worker processes, as they are known now."""
        return frozenset(self._connected().run(_pid).values())

    @property
    def _where(self) -> str:
        return self._settings.scheduler or "on this machine"

    def _there(self) -> dict[str, int]:
        """Return the workers that the scheduler has now, and how many threads each has."""
        try:
            # Not `scheduler_info`: it returns what the client keeps of the scheduler, and a
            # regular update, which asks for no workers, may have replaced that meanwhile.
            return dict(self._connected().nthreads())
        except (OSError, TimeoutError, AttributeError) as error:  # a closed client asks nobody
            raise self.gone() from error

    def _connected(self) -> Any:
        with self._lock:
            if self._closed:
                raise RunnerUnavailableError(CLOSED)
            if self._client is not None and self._client.status == "closed":
                self._client = None  # it gave a lost scheduler up, which may be back by now
            if self._client is None:
                self._client = self._connect()
                self.note_worker()  # the time for one to come begins
            return self._client

    def _connect(self) -> Any:
        import dask.config

        quieten()
        # Documents are larger than what Dask expects in the call of a task.
        dask.config.set({"distributed.admin.large-graph-warning-threshold": "1GB"})
        if self._settings.scheduler is None and self._cluster is None:
            with dask.config.set(QUIET):
                self._cluster = self._start_cluster()
        try:
            return self._distributed.Client(
                self._settings.scheduler or self._cluster,
                timeout=CONNECT_SECONDS,
                set_as_default=False,
                name="holdfast",
            )
        except (OSError, TimeoutError) as error:
            raise RunnerUnavailableError(
                f"The Dask scheduler {self._where} (execution.scheduler) does not answer: {error}. "
                "Start it with `dask scheduler`, or correct the address."
            ) from error

    def _start_cluster(self) -> Any:
        try:
            security = self._distributed.Security.temporary()
            with deaf_to_interrupts():
                return self._distributed.LocalCluster(
                    n_workers=self._workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    security=security,
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                    # Parser children have limits of their own, and a worker keeps no data.
                    memory_limit=0,
                    local_directory=str(self._scratch),
                    silence_logs=logging.CRITICAL,
                )
        except (OSError, RuntimeError) as error:  # the second is what Dask makes of most
            raise RunnerUnavailableError(
                f"No Dask cluster can be started on this machine ({reasons(error)}). See that "
                f"{self._scratch} can be written to, and that there is memory; or the limits of "
                "this user on files and processes (`ulimit -a`) are low, and fewer "
                "execution.workers help. What was committed stays; the next run does the rest."
            ) from error


class DaskCall(Generic[R]):
    """A piece of work that Dask has."""

    def __init__(self, runner: DaskRunner, future: Any) -> None:
        """Follow one future."""
        self._runner = runner
        self._future = future
        self._since = time.monotonic()

    def result(self) -> R:
        """Wait for the result, as long as somebody is there to make it.

        Raises:
            WorkerLostError: Every worker that had it was lost.
            RunnerUnavailableError: The scheduler is gone, or has had no worker for long.
            Exception: Whatever the work raised.
        """
        try:
            return self._result()
        except Exception as error:
            if self._runner.closed:  # then it is a matter of chance what Dask says
                raise RunnerUnavailableError(CLOSED) from error
            raise

    def cancel(self) -> None:
        """Let it be dropped; its result is not wanted any more."""
        with suppress(Exception):  # the scheduler may be gone, then it is dropped already
            self._future.cancel()

    def _result(self) -> R:
        while True:
            # Asked before: a piece may fail in the moment between the end of a wait and a question.
            failed = self._future.status == "error"
            try:
                done = cast("R", self._future.result(timeout=POLL_SECONDS))
            except TimeoutError:
                if failed:  # the work's own; else the wait is over, and the next one tells
                    raise
                self._runner.check(self._since)
            except CancelledError as error:
                raise self._runner.gone() from error
            except Exception as error:
                if type(error).__name__ != "KilledWorker":
                    raise
                raise WorkerLostError(
                    f"{ATTEMPTS} Dask workers were lost while they had the same piece of work; "
                    "their logs tell why, often the lack of memory."
                ) from error
            else:
                self._runner.note_worker()
                return done


def reasons(error: BaseException) -> str:
    """Return what an error says, and what those say that it came of: Dask's tell little alone."""
    said = []
    cause: BaseException | None = error
    while cause is not None:
        said.append(str(cause) or type(cause).__name__)
        cause = cause.__cause__
    return "; ".join(dict.fromkeys(said))


def _pid() -> int:
    import os

    return os.getpid()
