"""Workbooks of Excel 97 and older: visible cells of visible sheets as tables, with xlrd."""

import io
from collections.abc import Iterator, Mapping
from typing import Any

from ingestion.document import Element, ElementKind, ParsedDocument, Reason, Refusal
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.merging import LONGEST_MERGE, filled
from ingestion.parsing.numbers_shown import Shown, formats_shown
from ingestion.parsing.sheets import blocks_of, bounded
from ingestion.parsing.workbooks import HiddenLines, cells_of, with_unit

_DATE, _BOOLEAN, _ERROR = 3, 4, 5


def parse_xls(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a workbook; the page of an element is the number of its sheet.

    Raises:
        TooManyCellsError: It has more cells than are read.
    """
    import xlrd

    try:
        # Without the formatting nothing would tell which rows and columns are hidden.
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, logfile=io.StringIO(), ragged_rows=True
        )
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            detail = "The workbook is protected by a password; save it without one."
            return Refusal(key, Reason.ENCRYPTED, detail)
        return Refusal(key, Reason.CORRUPT, f"The workbook is damaged: {error}.")
    elements: list[Element] = []
    cuts = Cuts()
    shown = formats_shown(
        (at, book.format_map[style.format_key].format_str)
        for at, style in enumerate(book.xf_list)
        if style.format_key in book.format_map
    )
    for number, sheet in enumerate(book.sheets(), start=1):
        rows = filled(bounded(_rows(book, sheet, shown)), _merged(sheet))
        if sheet.visibility:
            cuts.add("hidden_sheet", " ".join(" ".join(filter(None, row)) for row in rows), number)
            continue
        hidden = HiddenLines(
            frozenset(at for at, row in sheet.rowinfo_map.items() if row.hidden),
            frozenset(at for at, column in sheet.colinfo_map.items() if column.hidden),
        )
        blocks = tuple(blocks_of(hidden.shown(rows, cuts, number), number))
        if blocks:
            name = Element(ElementKind.HEADING, sound(sheet.name), level=1, page=number)
            elements.extend((name, *blocks))
    return ParsedDocument(Format.XLS, tuple(elements), None, cuts.flags, cuts=cuts.all)


def _merged(sheet: Any) -> dict[int, dict[int, int]]:
    """Return by row and column over how many rows a cell is merged."""
    spans: dict[int, dict[int, int]] = {}
    for first, behind, column, _ in sheet.merged_cells:
        if 1 < behind - first <= LONGEST_MERGE:
            spans.setdefault(first, {})[column] = behind - first
    return spans


def _rows(book: Any, sheet: Any, shown: Mapping[int, Shown]) -> Iterator[list[str]]:
    for at in range(sheet.nrows):
        row = sheet.row(at)
        yield cells_of(with_unit(_value(book, cell), shown.get(cell.xf_index)) for cell in row)


def _value(book: Any, cell: Any) -> object:
    from xlrd import error_text_from_code, xldate

    if cell.ctype == _DATE:
        try:
            moment = xldate.xldate_as_datetime(cell.value, book.datemode)
            # Less than a day is a time of day; the date it would have is that of no calendar.
            return moment.time() if 0 <= cell.value < 1 else moment
        except (ValueError, OverflowError, xldate.XLDateError):
            return cell.value
    if cell.ctype == _BOOLEAN:
        return bool(cell.value)
    if cell.ctype == _ERROR:
        return error_text_from_code.get(cell.value, "#ERROR")
    return cell.value
