"""Values are read whole: no figure counts as another that only stands inside of it."""

import re

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.text import values as values_module
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
        ("0,125 €", [("money", "0.125", "")]),
        ("1.500 Euro", [("money", "1500", "")]),
        ("1.500,- €", [("money", "1500", "")]),
        ("-€1.500", [("money", "-1500", "")]),
        ("EUR 1.500.000", [("money", "1500000", "")]),
        ("€1.859 per litre", [("money", "1.859", "")]),
        ("€1.125 billion", [("money", "1125000000", "")]),
        ("$1.500", [("money", "1.5", "")]),
        ("3,000円", []),
        ("4.5kg", [("number", "4.5", "")]),
        ("7.5.2024", [("date", "2024-05-07", "")]),
        ("14. August 2024", [("date", "2024-08-14", "")]),
        ("at least 14. May I go", [("number", "14", "")]),
        ("10.2.3.4", [("number", "10.2", "")]),
        ("-5 °C", [("number", "-5", "")]),
        ("−5 degrees", [("number", "-5", "degr")]),
        ("–5 °C", [("number", "-5", "")]),
        ("-€5", [("money", "-5", "")]),
        ("14 500 NOK", [("money", "14500", "")]),
        ("9 200 zł a year", [("money", "9200", "")]),
        ("kr 1 200,50", [("money", "1200.5", "")]),
        ("AED 3,400 or ₹ 180,000", [("money", "3400", ""), ("money", "180000", "")]),
        ("try 3 real offers", [("number", "3", "real")]),
        ("-5 %", [("percent", "-5", "")]),
        ("10-15 %", [("number", "10", ""), ("percent", "15", "")]),
        ("rows 1,2,3", [("number", "1", ""), ("number", "2", ""), ("number", "3", "")]),
        ("In 2024 500 seats", [("date", "2024", ""), ("number", "500", "seat")]),
        ("4006381333931", [("number", "4006381333931", "")]),
        ("kill -9", []),
        ("½ litre", [("number", "0.5", "litr")]),
        ("1½ litres", [("number", "1.5", "litr")]),
        ("2 1/2 litres", [("number", "2.5", "litr")]),
        ("2-1/2 litres", [("number", "2.5", "litr")]),
        ("1/2 litre", [("number", "0.5", "litr")]),
        ("3⁄4 litre", [("number", "0.75", "litr")]),
        ("half a litre", [("number", "0.5", "litr")]),
        ("two thirds of a litre", read("⅔ litre")),
        ("one and a half litres", [("number", "1.5", "litr")]),
        ("half an hour", [("duration", "0.5", "hour")]),
        ("half-hour", [("duration", "0.5", "hour")]),
        ("an hour and a half", [("duration", "1.5", "hour")]),
        ("three quarters of an hour", [("duration", "0.75", "hour")]),
        ("€2½ million", [("money", "2500000", "")]),
        ("half a million euros", [("number", "500000", "euro")]),
        ("5½ %", [("percent", "5.5", "")]),
        ("-½ °C", [("number", "-0.5", "")]),
        ("-2½ %", [("percent", "-2.5", "")]),
        ("24/7", [("number", "24", ""), ("number", "7", "")]),
        ("1/2", [("number", "1", ""), ("number", "2", "")]),
        ("2024 ½ litre", [("date", "2024", ""), ("number", "0.5", "litr")]),
        ("the second half of the year", []),
        ("half a dozen eggs", []),
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
        ("½ litre", "2 litres"),
        ("2 litres", "½ litre"),
        ("2 litres", "2½ litres"),
        ("2 litres", "2 1/2 litres"),
        ("¾ litre", "¼ litre"),
        ("half a litre", "2 litres"),
        ("half an hour", "an hour"),
        ("€125", "0,125 €"),
        ("€1.50", "1.500 €"),
        ("4.2kg", "4.9kg"),
        ("4 kg", "4.9kg"),
        ("7 June 2024", "07.05.2024"),
        ("15 August 2024", "14. August 2024"),
        ("14 August 2024", "August 2024"),
        ("8 December", "August 2012"),
    ],
)
def test_a_figure_inside_of_another_supports_nothing(claimed, said):
    found = check(f"The limit of the plan is {claimed}.", [f"The limit of the plan is {said}."])
    assert found.claims[0].verdict in {ClaimVerdict.CONTRADICTED, ClaimVerdict.UNSUPPORTED}
    same = check(f"The limit of the plan is {said}.", [f"The limit of the plan is {said}."])
    assert same.claims[0].verdict is ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    ("claimed", "said"),
    [
        ("2.5 litres", "2½ litres"),
        ("2.5 litres", "2 1/2 litres"),
        ("half a litre", "½ litre"),
        ("€1,500", "1.500 €"),
        ("€0.125", "0,125 €"),
        ("August 2024", "14 August 2024"),
        ("14 August", "14 August 2024"),
        ("Malmo 12", "Malmø 12"),
        ("Cafe 5", "Café 5"),
    ],
)
def test_a_figure_is_the_same_however_it_is_written(claimed, said):
    found = check(f"The limit of the plan is {claimed}.", [f"The limit of the plan is {said}."])
    assert found.claims[0].verdict is ClaimVerdict.SUPPORTED


def test_less_of_a_date_denies_nothing_and_supports_no_more():
    claim = "The contract ends on 14 August 2024."
    (month,) = check(claim, ["The contract ends in August 2024."]).claims
    (day,) = check(claim, ["The contract ends on 14 August."]).claims
    (under,) = check(claim, ["# Dates of 2024\n\nThe contract ends on 14 August."]).claims
    assert month.verdict is ClaimVerdict.UNSUPPORTED
    assert day.verdict is ClaimVerdict.PARTIAL
    assert under.verdict is ClaimVerdict.SUPPORTED


def test_a_page_of_digits_is_read_at_once():
    # Without a bound in seconds: a rule that begins at every digit needs hours.
    assert [value.unit for value in find_values("9" * 400_000 + " days")] == ["day"]
    assert find_values("1,111" * 80_000)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("XUS$5 million", ("money", "5000000", "")),
        ("(A$5)", ("money", "5", "")),
        ("it cost CHF 5", ("money", "5", "")),
        ("cost: −£5", ("money", "-5", "")),
        ("the HALF an hour", ("duration", "0.5", "hour")),
        ("for a week and a half", ("duration", "1.5", "week")),
        ("so an hour and a half", ("duration", "1.5", "hour")),
        ("only ⅞ inches", ("number", "0.875", "inch")),
        ("only 31/32 inch", ("number", "0.96875", "inch")),
        ("all ١٢ seats", ("number", "12", "seat")),
    ],
)
def test_a_value_is_found_wherever_and_however_it_begins(
    text: str, found: tuple[str, str, str]
) -> None:
    assert read(text) == [found]


def test_the_patterns_of_values_stay_short() -> None:
    """A question reads hundreds of texts for values: of 44,000 characters they took a third."""
    patterns = [p for p in vars(values_module).values() if isinstance(p, re.Pattern)]
    assert max(len(p.pattern) for p in patterns) < 25_000
