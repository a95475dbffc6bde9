"""Reading order: a page falls into bands, bands into columns, columns into rows.

A gutter is a vertical strip without text that has text on both sides over several lines. Strips
between the cells of a table look alike; what tells them apart is that cells stand on common
baselines, are short, and are drawn row by row.
"""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingestion.parsing.layout.rows import rows_of
from ingestion.parsing.layout.shapes import Piece, overlap

MIN_GUTTER = 0.6
"""Width of a gutter in font sizes."""
ALIGNED = 3.0
"""Left edges within so many points belong to one column."""
MIN_LINES = 3
MAX_DEPTH = 12
PROSE_CHARS = 16
_FEW_SWITCHES = 3


class Band(NamedTuple):
    """A part of the page with columns beside each other, and what is above and below it."""

    above: list[Piece]
    left: list[Piece]
    right: list[Piece]
    below: list[Piece]
    weight: float


def columns_of(pieces: Sequence[Piece], depth: int = 0) -> Iterator[list[list[Piece]]]:
    """Yield the columns of a page in reading order, each as rows from top to bottom."""
    band = _widest_band(pieces) if depth < MAX_DEPTH and len(pieces) >= 2 * MIN_LINES else None
    if band is None:
        if pieces:
            yield rows_of(pieces)
        return
    for part in (band.above, band.left, band.right, band.below):
        if part:
            yield from columns_of(part, depth + 1)


def _widest_band(pieces: Sequence[Piece]) -> Band | None:
    """The band of columns with the most lines beside each other, if there is any."""
    ordered = sorted(pieces, key=lambda p: (p.top, p.x0))
    best: Band | None = None
    for edge in _left_edges(pieces):
        for start, end in _runs(ordered, edge):
            if end - start < 2 * MIN_LINES:
                continue
            band = _band(ordered, start, end, edge)
            if band and (best is None or band.weight > best.weight):
                best = band
    return best


def _left_edges(pieces: Sequence[Piece]) -> list[float]:
    """Places where at least `MIN_LINES` pieces begin, without the leftmost ones."""
    edges: list[float] = []
    starts = sorted(piece.x0 for piece in pieces)
    first = starts[0]
    group: list[float] = []
    for start in [*starts, float("inf")]:
        if group and start - group[0] > ALIGNED:
            if len(group) >= MIN_LINES and group[0] > first + ALIGNED:
                edges.append(group[0])
            group = []
        group.append(start)
    return edges


def _runs(ordered: Sequence[Piece], edge: float) -> Iterator[tuple[int, int]]:
    """Stretches of pieces of which none crosses the strip left of an edge."""
    start = 0
    for at, piece in enumerate(ordered):
        if piece.x0 < edge - 0.5 and piece.x1 > edge - MIN_GUTTER * min(piece.size, 14.0):
            yield start, at
            start = at + 1
    yield start, len(ordered)


def _band(ordered: Sequence[Piece], start: int, end: int, edge: float) -> Band | None:
    left = [p for p in ordered[start:end] if p.x0 < edge - 0.5]
    right = [p for p in ordered[start:end] if p.x0 >= edge - 0.5]
    if len(left) < MIN_LINES or len(right) < MIN_LINES:
        return None
    # Lines of the left column above the right one are read first either way.
    first = min(p.top for p in right)
    above = [*ordered[:start], *(p for p in left if p.bottom <= first)]
    left = [p for p in left if p.bottom > first]
    left, tail = _without_tail(left, max(p.bottom for p in right))
    if len(left) < MIN_LINES:
        return None
    shared = overlap(
        min(p.top for p in left), max(p.bottom for p in left),
        first, max(p.bottom for p in right),
    )  # fmt: skip
    height = statistics.median(p.height for p in (*left, *right))
    if shared < 0.8 * MIN_LINES * height or not _are_columns(left, right):
        return None
    return Band(above, left, right, [*tail, *ordered[end:]], shared)


def _without_tail(left: list[Piece], end: float) -> tuple[list[Piece], list[Piece]]:
    """Cut off what follows the columns after a clear gap and merely begins at the left."""
    for at in range(1, len(left)):
        above, piece = left[at - 1], left[at]
        if piece.top >= end - 1 and piece.top - above.bottom > 1.2 * piece.height:
            return left[:at], left[at:]
    return left, []


def _are_columns(left: Sequence[Piece], right: Sequence[Piece]) -> bool:
    """Whether two sides are read one after the other, and not row by row."""
    paired = _paired(left, right)
    lines = min(len(left), len(right))
    sides = sorted([(p.order, 0) for p in left] + [(p.order, 1) for p in right])
    switches = sum(a[1] != b[1] for a, b in itertools.pairwise(sides))
    one_by_one = switches <= max(_FEW_SWITCHES, 0.1 * lines)
    if _is_prose(left) and _is_prose(right):
        # Switching sides after every line is a printer's order; after a few, that of cells.
        return one_by_one or switches > 0.8 * lines
    if paired >= 0.7 * lines and not (one_by_one and (_is_prose(left) or _is_prose(right))):
        return False
    return switches <= max(_FEW_SWITCHES, 0.25 * lines)


def _paired(left: Sequence[Piece], right: Sequence[Piece]) -> int:
    """How many pieces on the side with fewer stand on a line with one on the other."""
    few, many = sorted((left, right), key=len)
    middles = sorted(p.middle for p in many)
    count = 0
    at = 0
    for piece in sorted(few, key=lambda p: p.middle):
        while at < len(middles) and middles[at] < piece.middle - 0.25 * piece.height:
            at += 1
        count += at < len(middles) and middles[at] <= piece.middle + 0.25 * piece.height
    return count


def _is_prose(side: Sequence[Piece]) -> bool:
    """Whether lines are filled up, as running text is and cells are not."""
    x0, x1 = min(p.x0 for p in side), max(p.x1 for p in side)
    full = sum(p.x1 - p.x0 >= 0.7 * (x1 - x0) for p in side)
    chars = statistics.median(sum(len(w.text) + 1 for w in p.words) for p in side)
    return full >= 0.5 * len(side) and chars >= PROSE_CHARS
