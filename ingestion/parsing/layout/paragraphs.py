"""Rows of one column to paragraphs, list items, code and tables."""

import itertools
import statistics
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ingestion.document import ElementKind
from ingestion.parsing.layout.aligned import with_tables
from ingestion.parsing.layout.lists import begins_item
from ingestion.parsing.layout.rows import box_of, rows_of
from ingestion.parsing.layout.shapes import Piece, Style

FAR = 4.0
"""A gap of so many font sizes separates what was not drawn in one go."""
INDENT = (0.8, 4.0)
"""A first line is indented by so many font sizes."""
_SENTENCE_END = (".", "!", "?", ":", "”", '"', "…", "。")


class Line(NamedTuple):
    """One line of a column."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    style: int
    cells: tuple[tuple[str, ...], ...] = ()
    is_item: bool = False
    text_x0: float = 0.0
    """Where the text begins, behind a bullet or number."""


class Block(NamedTuple):
    """Lines that belong together."""

    kind: ElementKind
    """Text, list item, code or table; what is a heading shows only in the whole document."""
    lines: tuple[Line, ...]
    page: int
    space_above: float
    """Distance to what is above in the column, in line heights; large at its top."""

    @property
    def size(self) -> float:
        """Font size of most lines."""
        return statistics.median_low([line.size for line in self.lines])

    @property
    def style(self) -> int:
        """What all lines have in common."""
        style = self.lines[0].style
        for line in self.lines:
            style &= line.style
        return style


def blocks_of(rows: Sequence[Sequence[Piece]], page: int) -> Iterator[Block]:
    """Group the rows of one column into blocks; what floats beside the text comes last."""
    floating: list[Piece] = []
    lines = [_line(_anchored(row, floating)) for row in with_tables(rows) if row]
    if not lines:
        return
    column = Column(lines)
    group: list[Line] = []
    above: Line | None = None
    for line in lines:
        if group and column.begins_block(group, line):
            yield column.block(group, above, page)
            above, group = group[-1], []
        group.append(line)
    yield column.block(group, above, page)
    if floating:
        yield from blocks_of(rows_of(floating), page)


def _anchored(row: Sequence[Piece], floating: list[Piece]) -> Sequence[Piece]:
    """A row without pieces that stand far off and were drawn at another time."""
    for at in range(1, len(row)):
        left, right = row[at - 1], row[at]
        if right.x0 - left.x1 > FAR * right.size and right.order > left.order + 1:
            floating.extend(row[at:])
            return row[:at]
    return row


def _line(row: Sequence[Piece]) -> Line:
    x0, top, x1, bottom = box_of(row)
    main = max(row, key=lambda piece: piece.x1 - piece.x0)
    style = row[0].style
    for piece in row:
        style &= piece.style
    text = " ".join(piece.text for piece in row)
    item = begins_item(text)
    words = row[0].words
    text_x0 = (words[1].x0 if len(words) > 1 else row[-1].x0) if item else x0
    return Line(text, x0, top, x1, bottom, main.size, style, row[0].cells, item, text_x0)


class Column:
    """The lines of a column and what is usual among them."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.x0 = min(line.x0 for line in lines)
        self.x1 = max(line.x1 for line in lines)
        steps = [
            below.bottom - above.bottom
            for above, below in itertools.pairwise(lines)
            if 0 < below.bottom - above.bottom < 3 * max(above.size, 1.0)
            and abs(above.size - below.size) <= 0.12 * max(above.size, below.size)
        ]
        self.leading = statistics.median_low(steps) if steps else 0.0
        width = self.x1 - self.x0
        full = sum(line.x1 >= self.x1 - 0.1 * width for line in lines)
        self.is_filled = full >= 0.5 * len(lines) and len(lines) > 4

    def begins_block(self, group: Sequence[Line], line: Line) -> bool:
        """Whether a line begins a block of its own after the lines of a group."""
        above = group[-1]
        size = max(above.size, line.size, 1.0)
        if line.cells or above.cells or line.is_item:
            return True
        if abs(above.size - line.size) > 0.12 * size or _differs(above.style, line.style):
            return True
        step = line.bottom - above.bottom
        usual = min(self.leading, 1.8 * size) or 1.2 * size
        if step > max(1.3 * usual, 1.25 * size) or step < -0.5 * size:
            return not (line.style & Style.MONO and step <= 2.6 * usual)
        if line.style & Style.MONO:
            return False
        return self._is_first_line(group, line, size)

    def _is_first_line(self, group: Sequence[Line], line: Line, size: float) -> bool:
        above = group[-1]
        if group[0].is_item:
            # What goes back to the left of the item's own text does not belong to it.
            return line.x0 < min(group[0].text_x0, group[0].x0 + 1.5 * size) - 0.3 * size
        step = line.x0 - above.x0
        if len(group) > 1 and INDENT[0] * size < step < INDENT[1] * size:
            # An indented first line, where the lines before it are flush.
            return abs(above.x0 - group[-2].x0) < 0.3 * size or len(group) == 2
        if len(group) > 1 and step < -INDENT[0] * size:
            # The next entry of a list that hangs out to the left.
            return abs(line.x0 - group[0].x0) < 0.3 * size
        if len(group) == 1 and self._is_indented(line, size):
            return above.text.endswith(_SENTENCE_END) and abs(step) < 0.3 * size
        is_short = above.x1 < self.x1 - 0.25 * (self.x1 - self.x0)
        return (
            self.is_filled
            and is_short
            and above.text.endswith(_SENTENCE_END)
            and not line.text[:1].islower()
        )

    def _is_indented(self, line: Line, size: float) -> bool:
        return INDENT[0] * size < line.x0 - self.x0 < INDENT[1] * size

    def block(self, group: Sequence[Line], above: Line | None, page: int) -> Block:
        """The block that a group of lines forms."""
        first = group[0]
        kind = ElementKind.TEXT
        if first.cells:
            kind = ElementKind.TABLE
        elif all(line.style & Style.MONO for line in group):
            kind = ElementKind.CODE
        elif first.is_item:
            kind = ElementKind.LIST_ITEM
        space = 9.0
        if above is not None:
            space = (first.top - above.bottom) / max(first.bottom - first.top, 1.0)
        return Block(kind, tuple(group), page, space)


def _differs(one: int, other: int) -> bool:
    return (one ^ other) & (Style.BOLD | Style.MONO) != 0
