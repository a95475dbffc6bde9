"""Writing a backup: it is there completely, or it is not a backup.

A local folder is written beside its place, flushed to the disk and renamed into it. Under a URL
the manifest comes last: what has none is refused by every reader.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from config.errors import ConfigError, HoldfastError
from config.origins import mask_url
from indexing.durable import flush
from indexing.errors import BackupError
from indexing.ledger.leases import has_ended, this_holder
from indexing.upkeep.archive import MANIFEST, filesystem_of, is_local
from indexing.upkeep.archive_records import FileEntry, RecordWriter, read_lines
from indexing.upkeep.manifest import Manifest, write_manifest
from ingestion.document import sha256_of

PARTIAL = "partial"


class ArchiveWriter:
    """Writes one backup; use it as a context manager and end with `finish`."""

    def __init__(self, target: str) -> None:
        """Prepare to write to a folder or URL; nothing is written before `with`.

        Raises:
            ConfigError: The target is no place for a backup, or holds something.
        """
        self._fs, self._root = filesystem_of(target)
        self._local = is_local(self._fs)
        self._name = mask_url(target)
        self._place = self._root
        self._folders: set[str] = set()
        self._finished = False
        self.files: dict[str, FileEntry] = {}
        self._check_free()

    def __enter__(self) -> Self:
        if self._local:
            place = Path(self._root)
            with self._told():
                place.parent.mkdir(parents=True, exist_ok=True)
                remove_abandoned(place)
                self._place = str(partial_of(place, this_holder()))
                Path(self._place).mkdir()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._finished:
            with contextlib.suppress(Exception):  # the error that ended the backup matters more
                self._fs.rm(self._place, recursive=True)

    @contextmanager
    def records(self, path: str) -> Iterator[RecordWriter]:
        """Write the records of one file."""
        with self._told(), self._created(path) as file:
            writer = RecordWriter(file)
            yield writer
            self.files[path] = writer.close()

    def lines(self, path: str) -> Iterator[dict[str, Any]]:
        """Read the rows of a file again that is written already."""
        with self._told(), self._fs.open(f"{self._place}/{path}", "rb") as file:
            yield from read_lines(file, self.files[path], path)

    def put(self, path: str, data: bytes) -> FileEntry:
        """Write a small file as it is; it is not listed in the manifest."""
        with self._told(), self._created(path) as file:
            file.write(data)
        return FileEntry(len(data), sha256_of(data), 0)

    def finish(self, manifest: Manifest) -> None:
        """Make it a backup: from now on it is there, all of it."""
        with self._told():
            self.put(MANIFEST, write_manifest(manifest))
            if self._local:
                flush_tree(self._place)
                os.rename(self._place, self._root)
                self._place = self._root  # taken away again, should the next line fail
                flush(str(Path(self._root).parent))
            self._finished = True

    @contextmanager
    def _created(self, path: str) -> Iterator[BinaryIO]:
        whole = f"{self._place}/{path}"
        folder = whole.rpartition("/")[0]
        if folder not in self._folders:
            self._fs.makedirs(folder, exist_ok=True)
            self._folders.add(folder)
        with self._fs.open(whole, "wb") as file:
            yield file

    def _check_free(self) -> None:
        """Refuse a place that holds something, or that nobody can look at."""
        try:
            if self._local:
                # Nothing can be renamed into the place of a link.
                self._root = self._place = str(Path(self._root or "/").resolve())
            if self._local and os.path.ismount(self._root):
                raise ConfigError(
                    f"{self._name} is where a file system is mounted. A backup is written beside "
                    "its place and renamed into it, which is not possible there. Name a new folder "
                    f"in it, such as {self._name.rstrip('/')}/backup."
                )
            if self._fs.isfile(self._root):
                raise ConfigError(f"{self._name} is a file. Name a new folder for the backup.")
            if self._fs.exists(self._root) and self._fs.ls(self._root, detail=False):
                raise ConfigError(
                    f"{self._name} is not empty, and a backup overwrites nothing. Name a new "
                    "folder, or move that one away."
                )
        except HoldfastError:
            raise
        except Exception as error:  # a cloud's client has errors of its own
            raise self._unwritable(error) from error

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unwritable(error) from error
        except NotImplementedError as error:  # without a word, where nothing can be written
            raise ConfigError(
                f"Nothing can be written to {self._name}: places of this kind can only be read. "
                "Name a folder, or a URL that takes files, such as s3://. There is no backup."
            ) from error

    def _unwritable(self, error: Exception) -> BackupError:
        return BackupError(
            f"The backup cannot be written to {self._name} "
            f"({getattr(error, 'strerror', None) or error}). There is no backup there, and the "
            "home is as it was. Check the disk space and the permissions, or name another place."
        )


def partial_of(place: Path, holder: str) -> Path:
    """Name the folder in which this process writes what is to become `place`."""
    return place.with_name(f".{place.name}.{PARTIAL}.{holder.replace(':', '_')}")


def remove_abandoned(place: Path) -> None:
    """Remove what processes of this machine that were killed left of backups to the same place."""
    prefix = f".{place.name}.{PARTIAL}."
    for path in place.parent.iterdir():
        if not path.name.startswith(prefix):
            continue
        holder = ":".join(path.name.removeprefix(prefix).rsplit("_", 2))
        if has_ended(holder):
            shutil.rmtree(path, ignore_errors=True)


def flush_tree(folder: str) -> None:
    """Make everything in a folder survive a power failure; all at the end is quicker by far."""
    for path, _, files in os.walk(folder, topdown=False):
        for name in files:
            flush(f"{path}/{name}")
        flush(path)
