"""Says words of a sentence again: as a question, in other words, or with one for its opposite."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evaluation.training.sentence_pieces import PieceKind, Word
from evaluation.training.word_net import WordNet

WH = {
    PieceKind.YEAR: ("when", "in what year", "in which year", "what year"),
    PieceKind.NUMBER: ("how many", "how much", "what number of", "what", "how many"),
    PieceKind.NAME: ("who", "what", "which", "where", "who", "what is the name of"),
    PieceKind.NOUN: ("what", "what", "which", "what kind of", "how", "why"),
}
AUXILIARIES = ("", "", "did ", "was ", "is ", "does ", "were ")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Characters of a sentence, and what is said in their place."""

    start: int
    end: int
    text: str


class Wording:
    """Puts words together by chance."""

    def __init__(self, word_net: WordNet, rng: random.Random) -> None:
        """Take synonyms and opposites from `word_net`; `rng` draws everything."""
        self._synonyms, self._antonyms = word_net.synonyms, word_net.antonyms
        self._rng = rng

    def opposite(self, words: Sequence[Word]) -> Exchange | None:
        """Exchange a word for its opposite; none if no word has one."""
        found = [
            (word, opposites)
            for word in words
            if word.text[0].islower() and word.is_content
            for stem, _ in _stems(word.text)
            if (opposites := self._antonyms.get(stem))
        ]
        if not found:
            return None
        word, opposites = self._rng.choice(found)
        return Exchange(word.start, word.end, self._rng.choice(opposites))

    def question(
        self,
        kind: PieceKind,
        before: Sequence[Word],
        after: Sequence[Word],
        exchange: Exchange | None,
    ) -> str:
        """Put a question word where it may stand, and write it as people type."""
        rng = self._rng
        small, content = rng.choice((0.0, 0.2, 0.5)), rng.choice((0.0, 0.0, 0.1, 0.2))
        synonyms = rng.choice((0.0, 0.15, 0.35))
        first = self.reworded(before, exchange, small, content, synonyms)
        second = self.reworded(after, exchange, small, content, synonyms)
        wh, form = rng.choice(WH[kind]), rng.random()
        if form < 0.5:
            asked = f"{wh} {rng.choice(AUXILIARIES)}{first} {second}"
        elif form < 0.75:
            asked = f"{first} {wh} {second}"
        else:
            asked = f"{wh} {second} {first}"
        asked = " ".join(asked.split())
        asked = asked.lower() if rng.random() < 0.4 else asked[0].upper() + asked[1:]
        return f"{asked}?" if rng.random() < 0.7 else asked

    def reworded(
        self,
        words: Sequence[Word],
        exchange: Exchange | None,
        small: float = 0.0,
        content: float = 0.0,
        synonyms: float = 0.0,
    ) -> str:
        """Say words again; some are left out, some replaced.

        Args:
            words: What is said.
            exchange: What is said instead of some of them.
            small: Chance that a small word is left out.
            content: Chance that another one in small letters is left out.
            synonyms: Chance that it is replaced by a synonym if it has one.
        """
        rng, said = self._rng, []
        for word in words:
            if exchange and exchange.start <= word.start < exchange.end:
                if word.start == exchange.start:
                    said.append(exchange.text)
                continue
            droppable = word.text.islower() or not word.is_content
            if not droppable or rng.random() >= (content if word.is_content else small):
                softened = word.is_content and word.text[0].islower() and rng.random() < synonyms
                said.append(self._synonym(word.text) if softened else word.text)
        return " ".join(said)

    def _synonym(self, word: str) -> str:
        for stem, ending in _stems(word):
            found = self._synonyms.get(stem)
            if found and word.endswith(ending):
                return self._rng.choice(found)
        return word


def _stems(word: str) -> Iterator[tuple[str, str]]:
    """Yield what may be the form a dictionary has, with the ending that was taken off."""
    low = word.lower()
    yield low, ""
    for ending in ("s", "ed", "d", "ing"):
        if low.endswith(ending):
            yield low.removesuffix(ending), ending
