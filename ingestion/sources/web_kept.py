"""The pages of a web source that are kept in the home, so that only what changed is transferred."""

import datetime as dt
import email.utils
import json
import math
import os
import tempfile
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.document import sha256_of
from ingestion.sources.web_fetch import Answer
from ingestion.sources.web_urls import key_of, told_apart

_SPARED_SECONDS = 3600.0  # another process may be reading what its listing named


@dataclass(frozen=True, slots=True)
class KeptPage:
    """What is known of a page from the last time."""

    sha256: str
    size: int
    media_type: str
    etag: str = ""
    last_modified: str = ""
    modified_ns: int = 0
    """When this content was last modified, as its server said when it was first seen."""
    robots: str = ""
    """What the header `X-Robots-Tag` said."""

    @property
    def conditions(self) -> dict[str, str]:
        """Headers that ask for the page only if it changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}


class KeptPages:
    """Pages by URL, and their bodies by hash."""

    def __init__(self, folder: Path) -> None:
        """Keep them in `folder`, which is made when something is kept."""
        self._folder = folder
        self._bodies = folder / "bodies"

    def load(self) -> dict[str, KeptPage]:
        """Return what was kept last; nothing if that cannot be read, since it can be fetched."""
        try:
            raw = json.loads((self._folder / "pages.json").read_text(encoding="utf-8"))
            return {url: KeptPage(**page) for url, page in raw.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def save(self, pages: Mapping[str, KeptPage]) -> None:
        """Remember these pages and forget all others; bodies nobody needs are removed later."""
        self._remember(pages, time.time() - _SPARED_SECONDS)

    def forget(self, keys: Collection[str]) -> None:
        """Remove the pages that are documents of these keys, and every body nobody needs then.

        Nothing names the bodies of pages that are gone or had another content before, or what was
        being written when a process ended; so a document may have any of them.
        """
        left = {
            url: page
            for url, page in self.load().items()
            for key in (key_of(url, page.media_type),)
            if key not in keys and told_apart(key, url) not in keys
        }
        self.prepare()
        self._remember(left, math.inf)

    def _remember(self, pages: Mapping[str, KeptPage], before: float) -> None:
        """Remember only these pages, and remove other bodies that were written before."""
        text = json.dumps({url: asdict(page) for url, page in pages.items()})
        _write(self._folder / "pages.json", text.encode())
        needed = {page.sha256 for page in pages.values()}
        with os.scandir(self._bodies) as bodies:
            for body in bodies:
                if body.name not in needed and body.stat().st_mtime < before:
                    os.unlink(body.path)

    def put_body(self, body: bytes) -> str:
        """Keep a body; returns its hash."""
        digest = sha256_of(body)
        if self.body(digest) is None:
            _write(self._bodies / digest, body)
        return digest

    def body(self, digest: str) -> bytes | None:
        """Return a body, or none if it is not there or damaged."""
        if not digest.isalnum():
            return None
        try:
            body = (self._bodies / digest).read_bytes()
        except OSError:
            return None
        return body if sha256_of(body) == digest else None

    def prepare(self) -> None:
        """Make the folders."""
        self._bodies.mkdir(parents=True, exist_ok=True)


def _write(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def kept_page(answer: Answer, digest: str, before: KeptPage | None) -> KeptPage:
    """Return what is to be remembered of a page that was transferred.

    Servers that make pages on demand date them anew each time; the date counts only for content
    that is new.
    """
    dated = answer.headers.get("last-modified", "")
    same = before is not None and before.sha256 == digest
    return KeptPage(
        sha256=digest,
        size=len(answer.body),
        media_type=answer.media_type,
        etag=answer.headers.get("etag", ""),
        last_modified=dated,
        modified_ns=before.modified_ns if before is not None and same else _http_date_ns(dated),
        robots=answer.headers.get("x-robots-tag", ""),
    )


def _http_date_ns(text: str) -> int:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(int(zoned.timestamp()) * 1_000_000_000, 0)
