"""The commit: all of a batch or nothing, by its writer alone, the same on every database."""

import datetime as dt
import uuid
from dataclasses import dataclass

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
from indexing.ledger.generations import (
    abandoned_epochs,
    add_generation,
    allocate_epoch,
    find_generation,
)
from indexing.ledger.leases import LeaseToken, acquire, release
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


def hand_on(writer: Writer, run: str) -> LeaseToken:
    """Give the lease to the next run: outcomes are unique per run, source and key."""
    release(writer.ledger, writer.lease)
    return acquire(writer.ledger, writer.name, run, 30.0)


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
