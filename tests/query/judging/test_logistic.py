"""The one formula of all shipped regressions."""

import math

import pytest

from query.judging.logistic import CLIP, LogisticModel, read_model

MODEL = LogisticModel(("a", "b"), (1.0, 0.0), (2.0, 1.0), (0.5, -1.0), 0.25)


def sigmoid(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def test_values_are_standardised_weighed_and_summed():
    assert MODEL.probability({"b": 0.5, "a": 3.0}) == pytest.approx(sigmoid(0.25 + 0.5 - 0.5))


def test_what_is_like_nothing_in_the_training_counts_no_further():
    most = MODEL.probability({"a": 1.0, "b": -CLIP})
    assert MODEL.probability({"a": 1.0, "b": -1e9}) == most


def test_it_is_read_from_json():
    record = {"means": [1, 0], "scales": [2, 1], "coefficients": [0.5, -1], "intercept": 0.25}
    assert read_model(["a", "b"], record) == MODEL
