"""Homes that are ingested by child processes, and the audit of what is left in them."""

import datetime as dt
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from indexing.ledger import tables
from indexing.ledger.database import Ledger, now, open_ledger
from indexing.ledger.documents import list_standings, open_points, open_versions
from indexing.ledger.generations import Generation, find_generation, list_generations
from indexing.points import PointFilter, visible
from indexing.stores.edge import EdgeStore

ROOT = Path(__file__).resolve().parents[2]
CHILD = Path(__file__).with_name("child.py")
Chunks = list[tuple[str, int, int, str]]


@dataclass(frozen=True)
class Audit:
    """What a home holds, judged without the code that wrote it."""

    chunks: Chunks
    """Live chunks as (key, start, end, text), sorted."""
    missing: int
    """Points of open versions in the ledger that no reader sees."""
    phantom: int
    """Points a reader sees that belong to no open version."""
    duplicate: int
    """Chunks that are seen more than once."""
    staged: int
    """Points above the committed epoch."""
    closed: int
    """Closings above the committed epoch."""
    epoch: int

    @property
    def faults(self) -> tuple[int, int, int]:
        """Missing, phantom and duplicate points; all 0 at any moment."""
        return self.missing, self.phantom, self.duplicate

    @property
    def leftovers(self) -> tuple[int, int]:
        """Staged and closed points; 0 after a finished run."""
        return self.staged, self.closed

    @property
    def texts(self) -> dict[str, list[str]]:
        """Texts of the live chunks per key, in order."""
        found: dict[str, list[str]] = {}
        for key, _, _, text in self.chunks:
            found.setdefault(key, []).append(text)
        return found


class Home:
    """One home and its folder of documents."""

    def __init__(self, root: Path) -> None:
        self.path = root / "home"
        self.folder = root / "docs"
        self._children: list[subprocess.Popen[str]] = []

    def write(self, key: str, *paragraphs: str) -> None:
        """Write a document of these paragraphs; each becomes a chunk."""
        path = self.folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n\n".join(paragraphs), encoding="utf-8")

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start an ingest in a process of its own."""
        child = subprocess.Popen(
            [sys.executable, str(CHILD), str(self.path), str(self.folder), *options],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._children.append(child)
        return child

    def ingest(self, *options: str) -> tuple[int, str, str]:
        """Run an ingest to its end; returns exit status, output and error output."""
        child = self.start(*options)
        out, err = child.communicate(timeout=120)
        return child.returncode, out, err

    def audit(self) -> Audit:
        """Look at the store and at the ledger."""
        ledger = open_ledger(None, self.path)
        store = EdgeStore(self.path / "index", 20.0)
        try:
            name = store.alias("holdfast")
            if name is None:
                return Audit([], 0, 0, 0, 0, 0, 0)
            generation = find_generation(ledger, name)
            assert generation is not None
            return look(ledger, store, generation)
        finally:
            store.close()
            ledger.close()

    def generations(self) -> list[str]:
        """Names of all generations the ledger knows."""
        ledger = open_ledger(None, self.path)
        try:
            return [g.name for g in list_generations(ledger)]
        finally:
            ledger.close()

    def expire_lease(self) -> None:
        """Let every lease run out now, as if its holder had slept."""
        ledger = open_ledger(None, self.path)
        try:
            with ledger.write() as connection:
                past = now() - dt.timedelta(seconds=1)
                connection.execute(update(tables.lease).values(expires_at=past))
        finally:
            ledger.close()

    def run_states(self) -> Counter[str]:
        """How many runs the ledger has in which state."""
        ledger = open_ledger(None, self.path)
        try:
            with ledger.read() as connection:
                return Counter(connection.execute(select(tables.run.c.state)).scalars())
        finally:
            ledger.close()

    def close(self) -> None:
        """End the children that still run."""
        for child in self._children:
            child.kill()
            child.communicate()


def look(ledger: Ledger, store: EdgeStore, generation: Generation) -> Audit:
    """Hold the store against the ledger, both at the committed epoch."""
    name, epoch = generation.name, generation.epoch
    live = list(store.scroll(name, visible(epoch, "default")))
    versions = open_versions(ledger, name)
    rows = open_points(ledger, name, list(versions))
    known = Counter(point for points in rows.values() for point in points)
    seen = Counter(point.id for point in live)
    places = Counter((p.payload["document_id"], p.payload["ordinal"]) for p in live)
    counts = {document: len(points) for document, points in rows.items()}
    assert counts == {document: v.chunk_count for document, v in versions.items()}
    indexed = {s.document_id for s in list_standings(ledger, name) if s.state == "indexed"}
    assert indexed <= set(versions), "an indexed document without an open version"
    return Audit(
        chunks=sorted(
            (p.payload["key"], p.payload["start"], p.payload["end"], p.payload["text"])
            for p in live
        ),
        missing=sum((known - seen).values()),
        phantom=sum((seen - known).values()),
        duplicate=sum(n - 1 for n in places.values()),
        staged=store.count(name, PointFilter(started_after=epoch)),
        closed=store.count(name, PointFilter(ended_after=epoch)),
        epoch=epoch,
    )


def write_first_state(home: Home) -> None:
    """Twelve documents."""
    for number in range(12):
        text = (f"d{number} says {part}" for part in range(2 + number % 4))
        home.write(f"part{number % 3}/doc{number}.txt", *text)


def write_second_state(home: Home) -> None:
    """Change five, add four, move one, delete two: six batches of at most three documents."""
    for number in range(5):
        text = (f"d{number} says {part}, changed" for part in range(2 + number % 3))
        home.write(f"part{number % 3}/doc{number}.txt", *text, f"d{number} says 1")
    for number in range(20, 24):
        home.write(f"new/doc{number}.txt", *(f"d{number} says {part}" for part in range(5)))
    (home.folder / "part2/doc8.txt").rename(home.folder / "moved8.txt")
    for key in ("part0/doc9.txt", "part1/doc10.txt"):
        (home.folder / key).unlink()


@pytest.fixture
def make_home(tmp_path: Path) -> Any:
    """Make homes with nothing in them."""
    made: list[Home] = []

    def make(name: str) -> Home:
        home = Home(tmp_path / name)
        home.folder.mkdir(parents=True)
        made.append(home)
        return home

    yield make
    for home in made:
        home.close()


@dataclass(frozen=True)
class Undisturbed:
    """A home with the first state, its folder already in the second, and what has to come out."""

    root: Path
    before: Chunks
    after: Chunks
    seconds: float
    """From the start of the second run's writing to its end."""


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Ingest both states without a fault."""
    root = tmp_path_factory.mktemp("undisturbed")
    home = Home(root / "base")
    write_first_state(home)
    assert home.ingest()[0] == 0
    before = home.audit().chunks
    write_second_state(home)
    calm = Home(root / "calm")
    shutil.copytree(home.folder.parent, root / "calm")
    child = calm.start()
    assert child.stdout is not None
    assert child.stdout.readline() == "started\n"
    started = time.monotonic()
    out, err = child.communicate(timeout=120)
    assert (child.returncode, out) == (0, "Completed\n"), err
    seconds = time.monotonic() - started
    return Undisturbed(root / "base", before, calm.audit().chunks, seconds)


@pytest.fixture
def disturbed(undisturbed: Undisturbed, make_home: Callable[[str], Home]) -> Home:
    """A home in which the second state has to be brought in."""
    home = make_home("main")
    shutil.copytree(undisturbed.root, home.folder.parent, dirs_exist_ok=True)
    return home
