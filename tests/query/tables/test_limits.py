"""A figure within a limit that a sentence gives is met by it, and by no other sentence."""

import pytest

from query.judging.requirements import absent
from query.quoting.quotes import quote
from query.tables.limits import limit_holds, sentences_outside
from query.tables.quantities import read_quantity
from query.text.passages import weigh_terms
from tests.query.ambiguity.test_conflicts import ask, candidates

FEES = (
    "Systems need an approval. The application fee for systems from 4 kW to 10 kW is £40. "
    "The application fee for systems above 10 kW is £180."
)


@pytest.mark.parametrize(
    ("text", "figure", "holds"),
    [
        ("Households with an income below £25,000 get it.", "£20,000 a year", True),
        ("Households with an income below £25,000 get it.", "£30,000 a year", False),
        ("Households with an income below £25,000 get it.", "€20,000 a year", False),
        ("Households with an income below £25,000 get it.", "20,000 kWh", False),
        ("Customers using more than 100,000 kWh a year need it.", "150,000 kWh", True),
        ("It is for incomes of 10,000 euros or less.", "5,000 euros", True),
        ("Between €10,000 and €20,000 it is free.", "€15,000", True),
        ("Between €10,000 and €20,000 it is free.", "€25,000", False),
        ("It ran from 2015 to 2020.", "2017", False),
    ],
)
def test_a_limit_holds_amounts_of_its_unit(text, figure, holds):
    asked = read_quantity(figure)
    assert asked is not None
    assert limit_holds(text, asked) is holds


@pytest.mark.parametrize(("income", "missing"), [("£20,000", []), ("£30,000", ["£30,000"])])
def test_a_figure_within_a_limit_is_not_missed(income, missing):
    question = ask(f"Do households with an income of {income} get a grant?")
    passages = candidates("Households with an income below £25,000 get the grant.")
    assert [one.text for one in absent(question, passages) if one.strict] == missing


@pytest.mark.parametrize(("size", "fee"), [("15 kW", "£180"), ("5 kW", "£40")])
def test_the_sentence_whose_limit_holds_the_figure_is_quoted(size, fee):
    question = ask(f"What is the application fee for systems of {size}?")
    (passage,) = candidates(FEES)
    one = quote(question, weigh_terms(question.terms, [passage]), passage)
    assert fee in one.quote


def test_where_no_limit_holds_the_figure_no_sentence_stands_back():
    question = ask("What is the application fee for systems of 2 kW?")
    (passage,) = candidates(FEES)
    assert sentences_outside(question, passage) == frozenset()
