"""What other programs pushed, in a backup: it is in no source, only in the spools of the home.

Without it the first ingest after a restore would find the sources empty, or with the few documents
that were pushed since, and take the others for deleted. A spool that was used before in the home
that is restored into is newer than the backup, as a folder of documents is, and stays as it is.
"""

import base64
import re
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from indexing.upkeep.archive import PUSHED
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_records import damaged
from indexing.upkeep.archive_writer import ArchiveWriter
from ingestion.sources.spool import Spool, SpooledDocument

SUFFIX = ".sqlite"
_SOURCE = re.compile(r"[A-Za-z0-9_.-]+")

Barred = Callable[[str, str, str, str], bool]
"""Tells by tenant, source, key and hash whether a document was purged."""


def write_pushed(home: Path, archive: ArchiveWriter) -> None:
    """Write every pushed document of a home into a backup.

    Raises:
        SourceUnavailableError: A spool cannot be read.
        BackupError: The backup cannot be written.
    """
    with archive.records(PUSHED) as out:
        for path in sorted(folder_of(home).glob(f"*{SUFFIX}")):
            spool = Spool(path)
            owner = spool.owner()
            for known, content in spool.everything():
                out.line(
                    {
                        "source": path.name.removesuffix(SUFFIX),
                        "tenant": owner,
                        "key": known.key,
                        "sha256": known.sha256,
                        "pushed_ns": known.pushed_ns,
                        "metadata": dict(known.metadata),
                        "acl": list(known.acl),
                        "content": base64.b64encode(content).decode("ascii"),
                    }
                )


def copy_pushed(archive: ArchiveReader, home: Path, bars: Barred) -> None:
    """Put the pushed documents of a backup into the spools of a home that nobody used yet.

    Raises:
        BackupError: The backup is damaged.
        SourceUnavailableError: A spool cannot be written.
    """
    for (source, owner), lines in groupby(archive.pushed(), itemgetter("source", "tenant")):
        if not _SOURCE.fullmatch(str(source)):
            raise damaged(PUSHED, f"{source!r} is not the name of a source")
        documents = kept(lines, owner or archive.manifest.tenant, bars)
        Spool(folder_of(home) / f"{source}{SUFFIX}").refill(documents, owner)


def kept(
    lines: Iterable[dict[str, Any]], tenant: str, bars: Barred
) -> Iterator[tuple[SpooledDocument, bytes]]:
    """Yield the documents of a source that were not purged."""
    for line in lines:
        if bars(tenant, line["source"], line["key"], line["sha256"]):
            continue
        content = base64.b64decode(line["content"])
        metadata, acl = tuple(line["metadata"].items()), tuple(line["acl"])
        known = (line["key"], len(content), line["sha256"], line["pushed_ns"], metadata, acl)
        yield SpooledDocument(*known), content


def folder_of(home: Path) -> Path:
    """Return where a home has its spools."""
    return home / "sources" / "push"
