"""The manifest of a backup: what it holds, of when, and what every file must be."""

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from indexing.errors import BackupError
from indexing.upkeep.archive import CALIBRATIONS, MANIFEST
from indexing.upkeep.archive_records import FileEntry, damaged
from ingestion.document import sha256_of

FORMAT = 1
"""Version of the folder format that this Holdfast writes; it reads no newer one."""
SEAL = "sha256"
"""The manifest's hash of itself."""


@dataclass(frozen=True, slots=True)
class GenerationEntry:
    """One generation at the moment of the backup."""

    name: str
    fingerprint: str
    epoch: int
    chunks: int
    """Points that the ledger names."""
    points: int
    """Points that are in the backup; fewer, if the store had lost or was collecting some."""
    collection: Mapping[str, Any] | None
    """The record its collection is created with; none if nobody knew it any more."""


@dataclass(frozen=True, slots=True)
class Lacking:
    """What the ledger names and the home no longer had, or had only damaged."""

    points: int = 0
    blobs: int = 0
    examples: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything is lacking."""
        return bool(self.points or self.blobs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {"points": self.points, "blobs": self.blobs, "examples": list(self.examples)}


@dataclass(frozen=True, slots=True)
class BlobTotals:
    """How many blobs there are, and their bytes as they are kept."""

    count: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything about a backup that is not in its files."""

    format: int
    holdfast: str
    """Version of Holdfast that wrote it."""
    schema: str
    """Revision of the ledger's schema."""
    created_at: dt.datetime
    """When the ledger was read: the state that the backup holds."""
    alias: str
    tenant: str
    live: str | None
    """The generation that the alias named; none where nothing was indexed."""
    generations: tuple[GenerationEntry, ...]
    """Every one that had points or may get some; of dropped ones only the ledger's rows remain."""
    blobs: BlobTotals
    files: Mapping[str, FileEntry]
    """Every file but the blobs and the manifest itself, by name."""
    lacking: Lacking = field(default_factory=Lacking)

    @property
    def bytes(self) -> int:
        """Size of everything but the manifest itself."""
        return self.blobs.bytes + sum(entry.size for entry in self.files.values())

    @property
    def calibrations(self) -> int:
        """How many calibrations there are; in a backup of an earlier version none."""
        entry = self.files.get(CALIBRATIONS)
        return entry.rows if entry else 0

    @property
    def epoch(self) -> int | None:
        """The committed epoch of the live generation."""
        return next((g.epoch for g in self.generations if g.name == self.live), None)


def seal_of(body: Mapping[str, Any]) -> str:
    """Hash everything in a manifest but the hash itself."""
    rest = {name: value for name, value in body.items() if name != SEAL}
    return sha256_of(json.dumps(rest, sort_keys=True))


def write_manifest(manifest: Manifest) -> bytes:
    """Return the manifest as a file."""
    body: dict[str, Any] = msgspec.to_builtins(manifest, builtin_types=())
    return (json.dumps(body | {SEAL: seal_of(body)}, indent=1) + "\n").encode("ascii")


def read_manifest(data: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        BackupError: It is damaged, or of a newer format.
    """
    try:
        body: dict[str, Any] = json.loads(data)
        form = body.get("format")
    except (ValueError, AttributeError) as error:
        raise damaged(MANIFEST, f"it is not JSON ({error})") from error
    if isinstance(form, int) and form > FORMAT:
        raise BackupError(
            f"This backup has format {form}, and this Holdfast reads up to {FORMAT}. Restore it "
            f"with the Holdfast that wrote it ({body.get('holdfast')}) or a newer one."
        )
    if body.pop(SEAL, None) != seal_of(body):
        raise damaged(MANIFEST, "its checksum is another one")
    try:
        return msgspec.convert(body, Manifest)
    except msgspec.ValidationError as error:
        raise damaged(MANIFEST, str(error)) from error
