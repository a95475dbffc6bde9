"""Comparisons: each side is asked about by what the comparison is about."""

import pytest

from query.asking.alternatives import alternatives, asked_alone, things_of


@pytest.mark.parametrize(
    ("text", "alone"),
    [
        ("Which is heavier, the Tern 2 or the Tern 3?",
         ("How much does the Tern 2 weigh?", "How much does the Tern 3 weigh?")),
        ("Which is cheaper to buy, the Tern 2 or the Tern 3?",
         ("How much does the Tern 2 cost?", "How much does the Tern 3 cost?")),
        ("Is the Tern 2 older than the Tern 3?",
         ("How old is the Tern 2?", "How old is the Tern 3?")),
        ("which one weighs less, a or bee?",
         ("How much does a weigh?", "How much does bee weigh?")),
    ],
)  # fmt: skip
def test_each_side_is_asked_about_by_its_measure(text, alone):
    assert asked_alone([text]) == alone


@pytest.mark.parametrize(
    "text",
    [
        "Is the Winter Carer Payment taxed or tax-free?",
        "Which is the heaviest pump?",
        "Does it last longer than a day?",
        "What is cheaper?",
    ],
)
def test_where_nothing_is_compared(text):
    assert alternatives(text) == ()


def test_what_is_not_compared_may_be_asked_for_side_by_side():
    assert [one.text for one in things_of("What are the length and age of it?")] == [
        "the length",
        "age",
    ]
    assert things_of("How long is it?") == ()
