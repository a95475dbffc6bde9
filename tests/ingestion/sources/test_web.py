"""The web source: what a crawl follows, obeys, keeps and refuses."""

import email.utils
import gzip
import time

import pytest

from ingestion.document import Reason
from ingestion.errors import SourceMissingError, SourceUnavailableError
from tests.support.crawler import links
from tests.support.shelves import LIMIT
from tests.support.web_site import Page, WebSite


def test_links_are_followed_as_deep_as_is_said(site, crawler):
    site.pages = {"/": links("/1"), "/1": links("/2"), "/2": links("/3"), "/3": links()}
    listing = crawler.source(max_depth=2).list_entries()
    assert listing.complete
    assert crawler.paths(listing) == ["/1.html", "/2.html", "/index.html"]
    assert dict(listing.entries[0].metadata) == {"url": f"{site.url}/"}
    assert all(agent.startswith("Holdfast/") for agent in site.agents)


def test_what_did_not_change_is_not_transferred_again(site, crawler):
    site.pages = {"/": links("/a"), "/a": links("/b"), "/b": Page(b"text", "text/plain")}
    first = crawler.source().list_entries()
    second = crawler.source().list_entries()
    assert second.entries == first.entries
    assert [site.statuses(path) for path in ("/", "/a", "/b")] == [[200, 304]] * 3


def test_pages_without_an_etag_keep_their_stat_as_long_as_their_content(site, crawler):
    date = {"Last-Modified": "Sun, 01 Mar 2026 00:00:00 GMT"}
    site.pages = {"/": Page(b"same", tagged=False, headers=date)}
    (first,) = crawler.source().list_entries().entries
    site.pages["/"].headers = {"Last-Modified": "Mon, 02 Mar 2026 00:00:00 GMT"}
    (second,) = crawler.source().list_entries().entries
    assert first.stat == second.stat
    assert first.stat.modified_ns == 1_772_323_200_000_000_000


def test_a_tag_that_is_not_ascii_is_sent_back_as_it_came(site, crawler):
    tag = {"ETag": '"versión 1"'}
    site.pages = {"/": Page(b"same", tagged=False, headers=tag)}
    first = crawler.source().list_entries()
    assert crawler.source().list_entries().entries == first.entries
    assert site.conditions == [None, None, None, '"versión 1"']


@pytest.mark.parametrize(
    "date", ["Sun, 01 Mar 2026 00:00:00 +99999999999999", "Sun, 99 Mar 2026 00:00:00 GMT", "now"]
)
def test_a_date_that_no_clock_shows_costs_no_crawl(site, crawler, date):
    site.pages = {"/": Page(b"text", headers={"Last-Modified": date})}
    (entry,) = crawler.source().list_entries().entries
    assert entry.stat.modified_ns == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [({"max_pages": 2}, "max_pages"), ({"max_total_mb": 0.00001}, "max_total_mb")],
)
def test_a_bound_makes_the_listing_incomplete(site, crawler, options, said):
    site.pages = {"/": links("/1", "/2", "/3")} | {f"/{n}": links() for n in (1, 2, 3)}
    listing = crawler.source(**options).list_entries()
    assert not listing.complete
    assert said in listing.problems[0]
    assert 0 < len(listing.entries) < 4


def test_robots_txt_is_obeyed(site, crawler):
    rules = b"User-agent: *\nDisallow: /\n\nUser-agent: holdfast\nDisallow: /secret\nCrawl-delay: 7"
    site.pages = {
        "/robots.txt": Page(rules, "text/plain"), "/": links("/open", "/secret/x"),
        "/open": links(), "/secret/x": links(),
    }  # fmt: skip
    listing = crawler.source().list_entries()
    assert listing.complete
    assert crawler.paths(listing) == ["/index.html", "/open.html"]
    assert [s.detail for s in listing.skipped] == ["robots.txt does not allow it"]
    assert "/secret/x" not in site.asked
    assert crawler.slept == [7.0, 7.0]


def test_without_an_answer_to_robots_txt_nothing_is_fetched(site, crawler):
    site.pages = {"/robots.txt": Page(status=503), "/": links()}
    with pytest.raises(SourceUnavailableError, match=r"'site'.*robots\.txt answers 503"):
        crawler.source().list_entries()
    assert site.asked == ["/robots.txt"]


def test_requests_to_a_host_are_spaced(site, crawler):
    site.pages = {"/": links("/a"), "/a": links()}
    crawler.source(delay_seconds=3).list_entries()
    assert crawler.slept == [3.0, 3.0]


def test_pages_that_fail_stay_as_they_were_and_links_are_still_followed(site, crawler):
    site.pages = {"/": links("/a"), "/a": links("/b"), "/b": links()}
    first = crawler.source().list_entries()
    site.pages["/a"].status = 500
    listing = crawler.source().list_entries()
    assert not listing.complete
    assert listing.entries == first.entries
    site.pages["/"].status = 500
    assert crawler.source().list_entries().entries == first.entries


def test_after_a_crawl_that_broke_off_nothing_is_transferred_twice(site, crawler):
    site.pages = {"/": links("/a"), "/a": links("/b"), "/b": links()}
    crawler.source().list_entries()
    assert not crawler.source(max_pages=1).list_entries().complete
    crawler.source().list_entries()
    assert site.statuses("/b") == [200, 304]


def test_pages_that_are_gone_are_skipped_and_pages_that_are_refused_are_not_gone(site, crawler):
    site.pages = {"/": links("/a", "/b"), "/a": links(), "/b": links()}
    crawler.source().list_entries()
    site.pages |= {"/a": Page(status=410), "/b": Page(status=403)}
    listing = crawler.source().list_entries()
    assert listing.complete
    assert crawler.paths(listing) == ["/index.html"]
    assert [s.key for s in listing.skipped] == [f"{site.host}/a.html"]
    assert [(r.key, r.reason) for r in listing.refused] == [
        (f"{site.host}/b.html", Reason.UNREADABLE)
    ]


def test_redirects_are_links_and_loops_end(site, crawler):
    site.pages = {
        "/": links("/old", "/loop1"), "/new": links(),
        "/old": Page(status=301, headers={"Location": "/new"}),
        "/loop1": Page(status=302, headers={"Location": "/loop2"}),
        "/loop2": Page(status=302, headers={"Location": "/loop1"}),
    }  # fmt: skip
    listing = crawler.source().list_entries()
    assert listing.complete
    assert crawler.paths(listing) == ["/index.html", "/new.html"]
    assert len(listing.skipped) == 3


@pytest.mark.parametrize("way", ["/docs/../secret", "/docs/%2e%2e/secret", "/docs/.%2E/secret"])
def test_dots_in_a_link_lead_neither_out_of_the_scope_nor_round_robots_txt(site, crawler, way):
    site.pages = {
        "/robots.txt": Page(b"User-agent: *\nDisallow: /secret", "text/plain"),
        "/docs/": links(site.url + way), way: links(), "/secret": links(),
    }  # fmt: skip
    start = f"{site.url}/docs/"
    for allowed in ((start,), ()):
        listing = crawler.source(start=start, allow=allowed).list_entries()
        assert crawler.paths(listing) == ["/docs/index.html"]
    assert set(site.asked) == {"/robots.txt", "/docs/"}


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "http://other.example/"],
)
def test_a_redirect_out_of_the_source_is_refused(site, crawler, target):
    site.pages = {"/": links("/out"), "/out": Page(status=302, headers={"Location": target})}
    listing = crawler.source().list_entries()
    assert [(r.key, r.reason) for r in listing.refused] == [
        (f"{site.host}/out", Reason.OUTSIDE_SOURCE)
    ]


def test_a_host_inside_is_not_connected_to_even_if_it_is_in_scope(site, crawler):
    other = WebSite()
    try:
        crawler.names["inside.example"] = ["127.0.0.1"]
        address = f"http://inside.example:{other.port}/"
        site.pages = {"/": links(address)}
        listing = crawler.source(allow=(f"{site.url}/", address)).list_entries()
        assert [r.reason for r in listing.refused] == [Reason.OUTSIDE_SOURCE]
        assert "not public" in listing.refused[0].detail
        assert other.asked == []
    finally:
        other.close()


def test_a_start_inside_is_a_clear_error(site, crawler):
    with pytest.raises(SourceMissingError, match="allow_hosts"):
        crawler.source(allow_hosts=()).list_entries()
    assert site.asked == []


def test_a_name_is_resolved_once_for_every_request_and_the_answer_is_used(site, crawler):
    site.pages = {"/": links()}
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.1"] if len(asked) <= 2 else ["127.0.0.99"]

    crawler.resolve = resolve
    name = f"site.example:{site.port}"
    listing = crawler.source(start=f"http://{name}/", allow_hosts=(name,)).list_entries()
    assert len(listing.entries) == 1
    assert asked == ["site.example"] * 2  # robots.txt, and the page


def test_a_page_that_is_too_large_is_not_transferred_whole(site, crawler):
    bomb = gzip.compress(b"x" * 3_000_000)
    site.pages = {
        "/": links("/big", "/bomb", "/said"), "/big": Page(b"x" * 50_000),
        "/bomb": Page(bomb, headers={"Content-Encoding": "gzip"}), "/said": Page(b"y" * 30_000),
    }  # fmt: skip
    listing = crawler.source(max_bytes=10_000).list_entries()
    assert {r.reason for r in listing.refused} == {Reason.TOO_LARGE}
    assert len(listing.refused) == 3
    assert len(bomb) < 10_000


def test_packed_pages_are_unpacked(site, crawler):
    site.pages = {"/": Page(gzip.compress(b"hello"), headers={"Content-Encoding": "gzip"})}
    source = crawler.source()
    (entry,) = source.list_entries().entries
    assert source.read(entry, LIMIT) == b"hello"


def test_a_page_that_was_packed_in_pieces_is_read_to_its_end(site, crawler):
    packed = gzip.compress(b"hello, ") + gzip.compress(b"world")
    site.pages = {"/": Page(packed, headers={"Content-Encoding": "gzip"})}
    source = crawler.source()
    (entry,) = source.list_entries().entries
    assert source.read(entry, LIMIT) == b"hello, world"


@pytest.mark.parametrize("packing", ["br", "zstd", "gzip, gzip", "gzip, br"])
def test_what_is_packed_in_a_way_that_nobody_asked_for_replaces_no_page(site, crawler, packing):
    site.pages = {"/": links("/a"), "/a": Page(b"door nine", tagged=False)}
    before = crawler.source().list_entries().entries
    site.pages["/a"] = Page(b"\x0b\x04\x80", headers={"Content-Encoding": packing}, tagged=False)
    listing = crawler.source().list_entries()
    assert not listing.complete
    assert "gzip was asked for" in listing.problems[0]
    assert listing.entries == before


def test_rules_for_robots_that_cannot_be_read_allow_nothing(site, crawler):
    packed = Page(b"\x0b\x04\x80", "text/plain", headers={"Content-Encoding": "br"})
    site.pages = {"/robots.txt": packed, "/": links()}
    with pytest.raises(SourceUnavailableError, match="gzip was asked for"):
        crawler.source().list_entries()
    assert site.asked == ["/robots.txt"]


def test_an_encoding_that_packs_nothing_is_passed_over(site, crawler):
    site.pages = {"/": Page(b"door nine", headers={"Content-Encoding": "utf-8"})}
    assert [e.stat.size for e in crawler.source().list_entries().entries] == [9]


def test_half_a_packed_page_is_no_page(site, crawler):
    half = gzip.compress(b"hello " * 1000)[:-20]
    site.pages = {"/": Page(half, headers={"Content-Encoding": "gzip"})}
    with pytest.raises(SourceUnavailableError, match="too early"):
        crawler.source().list_entries()


def test_an_answer_that_never_ends_is_ended(site, crawler):
    site.pages = {"/": Page(b"x", headers={"Content-Length": "100"}, tagged=False)}
    with pytest.raises(SourceUnavailableError, match="no answer"):
        crawler.source(timeout_seconds=0.5).list_entries()


def test_a_busy_site_is_asked_once_more_when_it_says_when(site, crawler):
    site.pages = {"/": links(), "/robots.txt": Page(status=404)}
    site.pages["/"] = Page(status=503, headers={"Retry-After": "5"})
    with pytest.raises(SourceUnavailableError, match="503"):
        crawler.source().list_entries()
    assert site.statuses("/") == [503, 503]
    assert crawler.slept == [5.0]
    site.pages["/"].headers["Retry-After"] = "1000000000"
    with pytest.raises(SourceUnavailableError, match="503"):
        crawler.source().list_entries()
    assert site.statuses("/") == [503, 503, 503]


def busy(wait):
    return Page(status=429, headers={"Retry-After": wait}, tagged=False)


def test_a_site_that_wants_to_be_left_alone_is(site, crawler):
    site.pages = {"/": links("/a", "/b", "/c"), "/a": links(), "/b": links(), "/c": links()}
    before = crawler.source().list_entries()
    site.asked.clear()
    site.pages["/a"] = busy("3600")
    listing = crawler.source().list_entries()
    assert site.asked == ["/robots.txt", "/", "/a"]
    assert listing.entries == before.entries  # they stay as they were
    assert not listing.complete
    assert "left alone for 3600 seconds" in listing.problems[-1]
    assert len(listing.problems) == 2
    site.asked.clear()
    site.pages["/a"] = busy("7")  # asked once more, and still busy
    crawler.source().list_entries()
    assert site.asked == ["/robots.txt", "/", "/a", "/a"]
    assert crawler.slept == [7.0]


def test_when_to_come_back_may_be_a_date(site, crawler):
    site.pages = {"/": busy(email.utils.formatdate(time.time() + 20, usegmt=True))}
    with pytest.raises(SourceUnavailableError, match="429"):
        crawler.source().list_entries()
    assert site.statuses("/") == [429, 429]
    site.pages = {"/": busy("whenever")}
    with pytest.raises(SourceUnavailableError, match="429"):
        crawler.source().list_entries()
    assert site.statuses("/") == [429, 429, 429]


def test_a_mark_before_robots_txt_is_no_part_of_its_rules(site, crawler):
    rules = b"\xef\xbb\xbfUser-agent: *\nDisallow: /secret\n"  # as the editor of Windows writes it
    site.pages = {
        "/robots.txt": Page(rules, "text/plain"),
        "/": links("/secret/x"), "/secret/x": links(),
    }  # fmt: skip
    listing = crawler.source().list_entries()
    assert crawler.paths(listing) == ["/index.html"]
    assert "/secret/x" not in site.asked


def test_sitemaps_bring_pages_whose_links_are_not_followed(site, crawler):
    locations = f"<url><loc>{site.url}/a</loc></url><url><loc>http://other.example/</loc></url>"
    site.pages = {
        "/map.xml": Page(f"<urlset>{locations}</urlset>".encode(), "application/xml"),
        "/a": links("/b"), "/b": links(),
    }  # fmt: skip
    listing = crawler.source(start=(), sitemaps=(f"{site.url}/map.xml",)).list_entries()
    assert listing.complete
    assert crawler.paths(listing) == ["/a.html"]
    site.pages["/map.xml"].status = 404
    site.pages["/map.xml"].tagged = False
    with pytest.raises(SourceUnavailableError, match=r"map\.xml cannot be read"):
        crawler.source(start=(), sitemaps=(f"{site.url}/map.xml",)).list_entries()


def test_a_sitemap_that_answers_nothing_lets_no_page_be_deleted(site, crawler):
    site.pages = {"/map.txt": Page(f"{site.url}/a".encode(), "text/plain"), "/": links(),
                  "/a": links()}  # fmt: skip
    options = {"sitemaps": (f"{site.url}/map.txt",)}
    assert len(crawler.source(**options).list_entries().entries) == 2
    site.pages["/map.txt"] = Page(b"", "text/plain")
    listing = crawler.source(**options).list_entries()
    assert not listing.complete
    assert "names no page" in listing.problems[0]


def test_a_page_that_is_linked_and_in_a_sitemap_is_followed(site, crawler):
    site.pages = {
        "/map.xml": Page(f"<urlset><url><loc>{site.url}/a</loc></url></urlset>".encode()),
        "/": links("/a"), "/a": links("/b"), "/b": links(),
    }  # fmt: skip
    listing = crawler.source(sitemaps=(f"{site.url}/map.xml",)).list_entries()
    assert crawler.paths(listing) == ["/a.html", "/b.html", "/index.html"]


def test_pages_that_ask_not_to_be_indexed_are_not(site, crawler):
    site.pages = {
        "/": links("/a", "/c"), "/a": Page(b'<meta name="robots" content="noindex"><a href="/b">'),
        "/b": links(), "/c": Page(b"x", "text/plain", headers={"X-Robots-Tag": "noindex"}),
    }  # fmt: skip
    listing = crawler.source().list_entries()
    assert crawler.paths(listing) == ["/b.html", "/index.html"]
    assert len(listing.skipped) == 2


@pytest.mark.parametrize("media_type", ["text/plain", "text/html"])
@pytest.mark.parametrize(
    "asked", [["noindex", "nofollow"], ["none"], ["NOINDEX, nofollow"], ["Holdfast: noindex"]]
)
def test_headers_that_ask_not_to_index_are_obeyed_for_all_types(site, crawler, media_type, asked):
    page = Page(b"text", media_type, more_headers=[("X-Robots-Tag", value) for value in asked])
    site.pages = {"/": links("/a"), "/a": page}
    assert crawler.paths(crawler.source().list_entries()) == ["/index.html"]


def test_headers_that_ask_another_robot_are_not_for_this_one(site, crawler):
    asked = {"X-Robots-Tag": "otherbot: noindex"}
    site.pages = {"/": links("/a"), "/a": Page(b"text", "text/plain", headers=asked)}
    assert crawler.paths(crawler.source().list_entries()) == ["/a", "/index.html"]


def test_what_is_kept_may_be_lost(site, crawler):
    site.pages = {"/": links()}
    source = crawler.source()
    (entry,) = source.list_entries().entries
    for file in [f for f in crawler.folder.rglob("*") if f.is_file()]:
        file.write_bytes(b"damaged")
    assert source.read(entry, LIMIT).reason is Reason.CHANGED_WHILE_READ
    assert crawler.source().list_entries().entries == (entry,)
    assert source.read(entry, LIMIT) == b""
