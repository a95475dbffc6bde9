"""Limits that a sentence gives: £20,000 lie "below £25,000", and 15 kW "above 10 kW".

A figure that lies within such a limit is met by the sentence although it does not stand there.
"""

import re
from collections.abc import Iterator
from typing import Final

from query.asking.question import Question
from query.tables.quantities import Quantity, read_quantity
from query.tables.ranges import asked_amounts
from query.text.passages import CELL, Passage
from query.text.units import MONEY_BEFORE

_LIMIT: Final = re.compile(
    r"\b(?:between|from|up to|at most|at least|no more than|not more than|more than|less than"
    rf"|fewer than|under|below|above|over|beyond)\s+(?=(?:{MONEY_BEFORE})?\s?(?:[A-Z]{{3}}\s)?\d)",
    re.IGNORECASE,
)
_AMOUNT: Final = re.compile(rf"(?<![\w.,])(?:(?:{MONEY_BEFORE})\s?)?\d", re.IGNORECASE)
"""Where "4 kW to 10 kW" and "10,000 euros or less" begin."""


def limit_holds(text: str, asked: Quantity) -> bool:
    """Tell whether a text gives a limit, in the same unit, that an amount lies within."""
    return any(one.holds(asked.low) for one in _limits(text, asked))


def sentences_outside(question: Question, passage: Passage) -> frozenset[tuple[int, int]]:
    """Return where sentences stand whose limits do not hold the figure of a question.

    None where no sentence has a limit that holds it: then nothing is known of the others.

    Args:
        question: A simple question.
        passage: Any passage.
    """
    amounts = asked_amounts(question)
    if len(amounts) != 1:
        return frozenset()
    (_, asked), outside, held = amounts[0], set[tuple[int, int]](), False
    for sentence in passage.sentences:
        limits = [] if CELL in sentence.text else [*_limits(sentence.text, asked)]
        if any(one.holds(asked.low) for one in limits):
            held = True
        elif limits:
            outside.add((sentence.start, sentence.end))
    return frozenset(outside) if held else frozenset()


def _limits(text: str, asked: Quantity) -> Iterator[Quantity]:
    """Yield the ranges of a text in the unit of an amount; a bare number may be of anything."""
    if not asked.unit or asked.unit.startswith(("date", "time")):
        return
    places = {m.start() for rule in (_LIMIT, _AMOUNT) for m in rule.finditer(text)}
    for place in sorted(places):
        found = read_quantity(text[place:])
        if found is not None and found.is_range and found.unit == asked.unit:
            yield found
