"""Turns between real processes: progress for all, a clear error for who waits in vain."""

import fcntl
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from pathlib import Path

import pytest

from indexing.errors import StoreBusyError
from indexing.points import PointFilter
from indexing.stores.edge import EdgeStore
from indexing.stores.turns import Seat, Turn

ROOT = Path(__file__).parents[3]
COMMON = """
import sys, time, uuid
from pathlib import Path
import numpy as np
from indexing.points import OPEN_END, HybridQuery, Point, PointFilter, Sparse, visible
from indexing.stores.edge import EdgeStore

store = EdgeStore(Path(sys.argv[1]), 30.0)
until = time.monotonic() + float(sys.argv[2])
rounds = 0
"""
WRITER = """
def point(number, epoch):
    vector = np.random.default_rng(number).normal(size=8).astype(np.float32)
    payload = {"valid_from": epoch, "valid_to": OPEN_END, "tenant": "t", "document_id": str(epoch)}
    return Point(uuid.UUID(int=number), vector, Sparse((1,), (1.0,)), payload)

while time.monotonic() < until or rounds < 5:
    rounds += 1
    store.upsert("shared", [point(rounds * 10 + step, rounds) for step in range(10)])
print(rounds)
"""
READER = """
query = HybridQuery(
    visible(10**6, "t"), np.ones(8, dtype=np.float32), Sparse((1,), (1.0,)), limit=5, prefetch=10
)
seen = 0
while time.monotonic() < until or seen == 0:
    rounds += 1
    hits = store.search("shared", query)
    counts = store.count_by_document("shared", PointFilter())
    assert all(count == 10 for count in counts.values()), counts
    assert len(counts) >= seen, "acknowledged points went away"
    assert not counts or hits.fused or seen == 0
    seen = len(counts)
print(rounds, seen)
"""


def start(script: str, *arguments: object) -> subprocess.Popen:
    code = COMMON + textwrap.dedent(script)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_a_writer_and_two_readers_share_a_shard(tmp_path, bench):
    store = EdgeStore(tmp_path, 30.0)
    store.create("shared", bench.spec)
    store.close()
    running = [start(script, tmp_path, 2.0) for script in (WRITER, READER, READER)]
    results = [process.communicate(timeout=60) for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], results
    written = int(results[0][0])
    for output, _ in results[1:]:
        rounds, seen = map(int, output.split())
        assert rounds >= 1
        assert 1 <= seen <= written
    assert store.count("shared", PointFilter()) == written * 10
    store.close()


def test_an_idle_holder_hands_over_to_who_waits(tmp_path, bench):
    holder = EdgeStore(tmp_path, 5.0)
    holder.create("shared", bench.spec)
    holder.upsert("shared", bench.points(3))  # the holder keeps the shard open, and does nothing
    other = EdgeStore(tmp_path, 5.0)
    assert other.count("shared", PointFilter()) == 3
    assert holder.count("shared", PointFilter()) == 3
    other.close()
    holder.close()


def test_a_hog_gives_a_short_typed_error(tmp_path, bench):
    store = EdgeStore(tmp_path, 0.2)
    store.create("shared", bench.spec)
    store.close()
    path = tmp_path / "turns" / "shared.turn.lock"
    hog = os.open(path, os.O_RDWR)
    os.write(hog, b"4242")
    fcntl.flock(hog, fcntl.LOCK_EX)
    with pytest.raises(StoreBusyError, match="4242") as caught:
        store.count("shared", PointFilter())
    message = str(caught.value)
    assert "shared" in message
    assert "\n" not in message
    shown = "".join(traceback.format_exception(caught.value))
    assert "BlockingIOError" not in shown
    assert "During handling" not in shown
    os.close(hog)
    assert store.count("shared", PointFilter()) == 0
    store.close()


def test_a_dead_holder_frees_the_shard(tmp_path, bench):
    store = EdgeStore(tmp_path, 10.0)
    store.create("shared", bench.spec)
    store.close()
    busy = """
    with store._shard("shared"):
        print("held", flush=True)
        time.sleep(60)
    """
    with start(busy, tmp_path, 60) as holder:
        assert holder.stdout.readline() == "held\n"
        impatient = EdgeStore(tmp_path, 0.1)
        with pytest.raises(StoreBusyError, match=str(holder.pid)):
            impatient.count("shared", PointFilter())
        holder.kill()
    assert store.count("shared", PointFilter()) == 0
    store.close()


class Files:
    """Something to open and close that remembers what happened."""

    def __init__(self) -> None:
        self.log: list[str] = []

    def open(self) -> str:
        self.log.append("open")
        return "value"

    def close(self, value: str) -> None:
        self.log.append("close")

    def seat(self, folder: Path, **changes: float) -> Seat[str]:
        turn = Turn(folder, "thing", 5.0)
        return Seat(turn, self.open, self.close, wait_seconds=5.0, **changes)


def test_calls_in_one_turn_open_once(tmp_path):
    files = Files()
    seat = files.seat(tmp_path)
    for _ in range(10):
        with seat.use() as value:
            assert value == "value"
    seat.leave()
    assert files.log == ["open", "close"]


def test_an_idle_seat_is_left_after_a_while(tmp_path):
    files = Files()
    seat = files.seat(tmp_path, idle_seconds=0.05)
    with seat.use():
        pass
    deadline = time.monotonic() + 10
    while files.log[-1] != "close" and time.monotonic() < deadline:
        time.sleep(0.01)
    assert files.log == ["open", "close"]


def test_two_seats_alternate(tmp_path):
    order: list[str] = []
    one, other = Files().seat(tmp_path), Files().seat(tmp_path)
    for _ in range(3):
        for name, seat in (("one", one), ("other", other)):
            with seat.use():
                order.append(name)
    assert order == ["one", "other"] * 3
    one.leave()
    other.leave()


def test_a_failed_opening_gives_the_turn_back(tmp_path):
    def broken() -> str:
        raise RuntimeError("no")

    files = Files()
    seat = Seat(Turn(tmp_path, "thing", 0.2), broken, files.close, wait_seconds=1.0)
    with pytest.raises(RuntimeError), seat.use():
        pass
    with files.seat(tmp_path).use() as value:
        assert value == "value"


def test_a_failed_closing_gives_the_turn_back(tmp_path):
    def broken(value: str) -> None:
        raise RuntimeError("no")

    files = Files()
    seat = Seat(Turn(tmp_path, "thing", 0.2), files.open, broken, wait_seconds=1.0)
    with seat.use():
        pass
    with pytest.raises(RuntimeError):
        seat.leave()
    with files.seat(tmp_path).use() as value:
        assert value == "value"


def test_what_fails_while_it_is_alone_gives_the_turn_back(tmp_path):
    files = Files()
    seat, other = files.seat(tmp_path), files.seat(tmp_path)
    with pytest.raises(RuntimeError), seat.alone():
        raise RuntimeError("no")
    with other.use() as value:
        assert value == "value"


def test_a_call_within_a_call_closes_nothing_under_it(tmp_path):
    """As when a page is written while points are read; each of them is due at once."""
    files = Files()
    seat = files.seat(tmp_path, idle_seconds=-1.0)
    with seat.use():
        with seat.use() as value:
            assert value == "value"
        assert files.log == ["open"]
    assert files.log == ["open", "close"]


def test_a_thread_that_waits_for_another_one_is_told_after_a_while(tmp_path):
    files, told = Files(), []
    seat = Seat(Turn(tmp_path, "thing", 5.0), files.open, files.close, wait_seconds=0.05)

    def use() -> None:
        try:
            with seat.use():
                told.append("used")
        except StoreBusyError as error:
            told.append(str(error))

    with seat.use():
        thread = threading.Thread(target=use, daemon=True)
        thread.start()
        thread.join(60)
    assert len(told) == 1
    assert f"held by process {os.getpid()}" in told[0]
    seat.leave()


def test_the_holder_that_is_named_is_the_one_that_has_it(tmp_path):
    """One that was killed leaves its number there, which may have more digits."""
    turn = Turn(tmp_path, "thing", 0.05)
    lock = tmp_path / "thing.turn.lock"
    lock.write_text("99999999999")
    turn.take()
    with pytest.raises(StoreBusyError, match=rf"held by process {os.getpid()},"):
        Turn(tmp_path, "thing", 0.05).take()
    turn.give()
    assert lock.read_text() == "", "who has given it is to be ended by nobody"


def test_a_holder_whose_folder_is_gone_holds_on_to_nothing(tmp_path):
    turn = Turn(tmp_path / "turns", "thing", 0.05)
    turn.take()
    assert not turn.wanted()
    shutil.rmtree(tmp_path / "turns")
    assert turn.wanted()
    turn.give()


def test_alone_closes_what_is_open(tmp_path):
    files = Files()
    seat = files.seat(tmp_path)
    with seat.use():
        pass
    with seat.alone():
        assert files.log == ["open", "close"]
    with seat.use():
        assert files.log == ["open", "close", "open"]
    seat.leave()
