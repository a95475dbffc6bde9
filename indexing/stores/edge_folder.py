"""The files of an embedded store: which collections and aliases there are, made atomically.

    <root>/collections/<name>/{spec.json, shard/}   one folder per collection
    <root>/collections/<name>/{current, shard-…/}   once it was written anew: which shard it is
    <root>/aliases/<name>                           the name of a collection
    <root>/turns/<name>.{queue,turn}.lock           who has the shard open, who is next

A collection is built beside its place and renamed into it, and taken away by a rename, so it is
there completely or not at all. A shard that is written anew lies beside the old one until the
file `current` names it. The lock files stay when a collection goes: a lock on a removed file
would be no lock for the next process.
"""

import os
import re
import shutil
import threading
import uuid
from pathlib import Path

import msgspec

from indexing.durable import flush
from indexing.errors import StoreCorruptError, StoreUnavailableError
from indexing.points import CollectionSpec
from indexing.stores.checks import check_name, is_name
from indexing.stores.edge_shard import close_shard, make_shard
from indexing.stores.specs import read_spec, spec_record

_CURRENT = "current"
_SHARD = re.compile(r"shard(-[0-9a-f]{8})?")

LEAST_FREE_BYTES = 128 * 2**20
"""Room on the disk below which no shard is opened or written to. Opening one takes up to two
segments of its log, 32 MiB each, before anything is written."""


class EdgeFolder:
    """What lies under the root of an embedded store; holds no lock, opens no shard."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._collections = root / "collections"
        self._aliases = root / "aliases"
        self.turns = root / "turns"

    def check_room(self) -> None:
        """Make sure that the disk has room for opening a shard and for a write.

        The engine writes through memory maps of files with holes: where the disk has no room for
        a page of them, the process dies of SIGBUS, and no error can be caught.

        Raises:
            StoreUnavailableError: Little room is left; nothing was written.
        """
        place = self._root
        while not place.exists():
            place = place.parent
        disk = os.statvfs(place)
        free = disk.f_bavail * disk.f_frsize
        if free < LEAST_FREE_BYTES:
            raise StoreUnavailableError(
                f"The disk of {self._root} has {free / 2**20:.1f} MiB left, and the embedded index "
                f"needs {LEAST_FREE_BYTES / 2**20:.0f} to be opened or written to. Nothing "
                "acknowledged is lost: free some space and run again."
            )

    def shard(self, collection: str) -> Path:
        """Where the engine keeps a collection's points; whoever opens it has the turn.

        Raises:
            StoreCorruptError: The file that says so is damaged.
            OSError: It cannot be read.
        """
        folder = self._collections / collection
        try:
            # Who writes it by hand, as the message below asks for, may end it with a new line.
            name = (folder / _CURRENT).read_text(encoding="utf-8").strip()
        except FileNotFoundError:
            return folder / "shard"
        except UnicodeDecodeError as error:
            name = str(error)
        if not _SHARD.fullmatch(name):
            raise StoreCorruptError(
                f"The file {_CURRENT!r} of collection {collection!r} does not name its shard "
                f"({name[:80]}). Restore it from a backup, or write the name of the one folder "
                "beside it that begins with 'shard' into it."
            )
        return folder / name

    def fresh_shard(self, collection: str) -> Path:
        """Return a free place beside a collection's shard."""
        return self._collections / collection / f"shard-{uuid.uuid4().hex[:8]}"

    def point_shard(self, collection: str, shard: Path) -> None:
        """Make a collection consist of another shard, atomically; the caller has the turn."""
        _replace(self._collections / collection / _CURRENT, shard.name.encode())

    def clear_leftovers(self, collection: str) -> None:
        """Remove what interrupted rewrites and removals left behind; the caller has the turn.

        Raises:
            StoreUnavailableError: A shard that was written anew is still there.
        """
        current = self.shard(collection)
        for folder in current.parent.glob("shard*"):
            if folder != current:
                self.remove_shard(folder)
        for folder in self._collections.glob(".dropped-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def remove_shard(self, shard: Path) -> None:
        """Remove a shard that was written anew, with the bytes of what was deleted from it.

        Raises:
            StoreUnavailableError: Something of it is still there.
        """
        shutil.rmtree(shard, ignore_errors=True)
        if shard.exists():
            raise StoreUnavailableError(
                f"The old shard {shard} was written anew and cannot be removed. It still holds "
                "bytes of what was deleted. Check owner and permissions of everything in it, or "
                "remove it yourself, and run the command again."
            )

    def exists(self, collection: str) -> bool:
        """Tell whether there is such a collection, sound or damaged."""
        return (self._collections / collection).exists()

    def is_half_gone(self, collection: str) -> bool:
        """Tell whether a removal of this collection, or its making, was interrupted."""
        return any(self._collections.glob(f".dropped-{collection}-*")) or any(
            self._collections.glob(f".new-{collection}")
        )

    def spec(self, collection: str) -> CollectionSpec | None:
        """Return what `collection` was created with, or none if there is no such collection.

        Raises:
            StoreCorruptError: Its record is damaged.
            OSError: Its record cannot be read.
        """
        check_name(collection)
        path = self._collections / collection / "spec.json"
        try:
            record = msgspec.json.decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreCorruptError(
                f"The record of collection {collection!r} cannot be read ({error}). Run "
                "`holdfast verify --repair`, which makes the collection again from the blobs, or "
                "restore a backup."
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
        close_shard(make_shard(fresh / "shard", spec.dimension))
        _replace(fresh / "spec.json", msgspec.json.encode(spec_record(spec)))
        # One without a record is what is left of a collection that somebody damaged.
        damaged = folder.with_name(f".dropped-{collection}-{uuid.uuid4().hex}")
        if folder.exists():
            folder.rename(damaged)
        fresh.rename(folder)
        flush(folder.parent)
        shutil.rmtree(damaged, ignore_errors=True)

    def discard(self, collection: str) -> None:
        """Remove a collection and the aliases that name it; the caller has the turn."""
        folder = self._collections / collection
        dropped = folder.with_name(f".dropped-{collection}-{uuid.uuid4().hex}")
        if folder.exists():
            folder.rename(dropped)
            flush(folder.parent)
        aliases = [path.name for path in self._aliases.glob("[!.]*")]
        for alias in aliases:
            if self._named(alias) == collection:
                (self._aliases / alias).unlink(missing_ok=True)
        # Also what an interrupted removal, or making, of the same collection left behind.
        for pattern in (f".dropped-{collection}-*", f".new-{collection}"):
            for leftover in folder.parent.glob(pattern):
                shutil.rmtree(leftover, ignore_errors=True)

    def alias(self, name: str) -> str | None:
        """Return the collection an alias names, if it is still there.

        Raises:
            OSError: The file of the alias cannot be read.
        """
        check_name(name)
        collection = self._named(name)
        return collection if collection is not None and self.exists(collection) else None

    def _named(self, alias: str) -> str | None:
        """Return what is in the file of an alias; none if it is the name of nothing."""
        try:
            name = (self._aliases / alias).read_bytes().decode("utf-8", "replace")
        except FileNotFoundError:
            return None
        return name if is_name(name) else None

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
    flush(path.parent)


def sync_tree(folder: Path) -> int:
    """Write a folder and everything in it through to the disk; returns its bytes there."""
    taken = 0
    for path in (*folder.rglob("*"), folder, folder.parent):
        flush(path)
        if path.is_file():
            taken += path.stat().st_blocks * 512
    return taken
