"""Streams of records in one compressed file, which is measured and hashed while it passes.

Rows of the ledger are lines of JSON. Points are MessagePack, each with its length in four bytes
(big-endian) before it. Both are compressed with zstd as one frame, and never held as a whole.
"""

import hashlib
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, cast

import msgspec
import zstandard

from indexing.errors import BackupError

LEVEL = 3
PIECE: Final = 1 << 18
LENGTH = 4
# Plain ASCII: a JSON value may hold half a surrogate pair, which UTF-8 cannot.
_AS_JSON = json.JSONEncoder(separators=(",", ":")).encode


@dataclass(frozen=True, slots=True)
class FileEntry:
    """What a file of a backup must be."""

    size: int
    sha256: str
    rows: int
    """How many records it holds."""


class PointRecord(msgspec.Struct, frozen=True, array_like=True):
    """A point as a backup holds it; numbers are little-endian."""

    id: bytes
    payload: dict[str, Any]
    dense: bytes
    """float32"""
    indices: bytes
    """uint32, of the sparse vector."""
    values: bytes
    """float32, of the sparse vector."""


class Measured:
    """Passes bytes on to a file and remembers how many and which."""

    def __init__(self, file: BinaryIO) -> None:
        """Measure what is written to `file`."""
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        """Write and measure."""
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def entry(self, rows: int) -> FileEntry:
        """Say what the file must be."""
        return FileEntry(self.size, self._hash.hexdigest(), rows)


class RecordWriter:
    """Writes records into one file and counts them."""

    def __init__(self, file: BinaryIO) -> None:
        """Write to `file`, which stays open."""
        self._measured = Measured(file)
        packer = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
        self._packed: BinaryIO = packer.stream_writer(
            cast("BinaryIO", self._measured), closefd=False
        )
        self._encode = msgspec.msgpack.Encoder().encode
        self.rows = 0

    def line(self, row: Mapping[str, Any]) -> None:
        """Write a row as a line of JSON."""
        self._packed.write(_AS_JSON(row).encode("ascii") + b"\n")
        self.rows += 1

    def point(self, point: PointRecord) -> None:
        """Write a point."""
        message = self._encode(point)
        self._packed.write(len(message).to_bytes(LENGTH, "big") + message)
        self.rows += 1

    def close(self) -> FileEntry:
        """Write what is still held back; returns what the file must be from now on."""
        self._packed.close()
        return self._measured.entry(self.rows)


class CheckedReader:
    """Reads a file and holds it, at its end, against what it must be."""

    def __init__(self, file: BinaryIO, entry: FileEntry, name: str) -> None:
        """Read `file`, which stays open; `name` is for the message."""
        self._file = file
        self._entry = entry
        self._name = name
        self._hash = hashlib.sha256()
        self._size = 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; none at the end."""
        data = self._file.read(size)
        self._hash.update(data)
        self._size += len(data)
        return data

    def finish(self, rows: int | None = None) -> None:
        """Read what is left and check all of it.

        Args:
            rows: How many records were found; none if nobody looked.

        Raises:
            BackupError: The file is not what was written.
        """
        while self.read(PIECE):
            pass
        if self._size != self._entry.size:
            raise damaged(self._name, f"it has {self._size} bytes instead of {self._entry.size}")
        if self._hash.hexdigest() != self._entry.sha256:
            raise damaged(self._name, "its checksum is another one")
        if rows not in {None, self._entry.rows}:
            raise damaged(self._name, f"it has {rows} records instead of {self._entry.rows}")


def read_lines(file: BinaryIO, entry: FileEntry, name: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a file.

    Raises:
        BackupError: The file is not what was written; at the latest after its last row.
    """
    rows = 0
    with unpacked(file, entry, name) as (source, checked):
        for line in source:
            rows += 1
            row: dict[str, Any] = json.loads(line)
            yield row
        checked.finish(rows)


def read_points(file: BinaryIO, entry: FileEntry, name: str) -> Iterator[PointRecord]:
    """Yield the points of a file.

    Raises:
        BackupError: The file is not what was written; at the latest after its last point.
    """
    rows = 0
    decode = msgspec.msgpack.Decoder(PointRecord).decode
    with unpacked(file, entry, name) as (source, checked):
        while head := source.read(LENGTH):
            rows += 1
            yield decode(source.read(int.from_bytes(head, "big")))
        checked.finish(rows)


@contextmanager
def unpacked(
    file: BinaryIO, entry: FileEntry, name: str
) -> Iterator[tuple[io.BufferedReader, CheckedReader]]:
    """Decompress a file while it is read; whatever does not decode is damage."""
    checked = CheckedReader(file, entry, name)
    stream = zstandard.ZstdDecompressor().stream_reader(
        cast("BinaryIO", checked), read_size=PIECE, closefd=False
    )
    try:
        yield io.BufferedReader(cast("io.RawIOBase", stream), PIECE), checked
    except (zstandard.ZstdError, ValueError, msgspec.MsgspecError) as error:
        raise damaged(name, str(error)) from error


def damaged(name: str, detail: str) -> BackupError:
    """Return the error for a file of a backup that is not what was written."""
    return BackupError(
        f"The backup is damaged: {name}, {detail}. Nothing was restored. Use another backup, or "
        "copy this one again from where it is whole."
    )
