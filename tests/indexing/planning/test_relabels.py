"""Trust and groups reach every point; a change of them is applied at once, embedding nothing."""

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from config.settings import GuardSettings, Settings
from config.sources import LocalSource
from config.trust import Trust
from indexing.history import list_versions
from indexing.ledger.documents import list_standings
from indexing.planning.plan import make_plan
from indexing.points import OPEN_END, visible
from indexing.running.ingest import run_ingest
from indexing.running.report import RunReport, RunState
from indexing.running.session import IngestSession
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from ingestion.document import Labels, Listing, SourceEntry, Stat
from ingestion.errors import SourceMissingError
from ingestion.sources.configured import ad_hoc_source, make_source


class Shelf:
    """A home whose folder is a configured source, the labels of which can be changed."""

    def __init__(self, home: Any) -> None:
        self.home = home
        self.labels: dict[str, Any] = {}

    def source(self) -> Any:
        settings = LocalSource(name="docs", path=self.home.folder, **self.labels)
        return make_source(self.home.settings, settings)

    def write(self, key: str, text: str) -> None:
        self.home.write(key, text)
        # Long before any listing, so that no stat counts as fresh.
        os.utime(self.home.folder / key, (1_700_000_000 + len(text), 1_700_000_000))

    def ingest(self, source: Any = None, corpus: Any = None) -> RunReport:
        corpus = corpus or self.home.corpus
        with IngestSession(
            corpus, [source or self.source()], generation=corpus.writable()
        ) as session:
            return run_ingest(session)

    def live(self, epoch: int | None = None) -> dict[str, Mapping[str, Any]]:
        """The first live point of every document, by key; all points of one have equal labels."""
        live = self.home.corpus.live()
        where = visible(live.epoch if epoch is None else epoch, "default", aborted=live.aborted)
        found: dict[str, Mapping[str, Any]] = {}
        for point in self.home.corpus.store.scroll(live.name, where):
            first = found.setdefault(point.payload["key"], point.payload)
            assert (first["trust"], first["acl"]) == (point.payload["trust"], point.payload["acl"])
        return found

    def groups(self, epoch: int | None = None) -> dict[str, list[str]]:
        return {key: payload["acl"] for key, payload in self.live(epoch).items()}

    def encoded(self) -> int:
        return len(self.home.encoder.encoded)


@pytest.fixture
def shelf(home: Any) -> Shelf:
    return Shelf(home)


def test_labels_of_the_settings_are_in_every_point(shelf: Shelf) -> None:
    shelf.labels = {"trust": "high", "acl": ("staff", "board", "staff")}
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    (payload,) = shelf.live().values()
    assert (payload["trust"], payload["acl"], payload["origin"]) == ("high", ["board", "staff"], {})


def test_changed_labels_are_a_new_epoch_without_embedding(shelf: Shelf) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.write("b.txt", "The keys hang in room twelve.")
    before = shelf.ingest()
    encoded = shelf.encoded()
    shelf.labels = {"acl": ("board",), "trust": "low"}

    report = shelf.ingest()

    assert shelf.encoded() == encoded
    assert report.state is RunState.COMPLETED
    assert (report.relabelled, report.counts.unchanged, report.counts.indexed) == (2, 2, 0)
    assert report.epoch == before.epoch + 1
    assert shelf.groups() == {"a.txt": ["board"], "b.txt": ["board"]}
    assert {p["trust"] for p in shelf.live().values()} == {"low"}
    assert shelf.groups(before.epoch) == {"a.txt": [], "b.txt": []}
    assert verify(shelf.home.corpus).sound
    again = shelf.ingest()
    assert (again.state, again.epoch) == (RunState.NOTHING_TO_DO, report.epoch)


def test_a_plan_names_what_gets_other_labels_and_changes_nothing(shelf: Shelf) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    shelf.labels = {"acl": ("board",)}
    plan = make_plan(
        shelf.home.corpus.ledger,
        tenant="default",
        generation=shelf.home.corpus.live().name,
        sources=[shelf.source()],
        guards=GuardSettings(),
        max_bytes=1000,
    )
    assert [m.entry.key for m in plan.relabelled] == ["a.txt"]
    assert not plan.is_empty
    assert (plan.unchanged, len(plan.only_relabelled)) == (0, 1)
    assert shelf.groups() == {"a.txt": []}


def test_an_old_version_that_is_still_served_gets_the_labels_although_the_new_one_is_refused(
    shelf: Shelf,
) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    (shelf.home.folder / "a.txt").write_bytes(b"\x00\x01\x02" * 50)
    shelf.labels = {"acl": ("board",)}
    report = shelf.ingest()
    assert report.counts.quarantined == 1
    assert shelf.groups() == {"a.txt": ["board"]}
    shelf.labels = {"acl": ("staff",)}
    again = shelf.ingest()
    assert (again.counts.quarantined, again.relabelled, again.refusals) == (1, 1, ())
    assert shelf.groups() == {"a.txt": ["staff"]}
    assert shelf.ingest().state is RunState.NOTHING_TO_DO


def test_documents_whose_deletion_is_withheld_get_the_labels(shelf: Shelf) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    (shelf.home.folder / "a.txt").unlink()
    shelf.labels = {"acl": ("board",)}
    report = shelf.ingest()
    assert report.state is RunState.DELETIONS_WITHHELD
    assert (report.counts.enumerated, report.counts.withheld) == (0, 1)
    assert shelf.groups() == {"a.txt": ["board"]}
    assert shelf.ingest().relabelled == 0


def test_documents_refused_by_the_listing_get_the_labels(shelf: Shelf) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.write("b.txt", "The keys hang in room twelve.")
    shelf.ingest()
    (shelf.home.folder / "a.txt").unlink()
    os.mkfifo(shelf.home.folder / "a.txt")
    os.mkfifo(shelf.home.folder / "never a document")
    for group in ("board", "staff"):  # refused for the first time, and remembered
        shelf.labels = {"acl": (group,)}
        report = shelf.ingest()
        assert report.relabelled == 2
        assert shelf.groups() == {"a.txt": [group], "b.txt": [group]}


def test_what_lies_in_a_document_gets_its_labels_whatever_became_of_it(shelf: Shelf) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("inner.txt", "The keys hang in room twelve.")
    path = shelf.home.folder / "papers.zip"
    shelf.home.write("papers.zip", packed.getvalue())
    shelf.ingest()

    def ingest_for(group: str) -> RunReport:
        shelf.labels = {"acl": (group,)}
        report = shelf.ingest()
        assert shelf.groups() == {"papers.zip": [group], "papers.zip!/inner.txt": [group]}
        return report

    assert ingest_for("listed").relabelled == 2
    path.unlink()
    os.mkfifo(path)
    assert ingest_for("refused").counts.quarantined == 1
    path.unlink()
    assert ingest_for("withheld").counts.withheld == 1
    assert shelf.ingest().relabelled == 0


def test_other_bytes_with_the_same_text_leave_the_labels_alone(shelf: Shelf) -> None:
    shelf.labels = {"acl": ("board",)}
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    shelf.write("a.txt", "The night shift begins at ten.\n\n")
    report = shelf.ingest()
    assert (report.counts.unchanged, report.relabelled) == (1, 0)
    assert shelf.ingest().state is RunState.NOTHING_TO_DO
    assert shelf.groups() == {"a.txt": ["board"]}


def test_labels_touches_changes_and_moves_come_together(shelf: Shelf) -> None:
    for key in ("touched.txt", "changed.txt", "moved.txt"):
        shelf.write(key, f"The first text of {key}.")
    shelf.ingest()
    os.utime(shelf.home.folder / "touched.txt", (1_650_000_000, 1_650_000_000))
    shelf.write("changed.txt", "Quite another text.")
    (shelf.home.folder / "moved.txt").rename(shelf.home.folder / "new.txt")
    shelf.labels = {"acl": ("board",)}
    report = shelf.ingest()
    counts = report.counts
    assert (counts.unchanged, counts.indexed, counts.moved) == (1, 1, 1)
    assert set(shelf.groups()) == {"touched.txt", "changed.txt", "new.txt"}
    assert set(map(tuple, shelf.groups().values())) == {("board",)}
    assert verify(shelf.home.corpus).sound
    assert shelf.ingest().state is RunState.NOTHING_TO_DO


class Pile:
    """A source whose entries have labels and metadata of their own."""

    name = "docs"
    location = "memory"

    def __init__(self, labels: Labels | None, **metadata: str) -> None:
        self.labels = labels
        self.metadata = tuple(metadata.items())

    def list_entries(self, _on_progress: object = None) -> Listing:
        entry = SourceEntry("a.txt", Stat(12, 1, "exact:x"), self.metadata, self.labels)
        return Listing((entry,), complete=True)

    def read(self, _entry: SourceEntry, _max_bytes: int) -> bytes:
        return b"Twelve bytes"


def test_metadata_is_in_the_payload_and_changes_nothing(shelf: Shelf) -> None:
    shelf.ingest(Pile(None, url="https://example.org/a", etag="1"))
    (payload,) = shelf.live().values()
    assert payload["origin"] == {"url": "https://example.org/a", "etag": "1"}
    assert shelf.ingest(Pile(None, url="x", etag="2")).state is RunState.NOTHING_TO_DO
    relabelled = shelf.ingest(Pile(Labels(Trust.LOW, ("a",)), etag="3"))
    assert relabelled.relabelled == 1
    (payload,) = shelf.live().values()
    assert (payload["acl"], payload["origin"]) == (["a"], {"etag": "3"})


def test_labels_survive_repair_and_reindex(rig: Any) -> None:
    shelf = Shelf(rig.home)
    shelf.ingest(Pile(Labels(Trust.LOW, ("board",)), url="u"))
    live = rig.corpus.live()
    points = [p.id for p in rig.corpus.store.scroll(live.name, visible(live.epoch, "default"))]
    rig.corpus.store.delete(live.name, points)
    assert not verify(rig.corpus).sound
    assert repair(rig.corpus).after.sound
    assert shelf.live()["a.txt"]["origin"] == {"url": "u"}

    shelf.ingest(Pile(Labels(Trust.LOW, ("staff",)), url="u"))
    rig.reindex(overrides={"chunking.max_tokens": 100})
    assert rig.live != live.name
    payload = shelf.live()["a.txt"]
    assert (payload["trust"], payload["acl"], payload["origin"]) == ("low", ["staff"], {"url": "u"})
    same = shelf.ingest(Pile(Labels(Trust.LOW, ("staff",)), url="u"))
    assert same.state is RunState.NOTHING_TO_DO


def test_history_shows_the_labels(shelf: Shelf) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    shelf.labels = {"acl": ("board",)}
    shelf.ingest()
    corpus = shelf.home.corpus
    live = corpus.live()
    (standing,) = list_standings(corpus.ledger, live.name)
    versions = [v.to_json() for v in list_versions(corpus, live, standing.document_id)]
    assert [(v["version"], v["acl"]) for v in versions] == [(1, []), (1, ["board"])]
    assert list_versions(corpus, live, standing.document_id)[-1].valid_to == OPEN_END


def test_labels_that_did_not_arrive_are_written_by_the_next_run(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    shelf.labels = {"acl": ("board",)}
    with monkeypatch.context() as patch:
        patch.setattr(type(shelf.home.corpus.store), "count_by_document", lambda *_: {})
        assert shelf.ingest().counts.quarantined == 1
    assert shelf.groups() == {"a.txt": []}
    assert shelf.ingest().relabelled == 1
    assert shelf.groups() == {"a.txt": ["board"]}


def test_another_folder_under_a_configured_name_gets_the_labels_of_that_name(
    tmp_path: Path,
) -> None:
    configured = LocalSource(name="docs", path=tmp_path / "a", acl=("board",))
    settings = Settings(home=tmp_path / "home", sources=(configured,))
    (tmp_path / "b").mkdir()
    named = ad_hoc_source(settings, tmp_path / "b", "docs")
    assert named.list_entries().labels == Labels(acl=("board",))
    assert ad_hoc_source(settings, tmp_path / "b").list_entries().labels is None


def test_a_source_that_fails_does_not_hold_up_the_others(shelf: Shelf, tmp_path: Path) -> None:
    shelf.write("a.txt", "The night shift begins at ten.")
    shelf.ingest()
    shelf.write("b.txt", "The keys hang in room twelve.")
    gone = make_source(shelf.home.settings, LocalSource(name="gone", path=tmp_path / "nowhere"))
    corpus = shelf.home.corpus
    with IngestSession(corpus, [gone, shelf.source()], generation=corpus.writable()) as session:
        report = run_ingest(session)
    assert report.state is RunState.LISTING_INCOMPLETE
    assert (report.counts.indexed, report.counts.withheld) == (1, 0)
    assert "gone" in report.problems[0]
    with (
        IngestSession(corpus, [gone, gone], generation=corpus.writable()) as session,
        pytest.raises(SourceMissingError),
    ):
        run_ingest(session)
