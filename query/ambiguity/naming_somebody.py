"""Of what may be meant, only what names somebody where "Who is the …?" is asked.

"Who is the treasurer?" is answered by "Treasurer: Yusuf Demir", and not left open by a page that
says when the treasurer pays.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from query.ambiguity.unnamed import Possible
from query.asking.question import Question
from query.text.passages import Passage, coverage
from query.text.words import STOP_WORDS, stem

CLOSE: Final = 0.8
"""Share of what the best sentence covers that another must cover to be read."""
_ASKS_WHO: Final = re.compile(
    r"\bwho(?:['’]s|se| is| are| was| were)? (?:the|your|our|my|this|that)\b", re.IGNORECASE
)
_NAME: Final = re.compile(r"(?<![\w'’-])[A-ZÀ-Þ][\w'’-]*\.?(?: [A-ZÀ-Þ][\w'’-]*\.?)+")


def naming_somebody(
    question: Question, weights: Mapping[str, float], possible: Sequence[Possible]
) -> tuple[Possible, ...]:
    """Return what may be meant without what names nobody, where something else does.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        possible: What may be meant.
    """
    if not _ASKS_WHO.search(question.own_text):
        return tuple(possible)
    giving = tuple(one for one in possible if _gives(question, weights, one))
    return giving or tuple(possible)


def _gives(question: Question, weights: Mapping[str, float], one: Possible) -> bool:
    passage = one.instance.passage
    texts = [one.quote] if one.quote else _telling(weights, passage)
    known = passage.context | frozenset(question.terms)
    return any(_names_someone(text, known) for text in texts)


def _telling(weights: Mapping[str, float], passage: Passage) -> list[str]:
    """Return the sentences of a passage that say most of what is asked."""
    covered = [(coverage(weights, s.stems, passage.context), s.text) for s in passage.sentences]
    best = max((share for share, _ in covered), default=0.0)
    return [text for share, text in covered if share >= CLOSE * best]


def _names_someone(text: str, known: frozenset[str]) -> bool:
    return any(_is_name(match.group().split(), known) for match in _NAME.finditer(text))


def _is_name(words: Sequence[str], known: frozenset[str]) -> bool:
    """Tell whether two words with capitals are left without those of question and title."""
    return sum(w.lower() not in STOP_WORDS and stem(w.lower()) not in known for w in words) > 1
