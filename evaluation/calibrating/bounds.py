"""The guarantees: exact bounds for the risk among answered, conformal control of false refusals.

Both hold for questions drawn like those of the set, one independently of another; several
questions on one document say less than they count for.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluation.calibrating.samples import Floats, Samples

MOST_THRESHOLDS = 100


def upper_bound(wrong: int, answered: int, confidence: float) -> float:
    """Return the one-sided Clopper-Pearson bound of a share; 1 where nothing was answered.

    The true share lies above it with a probability of at most 1 - `confidence`.
    """
    from scipy.stats import beta

    if wrong >= answered:
        return 1.0
    return float(beta.ppf(confidence, wrong + 1, answered - wrong))


def least_questions(max_risk: float, confidence: float) -> int:
    """Return how many answered questions without a single mistake the promise takes."""
    return math.ceil(math.log(1.0 - confidence) / math.log(1.0 - max_risk))


@dataclass(frozen=True, slots=True)
class Certified:
    """The laxest threshold whose risk is proven, with what proved it."""

    threshold: float
    answered: int
    wrong: int
    bound: float


def order_of_tests(fit: Samples, confidence: float) -> list[float]:
    """Choose which thresholds are tested, and in which order, on questions that test none.

    It begins where the bound is the tightest, because the strictest threshold of all leaves too
    few questions to prove anything, and goes on to laxer ones.
    """
    scores = np.unique(fit.score[fit.admitted])
    if not scores.size:
        return []
    if scores.size > MOST_THRESHOLDS:
        scores = np.unique(np.quantile(scores, np.linspace(0, 1, MOST_THRESHOLDS)))
    falling = sorted(scores.tolist(), reverse=True)
    bounds = [count(fit, threshold, confidence).bound for threshold in falling]
    return falling[int(np.argmin(bounds)) :]


def count(samples: Samples, threshold: float, confidence: float) -> Certified:
    """Count what a threshold answers, and bound the share of it that is wrong."""
    answered = samples.admitted & (samples.score >= threshold)
    wrong = int((answered & ~samples.positive).sum())
    total = int(answered.sum())
    return Certified(threshold, total, wrong, upper_bound(wrong, total, confidence))


def certify(
    test: Samples, order: Sequence[float], max_risk: float, confidence: float
) -> Certified | None:
    """Test thresholds in a fixed order and return the last before the first that fails.

    Fixed-sequence testing: since the order was chosen elsewhere and the first failure ends it,
    the whole sequence errs as seldom as a single test, without any correction.
    """
    passed = None
    for threshold in order:
        tested = count(test, threshold, confidence)
        if tested.bound > max_risk:
            break
        passed = tested
    return passed


def tightest(test: Samples, order: Sequence[float], confidence: float) -> float:
    """Return the smallest bound that any threshold reaches; tells people what to ask for.

    It was looked for among many, so that it is a hint and promises nothing.
    """
    return min((count(test, t, confidence).bound for t in order), default=1.0)


@dataclass(frozen=True, slots=True)
class Refusing:
    """The threshold below which questions are refused."""

    threshold: float
    bound: float | None
    """Expected share of answerable questions that are refused; none: the set was too small."""


def control_refusals(scores: Floats, max_refused: float, ceiling: float) -> Refusing:
    """Return the largest threshold that refuses at most so many answerable questions, on average.

    Conformal risk control with the loss "answerable and refused": of n + 1 exchangeable
    questions, the expected loss of the last is at most (refused + 1) / (n + 1).

    Args:
        scores: Refusal scores of the answerable questions.
        max_refused: What is promised.
        ceiling: No higher threshold is wanted.
    """
    n = len(scores)
    allowed = math.floor(max_refused * (n + 1) + 1e-9) - 1
    if allowed < 0:
        return Refusing(0.0, None)
    rising = np.sort(scores)
    threshold = float(min(ceiling, rising[allowed] if allowed < n else ceiling))
    refused = int((scores < threshold).sum())
    if threshold <= 0.0 or refused > allowed:
        # The rules alone already refuse more than that; no threshold can promise it.
        return Refusing(0.0, None)
    return Refusing(threshold, max_refused)
