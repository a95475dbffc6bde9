"""What web pages, sitemaps and robots.txt say about where to go on.

They come from strangers, so everything is read in bounded memory: pages as a stream of tags,
without building a tree, and sitemaps without entities.
"""

import zlib
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

from ingestion.sources.web_urls import canonical

MAX_SITEMAP_BYTES = 50 * 1024 * 1024
MAX_ROBOTS_BYTES = 512 * 1024
MAX_READ_FOR_LINKS = 5 * 1024 * 1024
LONGEST_CRAWL_DELAY = 60.0
HTML = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Where a page leads, and what it asks of robots."""

    links: tuple[str, ...] = ()
    """Canonical URLs, each once, in the order of the page."""
    noindex: bool = False
    nofollow: bool = False


class _Links(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self.base = base
        self.links: dict[str, None] = {}
        self.directives: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"a", "area", "base", "meta"}:
            return
        values = {name: value or "" for name, value in attrs}
        if tag == "base" and "href" in values:
            self.base = canonical(values["href"], self.base) or self.base
        elif tag == "meta" and values.get("name", "").lower() in {"robots", "holdfast"}:
            self.directives |= _directives(values.get("content", ""))
        elif tag in {"a", "area"} and "href" in values:
            found = canonical(values["href"], self.base)
            if found is not None and "nofollow" not in values.get("rel", "").lower().split():
                self.links[found] = None


def read_links(body: bytes, url: str, robots_header: str = "") -> PageLinks:
    """Read the links of an HTML page.

    Args:
        body: The page.
        url: Its canonical URL.
        robots_header: What the header `X-Robots-Tag` said.
    """
    reader = _Links(url)
    reader.feed(body[:MAX_READ_FOR_LINKS].decode("utf-8", "replace"))
    asked = reader.directives | _directives(robots_header)
    no_follow = bool(asked & {"nofollow", "none"})
    return PageLinks(
        () if no_follow else tuple(reader.links), bool(asked & {"noindex", "none"}), no_follow
    )


def _directives(text: str) -> set[str]:
    return {part.strip().lower() for part in text.split(",")}


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
    if body.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=47)
        try:
            body = unpacker.decompress(body, MAX_SITEMAP_BYTES)
        except zlib.error as error:
            raise SitemapError(f"it cannot be unpacked ({error})") from error
        if unpacker.unconsumed_tail:
            raise SitemapError(f"it has more than {MAX_SITEMAP_BYTES} bytes")
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        lines = body.decode("utf-8", "replace").split("\n")
        return SitemapLinks(tuple(p for line in lines if (p := canonical(line))))
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
