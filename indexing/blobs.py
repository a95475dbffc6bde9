"""Content-addressed blobs: the raw bytes of every version, and what was made of them.

A blob is named by the SHA-256 of what it holds (raw) or of what it was derived from
(prepared), is compressed with zstd, and is written by rename, so a name never holds half a
blob. Any fsspec URL will do; local folders need no extra package.
"""

import os
import uuid
from typing import Any

import msgspec
import zstandard

from indexing.errors import StoreCorruptError, StoreUnavailableError
from ingestion.document import PreparedDocument, sha256_of


class BlobStore:
    """Raw bytes and prepared documents under one folder or fsspec URL."""

    def __init__(self, url: str) -> None:
        """Use the folder or URL `url`; nothing is created before the first write."""
        self._url = url
        self._fs: Any = None
        self._root = ""

    @property
    def location(self) -> str:
        """Where the blobs lie."""
        return self._url

    def put_raw(self, content_sha256: str, data: bytes) -> None:
        """Keep the raw bytes of a version."""
        self._put(f"raw/{content_sha256[:2]}/{content_sha256}.zst", data)

    def raw(self, content_sha256: str) -> bytes | None:
        """Return the raw bytes with this hash, or none.

        Raises:
            StoreCorruptError: The blob does not hash to its name.
        """
        data = self._get(f"raw/{content_sha256[:2]}/{content_sha256}.zst")
        if data is not None and sha256_of(data) != content_sha256:
            raise StoreCorruptError(
                f"Blob {content_sha256} under {self._url} is damaged. Delete it and ingest the "
                "document again from its source."
            )
        return data

    def put_prepared(self, content_sha256: str, fingerprint: str, doc: PreparedDocument) -> None:
        """Keep what ingestion made of these bytes under this pipeline."""
        self._put(prepared_name(content_sha256, fingerprint), msgspec.json.encode(doc))

    def prepared(self, content_sha256: str, fingerprint: str) -> PreparedDocument | None:
        """Return what ingestion made of these bytes under this pipeline, or none."""
        data = self._get(prepared_name(content_sha256, fingerprint))
        return msgspec.json.decode(data, type=PreparedDocument) if data is not None else None

    def _filesystem(self) -> Any:
        if self._fs is None:
            import fsspec

            self._fs, self._root = fsspec.core.url_to_fs(self._url)
        return self._fs

    def _put(self, name: str, data: bytes) -> None:
        fs = self._filesystem()
        path = f"{self._root}/{name}"
        try:
            if fs.exists(path):
                return
            fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            temporary = f"{path}.{os.getpid()}-{uuid.uuid4().hex[:8]}.tmp"
            fs.pipe_file(temporary, zstandard.ZstdCompressor(level=3).compress(data))
            fs.mv(temporary, path)
        except OSError as error:
            raise StoreUnavailableError(
                f"A blob could not be written under {self._url} ({error.strerror or error}). "
                "Check the disk space and the permissions of that folder."
            ) from error

    def _get(self, name: str) -> bytes | None:
        try:
            compressed = self._filesystem().cat_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreUnavailableError(
                f"A blob could not be read under {self._url} ({error.strerror or error})."
            ) from error
        try:
            return zstandard.ZstdDecompressor().decompress(compressed)
        except zstandard.ZstdError as error:
            raise StoreCorruptError(
                f"Blob {name} under {self._url} is damaged ({error}). Delete it and ingest the "
                "document again from its source."
            ) from error


def prepared_name(content_sha256: str, fingerprint: str) -> str:
    """Name the prepared blob of these bytes under this pipeline."""
    return f"prepared/{fingerprint}/{content_sha256[:2]}/{content_sha256}.zst"
