"""One walk through a folder: what is there, by name and stat, without opening anything."""

import os
import stat as modes
from collections.abc import Callable
from pathlib import Path

from ingestion.document import (
    LONGEST_KEY,
    Listing,
    Reason,
    Refusal,
    SkippedEntry,
    SourceEntry,
    Stat,
)
from ingestion.sources.gathering import UNSTORABLE, storable
from ingestion.sources.globs import Patterns
from ingestion.sources.names import shown_name

PROGRESS_EVERY = 500
MOST_BYTES = 4
"""Of one character in UTF-8."""


class FolderWalk:
    """Gathers the entries under a root; use once."""

    def __init__(self, root: Path, include: Patterns, exclude: Patterns) -> None:
        self._root = os.fspath(root)
        self._real_root = os.path.realpath(root)
        self._include = include
        self._exclude = exclude
        self._folders: list[tuple[str, str]] = []
        self._entries: list[SourceEntry] = []
        self._skipped: list[SkippedEntry] = []
        self._refused: list[Refusal] = []
        self._problems: list[str] = []

    def run(self, on_progress: Callable[[int], None] | None) -> None:
        """Walk through all folders, telling now and then how many entries were found."""
        self._folders.append(("", self._root))
        reported = 0
        while self._folders:
            self._scan(*self._folders.pop())
            if on_progress is not None and len(self._entries) - reported >= PROGRESS_EVERY:
                reported = len(self._entries)
                on_progress(reported)
        if on_progress is not None:
            on_progress(len(self._entries))

    def listing(self) -> Listing:
        """What was found, sorted by key; complete if every folder could be read."""
        return Listing(
            tuple(sorted(self._entries, key=lambda entry: entry.key)),
            complete=not self._problems,
            skipped=tuple(sorted(self._skipped, key=lambda entry: entry.key)),
            refused=tuple(sorted(self._refused, key=lambda refusal: refusal.key)),
            problems=tuple(self._problems),
        )

    def _scan(self, prefix: str, folder: str) -> None:
        try:
            with os.scandir(folder) as items:
                for item in items:
                    self._take(prefix + item.name, item)
        except OSError as error:
            where = shown_name(prefix.rstrip("/")) or "."
            self._problems.append(
                f"The folder {where} cannot be listed: {error.strerror or error}."
            )

    def _take(self, relative: str, item: "os.DirEntry[str]") -> None:
        key = shown_name(relative)
        if not is_storable(key) and not item.is_dir(follow_symlinks=False):
            self._refused.append(Refusal(storable(key), Reason.OUTSIDE_SOURCE, UNSTORABLE))
        elif item.name.startswith("."):
            self._skipped.append(SkippedEntry(key, "hidden: the name starts with a dot"))
        elif item.is_symlink():
            self._take_link(key, item)
        elif item.is_dir(follow_symlinks=False):
            self._folders.append((relative + "/", item.path))
        else:
            self._take_file(key, item)

    def _take_file(self, key: str, item: "os.DirEntry[str]") -> None:
        if item.name.startswith("~$"):
            self._skipped.append(SkippedEntry(key, "lock file of an Office program"))
        elif not self._include.match(key):
            self._skipped.append(SkippedEntry(key, "matches no include pattern"))
        elif self._exclude.match(key):
            self._skipped.append(SkippedEntry(key, "matches an exclude pattern"))
        else:
            try:
                found = item.stat(follow_symlinks=False)
            except FileNotFoundError:
                return  # gone since the folder was listed
            except OSError as error:
                self._problems.append(f"{key} cannot be looked at: {error.strerror or error}.")
                return
            if modes.S_ISREG(found.st_mode):
                self._entries.append(SourceEntry(key, stat_of(found)))
            else:
                detail = f"It is a {kind_of(found.st_mode)}, not a regular file; never opened."
                self._refused.append(Refusal(key, Reason.NOT_A_FILE, detail))

    def _take_link(self, key: str, item: "os.DirEntry[str]") -> None:
        root = self._real_root
        target = os.path.realpath(item.path)
        if target != root and not target.startswith(root.rstrip("/") + "/"):
            detail = "It is a symbolic link that leads out of the source; links are not followed."
            self._refused.append(Refusal(key, Reason.OUTSIDE_SOURCE, detail))
        elif not os.path.exists(target):
            detail = "It is a symbolic link that leads nowhere."
            self._refused.append(Refusal(key, Reason.NOT_A_FILE, detail))
        else:
            detail = "symbolic link inside the source; its target is listed by its own name"
            self._skipped.append(SkippedEntry(key, detail))


def is_storable(key: str) -> bool:
    """Whether a key is short enough for every ledger; the path of a file can be longer."""
    return len(key) <= LONGEST_KEY // MOST_BYTES or len(key.encode()) <= LONGEST_KEY


def stat_of(found: os.stat_result) -> Stat:
    """What is compared to tell whether a file was touched."""
    return Stat(found.st_size, found.st_mtime_ns, f"{found.st_ino}:{found.st_ctime_ns}")


def kind_of(mode: int) -> str:
    """Name of a kind of file, for people."""
    for test, kind in (
        (modes.S_ISDIR, "folder"),
        (modes.S_ISFIFO, "pipe"),
        (modes.S_ISSOCK, "socket"),
        (modes.S_ISBLK, "block device"),
        (modes.S_ISCHR, "character device"),
    ):
        if test(mode):
            return kind
    return "special file"
