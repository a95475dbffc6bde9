"""Which blocks are headings, and how deep: by bookmarks, size, weight and numbering."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

from ingestion.document import ElementKind
from ingestion.parsing.layout.paragraphs import Block
from ingestion.parsing.layout.shapes import Style

LARGER = 1.15
"""From so many times the size of most text on, a line is a heading by its size."""
MAX_CHARS = 200
MAX_LINES = 4
MAX_LEVEL = 6
_SET_APART = 0.35
"""A heading in the size of the text has at least so many line heights of space above it."""
_CROWDED = 0.45
"""Above this share of headings among blocks, size says nothing: slides, posters, forms."""
_NUMBERED = re.compile(
    r"(?:(?:chapter|section|part|appendix|article)\s+)?(\d{1,3}(?:\.\d{1,3})*|[A-Z](?:\.\d{1,3})+|[IVX]{1,5}\.)[.):]?\s+\S",
    re.I,
)
_NO_HEADING_END = (".", ",", ";", ":", "…")
_WORD = re.compile(r"\w+")

Look = tuple[float, bool]
"""Font size and weight."""


def heading_levels(blocks: Sequence[Block], outline: Mapping[str, int]) -> dict[int, int]:
    """Decide which blocks are headings.

    Args:
        blocks: Of the whole document in reading order.
        outline: Level by normalised title, as `normalised` makes it, from the bookmarks.

    Returns:
        Level by index of the block, 1 for the topmost.
    """
    body = _body_look(blocks)
    if body is None:
        return {}
    marked = {
        at: outline[title]
        for at, block in enumerate(blocks)
        if outline and _can_be(block) and (title := normalised(text_of(block))) in outline
    }
    larger = {at for at, block in enumerate(blocks) if _is_larger(block, body)}
    if len(larger) > _CROWDED * max(len(blocks), 1):
        larger = _page_titles(blocks, larger)
    bold = {
        at for at, block in enumerate(blocks)
        if at not in larger and _is_set_apart(blocks, at, body)
    }  # fmt: skip
    found = sorted(larger | bold | marked.keys())
    return _ranked(blocks, found, marked)


def normalised(title: str) -> str:
    """A title without numbers, punctuation and case, for comparison with the bookmarks."""
    words = _WORD.findall(title.lower())
    while len(words) > 1 and words[0].isdigit():
        words.pop(0)
    return " ".join(words)


def text_of(block: Block) -> str:
    """The lines of a block as one line."""
    return " ".join(line.text for line in block.lines)


def _body_look(blocks: Sequence[Block]) -> Look | None:
    """Size and weight of most of the text."""
    weights: Counter[Look] = Counter()
    for block in blocks:
        # Tables are often set smaller than the text around them.
        weight = 1 if block.kind is ElementKind.TABLE else 2
        for line in block.lines:
            # A table is no bolder for its head.
            is_bold = block.kind is not ElementKind.TABLE and bool(line.style & Style.BOLD)
            look = (_rounded(line.size), is_bold)
            weights[look] += weight * len(line.text)
    if not weights:
        return None
    return weights.most_common(1)[0][0]


def _rounded(size: float) -> float:
    return round(size * 2) / 2


def _can_be(block: Block) -> bool:
    if block.kind not in (ElementKind.TEXT, ElementKind.LIST_ITEM) or len(block.lines) > MAX_LINES:
        return False
    text = text_of(block)
    return len(text) <= MAX_CHARS and any(map(str.isalpha, text))


def _is_larger(block: Block, body: Look) -> bool:
    if block.kind is ElementKind.LIST_ITEM and not _NUMBERED.match(text_of(block)):
        return False
    return _rounded(block.size) >= body[0] * LARGER and _can_be(block)


def _page_titles(blocks: Sequence[Block], larger: set[int]) -> set[int]:
    """Of each page the first block with the largest print."""
    titles: dict[int, int] = {}
    for at in sorted(larger):
        best = titles.get(blocks[at].page)
        if best is None or _rounded(blocks[at].size) > _rounded(blocks[best].size):
            titles[blocks[at].page] = at
    return set(titles.values())


def _is_set_apart(blocks: Sequence[Block], at: int, body: Look) -> bool:
    """Whether a block in the size of the text is a heading by its weight or its number."""
    block = blocks[at]
    text = text_of(block)
    if not _can_be(block) or len(block.lines) > 2 or block.space_above < _SET_APART:
        return False
    if _rounded(block.size) < 0.9 * body[0] or not _has_text_below(blocks, at):
        return False
    number = _NUMBERED.match(text)
    if block.kind is ElementKind.LIST_ITEM and (number is None or not block.style & Style.BOLD):
        return False
    if text.endswith(_NO_HEADING_END) and not (number and text.count(".") <= 1):
        return False
    if block.style & Style.BOLD and not body[1]:
        return len(text) <= 120
    letters = [char for char in text if char.isalpha()]
    if len(text) > 80 or len(block.lines) > 1 or len(letters) < 4:
        return False
    if all(map(str.isupper, letters)) and len(letters) > 0.6 * len(text.replace(" ", "")):
        return block.kind is ElementKind.TEXT
    is_deep = number is not None and number.group(1).count(".") >= 1
    return is_deep and text[number.end() - 1].isupper() if number else False


def _has_text_below(blocks: Sequence[Block], at: int) -> bool:
    """Whether something follows that the heading can head."""
    return at + 1 < len(blocks) and blocks[at + 1].page - blocks[at].page <= 1


def _ranked(
    blocks: Sequence[Block], found: Sequence[int], marked: Mapping[int, int]
) -> dict[int, int]:
    """Levels: those of the bookmarks, else by look, the largest first, and by numbering."""
    looks = sorted({_look(blocks[at]) for at in found}, reverse=True)
    rank = {look: min(i + 1, MAX_LEVEL) for i, look in enumerate(looks)}
    levels = {at: rank[_look(blocks[at])] for at in found}
    depths = {at: _depth(text_of(blocks[at])) for at in found}
    numbered = [at for at in found if depths[at]]
    if len(numbered) > 1:
        top = min(levels[at] - (depths[at] - 1) for at in numbered)
        top = max(top, 1)
        for at in numbered:
            levels[at] = min(top + depths[at] - 1, MAX_LEVEL)
    # Bookmarks usually leave the title of the document out; what is above them stays above.
    if marked:
        above = min((levels[at] for at in found if at not in marked), default=0)
        shift = 1 if above == 1 and min(marked.values()) == 1 and found[0] not in marked else 0
        levels.update({at: min(level + shift, MAX_LEVEL) for at, level in marked.items()})
    return levels


def _look(block: Block) -> Look:
    return (_rounded(block.size), bool(block.style & Style.BOLD))


def _depth(text: str) -> int:
    number = _NUMBERED.match(text)
    return number.group(1).rstrip(".").count(".") + 1 if number else 0
