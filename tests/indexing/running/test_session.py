"""Whole ingests: real files, real parsers in children, a real ledger and a real store."""

import json
import os
import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from indexing.errors import (
    LedgerCorruptError,
    LedgerError,
    ModelError,
    ModelMismatchError,
    StoreCorruptError,
    StoreUnavailableError,
    WriterBusyError,
)
from indexing.ledger.documents import list_standings
from indexing.ledger.leases import HeldLease
from indexing.ledger.runs import recent_runs
from indexing.running.ingest import run_batches
from indexing.running.report import RunState
from indexing.running.session import IngestSession
from ingestion.sources.local import LocalFolderSource

GUIDE = """# Guide

## Setting up

Unpack the sensor and charge it for four hours before the first use.

## Cleaning

Rinse the probe with fresh water after every deployment and let it dry.

## Storing

Keep the sensor dry, between five and thirty degrees, away from sunlight.
"""


def long_guide(sections: int, changed: int = -1) -> str:
    """A guide of many sections, one of which may say something else."""
    parts = ["# Long guide\n"]
    for number in range(sections):
        extra = " It was changed." if number == changed else ""
        text = f"Step {number} of the procedure needs a wrench and about {number} minutes.{extra} "
        parts.append(f"## Part {number}\n\n{text * 12}\n")
    return "\n".join(parts)


def test_a_run_that_cannot_begin_gives_its_lease_back(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker or a service lives on, and would be told that its own dead run is writing."""
    home.write("guide.md", GUIDE)
    home.ingest()
    store, failed = home.corpus.store, []
    for call in (1, 2):
        left = iter(range(call - 1))

        def alias(name: str, left: Any = left) -> str | None:
            if next(left, None) is None:
                failed.append(name)
                raise StoreUnavailableError("It is away for a moment.")
            return type(store).alias(store, name)

        monkeypatch.setattr(store, "alias", alias)
        with pytest.raises(StoreUnavailableError):
            home.ingest()
        monkeypatch.undo()
        assert home.ingest().state is RunState.NOTHING_TO_DO
    assert len(failed) == 2
    session = IngestSession(home.corpus, [], generation=home.corpus.writable())
    session.run_id = recent_runs(home.corpus.ledger, 1)[0].run_id
    with pytest.raises(LedgerError, match="UNIQUE"), session:
        pytest.fail("two runs of one name")
    assert home.ingest().state is RunState.NOTHING_TO_DO


def test_a_file_from_the_far_future_does_not_stop_the_ingest(home: Any) -> None:
    """Nanoseconds of later than 2262 fit into no column; a wrong clock writes such times."""
    home.write("broken_clock.txt", "The camera believes that it is the year 2300.")
    os.utime(home.folder / "broken_clock.txt", (10_413_792_000, 10_413_792_000))
    home.write("plain.txt", "The gateway is called Heron.")
    assert home.ingest().counts.indexed == 2
    home.write("broken_clock.txt", "The camera believes that it is the year 2301.")
    os.utime(home.folder / "broken_clock.txt", (10_445_328_000, 10_445_328_000))
    assert home.ingest().counts.indexed == 1
    assert home.ingest().state is RunState.NOTHING_TO_DO
    assert home.chunks()["broken_clock.txt"] == ["The camera believes that it is the year 2301."]


def test_documents_become_chunks_that_readers_see(home: Any) -> None:
    home.write("guide.md", GUIDE)
    home.write("notes/plain.txt", "The gateway is called Heron.\n\nIt speaks LoRa.")
    report = home.ingest()
    assert (report.state, report.counts.indexed) == (RunState.COMPLETED, 2)
    joined = {key: "\n".join(parts) for key, parts in home.chunks().items()}
    assert "Rinse the probe with fresh water" in joined["guide.md"]
    assert "The gateway is called Heron." in joined["notes/plain.txt"]


def test_nothing_changed_means_nothing_done(home: Any) -> None:
    home.write("guide.md", GUIDE)
    first = home.ingest()
    second = home.ingest()
    assert (second.state, second.epoch) == (RunState.NOTHING_TO_DO, first.epoch)
    assert second.chunks_embedded == 0
    assert second.counts.unchanged == 1


def test_a_file_written_just_before_a_long_run_is_looked_at_again(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may change within the tick in which it was read; by the end of the run its stat is old."""
    home.write("guide.md", GUIDE)
    listed = time.time_ns()
    passed = {"seconds": 0}
    monkeypatch.setattr(time, "time_ns", lambda: listed + passed["seconds"] * 10**9)
    source = LocalFolderSource("docs", home.folder)
    with IngestSession(home.corpus, [source], generation=home.corpus.writable()) as session:
        plan = session.plan()
        passed["seconds"] = 60
        run_batches(session, plan)
    (standing,) = list_standings(home.corpus.ledger, "holdfast__g1")
    (entry,) = source.list_entries().entries
    assert standing.stat != entry.stat
    assert home.ingest().counts.unchanged == 1


def test_an_edit_embeds_only_the_changed_chunks(home: Any) -> None:
    home.write("long.md", long_guide(12))
    first = home.ingest()
    home.write("long.md", long_guide(12, changed=5))
    second = home.ingest()
    assert first.chunks_embedded >= 12
    assert 1 <= second.chunks_embedded <= 3
    assert second.chunks_reused >= first.chunks_embedded - 3
    assert "It was changed." in "".join(home.chunks()["long.md"])


def test_a_rename_embeds_nothing_and_keeps_the_document(home: Any) -> None:
    home.write("guide.md", GUIDE)
    home.ingest()
    before = home.chunks()["guide.md"]
    (home.folder / "guide.md").rename(home.folder / "manual.md")
    report = home.ingest()
    assert (report.counts.moved, report.chunks_embedded) == (1, 0)
    assert home.chunks() == {"manual.md": before}


def test_bytes_that_read_the_same_make_no_version(home: Any) -> None:
    home.write("guide.md", GUIDE)
    first = home.ingest()
    home.write("guide.md", GUIDE.replace("\n", "\r\n"))
    report = home.ingest()
    assert (report.counts.unchanged, report.counts.indexed) == (1, 0)
    assert report.epoch == first.epoch
    assert home.ingest().state is RunState.NOTHING_TO_DO


def test_a_copy_reuses_every_vector(home: Any) -> None:
    home.write("guide.md", GUIDE)
    home.ingest()
    home.write("copy.md", GUIDE)
    report = home.ingest()
    assert (report.counts.indexed, report.chunks_embedded) == (1, 0)
    assert home.chunks()["copy.md"] == home.chunks()["guide.md"]


def test_a_deleted_document_is_gone_and_its_past_stays(home: Any) -> None:
    home.write("a.md", GUIDE)
    home.write("b.txt", "A second document, so that the listing is not empty.")
    first = home.ingest()
    (home.folder / "a.md").unlink()
    report = home.ingest()
    assert report.counts.deleted == 1
    assert set(home.chunks()) == {"b.txt"}
    from indexing.points import visible

    past = home.corpus.store.scroll(report.generation, visible(first.epoch, "default"))
    assert {p.payload["key"] for p in past} == {"a.md", "b.txt"}


def test_what_cannot_be_taken_is_quarantined_and_the_run_goes_on(home: Any) -> None:
    home.write("empty.txt", b"")
    home.write("junk.md", os.urandom(4096))
    home.write("tool.exe", b"MZ\x90\x00" + bytes(200))
    home.write("broken.docx", b"PK\x03\x04 this is no zip")
    home.write("good.txt", "A good document among bad ones.")
    report = home.ingest()
    assert report.state is RunState.COMPLETED_WITH_QUARANTINE
    assert (report.counts.indexed, report.counts.quarantined) == (1, 4)
    reasons = {key: reason for key, reason, _ in report.refusals}
    assert reasons["empty.txt"] == "empty_file"
    assert reasons["tool.exe"] == "unsupported_type"
    assert reasons["broken.docx"] == "corrupt"
    assert all(detail for _, _, detail in report.refusals)
    assert set(home.chunks()) == {"good.txt"}


def test_poison_is_not_parsed_again_until_it_changes(home: Any) -> None:
    home.write("empty.txt", b"")
    home.ingest()
    again = home.ingest()
    assert (again.state, again.counts.quarantined) == (RunState.NOTHING_TO_DO, 1)
    home.write("empty.txt", "Not empty any more.")
    assert home.ingest().counts.indexed == 1


def test_bad_new_content_leaves_the_old_version_live(home: Any) -> None:
    home.write("guide.md", GUIDE)
    home.ingest()
    before = home.chunks()
    home.write("guide.md", b"")
    report = home.ingest()
    assert report.counts.quarantined == 1
    assert home.chunks() == before


def test_a_failing_encoder_fails_the_run_and_loses_nothing(home: Any) -> None:
    home.write("a.txt", "The first document.")
    home.ingest()
    home.write("b.txt", "The second document.")
    home.encoder.broken = True
    with pytest.raises(ModelError):
        home.ingest()
    assert set(home.chunks()) == {"a.txt"}
    assert recent_runs(home.corpus.ledger, 1)[0].state == "Failed"
    home.encoder.broken = False
    home.ingest()
    assert set(home.chunks()) == {"a.txt", "b.txt"}


def test_nothing_is_committed_that_is_not_on_the_disk(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the ledger could outlive a power failure, and name points or texts that did not."""

    def fail(*_: Any) -> None:
        raise StoreUnavailableError("the disk failed")

    home.write("guide.md", GUIDE)
    for part, call in ((home.corpus.blobs, "sync"), (home.corpus.store, "flush")):
        monkeypatch.setattr(part, call, fail)
        with pytest.raises(StoreUnavailableError, match="the disk failed"):
            home.ingest()
        monkeypatch.undo()
        assert home.chunks() == {}
    assert home.ingest().counts.indexed == 1


def test_a_second_run_is_refused_while_one_writes(home: Any) -> None:
    home.write("a.txt", "The first document.")
    report = home.ingest()
    with (
        HeldLease(home.corpus.ledger, report.generation, "other", 30.0),
        pytest.raises(WriterBusyError, match="Run other"),
    ):
        home.ingest()


def test_other_settings_are_refused_and_the_index_is_left_alone(
    home: Any, make_home: Callable[[str], Any]
) -> None:
    home.write("a.txt", "The first document.")
    home.ingest()
    settings = home.settings.model_copy(
        update={"chunking": home.settings.chunking.model_copy(update={"max_tokens": 100})}
    )
    home.corpus.settings = settings
    del home.corpus.__dict__["spec"]
    with pytest.raises(ModelMismatchError, match=r"chunking\.max_tokens: 200 → 100"):
        home.ingest()


def test_a_fingerprint_that_contradicts_the_pipeline_beside_it_is_damage(home: Any) -> None:
    home.write("a.txt", "The first document.")
    home.ingest()
    with home.corpus.ledger.write() as connection:
        connection.execute(text("UPDATE generation SET fingerprint = '0123456789abcdef'"))
    with pytest.raises(LedgerCorruptError, match="Restore it from a backup"):
        home.ingest()


def test_a_vanished_collection_is_not_silently_made_anew(home: Any) -> None:
    home.write("a.txt", "The first document.")
    report = home.ingest()
    home.corpus.store.drop(report.generation)
    with pytest.raises(StoreCorruptError, match="is gone"):
        home.ingest()


def test_every_run_leaves_a_file_with_every_settled_document(home: Any) -> None:
    home.write("a.txt", "The first document.")
    home.write("empty.txt", b"")
    report = home.ingest()
    lines = (home.settings.home / "runs" / f"{report.run_id}.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert rows[0]["run"]["state"] == "CompletedWithQuarantine"
    assert {(r["key"], r["state"], r["reason"]) for r in rows[1:]} == {
        ("a.txt", "indexed", None),
        ("empty.txt", "quarantined", "empty_file"),
    }


def test_many_small_steps_end_like_one_fresh_ingest(
    home: Any, make_home: Callable[[str], Any]
) -> None:
    home.write("a.md", GUIDE)
    home.write("b.md", long_guide(4))
    home.write("c.txt", "A note.")
    home.ingest()
    home.write("b.md", long_guide(5, changed=2))
    (home.folder / "a.md").rename(home.folder / "z.md")
    home.ingest()
    (home.folder / "c.txt").unlink()
    home.write("a.md", GUIDE.replace("four hours", "six hours"))
    home.ingest()
    fresh = make_home("fresh")
    for path in home.folder.rglob("*"):
        fresh.write(path.relative_to(home.folder).as_posix(), path.read_bytes())
    fresh.ingest()
    assert home.chunks() == fresh.chunks()


@pytest.mark.parametrize(
    ("error", "state", "message"),
    [
        (KeyboardInterrupt(), "Interrupted", "the run broke off (KeyboardInterrupt)"),
        (MemoryError(), "Failed", "the run broke off (MemoryError)"),
        (StoreUnavailableError("It is away."), "Failed", "It is away."),
    ],
)
def test_a_run_that_broke_off_is_recorded_with_why(
    home: Any, error: BaseException, state: str, message: str
) -> None:
    """`holdfast status` shows it; an interrupt, for one, says nothing itself."""
    home.write("a.txt", "The first document.")
    session = IngestSession(
        home.corpus,
        [LocalFolderSource("docs", home.folder)],
        generation=home.corpus.writable(),
    )
    with pytest.raises(type(error)):
        break_off(session, error)
    (run,) = recent_runs(home.corpus.ledger, 1)
    assert (run.state, run.message) == (state, message)
    assert home.ingest().counts.indexed == 1


def break_off(session: IngestSession, error: BaseException) -> None:
    with session:
        session.plan()
        raise error
