"""The cell of a table that a question asks for: it names the row, and one column of it."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.tables.tables import Row, Table, read_tables
from query.text.measures import with_kindred
from query.text.passages import Passage
from query.text.words import stem, stems
from query.text.words import table as words

READ: Final = 6
"""Passages that are looked at."""
_WHICH: Final = re.compile(r"\b(?:which|what)\s+(?P<noun>[a-z]+)\b", re.IGNORECASE)
_BLANK: Final = frozenset({"", "n/a", "tbd", "tba", "?", "…", "..."})
_LETTER: Final = re.compile(r"(?<![\w'’])(?:[A-Z]|[b-hj-z])(?![\w'’])")
"""That tells a thing from its siblings: "Pump A", "vitamin c"."""
_NO_NOUN: Final = words("is are was were does do did will would can must may has have")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that a question asks for."""

    table: Table
    row: Row
    column: int

    @property
    def text(self) -> str:
        """What it says; empty where nobody filled it in."""
        return self.row.cells[self.column].strip()

    @property
    def name(self) -> str:
        """Head of its column."""
        return self.table.names[self.column]

    @property
    def is_blank(self) -> bool:
        """Whether nobody filled it in; a dash may stand for nothing, and then it is an answer."""
        return self.text.lower() in _BLANK


def asked_cells(question: Question, passages: Sequence[Passage]) -> tuple[Cell, ...]:
    """Return the cells that a question asks for, at most one of every table.

    The question has to name one row, and one column by words that no other column has. What asks
    which of the rows it is ("Which course needs CS 1010?") asks for no cell.

    Args:
        question: A simple question.
        passages: Its usable candidates, best first.
    """
    return tuple(_cells(question, passages[:READ]))


def _cells(question: Question, passages: Sequence[Passage]) -> Iterator[Cell]:
    terms = frozenset(question.terms) | _letters(question.text)
    # "How far is Station Lodge from the station?": said twice, it is not only a part of the name.
    twice = frozenset(word for word, times in Counter(stems(question.text)).items() if times > 1)
    wanted = _WHICH.search(question.text)
    noun = wanted["noun"].lower() if wanted else ""
    for table in (one for passage in passages for one in read_tables(passage)):
        name, row = _named(table, terms)
        if table.head is None or row is None:
            continue
        column = _asked(table, with_kindred(terms - (name - twice)))
        if column is None or not name & twice <= frozenset(stems(table.names[column])):
            continue  # "the night rate of the Night tariff" is no other rate of that tariff
        if noun and noun not in _NO_NOUN and stem(noun) not in stems(table.names[column]):
            continue
        yield Cell(table, row, column)


def _named(table: Table, terms: frozenset[str]) -> tuple[frozenset[str], Row | None]:
    """Return the one row that a question names; of "Massage" and "Back massage" the longer."""
    named = [(name, row) for row in table.rows for name in _names_of(row) if name and name <= terms]
    longest = max((name for name, _ in named), key=len, default=frozenset[str]())
    rows = [row for name, row in named if name == longest]
    return longest, rows[0] if len(rows) == 1 and all(n <= longest for n, _ in named) else None


def _names_of(row: Row) -> Iterator[frozenset[str]]:
    """Yield what a row is called: by its first cell, or the one behind a code, "CS 3900"."""
    title = row.cells[1]
    yield _whole(row.label)
    if any(char.isdecimal() for char in row.label) and not any(c.isdecimal() for c in title):
        yield _whole(title)


def _whole(name: str) -> frozenset[str]:
    """Return the stems of a name with its letters, which are no terms: no pump is "Pump A"."""
    words = (word for word in stems(name) if len(word) > 1 or word.isdecimal())
    return frozenset(words) | _letters(name)


def _letters(text: str) -> frozenset[str]:
    return frozenset(letter.upper() for letter in _LETTER.findall(text))


def _asked(table: Table, terms: frozenset[str]) -> int | None:
    """Return the one column behind the first that shares most words with a question."""
    shared = [len(terms & frozenset(stems(name))) for name in table.names[1:]]
    most = max(shared, default=0)
    return shared.index(most) + 1 if most and shared.count(most) == 1 else None
