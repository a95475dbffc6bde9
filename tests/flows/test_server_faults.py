"""What breaks between a run and its Prefect server, and how each of it ends.

The server is apart from worker and command, as on another machine, and misses heartbeats soon:
    pytest tests/flows/test_server_faults.py -m thorough
"""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress

import psutil
import pytest

from flows.children import is_alive
from tests.support.laptop import Laptop
from tests.support.prefect_server import PrefectServer
from tests.support.site import until

pytestmark = [
    pytest.mark.prefect,
    pytest.mark.model,
    pytest.mark.thorough,
    pytest.mark.timeout(1800),
]
SILENT_SECONDS = 120
"""Little more than the least that can be set: on a busy machine a run needs a while to begin."""
LOCKED_SECONDS = 10
PILED_UP = 4
"""Runs that are late; as many as the worker takes up at once."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    started = PrefectServer(tmp_path_factory.mktemp("server"))
    yield started
    started.stop()


@pytest.fixture(scope="module")
def laptop(tmp_path_factory: pytest.TempPathFactory, server: PrefectServer) -> Iterator[Laptop]:
    options = f"orchestration:\n  silent_seconds: {SILENT_SECONDS}\n"
    started = Laptop(tmp_path_factory.mktemp("laptop"), server=server.port, options=options)
    try:
        yield started
    finally:
        started.shut_down()


def add(laptop: Laptop, documents: int) -> int:
    """Write so many more documents; returns how many there are then."""
    standing = sum(1 for _ in laptop.folder.iterdir())
    for number in range(standing, standing + documents):
        laptop.write(number)
    return standing + documents


def begun(laptop: Laptop) -> str:
    """Trigger an ingest and wait until it works; returns its id."""
    run = str(laptop.trigger("ingest/ingest").raise_for_status().json()["id"])
    laptop.in_state(run, "RUNNING")
    until(lambda: any(one["state"] == "Running" for one in laptop.holdfast("status")["runs"]))
    return run


def heals(laptop: Laptop, documents: int) -> bool:
    """Tell whether the next run brings in everything, and the index is sound."""
    ended = laptop.run("ingest/ingest")
    standing = laptop.holdfast("status")["documents"]
    return (ended["type"], standing) == ("COMPLETED", documents) and laptop.holdfast("verify")[
        "sound"
    ]


def cut_the_power(laptop: Laptop) -> list[psutil.Process]:
    """Kill everything that could tell of it, before any of it can."""
    victims = [psutil.Process(laptop.process.pid), *laptop.family()]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for process in victims:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
    laptop.over()
    return victims


def test_late_runs_that_piled_up_become_one(laptop: Laptop) -> None:
    documents = add(laptop, 20)
    worker = laptop.part("worker", "start")
    worker.suspend()  # a downtime
    runs = [laptop.trigger("ingest/ingest").json()["id"] for _ in range(PILED_UP)]
    worker.resume()
    ends = Counter(laptop.ended(run)["type"] for run in runs)
    assert ends == {"COMPLETED": 1, "CANCELLED": PILED_UP - 1}
    assert laptop.holdfast("status")["documents"] == documents


def test_a_database_that_is_locked_for_a_while_only_delays_a_run(
    laptop: Laptop, server: PrefectServer
) -> None:
    documents = add(laptop, 200)
    run = begun(laptop)
    with server.locked():
        time.sleep(LOCKED_SECONDS)
    assert laptop.ended(run)["type"] == "COMPLETED"
    assert laptop.holdfast("status")["documents"] == documents


def test_a_server_that_is_killed_and_started_again_in_mid_run(
    laptop: Laptop, server: PrefectServer
) -> None:
    documents = add(laptop, 300)
    run = begun(laptop)
    server.kill()
    time.sleep(LOCKED_SECONDS)
    server.start()
    # Where the run came to need the server meanwhile, it is over, and nobody could be told of it.
    assert laptop.ended(run)["type"] in {"COMPLETED", "FAILED", "CRASHED"}
    assert heals(laptop, documents)


def test_a_run_that_nobody_can_tell_of_any_more_is_crashed_and_the_next_one_heals(
    laptop: Laptop,
) -> None:
    documents = add(laptop, 600)
    run = begun(laptop)
    victims = cut_the_power(laptop)
    until(lambda: not any(is_alive(process) for process in victims))
    assert laptop.flow_run(run)["state"]["type"] == "RUNNING"  # as far as anybody knows

    state = laptop.ended(run)
    assert state["type"] == "CRASHED"
    assert state["message"].startswith(f"No heartbeat for {SILENT_SECONDS} s")
    laptop.start()
    # It took the one place of its deployment; a run beside it would have been cancelled.
    assert heals(laptop, documents)


def test_a_run_that_is_cancelled_when_nobody_is_there_to_end_it_gives_its_place_back(
    laptop: Laptop,
) -> None:
    documents = add(laptop, 600)
    run = begun(laptop)
    victims = cut_the_power(laptop)
    until(lambda: not any(is_alive(process) for process in victims))
    body = {"state": {"type": "CANCELLING"}}
    laptop.api.post(f"/flow_runs/{run}/set_state", json=body).raise_for_status()

    state = laptop.ended(run)
    assert state["type"] == "CANCELLED"
    assert state["message"].startswith(f"Still being cancelled after {SILENT_SECONDS} s")
    laptop.start()
    assert heals(laptop, documents)


def test_a_database_that_is_gone_costs_the_history_of_runs_and_nothing_else(
    laptop: Laptop, server: PrefectServer
) -> None:
    documents = laptop.holdfast("status")["documents"]
    laptop.process.send_signal(signal.SIGINT)
    assert laptop.over() == 130
    server.stop()
    server.lose_the_database()
    server.start()
    laptop.start()
    assert laptop.runs_of("ingest/ingest") == []
    assert laptop.run("ingest/ingest")["name"] == "NothingToDo"
    assert heals(laptop, documents)
