"""Pages of web sites, found through links and sitemaps, within bounds and robots.txt.

A listing is a crawl: pages that were kept from the last time are asked for with their ETag or date
and are transferred only if they changed. What is kept in the home is what is read afterwards, so a
page is what was listed, whatever its server says by then.
"""

from collections.abc import Callable
from pathlib import Path

from config.sources import WebSource
from ingestion.document import EXACT, Listing, Refusal, SourceEntry, Stat, sha256_of
from ingestion.sources.gathering import Gathering, changed, too_large
from ingestion.sources.web_crawl import Crawl
from ingestion.sources.web_fetch import Fetcher
from ingestion.sources.web_kept import KeptPages
from ingestion.sources.web_urls import key_of, told_apart


class WebPagesSource:
    """Lists and reads the pages of a site."""

    def __init__(
        self,
        settings: WebSource,
        folder: Path,
        max_bytes: int,
        fetcher: Callable[[WebSource], Fetcher] = Fetcher,
    ) -> None:
        """Configure the source; nothing is requested before it is listed.

        Args:
            settings: Where to begin, and how far to go.
            folder: Folder for what is kept of all web sources.
            max_bytes: Larger pages are not transferred.
            fetcher: Makes what sends the requests.
        """
        self._settings = settings
        self._kept = kept_pages(settings, folder)
        self._max_bytes = max_bytes
        self._fetcher = fetcher

    @property
    def name(self) -> str:
        """Name of the source."""
        return self._settings.name

    @property
    def location(self) -> str:
        """Where the crawl begins."""
        return ", ".join((*self._settings.start, *self._settings.sitemaps))

    def list_entries(self, on_progress: Callable[[int], None] | None = None) -> Listing:
        """Crawl the site.

        Raises:
            SourceError: Nothing could be reached from where it begins.
        """
        gathering = Gathering(self._settings.include, self._settings.exclude, on_progress)
        self._kept.prepare()
        crawl = Crawl(
            self._settings, self._fetcher(self._settings), self._kept, gathering, self._max_bytes
        )
        pages = crawl.run()
        if not pages and crawl.seed_error is not None:
            raise type(crawl.seed_error)(f"Source '{self.name}': {crawl.seed_error}")
        # What was not seen by a crawl that broke off may be there still.
        remembered = pages if not gathering.problems else {**self._kept.load(), **pages}
        self._kept.save(remembered)
        for url, page in pages.items():
            if url in crawl.unindexed:
                gathering.skip(key_of(url, page.media_type), "the page asks not to be indexed")
                continue
            key = key_of(url, page.media_type)
            if gathering.has(key):
                key = told_apart(key, url)
            stat = Stat(page.size, page.modified_ns, EXACT + page.sha256)
            gathering.take(SourceEntry(key, stat, (("url", url),)))
        return gathering.listing()

    def read(self, entry: SourceEntry, max_bytes: int) -> bytes | Refusal:
        """Read what was kept of a page when it was listed."""
        if entry.stat.size > max_bytes:
            return too_large(entry.key, entry.stat.size, max_bytes)
        body = self._kept.body(entry.stat.tag.removeprefix(EXACT))
        return changed(entry.key) if body is None else body


def kept_pages(settings: WebSource, folder: Path) -> KeptPages:
    """Return what is kept of a site; another start is another site."""
    seeds = repr((settings.start, settings.sitemaps))
    return KeptPages(folder / f"{settings.name}-{sha256_of(seeds)[:12]}")
