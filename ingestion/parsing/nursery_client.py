"""The parent's side of the nursery: starts it, and asks it for children."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Connection

from ingestion.errors import ParserPoolError, ParsersLostError
from ingestion.parsing import wire

START_SECONDS = 120.0
_LOG_BYTES = 4000


class Child:
    """One parser child and the connection to it."""

    def __init__(self, pid: int, ours: socket.socket, nursery: "Nursery") -> None:
        self.pid = pid
        self.nursery = nursery
        self.connection = Connection(os.dup(ours.fileno()))
        self._socket = ours
        self.documents = 0
        self.timed_out = False
        self._lock = threading.Lock()
        self._reaped = False

    def kill(self) -> None:
        """Kill the child and everything it started, unless it is known to be gone.

        Whoever waits for its answer waits no longer, even if something that left the group of the
        child still holds the other end.
        """
        with self._lock:
            if self._reaped:
                return
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def is_gone(self) -> bool:
        """Whether the child has ended: one without work says nothing, but its end can be read."""
        try:
            return self.connection.poll()
        except OSError:
            return True

    def expire(self) -> None:
        """Kill the child because its time is up."""
        self.timed_out = True
        self.kill()

    def renounce(self) -> None:
        """Hang up, and stop using the process id: the nursery is about to reap it."""
        with self._lock:
            self._reaped = True
            self.connection.close()
            self._socket.close()


class Nursery:
    """The forking process; one request at a time."""

    def __init__(self, setup: wire.NurserySetup) -> None:
        """Start the process and wait until the parsers are loaded.

        Raises:
            ParserPoolError: It did not come up.
        """
        self._lock = threading.Lock()
        self.scratch = setup.scratch
        self._gone = False
        """Whether a request got no answer; then none is sent any more: its answer could be any."""
        self._control, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        self._process = subprocess.Popen(
            [sys.executable, "-m", "ingestion.parsing.nursery", str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            start_new_session=True,
            env=_environment(),
        )
        theirs.close()
        try:
            with Connection(os.dup(self._control.fileno())) as pipe:
                pipe.send_bytes(wire.encode(setup))
            self._control.settimeout(START_SECONDS)
            self._number()
        except OSError as error:
            reason = self.last_words()
            self.close()
            raise ParserPoolError(
                f"The parser process did not start: {reason or error}. Check the installation"
                f" with `holdfast doctor` (work function {setup.work})."
            ) from error

    def fork(self) -> Child:
        """Get a new child.

        Raises:
            ParsersLostError: The process is gone, or the machine lets it start no other.
        """
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            try:
                message = wire.FORK + wire.NUMBER.pack(0)
                socket.send_fds(self._control, [message], [theirs.fileno()])
                pid = self._number()
            except OSError as error:
                self._gone = True
                ours.close()
                raise ParsersLostError(
                    f"The parser process is gone ({self.last_words() or error}). Run it again; "
                    "if that repeats, see whether the machine is short of memory."
                ) from error
        if pid < 0:
            ours.close()
            raise ParsersLostError(
                f"No parser child can be started ({os.strerror(-pid)}). Run it again when the "
                "machine runs less, or allow this user more processes."
            )
        return Child(pid, ours, self)

    def is_gone(self) -> bool:
        """Whether the process has ended, or does not answer any more."""
        return self._gone or self._process.poll() is not None

    def end(self, child: Child, request: bytes) -> int | None:
        """End a child.

        Returns:
            Its exit code, or the negative number of the signal that ended it; none if the nursery
            is gone, and its children with it.
        """
        child.renounce()
        with self._lock:
            if self._gone:
                return None
            try:
                self._control.sendall(request + wire.NUMBER.pack(child.pid))
                return self._number()
            except OSError:
                self._gone = True
                return None

    def close(self) -> None:
        """End the nursery, which kills its children and removes their temporary files."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def _number(self) -> int:
        data = b""
        while len(data) < wire.NUMBER.size:
            more = self._control.recv(wire.NUMBER.size - len(data))
            if not more:
                raise ConnectionResetError("the parser process ended")
            data += more
        return int(wire.NUMBER.unpack(data)[0])

    def last_words(self) -> str:
        """The last line that the process, or a child that could not be set up, wrote."""
        self._process.poll()
        try:
            # Not by `seek`: the processes write at the place where this descriptor stands.
            size = os.fstat(self._log.fileno()).st_size
            words = os.pread(self._log.fileno(), _LOG_BYTES, max(size - _LOG_BYTES, 0))
        except (OSError, ValueError):
            return ""
        lines = words.decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else ""


def _environment() -> dict[str, str]:
    from config.environment import OFFLINE, QUIET

    path = os.pathsep.join(os.path.abspath(entry or os.curdir) for entry in sys.path)
    # One thread per child: the children are the parallelism, and forking wants no threads.
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1",
              "TOKENIZERS_PARALLELISM": "false"}  # fmt: skip
    return {**QUIET, **OFFLINE, **os.environ, **single, "PYTHONPATH": path}
