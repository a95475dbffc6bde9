"""Makes web sources for a site on loopback, with a resolver and a sleep of their own."""

from pathlib import Path
from typing import Any

from config.sources import WebSource
from ingestion.document import Listing
from ingestion.sources.web import WebPagesSource
from ingestion.sources.web_fetch import Fetcher
from tests.support.shelves import LIMIT
from tests.support.web_site import Page, WebSite


class Crawler:
    """Makes sources for a site, and remembers how long they slept."""

    def __init__(self, site: WebSite, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.slept: list[float] = []
        self.names: dict[str, list[str]] = {}

    def resolve(self, host: str, _port: int) -> list[str]:
        """The addresses of a host; one that is none has itself."""
        return self.names.get(host, [host])

    def source(self, max_bytes: int = LIMIT, **options: Any) -> WebPagesSource:
        """A source that begins at the root of the site, unless options say otherwise."""
        given = {"start": f"{self.site.url}/", "allow_hosts": (self.site.host,), **options}
        settings = WebSource(name="site", kind="web", **{"delay_seconds": 0, **given})
        return WebPagesSource(
            settings, self.folder, max_bytes,
            lambda s: Fetcher(s, resolve=self.resolve, clock=lambda: 0.0, sleep=self.slept.append),
        )  # fmt: skip

    def paths(self, listing: Listing) -> list[str]:
        """The paths of the documents of a listing."""
        return sorted(e.key.removeprefix(self.site.host) for e in listing.entries)


def links(*targets: str) -> Page:
    """A page that leads to these."""
    return Page("".join(f'<a href="{t}">x</a>' for t in targets).encode())
