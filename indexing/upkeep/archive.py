"""A backup as a folder or under an fsspec URL: what lies where in it.

    manifest.json                          what it holds; written last
    ledger/<table>.jsonl.zst               the rows of a table
    points/<generation>.msgpack.zst        the points of a generation
    calibrations.jsonl.zst                 name and content of every calibration
    pushed.jsonl.zst                       what is in the spools of push sources
    blobs.jsonl.zst                        every blob with its size and its hash
    blobs/raw/…, blobs/text/…              the blobs, just as the home keeps them

Nothing in it depends on the engine that the ledger or the points came from.
"""

from typing import Any

from config.errors import ConfigError
from config.origins import mask_url
from indexing.blobs import filesystem_at

MANIFEST = "manifest.json"
CALIBRATIONS = "calibrations.jsonl.zst"
PUSHED = "pushed.jsonl.zst"
INVENTORY = "blobs.jsonl.zst"
"""Lists every blob, so that the manifest stays small."""


def table_path(table: str) -> str:
    """Name the file of a table of the ledger."""
    return f"ledger/{table}.jsonl.zst"


def points_path(generation: str) -> str:
    """Name the file of the points of a generation."""
    return f"points/{generation}.msgpack.zst"


def blob_path(blob: str) -> str:
    """Name the copy of a blob."""
    return f"blobs/{blob}"


def filesystem_of(url: str) -> tuple[Any, str]:
    """Return the file system and the path of a folder or URL.

    Raises:
        ConfigError: It is empty, or no file system of that kind is installed or answers.
    """
    if not url.strip():
        raise ConfigError("The place of the backup is empty; name a folder or a URL.")
    try:
        fs, root = filesystem_at(url)
    except Exception as error:  # some connect at once, and raise what they please
        raise ConfigError(
            f"{mask_url(url)} cannot be used for a backup ({error}). Name a local folder or a URL "
            "that can be reached and whose fsspec package is installed, such as s3:// with s3fs."
        ) from error
    return fs, root.rstrip("/")


def is_local(fs: Any) -> bool:
    """Tell whether a file system is that of this machine."""
    return "file" in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,))
