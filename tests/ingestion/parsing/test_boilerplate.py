"""Navigation and the like are cut from pages, traced, and only where they are plainly that."""

import pytest

WORDS = "Thirty days of leave are granted every year. " * 4
CONTENT = f"<main><h1>Leave</h1><p>{WORDS}</p></main>"
LINKS = '<a href="/a">Home page</a> <a href="/b">Products</a>'
CUT = [
    f"<nav>{LINKS}</nav>",
    "<nav>Handbook / People</nav>",
    "<header><p>Handbook / People</p></header>",
    f"<header>{LINKS}</header>",
    f'<div role="navigation">{LINKS}</div>',
    f"<aside><h2>More</h2>{LINKS}</aside>",
    "<footer>© 2026 Example. All rights reserved.</footer>",
    '<div class="cookie-banner">We use cookies. <button>Accept</button></div>',
]  # fmt: skip
KEPT = [
    "<header><h1>Title of the page</h1></header>",
    "<aside>The deadline is the first of May, without exception.</aside>",
    "<footer>Contact the office in Graz, room 12, on weekdays.</footer>",
    f"<article><header>{LINKS}</header></article>",
    '<div class="cookie-recipe">Bake the cookies for ten minutes.' + " And stir." * 100 + "</div>",
    f"<div>{LINKS}</div>",
    "<nav>Mind the step. It is high.</nav>",
]  # fmt: skip


def page(body):
    return f"<html><body>{body}{CONTENT}</body></html>"


@pytest.mark.parametrize("part", CUT)
def test_boilerplate_is_cut_and_traced(parse, part):
    document = parse(page(part), "a.html")
    assert [element.text for element in document.elements] == ["Leave", WORDS.strip()]
    assert [cut.reason for cut in document.cuts] == ["boilerplate"]
    assert document.flags == ()


@pytest.mark.parametrize("part", KEPT)
def test_content_stays(parse, part):
    document = parse(page(part), "a.html")
    assert document.elements[0].text != "Leave"
    assert document.cuts == ()


def test_a_page_that_is_nothing_else_keeps_everything(parse):
    document = parse(f"<html><body><nav>{LINKS}</nav></body></html>", "a.html")
    assert "Home page" in document.elements[0].text
    assert document.cuts == ()


def test_mails_and_markdown_are_no_pages(parse):
    mail = f"Subject: x\nContent-Type: text/html\n\n<nav>{LINKS}</nav>{CONTENT}"
    assert parse(mail, "a.eml").cuts == ()
    assert parse(f"<nav>{LINKS}</nav>\n\n{'words ' * 40}", "a.md").cuts == ()
