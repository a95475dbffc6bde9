"""What web pages, sitemaps and robots.txt say about where to go on.

They come from strangers, so everything is read in bounded time and memory: pages as single tags,
without building a tree, and sitemaps without entities.
"""

import codecs
import re
import zlib
from dataclasses import dataclass
from typing import Any

from ingestion.sources.web_tags import find_tags
from ingestion.sources.web_unpacking import GZIP, unpacked
from ingestion.sources.web_urls import canonical

MAX_SITEMAP_BYTES = 50 * 1024 * 1024
MAX_ROBOTS_BYTES = 512 * 1024
MAX_READ_FOR_LINKS = 5 * 1024 * 1024
MAX_LINKS = 20_000
LONGEST_CRAWL_DELAY = 60.0
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.I)
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_MARKS = (codecs.BOM_UTF8, *_WIDE)
# Codecs of host names, which no page is written in: they need hours for a few megabytes.
_NO_CHARSETS = frozenset({"punycode", "idna"})
_NO_INDEX = frozenset({"noindex", "none"})
HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Where a page leads, and what it asks of robots."""

    links: tuple[str, ...] = ()
    """Canonical URLs, each once, in the order of the page."""
    noindex: bool = False
    nofollow: bool = False
    cut: bool = False
    """Whether only the beginning of the page was read for links."""


def read_links(body: bytes, url: str, robots_header: str = "") -> PageLinks:
    """Read the links of an HTML page.

    Args:
        body: The page.
        url: Its canonical URL.
        robots_header: What the header `X-Robots-Tag` said.
    """
    base = url
    links: dict[str, None] = {}
    seen: set[str] = set()
    if body.startswith(_WIDE):  # tags are looked for as bytes
        body = body.decode("utf-16", "replace").encode("utf-8", "replace")
    is_cut = len(body) > MAX_READ_FOR_LINKS
    asked = _directives(robots_header)
    for tag, values in find_tags(body[:MAX_READ_FOR_LINKS]):
        if tag == "base":
            base = canonical(values.get("href", ""), base) or base
        elif tag == "meta":
            if values.get("name", "").lower() in {"robots", "holdfast"}:
                asked |= _directives(values.get("content", ""))
        elif "href" in values and "nofollow" not in values.get("rel", "").lower().split():
            if values["href"] in seen:
                continue
            if len(seen) == MAX_LINKS:
                is_cut = True
                break
            seen.add(values["href"])
            found = canonical(values["href"], base)
            if found is not None:
                links[found] = None
    nofollow = bool(asked & {"nofollow", "none"})
    return PageLinks(
        links=() if nofollow else tuple(links),
        noindex=bool(asked & _NO_INDEX),
        nofollow=nofollow,
        cut=is_cut,
    )


def forbids_index(robots_header: str) -> bool:
    """Whether the header `X-Robots-Tag` of what is no HTML asks robots not to index it."""
    return bool(_directives(robots_header) & _NO_INDEX)


def as_utf8(body: bytes, content_type: str) -> bytes:
    """Return a text in UTF-8 where only its header says that it is in another encoding.

    The header is gone when the text is parsed; a page that names its encoding itself stays as it
    is, and so does what is not in the encoding it is said to be in.
    """
    media_type, _, parameters = content_type.partition(";")
    named = _CHARSET.search(parameters)
    if not media_type.strip().lower().startswith("text/") or named is None:
        return body
    if body.startswith(_MARKS) or b"charset" in body[:2048].lower():
        return body
    try:
        codec = codecs.lookup(named[1]).name
        return body if codec in _NO_CHARSETS else body.decode(codec).encode("utf-8")
    except (LookupError, UnicodeError):
        return body


def _directives(text: str) -> set[str]:
    """Return what is asked of all robots, or of this one by name: `holdfast: noindex`."""
    parts = (part.strip().lower() for part in text.split(","))
    return {part.removeprefix("holdfast:").strip() for part in parts}


@dataclass(frozen=True, slots=True)
class SitemapLinks:
    """What a sitemap lists."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


class SitemapError(Exception):
    """A sitemap cannot be read."""


def read_sitemap(body: bytes, url: str) -> SitemapLinks:
    """Read a sitemap or an index of sitemaps, as XML or as lines, packed or not.

    Raises:
        SitemapError: It is neither.
    """
    if body.startswith(GZIP):
        try:
            content = unpacked([body], MAX_SITEMAP_BYTES)
        except zlib.error as error:
            raise SitemapError(f"it cannot be unpacked ({error})") from error
        if content is None:
            raise SitemapError(f"it has more than {MAX_SITEMAP_BYTES} bytes")
        body = content
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        # A byte order mark would make the first line no address.
        lines = body.decode("utf-8-sig", "replace").splitlines()
        listed = tuple(p for line in lines if (p := canonical(line)))
        if not listed:  # an empty answer, or a notice that the site is down
            raise SitemapError("it names no page")
        return SitemapLinks(listed)
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        raise SitemapError(f"it is no XML ({error})") from error
    name = etree.QName(root).localname
    if name not in {"urlset", "sitemapindex"}:
        raise SitemapError(f"it is a <{name}>, no sitemap")
    found = tuple(p for text in _locations(root) if (p := canonical(text, url)))
    return SitemapLinks(pages=found) if name == "urlset" else SitemapLinks(sitemaps=found)


def _locations(root: Any) -> list[str]:
    return [
        (element.text or "").strip()
        for entry in root
        for element in entry
        if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == "loc"
    ]
