"""Turns of a conversation that neither ask nor name anything: thanks, yes and no, "the second one".

With the topic of the turn before it, "thanks" would be searched for and answered like a question
about that topic, and "the second one" with the first that is found: what was asked back, and in
which order, nobody here reads.
"""

import re
from typing import Final

from query.asking.courtesies import COURTESY, is_only_courtesy
from query.text.words import WORD, stems, table

_CHOICES: Final = (COURTESY - table("hi hello hey")) | table(
    "first second third fourth fifth sixth last latter former one ones other others either "
    "neither yeah nah correct exactly indeed"
)
"""Words that agree, decline, or point at a place in a list."""
_EVERY: Final = table("all any both each none")
"""They do so, too, unless they ask: "All of it?"."""
_AROUND: Final = table(
    "the of them these those that it and or for just only please i i'd i'll mean meant want would "
    "like take with to know how what about in then so a lot very much thank thanks"
)
"""Words that may stand around them; they name nothing either."""
_AGREES: Final = table("yes yeah yep sure ok okay right correct exactly indeed")
_CHOOSES: Final = re.compile(
    r"\b(?:who|whom|whose|what|when|where|which|why|how|or)\b", re.IGNORECASE
)
"""What is asked back so is not answered by yes or no."""
_ABOUT: Final = table("how what")
"""Only in "how about" and "what about": else they ask."""


def agrees(said: str, offered: str) -> bool:
    """Tell whether a turn agrees to what was asked back, of which there is one: "Yes, please".

    Args:
        said: The turn, without what others added to it.
        offered: What was asked back before it; empty where nothing was.
    """
    words = [match.group().lower() for match in WORD.finditer(said)]
    whether = bool(offered) and not _CHOOSES.search(offered)
    return whether and not _AGREES.isdisjoint(words) and _AGREES | {"please"} >= set(words)


def names_nothing(said: str, offered: str = "") -> str:
    """Return why a turn cannot be answered where it only agrees, thanks or points; else nothing.

    Args:
        said: The turn, without what others added to it.
        offered: What was asked back before it; a word of it is an answer.
    """
    if agrees(said, offered) or not frozenset(stems(said)).isdisjoint(stems(offered)):
        return ""
    if is_only_courtesy(said):
        return "The message only greets, thanks or agrees; it asks nothing."
    words = [match.group().lower().replace("’", "'") for match in WORD.finditer(said)]
    asks = not _ABOUT.isdisjoint(words) and "about" not in words
    choices = _CHOICES if said.endswith("?") else _CHOICES | _EVERY
    if asks or choices.isdisjoint(words) or not all(w in choices | _AROUND for w in words):
        return ""
    return f"'{said}' names nothing by itself; what is meant has to be named."
