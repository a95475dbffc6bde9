"""Rows of JSON lines, CSV, TSV or Parquet files as documents.

A listing reads the files through, since only that says which rows there are; what it keeps of a
row is its hash and its place. A row is then read again at its place, and refused if its hash is
another one by then.
"""

import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from config.sources import TableSource
from ingestion.document import EXACT, Listing, Reason, Refusal, SourceEntry, sha256_of
from ingestion.sources.gathering import Gathering, changed, too_large
from ingestion.sources.local import LocalFolderSource
from ingestion.sources.names import real_name, shown_name
from ingestion.sources.row_files import FORMATS, Place, RowFault, RowFile, RowFileError
from ingestion.sources.rows import RowMapping

Places: TypeAlias = dict[str, tuple[Path, str, int, Place]]
"""By key: the file of a row, its key as far as it is part of the row's, number and place."""


class TableRowsSource:
    """Lists and reads the rows of a file, or of the files of a folder."""

    def __init__(self, settings: TableSource) -> None:
        """Take the path and the columns from the settings."""
        self._settings = settings
        self._root = Path(os.path.abspath(settings.path))
        self._mapping = RowMapping(settings)
        self._places: Places | None = None
        self._open: tuple[Path, RowFile] | None = None

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._settings.name

    @property
    def location(self) -> str:
        """Path of the file or folder, safe to show."""
        return shown_name(os.fspath(self._root))

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """List every row of every file.

        Raises:
            SourceMissingError: The path does not exist.
            SourceUnavailableError: The path cannot be looked at.
        """
        gathering = Gathering(self._settings.include, self._settings.exclude, on_progress)
        places: Places = {}
        files = LocalFolderSource(self.name, self._root).list_entries()
        for problem in files.problems:
            gathering.problem(problem)
        for refused in files.refused:
            gathering.refuse(refused.key, refused.reason, refused.detail)
        for skipped in files.skipped:
            gathering.skip(skipped.key, skipped.detail)
        for file in files.entries:
            if PurePosixPath(file.key).suffix.lower() in FORMATS:
                self._list_file(file.key, gathering, places)
            else:
                gathering.skip(file.key, f"no table: its name ends in none of {', '.join(FORMATS)}")
        self._places = places
        return gathering.listing()

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read one listed row again, at the place where it stood."""
        if self._places is None:
            self.list_entries()
        place = (self._places or {}).get(entry.key)
        if place is None:
            return changed(entry.key)
        if entry.stat.size > max_bytes:
            return too_large(entry.key, entry.stat.size, max_bytes)
        path, file, number, where = place
        try:
            values = self._row_file(path).row_at(where)
            document = self._mapping.document(values, file, number)
        except (RowFileError, RecursionError):
            return changed(entry.key)
        except OSError as error:
            detail = f"Its file cannot be read: {error.strerror or error}."
            return Refusal(entry.key, Reason.UNREADABLE, detail)
        if document is None or EXACT + sha256_of(document.content) != entry.stat.tag:
            return changed(entry.key)
        return document.content

    def _list_file(self, key: str, gathering: Gathering, places: Places) -> None:
        """List the rows of one file; what cannot be read makes the listing incomplete."""
        single = self._root.is_file()
        # The root itself may be a link, such as one to the latest export; nothing inside it may.
        path = self._root.resolve() if single else self._root / real_name(key)
        prefix = "" if single else key
        try:
            for row in self._row_file(path).rows():
                if isinstance(row, RowFault):
                    self._refuse_row(gathering, key, row.number, row.detail)
                    continue
                try:
                    document = self._mapping.document(row.values, prefix, row.number)
                except RecursionError:
                    self._refuse_row(gathering, key, row.number, "it is nested too deeply")
                    continue
                if document is None:
                    detail = f"its column {self._settings.id!r} is empty"
                    self._refuse_row(gathering, key, row.number, detail)
                elif gathering.has(document.entry.key):
                    self._refuse_row(gathering, key, row.number, "an earlier row has the same id")
                else:
                    gathering.take(document.entry)
                    if gathering.has(document.entry.key):
                        places[document.entry.key] = (path, prefix, row.number, row.place)
        except (RowFileError, OSError) as error:
            detail = f"The table cannot be read: {error}."
            gathering.refuse(key, Reason.INVALID_RECORD, detail)
            gathering.problem(f"{key}: {detail}")

    def _refuse_row(self, gathering: Gathering, file: str, number: int, detail: str) -> None:
        """Refuse a row that names no document; which one it was before cannot be known."""
        where = f"{file}#row-{number}"
        gathering.refuse(where, Reason.INVALID_RECORD, f"The row cannot be taken: {detail}.")
        gathering.problem(
            f"{where} cannot be taken: {detail}. Until it is mended, no row is deleted."
        )

    def _row_file(self, path: Path) -> RowFile:
        if self._open is None or self._open[0] != path:
            named = self._root if self._root.is_file() else path
            self._open = (path, FORMATS[named.suffix.lower()](path, self._mapping.columns))
        return self._open[1]
