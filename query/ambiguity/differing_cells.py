"""Notice that the tables of two documents fill one cell differently: the price lists of two years.

A row gives many figures, of which a sentence could not say which is the answer; a cell is one.
"""

from collections.abc import Sequence
from itertools import combinations

from query.ambiguity.cases import HEAD_UNITS
from query.asking.question import Question
from query.tables.cells import Cell, asked_cells
from query.tables.tables import is_empty
from query.text.passages import Passage
from query.text.values import find_values, same_value
from query.text.words import stems


def find_differing_cells(
    question: Question, passages: Sequence[Passage]
) -> tuple[Cell, Cell] | None:
    """Return two cells of two documents that a question asks for and that differ, or nothing.

    Row and column have to be called alike. Where the title or key of one of the two documents has a
    word of the question that the other one lacks, that one is meant.

    Args:
        question: A simple question.
        passages: Its usable candidates, best first.
    """
    cells = [one for one in asked_cells(question, passages) if not is_empty(one.text)]
    terms = frozenset(question.terms)
    for one, other in combinations(cells, 2):
        mine, theirs = one.table.passage, other.table.passage
        if mine.document_id == theirs.document_id or _called(one) != _called(other):
            continue
        if not (mine.context ^ theirs.context) & terms and _differ(one.text, other.text):
            return one, other
    return None


def _called(cell: Cell) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(stems(cell.row.label)), frozenset(stems(cell.name)) - HEAD_UNITS


def _differ(one: str, other: str) -> bool:
    """Tell whether two cells say different things: "€171" and "171" do not."""
    values = find_values(one), find_values(other)
    if all(values):
        return not any(same_value(a, b) for a in values[0] for b in values[1])
    mine, theirs = frozenset(stems(one)), frozenset(stems(other))
    return not (mine <= theirs or theirs <= mine)
