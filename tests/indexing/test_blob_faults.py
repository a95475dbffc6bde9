"""Blobs: a name holds what it says, whatever a process or the power did before."""

import os
from pathlib import Path
from typing import Any

import fsspec
import pytest

from config.errors import ConfigError
from indexing.blobs import BlobKind, BlobName, BlobStore, raw_path
from indexing.errors import StoreCorruptError, StoreUnavailableError
from indexing.failpoints import Failpoint
from ingestion.document import sha256_of
from tests.support.deaths import dying_at

DATA = b"The harbour is closed on Sundays." * 20
NAME = sha256_of(DATA)


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(str(tmp_path / "blobs"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "blobs" / raw_path(NAME)


@pytest.mark.parametrize("left", [b"", b"half of a blob", None])
def test_what_the_power_took_from_a_blob_is_written_again(
    blobs: BlobStore, place: Path, left: bytes | None
) -> None:
    """The name was there, its content was not yet on the disk."""
    blobs.put_raw(NAME, DATA)
    place.write_bytes(place.read_bytes()[:-9] if left is None else left)
    blobs.put_raw(NAME, DATA)
    assert blobs.raw(NAME) == DATA


def flushed(monkeypatch: pytest.MonkeyPatch, blobs: BlobStore) -> set[str]:
    """What a sync flushes."""
    seen: set[str] = set()
    real = os.fsync

    def fsync(descriptor: int) -> None:
        seen.add(os.readlink(f"/proc/self/fd/{descriptor}"))
        real(descriptor)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        blobs.sync()
    return seen


def test_a_blob_and_every_folder_on_its_way_are_flushed(
    blobs: BlobStore, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.put_raw(NAME, DATA)
    wanted = {str(p) for p in (place, *place.parents) if len(p.parts) >= len(place.parts) - 3}
    assert flushed(monkeypatch, blobs) == wanted
    assert flushed(monkeypatch, blobs) == set(), "once is enough"


def test_a_blob_that_a_dead_process_left_is_flushed_by_whoever_needs_it(
    blobs: BlobStore, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with dying_at(Failpoint.BLOB_KEPT):
        blobs.put_raw(NAME, DATA)
    again = BlobStore(blobs.location)
    again.put_raw(NAME, DATA)
    assert str(place) in flushed(monkeypatch, again)


def test_a_blob_that_is_taken_away_before_the_commit_stops_it(
    blobs: BlobStore, place: Path
) -> None:
    blobs.put_raw(NAME, DATA)
    place.unlink()
    with pytest.raises(StoreUnavailableError, match="A blob could not be written"):
        blobs.sync()


def test_what_never_got_its_name_is_no_blob_and_can_be_cleared(
    blobs: BlobStore, place: Path
) -> None:
    with dying_at(Failpoint.BLOB_WRITTEN):
        blobs.put_raw(NAME, DATA)
    assert list(blobs.names()) == []
    assert blobs.delete_unfinished() == 1
    assert list(place.parent.iterdir()) == []


def test_the_password_of_a_url_is_in_no_message() -> None:
    """What is said of a blob is kept in the ledger, and shown to whoever lists documents."""
    fs = fsspec.filesystem("memory")
    blobs = BlobStore("memory://reader:secret@bucket/blobs")
    blobs.put_raw(NAME, DATA)
    (path,) = (path for path in fs.store if path.endswith(raw_path(NAME)))
    fs.pipe_file(path, b"half of it")
    with pytest.raises(StoreCorruptError, match="reader:") as caught:
        blobs.raw(NAME)
    fs.store.clear()
    assert "secret" not in f"{caught.value} {blobs.location}"


@pytest.mark.parametrize("call", ["exists", "pipe_file", "cat_file", "find", "rm_file"])
def test_a_cloud_has_errors_of_its_own(call: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials that are missing are no OSError, and ended every command with a traceback."""
    blobs = BlobStore("memory://bucket/blobs")
    blobs.put_raw(NAME, DATA)

    def refuse(*_: Any, **__: Any) -> Any:
        raise RuntimeError("Unable to locate credentials")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), call, refuse)
    with pytest.raises(StoreUnavailableError, match=r"locate credentials\). Check that it can be"):
        do_everything(blobs)
    fsspec.filesystem("memory").store.clear()


def do_everything(blobs: BlobStore) -> None:
    blobs.put_raw(sha256_of(b"other"), b"other")
    blobs.raw(NAME)
    list(blobs.names())
    blobs.delete(BlobName(BlobKind.RAW, NAME, raw_path(NAME)))


@pytest.mark.parametrize("url", ["nosuch://bucket/blobs", "oci://bucket/blobs"])
def test_a_url_that_nothing_reads_is_a_settings_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"blobs\.url .* cannot be used"):
        BlobStore(url).put_raw(NAME, DATA)
