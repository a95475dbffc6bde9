"""What tests of the runners watch, the processes that were started, and keep from starting."""

import os
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psutil
import pytest

Offspring = Callable[[], list[psutil.Process]]


def goes_on(process: psutil.Process) -> bool:
    """Whether a process is there, and not only waits to be reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def helps_python(process: psutil.Process) -> bool:
    """Whether a process is Python's own tracker; one that ends while it is asked is none."""
    try:
        return "resource_tracker" in "".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def offspring() -> Offspring:
    """Return the living processes below this one that the test has started.

    The parsers that all tests share are older, and a helper of Python is for its next workers.
    """
    before = set(psutil.Process().children(recursive=True))

    def look() -> list[psutil.Process]:
        found = [p for p in psutil.Process().children(recursive=True) if p not in before]
        return [p for p in found if goes_on(p) and not helps_python(p)]

    return look


@contextmanager
def files_left(count: int) -> Iterator[None]:
    """Let this process and what it starts open so many more files and no others."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
