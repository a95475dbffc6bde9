"""Batches of texts that are bounded by their padded tokens instead of their count."""

from collections.abc import Iterator, Sequence

WIDTH_STEP = 16
"""Batches are padded to multiples of this many tokens: the arithmetic library compiles and keeps
code for every new shape, which costs time and, over a large ingest, a gigabyte of memory."""


def batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Yield positions in batches of at most `batch_tokens` padded tokens, longest texts first.

    Every position occurs exactly once; a text longer than `batch_tokens` is a batch of its own.
    """
    order = sorted(range(len(lengths)), key=lambda position: (-lengths[position], position))
    start = 0
    while start < len(order):
        size = max(1, batch_tokens // max(1, padded(lengths[order[start]])))
        yield order[start : start + size]
        start += size


def padded(length: int) -> int:
    """Round a length up to the widths that batches have."""
    return -(-length // WIDTH_STEP) * WIDTH_STEP
