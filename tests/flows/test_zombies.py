"""A run whose process, worker and command are gone at once: nobody is left to say that it is over.

A machine that loses its power looks like that. A real server, elsewhere, misses the heartbeats:
    pytest tests/flows/test_zombies.py -m thorough
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from config.environment import QUIET
from flows.children import is_alive
from tests.support.laptop import Laptop
from tests.support.site import free_port, until

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.model,
    pytest.mark.thorough,
    pytest.mark.timeout(1800),
]
SILENT_SECONDS = 90
"""The least that can be set: three heartbeats, of which Prefect's engine sends two a minute."""
DOCUMENTS = 600


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """A Prefect server that outlives what works for it; its port."""
    port = free_port()
    env = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT_")}
    env |= QUIET | {"PREFECT_HOME": str(tmp_path / "elsewhere")}
    env["PREFECT_SERVER_UI_STATIC_DIRECTORY"] = str(tmp_path / "ui")
    command = [sys.executable, "-m", "prefect", "server", "start", "--port", str(port)]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1"], env=env, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        from flows.laptop import answers

        until(lambda: answers(f"http://127.0.0.1:{port}/api"))
        yield port
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture
def laptop(tmp_path: Path, server: int) -> Iterator[Laptop]:
    options = f"orchestration:\n  silent_seconds: {SILENT_SECONDS}\n"
    started = Laptop(tmp_path, server=server, options=options)
    try:
        yield started
    finally:
        started.shut_down()


def cut_the_power(laptop: Laptop) -> list[psutil.Process]:
    """Kill everything that could tell of it, before any of it can."""
    victims = [psutil.Process(laptop.process.pid), *laptop.family()]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in victims:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
    laptop.over()
    return victims


def test_a_run_that_nobody_can_tell_of_any_more_is_crashed_and_the_next_one_heals(
    laptop: Laptop,
) -> None:
    for number in range(DOCUMENTS):
        laptop.write(number)
    run = laptop.trigger("ingest/ingest").json()["id"]
    laptop.in_state(run, "RUNNING")
    until(lambda: any(one["runner"] == "prefect" for one in laptop.holdfast("status")["runs"]))
    beaten = time.monotonic()
    victims = cut_the_power(laptop)
    assert [process for process in victims if is_alive(process)] == []
    assert laptop.flow_run(run)["state"]["type"] == "RUNNING"  # as far as anybody knows

    state = laptop.ended(run)
    assert state["type"] == "CRASHED"
    assert state["message"].startswith(f"No heartbeat for {SILENT_SECONDS} s")
    assert time.monotonic() - beaten > SILENT_SECONDS / 3  # not by somebody who knew

    laptop.start()
    # It took the one place of its deployment; a run beside it would have been cancelled.
    assert laptop.run("ingest/ingest")["type"] == "COMPLETED"
    assert laptop.holdfast("status")["documents"] == DOCUMENTS
    assert laptop.holdfast("verify")["sound"]
