"""Turning settings and paths into sources."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import ConfigError
from config.secrets import secrets_of
from config.settings import Settings
from config.sources import (
    FsspecSource,
    GitSource,
    LocalSource,
    PushSource,
    SourceSettings,
    TableSource,
    WebSource,
)
from ingestion.document import Labels, Listing, Refusal, SourceEntry, sha256_of
from ingestion.errors import SourceUnavailableError
from ingestion.sources.base import Source
from ingestion.sources.local import LocalFolderSource

if TYPE_CHECKING:
    from ingestion.sources.spool import Spool

MEGABYTE = 1_000_000


class LabelledSource:
    """A source with what its settings add whatever its kind: labels, and a limit of its own."""

    def __init__(self, source: Source, settings: SourceSettings) -> None:
        """Add what `settings` say to `source`."""
        self._source = source
        # What is pushed has labels document by document, which no default may widen.
        is_pushed = isinstance(settings, PushSource)
        self._labels = None if is_pushed else Labels(settings.trust, settings.acl)
        limit = settings.max_document_mb
        self._max_bytes = None if limit is None else int(limit * MEGABYTE)

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._source.name

    @property
    def location(self) -> str:
        """Where the source lies, for people."""
        return self._source.location

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """List what exists, with the labels.

        Raises:
            SourceError: It cannot be listed, or what the home keeps for it cannot be written.
        """
        try:
            listing = self._source.list_entries(on_progress)
        except OSError as error:  # a full disk must not end the run for the other sources
            raise SourceUnavailableError(
                f"Source '{self.name}' could not be listed: {error}. Free the disk, or let this "
                "user write to the folder `sources` of the home."
            ) from error
        return listing if self._labels is None else replace(listing, labels=self._labels)

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read one entry within the limit of the source and that of the caller."""
        least = max_bytes if self._max_bytes is None else min(self._max_bytes, max_bytes)
        return self._source.read(entry, least)


def configured_sources(settings: Settings, names: Sequence[str] = ()) -> list[Source]:
    """Return the configured sources of these names, or all of them.

    Raises:
        ConfigError: No source is configured, or a name is unknown.
    """
    known = {source.name: source for source in settings.sources}
    if not known:
        raise ConfigError(
            "No source is configured. Add one under `sources:` in config/holdfast.yaml, or name "
            "a folder behind the command (PATH)."
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(
            f"There is no source named {unknown[0]!r}; configured are: {', '.join(known)}."
        )
    # A source named twice is one source: listed twice, its documents would be new twice.
    return [make_source(settings, known[name]) for name in (dict.fromkeys(names) or known)]


def only_name(names: Sequence[str]) -> str | None:
    """Return the name for a folder given on the command line, if there is one.

    Raises:
        ConfigError: Several are given.
    """
    if len(set(names)) > 1:
        raise ConfigError(f"A folder has one name as a source; --source has {', '.join(names)}.")
    return names[0] if names else None


def ad_hoc_source(settings: Settings, path: Path, name: str | None = None) -> Source:
    """Return a source for a folder named on the command line.

    A configured source with the same folder is used as it is. Otherwise the name is taken from
    the folder and its full path, so that two folders called `docs` are two sources. Under the name
    of a configured source, documents get the labels that are configured for it.
    """
    resolved = path.resolve()
    for source in settings.sources:
        same = isinstance(source, LocalSource) and source.path.resolve() == resolved
        if same and name in {None, source.name}:
            return make_source(settings, source)
    folder = "".join(c if c.isalnum() or c in "._-" else "-" for c in resolved.name) or "root"
    made = LocalFolderSource(name or f"{folder}-{sha256_of(str(resolved))[:8]}", path)
    named = next((source for source in settings.sources if source.name == name), None)
    return made if named is None else LabelledSource(made, named)


def make_source(settings: Settings, source: SourceSettings) -> Source:
    """Build the source that a section of the settings describes."""
    return LabelledSource(make_plain(settings, source), source)


def make_plain(settings: Settings, source: SourceSettings) -> Source:
    """Build a source without what all kinds have in common.

    Each kind is imported only when there is a source of it.
    """
    kept = settings.home / "sources"
    match source:
        case FsspecSource():
            from ingestion.sources.remote import FsspecUrlSource

            return FsspecUrlSource(source, secrets_of(settings, source.name))
        case WebSource():
            from ingestion.sources.web import WebPagesSource

            return WebPagesSource(source, kept / "web", largest_document(settings, source))
        case GitSource():
            from ingestion.sources.git import GitRefSource

            return GitRefSource(source, kept / "git", secrets_of(settings, source.name))
        case TableSource():
            from ingestion.sources.table import TableRowsSource

            return TableRowsSource(source)
        case PushSource():
            from ingestion.sources.push import PushedSource

            return PushedSource(source, spool_of(settings, source))
        case LocalSource():
            return LocalFolderSource(source.name, source.path, source.include, source.exclude)
    raise ConfigError(f"Source {source.name!r} is of a kind nothing is registered for.")


def largest_document(settings: Settings, source: SourceSettings) -> int:
    """Return how many bytes a document of a source may have: what both limits allow."""
    limit = settings.ingestion.max_document_mb
    own = source.max_document_mb
    return int((limit if own is None else min(limit, own)) * MEGABYTE)


def spool_of(settings: Settings, source: PushSource) -> "Spool":
    """Return where documents pushed to a source are kept."""
    from ingestion.sources.spool import Spool

    file = settings.home / "sources" / "push" / f"{source.name}.sqlite"
    return Spool(file, settings.tenant)
