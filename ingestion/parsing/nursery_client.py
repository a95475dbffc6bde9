"""The parent's side of the nursery: starts it, asks it for children, and watches over them."""

import contextlib
import dataclasses
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from config.settings import IngestionSettings
from ingestion.document import PreparedDocument, Reason, Refusal
from ingestion.errors import ParserPoolError
from ingestion.parsing import wire
from ingestion.parsing.decoding import sound
from ingestion.parsing.parts import INSIDE, PartLimits

START_SECONDS = 120.0
ANSWER_BYTES = 64 * 1024 * 1024
"""An answer may be this large, `ANSWER_RATIO` times the document, and its parts."""
ANSWER_RATIO = 8
_NUMBER = struct.Struct("!q")


class Child:
    """One parser child and the connection to it."""

    def __init__(self, pid: int, connection: Connection) -> None:
        self.pid = pid
        self.connection = connection
        self.documents = 0
        self.timed_out = False
        self._lock = threading.Lock()
        self._reaped = False

    def kill(self) -> None:
        """Kill the child and everything it started, unless it is known to be gone."""
        with self._lock:
            if self._reaped:
                return
            for kill in (os.killpg, os.kill):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    kill(self.pid, signal.SIGKILL)

    def expire(self) -> None:
        """Kill the child because its time is up."""
        self.timed_out = True
        self.kill()

    def renounce(self) -> None:
        """Stop using the process id: the nursery is about to reap it."""
        with self._lock:
            self._reaped = True


class Nursery:
    """The forking process; one request at a time."""

    def __init__(self, setup: wire.NurserySetup) -> None:
        """Start the process and wait until the parsers are loaded.

        Raises:
            ParserPoolError: It did not come up.
        """
        self._lock = threading.Lock()
        self.scratch = setup.scratch
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
            reason = self._last_words()
            self.close()
            raise ParserPoolError(
                f"The parser process did not start: {reason or error}. Check the installation"
                f" with `holdfast doctor` (work function {setup.work})."
            ) from error

    def fork(self) -> Child:
        """Get a new child."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            try:
                message = wire.FORK + _NUMBER.pack(0)
                socket.send_fds(self._control, [message], [theirs.fileno()])
                pid = self._number()
            except OSError as error:
                ours.close()
                raise ParserPoolError(
                    f"The parser process is gone: {self._last_words() or error}."
                ) from error
        return Child(pid, Connection(ours.detach()))

    def end(self, child: Child, request: bytes) -> int:
        """End a child; its exit code, or the negative number of the signal that ended it."""
        child.renounce()
        with self._lock:
            try:
                self._control.sendall(request + _NUMBER.pack(child.pid))
                return self._number()
            except OSError:
                return -signal.SIGKILL

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
        while len(data) < _NUMBER.size:
            more = self._control.recv(_NUMBER.size - len(data))
            if not more:
                raise ConnectionResetError("the parser process ended")
            data += more
        return int(_NUMBER.unpack(data)[0])

    def _last_words(self) -> str:
        self._process.poll()
        try:
            self._log.seek(0)
            lines = self._log.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        except ValueError:
            return ""
        return lines[-1] if lines else ""


def _environment() -> dict[str, str]:
    from config.environment import OFFLINE, QUIET

    path = os.pathsep.join(os.path.abspath(entry or os.curdir) for entry in sys.path)
    # One thread per child: the children are the parallelism, and forking wants no threads.
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1",
              "TOKENIZERS_PARALLELISM": "false"}  # fmt: skip
    return {**QUIET, **OFFLINE, **os.environ, **single, "PYTHONPATH": path}


class ChildSlots:
    """Idle children, and one `work_on` per thread at a time."""

    def __init__(self, settings: IngestionSettings, work: str, argument: Any) -> None:
        self._settings = settings
        self._work = work
        self._argument = None if argument is None else wire.encode(argument)
        self._lock = threading.Lock()
        self._nursery: Nursery | None = None
        self._idle: list[Child] = []
        self._busy: set[Child] = set()
        self._closed = False

    def work_on(self, key: str, raw: bytes) -> tuple[PreparedDocument | Refusal, float | None]:
        """Have a child work on one document within the limits.

        Returns:
            The result, and the peak memory of the child in MiB if it answered.
        """
        child = self._acquire()
        timer = threading.Timer(self._settings.parse_timeout_seconds, child.expire)
        timer.daemon = True
        timer.start()
        try:
            child.connection.send_bytes(wire.encode(wire.Job(sound(key))))
            child.connection.send_bytes(raw)
            parts = int(self._settings.max_parts_mb * 2**20)
            answer = child.connection.recv_bytes(_text_limit(raw) + parts)
        except (EOFError, OSError) as error:
            timer.cancel()
            return self._failed(child, key, error), None
        timer.cancel()
        try:
            decoded = wire.decode_answer(answer)
        except msgspec.DecodeError as error:
            self._discard(child)
            return _refusal(
                key, Reason.PARSER_CRASHED, f"The parser sent no answer: {error}."
            ), None
        self._release(child)
        if len(answer) - _part_bytes(decoded.document) > _text_limit(raw):
            return _flooded(key), None
        result = decoded.document or decoded.refusal
        if result is None:
            return _refusal(key, Reason.PARSER_ERROR, "The parser sent no result."), None
        if isinstance(result, Refusal):
            return dataclasses.replace(result, key=key), decoded.peak_mb
        return _under_key(result, key), decoded.peak_mb

    def interrupt(self) -> None:
        """Kill the children that are at work; their documents end as refusals nobody reads."""
        with self._lock:
            for child in self._busy:
                child.kill()

    def close(self) -> None:
        """Kill all children and end the nursery."""
        with self._lock:
            self._closed = True
            children, self._idle = [*self._idle, *self._busy], []
            nursery, self._nursery = self._nursery, None
            for child in children:
                child.kill()
        if nursery is not None:
            nursery.close()

    def _acquire(self) -> Child:
        with self._lock:
            if self._closed:
                raise ParserPoolError("The parser pool was closed while documents were waiting.")
            if self._nursery is None:
                self._nursery = Nursery(self._setup())
            child = self._idle.pop() if self._idle else self._nursery.fork()
            child.documents += 1
            self._busy.add(child)
            return child

    def _setup(self) -> wire.NurserySetup:
        return wire.NurserySetup(
            work=self._work,
            argument=self._argument,
            scratch=tempfile.mkdtemp(prefix="holdfast-parser-"),
            memory_mb=self._settings.parse_memory_mb,
            timeout_seconds=self._settings.parse_timeout_seconds,
            parts=PartLimits(
                max_parts=self._settings.max_parts,
                max_depth=self._settings.max_part_depth,
                max_total_bytes=int(self._settings.max_parts_mb * 2**20),
                max_part_bytes=int(self._settings.max_document_mb * 2**20),
                max_ratio=self._settings.max_unpack_ratio,
            ),
        )

    def _release(self, child: Child) -> None:
        if child.documents >= self._settings.recycle_after_documents or child.timed_out:
            self._discard(child)
            return
        with self._lock:
            self._busy.discard(child)
            if not self._closed:
                self._idle.append(child)

    def _discard(self, child: Child, request: bytes = wire.KILL) -> int | None:
        """End a child and remove its temporary files; returns how it ended."""
        with self._lock:
            self._busy.discard(child)
            nursery = self._nursery
        child.connection.close()
        if nursery is None:
            return None
        ended = nursery.end(child, request)
        shutil.rmtree(os.path.join(nursery.scratch, str(child.pid)), ignore_errors=True)
        return ended

    def _failed(self, child: Child, key: str, error: BaseException) -> Refusal:
        """Explain why a child did not answer, and get rid of it."""
        flooded = "bad message length" in str(error)
        # One that ends by itself is given a moment: its status tells more than our kill.
        ended = self._discard(child, wire.KILL if child.timed_out or flooded else wire.ENDED)
        if child.timed_out or ended == -signal.SIGXCPU:
            limit = self._settings.parse_timeout_seconds
            return _refusal(
                key,
                Reason.TIMEOUT,
                f"Parsing took longer than ingestion.parse_timeout_seconds = {limit:g} s.",
            )
        if flooded:
            return _flooded(key)
        return self._crashed(key, ended)

    def _crashed(self, key: str, status: int | None) -> Refusal:
        if status in (wire.EXIT_OUT_OF_MEMORY, -signal.SIGKILL):
            limit = self._settings.parse_memory_mb
            return _refusal(
                key,
                Reason.OUT_OF_MEMORY,
                f"Parsing needed more memory than ingestion.parse_memory_mb = {limit} MiB allows.",
            )
        if status is not None and status < 0:
            name = signal.Signals(-status).name
            return _refusal(key, Reason.PARSER_CRASHED, f"The parser was ended by {name}.")
        return _refusal(
            key, Reason.PARSER_CRASHED, f"The parser ended without an answer (exit code {status})."
        )


def _text_limit(raw: bytes) -> int:
    """The largest answer without parts, in proportion to the document."""
    return ANSWER_BYTES + ANSWER_RATIO * len(raw)


def _part_bytes(document: PreparedDocument | None) -> int:
    return sum(len(part.data) for part in document.parts) if document is not None else 0


def _under_key(document: PreparedDocument, key: str) -> PreparedDocument:
    """The document with its refused parts under its true key; children only see a sound one."""
    if sound(key) == key or not any(part.refusal for part in document.parts):
        return document
    parts = tuple(
        part
        if part.refusal is None
        else dataclasses.replace(
            part, refusal=dataclasses.replace(part.refusal, key=f"{key}{INSIDE}{part.name}")
        )
        for part in document.parts
    )
    return dataclasses.replace(document, parts=parts)


def _flooded(key: str) -> Refusal:
    return _refusal(
        key, Reason.TOO_LARGE, "The text read from it is out of proportion to the document."
    )


def _refusal(key: str, reason: Reason, detail: str) -> Refusal:
    return Refusal(key, reason, detail)
