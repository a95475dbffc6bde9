"""Names that a question writes in small letters: "where was percy jackson filmed", "the tern 6".

Capitals tell names, and who types in a hurry leaves them out, or writes nothing else. What the
evidence writes with capitals in the midst of a sentence is a name, however the question writes it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from query.asking.question import Question
from query.text.designators import Designator, find_designators, numbered_words
from query.text.passages import Passage
from query.text.values import ValueKind, find_values
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


def with_numbered_names(question: Question, passages: Sequence[Passage]) -> Question:
    """Return a question that knows which numbered names it writes in small letters: "the tern 6".

    Args:
        question: The question, taken apart.
        passages: Its candidates, of which one has to write such a name with a capital.
    """
    known = {one.text.lower() for one in question.designators}
    found = _numbered(question.text, passages)
    new = tuple(one for one in found if one.text.lower() not in known)
    return replace(question, designators=(*question.designators, *new)) if new else question


def _numbered(question: str, passages: Sequence[Passage]) -> tuple[Designator, ...]:
    measured = {v.start for v in find_values(question) if v.kind is not ValueKind.NUMBER}
    found: dict[str, Designator] = {}
    for head, number, at in numbered_words(question):
        if at not in measured:  # "return a heron 2 weeks after the purchase"
            found.setdefault(f"{head.lower()} {number}", Designator(head.lower(), number))
    if not found:
        return ()
    heads = _numbered_heads(passages, {one.head for one in found.values()})
    known = (one for one in found.values() if one.head in heads)
    return tuple(Designator(heads[one.head], one.number) for one in known)


def _numbered_heads(passages: Sequence[Passage], wanted: set[str]) -> dict[str, str]:
    """How passages write, as a name with a number, the words that are wanted."""
    heads: dict[str, str] = {}
    for passage in passages:
        for known in find_designators(passage.text):
            if known.head.lower() in wanted and any(
                _WITHIN.search(passage.text[max(0, match.start() - 6) : match.start()])
                for match in re.finditer(rf"\b{re.escape(known.text)}\b", passage.text)
            ):
                heads.setdefault(known.head.lower(), known.head)
    return heads


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


def stands_within(text: str, start: int) -> bool:
    """Tell whether a word that begins at `start` opens no sentence, heading, cell or item."""
    return _WITHIN.search(text[max(0, start - 6) : start]) is not None


def _is_name(match: re.Match[str], text: str) -> bool:
    if not stands_within(text, match.start()):
        return False
    words = [m.group() for m in WORD.finditer(match.group())]
    return all(word[0].isupper() for word in words if word.lower() not in STOP_WORDS)
