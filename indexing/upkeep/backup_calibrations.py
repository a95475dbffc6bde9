"""The calibrations of a home in a backup: small files that never change, carried just as they are.

What a calibration is, the query module knows. Here it is a name and its content; the name ends in
a hash, so that none is ever taken for another.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from indexing.durable import flush
from indexing.errors import BackupError
from indexing.upkeep.archive import CALIBRATIONS
from indexing.upkeep.archive_reader import ArchiveReader
from indexing.upkeep.archive_records import damaged
from indexing.upkeep.archive_writer import ArchiveWriter

FOLDER = "calibrations"
"""Where a home has them."""
_BYTES = {"encoding": "utf-8", "errors": "surrogateescape"}
"""A damaged file stays what it is: it voids what it held, there as here."""
_NAME = re.compile(r"c\d{4,}-[0-9a-f]{8}\.json")


def write_calibrations(home: Path, archive: ArchiveWriter) -> int:
    """Write every calibration of a home into a backup; returns how many there are.

    Raises:
        BackupError: One cannot be read, or the backup cannot be written.
    """
    count = 0
    with archive.records(CALIBRATIONS) as out:
        for name, content in calibrations_in(home):
            out.line({"name": name, "content": content})
            count += 1
    return count


def calibrations_in(home: Path) -> Iterator[tuple[str, str]]:
    """Yield name and content of every calibration, by name.

    Raises:
        BackupError: One cannot be read.
    """
    folder = home / FOLDER
    if not folder.exists():
        return
    try:
        for path in sorted(folder.iterdir()):
            if _NAME.fullmatch(path.name):
                yield path.name, path.read_bytes().decode(**_BYTES)
    except OSError as error:
        raise BackupError(
            f"A file in {folder} cannot be read ({error.strerror}), so there is no backup. Mend or "
            "remove it, then back up again."
        ) from error


def copy_calibrations(archive: ArchiveReader, home: Path) -> int:
    """Put the calibrations of a backup into a home, each whole or not at all; returns how many.

    Backups of earlier versions have none.

    Raises:
        BackupError: The backup is damaged, or a file cannot be written.
    """
    folder, count = home / FOLDER, 0
    for line in archive.calibrations():
        name, content = str(line["name"]), str(line["content"])
        if not _NAME.fullmatch(name):
            raise damaged(CALIBRATIONS, f"{name!r} is not the name of a calibration")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            beside = folder / f"{name}.tmp"
            beside.write_bytes(content.encode(**_BYTES))
            flush(str(beside))
            beside.replace(folder / name)
        except OSError as error:
            raise BackupError(
                f"{folder / name} cannot be written ({error.strerror}). The index is not live; "
                "run the restore again."
            ) from error
        count += 1
    return count
