"""A restore after an interrupted one, beside others, and into a home that only looks empty."""

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from indexing.errors import BackupError, LeaseLostError
from indexing.ledger import tables
from indexing.ledger.database import now
from indexing.ledger.generations import GenerationState
from indexing.ledger.leases import seize
from indexing.ledger.requests import record_request
from indexing.points import PointFilter
from indexing.stores.edge import EdgeStore
from indexing.upkeep import restore_run
from indexing.upkeep.exclusive import UPKEEP
from indexing.upkeep.restore_place import MARKER, without_first_ingest


def test_a_restore_of_another_backup_may_take_the_place_of_an_interrupted_one(
    small: Any, source: Path, copy: Any, saboteur: Any
) -> None:
    small.ingest(more="One more.\n")
    small.backup()
    saboteur.watch(EdgeStore, "point_alias")
    saboteur.watch(restore_run.RestoreRun, "_copy_points")
    for backup, call, step in (
        (source, 2, "point_alias"),  # its rows are there
        (small.root / "backup", 1, "_copy_points"),  # and so they are still
        (source, 1, "_copy_points"),
    ):
        saboteur.aim(call)
        with pytest.raises(saboteur.error, match=step):
            copy.restore(backup)
    saboteur.aim(0)
    copy.restore(small.root / "backup")
    assert copy.everything() == small.everything()


@pytest.mark.parametrize("left", [b"", b"[1]", b'{"collections": ["\xff"]}'])
def test_a_damaged_record_of_an_interrupted_restore_gives_nothing_away(
    small: Any, source: Path, copy: Any, left: bytes
) -> None:
    (copy.settings.home / MARKER).write_bytes(left)
    copy.restore(source)
    assert copy.everything() == small.everything()


def test_no_first_ingest_comes_between_however_long_a_restore_takes(copy: Any) -> None:
    ends = select(tables.lease.c.expires_at).where(tables.lease.c.generation == "holdfast")
    with copy.opened() as corpus:

        def prolonged(_: int) -> bool:
            with corpus.ledger.read() as connection:
                found = connection.execute(ends).scalar_one()
            time.sleep(0.02)
            return bool(found != first)

        with without_first_ingest(corpus, 0.3):
            with corpus.ledger.read() as connection:
                first = connection.execute(ends).scalar_one()
            assert any(map(prolonged, range(500))), "it gives signs of life"
        assert corpus.writable().name == "holdfast__g1"


def test_what_somebody_began_amid_a_restore_is_not_overwritten(
    source: Path, copy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(*_: Any) -> None:
        with copy.opened() as corpus:
            seize(corpus.ledger, "holdfast")
            corpus.writable()

    monkeypatch.setattr(restore_run, "remember_purges", begin)
    with pytest.raises(BackupError, match="Somebody began to write"):
        copy.restore(source)
    assert [row["epoch"] for row in copy.rows()["generation"]] == [0]


def asked_once(corpus: Any) -> None:
    record_request(
        corpus.ledger, request_id="asked", received_at=now(), tenant="default",
        status="unavailable", verdict=None, generation=None, epoch=None, body={"question": "?"},
    )  # fmt: skip


def test_a_backup_without_an_index_is_restored_again_after_an_interruption(
    copy: Any, make_place: Any, saboteur: Any
) -> None:
    bare = make_place("bare")
    with bare.opened() as corpus:
        asked_once(corpus)
    bare.backup()
    saboteur.watch(restore_run, "copy_calibrations")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        copy.restore(bare.root / "backup")
    copy.restore(bare.root / "backup")
    assert copy.rows() == bare.rows()
    assert [row["request_id"] for row in copy.rows()["request"]] == ["asked"]


def test_a_home_whose_only_generation_was_dropped_is_not_empty(source: Path, copy: Any) -> None:
    with copy.opened() as corpus:
        made = corpus.new_generation()
        mark_dropped = update(tables.generation).values(state=GenerationState.DROPPED)
        with corpus.ledger.write() as connection:
            connection.execute(mark_dropped)
        corpus.store.drop(made.name)
        asked_once(corpus)
    with pytest.raises(BackupError, match="the ledger has holdfast__g1"):
        copy.restore(source)
    assert [row["request_id"] for row in copy.rows()["request"]] == ["asked"]


def test_rows_that_only_an_interrupted_restore_brought_go_with_it(
    small: Any, source: Path, copy: Any, saboteur: Any
) -> None:
    before = small.rows()
    small.ingest(more="One more.\n")
    small.backup()
    saboteur.watch(EdgeStore, "point_alias")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        copy.restore(small.root / "backup")
    assert len(copy.rows()["run"]) > len(before["run"])
    copy.restore(source)
    assert copy.rows() == before


def test_a_restore_that_broke_off_goes_on_also_where_a_generation_was_dropped_long_ago(
    place: Any, copy: Any, saboteur: Any
) -> None:
    with place.opened() as corpus:
        corpus.store.drop("holdfast__g1")
        table = tables.generation
        with corpus.ledger.write() as connection:
            for rows in (tables.chunk, tables.version, tables.standing):
                connection.execute(delete(rows).where(rows.c.generation == "holdfast__g1"))
            dropped = update(table).where(table.c.name == "holdfast__g1")
            connection.execute(dropped.values(state=GenerationState.DROPPED))
    place.backup()
    saboteur.watch(EdgeStore, "point_alias")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        copy.restore(place.root / "backup")
    copy.restore(place.root / "backup")
    assert copy.rows() == place.rows()


@pytest.mark.parametrize("step", ["_copy_points", "_copy_rows"])
def test_a_restore_that_was_replaced_writes_no_points_and_no_alias(
    source: Path, copy: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    real = getattr(restore_run.RestoreRun, step)

    def replaced(run: Any, *args: Any) -> None:
        seize(run._corpus.ledger, UPKEEP)
        real(run, *args)

    monkeypatch.setattr(restore_run.RestoreRun, step, replaced)
    with pytest.raises(LeaseLostError):
        copy.restore(source)
    with copy.opened() as corpus:
        assert corpus.store.alias("holdfast") is None
        there = corpus.store.count("holdfast__g1", PointFilter())
    assert (there > 0) == (step == "_copy_rows")
