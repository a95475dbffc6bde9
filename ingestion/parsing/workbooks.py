"""Workbooks: the visible cells of every visible sheet as tables; the rest is set apart.

Cells are read with openpyxl and xlrd instead of `partition_xlsx`, which goes through data frames
that turn the words `NA`, `None` and `null` into nothing and round long numbers.
"""

import datetime as dt
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ingestion.document import Element, ElementKind, ParsedDocument
from ingestion.parsing.decoding import sound
from ingestion.parsing.formats import Format
from ingestion.parsing.hiding import Cuts
from ingestion.parsing.merging import LONGEST_MERGE, filled
from ingestion.parsing.numbers_shown import Shown, duration_text, formats_shown, number_text
from ingestion.parsing.packaging import check_package, ordinary_package
from ingestion.parsing.related import Related
from ingestion.parsing.sheets import MAX_COLUMNS, blocks_of, bounded

_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b[^>]*>")
_NUMBER = {
    name: re.compile(rb"\b%s=[\"']([\d.]+)" % name)
    for name in (b"r", b"min", b"max", b"width", b"ht")
}
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell ref=\"([A-Z]+)(\d+):([A-Z]+)(\d+)\"")
_HIDDEN = re.compile(rb"\bhidden=[\"'](?:1|true)[\"']")


UNCALCULATED_FORMULAS = "uncalculated_formulas"
"""Flag of a workbook with formulas for which no program has stored a value."""
# A formula whose cell ends without a value. One that yields an empty text has `t="str"` and is
# empty by right.
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\b(?![^>]*\bt=\"str\")[^>]*>\s*<(?:\w+:)?f\b(?:[^>]*/>|[^<]*</(?:\w+:)?f>)"
    rb"\s*(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
_HIDDEN_ROWS = 1000
"""So many rows of a hidden sheet are counted; they are not read."""


@dataclass(frozen=True, slots=True)
class HiddenLines:
    """Rows and columns of a sheet that are not shown, by number from 0."""

    rows: frozenset[int] = frozenset()
    columns: frozenset[int] = frozenset()

    def shown(self, rows: Iterable[list[str]], cuts: Cuts, page: int) -> Iterator[list[str]]:
        """Pass on what is shown of the rows of a sheet, and cut the rest."""
        for number, row in enumerate(rows):
            if number in self.rows:
                cuts.add("hidden_row", " ".join(filter(None, row)), page)
                continue
            if self.columns:
                away = [row[at] for at in sorted(self.columns) if at < len(row)]
                cuts.add("hidden_column", " ".join(filter(None, away)), page)
                yield [cell for at, cell in enumerate(row) if at not in self.columns]
            else:
                yield row


def parse_xlsx(data: bytes) -> ParsedDocument:
    """Read a workbook: per visible sheet its name as a heading, then its blocks of rows.

    The page of an element is the number of its sheet. Hidden sheets, rows and columns and cells
    in white letters are set apart; formulas count with the value stored for them, and one that a
    program wrote without calculating it with its own text (`=B2*2`).

    Raises:
        TooManyCellsError: More than `MAX_CELLS` cells or `MAX_COLUMNS` columns.
    """
    check_package(data)
    data = ordinary_package(data)
    workbook = _opened(data, data_only=True)
    written: Any = None
    flags: set[str] = set()
    elements: list[Element] = []
    cuts = Cuts()
    related = Related(data)
    unseen = _unseen_styles(workbook)
    shown = _shown_styles(workbook)
    for number, sheet in enumerate(workbook.worksheets, start=1):
        if hasattr(sheet, "reset_dimensions"):
            sheet.reset_dimensions()
        path = str(getattr(sheet, "_worksheet_path", "")).lstrip("/")
        source = _source_of(data, path)
        if sheet.sheet_state != "visible":
            texts = (
                " ".join(filter(None, cells_of(row))) for row in sheet.iter_rows(values_only=True)
            )
            cuts.add("hidden_sheet", " ".join(itertools.islice(texts, _HIDDEN_ROWS)), number)
            continue
        formulas: Any = None
        if _UNCALCULATED.search(source):
            flags.add(UNCALCULATED_FORMULAS)
            written = written or _opened(data, data_only=False)
            formulas = written[sheet.title]
            formulas.reset_dimensions()
        judged = b"<tablePart" not in source and b"<conditionalFormatting" not in source
        hiding = unseen if judged else frozenset[int]()
        last = _last_filled(source)
        cells = _values(sheet, formulas, last, hiding, shown, cuts, number)
        filled = filled_down(bounded(map(cells_of, cells)), source)
        rows = hidden_lines(source).shown(filled, cuts, number)
        blocks = (*blocks_of(rows, number), *related.elements(path, number))
        if blocks:
            name = Element(ElementKind.HEADING, sound(sheet.title), level=1, page=number)
            elements.extend((name, *blocks))
    for path in related.parts_in("xl/chartsheets"):
        elements.extend(related.elements(path))
    title = sound(str(workbook.properties.title or "")).strip()
    all_flags = tuple(sorted({*flags, *cuts.flags}))
    return ParsedDocument(Format.XLSX, tuple(elements), title or None, all_flags, cuts=cuts.all)


def _opened(data: bytes, data_only: bool) -> Any:
    import openpyxl

    return openpyxl.load_workbook(
        io.BytesIO(data), read_only=True, data_only=data_only, keep_links=False
    )


def _values(
    sheet: Any,
    formulas: Any,
    last: int | None,
    unseen: frozenset[int],
    shown: Mapping[int, Shown],
    cuts: Cuts,
    page: int,
) -> Iterable[Iterable[object]]:
    """The values of a sheet, without the unseen; `formulas` is the sheet as it was written."""
    if formulas is None and not unseen and not shown:
        rows = sheet.iter_rows(max_row=last, values_only=True)
        return cast("Iterable[Iterable[object]]", rows)
    rows = sheet.iter_rows(max_row=last)
    if formulas is not None:
        rows = map(_with_formulas, rows, formulas.iter_rows())
    return (_seen_values(row, unseen, shown, cuts, page) for row in rows)


def _with_formulas(values: Iterable[Any], formulas: Iterable[Any]) -> list[Any]:
    """The cells of a row, those without a value that have a formula showing its text."""
    row = []
    for cell, written in zip(values, formulas, strict=True):
        if cell.value is None and written.data_type == "f":
            # Array formulas are objects with a text, tables of data have none.
            cell.value = str(getattr(written.value, "text", written.value))
        row.append(cell)
    return row


def _source_of(data: bytes, path: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.read(path) if path else b""
    except KeyError:
        return b""


def _last_filled(source: bytes) -> int | None:
    """Number of the last row with anything in it, if the XML of a sheet tells.

    Sheets are often formatted far beyond it, and every such cell costs time.
    """
    end = source.find(b"sheetData>", source.find(b"sheetData>") + 1)
    filled = max(source.rfind(mark, 0, end) for mark in (b"v>", b"is>", b"f>", b"<f ", b":f "))
    # Some writers leave the numbers out, or the rows in any order.
    numbers = [_number(tag[0], b"r") for tag in _ROW.finditer(source, 0, max(filled, 0))]
    known = [int(number) for number in numbers if number is not None]
    return max(known) if known and len(known) == len(numbers) else None


def _unseen_styles(workbook: Any) -> frozenset[int]:
    """Styles of cells whose text cannot be seen: white letters without a fill, or `;;;`."""
    fonts = {at for at, font in enumerate(workbook._fonts) if _is_white(font.color)}
    formats = {164 + at for at, shown in enumerate(workbook._number_formats) if shown == ";;;"}
    return frozenset(
        at
        for at, style in enumerate(workbook._cell_styles)
        if (style.fontId in fonts and style.fillId == 0) or style.numFmtId in formats
    )


def _shown_styles(workbook: Any) -> dict[int, Shown]:
    """What the styles of cells add to numbers, such as a percent sign."""
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    own = dict(enumerate(workbook._number_formats, start=164))
    styles = enumerate(workbook._cell_styles)
    return formats_shown(
        (at, own.get(style.numFmtId) or BUILTIN_FORMATS.get(style.numFmtId, ""))
        for at, style in styles
    )


def _is_white(color: Any) -> bool:
    if color is None:
        return False
    if color.type == "rgb":
        return str(color.rgb).upper().endswith("FFFFFF")
    return color.type == "theme" and color.theme == 0 and not color.tint


def _seen_values(
    row: Iterable[Any],
    unseen: frozenset[int],
    shown: Mapping[int, Shown],
    cuts: Cuts,
    page: int,
) -> list[object]:
    values: list[object] = []
    for cell in row:
        style: int = getattr(cell, "_style_id", -1)
        value = cell.value
        if style in shown:
            value = with_unit(value, shown[style])
        hidden = style in unseen and value is not None
        if hidden:
            cuts.add("white_on_white", _cell_text(value), page)
        values.append(None if hidden else value)
    return values


def with_unit(value: object, shown: Shown | None) -> object:
    """A number as its format shows it; anything else as it is."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return shown.text(cast("float", value)) if shown is not None and is_number else value


def hidden_lines(source: bytes) -> HiddenLines:
    """Find hidden rows and columns in the XML of a sheet, which openpyxl passes over."""
    columns: set[int] = set()
    for tag in _COLUMN.findall(source[: source.find(b"sheetData") + 1 or len(source)]):
        if _HIDDEN.search(tag) or _number(tag, b"width") == 0:
            first, last = _number(tag, b"min"), _number(tag, b"max")
            if first is not None and last is not None:
                columns.update(range(int(first) - 1, min(int(last), MAX_COLUMNS)))
    if b"hidden=" not in source and b'ht="0"' not in source:
        return HiddenLines(columns=frozenset(columns))
    rows = {
        int(number) - 1
        for tag in _ROW.findall(source)
        if (_HIDDEN.search(tag) or _number(tag, b"ht") == 0)
        and (number := _number(tag, b"r")) is not None
    }
    return HiddenLines(frozenset(rows), frozenset(columns))


def filled_down(rows: Iterable[list[str]], source: bytes) -> Iterator[list[str]]:
    """Repeat a cell that is merged over several rows in each of them, so that none lacks it."""
    spans: dict[int, dict[int, int]] = {}
    for first_column, first, _, last in _MERGE.findall(source):
        if int(first) < int(last) <= int(first) + LONGEST_MERGE:
            down = int(last) - int(first) + 1
            spans.setdefault(int(first) - 1, {})[_column_number(first_column)] = down
    yield from filled(rows, spans)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _number(tag: bytes, name: bytes) -> float | None:
    found = _NUMBER[name].search(tag)
    return float(found[1]) if found else None


def cells_of(row: Iterable[object]) -> list[str]:
    """The values of a row as text."""
    return [_cell_text(value) for value in row]


def _cell_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, dt.timedelta):
        return duration_text(value)
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    return str(value).strip()
