"""EPUB: chapters in the order of the spine, hidden text cut, copy protection refused."""

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
