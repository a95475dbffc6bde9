"""EPUB: chapters in the order of the spine, hidden text cut, copy protection refused."""

import pytest

from ingestion.document import Reason

CONTAINER = '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
PACKAGE = """<package xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>
<dc:title>The book</dc:title></metadata><manifest>
<item id="two" href="b%202.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="a.xhtml" media-type="application/xhtml+xml"/>
<item id="gone" href="c.xhtml" media-type="application/xhtml+xml"/>
<item id="pic" href="p.png" media-type="image/png"/></manifest>
<spine><itemref idref="one"/><itemref idref="two"/>{}</spine></package>"""


def book(zipped, missing="", **more):
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": CONTAINER,
            "OEBPS/book.opf": PACKAGE.format(missing),
            "OEBPS/a.xhtml": "<html><body><h1>First</h1><p>größer</p>"
            '<p style="display:none">SECRET</p></body></html>',
            "OEBPS/b 2.xhtml": "<html><body><nav><a href='x'>Two</a></nav></body></html>",
            **more,
        }
    )


def test_chapters_in_reading_order(parse, kinds, zipped):
    document = parse(book(zipped), "a.epub")
    assert document.title == "The book"
    assert kinds(document)[:2] == [("heading", 1, "First", None), ("text", 0, "größer", None)]
    assert document.elements[-1].text == "Two"
    assert [cut.sample for cut in document.cuts] == ["SECRET"]
    assert document.flags == ("hidden_text_removed",)


def test_a_missing_chapter_is_flagged_and_costs_nothing_else(parse, zipped):
    document = parse(book(zipped, '<itemref idref="gone"/>'), "a.epub")
    assert "chapters_missing" in document.flags
    assert document.elements[0].text == "First"


def test_copy_protection_is_refused_and_obfuscated_fonts_are_not(parse, refuse, zipped):
    sealed = '<encryption><CipherReference URI="{}"/></encryption>'.format
    drm = book(zipped, **{"META-INF/encryption.xml": sealed("OEBPS/a.xhtml")})
    assert refuse(drm, "a.epub").reason is Reason.ENCRYPTED
    font = book(zipped, **{"META-INF/encryption.xml": sealed("OEBPS/font.otf")})
    assert parse(font, "a.epub").title == "The book"


def test_a_chapter_is_read_in_the_encoding_that_it_names(parse, zipped):
    page = '<?xml version="1.0" encoding="windows-1250"?><html><body><p>č. 5</p></body></html>'
    document = parse(book(zipped, **{"OEBPS/a.xhtml": page.encode("cp1250")}), "a.epub")
    assert document.elements[0].text == "č. 5"
    assert document.flags == ()


def test_a_chapter_that_is_a_drawing_is_read_and_one_that_is_a_picture_flagged(parse, zipped):
    drawing = "</manifest><manifest><item id='map' href='m.svg' media-type='image/svg+xml'/>"
    package = PACKAGE.format('<itemref idref="{}"/>').replace(
        "</manifest>", drawing + "</manifest>"
    )
    svg = "<svg xmlns='http://www.w3.org/2000/svg'><text>North</text></svg>"
    more = {"OEBPS/m.svg": svg, "OEBPS/p.png": "x"}
    document = parse(book(zipped, **more, **{"OEBPS/book.opf": package.format("map")}), "a.epub")
    assert document.elements[-1].text == "North"
    assert "chapters_missing" not in document.flags
    document = parse(book(zipped, **more, **{"OEBPS/book.opf": package.format("pic")}), "a.epub")
    assert "chapters_missing" in document.flags


def test_a_book_without_its_chapters_says_so(refuse, zipped):
    lost = {"OEBPS/book.opf": PACKAGE.format("").replace('href="', 'href="gone/')}
    assert "None of the chapters" in refuse(book(zipped, **lost), "a.epub").detail
    lost = {"META-INF/container.xml": "<container/>"}
    refusal = refuse(book(zipped, **lost), "a.epub")
    assert refusal.reason is Reason.CORRUPT
    assert "list of chapters" in refusal.detail


LINKED = """<html><head><link rel="stylesheet" href="../css/a%20b.css"/>{}</head>
<body><p>Seen.</p><p class="x">SECRET</p></body></html>"""


@pytest.mark.parametrize(
    "sheets",
    [
        {"css/a b.css": ".x {display: none}"},
        {
            "css/a b.css": '@charset "utf-8"; @import "more/c.css";',
            "css/more/c.css": ".x{opacity:0}",
        },
        {"css/a b.css": '@import"a b.css";', "css/d.css": ".x{font-size:0}"},
    ],
    ids=["linked", "taken in by the linked one", "taken in by the chapter"],
)
def test_what_the_style_sheet_of_a_book_hides_is_cut(sheets, parse, zipped):
    page = LINKED.format("<style>@import url(../css/d.css);</style>")
    members = {"OEBPS/t/a.xhtml": page, **{f"OEBPS/{name}": text for name, text in sheets.items()}}
    package = PACKAGE.format("").replace("a.xhtml", "t/a.xhtml")
    document = parse(book(zipped, **{"OEBPS/book.opf": package, **members}), "a.epub")
    assert document.elements[0].text == "Seen."
    assert [cut.sample for cut in document.cuts] == ["SECRET"]


@pytest.mark.parametrize("link", ['media="print"', 'title="night" class="alternate"'])
def test_a_style_sheet_that_holds_elsewhere_or_is_not_there_hides_nothing(link, parse, zipped):
    page = LINKED.format("").replace("<link ", f"<link {link} ")
    if "alternate" in link:
        page = page.replace('rel="stylesheet"', 'rel="alternate stylesheet"')
    members = {"OEBPS/a.xhtml": page, "css/a b.css": ".x {display: none}"}
    for kept in (members, {"OEBPS/a.xhtml": LINKED.format("")}):
        document = parse(book(zipped, **kept), "a.epub")
        assert [element.text for element in document.elements][:2] == ["Seen.", "SECRET"]
