"""The guarantees hold in repeated draws, and the bounds are the exact ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.calibrating.bounds import (
    certify,
    control_refusals,
    count,
    least_questions,
    order_of_tests,
    upper_bound,
)
from evaluation.calibrating.samples import Samples

DRAWS = 200


def draw(chance: np.random.Generator, n: int) -> Samples:
    """Questions whose chance of being answerable grows with the score; some a rule refuses."""
    score = chance.beta(1.5, 1.0, n)
    positive = chance.random(n) < 0.55 + 0.44 * score**0.5 * (score > 0.3)
    admitted = chance.random(n) < 0.9
    refusal = np.where(admitted, score, 0.0)
    return Samples(score, positive, admitted, refusal)


@given(st.integers(0, 60), st.integers(1, 200), st.floats(0.5, 0.99))
def test_the_bound_is_the_largest_risk_that_the_mistakes_do_not_refute(wrong, answered, sure):
    from scipy.stats import binom

    bound = upper_bound(wrong, answered, sure)
    if wrong >= answered:
        assert bound == 1.0
        return
    assert wrong / answered <= bound <= 1.0
    assert binom.cdf(wrong, answered, bound) == pytest.approx(1.0 - sure, rel=1e-6, abs=1e-9)


def test_the_number_of_questions_it_takes_is_exact():
    assert least_questions(0.05, 0.95) == 59
    assert upper_bound(0, 59, 0.95) <= 0.05 < upper_bound(0, 58, 0.95)


@pytest.mark.parametrize("max_risk", [0.05, 0.10])
def test_the_promised_risk_holds_in_95_of_100_draws(max_risk):
    population = draw(np.random.default_rng(99), 400_000)
    chance = np.random.default_rng(11)
    broken = promised = 0
    for _ in range(DRAWS):
        order = order_of_tests(draw(chance, 500), 0.95)
        found = certify(draw(chance, 900), order, max_risk, 0.95)
        if found is None:
            continue
        promised += 1
        truth = count(population, found.threshold, 0.95)
        broken += truth.wrong / truth.answered > max_risk
    assert promised > DRAWS / 5, "the simulation must promise something to show anything"
    assert broken <= 0.05 * DRAWS


def test_refusals_are_as_seldom_as_promised_over_repeated_draws():
    chance = np.random.default_rng(12)
    population = draw(chance, 200_000)
    ours = population.refusal_score[population.positive]
    rates = []
    for _ in range(DRAWS):
        sample = draw(chance, 150)
        found = control_refusals(sample.refusal_score[sample.positive], 0.2, 1.0)
        assert found.bound == 0.2
        rates.append((ours < found.threshold).mean())
    # The promise is about the expectation; the mean of 200 draws is that close to it.
    assert np.mean(rates) <= 0.2 + 3 * np.std(rates) / math.sqrt(DRAWS)
    assert np.mean(rates) > 0.12, "a threshold that refuses nobody keeps every promise"


@given(st.lists(st.floats(0, 1), min_size=1, max_size=80), st.floats(0.01, 0.5))
def test_a_refusal_bound_is_never_given_for_more_refusals_than_it_allows(scores, most):
    given_scores = np.array(scores)
    found = control_refusals(given_scores, most, 0.9)
    assert found.threshold <= 0.9
    if found.bound is not None:
        refused = (given_scores < found.threshold).sum()
        assert (refused + 1) / (len(scores) + 1) <= most + 1e-9


def test_too_few_or_rule_refused_questions_get_no_refusal_bound():
    assert control_refusals(np.array([0.9] * 5), 0.1, 0.5).bound is None
    assert control_refusals(np.array([0.0] * 10 + [0.9] * 10), 0.1, 0.5).bound is None


def test_the_first_failure_ends_the_sequence():
    score = np.array([0.9] * 80 + [0.8] * 5 + [0.7] * 4000)
    positive = np.array([True] * 80 + [False] * 5 + [True] * 4000)
    admitted = np.ones(len(score), dtype=bool)
    samples = Samples(score, positive, admitted, score)
    found = certify(samples, [0.9, 0.8, 0.7], 0.05, 0.95)
    # 0.7 would pass by itself; after the failure of 0.8 it must not be looked at.
    assert found.threshold == 0.9
    assert count(samples, 0.7, 0.95).bound < 0.05
