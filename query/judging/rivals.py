"""Another document that answers too, and otherwise: what the reader says of the two.

Rules compare values of one kind (`conflicts.py`). Where a name, a place or a word is asked for,
only reading tells that two documents differ. So where the first passage answers, the best passage
of another document is read as well, if it stands almost as high; if it answers with other words,
the question has two answers. Questions to which several answers may be right at once are left out.
"""

import re
from collections.abc import Sequence
from typing import Final

from query.asking.question import AnswerType, Question
from query.judging.features import TYPE_KINDS
from query.judging.reader import Reading, text_of
from query.text.passages import Passage
from query.text.values import find_values
from query.text.words import stems

MOST: Final = 2
"""Other documents that are read: the first may be a copy of what came first, or silent."""
LOOKED_AT: Final = 6
LONGEST: Final = 8
"""Words of an answer of no certain kind; what is longer says it in another way, more often."""
_SEVERAL: Final = frozenset(
    {
        AnswerType.LIST, AnswerType.PROCEDURE, AnswerType.REASON, AnswerType.DEFINITION,
        AnswerType.YES_NO,
    }
)  # fmt: skip
_NAMED: Final = frozenset({AnswerType.PERSON, AnswerType.PLACE})
_WORD: Final = re.compile(r"\w+")


def rivals_of(question: Question, passages: Sequence[Passage], near: float) -> tuple[Passage, ...]:
    """Return the best passages of other documents that may answer otherwise than the first.

    Args:
        question: A simple question.
        passages: Candidates, best first.
        near: How much less score it may have.
    """
    if not passages or question.answer_type in _SEVERAL:
        return ()
    first = passages[0]
    named = _names_in(question, first)
    best: dict[str, Passage] = {}
    for passage in passages[1:LOOKED_AT]:
        if first.ranked.score - passage.ranked.score > near:
            break
        if passage.document_id != first.document_id and named <= _names_in(question, passage):
            best.setdefault(passage.document_id, passage)
    return tuple(best.values())[:MOST]


def says_otherwise(
    question: Question, one: tuple[Passage, Reading], other: tuple[Passage, Reading]
) -> bool:
    """Tell whether two passages, each with what was read in it, answer differently.

    Where one of them holds what was read in the other, the reader chose, and they need not differ.
    """
    known = frozenset(stems(question.text))
    spans = [span_of(*read) for read in (one, other)]
    if not all(is_answer(question.answer_type, span) for span in spans):
        return False
    mine, theirs = (frozenset(stems(span)) - known for span in spans)
    if not mine or not theirs or not mine.isdisjoint(theirs):
        return False
    return not (same_words(one[0], spans[1]) or same_words(other[0], spans[0]))


def same_words(passage: Passage, span: str) -> bool:
    """Tell whether the words of a span stand in a passage, in their order."""
    return f" {' '.join(stems(span))} " in f" {' '.join(passage.words)} "


def span_of(passage: Passage, reading: Reading) -> str:
    """Return the answer in the text of a passage; empty where it is nowhere, or in the title."""
    if reading.span <= 0.0 or reading.start < len(text_of(passage)) - len(passage.text):
        return ""
    return text_of(passage)[reading.start : reading.end]


def is_answer(kind: AnswerType, span: str) -> bool:
    """Tell whether a span is an answer of the kind that is asked for; an empty one is none."""
    if kind in TYPE_KINDS:
        return any(value.kind in TYPE_KINDS[kind] for value in find_values(span))
    if kind in _NAMED:
        return any(word[0].isupper() for word in _WORD.findall(span))
    return 0 < len(span.split()) <= LONGEST


def _names_in(question: Question, passage: Passage) -> frozenset[str]:
    """Return the names of a question that a passage, its title or its key holds."""
    text = passage.everything.lower()
    return frozenset(name for name in question.names if name.lower() in text)
