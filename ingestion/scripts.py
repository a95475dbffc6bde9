"""Which script a word is written in, as far as the measure of legibility tells scripts apart."""

from bisect import bisect_right
from enum import Enum


class Script(Enum):
    """Scripts whose letter triples are known, Han with its neighbours, and all others."""

    LATIN = "latin"
    GREEK = "greek"
    CYRILLIC = "cyrillic"
    HEBREW = "hebrew"
    ARABIC = "arabic"
    HAN = "han"
    """Chinese characters, and what Japanese and Korean write beside them."""
    OTHER = "other"


_RANGES = (
    (0x0000, Script.LATIN), (0x0370, Script.GREEK), (0x0400, Script.CYRILLIC),
    (0x0530, Script.OTHER), (0x0590, Script.HEBREW), (0x0600, Script.ARABIC),
    (0x0780, Script.OTHER), (0x1E00, Script.LATIN), (0x1F00, Script.GREEK),
    (0x2000, Script.OTHER), (0x2E80, Script.HAN), (0xA000, Script.OTHER), (0xAC00, Script.HAN),
    (0xD7B0, Script.OTHER), (0xF900, Script.HAN), (0xFB00, Script.LATIN), (0xFB1D, Script.HEBREW),
    (0xFB50, Script.ARABIC), (0xFE00, Script.OTHER), (0xFE70, Script.ARABIC),
    (0xFF00, Script.HAN), (0xFFF0, Script.OTHER), (0x20000, Script.HAN), (0x323B0, Script.OTHER),
)  # fmt: skip
_STARTS = [start for start, _ in _RANGES]


def script_of(word: str) -> Script:
    """The script of most of a word, told from its middle letter; at least one letter."""
    return _RANGES[bisect_right(_STARTS, ord(word[len(word) // 2])) - 1][1]
