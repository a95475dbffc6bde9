"""How sure a figure is: bootstrap intervals and paired tests, seeded, clustered by document."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

RESAMPLES = 1000
CONFIDENCE = 0.95
SEED = 20261126
NAN = float("nan")
FEWEST = 6
"""Documents that, all changed alike, are no chance at 95 %: twice one in 2 ** 6 is 3 %."""
MOST_ENUMERATED = 14
"""Documents of which every order of signs is looked at; of more, some orders are drawn."""
SAME = 1e-12
"""Resamples that differ by less are the same figure, rounded otherwise."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with the interval it may lie in."""

    value: float
    low: float
    high: float
    n: int
    """Questions it was computed from."""

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "value": rounded(self.value),
            "low": rounded(self.low),
            "high": rounded(self.high),
            "n": self.n,
        }


def resamples(groups: Sequence[str], count: int = RESAMPLES) -> Iterator[Integers]:
    """Yield positions drawn with replacement, whole groups at a time.

    Questions on one document fail together; drawn one by one they would make the interval look
    narrower than it is.
    """
    chance = np.random.default_rng(SEED)
    places = _places(groups)
    order = np.argsort(places, kind="stable")
    _, starts = np.unique(places[order], return_index=True)
    members = np.split(order, starts[1:])
    for _ in range(count):
        drawn = chance.integers(0, len(members), len(members))
        yield np.concatenate([members[i] for i in drawn]).astype(np.intp)


def bootstrap(
    figure: Callable[[Integers], float],
    groups: Sequence[str],
    count: int = RESAMPLES,
    confidence: float = CONFIDENCE,
) -> Interval:
    """Return a figure of all questions with its percentile interval.

    Where all resamples give the same, as with questions about a single document, they say nothing
    of how sure the figure is: then the interval has no ends (NaN).

    Args:
        figure: Computes it from positions of questions; NaN where those do not suffice.
        groups: For every question what it is drawn together with, such as its document.
        count: Number of resamples.
        confidence: Share of resamples inside the interval.
    """
    n = len(groups)
    if n == 0:
        return Interval(NAN, NAN, NAN, 0)
    value = figure(np.arange(n, dtype=np.intp))
    drawn = np.array([figure(positions) for positions in resamples(groups, count)])
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size or np.ptp(drawn) < SAME:
        return Interval(float(value), NAN, NAN, n)
    tail = (1.0 - confidence) / 2
    low, high = np.quantile(drawn, [tail, 1.0 - tail])
    return Interval(float(value), float(low), float(high), n)


def bootstrap_mean(values: Sequence[float], groups: Sequence[str] | None = None) -> Interval:
    """Return a mean with its interval."""
    given = np.asarray(values, dtype=np.float64)
    names = groups if groups is not None else [str(i) for i in range(len(given))]
    return bootstrap(lambda positions: float(given[positions].mean()), names)


def bootstrap_share(values: Sequence[float], groups: Sequence[str] | None = None) -> Interval:
    """Return a mean of values between 0 and 1 with its interval.

    Where all of them are 0, or all 1, no resample differs, and three questions would look as sure
    as three hundred. Then the exact (Clopper-Pearson) bound holds, with a question per group.

    Args:
        values: One for each question.
        groups: For every question what it is drawn together with, such as its document.
    """
    found = bootstrap_mean(values, groups)
    count = len(set(groups)) if groups is not None else len(values)
    if not count or found.value not in (0.0, 1.0):
        return found
    least = ((1.0 - CONFIDENCE) / 2) ** (1.0 / count)
    low, high = (least, 1.0) if found.value else (0.0, 1.0 - least)
    return Interval(found.value, low, high, found.n)


@dataclass(frozen=True, slots=True)
class Paired:
    """The same questions under two states: what changed, and whether chance explains it."""

    before: float
    after: float
    difference: Interval
    p_value: float
    """How likely a difference of this size is if the two states are equally good."""

    @property
    def is_worse(self) -> bool:
        """Whether it fell by more than chance explains."""
        return self.difference.value < 0 and self.p_value < 1.0 - CONFIDENCE

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "before": rounded(self.before),
            "after": rounded(self.after),
            "difference": self.difference.to_json(),
            "p_value": round(self.p_value, 4),
            "is_worse": self.is_worse,
        }


def compare_shares(before: Sequence[bool], after: Sequence[bool], groups: Sequence[str]) -> Paired:
    """Compare yes-or-no outcomes of the same questions; `chance_of` is the test.

    Args:
        before: Outcomes under the one state.
        after: Outcomes under the other, in the same order.
        groups: What each question fares together with, such as its document.
    """
    return compare_means([float(one) for one in before], [float(one) for one in after], groups)


def compare_means(before: Sequence[float], after: Sequence[float], groups: Sequence[str]) -> Paired:
    """Compare scores of the same questions; `chance_of` is the test.

    Args:
        before: Scores under the one state.
        after: Scores under the other, in the same order.
        groups: What each question fares together with, such as its document.
    """
    was, now = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    change = now - was
    difference = bootstrap_mean(list(change), groups)
    return Paired(_mean(was), _mean(now), difference, chance_of(change, groups))


def chance_of(change: Floats, groups: Sequence[str]) -> float:
    """Return how likely a change of this size is if the two states are equally good.

    Then all that changed about one document might as well have changed the other way round. So
    the signs of whole documents are flipped (Winkler et al., Multi-level block permutation,
    NeuroImage 123, 2015): questions about one document fare together, and each by itself would
    make chance look rarer than it is. Where every question has a document of its own, this is
    McNemar's exact test of shares. Questions about fewer than `FEWEST` documents count each by
    itself: by document nothing could ever be called worse, and an alarm too many is better.

    Args:
        change: What changed, one for each question.
        groups: For every question what it fares together with, such as its document.
    """
    document = _places(groups)
    if len(set(groups)) < FEWEST:
        document = np.arange(len(change))
    sums = np.bincount(document, weights=change)
    moved = sums[np.abs(sums) > SAME]
    seen = abs(float(moved.sum())) - SAME
    if np.array_equal(moved, np.round(moved)):
        return _chance_of_counts(np.abs(moved).astype(np.intp), seen)
    if len(moved) <= MOST_ENUMERATED:
        totals = np.zeros(1)
        for one in moved:
            totals = np.concatenate([totals + one, totals - one])
        return float((np.abs(totals) >= seen).mean())
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], size=(RESAMPLES, len(moved)))
    # One is added to both: the observed order is one of the possible ones.
    return (1 + int((np.abs(signs @ moved) >= seen).sum())) / (1 + RESAMPLES)


def _chance_of_counts(sizes: Integers, seen: float) -> float:
    """Return the same exactly for whole numbers, by the distribution of their sum."""
    most = int(sizes.sum())
    shares = np.zeros(2 * most + 1)
    shares[most] = 1.0
    for size in sizes:
        shares = (np.roll(shares, size) + np.roll(shares, -size)) / 2
    return float(min(1.0, shares[np.abs(np.arange(-most, most + 1)) >= seen].sum()))


def rounded(value: float) -> float | None:
    """Return four decimals, or none for what could not be computed: JSON has no NaN."""
    return round(value, 4) if np.isfinite(value) else None


def _places(groups: Sequence[str]) -> Integers:
    """Return for every question the place of its group among all groups, by name.

    An array of names would take as much for each question as the longest name does.
    """
    place = {name: number for number, name in enumerate(sorted(set(groups)))}
    return np.fromiter((place[name] for name in groups), dtype=np.intp, count=len(groups))


def _mean(values: Floats) -> float:
    return float(values.mean()) if values.size else NAN
