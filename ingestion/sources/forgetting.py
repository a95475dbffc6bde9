"""Forgetting what the home keeps of single documents on behalf of their source.

A purge removes a document from index, history and blobs; this removes it from the spool of a push
source, from the pages kept of a web site, and with the whole copy of a git repository. Where the
source itself still has the document, its next listing brings these copies back.

Copies are found by the name of the source alone: they stay in the home when a source gets another
URL, becomes one of another kind, or is taken out of the settings.
"""

import re
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path

from ingestion.sources.spool import Spool
from ingestion.sources.web_kept import KeptPages


def forget_documents(home: Path, source: str, keys: Collection[str]) -> None:
    """Remove everything kept of these documents; what is not kept is no error.

    Args:
        home: The home folder.
        source: Name of the source they came from.
        keys: Their keys.

    Raises:
        SourceUnavailableError: The spool cannot be written just now.
        OSError: A file cannot be removed.
    """
    kept = home / "sources"
    for path in inside(kept / "push", re.escape(f"{source}.sqlite")):
        spool = Spool(path)
        for key in keys:
            spool.withdraw(key)
    copy = rf"{re.escape(source)}-[0-9a-f]{{12}}"
    for folder in inside(kept / "web", copy):
        KeptPages(folder).forget(keys)
    for folder in inside(kept / "git", rf"{copy}(\.new)?"):
        shutil.rmtree(folder)


def inside(folder: Path, name: str) -> Iterator[Path]:
    """Yield what lies in a folder under such a name; nothing where there is no folder."""
    if folder.exists():
        yield from (path for path in sorted(folder.iterdir()) if re.fullmatch(name, path.name))
