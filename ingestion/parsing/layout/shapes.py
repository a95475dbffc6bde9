"""What a page is made of before its layout is understood: words, pieces of lines, ruled lines.

All places are in points from the top left corner of the page as it is read, y downwards.
"""

import re
from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import NamedTuple

_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff]")
_LEFT_TO_RIGHT = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u058f]")


class Style(IntEnum):
    """How a word is set, as far as it tells headings and code from running text."""

    BOLD = 1
    MONO = 2


class Word(NamedTuple):
    """A run of characters without a blank."""

    text: str
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    """Font size in points; of a recognised word the height of its line."""
    style: int = 0
    """A combination of `Style`."""
    glued: bool = False
    """Whether no blank separates it from the word before, which ends in a hyphen."""
    confidence: float = 1.0
    """How sure the recognition is, in [0, 1]; 1 for a text layer."""


class Rule(NamedTuple):
    """A straight drawn line, horizontal (`top == bottom`) or vertical (`x0 == x1`)."""

    x0: float
    top: float
    x1: float
    bottom: float


class Piece(NamedTuple):
    """Words on one baseline without a wide gap between them: a line, or a part of one."""

    words: tuple[Word, ...]
    order: int
    """Place in the order in which the page draws its text."""
    x0: float
    top: float
    x1: float
    bottom: float
    size: float
    style: int
    cells: tuple[tuple[str, ...], ...] = ()
    """Rows of cells, where the piece stands for a whole table."""

    @property
    def text(self) -> str:
        """The words as one line."""
        return joined(self.words)

    @property
    def height(self) -> float:
        """Height of the box in points."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Vertical middle."""
        return (self.top + self.bottom) / 2


def piece_of(words: Sequence[Word], order: int) -> Piece:
    """Join words in reading order; at least one."""
    first = words[0]
    x0, top, x1, bottom, style = first.x0, first.top, first.x1, first.bottom, first.style
    longest = first
    for word in words:
        x0 = word.x0 if word.x0 < x0 else x0
        x1 = word.x1 if word.x1 > x1 else x1
        top = word.top if word.top < top else top
        bottom = word.bottom if word.bottom > bottom else bottom
        style &= word.style
        if len(word.text) > len(longest.text):
            longest = word
    return Piece(tuple(words), order, x0, top, x1, bottom, longest.size, style)


def joined(words: Iterable[Word]) -> str:
    """Words as one line of text."""
    parts: list[str] = []
    for word in words:
        if parts and not word.glued:
            parts.append(" ")
        parts.append(word.text)
    return "".join(parts)


def runs_leftwards(text: str) -> bool:
    """Whether a text is written from right to left."""
    return bool(_RIGHT_TO_LEFT.search(text)) and not _LEFT_TO_RIGHT.search(text)


def overlap(low: float, high: float, other_low: float, other_high: float) -> float:
    """Length of what two intervals share; negative is the distance between them."""
    return min(high, other_high) - max(low, other_low)
