"""Looking for words in every byte under a folder, whatever the file is."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import zstandard


def traces_in(root: Path, words: Sequence[str]) -> list[str]:
    """Return where any of these words is, in UTF-8 or UTF-16, in a file, its name, or a blob."""
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
    parts = []
    with path.open("rb") as file:
        size, at = os.fstat(file.fileno()).st_size, 0
        while at < size:
            try:
                at = os.lseek(file.fileno(), at, os.SEEK_DATA)
            except OSError:  # nothing but a hole is left
                break
            end = os.lseek(file.fileno(), at, os.SEEK_HOLE)
            parts.append(os.pread(file.fileno(), end - at, at))
            at = end
    return b"".join(parts)
