"""Notice a question that asks for something of a thing and names none: "Who is responsible?".

Every word of it asks: for a requirement, a step, a price, whether something is allowed. Pages about
many things answer such words, and the judge, which sees one page at a time, takes the first for the
one that was meant.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from query.ambiguity.unnamed import Possible
from query.asking.question import AnswerType, Question
from query.text.instances import subject_of
from query.text.passages import SHAPE_STEMS, Passage
from query.text.words import only_asks, stems

MOST_TERMS: Final = 4
"""Of a question that may say nothing; more words say something by their company."""


def asks_of_nothing(question: Question) -> bool:
    """Tell whether no word of a question says what it is about, and nothing was said before it.

    In a conversation such a question is about what the conversation is about.

    Args:
        question: A simple question.
    """
    if (
        question.earlier
        or question.names
        or question.identifiers
        or question.acronyms
        or question.values
    ):
        return False
    if question.designators or question.answer_type is AnswerType.DEFINITION:
        return False
    words = zip(question.terms, question.surface, strict=True)
    telling = [word for term, word in words if term not in SHAPE_STEMS]
    return 0 < len(telling) <= MOST_TERMS and all(map(only_asks, telling))


def telling_terms(question: Question, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights of the words as they were asked that do not only ask.

    Args:
        question: A simple question; what earlier turns added to it is left out.
        weights: Weight of its terms.
    """
    own = frozenset(stems(question.own_text)) - SHAPE_STEMS
    words = zip(question.terms, question.surface, strict=True)
    asking = {term for term, word in words if only_asks(word)}
    return {term: weight for term, weight in weights.items() if term in own - asking}


def documents_that_speak_of(
    question: Question, passages: Sequence[Passage]
) -> tuple[Possible, ...]:
    """Return the documents, each about something else, that may be meant.

    Those of which the title or a heading consists of the words that ask; where there are none,
    those that have all of the words. That a single one has them does not make it what was meant.

    Args:
        question: One that asks of nothing.
        passages: Candidates, best first.
    """
    asked = frozenset(question.terms) - SHAPE_STEMS
    headed = _of_different_things(p for p in passages if _is_headed(p, asked))
    if headed:
        return headed
    found = _of_different_things(p for p in passages if asked <= p.stems | p.context)
    return found if len(found) > 1 else ()


def _is_headed(passage: Passage, asked: frozenset[str]) -> bool:
    """Tell whether a title or heading says what is asked and no more: "How to apply"."""
    return any(frozenset(stems(line)) == asked for line in (passage.title, *passage.headings))


def _of_different_things(passages: Iterable[Passage]) -> tuple[Possible, ...]:
    found: dict[frozenset[str], Possible] = {}
    for passage in passages:
        subject = subject_of(passage)
        found.setdefault(subject.own, Possible(subject, 1.0))
    return tuple(found.values())
