"""URLs, links, sitemaps: one form for each, and nothing read without bounds."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.sources import web_pages
from ingestion.sources.web_pages import SitemapError, as_utf8, read_links, read_sitemap
from ingestion.sources.web_urls import Scope, canonical, key_of, told_apart

BASE = "https://example.org/docs/page"
XML = '<?xml version="1.0"?><{0} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{1}</{0}>'


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTPS://Example.ORG:443/a#part", "https://example.org/a"),
        ("other", "https://example.org/docs/other"),
        ("../up?q=1 2", "https://example.org/up?q=1%202"),
        ("//example.org./x", "https://example.org/x"),
        ("/ü", "https://example.org/%C3%BC"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("https://example.org:8443", "https://example.org:8443/"),
        ("https://example.org/docs/../private", "https://example.org/private"),
        ("https://example.org/docs/%2E%2e/private", "https://example.org/private"),
        ("/docs/.%2e/%2e/a/%2e", "https://example.org/a/"),
        ("https://example.org/..", "https://example.org/"),
        ("/a/../../..b/...//c", "https://example.org/..b/...//c"),
        ("mailto:a@example.org", None),
        ("javascript:alert(1)", None),
        ("file:///etc/passwd", None),
        ("gopher://example.org/", None),
        ("https://user:pw@example.org/", None),
        ("http://[::1/", None),
        ("http://example.org:port/", None),
        ("/" + "x" * 3000, None),
    ],
)
def test_a_url_has_one_form(url, expected):
    assert canonical(url, BASE) == expected


@given(st.text(max_size=60))
def test_the_one_form_is_its_own_form(text):
    made = canonical(text, BASE)
    assert made is None or canonical(made) == made


@pytest.mark.parametrize(
    ("path", "media_type", "key"),
    [
        ("docs/", "text/html", "example.org/docs/index.html"),
        ("docs", "text/html", "example.org/docs.html"),
        ("a.htm", "text/html", "example.org/a.htm"),
        ("a.md", "text/html", "example.org/a.md.html"),
        ("a.php?x=1", "text/html", "example.org/a.php?x=1.html"),
        ("a.pdf?v=2", "application/pdf", "example.org/a.pdf?v=2.pdf"),
        ("get", "application/pdf", "example.org/get.pdf"),
        ("a.txt", "text/plain", "example.org/a.txt"),
        ("%C3%BC%2F%2e%ff", "", "example.org/ü%2F%2e%ff"),
    ],
)
def test_a_key_says_where_a_page_is_and_of_what_type(path, media_type, key):
    url = canonical(f"https://example.org/{path}")
    assert key_of(url, media_type) == key


def test_two_urls_with_one_key_are_told_apart():
    key = key_of("https://example.org/a", "text/html")
    other = told_apart(key, "http://example.org/a")
    assert other != key
    assert other.endswith(".html")


@pytest.mark.parametrize(
    ("url", "covered"),
    [
        ("https://example.org/docs", True),
        ("https://example.org/docs/a", True),
        ("https://example.org/docs?x", True),
        ("https://example.org/docs-private", False),
        ("https://example.org.evil.example/docs", False),
        ("http://example.org/docs", False),
    ],
)
def test_a_prefix_covers_what_is_under_it_and_nothing_that_looks_like_it(url, covered):
    assert Scope(["https://example.org/docs"], []).covers(url) is covered


def test_without_prefixes_the_hosts_of_the_start_are_covered():
    scope = Scope([], ["https://example.org/docs/"])
    assert scope.covers("http://example.org/other")
    assert not scope.covers("https://www.example.org/")
    assert not scope.covers("https://example.org:8443/")


def test_links_are_taken_as_a_browser_would():
    page = (
        b'<base href="/b/"><a href="one">1</a><a href="one#x">1</a><A HREF=" two ">2</A>'
        b'<a rel="NoFollow" href="three">3</a><area href="/four"><!-- <a href="five"> -->'
        b'<script>"<a href=six>"</script><a>none</a><a href="mailto:x@y">m</a>'
    )
    assert read_links(page, BASE).links == (
        "https://example.org/b/one", "https://example.org/b/two", "https://example.org/four",
    )  # fmt: skip


def test_pages_say_what_robots_may_do():
    asked = read_links(b'<META NAME=robots CONTENT="NoIndex, nofollow"><a href="x">x</a>', BASE)
    assert (asked.noindex, asked.nofollow, asked.links) == (True, True, ())
    assert read_links(b'<a href="x">x</a>', BASE, "none").noindex
    assert not read_links(b'<a href="x">x</a>', BASE).noindex


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_a_page_in_utf_16_has_the_links_and_wishes_of_one_in_utf_8(encoding):
    page = '<meta name="robots" content="noindex"><a href="/b%C3%A9/ü">B</a><a href="c">C</a>'
    expected = read_links(page.encode(), "https://example.com/a/")
    assert (len(expected.links), expected.noindex) == (2, True)
    assert read_links(f"\ufeff{page}".encode(encoding), "https://example.com/a/") == expected


def test_tags_are_found_where_markup_is_broken():
    page = (
        b'<![foo[ x ]]><a title="a > b" href="/1">1</a><a href="/2" "><a href=/3>'
        b"<a x='<!--' href=\"/4\"><!DOCTYPE x [<!y]><a\nhref = '/5?a=1&amp;b=2'>"
        b"<abbr href=/no><a data-href=/no><a href='/no"
    )
    assert read_links(page, "https://e.org/").links == (
        "https://e.org/1", "https://e.org/2", "https://e.org/3", "https://e.org/4",
        "https://e.org/5?a=1&b=2",
    )  # fmt: skip


# The parser of the standard library needs minutes for some of these, and raises on others.
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "part",
    [
        b"<!--",
        b"<a ",
        b"<a '",
        b"<a x=\"'",
        b"<a href='",
        b"<",
        b"<script>",
        b"<![foo[",
        b"&",
        b"</",
    ],
)
def test_endless_markup_is_passed_over(part):
    assert read_links(part * (4_000_000 // len(part)), BASE).links == ()


def test_a_page_with_more_links_than_any_page_has_is_said_to_be_cut():
    page = b"".join(b"<a href=/%d>" % n for n in range(web_pages.MAX_LINKS + 1))
    found = read_links(page, BASE)
    assert (found.cut, len(found.links)) == (True, web_pages.MAX_LINKS)
    assert not read_links(b"<a href=/1>" * 100_000, BASE).cut


@given(
    st.lists(
        st.sampled_from(
            [b"<a href=", b'"', b"'", b">", b"<!--", b"-->", b"<script>", b"</script>", b"/x", b" "]
        ),
        max_size=40,
    ).map(b"".join)
    | st.binary(max_size=400)
)
def test_any_bytes_can_be_read_for_links(body):
    assert all(canonical(link) == link for link in read_links(body, BASE).links)


def test_sitemaps_and_their_indexes_are_read():
    pages = XML.format("urlset", "<url><loc> https://example.org/a </loc></url><url><x/></url>")
    assert read_sitemap(pages.encode(), BASE).pages == ("https://example.org/a",)
    index = XML.format("sitemapindex", "<sitemap><loc>/s.xml</loc></sitemap>")
    assert read_sitemap(gzip.compress(index.encode()), BASE).sitemaps == (
        "https://example.org/s.xml",
    )


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_sitemap_of_lines_loses_none_of_them(mark, end):
    lines = (b"https://example.org/a", b"https://example.org/b", b"", b"nonsense", b"")
    assert read_sitemap(mark + end.join(lines), BASE).pages == (
        "https://example.org/a",
        "https://example.org/b",
    )


def test_entities_in_a_sitemap_are_never_resolved(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("https://example.org/canary")
    body = (
        f'<!DOCTYPE urlset [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
        "<urlset><url><loc>&x;</loc></url></urlset>"
    )
    assert "canary" not in repr(read_sitemap(body.encode(), BASE))


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        ("привет".encode("cp1251"), "text/html; charset=windows-1251", "привет".encode()),
        ("é".encode("latin-1"), 'text/plain;Charset="ISO-8859-1"', "é".encode()),
        ("é".encode(), "text/html; charset=utf-8", "é".encode()),
        (b"<meta charset=cp1251>\xef", "text/html; charset=cp1251", b"<meta charset=cp1251>\xef"),
        (b"\xff\xfea\0", "text/html; charset=latin-1", b"\xff\xfea\0"),
        (b"\xff", "text/html; charset=utf-8", b"\xff"),
        (b"\xff", "text/html; charset=nonsense", b"\xff"),
        (b"eA==", "text/html; charset=base64", b"eA=="),
        (b"tda", "text/html; charset=Punycode", b"tda"),
        (b"xn--tda", "text/html; charset=idna", b"xn--tda"),
        (b"\xff", "application/pdf; charset=latin-1", b"\xff"),
        (b"\xff", "text/html", b"\xff"),
    ],
)
def test_an_encoding_that_only_the_header_names_is_not_lost(body, content_type, expected):
    assert as_utf8(body, content_type) == expected


LINES = b"".join(b"https://example.org/%d\n" % n for n in range(1000))


@pytest.mark.parametrize(
    "body",
    [
        b"<html></html>",
        b"<urlset>",
        b"\x1f\x8bnonsense",
        b"",
        b"Down for maintenance.",
        gzip.compress(LINES)[:-400],
    ],
)
def test_what_is_no_sitemap_is_an_error(body):
    with pytest.raises(SitemapError):
        read_sitemap(body, BASE)


def test_a_sitemap_that_was_packed_in_pieces_is_read_to_its_end():
    packed = gzip.compress(LINES[:5000]) + gzip.compress(LINES[5000:])
    assert len(read_sitemap(packed, BASE).pages) == 1000


def test_a_packed_sitemap_is_unpacked_in_bounds(monkeypatch):
    monkeypatch.setattr(web_pages, "MAX_SITEMAP_BYTES", 1000)
    with pytest.raises(SitemapError, match="1000 bytes"):
        read_sitemap(gzip.compress(b"x" * 100_000), BASE)
