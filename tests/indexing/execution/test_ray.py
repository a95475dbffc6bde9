"""Workers of Ray: a real one of two processes, only on the loopback interface."""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.errors import ConfigError
from config.execution import ExecutionSettings, RunnerKind
from config.settings import Settings
from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.ray import RayRunner
from indexing.execution.runner import Urgency
from indexing.execution.shared import open_runner
from tests.support.clusters import RAY_ENVIRONMENT, RayHead, ray_by_hand
from tests.support.pieces import (
    always_die,
    die_once,
    linger,
    refuse,
    twice,
    unpicklable,
)
from tests.support.site import free_port, until

if importlib.util.find_spec("ray") is None:  # not loaded: it changes the process that loads it
    pytest.skip("Ray is not installed (the extra `ray`)", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[3]
TWO = ExecutionSettings(runner=RunnerKind.RAY, workers=2)
pytestmark = pytest.mark.timeout(600)
ORPHANED = """
import os, signal, sys
from pathlib import Path
from config.execution import ExecutionSettings
from indexing.execution.ray import RayRunner
from indexing.execution.runner import Urgency
from tests.support.pieces import worker_pid
runner = RayRunner(ExecutionSettings(runner="ray", workers=1), Path(sys.argv[1]))
runner.submit(worker_pid, None, Urgency.NOW).result()
signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
print("up", flush=True)
signal.pause()
"""


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[RayRunner]:
    made = RayRunner(TWO, tmp_path / "ray")
    yield made
    made.close()


THERE_BEFORE: set[psutil.Process] = set()
"""Children of this process that have nothing to do with Ray: the parsers that all tests share."""


@pytest.fixture(autouse=True)
def there_before() -> None:
    THERE_BEFORE.clear()
    THERE_BEFORE.update(psutil.Process().children(recursive=True))


def offspring() -> list[psutil.Process]:
    """Processes that were started by the test."""
    return [p for p in psutil.Process().children(recursive=True) if p not in THERE_BEFORE]


def addresses() -> tuple[set[str], set[str]]:
    """Where this process and its children listen, and whom they talk to."""
    connections = [
        connection
        for process in [psutil.Process(), *offspring()]
        for connection in process.net_connections("inet")
    ]
    listening = {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    return listening, {c.raddr.ip for c in connections if c.raddr}


def all_gone(processes: list[psutil.Process]) -> bool:
    return not [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def test_a_lost_worker_is_replaced_and_its_piece_repeated(
    runner: RayRunner, tmp_path: Path
) -> None:
    marker = tmp_path / "died"
    calls = [runner.submit(twice, number, Urgency.AHEAD) for number in range(6)]
    survivor = runner.submit(die_once, marker, Urgency.NOW)
    assert survivor.result() != int(marker.read_text())
    assert [call.result() for call in calls] == [0, 2, 4, 6, 8, 10]
    assert (runner.slots, runner.threads) == (2, max(1, len(os.sched_getaffinity(0)) // 2))
    with pytest.raises(ValueError, match="what it says") as raised:
        runner.submit(refuse, "what it says", Urgency.NOW).result()
    assert type(raised.value) is ValueError
    loopback = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
    assert [ends <= loopback for ends in addresses()] == [True, True], addresses()
    assert "ray" not in sys.modules
    # What a worker starts, such as a parser with a hostile document, does not get the token.
    assert runner.submit(os.getenv, "RAY_AUTH_MODE", Urgency.NOW).result() == "token"
    assert runner.submit(os.getenv, "RAY_AUTH_TOKEN", Urgency.NOW).result() is None
    started = offspring()
    assert runner.pids & {process.pid for process in started}
    runner.close()
    assert all_gone(started)
    assert list((tmp_path / "ray").iterdir()) == []
    with pytest.raises(RunnerUnavailableError, match="closed"):
        runner.submit(twice, 1, Urgency.NOW)


@pytest.mark.thorough
def test_a_piece_that_kills_every_worker_is_given_up(runner: RayRunner) -> None:
    with pytest.raises(WorkerLostError, match="Ray workers were lost"):
        runner.submit(always_die, None, Urgency.NOW).result()
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8
    # An error that cannot travel arrives as its text.
    with pytest.raises(RuntimeError, match="UnpicklableError: cannot travel"):
        runner.submit(unpicklable, "cannot travel", Urgency.NOW).result()


@pytest.mark.thorough
def test_what_is_urgent_overtakes_and_what_is_dropped_is_not_done(
    runner: RayRunner, tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    calls = [runner.submit(linger, (diary, f"ahead {n}"), Urgency.AHEAD) for n in range(10)]
    urgent = runner.submit(linger, (diary, "now"), Urgency.NOW)
    assert calls[9].cancel()
    urgent.result()
    assert len(diary.read_text().splitlines()) <= 6  # what Ray had, and the urgent one
    for call in calls[:9]:
        call.result()
    assert "ahead 9" not in diary.read_text()


@pytest.mark.thorough
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_it_ends_with_a_run_that_is_killed_or_interrupted(name: str, tmp_path: Path) -> None:
    scratch = tmp_path / "ray"
    run = subprocess.Popen(
        [sys.executable, "-c", ORPHANED, str(scratch)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert run.stdout is not None
    with run.stdout:
        assert run.stdout.readline() == b"up\n"
    started = psutil.Process(run.pid).children(recursive=True)
    assert len(started) > 5
    run.send_signal(signal.Signals[name])
    run.wait()
    until(lambda: all_gone(started))
    until(lambda: list(scratch.iterdir()) == [])


@pytest.mark.thorough
def test_a_bridge_that_is_killed_is_told_and_the_next_piece_starts_another(
    runner: RayRunner,
) -> None:
    runner.start()
    started = offspring()
    call = runner.submit(time.sleep, 600, Urgency.NOW)
    (bridge,) = (p for p in psutil.Process().children() if p not in THERE_BEFORE)
    bridge.kill()
    with pytest.raises(RunnerUnavailableError, match="is gone"):
        call.result()
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8
    assert all_gone(started)


@pytest.mark.thorough
def test_a_ray_of_whoever_embeds_it_is_left_alone(runner: RayRunner, tmp_path: Path) -> None:
    code = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import os; os.environ |= {RAY_ENVIRONMENT!r}
import ray
from pathlib import Path
ray.init("local", num_cpus=1, include_dashboard=False, object_store_memory=100 * 2**20)
mine = ray.put("mine")
from config.execution import ExecutionSettings
from indexing.execution.ray import RayRunner
from indexing.execution.runner import Urgency
from tests.support.pieces import twice
runner = RayRunner(ExecutionSettings(runner="ray", workers=1), Path({str(tmp_path)!r}) / "ray")
assert runner.submit(twice, 4, Urgency.NOW).result() == 8
runner.close()
assert ray.is_initialized() and ray.get(mine) == "mine"
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[RayHead]:
    """A Ray started by hand, whose token this process knows."""
    for name, value in RAY_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "5")
    with ray_by_hand({}) as head:
        yield head


@pytest.mark.thorough
@pytest.mark.parametrize("way", ["node", "client"])
def test_a_cluster_may_lose_a_worker_and_itself(cluster: RayHead, way: str, tmp_path: Path) -> None:
    address = getattr(cluster, way)
    settings = ExecutionSettings(runner=RunnerKind.RAY, scheduler=address)
    runner = RayRunner(settings, tmp_path / "ray")
    try:
        assert (runner.slots, runner.threads, runner.pids) == (2, 0, frozenset())
        marker = tmp_path / "died"
        assert runner.submit(die_once, marker, Urgency.NOW).result() != int(marker.read_text())
        runner.close()
        assert cluster.processes("gcs_server")
        assert offspring() == []
        runner = RayRunner(settings, tmp_path / "ray")
        call = runner.submit(time.sleep, 600, Urgency.NOW)
        until(cluster.workers)
        cluster.kill()
        with pytest.raises(RunnerUnavailableError, match="gone"):
            call.result()
    finally:
        runner.close()
    assert offspring() == []


@pytest.mark.thorough
def test_a_cluster_without_processors_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("indexing.execution.ray_link.WORKERLESS_SECONDS", 1.0)
    for name, value in RAY_ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with ray_by_hand({}, processors=0) as head:
        settings = ExecutionSettings(runner=RunnerKind.RAY, scheduler=head.node)
        runner = RayRunner(settings, tmp_path / "ray")
        try:
            with pytest.raises(RunnerUnavailableError, match="no processor for work for 1 s"):
                runner.submit(twice, 1, Urgency.NOW).result()
        finally:
            runner.close()


@pytest.mark.thorough
def test_a_cluster_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAY_gcs_rpc_server_connect_timeout_s", "1")
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "1")
    for address in (f"127.0.0.1:{free_port()}", f"ray://127.0.0.1:{free_port()}"):
        settings = ExecutionSettings(runner=RunnerKind.RAY, scheduler=address)
        with pytest.raises(RunnerUnavailableError, match=address):
            RayRunner(settings, tmp_path).start()
        assert offspring() == []


def test_without_the_package_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(ConfigError, match=r"holdfast\[ray\]"):
        open_runner(Settings(execution=TWO))
