"""Pieces of the evidence that are short enough for a reader, and those nearest to a claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from query.claims.claims import capitalised_in, rarity
from query.claims.closeness import read_grounds
from query.claims.figures import negatives_in, values_of
from query.text.passages import coverage
from query.text.sentences import split_sentences
from query.text.words import fold, stems

LONGEST: Final = 900
"""Characters: what a reader takes beside a claim, and two of them in part."""
NEAREST: Final = 2
"""Excerpts that are read for one claim, each alone and then both together."""
MOST: Final = 2000
"""Excerpts of all texts; what stands behind them is read by the rules alone."""


@dataclass(frozen=True)
class Excerpt:
    """Some neighbouring sentences of one text, or two such pieces."""

    sources: tuple[int, ...]
    """Positions of the texts in the evidence."""
    text: str
    stems: frozenset[str]

    def holds_figures_of(self, claim: str) -> bool:
        """Tell whether all values and names of a claim stand in it."""
        grounds = read_grounds([self.text])
        below = negatives_in(claim)
        return (
            all(grounds.has(value, claim) for value in values_of(claim))
            and below <= negatives_in(self.text)
            and self.stems.issuperset(capitalised_in(claim))
        )


def excerpts_of(evidence: Sequence[str]) -> list[Excerpt]:
    """Cut texts into overlapping pieces of whole sentences."""
    found: list[Excerpt] = []
    for source, text in enumerate(evidence):
        spans = split_sentences(text)
        first = 0
        while first < len(spans) and len(found) < MOST:
            last = first
            while last + 1 < len(spans) and spans[last + 1].end - spans[first].start <= LONGEST:
                last += 1
            piece = text[spans[first].start : spans[last].end]
            found.append(Excerpt((source,), piece, frozenset(stems(fold(piece)))))
            if last + 1 == len(spans):
                break
            # Half of it again: what a claim says may stand across the cut.
            first = max(first + 1, (first + last + 1) // 2)
    return found


def nearest_to(claim: str, excerpts: Sequence[Excerpt]) -> list[Excerpt]:
    """Return the excerpts that have most of a claim's words, and what two of them say together."""
    weights = rarity(excerpts)
    wanted = {term: weights.get(term, weights[""]) for term in stems(fold(claim))}
    near = sorted(excerpts, key=lambda one: -coverage(wanted, one.stems))[:NEAREST]
    if len(near) == NEAREST:
        first, second = near
        both = tuple(sorted({*first.sources, *second.sources}))
        joined = f"{first.text}\n{second.text}"
        near.append(Excerpt(both, joined, first.stems | second.stems))
    return near
