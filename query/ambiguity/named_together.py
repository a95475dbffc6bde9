"""Notice a question about one of several things that the conversation named together.

"Tell me about the heating grant and the carer allowance." - "What about students?" Either page
answers; that the first does not say that it is the one that was meant.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from query.ambiguity.of_what import telling_terms
from query.ambiguity.unnamed import CLOSE, Known, Possible, Unnamed
from query.asking.followups import Turn
from query.asking.question import Question
from query.text.instances import Instance, subject_of
from query.text.passages import Passage, coverage
from query.text.words import stems

LOOKED_AT: Final = 12
"""Documents among the candidates that may have been named."""
LATELY: Final = 4
"""Turns before a question that are looked at."""
LEAST: Final = 0.5
"""Share of the question that the best of the documents must cover."""
BESIDE: Final = 8
"""Words between two things that a turn names together, small ones left out."""
_OF_ALL: Final = re.compile(
    r"\b(?:they|them|their|theirs|both|each|every|all|either|neither|those|these|compared?|than"
    r"|differences?|differ|others?|first|second|third|last|latter|former|which|respectively)\b",
    re.IGNORECASE,
)
_OF_ONE: Final = re.compile(r"\bone of (?:them|those|these|the\s+\w+)\b", re.IGNORECASE)
_ASKS_WHAT_THERE_IS: Final = re.compile(
    r"\b(?:which|list|any|some|kinds?|types?|options?|are there|is there|what else|do you (?:have"
    r"|offer)|told me|there for)\b",
    re.IGNORECASE,
)
_PIECES: Final = re.compile(r"\s*[:–—|]\s*|\s-\s")


def find_named_together(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed | None:
    """Return what the conversation named together, where the question picks none of it.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    text = question.own_text
    if not question.earlier or asks_of_all(text):
        return None
    subjects = Subjects(passages)
    own = stems(text)
    if subjects.named(own):
        return None
    together = _last_named_together(question.earlier[-LATELY:], subjects)
    content = telling_terms(question, weights)
    covered = {
        document: max(coverage(content, p.stems, p.context) if content else 1.0 for p in among)
        for document, among in _of_documents(together, passages).items()
    }
    best = max(covered.values(), default=0.0)
    if best < LEAST:
        return None
    possible = tuple(
        Possible(subjects.by_document[document], share)
        for document, share in covered.items()
        if share >= CLOSE * best
    )
    return Unnamed("", possible, Known.DOCUMENT) if len(possible) > 1 else None


def asks_of_all(text: str) -> bool:
    """Tell whether a question is about all things that were named, or says itself which."""
    return _OF_ALL.search(_OF_ONE.sub(" ", text)) is not None


class Subjects:
    """What the documents of the candidates are about, and the words that tell them apart."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self.by_document: dict[str, Instance] = {}
        for passage in passages:
            if len(self.by_document) < LOOKED_AT:
                self.by_document.setdefault(passage.document_id, subject_of(passage))
        counts = Counter(word for one in self.by_document.values() for word in one.own)
        self._telling = frozenset(word for word, count in counts.items() if count == 1)
        pieces = Counter(piece for one in self.by_document.values() for piece in set(_pieces(one)))
        self._own_pieces = frozenset(piece for piece, count in pieces.items() if count == 1)

    def named(self, words: Sequence[str]) -> dict[str, int]:
        """Return the documents whose subjects stand among words, with the place where they do."""
        found: dict[str, int] = {}
        said = frozenset(words)
        for document, one in self.by_document.items():
            telling = one.own & self._telling
            here = telling & said
            written_out = any(
                p <= said and p & telling for p in _pieces(one) if p in self._own_pieces
            )
            if here and (written_out or 2 * len(here) >= len(telling)):
                found[document] = min(words.index(word) for word in here)
        return found


def _pieces(one: Instance) -> Iterator[frozenset[str]]:
    """Yield the stems of the parts of a title: "Tessaly Bank: Home Loan" has two."""
    return (frozenset(stems(piece)) for piece in _PIECES.split(one.name) if stems(piece))


def _last_named_together(turns: Sequence[Turn], subjects: Subjects) -> frozenset[str]:
    """Return the documents that the latest turn named which named any; none if it was one.

    What an answer mentions counts only where it was asked what there is, and nothing was named.
    """
    answered: dict[str, int] = {}
    for turn in reversed(turns):
        named = subjects.named(stems(turn.text))
        if not turn.is_asked:
            answered = named or answered
            continue
        if len(named) > 1 and len(answered) != 1:
            return frozenset(named)
        if named:
            return frozenset()
        if answered and not _ASKS_WHAT_THERE_IS.search(turn.text):
            return frozenset()
        if answered:
            break
    places = sorted(answered.values())
    beside = all(after - before <= BESIDE for before, after in pairwise(places))
    return frozenset(answered) if len(answered) > 1 and beside else frozenset()


def _of_documents(
    documents: frozenset[str], passages: Sequence[Passage]
) -> dict[str, list[Passage]]:
    found: dict[str, list[Passage]] = {}
    for passage in passages:
        if passage.document_id in documents:
            found.setdefault(passage.document_id, []).append(passage)
    return found
