"""Tables drawn with lines: ruled lines to a grid, words to its cells."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ingestion.parsing.layout.aligned import table_piece
from ingestion.parsing.layout.hyphens import join_lines
from ingestion.parsing.layout.lists import without_bullet
from ingestion.parsing.layout.rows import rows_of
from ingestion.parsing.layout.shapes import Piece, Rule, Word, overlap, piece_of

TOUCH = 3.0
"""Lines that end so near each other, in points, meet."""
SAME = 2.0
MAX_RULES = 4000
MAX_ROWS = 1000
MAX_COLUMNS = 64
MAX_CELL_CHARS = 1500
"""Longer texts stand in frames of the page's design, not in cells."""


class Grid(NamedTuple):
    """Ruled lines that enclose cells."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    rules: tuple[Rule, ...]

    def contains(self, word: Word) -> bool:
        """Whether the middle of a word lies inside."""
        x, y = (word.x0 + word.x1) / 2, (word.top + word.bottom) / 2
        return self.xs[0] < x < self.xs[-1] and self.ys[0] < y < self.ys[-1]


def with_grids(pieces: Sequence[Piece], grids: Sequence[Grid]) -> list[Piece]:
    """Replace the text inside ruled tables by one piece with cells per table."""
    rest = list(pieces)
    for grid in grids:
        inside, outside = _divided(rest, grid)
        if not inside:
            continue
        table = _filled(grid, [word for piece in inside for word in piece.words])
        if table is not None:
            rest = [*outside, table_piece(inside, table)]
    return rest


def grids_of(rules: Sequence[Rule]) -> list[Grid]:
    """Find the grids, those that lie inside a cell of another left out; the largest first."""
    flat = _straightened([r for r in rules if r.x1 - r.x0 >= r.bottom - r.top][:MAX_RULES])
    upright = _straightened(
        [Rule(r.top, r.x0, r.bottom, r.x1) for r in rules if r.x1 - r.x0 < r.bottom - r.top][
            :MAX_RULES
        ]
    )
    upright = [Rule(r.top, r.x0, r.bottom, r.x1) for r in upright]
    grids: list[Grid] = []
    for group in _connected(flat, upright):
        grid = _grid(group)
        if grid is not None:
            grids.append(grid)
    grids.sort(key=lambda g: -(g.xs[-1] - g.xs[0]) * (g.ys[-1] - g.ys[0]))
    return grids


def _straightened(rules: Sequence[Rule]) -> list[Rule]:
    """Join horizontal lines that continue each other."""
    made: list[Rule] = []
    for rule in sorted(rules, key=lambda r: (round(r.top / SAME), r.x0)):
        last = made[-1] if made else None
        if last and abs(last.top - rule.top) <= SAME and rule.x0 <= last.x1 + TOUCH:
            made[-1] = last._replace(x1=max(last.x1, rule.x1))
        else:
            made.append(rule)
    return made


def _connected(flat: Sequence[Rule], upright: Sequence[Rule]) -> list[list[Rule]]:
    """Groups of lines that meet."""
    rules = [*flat, *upright]
    parent = list(range(len(rules)))

    def root(at: int) -> int:
        while parent[at] != at:
            parent[at] = parent[parent[at]]
            at = parent[at]
        return at

    by_place = sorted(range(len(flat), len(rules)), key=lambda i: rules[i].x0)
    places = [rules[i].x0 for i in by_place]
    for i, rule in enumerate(flat):
        at = bisect_right(places, rule.x0 - TOUCH)
        while at < len(places) and places[at] <= rule.x1 + TOUCH:
            other = rules[by_place[at]]
            if other.top - TOUCH <= rule.top <= other.bottom + TOUCH:
                parent[root(i)] = root(by_place[at])
            at += 1
    groups: dict[int, list[Rule]] = defaultdict(list)
    for i, rule in enumerate(rules):
        groups[root(i)].append(rule)
    return list(groups.values())


def _grid(rules: Sequence[Rule]) -> Grid | None:
    flat = [r for r in rules if r.x1 - r.x0 >= r.bottom - r.top]
    upright = [r for r in rules if r.x1 - r.x0 < r.bottom - r.top]
    if len(flat) < 2 or not upright:
        return None
    # Outer lines may be left open: the ends of the others stand for them.
    xs = _clustered([*(r.x0 for r in upright), *(r.x0 for r in flat), *(r.x1 for r in flat)])
    ys = _clustered(
        [*(r.top for r in flat), *(r.top for r in upright), *(r.bottom for r in upright)]
    )
    if not (3 <= len(xs) <= MAX_COLUMNS + 1 and 3 <= len(ys) <= MAX_ROWS + 1):
        return None
    return Grid(tuple(xs), tuple(ys), tuple(rules))


def _clustered(values: Sequence[float]) -> list[float]:
    made: list[float] = []
    for value in sorted(values):
        if not made or value - made[-1] > TOUCH:
            made.append(value)
    return made


def _divided(pieces: Sequence[Piece], grid: Grid) -> tuple[list[Piece], list[Piece]]:
    """Pieces inside and outside of a grid; those on both sides are cut."""
    inside: list[Piece] = []
    outside: list[Piece] = []
    for piece in pieces:
        within = [word for word in piece.words if grid.contains(word)]
        if piece.cells or not within:
            outside.append(piece)
        elif len(within) == len(piece.words):
            inside.append(piece)
        else:
            inside.append(piece_of(within, piece.order))
            rest = [word for word in piece.words if not grid.contains(word)]
            outside.append(piece_of(rest, piece.order))
    return inside, outside


def _filled(grid: Grid, words: Sequence[Word]) -> list[list[str]] | None:
    """The cells with their text, or none where this is a frame rather than a table."""
    owners = _owners(grid)
    content: dict[tuple[int, int], list[Word]] = defaultdict(list)
    for word in words:
        column = bisect_right(grid.xs, (word.x0 + word.x1) / 2) - 1
        row = bisect_right(grid.ys, (word.top + word.bottom) / 2) - 1
        content[owners[row, column]].append(word)
    cells = {cell: _cell_lines(found) for cell, found in content.items()}
    if any(sum(len(line.text) for line in lines) > MAX_CELL_CHARS for lines in cells.values()):
        return None
    columns = range(len(grid.xs) - 1)
    table: list[list[str]] = []
    for row in range(len(grid.ys) - 1):
        band = [cells.get((row, column), []) for column in columns]
        if _is_unruled(band, grid):
            table.extend(_by_baseline(band))
        else:
            table.append([without_bullet(join_lines(p.text for p in lines)) for lines in band])
    table = [row for row in table if any(row)]
    used = [any(row[column] for row in table) for column in columns]
    table = [[cell for cell, is_used in zip(row, used, strict=True) if is_used] for row in table]
    if len(table) < 2 or sum(used) < 2 or sum(sum(map(bool, row)) > 1 for row in table) < 2:
        return None
    return table


def _cell_lines(words: Sequence[Word]) -> list[Piece]:
    """The words of a cell as lines; nearly always they are drawn in reading order."""
    runs: list[list[Word]] = []
    for word in words:
        if runs and overlap(runs[-1][-1].top, runs[-1][-1].bottom, word.top, word.bottom) > 0.4 * (
            word.bottom - word.top
        ):
            runs[-1].append(word)
        else:
            runs.append([word])
    rows = rows_of([piece_of(run, i) for i, run in enumerate(runs)])
    return [piece_of([word for piece in row for word in piece.words], 0) for row in rows]


def _is_unruled(band: Sequence[Sequence[Piece]], grid: Grid) -> bool:
    """Whether rows without lines between them stand in one row of the grid."""
    filled = [(column, lines) for column, lines in enumerate(band) if lines]
    counts = {len(lines) for _, lines in filled}
    if len(filled) < 2 or len(counts) != 1 or counts.pop() < 3:
        return False
    for _, lines in filled[1:]:
        if any(abs(a.middle - b.middle) > 0.3 * a.height
               for a, b in zip(filled[0][1], lines, strict=True)):  # fmt: skip
            return False
    wide = sum(
        line.x1 - line.x0 > 0.7 * (grid.xs[column + 1] - grid.xs[column])
        for column, lines in filled for line in lines
    )  # fmt: skip
    return wide < 0.3 * sum(len(lines) for _, lines in filled)


def _by_baseline(band: Sequence[Sequence[Piece]]) -> list[list[str]]:
    count = max(map(len, band))
    return [[lines[i].text if lines else "" for lines in band] for i in range(count)]


def _owners(grid: Grid) -> dict[tuple[int, int], tuple[int, int]]:
    """For every cell the first one it is merged with: no line is drawn between them."""
    owners: dict[tuple[int, int], tuple[int, int]] = {}
    upright = [r for r in grid.rules if r.x1 - r.x0 < r.bottom - r.top]
    flat = [r for r in grid.rules if r.x1 - r.x0 >= r.bottom - r.top]
    for row in range(len(grid.ys) - 1):
        top, bottom = grid.ys[row], grid.ys[row + 1]
        for column in range(len(grid.xs) - 1):
            left, right = grid.xs[column], grid.xs[column + 1]
            owner = (row, column)
            if column and not _is_drawn(upright, left, top, bottom, lying=False):
                owner = owners[row, column - 1]
            elif row and not _is_drawn(flat, top, left, right, lying=True):
                owner = owners[row - 1, column]
            owners[row, column] = owner
    return owners


def _is_drawn(rules: Sequence[Rule], at: float, low: float, high: float, *, lying: bool) -> bool:
    """Whether a line is drawn at a place over most of the length between two others."""
    for rule in rules:
        place, start, end = (
            (rule.top, rule.x0, rule.x1) if lying else (rule.x0, rule.top, rule.bottom)
        )
        if abs(place - at) <= TOUCH and overlap(start, end, low, high) >= 0.5 * (high - low):
            return True
    return False
