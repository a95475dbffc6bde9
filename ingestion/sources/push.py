"""Documents that other programs handed over, by `holdfast push` or over HTTP."""

from collections.abc import Callable

from config.sources import PushSource
from ingestion.document import EXACT, Labels, Listing, Refusal, SourceEntry, Stat
from ingestion.sources.gathering import Gathering, changed, too_large
from ingestion.sources.spool import Spool


class PushedSource:
    """Lists and reads what is in the spool."""

    def __init__(self, settings: PushSource, spool: Spool) -> None:
        """Read from `spool`, with the labels of the settings where a document has none."""
        self._settings = settings
        self._spool = spool

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._settings.name

    @property
    def location(self) -> str:
        """The file of the spool."""
        return str(self._spool.path)

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """List what is in the spool.

        Raises:
            SourceUnavailableError: The spool cannot be read.
        """
        gathering = Gathering(self._settings.include, self._settings.exclude, on_progress)
        for document in self._spool.documents():
            gathering.take(
                SourceEntry(
                    document.key,
                    Stat(document.size, document.pushed_ns, EXACT + document.sha256),
                    document.metadata,
                    Labels(self._settings.trust, document.acl or self._settings.acl),
                )
            )
        return gathering.listing()

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read one document, as long as it is what was listed."""
        if entry.stat.size > max_bytes:
            return too_large(entry.key, entry.stat.size, max_bytes)
        content = self._spool.content(entry.key, entry.stat.tag.removeprefix(EXACT))
        return changed(entry.key) if content is None else content
