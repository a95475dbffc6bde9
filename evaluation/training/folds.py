"""Deals articles to folds: every article is in one, whatever set a question about it is from."""

import hashlib
from collections.abc import Mapping

import numpy as np

FOLDS = 5
MANY = 6
"""Questions from which on an article counts as large: there are some twenty in SQuAD, and most
questions are about them."""
SEED = 1


def deal(questions: Mapping[str, int]) -> dict[str, int]:
    """Deal articles in turn, large ones first: every fold gets as many large ones.

    Args:
        questions: How many questions there are about every article.
    """
    mixed = np.random.default_rng(SEED).permutation(sorted(questions)).tolist()
    mixed.sort(key=lambda article: -min(questions[article], MANY))
    return {article: place % FOLDS for place, article in enumerate(mixed)}


def fold_of(article: str, dealt: Mapping[str, int]) -> int:
    """Return the fold of an article; one that was not dealt has it by a digest of its title."""
    digest = int(hashlib.md5(article.encode()).hexdigest(), 16)
    return dealt.get(article, digest % FOLDS)
