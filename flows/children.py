"""Processes that belong together: started one after the other, watched, and ended together."""

import logging
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Container, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psutil

from config.errors import HoldfastError

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.25
START_SECONDS = 300.0
"""How long one of them may take until it is ready."""
STOP_SECONDS = 20.0
"""How long one may take to end after SIGTERM; a flow run closes its accounts in that time."""
TAIL = 800
"""Characters of a log that an error shows."""
FAMILY = "UP_FAMILY"
"""Variable that is inherited by everything that is started below one of them: how what a killed
worker left behind is found, although it is nobody's child any more."""


class ChildError(HoldfastError):
    """A process that was started did not become ready, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Program:
    """A process to be started."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    log: Path
    is_ready: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Child:
    """A process that was started, the leader of a group of its own."""

    program: Program
    process: "subprocess.Popen[bytes]"


class Children:
    """The processes of one `with` block; none of them outlives it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._children: list[Child] = []
        self._family = uuid4().hex

    def __enter__(self) -> "Children":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by name."""
        return {child.program.name: child.process.pid for child in self._children}

    def start(self, program: Program) -> None:
        """Start a process and wait until it is ready.

        Raises:
            ChildError: It ended, was not ready in time, or another one ended meanwhile.
        """
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("ab") as log:
            # A group of its own: a Ctrl-C reaches this process only, which ends them in order.
            process = subprocess.Popen(
                [*dying_with_parent(), *program.command],
                env={**program.env, FAMILY: self._family},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children.append(Child(program, process))
        deadline = time.monotonic() + START_SECONDS
        while not program.is_ready():
            self.check()
            if time.monotonic() > deadline:
                raise ChildError(
                    f"{program.name} was not ready after {START_SECONDS:.0f} s. {told(program.log)}"
                )
            time.sleep(POLL_SECONDS)

    def check(self) -> None:
        """Make sure that all of them still run.

        Raises:
            ChildError: One ended.
        """
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise ChildError(
                    f"{child.program.name} ended with {code}. {told(child.program.log)}"
                )

    def let_go(self, expendable: Container[str]) -> None:
        """Go on without those that may end and have ended."""
        for child in list(self._children):
            code, name = child.process.poll(), child.program.name
            if code is not None and name in expendable:
                self.forget(name)
                logger.warning(
                    "%s ended with %d; the rest goes on. %s", name, code, told(child.program.log)
                )

    def forget(self, name: str) -> None:
        """End one of them, and go on without it."""
        for child in [one for one in self._children if one.program.name == name]:
            end(child)
            self._children.remove(child)

    def watch(self, expendable: Container[str] = ()) -> None:
        """Wait until one of them ends, or until this process is interrupted.

        Args:
            expendable: Names of those without which the others go on.

        Raises:
            ChildError: One of the others ended by itself.
        """
        while True:
            self.let_go(expendable)
            self.check()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End all of them, the last one first, each with everything it started.

        Somebody who interrupts once more does not want to wait.
        """
        for child in reversed(self._children):
            with suppress(KeyboardInterrupt):
                end(child)
            # One that was killed, even this very moment, has left nobody to tell what it started.
            with suppress(KeyboardInterrupt):
                end_orphans(self._family, {one.process.pid for one in self._children})
        self._children.clear()


def end(child: Child) -> None:
    """End a process and everything it started, each with the chance to close its accounts.

    First its group, then what it started in groups of their own, as a worker starts flow runs.
    What those started is left to them: a parser that is ended from outside would look as if a
    document had crashed it. Whatever is left after that, or once somebody interrupts, is killed.
    """
    offspring, started = descendants(child.process.pid)
    try:
        tell_group(child.process.pid, signal.SIGTERM)
        wait_for(lambda: child.process.poll() is not None)
        for process in started:
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        wait_for(lambda: not any(is_alive(process) for process in offspring))
    finally:
        for process in offspring:
            if is_alive(process):
                logger.warning("%d of %s is killed.", process.pid, child.program.name)
                kill(process)
        tell_group(child.process.pid, signal.SIGKILL)
        child.process.wait()


def end_orphans(family: str, known: Container[int]) -> None:
    """End what lost its parent, such as the flow runs of a worker that was killed.

    Args:
        family: The value of `FAMILY` that it inherited.
        known: Processes that are ended otherwise, with everything below them.
    """
    orphans = [
        process
        for process in psutil.process_iter()
        if process.pid not in known and is_orphan(process, family)
    ]
    try:
        for process in orphans:
            logger.warning("%d lost its parent and is ended.", process.pid)
            with suppress(psutil.NoSuchProcess):
                process.terminate()
        wait_for(lambda: not any(is_alive(process) for process in orphans))
    finally:
        for process in orphans:
            if is_alive(process):
                kill(process)


def kill(process: psutil.Process) -> None:
    """Kill a process that may have ended just now."""
    with suppress(psutil.NoSuchProcess):
        process.kill()


def is_orphan(process: psutil.Process, family: str) -> bool:
    """Tell whether a process belongs to a family, and its parent does not."""
    if family_of(process) != family:
        return False
    try:
        parent = process.parent()
    except psutil.Error:
        return False  # it ended just now
    return parent is None or family_of(parent) != family


def family_of(process: psutil.Process) -> str | None:
    """Return the family of a process; none of one that is somebody else's, or over."""
    try:
        return process.environ().get(FAMILY)
    except (psutil.Error, OSError):
        return None


def descendants(pid: int) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Return everything below a process, and of that what it started itself."""
    try:
        leader = psutil.Process(pid)
        # In this order: should it end in between, what it started is waited for all the same.
        started = leader.children()
        return [*{*started, *leader.children(recursive=True)}], started
    except psutil.NoSuchProcess:
        return [], []


def wait_for(is_over: Callable[[], bool]) -> None:
    """Wait until something is over, but not for ever."""
    deadline = time.monotonic() + STOP_SECONDS
    while not is_over() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS / 5)


def is_alive(process: psutil.Process) -> bool:
    """Tell whether a process still runs; one that only waits to be reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def tell_group(group: int, number: signal.Signals) -> None:
    """Send a signal to a group that may be gone."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def dying_with_parent() -> list[str]:
    """Return a prefix of a command that lets it end when this process is killed, where possible."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv else []


def told(log: Path) -> str:
    """Quote the end of a log."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return f"Its log {log} cannot be read."
    return f"Its log is {log} and ends with: {text[-TAIL:] or '(nothing)'}"
