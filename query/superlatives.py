"""Which row of a table is the longest, cheapest, earliest: compared over the table as a whole."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from query.passages import CELL, SHAPE_STEMS, Passage, coverage
from query.quantities import Quantity
from query.question import Question
from query.tables import (
    Around,
    Row,
    Table,
    cells,
    goes_on,
    is_empty,
    is_sum,
    is_unlimited,
    read_tables,
)
from query.words import STOP_WORDS, stem, stems, table

READ: Final = 4
"""Passages that are looked at."""
LEAST_COVERAGE: Final = 0.6
"""Share of the question, without its superlative, that the table and its headings must cover."""
CLOSE_TO_BEST: Final = 0.9
_WORDS: Final = {
    "longest": (1, "duration length"), "shortest": (-1, "duration length"),
    "highest": (1, ""), "lowest": (-1, ""), "largest": (1, ""), "biggest": (1, ""),
    "greatest": (1, ""), "smallest": (-1, ""), "most": (1, ""), "fewest": (-1, ""),
    "least": (-1, ""), "cheapest": (-1, "money"), "most expensive": (1, "money"),
    "least expensive": (-1, "money"), "priciest": (1, "money"), "earliest": (-1, "date time"),
    "latest": (1, "date time"), "newest": (1, "date"), "oldest": (-1, "date"),
    "heaviest": (1, "mass"), "lightest": (-1, "mass"), "deepest": (1, "length"),
    "shallowest": (-1, "length"), "tallest": (1, "length"), "widest": (1, "length"),
    "fastest": (-1, "duration"), "slowest": (1, "duration"),
}  # fmt: skip
"""Direction and the kinds of measure that a superlative is about; empty: whatever is named."""
_ASKED: Final = re.compile(
    rf"\b(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b"
    r"(?P<noun>(?:\s+[^\W\d_][\w-]*){0,4})",
    re.IGNORECASE,
)
_NO_SUPERLATIVE: Final = re.compile(
    r"\b(?:at (?:the )?$|at$|most (?:recent|important|likely|common|of)\b)", re.IGNORECASE
)
_NEEDS_NOUN: Final = table("most least fewest")
_PRICES: Final = frozenset(stem(word) for word in table("price cost fee rate charge fare amount"))
_WEIGHED_OTHERWISE: Final = frozenset(
    stem(word) for word in table("resolution accuracy precision priority rank grade class band")
)
"""Of these the least figure may be the highest."""


@dataclass(frozen=True, slots=True)
class Superlative:
    """What a question wants the most or the least of."""

    word: str
    direction: int
    kinds: frozenset[str]
    noun: frozenset[str]
    """Stems of the words behind it."""


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of comparing the rows of a table."""

    table: Table
    row: Row | None
    """The extreme row; none where it could not be told."""
    detail: str


def read_superlative(question: str) -> Superlative | None:
    """Return the only superlative of a question, or nothing."""
    found = [
        match
        for match in _ASKED.finditer(question)
        if not _NO_SUPERLATIVE.search(question[: match.start()])
        and not _NO_SUPERLATIVE.match(question[match.start() :])
    ]
    if len(found) != 1:
        return None
    word = found[0]["word"].lower()
    noun: list[str] = []
    for part in found[0]["noun"].split():
        if part.lower() in STOP_WORDS:
            break
        noun.append(stem(part.lower()))
    if word in _NEEDS_NOUN and not noun:
        return None
    direction, kinds = _WORDS[word]
    return Superlative(word, direction, frozenset(kinds.split()), frozenset(noun))


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
    if not content or _is_said(words, asked.noun or frozenset(content), looked_at):
        return None
    best: tuple[float, Table, tuple[int, ...]] | None = None
    for passage in looked_at:
        for one in read_tables(passage):
            columns = _columns(asked, question, one)
            # A superlative of no kind of measure may be about any column that has figures.
            about = bool(columns) or (not asked.kinds and bool(_figures(one)))
            covered = coverage(content, one.stems, _all_words(one)) if about else 0.0
            if covered >= LEAST_COVERAGE and (best is None or covered > best[0]):
                best = covered, one, columns
    if best is None or best[0] < CLOSE_TO_BEST * _prose(content, looked_at):
        return None
    return _compared(asked, content, best[1], best[2], around)


def _is_said(words: frozenset[str], noun: frozenset[str], passages: Sequence[Passage]) -> bool:
    """Tell whether the evidence has the superlative of that noun itself: "Highest credit"."""
    return any(
        words <= said and bool(noun & said)
        for passage in passages
        for sentence in passage.sentences
        for part in (cells(sentence.text) if CELL in sentence.text else (sentence.text,))
        for said in [frozenset(stems(part))]
    )


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
    named = [n for n in figures if (names[n] - kind) & asked.noun]
    if not named and not asked.kinds:
        named = [n for n in figures if (names[n] - kind - SHAPE_STEMS) & frozenset(question.terms)]
    if named:
        return () if any(names[n] & _WEIGHED_OTHERWISE for n in named) else tuple(named)
    if not asked.kinds:
        return ()
    return tuple(n for n in figures if _kinds(one.column(n), names[n]) & asked.kinds)


def _figures(one: Table) -> list[int]:
    """Return the columns behind the first in which most cells hold a quantity."""
    if one.head is None:
        return []
    columns = ((n, one.column(n)) for n in range(1, len(one.names)))
    return [n for n, column in columns if 2 * sum(q is not None for q in column) > len(column)]


def _kinds(column: Sequence[Quantity | None], name: frozenset[str]) -> frozenset[str]:
    kinds = frozenset(q.unit.split(":")[0] for q in column if q is not None)
    return kinds | {"money"} if name & _PRICES else kinds


def _all_words(one: Table) -> frozenset[str]:
    return frozenset().union(*(row.sentence.stems for row in one.rows))


def _compared(
    asked: Superlative,
    content: Mapping[str, float],
    one: Table,
    columns: Sequence[int],
    around: Around,
) -> Compared:
    where = f"The table in {one.passage.key}"
    if goes_on(one, around):
        detail = f"{where} goes on in another chunk, so its rows were not compared."
        return Compared(one, None, detail)
    if not columns:
        detail = f"{where}: it is not clear which column {asked.word!r} is about."
        return Compared(one, None, detail)
    rows = _asked_rows(content, one)
    best: list[Row] = []
    for column in columns:
        extreme, why = _extreme(asked, one, column, rows)
        if why:
            return Compared(one, None, f"{where}: {why}")
        best = best or extreme
        if [row.cells for row in extreme] != [row.cells for row in best]:
            names = " and ".join(repr(one.names[n]) for n in columns)
            return Compared(one, None, f"{where} gives other rows for {names}.")
    if len(best) != 1:
        labels = ", ".join(row.label for row in best)
        return Compared(one, None, f"{where} has several with the {asked.word}: {labels}.")
    said = best[0].cells[columns[0]]
    name = one.names[columns[0]]
    detail = f"{best[0].label!r} has the {asked.word} {name!r} of {len(rows)} rows"
    return Compared(one, best[0], f"{detail} in {one.passage.key}: {said}.")


def _asked_rows(content: Mapping[str, float], one: Table) -> tuple[Row, ...]:
    """Return the rows that the question may mean: those that have what only some of them have."""
    rows = [row for row in one.rows if not is_sum(row)]
    head = frozenset(stems(" ".join(one.names))) | one.passage.context
    for term in content:
        having = [row for row in rows if term in row.sentence.stems]
        if term not in head and having:
            rows = having
    return tuple(rows)


def _extreme(
    asked: Superlative, one: Table, column: int, rows: Sequence[Row]
) -> tuple[list[Row], str]:
    """Return the extreme rows of a column, or why they cannot be told."""
    by_row = dict(zip(one.rows, one.column(column), strict=True))
    name = one.names[column]
    measured: list[tuple[float, Row]] = []
    units = set()
    for row in rows:
        quantity, cell = by_row[row], row.cells[column]
        if is_unlimited(cell):
            measured.append((asked.direction * math.inf, row))
        elif quantity is None and not is_empty(cell):
            return [], f"{name!r} of {row.label!r} is no figure ({cell})."
        elif quantity is None and asked.direction < 0 and "date" not in asked.kinds:
            return [], f"{row.label!r} has no {name!r}, which may be the least."
        elif quantity is not None and quantity.is_range:
            return [], f"{name!r} of {row.label!r} is a range ({cell})."
        elif quantity is not None:
            units.add(quantity.unit)
            measured.append((asked.direction * quantity.low, row))
    if len(units) > 1:
        return [], f"{name!r} is given in different units."
    if len(measured) < 2:
        return [], f"{name!r} has too few figures to compare."
    measured.sort(key=lambda pair: -pair[0])
    best = [measured[0][1]]
    for (higher, _), (lower, row) in pairwise(measured):
        if not math.isclose(higher, lower, rel_tol=1e-9):
            break
        best.append(row)
    return best, ""
