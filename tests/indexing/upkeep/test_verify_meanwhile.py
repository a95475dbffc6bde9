"""An audit, and a repair, beside others that write: no false fault, and nothing is lost."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import pytest

from config.settings import RetentionSettings
from indexing.failpoints import Failpoint
from indexing.points import PointFilter, StoredPoint
from indexing.stores import edge
from indexing.stores.edge import EdgeStore
from indexing.upkeep import repair as repair_module
from indexing.upkeep.garbage import Garbage, collect
from indexing.upkeep.purge import purge
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from tests.support.deaths import dying_at
from tests.support.homes import stage_and_die
from tests.support.marked import KEY, TEXT, id_at

Act = Callable[[], object]
Arrange = Callable[..., None]


@pytest.fixture
def once(monkeypatch: pytest.MonkeyPatch) -> Arrange:
    """Let something happen before or after the first call of a function."""

    def arrange(owner: Any, name: str, *, before: Act = str, after: Act = str) -> None:
        real = getattr(owner, name)

        def called(*args: Any, **options: Any) -> Any:
            monkeypatch.setattr(owner, name, real)
            before()
            found = real(*args, **options)
            found = list(found) if isinstance(found, Iterator) else found
            after()
            return found

        monkeypatch.setattr(owner, name, called)

    return arrange


def ingest_another(rig: Any) -> None:
    rig.write("new.md", "# New\n\nSomething wholly new.\n")
    rig.ingest()


def test_what_is_ingested_after_the_blobs_were_listed_is_not_missed(two: Any, once: Any) -> None:
    once(type(two.corpus.blobs), "names", after=lambda: ingest_another(two))
    assert verify(two.corpus).sound
    assert "new.md" in two.chunks()
    for name in list(two.corpus.blobs.names()):
        two.corpus.blobs.delete(name)
    assert verify(two.corpus).counts == {"blob_missing": 8}, "of all four versions"


def test_what_is_collected_as_garbage_during_an_audit_is_not_missed(two: Any, once: Any) -> None:
    brief = RetentionSettings(history_days=0, history_epochs=0)
    two.corpus.settings = two.settings.model_copy(update={"retention": brief})
    collected: list[Garbage] = []
    once(EdgeStore, "scroll", before=lambda: collected.append(collect(two.corpus)))
    assert verify(two.corpus).sound
    assert collected[0].to_json()["points"] == 1
    live = [p.id for p in two.corpus.store.scroll(two.live, PointFilter())]
    two.corpus.store.delete(two.live, live)
    assert verify(two.corpus).counts == {"missing": 2}


@pytest.mark.usefixtures("bytes_stay")
def test_what_is_purged_during_an_audit_is_not_missed(two: Any, once: Any) -> None:
    def purge_points() -> None:
        with dying_at(Failpoint.POINTS_GONE):
            purge(two.corpus, [id_at(two, KEY)])

    once(EdgeStore, "scroll", before=purge_points)
    assert verify(two.corpus).sound
    assert verify(two.corpus).counts.keys() == {"purged"}, "the next one sees what is left"


def test_a_repair_clears_no_points_away_that_were_committed_before_it_had_the_lease(
    two: Any, once: Any
) -> None:
    late = stage_and_die(two, KEY, TEXT.format(7))
    two.write(KEY, TEXT.format(4712))
    two.ingest()
    two.corpus.store.upsert(two.live, late)
    assert verify(two.corpus).counts == {"leftover": 1}
    once(repair_module, "find_generation", after=lambda: ingest_another(two))
    done = repair(two.corpus)
    assert done.before.counts == {"leftover": 1}
    assert done.after.sound
    assert set(two.chunks()) == {"ferry.md", KEY, "new.md"}


@pytest.mark.parametrize("pages", [0, 1], ids=["before it is read", "between two pages"])
def test_a_generation_that_is_dropped_during_an_audit_is_not_missed(
    two: Any, monkeypatch: pytest.MonkeyPatch, pages: int
) -> None:
    promotion = two.settings.promotion.model_copy(update={"soak_hours": 0.0})
    two.corpus.settings = two.settings.model_copy(update={"promotion": promotion})
    two.reindex(overrides={"chunking.heading_tokens": 47})
    monkeypatch.setattr(edge, "PAGE_WITH_VECTORS", 1)
    real = EdgeStore.scroll

    def scroll(store: EdgeStore, name: str, *args: Any, **options: Any) -> Iterator[StoredPoint]:
        points = real(store, name, *args, **options)
        if name == "holdfast__g1":
            yield from islice(points, pages)
            monkeypatch.setattr(EdgeStore, "scroll", real)
            assert collect(two.corpus).dropped == ("holdfast__g1",)
        yield from points

    monkeypatch.setattr(EdgeStore, "scroll", scroll)
    assert verify(two.corpus).sound
    assert [g.generation for g in verify(two.corpus).generations] == ["holdfast__g2"]
    two.corpus.store.drop("holdfast__g2")
    assert verify(two.corpus).counts.keys() == {"collection_missing", "alias_missing", "missing"}
