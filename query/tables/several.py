"""Rows of one table that answer a question alike: "Who works in haematology?" over two who do.

One of them, quoted alone, reads as if it were the only one.
"""

from typing import Final

from query.asking.question import Question
from query.asking.superlatives import superlatives
from query.tables.cells import asked_cells
from query.tables.tables import Row, Table, is_sum, read_tables
from query.text.passages import Passage
from query.text.words import stems

LONGEST_QUOTE: Final = 600
"""Characters of one quote."""
MOST_TOLD: Final = 8
"""Rows that are named; of more only the number is told."""


def rows_alike(question: Question, passage: Passage) -> tuple[tuple[Table, tuple[Row, ...]], ...]:
    """Return of every table the rows that have the same cell of a question, where several do.

    None where the question names a row or wants the most or the least of something, where a row has
    more of it than the others, and where all rows have that cell: then it sets none apart.

    Args:
        question: A simple question.
        passage: Any passage.
    """
    if any(superlatives(question.text)) or asked_cells(question, (passage,)):
        return ()
    found = ((table, _alike(question, table)) for table in read_tables(passage))
    return tuple((table, rows) for table, rows in found if rows)


def fits(rows: tuple[Row, ...]) -> bool:
    """Tell whether one quote has room for rows and what stands between them."""
    return rows[-1].sentence.end - rows[0].sentence.start <= LONGEST_QUOTE


def told(rows: tuple[Row, ...]) -> str:
    """Name rows by their first cells."""
    names = [row.label for row in rows[:MOST_TOLD]]
    return ", ".join([*names, f"{len(rows) - MOST_TOLD} more"] if rows[MOST_TOLD:] else names)


def _alike(question: Question, table: Table) -> tuple[Row, ...]:
    if table.head is None:
        return ()
    known = frozenset(stems(" ".join(table.names))) | table.passage.context
    terms = frozenset(question.terms) - known
    rows = [row for row in table.rows if not is_sum(row, table.rows)]
    shared = [terms & row.sentence.stems for row in rows]
    most = max((len(words) for words in shared), default=0)
    best = [row for row, words in zip(rows, shared, strict=True) if most and len(words) == most]
    if not 1 < len(best) < len(rows):
        return ()
    first = best[0]
    for place, cell in enumerate(first.cells[1:], start=1):
        words = frozenset(stems(cell))
        same = all(row.cells[place].casefold() == cell.casefold() for row in best)
        if words and words <= terms and same and len(words) == most:
            return tuple(best)
    return ()
