"""What a run may rely on whoever works for it: every runner with workers passes all of this.

The workers are real ones, two processes on the loopback interface. Neither model nor parser is
loaded, so that this is quick: they read plain text and make vectors up. `test_same_index.py` has
the real ones.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from config.errors import ConfigError
from config.execution import ExecutionSettings, RunnerKind
from config.settings import Settings
from indexing.errors import RunnerUnavailableError, WorkerLostError
from indexing.execution.runner import Runner, Urgency
from indexing.execution.shared import open_runner
from tests.indexing.execution.conftest import Offspring, files_left, goes_on
from tests.support.clusters import LIBRARIES, each_runner, marks_of
from tests.support.pieces import (
    always_die,
    die_once,
    note_when_open,
    refuse,
    twice,
    unpicklable,
    worker_pid,
)
from tests.support.site import free_port, until

pytestmark = pytest.mark.timeout(240)
ROOT = Path(__file__).resolve().parents[3]
SECONDS = 60.0
"""How long processes may take to end; a busy machine is slow to notice."""
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
RUN = """
import signal, sys
from config.settings import Settings
from indexing.execution.runner import Urgency
from indexing.execution.shared import open_runner
from tests.support.pieces import worker_pid
if __name__ == "__main__":
    execution = {"runner": sys.argv[1], "workers": 1}
    runner = open_runner(Settings(home=sys.argv[2], execution=execution))
    runner.submit(worker_pid, None, Urgency.NOW).result()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    print("up", flush=True)
    signal.pause()
"""

INTERRUPTED = """
import signal, sys, time
from pathlib import Path
from config.settings import Settings
from indexing.execution.runner import Urgency
from indexing.execution.shared import open_runner
from tests.support.pieces import note_when_open, worker_pid
if __name__ == "__main__":
    diary = Path(sys.argv[2], "diary")
    execution = {"runner": sys.argv[1], "workers": 2}
    runner = open_runner(Settings(home=sys.argv[2], execution=execution))
    call = runner.submit(note_when_open, (diary, "whole"), Urgency.NOW)
    runner.submit(worker_pid, None, Urgency.NOW).result()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        print("up", flush=True)
        time.sleep(600)
    except KeyboardInterrupt:
        diary.with_name("open").touch()
        call.result()
        print(diary.read_text(), flush=True)
    runner.close()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder whose name is short enough for Ray to keep its files in there."""
    with tempfile.TemporaryDirectory(prefix="h", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def runner(kind: RunnerKind, home: Path) -> Iterator[Any]:
    execution = ExecutionSettings(runner=kind, workers=2)
    with closing(open_runner(Settings(home=home, execution=execution))) as made:
        yield made


def addresses() -> tuple[set[str], set[str]]:
    """Where this process and its children listen, and whom they talk to."""
    here = psutil.Process()
    everything = [p.net_connections("inet") for p in [here, *here.children(recursive=True)]]
    connections = [connection for found in everything for connection in found]
    listening = {c.laddr.ip for c in connections if c.status == psutil.CONN_LISTEN}
    return listening, {c.raddr.ip for c in connections if c.raddr}


def left_in(home: Path) -> list[str]:
    """What is below a home, but for folders and the empty locks by which several Dasks get along.

    A Ray has a folder of its own, which goes with it.
    """
    found = [p for p in home.rglob("*") if not p.is_dir() or p.name.startswith("r-")]
    return [path.name for path in found if not path.name.endswith("lock")]


@each_runner(quick=(RunnerKind.PROCESS, RunnerKind.DASK))
def test_results_and_errors_come_to_their_calls_whichever_worker_is_lost(
    kind: RunnerKind, runner: Any, offspring: Offspring, home: Path, tmp_path: Path
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
    # An error that cannot travel arrives as its text, if not as itself.
    with pytest.raises(Exception, match="cannot travel") as told:
        runner.submit(unpicklable, "cannot travel", Urgency.NOW).result()
    assert "UnpicklableError" in f"{told.type} {told.value}"
    assert [ends <= LOOPBACK for ends in addresses()] == [True, True], addresses()

    # What a worker starts, such as a parser with a hostile document, gets no token; and Ray would
    # change the process that loads it.
    assert runner.submit(os.getenv, "RAY_AUTH_TOKEN", Urgency.NOW).result() is None
    mode = runner.submit(os.getenv, "RAY_AUTH_MODE", Urgency.NOW).result()
    assert (mode, "ray" in sys.modules) == ("token" if kind is RunnerKind.RAY else None, False)

    started = offspring()
    assert kind is not RunnerKind.RAY or left_in(home) != []  # so that it is no news, below
    (victim, *_) = runner.pids
    assert victim in {process.pid for process in started}
    os.kill(victim, signal.SIGKILL)
    pids = {runner.submit(worker_pid, None, Urgency.NOW).result() for _ in range(8)}
    assert victim not in pids
    runner.close()
    until(lambda: not any(map(goes_on, started)) and offspring() == [], SECONDS)
    assert left_in(home) == []
    with pytest.raises(RunnerUnavailableError, match="closed"):
        runner.submit(twice, 1, Urgency.NOW)


@each_runner(quick=())
def test_a_piece_that_kills_every_worker_is_given_up(kind: RunnerKind, runner: Runner) -> None:
    with pytest.raises(WorkerLostError, match=rf"(?i)4 (worker )?{kind}\w* .*lost"):
        runner.submit(always_die, None, Urgency.NOW).result()
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8


@each_runner()
def test_what_is_urgent_overtakes_and_what_is_dropped_is_not_done(
    runner: Runner, tmp_path: Path
) -> None:
    diary = tmp_path / "diary"
    ahead = [(diary, f"ahead {number}") for number in range(10)]
    calls = [runner.submit(note_when_open, one, Urgency.AHEAD) for one in ahead]
    calls.append(runner.submit(note_when_open, (diary, "now"), Urgency.NOW))
    assert calls.pop(9).cancel() is not False
    time.sleep(1.0)  # handing over returns at once, and whoever does the rest may be busy
    (tmp_path / "open").touch()
    for call in calls:
        call.result()
    lines = diary.read_text().splitlines()
    assert lines.index("now") <= 5  # what the workers had
    assert sorted(lines) == sorted(["now", *(line for _, line in ahead[:9])])


@each_runner()
def test_closing_ends_what_is_under_way_and_tells_whoever_waits(
    runner: Runner, offspring: Offspring
) -> None:
    assert runner.submit(twice, 4, Urgency.NOW).result() == 8
    calls = [runner.submit(time.sleep, 600, Urgency.AHEAD) for _ in range(4)]
    started = offspring()
    runner.close()
    for call in calls:
        with pytest.raises(RunnerUnavailableError):
            call.result()
    until(lambda: not any(map(goes_on, started)) and offspring() == [], SECONDS)
    runner.close()  # again, as a run does that was interrupted while it closed


@pytest.mark.parametrize(
    "name",
    ["SIGKILL", *(pytest.param(n, marks=pytest.mark.thorough) for n in ("SIGTERM", "SIGINT"))],
)
@each_runner()
def test_workers_end_with_a_run_that_is_killed_or_interrupted(
    kind: RunnerKind, name: str, home: Path
) -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, kind, str(home)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert run.stdout is not None
    with run.stdout:
        assert run.stdout.readline() == b"up\n"
    started = psutil.Process(run.pid).children(recursive=True)
    assert len(started) > (5 if kind is RunnerKind.RAY else 0)
    run.send_signal(signal.Signals[name])
    run.wait()
    until(lambda: not any(map(goes_on, started)), SECONDS)
    until(lambda: left_in(home) == [], SECONDS)


@each_runner()
def test_an_interrupt_from_the_terminal_is_left_to_the_run(kind: RunnerKind, home: Path) -> None:
    """Ctrl-C reaches every process of the terminal; workers that took it up ended in tracebacks."""
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, kind, str(home)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        text=True,
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "up\n"
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate()
    assert (out.split(), run.returncode) == (["whole"], 0), err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        pytest.param(kind, address, marks=marks_of(kind, thorough=kind is RunnerKind.RAY))
        for kind, address in [
            (RunnerKind.DASK, "tcp://127.0.0.1:{port}"),
            (RunnerKind.RAY, "127.0.0.1:{port}"),
            (RunnerKind.RAY, "ray://127.0.0.1:{port}"),
        ]
    ],
)
def test_a_cluster_that_is_not_there_is_named(
    kind: RunnerKind,
    address: str,
    offspring: Offspring,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("indexing.execution.dask.CONNECT_SECONDS", 1.0)
    monkeypatch.setenv("RAY_gcs_rpc_server_connect_timeout_s", "1")
    monkeypatch.setenv("RAY_gcs_rpc_server_reconnect_timeout_s", "1")
    address = address.format(port=free_port())
    execution = ExecutionSettings(runner=kind, scheduler=address)
    with pytest.raises(RunnerUnavailableError, match=address):
        open_runner(Settings(home=tmp_path, execution=execution)).start()
    assert offspring() == []


@pytest.mark.parametrize(
    "kind", [pytest.param(RunnerKind.RAY, marks=marks_of(RunnerKind.RAY, thorough=False))]
)
def test_a_driver_of_ray_that_cannot_be_started_is_told_of_and_leaves_nothing(
    runner: Runner, home: Path
) -> None:
    for count in (2, 3):
        with (
            files_left(count),
            pytest.raises(RunnerUnavailableError, match=r"cannot be started \(.*ulimit"),
        ):
            runner.start()
    assert left_in(home) == []


@pytest.mark.parametrize(("kind", "library"), LIBRARIES.items())
def test_without_the_package_the_error_says_what_to_install(
    kind: RunnerKind, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigError, match=rf"holdfast\[{kind}\]"):
        open_runner(Settings(execution=ExecutionSettings(runner=kind, workers=2)))


def test_nothing_of_a_library_is_loaded_before_it_is_used() -> None:
    names = list(LIBRARIES.values())
    code = f"import indexing.corpus, sys; sys.exit(any(map(sys.modules.get, {names})))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
