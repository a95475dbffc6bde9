"""The numbers the gate judges by, all in one place, each with a name.

None depends on the size of a collection or on the scale of its scores more than it must:
BM25 is divided by the number of question terms, margins are differences of cosines, and term
weights come from the candidates of this very question.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from indexing.points import Hit, HybridHits
from query.asking.question import AnswerType, Question
from query.judging import likeness
from query.judging.requirements import holds, requirements
from query.text.passages import Passage, coverage, weigh_terms
from query.text.values import ValueKind, find_values

RELATED_FROM = 0.42
"""Cosine below which a question hardly concerns the collection, whatever words they share.

A property of the default encoder, like all dense features: another one needs other weights."""
TOP = 5
"""Passages that are looked at closely."""

FEATURE_NAMES = (
    "dense_top1",
    "dense_shortfall",
    "dense_margin_2",
    "dense_margin_5",
    "dense_above_rest",
    "dense_of_best",
    "bm25_per_term",
    "bm25_margin_2",
    "same_top1",
    "overlap_5",
    "coverage_sentence",
    "coverage_top3",
    "coverage_rarest",
    "adjacent_pairs",
    "names_met",
    "numbers_met",
    "type_present",
    *likeness.NAMES,
)


@dataclass(frozen=True, slots=True)
class Features:
    """Feature values of one question and its evidence."""

    values: Mapping[str, float]
    """One finite number per name in `FEATURE_NAMES`."""
    weights: Mapping[str, float]
    """Weight of every question term."""


def compute(question: Question, passages: Sequence[Passage], legs: HybridHits) -> Features:
    """Compute the features.

    Args:
        question: The question.
        passages: All candidates, best first; must not be empty.
        legs: The two lists they come from.
    """
    weights = weigh_terms(question.terms, passages)
    top = passages[:TOP]
    values = {
        **_dense(legs.dense, top[0]),
        **_sparse(legs.sparse, len(question.terms)),
        **_agreement(legs),
        **_coverage(weights, top),
        "adjacent_pairs": _adjacent(question, top),
        **_literal(question, top),
        **_answer_type(question, weights, top),
        **likeness.likeness(question, weights, top),
    }
    return Features({name: float(values[name]) for name in FEATURE_NAMES}, weights)


def _dense(leg: Sequence[Hit], best: Passage) -> dict[str, float]:
    scores = [hit.score for hit in leg]
    if not scores:
        return dict.fromkeys(FEATURE_NAMES[:6], 0.0)
    rest = scores[9:40] or scores[-1:]
    return {
        "dense_top1": scores[0],
        "dense_shortfall": max(0.0, RELATED_FROM - scores[0]),
        "dense_margin_2": scores[0] - scores[min(1, len(scores) - 1)],
        "dense_margin_5": scores[0] - scores[min(4, len(scores) - 1)],
        "dense_above_rest": min(scores[0] - sum(rest) / len(rest), 0.6),
        "dense_of_best": best.ranked.dense,
    }


def _sparse(leg: Sequence[Hit], terms: int) -> dict[str, float]:
    scores = [hit.score for hit in leg]
    if not scores or scores[0] <= 0:
        return {"bm25_per_term": 0.0, "bm25_margin_2": 0.0}
    second = scores[1] if len(scores) > 1 else 0.0
    return {
        "bm25_per_term": math.log1p(scores[0] / max(terms, 1)),
        "bm25_margin_2": (scores[0] - second) / scores[0],
    }


def _agreement(legs: HybridHits) -> dict[str, float]:
    dense, sparse = ([hit.id for hit in leg[:TOP]] for leg in (legs.dense, legs.sparse))
    if not dense or not sparse:
        return {"same_top1": 0.0, "overlap_5": 0.0}
    shared = len(set(dense) & set(sparse)) / min(len(dense), len(sparse))
    return {"same_top1": float(dense[0] == sparse[0]), "overlap_5": shared}


def _coverage(weights: Mapping[str, float], top: Sequence[Passage]) -> dict[str, float]:
    pooled = frozenset[str]().union(*(p.stems | p.context for p in top[:3]))
    best = max(top, key=lambda p: coverage(weights, p.stems, p.context))
    rarest = sorted(weights, key=lambda term: -weights[term])[:2]
    return {
        "coverage_sentence": max(
            (coverage(weights, s.stems, p.context) for p in top for s in p.sentences), default=0.0
        ),
        "coverage_top3": coverage(weights, pooled),
        "coverage_rarest": sum(t in best.stems or t in best.context for t in rarest)
        / max(len(rarest), 1),
    }


def _adjacent(question: Question, top: Sequence[Passage]) -> float:
    """Share of neighbouring question terms that stand together in one sentence."""
    pairs = list(pairwise(question.terms))
    if not pairs:
        return 0.5
    near = [set(pairwise(p.words)) | set(zip(p.words, p.words[2:], strict=False)) for p in top[:3]]
    return sum(any(pair in known or pair[::-1] in known for known in near) for pair in pairs) / len(
        pairs
    )


def _literal(question: Question, top: Sequence[Passage]) -> dict[str, float]:
    """Share of the question's names and of its numbers that one passage holds."""
    wanted = requirements(question)
    result = {}
    for name, is_number in (("names_met", False), ("numbers_met", True)):
        chosen = [r for r in wanted if r.code.value.startswith("number") is is_number]
        met = max((sum(holds(p, r) for r in chosen) for p in top), default=0)
        result[name] = met / len(chosen) if chosen else 1.0
    return result


TYPE_KINDS: Mapping[AnswerType, frozenset[ValueKind]] = {
    AnswerType.NUMBER: frozenset(
        {ValueKind.NUMBER, ValueKind.PERCENT, ValueKind.DURATION, ValueKind.MONEY}
    ),
    AnswerType.MONEY: frozenset({ValueKind.MONEY, ValueKind.PERCENT}),
    AnswerType.DURATION: frozenset({ValueKind.DURATION}),
    AnswerType.DATE: frozenset({ValueKind.DATE, ValueKind.TIME}),
}
"""Kinds of values that can answer a question of a type; other types are not looked for."""


def _answer_type(
    question: Question, weights: Mapping[str, float], top: Sequence[Passage]
) -> dict[str, float]:
    """Look for a value of the asked kind in the sentence that covers the question best."""
    kinds = TYPE_KINDS.get(question.answer_type)
    if kinds is None:
        return {"type_present": 1.0}
    named = {value.amount for value in question.values}
    best = 0.0
    ceiling = max(
        (coverage(weights, s.stems, p.context) for p in top for s in p.sentences), default=0
    )
    for passage in top:
        for sentence in passage.sentences:
            covered = coverage(weights, sentence.stems, passage.context)
            if covered > best and any(
                v.kind in kinds and v.amount not in named for v in find_values(sentence.text)
            ):
                best = covered
    share = best / ceiling if ceiling > 0 else 0.0
    return {"type_present": share}
