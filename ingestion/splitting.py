"""Divides what is too long for a chunk into exact spans, at the best places there are."""

import itertools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from ingestion.document import ElementKind
from ingestion.parsing.tables import SEPARATOR
from ingestion.tokenizer import TokenCounter

# Where a too long text may be cut, best first; each separator stays at the end of its piece.
_SEPARATORS = [
    r"\n\n",
    r"\n",
    r"(?:[.!?…]{1,3}[\"'”’»)\]]{0,3}\s|[。！？]{1,3}[」』”’）]{0,3}\s?|[।॥؟۔]\s?)",
    r"(?:[;:,]\s|[，；：、،؛]\s?)",
    r"\s",
    r"\S{48}",
    "",
]
# Literal ranges: the same chunks under every Python version. Each Indic script has its signs at the
# same places of its block.
_SIGNS = "".join(
    f"{chr(block)}-{chr(block + 3)}{chr(block + 0x3C)}{chr(block + 0x3E)}-{chr(block + 0x4D)}"
    f"{chr(block + 0x55)}-{chr(block + 0x57)}{chr(block + 0x62)}{chr(block + 0x63)}"
    for block in range(0x900, 0xE00, 0x80)
)
_CONJUNCTS = "".join(chr(block + 0x4D) for block in range(0x900, 0xE00, 0x80))
_WITHIN = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
    "\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f71-\u0f84\u0f8d-\u0fbc"
    "\u102b-\u103e\u1056-\u1059\u1062-\u1064\u17b4-\u17d3\u200d\u20d0-\u20f0\u3099\u309a"
    f"\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff{_SIGNS}]"
    f"|(?<=[\u200d\u1039\u17d2{_CONJUNCTS}])\\S"
)
"""What is drawn with the character before it: no chunk begins there."""
_MOST_SIGNS = 16
DENSEST = 12
"""A text of more characters per token than this does not exist; it is not even counted."""


@dataclass(frozen=True, slots=True)
class Unit:
    """The smallest span a chunk is made of: an element or a piece of a long one."""

    start: int
    end: int
    tokens: int
    path: tuple[str, ...]
    page: int | None
    is_heading: bool = False
    table_head: str = ""
    """Header row of the table that this continues; empty where the text itself shows it."""
    page_breaks: tuple[tuple[int, int], ...] = ()
    """Of its whole element: where another page begins, and its number."""


class Divider:
    """Divides units of one text and remembers the counts of their pieces.

    Args:
        text: The cleaned text the units are spans of.
        counter: Counts tokens.
    """

    def __init__(self, text: str, counter: TokenCounter) -> None:
        self._text = text
        self._counter = counter
        self._counted: dict[str, int] = {}

    def divide(self, unit: Unit, kind: ElementKind, limit: int) -> list[Unit]:
        """Divide a unit that is too long: tables and code at line ends, text at sentences."""
        text = self._text[unit.start : unit.end]
        by_line = kind in {ElementKind.TABLE, ElementKind.CODE} and "\n" in text
        pieces = text.splitlines(keepends=True) if by_line else _split_text(text, self.count, limit)
        divided: list[Unit] = []
        head = _table_head(text) if by_line and kind is ElementKind.TABLE else ""
        if head and self.count(head) > limit // 3:
            head = ""  # it would leave too little room for rows
        shown = unit.start + text.index(head) + len(head) if head else 0
        for placed in self._placed(unit, pieces):
            piece = replace(placed, table_head=head) if head and placed.start >= shown else placed
            if piece.tokens <= limit:
                divided.append(piece)
            elif by_line:
                divided.extend(self.divide(piece, ElementKind.TEXT, limit))
            else:
                divided.extend(self.halved(piece, limit))
        return divided

    def halved(self, unit: Unit, limit: int) -> Iterator[Unit]:
        """Halve a unit until it fits, near its middle at white space if there is some."""
        if unit.tokens <= limit or unit.end - unit.start < 2:
            yield unit
            return
        text = self._text[unit.start : unit.end]
        middle = len(text) // 2
        space = text.find(" ", middle, middle + 100)
        cut = space if space > 0 else _whole(text, middle)
        for half in self._placed(unit, (text[:cut], text[cut:])):
            yield from self.halved(half, limit)

    def _placed(self, unit: Unit, pieces: Sequence[str]) -> list[Unit]:
        """Units for consecutive pieces of a unit, without blank ones and white space around."""
        kept: list[tuple[int, str]] = []
        at = unit.start
        for piece in pieces:
            bare = piece.strip()
            if bare:
                kept.append((at + piece.index(bare), bare))
            at += len(piece)
        return [
            replace(unit, start=start, end=start + len(bare), tokens=self.count(bare))
            for start, bare in kept
        ]

    def count(self, text: str) -> int:
        """Count a piece that will be asked for again, without the white space around it."""
        bare = text.strip()
        if bare not in self._counted:
            self._counted[bare] = self._counter.count(bare)
        return self._counted[bare]


def _table_head(text: str) -> str:
    """The header row of a table, with a caption in front of it if there is one."""
    lines = text.split("\n", 2)
    captioned = len(lines) > 2 and SEPARATOR not in lines[0] and SEPARATOR in lines[1]
    return "\n".join(lines[: 2 if captioned else 1])


def _split_text(text: str, count: Callable[[str], int], limit: int) -> list[str]:
    """Split a text at sentences and the like into pieces that concatenate exactly to it.

    The pieces are about a third of a chunk, for the packing to choose among their ends.
    """
    # Imported late: it takes a third of a second, and few documents need it.
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    size = max(1, limit // 3)
    splitter = RecursiveCharacterTextSplitter(
        separators=_SEPARATORS,
        is_separator_regex=True,
        keep_separator="end",
        strip_whitespace=False,
        chunk_size=size,
        chunk_overlap=0,
        length_function=lambda piece: count(piece) if len(piece) <= size * DENSEST else len(piece),
    )
    pieces = splitter.split_text(text)
    if "".join(pieces) != text:
        return [text]
    if text.isascii():
        return pieces
    ends = [_whole(text, end) for end in itertools.accumulate(map(len, pieces))]
    return [text[start:end] for start, end in itertools.pairwise([0, *ends]) if start < end]


def _whole(text: str, at: int) -> int:
    """Return a place, or the next one behind it, at which no character is cut from its signs.

    Of more signs than any character has, the place itself: they are no text.
    """
    near = range(at, min(at + _MOST_SIGNS, len(text)))
    return next((end for end in near if not _WITHIN.match(text, end)), at)
