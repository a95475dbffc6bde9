"""A text as it reads, and where its characters stand in the text as it is written."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.masking import Masker
from query.privacy.plain_form import plain_form


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("war\u00adran\u200bty", "warranty"),
        ("\u202a+44 20\u202c", "+44 20"),
        ("\uff24\uff25\uff18\uff19", "DE89"),
        ("212\u2013555\u20120147", "212-555-0147"),
        ("mu\u0308ller", "müller"),
        ("x\u0315y", "x\u0315y"),
        ("plain", "plain"),
    ],
)
def test_what_cannot_be_seen_is_left_out(text, signs):
    assert plain_form(text).signs == signs


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("a jane\u200broe@example.org b", "a [email:1] b"),
        ("a jo\u0308rg.mu\u0308ller@example.org b", "a [email:1] b"),
        ("a jane.roe\uff20example\uff0eorg b", "a [email:1] b"),
        ("a \u202a+44\u206020 7946 0958\u202c b", "a \u202a[phone:1]\u202c b"),
        ("a 212\u2013555\u20130147 b", "a [phone:1] b"),
        ("a 4111\u00ad1111\u00ad1111\u00ad1111 b", "a [card:1] b"),
        ("IBAN \uff24\uff25\uff18\uff1937040044053201\uff13\uff10\uff10\uff10", "IBAN [iban:1]"),
        ("My name is Jo\u0308rg Mu\u0308ller, hi", "My name is [person:1], hi"),
        ("My name is Jo\u00adrg Mül\u200bler, hi", "My name is [person:1], hi"),
    ],
)
def test_nothing_is_hidden_from_masking_by_signs_that_nobody_sees(text, masked):
    assert Masker().mask(text) == masked


def test_two_ways_of_writing_a_name_have_one_label():
    masker = Masker()
    masker.mask("My name is Jörg Müller.")
    assert masker.mask("Is Jo\u0308rg Mu\u0308ller entitled?") == "Is [person:1] entitled?"


@settings(deadline=None)
@given(st.text(alphabet=st.sampled_from("ab\u0308\u200b\u00adé１ \u2013"), max_size=20))
def test_every_character_has_its_place(text):
    plain = plain_form(text)
    assert len(plain.shown) == len(plain.signs)
    for at, shown in enumerate(plain.shown):
        start, end = plain.span(at, at + 1)
        assert 0 <= start < end <= len(text)
        assert shown in plain_form(text[start:end]).shown
