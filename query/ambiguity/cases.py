"""Notice when the evidence answers case by case, and the question names no case.

"How long is the warranty?" has no answer where a table gives another one for every product: what
the asker has to be asked is which product. Read are tables (cases down the first column, or along
the head row) and lists of lines that say the same of several things but for the figures.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from query.asking.question import AnswerType, Question
from query.judging.features import TYPE_KINDS
from query.tables.cells import asked_cells
from query.tables.tables import is_empty, is_unlimited
from query.text.passages import CELL, SHAPE_STEMS, Passage, cells_of, coverage, table_heads
from query.text.values import ValueKind, find_values
from query.text.words import stem, stems

LOOKED_AT: Final = 4
LEAST_COVERAGE: Final = 0.7
"""Share of the question that what is common to all cases must cover."""
LEAST_NAMED: Final = 0.5
"""Share of the words of a column's or row's name that the question must use."""
LONGEST_NAME: Final = 4
"""Words; what is longer is a sentence."""
MOST_CASES: Final = 12
"""With more, a table is a register: what is looked for in it is hardly left open by accident."""
_MOST_WORDS: Final = 3
"""Of a cell without a value, up to which it is one of several cases: "by bike"."""
_ACROSS: Final = re.compile(
    r"\b(?:which|all|each|every|any|list(?! prices?\b)|compare|differ\w*|versus|vs|either|both"
    r"|respective\w*|highest|lowest|cheapest|longest|shortest|largest|smallest|biggest|most|least|fewest|best"
    r"|worst|first|last|latest|earliest|total|average|altogether|range)\b",
    re.IGNORECASE,
)
"""A question with one of these asks about several cases, or for one by its value."""
_LABELLED: Final = re.compile(r"^[-*•\s]*(?P<label>[^:|]{2,40}):\s+(?P<said>\S.*)$")
_FIGURE: Final = re.compile(r"\d+(?:[.,:]\d+)*")
_WORD: Final = re.compile(r"\w+")
_PLAIN_NAMES: Final = {
    AnswerType.DATE: frozenset(stems("date day when time start")),
    AnswerType.MONEY: frozenset(stems("price cost costs amount fee")),
}
"""Heads of columns that say no more than what kind of answer is asked for."""
HEAD_UNITS: Final = frozenset(stems("eur euro euros gbp pounds usd dollars chf kg m mm cm km"))
"""In what a column's head says of how its cells are written, not of what they say."""
_UNREAD: Final = frozenset({AnswerType.YES_NO, AnswerType.LIST, AnswerType.PROCEDURE})


@dataclass(frozen=True, slots=True)
class Case:
    """One of several answers."""

    passage: Passage
    quote: str
    """The row or line that says so."""
    label: str
    """What it is the answer for."""
    value: str


@dataclass(frozen=True, slots=True)
class _Series:
    """Cases side by side, with what is said of all of them."""

    name: str
    """What is given for every case: a column's head, a row's first cell, what lines share."""
    kind: str
    """What the cases are (`Product`), or empty."""
    cases: tuple[Case, ...]
    common: frozenset[str]
    """Stems of what holds for all of them."""


def find_cases(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[str, tuple[Case, ...]] | None:
    """Return what the cases are and the cases that the question leaves open, or nothing.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    numbered = {one.number for one in question.designators}
    given = any(value.text not in numbered for value in question.values)
    if given or question.answer_type in _UNREAD or _asks_across(question):
        return None
    if any(
        _has_asked_kind(question, f"{c.text} {c.name}") for c in asked_cells(question, passages)
    ):
        return None  # one cell is asked for, in whatever table it stands
    content = {t: w for t, w in weights.items() if t not in SHAPE_STEMS}
    plain = max(
        (
            coverage(content, s.stems, p.context)
            for p in passages[:LOOKED_AT]
            for s in p.sentences
            if CELL not in s.text and _has_asked_kind(question, s.text)
        ),
        default=0.0,
    )
    for passage in passages[:LOOKED_AT]:
        for series in _all_series(question, passage):
            name = frozenset(stems(series.name))
            labels = frozenset(word for case in series.cases for word in stems(case.label))
            covered = coverage(content, series.common, labels)
            if covered < LEAST_COVERAGE or covered < plain or not _is_named(name, content):
                continue
            if frozenset(stems(series.kind)) & content.keys():
                continue  # a question that says "plan" knows that there are several
            left = _left_open(question, series)
            if not series.kind:
                left = _of_asked_kind(question, left)
                left = left if _is_of_one_kind(left) else ()
            # "None" of the first does not make amounts of the others no amounts.
            told = [case for case in left if not is_empty(case.value)]
            if len({_plain(case.value) for case in left}) > 1 and _is_told(question, series, told):
                return series.kind, left
    return None


def _is_told(question: Question, series: _Series, told: Sequence[Case]) -> bool:
    """Tell whether cases with a value give what is asked for."""
    return bool(told) and all(
        _has_asked_kind(question, f"{case.value} {series.name}") for case in told[:2]
    )


def _all_series(question: Question, passage: Passage) -> Iterator[_Series]:
    yield from _variants(question, passage)
    if not question.values:
        yield from _tables(passage)
        yield from _lines(passage)


def _asks_across(question: Question) -> bool:
    return bool(_ACROSS.search(question.text))


def _is_named(name: frozenset[str], content: Mapping[str, float]) -> bool:
    telling = name - SHAPE_STEMS
    telling = telling - HEAD_UNITS if len(telling) <= LONGEST_NAME else telling
    named = len(telling & content.keys())
    # A column's head is its name; of a whole line only some word will be in the question.
    return (
        named >= (LEAST_NAMED * len(telling) if len(telling) <= LONGEST_NAME else 1) and named > 0
    )


def _left_open(question: Question, series: _Series) -> tuple[Case, ...]:
    """Return the cases that the question may mean: those it names, or all of them.

    None where it names something that is none of the cases.
    """
    asked = f" {' '.join(_WORD.findall(question.text.lower()))} "
    verbatim = tuple(
        c for c in series.cases if f" {' '.join(_WORD.findall(c.label.lower()))} " in asked
    )
    if verbatim:  # "Pump B": what is a single letter is no term
        longest = max(verbatim, key=lambda case: len(case.label))
        within = [c for c in verbatim if c.label.lower() in longest.label.lower()]
        return (longest,) if len(within) == len(verbatim) else verbatim
    telling = frozenset(question.terms) - series.common
    said = [(case, telling & frozenset(stems(case.label))) for case in series.cases]
    names = frozenset(stem for name in question.names for stem in stems(name)) & telling
    if any(all(name not in words for _, words in said) for name in names):
        return ()
    most = max((len(words) for _, words in said), default=0)
    return tuple(case for case, words in said if len(words) == most)


def _is_of_one_kind(cases: Sequence[Case]) -> bool:
    """Tell whether the cells of a row are values of one kind.

    A row of which one cell is a date, one a team and one a number says several things of one. So
    does one with sentences: "E10 | The fan is blocked | Clean the air inlet". "No limit" is a value
    of any kind.
    """
    counted = [case for case in cases if not is_unlimited(case.value)]
    kinds = [frozenset(v.kind for v in find_values(case.value)) for case in counted]
    if not any(kinds):
        return all(len(case.value.split()) <= _MOST_WORDS for case in cases)
    return bool(kinds and frozenset.intersection(*kinds))


def _of_asked_kind(question: Question, cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return the columns of a row that give what is asked for; none where one gives just that.

    "When is the sprint?" is answered by the column "Date", and left open neither by "Entry closes"
    nor by "Fee per seat".
    """
    plain = _PLAIN_NAMES.get(question.answer_type)
    if plain is None:
        return tuple(cases)
    kinds = TYPE_KINDS[question.answer_type]
    those = tuple(c for c in cases if any(v.kind in kinds for v in find_values(c.value)))
    if any(frozenset(stems(case.label)) <= plain for case in those):
        return ()
    return those or tuple(cases)


def _tables(passage: Passage) -> Iterator[_Series]:
    """Read every table both ways: cases down the first column, cases along the head."""
    heads = table_heads(passage)
    for _, group in groupby(heads.items(), key=lambda item: id(item[1])):
        positions = [index for index, _ in group]
        head = heads[positions[0]]
        rows = [row for row in (passage.sentences[at] for at in positions) if row is not head]
        names = cells_of(head.text)
        cells = [(row, cells_of(row.text, head.text)) for row in rows]
        even = [(row, own) for row, own in cells if len(own) == len(names)]
        if len(names) < 2 or not even:
            continue
        if 2 <= len(even) <= MOST_CASES:
            for column in range(1, len(names)):
                cases = tuple(
                    Case(passage, row.text, own[0], own[column])
                    for row, own in even
                    if own[0] and own[column]
                )
                common = passage.context | frozenset(stems(names[column]))
                yield _Series(names[column], names[0], cases, common)
        if 3 <= len(names) <= MOST_CASES and not any(stems(n) == [] for n in names[1:]):
            for row, own in even:
                cases = tuple(
                    Case(passage, row.text, name, value)
                    for name, value in zip(names[1:], own[1:], strict=True)
                    if value
                )
                common = passage.context | frozenset(stems(own[0]))
                yield _Series(own[0], "", cases, common)


def _variants(question: Question, passage: Passage) -> Iterator[_Series]:
    """Read the rows of a register that give variants of a thing which the question names.

    Of forty products "Tern 4, polymer" and "Tern 4, titanium" are what "the Tern 4" may be.
    """
    asked = {one.text.lower() for one in question.designators}
    heads = table_heads(passage) if asked else {}
    rows = [(passage.sentences[at], head) for at, head in heads.items()]
    found = [
        (row, own, names, column)
        for row, head in rows
        for own, names in ((cells_of(row.text, head.text), cells_of(head.text)),)
        if row is not head and len(own) == len(names)
        for column, cell in enumerate(own)
        if any(cell.lower().startswith((f"{name}, ", f"{name} (")) for name in asked)
    ]
    if not 2 <= len(found) <= MOST_CASES or len({at for *_, at in found}) > 1:
        return
    _, _, names, labels = found[0]
    for column in range(labels + 1, len(names)):
        cases = tuple(Case(passage, row.text, own[labels], own[column]) for row, own, _, _ in found)
        yield _Series(
            names[column], names[labels], cases, passage.context | frozenset(stems(names[column]))
        )


def _lines(passage: Passage) -> Iterator[_Series]:
    """Read lines `label: text` whose texts are the same but for the figures."""
    found = [
        (_FIGURE.sub("#", match["said"]), match)
        for line in passage.text.splitlines()
        if CELL not in line
        for match in [_LABELLED.match(line)]
        if match and _FIGURE.search(match["said"])
    ]
    for said in dict.fromkeys(template for template, _ in found):
        cases = tuple(
            Case(passage, match.group().strip(), match["label"].strip(), match["said"].strip())
            for template, match in found
            if template == said
        )
        if 2 <= len(cases) <= MOST_CASES:
            labels = frozenset(word for case in cases for word in stems(case.label))
            yield _Series(said, "", cases, (passage.context | passage.stems) - labels)


def _has_asked_kind(question: Question, text: str) -> bool:
    """Tell whether a text holds a value of the asked kind; any text does if none is asked for."""
    kinds = TYPE_KINDS.get(question.answer_type)
    # A price list gives bare numbers: their currency or unit stands in the head of the column.
    return kinds is None or any(v.kind in kinds | {ValueKind.NUMBER} for v in find_values(text))


def _plain(value: str) -> str:
    return " ".join(stem(word) for word in value.lower().split())
