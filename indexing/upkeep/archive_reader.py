"""Reading a backup: whatever is read to its end has been held against the manifest."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from config.errors import ConfigError
from config.origins import mask_url
from indexing.blobs import blob_name
from indexing.errors import BackupError
from indexing.upkeep.archive import (
    CALIBRATIONS,
    INVENTORY,
    MANIFEST,
    PUSHED,
    blob_path,
    filesystem_of,
    is_local,
    points_path,
    table_path,
)
from indexing.upkeep.archive_records import (
    CheckedReader,
    FileEntry,
    PointRecord,
    damaged,
    read_lines,
    read_points,
)
from indexing.upkeep.manifest import read_manifest
from ingestion.document import sha256_of


class ArchiveReader:
    """Reads one backup."""

    def __init__(self, source: str) -> None:
        """Read the manifest of a backup.

        Raises:
            ConfigError: There is no backup.
            BackupError: The manifest is damaged or of a newer format.
        """
        self._fs, self._root = filesystem_of(source)
        self.name = mask_url(source)
        self.folder = Path(self._root) if is_local(self._fs) else None
        """Where it lies, if on this machine."""
        try:
            self._seal: bytes = self._fs.cat_file(f"{self._root}/{MANIFEST}")
        except FileNotFoundError:
            raise ConfigError(
                f"{self.name} is no backup: it has no {MANIFEST}. Name the folder or URL that "
                "`holdfast backup` wrote to."
            ) from None
        except Exception as error:  # a cloud's client has errors of its own
            raise self._unreadable(error) from error
        self.manifest = read_manifest(self._seal)
        self.identity = sha256_of(self._seal)
        """Tells this backup from every other one."""

    def verify(self, on_file: Callable[[], None] = lambda: None) -> None:
        """Hold every file against its checksum, without decompressing any.

        Args:
            on_file: Is called after each file.

        Raises:
            BackupError: A file is missing or damaged.
        """
        for path, entry in self.manifest.files.items():
            self._check(path, entry)
            on_file()
        for blob, entry in self.blobs():
            self._check(blob_path(blob), entry)
            on_file()

    def rows(self, table: str) -> Iterator[dict[str, Any]]:
        """Yield the rows of a table as they were written."""
        path = table_path(table)
        with self._opened(path) as file:
            yield from read_lines(file, self._entry(path), path)

    def points(self, generation: str) -> Iterator[PointRecord]:
        """Yield the points of a generation."""
        path = points_path(generation)
        with self._opened(path) as file:
            yield from read_points(file, self._entry(path), path)

    def calibrations(self) -> Iterator[dict[str, Any]]:
        """Yield name and content of every calibration; older backups have none."""
        yield from self._lines(CALIBRATIONS)

    def pushed(self) -> Iterator[dict[str, Any]]:
        """Yield every pushed document, those of a source together; older backups have none."""
        yield from self._lines(PUSHED)

    def blobs(self) -> Iterator[tuple[str, FileEntry]]:
        """Yield the name of every blob, and what it must be."""
        with self._opened(INVENTORY) as file:
            for line in read_lines(file, self._entry(INVENTORY), INVENTORY):
                if blob_name(str(line["path"])) is None:
                    raise damaged(INVENTORY, f"{line['path']!r} is not the name of a blob")
                yield line["path"], FileEntry(line["size"], line["sha256"], 0)

    def blob(self, path: str, entry: FileEntry) -> bytes:
        """Return a blob as it was kept."""
        with self._opened(blob_path(path)) as file:
            data = file.read()
        if (len(data), sha256_of(data)) != (entry.size, entry.sha256):
            raise damaged(blob_path(path), "its checksum is another one")
        return data

    def _lines(self, path: str) -> Iterator[dict[str, Any]]:
        if path in self.manifest.files:
            with self._opened(path) as file:
                yield from read_lines(file, self._entry(path), path)

    def _entry(self, path: str) -> FileEntry:
        if path not in self.manifest.files:
            raise damaged(MANIFEST, f"it does not list {path}")
        return self.manifest.files[path]

    def _check(self, path: str, entry: FileEntry) -> None:
        with self._opened(path) as file:
            CheckedReader(file, entry, path).finish()

    @contextmanager
    def _opened(self, path: str) -> Iterator[BinaryIO]:
        try:
            with self._fs.open(f"{self._root}/{path}", "rb") as file:
                yield file
        except FileNotFoundError:
            raise damaged(path, "it is missing") from None
        except OSError as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> BackupError:
        return BackupError(
            f"The backup at {self.name} cannot be read "
            f"({getattr(error, 'strerror', None) or error}). Nothing was restored. Check that it "
            "is there and readable, and try again."
        )
