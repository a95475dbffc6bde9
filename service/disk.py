"""How much room is left on the disk of a home."""

import shutil
from pathlib import Path


def free_bytes(home: Path) -> int:
    """Return the free bytes where a home is, or where it would be made."""
    place = next(folder for folder in (home, *home.parents) if folder.exists())
    return shutil.disk_usage(place).free
