"""Workbooks: hidden sheets, rows, columns and cells are cut; merged cells say so in every row."""

import io
import re
import zipfile
from pathlib import Path

import pytest

from ingestion.document import Reason
from ingestion.parsing.partition import partition

FORMATS = Path(__file__).resolve().parents[4] / "shared" / "data" / "corpora" / "formats"


@pytest.fixture
def workbook():
    import openpyxl

    made = openpyxl.Workbook()
    made.active.title = "One"
    return made


def cuts_of(document):
    return [(cut.reason, cut.sample, cut.page) for cut in document.cuts]


def test_hidden_rows_columns_and_sheets(parse, saved, kinds, workbook):
    sheet = workbook.active
    for row in (["a", "COLUMN", "c"], ["ROW", "x", "y"], ["d", "", "f"]):
        sheet.append(row)
    sheet.column_dimensions["B"].hidden = True
    sheet.row_dimensions[2].hidden = True
    away = workbook.create_sheet("Away")
    away.append(["SHEET"])
    away.sheet_state = "veryHidden"
    document = parse(saved(workbook), "a.xlsx")
    assert kinds(document) == [("heading", 1, "One", 1), ("table", 0, "a | c\nd | f", 1)]
    assert cuts_of(document) == [
        ("hidden_column", "COLUMN", 1), ("hidden_row", "ROW x y", 1), ("hidden_sheet", "SHEET", 2),
    ]  # fmt: skip
    assert document.flags == ("hidden_text_removed",)


def test_cells_in_white_or_without_a_format_are_cut_and_white_on_blue_is_not(
    parse, saved, workbook
):
    from openpyxl.styles import Font, PatternFill

    sheet = workbook.active
    sheet.append(["seen", "WHITE", "BLUE", "GONE"])
    sheet["B1"].font = Font(color="FFFFFFFF")
    sheet["C1"].font = Font(color="FFFFFFFF")
    sheet["C1"].fill = PatternFill("solid", fgColor="FF0000AA")
    sheet["D1"].number_format = ";;;"
    document = parse(saved(workbook), "a.xlsx")
    assert document.elements[1].text == "seen |  | BLUE"
    assert {cut.sample for cut in document.cuts} == {"WHITE", "GONE"}


def test_a_cell_over_several_rows_is_repeated_in_each(parse, saved, workbook):
    sheet = workbook.active
    for row in (["Year", "Month"], [2025, "May"], [None, "June"], [2026, "July"]):
        sheet.append(row)
    sheet.merge_cells("A2:A3")
    text = parse(saved(workbook), "a.xlsx").elements[1].text
    assert text == "Year | Month\n2025 | May\n2025 | June\n2026 | July"


def test_comments_and_chart_titles_follow_their_sheet(parse, saved, workbook):
    from openpyxl.chart import BarChart, Reference
    from openpyxl.comments import Comment

    sheet = workbook.active
    for row in (["Year", "Ducks"], [2019, 120], [2020, 95]):
        sheet.append(row)
    sheet["B2"].comment = Comment("So few?", "Jane")
    chart = BarChart()
    chart.title = "Ducks by year"
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=3), titles_from_data=True)
    sheet.add_chart(chart, "D2")
    texts = [(e.text, e.page) for e in parse(saved(workbook), "a.xlsx").elements]
    assert ("Comment by Jane: So few?", 1) in texts
    assert ("Ducks by year", 1) in texts


def test_a_formula_that_nobody_has_calculated_shows_its_text(parse, saved, workbook):
    from openpyxl.styles import Font

    sheet = workbook.active
    sheet.append(["Part", "Price", "Twice", "GONE"])
    sheet.append(["Bolt", 12.5, "=B2*2", "=B2*7"])
    sheet["D1"].font = sheet["D2"].font = Font(color="FFFFFFFF")
    document = parse(saved(workbook), "a.xlsx")
    assert document.elements[1].text == "Part | Price | Twice\nBolt | 12.5 | =B2*2"
    assert document.flags == ("hidden_text_removed", "uncalculated_formulas")
    assert {cut.sample for cut in document.cuts} == {"GONE", "=B2*7"}


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (b"<f>B2*2</f><v>25</v>", "25"),
        (b"<f>B2*2</f>", "=B2*2"),
        (b'<f t="array" ref="C2">B2*{1,2}</f><v></v>', "=B2*{1,2}"),
    ],
)
def test_a_stored_value_goes_before_the_formula(parse, saved, workbook, cell, text):
    sheet = workbook.active
    sheet.append(["Part", "Price", "Twice"])
    sheet.append(["Bolt", 12.5, "=B2*2"])
    made = saved(workbook)
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(rb"<f>.*?(?=</c>)", lambda _: cell, old.read(name)))
    document = parse(changed.getvalue(), "a.xlsx")
    assert document.elements[1].text == f"Part | Price | Twice\nBolt | 12.5 | {text}"
    assert document.flags == (() if text == "25" else ("uncalculated_formulas",))


@pytest.mark.skipif(not FORMATS.exists(), reason="the shared corpora are not on this machine")
def test_old_workbooks():
    document = partition(
        (FORMATS / "tika/testEXCEL_extra_metadata.xls").read_bytes(), "testEXCEL_extra_metadata.xls"
    )
    assert document.media_type == "application/vnd.ms-excel"
    assert {cut.reason for cut in document.cuts} == {"hidden_sheet", "hidden_row", "hidden_column"}
    hostile = FORMATS.parent / "hostile"
    for name in ("poi/password.xls", "tika/testEXCEL_protected_passtika.xls"):
        refusal = partition((hostile / name).read_bytes(), name)
        assert refusal.reason is Reason.ENCRYPTED
