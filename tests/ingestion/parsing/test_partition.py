"""Every format from bytes to elements: kinds, levels, pages, titles, and typed refusals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cleaning import clean
from ingestion.document import ParsedDocument, Reason, Refusal
from ingestion.parsing.partition import one_line, partition


def test_html_keeps_what_unstructured_would_drop(parse):
    document = parse(
        "<html><head><title>T  itle</title></head><body><h2>Head</h2>"
        "<details><summary>More</summary><p>inside details</p></details>"
        "<form><p>inside form</p></form><figure><figcaption>caption</figcaption></figure>"
        '<p>An <img src="x.png" alt="icon"> inline.</p></body></html>',
        "a.html",
    )
    texts = [element.text for element in document.elements]
    assert document.title == "T itle"
    assert texts == [
        "Head", "More", "inside details", "inside form", "caption", "An icon inline.",
    ]  # fmt: skip
    assert document.elements[0].level == 2


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("Press <button>Save</button> twice.", "Press Save twice."),
        ("If <math><mi>x</mi><mo>&gt;</mo><mn>2</mn></math>, pay.", "If x > 2, pay."),
        (
            "Pay <math display='block'><semantics><mfrac><mn>1</mn><mn>2</mn></mfrac><annotation "
            "encoding='application/x-tex'>\\frac12</annotation></semantics></math> now.",
            "Pay 1 / 2 now.",
        ),
        (
            '<span class="katex-mathml"><math><mi>x</mi></math></span><span>x</span> is it.',
            "x is it.",
        ),
    ],
)
def test_formulas_and_buttons_in_a_sentence_are_read(parse, inside, text):
    document = parse(f"<html><body><p>{inside}</p></body></html>", "a.html")
    assert [element.text for element in document.elements] == [text]


@pytest.mark.parametrize("char", ["5", "A", "是"])
def test_a_paragraph_of_one_character_is_kept(parse, char):
    page = f"<html><body><div>Weeks of notice</div><div>{char}</div><p>|</p></body></html>"
    for data, name in ((page, "a.html"), (f"Weeks of notice\n\n{char}\n", "a.md")):
        assert [e.text for e in parse(data, name).elements] == ["Weeks of notice", char]


def test_layout_tables_are_unfolded_and_data_tables_kept(parse, kinds):
    html = (
        "<table><tr><td><h1>News</h1><p>Story</p><table><caption>Caption</caption>"
        "<tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table></td></tr></table>"
    )
    assert kinds(parse(html, "a.html")) == [
        ("heading", 1, "News", None),
        ("text", 0, "Story", None),
        ("table", 0, "Caption\na | b\n1 | 2", None),
    ]


@pytest.mark.parametrize(
    "broken",
    [
        '<h2"class=x>Deposit</h2">',
        "<div'x>Deposit</div'>",
        '<p "a=1 <=2>Deposit</p>',
        "<b<>Deposit",
    ],
)
def test_misspelt_tags_cost_no_page(parse, broken):
    page = f"<html><body><h1>Rent</h1><p>Before.</p>{broken}<p>After.</p></body></html>"
    text = " ".join(element.text for element in parse(page, "a.html").elements)
    assert all(word in text for word in ("Rent", "Before.", "Deposit", "After."))


@pytest.mark.parametrize(
    "char", ["\x01", "\x0b", "\x0c", "\x1f", "\x1b[31m", "\ufffe", "&#1;", "&#12;"]
)
def test_control_characters_cost_no_page(parse, char):
    inside = f"<p>Rent<script>x</script>{char}, due <img alt='mon{char}thly'>.</p>"
    for page in (f"<html><body>{inside}</body></html>", f"# Terms\n\n{inside}\n"):
        name = "a.html" if page.startswith("<") else "a.md"
        text = clean(parse(page, name).elements).text
        assert "Rent" in text
        assert "monthly" in "".join(text.split())


def test_html_declared_charset(parse):
    page = "<meta charset=iso-2022-jp><p>日本語のページです</p>"
    assert parse(page.encode("iso-2022-jp"), "a.html").elements[0].text == "日本語のページです"


def test_very_deep_and_very_wide_markup_is_read(parse):
    deep = "<div>" * 60_000 + "deep words" + "</div>" * 60_000
    document = parse(deep, "a.html")
    assert "deep words" in document.elements[0].text
    assert document.flags == ("deep_markup",)
    wide = "<p " + " ".join(f'a{i}="x"' for i in range(100_000)) + ">wide words</p>"
    assert parse(wide, "b.html").elements[0].text == "wide words"


def test_rst_is_read_in_a_sandbox(parse, kinds, tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET", encoding="utf-8")
    source = f"Title\n=====\n\nBody text.\n\n- item\n\n.. include:: {tmp_path}/secret.txt\n"
    assert kinds(parse(source, "a.rst")) == [
        ("heading", 1, "Title", None),
        ("text", 0, "Body text.", None),
        ("list_item", 0, "item", None),
    ]


def test_plain_text_has_no_headings(parse, kinds):
    document = parse("INTRODUCTION\n\nLine one\nline two\n\n- a\n- b\n\n1. first\n", "a.txt")
    assert document.title is None
    assert kinds(document) == [
        ("text", 0, "INTRODUCTION", None),
        ("text", 0, "Line one\nline two", None),
        ("list_item", 0, "a", None),
        ("list_item", 0, "b", None),
        ("list_item", 0, "1. first", None),
    ]


@settings(max_examples=40)
@given(st.text(max_size=400))
def test_plain_text_loses_no_word(text):
    result = partition(text.encode("utf-8", "ignore"), "a.txt")
    if isinstance(result, ParsedDocument) and result.media_type == "text/plain":
        read = "".join("".join(e.text.split()) for e in result.elements)
        wanted = [c for c in text if c.isalnum() and c.isascii()]
        assert [c for c in read if c.isalnum() and c.isascii()] == wanted
    else:
        assert isinstance(result, ParsedDocument | Refusal)


def test_a_text_without_any_break_is_cut_not_lost(parse):
    words = "word " * 100_000
    document = parse(words, "a.txt")
    assert sum(e.text.count("word") for e in document.elements) == 100_000
    assert max(len(e.text) for e in document.elements) <= 20_000


@pytest.mark.parametrize(
    ("key", "data"),
    [("a.txt", " \n\t \n"), ("a.html", "<html><!-- only a comment --></html>"), ("a.csv", "\n\n")],
)
def test_documents_without_text_are_refused(refuse, key, data):
    assert refuse(data, key).reason is Reason.NO_TEXT


def test_damaged_office_files_are_corrupt(refuse, zipped):
    types = '<Types><Override ContentType="x.wordprocessingml.document.main+xml"/></Types>'
    result = refuse(zipped({"[Content_Types].xml": types}), "a.docx")
    assert result.reason in {Reason.CORRUPT, Reason.PARSER_ERROR}


def test_details_show_no_paths():
    assert one_line("cannot open\n/home/me/x.rst, see C:\\temp\\y") == (
        "cannot open <path>, see <path>"
    )
    assert len(one_line("x" * 5000)) <= 300
