"""Clusters for tests of the runners, started by hand, as somebody starts them elsewhere."""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.execution import RunnerKind
from tests.support.site import free_port, until

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-the-tests-and-of-nothing-else"
RAY_ENVIRONMENT = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # the loopback interface only
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S": "300",  # a busy machine is slow to start it
    "GRPC_ENABLE_FORK_SUPPORT": "0",  # else its client server dies at times when it forks
}


LIBRARIES = {RunnerKind.DASK: "distributed", RunnerKind.RAY: "ray"}


def marks_of(kind: RunnerKind, *, thorough: bool) -> list[pytest.MarkDecorator]:
    """Return the marks of a test of one runner; it is skipped where its library is not there."""
    library = LIBRARIES.get(kind)
    # Not loaded: Ray changes the process that loads it.
    missing = library is not None and importlib.util.find_spec(library) is None
    reason = f"{library} is not installed (the extra `{kind}`)"
    return [
        pytest.mark.skipif(missing, reason=reason),
        *([pytest.mark.thorough] if thorough else []),
    ]


def each_runner(quick: Iterable[RunnerKind] = (RunnerKind.PROCESS,)) -> pytest.MarkDecorator:
    """Have a test passed as `kind` every runner that has workers, a new one, too.

    Args:
        quick: Those that every `make test` tries; the others are tried where it is thorough.
    """
    kinds = [kind for kind in RunnerKind if kind is not RunnerKind.LOCAL]
    made = [pytest.param(k, marks=marks_of(k, thorough=k not in {*quick})) for k in kinds]
    return pytest.mark.parametrize("kind", made, ids=[kind.value for kind in kinds])


@dataclass(frozen=True)
class RayHead:
    """A Ray that `ray start --head` has started."""

    node: str
    """Its address for a driver on a machine that is in the cluster."""
    client: str
    """Its address for everybody else."""
    marker: str
    """Is in the command line of each of its processes."""

    def processes(self, name: str = "") -> list[psutil.Process]:
        """Return its processes, or those of a name."""
        found = []
        for process in psutil.process_iter(["name", "cmdline"]):
            line = " ".join(process.info["cmdline"] or ())
            if name in line and (self.marker in line or self.node in line):
                found.append(process)
        return found

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes."""
        (raylet,) = self.processes("raylet/raylet")
        children = raylet.children()
        return [one for one in children if "ray::" in "".join(one.cmdline()) and not agent(one)]

    def kill(self) -> None:
        """End all of it at once."""
        everything = [c for p in self.processes() for c in (p, *p.children(recursive=True))]
        for process in everything:
            if process.is_running():
                process.kill()
        psutil.wait_procs(everything, timeout=10)


def agent(process: psutil.Process) -> bool:
    """Whether a child of the raylet is one of its helpers."""
    return "Agent" in "".join(process.cmdline())


@contextmanager
def ray_by_hand(environment: dict[str, str], processors: int = 2) -> Iterator[RayHead]:
    """Start a Ray with two workers that knows this checkout, as this process knows it; end it."""
    with (
        tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in RAY_ENVIRONMENT.items():
            patch.setenv(name, value)
        node, client = free_port(), free_port()
        env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
        command = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", "start"]
        command += ["--head", "--node-ip-address", "127.0.0.1", "--port", str(node)]
        command += ["--ray-client-server-port", str(client), "--num-cpus", str(processors)]
        command += ["--include-dashboard", "false", "--temp-dir", folder]
        command += ["--object-store-memory", str(100 * 2**20), "--disable-usage-stats"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        head = RayHead(f"127.0.0.1:{node}", f"ray://127.0.0.1:{client}", folder)
        try:
            assert done.returncode == 0, done.stdout + done.stderr
            yield head
        finally:
            head.kill()
            until(lambda: not head.processes())


@contextmanager
def dask_by_hand(
    environment: dict[str, str], port: int | None = None
) -> Iterator[tuple[str, "subprocess.Popen[bytes]", list["subprocess.Popen[bytes]"]]]:
    """Start a scheduler of Dask and three workers that nobody starts again, and end them."""
    port = port or free_port()
    address = f"tcp://127.0.0.1:{port}"
    env = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    quiet = ["--no-dashboard", "--host", "127.0.0.1"]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", *quiet]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", address, *quiet]
    worker += ["--nthreads", "1", "--memory-limit", "0", "--no-nanny"]
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [subprocess.Popen([*scheduler, "--port", str(port)], env=env, **silent)]
    try:
        started += [subprocess.Popen(worker, env=env, **silent) for _ in range(3)]
        yield address, started[0], started[1:]
    finally:
        for process in started:
            process.kill()
            process.wait()
