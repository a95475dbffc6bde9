"""Drawings in a page: the words that they show, without names, definitions and hidden text."""

import pytest


def test_the_labels_of_a_chart_are_read_word_by_word(parse):
    document = parse(
        "<h1>Sales</h1><p>See<svg><title>Icon</title><text x=1>North</text>"
        "<text><tspan x=1 dy=9>42</tspan><tspan x=1 dy=9>EUR</tspan></text></svg>below.</p>"
        "<table><tr><td>a<td><svg><text fill=white>7</text></svg></table>",
        "a.html",
    )
    assert [e.text for e in document.elements] == ["Sales", "See North 42 EUR below.", "a | 7"]
    assert document.flags == ()


def test_a_page_is_not_called_what_an_icon_is_called(parse):
    document = parse("<svg><title>Menu</title><path d=x /></svg><h1>Sales</h1><p>a", "a.html")
    assert document.title == "Sales"
    assert [element.text for element in document.elements] == ["Sales", "a"]


def test_words_in_html_within_a_drawing_are_read(parse):
    document = parse(
        "<svg><foreignObject><div>Start <b>here</b></div></foreignObject></svg>", "a.html"
    )
    assert [element.text for element in document.elements] == ["Start here"]


@pytest.mark.parametrize(
    "drawing",
    [
        "<text display=none>SECRET</text>",
        "<g visibility=hidden><text>SECRET</text></g>",
        "<text fill=none>SECRET</text>",
        "<text fill-opacity=0>SECRET</text>",
        "<text style='opacity:0'>SECRET</text>",
        "<style>.x{fill:none}</style><text class=x>SECRET</text>",
        "<text x=-9999>SECRET</text>",
        "<text font-size=1>SECRET</text>",
    ],
)
def test_hidden_words_of_a_drawing_are_cut(parse, drawing):
    document = parse(f"<p>a</p><svg>{drawing}<text>shown</text></svg>", "a.html")
    assert [element.text for element in document.elements] == ["a", "shown"]
    assert [cut.sample for cut in document.cuts] == ["SECRET"]


@pytest.mark.parametrize("name", ["defs", "symbol", "clipPath", "title", "desc", "metadata"])
def test_what_is_not_drawn_is_no_text(parse, name):
    document = parse(f"<p>a</p><svg><{name}><text>SECRET</text></{name}></svg>", "a.html")
    assert [element.text for element in document.elements] == ["a"]
