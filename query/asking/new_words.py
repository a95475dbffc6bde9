"""The words of a follow-up that no earlier turn had: what is asked of the topic spoken of.

"How many beds does the ward have?" - "And do the beds have a television?" The page on the ward is
found again and reads like an answer; only "television" says what is asked now.
"""

import re
from typing import Final

from query.asking.question import Question
from query.text.measures import names_measure
from query.text.missed import is_missed
from query.text.words import stems

_WORD: Final = r"(?P<noun>[\w'’-]+)"
_DETERMINERS: Final = (
    r"\b(?:an?|the|any|some|my|our|your|their|its|his|her|other|more|another|many)\s+"
)
_NOUNS: Final = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_DETERMINERS}{_WORD}",
        rf"{_DETERMINERS}[\w'’-]+\s+{_WORD}",
        rf"\b(?:which|what|in|on|at|by|with|from|for)\s+{_WORD}",
        rf"\b(?:which|what)\s+[\w'’-]+\s+{_WORD}(?=\s+\w)",
        rf"^\W*(?:and|or|what about|how about)(?:\s+(?:for|with|in|on|by|at))?\s+{_WORD}\W*$",
    )
)
"""Where a noun stands, told by the words before it."""


def nouns_asked_anew(question: Question) -> list[str]:
    """Return the new words of a follow-up in lower case; none where one of them is no noun.

    Verbs and adjectives are answered in other words too often ("how long are we bound?" by a
    minimum term) to be missed; those that stand for a measure are not ("what does it weigh?").

    Args:
        question: A simple question, with what was said before it.
    """
    if not question.earlier:
        return []
    asked = question.own_text
    known = frozenset(stems(" ".join(turn.text for turn in question.earlier)))
    own = frozenset(stems(asked)) - known
    words = zip(question.terms, question.surface, strict=True)
    new = [word.lower() for term, word in words if term in own and is_missed(word)]
    nouns = {match["noun"].lower() for form in _NOUNS for match in form.finditer(asked)}
    return new if all(word in nouns or names_measure(word) for word in new) else []
