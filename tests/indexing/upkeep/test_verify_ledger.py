"""A ledger whose rows changed behind Holdfast's back: found, refused, never believed in silence."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, text, update

from indexing.errors import LedgerCorruptError
from indexing.ledger import tables
from indexing.ledger.documents import read_holdings
from indexing.ledger.generations import find_generation
from indexing.points import OPEN_END
from indexing.upkeep.repair import repair
from indexing.upkeep.verify import verify
from tests.support.homes import Home
from tests.support.traces import copy_sparse


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory, parsers: Any) -> Path:
    """Three epochs: four documents, one of them changed, one deleted."""
    root = tmp_path_factory.mktemp("sound") / "main"
    home = Home(root, parsers)
    for number in range(4):
        home.write(f"{number}.txt", f"Note number {number} about the mooring.")
    home.ingest()
    home.write("0.txt", "Another text.")
    (home.folder / "1.txt").unlink()
    home.ingest()
    assert verify(home.corpus).sound
    home.close()
    return root


@pytest.fixture
def filled(sound: Path, tmp_path: Path, make_rig: Any) -> Any:
    """That home, copied: every test damages it."""
    shutil.copytree(sound, tmp_path / "main", copy_function=copy_sparse)
    return make_rig("main")


def change(rig: Any, table: Table, where: str, **values: Any) -> None:
    with rig.corpus.ledger.write() as connection:
        assert connection.execute(update(table).where(text(where)).values(**values)).rowcount


def forget(rig: Any, table: Table, where: str) -> None:
    with rig.corpus.ledger.write() as connection:
        assert connection.execute(delete(table).where(text(where))).rowcount


LIVE = f"valid_to = {OPEN_END}"
CHANGES: dict[str, tuple[Callable[[Any], None], str]] = {
    "a horizon": (
        lambda rig: change(rig, tables.generation, "1", horizon=99),
        "can be read from epoch 99 on",
    ),
    "a horizon below all epochs": (
        lambda rig: change(rig, tables.generation, "1", horizon=-1),
        "can be read from epoch -1 on",
    ),
    "the source of a document": (
        lambda rig: change(rig, tables.standing, "key = '2.txt'", source="dogs"),
        "2.txt belongs to no document, or to one of another source",
    ),
    "the state of a document": (
        lambda rig: change(rig, tables.standing, "key = '1.txt'", state="indexed"),
        "1.txt is indexed and has no open version",
    ),
    "a state that is none to stay in": (
        lambda rig: change(rig, tables.standing, "key = '2.txt'", state="moved"),
        "2.txt has a state that there is none of",
    ),
    "a document that nobody stands for": (
        lambda rig: forget(rig, tables.standing, "key = '2.txt'"),
        f"2.txt has a version from 1 to {OPEN_END} that none made",
    ),
    "the key of a document": (
        lambda rig: change(rig, tables.standing, "key = '2.txt'", key="6.txt"),
        "6.txt is served under another key",
    ),
    "the number of a version": (
        lambda rig: change(rig, tables.version, "key = '2.txt'", number=3),
        "2.txt is served in another version",
    ),
    "the end of a version": (
        lambda rig: change(rig, tables.version, "key = '1.txt'", valid_to=OPEN_END),
        "1.txt is deleted and has an open version",
    ),
    "an end that no commit made": (
        lambda rig: change(rig, tables.version, "key = '1.txt'", valid_to=7),
        "1.txt has a version from 1 to 7 that none made",
    ),
    "a second open version": (
        lambda rig: change(rig, tables.version, "key = '0.txt'", valid_to=OPEN_END),
        "A document has several open versions",
    ),
    "the beginning of a version": (
        lambda rig: change(rig, tables.version, "key = '2.txt'", valid_from=0),
        f"2.txt has a version from 0 to {OPEN_END} that none made",
    ),
    "the end of a point": (
        lambda rig: change(rig, tables.chunk, LIVE, valid_to=2),
        f"Chunk 0 of 2.txt ends at 2, not at {OPEN_END}",
    ),
    "the ordinal of a point": (
        lambda rig: change(rig, tables.chunk, LIVE, ordinal=5),
        "Chunk 5 of 2.txt has an id that is not its own",
    ),
    "the beginning of a point": (
        lambda rig: change(rig, tables.chunk, LIVE, valid_from=0),
        "belongs to no version",
    ),
    "a gap": (
        lambda rig: change(rig, tables.epoch, "number = 2", gap=1),
        "and 4 numbers are accounted for",
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_rows_that_contradict_each_other_are_found(filled: Any, what: str) -> None:
    damage, said = CHANGES[what]
    damage(filled)
    audit = verify(filled.corpus)
    assert audit.counts["ledger_damaged"] > 0
    told = [f.detail for f in audit.generations[0].findings.examples if f.kind == "ledger_damaged"]
    assert any(said in detail for detail in told), told


def test_what_nobody_can_mend_stays_a_fault_after_a_repair(filled: Any) -> None:
    CHANGES["the source of a document"][0](filled)
    assert not repair(filled.corpus).after.sound


@pytest.mark.parametrize("epoch", [0, 2, 4])
def test_an_epoch_that_the_commits_do_not_confirm_is_not_believed(filled: Any, epoch: int) -> None:
    """A writer would take everything above it for left over, and remove it."""
    change(filled, tables.generation, "1", epoch=epoch)
    points = filled.count("holdfast__g1")
    filled.write("2.txt", "A third text.")
    with pytest.raises(LedgerCorruptError, match="its last commit is 3"):
        filled.ingest()
    with pytest.raises(LedgerCorruptError):
        find_generation(filled.corpus.ledger, "holdfast__g1")
    assert filled.count("holdfast__g1") == points


def look_at_everything(rig: Any) -> None:
    rig.ingest()
    read_holdings(rig.corpus.ledger, "holdfast__g1")
    verify(rig.corpus)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (tables.standing, "state", "'andexed'"),
        (tables.standing, "document_id", "'no id'"),
        (tables.version, "flags", "'[\"a'"),
        (tables.generation, "created_at", "'2026-11-2= 21:40:02.063802'"),
        (tables.standing, "key", "CAST(x'ce41' AS TEXT)"),
    ],
)
def test_a_value_that_cannot_be_read_is_a_damaged_ledger(
    filled: Any, table: Table, column: str, value: str
) -> None:
    with filled.corpus.ledger.write() as connection:
        last = f"SELECT max(rowid) FROM {table.name}"
        connection.exec_driver_sql(
            f"UPDATE {table.name} SET {column} = {value} WHERE rowid = ({last})"
        )
    with pytest.raises(LedgerCorruptError, match="is damaged"):
        look_at_everything(filled)


def test_damage_to_the_file_that_no_row_shows_is_found(filled: Any) -> None:
    """Pages of an index that the schema does not know any more; only SQLite's check sees them."""
    with filled.corpus.ledger.write() as connection:
        connection.exec_driver_sql("PRAGMA writable_schema = ON")
        connection.exec_driver_sql("DELETE FROM sqlite_master WHERE name = 'chunk_by_text'")
    filled.corpus.ledger.close()
    audit = verify(filled.corpus)
    assert audit.ledger.counts["ledger_damaged"] > 0
    assert all(generation.findings.sound for generation in audit.generations)
