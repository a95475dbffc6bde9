"""The files of an embedded store: which collections and aliases there are, made atomically.

    <root>/collections/<name>/{spec.json, shard/}   one folder per collection
    <root>/aliases/<name>                           the name of a collection
    <root>/turns/<name>.{queue,turn}.lock           who has the shard open, who is next

A collection is built beside its place and renamed into it, and taken away by a rename, so it is
there completely or not at all. The lock files stay when a collection goes: a lock on a removed
file would be no lock for the next process.
"""

import os
import shutil
import threading
import uuid
from pathlib import Path

import msgspec

from indexing.errors import StoreCorruptError
from indexing.points import CollectionSpec
from indexing.stores.checks import check_name
from indexing.stores.edge_shard import make_shard
from indexing.stores.specs import read_spec, spec_record


class EdgeFolder:
    """What lies under the root of an embedded store; holds no lock, opens no shard."""

    def __init__(self, root: Path) -> None:
        self._collections = root / "collections"
        self._aliases = root / "aliases"
        self.turns = root / "turns"

    def shard(self, collection: str) -> Path:
        """Where the engine keeps a collection's points."""
        return self._collections / collection / "shard"

    def exists(self, collection: str) -> bool:
        """Tell whether there is such a collection, sound or damaged."""
        return (self._collections / collection).exists()

    def spec(self, collection: str) -> CollectionSpec | None:
        """Return what `collection` was created with, or none if there is no such collection.

        Raises:
            StoreCorruptError: Its record cannot be read.
        """
        check_name(collection)
        path = self._collections / collection / "spec.json"
        try:
            record = msgspec.json.decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            raise StoreCorruptError(
                f"The record of collection {collection!r} cannot be read ({error}). Restore "
                "spec.json from a backup, or drop the collection and reindex."
            ) from None
        return read_spec(record, f"Collection {collection!r}")

    def collections(self) -> tuple[str, ...]:
        """Names of all collections, sorted."""
        names = (path.parent.name for path in self._collections.glob("*/spec.json"))
        return tuple(sorted(name for name in names if not name.startswith(".")))

    def build(self, collection: str, spec: CollectionSpec) -> None:
        """Make an empty collection; the caller has the turn."""
        folder = self._collections / collection
        fresh = folder.with_name(f".new-{collection}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(parents=True)
        make_shard(fresh / "shard", spec.dimension)
        _replace(fresh / "spec.json", msgspec.json.encode(spec_record(spec)))
        fresh.rename(folder)
        _sync(folder.parent)

    def discard(self, collection: str) -> None:
        """Remove a collection and the aliases that name it; the caller has the turn."""
        folder = self._collections / collection
        dropped = folder.with_name(f".dropped-{collection}-{uuid.uuid4().hex}")
        if folder.exists():
            folder.rename(dropped)
            _sync(folder.parent)
        aliases = [path.name for path in self._aliases.glob("[!.]*")]
        for alias in aliases:
            if (self._aliases / alias).read_text(encoding="utf-8") == collection:
                (self._aliases / alias).unlink(missing_ok=True)
        # Also what an interrupted removal of the same collection left behind.
        for leftover in folder.parent.glob(f".dropped-{collection}-*"):
            shutil.rmtree(leftover, ignore_errors=True)

    def alias(self, name: str) -> str | None:
        """Return the collection an alias names, if it is still there."""
        check_name(name)
        try:
            collection = (self._aliases / name).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        return collection if self.exists(collection) else None

    def is_alias(self, name: str) -> bool:
        """Tell whether an alias has this name."""
        return (self._aliases / name).exists()

    def point_alias(self, name: str, collection: str) -> None:
        """Write an alias; a reader sees the old name or the new one, never neither."""
        _replace(self._aliases / name, collection.encode())


def _replace(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
