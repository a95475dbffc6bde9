"""A backup goes into whatever engines the settings name, and out of them again."""

import json
import shutil
import warnings
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from sqlalchemy import MetaData, create_engine

from indexing.errors import BackupError
from indexing.ledger.database import open_ledger
from indexing.ledger.promotions import PromotionKind, list_promotions, record_promotion
from indexing.ledger.schema import HEAD, migrate
from indexing.upkeep import restore_run
from indexing.upkeep.archive import table_path
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_records import RecordWriter
from indexing.upkeep.ledger_rows import KEPT
from indexing.upkeep.manifest import SEAL, seal_of
from indexing.upkeep.purge import purge
from tests.support.qdrant_standin import Standin


def test_from_edge_to_a_server_and_back(place: Any, copy: Any, make_place: Any) -> None:
    rows, points, blobs, readings = place.everything()
    place.backup()
    with Standin() as server, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Payload indexes have no effect")
        warnings.filterwarnings("ignore", message="Local mode performs exact")
        away = make_place("away", store={"url": server.url})
        away.restore(place.root / "backup")
        assert away.readings() == readings
        with pytest.raises(BackupError, match="the alias holdfast names holdfast__g2"):
            make_place("elsewhere", store={"url": server.url}).restore(place.root / "backup")
        away.backup()
    assert not (away.settings.home / "index").exists()
    copy.restore(away.root / "backup")
    found = copy.everything()
    assert (found[0], found[2], found[3]) == (rows, blobs, readings)
    for name, wanted in points.items():
        assert found[1][name].keys() == wanted.keys()
        for identity, (payload, dense, sparse) in wanted.items():
            again = found[1][name][identity]
            assert (again[0], again[2]) == (payload, sparse)
            np.testing.assert_allclose(again[1], dense, atol=1e-6)


@pytest.mark.postgres
def test_from_sqlite_to_postgresql_and_back(
    place: Any, copy: Any, make_place: Any, url: str, saboteur: Any
) -> None:
    rows, _points, blobs, readings = place.everything()
    place.backup()
    away = make_place("away", ledger={"url": url})
    saboteur.watch(restore_run.RestoreRun, "_check_chunks")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        away.restore(place.root / "backup")
    assert not any(away.rows().values())  # one transaction there, too
    away.restore(place.root / "backup")
    occupied = "the ledger has holdfast__g1, holdfast__g2.*name an empty database"
    with pytest.raises(BackupError, match=occupied) as caught:
        make_place("elsewhere", ledger={"url": url}).restore(place.root / "backup")
    assert "--replace" not in str(caught.value)  # which is refused here
    assert (away.rows(), away.readings()) == (rows, readings)
    assert not (away.settings.home / "ledger.sqlite").exists()
    away.backup()
    copy.restore(away.root / "backup")
    assert (copy.rows(), copy.blobs(), copy.readings()) == (rows, blobs, readings)
    with away.opened() as corpus:  # numbers that the database gives out go on after the rows
        record_promotion(corpus.ledger, "x", "holdfast__g1", None, PromotionKind.ROLLBACK)
        (made,) = list_promotions(corpus.ledger, "x")
    assert made.number == max(row["number"] for row in rows["promotion"]) + 1


def make_older(source: Path, room: Path) -> dict[str, set[str]]:
    """Turn a backup into one that the first schema's Holdfast would have written.

    Returns:
        The columns that each of its tables had.
    """
    engine = create_engine(f"sqlite:///{room / 'older.sqlite'}")
    older = MetaData()
    with engine.begin() as connection:
        migrate(connection, "0001")
        older.reflect(connection)
    engine.dispose()
    archive = ArchiveReader(str(source))
    body = json.loads((source / "manifest.json").read_text())
    for table in KEPT:
        path = table_path(table.name)
        rows = list(archive.rows(table.name))
        (source / path).unlink()
        del body["files"][path]
        if table.name in older.tables:
            columns = older.tables[table.name].columns.keys()
            with (source / path).open("wb") as file:
                writer = RecordWriter(file)
                for row in rows:
                    writer.line({name: row[name] for name in columns})
                entry = writer.close()
            body["files"][path] = {"size": entry.size, "sha256": entry.sha256, "rows": entry.rows}
    body["schema"] = "0001"
    (source / "manifest.json").write_text(json.dumps({**body, SEAL: seal_of(body)}))
    return {table.name: set(table.columns.keys()) for table in older.sorted_tables}


def test_a_backup_of_an_older_schema_is_brought_up_to_date(
    small: Any, source: Path, copy: Any, tmp_path: Path
) -> None:
    assert HEAD != "0001"
    columns = make_older(source, tmp_path)
    copy.restore(source)
    before, after = small.rows(), copy.rows()
    assert (copy.readings(), copy.points()) == (small.readings(), small.points())
    for table, rows in before.items():
        kept = columns.get(table, set())
        assert [{n: row[n] for n in kept} for row in after[table]] == (
            [{n: row[n] for n in kept} for row in rows] if kept else []
        )
    assert {row["payload_sha256"] for row in after["chunk"]} == {None}
    assert {row["gap"] for row in after["epoch"]} == {0}
    open_ledger(None, copy.settings.home).close()  # a ledger of this version, like any other
    assert not list(copy.settings.home.glob("older-*"))
    assert copy.backup().state == "BackedUp"


@pytest.mark.parametrize("next_one", ["restore", "purge"])
def test_what_a_killed_restore_of_an_older_backup_unpacked_does_not_stay(
    small: Any, source: Path, copy: Any, tmp_path: Path, monkeypatch: Any, next_one: str
) -> None:
    make_older(source, tmp_path)
    document = UUID(small.rows()["document"][0]["document_id"])

    def left() -> list[Path]:
        return list(copy.settings.home.glob("older-*"))

    def die(*_: Any) -> None:
        (folder,) = left()
        shutil.copytree(folder, f"{folder}-left")  # a killed process takes nothing away
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(restore_run, "find_barred", die)
        with pytest.raises(KeyboardInterrupt):
            copy.restore(source)
    assert left()
    if next_one == "restore":
        copy.restore(source)
        assert copy.readings() == small.readings()
    else:
        with copy.opened() as corpus:
            purge(corpus, [document])
    assert left() == []
