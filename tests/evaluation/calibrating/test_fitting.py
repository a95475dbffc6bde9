"""From samples to a calibration: what it maps, what it proves, when there is none."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pytest

from evaluation.calibrating.fitting import Promise, fit
from evaluation.calibrating.samples import Sample, sample_of, split
from query.calibrating.calibration import Binding, read_calibration
from query.calibrating.drift import DriftWatch

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
BINDING = Binding("g1", "e", "c", 8, "r", "j", "p")


def draw(n: int, seed: int = 3, skill: float = 6.0) -> list[Sample]:
    """Overconfident scores: the truth is nearer to one half than they say."""
    chance = np.random.default_rng(seed)
    truth = 1 / (1 + np.exp(-chance.normal(1.0, skill, n)))
    positive = chance.random(n) < truth
    score = 1 / (1 + np.exp(-3.0 * np.log(truth / (1 - truth))))
    return [
        Sample(float(s), bool(y), bool(s > 0.35), float(s), f"d{i}")
        for i, (s, y) in enumerate(zip(score, positive, strict=True))
    ]


def test_the_map_mends_an_overconfident_score_and_the_risk_is_proven():
    attempt = fit(draw(1500), BINDING, Promise(), 4, NOW)
    made, figures = attempt.calibration, attempt.figures
    assert made is not None, attempt.problem
    assert figures["ece_after"] < figures["ece_before"]
    assert figures["ece_after"] < 0.05
    assert figures["observed_risk"] <= figures["proven_risk"] <= 0.05
    assert made.slope == pytest.approx(1 / 3, rel=0.2)
    assert made.calibration_id.startswith("c0004-")
    assert sum(made.reference) == pytest.approx(1.0)


def test_the_same_questions_give_the_same_calibration():
    first, again = (fit(draw(900), BINDING, Promise(), 1, NOW).calibration for _ in range(2))
    assert first == again
    other = fit(draw(900, seed=4), BINDING, Promise(), 1, NOW).calibration
    assert other.calibration_id != first.calibration_id


def test_it_survives_being_written_and_read():
    import json

    made = fit(draw(900), BINDING, Promise(), 1, NOW).calibration
    assert read_calibration(json.dumps(made.to_json()), "here") == made


@pytest.mark.parametrize("n", [0, 1, 30])
def test_too_few_questions_are_called_too_few(n):
    attempt = fit(draw(n), BINDING, Promise(), 1, NOW)
    assert attempt.calibration is None
    assert "too few questions" in attempt.problem


def test_a_hundred_questions_are_too_few_for_one_percent():
    attempt = fit(draw(150), BINDING, Promise(max_risk=0.01), 1, NOW)
    assert attempt.calibration is None
    assert "it takes 299" in attempt.problem
    strict = fit(draw(150), BINDING, Promise(max_risk=0.005, confidence=0.999), 1, NOW)
    assert "a risk of at most 0.5% with 99.9% confidence" in strict.problem


def test_a_score_that_says_nothing_promises_nothing():
    chance = np.random.default_rng(8)
    samples = [
        Sample(float(s), bool(y), True, float(s), f"d{i}")
        for i, (s, y) in enumerate(zip(chance.random(800), chance.random(800) < 0.5, strict=True))
    ]
    attempt = fit(samples, BINDING, Promise(), 1, NOW)
    assert attempt.calibration is None
    assert attempt.problem


def test_no_document_is_on_both_sides():
    samples = [Sample(0.5, True, True, 0.5, f"d{i % 7}") for i in range(70)]
    for place in range(7):
        alone = [s for s in samples if s.group == f"d{place}"]
        assert sorted(map(len, split(alone))) == [0, 10]


def test_what_a_rule_decides_is_not_left_to_the_score(outcome):
    refused = sample_of(outcome("answerable", "unanswerable", p=0.3), 0.45)
    assert refused.refusal_score == 0.0
    assert not refused.admitted
    asked_back = sample_of(outcome("ambiguous", "ambiguous", p=0.8), 0.45)
    assert asked_back.refusal_score == 1.0
    assert not asked_back.positive
    answered = sample_of(outcome("answerable", "answerable", p=0.8), 0.45)
    assert (answered.admitted, answered.refusal_score) == (True, 0.8)


def test_what_a_rule_refuses_for_low_support_no_threshold_lets_through(outcome):
    said = outcome("answerable", "unanswerable", p=0.6)
    by_rule = replace(said, codes=("low_support",))
    assert sample_of(by_rule, 0.45).refusal_score == 0.0
    by_score = replace(by_rule, p=0.4)
    assert sample_of(by_score, 0.45).refusal_score == 0.4


def test_a_small_calibration_is_not_stale_by_chance_and_still_sees_other_questions():
    stale = {"alike": 0, "other": 0}
    made = [
        fit(draw(80, seed, 1.5), BINDING, Promise(0.4, 0.8), 1, NOW).calibration
        for seed in range(40)
    ]
    held = [one for one in made if one is not None]
    assert len(held) > 20
    for number, one in enumerate(held):
        alike = [one.probability(s.score) for s in draw(1500, 1000 + number, 1.5)]
        other = [p for p in alike if p < 0.6]
        for name, live in (("alike", alike), ("other", other)):
            watch = DriftWatch(one)
            seen = [watch.saw(p) or (n % 25 == 0 and watch.is_stale()) for n, p in enumerate(live)]
            stale[name] += any(seen)
    assert stale["alike"] <= len(held) // 20
    assert stale["other"] == len(held)
