"""Notice that another document says the same of less, with another value.

A policy says "Telemetry after the end of a contract | 30 days, then deleted", and a guide
"Telemetry of the former customer is kept for 90 days after the end of the contract and then
deleted": all words of the one are among those of the other, so they speak of the same thing,
whatever the question was worded like.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from query.asking.question import Question
from query.text.passages import CELL, Passage, Sentence, coverage
from query.text.values import Value
from query.text.words import stems

LEAST_SAID: Final = 3
"""Words that a statement must have besides its value, to be about one thing only."""
LEAST_SHARE: Final = 0.5
"""Share of the longer statement that the shorter one must have; what else is said narrows it."""

Values = Callable[[str], tuple[Value, ...]]
"""Finds the values of the asked kind in a text."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a sentence or a row says of one thing, and the value it gives."""

    passage: Passage
    sentence: Sentence
    said: frozenset[str]
    """Stems of all words but those of the value."""
    values: tuple[Value, ...]


def find_restatements(
    question: Question,
    weights: Mapping[str, float],
    passages: Sequence[Passage],
    values: Values,
    least_coverage: float,
) -> Iterator[tuple[Statement, Statement]]:
    """Return pairs of statements of two documents, one of which says the same of less.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
        values: What finds values of the asked kind.
        least_coverage: Share of the question that one of the two must cover.
    """
    told = [s for p in passages for s in _statements(p, values)]
    for full in told:
        passage = full.passage
        if coverage(weights, full.sentence.stems, passage.context) < least_coverage:
            continue
        for short in told:
            if short.passage.document_id == passage.document_id:
                continue
            if _restates(short, full, frozenset(question.terms)):
                yield full, short


def _restates(short: Statement, full: Statement, terms: frozenset[str]) -> bool:
    if not short.said <= full.said or len(short.said) < LEAST_SHARE * len(full.said):
        return False
    # "For trainees 90 days" is an exception to "30 days", and no contradiction of it.
    asked = (full.said - short.said) & terms
    return asked <= short.passage.stems | short.passage.context


def _statements(passage: Passage, values: Values) -> Iterator[Statement]:
    for sentence in passage.sentences:
        for text in _readings(sentence.text):
            found = values(text)
            if not found:
                continue
            given = frozenset(stem for value in found for stem in stems(value.text))
            said = frozenset(stems(text)) - given
            if len(said) >= LEAST_SAID:
                yield Statement(passage, sentence, said, found)


def _readings(text: str) -> Iterator[str]:
    """Read a row of a table as its first cell with each of the others; anything else as it is."""
    if CELL not in text:
        yield text
        return
    first, *others = (cell.strip() for cell in text.split(CELL.strip()))
    for other in others:
        yield f"{first} {other}"
