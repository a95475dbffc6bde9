"""Claims in another language, whose negations and numbers in words nobody reads.

"Die Garantie gilt nicht für Akkus" has every word of "Die Garantie gilt für Akkus". Such a claim is
supported only where the evidence has it word for word.
"""

from collections.abc import Iterable
from typing import Final

from query.text.language import detect_language
from query.text.words import WORD, fold

_READ: Final = frozenset({None, "en"})
"""What is not told from English counts as it."""


def is_only_alike(claim: str, texts: Iterable[str]) -> bool:
    """Tell whether a claim is in a language that is not read, and stands in none of these texts.

    Args:
        claim: A sentence.
        texts: Windows of the evidence.
    """
    return not is_read_language(claim) and not stands_word_for_word(claim, texts)


def is_read_language(claim: str) -> bool:
    """Tell whether a claim is not told to be in another language than English."""
    return detect_language(claim) in _READ


def stands_word_for_word(claim: str, texts: Iterable[str]) -> bool:
    """Tell whether one of the texts has all words of a claim side by side, in its order."""
    wanted = _words(claim)
    return any(wanted in _words(text) for text in texts)


def _words(text: str) -> str:
    """Return the words of a text with blanks around each."""
    return f" {' '.join(word.group() for word in WORD.finditer(fold(text.casefold())))} "
