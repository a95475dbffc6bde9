"""A text as it reads: without signs that cannot be seen, in one form of each letter and mark.

What is pasted from a page, a letter or an address book has soft hyphens, signs for the direction of
writing, letters apart from their accents, and figures as wide as Chinese ones. No rule knows them,
and whoever reads does not see them.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

_UNSEEN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_SAME_SIGNS: Final = str.maketrans(
    dict.fromkeys("\u00a0\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")
    | {chr(wide): chr(wide - 0xFEE0) for wide in range(0xFF01, 0xFF5F)}
)
"""Blanks and hyphens at which no line breaks, dashes that stand for hyphens, and wide signs."""


@dataclass(frozen=True, slots=True)
class PlainForm:
    """A text as it reads, with the places of its characters in the text as it is written."""

    shown: str
    """Only what can be seen; letters and their accents are one character where there is one."""
    signs: str
    """The same, with plain blanks, hyphens and figures: character by character as long."""
    places: tuple[tuple[int, int], ...] | None
    """Begin and end of each character in the text; none where the text is all shown."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of one or more characters stands in the text as it is written."""
        if self.places is None:
            return start, end
        return self.places[start][0], self.places[end - 1][1]


def plain_form(text: str) -> PlainForm:
    """Return a text as it reads."""
    if text.isascii():
        return PlainForm(text, text, None)
    if _UNSEEN.search(text) is None and unicodedata.is_normalized("NFC", text):
        return PlainForm(text, text.translate(_SAME_SIGNS), None)
    chars: list[str] = []
    places: list[tuple[int, int]] = []
    for start, end in _clusters(text):
        written = _UNSEEN.sub("", text[start:end])
        composed = unicodedata.normalize("NFC", written)
        chars += composed
        places += [(start, end)] * len(composed)
    shown = "".join(chars)
    return PlainForm(shown, shown.translate(_SAME_SIGNS), tuple(places))


def _clusters(text: str) -> list[tuple[int, int]]:
    """Return the stretches of a letter with its accents, and of every other sign alone."""
    found: list[tuple[int, int]] = []
    for at, char in enumerate(text):
        if found and unicodedata.combining(char):
            found[-1] = (found[-1][0], at + 1)
        elif _UNSEEN.match(char) is None:
            found.append((at, at + 1))
    return found
