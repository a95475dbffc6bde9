"""Content-addressed blobs: the raw bytes of every version, and the text that was read from them.

    raw/<aa>/<sha256>.zst                          the bytes, named by their SHA-256
    text/<parser>/<aa>/<sha256>.<suffix>.zst       what the parser read from them, cleaned

The text of the same bytes depends on the parser and on the suffix of the key, which takes part in
deciding the type; so both are in its name. From it any generation with the same parser makes its
chunks, without reading the source and without parsing. A blob is compressed with zstd and written
by rename, so a name never holds half a blob; only a power failure before the commit that needs it
can leave less, so one that is there already is read before it is taken for granted. Any fsspec URL
will do; local folders need no extra package. A folder of blobs belongs to one home: garbage
collection and purges delete in it.
"""

import os
import re
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import msgspec
import zstandard

from config.errors import ConfigError, HoldfastError
from config.origins import mask_url
from indexing.durable import flush
from indexing.errors import StoreCorruptError, StoreUnavailableError
from indexing.failpoints import Failpoint, reached
from ingestion.document import PreparedDocument, sha256_of

_NAME = re.compile(
    r"(?:(?P<raw>raw)|(?P<kept>text|prepared)/(?P<parser>[0-9a-f]{16}))"
    r"/[0-9a-f]{2}/(?P<sha>[0-9a-f]{64})"
    r"(?:\.(?P<suffix>[a-z0-9_]+))?\.zst"
)


class BlobKind(StrEnum):
    """What a blob holds."""

    RAW = "raw"
    TEXT = "text"
    PREPARED = "prepared"
    """What the first versions kept: the text with its chunks. Nothing reads or writes them any
    more, but they hold whole documents, so they are purged and collected like the others."""


@dataclass(frozen=True, slots=True)
class BlobName:
    """A blob as its name tells it."""

    kind: BlobKind
    content_sha256: str
    path: str
    """Below the folder of the blobs."""
    parser: str = ""
    suffix: str = ""


class BlobStore:
    """Raw bytes and read texts under one folder or fsspec URL."""

    def __init__(self, url: str) -> None:
        """Use the folder or URL `url`; nothing is created before the first write."""
        self._url = url
        self._fs: Any = None
        self._root = ""
        self._unsynced: set[str] = set()

    @property
    def location(self) -> str:
        """Where the blobs lie, without the password of a URL."""
        return mask_url(self._url)

    @property
    def deletion_bound(self) -> str:
        """When the bytes of a deleted blob are gone, for people."""
        if "://" not in self._url or self._url.startswith("file://"):
            return "at once: the files were removed"
        return (
            "at once for everybody who reads them; a bucket that keeps versions of objects keeps "
            "these until its own rules delete them"
        )

    def put_raw(self, content_sha256: str, data: bytes) -> None:
        """Keep the raw bytes of a version."""
        self._put(raw_path(content_sha256), data)

    def raw(self, content_sha256: str) -> bytes | None:
        """Return the raw bytes with this hash, or none.

        Raises:
            StoreCorruptError: The blob does not hash to its name.
        """
        data = self._get(raw_path(content_sha256))
        if data is not None and sha256_of(data) != content_sha256:
            raise StoreCorruptError(
                damaged(raw_path(content_sha256), self.location, "another hash")
            )
        return data

    def has_raw(self, content_sha256: str) -> bool:
        """Tell whether raw bytes are kept under this hash, without reading them."""
        fs = self._filesystem()
        with self._told("looked for"):
            return bool(fs.exists(f"{self._root}/{raw_path(content_sha256)}"))

    def put_text(
        self, content_sha256: str, suffix: str, parser: str, document: PreparedDocument
    ) -> None:
        """Keep what was read from these bytes; its chunks are not kept, they are cut anew.

        Args:
            content_sha256: Of the raw bytes.
            suffix: Of the key they were read under, as `ingestion.identity.suffix_of` gives it.
            parser: Fingerprint of the parser and the cleaner.
            document: What was read; the documents inside it are blobs of their own.
        """
        kept = replace(document, chunks=(), parts=())
        self._put(text_path(content_sha256, suffix, parser), msgspec.json.encode(kept))

    def text(self, content_sha256: str, suffix: str, parser: str) -> PreparedDocument | None:
        """Return what was read from these bytes, without chunks, or none.

        Raises:
            StoreCorruptError: The blob is damaged.
        """
        path = text_path(content_sha256, suffix, parser)
        data = self._get(path)
        return self._decode(path, data) if data is not None else None

    def packed(self, path: str) -> bytes | None:
        """Return a blob as it lies there, compressed, or none; what it holds is checked.

        Args:
            path: Its name below the folder, as `raw_path` and `text_path` give it.

        Raises:
            StoreCorruptError: The blob is damaged.
        """
        packed = self._read(path)
        name = blob_name(path)
        if packed is None or name is None:
            return None
        data = self._unpack(path, packed)
        if name.kind is BlobKind.RAW and sha256_of(data) != name.content_sha256:
            raise StoreCorruptError(damaged(path, self.location, "another hash"))
        if name.kind is BlobKind.TEXT:
            self._decode(path, data)
        return packed

    def unpacked_text(self, path: str, packed: bytes) -> PreparedDocument:
        """Return the text in a blob as `packed` returned it.

        Raises:
            StoreCorruptError: It is damaged.
        """
        return self._decode(path, self._unpack(path, packed))

    def put_packed(self, path: str, packed: bytes) -> None:
        """Keep a blob as `packed` returned it, in place of one of that name."""
        self._write(path, packed)

    def names(self) -> Iterator[BlobName]:
        """Yield every blob there is, in no order; files that are no blobs are left out."""
        fs = self._filesystem()
        for part in BlobKind:
            top = f"{self._root}/{part.value}"
            with self._told("listed"):
                paths = fs.find(top) if fs.exists(top) else []
            for path in paths:
                name = blob_name(path[len(self._root) + 1 :])
                if name is not None:
                    yield name

    def texts(self, content_sha256: str, parser: str) -> list[BlobName]:
        """Return every text that a parser read from these bytes, one per suffix."""
        fs = self._filesystem()
        # Not `glob`: the folder of the home may have a name with brackets in it.
        with self._told("listed"):
            paths = fs.find(f"{self._root}/text/{parser}/{content_sha256[:2]}", maxdepth=1)
        names = (blob_name(path[len(self._root) + 1 :]) for path in paths)
        return [n for n in names if n is not None and n.content_sha256 == content_sha256]

    def delete(self, name: BlobName) -> None:
        """Remove a blob; one that is not there is no error."""
        with suppress(FileNotFoundError), self._told("removed"):
            self._filesystem().rm_file(f"{self._root}/{name.path}")

    def delete_unfinished(self) -> int:
        """Remove what never got its name because its writer died; nobody may write meanwhile."""
        fs = self._filesystem()
        tops = [f"{self._root}/{part.value}" for part in BlobKind]
        with self._told("listed"):
            unfinished = [p for top in tops if fs.exists(top) for p in fs.find(top) if is_part(p)]
        with suppress(FileNotFoundError), self._told("removed"):
            for path in unfinished:
                fs.rm_file(path)
        return len(unfinished)

    def sync(self) -> None:
        """Make what was kept since the last call survive a power failure (local folders).

        Raises:
            StoreUnavailableError: The disk failed, or a blob was taken away since.
        """
        waiting, self._unsynced = self._unsynced, set()
        for path in sorted(waiting | self._folders_of(waiting)):
            try:
                flush(path)
            except OSError as error:
                raise self._unavailable("written", error) from error

    def _folders_of(self, paths: Iterable[str]) -> set[str]:
        """Return every folder between these files and the root: it may be new as well."""
        folders: set[str] = set()
        for path in paths:
            while len(path := os.path.dirname(path)) >= len(self._root):
                folders.add(path)
        return folders

    def _filesystem(self) -> Any:
        if self._fs is None:
            try:
                self._fs, self._root = filesystem_at(self._url)
            except (ImportError, ValueError) as error:
                raise ConfigError(
                    f"blobs.url {self.location} cannot be used ({error}). Name a folder, or a URL "
                    "whose fsspec package is installed, such as s3:// with s3fs."
                ) from error
        return self._fs

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn what a file system raises into an error of the store; that nothing is there is none.

        Raises:
            StoreUnavailableError: It failed.
        """
        try:
            yield
        except (FileNotFoundError, HoldfastError):
            raise
        except OSError as error:
            raise self._unavailable(what, error) from error
        except Exception as error:
            if self._is_local():
                raise
            # What is behind a URL has errors of its own, such as those of a cloud's client.
            raise self._unavailable(what, error) from error

    def _is_local(self) -> bool:
        protocol = self._filesystem().protocol
        return "file" in (protocol if isinstance(protocol, tuple) else (protocol,))

    def _put(self, name: str, data: bytes) -> None:
        fs = self._filesystem()
        path = f"{self._root}/{name}"
        with self._told("written"):
            there = fs.exists(path)
        if there and self._holds(name, data):
            self._to_be_synced(path)  # whoever wrote it may have died before the disk had it
            return
        # A text does not hash to its name, so nothing else would tell a flipped bit in it.
        packer = zstandard.ZstdCompressor(level=3, write_checksum=True)
        self._write(name, packer.compress(data))

    def _write(self, name: str, packed: bytes) -> None:
        fs = self._filesystem()
        path = f"{self._root}/{name}"
        try:
            with self._told("written"):
                fs.makedirs(path.rpartition("/")[0], exist_ok=True)
                temporary = f"{path}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp"
                fs.pipe_file(temporary, packed)
                reached(Failpoint.BLOB_WRITTEN)
                fs.mv(temporary, path)
                reached(Failpoint.BLOB_KEPT)
        except FileNotFoundError as error:  # the folder was taken away meanwhile
            raise self._unavailable("written", error) from error
        self._to_be_synced(path)

    def _holds(self, name: str, data: bytes) -> bool:
        """Whether a blob that is there already is the one that is to be kept.

        After a power failure a name may hold less than was written.
        """
        try:
            return self._get(name) == data
        except StoreCorruptError:
            return False

    def _to_be_synced(self, path: str) -> None:
        if self._is_local():
            self._unsynced.add(path)

    def _get(self, name: str) -> bytes | None:
        packed = self._read(name)
        return self._unpack(name, packed) if packed is not None else None

    def _read(self, name: str) -> bytes | None:
        with suppress(FileNotFoundError), self._told("read"):
            packed: bytes = self._filesystem().cat_file(f"{self._root}/{name}")
            return packed
        return None

    def _unpack(self, name: str, packed: bytes) -> bytes:
        # Not all at once: that would make room for as many bytes as a damaged head may say.
        unpacker = zstandard.ZstdDecompressor().decompressobj()
        try:
            data = unpacker.decompress(packed)
        except zstandard.ZstdError as error:
            raise StoreCorruptError(damaged(name, self.location, str(error))) from error
        if not unpacker.eof:
            raise StoreCorruptError(damaged(name, self.location, "its end is missing"))
        return data

    def _decode(self, name: str, data: bytes) -> PreparedDocument:
        try:
            return msgspec.json.decode(data, type=PreparedDocument)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise StoreCorruptError(damaged(name, self.location, str(error))) from error

    def _unavailable(self, what: str, error: Exception) -> StoreUnavailableError:
        why = getattr(error, "strerror", None) or error
        check = "the disk space and the permissions of that folder"
        if not self._is_local():
            check = "that it can be reached, the credentials and their permissions"
        return StoreUnavailableError(
            f"A blob could not be {what} under {self.location} ({why}). Check {check}."
        )


def filesystem_at(url: str) -> tuple[Any, str]:
    """Return the file system of a folder or fsspec URL, and the path in it.

    The name of a folder is taken as it is: fsspec would read `::` in it as a chain of URLs, and
    write somewhere else.
    """
    import fsspec

    if "://" in url:
        fs, path = fsspec.core.url_to_fs(url)
    else:
        fs = fsspec.filesystem("file")
        path = fs._strip_protocol(url)
    return fs, str(path)


def is_part(path: str) -> bool:
    """Tell whether a file is a blob that is being written, or never was to its end."""
    return path.endswith(".tmp")


def damaged(name: str, url: str, detail: str) -> str:
    """Say that a blob is damaged and what to do."""
    return (
        f"Blob {name} under {url} is damaged ({detail}). `holdfast verify --repair --source` "
        "replaces it from its source."
    )


def raw_path(content_sha256: str) -> str:
    """Name the blob of raw bytes."""
    return f"raw/{content_sha256[:2]}/{content_sha256}.zst"


def text_path(content_sha256: str, suffix: str, parser: str) -> str:
    """Name the blob of the text read from these bytes by this parser."""
    return f"text/{parser}/{content_sha256[:2]}/{content_sha256}.{suffix}.zst"


def blob_name(path: str) -> BlobName | None:
    """Read the name of a blob; none if it is not one."""
    found = _NAME.fullmatch(path)
    if found is None:
        return None
    kind = BlobKind(found["raw"] or found["kept"])
    return BlobName(kind, found["sha"], path, found["parser"] or "", found["suffix"] or "")
