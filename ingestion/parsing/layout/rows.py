"""Words to pieces of lines, and pieces to rows."""

from collections.abc import Iterable, Sequence

from ingestion.parsing.layout.lists import LABEL
from ingestion.parsing.layout.shapes import Piece, Word, overlap, piece_of, runs_leftwards

WIDE_GAP = 1.1
"""A gap of so many font sizes ends a piece: it may be a gutter, or separate cells."""
NEAR_GAP = 0.7
"""Pieces drawn one by one belong together up to such a gap."""
_BACKWARDS = 0.5


def pieces_of(words: Iterable[Word]) -> list[Piece]:
    """Join words, in the order they are drawn, to pieces of lines."""
    pieces: list[Piece] = []
    run: list[Word] = []
    for word in words:
        if run and not _continues(run[-1], word):
            pieces.append(piece_of(run, len(pieces)))
            run = []
        run.append(word)
    if run:
        pieces.append(piece_of(run, len(pieces)))
    return _rejoined(pieces)


def _continues(last: Word, word: Word) -> bool:
    gap = word.x0 - last.x1
    if word.top == last.top and word.size == last.size and 0 <= gap <= WIDE_GAP * word.size:
        return True
    height = min(last.bottom - last.top, word.bottom - word.top)
    if overlap(last.top, last.bottom, word.top, word.bottom) < 0.4 * height:
        return False
    size = max(last.size, word.size, 1.0)
    if gap < -_BACKWARDS * size or gap > WIDE_GAP * size:
        if not (runs_leftwards(word.text) or runs_leftwards(last.text)):
            return False
        gap = max(gap, last.x0 - word.x1)
    return -_BACKWARDS * size <= gap <= WIDE_GAP * size


def _rejoined(pieces: list[Piece]) -> list[Piece]:
    """Join what stands side by side but was not drawn one after the other; labels to their text."""
    made: list[Piece] = []
    for row in rows_of(pieces):
        current = row[0]
        for piece in row[1:]:
            if _belongs(current, piece):
                words = (*current.words, *piece.words)
                current = piece_of(words, min(current.order, piece.order))
            else:
                made.append(current)
                current = piece
        made.append(current)
    return made


def _belongs(left: Piece, right: Piece) -> bool:
    size = max(left.size, right.size, 1.0)
    gap = right.x0 - left.x1
    if overlap(left.top, left.bottom, right.top, right.bottom) < 0.4 * min(
        left.height, right.height
    ):
        return False
    if runs_leftwards(left.text) or runs_leftwards(right.text):
        return False
    if -_BACKWARDS * size <= gap <= NEAR_GAP * size:
        return True
    # A bullet or number in front of its text, where the text was drawn right after it.
    is_label = len(left.words) == 1 and LABEL.fullmatch(left.words[0].text) is not None
    return is_label and right.order == left.order + 1 and 0 < gap <= 4 * size


def rows_of(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group pieces that stand beside each other into rows, top to bottom and left to right."""
    rows: list[list[Piece]] = []
    top = bottom = 0.0
    for middle, _, at in sorted(((p.top + p.bottom) / 2, p.x0, i) for i, p in enumerate(pieces)):
        piece = pieces[at]
        if rows and top <= middle <= bottom and not _is_stacked(rows[-1], piece):
            rows[-1].append(piece)
            # The row is as high as its largest piece, so that small print beside it counts.
            if piece.bottom - piece.top > bottom - top:
                top, bottom = piece.top, piece.bottom
        else:
            rows.append([piece])
            top, bottom = piece.top, piece.bottom
    for row in rows:
        if len(row) > 1:
            row.sort(key=lambda p: p.x0)
    return rows


def _is_stacked(row: Sequence[Piece], piece: Piece) -> bool:
    """Whether a piece stands below or above one of the row rather than beside it."""
    for other in row:
        shared = overlap(other.x0, other.x1, piece.x0, piece.x1)
        if shared > 0 and shared > 0.3 * min(other.x1 - other.x0, piece.x1 - piece.x0):
            apart = abs(other.middle - piece.middle)
            if apart > 0.4 * min(other.height, piece.height):
                return True
    return False


def box_of(pieces: Sequence[Piece]) -> tuple[float, float, float, float]:
    """The box around pieces: x0, top, x1, bottom."""
    return (
        min(p.x0 for p in pieces),
        min(p.top for p in pieces),
        max(p.x1 for p in pieces),
        max(p.bottom for p in pieces),
    )
