"""A cell that is asked for and that nobody filled in: its row reads like an answer and gives none.

"Dogwood | 8 | | €120" under "Room | Seats | Price per hour | Price per day" has all words of "What
does Dogwood cost per hour?", and a price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.tables.cells import asked_cells
from query.text.passages import Passage
from query.text.words import stems

EACH: Final = frozenset({"per", "each"})
"""Said in other words elsewhere: "€25 an hour"."""


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty cell that a question asks for."""

    label: str
    """Of its row."""
    column: str
    """Head of its column."""
    key: str
    """Of the document that has the table."""


def find_blank(question: Question, passages: Sequence[Passage]) -> Blank | None:
    """Return the cell that a question asks for, if it is empty.

    No passage may have more of the question than that of the table. Where a sentence of another one
    names the row and what is asked of it, the value may stand there.

    Args:
        question: A simple question.
        passages: Its usable candidates, best first.
    """
    terms = frozenset(question.terms)
    cells = asked_cells(question, passages)
    if not cells or not all(cell.is_blank for cell in cells):
        return None
    cell = cells[0]
    own = frozenset(stems(cell.row.label)) | (terms & frozenset(stems(cell.name)) - EACH)
    mine = cell.table.passage
    most = len(terms & (mine.stems | mine.context))
    for other in passages:
        if other is mine:
            continue
        said = any(own <= sentence.stems | other.context for sentence in other.sentences)
        if said or len(terms & (other.stems | other.context)) > most:
            return None
    return Blank(cell.row.label, cell.name, mine.key)
