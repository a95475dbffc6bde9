"""Names that a question writes in small letters: "where was percy jackson filmed".

Capitals tell names, and who types in a hurry leaves them out. What the evidence writes with
capitals in the midst of a sentence is a name, however the question writes it.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from query.text.passages import Passage
from query.text.words import STOP_WORDS, WORD

LONGEST: Final = 6
"""Words of a name, small ones included."""
LEAST: Final = 2
"""Words with a capital that a name must have: one alone may be a rank, or a noun of a contract."""
_WITHIN: Final = re.compile(r"[a-z,;]['’\"”)]?[ ]['\"‘“(]*$")
"""What stands before a word that opens no sentence, heading, cell or item."""


def names_in_small_letters(question: str, passages: Sequence[Passage]) -> bool:
    """Tell whether words of a question are a name in a passage.

    Args:
        question: As it was asked.
        passages: Candidates that are looked at.
    """
    runs = list(dict.fromkeys(_runs(question)))
    for passage in passages:
        low = passage.text.lower()
        for words in runs:
            if all(word in low for word in words) and any(
                _is_name(match, passage.text) for match in _written(words).finditer(passage.text)
            ):
                return True
    return False


def _runs(question: str) -> Iterator[tuple[str, ...]]:
    """Yield runs of words that may be a name; each begins and ends with a word of its own."""
    words = [match.group().lower() for match in WORD.finditer(question)]
    own = [word not in STOP_WORDS for word in words]
    for start in range(len(words)):
        for end in range(start + LEAST, min(len(words), start + LONGEST) + 1):
            if own[start] and own[end - 1] and sum(own[start:end]) >= LEAST:
                yield tuple(words[start:end])


def _written(words: Sequence[str]) -> re.Pattern[str]:
    return re.compile(r"\b" + r"\W{1,2}".join(map(re.escape, words)) + r"\b", re.IGNORECASE)


def _is_name(match: re.Match[str], text: str) -> bool:
    if not _WITHIN.search(text[max(0, match.start() - 6) : match.start()]):
        return False
    words = [m.group() for m in WORD.finditer(match.group())]
    return all(word[0].isupper() for word in words if word.lower() not in STOP_WORDS)
