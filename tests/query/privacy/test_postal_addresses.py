"""Postal addresses: found with number, street and postcode, and nothing else taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.masking import Masker
from query.privacy.personal_data import Kind, find_personal

ADDRESSES = (
    "12 High Street, London SW1A 1AA",
    "221B Baker St, London NW1 6XE",
    "1600 Pennsylvania Avenue NW, Washington, DC 20500",
    "742 Evergreen Terrace\nSpringfield, OR 97403-1234",
    "Hauptstraße 12a, 10115 Berlin",
    "Am-Sand-Weg 3, D-20095 Hamburg",
    "12 bis, rue de la Paix, 75002 Paris",
    "12 High Street, St. Mary's Wharf.SW1A 1AA",
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_an_address_is_found_whole(address):
    text = f"Send it to {address}."
    (found,) = find_personal(text)
    assert found.kind is Kind.ADDRESS
    assert text[found.start : found.end] == address


@pytest.mark.parametrize(
    "text",
    [
        "The tram stops at 5th Avenue and at High Street.",
        "Which of the 12 Road Acts of 1930 is still in force?",
        "Turn left after 300 yards into Park Lane.",
        "Order 10115 was sent by way of Hamburg in 2024.",
        "There were 40 Way Stations and 20500 riders.",
        "The square is 12 m wide; 75002 people came to Paris.",
        "Error 404 Close Handle 12345",
    ],
)
def test_streets_numbers_and_counts_are_left_alone(text):
    assert [one for one in find_personal(text) if one.kind is Kind.ADDRESS] == []


def test_two_ways_of_writing_one_address_get_one_label():
    text = "Hauptstraße 12, 10115 Berlin. Once more: Hauptstraße 12,\n10115  Berlin"
    assert Masker().mask(text).count("[address:1]") >= 1
    one, line = "12 High Street, London SW1A 1AA", "12 High Street\nLondon SW1A 1AA"
    masker = Masker()
    assert masker.mask(one) == masker.mask(line) == "[address:1]"


@given(st.text(max_size=400))
def test_no_text_takes_it_long_or_out_of_bounds(text):
    for one in find_personal(text):
        assert 0 <= one.start < one.end <= len(text)
