"""The events that automations and other programs rely on, as the server received them."""

from pathlib import Path
from typing import Any

import pytest

from config.settings import ChunkingSettings, OrchestrationSettings
from config.sources import LocalSource
from indexing.errors import StoreRejectedError
from indexing.stores.edge import EdgeStore
from tests.support.prefect_api import events, until

pytestmark = [pytest.mark.prefect, pytest.mark.usefixtures("prefect_api")]


def arrived(desk: Any, event: str, count: int = 1) -> list[dict[str, Any]]:
    """Wait until so many events arrived, which they do a moment after the run."""
    collection = desk.settings.store.collection

    def look() -> Any:
        found = events(event, collection)
        return found if len(found) >= count else None

    found = until(look)
    assert len(found) == count
    return [one["payload"] for one in found]


def test_a_commit_is_told_once_and_a_run_without_changes_only_that_it_looked(desk: Any) -> None:
    desk.fill(3)
    desk.flow()
    assert desk.flow().name == "NothingToDo"
    arrived(desk, "holdfast.corpus.checked", 2)
    (committed,) = arrived(desk, "holdfast.corpus.committed")
    assert committed["counts"]["indexed"] == 3
    assert committed["generation"] == desk.look(lambda corpus: corpus.live().name)
    assert committed["epoch"] == desk.look(lambda corpus: corpus.live().epoch)


def test_what_a_run_committed_before_it_failed_is_told(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run finds it done, so that nobody else would ever tell of it."""
    desk.fill(3)
    desk.write("00.txt", "")
    real, calls = EdgeStore.upsert, iter(range(99))

    def upsert(store: EdgeStore, *arguments: Any, **options: Any) -> None:
        if next(calls) > 0:
            raise StoreRejectedError("the store objects")
        real(store, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(EdgeStore, "upsert", upsert)
        assert desk.flow().is_failed()
    (committed,) = arrived(desk, "holdfast.corpus.committed")
    assert (committed["state"], committed["counts"]["indexed"]) == ("Failed", 1)
    assert committed["epoch"] == desk.look(lambda corpus: corpus.live().epoch)
    (refused,) = arrived(desk, "holdfast.document.quarantined")
    assert refused["keys"] == ["00.txt"]
    assert events("holdfast.corpus.checked", desk.settings.store.collection) == []
    assert desk.flow().name == "Completed"
    arrived(desk, "holdfast.corpus.committed", 2)
    arrived(desk, "holdfast.document.quarantined", 1)


@pytest.mark.thorough
def test_quarantined_documents_are_told_in_one_event(desk: Any) -> None:
    for name in ("a", "b", "c"):
        desk.write(f"{name}.txt", "")
    desk.flow()
    (told,) = arrived(desk, "holdfast.document.quarantined")
    assert told["documents"] == 3
    assert told["reasons"] == {"empty_file": 3}
    assert sorted(told["keys"]) == ["a.txt", "b.txt", "c.txt"]


@pytest.mark.thorough
def test_withheld_deletions_are_told_and_do_not_count_as_having_looked(desk: Any) -> None:
    desk.fill(4)
    desk.flow()
    for path in desk.folder.iterdir():
        path.unlink()
    desk.flow()
    (told,) = arrived(desk, "holdfast.deletions.withheld")
    assert (told["documents"], told["sources"]) == (4, {"docs": 4})
    assert len(events("holdfast.corpus.checked", desk.settings.store.collection)) == 1


def test_an_ingest_of_one_source_does_not_say_that_the_others_were_looked_at(
    desk: Any, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (docs,) = desk.settings.sources
    desk.change(sources=(docs, LocalSource(name="wiki", path=other)))
    desk.fill(1)
    desk.flow(sources=["docs"])
    arrived(desk, "holdfast.corpus.committed")
    assert events("holdfast.corpus.checked", desk.settings.store.collection) == []
    stale = desk.flow("verify")
    assert (stale.name, stale.message) == ("Stale", "sound; no ingest of wiki went through yet")
    (other / "page.txt").write_text("The pier is closed in winter.\n", encoding="utf-8")
    desk.flow(sources=["wiki"])
    (told,) = arrived(desk, "holdfast.corpus.checked")
    assert told["sources"] == ["wiki"]


def test_promotions_and_rollbacks_are_told(desk: Any) -> None:
    desk.fill(2)
    desk.flow()
    first = desk.look(lambda corpus: corpus.live().name)
    desk.change(chunking=ChunkingSettings(max_tokens=180))
    desk.flow("reindex")
    second = desk.look(lambda corpus: corpus.live().name)
    desk.flow("rollback")
    there, back = arrived(desk, "holdfast.generation.promoted", 2)
    assert (there["generation"], there["previous"], there["how"]) == (second, first, "reindex")
    assert (back["generation"], back["previous"], back["how"]) == (first, second, "rollback")


@pytest.mark.thorough
def test_a_stale_index_is_told_by_verify(desk: Any) -> None:
    desk.fill(1)
    desk.flow()
    desk.change(orchestration=OrchestrationSettings(stale_after_hours=1e-9))
    desk.flow("verify")
    (told,) = arrived(desk, "holdfast.index.stale")
    assert told["stale"] is True
    assert told["checked_at"]


def test_a_stale_index_is_told_although_it_is_not_sound_either(desk: Any) -> None:
    desk.fill(1)
    desk.flow()
    desk.change(orchestration=OrchestrationSettings(stale_after_hours=1e-9))
    desk.look(lambda corpus: corpus.store.delete(corpus.live().name, ids(corpus)))
    assert desk.flow("verify").name == "FaultsFound"
    assert desk.flow("verify", mode="repair").name == "Repaired"
    told = arrived(desk, "holdfast.index.stale", count=2)
    assert [one["stale"] for one in told] == [True, True]


def ids(corpus: Any) -> list[Any]:
    from indexing.points import PointFilter

    return [point.id for point in corpus.store.scroll(corpus.live().name, PointFilter())]
