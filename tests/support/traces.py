"""Files as they lie on the disk, holes and all: looked through for words, and copied.

In a file system in memory whatever was looked at through a map is no hole any more, but pages of
zeros: a home of two chunks has 90 MB of them, and reading or copying those took more time than
most tests. So zeros count as holes here.
"""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import zstandard

BLOCK = 16 * 1024
ZEROS = bytes(BLOCK)


def traces_in(root: Path, words: Sequence[str]) -> list[str]:
    """Return where any of these words is, in UTF-8 or UTF-16, in a file, its name, or a blob.

    Raises:
        ValueError: A word is hexadecimal digits only: some digest, identifier or time contains it.
    """
    if chance := [word for word in words if re.fullmatch(r"[0-9a-fA-F.:-]*", word)]:
        raise ValueError(f"{chance} may stand in any ledger by chance; look for a longer trace")
    wanted = {form for word in words for form in forms(word)}
    found = []
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        places = [os.fsencode(name).lower()]
        if path.is_file():
            places += [data.lower() for data in contents(path)]
        found += [name for place in places if any(form in place for form in wanted)]
    return found


def forms(word: str) -> Iterator[bytes]:
    """Yield the bytes a word can be written as, lower-cased."""
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        yield word.lower().encode(encoding)


def contents(path: Path) -> Iterator[bytes]:
    """Yield what a file holds, holes left out, and what it holds when it is unpacked."""
    data = written(path)
    yield data
    if path.name.endswith(".zst"):
        yield zstandard.ZstdDecompressor().decompress(data)


def written(path: Path) -> bytes:
    """Read a file without its holes: an index of two chunks has 200 MB of them."""
    with path.open("rb") as file:
        return b"".join(data for _, data in pieces(file.fileno()))


def pieces(descriptor: int) -> Iterator[tuple[int, bytes]]:
    """Yield what is written in a file and more than zeros, and where."""
    size, at = os.fstat(descriptor).st_size, 0
    while at < size:
        try:
            at = os.lseek(descriptor, at, os.SEEK_DATA)
        except OSError:  # nothing but a hole is left
            return
        end = os.lseek(descriptor, at, os.SEEK_HOLE)
        for offset, data in filled(os.pread(descriptor, end - at, at)):
            yield at + offset, data
        at = end


def filled(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the stretches of blocks that are not all zeros, and where they begin."""
    start = None
    for at in range(0, len(data), BLOCK):
        block = data[at : at + BLOCK]
        empty = block == ZEROS[: len(block)]
        if not empty and start is None:
            start = at
        if empty and start is not None:
            yield start, data[start:at]
            start = None
    if start is not None:
        yield start, data[start:]


def copy_sparse(source: str, target: str) -> str:
    """Copy a file with its holes."""
    with open(source, "rb") as read, open(target, "wb") as copy:
        for at, data in pieces(read.fileno()):
            os.pwrite(copy.fileno(), data, at)
        copy.truncate(os.fstat(read.fileno()).st_size)
    shutil.copystat(source, target)
    return target
