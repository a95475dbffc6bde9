"""Turning settings and paths into sources."""

from collections.abc import Sequence
from pathlib import Path

from config.errors import ConfigError
from config.settings import LocalSource, Settings
from ingestion.document import sha256_of
from ingestion.sources.base import Source
from ingestion.sources.local import LocalFolderSource


def configured_sources(settings: Settings, names: Sequence[str] = ()) -> list[Source]:
    """Return the configured sources of these names, or all of them.

    Raises:
        ConfigError: No source is configured, or a name is unknown.
    """
    known = {source.name: source for source in settings.sources}
    if not known:
        raise ConfigError(
            "No source is configured. Add one under `sources:` in config/holdfast.yaml, or name "
            "a folder: `holdfast ingest PATH`."
        )
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigError(
            f"There is no source named {unknown[0]!r}; configured are: {', '.join(known)}."
        )
    return [make_source(known[name]) for name in (names or known)]


def ad_hoc_source(settings: Settings, path: Path, name: str | None = None) -> Source:
    """Return a source for a folder named on the command line.

    A configured source with the same folder is used as it is. Otherwise the name is taken from
    the folder and its full path, so that two folders called `docs` are two sources.
    """
    resolved = path.resolve()
    for source in settings.sources:
        if source.path.resolve() == resolved and name in {None, source.name}:
            return make_source(source)
    folder = "".join(c if c.isalnum() or c in "._-" else "-" for c in resolved.name) or "root"
    return LocalFolderSource(name or f"{folder}-{sha256_of(str(resolved))[:8]}", path)


def make_source(source: LocalSource) -> Source:
    """Build the source that a section of the settings describes."""
    return LocalFolderSource(source.name, source.path, source.include, source.exclude)
