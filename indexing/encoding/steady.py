"""How texts go through a model together so that the vector of each depends on nothing but itself.

The sums of a matrix product are added up in an order that may depend on its shape, so the last bits
of a vector may depend on how many texts are encoded with it; a replay has to find the very same
scores. Whether they do is a matter of the arithmetic and of the processor, so it is tried on them.
"""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

MOST_TOGETHER = 16
"""Texts of one width at once at most, where the vector is the same in any batch."""
FILLED = 4
"""Texts of one width in a batch that always has as many, where only the shape counts: two to three
times as fast for every text as alone (`python -m benchmarks.together`); larger ones are mostly
filled with what nobody asked for."""

Tokens = Sequence[int]
Forward = Callable[[Sequence[Tokens]], npt.NDArray[np.float32]]


def alike_in_any_batch(forward: Forward, rows: Sequence[Tokens]) -> bool:
    """Tell whether a text gets the very same vector alone and among others of its width.

    Args:
        forward: Encodes texts of one width.
        rows: Some, of which every one occurs several times in turn.
    """
    kinds = list(dict.fromkeys(map(tuple, rows)))
    alone = {kind: forward([kind])[0] for kind in kinds}
    return all(_agree(alone, rows[:count], forward(rows[:count])) for count in (2, 5, len(rows)))


def alike_in_any_place(forward: Forward, rows: Sequence[Tokens]) -> bool:
    """Tell whether in batches of `FILLED` a text gets the very same vector wherever it stands.

    Args:
        forward: Encodes texts of one width.
        rows: Different ones.
    """
    first = list(rows[:FILLED])
    known = dict(zip(map(tuple, first), forward(first), strict=True))
    turned = [[*first[n:], *first[:n]] for n in range(1, FILLED)]
    return all(_agree(known, batch, forward(batch)) for batch in (*turned, [first[-1]] * FILLED))


def filled(texts: Sequence[Tokens]) -> list[Tokens]:
    """Fill a batch up to `FILLED` texts, so that it has the shape of every other."""
    return [*texts, *[texts[0]] * (FILLED - len(texts))]


def _agree(
    known: dict[tuple[int, ...], npt.NDArray[np.float32]],
    rows: Sequence[Tokens],
    vectors: npt.NDArray[np.float32],
) -> bool:
    return all(np.array_equal(known[tuple(r)], v) for r, v in zip(rows, vectors, strict=True))
