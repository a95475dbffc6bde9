"""Tables that go on over pages: rows below no head belong to the table that has one."""

import io

import pytest

from ingestion.document import ElementKind
from ingestion.parsing.pdf.document import parse_pdf
from ingestion.reading import ReadingSpec

HEAD = ["Product", "Price", "Delivery"]
BOLD = "Helvetica-Bold"


def items(first, last):
    return [[f"Probe {n}", f"{3 * n} EUR", f"{n} days"] for n in range(first, last)]


def towns(first, last):
    names = ("Lyon", "Turin", "Porto", "Ghent")
    return [[names[n % 4], "city", "west"] for n in range(first, last)]


def tables_of(*pages, head_font=BOLD, ruled=True, footer=""):
    """The tables of a document that has one table on each page, and a line at its bottom."""
    from reportlab.lib import colors
    from reportlab.pdfgen.canvas import Canvas
    from reportlab.platypus import Table, TableStyle

    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=(595, 842))
    for number, rows in enumerate(pages, start=1):
        canvas.setFont("Helvetica", 9)
        canvas.drawString(72, 30, footer.format(number))
        heads = [n for n, row in enumerate(rows) if row[0] in {"Product", "Model", "Town"}]
        style = [("FONTNAME", (0, n), (-1, n), head_font) for n in heads]
        style += [("GRID", (0, 0), (-1, -1), 0.5, colors.black)] if ruled else []
        table = Table(rows, colWidths=[150, 100, 120][: len(rows[0])], style=TableStyle(style))
        table.wrapOn(canvas, 400, 800)
        table.drawOn(canvas, 72, 780 - 18 * len(rows))
        canvas.showPage()
    canvas.save()
    document = parse_pdf(buffer.getvalue(), "a.pdf", ReadingSpec())
    return [e for e in document.elements if e.kind is ElementKind.TABLE]


@pytest.mark.parametrize("ruled", [True, False])
@pytest.mark.parametrize("head_font", [BOLD, "Helvetica"])
def test_rows_without_a_head_stand_below_that_of_the_page_before(ruled, head_font):
    rows = items(1, 90)
    pages = ([HEAD, *rows[:30]], rows[30:60], rows[60:])
    (table,) = tables_of(*pages, ruled=ruled, head_font=head_font)
    assert table.text.split("\n") == [" | ".join(row) for row in [HEAD, *rows]]
    begins = [(page, table.text[at:].split(" | ")[0]) for at, page in table.page_breaks]
    assert (table.page, begins) == (1, [(2, "Probe 31"), (3, "Probe 61")])


@pytest.mark.parametrize("ruled", [True, False])
def test_page_numbers_between_two_pages_do_not_part_a_table(ruled):
    rows = items(1, 60)
    (table,) = tables_of([HEAD, *rows[:30]], rows[30:], ruled=ruled, footer="Page {} of 2")
    assert table.text.split("\n") == [" | ".join(row) for row in [HEAD, *rows]]


def test_a_head_that_is_bold_has_rows_of_words_below_it_as_well():
    head = ["Town", "Kind", "Where"]
    (table,) = tables_of([head, *towns(0, 20)], towns(20, 40))
    assert table.text.count("\n") == 40


@pytest.mark.parametrize(
    "second",
    [
        [HEAD, *items(31, 60)],
        [["Model", "Weight", "Colour"], *items(31, 60)],
        [row[:2] for row in items(31, 60)],
    ],
    ids=["the head again", "a head of its own", "other columns"],
)
def test_what_is_another_table_stays_one(second):
    tables = tables_of([HEAD, *items(1, 31)], second)
    assert [table.page for table in tables] == [1, 2]


def test_without_a_bold_head_words_are_not_taken_for_rows_of_another_table():
    head = ["Town", "Kind", "Where"]
    tables = tables_of([head, *towns(0, 20)], towns(20, 40), head_font="Helvetica")
    assert [table.page for table in tables] == [1, 2]
