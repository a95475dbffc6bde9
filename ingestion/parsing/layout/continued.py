"""Tables that go on over pages without their head: what stands below it is read under it."""

import re
from collections.abc import Sequence

from ingestion.document import ElementKind
from ingestion.parsing.layout.paragraphs import Block
from ingestion.parsing.layout.shapes import Style, overlap

SHARED = 0.75
"""Of the wider part, so much stands above or below the other."""
_FIGURE = re.compile(r"\d")


def table_goes_on(parts: Sequence[Block], block: Block) -> bool:
    """Whether a table is the rest of one that ended the page before.

    Both have the same columns at the same place and nothing between them. A table that repeats
    the head, or has one of its own, is another one: it needs no names from elsewhere.

    Args:
        parts: What is known of the table, page by page; the first has its head.
        block: What follows right after.
    """
    last = parts[-1]
    if not (last.kind is block.kind is ElementKind.TABLE and block.page == last.page + 1):
        return False
    first, above, below = parts[0].lines[0], last.lines[0], block.lines[0]
    width = max(above.x1 - above.x0, below.x1 - below.x0)
    if overlap(above.x0, above.x1, below.x0, below.x1) < SHARED * width:
        return False
    head, row = first.cells[0], below.cells[0]
    if len(head) != len(row) or head == row:
        return False
    if first.style & Style.BOLD:
        return not below.style & Style.BOLD
    # Nothing tells a head but what it says: a figure stands below a name that has none.
    return any(
        _FIGURE.search(cell) is not None and name != "" and _FIGURE.search(name) is None
        for name, cell in zip(head, row, strict=True)
    )
