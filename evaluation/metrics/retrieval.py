"""Figures of a ranked list against the documents that hold the answer; each is per question."""

import math
from collections.abc import Collection, Sequence


def hit_at(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """Return 1 if a gold document is among the first `k`, else 0."""
    return float(any(document in gold for document in ranked[:k]))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str]) -> float:
    """Return one over the rank of the first gold document; 0 if there is none."""
    found = next((rank for rank, document in enumerate(ranked, 1) if document in gold), None)
    return 1.0 / found if found else 0.0


def ndcg(ranked: Sequence[str], gold: Collection[str], k: int = 10) -> float:
    """Return the discounted gain of the first `k`, relative to the best order there could be.

    Args:
        ranked: Documents, best first, each once.
        gold: Those that hold the answer; all count the same.
        k: How far down is looked.
    """
    if not gold:
        return 0.0
    gain = sum(1 / math.log2(i + 1) for i, document in enumerate(ranked[:k], 1) if document in gold)
    best = sum(1 / math.log2(i + 1) for i in range(1, min(len(gold), k) + 1))
    return gain / best
