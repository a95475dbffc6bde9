"""Workers of Ray: a Ray of processes on this machine, or whatever a cluster has.

Anybody who can talk to a Ray can run code on its workers. The one that is started here listens on
the loopback interface, and demands a token that only this run and its workers have; keep a cluster
of your own in a network that nobody else is in, and set Ray's `RAY_AUTH_MODE=token`.
"""

import importlib.util
import itertools
import pickle
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from config.errors import ConfigError
from config.execution import ExecutionSettings
from indexing.errors import RunnerUnavailableError
from indexing.execution.processes import cores
from indexing.execution.ray_link import RayCall, RayLink
from indexing.execution.ray_messages import Piece
from indexing.execution.runner import CLOSED, Urgency

A = TypeVar("A")
R = TypeVar("R")


class RayRunner:
    """Carries out work on Ray workers; a piece whose worker is lost is begun again."""

    def __init__(self, settings: ExecutionSettings, scratch: Path) -> None:
        """Prepare to use a cluster, or to start a Ray; nothing happens yet.

        Args:
            settings: Which cluster, or how many workers.
            scratch: Folder for the files of a Ray that is started here, if it is short enough.

        Raises:
            ConfigError: Ray is not installed.
        """
        # Only looked for: loading it belongs to the bridge.
        if importlib.util.find_spec("ray") is None:
            raise ConfigError(
                "execution.runner is ray, and the package `ray` is not installed. Run "
                "`pip install 'holdfast[ray]'` here and on every worker, or set execution.runner: "
                "process, which needs nothing more."
            )
        self._settings = settings
        self._scratch = scratch
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._link: RayLink | None = None
        self._closed = False

    @property
    def slots(self) -> int:
        """How many pieces are carried out at the same time: processors of all nodes."""
        return self._workers if self._settings.scheduler is None else self._linked().slots

    @property
    def threads(self) -> int:
        """Cores for each worker of this machine; 0 for those of a cluster."""
        return 0 if self._settings.scheduler else max(1, cores() // self._workers)

    @property
    def pids(self) -> frozenset[int]:
        """The worker processes of this machine that have done something and are still there."""
        if self._settings.scheduler is not None:
            return frozenset()
        return frozenset(pid for pid in self._linked().pids.copy() if psutil.pid_exists(pid))

    def start(self) -> None:
        """Connect to the cluster, or start a Ray.

        Raises:
            RunnerUnavailableError: It does not answer.
        """
        self._linked()

    def submit(self, work: Callable[[A], R], argument: A, urgency: Urgency) -> RayCall[R]:
        """Hand over one piece of work; returns at once.

        Raises:
            RunnerUnavailableError: The cluster does not answer, or the runner is closed.
        """
        payload = pickle.dumps((work, argument), protocol=pickle.HIGHEST_PROTOCOL)
        return self._linked().submit(Piece(next(self._numbers), int(urgency), payload))

    def close(self) -> None:
        """End the Ray, or let go of the cluster, which stays as it is."""
        with self._lock:
            self._closed = True
            link, self._link = self._link, None
        if link is not None:
            link.close()

    @property
    def _workers(self) -> int:
        return self._settings.workers or cores()

    def _linked(self) -> RayLink:
        with self._lock:
            if self._closed:
                raise RunnerUnavailableError(CLOSED)
            if self._link is not None and not self._link.up:
                self._link.close()
                self._link = None
            if self._link is None:
                self._link = RayLink(self._settings.scheduler, self._workers, self._scratch)
            return self._link
