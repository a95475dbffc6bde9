"""Layout of typeset pages: columns, tables, lists, headings, and what repeats on every page."""

import io

import pytest

from ingestion.document import ElementKind
from ingestion.parsing.pdf.document import parse_pdf
from ingestion.reading import ReadingSpec

TEXT = (
    "The works council and the board agreed on new rules for travel in the spring. Trips of more"
    " than three hours are made by rail, and flights need the consent of a director. Receipts are"
    " handed in within thirty days. Late claims are paid only where the delay was beyond control."
)
WORDS = TEXT.split()


def text_of(document, kind=None):
    return [e.text for e in document.elements if kind is None or e.kind is kind]


def write(canvas, words, x, y, width, size=10, leading=13):
    """Set words in lines of a width; returns the height below the last."""
    line = []
    for word in [*words, None]:
        wide = word and canvas.stringWidth(" ".join([*line, word]), "Helvetica", size) > width
        if line and (wide or word is None):
            canvas.setFont("Helvetica", size)
            canvas.drawString(x, y, " ".join(line))
            y -= leading
            line = []
        if word:
            line.append(word)
    return y


def read(data):
    return parse_pdf(data, "a.pdf", ReadingSpec())


@pytest.mark.parametrize("drawn", ["column by column", "line by line"])
def test_two_columns_are_read_one_after_the_other(make_pdf, drawn):
    left, right = [f"left{i}" for i in range(160)], [f"right{i}" for i in range(160)]

    def page(canvas):
        if drawn == "column by column":
            write(canvas, left, 60, 760, 220)
            write(canvas, right, 320, 760, 220)
        else:
            for i in range(0, 160, 4):
                canvas.setFont("Helvetica", 10)
                canvas.drawString(60, 760 - 3.25 * i, " ".join(left[i : i + 4]))
                canvas.drawString(320, 760 - 3.25 * i, " ".join(right[i : i + 4]))

    assert " ".join(text_of(read(make_pdf(page)))).split() == [*left, *right]


def test_lines_that_run_down_the_page_are_read_from_right_to_left(make_pdf):
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.pdfmetrics import registerFont

    font = UnicodeCIDFont("HeiseiMin-W3", isVertical=True)
    registerFont(font)
    lines = ["委員会は六月二日に開かれた。", "新しいポンプを三台買う。", "古いものは予備とする。"]

    def page(canvas):
        canvas.setFont(font.fontName, 14)
        for i, line in enumerate(lines):
            canvas.drawString(500 - 24 * i, 780, line)

    assert " ".join(text_of(read(make_pdf(page)))).split() == lines


def test_a_heading_over_both_columns_comes_first_and_a_note_below_last(make_pdf):
    def page(canvas):
        canvas.setFont("Helvetica-Bold", 20)
        canvas.drawString(60, 790, "A title over both of the columns of text")
        write(canvas, WORDS * 3, 60, 740, 220)
        write(canvas, ["Second", *WORDS * 2, "end."], 320, 740, 220)
        write(canvas, ["Note", "below", "everything."], 60, 200, 460)

    document = read(make_pdf(page))
    texts = text_of(document)
    assert document.elements[0].kind is ElementKind.HEADING
    assert texts[-1] == "Note below everything."
    assert " ".join(texts).index("Second") > " ".join(texts).index("control.")


def typeset(*flowables):
    from reportlab.platypus import SimpleDocTemplate

    buffer = io.BytesIO()
    SimpleDocTemplate(buffer).build(list(flowables))
    return buffer.getvalue()


ROWS = [["Part", "Order number", "Price"], ["Bolt", "BX-10", "12.50"], ["Washer", "W-3", "0.20"],
        ["Pump", "P-77", "1,450.00"]]  # fmt: skip
AS_TEXT = "\n".join(" | ".join(row) for row in ROWS)


@pytest.mark.parametrize("ruled", [True, False])
def test_tables_keep_rows_and_columns(ruled):
    from reportlab.lib import colors
    from reportlab.platypus import Table

    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
    document = read(typeset(Table(ROWS, colWidths=[120, 120, 120], style=style)))
    assert text_of(document, ElementKind.TABLE) == [AS_TEXT]


@pytest.mark.parametrize("ruled", [True, False])
def test_the_head_of_a_table_that_repeats_on_every_page_is_no_running_head(ruled):
    from reportlab.lib import colors
    from reportlab.platypus import Table

    style = [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
    rows = [ROWS[0], *([f"Bolt {i}", f"BX-{i}", f"{i}.50"] for i in range(90))]
    document = read(typeset(Table(rows, colWidths=[120, 120, 120], style=style, repeatRows=1)))
    tables = text_of(document, ElementKind.TABLE)
    assert [table.split("\n")[0] for table in tables] == ["Part | Order number | Price"] * 3
    assert document.cuts == ()


@pytest.mark.parametrize("turn", [90, -90])
@pytest.mark.parametrize("page_turn", [0, 90, 180, 270])
def test_heads_that_stand_on_end_are_cells_of_their_table(make_pdf, turn, page_turn):
    rows = [["Name", "Early shift", "Late shift"], ["Anna", "8", "7"], ["Bernadette", "5", "4"]]

    def page(canvas):
        canvas.translate(300, 300)
        canvas.rotate(page_turn)
        for y, row in zip((80, 60, 40), rows, strict=True):
            for x, text in zip((-90, 0, 30), row, strict=True):
                canvas.rect(x, y, 90 if x < 0 else 30, 70 if y == 80 else 20)
                if y == 80 and x >= 0:
                    canvas.saveState()
                    canvas.translate(x + (20 if turn > 0 else 10), y + (4 if turn > 0 else 66))
                    canvas.rotate(turn)
                    canvas.drawString(0, 0, text)
                    canvas.restoreState()
                else:
                    canvas.drawString(x + 4, y + 5, text)
        write(canvas, WORDS[:10], -90, 20, 300)

    tables = text_of(read(make_pdf(page)), ElementKind.TABLE)
    assert tables == ["\n".join(" | ".join(row) for row in rows)]


def framed(canvas):
    """A page whose frame and head are one grid of lines."""
    canvas.rect(40, 40, 515, 780)
    canvas.line(40, 780, 555, 780)
    canvas.line(300, 780, 300, 820)
    canvas.setFont("Helvetica", 9)
    canvas.drawString(60, 795, "Rules of the works")
    canvas.drawString(320, 795, "Revision B")
    canvas.saveState()
    canvas.rotate(90)
    canvas.drawString(300, -52, "In force")
    canvas.restoreState()
    write(canvas, [f"Page{canvas.getPageNumber()}", *WORDS * 2], 60, 760, 440)


def test_a_head_in_the_frame_of_the_page_is_a_running_head(make_pdf):
    document = read(make_pdf(framed, framed, framed))
    assert [cut.sample for cut in document.cuts] == ["Rules of the works Revision B"]
    assert "Revision" not in " ".join(text_of(document))
    assert text_of(document)[1::2] == ["In force"] * 3  # a frame is no table, and this no cell


def test_words_of_a_cell_that_runs_over_lines_stay_together():
    from reportlab.lib import colors
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.platypus import Paragraph, Table

    style = getSampleStyleSheet()["BodyText"]
    cell = Paragraph("to be counted and weighed by two people before every single use", style)
    table = Table([["Tool", "Rule"], ["Scale", cell]], [80, 120],
                  style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black)])  # fmt: skip
    (text,) = text_of(read(typeset(table)), ElementKind.TABLE)
    assert text == (
        "Tool | Rule\nScale | to be counted and weighed by two people before every single use"
    )


def test_lists_become_items(make_pdf):
    def page(canvas):
        y = write(canvas, WORDS, 72, 760, 440)
        for item in ("• Go to the first gate", "• Show the badge to both guards"):
            canvas.drawString(84, y - 10, item)
            y -= 13

    items = text_of(read(make_pdf(page)), ElementKind.LIST_ITEM)
    assert items == ["Go to the first gate", "Show the badge to both guards"]


def test_a_paragraph_that_runs_over_pages_says_where_each_begins(make_pdf):
    pages = [
        [
            "The rules of the house were agreed in spring by",
            "all who live there, and the main infor-",
        ],
        [
            "mation is by the door. The boiler is serviced by",
            "Olsen in October, but keys of doors are",
        ],
        ["given back on the day of departure."],
    ]

    def page(number):
        def draw(canvas):
            for i, line in enumerate(pages[number]):
                canvas.drawString(72, 700 - 16 * i, line)

        return draw

    (element,) = read(make_pdf(page(0), page(1), page(2))).elements
    assert element.page == 1
    assert "the main information is by" in element.text
    assert [(element.text[at:][:12], page) for at, page in element.page_breaks] == [
        ("mation is by", 2),
        ("given back o", 3),
    ]


def numbered_pages(count, header="Travel rules of the works", footer="Page {} of the rules"):
    def page(number):
        def draw(canvas):
            canvas.setFont("Helvetica", 9)
            canvas.drawString(72, 815, header)
            canvas.drawString(260, 25, footer.format(number))
            write(canvas, [f"On{number}", *WORDS * 3], 72, 740, 440)

        return draw

    return [page(number) for number in range(1, count + 1)]


def test_what_repeats_at_the_edges_is_cut_with_a_trace(make_pdf):
    document = read(make_pdf(*numbered_pages(4)))
    text = " ".join(text_of(document))
    assert "Travel rules" not in text
    assert "Page 2" not in text
    assert [(cut.reason, cut.sample, cut.page) for cut in document.cuts] == [
        ("repeated_header", "Travel rules of the works", 1),
        ("repeated_footer", "Page 1 of the rules", 1),
    ]
    assert document.cuts[0].characters == 4 * len("Travel rules of the works")
    assert "hidden_text_removed" not in document.flags
    assert [e.page for e in document.elements] == [1, 2, 3, 4]


def test_a_single_page_loses_nothing(make_pdf):
    document = read(make_pdf(*numbered_pages(1)))
    assert {"Travel", "Page"} <= set(" ".join(text_of(document)).split())
    assert document.cuts == ()


def test_headings_that_differ_by_a_number_are_kept(make_pdf):
    document = read(make_pdf(*numbered_pages(2, header="Step one", footer="Step {}")))
    assert {"Step 1", "Step 2"} <= set(text_of(document))


@pytest.mark.parametrize("footer", ["Page {} of 2", "Acme Ltd, page {}", "Seite {} von 2", "p. {}"])
def test_the_page_numbers_of_a_document_of_two_pages_are_cut(footer, make_pdf):
    document = read(make_pdf(*numbered_pages(2, header="Step one", footer=footer)))
    assert text_of(document)[-1].startswith("On2")
    assert ("repeated_footer", footer.format(1)) in [(c.reason, c.sample) for c in document.cuts]


def test_what_only_looks_like_a_page_number_is_kept(make_pdf):
    document = read(make_pdf(*numbered_pages(2, header="Page one", footer="See page {}7")))
    assert {"See page 17", "See page 27"} <= set(text_of(document))


def test_pages_of_nothing_but_numbers_keep_them(make_pdf):
    pages = [lambda c, n=n: c.drawString(290, 25, str(n)) for n in (1, 2, 3)]
    assert text_of(read(make_pdf(*pages))) == ["1", "2", "3"]


def test_what_is_filled_into_a_form_is_read(make_pdf):
    def page(canvas):
        canvas.drawString(72, 700, "Name of the traveller:")
        canvas.acroForm.textfield(value="Ada Lovelace", name="who", x=220, y=690, width=200)
        canvas.acroForm.textfield(value="", name="empty", x=220, y=600, width=200)

    document = read(make_pdf(page))
    assert sorted(" ".join(text_of(document)).split()) == [
        "Ada", "Lovelace", "Name", "of", "the", "traveller:"
    ]  # fmt: skip
    assert document.flags == ()
