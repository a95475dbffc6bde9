"""What only the embedded store promises: files, crashes, damage."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from config.settings import StoreSettings
from indexing.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreRejectedError,
    StoreUnavailableError,
)
from indexing.points import PointFilter
from indexing.stores import edge_folder
from indexing.stores.edge import EdgeStore
from indexing.stores.edge_shard import typed_errors
from indexing.stores.opening import open_store

ROOT = Path(__file__).parents[3]
WRITER = """
import sys, uuid
from pathlib import Path
import numpy as np
from indexing.points import OPEN_END, Point, Sparse
from indexing.stores.edge import EdgeStore

store = EdgeStore(Path(sys.argv[1]))
for number in range(100_000):
    vector = np.random.default_rng(number).normal(size=8).astype(np.float32)
    payload = {"valid_from": 1, "valid_to": OPEN_END, "number": number}
    point = Point(uuid.UUID(int=number), vector, Sparse((1,), (1.0,)), payload)
    store.upsert("crash", [point])
    print(number, flush=True)
"""


@pytest.fixture
def edge(tmp_path, bench):
    store = EdgeStore(tmp_path, 5.0)
    store.create("main", bench.spec)
    store.upsert("main", bench.points(20))
    yield store
    store.close()


@pytest.mark.parametrize(
    "content", [b"", b".", b"..", b"../aliases", b"/", b"\xff\xfe", b"a\0b", b"x" * 300, b"main\n"]
)
def test_an_alias_that_was_damaged_names_nothing(edge, tmp_path, bench, content):
    """A folder above the collections was taken for one, and bytes that are no text ended it all."""
    edge.create("other", bench.spec)
    edge.point_alias("live", "main")
    (tmp_path / "aliases" / "live").write_bytes(content)
    assert edge.alias("live") is None
    edge.drop("other")
    edge.point_alias("live", "main")
    assert edge.alias("live") == "main"


def test_a_lack_of_file_handles_is_not_taken_for_damage(edge):
    """What is damaged is dropped and made anew by a repair."""
    edge.point_alias("live", "main")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
    try:
        for look in (edge.spec, edge.alias):
            with pytest.raises(StoreUnavailableError, match="Too many open files"):
                look("main" if look == edge.spec else "live")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert edge.alias("live") == "main"


def test_another_store_on_the_same_folder_finds_everything(edge, tmp_path, bench):
    edge.point_alias("live", "main")
    edge.close()
    other = EdgeStore(tmp_path, 5.0)
    assert other.spec("main") == bench.spec
    assert other.alias("live") == "main"
    assert other.count("main", PointFilter()) == 20
    assert other.search("main", bench.query(3, (103,))).fused[0].id == bench.id(3)
    other.close()


def test_kill_9_loses_no_acknowledged_point(tmp_path, bench):
    store = EdgeStore(tmp_path, 10.0)
    store.create("crash", bench.spec)
    store.close()
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        for line in writer.stdout:
            if int(line) >= 300:
                writer.send_signal(signal.SIGKILL)
                break
        acknowledged = max([int(line) for line in writer.stdout] or [300])
    read = {point.payload["number"]: point for point in store.scroll("crash", PointFilter())}
    assert set(range(acknowledged + 1)) <= set(read)
    assert set(read) <= set(range(acknowledged + 2))
    assert store.count("crash", PointFilter()) == len(read)
    store.close()


def test_missing_shard_files_are_a_typed_error(edge, tmp_path, bench):
    edge.close()
    for file in (tmp_path / "collections" / "main" / "shard").rglob("*"):
        if file.is_file():
            file.unlink()
    with pytest.raises(StoreCorruptError, match="main"):
        edge.count("main", PointFilter())


def test_damaged_segments_are_a_typed_error_or_still_answered(edge, tmp_path, bench):
    edge.close()
    segments = tmp_path / "collections" / "main" / "shard" / "segments"
    (config,) = segments.glob("*/segment.json")
    config.write_bytes(b"\0" * 100)
    with pytest.raises(StoreCorruptError, match="main") as caught:
        edge.count("main", PointFilter())
    assert "holdfast verify --repair" in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 99}', b'{"a": "\xff"}'])
def test_a_damaged_record_is_a_typed_error(edge, tmp_path, content):
    edge.close()
    (tmp_path / "collections" / "main" / "spec.json").write_bytes(content)
    with pytest.raises(StoreCorruptError, match="main"):
        edge.spec("main")


def test_leftovers_of_an_interrupted_creation_are_no_collection(edge, tmp_path, bench):
    leftover = tmp_path / "collections" / ".new-second"
    leftover.mkdir()
    (leftover / "spec.json").write_text(json.dumps({"half": "written"}))
    assert edge.collections() == ("main",)
    edge.create("second", bench.spec)
    assert edge.collections() == ("main", "second")
    assert not leftover.exists()


def test_a_collection_cannot_take_the_name_of_an_alias(edge, bench):
    edge.point_alias("live", "main")
    with pytest.raises(StoreRejectedError, match="alias"):
        edge.create("live", bench.spec)


def test_a_payload_that_is_no_json_is_refused(edge, bench):
    with pytest.raises(StoreRejectedError):
        edge.upsert("main", [bench.point(50, page=object())])
    assert edge.count("main", PointFilter()) == 20


def test_a_shard_held_by_an_engine_outside_is_busy(edge, tmp_path):
    import qdrant_edge

    edge.close()
    outside = qdrant_edge.EdgeShard.load(str(tmp_path / "collections" / "main" / "shard"))
    with pytest.raises(StoreBusyError, match="main") as caught:
        edge.count("main", PointFilter())
    assert "WAL" not in str(caught.value)
    outside.close()
    assert edge.count("main", PointFilter()) == 20


def test_threads_share_one_store(edge, bench):
    errors, found = [], []

    def read():
        try:
            found.extend(edge.search("main", bench.query(3, (103,))).fused[0].id for _ in range(20))
        except Exception as error:  # noqa: BLE001 - reported by the test
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(100, 120):
        edge.upsert("main", [bench.point(number)])
    for thread in threads:
        thread.join()
    assert errors == []
    assert set(found) == {bench.id(3)}
    assert edge.count("main", PointFilter()) == 40


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_child_holds_nothing(edge):
    assert edge.count("main", PointFilter()) == 20  # this process has the shard open now
    ready, child_end = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - the child only waits
        os.write(child_end, b"x")
        signal.pause()
        os._exit(0)
    try:
        os.read(ready, 1)
        edge.close()
        assert edge.count("main", PointFilter()) == 20  # opened anew: the child locks nothing
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def test_without_room_nothing_is_written_and_the_process_lives(edge, bench, monkeypatch, tmp_path):
    """The engine would write through a memory map into a hole, and die of SIGBUS."""
    edge.count("main", PointFilter())
    monkeypatch.setattr(edge_folder, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(StoreUnavailableError, match="MiB left"):
        edge.upsert("main", bench.points(30))
    with pytest.raises(StoreUnavailableError, match="MiB left"):
        edge.create("other", bench.spec)
    assert edge.count("main", PointFilter()) == 20, "what is open can still be read"
    edge.close()
    with pytest.raises(StoreUnavailableError, match="MiB left"):
        edge.count("main", PointFilter())
    monkeypatch.undo()
    edge.upsert("main", bench.points(30))
    assert edge.count("main", PointFilter()) == 30
    assert edge.collections() == ("main",)


def test_a_file_that_may_not_grow_is_a_shortage_and_no_damage():
    with pytest.raises(StoreUnavailableError), typed_errors("main"):
        raise Exception("Service runtime error: failed to open WAL: File too large (os error 27)")  # noqa: TRY002 - as the engine does


def test_settings_select_the_store(tmp_path):
    from indexing.stores.server import ServerStore

    assert isinstance(open_store(StoreSettings(), tmp_path), EdgeStore)
    server = open_store(StoreSettings(url="http://localhost:6333"), tmp_path)
    assert isinstance(server, ServerStore)
    assert list(tmp_path.iterdir()) == []
