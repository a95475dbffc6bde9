"""Notice when two documents fill the asked slot with different values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from query.decision import Conflict, ConflictSide
from query.features import TYPE_KINDS
from query.passages import SHAPE_STEMS, Passage, Sentence, coverage
from query.question import Question
from query.values import Value, ValueKind, find_values, same_value

LEAST_COVERAGE = 0.7
"""Share of the question that a sentence must cover before its value counts as an answer."""
CLOSE_TO_BEST = 0.85
LOOKED_AT = 6
MOST_VALUES = 2
SHORT_QUESTION = 3
COMPLETE = 0.99


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
            pair = _contradiction(one, other)
            if pair:
                sides = (_side(one, pair[0]), _side(other, pair[1]))
                return (Conflict(pair[0].kind.value, sides),)
    return ()


def _filled(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Iterator[_Filled]:
    for passage in passages:
        for sentence in passage.sentences:
            covered = coverage(weights, sentence.stems, passage.context)
            values = _slot_values(question, sentence) if covered >= LEAST_COVERAGE else ()
            if values:
                yield _Filled(passage, sentence, covered, values)


def _slot_values(question: Question, sentence: Sentence) -> tuple[Value, ...]:
    kinds = TYPE_KINDS.get(question.answer_type)
    if kinds is None:
        return ()
    named = {value.amount for value in question.values}
    found = [v for v in find_values(sentence.text) if v.kind in kinds and v.amount not in named]
    asked = [v for v in found if v.unit and v.unit in question.terms]
    chosen = asked or found
    # A sentence full of figures answers several questions; which one is meant is a guess.
    return tuple(chosen) if len(chosen) <= MOST_VALUES else ()


def _contradiction(one: _Filled, other: _Filled) -> tuple[Value, Value] | None:
    for mine in one.values:
        for theirs in other.values:
            if any(same_value(a, b) for a in one.values for b in other.values):
                return None
            if mine.kind is theirs.kind and _comparable(mine, theirs):
                return mine, theirs
    return None


def _comparable(one: Value, other: Value) -> bool:
    if one.kind is ValueKind.DATE:
        # 2019 and 12 March 2019 are the same statement at two grains; `same_value` saw that.
        return True
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
