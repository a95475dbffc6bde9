"""Forgetting what the home keeps of single documents on behalf of their source.

A purge removes a document from index, history and blobs; this removes it from the spool of a push
source, from the pages kept of a web site, and with the whole copy of a git repository. Where the
source itself still has the document, its next listing brings these copies back.
"""

import shutil
from collections.abc import Collection

from config.settings import Settings
from config.sources import GitSource, PushSource, SourceSettings, WebSource
from ingestion.sources.configured import spool_of
from ingestion.sources.git import copy_folder
from ingestion.sources.web import kept_pages


def forget_documents(settings: Settings, source: SourceSettings, keys: Collection[str]) -> None:
    """Remove everything kept of these documents; what is not kept is no error.

    Args:
        settings: The home.
        source: The source they came from.
        keys: Their keys.

    Raises:
        SourceUnavailableError: The spool cannot be written just now.
        OSError: A file cannot be removed.
    """
    kept = settings.home / "sources"
    match source:
        case PushSource():
            spool = spool_of(settings, source)
            for key in keys:
                spool.withdraw(key)
        case WebSource():
            kept_pages(source, kept / "web").forget(keys)
        case GitSource():
            folder = copy_folder(source, kept / "git")
            if folder.exists():
                shutil.rmtree(folder)
