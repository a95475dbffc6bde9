"""Bounds, sides in time and rates of values."""

import pytest

from query.claims.bounds import (
    NEGATED_BOUND,
    Bound,
    Side,
    are_other_times,
    bound_of,
    rates_of,
    side_of,
)
from query.claims.figures import values_of


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("at least 10 people", Bound.LEAST),
        ("at most 10 people", Bound.MOST),
        ("no more than 10 people", Bound.MOST),
        ("no less than 10 people", Bound.LEAST),
        ("more than about 10 people", Bound.LEAST),
        ("do not take more than four tablets", Bound.MOST),
        ("must not exceed 40 km", Bound.MOST),
        ("children aged 12 or over", Bound.LEAST),
        ("10 people or fewer", Bound.MOST),
        ("within 30 days", Bound.MOST),
        ("after 30 days", Bound.LEAST),
        ("up to the age of 12", Bound.MOST),
        ("from 40 °C", Bound.LEAST),
        ("by 5 May", Bound.MOST),
        ("since 2015", Bound.LEAST),
        ("it rose by 5 %", Bound.NONE),
        ("over three years", Bound.NONE),
        ("over 500 visitors", Bound.LEAST),
        ("exactly 10 people", Bound.NONE),
        ("no later than three months before the end", Bound.LEAST),
        ("no later than three months after the end", Bound.MOST),
        ("no earlier than two days before the test", Bound.MOST),
    ],
)
def test_a_bound_is_read_before_and_behind_its_value(text, bound):
    assert bound_of(values_of(text)[0], text) is bound


def test_both_ends_of_a_range_are_bounds():
    for text in ("between 5 and 10 people", "from 14:00 to 18:00"):
        first, second = values_of(text)
        assert (bound_of(first, text), bound_of(second, text)) == (Bound.LEAST, Bound.MOST)


@pytest.mark.parametrize(
    ("text", "side"),
    [
        ("two days before departure", Side.AHEAD),
        ("30 days prior to the event", Side.AHEAD),
        ("two days after arrival", Side.AFTERWARDS),
        ("two days of rain", Side.NONE),
        ("10 people before noon", Side.NONE),
    ],
)
def test_a_span_lies_before_or_after_something(text, side):
    assert side_of(values_of(text)[0], text) is side


@pytest.mark.parametrize(
    ("text", "rates"),
    [
        ("€50 per month", {"month"}),
        ("€50 a month", {"month"}),
        ("€50/month", {"month"}),
        ("a monthly fee of €50", {"month"}),
        ("€80 per annum", {"year"}),
        ("€20 per person per night", {"person", "night"}),
        ("a fee of €50", set()),
    ],
)
def test_a_rate_is_read(text, rates):
    assert rates_of(values_of(text)[0], text) == rates


def test_only_spans_of_time_exclude_each_other():
    assert are_other_times(frozenset({"month"}), frozenset({"year"}))
    assert not are_other_times(frozenset({"person"}), frozenset({"night"}))
    assert not are_other_times(frozenset({"month"}), frozenset())


def test_the_no_of_a_bound_is_told_from_a_denial():
    assert NEGATED_BOUND.search("no later than 5 May")
    assert not NEGATED_BOUND.search("there is no parking")
