"""Claims are compared as they are shown, and what may hide or alter words supports nothing."""

import pytest

from query.claims.claim import ClaimVerdict
from query.claims.claims import check
from query.claims.shown import is_veiled, shown

PAGE = "The warranty does not cover seals. Deliveries to Norway take 5 days."


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("It does ~~not~~ cover it.", "It does  cover it."),
        ("It does <del>not</del> cover it.", "It does  cover it."),
        ("It does <!-- not --> cover it.", "It does  cover it."),
        ("It does n\u0336o\u0336t\u0336 cover it.", "It does  cover it."),
        ("[It does](not) cover it.", "It does cover it."),
        ("It takes 5&#48; days.", "It takes 50 days."),
        ("It takes 5**0** days.", "It takes 50 days."),
        ("It takes 5\u200b0 days.", "It takes 50 days."),
        ("It costs \U0001d7d3 euros.", "It costs 5 euros."),
        ("It doesn\u02bct cover it.", "It doesn't cover it."),
        ("It costs $5 or $6 each.", "It costs $5 or $6 each."),
        ("It is 2 < 3 & 4 > 1.", "It is 2 < 3 & 4 > 1."),
    ],
)
def test_a_sentence_is_read_as_it_is_shown(written, seen):
    assert shown(written) == seen


@pytest.mark.parametrize(
    "claim",
    [
        "The warranty does ~~not~~ cover seals.",
        "The warranty does <s>not</s> cover seals.",
        "The warranty does <!-- not --> cover seals.",
        "[The warranty does](not) cover seals.",
        "The warranty does ![not](#) cover seals.",
        "The warranty does n\u0336o\u0336t\u0336 cover seals.",
        "<span style='display:none'>The warranty does not</span> cover seals.",
        "The warranty does $\\phantom{not}$ cover seals.",
        "Deliveries to Norway take 5\u200b0 days.",
        "Deliveries to Norway take 5&#x30; days.",
        "Deliveries to Norway take n\u043e 5 days.",
    ],
)
def test_what_is_shown_otherwise_than_written_supports_nothing(claim):
    assert check(claim, [PAGE]).claims[0].verdict is not ClaimVerdict.SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "The **warranty** does [not](#seals) cover `seals`.",
        "Deliveries to Norway take 5&nbsp;days.",
        "The warranty does ~~never~~ not cover seals.",
    ],
)
def test_ordinary_markup_stands_in_nobodys_way(claim):
    assert check(claim, [PAGE]).claims[0].verdict is ClaimVerdict.SUPPORTED


def test_a_letter_of_another_alphabet_must_stand_in_the_evidence():
    assert is_veiled("The \u0441over is new.", ["The cover is new."])
    assert not is_veiled("A resistor of 5 k\u03a9.", ["It has 5 k\u03a9."])
