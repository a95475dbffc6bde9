"""What a thing costs is asked once more as its price, where the first wording finds no price."""

import pytest

from query.asking.prices import asked_for_price, speaks_of_price
from query.decision import Verdict
from tests.query.ambiguity.test_conflicts import Sure, titled

LIST = """Price list

Product | List price EUR
Heron | 1290
Heron Solar | 1840"""


@pytest.mark.parametrize(
    ("asked", "price"),
    [
        ("What does the Tern 4 cost?", "What is the price of the Tern 4?"),
        ("how much do crutches cost per week", "What is the price of crutches per week?"),
        ("How much is a knee MRI?", "What is the price of a knee MRI?"),
        ("How much is the deposit for the brace?", ""),
        ("What does it cost?", ""),
        ("What is the price of the Tern 4?", ""),
        ("How much is left?", ""),
    ],
)
def test_the_other_way_to_ask(asked, price):
    assert asked_for_price(asked) == price


def test_what_speaks_of_a_price():
    assert speaks_of_price(titled("Heron", LIST, 1))
    assert speaks_of_price(titled("Heron", "It costs 12 euro.", 2))
    assert not speaks_of_price(titled("Heron", "A concrete wall costs 20 dB.", 3))


def test_a_page_that_says_what_something_else_costs_does_not_answer(shelve, page, make_engine):
    store = shelve([
        page("wall.md", "Heron Solar", "A concrete wall before the Heron Solar costs 20 dB."),
        page("prices.md", "Price list", LIST),
    ])  # fmt: skip
    decision = make_engine(store=store, judge=Sure()).answer("What does the Heron Solar cost?")
    assert decision.verdict is Verdict.ANSWERABLE
    assert "1840" in decision.answer


def test_two_amounts_stay_torn_whatever_the_wording(shelve, page, make_engine):
    store = shelve([
        page("a.md", "Permit", "A permit costs 30 euro a year."),
        page("b.md", "Permit", "The price of a permit is 45 euro a year."),
    ])  # fmt: skip
    decision = make_engine(store=store, judge=Sure()).answer("What does a permit cost?")
    assert decision.verdict is Verdict.AMBIGUOUS
