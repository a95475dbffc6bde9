"""The laboratory's side of the zygote: starting children, talking to them, waiting for them."""

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import msgspec

from tests.support.faultlab.orders import Ended, Order
from tests.support.faultlab.zygote import Start, Wait, Waited

ROOT = Path(__file__).resolve().parents[3]
PATIENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Outcome:
    """What became of a child."""

    signal: int | None
    """The signal that killed it."""
    ended: Ended | None
    """What it said at its end; none if it was killed."""
    encoded_calls: tuple[int, ...]
    """Texts per call to the encoder."""
    parsed: int
    errors: str
    """Its error output."""

    @property
    def encoded(self) -> int:
        """Texts that went through the encoder."""
        return sum(self.encoded_calls)

    @property
    def killed(self) -> bool:
        """Whether it was killed."""
        return self.signal == signal.SIGKILL


@dataclass
class Child:
    """A child that was started."""

    pid: int
    zygote: "Zygote"
    into: IO[str]
    out: IO[str]
    errors: int
    said: list[str] = field(default_factory=list)

    def hear(self, word: str) -> str:
        """Read what it says up to a word; empty if it ended before it said that."""
        for line in self.out:
            self.said.append(line.rstrip("\n"))
            if self.said[-1].split(" ")[0] == word:
                return self.said[-1]
        return ""

    def go_on(self) -> None:
        """Let a child that waits go on."""
        with suppress(BrokenPipeError):
            self.into.write("go\n")
            self.into.flush()

    def stopped(self) -> bool:
        """Wait until it has stopped itself; false if it ended."""
        status = self.zygote.wait(self.pid)
        if os.WIFSTOPPED(status):
            return True
        self._status = status
        return False

    def resume(self) -> None:
        """Let a stopped child go on."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill it."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def finish(self) -> Outcome:
        """Wait for its end and gather what it said."""
        for line in self.out:
            self.said.append(line.rstrip("\n"))
        status = getattr(self, "_status", None)
        if status is None:
            status = self.zygote.wait(self.pid)
        ended = [line[6:] for line in self.said if line.startswith("ended ")]
        outcome = Outcome(
            signal=os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
            ended=msgspec.json.decode(ended[-1], type=Ended) if ended else None,
            encoded_calls=self._numbers("encoded"),
            parsed=sum(self._numbers("parsed")),
            errors=os.pread(self.errors, os.fstat(self.errors).st_size, 0).decode(errors="replace"),
        )
        self.close()
        return outcome

    def close(self) -> None:
        """Give its descriptors back."""
        with suppress(OSError):
            self.into.close()
        self.out.close()
        with suppress(OSError):
            os.close(self.errors)

    def _numbers(self, word: str) -> tuple[int, ...]:
        return tuple(int(line.split(" ")[1]) for line in self.said if line.startswith(f"{word} "))


class Zygote:
    """Starts children; use as a context manager."""

    def __init__(self) -> None:
        """Start the process that forks; it takes a second or two to be ready."""
        mine, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        settings: dict[str, Any] = {
            "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false",
        }  # fmt: skip
        foreign = ("HOLDFAST_", "QDRANT_", "PREFECT_")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(foreign)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.faultlab.zygote", str(its.fileno())],
            env=kept | settings,
            cwd=ROOT,
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
        )
        its.close()
        self._channel = mine
        self._lock = threading.Lock()
        self._children: list[Child] = []
        if mine.recv(16) != b"ready":
            raise RuntimeError("The zygote did not start.")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self, order: Order) -> Child:
        """Start a child."""
        with self._lock:
            self._channel.send(msgspec.json.encode(Start(order)))
            message, fds, _, _ = socket.recv_fds(self._channel, 64, 3)
        into, out, errors = fds
        child = Child(int(message), self, os.fdopen(into, "w"), os.fdopen(out), errors)
        self._children.append(child)
        return child

    def run(self, order: Order) -> Outcome:
        """Start a child and wait for its end."""
        return self.start(order).finish()

    def wait(self, pid: int, seconds: float = PATIENCE_SECONDS) -> int:
        """Return the status of a child that has ended or stopped.

        Raises:
            TimeoutError: It neither ended nor stopped in time; it was killed.
        """
        with self._lock:
            self._channel.send(msgspec.json.encode(Wait(pid, seconds)))
            waited = msgspec.json.decode(self._channel.recv(256), type=Waited)
        if waited.status is None:
            os.kill(pid, signal.SIGKILL)
            raise TimeoutError(f"Child {pid} did not end within {seconds:g} s.")
        return waited.status

    def close(self) -> None:
        """Kill what still runs and end the zygote."""
        for child in self._children:
            if not child.out.closed:
                child.kill()
                child.close()
        self._channel.close()
        self._process.wait(timeout=10)
