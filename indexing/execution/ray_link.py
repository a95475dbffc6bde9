"""The end of a run of its connection to Ray: the process there, and the pieces it has to answer."""

import os
import pickle
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import Future
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TypeVar

import psutil

from config.environment import quieten
from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.ray_messages import Answer, Down, Dropped, Lost, Opening, Piece, Slots
from indexing.execution.runner import ATTEMPTS

R = TypeVar("R")

START_SECONDS = 300.0
"""How long a Ray may take to come up, or to answer; nine processes do, on a busy machine slowly."""
CLOSE_SECONDS = 30.0
WORKERLESS_SECONDS = 120.0
"""How long there may be no worker at all; a machine may be restarted in that time."""
LONGEST_FOLDER = 107 - len("/session_2026-11-26_09-15-00_991011_4194304/sockets/plasma_store")
"""Ray makes Unix sockets in its folder, whose names have to be short."""
_BRIDGE = "import sys, indexing.execution.ray_bridge as bridge; bridge.main(int(sys.argv[1]))"
"""Not `-m`: Ray puts the folder of a script in front of its workers' path; there is a ray.py."""


class RayCall(Future[R]):
    """A piece of work that Ray has, or will have."""

    def __init__(self, link: "RayLink", number: int) -> None:
        """Wait for the answer to the piece of that number."""
        super().__init__()
        self._link = link
        self._number = number

    def cancel(self) -> bool:
        """Let it be dropped if it has not begun; its result is not wanted any more."""
        if cancelled := super().cancel():
            self._link.drop(self._number)
        return cancelled


class RayLink:
    """The process that is Ray's driver, and what it has not answered yet."""

    def __init__(self, scheduler: str | None, workers: int, scratch: Path) -> None:
        """Start the process, and wait until it has a Ray.

        Args:
            scheduler: Address of a cluster; none: one of its own.
            workers: So many processes in that.
            scratch: Folder for its files, if it is short enough.

        Raises:
            RunnerUnavailableError: The cluster does not answer.
        """
        self.slots = 1
        self.pids: set[int] = set()
        self.up = True
        self._calls: dict[int, RayCall[Any]] = {}
        self._lock = threading.Lock()
        self._where = scheduler or "of this run"
        self._why: str | None = None
        self._receiver: threading.Thread | None = None
        try:
            self._folder = _folder(scratch)
            self._process = self._start()
        except OSError as error:
            raise RunnerUnavailableError(
                f"What talks to the Ray cluster {self._where} cannot be started ({error}). See "
                f"that {scratch} and /tmp can be written to, and that the limits of this user on "
                "files and processes (`ulimit -a`) are not too low. What was committed stays; the "
                "next run does the rest."
            ) from error
        try:
            token, folder = secrets.token_hex(32), str(self._folder)
            self._open(Opening(scheduler, workers, folder, token, WORKERLESS_SECONDS))
        except BaseException:
            self.close()
            raise
        self._receiver = threading.Thread(target=self._receive, name="ray", daemon=True)
        self._receiver.start()

    def submit(self, piece: Piece) -> RayCall[Any]:
        """Send a piece of work.

        Raises:
            RunnerUnavailableError: The other process is gone.
        """
        call: RayCall[Any] = RayCall(self, piece.number)
        with self._lock:
            if not self.up:
                raise RunnerUnavailableError(self._why)
            self._calls[piece.number] = call
            self._send(piece)
        return call

    def drop(self, number: int) -> None:
        """Say that the result of a piece is not wanted any more."""
        with self._lock:
            if self._calls.pop(number, None) is not None:
                self._send(Dropped(number))

    def close(self) -> None:
        """End the process and what it started, also what it left behind."""
        # One direction of it: that ends the other process, and what ends `_receive` is its end.
        _shut(self._connection)
        try:
            self._process.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        _end_session(self._process.pid)
        if self._receiver is not None:
            self._receiver.join()
        self._connection.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> "subprocess.Popen[bytes]":
        quieten()
        try:
            self._connection, theirs = Pipe()
            with theirs, (self._folder / "bridge.log").open("wb") as log:
                return subprocess.Popen(
                    [sys.executable, "-c", _BRIDGE, str(theirs.fileno())],
                    env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # so that Ctrl-C ends the run first
                )
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)  # there is nothing to `close` yet
            raise

    def _open(self, opening: Opening) -> None:
        try:
            self._connection.send(opening)
            if not self._connection.poll(START_SECONDS):
                raise RunnerUnavailableError(
                    f"The Ray cluster {self._where} did not come up, or answer, within "
                    f"{START_SECONDS:.0f} s."
                )
            first = self._connection.recv()
        except (EOFError, OSError) as error:
            raise RunnerUnavailableError(self._gone()) from error
        if isinstance(first, Down):
            raise RunnerUnavailableError(first.why)
        self.slots = first.count

    def _send(self, message: Piece | Dropped) -> None:
        # If the other end is gone, `_receive` finds out and tells all who wait.
        with suppress(OSError):
            self._connection.send(message)

    def _receive(self) -> None:
        """Pass on what the process says, until it ends."""
        with suppress(EOFError, OSError):
            while True:
                self._heed(self._connection.recv())
        self._fail(self._why or self._gone())

    def _heed(self, message: Answer | Lost | Slots | Down) -> None:
        match message:
            case Slots(count):
                self.slots = count
            case Down(why):
                self._why = f"{why} What was committed stays; the next run does the rest."
            case Lost(number):
                why = (
                    f"{ATTEMPTS} Ray workers were lost while they had the same piece of work; "
                    "the logs of Ray tell why, often the lack of memory."
                )
                self._settle(number, WorkerLostError(why))
            case Answer(number, payload, pid):
                self.pids.add(pid)
                try:
                    done, value = pickle.loads(payload)
                except Exception as error:  # noqa: BLE001 - it belongs to whoever waits
                    done, value = False, error
                self._settle(number, *((None, value) if done else (value,)))

    def _settle(self, number: int, error: Exception | None, value: Any = None) -> None:
        with self._lock:
            call = self._calls.pop(number, None)
        if call is None or not call.set_running_or_notify_cancel():
            return
        if error is None:
            call.set_result(value)
        else:
            call.set_exception(error)

    def _fail(self, why: str) -> None:
        """Tell everybody who waits that there will be no answer."""
        with self._lock:
            self.up, self._why = False, why
            numbers = list(self._calls)
        for number in numbers:
            self._settle(number, RunnerUnavailableError(why))

    def _gone(self) -> str:
        """Say what the process said last, before it was gone."""
        said = ""
        with suppress(OSError):
            said = (self._folder / "bridge.log").read_text(encoding="utf-8", errors="replace")
        last = next((line for line in reversed(said.splitlines()) if line.strip()), "none")
        return (
            f"What talked to the Ray cluster {self._where} is gone, with what its workers did. "
            f"Its last words: {last[-400:]} What was committed stays; the next run does the rest."
        )


def _folder(scratch: Path) -> Path:
    """Make the folder for Ray, in a place with a short name."""
    with suppress(OSError):
        scratch.mkdir(parents=True, exist_ok=True)
    short = len(os.fsencode(scratch)) + len("/r-12345678") <= LONGEST_FOLDER
    return Path(tempfile.mkdtemp(prefix="r-", dir=scratch if short else "/tmp"))


def _shut(connection: Connection) -> None:
    """Close one direction of a connection that another thread may be reading."""
    with suppress(OSError), socket.socket(fileno=os.dup(connection.fileno())) as end:
        end.shutdown(socket.SHUT_WR)


def _end_session(session: int) -> None:
    """Kill what is left of the session that a process began, which it may have left behind.

    Ray's helpers find out that the rest is gone by themselves, but only after a minute.
    """
    for pid in psutil.pids():
        with suppress(OSError):
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
