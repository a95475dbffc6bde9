"""Notice "the fort" after an answer that told of several forts, and of none more than of another.

"Which forts were there?" - "Fort Carillon, Fort Duquesne and Fort Presque Isle." - "Who had the
fort built?" The answer named several things of the kind side by side; the one that a search finds
first need not be the one that was meant.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

from query.ambiguity.named_together import asks_of_all
from query.ambiguity.unnamed import Known, Possible, Unnamed
from query.asking.followups import Turn
from query.asking.mentions import Mention, named_side_by_side
from query.asking.question import Question
from query.text.instances import Instance
from query.text.passages import Passage
from query.text.words import STOP_WORDS, stem, stems

LOOKED_AT: Final = 12
"""Candidates that must speak of the things."""
LATELY: Final = 2
"""Answers that are looked at, the last first."""
MOST: Final = 6
_DEFINITE: Final = re.compile(
    r"\b(?:the|this|that|my|our)\s+(?:[a-z]+\s+)?(?P<noun>[a-z]{3,})\b(?:['’]s\b)?"
)
_WHERE: Final = re.compile(
    r"\s\(?(?:in|at|from|near|on)\s(?:the\s)?[A-Z][\w'’-]*(?:\s[A-Z][\w'’-]*)*\)?"
)
"""Says of a thing where it is, and would stand between it and the next."""
_MANY: Final = re.compile(r"(?:[^sui]s|ies|people|men|children|feet)$")
_IRREGULAR: Final = {
    "man": "men", "woman": "women", "child": "children", "person": "people", "foot": "feet",
    "campus": "campuses", "bus": "buses",
}  # fmt: skip


def find_one_of_several(
    question: Question, weights: Mapping[str, float], passages: Sequence[Passage]
) -> Unnamed | None:
    """Return the things of a kind that the last answer named, where the question picks none.

    Args:
        question: A simple question.
        weights: Weight of its terms.
        passages: Candidates, best first.
    """
    text = question.own_text
    if asks_of_all(text) or not weights:
        return None
    own = frozenset(stems(text))
    known = frozenset().union(*(p.stems | p.context for p in passages[:LOOKED_AT]))
    for noun in _nouns(text):
        for group in _groups(noun, question.earlier):
            telling = {one: one.stems - {stem(noun)} for one in group}
            if any(words & own for words in telling.values()):
                break
            spoken = [one for one, words in telling.items() if words and words <= known]
            if len(spoken) > 1:
                possible = [as_possible(one, telling[one], passages) for one in spoken[:MOST]]
                return Unnamed(noun, tuple(possible), Known.NAME)
    return None


def _nouns(text: str) -> Iterator[str]:
    """Yield what a question points at as one thing of a kind: "the fort", "my old list"."""
    at = 0
    while found := _DEFINITE.search(text, at):
        at = found.start("noun")
        words = (re.sub(r"['’]s$", "", word) for word in found.group().split()[1:])
        yield from (word for word in words if word not in STOP_WORDS and not _MANY.search(word))


def _groups(noun: str, turns: Sequence[Turn]) -> Iterator[Sequence[Mention]]:
    """Yield the things of a kind that one of the last answers named, and nothing since picked."""
    asked = [number for number, turn in enumerate(turns) if turn.is_asked]
    for at, end in reversed(list(pairwise([*asked, len(turns)]))[-LATELY:]):
        said = " ".join(turn.text for turn in turns[at:])
        answer = " ".join(turn.text for turn in turns[at + 1 : end])
        since = frozenset(stems(" ".join(turn.text for turn in turns[end:])))
        several = re.search(rf"\b{re.escape(_plural(noun))}\b", said, re.IGNORECASE)
        one = re.search(rf"\b{re.escape(noun)}\b", said)
        for group in named_side_by_side(_WHERE.sub("", answer)):
            of_kind = [mention for mention in group if stem(noun) in mention.stems]
            named = [mention for mention in group if mention.text[0].isupper()]
            found = of_kind if len(of_kind) > 1 else named if several and not one else ()
            if len(found) > 1 and sum(bool((m.stems - {stem(noun)}) & since) for m in found) != 1:
                yield found


def _plural(noun: str) -> str:
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if re.search(r"[^aeiou]y$", noun):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if re.search(r"(?:s|x|z|ch|sh)$", noun) else f"{noun}s"


def as_possible(one: Mention, words: frozenset[str], passages: Sequence[Passage]) -> Possible:
    """Return a thing that was named as one that may be meant, with what first speaks of it."""
    passage = next((p for p in passages if words <= p.stems | p.context), passages[0])
    return Possible(Instance(one.text, passage, one.stems, subject=False), 1.0)
