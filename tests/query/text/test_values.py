"""Values are read whole: no figure counts as another that only stands inside of it."""

import pytest

from query.claims.claims import ClaimVerdict, check
from query.text.values import find_values


def read(text: str) -> list[tuple[str, str, str]]:
    return [(value.kind.value, value.amount, value.unit) for value in find_values(text)]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("twenty-five days", [("duration", "25", "day")]),
        ("twenty one-day tickets", [("number", "20", "one"), ("duration", "1", "day")]),
        ("one hundred and twenty days", [("duration", "120", "day")]),
        ("a hundred seats", [("number", "100", "seat")]),
        ("two thousand five hundred euros", [("number", "2500", "euro")]),
        ("two thousand seats", [("number", "2000", "seat")]),
        ("two and a half years", [("duration", "2.5", "year")]),
        ("3,5 %", [("percent", "3.5", "")]),
        ("1.200,50 €", [("money", "1200.5", "")]),
        ("1,200.50 €", [("money", "1200.5", "")]),
        ("€1 500", [("money", "1500", "")]),
        ("1 500,00 euros", [("money", "1500", "")]),
        ("CHF 1'500", [("money", "1500", "")]),
        ("-5 °C", [("number", "-5", "")]),
        ("−5 degrees", [("number", "-5", "degr")]),
        ("–5 °C", [("number", "-5", "")]),
        ("-€5", [("money", "-5", "")]),
        ("-5 %", [("percent", "-5", "")]),
        ("10-15 %", [("number", "10", ""), ("percent", "15", "")]),
        ("rows 1,2,3", [("number", "1", ""), ("number", "2", ""), ("number", "3", "")]),
        ("In 2024 500 seats", [("date", "2024", ""), ("number", "500", "seat")]),
        ("4006381333931", [("number", "4006381333931", "")]),
        ("kill -9", []),
    ],
)
def test_a_value_is_read_whole(text, values):
    assert read(text) == values


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ("five days", "twenty-five days"),
        ("5 days", "twenty-five days"),
        ("twenty euros", "one hundred and twenty euros"),
        ("500 euros", "two thousand five hundred euros"),
        ("2 years", "two and a half years"),
        ("5 %", "3,5 %"),
        ("5 hours", "3,5 hours"),
        ("500 euros", "1 500 euros"),
        ("500 francs", "1'500 francs"),
        ("-5 °C", "5 °C"),
        ("−5 °C", "5 °C"),
        ("5 %", "-5 %"),
        ("5 dollars", "5 cents"),
        ("$5", "¥5"),
    ],
)
def test_a_figure_inside_of_another_supports_nothing(claimed, said):
    found = check(f"The limit of the plan is {claimed}.", [f"The limit of the plan is {said}."])
    assert found.claims[0].verdict in {ClaimVerdict.CONTRADICTED, ClaimVerdict.UNSUPPORTED}
    same = check(f"The limit of the plan is {said}.", [f"The limit of the plan is {said}."])
    assert same.claims[0].verdict is ClaimVerdict.SUPPORTED


def test_a_page_of_digits_is_read_at_once():
    # Without a bound in seconds: a rule that begins at every digit needs hours.
    assert [value.unit for value in find_values("9" * 400_000 + " days")] == ["day"]
    assert find_values("1,111" * 80_000)
