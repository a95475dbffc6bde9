"""Which row of a table holds the figure of a question: "20 probes" lies in "10 to 49 probes"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from query.asking.question import Question
from query.tables.quantities import YEARS, Quantity, read_quantity
from query.tables.tables import AGES, Row, Table, read_tables, same_unit
from query.text.passages import CELL, Passage, coverage
from query.text.values import ValueKind
from query.text.words import stems

READ: Final = 4
"""Passages that are looked at."""
LEAST_RANGES: Final = 2
"""Rows with a range that make a column a scale."""
_UNREAD: Final = frozenset({ValueKind.DATE, ValueKind.TIME, ValueKind.PERCENT})
_NOT_PLAIN: Final = re.compile(
    r"\b(?:than|over|above|under|below|up to|at (?:least|most)|between|from|within|version|level"
    r"|band|step|stage|phase|no\.?|number)\s*[€$£]?\s*$",
    re.IGNORECASE,
)
"""What stands before a figure that is no amount somebody has, or a name."""
BEFORE: Final = 24
"""Characters before a figure in which such a word stands."""
AROUND: Final = 80
"""Characters from a figure on that say how much it is of what; a question may have hundreds."""
_JOINED: Final = re.compile(r"(?<=^\d)-(?=year)|(?<=^\d\d)-(?=year)", re.IGNORECASE)
"""Between an age in figures and its unit."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A column of ranges, and the row of it that holds the figure of a question."""

    table: Table
    column: int
    asked: str
    """The figure as the question has it."""
    row: Row | None
    """None where no row, or more than one, holds it."""


def asked_amounts(question: Question) -> tuple[tuple[str, Quantity], ...]:
    """Return the plain amounts of a question with their texts; of names and limits none.

    Two at most: which of several is to be looked up, nothing tells.
    """
    found: list[tuple[str, Quantity]] = []
    for value in question.values:
        start = value.start
        before = question.text[max(0, start - BEFORE) : start]
        if value.kind in _UNREAD or _NOT_PLAIN.search(before):
            continue
        if any(value.text in one.text for one in question.designators):
            continue
        # "A 14-year-old" is one of 14 years.
        behind = question.text[start : start + max(AROUND, len(value.text))]
        quantity = read_quantity(_JOINED.sub(" ", behind, count=1))
        if quantity is not None and not quantity.is_range:
            following = quantity.rest.split(maxsplit=1)
            unit = following[0].strip(".,;:?!") if following and quantity.unit else ""
            counted = unit and value.kind is ValueKind.NUMBER
            found.append((f"{value.text} {unit}" if counted else value.text, quantity))
        if len(found) > 1:
            break
    return tuple(found)


def find_scale(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Scale | None:
    """Return the scale that the only amount of a question is to be looked up in, or nothing.

    Args:
        question: A simple question.
        weights: Weights of its terms.
        passages: Candidates, best first.
    """
    amounts = asked_amounts(question)
    if len(amounts) != 1:
        return None
    text, asked = amounts[0]
    best: tuple[float, Scale] | None = None
    for passage in passages[:READ]:
        for table in read_tables(passage):
            for column in scales(table):
                name, ranges = _name(table, column), _column(table, column)
                unit = _counted(asked, name).unit
                if not any(q and q.is_range and same_unit(q.unit, unit, name) for q in ranges):
                    continue
                row = row_that_holds(table, ranges, asked, name)
                worth = coverage(weights, table.stems, table.row_stems)
                if best is None or worth > best[0]:
                    best = worth, Scale(table, column, text, row)
    return best[1] if best else None


@dataclass(frozen=True, slots=True)
class ScaleColumn:
    """A column of a table that holds ranges."""

    table: Table
    ranges: tuple[Quantity | None, ...]
    name: str


def scales(table: Table) -> tuple[int, ...]:
    """Return the columns of a table that hold ranges."""
    width = len(table.rows[0].cells)
    return tuple(
        number
        for number in range(width)
        if sum(q is not None and q.is_range for q in table.column(number)) >= LEAST_RANGES
    )


def row_that_holds(
    table: Table, ranges: Sequence[Quantity | None], asked: Quantity, name: str
) -> Row | None:
    """Return the only row whose range holds an amount; a closed range comes before an open one.

    Of limits one above the other ("up to €50", "up to €500") the nearest one holds.
    """
    asked = _counted(asked, name)
    holding = [
        (row, q)
        for row, q in zip(table.rows, ranges, strict=True)
        if q is not None and same_unit(q.unit, asked.unit, name) and q.holds(asked.low)
    ]
    closed = [(row, q) for row, q in holding if q.is_closed]
    if closed:
        exact = [(row, q) for row, q in closed if not q.is_range]
        chosen = exact or closed
        return chosen[0][0] if len(chosen) == 1 else None
    limits = [(q.high, row) for row, q in holding if q.low == -float("inf")]
    floors = [(-q.low, row) for row, q in holding if q.high == float("inf")]
    if limits and floors:
        return None
    nearest = sorted(limits or floors, key=lambda pair: pair[0])
    return nearest[0][1] if nearest else None


def rows_outside(question: Question, passage: Passage) -> frozenset[tuple[int, int]]:
    """Return where rows stand whose range does not hold the figure of a question, by a scale.

    None where no row of the scale, or more than one, holds it: then nothing is known of the others.

    Args:
        question: A simple question.
        passage: Any passage.
    """
    amounts = asked_amounts(question) if CELL in passage.text else ()
    if len(amounts) != 1:
        return frozenset()
    (_, asked), outside = amounts[0], set[tuple[int, int]]()
    for one in passage.scales:
        row = row_that_holds(one.table, one.ranges, asked, one.name)
        if row is not None:
            rows = (other.sentence for other in one.table.rows if other is not row)
            outside |= {(sentence.start, sentence.end) for sentence in rows}
    return frozenset(outside)


def scale_holds(passage: Passage, text: str) -> bool:
    """Tell whether a table of a passage has a scale of whose ranges one holds an amount.

    Args:
        passage: Any passage.
        text: The amount as a question has it, such as `6,000 euro`.
    """
    # Most tables have no scale, and a question may name hundreds of numbers.
    has_scale = CELL in passage.text and passage.scales
    asked = read_quantity(text) if has_scale else None
    if asked is None or asked.is_range:
        return False
    return any(
        row_that_holds(one.table, one.ranges, asked, one.name) is not None for one in passage.scales
    )


def scales_of(passage: Passage) -> tuple[ScaleColumn, ...]:
    """Return the columns with ranges of all tables of a passage."""
    return tuple(
        ScaleColumn(table, _column(table, column), _name(table, column))
        for table in read_tables(passage)
        for column in scales(table)
    )


def _name(table: Table, column: int) -> str:
    return table.names[column] if table.head else ""


def _column(table: Table, column: int) -> tuple[Quantity | None, ...]:
    name = _name(table, column)
    return tuple(q and _counted(q, name) for q in table.column(column))


def _counted(one: Quantity, name: str) -> Quantity:
    """Count in years what a column of ages gives, or what is looked up in one."""
    if one.unit != YEARS[0] or not AGES & frozenset(stems(name)):
        return one
    return replace(one, low=one.low / YEARS[1], high=one.high / YEARS[1], unit="year")
