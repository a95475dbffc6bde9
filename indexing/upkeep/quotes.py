"""Telling whether a text quotes a document: a few words in a row that stand in it just so."""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

_WORD = re.compile(r"\w+")
IN_A_ROW = 6
"""So many words in a row are hardly the same by chance."""
LEAST = 3
"""A document of fewer words cannot be told by them."""


class Quotes:
    """The words of some documents; they are read when the first text is asked about."""

    def __init__(self, texts: Callable[[], Iterable[str]]) -> None:
        """Know the documents whose texts `texts` brings, several versions or parts of each."""
        self._texts = texts

    def __call__(self, text: str) -> bool:
        """Whether a text holds words of one of them in a row."""
        return any(
            not known.isdisjoint(rows(words(text), length)) for length, known in self._known.items()
        )

    @cached_property
    def _known(self) -> dict[int, set[int]]:
        found: dict[int, set[int]] = {}
        for text in self._texts():
            spoken = words(text)
            length = min(IN_A_ROW, len(spoken))
            if length >= LEAST:
                found.setdefault(length, set()).update(rows(spoken, length))
        return found


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return [match.group().lower() for match in _WORD.finditer(text)]


def rows(spoken: list[str], length: int) -> Iterator[int]:
    """Yield a hash of every so many words in a row."""
    for start in range(len(spoken) - length + 1):
        yield hash(tuple(spoken[start : start + length]))
