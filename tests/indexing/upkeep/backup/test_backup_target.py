"""Where a backup is written to: it is there completely, or it is not a backup."""

import errno
import os
import socket
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import fsspec
import pytest

from config.errors import ConfigError
from indexing.errors import BackupError, StoreUnavailableError
from indexing.ledger.leases import this_holder
from indexing.stores.edge import EdgeStore
from indexing.upkeep import archive_writer
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_writer import ArchiveWriter, partial_of


@pytest.fixture
def bucket() -> Iterator[str]:
    """The URL of an empty place that is no folder of this machine."""
    fs = fsspec.filesystem("memory")
    fs.store.clear()
    yield "memory://bucket/monday"
    fs.store.clear()


def test_a_cloud_that_cannot_be_looked_at_is_no_place_for_a_backup(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What its client raises for missing credentials is no OSError."""

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Unable to locate credentials")

    for call in ("isfile", "cat_file"):
        monkeypatch.setattr(type(fsspec.filesystem("memory")), call, refuse)
    with pytest.raises(BackupError, match=r"cannot be written to .*locate credentials"):
        ArchiveWriter(bucket)
    with pytest.raises(BackupError, match=r"cannot be read .*locate credentials"):
        ArchiveReader(bucket)


def test_a_cloud_that_is_away_is_a_wrong_target() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = f"sftp://127.0.0.1:{nobody.getsockname()[1]}/monday"
        for opened in (ArchiveWriter, ArchiveReader):
            with pytest.raises(ConfigError, match="cannot be used for a backup"):
                opened(away)


def test_a_place_that_can_only_be_read_is_a_wrong_target() -> None:
    """Fsspec says so without a word: the command ended in an empty traceback."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}/monday?secret_key=s3cret"
        with ArchiveWriter(address) as archive, pytest.raises(ConfigError) as caught:
            archive.put("manifest.json", b"{}")
    assert "can only be read" in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("name", ["of::monday", "[monday]", "monday?"])
def test_a_backup_is_written_where_it_says(small: Any, name: str) -> None:
    from indexing.upkeep.backup import backup

    before = {path.name for path in small.root.iterdir()}
    with small.opened() as corpus:
        written = backup(corpus, str(small.root / name)).manifest
    assert {path.name for path in small.root.iterdir()} - before == {name}
    reader = ArchiveReader(str(small.root / name))
    reader.verify()
    assert reader.manifest == written


def test_a_backup_goes_where_a_link_leads(small: Any) -> None:
    real, link = small.root / "real", small.root / "link"
    for name in ("empty", "missing"):
        if name == "empty":
            (real / name).mkdir(parents=True)
        (link / name).parent.mkdir(exist_ok=True)
        (link / name).symlink_to(real / name)
        small.backup(f"link/{name}")
        assert (link / name).is_symlink()
        ArchiveReader(str(real / name)).verify()
    assert sorted(path.name for path in real.iterdir()) == ["empty", "missing"]


def test_a_place_where_a_file_system_is_mounted_is_refused_before_anything_is_written() -> None:
    """Nothing can be renamed into its place, and beside it is another disk."""
    with pytest.raises(ConfigError, match=r"mounted.*Name a new folder in it, such as /backup"):
        ArchiveWriter("/")


def test_a_backup_that_breaks_off_anywhere_leaves_nothing(small: Any, saboteur: Any) -> None:
    before = small.everything()
    saboteur.watch(ArchiveWriter, "_created")
    saboteur.watch(archive_writer, "flush_tree")
    saboteur.watch(archive_writer.os, "rename")
    struck = []
    with small.opened() as corpus:
        from indexing.upkeep.backup import backup

        for call in count(1):
            saboteur.aim(call)
            try:
                backup(corpus, str(small.root / "broken"))
            except saboteur.error:
                struck.append(saboteur.struck)
                assert not list(small.root.glob("*broken*"))
            else:
                break
    assert saboteur.struck is None
    # Tables, points, calibrations, what was pushed, the list of blobs, blobs, manifest.
    files = 12 + 1 + 1 + 1 + 1 + 6 + 1
    assert struck == [*["_created"] * files, "flush_tree", "rename"]
    assert small.everything() == before
    assert ArchiveReader(str(small.root / "broken")).manifest.live == "holdfast__g1"


def test_a_backup_whose_last_flush_fails_is_taken_away_again(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = small.root / "broken"
    real = archive_writer.flush

    def flush(path: str) -> None:
        if path == str(target.parent):
            assert target.exists()
            raise OSError(errno.EIO, "Input/output error")
        real(path)

    monkeypatch.setattr(archive_writer, "flush", flush)
    with pytest.raises(BackupError, match=r"no backup there.*home is as it was"):
        small.backup("broken")
    assert not target.exists()


def test_a_full_disk_is_told_and_nothing_stays(small: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("indexing.upkeep.archive_records.Measured.write", full)
    with pytest.raises(BackupError, match="No space left on device") as caught:
        small.backup("full")
    assert str(small.root / "full") in str(caught.value)
    assert not list(small.root.glob("*full*"))


def test_a_store_that_does_not_answer_leaves_no_backup(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> Any:
        raise StoreUnavailableError("no answer")

    monkeypatch.setattr(EdgeStore, "fetch", away)
    with pytest.raises(StoreUnavailableError):
        small.backup("away")
    assert not list(small.root.glob("*away*"))


def test_a_lease_that_was_lost_leaves_no_backup(small: Any) -> None:
    """Somebody may have collected garbage while this process was paused."""
    from indexing.errors import LeaseLostError
    from indexing.ledger.leases import seize
    from indexing.upkeep.exclusive import UPKEEP

    def steal(what: str, _done: int, _total: int | None) -> None:
        if what == "blobs":
            with small.opened() as corpus:
                seize(corpus.ledger, UPKEEP)

    with pytest.raises(LeaseLostError):
        small.backup("stolen", on_progress=steal)
    assert not list(small.root.glob("*stolen*"))


def test_what_killed_backups_left_is_removed_by_the_next_one(small: Any) -> None:
    host, pid, started = this_holder().rsplit(":", 2)
    dead = partial_of(small.root / "backup", f"{host}:{pid}:{float(started) - 3600:.2f}")
    elsewhere = partial_of(small.root / "backup", f"another-host:{pid}:{started}")
    other = partial_of(small.root / "other", f"{host}:{pid}:{float(started) - 3600:.2f}")
    for folder in (dead, elsewhere, other):
        (folder / "ledger").mkdir(parents=True)
    small.backup()
    left = {path for path in small.root.iterdir() if "partial" in path.name}
    assert left == {elsewhere, other}


def test_an_empty_folder_is_taken(small: Any) -> None:
    (small.root / "deep" / "backup").mkdir(parents=True)
    small.backup("deep/backup")
    assert [path.name for path in (small.root / "deep").iterdir()] == ["backup"]
    assert (small.root / "deep" / "backup" / "manifest.json").exists()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: (path.mkdir(), (path / "x").touch()), "is not empty"),
        (lambda path: path.write_text("mine"), "is a file"),
    ],
)
def test_what_is_there_is_never_overwritten(small: Any, make: Any, told: str) -> None:
    target = small.root / "taken"
    make(target)
    before = sorted(target.rglob("*")) or target.read_text()
    with pytest.raises(ConfigError, match=told):
        small.backup("taken")
    assert (sorted(target.rglob("*")) or target.read_text()) == before


@pytest.mark.parametrize("inside", ["home/index/x", "home/blobs/raw"])
def test_a_target_inside_what_is_backed_up_is_refused(small: Any, inside: str) -> None:
    with pytest.raises(ConfigError, match="which is backed up"):
        small.backup(inside)


@pytest.mark.parametrize(
    ("target", "told"), [("", "is empty"), ("nonsense://me:sekret@host/x", "cannot be used")]
)
def test_a_target_that_is_none_is_told_without_its_password(
    small: Any, target: str, told: str
) -> None:
    from indexing.upkeep.backup import backup

    with small.opened() as corpus, pytest.raises(ConfigError, match=told) as caught:
        backup(corpus, target)
    assert "sekret" not in str(caught.value)


def test_under_a_url_the_manifest_comes_last(
    small: Any, copy: Any, bucket: str, saboteur: Any
) -> None:
    from indexing.upkeep.backup import backup

    saboteur.watch(ArchiveWriter, "_created")
    with small.opened() as corpus:
        for call in count(1, 4):
            saboteur.aim(call)
            try:
                backup(corpus, bucket)
            except saboteur.error:
                with pytest.raises(ConfigError, match="is no backup"):
                    ArchiveReader(bucket)
            else:
                break
        with pytest.raises(ConfigError, match="is not empty"):
            backup(corpus, bucket)
    assert call > 8
    order = list(fsspec.filesystem("memory").store)
    assert order[-1].endswith("manifest.json")
    copy.restore(bucket)
    assert copy.everything() == small.everything()


def test_a_manifest_names_every_file_with_size_hash_and_rows(place: Any) -> None:
    import hashlib
    import json

    place.backup()
    folder: Path = place.root / "backup"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {"format", "holdfast", "schema", "created_at"} < set(manifest)
    kept = {(g["name"], g["epoch"], g["points"]) for g in manifest["generations"]}
    assert kept == {("holdfast__g1", 3, 5), ("holdfast__g2", 3, 5)}
    listed = dict(manifest["files"])
    archive = ArchiveReader(str(folder))
    listed |= {
        f"blobs/{path}": {"size": entry.size, "sha256": entry.sha256, "rows": 0}
        for path, entry in archive.blobs()
    }
    files = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    assert set(files) == {*listed, "manifest.json"}
    for name, entry in listed.items():
        data = files[name].read_bytes()
        assert (entry["size"], entry["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["files"]["ledger/document.jsonl.zst"]["rows"] == 6
    assert manifest["blobs"]["count"] == sum(name.startswith("blobs/") for name in files)
