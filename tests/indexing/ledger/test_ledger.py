"""The ledger, the same on every database there is."""

import datetime as dt
import threading
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select, update

from indexing.errors import LeaseLostError, LedgerError
from indexing.ledger import tables
from indexing.ledger.commits import ChunkRow, Commit, NewVersion, Settled, commit
from indexing.ledger.database import Ledger, now
from indexing.ledger.documents import (
    DocumentState,
    ends_of_points,
    ids_at_keys,
    list_standings,
    open_points,
    open_versions,
    points_with_text,
    taken_ids,
)
from indexing.ledger.feedback import add_feedback, feedback_on, feedback_since
from indexing.ledger.generations import (
    abandoned_epochs,
    add_generation,
    allocate_epoch,
    find_generation,
)
from indexing.ledger.leases import HeldLease, LeaseToken, acquire, release, renew
from indexing.ledger.promotions import PromotionKind, record_promotion
from indexing.ledger.quotas import used_since
from indexing.ledger.requests import (
    find_request,
    forget_request,
    forget_requests,
    record_request,
    requests_about,
    requests_since,
)
from indexing.ledger.runs import finish_run, recent_runs, start_run
from indexing.points import OPEN_END
from ingestion.document import Stat


@dataclass
class Writer:
    """Commits hand-made batches to one generation."""

    ledger: Ledger
    lease: LeaseToken

    @property
    def name(self) -> str:
        return self.lease.generation

    def settled(self, document: uuid.UUID, key: str, state: DocumentState) -> Settled:
        return Settled(document, "default", "docs", key, state, state, 1, Stat(3, 5, "t"), "c" * 64)

    def version(self, document: uuid.UUID, key: str, texts: list[str]) -> NewVersion:
        chunks = tuple(
            ChunkRow(uuid.uuid4(), number, some.ljust(64, "0"), "p" * 64)
            for number, some in enumerate(texts)
        )
        hashes = ("c" * 64, "t" * 64, "k" * 64)
        flags = ("injection:hidden", "naïve\x01")
        return NewVersion(document, 1, key, *hashes, 9, "text/plain", "T\u00e9", flags, 7, chunks)

    def commit(
        self, documents: dict[str, tuple[uuid.UUID, list[str]]], deleted: dict[str, uuid.UUID]
    ) -> int:
        epoch = allocate_epoch(self.ledger, self.name)
        commit(
            self.ledger,
            Commit(
                self.lease,
                epoch,
                tuple(self.version(d, key, texts) for key, (d, texts) in documents.items()),
                tuple(deleted.values()),
                tuple(
                    self.settled(d, key, DocumentState.INDEXED) for key, (d, _) in documents.items()
                )
                + tuple(self.settled(d, k, DocumentState.DELETED) for k, d in deleted.items()),
            ),
        )
        return epoch


@pytest.fixture
def writer(ledger: Ledger) -> Writer:
    generation = add_generation(
        ledger, "docs", "f" * 16, {"model": "m", "nested": {"a": [1, None]}}
    )
    return Writer(ledger, acquire(ledger, generation.name, "run1", 30.0))


def test_the_migrations_make_exactly_the_tables_of_the_code(ledger: Ledger) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with ledger.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), tables.metadata) == []


def test_epoch_numbers_are_never_handed_out_twice(ledger: Ledger) -> None:
    name = add_generation(ledger, "docs", "f", {}).name
    taken: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: taken.extend(allocate_epoch(ledger, name) for _ in range(10))
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 41))


def test_a_generation_comes_back_as_it_was_written(ledger: Ledger) -> None:
    spec = {"model": "m", "nested": {"a": [1, None, 0.5]}, "text": "\u00e9\u4e2d"}
    name = add_generation(ledger, "docs", "f" * 16, spec).name
    record_promotion(ledger, "docs", name, None, PromotionKind.FIRST)
    found = find_generation(ledger, name)
    assert found is not None
    assert (found.spec, found.state, found.epoch, found.committed_at) == (spec, "live", 0, None)


def test_of_many_first_writers_at_once_one_gets_the_lease(ledger: Ledger) -> None:
    said: list[str] = []

    def try_it(number: int) -> None:
        try:
            acquire(ledger, "g", f"run{number}", 30.0)
            said.append("got it")
        except Exception as error:  # noqa: BLE001 - the test shows whatever it was
            said.append(type(error).__name__)

    threads = [threading.Thread(target=try_it, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["WriterBusyError"] * 3 + ["got it"]


def test_a_lease_that_ran_out_is_taken_over_and_noticed(ledger: Ledger) -> None:
    with HeldLease(ledger, "g", "first", 30.0) as lease:
        lease.assert_held()
        renew(ledger, lease.token, 30.0)
        with ledger.write() as connection:
            connection.execute(
                update(tables.lease).values(expires_at=now() - dt.timedelta(seconds=1))
            )
        second = acquire(ledger, "g", "second", 30.0)
        with pytest.raises(LeaseLostError, match="first"):
            lease.assert_held()
    release(ledger, second)
    assert acquire(ledger, "g", "third", 30.0).token == second.token + 1


def test_looking_at_the_lease_waits_for_nobody(ledger: Ledger) -> None:
    """The heartbeat holds the row for a moment; the look before a store call is not a lock."""
    with HeldLease(ledger, "g", "first", 30.0) as lease, ledger.write() as connection:
        connection.execute(update(tables.lease).values(expires_at=now() + dt.timedelta(hours=1)))
        done = threading.Thread(target=lease.assert_held, daemon=True)
        done.start()
        done.join(20)
        assert not done.is_alive()


def test_a_commit_writes_everything_and_closes_what_it_replaces(writer: Writer) -> None:
    ledger, name = writer.ledger, writer.name
    one, two = uuid.uuid4(), uuid.uuid4()
    first = writer.commit({"a.txt": (one, ["x", "y"]), "b.txt": (two, ["z"])}, {})
    old = open_points(ledger, name, [one, two])
    writer.lease = hand_on(writer, "run2")
    second = writer.commit({"a.txt": (one, ["w"])}, {"b.txt": two})
    versions = open_versions(ledger, name)
    assert {d: (v.valid_from, v.chunk_count) for d, v in versions.items()} == {one: (second, 1)}
    assert versions[one].flags == ("injection:hidden", "naïve\x01")
    ended = ends_of_points(ledger, [*old[one], *old[two]])
    assert set(ended.values()) == {second}
    assert ends_of_points(ledger, open_points(ledger, name, [one])[one]).popitem()[1] == OPEN_END
    assert len(points_with_text(ledger, name, ["x".ljust(64, "0"), "w".ljust(64, "0")])) == 2
    states = {s.key: s.state for s in list_standings(ledger, name)}
    assert states == {"a.txt": "indexed", "b.txt": "deleted"}
    assert taken_ids(ledger, [one, uuid.uuid4()]) == {one}
    assert ids_at_keys(ledger, "docs", ["a.txt", "b.txt"]) == {"a.txt": one}
    found = find_generation(ledger, name)
    assert found is not None
    assert found.epoch == second
    assert found.committed_at is not None
    assert found.committed_at.utcoffset() == dt.timedelta(0)
    assert abs((now() - found.committed_at).total_seconds()) < 600
    assert first + 1 == second


def test_two_documents_may_swap_their_keys_in_one_batch(writer: Writer) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    writer.commit({"a.txt": (one, ["x"]), "b.txt": (two, ["y"])}, {})
    writer.lease = hand_on(writer, "run2")
    writer.commit({"b.txt": (one, ["x"]), "a.txt": (two, ["y"])}, {})
    keys = {s.document_id: s.key for s in list_standings(writer.ledger, writer.name)}
    assert keys == {one: "b.txt", two: "a.txt"}


def hand_on(writer: Writer, run: str) -> LeaseToken:
    """Give the lease to the next run: outcomes are unique per run, source and key."""
    release(writer.ledger, writer.lease)
    return acquire(writer.ledger, writer.name, run, 30.0)


def test_only_deleted_documents_may_share_a_key(writer: Writer) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    writer.commit({}, {"a.txt": one})
    writer.lease = hand_on(writer, "run2")
    epoch = writer.commit({"a.txt": (two, ["y"])}, {})
    with pytest.raises(LedgerError, match=r"one_document_per_key|standing\.key"):
        Writer(writer.ledger, hand_on(writer, "run3")).commit({"a.txt": (one, ["z"])}, {})
    found = find_generation(writer.ledger, writer.name)
    assert found is not None
    assert found.epoch == epoch
    assert set(open_versions(writer.ledger, writer.name)) == {two}


def test_a_replaced_writer_commits_nothing(writer: Writer) -> None:
    with writer.ledger.write() as connection:
        connection.execute(update(tables.lease).values(expires_at=now() - dt.timedelta(seconds=1)))
    acquire(writer.ledger, writer.name, "other", 30.0)
    with pytest.raises(LeaseLostError):
        writer.commit({"a.txt": (uuid.uuid4(), ["x"])}, {})
    assert open_versions(writer.ledger, writer.name) == {}
    assert list_standings(writer.ledger, writer.name) == []


def test_an_epoch_says_how_much_it_brought_and_closed(writer: Writer) -> None:
    one, two = uuid.uuid4(), uuid.uuid4()
    writer.commit({"a.txt": (one, ["x", "y"]), "b.txt": (two, ["z"])}, {})
    writer.lease = hand_on(writer, "run2")
    writer.commit({"a.txt": (one, ["w"])}, {"b.txt": two})
    row = tables.epoch.c
    with writer.ledger.read() as connection:
        said = connection.execute(
            select(row.documents, row.points_added, row.points_closed).order_by(row.number)
        ).all()
    assert [tuple(epoch) for epoch in said] == [(2, 3, 0), (2, 1, 3)]


@pytest.mark.parametrize("number", [1, 3], ids=["committed already", "never handed out"])
def test_only_a_number_that_was_handed_out_above_the_last_is_committed(
    writer: Writer, number: int
) -> None:
    epoch = writer.commit({"a.txt": (uuid.uuid4(), ["x"])}, {})
    assert allocate_epoch(writer.ledger, writer.name) == epoch + 1 == 2
    with pytest.raises(LedgerError, match="run the ingest again"):
        commit(writer.ledger, Commit(writer.lease, number, (), (), ()))
    found = find_generation(writer.ledger, writer.name)
    assert found is not None
    assert found.epoch == epoch


def test_a_number_that_was_passed_over_is_known_as_abandoned(writer: Writer) -> None:
    allocate_epoch(writer.ledger, writer.name)
    assert abandoned_epochs(writer.ledger, writer.name) == []
    writer.commit({"a.txt": (uuid.uuid4(), ["x"])}, {})
    assert abandoned_epochs(writer.ledger, writer.name) == [1]


def test_a_reader_sees_one_state_in_all_its_queries(writer: Writer) -> None:
    look = select(tables.generation.c.epoch)
    with writer.ledger.read() as connection:
        before = connection.execute(look).scalar()
        writer.commit({"a.txt": (uuid.uuid4(), ["x"])}, {})
        assert connection.execute(look).scalar() == before
        assert connection.execute(select(tables.version)).all() == []
    with writer.ledger.read() as connection:
        assert connection.execute(look).scalar() == 1


def test_runs_come_back_in_utc_and_a_killed_one_as_interrupted(ledger: Ledger) -> None:
    for run in ("a" * 32, "b" * 32):
        start_run(
            ledger,
            run_id=run,
            kind="ingest",
            runner="process",
            tenant="default",
            generation="g",
            epoch=0,
        )
    finish_run(
        ledger, "b" * 32, state="Completed", message="", epoch=1, seconds=1.5, report={"a": ["é"]}
    )
    newest, oldest = recent_runs(ledger)
    assert (newest.state, oldest.state) == ("Completed", "Interrupted")
    assert newest.report == {"a": ["é"]}
    assert newest.started_at.utcoffset() == dt.timedelta(0)
    assert newest.finished_at is not None
    assert newest.finished_at >= newest.started_at


def test_requests_are_kept_and_forgotten_by_age(ledger: Ledger) -> None:
    body = {"question": "what\x00 is \u4e2d \ud83d\ude00?", "scores": [0.25, None]}
    for name, age in (("new", 1), ("old", 400)):
        record_request(
            ledger,
            request_id=name,
            received_at=now() - dt.timedelta(days=age),
            tenant="default",
            status="ok",
            verdict=None,
            generation=None,
            epoch=None,
            body=body,
        )
        said = {"correct": "no", "cited": [], "by": ""}
        assert add_feedback(
            ledger, request_id=name, tenant="default", verdict="wrong", body=said
        )  # fmt: skip
    assert forget_requests(ledger, 180) == 1
    assert [row.request_id for row in feedback_since(ledger, "default")] == ["new"]
    assert list(feedback_since(ledger, "another")) == []
    assert not forget_request(ledger, "another", "new"), "a request of another tenant"
    assert find_request(ledger, "old") is None
    assert find_request(ledger, "new") is not None
    assert [one["scores"] for one in requests_since(ledger, "default")] == [[0.25, None]]
    assert list(requests_since(ledger, "default", now())) == []
    assert forget_request(ledger, "default", "new")
    assert list(feedback_since(ledger, "default")) == []


@pytest.mark.parametrize("request_id", ["a\0b", "\ud800", "a\udcffb"])
def test_there_is_no_request_of_an_id_that_no_database_holds(
    ledger: Ledger, request_id: str
) -> None:
    assert find_request(ledger, request_id) is None
    assert feedback_on(ledger, "default", request_id) == []
    assert requests_about(ledger, "default", request_id) == []
    said: dict[str, Any] = {"tenant": "default", "verdict": "wrong", "body": {}}
    assert add_feedback(ledger, request_id=request_id, **said) is None
    assert not forget_request(ledger, "default", request_id)


@pytest.mark.parametrize("hours", [-11, 0, 13])
def test_a_moment_counts_in_whatever_zone_it_is_given(ledger: Ledger, hours: int) -> None:
    asked, zone = (
        dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC),
        dt.timezone(dt.timedelta(hours=hours)),
    )
    record_request(
        ledger, request_id="one", received_at=asked, tenant="default", status="ok",
        verdict=None, generation=None, epoch=None, body={},
    )  # fmt: skip
    for minutes, found in ((-1, 1), (0, 1), (1, 0)):
        since = (asked + dt.timedelta(minutes=minutes)).astimezone(zone)
        assert len(list(requests_since(ledger, "default", since))) == found
        with ledger.read() as connection:
            assert used_since(connection, "default", since, "refused") == found
    edges = (dt.datetime.min.replace(tzinfo=zone), dt.datetime.max.replace(tzinfo=zone))
    for since in edges:
        assert len(list(requests_since(ledger, "default", since))) == (since.year == 1)
        assert list(feedback_since(ledger, "default", since)) == []
