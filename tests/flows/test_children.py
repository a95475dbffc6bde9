"""Processes that belong together end together, whatever ends first."""

import os
import shlex
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from flows.children import ChildError, Children, Program, dying_with_parent, is_alive
from flows.laptop import check_free
from tests.support.prefect_api import until

PARENT = """
    import subprocess, sys, time
    sleep = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(sleep, start_new_session=True)
    open(sys.argv[1], "w").write(str(child.pid))
    time.sleep(600)
"""
CAREFUL = """
    import subprocess, sys, time
    run = "trap 'sleep 0.5; echo closed >>$0; exit' TERM; echo up >>$0; while :; do sleep 0.1; done"
    subprocess.Popen(["sh", "-c", run, sys.argv[1]], start_new_session=True)
    time.sleep(600)
"""
STUBBORN = """
    import signal, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    open(sys.argv[1], "w").write("1")
    time.sleep(600)
"""


def program(tmp_path: Path, name: str, code: str, ready: Callable[[], bool] | None = None):
    mark = tmp_path / f"{name}.mark"
    command = [sys.executable, "-c", textwrap.dedent(code), str(mark)]
    is_ready = ready or (lambda: mark.exists() and bool(mark.read_text()))
    return Program(name, command, dict(os.environ), tmp_path / f"{name}.log", is_ready)


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return True
    return state == "Z"


def test_nothing_outlives_the_block_grandchildren_included(tmp_path: Path) -> None:
    with Children() as children:
        children.start(program(tmp_path, "one", PARENT))
        children.start(program(tmp_path, "two", PARENT))
        pids = [*children.pids.values()]
        pids += [int((tmp_path / f"{n}.mark").read_text()) for n in ("one", "two")]
        assert not any(is_gone(pid) for pid in pids)
    assert all(until(lambda pid=pid: is_gone(pid)) for pid in pids)


def test_what_a_killed_one_left_behind_is_ended_too(tmp_path: Path) -> None:
    with Children() as children:
        children.start(program(tmp_path, "one", PARENT))
        os.kill(children.pids["one"], signal.SIGKILL)
        orphan = int((tmp_path / "one.mark").read_text())
        with pytest.raises(ChildError, match="one ended with -9"):
            children.watch()
        assert not is_gone(orphan)  # it is nobody's child now
    assert until(lambda: is_gone(orphan))


def test_what_a_killed_one_left_behind_may_close_its_accounts_first(tmp_path: Path) -> None:
    with Children() as children:
        children.start(program(tmp_path, "one", CAREFUL))
        os.kill(children.pids["one"], signal.SIGKILL)
    assert (tmp_path / "one.mark").read_text().split() == ["up", "closed"]


def test_one_that_ignores_the_signal_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.children.STOP_SECONDS", 0.5)
    with Children() as children:
        children.start(program(tmp_path, "stubborn", STUBBORN))
        pid = children.pids["stubborn"]
    assert is_gone(pid)


STUBBORN_RUN = """
    import signal, subprocess, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    run = subprocess.Popen(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
                           start_new_session=True)
    open(sys.argv[1], "w").write(str(run.pid))
    time.sleep(600)
"""


def test_a_second_ctrl_c_kills_at_once_what_a_worker_started_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run of a worker is in a group of its own, and would go on for hours without it."""

    def again(_: object) -> None:
        raise KeyboardInterrupt  # while it waits for the first of them to end

    with Children() as children:
        children.start(program(tmp_path, "worker", STUBBORN_RUN))
        worker = psutil.Process(children.pids["worker"])
        run = psutil.Process(int((tmp_path / "worker.mark").read_text()))
        monkeypatch.setattr("flows.children.wait_for", again)
    until(lambda: not is_alive(run))
    assert not is_alive(worker)
    assert not is_alive(run)


def test_one_that_dies_at_the_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    failing = program(tmp_path, "broken", "import sys; sys.exit('no such port')")
    with Children() as children:
        children.start(program(tmp_path, "one", PARENT))
        pid = children.pids["one"]
        with pytest.raises(ChildError, match=r"broken ended with 1\..*no such port"):
            children.start(failing)
    assert is_gone(pid)


def test_one_that_can_be_done_without_is_forgotten(tmp_path: Path) -> None:
    from flows.laptop import Query, start_query

    with Children() as children:
        children.start(program(tmp_path, "one", PARENT))
        without_keys = Query([sys.executable, "-c", "raise SystemExit('no keys')"], 1)
        start_query(children, without_keys, dict(os.environ), tmp_path)
        assert list(children.pids) == ["one"]
        children.check()


def test_one_that_is_never_ready_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.children.START_SECONDS", 0.3)
    with Children() as children, pytest.raises(ChildError, match="was not ready"):
        children.start(program(tmp_path, "slow", PARENT, lambda: False))


def test_one_that_dies_later_ends_the_watch(tmp_path: Path) -> None:
    with Children() as children:
        children.start(program(tmp_path, "one", PARENT))
        os.kill(children.pids["one"], signal.SIGKILL)
        with pytest.raises(ChildError, match="one ended with -9"):
            children.watch()


@pytest.mark.skipif(not dying_with_parent(), reason="setpriv of util-linux is not installed")
def test_a_killed_parent_takes_its_children_along(tmp_path: Path) -> None:
    code = f"""
        import os, sys, time
        from pathlib import Path
        from flows.children import Children, Program
        with Children() as children:
            log = Path({str(tmp_path / "x.log")!r})
            command = [sys.executable, "-c", "import time; time.sleep(600)"]
            children.start(Program("x", command, dict(os.environ), log, lambda: True))
            print(children.pids["x"], flush=True)
            time.sleep(600)
    """
    root = Path(__file__).resolve().parents[2]
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], cwd=root, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    pid = int(parent.stdout.readline())
    # The child sets what ends it before it becomes the program; while it does, it has no words.
    assert until(lambda: psutil.Process(pid).cmdline()[:1] == [sys.executable])
    parent.kill()
    parent.wait()
    parent.stdout.close()
    try:
        assert until(lambda: is_gone(pid))
    finally:
        if not is_gone(pid):
            os.kill(pid, signal.SIGKILL)


def test_what_can_be_done_without_ends_alone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Children() as children:
        children.start(program(tmp_path, "worker", PARENT))
        children.start(program(tmp_path, "query", PARENT))
        os.kill(children.pids["query"], signal.SIGKILL)
        assert until(lambda: children.let_go({"query"}) or "query" not in children.pids)
        assert "query ended with -9; the rest goes on" in caplog.text
        children.check()
        os.kill(children.pids["worker"], signal.SIGKILL)
        with pytest.raises(ChildError, match="worker ended with -9"):
            children.watch(expendable={"query"})


LISTENER = """
    import socket, sys, time
    taken = socket.create_server(("127.0.0.1", 0))
    open(sys.argv[1], "w").write(str(taken.getsockname()[1]))
    time.sleep(600)
"""


def test_a_stranger_at_the_port_is_not_taken_for_the_query_service(tmp_path: Path) -> None:
    from flows.laptop import Query, listens, query_told, start_query

    with Children() as strangers, Children() as children:
        strangers.start(program(tmp_path, "stranger", LISTENER))
        port = int((tmp_path / "stranger.mark").read_text())
        assert listens(strangers.pids["stranger"], port)
        # As uvicorn does where it cannot have its port, after a while of loading.
        cannot = Query([sys.executable, "-c", "import time; time.sleep(1); sys.exit(2)"], port)
        start_query(children, cannot, dict(os.environ), tmp_path)
        assert (
            query_told(children, cannot) == "query service: not running, `holdfast serve` says why"
        )
        assert children.pids == {}


def test_a_port_that_is_taken_is_refused_before_anything_starts() -> None:
    import socket

    from config.errors import HoldfastError

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(HoldfastError, match=rf"Port {port} is taken"):
            check_free(port, "Name another.")
    assert check_free(port, "Name another.") is None  # type: ignore[func-returns-value]


def test_one_port_for_both_is_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.errors import HoldfastError
    from config.loading import load_settings
    from flows.laptop import Query, run_everything
    from tests.support.site import free_port

    monkeypatch.setattr("flows.laptop.Children", None)  # nothing may be started
    loaded = load_settings(env={}, cwd=tmp_path)
    port = free_port()
    with pytest.raises(HoldfastError, match=rf"Port {port} cannot be both"):
        run_everything(loaded, port, Query(["serve"], port), print)


def test_a_password_in_the_address_of_the_server_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from config.errors import ConfigError
    from config.loading import load_settings
    from flows.laptop import run_everything

    def refuse(*_: object) -> None:
        raise ConfigError("that is far enough")

    monkeypatch.setattr("os.environ", dict(os.environ))  # it is written to
    monkeypatch.setattr("flows.laptop.reach_api", lambda _: None)
    monkeypatch.setattr("flows.one_home.refuse_other_home", refuse)
    url = "http://me:hunter2@prefect.example:4200/api"
    loaded = load_settings(env={"PREFECT_API_URL": url}, cwd=tmp_path)
    told: list[str] = []
    with pytest.raises(ConfigError, match="far enough"):
        run_everything(loaded, 4200, None, told.append)
    assert told == ["Prefect API: http://me:********@prefect.example:4200/api"]


def test_a_worker_of_ones_own_starts_runs_without_detours() -> None:
    from flows.laptop import job

    assert job(own=True)["command"] == shlex.join([sys.executable, "-m", "prefect.engine"])
    # Of a pool that others use, too, paths of this machine are nobody's business.
    assert job(own=False) == {}


def test_how_often_the_worker_asks_is_for_the_user_to_say(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.loading import load_settings
    from flows.laptop import environment

    monkeypatch.delenv("PREFECT_WORKER_QUERY_SECONDS", raising=False)
    url = "http://127.0.0.1:1/api"
    chosen = environment(load_settings(), url, own=True)
    assert chosen["PREFECT_WORKER_QUERY_SECONDS"] == "3"
    monkeypatch.setenv("PREFECT_WORKER_QUERY_SECONDS", "20")
    assert environment(load_settings(), url, own=True)["PREFECT_WORKER_QUERY_SECONDS"] == "20"


def test_prefect_keeps_runs_as_long_as_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.loading import load_settings
    from flows.laptop import VACUUM, environment

    loaded = load_settings(overrides={"audit.keep_days": 30})
    url = "http://127.0.0.1:1/api"
    chosen = environment(loaded, url, own=True)
    assert chosen[f"{VACUUM}_ENABLED"] == "events,flow_runs"
    assert chosen[f"{VACUUM}_RETENTION_PERIOD"] == str(30 * 24 * 3600)
    monkeypatch.setenv(f"{VACUUM}_ENABLED", "events")
    assert environment(loaded, url, own=True)[f"{VACUUM}_ENABLED"] == "events"
    monkeypatch.delenv(f"{VACUUM}_ENABLED")
    assert f"{VACUUM}_ENABLED" not in environment(loaded, url, own=False), "it is somebody else's"
