"""Marks of candidates that were tried beside those of `query/judging/ordering.py` and not taken.

`python -m benchmarks.ranking DATA --tried` fits and measures them; docs/ranking.md says why they
are not taken.
"""

import math
from collections.abc import Sequence, Set
from itertools import pairwise

import numpy as np

from query.asking.question import Question
from query.judging.ordering import marks_of, saying
from query.text.passages import Passage, coverage, weigh_terms
from query.text.words import STOP_WORDS, WORD

SHIPPED = ("near", "share", "sentence", "adjacent", "opening")
TRIED = ("near_wide", "lead", "relative", "rare_pairs", "wording", "rare_wording")
VARIANTS = {
    "shipped": SHIPPED,
    "with wording": (*SHIPPED, "wording"),
    "relative": (
        "near_wide", "share", "lead", "relative", "rare_pairs", "rare_wording", "opening",
    ),
}  # fmt: skip
"""Marks that are put together."""
SPREAD = 0.4
LEAD = 0.5

Pair = tuple[str, str]


def all_marks(question: Question, passages: Sequence[Passage], read: int) -> np.ndarray:
    """Return a row per candidate that is read: the marks that ship, then those tried."""
    first = passages[:read]
    columns = (
        _near_wide(passages, first),
        _lead(passages, first),
        _relative(question, passages, first),
        *_pairs(question, first),
    )
    return np.column_stack([np.array(marks_of(question, passages, len(first))), *columns])


def _near_wide(passages: Sequence[Passage], first: Sequence[Passage]) -> list[float]:
    """Nearness that fades over twice the distance in cosine."""
    best = max(p.ranked.dense for p in passages)
    return [max(0.0, 1.0 - (best - p.ranked.dense) / SPREAD) for p in first]


def _lead(passages: Sequence[Passage], first: Sequence[Passage]) -> list[float]:
    """How far the first of the BM25 list leads its second; 0 for all others."""
    scores = sorted((p.ranked.sparse for p in passages), reverse=True)
    best, second = (*scores, 0.0)[:2]
    lead = min(1.0, (best - second) / best / LEAD) if best > 0 else 0.0
    return [lead if p.ranked.sparse == best else 0.0 for p in first]


def _relative(
    question: Question, passages: Sequence[Passage], first: Sequence[Passage]
) -> list[float]:
    """Coverage by the best sentence, beside the best sentence of all candidates."""
    weights = weigh_terms(question.terms, passages)
    covered = [
        max((coverage(weights, s.stems, p.context) for s in saying(p)), default=0.0) for p in first
    ]
    best = max(covered)
    return [one / best if best > 0 else 0.0 for one in covered]


def _pairs(question: Question, first: Sequence[Passage]) -> tuple[list[float], ...]:
    """Neighbouring terms weighed by rarity; neighbouring words, small ones too, plain and weighed.

    A pair of words of which both are small says nothing.
    """
    terms = list(dict.fromkeys(pairwise(question.terms)))
    near: list[Set[Pair]] = []
    for passage in first:
        known = {*pairwise(passage.words), *zip(passage.words, passage.words[2:], strict=False)}
        near.append({pair for pair in terms if pair in known or pair[::-1] in known})
    said = pairwise(WORD.findall(question.text.lower()))
    words = list(dict.fromkeys(pair for pair in said if not STOP_WORDS.issuperset(pair)))
    spoken = [set(pairwise(WORD.findall(p.text.lower()))) for p in first]
    plain = [sum(pair in had for pair in words) / max(len(words), 1) for had in spoken]
    return _by_rarity(terms, near), plain, _by_rarity(words, spoken)


def _by_rarity(asked: Sequence[Pair], found: Sequence[Set[Pair]]) -> list[float]:
    """Return the share of pairs that each has; the fewer have one, the more it weighs."""
    weights = {}
    for pair in asked:
        having = sum(pair in had for had in found)
        weights[pair] = math.log(1.0 + (len(found) - having + 0.5) / (having + 0.5))
    total = sum(weights.values())
    return [sum(w for p, w in weights.items() if p in had) / total if total else 0.5
            for had in found]  # fmt: skip
