"""The sentences that seem to answer a question: where the judge points, or what has most of it."""

from collections.abc import Mapping, Sequence
from typing import Final

from query.asking.question import Question
from query.judging.features import TYPE_KINDS
from query.ruling import Ruling
from query.text.passages import Passage, Sentence, coverage
from query.text.values import find_values

LOOKED_AT: Final = 5
"""Candidates in which another sentence may answer."""
HALF: Final = 0.5
"""Share of the words of a question from which on a sentence is about the same."""


def seeming(
    question: Question, passages: Sequence[Passage], weights: Mapping[str, float], ruling: Ruling
) -> list[Sentence]:
    """Return the sentences at which the judge points, or else those with most of the words.

    Those with a value of the kind that is asked for come first: "free" is one of none.

    Args:
        question: A simple question.
        passages: Its usable candidates, best first.
        weights: Of the words that count.
        ruling: Says where the judge points; the first passage of those counts.
    """
    for passage in passages:
        place = ruling.places.get(passage.chunk_id)
        if place is not None:
            start, end = place
            return [s for s in passage.sentences if s.start < end and start < s.end]
    for may in (may_answer, is_no_heading):
        shares = [
            (coverage(weights, sentence.stems), sentence)
            for passage in passages[:LOOKED_AT]
            for sentence in passage.sentences
            if may(question, sentence, passage)
        ]
        most = max((share for share, _ in shares), default=0.0)
        if most >= HALF:
            return [sentence for share, sentence in shares if share >= most]
    return []


def may_answer(question: Question, sentence: Sentence, passage: Passage) -> bool:
    """Tell whether a sentence has a value of the kind that is asked for, if one is."""
    kinds = TYPE_KINDS.get(question.answer_type)
    has_one = not kinds or any(value.kind in kinds for value in find_values(sentence.text))
    return has_one and is_no_heading(question, sentence, passage)


def is_no_heading(_question: Question, sentence: Sentence, passage: Passage) -> bool:
    """Tell whether a sentence says something under its headings."""
    return sentence.text not in {passage.title, *passage.headings}
