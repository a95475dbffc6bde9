"""Capitals that a question leaves out: "what is the limit in madrid", "WHAT DOES IT COST?".

Capitals tell names from nouns. Who types in a hurry writes none, or nothing else. What the evidence
writes with capitals in the midst of a sentence is read with them, and the question is judged as if
it had been typed with care. Names with a number are known without (`small_letters.py`).
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from query.asking.small_letters import stands_within
from query.text.passages import Passage
from query.text.words import STOP_WORDS, WORD

SHARE: Final = 0.9
"""Share of the places within sentences at which a word must have its capital."""
TITLE: Final = 0.6
"""Share of words with capitals from which on a line is a heading."""
LEAST_WORDS: Final = 3
"""Words of which all are in capitals for it to be shouting: "VPN MTU" may be two acronyms."""
_CAPITAL: Final = re.compile(r"\w*[A-Z]\w*")


def is_careless(question: str) -> bool:
    """Tell whether a question has no capitals but at its beginning, or nothing else."""
    if is_shouted(question):
        return True
    capitals = (m for m in _CAPITAL.finditer(question) if m.group() != "I")
    return all(not question[: m.start()].strip(" \"'([¿¡") for m in capitals)


def is_shouted(question: str) -> bool:
    """Tell whether all words of a question are in capitals, and it is more than a few names."""
    words = [m.group().lower() for m in WORD.finditer(question)]
    return (
        question.isupper()
        and len(words) >= LEAST_WORDS
        and not STOP_WORDS.isdisjoint(words)
    )  # fmt: skip


def capitals_of(question: str, passages: Sequence[Passage]) -> Mapping[str, str]:
    """Return the words of a question that the evidence writes with capitals, as it does.

    Args:
        question: In which capitals tell nothing.
        passages: Its candidates.

    Returns:
        By the word in small letters.
    """
    wanted = {m.group().lower() for m in WORD.finditer(question)} - STOP_WORDS
    within: dict[str, Counter[str]] = {}
    for line in (line for passage in passages for line in passage.text.splitlines()):
        words = list(WORD.finditer(line))
        if _is_title(words) or wanted.isdisjoint(word.group().lower() for word in words):
            continue
        for match in words:
            small = match.group().lower()
            if small in wanted and stands_within(line, match.start()):
                within.setdefault(small, Counter())[match.group()] += 1
    found = {}
    for small, forms in within.items():
        form, times = max(forms.items(), key=lambda item: (item[1], item[0]))
        if form != small and times >= SHARE * forms.total():
            found[small] = form
    return found


def _is_title(words: Sequence[re.Match[str]]) -> bool:
    """Tell whether most words of a line have capitals: there they tell nothing."""
    own = [word.group() for word in words if word.group().lower() not in STOP_WORDS]
    return sum(word[0].isupper() for word in own) > TITLE * len(own)


def with_capitals(text: str, capitals: Mapping[str, str]) -> str:
    """Return a text with the words in small letters that have capitals written so."""
    plain = text.capitalize() if is_shouted(text) else text

    def written(match: re.Match[str]) -> str:
        word = match.group()
        return capitals.get(word, word) if word.islower() or not match.start() else word

    return WORD.sub(written, plain)
