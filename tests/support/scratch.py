"""Where tests write: into memory where there is plenty, because every store waits for the disk."""

import os
import shutil
import tempfile
from pathlib import Path

import psutil

MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30
"""What must be free there, and twice as much in all: the default suite takes up to a gigabyte."""


def write_into_memory(place: Path = MEMORY) -> None:
    """Let temporary files of this process and its children lie in memory.

    A folder that somebody chose stays, and so does the disk where memory is short: a write to a
    full file system in memory would end the engine. No power fails while tests run, so they see
    the same files.
    """
    if "TMPDIR" in os.environ or not place.is_dir() or not os.access(place, os.W_OK):
        return
    if shutil.disk_usage(place).free < ROOM_BYTES:
        return
    if psutil.virtual_memory().available < 2 * ROOM_BYTES:
        return
    os.environ["TMPDIR"] = tempfile.tempdir = str(place)
