"""Restoring: checked before anything is touched, refused where something is, atomic at the end."""

import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import ConfigError
from indexing.blobs import BlobStore
from indexing.errors import (
    BackupError,
    LedgerUnavailableError,
    StoreCorruptError,
    WriterBusyError,
)
from indexing.ledger.leases import HeldLease
from indexing.points import CollectionSpec
from indexing.stores.edge import EdgeStore
from indexing.upkeep import restore_run
from indexing.upkeep.manifest import SEAL, seal_of
from indexing.upkeep.restore import Existing
from indexing.upkeep.restore_place import MARKER


@pytest.fixture
def forge(source: Path) -> Callable[..., None]:
    """Change fields of the manifest as its writer could have written them."""

    def change(**fields: Any) -> None:
        path = source / "manifest.json"
        body = {**json.loads(path.read_text()), **fields}
        path.write_text(json.dumps({**body, SEAL: seal_of(body)}))

    return change


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-3])


def lengthen(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"x")


FILES = ["manifest.json", "blobs.jsonl.zst", "ledger/chunk*", "points/*", "blobs/raw/*/*"]


@pytest.mark.parametrize("harm", [flip, truncate, lengthen, Path.unlink])
@pytest.mark.parametrize("pattern", FILES)
def test_whatever_is_wrong_with_a_file_nothing_is_touched(
    source: Path, make_place: Any, pattern: str, harm: Callable[[Path], Any]
) -> None:
    path = next(source.glob(pattern))
    harm(path)
    copy = make_place("copy")
    missing = (pattern, harm) == ("manifest.json", Path.unlink)
    expected = ConfigError if missing else BackupError
    with pytest.raises(expected, match="is no backup" if missing else "damaged") as caught:
        copy.restore(source)
    assert path.name in str(caught.value)
    assert not copy.settings.home.exists()


def test_a_newer_format_and_a_newer_schema_are_refused(
    source: Path, make_place: Any, forge: Callable[..., None]
) -> None:
    copy = make_place("copy")
    forge(schema="9999")
    with pytest.raises(BackupError, match=r"schema 9999.*newer"):
        copy.restore(source)
    forge(format=2, holdfast="7.0")
    with pytest.raises(BackupError, match=r"format 2.*7\.0"):
        copy.restore(source)
    assert not copy.settings.home.exists()


def test_a_backup_of_another_tenant_is_refused(source: Path, make_place: Any) -> None:
    copy = make_place("copy", tenant="acme")
    with pytest.raises(ConfigError, match="tenant: default"):
        copy.restore(source)
    assert not copy.settings.home.exists()


@pytest.mark.parametrize("name", ["../escape", "a/b"])
def test_no_name_in_a_backup_leads_outside(
    source: Path, make_place: Any, forge: Callable[..., None], name: str
) -> None:
    from indexing.errors import StoreRejectedError

    body = json.loads((source / "manifest.json").read_text())
    forge(generations=[{**body["generations"][0], "name": name}], live=name)
    with pytest.raises(StoreRejectedError, match="is no collection"):
        make_place("copy").restore(source)


def test_counts_that_do_not_add_up_are_no_restore(
    source: Path, copy: Any, monkeypatch: pytest.MonkeyPatch, forge: Callable[..., None]
) -> None:
    real = EdgeStore.upsert
    monkeypatch.setattr(
        EdgeStore, "upsert", lambda self, name, points, **kw: real(self, name, points[1:], **kw)
    )
    with pytest.raises(BackupError, match="3 points instead of 4"):
        copy.restore(source)
    monkeypatch.undo()
    body = json.loads((source / "manifest.json").read_text())
    forge(generations=[{**body["generations"][0], "chunks": 5}])
    with pytest.raises(BackupError, match="4 rows of chunks instead of 5"):
        copy.restore(source)
    assert copy.readings() == {"live": None}


def test_a_restore_that_breaks_off_anywhere_can_be_run_again(
    small: Any, source: Path, copy: Any, saboteur: Any
) -> None:
    """One home goes through an interruption before every step that leaves a trace."""
    saboteur.watch(restore_run, "begin", "remember_purges", "end")
    saboteur.watch(EdgeStore, "drop", "create", "upsert", "flush", "point_alias")
    saboteur.watch(BlobStore, "put_packed")
    saboteur.watch(restore_run.RestoreRun, "_copy_rows", "_check_chunks")
    saboteur.aim(3)
    struck = []
    for call in (*range(1, 8), *range(12, 20)):  # of six blobs the first and the last
        with pytest.raises(saboteur.error):
            copy.restore(source)
        struck.append(saboteur.struck)
        if saboteur.struck == "end":
            break
        with copy.opened() as corpus:
            assert corpus.store.alias("holdfast") is None
        saboteur.aim(call)
    # There is something to drop only where a restore before had made it, hence the two flushes.
    points = ["upsert", "begin", "drop", "create", "flush", "flush"]
    rows = ["_copy_rows", "_check_chunks", "point_alias", "end"]
    assert struck == [*points, *["put_packed"] * 2, "remember_purges", *rows]
    assert copy.everything() == small.everything()
    with pytest.raises(BackupError, match="is not empty"):
        copy.restore(source)


def test_between_ledger_and_alias_nobody_takes_it_for_an_index(
    small: Any, source: Path, copy: Any, saboteur: Any
) -> None:
    saboteur.watch(EdgeStore, "point_alias")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        copy.restore(source)
    with pytest.raises(StoreCorruptError, match="Nothing was changed"):
        copy.ingest(other="Something else.\n")
    with pytest.raises(BackupError, match="was interrupted"):
        copy.backup()
    copy.restore(source)
    assert copy.everything() == small.everything()
    assert not (copy.settings.home / MARKER).exists()


def test_what_came_in_after_an_interrupted_restore_is_not_taken_away(
    source: Path, copy: Any, saboteur: Any
) -> None:
    saboteur.watch(restore_run.RestoreRun, "_copy_rows")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        copy.restore(source)
    copy.ingest(other="Something else.\n")
    before = copy.everything()
    with pytest.raises(BackupError, match="the alias holdfast names holdfast__g1"):
        copy.restore(source)
    assert copy.everything() == before
    assert {key for key, *_ in copy.readings()["holdfast__g1@1"]} == {"other.md"}


def test_a_home_with_an_index_is_left_alone(small: Any, source: Path) -> None:
    before = small.everything()
    with pytest.raises(BackupError, match="--replace"):
        small.restore(source)
    assert small.everything() == before


def test_a_store_with_collections_of_somebody_else_is_left_alone(
    small: Any, source: Path, make_place: Any
) -> None:
    copy = make_place("copy")
    shutil.copytree(small.settings.home / "index", copy.settings.home / "index")
    shutil.rmtree(copy.settings.home / "index" / "aliases")
    with pytest.raises(BackupError, match="the store has holdfast__g1"):
        copy.restore(source)
    assert list(copy.points()) == ["holdfast__g1"]


def test_replace_moves_everything_aside_and_deletes_nothing(
    small: Any, source: Path, make_place: Any
) -> None:
    backed_up = small.rows()
    small.ingest(more="One more.\n")
    before = small.everything()
    done = small.restore(source, existing=Existing.MOVE_ASIDE)
    assert small.rows() == backed_up != before[0]
    ledger, index = done.moved_aside
    assert done.to_json()["moved_aside"] == [str(ledger), str(index)]
    back = make_place("back")
    back.settings.home.mkdir(parents=True)
    ledger.rename(back.settings.home / "ledger.sqlite")
    index.rename(back.settings.home / "index")
    shutil.copytree(small.settings.home / "blobs", back.settings.home / "blobs")
    assert (back.rows(), back.points()) == before[:2]
    assert back.readings() == before[3]


def test_a_replacement_that_fails_says_where_the_old_home_is(
    small: Any, source: Path, saboteur: Any, caplog: pytest.LogCaptureFixture
) -> None:
    saboteur.watch(EdgeStore, "create")
    saboteur.aim(1)
    with pytest.raises(saboteur.error):
        small.restore(source, existing=Existing.MOVE_ASIDE)
    aside = sorted(small.settings.home.glob("*.replaced-*"))
    assert [path.name.partition(".replaced")[0] for path in aside] == ["index", "ledger.sqlite"]
    assert all(str(path) in caplog.text for path in aside)
    caplog.clear()
    small.restore(source)
    assert caplog.text == ""


def test_replace_helps_where_the_ledger_is_damaged(small: Any, source: Path) -> None:
    before = small.everything()
    ledger = small.settings.home / "ledger.sqlite"
    ledger.write_bytes(b"this is no database at all" * 400)
    with pytest.raises(BackupError, match=r"is damaged.*--replace"):
        small.restore(source)
    done = small.restore(source, existing=Existing.MOVE_ASIDE)
    assert small.everything() == before
    assert done.moved_aside[0].read_bytes().startswith(b"this is no database")


def test_replace_heals_damaged_blobs(small: Any, source: Path) -> None:
    before = small.blobs()
    for name in before:
        (small.settings.home / "blobs" / name).write_bytes(b"damaged")
    small.restore(source, existing=Existing.MOVE_ASIDE)
    assert small.blobs() == before


def test_replace_waits_for_nobody_and_moves_nothing_under_a_writer(
    small: Any, source: Path
) -> None:
    """Nor under a backup or a purge, nor under a first ingest."""
    before, leases = small.everything(), ("holdfast__g1", "upkeep", "holdfast")
    with small.opened() as corpus:
        for name in leases:
            with (
                HeldLease(corpus.ledger, name, "anotherrun", 60.0),
                pytest.raises(WriterBusyError, match="Run anotherrun"),
            ):
                small.restore(source, existing=Existing.MOVE_ASIDE)
        for name in leases:
            HeldLease(corpus.ledger, name, "gc", 60.0).give_back()  # no lease is left behind
    assert small.everything() == before


def test_a_home_of_which_a_part_cannot_be_moved_aside_stays_as_it_was(
    small: Any, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the index is a file system of its own: the ledger alone would be no home."""
    before, real = small.everything(), os.rename

    def rename(old: Path, new: Path) -> None:
        if old.name == "index":
            raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(old))
        real(old, new)

    monkeypatch.setattr(os, "rename", rename)
    with pytest.raises(BackupError, match=r"index cannot be moved aside.*All is where it was\."):
        small.restore(source, existing=Existing.MOVE_ASIDE)
    monkeypatch.undo()
    assert small.everything() == before
    with small.opened() as corpus:
        HeldLease(corpus.ledger, "holdfast__g1", "run", 60.0).give_back()
        HeldLease(corpus.ledger, "upkeep", "gc", 60.0).give_back()


def test_replace_is_refused_where_nothing_can_be_moved_aside(
    small: Any, source: Path, make_place: Any
) -> None:
    options: list[dict[str, Any]] = [
        {"store": {"url": "http://127.0.0.1:1"}},
        {"ledger": {"url": "postgresql://127.0.0.1:1/none?password=s3cret"}},
    ]
    for option in options:
        other = make_place("small", **option)
        with pytest.raises(ConfigError, match="under another store"):
            other.restore(source, existing=Existing.MOVE_ASIDE)
    with pytest.raises(LedgerUnavailableError, match="did not answer") as caught:
        other.restore(source)
    assert "s3cret" not in str(caught.value)
    inside = small.settings.home / "index" / "backup"
    shutil.copytree(source, inside)
    with pytest.raises(ConfigError, match="Move the backup elsewhere"):
        small.restore(inside, existing=Existing.MOVE_ASIDE)
    assert small.readings()["live"] == "holdfast__g1"


def test_a_backup_can_be_restored_under_another_alias(
    small: Any, source: Path, make_place: Any
) -> None:
    copy = make_place("copy", store={"collection": "papers"})
    copy.restore(source)
    assert copy.readings() == small.readings()
    before, after = small.rows(), copy.rows()
    assert [row.pop("alias") for row in (*before["promotion"], *after["promotion"])] == [
        "holdfast",
        "papers",
    ]
    assert after == before


def test_a_home_without_an_index_can_be_backed_up_too(copy: Any, make_place: Any) -> None:
    bare = make_place("bare")
    done = bare.backup()
    assert (done.manifest.live, done.manifest.epoch, done.manifest.generations) == (None, None, ())
    restored = copy.restore(bare.root / "backup")
    assert (restored.state, restored.points) == ("Restored", 0)
    assert copy.ingest(first="The first document.\n").epoch == 1


def test_what_others_have_in_the_same_store_stays_and_is_in_nobodys_way(
    source: Path, copy: Any
) -> None:
    with copy.opened() as corpus:
        corpus.store.create("theirs__g1", CollectionSpec(4, "f" * 16))
    assert copy.restore(source).state == "Restored"
    assert {"theirs__g1", "holdfast__g1"} <= copy.points().keys()


def test_a_collection_under_the_name_of_the_home_is_never_taken_for_nothing(
    source: Path, copy: Any
) -> None:
    with copy.opened() as corpus:
        corpus.store.create("holdfast__g9", CollectionSpec(4, "f" * 16))
    with pytest.raises(BackupError, match="the store has holdfast__g9"):
        copy.restore(source)
    assert copy.points().keys() == {"holdfast__g9"}
