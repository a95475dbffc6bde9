"""A folder (or a single file) on this machine as a source; nothing outside it is ever read.

Symbolic links are never followed: one that leaves the root is refused (`OUTSIDE_SOURCE`), one
that points inside is skipped, for its target is listed under its own name. Hidden files and
folders (leading dot) and lock files of Office programs (`~$…`) are skipped. Pipes, sockets and
devices are refused and never opened.
"""

import errno
import os
import stat as modes
from collections.abc import Callable
from pathlib import Path

from ingestion.document import Listing, Reason, Refusal, SourceEntry
from ingestion.errors import SourceMissingError, SourceUnavailableError
from ingestion.sources.globs import Patterns
from ingestion.sources.names import real_name, shown_name
from ingestion.sources.walk import FolderWalk, kind_of, stat_of

READ_ATTEMPTS = 3
_CHUNK = 1024 * 1024


class LocalFolderSource:
    """Lists and reads the files under a root; implements the `Source` protocol."""

    def __init__(
        self,
        name: str,
        root: Path,
        include: tuple[str, ...] = ("**/*",),
        exclude: tuple[str, ...] = (),
    ) -> None:
        """Configure the source; the root is looked at only when listing or reading.

        Args:
            name: Name of the source, part of every document id.
            root: Folder, or a single file.
            include: Glob patterns on keys; a document is taken if any matches.
            exclude: Glob patterns on keys; a document is skipped if any matches. `**` spans
                folders, `*` and `?` stay within one.
        """
        self._name = name
        self._root = Path(os.path.abspath(root))
        self._include = Patterns(include)
        self._exclude = Patterns(exclude)

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._name

    @property
    def location(self) -> str:
        """Path of the root, safe to show."""
        return shown_name(os.fspath(self._root))

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """List the files under the root, sorted by key, without opening any.

        Args:
            on_progress: Called now and then with the number of entries found so far.

        Raises:
            SourceMissingError: The root does not exist, or is neither a folder nor a file.
            SourceUnavailableError: The root cannot be looked at.
        """
        root_stat = self._root_stat()
        if modes.S_ISREG(root_stat.st_mode):
            entry = SourceEntry(shown_name(self._root.name), stat_of(root_stat))
            return Listing((entry,), complete=True)
        walk = FolderWalk(self._root, self._include, self._exclude)
        walk.run(on_progress)
        return walk.listing()

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read one listed file, making sure that it does not change meanwhile.

        Args:
            entry: An entry of a listing of this source.
            max_bytes: Larger files are refused, by their size and by the bytes actually read.
        """
        path = self._path(entry.key)
        if path is None:
            return Refusal(
                entry.key, Reason.OUTSIDE_SOURCE, "The key leads out of the folder of the source."
            )
        for _ in range(READ_ATTEMPTS):
            try:
                content = _read_stable(path, entry.key, max_bytes)
            except OSError as error:
                return _unreadable(entry.key, error)
            if content is not None:
                return content
        return Refusal(
            entry.key,
            Reason.CHANGED_WHILE_READ,
            f"The file kept changing while it was read ({READ_ATTEMPTS} attempts);"
            " the next run tries again.",
        )

    def _root_stat(self) -> os.stat_result:
        try:
            found = os.stat(self._root)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise SourceMissingError(
                f"The root of source '{self._name}' does not exist: {self.location}."
                " Create or mount it, or correct its path in the settings."
            ) from error
        except OSError as error:
            raise SourceUnavailableError(
                f"The root of source '{self._name}' cannot be looked at: {self.location}"
                f" ({error.strerror})."
            ) from error
        if not (modes.S_ISDIR(found.st_mode) or modes.S_ISREG(found.st_mode)):
            raise SourceMissingError(
                f"The root of source '{self._name}' is neither a folder nor a file:"
                f" {self.location}."
            )
        return found

    def _path(self, key: str) -> str | None:
        """Path for a key, or none if it leads out of the root by name or through a link."""
        root = os.fspath(self._root)
        if os.path.isfile(root):
            # The root itself may be a link, as that of a folder may: it is named by the settings.
            return os.path.realpath(root) if key == shown_name(self._root.name) else None
        parts = real_name(key).split("/")
        if not key or any(part in ("", ".", "..") for part in parts):
            return None
        folder = os.path.join(root, *parts[:-1])
        if os.path.realpath(folder) != os.path.join(os.path.realpath(root), *parts[:-1]):
            return None
        return os.path.join(folder, parts[-1])


def _read_stable(path: str, key: str, max_bytes: int) -> bytes | Refusal | None:
    """Read a file; none if it changed meanwhile."""
    # Neither follow a link put in its place nor block on a pipe.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not modes.S_ISREG(before.st_mode):
            kind = kind_of(before.st_mode)
            return Refusal(key, Reason.NOT_A_FILE, f"It is a {kind}, not a regular file.")
        if before.st_size > max_bytes:
            return _too_large(key, before.st_size, max_bytes)
        parts, size = [], 0
        while chunk := file.read(_CHUNK):
            parts.append(chunk)
            size += len(chunk)
            if size > max_bytes:
                return _too_large(key, size, max_bytes)
        after = os.fstat(descriptor)
    if stat_of(before) != stat_of(after) or size != after.st_size:
        return None
    # A replacement by rename leaves the opened file alone, but the name means another one now.
    current = os.stat(path, follow_symlinks=False)
    return b"".join(parts) if stat_of(current) == stat_of(after) else None


def _too_large(key: str, size: int, max_bytes: int) -> Refusal:
    return Refusal(
        key,
        Reason.TOO_LARGE,
        f"The file has at least {size} bytes; at most {max_bytes} are read (max_document_mb).",
    )


def _unreadable(key: str, error: OSError) -> Refusal:
    if error.errno == errno.ELOOP:
        detail = "It is a symbolic link; links are not followed."
        return Refusal(key, Reason.OUTSIDE_SOURCE, detail)
    if error.errno == errno.ENXIO:
        return Refusal(key, Reason.NOT_A_FILE, "It is a socket or a pipe, not a regular file.")
    if isinstance(error, FileNotFoundError):
        detail = "The file was gone when it was to be read; the next run looks again."
    elif isinstance(error, PermissionError):
        detail = "Reading the file is not permitted; grant this user read access."
    else:
        detail = f"The file cannot be read: {error.strerror or error}."
    return Refusal(key, Reason.UNREADABLE, detail)
