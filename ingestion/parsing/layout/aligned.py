"""Tables without ruled lines: rows whose pieces stand in common columns."""

import functools
import operator
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingestion.parsing.layout.rows import box_of
from ingestion.parsing.layout.shapes import Piece, Style, Word, overlap

MAX_COLUMNS = 40
MAX_CELL_CHARS = 80
CLOSE_LINES = 0.45
"""Lines nearer than so many heights can belong to one cell."""

Interval = tuple[float, float]
Rows = Sequence[Sequence[Piece]]


class Stretch(NamedTuple):
    """Rows that could be a table, and the columns they stand in."""

    rows: list[Sequence[Piece]]
    columns: list[Interval]


def with_tables(rows: Rows) -> Iterator[list[Piece]]:
    """Replace stretches of rows that form a table by one piece with cells."""
    at = 0
    while at < len(rows):
        stretch = _stretch(rows, at) if len(rows[at]) > 1 else None
        if stretch is not None and _is_table(stretch):
            yield [_table(stretch)]
            at += len(stretch.rows)
        else:
            yield list(rows[at])
            at += 1


def _stretch(rows: Rows, start: int) -> Stretch:
    """The longest run of rows from here that keeps common columns."""
    taken: list[Sequence[Piece]] = []
    columns: list[Interval] = []
    kept = 0
    for row in rows[start:]:
        if any(piece.cells for piece in row) or (taken and _is_far(taken[-1], row)):
            break
        merged = _merged([*columns, *((p.x0, p.x1) for p in row)])
        if len(row) > 1:
            if len(merged) < 2 or (columns and len(merged) < min(len(columns), len(row))):
                break
            columns = merged
            taken.append(row)
            kept = len(taken)
        elif len(merged) == len(columns) and _is_close(taken[-1], row):
            taken.append(row)
        else:
            break
        if len(columns) > MAX_COLUMNS:
            break
    # Single pieces at the end are text below the table unless they continue its last row.
    while len(taken) > kept and not _continues(taken[-2], taken[-1], columns):
        taken.pop()
    return Stretch(taken, columns)


def _merged(intervals: Sequence[Interval]) -> list[Interval]:
    """Intervals with those that overlap made one."""
    merged: list[Interval] = []
    for low, high in sorted(intervals):
        if merged and low <= merged[-1][1] + 0.5:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def _is_far(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    _, _, _, bottom = box_of(above)
    _, top, _, _ = box_of(below)
    height = max(p.height for p in (*above, *below))
    return top - bottom > 2.2 * height


def _is_close(above: Sequence[Piece], below: Sequence[Piece]) -> bool:
    _, _, _, bottom = box_of(above)
    _, top, _, _ = box_of(below)
    return top - bottom <= CLOSE_LINES * min(p.height for p in (*above, *below))


def _continues(above: Sequence[Piece], below: Sequence[Piece], columns: list[Interval]) -> bool:
    """Whether a row goes on with cells of the row above: nothing in the first column."""
    return below[0].x0 > columns[0][1] and _is_close(above, below)


def _is_table(stretch: Stretch) -> bool:
    full = [row for row in stretch.rows if len(row) > 1]
    pieces = [piece for row in stretch.rows for piece in row]
    if len(full) < (2 if len(stretch.columns) > 2 else 3):
        return False
    chars = sum(len(piece.text) for piece in pieces) / len(pieces)
    return chars <= MAX_CELL_CHARS


def _table(stretch: Stretch) -> Piece:
    table: list[list[str]] = []
    previous: Sequence[Piece] | None = None
    for row in stretch.rows:
        cells = [""] * len(stretch.columns)
        for piece in row:
            at = _column(piece, stretch.columns)
            cells[at] = f"{cells[at]} {piece.text}".strip()
        if previous is not None and _continues(previous, row, stretch.columns):
            table[-1] = [f"{a} {b}".strip() for a, b in zip(table[-1], cells, strict=True)]
        else:
            table.append(cells)
        previous = row
    return table_piece([p for row in stretch.rows for p in row], table)


def _column(piece: Piece, columns: Sequence[Interval]) -> int:
    return max(range(len(columns)), key=lambda i: overlap(piece.x0, piece.x1, *columns[i]))


def table_piece(pieces: Sequence[Piece], rows: Sequence[Sequence[str]]) -> Piece:
    """One piece that stands for a table in place of the pieces it was made of.

    Its style says whether its first line is bold, which tells a head.
    """
    x0, top, x1, bottom = box_of(pieces)
    words = tuple(word for piece in pieces for word in piece.words)
    return Piece(
        words=words,
        order=min(piece.order for piece in pieces),
        x0=x0, top=top, x1=x1, bottom=bottom,
        size=pieces[0].size,
        style=_style_at_top(words) & Style.BOLD,
        cells=tuple(tuple(row) for row in rows),
    )  # fmt: skip


def _style_at_top(words: Sequence[Word]) -> int:
    highest = min(words, key=lambda word: word.top)
    styles = [w.style for w in words if (w.top + w.bottom) / 2 < highest.bottom]
    return functools.reduce(operator.and_, styles, highest.style)
