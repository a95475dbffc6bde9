"""Tables as passages hold them: rows with their cells, the head, and whether all rows are there."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

from query.tables.quantities import EURO, Quantity, read_quantity, unit_of
from query.text.passages import (
    CELL,
    Passage,
    Sentence,
    cells_of,
    double_head,
    head_before,
    names_part,
    stands_below,
)
from query.text.values import PER_MEASURE
from query.text.words import stem, stems, table

Around = Callable[[Passage], tuple[str, str] | None]
"""Returns the texts of the chunks before and behind a passage, or none where they can't be read."""
_PER_MEASURE: Final = re.compile(PER_MEASURE, re.IGNORECASE)
LONGEST_CAPTION: Final = 160
"""Characters; what is longer is about more than the table behind it."""
_BAR: Final = CELL.strip()
_NOTHING: Final = table("- – — n/a na none no nil keine aucun")
_OPEN: Final = re.compile(
    r"(?:unlimited|unbegrenzt|illimité|∞|(?:no|without(?: an?)?)(?: upper)?"
    r" (?:limit|limits|maximum|cap|restriction|restrictions))\s*(?:\([^()]*\))?",
    re.IGNORECASE,
)
_WITHHELD: Final = re.compile(
    r"(?:prices? )?(?:(?:up)?on (?:request|application|enquiry|inquiry)|by (?:negotiation"
    r"|arrangement|agreement|quotation)|(?:to be|not yet) (?:agreed|announced|confirmed|decided"
    r"|known)|negotiable|individual(?:ly)?|unknown|tb[acd]|p\.?o\.?a\.?|(?:ask|contact|call) us"
    r"|auf anfrage|sur demande)\.?",
    re.IGNORECASE,
)
"""Says that there is a figure, and not which."""
_FREE: Final = re.compile(r"free(?: of charge)?|no charge|gratis|complimentary", re.IGNORECASE)
_BOUND: Final = re.compile(
    r"no (?:later|earlier|sooner|longer|less|fewer|more) than\b", re.IGNORECASE
)
"""Begins like nothing, and is a bound."""
AGES: Final = frozenset(stem(word) for word in ("age", "alter", "âge", "edad"))
"""Of a column with one of these in its head bare numbers are years."""
_SUMS: Final = table("total sum all overall average mean gesamt summe")
"""Labels of rows that are made of the others."""
_IN_NAMES: Final = table("all mean")
"""Of these, words with which names begin, too."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table."""

    sentence: Sentence
    cells: tuple[str, ...]

    @property
    def label(self) -> str:
        """What the row is about."""
        return self.cells[0]


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or as much of it as one passage holds."""

    passage: Passage
    head: Row | None
    """None where the first row is no head: then it is the rest of a longer table, or has none."""
    rows: tuple[Row, ...]
    ends_passage: bool
    """Whether nothing stands behind its last row, so that more may stand in the next chunk."""
    caption: str = ""
    """The heading or sentence right before it."""

    @property
    def names(self) -> tuple[str, ...]:
        """Heads of the columns."""
        return self.head.cells if self.head else ()

    @property
    def stems(self) -> frozenset[str]:
        """Stems of head, first column and caption, and of what the passage is about."""
        words = [self.caption, *self.names, *(row.label for row in self.rows)]
        return frozenset(stems(" ".join(words))) | self.passage.context

    @property
    def row_stems(self) -> frozenset[str]:
        """Stems of everything that its rows say."""
        return frozenset().union(*(row.sentence.stems for row in self.rows))

    def column(self, number: int) -> tuple[Quantity | None, ...]:
        """Return the quantity of every row, none where a cell holds no single one."""
        name = self.names[number] if self.head else ""
        return quantities([row.cells[number] for row in self.rows], name)


def quantities(said: Sequence[str], name: str) -> tuple[Quantity | None, ...]:
    """Return what cells hold that stand under one name; none for one without a single quantity.

    Args:
        said: The cells.
        name: Head of their column, or label of their row: a bare number has the unit it gives.
    """
    unit, factor = unit_of(name)
    read = [_cell(cell) for cell in said]
    years = all(q is None or q.unit == "date:1" for q in read)
    found: list[Quantity | None] = []
    euros = unit == EURO and not _PER_MEASURE.search(name)
    for cell, quantity in zip(said, read, strict=True):
        # As the pattern of euros tells: "1.500" below "Price (€)" is no one and a half.
        one = _cell(f"{cell} €") if euros and quantity and not quantity.unit else quantity
        if one is not None and one.unit == "date:1" and not years:
            one = replace(one, low=one.low / 1e4, high=one.high / 1e4, unit="")
        if one is not None and not one.unit and unit:
            one = replace(one, low=one.low * factor, high=one.high * factor, unit=unit)
        found.append(one)
    return tuple(found)


def read_tables(passage: Passage) -> tuple[Table, ...]:
    """Return the tables of a passage with at least two rows, in order."""
    return tuple(_tables(passage))


def is_empty(cell: str) -> bool:
    """Tell whether a cell says that there is nothing: "no limit" is not nothing."""
    words = cell.lower().replace(",", " ").split()
    if is_unlimited(cell) or _BOUND.match(cell.strip()):
        return False
    return not words or words[0] in _NOTHING


def is_unlimited(cell: str) -> bool:
    """Tell whether a cell says that there is no limit."""
    return _OPEN.fullmatch(cell.strip()) is not None


def is_withheld(cell: str) -> bool:
    """Tell whether a cell says that there is a figure, and not which: "on request"."""
    return _WITHHELD.fullmatch(cell.strip()) is not None


def is_free(cell: str) -> bool:
    """Tell whether a cell says that something costs nothing."""
    return _FREE.fullmatch(cell.strip()) is not None


def is_sum(row: Row, rows: Sequence[Row]) -> bool:
    """Tell whether a row of a table sums up the others.

    "All Saints House" and "Mean Street" are names, unless their figures are those of the others.

    Args:
        row: The row.
        rows: All rows of its table.
    """
    words = row.label.strip(" :").split()
    if not words or words[0].lower() not in _SUMS:
        return False
    named = words[0].lower() in _IN_NAMES and words[1:] and words[1].istitle()
    return not named or _adds_up(row, [other for other in rows if other is not row])


def _adds_up(row: Row, others: Sequence[Row]) -> bool:
    """Tell whether a row has the sum or the mean of what the others have in some column."""
    for number, cell in enumerate(row.cells[1:], 1):
        own = _cell(cell)
        found = [_cell(other.cells[number]) for other in others]
        amounts = [q.low for q in found if q is not None and not q.is_range]
        if own is None or len(amounts) < 2:
            continue
        if any(math.isclose(own.low, x, rel_tol=0.01) for x in (sum(amounts), fmean(amounts))):
            return True
    return False


def goes_on(one: Table, around: Around) -> bool:
    """Tell whether more rows of a table stand in the next chunk, or may stand there."""
    if not one.ends_passage:
        return False
    beside = around(one.passage)
    if beside is None:
        return True
    first = next((line for line in beside[1].splitlines() if line.strip()), "")
    return _BAR in first and len(cells_of(first)) <= len(one.rows[-1].cells)


def _tables(passage: Passage) -> Iterator[Table]:
    sentences = passage.sentences
    group: list[Row] = []
    first, known = 0, False
    for index, sentence in enumerate((*sentences, None)):
        if group and names_part(passage, index):
            continue
        if len(group) == 1 and not known and sentence is not None and first == index - 1:
            both = double_head(passage, first)
            if both is not None:
                group, known = [Row(both, cells_of(both.text))], True
                continue
        row = _row(sentence) if sentence is not None else None
        joined = _below(group, row) if row is not None else None
        parted = names_part(passage, index - 1)
        if joined is not None and (not group or parted or stands_below(passage, index)):
            first = first if group else index
            group.append(joined)
            continue
        caption = sentences[first - 1].text if group and first > 0 else ""
        before = head_before(passage) if group and first == 0 else None
        head = _row(before) if before is not None else None
        if head is not None and len(head.cells) >= len(group[0].cells):
            group = [head, *(_wide(one, len(head.cells)) for one in group)]
        yield from _made(passage, group, caption, ends=index >= len(sentences), known=known)
        group, first, known = [row] if row is not None else [], index, False


def _row(sentence: Sentence) -> Row | None:
    own = cells_of(sentence.text)
    return Row(sentence, own) if CELL in sentence.text and len(own) > 1 else None


def _below(group: Sequence[Row], row: Row) -> Row | None:
    """Return a row as wide as those above it; nothing where it is wider."""
    if not group:
        return row
    width = len(group[0].cells)
    return _wide(row, width) if len(row.cells) <= width else None


def _wide(row: Row, width: int) -> Row:
    """Give a row back the empty cells at its end, which are not kept."""
    return replace(row, cells=row.cells + ("",) * (width - len(row.cells)))


def _made(
    passage: Passage, rows: Sequence[Row], caption: str, *, ends: bool, known: bool
) -> Iterator[Table]:
    if len(rows) < 3 and not (len(rows) == 2 and not _is_head(rows[0], rows[1:])):
        return
    headed = known or _is_head(rows[0], rows[1:])
    own = rows[1:] if headed else rows
    yield Table(passage, rows[0] if headed else None, tuple(own), ends, _short(caption))


def _short(caption: str) -> str:
    return caption if CELL not in caption and len(caption) <= LONGEST_CAPTION else ""


def _is_head(first: Row, rest: Sequence[Row]) -> bool:
    """A head has no figures where the rows below have them."""
    for number, cell in enumerate(first.cells):
        below = [read_quantity(row.cells[number]) is not None for row in rest]
        if 2 * sum(below) > len(below) and read_quantity(cell) is not None:
            return False
    return True


def _cell(text: str) -> Quantity | None:
    """Read a cell that holds one quantity and no second figure behind it."""
    quantity = read_quantity(text)
    if quantity is None or any(char.isdecimal() for char in quantity.rest):
        return None
    return quantity


def same_unit(one: str, other: str, name: str) -> bool:
    """Tell whether two quantities measure the same, given the head of the column of one.

    Args:
        one: Unit of a cell.
        other: Unit of a question.
        name: Head of the column of the cell.
    """
    if one and other:
        return one == other
    if one or not other:
        return False
    said = frozenset(stems(name))
    return other in said or (other == "year" and bool(said & AGES))
