"""Cards are found beside what people write with them, and not in tables of figures."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.privacy.card_numbers import card_numbers, luhn

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (f"{CARD} 12/27 123", CARD),
        (f"{CARD} 123", CARD),
        (f"pay 50 {CARD} now", CARD),
        ("4111111111111111 12/27 cvv 123", "4111111111111111"),
        ("4111111111111111,12/27,123", "4111111111111111"),
        ("3782 822463 10005 1226", "3782 822463 10005"),
        ("4111  1111  1111  1111", "4111  1111  1111  1111"),
        ("4111 1111\n1111 1111", "4111 1111\n1111 1111"),
        ("41 11 11 11 11 11 11 11", "41 11 11 11 11 11 11 11"),
    ],
)
def test_what_stands_beside_a_card_does_not_hide_it(text, number):
    assert [text[start:end] for start, end in card_numbers(text)] == [number]


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112 12/27",
        "1960 4111 1111 1111 1111 1970 1980",
        "40 50 60 70 80 90 10 23 40 50 60 70 80 90 10 23",
        "TRN-4111-1111-1111-1111",
        "4111111111111111-A",
        "4111111111111111.5",
        "41111111111111110000000000",
    ],
)
def test_other_figures_are_none(text):
    assert list(card_numbers(text)) == []


@settings(deadline=None)
@given(st.from_regex(r"4[0-9]{14}", fullmatch=True), st.from_regex(r"[0-9]{1,3}", fullmatch=True))
def test_every_card_is_found_before_a_security_code(begin, code):
    number = next(begin + digit for digit in "0123456789" if luhn(begin + digit))
    printed = " ".join(number[at : at + 4] for at in range(0, 16, 4))
    text = f"{printed} {code}"
    ((start, end),) = card_numbers(text)
    assert text[start:end] in {printed, text}
