"""A cell that is asked for and that nobody filled in: its row reads like an answer and gives none.

"Dogwood | 8 | | €120" under "Room | Seats | Price per hour | Price per day" has all words of "What
does Dogwood cost per hour?", and a price.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.tables.tables import Row, Table, read_tables
from query.text.passages import Passage
from query.text.words import stems

_BLANK: Final = frozenset({"", "n/a", "tbd", "tba", "?", "…", "..."})
"""A dash may stand for nothing as well, and then it is an answer."""


@dataclass(frozen=True, slots=True)
class Blank:
    """An empty cell that a question asks for."""

    label: str
    """Of its row."""
    column: str
    """Head of its column."""


def find_blank(question: Question, passages: Sequence[Passage]) -> Blank | None:
    """Return the cell of the first passage that a question asks for, if it is empty.

    The question has to name the row, and one column by words that no other column has. Where
    another passage names the row as well, the value may stand there.

    Args:
        question: A simple question.
        passages: Its usable candidates, best first.
    """
    if not passages:
        return None
    terms = frozenset(question.terms)
    for table in read_tables(passages[0]):
        row = _named(table, terms)
        if table.head is None or row is None:
            continue
        column = _asked(table, terms - frozenset(stems(row.label)))
        if column is None or row.cells[column].strip().lower() not in _BLANK:
            continue
        label = frozenset(stems(row.label))
        if not any(label <= other.stems for other in passages[1:]):
            return Blank(row.label, table.names[column])
    return None


def _named(table: Table, terms: frozenset[str]) -> Row | None:
    """Return the one row whose label a question has."""
    named = [row for row in table.rows if (own := frozenset(stems(row.label))) and own <= terms]
    return named[0] if len(named) == 1 else None


def _asked(table: Table, terms: frozenset[str]) -> int | None:
    """Return the one column behind the first that shares most words with a question."""
    shared = [len(terms & frozenset(stems(name))) for name in table.names[1:]]
    most = max(shared, default=0)
    return shared.index(most) + 1 if most and shared.count(most) == 1 else None
