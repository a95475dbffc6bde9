"""One crawl through a site: breadth first, each page once, within the bounds of the settings.

A redirect is treated like a link, so that every hop is held to the same scope, the same robots.txt
and the same addresses as any other page. What cannot be had for a passing reason makes the listing
incomplete, and the page is kept as it was.
"""

from collections import deque
from dataclasses import replace

from config.origins import mask_url
from config.sources import WebSource
from ingestion.document import Reason
from ingestion.errors import SourceError, SourceMissingError, SourceUnavailableError
from ingestion.sources.addresses import BlockedAddressError
from ingestion.sources.gathering import Gathering
from ingestion.sources.web_fetch import Answer, Fetcher, FetchError
from ingestion.sources.web_kept import KeptPage, KeptPages, kept_page
from ingestion.sources.web_pages import (
    HTML,
    MAX_SITEMAP_BYTES,
    SitemapError,
    as_utf8,
    forbids_index,
    read_links,
    read_sitemap,
)
from ingestion.sources.web_robots import REDIRECTS, Robots, get_followed
from ingestion.sources.web_urls import Scope, canonical, is_same_place, key_of

MEGABYTE = 1_000_000
MAX_SITEMAPS = 100
MAX_KNOWN = 200_000
_GONE = frozenset({404, 410})
_FORBIDDEN = frozenset({401, 402, 403, 451})
_NO_DOCUMENTS = (
    "audio/",
    "video/",
    "font/",
    "text/css",
    "text/javascript",
    "application/javascript",
)


class Crawl:
    """Finds the pages of a site; use once."""

    def __init__(
        self,
        settings: WebSource,
        fetcher: Fetcher,
        kept: KeptPages,
        gathering: Gathering,
        max_bytes: int,
    ) -> None:
        """Begin where the settings say; what is not a page goes to `gathering`."""
        self._settings = settings
        self._fetcher = fetcher
        self._robots = Robots(fetcher)
        self._kept = kept
        self._gathering = gathering
        self._max_bytes = max_bytes
        self._before = kept.load()
        seeds = [u for url in (*settings.start, *settings.sitemaps) if (u := canonical(url))]
        self._scope = Scope(settings.allow, seeds)
        self._starts = {u for url in settings.start if (u := canonical(url))}
        self._moved: dict[str, str] = {}
        self._waiting: deque[tuple[str, int]] = deque()
        self._seen: set[str] = set()
        self._fetched = 0
        self._bytes = 0
        self._pages: dict[str, KeptPage] = {}
        self.unindexed: set[str] = set()
        """Pages that ask robots not to index them."""
        self.seed_error: SourceError | None = None
        """Why the crawl could not even begin at some place."""

    def run(self) -> dict[str, KeptPage]:
        """Return the pages by URL, in the order in which they were found."""
        for url in self._settings.start:
            self._begin(url)
        self._go_on()
        # Afterwards, so that what links lead to as well is followed as far as links go.
        for url in self._sitemap_pages():
            self._add(url, self._settings.max_depth)
        self._go_on()
        return self._pages

    def _begin(self, url: str) -> None:
        """Add a start; one that cannot be fetched must not look like a site without pages."""
        start = canonical(url)
        if start is None:
            self._cannot_begin(_no_address(url, "start"))
        elif not self._scope.covers(start):
            said = f"{start} lies under nothing that `allow` names; `allow` it, or begin elsewhere."
            self._cannot_begin(SourceMissingError(said))
        else:
            self._add(start, 0)

    def _go_on(self) -> None:
        """Visit what is waiting, until a bound is reached."""
        while self._waiting:
            url, depth = self._waiting.popleft()
            if self._fetched >= self._settings.max_pages:
                self._gathering.problem(
                    f"The site has more than {self._settings.max_pages} pages (max_pages)."
                )
                break
            if self._bytes > self._settings.max_total_mb * MEGABYTE:
                self._gathering.problem(
                    f"The site has more than {self._settings.max_total_mb:g} MB (max_total_mb)."
                )
                break
            self._visit(url, depth, is_start=url in self._starts)

    def _add(self, url: str, depth: int) -> None:
        if url not in self._seen and self._scope.covers(url):
            if len(self._seen) >= MAX_KNOWN:
                self._gathering.problem(f"The site has links to more than {MAX_KNOWN} pages.")
                return
            self._seen.add(url)
            self._waiting.append((url, depth))

    def _visit(self, url: str, depth: int, is_start: bool) -> None:
        before = self._before.get(url)
        try:
            if not self._robots.allows(url):
                self._gathering.skip(self._key(url), "robots.txt does not allow it")
                return
            self._fetched += 1
            conditions = before.conditions if before and self._has(before) else {}
            answer = self._fetcher.get(url, self._max_bytes, conditions)
        except BlockedAddressError as error:
            self._gathering.refuse(self._key(url), Reason.OUTSIDE_SOURCE, str(error))
            if is_start:
                self._cannot_begin(SourceMissingError(str(error)))
            return
        except FetchError as error:
            self._failed(url, depth, str(error), before, is_start)
            return
        self._sort(url, depth, answer, before, is_start)

    def _sort(
        self, url: str, depth: int, answer: Answer, before: KeptPage | None, is_start: bool
    ) -> None:
        """Decide what an answer means."""
        status = answer.status
        if status == 304 and before is not None:
            self._take(url, depth, before)
        elif status == 200:
            self._arrived(url, depth, answer, before)
        elif status in REDIRECTS:
            self._redirected(url, depth, answer, is_start)
        elif status in _GONE and not is_start:
            self._gathering.skip(self._key(url), f"there is no such page ({status})")
        elif status in _FORBIDDEN and not is_start:
            detail = f"The site refuses to show it ({status})."
            self._gathering.refuse(self._key(url), Reason.UNREADABLE, detail)
        else:
            self._failed(url, depth, f"{url} answers {status}.", before, is_start)

    def _arrived(self, url: str, depth: int, answer: Answer, before: KeptPage | None) -> None:
        key = key_of(url, answer.media_type)
        if answer.oversized:
            detail = f"It has more than {self._max_bytes} bytes (max_document_mb)."
            self._gathering.refuse(key, Reason.TOO_LARGE, detail)
        elif answer.media_type.startswith(_NO_DOCUMENTS):
            self._gathering.skip(key, f"no document: {answer.media_type}")
        else:
            body = as_utf8(answer.body, answer.headers.get("content-type", ""))
            answer = replace(answer, body=body)
            digest = self._kept.put_body(body)
            self._take(url, depth, kept_page(answer, digest, before), answer.body)

    def _take(self, url: str, depth: int, page: KeptPage, body: bytes | None = None) -> None:
        """Take a page, and go on from its links."""
        self._pages[url] = page
        self._bytes += page.size
        if page.media_type not in HTML:
            if forbids_index(page.robots):
                self.unindexed.add(url)
            return
        content = self._kept.body(page.sha256) if body is None else body
        found = read_links(content or b"", url, page.robots)
        if found.noindex:
            self.unindexed.add(url)
        if depth < self._settings.max_depth:
            if found.cut:
                self._gathering.problem(f"{url} is too long to be read for links to its end.")
            for link in found.links:
                self._add(link, depth + 1)

    def _redirected(self, url: str, depth: int, answer: Answer, is_start: bool) -> None:
        target = canonical(answer.headers.get("location", ""), url)
        if target is None or not self._scope.covers(target):
            detail = f"It redirects out of the source, to {target or 'nowhere'}."
            self._gathering.refuse(self._key(url), Reason.OUTSIDE_SOURCE, detail)
            if is_start:
                said = f"{url} redirects to {target or 'nowhere'}; begin there, or `allow` it."
                self._cannot_begin(SourceMissingError(said))
            return
        self._moved[url] = target
        if is_start and self._is_circle(url):
            # A site that is down or asks for a cookie; that there are no pages it does not say.
            said = f"{url} redirects in a circle, over {target}."
            self._failed(url, depth, said, self._before.get(url), is_start)
            return
        self._gathering.skip(self._key(url), f"redirects to {target}")
        if is_start:  # the crawl begins there then: if it is gone, that tells nothing of the rest
            self._starts.add(target)
        self._add(target, depth)

    def _is_circle(self, url: str) -> bool:
        """Whether the redirects that were seen lead from a page back to it."""
        passed: set[str] = set()
        target = self._moved.get(url)
        while target is not None and target != url and target not in passed:
            passed.add(target)
            target = self._moved.get(target)
        return target == url

    def _failed(
        self, url: str, depth: int, said: str, before: KeptPage | None, is_start: bool
    ) -> None:
        """Note what could not be had this time; a page that is kept stays as it was."""
        if is_start:
            self._cannot_begin(SourceUnavailableError(said))
        else:
            self._gathering.problem(said)
        if before is not None and self._has(before):
            self._take(url, depth, before)

    def _cannot_begin(self, error: SourceError) -> None:
        self.seed_error = self.seed_error or error
        self._gathering.problem(str(error))

    def _key(self, url: str) -> str:
        """Return the key of a page that was not transferred: the one it had before, if any."""
        before = self._before.get(url)
        return key_of(url, before.media_type if before else "")

    def _has(self, page: KeptPage) -> bool:
        return self._kept.body(page.sha256) is not None

    def _sitemap_pages(self) -> list[str]:
        """Read the sitemaps, and those they name; what cannot be read is a problem."""
        waiting: deque[str] = deque()
        for given in self._settings.sitemaps:
            if (known := canonical(given)) is None:
                self._cannot_begin(_no_address(given, "sitemaps"))
            else:
                waiting.append(known)
        given_ones = frozenset(waiting)
        seen = set(waiting)
        pages: dict[str, None] = {}
        foreign: list[str] = []
        number = 0
        while waiting:
            url = waiting.popleft()
            number += 1
            if number > MAX_SITEMAPS:
                self._gathering.problem(f"There are more than {MAX_SITEMAPS} sitemaps.")
                break
            try:
                answer = get_followed(self._fetcher, url, MAX_SITEMAP_BYTES)
                if answer.status != 200 or answer.oversized:
                    raise SitemapError(f"it answers {answer.status}, or is too large")
                found = read_sitemap(answer.body, url)
                if url in given_ones and not (found.pages or found.sitemaps):
                    raise SitemapError("it names no page")
            except (FetchError, SitemapError, BlockedAddressError) as error:
                said = f"The sitemap {url} cannot be read: {error}."
                self._cannot_begin(SourceUnavailableError(said))
                continue
            pages |= dict.fromkeys(found.pages)
            for inner in found.sitemaps:
                # An index mostly lies beside its sitemaps, and not under what `allow` names.
                near = is_same_place(inner, url) or self._scope.covers(inner)
                if inner not in seen and near:
                    seen.add(inner)
                    waiting.append(inner)
                elif not near:
                    foreign.append(inner)
        if (pages or foreign) and not any(map(self._scope.covers, pages)):
            named = next(iter((*pages, *foreign)))
            said = f"The sitemaps name no page of the source, but {named}; `allow` it."
            self._cannot_begin(SourceMissingError(said))
        return list(pages)


def _no_address(url: str, option: str) -> SourceMissingError:
    shown = mask_url(url)[:200]
    return SourceMissingError(
        f"{shown} is no address that can be fetched; correct it under `{option}`."
    )
