"""Notice when there is more than one answer: another value, name, thing or case."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from query.ambiguity.cases import find_cases
from query.ambiguity.differing_cells import find_differing_cells
from query.ambiguity.namesakes import find_namesakes
from query.ambiguity.restatements import find_restatements
from query.asking.question import AnswerType, Question
from query.decision import Conflict, ConflictSide
from query.judging.features import TYPE_KINDS
from query.text.measures import asks_for_measure, with_kindred
from query.text.passages import (
    CELL,
    SHAPE_STEMS,
    Passage,
    Sentence,
    cells_of,
    coverage,
    table_heads,
)
from query.text.values import Value, ValueKind, find_values, last_as_long, same_value, year_of
from query.text.words import STOP_WORDS, WORD, stem, stems

LEAST_COVERAGE = 0.7
"""Share of the question that a sentence must cover before its value counts as an answer."""
CLOSE_TO_BEST = 0.85
LOOKED_AT = 6
MOST_VALUES = 2
NAMESAKES = "namesakes"
"""Slot of a conflict between documents about different things of one name."""
CASES = "cases"
"""Slot of answers of which the right one depends on what the question does not say."""
REFERENTS = "referents"
"""Slot of things of a kind that the question points at without saying which is meant."""
ANSWERS = "answers"
"""Slot of two answers that reading finds in two documents."""
MOST_SIDES = 6
"""Cases that are shown."""
ALIKE = 0.6
"""Share of common words from which two sentences are two versions of one statement."""
ON_TOPIC = 0.5
MOST_CHANGED = 4
SHORT_QUESTION = 3
COMPLETE = 0.99
_MAIL_HEADER: Final = re.compile(r"^(?:From|To|Cc|Bcc|Date|Sent|Subject|Reply-To): ")
"""A line that says when and by whom a message was written, and nothing that could be denied."""
_DENIED: Final = re.compile(
    r"\b(?:no longer|instead of|rather than|formerly|previously) $", re.IGNORECASE
)
"""Before a value that a sentence says does not hold."""
_TOKEN: Final = re.compile(rf"\d+(?:[.,:]\d+)*|{WORD.pattern}")


@dataclass(frozen=True, slots=True)
class _Filled:
    """A sentence that fills the slot."""

    passage: Passage
    sentence: Sentence
    covered: float
    values: tuple[Value, ...]


def find_conflicts(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Conflict, ...]:
    """Return the first contradiction about what is asked, or nothing.

    Tried in turn: one cell of two tables, a table with an answer for every case, two values for the
    asked slot, one statement said of less with another value, one in two versions, two things of
    one name.
    """
    return (
        _cells(question, passages)
        or _cases(question, weights, passages)
        or find_rivals(question, weights, passages)
        or _restated(question, weights, passages)
        or find_variants(question, weights, passages)
        or _namesakes(question, passages)
    )


def find_rivals(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Conflict, ...]:
    """Return two values for the asked slot, or nothing.

    Only questions for a number, an amount, a duration or a date can be compared this way. Two
    documents contradict each other when both cover the question about equally well. Two
    sentences of one document do so only for a short question that both cover completely:
    "How long is the warranty?" where it depends on the product.
    """
    content = {t: w for t, w in weights.items() if t not in SHAPE_STEMS}
    filled = sorted(_filled(question, content, passages[:LOOKED_AT]), key=lambda f: -f.covered)
    if not filled:
        return ()
    close = [f for f in filled if f.covered >= CLOSE_TO_BEST * filled[0].covered]
    short = len(content) <= SHORT_QUESTION and not question.names and not question.designators
    for index, one in enumerate(close):
        for other in close[index + 1 :]:
            same = one.passage.document_id == other.passage.document_id
            if same and not (short and min(one.covered, other.covered) >= COMPLETE):
                continue
            if _names_one(question, one.passage, other.passage):
                continue
            pair = _contradiction(one, other, question.terms)
            if pair and not (_of_other_year(question, pair) or _of_other_columns(one, other, pair)):
                sides = (_side(one, pair[0]), _side(other, pair[1]))
                return (Conflict(pair[0].kind.value, sides),)
    return ()


def _names_one(question: Question, one: Passage, other: Passage) -> bool:
    """Tell whether a question names what only one of two passages is about: it is the one meant.

    "In Norway", of two pages "Terms: Norway" and "Terms: Spain". What a passage speaks of without
    being about it tells nothing.
    """
    terms = frozenset(question.terms)
    mine, theirs = (
        terms & passage.context - beside.stems - beside.context
        for passage, beside in ((one, other), (other, one))
    )
    return bool(mine) != bool(theirs)


def _of_other_year(question: Question, dates: tuple[Value, Value]) -> bool:
    """Tell whether one of two dates only is of a year that is asked about: it is the answer."""
    asked = {year_of(v) for v in question.values if v.kind is ValueKind.DATE} - {""}
    found = [year_of(v) for v in dates if v.kind is ValueKind.DATE]
    return len(found) == 2 and all(found) and sum(year in asked for year in found) == 1


def _of_other_columns(one: _Filled, other: _Filled, pair: tuple[Value, Value]) -> bool:
    """Tell whether two rows give their values in columns that are called otherwise."""
    names = [_column(f, value) for f, value in zip((one, other), pair, strict=True)]
    return all(names) and frozenset(stems(names[0])).isdisjoint(stems(names[1]))


def _column(filled: _Filled, value: Value) -> str:
    """Return the head of the column that has a value of a row; empty where it is no row."""
    places = {id(sentence): at for at, sentence in enumerate(filled.passage.sentences)}
    head = table_heads(filled.passage).get(places.get(id(filled.sentence), -1))
    if head is None or head is filled.sentence:
        return ""
    number = filled.sentence.text[: value.start].count(CELL.strip())
    heads = cells_of(head.text)
    return heads[number] if number < len(heads) else ""


def differing(
    passages: Sequence[Passage], rival: str, places: Mapping[str, tuple[int, int]]
) -> tuple[Conflict, ...]:
    """Return the conflict between the first passage and one that answers otherwise, or nothing.

    Args:
        passages: Best first.
        rival: The chunk that answers otherwise, by its id; empty where none does.
        places: Where in their chunks the answers stand.
    """
    sides = [p for p in passages if p is passages[0] or p.chunk_id == rival]
    if not rival or len(sides) < 2 or any(p.chunk_id not in places for p in sides):
        return ()
    one, other = (_answering(p, *places[p.chunk_id]) for p in sides)
    return (Conflict(ANSWERS, (one, other)),)


def _answering(passage: Passage, start: int, end: int) -> ConflictSide:
    said = next((s.text for s in passage.sentences if s.start <= start < s.end), passage.text)
    value = " ".join(passage.text[start:end].split())
    return ConflictSide(
        passage.chunk_id, passage.document_id, passage.key, passage.version, value, said
    )


def _restated(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Conflict, ...]:
    content = {t: w for t, w in weights.items() if t not in SHAPE_STEMS}
    looked_at = passages[:LOOKED_AT]
    pairs = find_restatements(
        question, content, looked_at, lambda text: _slot_values(question, text), LEAST_COVERAGE
    )
    for full, short in pairs:
        if _names_one(question, full.passage, short.passage):
            continue
        one, other = (_Filled(s.passage, s.sentence, 1.0, s.values) for s in (full, short))
        pair = _contradiction(one, other, question.terms)
        if pair and not _of_other_year(question, pair):
            return (Conflict(pair[0].kind.value, (_side(one, pair[0]), _side(other, pair[1]))),)
    return ()


def _filled(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Iterator[_Filled]:
    for passage in passages:
        for sentence, said in zip(passage.sentences, _answers(passage.sentences), strict=True):
            covered = coverage(weights, with_kindred(sentence.stems), passage.context)
            values = _slot_values(question, said.text) if covered >= LEAST_COVERAGE else ()
            if values:
                yield _Filled(passage, said, covered, values)


def _answers(sentences: Sequence[Sentence]) -> Iterator[Sentence]:
    """Yield for every sentence what says it: for one that asks, the sentence after it."""
    for sentence, after in zip_longest(sentences, sentences[1:]):
        yield after if after is not None and sentence.text.endswith("?") else sentence


def _slot_values(question: Question, text: str) -> tuple[Value, ...]:
    measured = frozenset({ValueKind.NUMBER}) if asks_for_measure(question.text) else None
    kinds = TYPE_KINDS.get(question.answer_type, measured)
    if kinds is None:
        return ()
    named = {value.amount for value in question.values}
    said = [
        v
        for v in find_values(text)
        if v.amount not in named and not _DENIED.search(text[: v.start])
    ]
    found = [v for v in said if v.kind in kinds]
    if not found and question.answer_type is AnswerType.DATE:
        found = [v for v in said if v.kind is ValueKind.DURATION]  # "When?" - "Within six weeks."
    asked = [v for v in found if v.unit and v.unit in question.terms]
    chosen = asked or found
    # A sentence full of figures answers several questions; which one is meant is a guess.
    return tuple(chosen) if len(chosen) <= MOST_VALUES else ()


def _contradiction(
    one: _Filled, other: _Filled, terms: Sequence[str]
) -> tuple[Value, Value] | None:
    for mine in one.values:
        for theirs in other.values:
            if any(same_value(a, b) for a in one.values for b in other.values):
                return None
            if mine.kind is theirs.kind and _comparable(mine, theirs, terms):
                return mine, theirs
    return None


def _comparable(one: Value, other: Value, terms: Sequence[str]) -> bool:
    if one.kind is ValueKind.DATE:
        return True  # 2019 and 12 March 2019 are one at two grains; `same_value` saw that
    if one.kind is ValueKind.DURATION and one.unit != other.unit:
        return last_as_long(one, other) is False  # working days and weeks are not compared
    if not one.unit or not other.unit:
        # "It employs 14 people" and "the answer is 68", where people are asked for.
        return (one.unit or other.unit) in {"", *terms}
    return one.unit == other.unit


def _side(filled: _Filled, value: Value) -> ConflictSide:
    return ConflictSide(
        chunk_id=filled.passage.chunk_id,
        document_id=filled.passage.document_id,
        key=filled.passage.key,
        version=filled.passage.version,
        value=value.text,
        quote=filled.sentence.text,
    )


def find_variants(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Conflict, ...]:
    """Return two versions of one sentence that differ in a name or a number, or nothing.

    Whatever is asked for: where two documents say the same in the same words but for the value,
    one of them was changed. A difference in a word of the question is none: those sentences are
    about different things.
    """
    content = {t: w for t, w in weights.items() if t not in SHAPE_STEMS}
    terms = frozenset(question.terms)
    told = [
        (passage, sentence, _words(sentence.text))
        for passage in passages[:LOOKED_AT]
        for sentence in passage.sentences
        if coverage(content, sentence.stems, passage.context) >= ON_TOPIC
        and not sentence.stems <= passage.context  # a title states nothing
        and not _MAIL_HEADER.match(sentence.text)
    ]
    for index, (one, said, mine) in enumerate(told):
        for other, told_there, theirs in told[index + 1 :]:
            if one.document_id == other.document_id or said.stems == told_there.stems:
                continue
            if _names_one(question, one, other):
                continue
            common = len(mine.keys() & theirs.keys())
            if common < ALIKE * len(mine.keys() | theirs.keys()):
                continue
            changed = _changed(mine, theirs, terms), _changed(theirs, mine, terms)
            if changed[0] and changed[1]:
                sides = (
                    _version(one, said, changed[0]),
                    _version(other, told_there, changed[1]),
                )
                return (Conflict("statement", sides),)
    return ()


def _version(passage: Passage, sentence: Sentence, words: Sequence[str]) -> ConflictSide:
    value = " ".join(words)
    return ConflictSide(
        passage.chunk_id, passage.document_id, passage.key, passage.version, value, sentence.text
    )


def _namesakes(question: Question, passages: Sequence[Passage]) -> tuple[Conflict, ...]:
    found = find_namesakes(question, passages)
    if found is None:
        return ()
    one, other = (
        ConflictSide(
            s.passage.chunk_id, s.passage.document_id, s.passage.key, s.passage.version, s.text,
            s.passage.sentences[0].text if s.passage.sentences else s.text,
        )
        for s in found
    )  # fmt: skip
    return (Conflict(NAMESAKES, (one, other)),)


def _cells(question: Question, passages: Sequence[Passage]) -> tuple[Conflict, ...]:
    found = find_differing_cells(question, passages)
    if found is None:
        return ()
    sides = tuple(
        ConflictSide(
            p.chunk_id, p.document_id, p.key, p.version, one.text, one.row.sentence.text,
        )
        for one in found
        for p in (one.table.passage,)
    )  # fmt: skip
    return (Conflict("statement", sides),)


def _cases(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Conflict, ...]:
    found = find_cases(question, weights, passages)
    if found is None:
        return ()
    kind, cases = found
    sides = tuple(
        ConflictSide(
            c.passage.chunk_id, c.passage.document_id, c.passage.key, c.passage.version, c.value,
            c.quote, c.label,
        )
        for c in cases[:MOST_SIDES]
    )  # fmt: skip
    return (Conflict(CASES, sides, kind),)


def _words(text: str) -> dict[str, str]:
    """Return the words of a sentence by their stems; numbers count with their separators."""
    found = (m.group() for m in _TOKEN.finditer(text))
    return {stem(w.lower()): w for w in found if w.lower() not in STOP_WORDS}


def _changed(
    mine: Mapping[str, str], theirs: Mapping[str, str], terms: frozenset[str]
) -> tuple[str, ...]:
    """Return the names and numbers that only one of two versions has; none if more is different."""
    only = [word for key, word in mine.items() if key not in theirs]
    telling = tuple(w for w in only if w[0].isupper() or w[0].isdigit())
    if not telling or len(only) > MOST_CHANGED or any(stem(w.lower()) in terms for w in only):
        return ()
    return telling
