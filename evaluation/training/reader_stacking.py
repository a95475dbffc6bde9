"""Stacks the reader with the features and compares the two on articles that neither knows."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.gate import LEFT_OUT, PRIOR_ODDS, fit_model
from benchmarks.gate_bench import Row
from evaluation.metrics.gate import auroc
from evaluation.metrics.intervals import Interval, bootstrap
from evaluation.training.cross_encoder_data import TRAINED_ON, Asked
from evaluation.training.folds import FOLDS
from query.judging.logistic import CLIP, LogisticModel
from query.judging.reader import Reading
from query.judging.stacking import Stack, stacked

JUDGES = ("features", "reader", "stacked")
DECIDING = ("adversarial", "ablated")
"""Tiers in which the gain must lie above chance."""

Readings = Mapping[str, Sequence[Reading]]
"""Of every question, by its key: what a reader that never saw its article says of its passages."""


@dataclass(frozen=True)
class Compared:
    """Questions with what three judges say of them, before the rules, which cut all alike."""

    asked: Sequence[Asked]
    scores: Mapping[str, np.ndarray]

    @functools.cached_property
    def positive(self) -> np.ndarray:
        """Whether the answer is there."""
        return np.array([a.is_positive for a in self.asked])

    @functools.cached_property
    def names(self) -> np.ndarray:
        """The sets they are of."""
        return np.array([a.name for a in self.asked])


def fit_features(asked: Sequence[Asked]) -> LogisticModel:
    """Fit the feature gate as it ships, on questions of sets that are trained on."""
    names = dict.fromkeys(a.name for a in asked)
    return fit_model([[_row(a) for a in asked if a.name == name] for name in names], LEFT_OUT)


def _row(asked: Asked) -> Row:
    question = {"label": asked.label, "tier": asked.tier}
    if asked.has_core:
        question["core"] = True
    return Row(question, dict(asked.features), 0.0, "", [], [], [])


def fit_stack(asked: Sequence[Asked], p_features: Sequence[float], readings: Readings) -> Stack:
    """Fit on what models say that are strangers to the articles.

    A set counts with the square root of its number of questions: neither do the many of squad
    drown the others, nor do fifty questions count as much as six thousand.
    """
    from sklearn.linear_model import LogisticRegression  # takes two seconds to load

    rows = np.array([stacked(p, readings[a.key]) for p, a in zip(p_features, asked, strict=True)])
    yes = np.array([a.is_positive for a in asked])
    names = [a.name for a in asked]
    weight = np.array([names.count(name) ** -0.5 for name in names])
    weight[yes] /= weight[yes].sum() / PRIOR_ODDS
    weight[~yes] /= weight[~yes].sum()
    mean, scale = rows.mean(0), rows.std(0) + 1e-6
    scaled = np.clip((rows - mean) / scale, -CLIP, CLIP)
    model = LogisticRegression(C=1.0, max_iter=3000)
    model.fit(scaled, yes, sample_weight=weight * len(yes) / (1.0 + PRIOR_ODDS))
    return Stack(
        tuple(mean.round(6).tolist()),
        tuple(scale.round(6).tolist()),
        tuple(model.coef_[0].round(6).tolist()),
        float(model.intercept_[0].round(6)),
    )


def stack_all(asked: Sequence[Asked], readings: Readings) -> tuple[Stack, Compared]:
    """Fit the stack that ships, and judge every question by one that never saw its article.

    Args:
        asked: Questions that are judged, of sets that are trained on and of others.
        readings: For the first by the reader of the other folds, for the others by the one that
            was trained on everything: these are judged by what ships, features too.
    """
    known = [a for a in asked if a.name in TRAINED_ON]
    others = [a for a in asked if a.name not in TRAINED_ON]
    p_known = _out_of_fold(known, lambda rest: fit_features([known[i] for i in rest]))
    p_others = [a.p_features for a in others]
    # What ships has to fit the feature judge that ships: it cuts off-topic questions, too.
    stack = fit_stack(known, [a.p_features for a in known], readings)

    def fit_some(rest: list[int]) -> Stack:
        return fit_stack([known[i] for i in rest], [p_known[i] for i in rest], readings)

    stacks = _per_fold(known, fit_some)
    p_stacked = [
        stacks[a.fold].probability(p, readings[a.key]) for a, p in zip(known, p_known, strict=True)
    ] + [stack.probability(p, readings[a.key]) for a, p in zip(others, p_others, strict=True)]
    return stack, _compared([*known, *others], [*p_known, *p_others], p_stacked, readings)


def stack_without(
    name: str, asked: Sequence[Asked], readings: Readings, strange: Readings
) -> Compared:
    """Judge the questions of a set by features, reader and stack that never saw any of them.

    Args:
        name: The set.
        asked: Questions that are judged, of all sets.
        readings: Of the other sets, as `stack_all` takes them.
        strange: Of this set, by the reader that was trained without it.
    """
    known = [a for a in asked if a.name in TRAINED_ON and a.name != name]
    judged = [a for a in asked if a.name == name]
    p_known = _out_of_fold(known, lambda rest: fit_features([known[i] for i in rest]))
    stack = fit_stack(known, p_known, readings)
    features = fit_features(known)
    p_features = [features.probability(a.features) for a in judged]
    p_stacked = [
        stack.probability(p, strange[a.key]) for a, p in zip(judged, p_features, strict=True)
    ]
    return _compared(judged, p_features, p_stacked, strange)


def _per_fold(known: Sequence[Asked], fit: Callable[[list[int]], Any]) -> list[Any]:
    """Fit once per fold, on the others."""
    return [fit([i for i, a in enumerate(known) if a.fold != fold]) for fold in range(FOLDS)]


def _out_of_fold(known: Sequence[Asked], fit: Callable[[list[int]], LogisticModel]) -> list[float]:
    models = _per_fold(known, fit)
    return [models[a.fold].probability(a.features) for a in known]


def _compared(
    asked: Sequence[Asked],
    p_features: Sequence[float],
    p_stacked: Sequence[float],
    readings: Readings,
) -> Compared:
    best = [max(reading.answers for reading in readings[a.key]) for a in asked]
    columns = zip(JUDGES, (p_features, best, p_stacked), strict=True)
    return Compared(asked, {name: np.array(scores) for name, scores in columns})


def mean_auroc(compared: Compared, judge: str, positions: np.ndarray) -> float:
    """Return the mean AUROC over the sets, weighted by their unanswerable questions."""
    yes, names = compared.positive[positions], compared.names[positions]
    scores = compared.scores[judge][positions]
    total, weights = 0.0, 0
    for name in np.unique(names):
        of_set = names == name
        negative = int((~yes[of_set]).sum())
        if negative and yes[of_set].any():
            total += negative * auroc(yes[of_set], scores[of_set])
            weights += negative
    return total / weights if weights else float("nan")


def compare_tier(
    title: str, compared: Compared, tier: str, found: dict[str, dict[str, Any]]
) -> Interval:
    """Print and note the figures of the unanswerable questions of one tier against the answerable.

    Returns:
        The gain of the stack over the features, bootstrapped by article.
    """
    at = [i for i, a in enumerate(compared.asked) if a.is_positive or a.tier == tier]
    chosen = _at(compared, at)

    def gain(positions: np.ndarray) -> float:
        ours, theirs = (mean_auroc(chosen, judge, positions) for judge in ("stacked", "features"))
        return ours - theirs

    interval = bootstrap(gain, [a.article for a in chosen.asked])
    every = np.arange(len(at))
    values = {judge: round(mean_auroc(chosen, judge, every), 4) for judge in chosen.scores}
    yes = int(chosen.positive.sum())
    counts = {"answerable": yes, "unanswerable": len(at) - yes}
    found[title] = {**values, **counts, "gain": interval.to_json()}
    shown = ", ".join(f"{name} {value:.3f}" for name, value in values.items())
    between = f"[{interval.low:+.3f}, {interval.high:+.3f}]"
    print(f"{title} {counts}: {shown}; gain {interval.value:+.3f} {between}", flush=True)
    return interval


def compare(
    compared: Compared, without: Mapping[str, Compared] | None = None
) -> tuple[dict[str, dict[str, Any]], bool]:
    """Print figures per set and tier, per tier of the sets trained on, and of sets left out.

    Args:
        compared: What `stack_all` found.
        without: What `stack_without` found, by the set. These figures say what to expect of
            questions of another kind; they decide nothing, for it is not that reader that ships.

    Returns:
        The figures, and whether the reader is worth shipping: over the sets it was trained on the
        gain lies above chance for adversarial and for ablated questions, and no set, those it
        never saw included, loses by more than chance.
    """
    found: dict[str, dict[str, Any]] = {}
    names = dict.fromkeys(a.name for a in compared.asked)
    worth = True
    for name in names:
        for interval in _compare_set(name, _part(compared, {name}), found):
            worth &= not interval.high < 0
    trained = _part(compared, set(TRAINED_ON))
    for tier in DECIDING:
        worth &= compare_tier(f"all sets trained on, {tier}", trained, tier, found).low > 0
    for name, part in (without or {}).items():
        _compare_set(f"{name} left out", part, found)
    return found, worth


def _compare_set(title: str, part: Compared, found: dict[str, dict[str, Any]]) -> list[Interval]:
    """Compare every tier of a set."""
    tiers = sorted({a.tier for a in part.asked if not a.is_positive})
    return [compare_tier(f"{title} {tier}", part, tier, found) for tier in tiers]


def _part(compared: Compared, names: set[str]) -> Compared:
    """Return what was found of some sets."""
    at = [i for i, a in enumerate(compared.asked) if a.name in names]
    return _at(compared, at)


def _at(compared: Compared, at: Sequence[int]) -> Compared:
    return Compared(
        [compared.asked[i] for i in at], {name: s[at] for name, s in compared.scores.items()}
    )
