"""The plan: what changed, by stat, by hash, by moved bytes; and what is never deleted."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from config.settings import GuardSettings
from indexing.ledger.commits import Commit, NewVersion, Settled, commit
from indexing.ledger.database import Ledger, now
from indexing.ledger.documents import DocumentState
from indexing.ledger.generations import add_generation, allocate_epoch
from indexing.ledger.leases import HeldLease
from indexing.ledger.purges import Tombstone
from indexing.planning.plan import make_plan
from indexing.planning.planned import Plan
from indexing.planning.tombstones import NO_TOMBSTONES, Tombstones
from ingestion.document import (
    Listing,
    Reason,
    Refusal,
    SkippedEntry,
    SourceEntry,
    Stat,
    document_id,
    sha256_of,
)

OLD = 1_000_000_000_000_000_000
"""A modification time long ago."""


class Shelf:
    """A source in memory that counts what is read from it."""

    def __init__(self, **files: str) -> None:
        self.name = "shelf"
        self.location = "memory"
        self.files = {key.replace("__", "."): text for key, text in files.items()}
        self.times = dict.fromkeys(self.files, OLD)
        self.complete = True
        self.skipped: tuple[SkippedEntry, ...] = ()
        self.refused: tuple[Refusal, ...] = ()
        self.reads: list[str] = []

    def write(self, key: str, text: str, modified: int = OLD + 1) -> None:
        self.files[key] = text
        self.times[key] = modified

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        entries = tuple(
            SourceEntry(key, Stat(len(text), self.times[key]))
            for key, text in sorted(self.files.items())
        )
        problems = () if self.complete else ("a folder could not be read",)
        return Listing(entries, self.complete, self.skipped, self.refused, problems)

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        self.reads.append(entry.key)
        return self.files[entry.key].encode()


class Desk:
    """A ledger with one generation, and a way to carry out plans without any parser."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.generation = add_generation(ledger, "docs", "f", {}).name

    def plan(
        self,
        shelf: Any,
        guards: GuardSettings | None = None,
        tombstones: Tombstones = NO_TOMBSTONES,
    ) -> Plan:
        shelf.reads.clear()
        return make_plan(
            self.ledger,
            tenant="default",
            generation=self.generation,
            sources=[shelf],
            guards=guards or GuardSettings(),
            max_bytes=1000,
            tombstones=tombstones,
        )

    def ingest(self, shelf: Any, refuse: dict[str, Reason] | None = None) -> Plan:
        """Settle everything a plan names, as a run would."""
        plan = self.plan(shelf)
        refuse = refuse or {}
        settled, versions = [], []
        for doc in plan.to_prepare:
            text = shelf.files[doc.entry.key]
            reason = refuse.get(doc.entry.key)
            state = DocumentState.QUARANTINED if reason else DocumentState.INDEXED
            number = doc.last_version + (reason is None)
            settled.append(self.settle(doc.document_id, doc.entry, state, number, text, reason))
            if reason is None:
                versions.append(new_version(doc.document_id, number, doc.entry.key, text))
        for move in plan.moved:
            standing = move.standing
            text = shelf.files[move.entry.key]
            number = standing.version
            settled.append(
                self.settle(standing.document_id, move.entry, DocumentState.INDEXED, number, text)
            )
            versions.append(new_version(standing.document_id, number, move.entry.key, text))
        for standing in plan.deleted:
            gone = SourceEntry(standing.key, standing.stat)
            settled.append(
                self.settle(standing.document_id, gone, DocumentState.DELETED, standing.version, "")
            )
        with HeldLease(self.ledger, self.generation, "run", 30.0) as lease:
            lease_token = replace(lease.token)
            commit(
                self.ledger,
                Commit(
                    lease_token,
                    allocate_epoch(self.ledger, self.generation),
                    tuple(versions),
                    tuple(s.document_id for s in plan.deleted),
                    tuple(settled),
                ),
            )
        self.forget_outcomes()
        return plan

    def settle(
        self,
        identity: Any,
        entry: SourceEntry,
        state: DocumentState,
        version: int,
        text: str,
        reason: Reason | None = None,
    ) -> Settled:
        return Settled(
            document_id=identity,
            tenant="default",
            source="shelf",
            key=entry.key,
            outcome=state,
            state=state,
            version=version,
            stat=entry.stat,
            content_sha256=sha256_of(text.encode()),
            reason=reason,
        )

    def forget_outcomes(self) -> None:
        """Let the next commit use the same run id."""
        from sqlalchemy import delete

        from indexing.ledger import tables

        with self.ledger.write() as connection:
            connection.execute(delete(tables.outcome))


def new_version(identity: Any, number: int, key: str, text: str) -> NewVersion:
    hashed = sha256_of(text)
    return NewVersion(
        identity, number, key, hashed, hashed, hashed, 1, "text/plain", None, (), OLD, ()
    )


@pytest.fixture
def desk(ledger: Ledger) -> Desk:
    return Desk(ledger)


def test_everything_is_new_at_first_and_nothing_is_read_for_the_plan(desk: Desk) -> None:
    shelf = Shelf(a__txt="one", b__txt="two")
    plan = desk.plan(shelf)
    assert [d.entry.key for d in plan.added] == ["a.txt", "b.txt"]
    assert shelf.reads == []
    assert plan.added[0].document_id == document_id("default", "shelf", "a.txt")


def test_untouched_documents_are_not_read(desk: Desk) -> None:
    shelf = Shelf(a__txt="one", b__txt="two")
    desk.ingest(shelf)
    plan = desk.plan(shelf)
    assert plan.is_empty
    assert (plan.unchanged, shelf.reads) == (2, [])
    assert (plan.whole, plan.incomplete) == (("shelf",), {})


def test_a_new_time_with_the_same_bytes_is_only_a_touch(desk: Desk) -> None:
    shelf = Shelf(a__txt="one")
    desk.ingest(shelf)
    shelf.write("a.txt", "one", OLD + 5)
    plan = desk.plan(shelf)
    assert [t.entry.key for t in plan.touched] == ["a.txt"]
    assert not plan.to_prepare


def test_other_bytes_are_a_change(desk: Desk) -> None:
    shelf = Shelf(a__txt="one", b__txt="two")
    desk.ingest(shelf)
    shelf.write("a.txt", "1")
    plan = desk.plan(shelf)
    assert [(d.entry.key, d.last_version) for d in plan.changed] == [("a.txt", 1)]


def test_a_file_written_just_now_is_read_again_although_its_stat_is_the_same(desk: Desk) -> None:
    import time

    shelf = Shelf(a__txt="one")
    shelf.times["a.txt"] = time.time_ns()
    plan = desk.plan(shelf)
    from indexing.planning.planned import settled_entry

    assert settled_entry(plan.added[0].entry).stat != plan.added[0].entry.stat
    assert settled_entry(plan.added[0].entry, time.time_ns() + 10**10) == plan.added[0].entry


def test_vanished_bytes_under_a_new_key_are_a_move(desk: Desk) -> None:
    shelf = Shelf(a__txt="the same words", b__txt="other words")
    desk.ingest(shelf)
    shelf.files["c/renamed.txt"] = shelf.files.pop("a.txt")
    shelf.times["c/renamed.txt"] = OLD
    plan = desk.plan(shelf)
    assert [(m.standing.key, m.entry.key) for m in plan.moved] == [("a.txt", "c/renamed.txt")]
    assert not plan.added
    assert not plan.deleted


def test_a_copy_is_an_addition_and_no_move(desk: Desk) -> None:
    shelf = Shelf(a__txt="the same words")
    desk.ingest(shelf)
    shelf.write("b.txt", "the same words", OLD)
    plan = desk.plan(shelf)
    assert [d.entry.key for d in plan.added] == ["b.txt"]
    assert not plan.moved


def test_of_two_equal_documents_the_one_with_the_same_name_moved(desk: Desk) -> None:
    shelf = Shelf(**{"a/x__txt": "same", "b/y__txt": "same"})
    desk.ingest(shelf)
    shelf.files = {"new/y.txt": "same", "new/x.txt": "same"}
    shelf.times = dict.fromkeys(shelf.files, OLD)
    moves = {(m.standing.key, m.entry.key) for m in desk.plan(shelf).moved}
    assert moves == {("a/x.txt", "new/x.txt"), ("b/y.txt", "new/y.txt")}


def test_a_new_document_at_the_old_key_of_a_moved_one_gets_an_id_of_its_own(desk: Desk) -> None:
    shelf = Shelf(a__txt="first document")
    first = desk.ingest(shelf).added[0].document_id
    shelf.files["b.txt"] = shelf.files.pop("a.txt")
    shelf.times["b.txt"] = OLD
    desk.ingest(shelf)
    shelf.write("a.txt", "second document", OLD)
    second = desk.ingest(shelf).added[0].document_id
    assert second != first


def test_a_document_that_comes_back_keeps_its_id_and_counts_on(desk: Desk) -> None:
    shelf = Shelf(a__txt="one", b__txt="two")
    first = desk.ingest(shelf).added[0]
    del shelf.files["a.txt"]
    assert [s.key for s in desk.ingest(shelf).deleted] == ["a.txt"]
    shelf.files["a.txt"] = "one again"
    back = desk.plan(shelf).added[0]
    assert (back.document_id, back.last_version) == (first.document_id, 1)


def test_nothing_is_deleted_from_an_incomplete_listing(desk: Desk) -> None:
    shelf = Shelf(a__txt="one", b__txt="two")
    desk.ingest(shelf)
    del shelf.files["a.txt"]
    shelf.complete = False
    plan = desk.plan(shelf)
    assert ([s.key for s in plan.withheld], plan.deleted) == (["a.txt"], ())
    shelf.files["a.txt"] = "one"
    plan = desk.plan(shelf)
    assert (plan.withheld, plan.whole) == ((), ()), "what is not listed may be new"
    assert plan.incomplete == {"shelf": "a folder could not be read"}


def test_an_empty_listing_deletes_nothing(desk: Desk) -> None:
    shelf = Shelf(a__txt="one")
    desk.ingest(shelf)
    shelf.files.clear()
    plan = desk.plan(shelf)
    assert ([s.key for s in plan.withheld], plan.deleted) == (["a.txt"], ())
    assert (plan.whole, plan.incomplete) == ((), {})


@pytest.mark.parametrize(("gone", "withheld"), [(10, 0), (11, 0), (12, 0), (13, 13)], ids=str)
def test_many_deletions_at_once_are_withheld(desk: Desk, gone: int, withheld: int) -> None:
    shelf = Shelf(**{f"f{n:02}__txt": f"text {n}" for n in range(40)})
    desk.ingest(shelf)
    for key in sorted(shelf.files)[:gone]:
        del shelf.files[key]
    plan = desk.plan(shelf, GuardSettings(max_deletions=10, max_deleted_share=0.3))
    assert (len(plan.withheld), len(plan.deleted)) == (withheld, gone - withheld)


def test_poison_is_remembered_and_not_tried_again(desk: Desk) -> None:
    shelf = Shelf(a__txt="junk", b__txt="fine")
    desk.ingest(shelf, refuse={"a.txt": Reason.CORRUPT})
    plan = desk.plan(shelf)
    assert (plan.is_empty, plan.remembered, shelf.reads) == (True, 1, [])
    shelf.write("a.txt", "mended")
    assert [d.entry.key for d in desk.plan(shelf).changed] == ["a.txt"]


def test_what_may_go_better_is_tried_again(desk: Desk) -> None:
    shelf = Shelf(a__txt="one")
    desk.ingest(shelf, refuse={"a.txt": Reason.CHANGED_WHILE_READ})
    assert [d.entry.key for d in desk.plan(shelf).changed] == ["a.txt"]


def test_refusals_of_the_listing_are_settled_once(desk: Desk) -> None:
    shelf = Shelf(a__txt="one")
    shelf.refused = (Refusal("pipe", Reason.NOT_A_FILE, "a named pipe"),)
    plan = desk.plan(shelf)
    assert [r.refusal.key for r in plan.refused] == ["pipe"]
    assert plan.enumerated == 2


def test_what_is_refused_goes_on_with_the_version_that_it_had(desk: Desk) -> None:
    shelf = Shelf(a__txt="one", b__txt="two")
    known = desk.ingest(shelf).added[0].document_id
    text = shelf.files.pop("a.txt")
    shelf.refused = (Refusal("a.txt", Reason.NOT_A_FILE, "a named pipe"),)
    assert [(r.document_id, r.last_version) for r in desk.plan(shelf).refused] == [(known, 1)]
    shelf.refused = ()
    shelf.write("a.txt", text)
    purged = Tombstones({known: Tombstone(known, now(), (), ())})
    plan = desk.plan(shelf, tombstones=purged)
    assert [(r.document_id, r.last_version) for r in plan.refused] == [(known, 1)]
    assert (plan.touched, plan.changed, plan.deleted, shelf.reads) == ((), (), (), [])


def test_a_document_has_one_id_in_all_generations_also_where_keys_were_reused(desk: Desk) -> None:
    shelf = Shelf(a__txt="first document")
    first = desk.ingest(shelf).added[0].document_id
    older, desk.generation = desk.generation, add_generation(desk.ledger, "docs", "g", {}).name
    assert [d.document_id for d in desk.ingest(shelf).added] == [first]
    shelf.files["b.txt"] = shelf.files.pop("a.txt")
    shelf.times["b.txt"] = OLD
    assert desk.ingest(shelf).moved, "while the older generation still has it at a.txt"
    shelf.write("a.txt", "second document", OLD)
    second = desk.ingest(shelf).added[0].document_id
    assert second != first
    desk.generation = older
    here = {d.entry.key: d.document_id for d in desk.plan(shelf).to_prepare}
    assert here["a.txt"] == first
    assert here["b.txt"] not in {first, second}, "it stands at a.txt here"


def test_skipped_entries_are_counted(desk: Desk) -> None:
    shelf = Shelf(a__txt="one")
    shelf.skipped = (SkippedEntry(".hidden", "hidden file"),)
    assert (desk.plan(shelf).enumerated, len(desk.plan(shelf).skipped)) == (2, 1)


def test_flip_flop_ends_where_it_ends(desk: Desk) -> None:
    shelf = Shelf(a__txt="A")
    desk.ingest(shelf)
    for number, text in enumerate("BAB", 1):
        shelf.write("a.txt", text, OLD + number)
        assert [d.last_version for d in desk.ingest(shelf).changed] == [number]
    assert desk.plan(shelf).is_empty
