"""Erasing: no byte of a deleted point is left, nothing else changes, and a kill is no matter."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from config.settings import StoreSettings
from indexing.errors import (
    LeaseLostError,
    StoreBusyError,
    StoreCorruptError,
    StoreRejectedError,
    StoreUnavailableError,
)
from indexing.failpoints import Failpoint, set_hook
from indexing.points import PointFilter
from indexing.stores import edge_folder, edge_rewrite, server_erase
from indexing.stores.edge import EdgeStore
from indexing.stores.server import ServerStore
from tests.support.traces import traces_in

ROOT = Path(__file__).parents[3]
SECRET = "Quetzalcoatlus northropi"


@pytest.fixture
def edge(tmp_path: Path, bench: Any) -> Any:
    """A shard of 40 points, of which two held the secret and were deleted."""
    store = EdgeStore(tmp_path, 10.0)
    store.create("main", bench.spec)
    store.upsert("main", bench.points(40))
    store.upsert("main", [bench.point(n, text=f"{SECRET} {n}") for n in (50, 51)])
    store.delete("main", [bench.id(50), bench.id(51)])
    yield store
    set_hook(None)
    store.close()


def digest(store: Any) -> Any:
    """Everything that is there, vectors to the last bit."""
    return [
        (p.id, dict(p.payload), p.dense.tobytes(), p.sparse)
        for p in store.scroll("main", PointFilter(), vectors=True)
    ]


def traces(store: Any, root: Path) -> list[str]:
    store.close()
    return traces_in(root, [SECRET])


def shards(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "collections" / "main").glob("shard*"))


def test_an_erased_shard_holds_no_byte_of_what_was_deleted(edge, tmp_path, bench):
    hidden = bench.unit(50).astype(np.float32).tobytes()
    before, hits = digest(edge), edge.search("main", bench.query(3, (103,)))
    assert traces(edge, tmp_path), "the engine keeps what was deleted"
    assert any(hidden in path.read_bytes() for path in tmp_path.rglob("*.mmap"))
    done = edge.erase("main")
    assert done.bytes_written > 0
    assert done.bound.startswith("at once")
    assert digest(edge) == before
    assert edge.search("main", bench.query(3, (103,))) == hits
    assert traces(edge, tmp_path) == []
    assert not any(hidden in path.read_bytes() for path in tmp_path.rglob("*.mmap"))
    assert len(shards(tmp_path)) == 1


def test_an_erased_collection_lives_on_and_may_become_empty(edge, tmp_path, bench):
    edge.erase("main")
    edge.upsert("main", [bench.point(60, text=SECRET)])
    assert edge.count("main", PointFilter()) == 41
    edge.delete("main", [bench.id(number) for number in (*range(40), 60)])
    edge.erase("main")
    assert edge.count("main", PointFilter()) == 0
    assert traces(edge, tmp_path) == traces_in(tmp_path, ["folder/1.md"]) == []
    edge.drop("main")
    assert edge.collections() == ()


def test_a_kill_leaves_one_shard_in_place_and_the_next_call_ends_it(edge, tmp_path):
    before = digest(edge)
    for point in (Failpoint.REWRITTEN, Failpoint.RESHARDED):
        edge.close()
        command = [sys.executable, "-c", KILLED, str(tmp_path), point.value]
        died = subprocess.run(command, capture_output=True, cwd=ROOT, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr
        assert len(shards(tmp_path)) == 2
        assert digest(edge) == before
        assert traces(edge, tmp_path), "what was not finished still holds it"
    edge.erase("main")
    assert digest(edge) == before
    assert traces(edge, tmp_path) == []
    assert len(shards(tmp_path)) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from indexing.failpoints import Failpoint, set_hook
from indexing.stores.edge import EdgeStore

wanted = Failpoint(sys.argv[2])
set_hook(lambda point: os.kill(os.getpid(), signal.SIGKILL) if point is wanted else None)
EdgeStore(Path(sys.argv[1]), 10.0).erase("main")
"""


def test_an_error_before_the_change_leaves_the_old_shard_alone(edge, tmp_path, monkeypatch):
    before = digest(edge)
    with pytest.raises(LeaseLostError):
        edge.erase("main", fence=_replaced)

    def full(_folder: Path) -> int:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(edge_rewrite, "sync_tree", full)
    with pytest.raises(StoreUnavailableError, match="disk space"):
        edge.erase("main")
    assert shards(tmp_path) == ["shard"]
    assert digest(edge) == before


def test_a_copy_that_does_not_fit_on_the_disk_goes_and_the_old_shard_stays(
    edge, tmp_path, monkeypatch
):
    """The engine would write into holes of its files until there is no room, and die of SIGBUS."""
    before = digest(edge)
    copied = edge_rewrite.copied_point

    def copy(point: Any) -> Any:
        if point.id == before[20][0]:
            assert len(shards(tmp_path)) == 2
            monkeypatch.setattr(edge_folder, "LEAST_FREE_BYTES", 2**62)
        return copied(point)

    monkeypatch.setattr(edge_rewrite, "PAGE", 16)
    monkeypatch.setattr(edge_rewrite, "copied_point", copy)
    with pytest.raises(StoreUnavailableError, match="MiB left"):
        edge.erase("main")
    assert shards(tmp_path) == ["shard"], "the room is free again"
    monkeypatch.undo()
    assert digest(edge) == before


def test_what_a_killed_copy_left_goes_also_where_it_took_the_room_to_open_a_shard(
    edge, tmp_path, monkeypatch
):
    edge.close()
    (tmp_path / "collections" / "main" / "shard-0badf00d").mkdir()
    monkeypatch.setattr(edge_folder, "LEAST_FREE_BYTES", 2**62)
    with pytest.raises(StoreUnavailableError, match="MiB left"):
        edge.erase("main")
    assert shards(tmp_path) == ["shard"]


def test_a_write_in_between_is_noticed_and_nothing_is_lost(edge, tmp_path, bench):
    def write(point: Failpoint) -> None:
        if point is Failpoint.REWRITTEN:
            edge.upsert("main", [bench.point(70)])

    set_hook(write)
    with pytest.raises(StoreBusyError, match="written to"):
        edge.erase("main")
    set_hook(None)
    assert shards(tmp_path) == ["shard"]
    assert edge.count("main", PointFilter()) == 41


def test_what_is_odd_stays_and_what_an_interrupted_drop_left_goes(edge, tmp_path, bench):
    import qdrant_edge

    with edge._shard("main") as shard:
        bare = qdrant_edge.Point(bench.id(80), {}, {"text": "no vector"})
        shard.update(qdrant_edge.UpdateOperation.upsert_points([bare]))
    folder = tmp_path / "collections" / ".dropped-old-0123"
    folder.mkdir()
    (folder / "segment").write_text(SECRET)
    edge.erase("main")
    (found,) = edge.fetch("main", [bench.id(80)], vectors=True)
    assert (found.dense, found.sparse, found.payload) == (None, None, {"text": "no vector"})
    assert traces(edge, tmp_path) == []


def test_a_damaged_pointer_is_a_typed_error(edge, tmp_path):
    edge.close()
    pointer = tmp_path / "collections" / "main" / "current"
    for content in (b"", b"../main", b"shard-zz", b"\xff"):
        pointer.write_bytes(content)
        with pytest.raises(StoreCorruptError, match="current"):
            edge.count("main", PointFilter())
    pointer.unlink()
    assert edge.count("main", PointFilter()) == 40


def test_nothing_is_said_to_be_erased_while_the_old_shard_cannot_be_removed(
    edge, tmp_path, bench, monkeypatch
):
    """As where somebody else owns a folder in it, or a file must not be changed."""
    edge.delete("main", [bench.id(0)])
    before = digest(edge)
    with monkeypatch.context() as patch:
        patch.setattr(edge_folder.shutil, "rmtree", lambda *_, **__: None)
        for _ in range(2):
            with pytest.raises(StoreUnavailableError, match=r"old shard .* cannot be removed"):
                edge.erase("main")
            assert traces(edge, tmp_path) != []
            assert digest(edge) == before
    edge.erase("main")
    assert traces(edge, tmp_path) == []
    assert digest(edge) == before


def test_a_pointer_may_be_written_by_hand_as_its_error_asks_for(edge, tmp_path):
    before = digest(edge)
    edge.erase("main")
    edge.close()
    pointer = tmp_path / "collections" / "main" / "current"
    (name,) = shards(tmp_path)
    pointer.write_text(f"{name}\n")
    assert digest(edge) == before
    edge.erase("main")
    assert shards(tmp_path) == [pointer.read_text()] != [name]


READER = """
import sys
from pathlib import Path
import numpy as np
from indexing.points import HybridQuery, PointFilter, Sparse, visible
from indexing.stores.edge import EdgeStore

store = EdgeStore(Path(sys.argv[1]), 30.0)
query = HybridQuery(
    visible(1, "acme"), np.ones(8, dtype=np.float32), Sparse((103,), (1.0,)), limit=5, prefetch=10
)
rounds = 0
print("reading", flush=True)
while not Path(sys.argv[2]).exists():
    rounds += 1
    assert len(store.search("main", query).fused) == 5
    assert store.count("main", PointFilter()) == 40
print(rounds)
"""


def test_a_reader_in_another_process_sees_no_error_and_no_gap(edge, tmp_path, bench):
    edge.close()
    stop = tmp_path / "stop"
    command = [sys.executable, "-c", READER, str(tmp_path), str(stop)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    ) as reader:
        assert reader.stdout.readline() == "reading\n"
        for _ in range(2):
            edge.erase("main")
        edge.close()
        stop.touch()
        said, complaints = reader.communicate(timeout=60)
    assert reader.returncode == 0, complaints
    assert int(said) > 0


class Optimizer:
    """The calls of a server whose optimizer works for a while once it is told to."""

    def __init__(self, work: int) -> None:
        self.told: list[Any] = []
        self.work = work
        self._client = QdrantClient(":memory:")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def update_collection(self, _name: str, *, optimizers_config: Any) -> bool:
        self.told.append(optimizers_config)
        return True

    def get_collection(self, name: str) -> Any:
        info = self._client.get_collection(name)
        if self.told:
            self.work -= 1
            if self.work > 0:
                info.status = models.CollectionStatus.YELLOW
        return info


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("work", "calls", "said"), [(3, 2, "come to rest"), (10**6, 1, "at work")])
def test_a_server_is_told_and_its_bound_says_who_decides(bench, monkeypatch, work, calls, said):
    monkeypatch.setattr(server_erase, "POLL_SECONDS", 0.001)
    client = Optimizer(work)
    settings = StoreSettings(url="http://memory", timeout_seconds=0.3)
    store = ServerStore(settings, client=client)
    store.create("main", bench.spec)
    done = store.erase("main")
    assert client.told[0] == server_erase.EAGER
    assert client.told[1:] == [server_erase.USUAL][: calls - 1]
    assert said in done.bound
    assert "decided by the Qdrant server" in done.bound
    with pytest.raises(LeaseLostError):
        store.erase("main", fence=_replaced)
    assert len(client.told) == calls


def _replaced() -> None:
    raise LeaseLostError("replaced")


def test_every_store_keeps_what_was_not_deleted(store, filled, bench, monkeypatch):
    monkeypatch.setattr(server_erase, "POLL_SECONDS", 0.001)
    store.delete(filled, [bench.id(3)])
    kept = [p.id for p in store.scroll(filled, PointFilter())]
    assert store.erase(filled).bound
    assert [p.id for p in store.scroll(filled, PointFilter())] == kept
    assert len(kept) == 19
    with pytest.raises(StoreRejectedError):
        store.erase(f"{filled}-unknown")
