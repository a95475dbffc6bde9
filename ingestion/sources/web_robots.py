"""Obeying robots.txt: which pages may be fetched, and how slowly (RFC 9309)."""

from typing import Any

from ingestion.sources.web_fetch import AGENT, Answer, Fetcher, FetchError
from ingestion.sources.web_pages import LONGEST_CRAWL_DELAY, MAX_ROBOTS_BYTES
from ingestion.sources.web_urls import canonical, origin_of

MAX_HOPS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})


def get_followed(fetcher: Fetcher, url: str, max_bytes: int) -> Answer:
    """Request a URL and follow redirects, every hop by the same rules as the first.

    Raises:
        BlockedAddressError: A hop leads to an address that must not be connected to.
        FetchError: There was no answer, or one redirect too many.
    """
    for _ in range(MAX_HOPS + 1):
        answer = fetcher.get(url, max_bytes)
        if answer.status not in REDIRECTS:
            return answer
        target = canonical(answer.headers.get("location", ""), url)
        if target is None:
            raise FetchError(f"{url} redirects to nowhere.")
        url = target
    raise FetchError(f"{url} redirects more than {MAX_HOPS} times.")


class Robots:
    """The robots.txt of every host, fetched when it is first needed."""

    def __init__(self, fetcher: Fetcher) -> None:
        """Fetch with `fetcher`, and slow it down where a site asks for that."""
        self._fetcher = fetcher
        self._rules: dict[str, Any] = {}

    def allows(self, url: str) -> bool:
        """Whether the site of a canonical URL lets robots fetch it.

        Raises:
            BlockedAddressError: The host has an address that must not be connected to.
            FetchError: The site does not say; then nothing of it may be fetched.
        """
        origin = origin_of(url)
        if origin not in self._rules:
            self._rules[origin] = self._fetch(origin)
        rules = self._rules[origin]
        if isinstance(rules, FetchError):
            raise rules
        return rules is None or bool(rules.can_fetch(url, AGENT))

    def _fetch(self, origin: str) -> Any:
        """Return the rules of a site; none for everything is allowed, or why there are none."""
        from protego import Protego

        try:
            answer = get_followed(self._fetcher, f"{origin}/robots.txt", MAX_ROBOTS_BYTES)
        except FetchError as error:
            return error
        if answer.oversized:
            return FetchError(f"{origin}/robots.txt is larger than {MAX_ROBOTS_BYTES} bytes.")
        if answer.status >= 500 or answer.status == 429:
            return FetchError(f"{origin}/robots.txt answers {answer.status}.")
        if answer.status >= 400:
            return None
        rules = Protego.parse(answer.body.decode("utf-8-sig", "replace"))
        delay = rules.crawl_delay(AGENT)
        if delay is not None:
            self._fetcher.slow_down(origin, min(float(delay), LONGEST_CRAWL_DELAY))
        return rules
