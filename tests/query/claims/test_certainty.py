"""How surely, of how many, in which case and with which exceptions something is said."""

import pytest

from query.claims.certainty import is_excepted, is_less_sure, is_negated


@pytest.mark.parametrize(
    ("claim", "statement", "less"),
    [
        ("Staff must come.", "Staff may come.", True),
        ("Staff may come.", "Staff must come.", False),
        ("Goggles are required.", "Goggles are recommended.", True),
        ("He resigned.", "He is expected to resign.", True),
        ("He is expected to resign.", "He is expected to resign soon.", False),
        ("It opened in May.", "It opened on 3 May 2021.", False),
        ("All members voted for it.", "Most members voted for it.", True),
        ("Everyone enters free.", "Residents enter free.", True),
        ("Only admins can delete users.", "Admins can delete users.", True),
        ("Only admins can delete users.", "Nobody but admins can delete users.", False),
        ("You get a refund.", "If the goods are damaged, you get a refund.", True),
        ("You get a refund for damaged goods.", "If the goods are damaged, you get it.", False),
    ],
)
def test_less_is_told_from_as_much(claim, statement, less):
    assert is_less_sure(claim, claim, statement) is less


def test_an_exception_holds_for_what_it_names():
    statement = "The hall is open daily except Sundays."
    assert is_excepted("The hall is open on Sundays.", statement)
    assert not is_excepted("The hall is open on Mondays.", statement)
    assert not is_excepted("The hall is open except on Sundays.", statement)


def test_the_no_of_a_bound_denies_nothing():
    assert not is_negated("Pay no later than 5 May.")
    assert is_negated("Do not pay.")
