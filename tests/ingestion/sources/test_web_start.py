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


def index(*sitemaps):
    inside = "".join(f"<sitemap><loc>{url}</loc></sitemap>" for url in sitemaps)
    return Page(f"<sitemapindex>{inside}</sitemapindex>".encode(), "application/xml")


def sitemap(*pages):
    inside = "".join(f"<url><loc>{url}</loc></url>" for url in pages)
    return Page(f"<urlset>{inside}</urlset>".encode(), "application/xml")


def test_sitemaps_of_an_index_lie_beside_it_whatever_is_allowed(site, crawler):
    site.pages = {
        "/map.xml": index("/map-1.xml", "http://other.example/map.xml"),
        "/map-1.xml": sitemap(f"{site.url}/docs/a", f"{site.url}/shop/b"),
        "/docs/a": links(), "/shop/b": links(),
    }  # fmt: skip
    options = {"start": (), "sitemaps": f"{site.url}/map.xml", "allow": f"{site.url}/docs"}
    listing = crawler.source(**options).list_entries()
    assert listing.complete
    assert crawler.paths(listing) == ["/docs/a.html"]


@pytest.mark.parametrize(
    ("answered", "said"),
    [
        (index("http://other.example/map.xml"), "other.example"),
        (index(), "names no page"),
        (sitemap(), "names no page"),
    ],
)
def test_sitemaps_that_lead_to_no_page_let_none_be_deleted(site, crawler, answered, said):
    site.pages = {"/map.xml": sitemap(f"{site.url}/a"), "/": links(), "/a": links()}
    options = {"sitemaps": f"{site.url}/map.xml"}
    assert len(crawler.source(**options).list_entries().entries) == 2
    site.pages["/map.xml"] = answered
    listing = crawler.source(**options).list_entries()
    assert not listing.complete
    assert said in listing.problems[0]
