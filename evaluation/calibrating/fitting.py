"""Makes a calibration out of samples: the map, the thresholds, the promise, the reference."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.calibrating.bounds import (
    Certified,
    certify,
    control_refusals,
    least_questions,
    order_of_tests,
    tightest,
)
from evaluation.calibrating.samples import Floats, Sample, Samples, split
from evaluation.metrics.gate import auroc, ece
from evaluation.metrics.intervals import rounded
from query.calibrating.calibration import CLIP, Binding, Calibration, percent, seal
from query.calibrating.drift import count_steps

LEAST_OF_A_LABEL = 10
"""With fewer questions of a label in either part no map is worth its name."""
STEPS = 10
QUESTIONS_OF_A_STEP = 20
"""A reference of fewer in each step differs from the live questions of its own kind by chance."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a calibration is to guarantee."""

    max_risk: float = 0.05
    confidence: float = 0.95
    max_refused: float = 0.10


@dataclass(frozen=True, slots=True)
class Attempt:
    """A calibration, or why these questions cannot give one; and what was measured."""

    calibration: Calibration | None
    problem: str
    figures: dict[str, Any]


def fit(
    samples: Sequence[Sample], binding: Binding, promise: Promise, number: int, now: dt.datetime
) -> Attempt:
    """Fit and test; four tenths of the documents fit, the others prove.

    Args:
        samples: Labelled questions with their scores.
        binding: What they were scored under.
        promise: What is to hold.
        number: Number of this calibration in its home.
        now: With zone.
    """
    fitted, test = split(samples)
    figures: dict[str, Any] = {"questions": len(samples), "tested_on": len(test)}
    problem = too_few(fitted, test)
    if problem:
        return Attempt(None, problem, figures)
    slope, intercept = fit_map(fitted)
    figures["auroc"] = rounded(auroc(test.positive, test.score))
    if slope <= 0:
        problem = "the score does not tell answerable questions of this set from others"
        return Attempt(None, problem, figures)
    order = order_of_tests(fitted, promise.confidence)
    certified = certify(test, order, promise.max_risk, promise.confidence)
    if certified is None:
        return Attempt(None, unproven(test, order, promise), figures)
    refusing = control_refusals(
        test.refusal_score[test.positive], promise.max_refused, certified.threshold
    )
    draft = Calibration(
        calibration_id="",
        made_at=now.isoformat(timespec="seconds"),
        binding=binding,
        slope=slope,
        intercept=intercept,
        answerable_at=certified.threshold,
        partial_at=refusing.threshold,
        max_risk=promise.max_risk,
        confidence=promise.confidence,
        refusal_bound=refusing.bound,
        questions=len(samples),
    )
    figures |= measured(draft, test, certified)
    return Attempt(finished(draft, samples, figures, number), "", figures)


def too_few(fitted: Samples, test: Samples) -> str:
    """Say what is missing, or nothing."""
    for part, name in ((fitted, "to fit"), (test, "to test")):
        yes, no = int(part.positive.sum()), int((~part.positive).sum())
        if min(yes, no) < LEAST_OF_A_LABEL:
            return (
                f"too few questions {name}: {yes} answerable and {no} others, at least "
                f"{LEAST_OF_A_LABEL} of each are needed in each part"
            )
    return ""


def unproven(test: Samples, order: Sequence[float], promise: Promise) -> str:
    """Say why no threshold passed, and what would."""
    admitted = int(test.admitted.sum())
    least = least_questions(promise.max_risk, promise.confidence)
    what = (
        f"a risk of at most {percent(promise.max_risk)} with {percent(promise.confidence)} "
        "confidence"
    )
    if admitted < least:
        return (
            f"too few questions for {what}: it takes {least} that are answered without a mistake, "
            f"and only {admitted} of {len(test)} could be answered at all"
        )
    best = tightest(test, order, promise.confidence)
    return (
        f"{what} does not hold at any threshold; the tightest bound on these questions is "
        f"{best:.1%}. Ask for less (--max-risk), or add questions"
    )


def fit_map(fitted: Samples) -> tuple[float, float]:
    """Fit slope and intercept of the logit (Platt scaling)."""
    from sklearn.linear_model import LogisticRegression

    x = logits(fitted.score[fitted.score > 0]).reshape(-1, 1)
    y = fitted.positive[fitted.score > 0]
    if y.all() or not y.any():
        return 0.0, 0.0
    # Hardly any penalty: two numbers do not overfit, but separable scores need an end.
    model = LogisticRegression(C=100.0).fit(x, y)
    return float(model.coef_[0][0]), float(model.intercept_[0])


def logits(score: Floats) -> Floats:
    """Return the logit of scores, as the calibration computes it."""
    clipped = np.clip(score, CLIP, 1.0 - CLIP)
    found: Floats = np.log(clipped / (1.0 - clipped))
    return found


def measured(draft: Calibration, test: Samples, certified: Certified) -> dict[str, Any]:
    """Measure on the questions that nothing was fitted on."""
    mapped = np.array([draft.probability(float(s)) for s in test.score])
    answered = test.positive & test.admitted & (test.score >= certified.threshold)
    refused = test.positive & (test.refusal_score < draft.partial_at)
    positives = max(int(test.positive.sum()), 1)
    return {
        "ece_before": rounded(ece(test.positive, test.score)),
        "ece_after": rounded(ece(test.positive, mapped)),
        "answered": certified.answered,
        "wrong": certified.wrong,
        "observed_risk": rounded(certified.wrong / certified.answered),
        "proven_risk": rounded(certified.bound),
        "answerable_answered": rounded(int(answered.sum()) / positives),
        "answerable_refused": rounded(int(refused.sum()) / positives),
    }


def finished(
    draft: Calibration, samples: Sequence[Sample], figures: dict[str, Any], number: int
) -> Calibration:
    """Add the reference that drift is told by, and an id that names the content."""
    from dataclasses import replace

    mapped = [draft.probability(s.score) for s in samples]
    steps = min(STEPS, max(2, len(mapped) // QUESTIONS_OF_A_STEP))
    inner = np.unique(np.quantile(mapped, np.linspace(0, 1, steps + 1)[1:-1]))
    edges = tuple(float(edge) for edge in inner)
    counts = count_steps(edges, mapped)
    reference = tuple(n / len(mapped) for n in counts)
    made = replace(draft, edges=edges, reference=reference, figures=figures)
    return replace(made, calibration_id=f"c{number:04d}-{seal(made.to_json())}")
