"""Files of rows: JSON lines, CSV, TSV and Parquet, read row by row, and a single row again.

A row is found again by its place: offset and length in a text file, row group and index in a
Parquet file. A row that cannot be read is a `RowFault`; a file that cannot be read any further
raises, because the rows behind are unknown then.
"""

import csv
import io
import json
import os
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

MAX_ROW_BYTES = 128 * 1024 * 1024
MAX_ROW_GROUP_BYTES = 1024 * 1024 * 1024

Place = tuple[int, int]
_TOLD = re.compile(r"\"?sep=([,;|\t])\"?[ \t]*(?:\r\n?|\n)", re.I)
"""What spreadsheets write before the header to say what stands between cells."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column, and where it stands."""

    number: int
    """From 1, without the header."""
    place: Place
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that cannot be read."""

    number: int
    detail: str


class RowFileError(Exception):
    """A file cannot be read as a table, or not to its end."""


class RowFile(Protocol):
    """A file of rows."""

    def rows(self) -> Iterator[Row | RowFault]:
        """Yield every row; raises `RowFileError` where the file cannot be read any further."""
        ...

    def row_at(self, place: Place) -> Mapping[str, object]:
        """Read one row again; raises `RowFileError` if there is none any more."""
        ...


def open_binary(path: Path) -> BinaryIO:
    """Open a regular file, following no link put in its place."""
    return open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")


class JsonLines:
    """A file with one JSON object a line."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Read `path` when asked for rows; all columns are at hand."""
        self._path = path

    def rows(self) -> Iterator[Row | RowFault]:
        """Yield the object of every line that is not blank."""
        with open_binary(self._path) as file:
            offset, number = 0, 0
            while line := file.readline(MAX_ROW_BYTES + 1):
                if len(line) > MAX_ROW_BYTES:
                    raise RowFileError(f"line {number + 1} is longer than {MAX_ROW_BYTES} bytes")
                place = (offset, len(line))
                offset += len(line)
                if not line.strip():
                    continue
                number += 1
                try:
                    yield Row(number, place, _json_object(line))
                except RowFileError as error:
                    yield RowFault(number, str(error))

    def row_at(self, place: Place) -> Mapping[str, object]:
        """Read the object of one line again."""
        with open_binary(self._path) as file:
            file.seek(place[0])
            return _json_object(file.read(place[1]))


def _json_object(line: bytes) -> Mapping[str, object]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise RowFileError(f"it is no JSON in UTF-8 ({type(error).__name__})") from error
    if not isinstance(value, dict):
        raise RowFileError("it is JSON, but no object")
    return value


class _Lines:
    """Lines of a CSV file for the csv module, counting the bytes that were handed over.

    A line that is not UTF-8 is handed over nevertheless: if it raised, the csv module would take
    what follows it in the same quotes for rows of their own.
    """

    def __init__(self, file: BinaryIO, begins: int) -> None:
        self._file = file
        self.offset = begins
        self.ended = False
        self.tabs: list[int] = []
        """How many there are in each line of the row; -1 for one that is indented by them."""
        self._begun = 0
        self._first: tuple[str, int, UnicodeDecodeError | None] = ("", begins, None)
        self._fault: UnicodeDecodeError | None = None

    def begin(self) -> int:
        """Begin a row; returns where it stands."""
        self._begun, self._fault, self.tabs = self.offset, None, []
        return self._begun

    def only_first(self) -> str:
        """Return the first line of the row and go on behind it, as if no more had been read."""
        text, self.offset, self._fault = self._first
        self.ended = False
        self._file.seek(self.offset)
        return text

    def check(self) -> None:
        """Raise `UnicodeDecodeError` if the lines of the row are not UTF-8."""
        if self._fault is not None:
            raise self._fault

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._file.readline(MAX_ROW_BYTES + 1)
        self.ended = not line
        if not line:
            raise StopIteration
        self.offset += len(line)
        if self.offset - self._begun > MAX_ROW_BYTES:
            raise RowFileError(f"a row is longer than {MAX_ROW_BYTES} bytes; is a quote missing?")
        encoding = "utf-8-sig" if self.offset == len(line) else "utf-8"
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            self._fault = error
            text = line.decode(encoding, "replace")
        if not self.tabs:
            self._first = (text, self.offset, self._fault)
        self.tabs.append(-1 if text[:1] == "\t" else text.count("\t"))
        return text


class Delimited:
    """A CSV file in UTF-8 whose first line names the columns."""

    _delimiter = ""
    """Empty where the header has to tell."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Read `path` when asked for rows; the delimiter is the most frequent in the header."""
        self._path = path
        self._columns = columns

    def rows(self) -> Iterator[Row | RowFault]:
        """Yield every row that is not blank; text in quotes may span lines.

        Spreadsheets export rows that nobody filled in as well, as delimiters alone.
        """
        csv.field_size_limit(MAX_ROW_BYTES)
        with open_binary(self._path) as file:
            header, delimiter, begins = self._header(file)
            file.seek(begins)
            lines = _Lines(file, begins)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            next(reader)
            number = 0
            while True:
                begun = lines.begin()
                try:
                    fields = self._next_row(reader, lines, len(header))
                    lines.check()
                except (csv.Error, UnicodeDecodeError) as error:
                    if lines.ended:
                        raise RowFileError(f"it ends within a row ({error})") from error
                    number += 1
                    yield RowFault(number, f"it is no CSV in UTF-8 ({error})")
                    continue
                if fields is None:
                    return
                if not any(map(str.strip, fields)):
                    continue
                number += 1
                if len(fields) == len(header):
                    place = (begun, lines.offset - begun)
                    yield Row(number, place, dict(zip(header, fields, strict=True)))
                else:
                    detail = f"it has {len(fields)} fields, the header {len(header)}"
                    yield RowFault(number, detail)

    def row_at(self, place: Place) -> Mapping[str, object]:
        """Read one row again."""
        with open_binary(self._path) as file:
            header, delimiter, _ = self._header(file)
            file.seek(place[0])
            data = file.read(place[1])
        try:
            fields = self._row_of(data.decode("utf-8"), delimiter)
        except (csv.Error, UnicodeDecodeError) as error:
            raise RowFileError(str(error)) from error
        return dict(zip(header, fields, strict=False))

    def _next_row(self, reader: Iterator[list[str]], lines: _Lines, width: int) -> list[str] | None:
        """Read on to the end of a row; none is left where the file ends."""
        return next(reader, None)

    def _row_of(self, text: str, delimiter: str) -> list[str]:
        """Read the text of one row again."""
        lines = io.StringIO(text, newline="")
        return next(csv.reader(lines, delimiter=delimiter, strict=True), [])

    def _header(self, file: BinaryIO) -> tuple[list[str], str, int]:
        """Return the columns, what stands between them, and where their line begins."""
        begins = 0
        text = self._line(file)
        told = _TOLD.fullmatch(text)
        if told:
            begins, text = file.tell(), self._line(file)
        guessed = self._delimiter or max("\t,;|" if "\t" in text else ",;|", key=text.count)
        delimiter = told[1] if told else guessed
        try:
            header = next(csv.reader([text], delimiter=delimiter, strict=True), [])
        except csv.Error as error:
            raise RowFileError(f"its header cannot be read ({error})") from error
        _require(header, self._columns)
        return header, delimiter, begins

    def _line(self, file: BinaryIO) -> str:
        try:
            return file.readline(MAX_ROW_BYTES).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise RowFileError("its header is not UTF-8; save it as UTF-8") from error


class TabSeparated(Delimited):
    """A TSV file: commas are part of its names, however many there are.

    Spreadsheets write cells in quotes as they do in CSV; databases write them as they are, and a
    quote stands for itself (`"Best" in town`). So where a row is none by its quotes, or those would
    make one row of lines that are rows, its first line is taken as it stands.
    """

    _delimiter = "\t"

    def _next_row(self, reader: Iterator[list[str]], lines: _Lines, width: int) -> list[str] | None:
        try:
            fields = super()._next_row(reader, lines, width)
            if len(lines.tabs) < 2 or width < 2 or set(lines.tabs) != {width - 1}:
                return fields
        except (csv.Error, RowFileError):
            if not lines.tabs:
                raise
        return _as_it_stands(lines.only_first())

    def _row_of(self, text: str, delimiter: str) -> list[str]:
        try:
            return super()._row_of(text, delimiter)
        except csv.Error:
            return _as_it_stands(text)


def _as_it_stands(line: str) -> list[str]:
    return line.rstrip("\r\n").split("\t")


class Parquet:
    """A Parquet file; only the columns in question are read."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        """Read `path` when asked for rows."""
        self._path = path
        self._columns = columns
        self._lock = threading.Lock()
        self._held: tuple[tuple[int, ...], Any] | None = None

    def rows(self) -> Iterator[Row | RowFault]:
        """Yield every row, a thousand at a time."""
        import pyarrow as pa
        from pyarrow import parquet

        number = 0
        try:
            with open_binary(self._path) as raw, parquet.ParquetFile(raw) as file:
                _require(file.schema_arrow.names, self._columns)
                for group in range(file.num_row_groups):
                    _bounded(file, group)
                    index = 0
                    for batch in file.iter_batches(
                        1000, row_groups=[group], columns=list(self._columns), use_threads=False
                    ):
                        for values in _values_of(batch):
                            number += 1
                            if isinstance(values, RowFileError):
                                yield RowFault(number, str(values))
                            else:
                                yield Row(number, (group, index), values)
                            index += 1
        except (pa.ArrowException, OSError) as error:
            raise RowFileError(f"it is no Parquet file that can be read ({error})") from error

    def row_at(self, place: Place) -> Mapping[str, object]:
        """Read one row again; the row group stays in memory for the next one."""
        import pyarrow as pa

        group, index = place
        try:
            found = next(_values_of(self._group(group).slice(index, 1)), None)
        except (pa.ArrowException, OSError, IndexError) as error:
            raise RowFileError(str(error)) from error
        if found is None:
            raise RowFileError("the row is gone")
        if isinstance(found, RowFileError):
            raise found
        return found

    def _group(self, group: int) -> Any:
        """Return a row group as an Arrow table, read again if the file is another one now."""
        from pyarrow import parquet

        found = os.stat(self._path)
        state = (group, found.st_ino, found.st_size, found.st_mtime_ns)
        with self._lock:
            if self._held is None or self._held[0] != state:
                with open_binary(self._path) as raw, parquet.ParquetFile(raw) as file:
                    _bounded(file, group)
                    table = file.read_row_group(
                        group, columns=list(self._columns), use_threads=False
                    )
                self._held = (state, table)
            return self._held[1]


def _values_of(rows: Any) -> "Iterator[Mapping[str, object] | RowFileError]":
    """Yield the rows of Arrow data as values of Python, or why one cannot be had.

    Arrow takes texts that are no UTF-8, days beyond the year 9999 and time zones that nobody knows;
    which errors those are, the library leaves to whatever it hands them to.
    """
    try:
        whole: list[Mapping[str, object]] = rows.to_pylist()
    except Exception:  # noqa: BLE001 - one row must not cost the others, see above
        for at in range(rows.num_rows):
            try:
                made: list[Mapping[str, object]] = rows.slice(at, 1).to_pylist()
            except Exception as error:  # noqa: BLE001 - as above
                yield RowFileError(f"it holds a value that cannot be read ({error})")
            else:
                yield from made
    else:
        yield from whole


def _bounded(file: Any, group: int) -> None:
    size = file.metadata.row_group(group).total_byte_size
    if size > MAX_ROW_GROUP_BYTES:
        raise RowFileError(f"a row group has {size} bytes; at most {MAX_ROW_GROUP_BYTES} are read")


def _require(names: Sequence[str], columns: Sequence[str]) -> None:
    missing = [column for column in columns if column not in names]
    if missing:
        raise RowFileError(f"it has no column {missing[0]!r}; it has: {', '.join(names)}")
    twice = [column for column in columns if names.count(column) > 1]
    if twice:
        raise RowFileError(f"it has more than one column {twice[0]!r}; rename all but one")


FORMATS: Mapping[str, Callable[[Path, Sequence[str]], RowFile]] = {
    ".jsonl": JsonLines,
    ".ndjson": JsonLines,
    ".csv": Delimited,
    ".tsv": TabSeparated,
    ".parquet": Parquet,
}
"""How a file is read, by its suffix."""
