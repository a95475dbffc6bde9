"""A process that has loaded everything once and forks one child per order.

    python -m tests.support.faultlab.zygote FD

FD is a socket. A message `start` brings an order and is answered with the pid of the child and
three descriptors: its standard input, its standard output, and a file with its error output. A
message `wait` is answered with the status of a child that has ended, or has stopped itself.
"""

import gc
import os
import socket
import sys
import time

import msgspec

from tests.support.faultlab.child import run_and_exit, warm_up
from tests.support.faultlab.orders import Order

LONGEST_MESSAGE = 1 << 16
POLL_SECONDS = 0.001


class Start(msgspec.Struct, tag="start", frozen=True):
    """Fork a child."""

    order: Order


class Wait(msgspec.Struct, tag="wait", frozen=True):
    """Wait until a child has ended or stopped."""

    pid: int
    seconds: float


class Waited(msgspec.Struct, frozen=True):
    """How a child is; none if it still runs."""

    status: int | None


def start(channel: socket.socket, order: Order) -> None:
    """Fork a child and send what belongs to it."""
    into_read, into_write = os.pipe()
    out_read, out_write = os.pipe()
    errors = os.memfd_create("errors")
    pid = os.fork()
    if pid == 0:
        channel.close()
        for descriptor, place in ((into_read, 0), (out_write, 1), (errors, 2)):
            os.dup2(descriptor, place)
        for descriptor in (into_read, into_write, out_read, out_write, errors):
            os.close(descriptor)
        run_and_exit(order)
    socket.send_fds(channel, [str(pid).encode()], [into_write, out_read, errors])
    for descriptor in (into_read, into_write, out_read, out_write, errors):
        os.close(descriptor)


def wait(pid: int, seconds: float) -> Waited:
    """Wait for a change of a child; one that takes too long is still running."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
        if found:
            return Waited(status)
        time.sleep(POLL_SECONDS)
    return Waited(None)


def serve(channel: socket.socket) -> None:
    """Answer messages until the other side hangs up."""
    decoder = msgspec.json.Decoder(Start | Wait)
    while message := channel.recv(LONGEST_MESSAGE):
        match decoder.decode(message):
            case Start(order):
                start(channel, order)
            case Wait(pid, seconds):
                channel.send(msgspec.json.encode(wait(pid, seconds)))


def main() -> None:
    """Load everything, then serve."""
    warm_up()
    gc.collect()
    gc.freeze()  # no child has to copy what a collection touches
    channel = socket.socket(fileno=int(sys.argv[1]))
    channel.send(b"ready")
    serve(channel)


if __name__ == "__main__":
    main()
