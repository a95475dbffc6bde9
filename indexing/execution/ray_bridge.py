"""The process between a run and Ray: it is Ray's driver, and hands pieces of work over by priority.

Ray ends a driver whose cluster is gone, allows one cluster per process, and takes over its handler
of SIGTERM. None of that is for the process of a run, or for whatever Holdfast is embedded in; so
the driver is a child of its own. It knows pieces of work only as bytes.
"""

import heapq
import math
import os
import pickle
import queue
import shutil
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from typing import Any

from indexing.execution.ray_messages import Answer, Down, Dropped, Lost, Opening, Piece, Slots
from indexing.execution.runner import ATTEMPTS, able_to_travel

POLL_SECONDS = 2.0
SATURATION = 1.1
"""Pieces that Ray has for each that it can carry out: one waits, so that no worker does, and so
that a cluster which grows on demand sees some. The rest waits here, where the urgent overtake."""
TOKEN = "RAY_AUTH_TOKEN"
STORE_BYTES = 256 * 2**20
"""Memory for pieces under way, of a Ray that is started here; what is larger goes to the disk."""


@dataclass(frozen=True, slots=True)
class _Ended:
    """Ray is through with a piece."""

    piece: Piece
    future: "Future[tuple[bytes, int]]"


def carry_out(payload: bytes) -> tuple[bytes, int]:
    """Do a piece of work, in a worker; what it raises is part of the answer."""
    # Ray has read it. What this process starts, such as a parser with a hostile document, must not.
    os.environ.pop(TOKEN, None)
    try:
        work, argument = pickle.loads(payload)
        answer = pickle.dumps((True, work(argument)))
    except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
        answer = pickle.dumps((False, able_to_travel(error)))
    return answer, os.getpid()


class Bridge:
    """Has Ray carry out what the run sends."""

    def __init__(self, connection: Connection, opening: Opening, ray: Any) -> None:
        """Use the Ray that is connected."""
        self._connection = connection
        self._opening = opening
        self._ray = ray
        self._task = ray.remote(max_retries=0)(carry_out)
        self._events: queue.SimpleQueue[Piece | Dropped | _Ended | None] = queue.SimpleQueue()
        self._order: list[tuple[int, int]] = []
        self._waiting: dict[int, Piece] = {}
        self._under_way: dict[int, Any] = {}
        self._slots: int | None = None
        self._manned = time.monotonic()

    def serve(self) -> None:
        """Work until the run has closed the connection, or is gone."""
        threading.Thread(target=self._receive, name="receive", daemon=True).start()
        looked = -math.inf
        while True:
            if time.monotonic() - looked > POLL_SECONDS:
                self._look()
                looked = time.monotonic()
            try:
                event = self._events.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            match event:
                case None:
                    return
                case Piece():
                    self._take(event)
                case Dropped(number):
                    self._waiting.pop(number, None)
                case _Ended():
                    self._settle(event)
            self._hand_out()

    def _receive(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                self._events.put(self._connection.recv())
        self._events.put(None)

    def _take(self, piece: Piece) -> None:
        if not self._waiting and not self._under_way:
            self._manned = time.monotonic()
        self._waiting[piece.number] = piece
        heapq.heappush(self._order, (-piece.urgency, piece.number))

    def _hand_out(self) -> None:
        limit = math.ceil(SATURATION * max(1, self._slots or 0))
        while self._order and len(self._under_way) < limit:
            _, number = heapq.heappop(self._order)
            piece = self._waiting.pop(number, None)
            if piece is None:  # dropped
                continue
            reference = self._under_way[number] = self._task.remote(piece.payload)
            reference.future().add_done_callback(self._ended(piece))

    def _ended(self, piece: Piece) -> "Callable[[Future[tuple[bytes, int]]], None]":
        return lambda future: self._events.put(_Ended(piece, future))

    def _settle(self, ended: _Ended) -> None:
        """Pass an answer on, or begin again what lost its worker."""
        errors, piece = self._ray.exceptions, ended.piece
        self._under_way.pop(piece.number)
        try:
            answer, pid = ended.future.result()
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.OutOfMemoryError,
            errors.ObjectLostError,
        ):
            if piece.begun + 1 < ATTEMPTS:
                self._take(replace(piece, begun=piece.begun + 1))
            else:
                self._connection.send(Lost(piece.number))
        except errors.RayTaskError as error:  # not of the work, whose errors are answers
            raise UnfitError(str(error).strip().splitlines()[-1]) from error
        else:
            self._connection.send(Answer(piece.number, answer, pid))

    def _look(self) -> None:
        """See how many workers there are, and whether there are any."""
        alive = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        slots = int(sum(resources.get("CPU", 0) for resources in alive))
        now = time.monotonic()
        if slots:
            self._manned = now
        elif self._under_way and now - self._manned > self._opening.workerless_seconds:
            raise WorkerlessError
        if slots != self._slots:
            self._slots = slots
            self._connection.send(Slots(max(1, slots)))


class WorkerlessError(Exception):
    """The cluster has had no worker for too long."""


class UnfitError(Exception):
    """A worker cannot load what it is to do."""


def join_ray(opening: Opening) -> Any:
    """Connect to a Ray, or start one that nobody else can use; returns the library."""
    quiet: dict[str, Any] = {"log_to_driver": False, "configure_logging": False}
    if opening.scheduler is not None:
        import ray

        ray.init(opening.scheduler, **quiet)
        return ray
    # Read when Ray is loaded. The first is the only way to have it listen on the loopback
    # interface alone, on any system; it means a cluster of one machine.
    os.environ |= {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        TOKEN: opening.token,
    }
    # Parser children have limits of their own, and a worker keeps no data. The run waits for
    # workers, so they are not put behind everything else on the machine.
    for name in ("RAY_memory_monitor_refresh_ms", "RAY_worker_niceness"):
        os.environ.setdefault(name, "0")
    import ray

    ray.init(
        "local",
        num_cpus=opening.workers,
        num_gpus=0,
        include_dashboard=False,
        object_store_memory=STORE_BYTES,
        _node_ip_address="127.0.0.1",
        _temp_dir=opening.folder,
        **quiet,
    )
    return ray


def main(handle: int) -> None:
    """Serve the run at the other end of a connection.

    Args:
        handle: Its file descriptor here.
    """
    connection = Connection(handle)
    opening: Opening = connection.recv()
    where = f"The Ray cluster {opening.scheduler or 'of this run'}"
    ray: Any = None
    try:
        try:
            ray = join_ray(opening)
        except Exception as error:  # noqa: BLE001 - Ray raises what it pleases
            connection.send(Down(f"{where} (execution.scheduler) cannot be used: {error}"))
            return
        try:
            Bridge(connection, opening, ray).serve()
        except WorkerlessError:
            seconds = f"{opening.workerless_seconds:.0f} s"
            connection.send(Down(f"{where} has had no processor for work for {seconds}."))
        except (UnfitError, ImportError) as error:  # the second by a client server
            connection.send(Down(f"{where} has workers that cannot load Holdfast: {error}."))
        except (BrokenPipeError, ConnectionResetError):  # the run is gone
            pass
        except Exception as error:  # noqa: BLE001 - Ray raises what it pleases
            connection.send(Down(f"{where} is gone: {error}."))
    finally:
        if ray is not None:
            with suppress(Exception):
                ray.shutdown(wait_for_processes=opening.scheduler is None)
        shutil.rmtree(opening.folder, ignore_errors=True)
        connection.close()
