"""Words that stand on end in the cells of a table, as the heads of narrow columns often do."""

from collections.abc import Sequence
from typing import NamedTuple

from ingestion.parsing.layout.grids import Grid, grids_of, with_grids
from ingestion.parsing.layout.rows import pieces_of
from ingestion.parsing.layout.shapes import Piece, Rule, Word
from ingestion.parsing.pdf.frame import SKEWED, Frame


class Directed(NamedTuple):
    """Words that run in one direction."""

    quarter: int
    """As of a frame; `SKEWED` for any other angle."""
    words: tuple[Word, ...]


def with_turned_cells(
    groups: Sequence[Directed], rules: Sequence[Rule], frame: Frame
) -> tuple[tuple[Word, ...], ...]:
    """Groups of words, with what stands on end in ruled tables among the words of the main one.

    Args:
        groups: The main group first.
        rules: Ruled lines of the page.
        frame: How the page is turned for its main text.
    """
    made = [group.words for group in groups]
    turned = [
        at for at, group in enumerate(groups)
        if at and group.quarter not in {SKEWED, groups[0].quarter}
    ]  # fmt: skip
    if not turned or groups[0].quarter != frame.quarter:
        return tuple(made)
    for grid in grids_of(rules):
        for at in turned:
            inside, outside = _divided(pieces_of(made[at]), groups[at].quarter, grid, frame)
            if inside and _makes_table(grid, (*made[0], *inside)):
                made[0] = (*made[0], *inside)
                made[at] = outside
    return tuple(words for words in made if words)


def _divided(
    lines: Sequence[Piece], quarter: int, grid: Grid, frame: Frame
) -> tuple[tuple[Word, ...], tuple[Word, ...]]:
    """Lines inside a grid, each as one word in its place on the page, and the words outside."""
    own = Frame(frame.box, quarter)
    inside: list[Word] = []
    outside: list[Word] = []
    for line in lines:
        place = frame.seen(own.unseen((line.x0, line.top, line.x1, line.bottom)))
        word = Word(line.text, *place, line.size, line.style)
        if grid.contains(word):
            inside.append(word)
        else:
            outside.extend(line.words)
    return tuple(inside), tuple(outside)


def _makes_table(grid: Grid, words: Sequence[Word]) -> bool:
    """Whether a grid is a table, and no frame around the page."""
    return any(piece.cells for piece in with_grids(pieces_of(words), [grid]))
