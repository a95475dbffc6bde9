"""Capitals that a question leaves out are those of the evidence."""

import pytest

from query.asking.capitals import capitals_of, is_careless, is_shouted, with_capitals
from tests.query.ambiguity.test_conflicts import titled

PRICES = titled(
    "Prices",
    "Opening Hours\n\nThe hotel limit in Madrid is 140 euros. In Tallinn, a night at the Heron Inn"
    " is 90. The VPN is free for members of the club, and a Club card for others.",
    0,
)
STORES = titled("Stores", "The limit for the night is paid by the Heron Inn. It opens at noon.", 1)


@pytest.mark.parametrize(
    "question",
    ["what is the hotel limit in madrid", "What is the hotel limit in madrid?",
     "can I pay by card?", "(what is it?)", "WHAT IS THE HOTEL LIMIT IN MADRID?"],
)  # fmt: skip
def test_capitals_tell_nothing_where_there_are_none_or_nothing_else(question):
    assert is_careless(question)


@pytest.mark.parametrize(
    "question",
    ["What is the limit in Madrid?", "is the VPN free?", "VPN MTU?", "what is an iPhone"],
)
def test_capitals_tell_names_where_only_names_have_them(question):
    assert not is_careless(question)
    assert not is_shouted(question)


def test_words_have_the_capitals_that_they_have_within_sentences():
    asked = "is the vpn of the heron inn free at night in madrid, or paid with the limit"
    found = capitals_of(asked, [PRICES, STORES])
    assert found == {"vpn": "VPN", "heron": "Heron", "inn": "Inn", "madrid": "Madrid"}


def test_what_opens_a_heading_or_is_written_either_way_has_none():
    assert capitals_of("opening hours of the club", [PRICES]) == {}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("what is the limit in madrid?", "what is the limit in Madrid?"),
        ("WHAT IS THE LIMIT IN MADRID?", "What is the limit in Madrid?"),
        ("What is it? (the limit in Tallinn)", "What is it? (the limit in Tallinn)"),
    ],
)
def test_a_text_gets_them(text, read):
    assert with_capitals(text, {"madrid": "Madrid", "limit": "limit"}) == read
