"""Where a crawl begins: what it means that it cannot, and that this is no empty site."""

import pytest

from ingestion.errors import SourceMissingError, SourceUnavailableError
from tests.support.crawler import links
from tests.support.web_site import Page


@pytest.mark.parametrize("status", [404, 403])
def test_a_start_that_redirects_to_what_is_gone_lets_nothing_be_deleted(site, crawler, status):
    moved = Page(status=302, headers={"Location": "/home"}, tagged=False)
    site.pages = {"/": moved, "/home": links("/a"), "/a": links()}
    assert len(crawler.source().list_entries().entries) == 2
    site.pages["/home"].status = status
    listing = crawler.source().list_entries()
    assert not listing.complete
    assert f"/home answers {status}" in listing.problems[0]


def test_a_start_that_redirects_in_a_circle_lets_nothing_be_deleted(site, crawler):
    site.pages = {"/": links("/a"), "/a": links()}
    assert len(crawler.source().list_entries().entries) == 2
    site.pages["/"] = Page(status=302, headers={"Location": "/"}, tagged=False)
    listing = crawler.source().list_entries()
    assert not listing.complete
    assert "in a circle" in listing.problems[0]
    assert crawler.paths(listing) == ["/a.html", "/index.html"]  # as they were
    site.pages["/"].headers["Location"] = "/login"
    site.pages["/login"] = Page(status=302, headers={"Location": "/"}, tagged=False)
    with pytest.raises(SourceUnavailableError, match="in a circle"):
        crawler.source().list_entries()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"start": "{url}/", "allow": "{url}/docs"}, "`allow` it"),
        ({"start": "http://me:secret@{host}/"}, "correct it under `start`"),
        ({"start": "http://{host}9999/"}, "correct it under `start`"),
        ({"start": (), "sitemaps": "http://me:secret@{host}/"}, "correct it under `sitemaps`"),
        ({"start": (), "sitemaps": "{url}/elsewhere"}, "name no page of the source"),
    ],
)
def test_where_nothing_can_begin_is_told_and_is_no_empty_site(site, crawler, options, said):
    site.pages = {"/": links(), "/elsewhere": Page(b"http://other.example/", "text/plain")}
    given = {
        name: value and value.format(url=site.url, host=site.host)
        for name, value in options.items()
    }
    with pytest.raises(SourceMissingError, match=said) as error:
        crawler.source(**given).list_entries()
    assert "secret" not in str(error.value)
