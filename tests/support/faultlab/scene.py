"""A home and its folder of documents, made, changed and copied."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support.faultlab.orders import Deed, Order, Trap

MEMORY = Path("/dev/shm")
LEAST_FREE = 1 << 30


@dataclass(frozen=True)
class Scene:
    """One home and its folder."""

    root: Path

    @property
    def home(self) -> Path:
        """What Holdfast writes."""
        return self.root / "home"

    @property
    def folder(self) -> Path:
        """What Holdfast reads."""
        return self.root / "docs"

    def write(self, key: str, *paragraphs: str) -> Path:
        """Write a document of these paragraphs; each becomes at least one chunk."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(paragraphs), encoding="utf-8")
        return path

    def remove(self, key: str) -> None:
        """Remove a document."""
        (self.folder / key).unlink()

    def move(self, old: str, new: str) -> None:
        """Rename a document."""
        path = self.folder / new
        path.parent.mkdir(parents=True, exist_ok=True)
        (self.folder / old).rename(path)

    def copy(self, root: Path) -> "Scene":
        """Copy everything, with times and holes, to a place that does not exist."""
        subprocess.run(["cp", "-a", "--sparse=always", self.root, root], check=True)
        return Scene(root)

    def discard(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.root, ignore_errors=True)

    def order(
        self,
        deed: Deed,
        *traps: Trap,
        options: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Order:
        """An order for this home."""
        order = Order(
            deed, str(self.home), str(self.folder), options=dict(options or {}), traps=traps
        )
        return replace_fields(order, fields)


def replace_fields(order: Order, fields: Mapping[str, Any]) -> Order:
    """An order in which some fields have other values."""
    import msgspec

    return msgspec.structs.replace(order, **fields)


@contextmanager
def workplace(where: Path | None = None) -> Iterator[Path]:
    """Give a folder in memory where there is room, else on the disk; it is removed afterwards.

    What a killed process wrote is in the page cache either way; in memory, flushing costs nothing.
    """
    roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > LEAST_FREE
    base = where or (MEMORY if roomy else None)
    folder = Path(tempfile.mkdtemp(prefix="holdfast-faults-", dir=base))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def passage(number: int, part: int, state: str = "first") -> str:
    """A paragraph that becomes a chunk of its own."""
    return (
        f"Document {number} says in part {part} of its {state} state that the harbour is closed "
        f"on day {number * 7 + part} of the year"
    )


def first_state(scene: Scene) -> None:
    """Eight documents, one of them without text: three batches."""
    for number in range(7):
        parts = (passage(number, part) for part in range(2 + number % 3))
        scene.write(f"part{number % 2}/doc{number}.txt", *parts)
    scene.write("part0/empty.txt", " ")


def second_state(scene: Scene) -> None:
    """Change three, add two, copy one, move one, delete two: moves, content, deletions."""
    for number in range(3):
        parts = (passage(number, part, "second") for part in range(2 + number % 3))
        scene.write(f"part{number % 2}/doc{number}.txt", *parts, passage(number, 1))
    for number in range(20, 22):
        scene.write(f"new/doc{number}.txt", *(passage(number, part) for part in range(5)))
    scene.write("new/copy.txt", *(passage(4, part) for part in range(3)))
    scene.move("part1/doc5.txt", "moved5.txt")
    scene.remove("part1/doc3.txt")
    scene.remove("part0/doc6.txt")
