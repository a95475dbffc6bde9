"""Notice that whoever asks says that it is about something else now: "Different topic: who signs?".

What was said before such words neither completes the question nor tells what it is about, unless
the question itself points back ("Something else: what does it weigh?").
"""

import re
from typing import Final

from query.asking.courtesies import COURTESY
from query.asking.followups import refers_back
from query.text.words import WORD, table

LONGEST: Final = 12
"""Words of what is said before the change: thanks, or that it was understood."""
_END: Final = re.compile(r"-\s+|[.,:;!?…–—\n]+\s*")
_ASKS: Final = re.compile(r"\?|\b(?:who|what|when|where|which|why|how)\b", re.IGNORECASE)
_CHANGES: Final = re.compile(
    r"\b(?:different|another|other|new|separate|change|changing|switch|switching)"
    r"(?: (?:the|of|my))* (?:topics?|subjects?|matter|note)\b"
    r"|\bsomething (?:\w+ )?(?:else|different|unrelated)\b"
    r"|\b(?:different|unrelated) (?:question|thing|issue)\b"
    r"|^\W*(?:\w+ )?(?:unrelated|not related)\b",
    re.IGNORECASE,
)
_FRAMING: Final = COURTESY | table(
    """a about also altogether an and another are ask but change changing completely
    different do else entirely for have i i'd i'll i'm i've if is issue it just let let's
    like matter may maybe me might moment move moving my new not note now of off on one onto
    other please question quick quite related separate slightly so something subject
    subjects switch switching talk that the then thing this though to topic topics totally
    unrelated us very want we wholly with would"""
)
"""Words that only say that there is a change."""


def asked_anew(question: str) -> str:
    """Return what is asked behind the words that change the subject; empty where none do.

    Args:
        question: As it was asked.
    """
    at = last = 0
    for end in _END.finditer(question):
        piece, last = question[last : end.end()], end.end()
        words = [m.group().lower().replace("’", "'") for m in WORD.finditer(piece)]
        if _CHANGES.search(piece) and all(word in _FRAMING for word in words):
            at = last
        elif _ASKS.search(piece) or len(words) > LONGEST:
            break
    rest = question[at:]
    return rest if at and WORD.search(rest) and not refers_back(rest) else ""
