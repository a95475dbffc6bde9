"""Figures of the gate: how it orders questions, how true its probability is, what it risks.

`positive` says of each question whether the index holds its answer, `score` is `p_answerable`.
A figure that the questions cannot give (one label only) is NaN.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

NAN = float("nan")
BINS = 10


def auroc(positive: Flags, score: Floats) -> float:
    """Probability that an answerable question scores above another; ties count half."""
    from scipy.stats import rankdata

    yes = int(positive.sum())
    no = len(positive) - yes
    if not yes or not no:
        return NAN
    ranks = rankdata(score)
    return float((ranks[positive].sum() - yes * (yes + 1) / 2) / (yes * no))


def auprc(positive: Flags, score: Floats) -> float:
    """Average precision of answerable questions in the order of their scores."""
    from sklearn.metrics import average_precision_score

    return float(average_precision_score(positive, score)) if positive.any() else NAN


def brier(positive: Flags, score: Floats) -> float:
    """Mean squared error of the probability."""
    return float(np.mean((score - positive) ** 2)) if len(score) else NAN


@dataclass(frozen=True, slots=True)
class Bin:
    """Questions of similar probability."""

    low: float
    high: float
    n: int
    mean_score: float
    share_positive: float

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "low": round(self.low, 3),
            "high": round(self.high, 3),
            "n": self.n,
            "mean_score": round(self.mean_score, 4),
            "share_positive": round(self.share_positive, 4),
        }


def reliability(positive: Flags, score: Floats, bins: int = BINS) -> tuple[Bin, ...]:
    """Return, per step of the probability, how many questions were answerable indeed."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    where = np.clip(np.digitize(score, edges[1:-1], right=False), 0, bins - 1)
    found = []
    for index in range(bins):
        inside = where == index
        if inside.any():
            found.append(
                Bin(
                    float(edges[index]),
                    float(edges[index + 1]),
                    int(inside.sum()),
                    float(score[inside].mean()),
                    float(positive[inside].mean()),
                )
            )
    return tuple(found)


def ece(positive: Flags, score: Floats, bins: int = BINS) -> float:
    """Expected calibration error: mean distance of probability and frequency over the steps."""
    if not len(score):
        return NAN
    steps = reliability(positive, score, bins)
    return sum(s.n * abs(s.mean_score - s.share_positive) for s in steps) / len(score)


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """What share is wrong if only the best so many questions are answered."""

    coverages: tuple[float, ...]
    risks: tuple[float, ...]

    @property
    def area(self) -> float:
        """Mean risk over all coverages; smaller is better."""
        if not self.risks:
            return NAN
        widths = np.diff(np.asarray((0.0, *self.coverages)))
        return float((widths * np.asarray(self.risks)).sum())

    def coverage_at(self, risk: float) -> float:
        """Return the largest share of questions that can be answered at this risk; 0 if none."""
        kept = [c for c, r in zip(self.coverages, self.risks, strict=True) if r <= risk + 1e-12]
        return max(kept, default=0.0)


def risk_coverage(wrong: Flags, score: Floats) -> RiskCoverage:
    """Answer questions from the highest score down; equal scores are answered together."""
    if not len(score):
        return RiskCoverage((), ())
    order = np.argsort(-score, kind="stable")
    sorted_scores = score[order]
    last_of_ties = np.append(sorted_scores[1:] != sorted_scores[:-1], True)
    answered = np.arange(1, len(score) + 1)
    risks = np.cumsum(wrong[order]) / answered
    return RiskCoverage(
        tuple((answered[last_of_ties] / len(score)).tolist()), tuple(risks[last_of_ties].tolist())
    )


def macro_f1(expected: Sequence[str], given: Sequence[str], labels: Sequence[str]) -> float:
    """Mean F1 over the verdicts that occur among `expected`.

    Args:
        expected: Verdict that a person gave, per question.
        given: Verdict of the gate; anything else than a verdict counts as wrong.
        labels: The verdicts there are.
    """
    from sklearn.metrics import f1_score

    present = [label for label in labels if label in set(expected)]
    if not present:
        return NAN
    return float(
        f1_score(list(expected), list(given), labels=present, average="macro", zero_division=0)
    )
