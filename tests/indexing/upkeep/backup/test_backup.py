"""Backups: all of one moment, while others write."""

import io
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from indexing.errors import WriterBusyError
from indexing.failpoints import Failpoint, set_hook
from indexing.ledger import tables
from indexing.points import OPEN_END
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_records import RecordWriter, read_lines
from indexing.upkeep.backup import backup, live_in
from indexing.upkeep.backup_points import BATCH
from indexing.upkeep.exclusive import exclusively
from indexing.upkeep.ledger_rows import KEPT, PAGE, read_rows, write_rows


def test_a_restored_home_is_the_same_in_every_row_point_and_blob(place: Any, copy: Any) -> None:
    done = place.backup()
    assert (done.state, done.manifest.live, done.manifest.epoch) == ("BackedUp", "holdfast__g2", 3)
    assert copy.restore(place.root / "backup").state == "Restored"
    before, after = place.everything(), copy.everything()
    assert after == before
    rows, _points, _blobs, readings = before
    assert {name for name, found in rows.items() if not found} == {"purge"}
    assert len(readings["holdfast__g1@1"]) == 4
    with copy.opened() as corpus, corpus.ledger.read() as connection:  # NULL, not JSON's null
        no_gates = text("SELECT name FROM generation WHERE gates IS NULL")
        assert connection.execute(no_gates).scalars().all() == ["holdfast__g1"]


def test_the_next_ingest_of_a_restored_home_finds_nothing_to_do(small: Any, copy: Any) -> None:
    small.backup()
    copy.restore(small.root / "backup")
    (small.root / "docs").rename(copy.root / "docs")
    report = copy.ingest()
    assert (report.state, report.counts.unchanged, report.epoch) == ("NothingToDo", 3, 2)


def test_what_is_committed_while_points_are_read_does_not_show(small: Any, copy: Any) -> None:
    """The ingest closes the very point that is read next, and adds another one."""
    before = small.readings()
    epochs: list[int] = []

    def interfere(what: str, _done: int, _total: int | None) -> None:
        if what == "points" and not epochs:
            epochs.append(small.ingest(guide="All of it is new.\n", more="One more.\n").epoch)

    done = small.backup(on_progress=interfere)
    assert (done.state, done.manifest.epoch, epochs) == ("BackedUp", 2, [3])
    copy.restore(small.root / "backup")
    assert copy.readings() == before
    assert copy.readings() != small.readings()
    (points,) = copy.points().values()
    assert {payload["valid_to"] for payload, _, _ in points.values()} == {2, OPEN_END}


def test_what_a_killed_ingest_left_in_the_store_stays_behind(small: Any, copy: Any) -> None:
    """It had staged new points and closed old ones; the ledger knows nothing of it."""
    before = small.rows()["chunk"], small.points()

    def die(reached: Failpoint) -> None:
        if reached is Failpoint.CLOSED:
            raise KeyboardInterrupt

    set_hook(die)
    try:
        with pytest.raises(KeyboardInterrupt):
            small.ingest(guide="All of it is new.\n")
    finally:
        set_hook(None)
    left = small.points()["holdfast__g1"]
    ends = {payload["valid_to"] for payload, _, _ in left.values()}
    assert (len(left), ends) == (5, {2, 3, OPEN_END})
    small.backup()
    copy.restore(small.root / "backup")
    assert (copy.rows()["chunk"], copy.points()) == before


def test_the_alias_decides_what_was_live_unless_it_was_written_meanwhile(place: Any) -> None:
    from indexing.ledger.generations import list_generations

    with place.opened() as corpus:
        generations = list_generations(corpus.ledger)
    first, second = (g.name for g in generations)  # the ledger says that the second is live
    assert live_in(generations, first, first) == first
    assert live_in(generations, first, second) == second
    assert live_in(generations, None, None) == second
    assert live_in(generations[:1], None, None) is None


def test_an_alias_that_the_ledger_does_not_know_of_yet_is_kept(place: Any) -> None:
    """A process died between the two writes of a rollback."""
    with place.opened() as corpus:
        corpus.store.point_alias("holdfast", "holdfast__g1")
        assert backup(corpus, str(place.root / "backup")).manifest.live == "holdfast__g1"


def test_a_backup_and_its_like_keep_each_other_out_but_no_ingest(small: Any) -> None:
    with small.opened() as corpus, exclusively(corpus, "gc") as lease:
        with pytest.raises(WriterBusyError, match=r"Run gc-.* is writing to upkeep"):
            small.backup()
        assert small.ingest(more="One more.\n").epoch == 3
        lease.assert_held()
    refused: list[str] = []

    def collect(_what: str, _done: int, _total: int | None) -> None:
        with small.opened() as corpus:
            try:
                with exclusively(corpus, "gc"):
                    raise AssertionError("garbage is collected beside a backup")
            except WriterBusyError as error:
                refused.append(str(error))

    small.backup(on_progress=collect)
    assert len(refused) > 3
    assert all("Run backup-" in text for text in refused)
    with small.opened() as corpus, exclusively(corpus, "gc"):
        pass


def test_no_lease_and_no_secret_is_in_a_backup(make_place: Any, small: Any) -> None:
    import zstandard

    secret = "sesame-open"
    guarded = make_place("small", store={"api_key": secret}, orchestration={"api_url": secret})
    guarded.backup()
    archive = ArchiveReader(str(small.root / "backup"))
    assert not [name for name in archive.manifest.files if "lease" in name or "alembic" in name]
    assert len(archive.manifest.files) == len(KEPT) + 4  # points, blobs, calibrations, pushed
    found = 0
    for path in (small.root / "backup").rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            if path.suffix == ".zst":
                data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
            assert secret.encode() not in data, path
            found += b"Rinse the probe" in data
    assert found == 5  # in the points, and twice in the raw bytes and in the texts


def test_points_are_asked_for_in_small_groups(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from indexing.stores.edge import EdgeStore

    asked: list[int] = []
    real = EdgeStore.fetch

    def fetch(self: Any, collection: str, ids: Any, **named: Any) -> Any:
        asked.append(len(ids))
        return real(self, collection, ids, **named)

    with small.opened() as corpus:
        row = small.rows()["chunk"][0]
        ghosts = [{**row, "point_id": str(UUID(int=n))} for n in range(2 * BATCH)]
        with corpus.ledger.write() as connection:
            write_rows(connection, tables.chunk, ghosts)
    monkeypatch.setattr(EdgeStore, "fetch", fetch)
    done = small.backup()
    assert sorted(asked) == [4, BATCH, BATCH]
    assert done.manifest.lacking.points == 2 * BATCH
    assert len(done.manifest.lacking.examples) == 10


def test_a_stream_of_records_is_never_held_as_a_whole(tmp_path: Path) -> None:
    rows, row = 8_000, {"text": "x" * 300, "number": 0}
    path = tmp_path / "rows"
    tracemalloc.start()
    try:
        with path.open("wb") as file:
            writer = RecordWriter(file)
            for number in range(rows):
                writer.line({**row, "number": number})
            entry = writer.close()
        with path.open("rb") as file:
            total = sum(r["number"] for r in read_lines(file, entry, "rows"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (total, entry.rows) == (sum(range(rows)), rows)
    assert peak < rows * 300 / 3


def test_rows_go_into_the_ledger_page_by_page(small: Any) -> None:
    table = tables.chunk
    seen: list[int] = []
    with small.opened() as corpus, corpus.ledger.write() as connection:
        before = connection.execute(select(func.count()).select_from(table)).scalar() or 0
        (row, *_) = read_rows(connection, table)

        def ghosts() -> Iterator[dict[str, Any]]:
            for number in range(3 * PAGE):
                if number % PAGE == 0:
                    there = connection.execute(select(func.count()).select_from(table)).scalar()
                    seen.append((there or 0) - before)
                yield {**row, "point_id": str(UUID(int=number))}

        assert write_rows(connection, table, ghosts()) == 3 * PAGE
    assert seen == [0, PAGE, 2 * PAGE]


def test_rows_of_every_kind_of_value_come_back_as_they_were() -> None:
    odd = {
        "none": None,
        "half a pair": "\ud83d",
        "large": OPEN_END,
        "float": 0.1 + 0.2,
        "ß": [1, {}],
    }
    file = io.BytesIO()
    writer = RecordWriter(file)
    writer.line(odd)
    entry = writer.close()
    file.seek(0)
    assert list(read_lines(file, entry, "odd")) == [odd]
