"""Gathering a listing: patterns, keys no source should have, and what makes it incomplete.

Every kind of source but the local folder, which walks on its own for speed, puts what it finds in
here, so that patterns, hostile keys and completeness mean the same for all.
"""

from collections.abc import Callable

from ingestion.document import (
    LONGEST_KEY,
    Listing,
    Reason,
    Refusal,
    SkippedEntry,
    SourceEntry,
    sha256_of,
)
from ingestion.sources.globs import Patterns

PROGRESS_EVERY = 500
UNSTORABLE = "Its name is too long or holds characters that cannot be stored."

OnProgress = Callable[[int], None]


class Gathering:
    """Collects what a source finds; use once."""

    def __init__(
        self,
        include: tuple[str, ...],
        exclude: tuple[str, ...],
        on_progress: OnProgress | None = None,
    ) -> None:
        """Begin a listing with the patterns of a source."""
        self._include = Patterns(include)
        self._exclude = Patterns(exclude)
        self._on_progress = on_progress
        self._entries: dict[str, SourceEntry] = {}
        self._skipped: dict[str, SkippedEntry] = {}
        self._refused: dict[str, Refusal] = {}
        self._problems: list[str] = []

    @property
    def problems(self) -> tuple[str, ...]:
        """Why the listing is not complete, as far as is known."""
        return tuple(self._problems)

    def has(self, key: str) -> bool:
        """Whether a document was taken under this key."""
        return key in self._entries

    def take(self, entry: SourceEntry) -> None:
        """Take a document, unless a pattern skips it or its key is not to be trusted."""
        fault = key_fault(entry.key)
        if fault is not None:
            self.refuse(entry.key, Reason.OUTSIDE_SOURCE, fault)
        elif (skipped := self.skip_reason(entry.key)) is not None:
            self.skip(entry.key, skipped)
        elif entry.key in self._entries:
            self.problem(f"The key {entry.key} was listed twice; the first one was taken.")
        else:
            self._entries[entry.key] = entry
            if self._on_progress is not None and len(self._entries) % PROGRESS_EVERY == 0:
                self._on_progress(len(self._entries))

    def skip_reason(self, key: str) -> str | None:
        """Return why the patterns skip a key, or none if they take it."""
        if not self._include.match(key):
            return "matches no include pattern"
        return "matches an exclude pattern" if self._exclude.match(key) else None

    def skip(self, key: str, detail: str) -> None:
        """Note something that is not to be taken, by the settings or by its nature."""
        shown = storable(key)
        self._skipped.setdefault(shown, SkippedEntry(shown, detail))

    def refuse(self, key: str, reason: Reason, detail: str) -> None:
        """Note a document that cannot be taken."""
        shown = storable(key)
        self._refused.setdefault(shown, Refusal(shown, reason, detail))

    def problem(self, detail: str) -> None:
        """Note why the listing is not complete; nothing is deleted because of it."""
        if detail not in self._problems:
            self._problems.append(detail)

    def listing(self) -> Listing:
        """Return what was found; a key is listed once, as a document before anything else."""
        if self._on_progress is not None:
            self._on_progress(len(self._entries))
        taken = self._entries
        refused = {key: r for key, r in self._refused.items() if key not in taken}
        return Listing(
            tuple(taken.values()),
            complete=not self._problems,
            skipped=tuple(
                s for key, s in self._skipped.items() if key not in taken and key not in refused
            ),
            refused=tuple(refused.values()),
            problems=tuple(self._problems),
        )


def key_fault(key: str) -> str | None:
    """Return why a key cannot be that of a document, or none if it can."""
    if not key:
        return "It has no name."
    if storable(key) != key:
        return UNSTORABLE
    if any(part in {".", ".."} for part in key.split("/")):
        return "Its name holds . or .. as a folder and would lead out of the source."
    return None


def is_hidden(key: str) -> bool:
    """Whether a file, or a folder it is in, has a name with a leading dot."""
    return any(part.startswith(".") and part not in {".", ".."} for part in key.split("/"))


def storable(key: str) -> str:
    """Return a key as every database can store it."""
    is_plain = key.isascii() and "\0" not in key
    shown = key if is_plain else key.replace("\0", "\\x00")
    data = shown.encode("utf-8", "backslashreplace")
    if len(data) <= LONGEST_KEY:
        return key if is_plain else data.decode()
    mark = f"~{sha256_of(key)[:16]}"
    return data[: LONGEST_KEY - len(mark)].decode("utf-8", "ignore") + mark


def too_large(key: str, size: int, max_bytes: int) -> Refusal:
    """Refuse a document that is larger than the settings allow."""
    detail = f"It has at least {size} bytes; at most {max_bytes} are read (max_document_mb)."
    return Refusal(key, Reason.TOO_LARGE, detail)


def changed(key: str) -> Refusal:
    """Refuse a document that is no longer what was listed; its listed stat must not name it."""
    detail = "It changed between the listing and the reading; the next run tries again."
    return Refusal(key, Reason.CHANGED_WHILE_READ, detail)
