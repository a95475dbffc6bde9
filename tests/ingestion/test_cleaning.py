"""Cleaning keeps what can be read, removes what cannot be seen, and places it exactly."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.cleaning import clean
from ingestion.document import Element, ElementKind

ODD = st.sampled_from(
    list(
        " \t\n\r\x00\x1b\x0c\x85\u00a0\u00ad\u034f\u061c\u115f\u1160\u180b\u180e\u200b\u200c\u200d"
        "\u200e\u2028\u202e\u2060\u2066\u20e3\u3000\u3164\ufe00\ufe0e\ufe0f\ufeff\uffa0\ufffe\ue001"
        "\ud83d\ude00\udc80\U000e0041\U000e0067\U000e007f\U000e0101\U0001f3f4\U0001f600\U0001f3fd"
        "1#\u2194\u0338\u2329e\u0301\u0915\u094d\u0637\u0631aZ.[m"
    )
)
TEXT = st.lists(st.one_of(ODD, ODD, st.characters()), max_size=40).map("".join)
ELEMENT = st.builds(
    Element,
    kind=st.sampled_from(ElementKind),
    text=TEXT,
    level=st.integers(0, 4),
    page=st.none() | st.integers(1, 9),
)
ELEMENTS = st.lists(ELEMENT, max_size=6)
NEVER_KEPT = (
    "\x00\x1b\x7f\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff"
    "\ufe00\ufff9\ufffe\ue001\U000e0001\U000e0020\U000e0041\U000e0101"
)


def cleaned(text: str, kind: ElementKind = ElementKind.TEXT) -> str:
    return clean([Element(kind, text)]).text


@settings(max_examples=150, deadline=None)
@given(ELEMENTS)
def test_elements_lie_in_order_and_cover_the_text(elements):
    result = clean(elements)
    at = 0
    for element in result.elements:
        assert result.text[at : element.start].strip("\n") == ""
        assert at <= element.start < element.end
        assert result.text[element.start : element.end].strip()
        at = element.end
    assert at == len(result.text)


@settings(max_examples=200, deadline=None)
@given(ELEMENTS)
def test_cleaning_again_changes_nothing(elements):
    once = clean(elements)
    again = clean(
        [Element(e.kind, once.text[e.start : e.end], e.level, e.page) for e in once.elements]
    )
    assert again.text == once.text
    assert again.elements == once.elements
    assert again.removed == ()


@settings(max_examples=150, deadline=None)
@given(TEXT, st.sampled_from(ElementKind))
def test_nothing_invisible_is_left(text, kind):
    result = cleaned(text, kind)
    assert not any(character in result for character in NEVER_KEPT)
    assert unicodedata.is_normalized("NFC", result)
    assert result.encode("utf-8").decode("utf-8") == result


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=1))
def test_visible_ascii_is_never_touched(text):
    assert cleaned(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "👨‍👩‍👧‍👦 family",
        "❤️ heart, ☺︎ text",
        "1️⃣ and #️⃣",
        "🏳️‍🌈 🏴‍☠️",
        "🤷🏽‍♀️ 👍🏿",
        "🏴󠁧󠁢󠁥󠁮󠁧󠁿 🏴󠁧󠁢󠁳󠁣󠁴󠁿 🏴󠁧󠁢󠁷󠁬󠁳󠁿 🇩🇪",
        "می‌خواهم کتاب‌ها را",
        "क्‍ष न्‍",
        "ශ්‍රී ලංකා",
        "שלום עולם",
        "مرحبا بالعالم",
        "naïve café — “quoted” …",
        "日本語の文書、中文文档。",
        "ไทย ខ្មែរ မြန်မာ 한국어",
    ],
)
def test_legitimate_text_is_kept(text):
    result = clean([Element(ElementKind.TEXT, text)])
    assert result.text == unicodedata.normalize("NFC", text)
    assert result.removed == ()


@pytest.mark.parametrize(
    ("text", "left", "what", "count"),
    [
        ("co\u200bde\ufeff", "code", "zero_width", 2),
        ("sof\u00adt", "soft", "soft_hyphen", 1),
        ("a" + "".join(chr(0xE0000 + ord(c)) for c in "ignore") + "b", "ab", "tags", 6),
        ("😀" + chr(0xE0101) * 5, "😀", "variation_selector", 5),
        ("😀\ufe0f\ufe0f\ufe0e", "😀\ufe0f", "variation_selector", 2),
        ("word\ufe0f", "word", "variation_selector", 1),
        ("wo\u200drd\u200c", "word", "zero_width", 2),
        ("pay \u202eyenom\u202c", "pay yenom", "bidi_override", 1),
        ("x\u2067y\u2069\u200f", "xy", "bidi", 3),
        ("\x1b[2J\x1b[31mROOT\x07", "ROOT", "control", 3),
        ("a\ud800b", "a\ufffdb", "surrogate", 1),
        ("one\uf0b7two", "one two", "private_use", 1),
        ("🏴" + "".join(chr(0xE0000 + ord(c)) for c in "hidden") + "\U000e007f", "🏴", "tags", 7),
    ],
)
def test_what_cannot_be_seen_is_removed_and_counted(text, left, what, count):
    result = clean([Element(ElementKind.TEXT, text)])
    assert result.text == left
    assert dict(result.removed)[what] == count


def test_surrogate_pairs_become_their_character_without_a_trace():
    result = clean([Element(ElementKind.TEXT, "\ud83d\ude00")])
    assert (result.text, result.removed) == ("😀", ())


def test_every_line_break_and_space_becomes_the_plain_one():
    assert cleaned("a\r\nb\rc\u2028d\x85e\u00a0\u2003f") == "a\nb\nc\nd\ne f"
    assert cleaned("a \n\n\n\n b\t\t c") == "a\n\nb c"


def test_composition_reaches_over_what_was_removed():
    assert cleaned("e\u200b\u0301") == "é"


def test_code_and_tables_keep_their_lines():
    assert cleaned("\ndef f():  \n    x  =  1\n\n\n\n    y", ElementKind.CODE) == (
        "def f():\n    x  =  1\n\n    y"
    )
    assert cleaned("a  |  b \n c \t\t d", ElementKind.TABLE) == "a | b\nc\t\td"
    assert cleaned("A\n  title ", ElementKind.HEADING) == "A title"


@pytest.mark.parametrize("kind", [ElementKind.CODE, ElementKind.TABLE, ElementKind.TEXT])
@pytest.mark.parametrize("blank", [" ", "\t", " \t"])
def test_a_run_of_blanks_without_end_costs_little(kind, blank):
    # Looked at anew from each blank on, it would take an hour.
    text = clean([Element(kind, f"a{blank * 500_000}b\tc")]).text
    assert text.startswith("a")
    assert text.endswith("b\tc" if kind is not ElementKind.TEXT else "b c")


def test_empty_elements_vanish_and_list_items_stand_on_lines():
    result = clean(
        [
            Element(ElementKind.HEADING, "List", 1, page=2),
            Element(ElementKind.TEXT, "\u200b \u00a0"),
            Element(ElementKind.LIST_ITEM, "one"),
            Element(ElementKind.LIST_ITEM, "two"),
            Element(ElementKind.TEXT, "end"),
        ]
    )
    assert result.text == "List\n\none\ntwo\n\nend"
    assert [e.kind for e in result.elements] == ["heading", "list_item", "list_item", "text"]
    assert (result.elements[0].level, result.elements[0].page) == (1, 2)


def test_no_elements_make_an_empty_text():
    assert clean([]).text == ""
