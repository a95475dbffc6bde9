"""The network of a parser child: gone for native code and for programs it starts."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

ASK = """
import ctypes, os, subprocess, sys
from ingestion.parsing.limits import leave_network
print(leave_network(), flush=True)
code = '''
import socket
client = socket.socket()
client.settimeout(5)
try:
    client.connect(("127.0.0.1", {port}))
    print("connected")
except OSError as error:
    print("refused")
'''
subprocess.run([sys.executable, "-c", code], check=True)
print(open(__file__ if "__file__" in globals() else "/proc/self/status").readline() != "")
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        yield server


def test_a_program_that_a_child_starts_reaches_nobody(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    done = subprocess.run(
        [sys.executable, "-c", ASK.replace("{port}", str(port))],
        capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
    )  # fmt: skip
    left, connected, readable = done.stdout.split()
    if left != "True":
        pytest.skip("this kernel lets nobody but root have a network namespace")
    assert (connected, readable) == ("refused", "True")
    with pytest.raises(TimeoutError):
        listener.accept()
