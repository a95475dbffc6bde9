"""Whether two clauses of the same words give them other roles: who beats whom, from where to where.

Without a parser roles are told by the words that stand before: the first name or noun, what follows
a verb with a capital, what follows "from", "to", "by", "with" and the like. Where two words have
changed places between two such slots, the clauses say different things.
"""

import re
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from query.text.words import STOP_WORDS, WORD, fold, stem, table

SAME_WORDS: Final = 0.95
"""Share of the words that have to be the same."""
_SLOTS: Final = table(
    "from to by with for of in on at into over under than against after before not"
)
_PASSIVE: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|being|get|gets|got)\b[^.;]{0,60}\bby\b", re.IGNORECASE
)
_COPULA: Final = re.compile(
    r"\b(?:is|are|was|were|be|been|equals?|becomes?|became)\b", re.IGNORECASE
)
_BOTH_WAYS: Final = re.compile(
    r"\b(?:marr\w+|met|meets?|border\w*|resembl\w+|which|who|whom|whose|between|near|next to"
    r"|connect\w*|link\w*|join\w*|merg\w+|face[sd]?|match\w*|rhym\w+|twin\w*|neighbou?r\w*|same"
    r"|similar\w*|equal\w*|opposite)\b",
    re.IGNORECASE,
)
"""What holds both ways, and clauses in a clause, whose order is another one."""


_WAY: Final = re.compile(
    r"\b(?P<way>to|from)\s+(?:(?:the|an?|its|his|her|their|our|your|my|any)\s+)?"
    r"(?P<what>[^\W\d_][\w-]*)",
    re.IGNORECASE,
)


def goes_other_way(mine: str, theirs: str) -> bool:
    """Tell whether one clause says "to" only where the other says "from" only, of the same.

    Args:
        mine: A clause.
        theirs: One of much the same words.
    """
    one, other = _ways(mine), _ways(theirs)
    return any(what in other and ways.isdisjoint(other[what]) for what, ways in one.items())


def _ways(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for match in _WAY.finditer(text):
        word = fold(match["what"]).lower()
        if word not in STOP_WORDS:
            found.setdefault(stem(word), set()).add(match["way"].lower())
    return {word: frozenset(ways) for word, ways in found.items()}


def are_swapped(mine: str, theirs: str) -> bool:
    """Tell whether two clauses of the same words have given two of them each other's role.

    Args:
        mine: A clause.
        theirs: One that may hold more words.
    """
    if holds_both_ways(mine, theirs) or is_passive(mine) != is_passive(theirs):
        return False
    one, other = dict(_roles(mine)), dict(_roles(theirs))
    if len(set(one.values()) & _words(theirs)) < len(set(one.values())):
        return False
    moved = [slot for slot in one.keys() & other.keys() if one[slot] != other[slot]]
    return any(
        one[first] == other[second] and one[second] == other[first]
        for first, second in combinations(moved, 2)
    )


def holds_both_ways(mine: str, theirs: str) -> bool:
    """Tell whether the order of words says nothing of two clauses, or cannot be read."""
    both = any(_BOTH_WAYS.search(text) for text in (mine, theirs))
    return both or (_COPULA.search(mine) is not None and not is_passive(mine))


def is_passive(text: str) -> bool:
    """Tell whether a clause says by whom something is done."""
    return _PASSIVE.search(text) is not None


def _words(text: str) -> frozenset[str]:
    return frozenset(stem(fold(match.group()).lower()) for match in WORD.finditer(text))


def _roles(text: str) -> Iterator[tuple[tuple[str, int], str]]:
    """Yield the slots of a clause with the stem in each; of equal slots the first is number 0."""
    seen: Counter[str] = Counter()
    slot, plain = "first", False
    for match in WORD.finditer(text):
        word = fold(match.group())
        low = word.lower()
        if low in _SLOTS:
            slot = low
        elif low not in STOP_WORDS:
            if not slot and plain and word[0].isupper() and not seen["object"]:
                slot = "object"
            if slot:
                yield (slot, seen[slot]), stem(low)
                seen[slot] += 1
            plain = plain or word[0].islower()
            slot = ""
