"""The row whose range holds the figure of a question is found, and no other."""

from unittest.mock import Mock

import pytest

from query.tables.quantities import read_quantity
from query.tables.ranges import asked_amounts, find_scale, scale_holds
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask, candidates

DISCOUNTS = """Discounts

Rule | Discount percent | Condition
Quantity A | 5 | 10 to 49 probes in one order
Quantity B | 9 | 50 to 199 probes in one order
Quantity C | 14 | 200 probes or more in one order
Schools | 20 | hardware only, up to 15 probes a year"""
APPROVAL = """Approval of expenses

Amount per item | Approver
up to €50 | nobody
up to €500 | the manager
up to €5,000 | the head of department
above €5,000 | the CFO"""
FEES = """Membership

Age | Yearly fee
under 6 | free
6 to 17 | €4
65 or more | €12"""
LORRIES = """Surcharge

Weight of the lorry | Surcharge
under 3.5 t | none
3.5 t to 7.5 t | £20
above 7.5 t | £45"""

LEVELS = """Levels

Level | Nights per year | Discount
Green | 0 to 9 | 3%
Silver | 10 to 24 | 6%
Gold | 25 or more | 12%"""

DOSES = """Doses

Age | Dose
2 to 5 years | half a tablet
6 to 11 years | 1 tablet
over 11 years | 2 tablets"""


def label(question: str, *texts: str):
    asked, passages = ask(question), candidates(*texts)
    scale = find_scale(asked, weigh_terms(asked.terms, passages), passages)
    return scale and (scale.row and scale.row.label)


@pytest.mark.parametrize(
    ("question", "text", "row"),
    [
        ("Which discount does an order of 20 probes get?", DISCOUNTS, "Quantity A"),
        ("Which discount does an order of 49 probes get?", DISCOUNTS, "Quantity A"),
        ("Which discount do 60 probes get?", DISCOUNTS, "Quantity B"),
        ("Which discount do 1,200 probes get?", DISCOUNTS, "Quantity C"),
        ("Which discount do 12 probes get?", DISCOUNTS, "Quantity A"),
        ("What is the dose for a child of 8 years?", DOSES, "6 to 11 years"),
        ("What is the dose for a 4 year old?", DOSES, "2 to 5 years"),
        ("What is the dose for a 14-year-old?", DOSES, "over 11 years"),
        ("What does a 9-year-old pay?", FEES, "6 to 17"),
        ("Who approves an expense of €300?", APPROVAL, "up to €500"),
        ("Who approves an expense of 50 euro?", APPROVAL, "up to €50"),
        ("Who approves an expense of 6,000 euro?", APPROVAL, "above €5,000"),
        ("What is the fee for somebody of 70 years?", FEES, "65 or more"),
        ("What is the fee for a child of 4 years?", FEES, "under 6"),
        ("What is the surcharge of a lorry of 2500 kg?", LORRIES, "under 3.5 t"),
        ("What is the surcharge of a lorry of 9 t?", LORRIES, "above 7.5 t"),
        ("What is the discount for 12 nights per year?", LEVELS, "Silver"),
    ],
)
def test_the_row_that_holds_the_figure_is_found(question, text, row):
    assert label(question, text) == row


def test_where_no_range_holds_the_figure_there_is_a_scale_without_a_row():
    asked, passages = ask("Which discount do 5 probes get?"), candidates(DISCOUNTS)
    scale = find_scale(asked, weigh_terms(asked.terms, passages), passages)
    assert scale is not None
    assert scale.row is None
    assert scale.asked == "5 probes"
    assert label("What is the fee for somebody of 40 years?", FEES) is None


@pytest.mark.parametrize(
    "question",
    [
        "Which discount do orders of more than 20 probes get?",
        "Which discount do 20 gateways get?",
        "Which discount do 20 probes and 30 probes get?",
        "Which discount does a Probe 20 get?",
        "Which discount do probes get?",
        "Who approves an expense of $300?",
    ],
)
def test_other_things_limits_and_names_are_not_looked_up(question):
    assert label(question, DISCOUNTS, APPROVAL) is None
    found = find_scale(ask(question), {}, candidates(DISCOUNTS, APPROVAL))
    assert found is None


def test_amounts_keep_the_words_they_are_counted_in():
    assert [text for text, _ in asked_amounts(ask("What do 20 probes cost?"))] == ["20 probes"]
    assert [text for text, _ in asked_amounts(ask("Who approves €300?"))] == ["€300"]


def test_of_many_amounts_only_two_are_read(monkeypatch):
    read = Mock(wraps=read_quantity)
    monkeypatch.setattr("query.tables.ranges.read_quantity", read)
    assert len(asked_amounts(ask("Who approves " + "€300 and " * 99 + "€400?"))) == 2
    assert read.call_count == 2
    assert max(len(call.args[0]) for call in read.call_args_list) <= 100


def test_a_scale_of_a_passage_holds_a_number_that_it_does_not_name():
    (approval,), (prose,) = candidates(APPROVAL), candidates("The CFO signs above €5,000.")
    assert scale_holds(approval, "6,000 euro")
    assert not scale_holds(approval, "6,000 dollars")
    assert not scale_holds(prose, "6,000 euro")
