"""RTF: structure, character sets, and what is set apart."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.parsing.rtf import parse_rtf

FONTS = r"{\fonttbl{\f0\fcharset0 A;}{\f1\fcharset238 B;}{\f2\fcharset128 C;}}"
HEAD = r"{\rtf1\ansi\ansicpg1252" + FONTS
COLORS = r"{\colortbl;\red255\green255\blue255;\red9\green9\blue9;}"


def texts(body):
    document = parse_rtf(f"{HEAD}{COLORS}{body}}}".encode("latin-1"))
    return [element.text for element in document.elements], document


def test_headings_lists_and_tables(parse, kinds):
    source = (
        HEAD + r"{\stylesheet{\s1 heading 1;}{\s2 Normal;}}\pard\s1 Main\par\pard\s2 Words.\par"
        r"\pard\outlinelevel1 Sub\par\pard{\listtext\'b7\tab}\ls1 point\par"
        r"\pard\intbl a\cell b\cell\row\intbl c\cell d\par e\cell\row\pard After.\par}"
    )
    document = parse(source, "a.rtf")
    assert document.title == "Main"
    assert kinds(document) == [
        ("heading", 1, "Main", None),
        ("text", 0, "Words.", None),
        ("heading", 2, "Sub", None),
        ("list_item", 0, "point", None),
        ("table", 0, "a | b\nc | d e", None),
        ("text", 0, "After.", None),
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (r"\'dcber", "Über"),
        (r"\f1 \'c8l\'e1nek", "Článek"),
        (r"\f2 \'83\'65\'83\'58\'83\'67", "テスト"),
        (r"\u24180 ?year \u-10179?\u-8704?", "年year 😀"),
        (r"\uc2\u24180\'94\'4e\uc0\u8364 x", "年€x"),
        (r"a{\uc0\u8364}b", "a€b"),
        (r"\emdash\lquote x\rquote\~\{y\}", "—‘x’\u00a0{y}"),
        ("a\r\nb", "ab"),
    ],
)
def test_character_sets_and_unicode(body, text):
    assert texts(body)[0] == [text]


@pytest.mark.parametrize(
    "head", [r"\ansicpg10001 ", r"\ansi\ansicpg0 ", r"{\fonttbl{\f0\cpg99999 A;}}\f0 "]
)
def test_a_code_page_that_nobody_knows_counts_as_western(parse, head):
    document = parse(rf"{{\rtf1{head}caf\'e9 au lait}}", "a.rtf")
    assert [element.text for element in document.elements] == ["café au lait"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (r"{\v SECRET}", "hidden_text"),
        (r"{\fs2 SECRET}", "tiny_text"),
        (r"{\cf1 SECRET}", "white_on_white"),
    ],
)
def test_what_no_one_sees_is_cut(body, reason):
    read, document = texts(f"Seen. {body} On.")
    assert read == ["Seen.  On."]
    assert [(cut.reason, cut.sample) for cut in document.cuts] == [(reason, "SECRET")]
    assert document.flags == ("hidden_text_removed",)


def test_white_on_a_dark_ground_and_large_text_are_seen():
    read, document = texts(r"{\highlight2\cf1 seen}{\cf2\fs8 small}")
    assert read == ["seensmall"]
    assert document.cuts == ()


def test_what_is_no_text_is_left_out():
    read, _ = texts(
        r"A{\*\unknown x}{\pict\bin3 }}}}B{\field{\*\fldinst HYPERLINK}{\fldrslt link}}"
        r"{\*\shpinst{\sp no}{\shptxt box}}{\deleted gone}{\info{\author me}}"
    )
    assert read == ["ABlinkbox"]


def test_headers_are_cut_where_there_is_a_text_and_read_where_there_is_none(parse):
    read, document = texts(r"{\header Letterhead\par}Text.")
    assert read == ["Text."]
    assert [cut.reason for cut in document.cuts] == ["repeated_header"]
    assert document.flags == ()
    assert texts(r"{\header Letterhead\par}")[0] == ["Letterhead"]


@settings(deadline=None)
@given(st.text("\\{}'*abuv0123 \n", max_size=200))
def test_any_rtf_is_read_or_empty(body):
    read, _ = texts(body)
    assert all(text.strip() for text in read)


def test_signs_of_the_font_symbol_are_those_it_shows(parse):
    fonts = r"{\fonttbl{\f0 Arial;}{\f1\froman\fcharset2 Symbol;}{\f2\fcharset2 Wingdings;}}"
    body = r"loads {\f1\'a3} 5 kg {\f1\'b1} 1, {\f1\u-3917 ?} 2 {\f1 m}m, \'a3 5"
    (paragraph,) = parse(rf"{{\rtf1\ansi{fonts}\f0 {body}\par}}", "a.rtf").elements
    assert paragraph.text == "loads ≤ 5 kg ± 1, ≥ 2 μm, £ 5"
    body = r"paid {\f2\'fc}, owed {\f2\u-3845 ?}, smile {\f2 J}, book {\f2 &}end \'fc"
    (paragraph,) = parse(rf"{{\rtf1\ansi{fonts}\f0 {body}\par}}", "a.rtf").elements
    assert paragraph.text == "paid ✓, owed ✗, smile ☺, book end ü"


def test_notes_follow_the_paragraph_or_table_that_they_stand_in(parse, kinds):
    note = r"{{\super\chftn}}{{\footnote\pard\plain {{\super\chftn}} {}\par Twice.}}".format
    body = (
        rf"\outlinelevel0 Fees{note('Of 2026.')} and dues\par\pard The fee is"
        r"{\*\annotation\pard Is it so?} 50 euros.\par"
        rf"\trowd\intbl a{note('Without tax.')}\cell b\cell\row\pard After.\par"
    )
    assert [(kind, text) for kind, _, text, _ in kinds(parse(rf"{{\rtf1 {body}}}", "a.rtf"))] == [
        ("heading", "Fees and dues"),
        ("text", "Of 2026.\nTwice."),
        ("text", "The fee is 50 euros."),
        ("text", "Comment: Is it so?"),
        ("table", "a | b"),
        ("text", "Without tax.\nTwice."),
        ("text", "After."),
    ]


def test_a_cell_over_several_rows_is_repeated_in_each():
    begins, goes_on = (
        rf"\trowd{merge}\cellx900\cellx1800\pard\intbl " for merge in (r"\clvmgf", r"\clvmrg")
    )
    body = (
        rf"\trowd\cellx900\cellx1800\pard\intbl Year\cell Month\cell\row"
        rf"{begins}2025\cell May\cell\row{goes_on}\cell June\cell\row{goes_on}\cell July\cell\row"
        rf"\trowd\cellx900\cellx1800\pard\intbl\cell August\cell\row\pard After.\par"
    )
    found, _ = texts(body)
    assert found[0] == "Year | Month\n2025 | May\n2025 | June\n2025 | July\n | August"
