"""Words for one measure: what weighs 3 kg has a weight of 3 kg."""

import re
from collections.abc import Iterable
from typing import Final

from query.text.words import stem

_GROUPS: Final = (
    "weight weighs weigh heavy mass",
    "length long",
    "height high tall",
    "width wide",
    "depth deep",
    "thickness thick",
    "age old aged",
    "price cost costs charge charges",
    "speed fast",
    "distance far",
)
_SAME: Final = {
    stem(word): frozenset(stem(other) for other in group.split())
    for group in _GROUPS
    for word in group.split()
}
_MEASURED: Final = re.compile(
    r"\b(?:what|which)(?: (?:is|was|are) the)?"
    r"(?: (?:maximum|minimum|greatest|least|highest|lowest))?"
    r" (?:depth|height|width|length|weight|mass|speed|temperature|distance|pressure|voltage"
    r"|capacity|volume|altitude|age|size|diameter|thickness|frequency|resolution|accuracy)\b",
    re.IGNORECASE,
)


def asks_for_measure(text: str) -> bool:
    """Tell whether a number and a unit answer, although no word asks "how many"."""
    return bool(_MEASURED.search(text))


def names_measure(word: str) -> bool:
    """Tell whether a word stands for a measure: "weigh", "price"."""
    return stem(word.lower()) in _SAME


def with_kindred(stems: Iterable[str]) -> frozenset[str]:
    """Return stems and those of other words for the same measures."""
    known = frozenset(stems)
    return known.union(*(_SAME[one] for one in known & _SAME.keys()))
