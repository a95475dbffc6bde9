"""Pages of words to the elements of a document."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ingestion.document import Cut, Element, ElementKind
from ingestion.parsing.decoding import sound
from ingestion.parsing.layout.columns import columns_of
from ingestion.parsing.layout.continued import table_goes_on
from ingestion.parsing.layout.grids import grids_of, with_grids
from ingestion.parsing.layout.headings import heading_levels
from ingestion.parsing.layout.hyphens import MARKS, join_lines
from ingestion.parsing.layout.lists import without_bullet
from ingestion.parsing.layout.margins import PagePieces, without_margins
from ingestion.parsing.layout.paragraphs import Block, Line, blocks_of
from ingestion.parsing.layout.rows import pieces_of
from ingestion.parsing.layout.shapes import Rule, Style, Word
from ingestion.parsing.tables import rows_to_text

MAX_CODE_SHARE = 0.6
"""Above this share of monospaced text it is a typescript, and nothing in it is code."""
_BEGIN_CHARS, _NEAR = 24, 12
"""So much of a line tells where it stands, no farther than this from where it is looked for."""
_LEADERS = re.compile(r"(?:\s?[.·…_]){5,}\s?")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CONTINUED = re.compile(r"[a-zß-ÿ(]")
_UNFINISHED = re.compile(r"[\w,;)\x02\xad\ufffe-]\Z")


class LayoutPage(NamedTuple):
    """The words of one page, ready to be laid out."""

    number: int
    groups: tuple[tuple[Word, ...], ...]
    """Words in the order they are drawn, one group per direction of reading, the main first."""
    rules: tuple[Rule, ...]
    height: float


def elements_of(
    pages: Sequence[LayoutPage], outline: Mapping[str, int]
) -> tuple[list[Element], list[Cut]]:
    """Lay out pages of words.

    Args:
        pages: In order.
        outline: Level by normalised title, from the bookmarks.

    Returns:
        The elements in reading order, and the headers and footers that were set apart.
    """
    main = [
        PagePieces(
            pieces_of(page.groups[0]) if page.groups else [], page.height, grids_of(page.rules)
        )
        for page in pages
    ]
    kept, cuts = without_margins(main)
    blocks: list[Block] = []
    for page, pieces, (_, _, grids) in zip(pages, kept, main, strict=True):
        for rows in columns_of(with_grids(pieces, grids)):
            blocks.extend(blocks_of(rows, page.number))
        for group in page.groups[1:]:
            for rows in columns_of(pieces_of(group)):
                blocks.extend(blocks_of(rows, page.number))
    blocks = _typescript(blocks)
    words = _words(blocks)
    return list(_elements(blocks, heading_levels(blocks, outline), words)), cuts


def _typescript(blocks: list[Block]) -> list[Block]:
    chars = sum(len(line.text) for block in blocks for line in block.lines)
    mono = sum(
        len(line.text) for block in blocks for line in block.lines if line.style & Style.MONO
    )
    if mono <= MAX_CODE_SHARE * chars:
        return blocks
    return [
        block._replace(kind=_kind_of_text(block)) if block.kind is ElementKind.CODE else block
        for block in blocks
    ]


def _kind_of_text(block: Block) -> ElementKind:
    return ElementKind.LIST_ITEM if block.lines[0].is_item else ElementKind.TEXT


def _words(blocks: Sequence[Block]) -> set[str]:
    """Words and hyphenated compounds of the document, to mend words broken at line ends."""
    return {
        word.lower()
        for block in blocks
        for line in block.lines
        for word in _WORD.findall(line.text)
    }


def _elements(
    blocks: Sequence[Block], levels: Mapping[int, int], words: set[str]
) -> Iterator[Element]:
    waiting: list[Block] = []
    for at, block in enumerate(blocks):
        if waiting and (_goes_on(waiting, block, at in levels) or table_goes_on(waiting, block)):
            waiting.append(block)
            continue
        if waiting:
            yield from _element(waiting, 0, words)
            waiting = []
        if at in levels or block.kind is ElementKind.CODE:
            yield from _element([block], levels.get(at, 0), words)
        else:
            waiting = [block]
    if waiting:
        yield from _element(waiting, 0, words)


def _goes_on(waiting: Sequence[Block], block: Block, is_heading: bool) -> bool:
    """Whether a block at the top of a column or page goes on with a sentence of the one before."""
    first, last = waiting[0], waiting[-1].lines[-1]
    if is_heading or block.kind is not ElementKind.TEXT or block.space_above < 9.0:
        return False
    if waiting[0].kind is ElementKind.TABLE:
        return False
    if abs(first.size - block.size) > 0.12 * first.size:
        return False
    return bool(_UNFINISHED.search(last.text.rstrip()) and _CONTINUED.match(block.lines[0].text))


def _element(blocks: Sequence[Block], level: int, words: set[str]) -> Iterator[Element]:
    """One element of blocks that go on with each other; most are one block alone."""
    first = blocks[0]
    kind = ElementKind.HEADING if level else first.kind
    text = _text(kind, [line for block in blocks for line in block.lines], words)
    if not text:
        return
    breaks = tuple(_page_breaks(text, kind, blocks, words))
    yield Element(kind, text, level=level, page=first.page, page_breaks=breaks)


def _page_breaks(
    text: str, kind: ElementKind, blocks: Sequence[Block], words: set[str]
) -> Iterator[tuple[int, int]]:
    """Where in the text of blocks another page begins, and its number."""
    at = 0
    for above, block in itertools.pairwise(blocks):
        # About there: a word may have been made whole across the break.
        at += len(_text(kind, above.lines, words)) + 1
        begin = block.lines[0].text.strip()[:_BEGIN_CHARS]
        found = text.find(begin, max(at - _NEAR, 0), at + _NEAR + len(begin))
        at = found if found >= 0 else min(at, len(text))
        if block.page != above.page:
            yield at, block.page


def _text(kind: ElementKind, lines: Sequence[Line], words: set[str]) -> str:
    if kind is ElementKind.TABLE:
        return sound(rows_to_text(row for line in lines for row in line.cells)).strip()
    if kind is ElementKind.CODE:
        return sound(_code(lines)).rstrip()
    text = _LEADERS.sub(" … ", join_lines((line.text for line in lines), words)).strip(" …")
    return sound(without_bullet(text) if kind is ElementKind.LIST_ITEM else text).strip()


def _code(lines: Sequence[Line]) -> str:
    """Lines with their indentation, as far as the place of their first letter tells it."""
    left = min(line.x0 for line in lines)
    wide = max(
        sum(line.x1 - line.x0 for line in lines) / max(sum(len(line.text) for line in lines), 1),
        1.0,
    )
    return "\n".join(
        " " * round((line.x0 - left) / wide)
        + line.text.translate(dict.fromkeys(map(ord, MARKS), "-"))
        for line in lines
    )
