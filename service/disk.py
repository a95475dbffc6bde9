"""How much room is left on a disk, and what it means that there is none."""

import errno
import os.path
import shutil
from pathlib import Path

from config.errors import ConfigError

FULL = {errno.ENOSPC, errno.EDQUOT}


def unwritable(path: Path, error: OSError) -> Exception:
    """Return what to raise where a file cannot be written: a full disk is no wrong setting."""
    if error.errno in FULL:
        return OSError(error.errno, error.strerror, str(path))
    return ConfigError(f"{path} cannot be written ({error.strerror}).")


def free_bytes(home: Path) -> int:
    """Return the free bytes where a home is, or where it would be made."""
    # Path.exists raises where this user may not look; then it is the nearest folder that counts.
    place = next(folder for folder in (home, *home.parents) if os.path.exists(folder))
    return shutil.disk_usage(place).free
