"""Which row of a table is the longest, cheapest, earliest: compared over the table as a whole."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from query.asking.question import Question
from query.asking.superlatives import Superlative, read_superlative, superlatives
from query.tables.quantities import Quantity
from query.tables.tables import (
    Around,
    Row,
    Table,
    goes_on,
    is_empty,
    is_free,
    is_sum,
    is_unlimited,
    is_withheld,
    quantities,
    read_tables,
)
from query.text.passages import CELL, SHAPE_STEMS, Passage, cells_of, coverage
from query.text.words import stem, stems, table

READ: Final = 4
"""Passages that are looked at."""
LEAST_COVERAGE: Final = 0.6
"""Share of the question, without its superlative, that the table and its headings must cover."""
CLOSE_TO_BEST: Final = 0.9
_PRICES: Final = frozenset(stem(word) for word in table("price cost fee rate charge fare amount"))
_WEIGHED_OTHERWISE: Final = frozenset(
    stem(word) for word in table("resolution accuracy precision priority rank grade class band")
)
"""Of these the least figure may be the highest."""
_SPEEDS: Final = table("fastest slowest quickest")
_AGES: Final = table("newest oldest")


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing the rows of a table."""

    table: Table
    row: Row | None
    """The extreme row; none where it could not be told."""
    detail: str
    unknown: tuple[str, ...] = ()
    """What could not be compared, because the table does not tell it: "Price of Sol D"."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is given for one of the things compared."""

    label: str
    cell: str
    quantity: Quantity | None
    row: Row


@dataclass(frozen=True, slots=True)
class _Series:
    """What is compared: a column, or a row of a table that lies on its side."""

    name: str
    entries: tuple[_Entry, ...]


def compare_rows(
    question: Question,
    weights: Mapping[str, float],
    passages: Sequence[Passage],
    around: Around,
) -> Compared | None:
    """Compare the rows of the table that a superlative is about.

    Args:
        question: A simple question.
        weights: Weights of its terms.
        passages: Candidates, best first.
        around: Brings the chunks beside one.

    Returns:
        Nothing where the question has no superlative, where the evidence says it in words, or
        where no table is about it.
    """
    asked = read_superlative(question.text)
    if asked is None:
        return None
    words = frozenset(stems(asked.word))
    content = {t: w for t, w in weights.items() if t not in SHAPE_STEMS and t not in words}
    looked_at = passages[:READ]
    # What none of them has is a verb more often than a thing; that it is none tells the judge.
    content = {t: w for t, w in content.items() if any(t in p.stems | p.context for p in looked_at)}
    if not content or _is_said(asked, content, looked_at):
        return None
    best: tuple[float, Table, tuple[_Series, ...]] | None = None
    for passage in looked_at:
        for one in read_tables(passage):
            named = _named(asked, question, content, one)
            # A superlative of no kind of measure may be about any column that has figures.
            about = bool(named) or (bool(_figures(one)) and _may_be_about(asked, one))
            covered = coverage(content, one.stems, one.row_stems) if about else 0.0
            if covered >= LEAST_COVERAGE and (best is None or covered > best[0]):
                best = covered, one, named
    if best is None or best[0] < CLOSE_TO_BEST * _prose(content, looked_at):
        return None
    return _compared(asked, best[1], best[2], around)


def _is_said(asked: Superlative, content: Mapping[str, float], passages: Sequence[Passage]) -> bool:
    """Tell whether the evidence has that very superlative itself: "Highest credit"."""
    for passage in passages:
        for sentence in passage.sentences:
            row = CELL in sentence.text
            for part in cells_of(sentence.text) if row else (sentence.text,):
                for said in superlatives(part):
                    same = bool(said.noun & asked.noun)
                    if not (said.noun and asked.noun):
                        same = coverage(content, frozenset(stems(part))) >= LEAST_COVERAGE
                    if said.word == asked.word and same:
                        return True
    return False


def _prose(content: Mapping[str, float], passages: Sequence[Passage]) -> float:
    """Return how much of the question the best sentence covers that is no row."""
    return max(
        (
            coverage(content, sentence.stems, passage.context)
            for passage in passages
            for sentence in passage.sentences
            if CELL not in sentence.text
        ),
        default=0.0,
    )


def _columns(asked: Superlative, question: Question, one: Table) -> tuple[int, ...]:
    """Return the columns that a superlative may be about: those it names, or those of its kind."""
    if one.head is None:
        return ()
    names = [frozenset(stems(name)) for name in one.names]
    kind = names[0]
    figures = _figures(one)
    # "Check-in" and "check-out" have one stem: small words do not count.
    literal = [word for word in asked.noun if "-" in word]
    named = [n for n in figures if any(word in one.names[n].lower() for word in literal)]
    named = named or [n for n in figures if (names[n] - kind) & asked.noun]
    if not named and not asked.kinds:
        named = [n for n in figures if (names[n] - kind - SHAPE_STEMS) & frozenset(question.terms)]
    terms = frozenset(question.terms) - kind - SHAPE_STEMS
    if named:
        turned = (_is_turned(asked, _kinds(one.column(n), names[n]), names[n]) for n in named)
        return () if any(turned) else _most_named(named, names, terms)
    if not asked.kinds:
        return ()
    of_kind = [n for n in figures if _kinds(one.column(n), names[n]) & asked.kinds]
    return _most_named(of_kind, names, terms)


def _may_be_about(asked: Superlative, one: Table) -> bool:
    """Tell whether a superlative has no kind of measure, or a column or row is called its noun."""
    names = (*one.names[1:], *(row.label for row in one.rows))
    return not asked.kinds or any(asked.noun & frozenset(stems(name)) for name in names)


def _is_turned(asked: Superlative, kinds: frozenset[str], name: frozenset[str]) -> bool:
    """Tell whether the least figure may be the most, or the other way round.

    The fastest takes the least time, and has the highest speed; the oldest began first, and has the
    highest age.
    """
    takes_time = "duration" in kinds
    if asked.word in _SPEEDS:
        return not takes_time
    return bool(name & _WEIGHED_OTHERWISE) or (asked.word in _AGES and takes_time)


def _most_named(
    columns: Sequence[int], names: Sequence[frozenset[str]], terms: frozenset[str]
) -> tuple[int, ...]:
    """Return the columns with most words of a question: "Double, low" before "Double, high"."""
    most = max((len(names[n] & terms) for n in columns), default=0)
    return tuple(n for n in columns if len(names[n] & terms) == most)


def _figures(one: Table) -> list[int]:
    """Return the columns behind the first in which most cells hold a quantity.

    Those do not count that say without a figure how much it is: "free", "on request", "unlimited".
    """
    if one.head is None:
        return []
    found = []
    for number in range(1, len(one.names)):
        read = sum(quantity is not None for quantity in one.column(number))
        cells = [row.cells[number] for row in one.rows]
        others = sum(is_free(c) or is_withheld(c) or is_unlimited(c) for c in cells)
        if read > 1 and 2 * read > len(cells) - others:
            found.append(number)
    return found


def _kinds(column: Sequence[Quantity | None], name: frozenset[str]) -> frozenset[str]:
    kinds = frozenset(q.unit.split(":")[0] for q in column if q is not None)
    return kinds | {"money"} if name & _PRICES else kinds


def _is_of_one_kind(series: Sequence[Quantity | None]) -> bool:
    """Tell whether quantities measure one thing: weights and prices below each other do not."""
    return len({q.unit.split(":")[0] for q in series if q is not None}) == 1


def _named(
    asked: Superlative, question: Question, content: Mapping[str, float], one: Table
) -> tuple[_Series, ...]:
    """Return the columns that a superlative is about; without one, the row that it names."""
    columns = _columns(asked, question, one)
    rows = _asked_rows(content, one)
    by_row = {number: dict(zip(one.rows, one.column(number), strict=True)) for number in columns}
    upright = tuple(
        _Series(
            one.names[number],
            tuple(_Entry(r.label, r.cells[number], by_row[number][r], r) for r in rows),
        )
        for number in columns
    )
    overlap = [(len(asked.noun & frozenset(stems(row.label))), row) for row in one.rows]
    most = max((shared for shared, _ in overlap), default=0)
    named = [row for shared, row in overlap if shared == most > 0]
    if not named:
        named = [row for row in one.rows if _has_kind(row, asked)]
    # Columns of weights, hours and prices below each other are those of a table on its side.
    stands = any(_is_of_one_kind(one.column(number)) for number in columns)
    if stands or one.head is None or len(named) != 1:
        return upright
    row = named[0]
    found = quantities(row.cells[1:], row.label)
    if 2 * sum(q is not None for q in found) <= len(found):
        return upright
    name = frozenset(stems(row.label))
    if _is_turned(asked, _kinds(found, name), name):
        return ()
    cases = zip(one.names[1:], row.cells[1:], found, strict=True)
    return (_Series(row.label, tuple(_Entry(*case, row) for case in cases)),)


def _has_kind(row: Row, asked: Superlative) -> bool:
    """Tell whether a row gives for every case what a superlative is about: "heaviest", in kg."""
    found = quantities(row.cells[1:], row.label)
    kinds = _kinds(found, frozenset(stems(row.label)))
    return bool(kinds & asked.kinds) and None not in found and _is_of_one_kind(found)


def _compared(asked: Superlative, one: Table, named: Sequence[_Series], around: Around) -> Compared:
    where = f"The table in {one.passage.key}"
    if goes_on(one, around):
        detail = f"{where} goes on in another chunk, so its rows were not compared."
        return Compared(one, None, detail)
    if not named:
        detail = f"{where}: it is not clear which column {asked.word!r} is about."
        return Compared(one, None, detail)
    best: list[_Entry] = []
    for series in named:
        extreme, why = _extreme(asked, series)
        if why:
            return Compared(one, None, f"{where}: {why}")
        best = best or extreme
        if [entry.label for entry in extreme] != [entry.label for entry in best]:
            names = " and ".join(repr(other.name) for other in named)
            return Compared(one, None, f"{where} says otherwise for {names}.")
    if len(best) != 1:
        labels = ", ".join(entry.label for entry in best)
        return Compared(one, None, f"{where} has several with the {asked.word}: {labels}.")
    (winner,) = best
    withheld = dict.fromkeys(
        f"{series.name} of {entry.label}"
        for series in named
        for entry in series.entries
        if is_withheld(entry.cell)
    )
    told = sum(not is_withheld(entry.cell) for entry in named[0].entries)
    detail = (
        f"{winner.label!r} has the {asked.word} {named[0].name!r} of {told} in "
        f"{one.passage.key}: {winner.cell}."
    )
    if withheld:
        detail += f" Not told there: {', '.join(withheld)}."
    return Compared(one, winner.row, detail, tuple(withheld))


def _asked_rows(content: Mapping[str, float], one: Table) -> tuple[Row, ...]:
    """Return the rows that the question may mean: those that have what only some of them have."""
    rows = [row for row in one.rows if not is_sum(row, one.rows)]
    head = frozenset(stems(" ".join(one.names))) | one.passage.context
    for term in content:
        having = [row for row in rows if term in row.sentence.stems]
        if term not in head and having:
            rows = having
    return tuple(rows)


def _extreme(asked: Superlative, series: _Series) -> tuple[list[_Entry], str]:
    """Return the extreme entries of a series, or why they cannot be told."""
    measured: list[tuple[float, _Entry]] = []
    units = set()
    costs = "money" in _kinds([e.quantity for e in series.entries], frozenset(stems(series.name)))
    for entry in series.entries:
        quantity, cell = entry.quantity, entry.cell
        if is_withheld(cell):
            continue  # the others are compared, and it is said what was not
        if costs and is_free(cell):
            measured.append((0.0, entry))
        elif is_unlimited(cell):
            measured.append((asked.direction * math.inf, entry))
        elif quantity is None and not is_empty(cell):
            return [], f"{series.name!r} of {entry.label!r} is no figure ({cell})."
        elif quantity is None and asked.direction < 0 and "date" not in asked.kinds:
            return [], f"{entry.label!r} has no {series.name!r}, which may be the least."
        elif quantity is not None and quantity.is_range:
            return [], f"{series.name!r} of {entry.label!r} is a range ({cell})."
        elif quantity is not None:
            units.add(quantity.unit)
            measured.append((asked.direction * quantity.low, entry))
    if len(units) > 1:
        return [], f"{series.name!r} is given in different units."
    if len(measured) < 2:
        return [], f"{series.name!r} has too few figures to compare."
    measured.sort(key=lambda pair: -pair[0])
    best = [measured[0][1]]
    for (higher, _), (lower, entry) in pairwise(measured):
        if not math.isclose(higher, lower, rel_tol=1e-9):
            break
        best.append(entry)
    return best, ""
