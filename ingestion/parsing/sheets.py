"""Spreadsheets: every visible sheet of a workbook, or a CSV file, as tables.

Cells are read with openpyxl and the csv module instead of `partition_xlsx` and `partition_csv`:
those go through data frames that turn the words `NA`, `None` and `null` into nothing and round
long numbers.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.tables import rows_to_text

MAX_CELLS = 2_000_000
MAX_COLUMNS = 20_000
MAX_BLANK_ROWS = 1000
_FIELD_LIMIT = 10_000_000


class TooManyCellsError(Exception):
    """A table has more cells than are read."""


def parse_csv(data: bytes) -> ParsedDocument:
    """Read a CSV file as one table, the header row first.

    Raises:
        TooManyCellsError: More than `MAX_CELLS` cells or `MAX_COLUMNS` columns.
    """
    text = decode(data)
    csv.field_size_limit(_FIELD_LIMIT)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    table = rows_to_text(_bounded(reader))
    elements = (Element(ElementKind.TABLE, table),) if table else ()
    return ParsedDocument(Format.CSV, elements)


def _delimiter(text: str) -> str:
    sample = text[:65536]
    if len(sample) < len(text) and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    # A first line that is one huge row would keep the sniffer busy for minutes.
    if len(sample.partition("\n")[0]) > 8192:
        return max(",;|\t", key=sample.count)
    try:
        return csv.Sniffer().sniff(sample, delimiters=",;|\t").delimiter
    except csv.Error:
        return ","


def _bounded(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    cells = 0
    for row in rows:
        cells += len(row)
        if len(row) > MAX_COLUMNS or cells > MAX_CELLS:
            raise TooManyCellsError(
                f"The table is larger than {MAX_CELLS} cells or {MAX_COLUMNS} columns;"
                " split it into smaller files."
            )
        yield row


def parse_xlsx(data: bytes) -> ParsedDocument:
    """Read a workbook: per visible sheet its name as a heading, then its blocks of rows.

    The page of an element is the number of its sheet. Hidden sheets are left out and flagged
    `hidden_text_removed`; formulas count with the value stored for them.

    Raises:
        TooManyCellsError: More than `MAX_CELLS` cells or `MAX_COLUMNS` columns.
    """
    import openpyxl

    workbook = openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=True, keep_links=False
    )
    elements: list[Element] = []
    flags: set[str] = set()
    for number, sheet in enumerate(workbook.worksheets, start=1):
        if sheet.sheet_state != "visible":
            flags.add("hidden_text_removed")
            continue
        if hasattr(sheet, "reset_dimensions"):
            sheet.reset_dimensions()
        rows = _bounded(_cells(row) for row in sheet.iter_rows(values_only=True))
        blocks = tuple(_blocks(rows, number))
        if blocks:
            name = Element(ElementKind.HEADING, sound(sheet.title), level=1, page=number)
            elements.extend((name, *blocks))
    title = sound(str(workbook.properties.title or "")).strip()
    return ParsedDocument(Format.XLSX, tuple(elements), title or None, tuple(sorted(flags)))


def _blocks(rows: Iterable[list[str]], page: int) -> Iterator[Element]:
    """Rows between blank rows form a table; a block of single cells is text."""
    block: list[list[str]] = []
    blanks = 0
    for row in rows:
        if any(row):
            block.append(row)
            blanks = 0
            continue
        yield from _block(block, page)
        block = []
        blanks += 1
        if blanks > MAX_BLANK_ROWS:
            return
    yield from _block(block, page)


def _block(rows: list[list[str]], page: int) -> Iterator[Element]:
    if not rows:
        return
    left = min(next(i for i, cell in enumerate(row) if cell) for row in rows)
    text = sound(rows_to_text(row[left:] for row in rows))
    if text:
        single = all(sum(map(bool, row)) == 1 for row in rows)
        yield Element(ElementKind.TEXT if single else ElementKind.TABLE, text, page=page)


def _cells(row: Iterable[object]) -> list[str]:
    return [_cell_text(value) for value in row]


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return str(value).strip()
