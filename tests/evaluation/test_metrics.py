"""Metrics: known values, agreement with scikit-learn, and what must hold for any questions."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from evaluation.metrics.gate import (
    auprc,
    auroc,
    brier,
    ece,
    macro_f1,
    reliability,
    risk_coverage,
)
from evaluation.metrics.intervals import (
    bootstrap_mean,
    bootstrap_share,
    chance_of,
    compare_means,
    compare_shares,
    resamples,
)
from evaluation.metrics.retrieval import hit_at, ndcg, reciprocal_rank

NAMES = st.lists(st.sampled_from("abcdefghijkl"), unique=True, max_size=12)
GOLD = st.sets(st.sampled_from("abcdefghijkl"), min_size=1, max_size=5)
JUDGED = st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=2, max_size=60)


def arrays(judged):
    positive = np.array([yes for yes, _ in judged], dtype=bool)
    return positive, np.array([score / 20 for _, score in judged])


def test_retrieval_figures_of_a_known_list():
    ranked, gold = ("b", "a", "c"), {"a", "z"}
    assert hit_at(ranked, gold, 1) == 0.0
    assert hit_at(ranked, gold, 2) == 1.0
    assert reciprocal_rank(ranked, gold) == 0.5
    best = 1 + 1 / math.log2(3)
    assert ndcg(ranked, gold) == pytest.approx(1 / math.log2(3) / best)


@given(NAMES, GOLD)
def test_retrieval_figures_are_shares_and_agree_on_what_is_best(ranked, gold):
    for figure in (hit_at(ranked, gold, 5), reciprocal_rank(ranked, gold), ndcg(ranked, gold)):
        assert 0.0 <= figure <= 1.0
    assert hit_at(ranked, gold, 1) <= hit_at(ranked, gold, 5)
    assert ndcg(sorted(gold), gold) == pytest.approx(1.0)
    assert (reciprocal_rank(ranked, gold) > 0) == bool(gold & set(ranked))


@given(NAMES, GOLD, st.integers(0, 10))
def test_moving_a_gold_document_up_never_lowers_a_figure(ranked, gold, place):
    if not ranked or ranked[place % len(ranked)] not in gold:
        return
    at = place % len(ranked)
    better = [ranked[at], *ranked[:at], *ranked[at + 1 :]]
    assert ndcg(better, gold) >= ndcg(ranked, gold) - 1e-12
    assert reciprocal_rank(better, gold) >= reciprocal_rank(ranked, gold)


@given(JUDGED)
def test_auroc_is_the_chance_of_a_right_order(judged):
    positive, score = arrays(judged)
    value = auroc(positive, score)
    if positive.all() or not positive.any():
        assert math.isnan(value)
        return
    pairs = [(a > b) + 0.5 * (a == b) for a in score[positive] for b in score[~positive]]
    assert value == pytest.approx(float(np.mean(pairs)))
    assert auroc(~positive, score) == pytest.approx(1.0 - value)
    assert auroc(positive, score**3) == pytest.approx(value)


@given(JUDGED)
def test_errors_of_the_probability_are_bounded_and_zero_for_the_truth(judged):
    positive, score = arrays(judged)
    assert 0.0 <= ece(positive, score) <= 1.0
    assert 0.0 <= brier(positive, score) <= 1.0
    assert ece(positive, positive.astype(float)) == 0.0
    assert brier(positive, positive.astype(float)) == 0.0
    assert sum(step.n for step in reliability(positive, score)) == len(score)


def test_average_precision_of_a_perfect_order_is_one():
    positive = np.array([True, True, False, False])
    assert auprc(positive, np.array([0.9, 0.8, 0.2, 0.1])) == pytest.approx(1.0)
    assert auprc(positive, np.array([0.1, 0.2, 0.8, 0.9])) < 0.6


@given(JUDGED)
def test_risk_coverage_ends_at_everything_and_its_area_is_a_risk(judged):
    wrong, score = arrays(judged)
    curve = risk_coverage(wrong, score)
    assert curve.coverages[-1] == 1.0
    assert curve.risks[-1] == pytest.approx(float(wrong.mean()))
    assert list(curve.coverages) == sorted(set(curve.coverages))
    assert 0.0 <= curve.area <= 1.0
    assert curve.coverage_at(1.0) == 1.0
    at = curve.coverage_at(0.05)
    kept = np.sort(score)[::-1][: round(at * len(score))]
    if at:
        assert wrong[score >= kept[-1]].mean() <= 0.05 + 1e-9


def test_equal_scores_are_answered_together():
    curve = risk_coverage(np.array([True, False, False]), np.array([0.5, 0.5, 0.5]))
    assert curve.coverages == (1.0,)
    assert curve.risks == pytest.approx((1 / 3,))


def test_macro_f1_counts_every_label_that_occurs_once():
    labels = ("answerable", "ambiguous", "unanswerable")
    expected = ["answerable", "answerable", "unanswerable"]
    assert macro_f1(expected, expected, labels) == 1.0
    # "answerable" scores 0.8, "unanswerable" 0; "ambiguous" does not occur.
    assert macro_f1(expected, ["answerable"] * 3, labels) == pytest.approx(0.4)
    assert macro_f1(expected, ["unavailable"] * 3, labels) == 0.0


@given(st.lists(st.booleans(), min_size=1, max_size=40))
@settings(max_examples=25)
def test_the_interval_of_a_share_holds_its_value_and_is_repeatable(values):
    numbers = [float(v) for v in values]
    interval = bootstrap_share(numbers)
    assert interval.low - 1e-9 <= interval.value <= interval.high + 1e-9
    assert interval.n == len(values)
    assert bootstrap_share(numbers) == interval


def test_a_share_of_all_or_none_is_as_unsure_as_its_questions_are_few():
    # Clopper-Pearson of 3 of 3 and of 0 of 30, from tables.
    three, thirty = bootstrap_share([1.0] * 3), bootstrap_share([0.0] * 30)
    assert (round(three.low, 3), three.high) == (0.292, 1.0)
    assert (thirty.low, round(thirty.high, 3)) == (0.0, 0.116)
    # Thirty questions about one document are worth one.
    together = bootstrap_share([1.0] * 30, ["a"] * 30)
    assert (round(together.low, 3), together.n) == (0.025, 30)


def test_without_two_documents_nobody_knows_how_sure_a_figure_is():
    found = bootstrap_mean([0.2, 0.4], ["a", "a"])
    assert found.value == pytest.approx(0.3)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert found.to_json() == {"value": 0.3, "low": None, "high": None, "n": 2}


def test_questions_of_one_document_are_drawn_together():
    groups = ["a", "b", "a", "c", "a"]
    for positions in resamples(groups, 50):
        drawn = [groups[i] for i in positions]
        assert drawn.count("a") % 3 == 0
        assert (positions == 0).sum() == (positions == 4).sum()


def test_clusters_widen_the_interval():
    values = [1.0] * 20 + [0.0] * 20
    alone = bootstrap_mean(values)
    together = bootstrap_mean(values, ["good"] * 20 + ["bad"] * 20)
    assert together.high - together.low > alone.high - alone.low


def alone(count):
    return [str(number) for number in range(count)]


def test_a_difference_is_drawn_by_document():
    before, after = [True] * 40, [True] * 20 + [False] * 20
    apart = compare_shares(before, after, alone(40)).difference
    together = compare_shares(before, after, ["a"] * 20 + ["b"] * 20).difference
    # Two documents: any resample may hold only the one that was lost.
    assert (together.low, together.high) == (-1.0, 0.0)
    assert apart.high - apart.low < 0.4
    scores = compare_means([1.0] * 40, [float(v) for v in after], ["a"] * 20 + ["b"] * 20)
    assert (scores.difference.low, scores.difference.high) == (-1.0, 0.0)


def test_paired_shares_see_a_loss_and_no_difference():
    before = [True] * 20 + [False] * 5
    assert compare_shares(before, before, alone(25)).p_value == 1.0
    worse = compare_shares(before, [False] * 12 + [True] * 8 + [False] * 5, alone(25))
    assert worse.p_value < 0.01
    assert worse.is_worse
    assert not compare_shares([False] * 12, [True] * 12, alone(12)).is_worse


def test_paired_means_see_a_loss_and_no_difference():
    before = [0.9, 0.8, 1.0, 0.7, 0.9, 0.6, 0.8, 1.0, 0.9, 0.7]
    assert compare_means(before, before, alone(10)).p_value == 1.0
    worse = compare_means(before, [v - 0.3 for v in before], alone(10))
    assert worse.is_worse
    assert worse.difference.value == pytest.approx(-0.3)


def test_chance_alone_is_seldom_called_worse():
    chance = np.random.default_rng(5)
    alarms = 0
    for _ in range(60):
        before, after = chance.random(40) < 0.7, chance.random(40) < 0.7
        alarms += compare_shares(list(before), list(after), alone(40)).is_worse
    assert alarms <= 6


def test_a_document_of_which_everything_fell_is_one_thing_that_fell():
    before, after = [True] * 24, [False] * 20 + [True] * 4
    assert compare_shares(before, after, alone(24)).is_worse
    groups = ["one"] * 10 + ["other"] * 10 + ["a", "b", "c", "d"]
    together = compare_shares(before, after, groups)
    assert together.p_value == 0.5
    assert not together.is_worse
    scores = compare_means([0.9] * 24, [0.4] * 20 + [0.9] * 4, groups)
    assert scores.p_value == 0.5


def test_of_a_handful_of_documents_a_loss_is_told_by_its_questions():
    five = [str(n % 5) for n in range(20)]
    assert compare_shares([True] * 20, [False] * 20, five).is_worse
    assert compare_means([0.9] * 20, [0.4] * 20, five).is_worse
    assert not compare_shares([True] * 20, [False] * 2 + [True] * 18, five).is_worse


def test_with_a_document_for_each_question_it_is_the_test_of_mcnemar():
    before = [True] * 30 + [False] * 30
    after = [True] * 21 + [False] * 9 + [True] * 2 + [False] * 28
    expected = binomtest(2, 11).pvalue
    assert compare_shares(before, after, alone(60)).p_value == pytest.approx(expected)


def test_documents_that_change_by_chance_are_seldom_called_worse():
    chance = np.random.default_rng(7)
    alarms = 0
    for _ in range(100):
        fared = np.repeat(chance.integers(0, 3, 10), 10)  # lost, the same, won: a whole document
        before, after = fared < 2, fared > 0
        groups = [str(n // 10) for n in range(100)]
        alarms += compare_shares(list(before), list(after), groups).p_value < 0.05
    assert alarms <= 10


def test_one_long_name_costs_no_memory_for_every_question():
    names = ["n" * 50_000, *map(str, range(500))]
    tracemalloc.start()
    bootstrap_mean([float(len(name) > 2) for name in names], names)
    chance_of(np.ones(len(names)), names)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 20_000_000
