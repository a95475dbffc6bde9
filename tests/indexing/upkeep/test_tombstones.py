"""What was purged stays out: by its id, by its bytes, and whatever a late writer does."""

import json
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert, select, update

from config.errors import ConfigError
from indexing.errors import IngestError, LeaseLostError, LedgerUnavailableError
from indexing.failpoints import Failpoint
from indexing.ledger import tables
from indexing.ledger.database import now
from indexing.ledger.leases import seize
from indexing.planning.tombstones import read_tombstones
from indexing.points import PointFilter
from indexing.running.ingest import run_batches
from indexing.running.report import RunState
from indexing.running.session import IngestSession
from indexing.upkeep.purge import purge
from indexing.upkeep.readmit import readmit
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from ingestion.document import Reason, sha256_of
from tests.support.deaths import dying_at, meanwhile
from tests.support.marked import KEY, MOVED, OWED, TEXT, ask, id_at, source_of, traces


@pytest.mark.usefixtures("bytes_stay")
def test_what_is_purged_stays_out_by_key_and_by_content_until_it_is_readmitted(two: Any) -> None:
    document = id_at(two, KEY)
    purge(two.corpus, [document])
    assert verify(two.corpus, sources=[source_of(two)]).sound, "before the next ingest, too"
    two.write(KEY, TEXT.format(99))
    two.write("elsewhere/renamed.md", TEXT.format(40))
    report = two.ingest()
    assert report.state is RunState.COMPLETED_WITH_QUARANTINE
    refused = {key: (reason, detail) for key, reason, detail in report.refusals}
    assert {key: reason for key, (reason, _) in refused.items()} == {
        KEY: "purged",
        "elsewhere/renamed.md": "purged",
    }
    assert all(f"--readmit {document}" in detail for _, detail in refused.values())
    assert not [n for n in traces(two) if n.startswith("blobs")]
    two.ingest()
    assert two.ingest().state is RunState.NOTHING_TO_DO
    assert verify(two.corpus, sources=[source_of(two)]).sound
    assert two.reindex().live == "holdfast__g2"
    assert set(two.chunks()) == {"ferry.md"}, "no generation brings it back"
    readmit(two.corpus, document)
    assert two.ingest().counts.indexed == 2
    assert set(two.chunks()) == {"ferry.md", KEY, "elsewhere/renamed.md"}
    assert verify(two.corpus, sources=[source_of(two)]).sound
    with pytest.raises(ConfigError, match="not purged"):
        readmit(two.corpus, document)


@pytest.mark.usefixtures("bytes_stay")
def test_a_moved_document_stays_out_where_it_stood_last_also_edited(two: Any) -> None:
    (two.folder / "deep").mkdir()
    (two.folder / KEY).rename(two.folder / MOVED)
    two.ingest()
    purge(two.corpus, [id_at(two, MOVED)])
    two.write(MOVED, TEXT.format(123))
    assert [r[:2] for r in two.ingest().refusals] == [(MOVED, "purged")]


@pytest.mark.usefixtures("bytes_stay")
def test_a_copy_that_vanishes_does_not_move_to_where_the_purged_one_lies(two: Any) -> None:
    two.write("copy.md", TEXT.format(4711))
    two.ingest()
    purge(two.corpus, [id_at(two, KEY)])
    (two.folder / "copy.md").unlink()
    report = two.ingest()
    assert (report.counts.moved, report.counts.deleted) == (0, 1)
    assert [r[:2] for r in report.refusals] == [(KEY, "purged")]
    assert set(two.chunks()) == {"ferry.md"}


@pytest.mark.usefixtures("bytes_stay")
def test_one_of_two_copies_goes_and_the_other_stays(two: Any) -> None:
    two.write("copy.md", TEXT.format(4711))
    two.ingest()
    (receipt,) = purge(two.corpus, [id_at(two, KEY)])
    assert receipt.complete
    assert (receipt.removed.blobs_deleted, receipt.removed.blobs_shared) == (2, 2)
    said = ask(two, OWED)
    assert [e.key for e in said.evidence] == ["copy.md", "ferry.md"]
    assert "4711" in said.evidence[0].quote
    (two.folder / KEY).unlink()
    (two.folder / "copy.md").rename(two.folder / "kept.md")
    two.write("another.md", TEXT.format(4711))
    report = two.ingest()
    assert (report.counts.moved, report.counts.quarantined) == (1, 1), "a new copy stays out"
    (kept,) = set(two.chunks()) - {"ferry.md"}
    assert {r[:2] for r in report.refusals} == {("another.md", "purged"), ("kept.md", "purged")} - {
        (kept, "purged")
    }
    two.write(kept, "Something else.")
    two.ingest()
    two.write(kept, TEXT.format(4711))
    assert two.ingest().counts.indexed == 1, "it was its own text before"
    assert verify(two.corpus, sources=[source_of(two)]).sound


def test_a_late_writer_brings_nothing_back_or_is_found_out(two: Any) -> None:
    """One has read the document and sleeps through the purge; one had a call on its way."""
    document = id_at(two, KEY)
    mine = PointFilter(document_ids=frozenset({str(document)}))
    late = list(two.corpus.store.scroll("holdfast__g1", mine, vectors=True))
    two.write(KEY, TEXT.format(5))
    with IngestSession(two.corpus, [source_of(two)], generation=two.corpus.writable()) as sleeper:
        plan = sleeper.plan()
        seize(two.corpus.ledger, "holdfast__g1")
        assert purge(two.corpus, [document])[0].complete
        with pytest.raises(LeaseLostError):
            list(iter(lambda: sleeper.parse(plan), None))
    assert traces(two) == []
    two.corpus.store.upsert("holdfast__g1", late)
    two.corpus.blobs.put_raw(late[0].payload["content_sha256"], TEXT.format(4711).encode())
    assert verify(two.corpus).counts["purged"] == len(late) + 1
    (receipt,) = purge(two.corpus, [document])
    assert receipt.removed.points_deleted == {"holdfast__g1": 4}, "numbers add up over receipts"
    assert verify(two.corpus).sound
    assert traces(two) == []


@pytest.mark.usefixtures("bytes_stay")
@pytest.mark.parametrize("content", [TEXT.format(5), ""], ids=["indexed", "refused"])
def test_a_run_that_slept_through_a_purge_writes_down_no_name_of_it(two: Any, content: str) -> None:
    """Its report and its file come last, when the purge has gone through those of all runs."""
    two.write(KEY, content)
    two.write("other.md", "# Other\n\nAnother text altogether.\n")
    with IngestSession(two.corpus, [source_of(two)], generation=two.corpus.writable()) as sleeper:
        run_batches(sleeper, sleeper.plan())
        seize(two.corpus.ledger, two.live)
        assert purge(two.corpus, [id_at(two, KEY)])[0].complete
    assert not [name for name in traces(two) if not name.startswith("index/")]
    lines = (two.settings.home / "runs" / f"{sleeper.run_id}.jsonl").read_text().splitlines()
    first, *others = map(json.loads, lines)
    assert first["run"]["state"] == RunState.FAILED
    assert {line["key"] for line in others} == {"ferry.md", "other.md"}


@pytest.mark.usefixtures("bytes_stay")
def test_a_purge_whose_lease_was_taken_deletes_no_blobs_any_more(two: Any) -> None:
    document = id_at(two, KEY)
    before = set(two.corpus.blobs.names())
    with (
        meanwhile(Failpoint.ROWS_GONE, lambda: seize(two.corpus.ledger, two.live)),
        pytest.raises(LeaseLostError),
    ):
        purge(two.corpus, [document])
    assert set(two.corpus.blobs.names()) == before, "another run may have kept them meanwhile"
    assert purge(two.corpus, [document])[0].complete
    assert set(two.corpus.blobs.names()) < before


@pytest.mark.usefixtures("bytes_stay")
def test_a_purge_is_not_complete_while_anything_of_the_document_is_there_again(two: Any) -> None:
    """What a program that knows no lease wrote meanwhile; the receipt must not deny it."""
    data, document = (two.folder / KEY).read_bytes(), id_at(two, KEY)
    ledger, mine = two.corpus.ledger, tables.standing.c.document_id == str(document)
    with ledger.read() as connection:
        rows = [
            dict(row) for row in connection.execute(select(tables.standing).where(mine)).mappings()
        ]

    def come_back() -> None:
        two.corpus.blobs.put_raw(sha256_of(data), data)
        with ledger.write() as connection:
            connection.execute(insert(tables.standing), rows)
            connection.execute(update(tables.run).values(message=f"{KEY} failed"))
            connection.execute(update(tables.generation).values(gates=[{"detail": KEY}]))
            asked = {"request_id": "r" * 32, "tenant": "default", "received_at": now()}
            body = {"question": "?", "retrieval": [{"document_id": str(document)}]}
            connection.execute(insert(tables.request).values(**asked, status="ok", body=body))
            said = {"feedback_id": "f" * 32, "verdict": "wrong", "body": {"cited": [str(document)]}}
            connection.execute(insert(tables.feedback).values(**asked, **said))

    with meanwhile(Failpoint.BLOBS_GONE, come_back):
        (receipt,) = purge(two.corpus, [document])
    found = {what for what, count in receipt.left.items() if count}
    wanted = {"blobs", "standings", "run_reports", "gate_results", "requests", "feedback"}
    assert (found, receipt.complete) == (wanted, False)
    (receipt,) = purge(two.corpus, [document])
    assert (any(receipt.left.values()), receipt.complete) == (False, True)


def test_tombstones_outlive_a_ledger_that_is_set_back(two: Any) -> None:
    purge(two.corpus, [id_at(two, KEY)])
    with two.corpus.ledger.write() as connection:
        connection.execute(tables.purge.delete())
    file = two.settings.home / "purged.jsonl"
    assert set(json.loads(file.read_text())) == {"document_id", "content_sha256s", "purged_at"}
    assert [r[:2] for r in two.ingest().refusals] == [(KEY, "purged")]
    file.write_text("no JSON\n")
    with pytest.raises(LedgerUnavailableError, match=r"purged\.jsonl"):
        two.ingest()


def test_a_purge_that_broke_off_lets_its_own_document_back_in_no_more_than_others(
    two: Any,
) -> None:
    document = id_at(two, KEY)
    with dying_at(Failpoint.BURIED):
        purge(two.corpus, [document])
    stones = read_tombstones(two.corpus.ledger, two.settings.home)
    data = (two.folder / KEY).read_bytes()
    for asking in (document, uuid4()):
        refusal = stones.refusal_of("any.md", asking, data)
        assert refusal is not None, "the versions of the purged one are still in the ledger"
        assert refusal.reason is Reason.PURGED


def test_no_generation_is_built_from_what_a_purge_that_broke_off_left(two: Any) -> None:
    document = id_at(two, KEY)
    with dying_at(Failpoint.POINTS_GONE):
        purge(two.corpus, [document])
    with pytest.raises(IngestError, match=f"holdfast purge {document}"):
        two.reindex()
    assert two.corpus.live().name == "holdfast__g1"
    assert set(two.chunks()) == {"ferry.md"}
    (receipt,) = purge(two.corpus, [document])
    assert receipt.complete
    rebuilt = two.reindex().live
    assert set(two.seen(rebuilt)) == {"ferry.md"}


def test_a_repair_brings_nothing_back_of_a_purge_that_broke_off(two: Any) -> None:
    document = id_at(two, KEY)
    with dying_at(Failpoint.POINTS_GONE):
        purge(two.corpus, [document])
    data = (two.folder / KEY).read_bytes()
    for name in list(two.corpus.blobs.names()):
        if name.content_sha256 == sha256_of(data):
            two.corpus.blobs.delete(name)  # the source still has them
    blobs = set(two.corpus.blobs.names())
    done = repair(two.corpus, sources=[source_of(two)])
    assert set(done.after.counts) == {"purged"}, "which says what to do"
    assert set(two.chunks()) == {"ferry.md"}
    assert set(two.corpus.blobs.names()) == blobs
    (receipt,) = purge(two.corpus, [document])
    assert receipt.complete
    assert verify(two.corpus).sound
