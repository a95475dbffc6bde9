"""Rows of OpenDocument tables: hidden ones set apart, repeated and merged cells unfolded."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ingestion.parsing.hiding import Cuts
from ingestion.parsing.merging import LONGEST_MERGE, Merging
from ingestion.parsing.odf_styles import Looks
from ingestion.parsing.sheets import MAX_CELLS, MAX_COLUMNS, too_many_cells
from ingestion.parsing.xml_safe import attribute, children, local

_GROUPS = ("table-row-group", "table-header-rows", "table-rows")
_HIDDEN = ("collapse", "filter")
_LONGEST_RUN = 1000
"""Equal rows or blank cells in a run of more than this are the empty rest of a sheet."""


def table_rows(
    table: Any,
    looks: Looks,
    cuts: Cuts,
    page: int | None,
    text_of: Callable[[Any, str | None], str],
) -> Iterator[list[str]]:
    """Yield the rows that are shown.

    Args:
        table: The table element.
        looks: Styles, some of which hide.
        cuts: Where hidden rows and columns go.
        page: Number of the sheet or slide.
        text_of: Reads one cell, given its style.

    Raises:
        TooManyCellsError: The table is larger than is read.
    """
    hidden = set(_hidden_columns(table))
    cells = 0
    merging, styles = Merging(), _column_styles(table)
    for row in _rows(table):
        texts = _cells(row, text_of, merging, styles)
        times = _repeated(row, "number-rows-repeated")
        merging.pass_over(times - 1)
        if attribute(row, "visibility") in _HIDDEN or looks.hides_row(attribute(row, "style-name")):
            cuts.add("hidden_row", " ".join(texts), page)
            continue
        cuts.add("hidden_column", " ".join(texts[at] for at in hidden if at < len(texts)), page)
        shown = [text for at, text in enumerate(texts) if at not in hidden]
        for _ in range(times if any(shown) or times < _LONGEST_RUN else 1):
            cells += len(shown) if any(shown) else 0
            if cells > MAX_CELLS:
                raise too_many_cells()
            yield shown


def _rows(node: Any) -> Iterator[Any]:
    for child in children(node):
        if local(child) == "table-row":
            yield child
        elif local(child) in _GROUPS:
            yield from _rows(child)


def _hidden_columns(table: Any) -> Iterator[int]:
    for column, places in _columns(table):
        if attribute(column, "visibility") in _HIDDEN:
            yield from places


def _column_styles(table: Any) -> dict[int, str]:
    """Return the styles that columns give to cells without one of their own."""
    found: dict[int, str] = {}
    for column, places in _columns(table):
        style = attribute(column, "default-cell-style-name")
        if style is not None:
            found.update(dict.fromkeys(places, style))
    return found


def _columns(table: Any) -> Iterator[tuple[Any, range]]:
    at = 0
    for column in table.iter():
        if local(column) != "table-column":
            if local(column) == "table-row":
                return
            continue
        times = _repeated(column, "number-columns-repeated")
        yield column, range(at, min(at + times, MAX_COLUMNS))
        at += times


def _cells(
    row: Any,
    text_of: Callable[[Any, str | None], str],
    merging: Merging,
    styles: Mapping[int, str],
) -> list[str]:
    texts: list[str] = []
    of_row = attribute(row, "default-cell-style-name")
    spans: dict[int, int] = {}
    for cell in children(row, "table-cell", "covered-table-cell"):
        down = _repeated(cell, "number-rows-spanned")
        if 1 < down <= LONGEST_MERGE:
            spans[len(texts)] = down
        own = attribute(cell, "style-name") or of_row or styles.get(len(texts))
        text = text_of(cell, own)
        times = _repeated(cell, "number-columns-repeated")
        if not text and times > _LONGEST_RUN:
            break
        texts.extend([text] * min(times, MAX_COLUMNS + 1))
        if len(texts) > MAX_COLUMNS:
            raise too_many_cells()
    merging.fill(texts, spans)
    return texts


def _repeated(node: Any, name: str) -> int:
    value = attribute(node, name) or "1"
    return max(1, int(value)) if value.isdigit() else 1
