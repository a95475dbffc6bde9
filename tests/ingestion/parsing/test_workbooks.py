"""Workbooks: hidden sheets, rows, columns and cells are cut; merged cells say so in every row."""

import datetime as dt
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


def test_a_last_cell_over_several_rows_is_repeated_in_each(parse, saved, workbook):
    sheet = workbook.active
    for row in (["Plan", "Support"], ["Tern", "8 hours"], ["Heron"], ["Gull", "none"]):
        sheet.append(row)
    sheet.merge_cells("B2:B3")
    text = parse(saved(workbook), "a.xlsx").elements[1].text
    assert text == "Plan | Support\nTern | 8 hours\nHeron | 8 hours\nGull | none"


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


@pytest.mark.parametrize(
    ("value", "format_", "text"),
    [
        (0.15, "0%", "15%"),
        (1 / 3, "0%", "33.3333333333333%"),
        (0.07, "0.0%", "7.0%"),
        (12.5, '"$"#,##0.00_);("$"#,##0.00)', "$12.50"),
        (-12.5, '"$"#,##0.00_);("$"#,##0.00)', "-$12.50"),
        (9.99, "#,##0.00 [$€-407]", "9.99 €"),
        (1200, '_([$CHF]* #,##0_);_([$CHF]* "-"_)', "CHF 1200"),
        (5, '0" kg"', "5 kg"),
        (1500000, '0.0,,"M"', "1.5M"),
        (1234, "00000", "01234"),
        (dt.timedelta(hours=26, minutes=5), "[h]:mm", "26:05"),
        (1 / 3, "0.00", "0.333333333333333"),
        (1.1 * 3, "General", "3.3"),
        (7, "0;(0)", "7"),
        (5551234, "000-0000", "5551234"),
        (0.5, "# ?/?", "0.5"),
        (1, '"Yes";;"No"', "1"),
        ("n/a", "0%", "n/a"),
        (True, "0%", "TRUE"),
    ],
)
def test_a_number_has_the_sign_and_unit_of_its_format(parse, saved, workbook, value, format_, text):
    workbook.active.append(["what", value])
    workbook.active["B1"].number_format = format_
    assert parse(saved(workbook), "a.xlsx").elements[1].text == f"what | {text}"


def test_noise_behind_the_digits_of_a_spreadsheet_is_not_read(parse, saved, workbook, zipped):
    workbook.active.append(["sum", 0.25])
    with zipfile.ZipFile(io.BytesIO(saved(workbook))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    # Excel stores what it has computed with 17 digits.
    parts[sheet] = parts[sheet].replace(b"<v>0.25</v>", b"<v>0.30000000000000004</v>")
    assert parse(zipped(parts), "a.xlsx").elements[1].text == "sum | 0.3"


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the shared corpora are not on this machine")
def test_old_workbooks_show_percents_and_times_as_new_ones_do(parse):
    old, new = (
        parse((FORMATS / f"tika/test-columnar.{ending}").read_bytes(), f"a.{ending}")
        for ending in ("xls", "xlsx")
    )
    assert "30.00% | 66.6666666666667% | 1960-03-22 | 1960-01-01 00:16:40 | 00:00:27" in (
        old.elements[1].text
    )
    assert old.elements[1].text == new.elements[1].text


def test_what_stands_far_below_the_rest_of_a_sheet_is_read(parse, saved, kinds, workbook):
    sheet = workbook.active
    sheet["A1"], sheet["B2500"], sheet["A2501"] = "top", "=1+1", "below"
    assert [text for _, _, text, _ in kinds(parse(saved(workbook), "a.xlsx"))][1:] == [
        "top", " | =1+1\nbelow",
    ]  # fmt: skip


def test_blank_cells_that_are_formatted_count_for_no_limit(
    parse, saved, kinds, workbook, monkeypatch
):
    monkeypatch.setattr("ingestion.parsing.sheets.MAX_CELLS", 10)
    sheet = workbook.active
    sheet["A1"], sheet["A40"] = "top", "below"
    for row in range(2, 60):
        sheet.cell(row, 3).number_format = "0%"
    assert [text for _, _, text, _ in kinds(parse(saved(workbook), "a.xlsx"))][1:] == [
        "top", "below",
    ]  # fmt: skip


def test_rows_without_numbers_are_read_to_the_last(parse, saved, workbook, zipped):
    for row in range(1, 6):
        workbook.active.cell(row, 1).value = f"row {row}"
    with zipfile.ZipFile(io.BytesIO(saved(workbook))) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = re.sub(rb'<row r="[2-5]"', b"<row", parts[sheet])
    document = parse(zipped(parts), "a.xlsx")
    assert document.elements[-1].text == "row 1\nrow 2\nrow 3\nrow 4\nrow 5"
