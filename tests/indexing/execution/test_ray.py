"""What only Ray needs: the process that talks to it, a Ray beside ours, clusters that give out."""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from config.execution import ExecutionSettings, RunnerKind
from indexing.errors import RunnerUnavailableError
from indexing.execution.ray import RayRunner
from indexing.execution.runner import Urgency
from tests.indexing.execution.conftest import Offspring, goes_on
from tests.support.clusters import RAY_ENVIRONMENT, RayHead, ray_by_hand
from tests.support.pieces import die_once, twice
from tests.support.site import until

if importlib.util.find_spec("ray") is None:  # not loaded: it changes the process that loads it
    pytest.skip("Ray is not installed (the extra `ray`)", allow_module_level=True)

ROOT = Path(__file__).resolve().parents[3]
TWO = ExecutionSettings(runner=RunnerKind.RAY, workers=2)
pytestmark = [pytest.mark.thorough, pytest.mark.timeout(600)]


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[RayRunner]:
    with closing(RayRunner(TWO, tmp_path / "ray")) as made:
        yield made


def test_a_bridge_that_is_killed_is_told_and_the_next_piece_starts_another(
    runner: RayRunner, offspring: Offspring
) -> None:
    runner.start()
    started = offspring()
    call = runner.submit(time.sleep, 600, Urgency.NOW)
    (bridge,) = (process for process in started if process in psutil.Process().children())
    bridge.kill()
    with pytest.raises(RunnerUnavailableError, match="is gone"):
        call.result()
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8
    assert not any(map(goes_on, started))


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
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "5")
    with ray_by_hand({}) as head:
        yield head


@pytest.mark.parametrize("way", ["node", "client"])
def test_a_cluster_may_lose_a_worker_and_itself(
    cluster: RayHead, way: str, offspring: Offspring, tmp_path: Path
) -> None:
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


def test_a_cluster_without_processors_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("indexing.execution.ray_link.WORKERLESS_SECONDS", 1.0)
    with ray_by_hand({}, processors=0) as head:
        settings = ExecutionSettings(runner=RunnerKind.RAY, scheduler=head.node)
        with (
            closing(RayRunner(settings, tmp_path / "ray")) as runner,
            pytest.raises(RunnerUnavailableError, match="no processor for work for 1 s"),
        ):
            runner.submit(twice, 1, Urgency.NOW).result()
