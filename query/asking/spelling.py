"""Words of a question that are mistyped: "How long is the warratny?".

A mistyped word stands in no document and weighs as what no passage speaks of, so that a right
answer is refused. A word that neither the evidence nor the encoder knows is read as the one word of
the evidence, or else of the frequent ones, that a slip of the finger makes of it. Names, codes and
figures are never changed, and nothing is read as what may be one, or another word: the answer for
"Jansen" is not that for "Janssen", nor propanal propanol.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import ascii_lowercase
from typing import Any, Final

from rapidfuzz.distance import OSA

from query.text.passages import Passage
from query.text.words import QUESTION_SHAPE, STOP_WORDS, WORD, stem, stems

SHORTEST: Final = 5
"""Letters; one slip makes too many words of a shorter one."""
LONGEST: Final = 24
"""Letters; a longer run is no word, and has too many neighbours to look up."""
LONGER: Final = 6
"""Letters from which on more than two exchanged ones are a slip: Issus is a name, no "issues"."""
MOST: Final = 6
"""Mistyped words of a question; with more of them it is something else that is wrong."""
_PLAIN: Final = re.compile(r"[a-z]+")
_VOWELS: Final = frozenset("aeiouy")
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _beside() -> frozenset[str]:
    """Return the pairs of letters that lie beside each other on a keyboard."""
    places = {
        letter: (row, column + 0.3 * row)
        for row, letters in enumerate(_ROWS)
        for column, letter in enumerate(letters)
    }
    return frozenset(
        a + b
        for a, (row, at) in places.items()
        for b, (other, there) in places.items()
        if a != b and abs(row - other) <= 1 and abs(at - there) <= 1.0
    )


_BESIDE: Final = _beside()


def _exchanged() -> Mapping[str, str]:
    """Return the small words of a question with two letters beside each other exchanged."""
    small = {word for word in STOP_WORDS | QUESTION_SHAPE if word.isalpha() and len(word) > 2}
    meant: dict[str, set[str]] = {}
    for word in small:
        for at in range(len(word) - 1):
            typed = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
            if typed not in small:
                meant.setdefault(typed, set()).add(word)
    return {typed: words.pop() for typed, words in meant.items() if len(words) == 1}


_SMALL: Final = _exchanged()
"""`waht`, `logn`, `teh`: no document need have what is meant; `hwo` may be two of them."""


def mistyped(question: str, passages: Sequence[Passage], encoder: Any) -> Mapping[str, str]:
    """Return the mistyped words of a question, in small letters, and what they are read as.

    A word is looked for among those of the evidence first, and then among those that the encoder
    has in one piece, which are the frequent ones of the language.

    Args:
        question: With capitals only where a name has them.
        passages: Its candidates.
        encoder: Cuts words to `pieces`; a word in one piece is a word. Without one nothing is
            taken for mistyped.
    """
    if not passages or not hasattr(encoder, "pieces"):
        return {}
    known = _stems_of(passages)
    strange = [
        word
        for word in dict.fromkeys(m.group() for m in WORD.finditer(question))
        if SHORTEST <= len(word) <= LONGEST
        and _PLAIN.fullmatch(word)
        and word not in STOP_WORDS
        and known.isdisjoint(stems(word))
    ]
    small = _small_words(question)
    if not 0 < len(strange) + len(small) <= MOST:
        return {}
    strange = [word for word, count in _cut((*strange, *small), encoder) if count > 1]
    if not strange:
        return {}
    words = _words_of(passages)
    read = {
        word: small.get(word) or _meant(word, words) or _meant(word, _frequent(word, encoder))
        for word in strange
    }
    return {word: meant for word, meant in read.items() if meant}


def _small_words(question: str) -> Mapping[str, str]:
    """Return the small words with exchanged letters, the first one also with its capital."""
    found = {}
    for match in WORD.finditer(question):
        word = match.group()
        meant = _SMALL.get(word.lower() if not question[: match.start()].strip() else word, "")
        if meant:
            found[word] = meant if word.islower() else meant.capitalize()
    return found


def are_spoken_of(words: Iterable[str], passages: Sequence[Passage]) -> bool:
    """Tell whether the evidence has all of these words, and not as names only.

    The small words of a question need not stand there.
    """
    known = frozenset(stem(word) for word in _words_of(passages))
    told = (word for word in words if word.lower() not in STOP_WORDS | QUESTION_SHAPE)
    return all(not known.isdisjoint(stems(word)) for word in told)


def with_spelling(text: str, read: Mapping[str, str]) -> str:
    """Return a text with its mistyped words as they are read."""
    return WORD.sub(lambda match: read.get(match.group(), match.group()), text)


def _stems_of(passages: Sequence[Passage]) -> frozenset[str]:
    return frozenset[str]().union(*(p.stems | p.context for p in passages))


def _cut(words: Sequence[str], encoder: Any) -> Iterator[tuple[str, int]]:
    """Yield words with the number of pieces that the encoder cuts them to."""
    return zip(words, encoder.pieces(words), strict=True)


def _frequent(word: str, encoder: Any) -> Mapping[str, int]:
    """Return the words one slip away that the encoder has in one piece."""
    slips = [other for other in _one_edit(word) if other != word]
    return {other: 1 for other, count in _cut(slips, encoder) if count == 1}


def _one_edit(word: str) -> Iterator[str]:
    """Yield what one edit behind the first letter makes of a word."""
    seen = set[str]()
    for at in range(1, len(word)):
        left, letter, right = word[:at], word[at], word[at + 1 :]
        seen.add(left + right)
        seen.update(left + other + letter + right for other in ascii_lowercase)
        seen.update(left + other + right for other in ascii_lowercase)
        if right:
            seen.add(left + right[0] + letter + right[1:])
    yield from sorted(seen)


def _words_of(passages: Sequence[Passage]) -> Counter[str]:
    """Count the words of passages that stand there in small letters, as no name does."""
    words = (m.group() for passage in passages for m in WORD.finditer(passage.everything))
    return Counter(word for word in words if word.islower())


def _meant(word: str, words: Mapping[str, int]) -> str:
    """Return the word that a slip makes this one of; empty where none or several may be meant."""
    near = [
        other
        for other in words
        if len(other) >= SHORTEST - 1
        and other[0] == word[0]
        and abs(len(other) - len(word)) <= 1
        and OSA.distance(word, other, score_cutoff=1) == 1
        and _is_slip(word, other)
    ]
    if len({stem(other) for other in near}) != 1:
        return ""
    return max(near, key=lambda other: (words[other], other))


def _is_slip(typed: str, meant: str) -> bool:
    """Tell whether a finger may have slipped: letters exchanged, left out, doubled, or beside."""
    differ = [(a, b) for a, b in zip(typed, meant, strict=False) if a != b]
    exchanged = len(typed) == len(meant) and len(differ) == 2
    if exchanged or len(typed) < LONGER:
        return exchanged
    if len(typed) != len(meant):
        longer, shorter = sorted((typed, meant), key=len, reverse=True)
        return longer[:-1] != shorter  # an ending makes another form, not another spelling
    ((a, b),) = differ
    return a + b in _BESIDE and not {a, b} <= _VOWELS
