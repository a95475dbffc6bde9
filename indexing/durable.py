"""Making files and folders of this machine survive a power failure."""

import os


def flush(path: str | os.PathLike[str]) -> None:
    """Write a file through to the disk; of a folder, which names are in it."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
