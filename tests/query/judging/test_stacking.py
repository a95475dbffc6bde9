"""Features and reader put together."""

import json
import math

import pytest

from config.errors import ConfigError
from query.judging.reader import Reading
from query.judging.stacking import INPUTS, Stack, Together, read_stack, read_together, stacked
from tests.query.judging.test_reader import record_of

PLAIN = Stack((0.0,) * 6, (1.0,) * 6, (1.0, 0.5, 0.25, 0.0, 0.125, 0.0), 0.1)
DOUBTS = Stack((0.0,) * 6, (1.0,) * 6, (0.0, 0.0, 1.0, 0.0, 0.0, 0.0), -2.0)
READ = [Reading(1.0, 0.5)]


def test_the_stack_is_a_logistic_regression_over_the_best_of_the_passages():
    readings = [Reading(1.0, -2.0), Reading(-3.0, 2.0), Reading(0.0, 0.5)]
    assert stacked(0.5, readings) == (0.0, 1.0, 2.0, 0.5, -2.0, 1.0)
    expected = 1 / (1 + math.exp(-(0.1 + 0.0 + 0.5 * 1.0 + 0.25 * 2.0 + 0.125 * -2.0)))
    assert PLAIN.probability(0.5, readings) == pytest.approx(expected)


def test_no_input_carries_the_stack_beyond_three_standard_deviations():
    at_the_edge = PLAIN.probability(0.5, [Reading(3.0, 0.0)])
    assert PLAIN.probability(0.5, [Reading(1e6, 0.0)]) == at_the_edge
    for p in (0.0, 1.0):
        assert 0.0 < PLAIN.probability(p, [Reading(-1e9, 1e9)]) < 1.0


def test_one_passage_counts_as_its_own_second():
    assert stacked(0.5, [Reading(1.0, -2.0)])[2:4] == (-2.0, -2.0)


def test_a_stack_survives_its_json_form():
    record = record_of(b"")["stack"]
    assert read_stack(json.loads(json.dumps(record))).coefficients == (1.0,) * 6


@pytest.mark.parametrize("p", [0.0, 0.2, 0.9, 1.0])
def test_in_a_conversation_the_logits_of_two_stacks_are_added(p):
    alone, talk = (stack.probability(p, READ) for stack in (PLAIN, DOUBTS))
    logits = [math.log(x / (1 - x)) for x in (alone, talk)]
    expected = 1 / (1 + math.exp(-(0.25 * logits[0] + logits[1])))
    assert Together(PLAIN, DOUBTS, 0.25, 1.0).probability(p, READ) == pytest.approx(expected)
    assert Together(PLAIN, DOUBTS, 0.0, 1.0).probability(p, READ) == pytest.approx(talk)


def in_talk(**changes):
    return {
        "beside": 0.6, "advice": 0.5, "inputs": list(INPUTS),
        "means": [0.0] * 6, "scales": [1.0] * 6,
        "coefficients": [0.0, 0.0, 1.0, 0.0, 0.0, 0.0], "intercept": -2.0, **changes,
    }  # fmt: skip


def test_the_stack_of_conversations_is_read_beside_the_other():
    assert read_together(in_talk(), PLAIN) == (
        Together(PLAIN, DOUBTS, 1.0, 0.5), Together(PLAIN, DOUBTS, 0.6, 1.0),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["beside", "advice"])
@pytest.mark.parametrize("share", [None, "much", -0.1, 1.1, math.nan])
def test_a_share_that_is_none_is_refused(name, share):
    with pytest.raises(ConfigError, match="damaged"):
        read_together(in_talk(**{name: share}), PLAIN)
