"""Tables of rows: CSV and tab-separated files, and what the readers of workbooks share.

Cells are read with the csv module instead of `partition_csv`, which goes through data frames that
turn the words `NA`, `None` and `null` into nothing and round long numbers.
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import decode, lines_of, sound
from ingestion.parsing.formats import Format
from ingestion.parsing.tables import rows_to_text

MAX_CELLS = 2_000_000
MAX_COLUMNS = 20_000
_FIELD_LIMIT = 10_000_000
_DELIMITERS = ",;|\t"
_DECIMAL = re.compile(r"(?<=\d),(?=\d)")
_TOLD = re.compile(r"\"?sep=([,;|\t])\"?[ \t]*(?:\r\n?|\n)", re.I)
"""What spreadsheets write before the header row to say what stands between cells."""


class TooManyCellsError(Exception):
    """A table has more cells than are read."""


def parse_csv(data: bytes) -> ParsedDocument:
    """Read a CSV file as one table, the header row first.

    Raises:
        TooManyCellsError: More than `MAX_CELLS` cells or `MAX_COLUMNS` columns.
    """
    text = decode(data)
    csv.field_size_limit(_FIELD_LIMIT)
    told = _TOLD.match(text)
    delimiter = told[1] if told else _delimiter(text)
    if told:
        text = text[told.end() :]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    table = rows_to_text(bounded(reader))
    elements = (Element(ElementKind.TABLE, table),) if table else ()
    return ParsedDocument(Format.CSV, elements)


def parse_tsv(data: bytes) -> ParsedDocument:
    """Read a tab-separated file as one table; quotation marks mean nothing in it.

    Raises:
        TooManyCellsError: More than `MAX_CELLS` cells or `MAX_COLUMNS` columns.
    """
    lines = lines_of(decode(data))
    table = rows_to_text(bounded(line.split("\t") for line in lines))
    elements = (Element(ElementKind.TABLE, table),) if table else ()
    return ParsedDocument(Format.TSV, elements)


def _delimiter(text: str) -> str:
    sample = text[:65536]
    if len(sample) < len(text) and "\n" in sample:
        sample = sample[: sample.rindex("\n")]
    return max(_DELIMITERS, key=lambda one: _fitness(sample, one))


def _fitness(sample: str, delimiter: str) -> tuple[bool, float, bool, int]:
    """How well a delimiter cuts a text into rows; the larger, the better.

    `csv.Sniffer` looks at quotation marks first and takes the commas of a text in quotes for the
    delimiter, gives up on rows of different lengths, and needs seconds for some texts.
    """
    rows = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    widths = [len(row) for row in rows if row]
    several = Counter(width for width in widths if width > 1)
    if not several:
        return (False, 0.0, False, 0)
    width, rows_alike = several.most_common(1)[0]
    is_decimal = delimiter == "," and _DECIMAL.sub("", sample).count(",") == 0
    return (widths[0] > 1, rows_alike / len(widths), not is_decimal, width)


def bounded(rows: Iterable[list[str]]) -> Iterator[list[str]]:
    """Pass rows on as long as they are within the limits; blank ones count for nothing.

    Raises:
        TooManyCellsError: More than `MAX_CELLS` cells or `MAX_COLUMNS` columns.
    """
    cells = 0
    for row in rows:
        # A sheet may be formatted down to its last row, a million times its width.
        cells += len(row) if any(row) else 0
        if len(row) > MAX_COLUMNS or cells > MAX_CELLS:
            raise too_many_cells()
        yield row


def too_many_cells() -> TooManyCellsError:
    """The error for a table that is larger than is read."""
    return TooManyCellsError(
        f"The table is larger than {MAX_CELLS} cells or {MAX_COLUMNS} columns;"
        " split it into smaller files."
    )


def blocks_of(rows: Iterable[list[str]], page: int) -> Iterator[Element]:
    """Cut the rows of a sheet into elements.

    Rows between blank rows form a table; a block of single cells is text.
    """
    block: list[list[str]] = []
    for row in rows:
        if any(row):
            block.append(row)
        elif block:
            yield from _block(block, page)
            block = []
    yield from _block(block, page)


def _block(rows: list[list[str]], page: int) -> Iterator[Element]:
    if not rows:
        return
    left = min(next(i for i, cell in enumerate(row) if cell) for row in rows)
    text = sound(rows_to_text(row[left:] for row in rows))
    if text:
        single = all(sum(map(bool, row)) == 1 for row in rows)
        yield Element(ElementKind.TEXT if single else ElementKind.TABLE, text, page=page)
