"""Limits that a parser child puts on itself before it reads anything."""

import ctypes
import os
import resource
import signal
import socket
import sys
from typing import NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
MAX_OPEN_FILES = 256
MAX_FILE_BYTES = 512 * 1024 * 1024
CPU_SLACK_SECONDS = 5
_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000


class NetworkForbiddenError(OSError):
    """Parser code tried to open a network connection."""


PARSER_NICENESS = 10
"""Added to the niceness of the parent."""


def own_process_group() -> None:
    """Lead a session of its own, so that the child is killed together with what it starts."""
    os.setsid()


def yield_to_encoder() -> None:
    """Run below the priority of the parent, whose encoder waits for its slowest thread.

    The children work far ahead of it; they only have to fill the gaps.
    """
    os.nice(PARSER_NICENESS)


def die_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies (Linux only; else no effect)."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def adopt_orphans() -> None:
    """Become the parent of what loses its own below this process (Linux only; else no effect).

    So nothing that a document started gets away by leaving its session and its parent.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def limit_resources(memory_mb: int) -> None:
    """Bound memory, open files, file size and core dumps of this process.

    Args:
        memory_mb: Address space allowed beyond what the warm process already uses.
    """
    allowed = address_space_bytes() + memory_mb * 1024 * 1024
    _lower(resource.RLIMIT_AS, allowed)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, MAX_OPEN_FILES)
    _lower(resource.RLIMIT_FSIZE, MAX_FILE_BYTES)


def allow_cpu(seconds: float) -> None:
    """Allow this process so many more seconds of CPU time from now on (plus a little slack)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = usage.ru_utime + usage.ru_stime
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = int(used + seconds) + CPU_SLACK_SECONDS
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def forbid_network() -> None:
    """Leave the network, and make every connection attempt of Python code fail with a clear error.

    The first also holds for native code and for programs that are started; see `leave_network` for
    where it works. The second works everywhere.
    """
    leave_network()
    socket.socket.connect = _refuse  # type: ignore[method-assign]
    socket.socket.connect_ex = _refuse  # type: ignore[method-assign]
    socket.socket.sendto = _refuse  # type: ignore[method-assign]
    socket.create_connection = _refuse
    socket.getaddrinfo = _refuse


def leave_network() -> bool:
    """Move this process into a network namespace of its own, which has no way out.

    Works on Linux for root, and for others where the kernel lets users have namespaces. The process
    must have a single thread.

    Returns:
        Whether it worked; if not, the network is as it was.
    """
    if not sys.platform.startswith("linux"):
        return False
    unshare = ctypes.CDLL(None, use_errno=True).unshare
    user, group = os.geteuid(), os.getegid()
    if unshare(_CLONE_NEWNET) == 0:
        return True
    if unshare(_CLONE_NEWUSER | _CLONE_NEWNET) != 0:
        return False
    # Be the same user inside, so that files stay accessible by name as well.
    for name, content in (
        ("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1"),
    ):  # fmt: skip
        try:
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(content)
        except OSError:
            continue
    return True


def address_space_bytes() -> int:
    """Virtual memory this process uses now."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            return int(statm.read().split()[0]) * resource.getpagesize()
    except OSError:
        import psutil

        return int(psutil.Process().memory_info().vms)


def peak_memory_mb() -> float:
    """Largest resident memory this process has had, in MiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    if hard != resource.RLIM_INFINITY:
        value = min(value, hard)
    resource.setrlimit(what, (value, hard))


def _refuse(*args: object, **kwargs: object) -> NoReturn:
    del args, kwargs
    raise NetworkForbiddenError("A parser tried to open a network connection; it is not allowed.")
