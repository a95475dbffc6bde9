"""The purge: no byte is left, everything else is, and a crash only makes it late."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from config.errors import ConfigError
from indexing.errors import LedgerUnavailableError, WriterBusyError
from indexing.failpoints import Failpoint, set_hook
from indexing.ledger import tables
from indexing.ledger.documents import list_standings
from indexing.ledger.feedback import feedback_since
from indexing.ledger.leases import HeldLease
from indexing.ledger.purges import list_purges
from indexing.ledger.requests import find_request
from indexing.planning.purged_file import read_purged
from indexing.points import PointFilter
from indexing.upkeep.purge import purge
from indexing.upkeep.purge_targets import find_target
from indexing.upkeep.verify import verify
from query.feedback import Feedback, FeedbackVerdict, give_feedback
from query.replay import replay
from tests.support.homes import keep_as_the_first_versions, stage_and_die
from tests.support.marked import (
    KEY,
    LEAVES,
    MOVED,
    OTHER,
    OWED,
    TEXT,
    ask,
    id_at,
    source_of,
    traces,
)

WRONG = Feedback(FeedbackVerdict.WRONG, "It is the other pier.")


def everything_that_can_be_known(rig: Any) -> UUID:
    """Let a document leave a trace wherever one can; returns its id."""
    document = id_at(rig, KEY)
    rig.write(KEY, b"")
    rig.ingest()  # a refusal that names it
    rig.write(KEY, TEXT.format(4711))
    rig.ingest()
    (rig.folder / "deep").mkdir()
    (rig.folder / KEY).rename(rig.folder / MOVED)
    rig.ingest()
    stage_and_die(rig, MOVED, TEXT.format(9000))
    rig.write(MOVED, TEXT.format(4711))
    rig.write("ferry.md", OTHER + "\nIt is white.\n")
    rig.ingest()  # clears the points away; the blobs stay, and no row names their content
    stage_and_die(rig, MOVED, TEXT.format(9001))
    rig.write(MOVED, TEXT.format(4711))
    rig.reindex()
    said = ask(rig, OWED)
    assert said.evidence[0].document_id == str(document)
    turn = {"speaker": "assistant", "text": said.evidence[0].quote}
    ask(rig, "", history=[turn])  # nothing is searched, but this was said
    ask(rig, LEAVES, exclude_keys=frozenset({MOVED}))
    with rig.corpus.ledger.write() as connection:
        lacking = [{"gate": "documents", "detail": f"1 of 2; lacking: {MOVED} (not_kept)"}]
        connection.execute(update(tables.generation).values(gates=lacking))
        connection.execute(update(tables.run).values(message=f"{KEY} moved to {MOVED}, but"))
        body = connection.execute(select(tables.request.c.body).limit(1)).scalar_one()
        answered = update(tables.request).values(body=body | {"answer": turn["text"]})
        connection.execute(answered.where(tables.request.c.request_id == body["request_id"]))
    return document


def test_no_byte_of_a_purged_document_is_left_and_its_neighbour_is(two: Any) -> None:
    document = everything_that_can_be_known(two)
    before = traces(two)
    places = {"ledger", "index", "blobs", "runs"}
    assert places <= {Path(name).parts[0].partition(".")[0] for name in before}, before
    (receipt,) = purge(two.corpus, [document])
    assert traces(two) == []
    assert receipt.complete
    removed = receipt.removed
    assert removed.points_deleted == {"holdfast__g1": 4, "holdfast__g2": 1}
    assert (removed.versions, removed.chunks, removed.standings) == (4, 4, 2)
    assert removed.requests_redacted == 3
    assert (removed.blobs_deleted, removed.orphans_deleted) == (6, 2)
    assert removed.run_file_lines > 0
    assert removed.gate_results == 2
    assert set(receipt.left.values()) == {0}
    assert verify(two.corpus, sources=[source_of(two)], deep=True).sound
    answered = ask(two, LEAVES)
    assert [(e.key, e.quote) for e in answered.evidence] == [
        ("ferry.md", answered.evidence[0].quote)
    ]
    assert "nine" in answered.evidence[0].quote
    assert replay(two.corpus, answered.request_id).identical


def test_what_the_first_versions_kept_of_a_document_goes_as_well(two: Any) -> None:
    document = id_at(two, KEY)
    mine, other = (two.folder / KEY).read_bytes(), (two.folder / "ferry.md").read_bytes()
    kept = [keep_as_the_first_versions(two.corpus.settings.home, raw) for raw in (mine, other)]
    (receipt,) = purge(two.corpus, [document])
    assert [path.exists() for path in kept] == [False, True]
    assert receipt.removed.blobs_deleted == 5, "two versions, their texts, and that one"
    assert traces(two) == []


STEPS = [
    Failpoint.BURIED,
    Failpoint.REDACTED,
    Failpoint.DELETING,
    Failpoint.POINTS_GONE,
    Failpoint.RUN_FILES_CLEANED,
    Failpoint.ROWS_GONE,
    Failpoint.BLOBS_GONE,
    Failpoint.LEDGER_ERASED,
    Failpoint.REWRITTEN,
    Failpoint.RESHARDED,
]


class Died(BaseException):
    """Stands for the end of the process."""


def die_at(point: Failpoint) -> None:
    def hook(reached: Failpoint) -> None:
        if reached is point:
            raise Died

    set_hook(hook)


def test_a_purge_that_died_at_any_step_is_finished_by_the_next(copied: Any) -> None:
    died, undisturbed = copied("died"), copied("undisturbed")
    for rig in (died, undisturbed):
        ask(rig, OWED)
    document = id_at(died, KEY)
    (wanted,) = purge(undisturbed.corpus, [document])
    for point in STEPS:
        die_at(point)
        with pytest.raises(Died):
            purge(died.corpus, [document])
        (kept,) = list_purges(died.corpus.ledger)
        assert not kept.finished
        assert [one.document_id for one in read_purged(died.settings.home)] == [document]
    set_hook(None)
    (receipt,) = purge(died.corpus, [document])
    assert receipt.complete
    assert traces(died) == []
    for one in (receipt, wanted):
        one.removed.bytes_rewritten = {}
    assert receipt.removed == wanted.removed
    assert receipt.removed.points_deleted == {"holdfast__g1": 2}
    assert verify(died.corpus).sound


@pytest.mark.usefixtures("bytes_stay")
def test_whoever_writes_is_waited_for_and_so_is_who_began_meanwhile(two: Any) -> None:
    document, waiting = id_at(two, KEY), []
    with (
        HeldLease(two.corpus.ledger, "holdfast__g1", "ingesting", 30.0),
        pytest.raises(WriterBusyError, match="Run ingesting"),
    ):
        purge(two.corpus, [document])
    assert list_purges(two.corpus.ledger) == []
    assert set(two.chunks()) == {KEY, "ferry.md"}

    def build(point: Failpoint) -> None:
        if point is Failpoint.RUN_FILES_CLEANED and not waiting:
            made = two.corpus.new_generation()
            waiting.append(HeldLease(two.corpus.ledger, made.name, "building", 30.0))

    set_hook(build)
    with pytest.raises(WriterBusyError, match="Run building"):
        purge(two.corpus, [document])
    waiting[0].give_back()
    assert purge(two.corpus, [document])[0].complete


def test_requests_keep_what_was_asked_and_only_those_behind_which_it_was_are_redacted(
    rig: Any,
) -> None:
    rig.write("ferry.md", OTHER)
    rig.ingest()
    early = ask(rig, LEAVES)
    rig.write(KEY, TEXT.format(40))
    rig.ingest()
    before, late = ask(rig, OWED), []
    kept = give_feedback(rig.corpus, "default", early.request_id, WRONG)
    gone = give_feedback(rig.corpus, "default", before.request_id, WRONG)
    quoting = Feedback(FeedbackVerdict.MISSING, TEXT.format(40), (KEY,))
    quoted = give_feedback(rig.corpus, "default", early.request_id, quoting)

    def ask_late(point: Failpoint) -> None:
        if point is Failpoint.REDACTED:
            late.append(ask(rig, OWED))

    set_hook(ask_late)
    (receipt,) = purge(rig.corpus, [id_at(rig, KEY)])
    assert "40 florins" in late[0].evidence[0].quote, "it was answered before the points were gone"
    assert (receipt.complete, receipt.removed.requests_redacted) == (True, 1)
    assert traces(rig) == []
    told = {row.feedback_id: row for row in feedback_since(rig.corpus.ledger, "default")}
    assert told[kept.feedback_id].body["correct"] == WRONG.correct
    for one in (gone, quoted):
        assert told[one.feedback_id].verdict == one.verdict
        assert set(told[one.feedback_id].body) == {"redacted"}
    after = give_feedback(rig.corpus, "default", before.request_id, quoting)
    assert set(after.body) == {"redacted"}, "what is said later is not kept, either"
    assert replay(rig.corpus, early.request_id).identical
    for said in (before, *late):
        with pytest.raises(ConfigError, match="a document behind it was purged"):
            replay(rig.corpus, said.request_id)
        body = find_request(rig.corpus.ledger, said.request_id)
        assert body is not None
        assert (body["question"], body["verdict"]) == (OWED, said.verdict)
        assert (body["epoch"], body["generation"]) == (2, "holdfast__g1")
        assert [r["code"] for r in body["reasons"]] == [r.code for r in said.reasons]
        assert [r["key"] for r in body["retrieval"]] == ["ferry.md"]
        assert not {"decision", "answer", "searches"} & set(body)


def test_a_reader_of_an_old_state_of_the_ledger_is_told_about(two: Any) -> None:
    document = id_at(two, KEY)
    patient = two.corpus.ledger.outside

    @contextmanager
    def hurried() -> Iterator[Any]:
        with patient() as cursor:
            cursor.execute("PRAGMA busy_timeout = 10")
            yield cursor

    with two.corpus.ledger.read() as reading, pytest.MonkeyPatch.context() as patch:
        reading.execute(select(tables.document)).all()
        patch.setattr(two.corpus.ledger, "outside", hurried)
        with pytest.raises(LedgerUnavailableError, match="End that program"):
            purge(two.corpus, [document])
    assert not list_purges(two.corpus.ledger)[0].finished
    assert purge(two.corpus, [document])[0].complete
    assert traces(two) == []


@pytest.mark.usefixtures("bytes_stay")
def test_documents_in_every_state_are_found_and_purged_at_once(two: Any) -> None:
    two.write("gone.txt", "It will be gone.")
    two.write("empty.txt", "")
    two.write("moved.txt", "It will move on.")
    two.ingest()
    (two.folder / "gone.txt").unlink()
    (two.folder / "moved.txt").rename(two.folder / "now.txt")
    two.ingest()
    stage_and_die(two, "staged.txt", "It never was committed.")
    (two.folder / "staged.txt").unlink()
    named = {
        "gone.txt": "deleted", "empty.txt": "quarantined", "now.txt": "indexed",
        "staged.txt": "uncommitted", KEY: "indexed",
    }  # fmt: skip
    targets = {key: find_target(two.corpus, key, "docs") for key in named}
    assert {key: target.state for key, target in targets.items()} == named
    with pytest.raises(ConfigError, match="was called so before"):
        find_target(two.corpus, "moved.txt")
    for unknown in ("nothing.txt", "5ad9f4a2-0000-4000-8000-000000000000"):
        with pytest.raises(ConfigError, match="There is no document"):
            find_target(two.corpus, unknown)
    ids = [target.document_id for target in targets.values()]
    receipts = purge(two.corpus, [*ids, ids[0]])
    assert [(r.document_id, r.complete) for r in receipts] == [(i, True) for i in ids]
    assert [r.removed.versions for r in receipts] == [1, 0, 2, 0, 2]
    assert [s.key for s in list_standings(two.corpus.ledger, "holdfast__g1")] == ["ferry.md"]
    assert two.corpus.store.count("holdfast__g1", PointFilter()) == 1
    assert find_target(two.corpus, "gone.txt", "docs").state == "purged"


@pytest.mark.usefixtures("bytes_stay")
def test_a_document_is_never_found_under_the_name_of_another_source(two: Any) -> None:
    def refused(key: str) -> bool:
        with pytest.raises(ConfigError, match=r"no document .* in the source 'elsewhere'"):
            find_target(two.corpus, key, "elsewhere")
        return True

    document = find_target(two.corpus, KEY, "docs").document_id
    assert refused(KEY)
    assert refused(str(document))
    (two.folder / KEY).rename(two.folder / "moved.md")
    two.ingest()
    assert refused(KEY), "which it had once"
    purge(two.corpus, [document])
    assert find_target(two.corpus, KEY, "docs").document_id == document
    assert refused(KEY), "which its id was made of"
