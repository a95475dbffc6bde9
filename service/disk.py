"""How much room is left on the disk of a home."""

import os.path
import shutil
from pathlib import Path


def free_bytes(home: Path) -> int:
    """Return the free bytes where a home is, or where it would be made."""
    # Path.exists raises where this user may not look; then it is the nearest folder that counts.
    place = next(folder for folder in (home, *home.parents) if os.path.exists(folder))
    return shutil.disk_usage(place).free
