"""Batches of examples of similar length: short ones are not padded to the length of long ones."""

import random
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

BATCH: Final = 16
SORTED_TOGETHER: Final = 20
"""Batches that are sorted by length with each other, so that their order stays random."""
T = TypeVar("T")


def batches_of(
    examples: Sequence[T], length: Callable[[T], int], rng: random.Random
) -> list[list[T]]:
    """Return batches of similar length, in a random order."""
    mixed = rng.sample(list(examples), len(examples))
    found = []
    for at in range(0, len(mixed), BATCH * SORTED_TOGETHER):
        together = sorted(mixed[at : at + BATCH * SORTED_TOGETHER], key=length)
        found += [together[n : n + BATCH] for n in range(0, len(together), BATCH)]
    return rng.sample(found, len(found))
