"""What is written with "a" is a value where it counts: an hour, a dozen eggs, a million euros."""

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.claims.figures import values_of

WRONG = {ClaimVerdict.CONTRADICTED, ClaimVerdict.UNSUPPORTED}


def verdict(claim: str, evidence: str) -> ClaimVerdict:
    return check(claim, [evidence]).claims[0].verdict


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ("an hour", "half an hour"),
        ("half an hour", "an hour"),
        ("a quarter of an hour", "an hour"),
        ("an hour", "an hour and a half"),
        ("an hour", "three hours"),
        ("two hours", "an hour"),
        ("a day", "two days"),
        ("a week", "six weeks"),
        ("a working day", "three working days"),
        ("up to a month", "up to two months"),
    ],
)
def test_one_time_is_no_other(claimed, said):
    assert verdict(f"The repair takes {claimed}.", f"The repair takes {said}.") in WRONG
    assert verdict(f"The limit is {claimed}.", f"The limit is {said}.") in WRONG


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ("a dozen eggs", "two dozen eggs"),
        ("a dozen eggs", "24 eggs"),
        ("half a dozen eggs", "a dozen eggs"),
        ("12 eggs", "half a dozen eggs"),
        ("a thousand eggs", "2,000 eggs"),
        ("one million eggs", "two million eggs"),
    ],
)
def test_one_count_is_no_other(claimed, said):
    assert verdict(f"The crate holds {claimed}.", f"The crate holds {said}.") in WRONG


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("The break lasts an hour.", "The break lasts one hour."),
        ("The break lasts one hour.", "The break lasts an hour."),
        ("The notice period is a month.", "The notice period is 1 month."),
        ("Staff may take a break of an hour.", "Staff may take an hour's break."),
        ("The report is due after a week.", "The report is due a week after the visit."),
        ("The crate holds a dozen eggs.", "The crate holds 12 eggs."),
        ("The crate holds 36 eggs.", "The crate holds three dozen eggs."),
        ("The hall seats a thousand people.", "The hall seats 1,000 people."),
        ("Visitors pay €5 for a day.", "Visitors pay €5 per day."),
    ],
)
def test_the_same_in_other_words_is_supported(claim, said):
    assert verdict(claim, said) is ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        "The rent is due once a month.",
        "It was a day to remember.",
        "Monday is a day off.",
        "Anna takes a day off.",
        "Dozens of people came.",
        "The lift is serviced twice a year.",
    ],
)
def test_what_only_has_an_article_is_no_value(text):
    assert values_of(text) == ()


def test_a_rate_supports_no_time_where_another_is_told():
    evidence = "The deposit is €500 a month, and is kept for two months."
    assert verdict("The deposit is kept for a month.", evidence) in WRONG


def test_money_in_words_is_money():
    (value,) = values_of("The prize is a million euros.")
    assert (value.kind.value, value.amount, value.text) == ("money", "1000000", "a million euros")
