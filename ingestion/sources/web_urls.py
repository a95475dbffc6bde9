"""URLs of web pages: one form for each, the key of its document, and which ones are followed."""

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit, urlunsplit

from ingestion.document import sha256_of

LONGEST_URL = 2000
_PORTS = {"http": 80, "https": 443}
_SAFE = "/:@!$&'()*+,;=-._~%"
_DOT = re.compile(r"%2e", re.I)
_HIGH_BYTES = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_SUFFIXES = {
    "text/html": (".html", ".htm", ".xhtml"),
    "application/xhtml+xml": (".xhtml", ".html", ".htm"),
    "text/markdown": (".md", ".markdown"),
    "text/csv": (".csv",),
    "application/pdf": (".pdf",),
    "application/json": (".json",),
    "application/xml": (".xml",),
    "text/xml": (".xml",),
    "application/rtf": (".rtf",),
    "application/msword": (".doc",),
    "application/epub+zip": (".epub",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (".docx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": (".pptx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (".xlsx",),
}


def canonical(url: str, base: str = "") -> str | None:
    """Return the one form of a URL, or none for what is no web page or no valid URL.

    Args:
        url: As it stands in a page; may be relative to `base`.
        base: Where it stands.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if ":" in host else host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or not host or parts.username is not None:
        return None
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    path = _without_dots(quote(parts.path or "/", safe=_SAFE))
    query = quote(parts.query, safe=_SAFE + "?")
    made = urlunsplit(SplitResult(scheme, netloc, path, query, ""))
    return made if len(made) <= LONGEST_URL else None


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` in a path, escaped ones as well, as browsers and servers do.

    Otherwise `/docs/%2e%2e/private` would seem to lie under `/docs`, for the scope of a crawl and
    for robots.txt, and be `/private` for the server.
    """
    kept: list[str] = []
    segments = path.split("/")
    for segment in segments:
        dots = _DOT.sub(".", segment)
        if dots == ".." and len(kept) > 1:
            kept.pop()
        elif dots not in {".", ".."}:
            kept.append(segment)
    if _DOT.sub(".", segments[-1]) in {".", ".."}:
        kept.append("")
    return "/".join(kept)


def host_and_port(url: str) -> tuple[str, int]:
    """Return host and port of a canonical URL."""
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _PORTS[parts.scheme]


def origin_of(url: str) -> str:
    """Return scheme, host and port of a canonical URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def key_of(url: str, media_type: str = "") -> str:
    """Return the key of the document at a canonical URL.

    It is host and path, with an ending that fits the media type where the path has none: the
    ending is what a document's type is told by.
    """
    parts = urlsplit(url)
    key = f"{parts.netloc}{parts.path}"
    if key.endswith("/"):
        key += "index"
    if parts.query:
        key += f"?{parts.query}"
    endings = _SUFFIXES.get(media_type, ())
    ending = PurePosixPath(parts.path).suffix.lower()
    if endings and (parts.query or ending not in endings):
        key += endings[0]
    return _HIGH_BYTES.sub(_readable, key)


def told_apart(key: str, url: str) -> str:
    """Return another key for a URL whose key is that of another URL already."""
    path = PurePosixPath(key)
    return f"{key.removesuffix(path.suffix)}~{sha256_of(url)[:8]}{path.suffix}"


def _readable(match: re.Match[str]) -> str:
    try:
        return unquote_to_bytes(match[0]).decode("utf-8")
    except UnicodeDecodeError:
        return match[0]


class Scope:
    """Which URLs a crawl may go to."""

    def __init__(self, prefixes: Iterable[str], seeds: Iterable[str]) -> None:
        """Allow what lies under `prefixes`; without any, the hosts of `seeds`."""
        self._prefixes = tuple(p for prefix in prefixes if (p := canonical(prefix)))
        self._hosts = frozenset(_place(url) for url in seeds)

    def covers(self, url: str) -> bool:
        """Whether a canonical URL may be fetched."""
        if not self._prefixes:
            return _place(url) in self._hosts
        return any(_is_under(url, prefix) for prefix in self._prefixes)


def is_same_place(one: str, other: str) -> bool:
    """Whether two canonical URLs are of one host and port, be it by http or https."""
    return _place(one) == _place(other)


def _place(url: str) -> str:
    """Host and port; http and https of one host are the same place."""
    return urlsplit(url).netloc


def _is_under(url: str, prefix: str) -> bool:
    if not url.startswith(prefix):
        return False
    return prefix.endswith("/") or url[len(prefix) : len(prefix) + 1] in {"", "/", "?"}
