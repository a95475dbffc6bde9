"""What a question wants the most or the least of: "longest warranty", "cheapest", "most users"."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from query.text.words import STOP_WORDS, stem, table

_WORDS: Final = {
    "longest": (1, "duration length"), "shortest": (-1, "duration length"),
    "highest": (1, ""), "lowest": (-1, ""), "largest": (1, ""), "biggest": (1, ""),
    "greatest": (1, ""), "smallest": (-1, ""), "most": (1, ""), "fewest": (-1, ""),
    "least": (-1, ""), "cheapest": (-1, "money"), "most expensive": (1, "money"),
    "least expensive": (-1, "money"), "priciest": (1, "money"), "earliest": (-1, "date time"),
    "latest": (1, "date time"), "newest": (1, "date"), "oldest": (-1, "date"),
    "heaviest": (1, "mass"), "lightest": (-1, "mass"), "deepest": (1, "length"),
    "shallowest": (-1, "length"), "tallest": (1, "length"), "widest": (1, "length"),
    "fastest": (-1, "duration"), "slowest": (1, "duration"), "quickest": (-1, "duration"),
    "nearest": (-1, "length"), "closest": (-1, "length"), "farthest": (1, "length"),
    "furthest": (1, "length"), "narrowest": (-1, "length"), "thinnest": (-1, "length"),
    "thickest": (1, "length"),
}  # fmt: skip
"""Direction and the kinds of measure that a superlative is about; empty: whatever is named."""
_ASKED: Final = re.compile(
    rf"\b(?P<word>{'|'.join(sorted(_WORDS, key=len, reverse=True))})\b"
    r"(?P<noun>(?:\s+[^\W\d_][\w-]*){0,4})",
    re.IGNORECASE,
)
_NO_SUPERLATIVE: Final = re.compile(
    r"\b(?:at (?:the )?$|most (?:recent|important|likely|common|of)\b)", re.IGNORECASE
)
_ENDS: Final = STOP_WORDS | table("per within among across when without")
"""Where the noun behind a superlative ends."""
_NEEDS_NOUN: Final = table("most least fewest")


@dataclass(frozen=True, slots=True)
class Superlative:
    """What a question wants the most or the least of."""

    word: str
    direction: int
    kinds: frozenset[str]
    noun: frozenset[str]
    """Stems of the words behind it."""


def superlatives(text: str) -> Iterator[Superlative]:
    """Yield the superlatives of a text; "at most", "most likely" and a bare "most" are none."""
    for match in _ASKED.finditer(text):
        before, behind = text[: match.start()], text[match.start() :]
        if _NO_SUPERLATIVE.search(before) or _NO_SUPERLATIVE.match(behind):
            continue
        word = match["word"].lower()
        parts = itertools.takewhile(lambda p: p.lower() not in _ENDS, match["noun"].split())
        noun = frozenset(stem(part.lower()) for part in parts)
        if noun or word not in _NEEDS_NOUN:
            direction, kinds = _WORDS[word]
            yield Superlative(word, direction, frozenset(kinds.split()), noun)


def read_superlative(question: str) -> Superlative | None:
    """Return the only superlative of a question, or nothing."""
    found = list(superlatives(question))
    return found[0] if len(found) == 1 else None
