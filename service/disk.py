"""Writing files that a user names, and how much room is left for them on a disk."""

import errno
import os.path
import shutil
from pathlib import Path

from config.errors import ConfigError
from service.console import err, safe

FULL = {errno.ENOSPC, errno.EDQUOT}


def unwritable(path: Path, error: OSError) -> Exception:
    """Return what to raise where a file cannot be written: a full disk is no wrong setting."""
    if error.errno in FULL:
        return OSError(error.errno, error.strerror, str(path))
    return ConfigError(f"{path} cannot be written ({error.strerror}).")


def write_file(path: Path, content: str) -> None:
    """Write a file and say so on standard error.

    Raises:
        ConfigError: It cannot be written.
        OSError: Its disk is full.
    """
    try:
        # A file's name need not be UTF-8, and is shown as it is on a terminal.
        path.write_text(content, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise unwritable(path, error) from error
    err.print(f"written: {safe(path)}")


def free_bytes(home: Path) -> int:
    """Return the free bytes where a home is, or where it would be made."""
    # Path.exists raises where this user may not look; then it is the nearest folder that counts.
    place = next(folder for folder in (home, *home.parents) if os.path.exists(folder))
    return shutil.disk_usage(place).free
