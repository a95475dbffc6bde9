"""Look in earlier turns for what a question points at: a name, a document that was read out of.

Turns of an agent are made from passages. A passage that holds most of what such a turn says is what
the conversation is about, whatever words the turn and the question have for it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from query.asking.followups import Turn
from query.text.instances import Instance, is_defined_in, names_in, subject_of
from query.text.passages import Passage
from query.text.words import stem, stems

LAST: Final = 2
"""Turns before a question in which the noun is enough: "Fenwick has a regatta", "the regatta".

In a turn of whoever asks it is, however long ago that was."""
LEAST_STEMS: Final = 5
"""Of a turn that can be recognised in a passage."""
READ_OUT: Final = 0.6
"""Share of a turn's words that a passage holds which the turn was made from."""


@dataclass(frozen=True)
class Earlier:
    """What was said before a question."""

    turns: tuple[Turn, ...]

    @cached_property
    def _by_turn(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset(stems(turn.text)) for turn in self.turns)

    def has_any(self, words: frozenset[str]) -> bool:
        """Tell whether a turn has one of these stems."""
        return any(not words.isdisjoint(said) for said in self._by_turn)

    def settles(self, noun: str, possible: Sequence[Instance], about: Sequence[Passage]) -> bool:
        """Tell whether earlier turns say which thing of a kind is meant.

        Args:
            noun: The kind; empty where the question has no word for it.
            possible: The things that may be meant.
            about: Passages about them.
        """
        if not self.turns:
            return False
        named = self._last_named(possible)
        if len(named) > 1:
            return False  # one turn named several of them
        return bool(named) or self._is_mentioned(noun) or any(map(self._is_read_out, about))

    def leaves_dangling(self, nouns: Sequence[str], passages: Sequence[Passage]) -> bool:
        """Tell whether a demonstrative points at nothing that was said before.

        Args:
            nouns: Words that may be what it points at.
            passages: Candidates.
        """
        if any(self._is_mentioned(noun) for noun in nouns):
            return False
        kinds = {stem(noun) for noun in nouns}
        about = [p for p in passages if not kinds.isdisjoint(p.stems)]
        if not about:
            return False  # it may be another word for what was spoken of
        named = self._last_named([subject_of(p) for p in about])
        return not named and not any(map(self._is_read_out, about))

    def _last_named(self, possible: Sequence[Instance]) -> tuple[Instance, ...]:
        """Return those that the latest turn named which named any."""
        for words in reversed(self._by_turn):
            named = tuple(one for one in possible if _is_in(one, words))
            if named:
                return named
        every = frozenset().union(*self._by_turn)
        return tuple(one for one in possible if _is_in(one, every))[:1]

    def _is_mentioned(self, noun: str) -> bool:
        """Tell whether a single thing of the kind was spoken of: lately, by name, or defined."""
        if not noun:
            return False
        word = re.compile(rf"\b{re.escape(noun)}\b", re.IGNORECASE)
        lately = [turn for turn in self.turns if turn.is_asked] + list(self.turns[-LAST:])
        if any(word.search(turn.text) for turn in lately):
            return True
        return any(names_in(noun, t.text) or is_defined_in(noun, t.text) for t in self.turns)

    def _is_read_out(self, passage: Passage) -> bool:
        return any(
            len(words & passage.stems) >= READ_OUT * len(words)
            for words in self._by_turn
            if len(words) >= LEAST_STEMS
        )


def _is_in(one: Instance, words: frozenset[str]) -> bool:
    names = (frozenset(stems(text)) for text in (one.name, one.passage.title))
    return any(name and name <= words for name in names)
