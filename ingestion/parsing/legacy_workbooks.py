"""Workbooks of Excel 97 and older: visible cells of visible sheets as tables, with xlrd."""

import io
import re
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
_WHITE = (255, 255, 255)
_INVISIBLE = ";;;"
_CONDITIONS = re.compile(r"CONDFMT .*\n\*\*\* in Sheet (\d+) ")
"""How xlrd logs that a sheet, counted from 0, has formats under a condition, which it passes over.
They may colour any cell."""


def parse_xls(data: bytes, key: str) -> ParsedDocument | Refusal:
    """Read a workbook; the page of an element is the number of its sheet.

    Raises:
        TooManyCellsError: It has more cells than are read.
    """
    import xlrd

    log = io.StringIO()
    try:
        # Without the formatting nothing would tell which rows and columns are hidden.
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, logfile=log, verbosity=1, ragged_rows=True
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
    unseen = _unseen_styles(book)
    coloured = {int(number) for number in _CONDITIONS.findall(log.getvalue())}
    for number, sheet in enumerate(book.sheets(), start=1):
        hiding = frozenset[int]() if sheet.number in coloured else unseen
        read = _rows(book, sheet, shown, hiding, cuts)
        rows = filled(bounded(read), _merged(sheet))
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


def _unseen_styles(book: Any) -> frozenset[int]:
    """Styles of cells whose text cannot be seen: white letters without a fill, or `;;;`."""
    formats = {at for at, one in book.format_map.items() if one.format_str == _INVISIBLE}
    return frozenset(
        at
        for at, style in enumerate(book.xf_list)
        if style.format_key in formats
        or (
            style.background.fill_pattern == 0
            and style.font_index < len(book.font_list)
            and book.colour_map.get(book.font_list[style.font_index].colour_index) == _WHITE
        )
    )


def _rows(
    book: Any, sheet: Any, shown: Mapping[int, Shown], unseen: frozenset[int], cuts: Cuts
) -> Iterator[list[str]]:
    for at in range(sheet.nrows):
        row = sheet.row(at)
        texts = cells_of(with_unit(_value(book, cell), shown.get(cell.xf_index)) for cell in row)
        for place, cell in enumerate(row) if unseen else ():
            if cell.xf_index in unseen and texts[place]:
                cuts.add("white_on_white", texts[place], sheet.number + 1)
                texts[place] = ""
        yield texts


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
