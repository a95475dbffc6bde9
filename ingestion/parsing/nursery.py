"""A small process that has loaded the parsers and forks a ready child in milliseconds.

It is started as `python -m ingestion.parsing.nursery FD` on one end of a socket pair. A request
`F` with a descriptor forks a child that serves documents on it; the answer is its process id.
Requests `E` and `K` with a process id end that child and answer how it ended; only then is it
reaped, so that a process id means the same child for as long as the parent may use it. When the
other end closes, because the parent ended in whatever way, all children are killed, the scratch
folder goes, and it exits. Nothing else ends it: a supervisor that asks a whole service to stop asks
the nursery and the children, too, and the parent still wants the documents at work.

Python's own fork server is not used because it runs the parent's main script again in every child:
with a command line program that loads the whole application each time.
"""

import array
import contextlib
import errno
import gc
import os
import select
import shutil
import signal
import socket
import sys
import time

from config.heap import uncollected
from ingestion.parsing import limits, wire

ENDING_SECONDS = 1.0
_POLL_MILLISECONDS = 2000


def main() -> None:
    """Serve requests until the parent is gone."""
    for request_to_end in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(request_to_end, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    from multiprocessing.connection import Connection

    with Connection(os.dup(control.fileno())) as setup_pipe:
        setup = wire.decode_argument(setup_pipe.recv_bytes(), wire.NurserySetup)
    with uncollected():
        from ingestion.parsing.child import load_work

        work = load_work(setup)
    limits.adopt_orphans()
    gc.collect()
    gc.freeze()
    control.sendall(wire.NUMBER.pack(os.getpid()))
    children: set[int] = set()
    try:
        while request := _next_request(control):
            name, number, descriptors = request
            if name == wire.FORK:
                pid = _fork()
                if pid == 0:
                    control.close()
                    _become_child(descriptors[0], work, setup)
                os.close(descriptors[0])
                if pid > 0:
                    children.add(pid)
                control.sendall(wire.NUMBER.pack(pid))
            else:
                patience = ENDING_SECONDS if name == wire.ENDED else 0.0
                control.sendall(wire.NUMBER.pack(_end(number, children, patience)))
    finally:
        for pid in list(children):
            _end(pid, children, patience=0.0)
        shutil.rmtree(setup.scratch, ignore_errors=True)


def _next_request(control: socket.socket) -> tuple[bytes, int, list[int]] | None:
    parent = os.getppid()
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while not poll.poll(_POLL_MILLISECONDS):
        if os.getppid() != parent:
            return None
    descriptors = array.array("i")
    size = 1 + wire.NUMBER.size
    data, ancillary, _, _ = control.recvmsg(size, socket.CMSG_SPACE(descriptors.itemsize))
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(content[: len(content) - len(content) % descriptors.itemsize])
    while data and len(data) < size:
        more = control.recv(size - len(data))
        if not more:
            return None
        data += more
    if not data:
        return None
    return data[:1], wire.NUMBER.unpack(data[1:])[0], list(descriptors)


def _fork() -> int:
    """Fork; the process id, 0 in the child, or the negative number of the error."""
    try:
        return os.fork()
    except OSError as error:  # too many processes, or no memory: perhaps not the next time
        return -(error.errno or errno.EAGAIN)


def _become_child(descriptor: int, work: object, setup: wire.NurserySetup) -> None:
    """Serve documents in the forked child; never returns."""
    code = 1
    try:
        from ingestion.parsing.child import serve

        code = serve(descriptor, work, setup)
    finally:
        os._exit(code)


def _end(pid: int, children: set[int], patience: float) -> int:
    """Reap a child, killing it after the given seconds; its exit code, negative for a signal.

    One that was given time and had to be killed has none: `wire.NOT_ENDED`.
    """
    if pid not in children:
        return 0
    deadline = time.monotonic() + patience
    done = 0
    while not done and time.monotonic() < deadline:
        done, raw = os.waitpid(pid, os.WNOHANG)
        if not done:
            time.sleep(0.002)
    was_awaited = not done and patience > 0
    if not done:
        _kill(pid)
        _, raw = os.waitpid(pid, 0)
    children.discard(pid)
    # What the child started lives on in its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    _end_orphans(children)
    return wire.NOT_ENDED if was_awaited else os.waitstatus_to_exitcode(raw)


def _end_orphans(children: set[int]) -> None:
    """Kill what a child left that had gone out of its group; each may leave more behind."""
    import psutil

    deadline = time.monotonic() + ENDING_SECONDS
    while time.monotonic() < deadline:
        found = psutil.Process().children()
        left = [orphan for orphan in found if orphan.pid not in children]
        if not left:
            return
        for orphan in left:
            with contextlib.suppress(psutil.Error, ChildProcessError):
                orphan.kill()
                os.waitpid(orphan.pid, 0)


def _kill(pid: int) -> None:
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
