"""Notice when several documents answer, and nothing that was said picks one of them.

"Who is the mayor?" is answered by the page of every town. Rules that look for the thing a question
points at (`unnamed.py`) have to find its kind and its names in the evidence; the reader only has to
find the answer. So the best passages of the first few documents are read with the words that were
asked, whatever earlier turns added to them, unless a word picks one: a word of its title that the
others lack, in the question, or in the last turn that has such a word at all.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from query.asking.question import AnswerType, Question
from query.judging.features import TYPE_KINDS
from query.judging.reader import Reading
from query.judging.rivals import is_answer, same_words, span_of
from query.text.instances import subject_of
from query.text.literals import names_of
from query.text.passages import SHAPE_STEMS, Passage, coverage
from query.text.values import find_values, same_value
from query.text.words import stems

MOST: Final = 3
"""Documents that are read beside the first."""
LOOKED_AT: Final = 12
MOST_TERMS: Final = 3
"""Words of a question that leaves something open; one with more says what it is about."""
BEHIND: Final = 2.0
"""How much less well than the best a document may answer, in logits."""
CLOSE: Final = 0.8
"""Share of what the best of them covers that another must cover to be meant as well."""
LATELY: Final = 2
"""Turns before a question that tell what is spoken of."""
ABOUT: Final = 0.4
"""Share of their words that a passage has which they are about."""
_TOLD: Final = frozenset(
    {AnswerType.LIST, AnswerType.PROCEDURE, AnswerType.REASON, AnswerType.DEFINITION}
)
"""What several documents tell in words of their own, each of them right."""
_OF_NO_KIND: Final = frozenset({AnswerType.OTHER, AnswerType.YES_NO})
"""Where only a few words in the text are an answer that another one may differ from."""
_OF_A_WORD: Final = re.compile(
    r"^\W*(?:and |so )?what(?:['’]?s| is| are| was| were) (?:the|our|my|your) \w+(?: \w+)?\W*$",
    re.IGNORECASE,
)
"""Asks for the one thing that a word stands for: "What is the deposit?"."""
APART: Final = 0.25
"""How much greater that share must be than another passage's."""


def open_between(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> tuple[Passage, ...]:
    """Return the best passages of documents of which nothing picks one; the first one leads.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.

    Returns:
        Two or more, or none.
    """
    asked = question.own_text
    named = question.identifiers or question.designators or question.values or names_of(asked)
    if not passages or named or len(_content(question, weights)) > MOST_TERMS:
        return ()
    first = passages[0]
    best: dict[str, Passage] = {}
    for passage in passages[1:LOOKED_AT]:
        if passage.document_id != first.document_id:
            best.setdefault(passage.document_id, passage)
    telling = _telling([first, *best.values()])
    others = [p for p in list(best.values())[:MOST] if not _is_picked(question, first, p, telling)]
    return (first, *others) if others else ()


def answering_as_well(
    question: Question,
    weights: Mapping[str, float],
    read: Sequence[tuple[Passage, Reading]],
    least: float,
) -> tuple[str, ...]:
    """Return the chunks of different answers, by their ids; none where there is only one.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        read: What `open_between` gave, each with what was read in it.
        least: Logit from which a passage answers.
    """
    kind = question.answer_type
    if kind in _TOLD:
        return ()
    if kind in _OF_NO_KIND and not _OF_A_WORD.search(question.own_text):
        read = [(p, reading) for p, reading in read if is_answer(kind, span_of(p, reading))]
    if len(read) < 2:
        return ()
    content = _content(question, weights)
    covered = [coverage(content, p.stems, p.context) if content else 1.0 for p, _ in read]
    least = max(least, max(reading.answers for _, reading in read) - BEHIND)
    found: list[tuple[Passage, Reading]] = []
    for one, share in zip(read, covered, strict=True):
        answers = one[1].answers > least and share >= CLOSE * max(covered)
        if answers and not any(
            _says_the_same(known, one) or _gives_the_same(question, content, known, one)
            for known in found
        ):
            found.append(one)
    return tuple(passage.chunk_id for passage, _ in found) if len(found) > 1 else ()


def _content(question: Question, weights: Mapping[str, float]) -> dict[str, float]:
    """Return the weights of what was asked, without what says only what kind of answer it wants."""
    own = frozenset(stems(question.own_text)) - SHAPE_STEMS
    return {term: weight for term, weight in weights.items() if term in own}


def _says_the_same(one: tuple[Passage, Reading], other: tuple[Passage, Reading]) -> bool:
    spans = span_of(*one), span_of(*other)
    if not all(spans):
        return False
    mine, theirs = (frozenset(stems(span)) for span in spans)
    shared = not mine.isdisjoint(theirs)
    return shared or same_words(one[0], spans[1]) or same_words(other[0], spans[0])


def _gives_the_same(
    question: Question,
    content: Mapping[str, float],
    one: tuple[Passage, Reading],
    other: tuple[Passage, Reading],
) -> bool:
    """Tell whether the value read in one passage is what the other says of it: both six months.

    The reader may be sure that a passage answers, and not see where.
    """
    kinds = TYPE_KINDS.get(question.answer_type)
    if kinds is None:
        return False
    for (passage, reading), (beside, _) in ((one, other), (other, one)):
        said = max(beside.sentences, key=lambda s: coverage(content, s.stems), default=None)
        mine = [v for v in find_values(span_of(passage, reading)) if v.kind in kinds]
        theirs = find_values(said.text) if said is not None else ()
        if any(same_value(a, b) for a in mine for b in theirs if b.kind in kinds):
            return True
    return False


def _telling(passages: Sequence[Passage]) -> frozenset[str]:
    """Return the words that the title of one document has and no other's."""
    own = [subject_of(passage).own for passage in passages]
    counts = Counter(word for words in own for word in words)
    return frozenset(word for word, count in counts.items() if count == 1)


def _is_picked(question: Question, first: Passage, other: Passage, telling: frozenset[str]) -> bool:
    """Tell whether something that was said picks a document, be it one of the two or a third."""
    mine, theirs = subject_of(first).own, subject_of(other).own
    if mine == theirs:
        return True
    for said in _said(question):
        named = bool(said & (mine - theirs)), bool(said & (theirs - mine))
        if any(named):
            return not all(named)
        if said & telling:
            return True
    return _is_spoken_of(question, first, other)


def _is_spoken_of(question: Question, first: Passage, other: Passage) -> bool:
    """Tell whether the last turns were clearly about what one of two passages says."""
    own = frozenset(stems(question.own_text))
    lately = [frozenset(stems(turn.text)) for turn in question.earlier[-LATELY:]]
    words = frozenset().union(*lately) - own
    shares = [len(words & (p.stems | p.context)) / max(1, len(words)) for p in (first, other)]
    return max(shares) >= ABOUT and abs(shares[0] - shares[1]) >= APART


def _said(question: Question) -> Iterator[frozenset[str]]:
    """Yield the words of the question, then of earlier turns, the last first."""
    yield frozenset(stems(question.own_text))
    for turn in reversed(question.earlier):
        yield frozenset(stems(turn.text))
